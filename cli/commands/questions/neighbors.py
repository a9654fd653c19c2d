"""`grn neighbors`: the strongest partners of a gene."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import options, output
from ...answers import versions
from ...answers.answer import ROWS, Answer

if TYPE_CHECKING:
    from ....storage.repository import Repository

PARTNERS = 20
"""Partners listed where no rule is given."""


@click.command("neighbors")
@click.argument("gene")
@options.at
@options.edge_rules
@options.forms
@options.repository
def command(repo: Repository, *, gene: str, at: str, threshold: float | None, top: int | None) -> Answer:
    """List the strongest partners of a gene, given all other genes: 20 of them by default.

    \b
    Example:
      grn neighbors TP53
      grn neighbors TP53 --at v1 --threshold 0.05
    """
    from ....engine.network.edges import neighbors

    version = repo.version(at)
    rule = options.edge_rule(threshold, top, PARTNERS)
    partners = neighbors(repo.snapshot(version.name).precision, gene, rule)
    return Answer(
        columns=("gene", "rho"),
        rows=partners,
        json=lambda: {
            **versions.identity(version),
            "gene": partners.gene,
            **versions.rule_json(partners.edge_rule, partners.threshold),
            "count": len(partners),
            "neighbors": ROWS,
        },
        text=lambda: output.table(("gene", f"ρ with {partners.gene}"), partners) if len(partners) else None,
        paged=True,
        notes=[versions.rule_note(partners, f"of {partners.gene} in {version.name}")],
    )
