"""Expression in Matrix Market files and 10x folders, with the names that stand beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError, NotFound
from ...engine.estimation.expression import Expression
from ...engine.wording import counted, some
from ..files.matrix_market import read_market, read_market_header
from ..files.names import check_names
from ..files.plain_files import file_name, fingerprint, is_folder, is_plain_file
from ..genes.orientation import GENE_WORDS, SAMPLE_WORDS, Axis, title_word
from .name_rows import read_name_rows

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from ...engine.choices import GenesIn

GENES_BESIDE = ("features.tsv", "genes.tsv")
CELLS_BESIDE = ("barcodes.tsv",)
MATRIX = "matrix.mtx"

MOST_NAMELESS = 1_000_000
"""Most samples without names; where there are more, and more than entries, the header is damaged."""

_EXPRESSION = "Gene Expression"
_COLUMNS = {
    **dict.fromkeys(("id", "gene_id", "gene_ids", "genes", "ensembl_id"), 0),
    **dict.fromkeys(("name", "gene_name", "gene_names", "gene_symbol", "gene_symbols", "symbol"), 1),
}
"""The columns of a table of features, by what they are called where there is a header."""


def find_matrix(folder: Path) -> Path:
    """Return the matrix file of a 10x folder, or raise `NotFound`."""
    matrix = _beside(folder / MATRIX, (MATRIX,))
    if matrix is not None:
        return matrix
    names = sorted(path.name for path in folder.iterdir())
    others = [name for name in names if MATRIX in name]
    if others:
        raise NotFound(
            f"The folder {folder} has no {MATRIX}, but {some(others)}.", hint=f"Name the file: {folder / others[0]}"
        )
    if {".zgroup", "zarr.json"} & set(names):
        raise InputError(
            f"The folder {folder} is a zarr store.",
            hint=f'In Python: anndata.read_zarr("{folder.name}").write_h5ad("{folder.stem}.h5ad")',
        )
    inside = [f"{name}/" for name in names if is_folder(folder / name)]
    raise NotFound(
        f"The folder {folder} has no {MATRIX} or {MATRIX}.gz{', but ' + some(inside or names) if names else ''}."
    )


def read_mtx(
    path: Path, *, gene_names: Path | None = None, genes_in: GenesIn = "auto", gene_column: str | None = None
) -> tuple[Expression, tuple[str, ...]]:
    """Return the expression of a Matrix Market file, and what was decided while reading it.

    Names of genes are taken from `gene_names`, or from `features.tsv` or `genes.tsv` beside the matrix; names of
    samples from `barcodes.tsv`. A prefix of `…matrix.mtx` is expected of them too. Of a table of genes the second
    column counts, the symbols, and of its third only rows of gene expression where it says so.

    Parameters
    ----------
    path : Path
        Plain or gzip.
    gene_names : Path, optional
        Names of genes, one a line.
    genes_in : {"auto", "rows", "columns"}
        The axis of the genes; `auto` goes by which has as many entries as there are names.
    gene_column : str, optional
        The column of the table of genes that names them: `id`, `name`, or its number from 1.

    Raises
    ------
    NotFound
        A file is not there.
    InputError
        The matrix is damaged or claims more than the file holds, or no axis fits the names.
    """
    genes_path = gene_names or _beside(path, GENES_BESIDE)
    if genes_path is None:
        raise InputError(
            f"{path} has no names of genes, and neither features.tsv nor genes.tsv is next to it.",
            code="matrix-without-gene-names",
        )
    cells_path = _beside(path, CELLS_BESIDE)
    header = read_market_header(path)
    shape = header.shape
    table, headers = read_name_rows(genes_path, GENE_WORDS, shape)
    cells, more = (None, ()) if cells_path is None else read_name_rows(cells_path, SAMPLE_WORDS, shape)
    axis, reason = _choose_axis(genes_in, shape, len(table), None if cells is None else len(cells), path)
    count = shape[1] if axis == "rows" else shape[0]
    if cells is None and count > max(MOST_NAMELESS, header.entries):
        raise InputError(f"{path} claims {counted(count, 'sample')} without names, and {header.entries:,} entries.")
    samples = tuple(f"s{i}" for i in range(1, count + 1)) if cells is None else tuple(row[0] for row in cells)
    if len(samples) != count:
        raise InputError(f"{cells_path} names {counted(len(samples), 'sample')}, and {path} has {count:,}.")
    chosen, genes, decisions = _choose_genes(table, gene_column, genes_path)
    matrix = read_market(path)
    values = np.ascontiguousarray((matrix if axis == "rows" else matrix.T)[chosen])
    notes = (
        f"genes in {axis}: {reason}",
        f"gene names from {file_name(genes_path)}, with the SHA-256 {fingerprint(genes_path)}",
        f"sample names from {file_name(cells_path)}" if cells_path else f"samples are named s1 … s{count}",
        *headers,
        *more,
        *decisions,
    )
    check_names(genes, "gene", genes_path)
    return Expression(values, genes, samples), notes


def _beside(path: Path, names: tuple[str, ...]) -> Path | None:
    """Return a file beside the matrix by one of some names, with the matrix's prefix and perhaps `.gz`."""
    prefix, marked, _ = path.name.partition(MATRIX)
    for name in names:
        for ending in ("", ".gz"):
            candidate = path.with_name(f"{prefix if marked else ''}{name}{ending}")
            if is_plain_file(candidate):
                return candidate
    return None


def _choose_genes(
    table: list[list[str]], wanted: str | None, path: Path
) -> tuple[NDArray[np.intp], tuple[str, ...], tuple[str, ...]]:
    """Return the indices and names of the rows that are genes, and what was decided."""
    column = _choose_column(len(table[0]), wanted, path)
    kinds = [row[2] if len(row) > 2 else "" for row in table]
    chosen = [i for i, kind in enumerate(kinds) if kind == _EXPRESSION or _EXPRESSION not in kinds]
    notes = [f"gene names are its column {column + 1}"] if len(table[0]) > 1 else []
    if len(chosen) < len(table):
        notes.append(f"{counted(len(table) - len(chosen), 'feature')} that are not gene expression are left out")
    return np.array(chosen, dtype=np.intp), tuple(table[i][column] for i in chosen), tuple(notes)


def _choose_column(width: int, wanted: str | None, path: Path) -> int:
    """Return the column of a table of features that names the genes: by its number, or by what 10x calls it."""
    if wanted is None:
        return min(1, width - 1)
    column = _COLUMNS.get(title_word(wanted), int(wanted) - 1 if wanted.isdecimal() and len(wanted) < 9 else -1)
    if not 0 <= column < width:
        raise NotFound(f"{path} has no column {wanted!r}: it has {counted(width, 'column')}, which are id, name, type.")
    return column


def _choose_axis(
    genes_in: GenesIn, shape: tuple[int, int], genes: int, cells: int | None, path: Path
) -> tuple[Axis, str]:
    fits = {"rows": shape[0] == genes, "columns": shape[1] == genes}
    if not any(fits.values()) or (genes_in != "auto" and not fits[genes_in]):
        raise InputError(f"{path} has shape {shape[0]:,} × {shape[1]:,}, and there are {counted(genes, 'gene name')}.")
    if genes_in != "auto":
        return genes_in, "as asked"
    if all(fits.values()):
        return "rows", "the matrix is square, and rows are assumed"
    axis: Axis = "rows" if fits["rows"] else "columns"
    also = "" if cells is None else f", and {counted(cells, 'sample name')}"
    return axis, f"there are {counted(genes, 'gene name')}{also}"
