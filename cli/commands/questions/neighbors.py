"""`grn neighbors`: the strongest partners of a gene."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import options, output
from ...answers import edges as answers
from ...answers.answer import ROWS, Answer
from ...answers.versions import identity

if TYPE_CHECKING:
    from ....engine.choices import RankBy
    from ....storage.repository import Repository

PARTNERS = 20
"""Partners listed where no rule is given."""


@click.command("neighbors")
@click.argument("gene")
@options.at
@options.edge_rules
@options.rank_by
@options.forms
@options.repository
def command(
    repo: Repository, *, gene: str, at: str, threshold: float | None, top: int | None, rank_by: RankBy | None
) -> Answer:
    """List the strongest partners of a gene, given all other genes: 20 of them by default.

    \b
    Example:
      grn neighbors TP53
      grn neighbors TP53 --at v1 --threshold 0.05
    """
    from ....analysis.ranking import ranking_of
    from ....engine.network.edges import neighbors

    version = repo.version(at)
    rule = options.edge_rule(threshold, top, PARTNERS)
    ranking = ranking_of(repo.base(version.name), rank_by, threshold=threshold)
    measure = ranking.measure(lambda penalty: repo.snapshot(version.name, penalty=penalty))
    partners = neighbors(repo.snapshot(version.name).precision, gene, rule, ranked_by=measure)
    columns, rows = answers.strength_columns(ranking), answers.with_strength(partners, ranking)
    return Answer(
        columns=("gene", "rho", *columns),
        rows=rows,
        json=lambda: {
            **identity(version),
            "gene": partners.gene,
            **answers.rule_json(partners.edge_rule, partners.threshold, ranking),
            "count": len(partners),
            "neighbors": ROWS,
        },
        text=lambda: output.table(("gene", f"ρ with {partners.gene}", *columns), rows) if len(partners) else None,
        paged=True,
        notes=answers.rule_notes(partners, f"of {partners.gene} in {version.name}", ranking),
    )
