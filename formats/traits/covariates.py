"""Covariates in delimited text: numbers, and groups that become one column each."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...engine.errors import InputError, NotFound
from ...engine.wording import some
from ..files.western import note_western
from ..tables.fields import is_blank
from .missing_codes import all_numbers, blank_codes, code_among_names, codes_of, describe_codes, refuse_codes
from .trait_tables import read_trait_table, refuse_repeated_titles
from .traits import TraitFile, is_like_number, numbers_of, with_units_apart

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from .id_columns import Names
    from .trait_tables import TraitTable

MOST_GROUP_NUMBERS = 12
"""Most different whole numbers of a covariate that may be numbers of groups."""

MOST_LEVELS = 50
"""Most different values of a covariate that is text; more are names, not groups."""


class _Groups(NamedTuple):
    """The groups of a column of text, and which rows have none."""

    levels: list[str]
    missing: NDArray[np.bool_]


@note_western(as_sentence=True)
def read_covariates(
    path: Path,
    *,
    missing_values: Sequence[object] | None = None,
    known: Names | None = None,
    id_column: str | None = None,
) -> TraitFile:
    """Return the covariates of a table; a column of text becomes one column for each group but the first.

    Parameters
    ----------
    path : Path
        A table as for `read_traits`.
    missing_values, known, id_column
        As for `read_traits`; but a column of ids that the table does not have is no error.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        An id stands twice, there is no column, a column of text has more than 50 groups, or what may be a code for
        missing may be a value.
    """
    table = _covariate_table(path, known, id_column)
    refuse_repeated_titles(path, table.names)
    table, counts = blank_codes(table, codes_of(table, missing_values))
    table, sentences = with_units_apart(table)
    names: list[str] = []
    columns: list[NDArray[np.float64]] = []
    of_names: list[str] = []
    of_numbers: list[tuple[str, NDArray[np.float64]]] = []
    notes = [*table.notes, *describe_codes(path, table.names, counts, as_plink=missing_values is None)]
    notes += [f"{path.name}: {sentence}" for sentence in sentences.values()]
    for index in _no_phenotypes(path, table, notes):
        name, fields = table.names[index], table.column(index)
        if _has_numbers(path, table, index):
            names.append(name)
            columns.append(numbers_of(table, index, path))
            if missing_values is None:
                refuse_codes(path, name, columns[-1])
            of_numbers.append((name, columns[-1]))
        elif (groups := _groups_of(path, name, fields, missing_values)) is None:
            of_names.append(name)
        else:
            names += [f"{name}={level}" for level in groups.levels[1:]]
            columns += [
                np.where(groups.missing, np.nan, np.array([float(field == level) for field in fields]))
                for level in groups.levels[1:]
            ]
    if not columns:
        raise InputError(
            f"{path} holds no covariate: {some(table.names)} has one value throughout, or another text in each row.",
            hint="A covariate is a number per id, or names a few groups.",
        )
    if of_names:
        notes.append(f"{path.name}: no covariate is read from {some(of_names)}: text that differs in each row.")
    notes += _describe_group_numbers(path, of_numbers)
    return TraitFile(table.ids, tuple(names), np.column_stack(columns), table.samples, tuple(notes))


def _no_phenotypes(path: Path, table: TraitTable, notes: list[str]) -> list[int]:
    """Return the columns that are no phenotypes of an Oxford .sample file, and add a note on those that are."""
    phenotypes = [index for index, kind in enumerate(table.types) if kind in ("P", "B")]
    if phenotypes:
        shown = some([f"{table.names[index]} ({table.types[index]})" for index in phenotypes])
        notes.append(f"{path.name}: no covariate is read from phenotypes: {shown}.")
    return [index for index in range(len(table.names)) if index not in phenotypes]


def _has_numbers(path: Path, table: TraitTable, index: int) -> bool:
    """Whether a column has numbers; one that has them but for a few fields is refused."""
    fields = table.column(index)
    if table.types and table.types[index] == "D":
        return False
    if all_numbers(fields) or all(map(is_blank, fields)):
        return True
    if 2 * sum(map(is_like_number, fields)) > len(fields):
        numbers_of(table, index, path)  # says which is none
    return False


def _groups_of(path: Path, name: str, fields: Sequence[str], missing_values: Sequence[object] | None) -> _Groups | None:
    """Return the groups of a column of text; `None` where each row has another text.

    Raises
    ------
    InputError
        There are more than `MOST_LEVELS`; or NA may be the name of one, and no codes are named.
    """
    code = code_among_names(fields)
    if code and missing_values is None:
        others = sorted({field for field in fields if not is_blank(field)})
        raise InputError(
            f"{path}: {fields.count(code):,} values of {some([name])} are {code}, beside {some(others)}: no value, or "
            "the name of a group like the others.",
            code="missing-or-name",
            facts={"value": code},
        )
    are_named = missing_values is not None and not missing_values
    missing = np.array([is_blank(field) and not (field == code and are_named) for field in fields])
    levels: list[str] = sorted({field for field, gone in zip(fields, missing, strict=True) if not gone})
    if len(levels) == np.sum(~missing) > 2:
        return None
    if len(levels) > MOST_LEVELS:
        raise InputError(
            f"{path}: the covariate {some([name])} is text with {len(levels):,} different values, such as "
            f"{some(levels, 3)}.",
            hint="A covariate is a number, or names a few groups.",
        )
    return _Groups(levels, missing)


def _covariate_table(path: Path, known: Names | None, id_column: str | None) -> TraitTable:
    """Return a table of covariates, which may have no column of that title: it is named for the signal."""
    if id_column is not None:
        with contextlib.suppress(NotFound):
            return read_trait_table(path, id_column=id_column)
    return read_trait_table(path, known=known)


def _describe_group_numbers(path: Path, columns: Sequence[tuple[str, NDArray[np.float64]]]) -> list[str]:
    """Return a note on covariates that may be numbers of groups: few whole numbers, each more than once."""
    shown: list[str] = []
    for name, values in columns:
        different, count = np.unique(values[np.isfinite(values)], return_counts=True)
        are_few = 2 < len(different) <= MOST_GROUP_NUMBERS and bool(np.all(count > 1))
        if are_few and np.array_equal(different, different.round()):
            shown.append(f"{some([name])} ({some([f'{number:g}' for number in different])})")
    if not shown:
        return []
    taken = "covariate {} is taken for a number" if len(shown) == 1 else "covariates {} are taken for numbers"
    note = (
        f"{path.name}: the {taken.format('; '.join(shown))}, with one effect per unit. If these are numbers of groups, "
        "write them as text, such as g1."
    )
    return [note]
