"""`grn export`: the whole store as one file, or a matrix or the edges of a version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from ....engine.choices import MatrixKind
from ....engine.errors import InputError
from ....engine.wording import counted
from ... import edge_options, nouns, options, output
from ...answers import exchange, versions
from ...answers.answer import Answer
from ...answers.emit import emit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....storage.repository import Repository

ENDINGS = (".h5", ".hdf5")
STORE, MATRIX, EDGES = "FILE.h5", "--matrix", "--edges"


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path), required=False, metavar="[FILE.h5]")
@click.option("--at", type=nouns.REV, metavar="REV", help="The version; for a store, it and its ancestors.")
@click.option("--matrix", type=click.Choice(get_args(MatrixKind)), help="Write this matrix instead of the store.")
@click.option(
    "--genes",
    type=nouns.GENES_OR_FILE,
    metavar="A,B,...",
    help="These genes, or a file of them after @; the whole panel otherwise. Of --edges, all pairs among them.",
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
@edge_options.graph_file
@edge_options.memory
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
    graph_file: edge_options.GraphFile,
    as_json: bool,
) -> None:
    """Write the store with its whole history to one HDF5 file, or a matrix or the edges of a version.

    A store's file is read where it is with `grn -s FILE.h5 log`, and becomes part of another store with `grn import`;
    h5py and h5dump read it too (docs/format.md). With --at it has that version and its ancestors.
    Covariance and precision are in the units of the expression that the base came from. Correlations are shrunk to
    zero, by how much stands beside the matrix, and in an .npz as `shrinkage`; --sample takes that back.
    Edges are chosen as by `grn edges`, and written with what is known of them and of their genes (docs/files.md).

    \b
    Example:
      grn export tumor.h5
      grn export paper.h5 --at paper
      grn export --at v1 --matrix precision --genes TP53,MDM2,CDKN1A -o theta.tsv
      grn export --matrix partial-correlation --genes @panel.txt -o rho.npz
      grn export --at v0 --matrix correlation --sample -o r.tsv
      grn export --edges net.graphml --fdr 0.2
      grn export --at v1 --edges net.h5ad --top 5000
    """
    forms = {STORE: file, MATRIX: matrix, EDGES: graph_file.path}
    form = _form_of([name for name, value in forms.items() if value is not None])
    used = {"--genes": (genes, (MATRIX, EDGES)), "-o": (target, (MATRIX,)), "--sample": (of_samples or None, (MATRIX,))}
    used |= {option: (option, (EDGES,)) for option in graph_file.named_options}
    for option, (value, owners) in used.items():
        if value is not None and form not in owners:
            beside = "a store is written as a whole, to FILE.h5" if form == STORE else f"it does not go with {form}"
            raise InputError(f"{option} needs {' or '.join(owners)}; {beside}.")
    if as_json and form == MATRIX and target is None:
        raise InputError("--json describes a file that is written, and none is named.", hint="Name it with -o FILE.")
    if file is not None:
        answer = _export_store(repo, file, at)
    elif matrix is not None:
        from ...answers.written.matrices import write_matrix_file

        names = None if genes is None else options.read_names(genes)
        answer = write_matrix_file(repo, at or "HEAD", matrix, names, target, of_samples=of_samples)
    else:
        from ...answers.written.graphs import write_graph_file

        with output.waiting("scanning") as progress:
            answer = write_graph_file(repo, at or "HEAD", graph_file, genes, progress)
    emit(answer, "json" if as_json else "text")


def _form_of(named: Sequence[str]) -> str:
    """Return the one form of a file that is named."""
    if len(named) == 1:
        return named[0]
    raise InputError(
        f"{' and '.join(named)} are different things to write."
        if named
        else "Name what to write: FILE.h5 for the store, --matrix for a matrix, or --edges for a graph.",
        hint="`grn export lab.h5`, `grn export --matrix precision -o theta.tsv`, or `grn export --edges net.graphml`.",
    )


def _export_store(repo: Repository, file: Path, at: str | None) -> Answer:
    from ....storage.repository import Repository

    if file.suffix not in ENDINGS:
        stem = file.stem or "tumor"
        raise InputError(
            f"A store is written to FILE.h5, and {file} does not end in .h5.",
            hint=f"`grn export {stem}.h5 --at REV` writes a version; --matrix writes a table, and --edges a graph.",
        )
    with output.waiting("exporting") as progress:
        repo.export(file, at, progress)
    with exchange.reading_back(file):
        copy = Repository(file)
        version, length, size = copy.version(), len(copy), file.stat().st_size
        notes = exchange.left_out_notes(repo)
    return Answer(
        json=lambda: {**versions.identity(version), "versions": length, "file": str(file)},
        text=lambda: f"{file}: {counted(length, 'version')}, {copy.head} at {version.name}, {size:,} bytes.",
        notes=notes,
    )
