"""`grn export`: a matrix of a version, whole or for some genes, as a file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...engine.errors import InputError
from .. import describe, options, output

if TYPE_CHECKING:
    from ...engine.matrices import MatrixKind
    from ...storage.repository import Repository

MATRICES = ("covariance", "correlation", "precision", "partial-correlation")


@click.command("export")
@options.at
@click.option("--matrix", type=click.Choice(MATRICES), required=True, help="Which matrix.")
@click.option("--genes", metavar="A,B,...", help="These genes, or a file of them after @; the whole panel otherwise.")
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=".tsv, .csv, .npy or .npz (`matrix`, `genes`); tsv on stdout otherwise.",
)
@click.option("--json", "as_json", is_flag=True, help="Tell what was written as JSON, schema 1; with -o.")
@options.repository
def command(
    repo: Repository, *, at: str, matrix: MatrixKind, genes: str | None, target: Path | None, as_json: bool
) -> None:
    """Write a matrix of a version. Covariance and precision are in the units of the expression the base came from.

    \b
    Example:
      grn export --at v1 --matrix precision --genes TP53,MDM2,CDKN1A -o theta.tsv
      grn export --matrix partial-correlation --genes @panel.txt -o rho.npz
    """
    import sys

    from ...engine.matrices import matrix_blocks
    from ...storage.formats.matrix_export import write_matrix, write_rows

    if as_json and target is None:
        raise InputError("--json tells what was written to a file, and none is named.", hint="Name it with -o FILE.")
    version = repo.version(at)
    snapshot = repo.snapshot(version.name)
    names = list(snapshot.panel.genes) if genes is None else wanted(genes)
    if repeats := [name for name, count in Counter(names).items() if count > 1]:
        raise InputError(f"--genes names {repeats[0]} more than once.", hint="Name each gene once.")
    snapshot.panel.locate(names)  # refuses strangers before anything is printed
    values = matrix_blocks(snapshot, matrix, None if genes is None else names)
    if target is None:
        write_rows(sys.stdout, values, names, names)
        return
    write_matrix(target, values, names, names)
    if as_json:
        told = {"matrix": matrix, "genes": len(names), "file": str(target)}
        output.emit_json({**describe.identity(version), **told})
        return
    shape = f"{len(names):,} × {len(names):,}"
    output.note(f"{target}: {matrix} of {version.name} ({version.content[: describe.SHORT]}), {shape}.")


def wanted(text: str) -> list[str]:
    """Return the genes that are listed with commas, or in a file after an @."""
    if text.startswith("@"):
        from .init import read_names

        names = read_names(Path(text[1:]))
    else:
        names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise InputError(f"No gene is named in --genes {text!r}.", hint="Write --genes TP53,MDM2, or @FILE.")
    return names
