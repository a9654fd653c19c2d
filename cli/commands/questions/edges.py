"""`grn edges`: the strongest edges of a version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import options, output
from ...answers import versions

if TYPE_CHECKING:
    from ....storage.repository import Repository

COLUMNS = ("gene_a", "gene_b", "rho")


@click.command("edges")
@options.at
@options.cuts
@options.forms
@options.repository
def command(repo: Repository, *, at: str, threshold: float | None, top: int | None, form: str) -> None:
    """List the edges of a version, strongest first: pairs of genes correlated given all other genes.

    By default the N strongest, N = the number of genes: with few samples every |ρ| is small, and no fixed cut fits.

    \b
    Example:
      grn edges --top 50 --tsv
      grn edges --at v1 --threshold 0.15
    """
    from ....engine.network.edges import edges

    version = repo.version(at)
    snapshot, cut = repo.snapshot(version.name), options.cut(threshold, top, len(repo.panel))
    with output.waiting("scanning") as progress:
        found = edges(snapshot.precision, cut, progress=progress)
    if form == "json":
        output.emit_json(
            {
                **versions.identity(version),
                **versions.cut_json(found.cut, found.threshold),
                "count": len(found),
                "edges": [dict(zip(COLUMNS, edge, strict=True)) for edge in found],
            }
        )
        return
    if form == "tsv":
        output.emit_tsv(COLUMNS, found)
    elif len(found):
        output.page(output.table(("gene a", "gene b", "ρ"), found))
    if len(found):
        output.note(versions.cut_text(found.cut, found.threshold, len(found), f"of {version.name}"))
    else:
        output.note(versions.nothing_found(found.threshold, found.max_abs, f"of {version.name}"))
