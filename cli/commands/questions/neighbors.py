"""`grn neighbors`: the strongest partners of a gene."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import options, output
from ...answers import versions

if TYPE_CHECKING:
    from ....storage.repository import Repository

COLUMNS = ("gene", "rho")
PARTNERS = 20


@click.command("neighbors")
@click.argument("gene")
@options.at
@options.cuts
@options.forms
@options.repository
def command(repo: Repository, *, gene: str, at: str, threshold: float | None, top: int | None, form: str) -> None:
    """List the strongest partners of a gene, given all other genes: 20 of them unless told.

    \b
    Example:
      grn neighbors TP53
      grn neighbors TP53 --at v1 --threshold 0.05
    """
    from ....engine.network.edges import neighbors

    version = repo.version(at)
    found = neighbors(repo.snapshot(version.name).precision, gene, options.cut(threshold, top, PARTNERS))
    if form == "json":
        output.emit_json(
            {
                **versions.identity(version),
                "gene": found.gene,
                **versions.cut_json(found.cut, found.threshold),
                "count": len(found),
                "neighbors": [dict(zip(COLUMNS, one, strict=True)) for one in found],
            }
        )
        return
    if form == "tsv":
        output.emit_tsv(COLUMNS, found)
    elif len(found):
        output.page(output.table(("gene", f"ρ with {found.gene}"), found))
    where = f"of {found.gene} in {version.name}"
    if len(found):
        output.note(versions.cut_text(found.cut, found.threshold, len(found), where))
    else:
        output.note(versions.nothing_found(found.threshold, found.max_abs, where))
