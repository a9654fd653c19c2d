"""`grn edges`: the strongest edges of a version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import options, output
from ...answers import versions
from ...answers.answer import ROWS, Answer

if TYPE_CHECKING:
    from ....storage.repository import Repository


@click.command("edges")
@options.at
@options.edge_rules
@options.forms
@options.repository
def command(repo: Repository, *, at: str, threshold: float | None, top: int | None) -> Answer:
    """List the edges of a version, strongest first: pairs of genes that are correlated given all other genes.

    By default the N strongest, with N the number of genes: with few samples every |ρ| is small, and no fixed
    threshold fits.

    \b
    Example:
      grn edges --top 50 --tsv
      grn edges --at v1 --threshold 0.15
    """
    from ....engine.network.edges import edges

    version = repo.version(at)
    snapshot, rule = repo.snapshot(version.name), options.edge_rule(threshold, top, len(repo.panel))
    with output.waiting("scanning") as progress:
        strongest = edges(snapshot.precision, rule, progress=progress)
    note = versions.rule_note(strongest, f"of {version.name}")
    return Answer(
        columns=("gene_a", "gene_b", "rho"),
        rows=strongest,
        json=lambda: {
            **versions.identity(version),
            **versions.rule_json(strongest.edge_rule, strongest.threshold),
            "count": len(strongest),
            "edges": ROWS,
        },
        text=lambda: output.table(("gene a", "gene b", "ρ"), strongest) if len(strongest) else None,
        paged=True,
        notes=[note],
    )
