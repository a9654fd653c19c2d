"""A user's kernel in a file: K, square with one name a row, or a factor G with K = GGᵀ; text or NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted, some
from ..files.archives import as_names, as_numbers, read_npy, read_npz
from ..files.names import check_names
from ..files.packed import without_packing
from ..files.plain_files import require_file
from ..models.loadings import refuse_repeats
from ..readers import find_reader
from ..tables.delimited import open_table, read_header
from ..tables.fields import is_number
from ..tables.row_names import match_names
from ..tables.table_numbers import read_named_numbers
from .foreign_kernels import refuse_foreign_kernel, refuse_pairs, refuse_triangle
from .id_lists import read_row_ids

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from ..tables.table import Table

MOST, LEAST = 1e100, 1e-100
"""Bounds of the largest value of a kernel."""

MISSING = "A kernel has no missing values: leave that row out, and its column."
"""What to do where a value is missing."""

ASYMMETRY = 1e-8
"""Largest difference of the halves of a kernel, as a share of its largest value."""


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


def read_kernel(path: Path, *, ids: Path | None = None) -> KernelFile:
    """Return the kernel of a file.

    Parameters
    ----------
    path : Path
        An .npz file with `ids` and `kernel` (n × n) or `factor` (n × k), perhaps with `columns`; or a table whose first
        column names the rows: square with the same names in its header it is K, otherwise G. Or numbers alone, as GEMMA
        (`.cXX.txt`) and PLINK (`.rel`) write a K.
    ids : Path, optional
        The names of the rows of a file that has none: one a line, or FID and IID as PLINK writes them.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        It holds none, a value is missing, or the names of rows and columns of a square table are not the same; or it
        has no names and none are given, or names, and others are given.
    """
    refuse_foreign_kernel(require_file(path))
    kernel = find_reader("kernels", path).read(path, ids)
    if not kernel.is_factor:
        _refuse_asymmetric(path, kernel)
    refuse_extreme_kernel(path, kernel.values)
    return kernel


def read_table(path: Path, ids_of: Path | None = None) -> KernelFile:
    """Return the kernel of a table."""
    with open_table(path) as table:
        refuse_triangle(path, [len(row.fields) for row in table.first])
        refuse_pairs(path, [field.strip().lstrip("#") for field in table.first[0].fields])
        if _is_nameless(table):
            return _read_nameless(path, table, ids_of)
        _refuse_ids(path, ids_of)
        header = read_header(table)
        _, names, values = read_named_numbers(table, header, range(1, len(header)))
    ids, columns = tuple(names), header[1:]
    check_names(ids, "row", path)
    refuse_repeats(path, "row", ids)
    refuse_repeats(path, "column", columns)
    if not values.size:
        raise InputError(
            f"{path} holds no kernel: it has {counted(len(ids), 'row')} of {counted(len(columns), 'number')}.",
            hint="A kernel has a row per gene or sample.",
        )
    for row, column in np.argwhere(~np.isfinite(values))[:1]:
        raise InputError(f"{path}: the kernel has no value of {ids[row]} in column {columns[column]}.", hint=MISSING)
    if len(columns) == len(ids) == len(match := match_names(columns, ids, any_x=True)):
        columns = tuple(match[name] for name in columns)
        indices = {name: index for index, name in enumerate(columns)}
        order = [indices[name] for name in ids]
        return KernelFile(ids, np.ascontiguousarray(values[:, order]), is_factor=False)
    _refuse_half_a_kernel(path, columns, ids)
    return KernelFile(ids, values, is_factor=True, columns=columns)


def _is_nameless(table: Table) -> bool:
    """Whether a table is numbers alone, the first row as wide as those below."""
    rows = [_without_end(row.fields) for row in table.first]
    return all(len(fields) == len(rows[0]) and all(map(is_number, fields)) for fields in rows)


def _without_end(fields: list[str]) -> list[str]:
    """Return the fields of a row without the empty one behind a delimiter at its end."""
    return fields[:-1] if len(fields) > 1 and not fields[-1].strip() else fields


def _read_nameless(path: Path, table: Table, ids_of: Path | None) -> KernelFile:
    width = len(_without_end(table.first[0].fields))
    _, _, values = read_named_numbers(table, [""] * width, range(width), name=None, after_header=False)
    if len(values) != width:
        raise InputError(
            f"{path} has {counted(len(values), 'row')} of {counted(width, 'number')} and no names.",
            hint="A kernel without names is square; a factor G names its rows and columns.",
        )
    return _named(path, values, ids_of)


def _named(path: Path, values: NDArray[np.float64], ids_of: Path | None) -> KernelFile:
    """Return a K without names with those of a file."""
    size = len(values)
    if ids_of is None:
        raise InputError(
            f"{path} is a kernel of {size:,} × {size:,} numbers and has no names of its rows.{_neighbour(path)}",
            code="kernel-without-names",
        )
    ids = read_row_ids(ids_of)
    if len(ids) != size:
        raise InputError(
            f"{ids_of} has {counted(len(ids), 'name')}, and {path} is of {size:,} × {size:,} numbers.",
            hint="The names are those of the run that wrote the kernel, in the order of its rows.",
        )
    check_names(ids, "row", ids_of)
    refuse_repeats(ids_of, "row", ids)
    if not np.isfinite(values).all():
        row, column = (int(index) for index in np.argwhere(~np.isfinite(values))[0])
        raise InputError(f"{path}: the kernel has no value of {ids[row]} in column {ids[column]}.", hint=MISSING)
    return KernelFile(ids, values, is_factor=False)


def _neighbour(path: Path) -> str:
    """Return a sentence on a file of names beside a kernel; nothing where there is none."""
    plain = path.with_name(path.name[: len(without_packing(path.name))])
    beside = [plain.with_name(f"{plain.name}.id"), *sorted(path.parent.glob(f"{path.name.split('.')[0]}.fam"))]
    there = [file.name for file in beside if file.is_file()]
    return f" Beside it stands {some(there)}." if there else ""


def _refuse_asymmetric(path: Path, kernel: KernelFile) -> None:
    """Refuse a K that is not its own transpose, with the pair that differs most; numbers may be rounded."""
    difference = np.abs(kernel.values - kernel.values.T)
    if not np.isfinite(difference).all() or np.max(difference, initial=0.0) <= ASYMMETRY * np.max(
        np.abs(kernel.values)
    ):
        return
    row, column = (int(index) for index in np.unravel_index(np.argmax(difference), difference.shape))
    first, second = kernel.ids[row], kernel.ids[column]
    raise InputError(
        f"{path} is not symmetric: {kernel.values[row, column]:.6g} of {first} and {second}, and "
        f"{kernel.values[column, row]:.6g} of {second} and {first}.",
        hint="A kernel K has each covariance twice. Is it a half of one, or a factor G?",
    )


def _refuse_ids(path: Path, ids_of: Path | None) -> None:
    if ids_of is not None:
        raise InputError(f"{path} names its rows: the names in {ids_of} are not needed.", code="kernel-with-names")


def refuse_extreme_kernel(path: Path, values: NDArray[np.float64]) -> None:
    """Refuse numbers whose products double precision does not hold."""
    largest = float(np.max(np.abs(values), initial=0.0))
    if largest > MOST or 0 < largest < LEAST:
        raise InputError(
            f"{path}: the largest value of the kernel is {largest:.3g}, whose products double precision does not hold.",
            hint="Multiply the kernel by one number: h² does not depend on it.",
        )


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


def read_array(path: Path, ids_of: Path | None = None) -> KernelFile:
    """Return the kernel of an .npy file, which names no rows."""
    values = as_numbers(read_npy(path), "the array", 2, path)
    if values.shape[0] != values.shape[1]:
        raise InputError(
            f"{path} is no kernel: it holds {values.shape[0]:,} × {values.shape[1]:,} numbers.",
            hint="A kernel without names is square; a factor G goes into an .npz, with `ids` and `factor`.",
        )
    return _named(path, values, ids_of)


def read_archive(path: Path, ids_of: Path | None = None) -> KernelFile:
    """Return the kernel of an .npz file."""
    _refuse_ids(path, ids_of)
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
            f"{path}: {counted(len(ids), 'name')} do not fit the {name} of {values.shape[0]} × {values.shape[1]}.",
            hint="`ids` has a name for each row, and a kernel as many columns.",
        )
    if len(set(ids)) != len(ids):
        raise InputError(f"{path}: a name occurs twice among the ids.", hint="Give each row its own name.")
    columns = tuple(str(number + 1) for number in range(values.shape[1]))
    if "columns" in arrays:
        columns = as_names(arrays["columns"], "columns", path)
    if len(columns) != values.shape[1]:
        raise InputError(
            f"{path}: {counted(len(columns), 'name')} do not fit {values.shape[1]:,} columns.",
            hint="`columns` has a name for each column of the factor.",
        )
    return KernelFile(ids, values, is_factor=name == "factor", columns=columns)
