"""The columns that describe genes or cells in HDF5 files: names for the genes, and which cells are wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import InputError, NotFound
from ...engine.wording import counted, some
from ..files.hdf5_members import Dataset, Group, location_of, member, member_dataset, read_array, read_list
from ..files.names import check_names, clipped
from ..genes.identifiers import guess_vocabulary, without_fractions
from ..layouts.titles import is_counting

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SYMBOL_COLUMNS = ("feature_name", "gene_symbols", "gene_symbol", "gene_name", "gene_short_name", "symbol")
"""Columns of `var` that mostly hold symbols of genes, in lower case."""

_OLD_CATEGORIES = "__categories"
"""Where AnnData before 0.8 kept the texts of all columns of categories."""


def list_columns(axis: Group | Dataset) -> tuple[str, ...]:
    """Return the names of the columns of an axis: a group of lists, or a table of records."""
    names = axis.fields if isinstance(axis, Dataset) else axis.members
    return tuple(name for name in names if name != _OLD_CATEGORIES)


def read_column(axis: Group | Dataset, name: str) -> NDArray[Any]:
    """Return a column of an axis: texts (None where one is missing), numbers or truth values.

    Raises
    ------
    NotFound
        There is no such column; those that there are are listed.
    InputError
        It is no list.
    """
    if name not in list_columns(axis):
        where = location_of(axis.location)
        raise NotFound(f"{axis.path}: {where} has no column {name!r}; it has {some(list_columns(axis), 20)}.")
    if isinstance(axis, Dataset):
        if axis.fields[name].kind in "iu":
            raise InputError(
                f"{axis.where}: column {name!r} holds numbers, which in old files may stand for texts.",
                hint="In Python: anndata.read_h5ad(FILE).write_h5ad(NEW) writes the texts beside it.",
            )
        return _as_values(read_array(axis, name), axis.where)
    column = member(axis, name)
    if isinstance(column, Group):
        if "codes" in column.members:
            return _of_categories(member_dataset(column, "codes"), member_dataset(column, "categories"))
        values = _as_values(read_array(member_dataset(column, "values")), column.where)
        if "mask" in column.members:
            values = values.astype(object)
            values[_flat(read_array(member_dataset(column, "mask")), values, column.where).astype(bool)] = None
        return values
    if _OLD_CATEGORIES in axis.members:
        categories = member(axis, _OLD_CATEGORIES)
        if isinstance(categories, Group) and name in categories.members:
            return _of_categories(column, member_dataset(categories, name))
    return _as_values(read_array(column), column.where)


def read_gene_column(axis: Group | Dataset, name: str, count: int) -> tuple[str, ...]:
    """Return a column as the names of so many genes; raises as `read_column`, and where a gene has no name."""
    column = read_column(axis, name).tolist()
    where = f"{location_of(axis.location)}/{name}"
    if len(column) != count:
        raise InputError(f"{axis.path}: {where} has {len(column):,} entries for {counted(count, 'gene')}.")
    return names_of_entries(axis.path, where, column)


def names_of_entries(path: Path, where: str, entries: Iterable[object]) -> tuple[str, ...]:
    """Return the entries of a column as names of genes.

    Raises
    ------
    InputError
        They are decimals, or one is missing or cannot be printed.
    """
    entries = list(entries)
    if any(isinstance(entry, float) for entry in entries):
        raise InputError(f"{path}: {where} holds numbers, which are no names of genes.")
    names = tuple("" if entry is None else str(entry).strip() for entry in entries)
    check_names(names, f"entry of {where}", path)
    return names


def check_genes(path: Path, genes: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of genes, ids as whole numbers, and a note on it.

    Raises
    ------
    InputError
        A name is empty or cannot be printed, or names only count rows.
    """
    genes, notes = without_fractions(genes)
    check_names(genes, "gene", path)
    if is_counting(genes):
        raise InputError(
            f"The genes of {path} would be named {some(genes, 3)}: these are numbers of rows or columns, not of genes.",
            code="genes-are-row-numbers",
        )
    return genes, notes


def name_by_index(
    path: Path, index: tuple[str, ...], columns: Iterable[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the index of `var` as the names of genes, and notes: what it seems to hold, and columns of symbols.

    Raises
    ------
    InputError
        As `check_genes`.
    """
    genes, notes = check_genes(path, index)
    vocabulary = guess_vocabulary(genes)
    if vocabulary is None:
        return genes, notes
    symbols = [name for name in columns if name.lower() in SYMBOL_COLUMNS]
    also = f"; var also has {', '.join(symbols)}" if symbols else ""
    return genes, (f"gene names are the index of var, apparently {vocabulary}{also}", *notes)


def select_rows(axis: Group | Dataset, where: Sequence[str], count: int) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Return which cells have the values wanted, and what was decided.

    Parameters
    ----------
    axis : Group or Dataset
        Describes the cells.
    where : sequence of str
        `COLUMN=VALUE`. Values of one column are alternatives; all columns must agree.
    count : int
        The number of cells.

    Raises
    ------
    NotFound
        There is no such column, or no cell has such a value.
    InputError
        A condition has no `=`.
    """
    mask = np.ones(count, dtype=np.bool_)
    wanted = parse_conditions(where)
    for name, values in wanted.items():
        column = read_column(axis, name)
        if len(column) != count:
            raise InputError(f"{axis.path}: column {name!r} has {len(column):,} entries for {count:,} cells.")
        mask &= match_values(column, name, values, str(axis.path))
    return mask, note_conditions(wanted, mask)


def parse_conditions(where: Sequence[str]) -> dict[str, list[str]]:
    """Return the values wanted of each column, from texts `COLUMN=VALUE`."""
    wanted: dict[str, list[str]] = {}
    for condition in where:
        name, sign, value = condition.partition("=")
        if not sign or not name:
            raise InputError(f"{clipped(condition)} is no condition on the samples: it is COLUMN=VALUE.")
        wanted.setdefault(name, []).append(value)
    return wanted


def match_values(column: NDArray[Any], name: str, values: Sequence[str], path: str) -> NDArray[np.bool_]:
    """Return which entries of a column are one of some values, each of which must be there."""
    texts = [_as_text(entry) for entry in column.tolist()]
    numeric = column.dtype.kind in "iuf"
    wanted = {_without_zero_decimals(value) for value in values} if numeric else set(values)
    missing = [value for value in values if (_without_zero_decimals(value) if numeric else value) not in texts]
    if missing:
        there = some(sorted({text for text in texts if text}), 20)
        raise NotFound(f"{path}: no sample has {name} = {missing[0]!r}; there are {there or 'no values'}.")
    return np.array([text in wanted for text in texts], dtype=np.bool_)


def note_conditions(wanted: dict[str, list[str]], mask: NDArray[np.bool_]) -> tuple[str, ...]:
    """Return what was selected, as a note; none where nothing was asked. Refuse where no sample is left."""
    if not wanted:
        return ()
    conditions = " and ".join(f"{name} = {' or '.join(values)}" for name, values in wanted.items())
    if not mask.any():
        raise NotFound(f"No sample has {conditions}.")
    return (f"{np.count_nonzero(mask):,} of {counted(len(mask), 'sample')} have {conditions}",)


def _as_text(entry: object) -> str | None:
    return _without_zero_decimals(repr(entry)) if isinstance(entry, float) else None if entry is None else str(entry)


def _without_zero_decimals(text: str) -> str:
    """Return a whole number without its decimals: 3 and 3.0 are one value."""
    try:
        value = float(text)
    except ValueError:
        return text
    return str(int(value)) if value.is_integer() else repr(value)


def _as_values(array: NDArray[Any], where: str) -> NDArray[Any]:
    """Return a list with its texts decoded; empty texts are missing."""
    if array.ndim != 1:
        raise InputError(f"{where} is no list.")
    if array.dtype.kind in "iufb":
        return array
    try:
        texts = [entry.decode() if isinstance(entry, bytes) else str(entry) for entry in array.tolist()]
    except UnicodeDecodeError as error:
        raise InputError(f"{where} holds text that is not UTF-8.") from error
    return np.array([text or None for text in texts], dtype=object)


def _flat(array: NDArray[Any], values: NDArray[Any], where: str) -> NDArray[Any]:
    if array.shape != values.shape:
        raise InputError(f"{where} has a mask of another length than its values.")
    return array


def _of_categories(codes: Dataset, categories: Dataset) -> NDArray[Any]:
    """Return the category of each code; -1 says that there is none."""
    indices = read_array(codes)
    if indices.ndim != 1 or indices.dtype.kind not in "iu":
        raise InputError(f"{codes.where} is no list of whole numbers.")
    names = np.array([*_category_names(categories), None], dtype=object)
    if indices.size and not (int(indices.min()) >= -1 and int(indices.max()) < len(names) - 1):
        raise InputError(f"{codes.where} has codes outside of its categories.")
    return names[indices.astype(np.intp)]


def _category_names(categories: Dataset) -> Iterable[str | None]:
    if categories.dtype.kind in "fb":
        return [_as_text(entry) for entry in read_array(categories).tolist()]
    return read_list(categories)
