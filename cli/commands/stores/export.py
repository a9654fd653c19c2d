"""`grn export`: the whole store as one file, or a matrix of a version."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from ....engine.choices import MatrixKind
from ....engine.errors import InputError
from ....engine.wording import counted, repeated
from ... import options, output
from ...answers import exchange, versions
from ...answers.answer import Answer, Note
from ...answers.emit import emit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....storage.repository import Repository

ENDINGS = (".h5", ".hdf5")


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path), required=False, metavar="[FILE.h5]")
@click.option("--at", metavar="REV", help="The version; for a store, it and its ancestors.")
@click.option("--matrix", type=click.Choice(get_args(MatrixKind)), help="Write this matrix instead of the store.")
@click.option("--genes", metavar="A,B,...", help="These genes, or a file of them after @; the whole panel otherwise.")
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File of the matrix: .tsv, .csv, .npy or .npz (`matrix`, `genes`); tsv on stdout otherwise.",
)
@click.option("--json", "as_json", is_flag=True, help="Describe what was written as JSON, schema 1.")
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
    h5py and h5dump read it too (docs/format.md). With --at it has that version and its ancestors.
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
            "Name what to write: FILE.h5 for the store, or --matrix for a matrix.",
            hint="`grn export tumor.h5`, or `grn export --matrix precision -o theta.tsv`.",
        )
    if matrix is not None:
        _export_matrix(repo, at or "HEAD", matrix, genes, target, as_json=as_json)
        return
    if genes is not None or target is not None:
        raise InputError("--genes and -o need --matrix; a store is written as a whole, to FILE.h5.")
    if file is not None and file.suffix not in ENDINGS:
        raise InputError(
            f"A store is written to FILE.h5, and {file} does not end in .h5.",
            hint=f"`grn export {file.stem or 'tumor'}.h5 --at REV` writes a version; --matrix writes a table.",
        )
    if file is not None:
        emit(_export_store(repo, file, at), "json" if as_json else "text")


def _export_store(repo: Repository, file: Path, at: str | None) -> Answer:
    from ....storage.repository import Repository

    with output.waiting("exporting") as progress:
        repo.export(file, at, progress)
    copy = Repository(file)
    version = copy.version()
    count = counted(len(copy), "version")
    return Answer(
        json=lambda: {**versions.identity(version), "versions": len(copy), "file": str(file)},
        text=lambda: f"{file}: {count}, {copy.head} at {version.name}, {file.stat().st_size:,} bytes.",
        notes=exchange.left_out_notes(repo),
    )


def _export_matrix(
    repo: Repository, at: str, matrix: MatrixKind, genes: str | None, target: Path | None, *, as_json: bool
) -> None:
    from ....engine.network.matrix_blocks import matrix_blocks
    from ....formats.models.matrix_export import write_matrix, write_rows

    if as_json and target is None:
        raise InputError("--json describes a file that is written, and none is named.", hint="Name it with -o FILE.")
    version = repo.version(at)
    snapshot = repo.snapshot(version.name)
    names = list(snapshot.panel.genes) if genes is None else read_names(genes)
    if repeats := repeated(names):
        raise InputError(f"--genes names {repeats[0]} more than once.", hint="Name each gene once.")
    snapshot.panel.locate(names)  # refuses strangers before anything is printed
    blocks = matrix_blocks(snapshot, matrix, None if genes is None else names)
    if target is None:
        write_rows(sys.stdout, blocks, names, names)
        return
    write_matrix(target, blocks, names, names)
    shape = f"{len(names):,} × {len(names):,}"
    note = Note(f"{target}: {matrix} of {version.name} ({version.content[: versions.SHORT]}), {shape}.")
    answer = Answer(
        json=lambda: {**versions.identity(version), "matrix": matrix, "genes": len(names), "file": str(target)},
        text=lambda: None,
        notes=[note],
    )
    emit(answer, "json" if as_json else "text")


def read_names(text: str) -> Sequence[str]:
    """Return the genes that are listed with commas, or in a file after an @."""
    if text.startswith("@"):
        from ....formats.traits.id_lists import read_ids

        names = read_ids(Path(text[1:]))
    else:
        names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise InputError(f"No gene is named in --genes {text!r}.", hint="Write --genes TP53,MDM2, or @FILE.")
    return names
