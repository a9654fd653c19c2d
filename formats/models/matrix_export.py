"""Matrices written for others: text, .npy or .npz, block by block, whole or not at all."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from ...engine.errors import InputError, ShapeError
from ..files.writing import write_whole_file

Blocks = Iterable[NDArray[np.float64]]
"""Blocks of consecutive rows of a float64 matrix, from first to last."""


def write_matrix(
    path: str | Path,
    values: NDArray[np.float64] | Blocks,
    row_genes: Sequence[str],
    column_genes: Sequence[str],
    *,
    shrinkage: float | None = None,
) -> None:
    """Write a matrix with its names to .tsv, .csv, .npy or .npz, whole or not at all.

    Text has a header row that begins with `gene`, and numbers that read back to the same bits. An .npz file holds
    `matrix` and `genes` (the rows), `column_genes` where they differ, and `shrinkage` where it is known. An .npy file
    has no names.

    Parameters
    ----------
    path : str or Path
        The ending says the format. A file that is there is replaced.
    values : ndarray of float64, shape (a, b), or iterable of such
        The matrix, or blocks of its rows from first to last, of which no more than one is held at a time.
    row_genes, column_genes : sequence of str
        a and b names.
    shrinkage : float, optional
        λ, by which the correlations of the matrix are shrunk.

    Raises
    ------
    NotFound
        The folder is not there.
    InputError
        The ending is not known, or the file cannot be written.
    ShapeError
        The values do not fit the names.
    """
    path = Path(path)
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise InputError(
            f"{path} has an ending that is not known: {path.suffix or 'none'!r}.",
            hint=f"Name it *{', *'.join(_WRITERS)}.",
        )
    matrix = cast("Blocks", [values] if isinstance(values, np.ndarray) else values)
    blocks = _fitting_blocks(matrix, len(row_genes), len(column_genes))
    if writer is _write_npz:
        writer = partial(_write_npz, shrinkage=shrinkage)
    with write_whole_file(path) as stream:
        writer(stream, blocks, row_genes, column_genes)


def write_npz(path: str | Path, arrays: Mapping[str, NDArray[Any] | Sequence[str]]) -> None:
    """Write arrays and lists of names to an .npz file, whole or not at all; equal content gives equal bytes."""
    with write_whole_file(path) as stream, zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            held = array if isinstance(array, np.ndarray) else np.array(list(array), dtype=str)
            _write_member(archive, name, held)


def write_rows(
    stream: TextIO,
    blocks: Blocks,
    row_genes: Sequence[str],
    column_genes: Sequence[str],
    *,
    delimiter: str = "\t",
) -> None:
    """Write a matrix as text with a header row that begins with `gene`; parameters as `write_matrix`."""
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    writer.writerow(["gene", *column_genes])
    names = iter(row_genes)
    for block in blocks:
        writer.writerows([next(names), *row] for row in cast("list[list[float]]", block.tolist()))


def _fitting_blocks(blocks: Blocks, rows: int, columns: int) -> Blocks:
    """Yield blocks of rows, refusing when they do not make rows × columns."""
    seen = 0
    for block in blocks:
        seen += len(block)
        if block.shape[1:] != (columns,) or seen > rows:
            raise ShapeError(f"{rows} and {columns} names do not fit a block of shape {block.shape}.")
        yield block
    if seen != rows:
        raise ShapeError(f"There are {rows} names of rows and {seen} rows.")


def _write_tsv(stream: BinaryIO, blocks: Blocks, rows: Sequence[str], columns: Sequence[str]) -> None:
    _write_text(stream, blocks, rows, columns, "\t")


def _write_csv(stream: BinaryIO, blocks: Blocks, rows: Sequence[str], columns: Sequence[str]) -> None:
    _write_text(stream, blocks, rows, columns, ",")


def _write_text(stream: BinaryIO, blocks: Blocks, rows: Sequence[str], columns: Sequence[str], delimiter: str) -> None:
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
    write_rows(text, blocks, rows, columns, delimiter=delimiter)
    text.detach()


def _write_npy(stream: BinaryIO, blocks: Blocks, rows: Sequence[str], columns: Sequence[str]) -> None:
    header = {"descr": "<f8", "fortran_order": False, "shape": (len(rows), len(columns))}
    npy.write_array_header_1_0(stream, header)
    stream.writelines(np.ascontiguousarray(block, dtype="<f8").data for block in blocks)


def _write_npz(
    stream: BinaryIO,
    blocks: Blocks,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    shrinkage: float | None = None,
) -> None:
    names = {"genes": rows} if list(rows) == list(columns) else {"genes": rows, "column_genes": columns}
    with zipfile.ZipFile(stream, "w") as archive:
        with archive.open("matrix.npy", "w", force_zip64=True) as member:
            _write_npy(cast("BinaryIO", member), blocks, rows, columns)
        for name, genes in names.items():
            _write_member(archive, name, np.array(list(genes), dtype=str))
        if shrinkage is not None:
            _write_member(archive, "shrinkage", np.array(shrinkage))


def _write_member(archive: zipfile.ZipFile, name: str, array: NDArray[Any]) -> None:
    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
        npy.write_array(cast("BinaryIO", member), array, allow_pickle=False)


_Writer = Callable[[BinaryIO, Blocks, Sequence[str], Sequence[str]], None]
_WRITERS: dict[str, _Writer] = {".tsv": _write_tsv, ".csv": _write_csv, ".npy": _write_npy, ".npz": _write_npz}
