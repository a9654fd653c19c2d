"""A user's kernel in a file: K, square with one name a row, or a factor G with K = GGᵀ; text or NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted, some
from ..files.archives import as_names, as_numbers, read_npz
from ..files.delimited import check_names, is_number, open_table, read_header
from ..files.plain_files import require_file
from ..files.table_numbers import read_named_numbers
from ..models.loadings import refuse_repeats
from ..readers import find_reader

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class KernelFile:
    """A kernel as a file holds it.

    Parameters
    ----------
    ids : tuple of str
        One a row.
    values : ndarray of float64, shape (n, n) or (n, k)
        K, or G.
    is_factor : bool
        Whether it is G.
    columns : tuple of str
        Names of the columns of G; a number each where a file has none.
    """

    ids: tuple[str, ...]
    values: NDArray[np.float64]
    is_factor: bool
    columns: tuple[str, ...] = ()


def read_kernel(path: Path) -> KernelFile:
    """Return the kernel of a file.

    Parameters
    ----------
    path : Path
        An .npz file with `ids` and `kernel` (n × n) or `factor` (n × k), perhaps with `columns`; or a table whose first
        column names the rows: square with the same names in its header it is K, otherwise G.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        It holds none, a value is missing, or the names of rows and columns of a square table differ in order.
    """
    return find_reader("kernels", require_file(path)).read(path)


def read_table(path: Path) -> KernelFile:
    """Return the kernel of a table."""
    with open_table(path) as table:
        header = read_header(table)
        _, names, values = read_named_numbers(table, header, range(1, len(header)))
    ids, columns = tuple(names), header[1:]
    check_names(ids, "row", path)
    refuse_repeats(path, "row", ids)
    refuse_repeats(path, "column", columns)
    if not values.size:
        raise InputError(
            f"{path} holds no kernel: it has {counted(len(ids), 'row')} of {counted(len(columns), 'number')}."
        )
    for row, column in np.argwhere(~np.isfinite(values))[:1]:
        raise InputError(f"{path}: the kernel has no value of {ids[row]} in column {columns[column]}.")
    if set(columns) == set(ids):
        indices = {name: index for index, name in enumerate(columns)}
        order = [indices[name] for name in ids]
        return KernelFile(ids, np.ascontiguousarray(values[:, order]), is_factor=False)
    _refuse_half_a_kernel(path, columns, ids)
    return KernelFile(ids, values, is_factor=True, columns=columns)


def _refuse_half_a_kernel(path: Path, header: tuple[str, ...], ids: tuple[str, ...]) -> None:
    """Refuse a table that may be a K or a G: read as the wrong one, it gives wrong numbers without a word."""
    shared = set(header) & set(ids)
    if 2 * len(shared) > min(len(header), len(ids)):
        other = sorted(set(header) ^ set(ids))
        raise InputError(
            f"{path}: {len(shared):,} of the {counted(len(header), 'column')} are named as rows are, and {some(other)} "
            "are not among both.",
            hint="A kernel K has one name a row and the same names in its header; a factor G does not.",
        )
    if all(is_number(name) for name in header):
        raise InputError(
            f"{path} has numbers in place of a header: {some(header, 3)}.",
            hint="The header of a kernel K names its rows again; that of a factor G names its columns.",
        )
    if len(header) == len(ids):
        raise InputError(
            f"{path} is square, and its header does not name its rows: {some(header, 3)}, not {some(ids, 3)}.",
            hint="A kernel K has the names of its rows in its header; for a square factor G, save an .npz.",
        )


def read_archive(path: Path) -> KernelFile:
    """Return the kernel of an .npz file."""
    arrays = read_npz(path, ("ids",), ("kernel", "factor", "columns"))
    if ("kernel" in arrays) == ("factor" in arrays):
        raise InputError(
            f"{path} holds {'both a kernel and a factor' if 'kernel' in arrays else 'neither a kernel nor a factor'}.",
            hint="An .npz of a kernel has `ids`, and either `kernel` (n × n) or `factor` (n × k).",
        )
    name = "kernel" if "kernel" in arrays else "factor"
    ids, values = as_names(arrays["ids"], "ids", path), as_numbers(arrays[name], name, 2, path)
    if len(values) != len(ids) or (name == "kernel" and values.shape[0] != values.shape[1]):
        raise InputError(
            f"{path}: {counted(len(ids), 'name')} do not fit the {name} of {values.shape[0]} × {values.shape[1]}."
        )
    if len(set(ids)) != len(ids):
        raise InputError(f"{path}: a name occurs twice among the ids.")
    columns = tuple(str(number + 1) for number in range(values.shape[1]))
    if "columns" in arrays:
        columns = as_names(arrays["columns"], "columns", path)
    if len(columns) != values.shape[1]:
        raise InputError(f"{path}: {counted(len(columns), 'name')} do not fit {values.shape[1]:,} columns.")
    return KernelFile(ids, values, is_factor=name == "factor", columns=columns)
