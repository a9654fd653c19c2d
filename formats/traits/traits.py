"""Signals, covariates and labels in delimited text: a first column of ids, whatever order they stand in."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError, NotFound
from ...engine.wording import counted, some
from ..files.delimited import check_names, is_missing, is_number, open_table, read_body, read_header
from ..files.limits import NAMES_PACKING, TEXT_COST, MemoryBudget
from ..files.opening import open_text
from ..files.plain_files import require_file
from ..readers import find_reader

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from ..files.delimited import Row, Table

_SAMPLES = re.compile(r"#\s*samples?\s*[:=]\s*(.*)", re.IGNORECASE)

TITLES = frozenset({"", "id", "ids", "name", "names", "gene", "genes", "symbol", "sample", "samples", "iid", "trait"})
"""Titles of a column of ids; a first row that begins with one is a header, whatever follows."""

MOST_LEVELS = 50
"""Most different values of a covariate that is text; more are names, not groups."""


@dataclass(frozen=True, slots=True)
class TraitFile:
    """Numbers by id.

    Parameters
    ----------
    ids : tuple of str
        n genes or samples, each once.
    names : tuple of str
        m columns.
    values : ndarray of float64, shape (n, m)
        NaN where a value is missing.
    samples : tuple of str or None
        Which samples the numbers were made from, where the file says so in a line `# samples: a, b, c`.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    values: NDArray[np.float64]
    samples: tuple[str, ...] | None


def read_traits(path: Path, only: str | None = None) -> TraitFile:
    """Return the signals of a table: ids in the first column, numbers in the others.

    Parameters
    ----------
    path : Path
        Text, plain or gzip, with or without a header. An empty field, or NA, is missing.
    only : str, optional
        The column to read; all columns of numbers when absent.

    Raises
    ------
    NotFound
        There is no such file, or no such column.
    InputError
        A field is no number, an id stands twice, or no column holds numbers.
    """
    table = _read(path)
    wanted = _chosen(table, only, path)
    values = np.empty((len(table.ids), len(wanted)))
    for index, column in enumerate(wanted):
        values[:, index] = _numbers(table, column, path)
    return TraitFile(table.ids, tuple(table.names[column] for column in wanted), values, table.samples)


def read_covariates(path: Path) -> TraitFile:
    """Return the covariates of a table; a column of text becomes one column for each group but the first.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        An id stands twice, there is no column, or a column of text has more than 50 groups.
    """
    table = _read(path)
    names: list[str] = []
    columns: list[NDArray[np.float64]] = []
    for index, name in enumerate(table.names):
        fields = [row[index] for row in table.fields]
        if all(is_number(field) or is_missing(field) for field in fields):
            names.append(name)
            columns.append(_numbers(table, index, path))
            continue
        if 2 * sum(is_number(field) for field in fields) > len(fields):
            _numbers(table, index, path)  # numbers but for a few: says which is none
        missing = np.array([is_missing(field) for field in fields])
        levels: list[str] = sorted({field for field, gone in zip(fields, missing, strict=True) if not gone})
        if len(levels) > MOST_LEVELS:
            raise InputError(
                f"{path}: the covariate {some([name])} is text with {len(levels):,} different values, such as "
                f"{some(levels, 3)}.",
                hint="A covariate is a number, or names a few groups.",
            )
        for level in levels[1:]:
            names.append(f"{name}={level}")
            columns.append(np.where(missing, np.nan, np.array([float(field == level) for field in fields])))
    if not columns:
        raise InputError(f"{path} holds no covariate: {some(table.names)} has one value throughout.")
    return TraitFile(table.ids, tuple(names), np.column_stack(columns), table.samples)


def read_labels(path: Path, samples: tuple[str, ...]) -> dict[str, str]:
    """Return the label of each sample, from a table of two columns, or a GSEA `.cls` file, which has them in order.

    Parameters
    ----------
    path : Path
        The file.
    samples : tuple of str
        The samples in the order of the expression, for a `.cls` file.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        A `.cls` file is none, or has not as many labels as there are samples; or a sample stands twice.
    """
    return find_reader("labels", require_file(path)).read(path, samples)


def read_label_table(path: Path, samples: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the label of each sample from a table of two columns; the order of the samples does not matter."""
    del samples
    table = _read(path)
    if len(table.names) != 1:
        raise InputError(
            f"{path} has {counted(len(table.names) + 1, 'column')}, and labels have two: sample and label."
        )
    return {name: row[0] for name, row in zip(table.ids, table.fields, strict=True) if not is_missing(row[0])}


def read_ids(path: Path) -> tuple[str, ...]:
    """Return the names of a file, one a line; what follows a tab is passed over, and so are lines that begin with #.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        It has one line, of several names.
    """
    with open_text(require_file(path), packing=NAMES_PACKING) as lines:
        names = [line.split("\t")[0].strip() for line in lines]
    ids = tuple(name for name in names if name and not name.startswith("#"))
    if len(ids) == 1 and "," in ids[0]:
        raise InputError(f"{path} has one line, {some(ids)}, and a list of names has one name per line.")
    return ids


@dataclass(frozen=True, slots=True)
class _Read:
    """A table of text: ids, the titles of the other columns, and their fields."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    fields: list[list[str]]
    lines: list[int]
    samples: tuple[str, ...] | None


def _read(path: Path) -> _Read:
    """Return a table, with or without a header."""
    with open_table(require_file(path)) as table:
        titled = _has_header(table.first[0], table.first[1:2])
        width = max(len(row.fields) for row in table.first[:2])
        header = read_header(table) if titled else tuple(f"column {number + 1}" for number in range(width))
        if len(header) < 2:
            raise InputError(
                f"{path} has one column: {some(header, 1)}.", hint="The first column has ids, the others values."
            )
        budget = MemoryBudget(path)
        rows: list[Row] = []
        seen: dict[str, int] = {}
        for row in read_body(table, len(header), after_header=titled):
            budget.reserve(TEXT_COST * len(row.fields))
            name = row.fields[0].strip()
            check_names([name], f"line {row.line}, id", path)
            if name in seen:
                raise InputError(
                    f"{path}, line {row.line}: {some([name])} occurs already in line {seen[name]}.",
                    hint="Keep one row of each.",
                )
            seen[name] = row.line
            rows.append(row)
        samples = _samples_of(table)
    if not rows:
        raise InputError(f"{path} holds a header, and no row below it.")
    if len(set(header[1:])) < len(header) - 1:
        twice = next(name for name in header[1:] if header[1:].count(name) > 1)
        raise InputError(f"{path} has two columns named {some([twice])}.", hint="Give each column its own name.")
    names = header[1:] if titled or len(header) > 2 else ("value",)
    fields = [[field.strip() for field in row.fields[1:]] for row in rows]
    return _Read(tuple(seen), names, fields, [row.line for row in rows], samples)


def _has_header(first: Row, below: list[Row] | tuple[Row, ...]) -> bool:
    """Whether the first row names columns: it holds no number where the row below does, or is one field shorter."""
    if not below:
        return False
    top, under = first.fields, below[0].fields
    if len(top) + 1 == len(under) or top[0].strip().lower() in TITLES:
        return True
    numbers = [column for column, field in enumerate(under[1:], start=1) if is_number(field) or is_missing(field)]
    if not numbers:  # labels: a title is known by what it says
        return False
    return not all(column < len(top) and (is_number(top[column]) or is_missing(top[column])) for column in numbers)


def _samples_of(table: Table) -> tuple[str, ...] | None:
    for comment in table.comments:
        if match := _SAMPLES.match(comment):
            parting = next((mark for mark in ("\t", ",", ";") if mark in match[1]), None)  # else white space
            return tuple(name.strip() for name in match[1].split(parting) if name.strip())
    return None


def _chosen(table: _Read, only: str | None, path: Path) -> list[int]:
    if only is not None:
        if only not in table.names:
            raise NotFound(f"{path} has no column {some([only])}; it has {some(table.names)}.")
        return [table.names.index(only)]
    numeric = [
        column
        for column in range(len(table.names))
        if all(is_number(row[column]) or is_missing(row[column]) for row in table.fields)
        and not all(is_missing(row[column]) for row in table.fields)
    ]
    if not numeric:  # say which field is none
        _numbers(table, 0, path)
        raise InputError(f"{path} has no column of numbers.")
    return numeric


def _numbers(table: _Read, column: int, path: Path) -> NDArray[np.float64]:
    numbers = np.empty(len(table.ids))
    for index, row in enumerate(table.fields):
        field = row[column]
        if is_missing(field):
            numbers[index] = np.nan
        elif is_number(field) and math.isfinite(float(field)):
            numbers[index] = float(field)
        else:
            raise InputError(
                f"{path}, line {table.lines[index]}: {some([field])!r} in column {some([table.names[column]])} is not "
                f"a {'finite ' if is_number(field) else ''}number."
            )
    return numbers


def read_cls(path: Path, samples: tuple[str, ...]) -> dict[str, str]:
    """Return the labels of a GSEA `.cls` file, which stand in the order of the samples."""
    with open_text(path) as stream:
        lines = [line.strip() for line in stream if line.strip()]
    if len(lines) < 3 or not lines[1].startswith("#"):
        raise InputError(
            f"{path} is not a .cls file: it has three lines, the second beginning with #.",
            hint="A table of two columns, sample and label, works as well.",
        )
    names, labels = lines[1].lstrip("#").split(), lines[2].split()
    if len(labels) != len(samples):
        raise InputError(
            f"{path} has {counted(len(labels), 'label')}, and the expression {counted(len(samples), 'sample')}.",
            hint="A table of two columns, sample and label, is matched by name.",
        )
    if all(label.isdigit() and int(label) < len(names) for label in labels):
        labels = [names[int(label)] for label in labels]
    return dict(zip(samples, labels, strict=True))
