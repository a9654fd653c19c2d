"""`grn export`: the whole store as one file, or a matrix of a version."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from ....engine.choices import MatrixKind
from ....engine.errors import InputError
from ....engine.wording import counted, repeated
from ... import nouns, options, output
from ...answers import exchange, versions
from ...answers.answer import Answer, Note
from ...answers.emit import emit
from ...answers.shrinkage import matrix_of_samples, shrinkage_text

if TYPE_CHECKING:
    from ....storage.repository import Repository

ENDINGS = (".h5", ".hdf5")


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path), required=False, metavar="[FILE.h5]")
@click.option("--at", type=nouns.REV, metavar="REV", help="The version; for a store, it and its ancestors.")
@click.option("--matrix", type=click.Choice(get_args(MatrixKind)), help="Write this matrix instead of the store.")
@click.option(
    "--genes",
    type=nouns.GENES,
    metavar="A,B,...",
    help="These genes, or a file of them after @; the whole panel otherwise.",
)
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File of the matrix: .tsv, .csv, .npy or .npz (`matrix`, `genes`); tsv on stdout otherwise.",
)
@click.option(
    "--sample",
    "of_samples",
    is_flag=True,
    help="Write the correlations or covariances of the samples themselves, not shrunk; for versions without pathways.",
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
    of_samples: bool,
    as_json: bool,
) -> None:
    """Write the store with its whole history to one HDF5 file, or a matrix of a version.

    A store's file is read where it is with `grn -s FILE.h5 log`, and becomes part of another store with `grn import`;
    h5py and h5dump read it too (docs/format.md). With --at it has that version and its ancestors.
    Covariance and precision are in the units of the expression that the base came from. Correlations are shrunk to
    zero, by how much stands beside the matrix, and in an .npz as `shrinkage`; --sample takes that back.

    \b
    Example:
      grn export tumor.h5
      grn export paper.h5 --at paper
      grn export --at v1 --matrix precision --genes TP53,MDM2,CDKN1A -o theta.tsv
      grn export --matrix partial-correlation --genes @panel.txt -o rho.npz
      grn export --at v0 --matrix correlation --sample -o r.tsv
    """
    if (file is None) == (matrix is None):
        raise InputError(
            "Name what to write: FILE.h5 for the store, or --matrix for a matrix.",
            hint="`grn export tumor.h5`, or `grn export --matrix precision -o theta.tsv`.",
        )
    if matrix is not None:
        _export_matrix(repo, at or "HEAD", matrix, genes, target, of_samples=of_samples, as_json=as_json)
        return
    if genes is not None or target is not None or of_samples:
        raise InputError("--genes, --sample and -o need --matrix; a store is written as a whole, to FILE.h5.")
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
    repo: Repository,
    at: str,
    matrix: MatrixKind,
    genes: str | None,
    target: Path | None,
    *,
    of_samples: bool,
    as_json: bool,
) -> None:
    from ....engine.network.matrix_blocks import matrix_blocks
    from ....formats.models.matrix_export import write_matrix, write_rows

    if as_json and target is None:
        raise InputError("--json describes a file that is written, and none is named.", hint="Name it with -o FILE.")
    version = repo.version(at)
    snapshot, base = repo.snapshot(version.name), repo.base(version.name)
    names = list(snapshot.panel.genes) if genes is None else options.read_names(genes)
    if repeats := repeated(names):
        raise InputError(f"--genes names {repeats[0]} more than once.", hint="Name each gene once.")
    snapshot.panel.locate(names)  # refuses strangers before anything is printed
    chosen = None if genes is None else names
    has_pathways = bool(repo.active(version.name))
    if of_samples:
        blocks, shrinkage = matrix_of_samples(snapshot, base, matrix, chosen, has_pathways=has_pathways), None
        how = "Of the samples themselves, not shrunk."
    else:
        blocks, shrinkage = matrix_blocks(snapshot, matrix, chosen), base.shrinkage
        how = shrinkage_text(base, matrix, has_pathways=has_pathways)
    notes = [] if how is None else [Note(how)]
    if target is None:
        write_rows(sys.stdout, blocks, names, names)
        emit(Answer(json=dict, text=lambda: None, notes=notes), "text")
        return
    write_matrix(target, blocks, names, names, shrinkage=shrinkage)
    shape = f"{len(names):,} × {len(names):,}"
    note = Note(f"{target}: {matrix} of {version.name} ({version.content[: versions.SHORT]}), {shape}.")
    answer = Answer(
        json=lambda: {
            **versions.identity(version),
            "matrix": matrix,
            "genes": len(names),
            "file": str(target),
            "shrinkage": shrinkage,
            "of_samples": of_samples,
        },
        text=lambda: None,
        notes=[note, *notes],
    )
    emit(answer, "json" if as_json else "text")
