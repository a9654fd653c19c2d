"""`grn edges`: the strongest edges of a version."""

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


@click.command("edges")
@options.at
@options.edge_rules
@options.rank_by
@options.forms
@options.repository
def command(repo: Repository, *, at: str, threshold: float | None, top: int | None, rank_by: RankBy | None) -> Answer:
    """List the edges of a version, strongest first: pairs of genes that are correlated given all other genes.

    By default the N strongest, with N the number of genes: with few samples every |ρ| is small, and no fixed
    threshold fits. They are ranked by a score, in which components of pure noise weigh little; it is no test.

    \b
    Example:
      grn edges --top 50 --tsv
      grn edges --at v1 --threshold 0.15
    """
    from ....analysis.ranking import ranking_of
    from ....engine.network.edges import edges

    version = repo.version(at)
    rule = options.edge_rule(threshold, top, len(repo.panel))
    ranking = ranking_of(repo.base(version.name), rank_by, threshold=threshold)
    with output.waiting("scanning") as progress:
        measure = ranking.measure(lambda penalty: repo.snapshot(version.name, penalty=penalty), progress)
        strongest = edges(repo.snapshot(version.name).precision, rule, ranked_by=measure, progress=progress)
    columns, rows = answers.strength_columns(ranking), answers.with_strength(strongest, ranking)
    return Answer(
        columns=("gene_a", "gene_b", "rho", *columns),
        rows=rows,
        json=lambda: {
            **identity(version),
            **answers.rule_json(strongest.edge_rule, strongest.threshold, ranking),
            "count": len(strongest),
            "edges": ROWS,
        },
        text=lambda: output.table(("gene a", "gene b", "ρ", *columns), rows) if len(strongest) else None,
        paged=True,
        notes=answers.rule_notes(strongest, f"of {version.name}", ranking),
    )
