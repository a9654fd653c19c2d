"""`grn export`: the whole store as one file, or a matrix of a version."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ....engine.errors import InputError
from ....engine.wording import counted
from ... import options, output
from ...answers import exchange, versions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....engine.network.matrix_blocks import MatrixKind
    from ....storage.repository import Repository

ENDINGS = (".h5", ".hdf5")

MATRICES = ("covariance", "correlation", "precision", "partial-correlation")


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path), required=False, metavar="[FILE.h5]")
@click.option("--at", metavar="REV", help="Which version; of a store, it and what it descends from.")
@click.option("--matrix", type=click.Choice(MATRICES), help="Write this matrix, and not the store.")
@click.option("--genes", metavar="A,B,...", help="These genes, or a file of them after @; the whole panel otherwise.")
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Of a matrix: .tsv, .csv, .npy or .npz (`matrix`, `genes`); tsv on stdout otherwise.",
)
@click.option("--json", "as_json", is_flag=True, help="Tell what was written as JSON, schema 1.")
@options.repository
def command(
    repo: Repository,
    *,
    file: Path | None,
    at: str | None,
    matrix: MatrixKind | None,
    genes: str | None,
    target: Path | None,
    as_json: bool,
) -> None:
    """Write the store with its whole history to one HDF5 file, or a matrix of a version.

    A store's file is read where it is with `grn -s FILE.h5 log`, and becomes part of another store with `grn import`;
    h5py and h5dump read it too (docs/format.md). With --at it holds that version and those it descends from.
    Covariance and precision are in the units of the expression that the base came from.

    \b
    Example:
      grn export tumor.h5
      grn export paper.h5 --at paper
      grn export --at v1 --matrix precision --genes TP53,MDM2,CDKN1A -o theta.tsv
      grn export --matrix partial-correlation --genes @panel.txt -o rho.npz
    """
    if (file is None) == (matrix is None):
        raise InputError(
            "Say what to write: FILE.h5 for the store, or --matrix for a matrix.",
            hint="`grn export tumor.h5`, or `grn export --matrix precision -o theta.tsv`.",
        )
    if matrix is not None:
        _export_matrix(repo, at or "HEAD", matrix, genes, target, as_json=as_json)
    elif genes is not None or target is not None:
        raise InputError("--genes and -o go with --matrix; a store is written whole, to FILE.h5.")
    elif file is not None and file.suffix not in ENDINGS:
        raise InputError(
            f"A store is written to FILE.h5, and {file} does not end in .h5.",
            hint=f"`grn export {file.stem or 'tumor'}.h5 --at REV` writes a version; --matrix writes a table.",
        )
    elif file is not None:
        _export_store(repo, file, at, as_json=as_json)


def _export_store(repo: Repository, file: Path, at: str | None, *, as_json: bool) -> None:
    from ....storage.repository import Repository

    with output.waiting("exporting") as progress:
        repo.export(file, at, progress)
    written = Repository(file)
    exchange.note_left_out(repo)
    version = written.version()
    if as_json:
        output.emit_json({**versions.identity(version), "versions": len(written), "file": str(file)})
        return
    size = file.stat().st_size
    click.echo(f"{file}: {counted(len(written), 'version')}, {written.head} at {version.name}, {size:,} bytes.")


def _export_matrix(
    repo: Repository, at: str, matrix: MatrixKind, genes: str | None, target: Path | None, *, as_json: bool
) -> None:
    import sys

    from ....engine.network.matrix_blocks import matrix_blocks
    from ....formats.models.matrix_export import write_matrix, write_rows

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
        output.emit_json({**versions.identity(version), **told})
        return
    shape = f"{len(names):,} × {len(names):,}"
    output.note(f"{target}: {matrix} of {version.name} ({version.content[: versions.SHORT]}), {shape}.")


def wanted(text: str) -> Sequence[str]:
    """Return the genes that are listed with commas, or in a file after an @."""
    if text.startswith("@"):
        from ....formats.traits.traits import read_ids

        names = read_ids(Path(text[1:]))
    else:
        names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise InputError(f"No gene is named in --genes {text!r}.", hint="Write --genes TP53,MDM2, or @FILE.")
    return names
