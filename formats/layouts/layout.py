"""The layout of an expression table: where its header is, which column names the rows, and which hold values.

A table is never read for what it is not: where a second reading is plausible, both are named in a refusal, with the
option that chooses (docs/files.md).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import TYPE_CHECKING

from ...engine.errors import InputError, NotFound
from ...engine.wording import counted, some
from ..files.delimited import clipped, is_missing, is_number, read_titles
from ..genes.identifiers import guess_vocabulary
from ..genes.orientation import GENE_WORDS, SAMPLE_WORDS, title_word
from .measures import are_measures, find_measures
from .titles import ID_WORDS, is_annotation, is_index, is_index_title

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..files.delimited import Row, Table

_HAS_DIGIT = re.compile(r"\d")

RISING = 6
"""Fewest rising whole numbers that are names of samples; fewer may be measured values."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What stands where in a table of expression.

    Parameters
    ----------
    titles : tuple of str
        One a column; the names of samples s1, s2, … where the file has no header.
    has_header : bool
        Whether the titles stand in the file.
    above : int
        How many rows stand above the values.
    names : int
        The column that names the rows.
    values : tuple of int
        The columns of values, in ascending order.
    notes : tuple of str
        What was decided.
    """

    titles: tuple[str, ...]
    has_header: bool
    above: int
    names: int
    values: tuple[int, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """Which columns of a table the user chose.

    Parameters
    ----------
    gene_column : str, optional
        The title of the column that names the rows.
    wanted : tuple of str
        Patterns of the titles of columns of values, such as `counts.*`; all that look like values when empty.
    skipped : tuple of str
        Patterns of the titles of columns that are left out.
    """

    gene_column: str | None = None
    wanted: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def patterns(self) -> tuple[str, ...]:
        """All patterns."""
        return self.wanted + self.skipped


def lay_out(table: Table, *, header: bool | None = None, choice: ColumnChoice | None = None) -> Layout:
    """Return the layout of a table, from its first rows.

    Parameters
    ----------
    table : Table
        Of which nothing has been read but its first rows.
    header : bool, optional
        Whether its first row is a header; decided by what stands there when absent.
    choice : ColumnChoice, optional
        The columns that the user chose.

    Raises
    ------
    NotFound
        There is no column of that title, or none that a pattern matches.
    InputError
        There are no numbers, the first row may be a header or values, or there are several measures of each sample.
    """
    choice = choice or ColumnChoice()
    first, notes = _below_titles(table)
    if len(first) < 2:
        raise InputError(f"{table.path} holds one row, and no numbers below it.")
    top = first[0]
    has_header = header if header is not None else _has_header(table, top.fields, first[1:])
    if not has_header:
        return _without_header(table, first, notes, choice)
    titles = read_titles(table, first)
    if top.fields[0].strip() and not titles[0]:
        if title_word(top.fields[0]) in GENE_WORDS | SAMPLE_WORDS:
            raise InputError(
                f"{table.path}, line {first[1].line} has {len(first[1].fields)} fields where {len(titles) - 1} belong.",
                hint=f"The header names {len(titles) - 1} columns, {top.fields[0]!r} the first of them.",
            )
        notes.append("the header is one name shorter than the rows: it names the columns after the first")
    described = _rows_of_text(first[1:])
    titles, above = _with_distinct_titles(titles, first[: described + 1]), len(table.first) - len(first) + 1 + described
    below = first[1 + described :]
    if described:
        lines = some([str(row.line) for row in first[1 : 1 + described]])
        notes.append(f"{'line' if described == 1 else 'lines'} {lines} below the header skipped: text on samples")
    if not below:
        raise InputError(f"{table.path} has no row of numbers below its header.")
    names, values, chosen = _choose_columns(table, titles, below, choice)
    notes += [*chosen, *_note_skipped(titles, below, {names, *values})]
    return Layout(titles, has_header=True, above=above, names=names, values=values, notes=tuple(notes))


def _below_titles(table: Table) -> tuple[list[Row], list[str]]:
    """Return the first rows from the header on, and a note on the titles above it."""
    rows = list(table.first)
    width = max((len(row.fields) for row in rows[1:]), default=0)
    skipped: list[Row] = []
    while len(rows) > 2 and width > 2 and sum(bool(field.strip()) for field in rows[0].fields) == 1:
        skipped.append(rows.pop(0))
    titles = [next(field.strip() for field in row.fields if field.strip()) for row in skipped]
    return rows, [f"above the header skipped: {some(titles, 3)}"] if skipped else []


def _without_header(table: Table, first: list[Row], notes: list[str], choice: ColumnChoice) -> Layout:
    top, below = first[0].fields, first[1:]
    if titles := [title for title in (choice.gene_column, *choice.patterns) if title is not None]:
        raise InputError(f"{table.path} has no header, and so no column named {titles[0]!r}.")
    blank = ("",) * len(top)
    names, values, _ = _choose_columns(table, blank, below, choice)
    values = tuple(column for column in values if column < len(top) and (top[column].strip() or column < values[-1]))
    titles = tuple(f"s{values.index(column) + 1}" if column in values else "" for column in range(len(top)))
    notes.append(
        f"no header: the first line holds numbers after {clipped(top[0])}; samples are named s1 … s{len(values)}"
    )
    notes += _note_skipped(blank, below, {names, *values, *(i for i in range(len(top)) if not top[i].strip())})
    above = len(table.first) - len(first)
    return Layout(titles, has_header=False, above=above, names=names, values=values, notes=tuple(notes))


def _rows_of_text(below: Sequence[Row]) -> int:
    """Return how many rows under the header hold text on samples, where the rows below them hold numbers."""
    if len(below) < 2:
        return 0
    last = below[-1].fields
    numeric = [column for column in range(1, len(last)) if is_number(last[column])]
    count = 0
    for row in below[:-1]:
        cells = [row.fields[column] for column in numeric if column < len(row.fields)]
        is_text = cells and not any(is_number(cell) for cell in cells)
        is_empty = all(not cell.strip() for cell in cells)
        if len(numeric) < 2 or not is_text or (is_empty and title_word(row.fields[0]) not in GENE_WORDS | ID_WORDS):
            break
        count += 1
    return count if count <= 5 else 0


def _with_distinct_titles(titles: tuple[str, ...], rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the titles, from a row below them where they repeat and that one does not."""
    if len(set(titles[1:])) == len(titles) - 1:
        return titles
    for row in rows[1:]:
        fields = [field.strip() for field in row.fields[1:]]
        if len(fields) == len(titles) - 1 and all(fields) and len(set(fields)) == len(fields):
            return (titles[0], *fields)
    return titles


def _note_skipped(titles: Sequence[str], below: Sequence[Row], read: set[int]) -> list[str]:
    """Return one note on the columns that are not read, with what stands in them."""
    skipped: list[str] = []
    for column in range(len(titles)):
        fields = [row.fields[column].strip() for row in below if column < len(row.fields)]
        if column not in read and fields:
            example = next((clipped(field) for field in fields if not is_missing(field)), "nothing")
            skipped.append(f"{titles[column] or column + 1} ({example})")
    if not skipped:
        return []
    which = "column" if len(skipped) == 1 else f"{len(skipped)} columns"
    return [
        f"{which} skipped, as {'it describes' if len(skipped) == 1 else 'they describe'} the rows: {some(skipped, 8)}"
    ]


def _choose_columns(
    table: Table, titles: Sequence[str], below: Sequence[Row], choice: ColumnChoice
) -> tuple[int, tuple[int, ...], list[str]]:
    """Return the column of names, the columns of values, and a note on those that were chosen."""
    width = len(titles)
    cells = [
        [row.fields[c].strip() for row in below if c < len(row.fields) and not is_missing(row.fields[c])]
        for c in range(width)
    ]
    are_text = (bool(cells[column]) and not any(map(is_number, cells[column])) for column in range(width))
    text = {column: None for column, is_text in enumerate(are_text) if is_text}  # in order, and quick to look up
    gene_column = choice.gene_column
    if gene_column is None:
        names = _name_column(titles, cells, text)
    elif gene_column in titles:
        names = list(titles).index(gene_column)
    else:
        raise NotFound(f"{table.path} has no column {gene_column!r}.", hint=f"It has {some(titles, 10)}.")
    if choice.wanted:
        wanted = [column for column in _matching(table, titles, choice.wanted) if column != names]
        skipped = set(_matching(table, titles, choice.skipped))
        values = tuple(column for column in wanted if column not in skipped)
        if not values:
            raise NotFound(f"No column of {table.path} is left to read.", hint=f"It has {some(titles, 10)}.")
        patterns = some([repr(pattern) for pattern in choice.wanted])
        return names, values, [f"{counted(len(values), 'column')} read, chosen by {patterns}"]
    others = {names, *(column for column in range(width) if is_annotation(titles[column]))}
    others.update(_matching(table, titles, choice.skipped))
    others.update(column for column in range(names) if is_index(titles[column], cells[column]))
    open_to = [column for column in range(width) if column not in others and column not in text]
    if not open_to:
        raise _no_numbers(table, titles, below, {names, *others})
    # Text before and behind the values describes rows, and so does text without a digit among them, such as calls
    # and sexes; other text among them is a fault, which reading names.
    wordy = {column for column in text if len(cells[column]) > 2 and not any(map(_HAS_DIGIT.search, cells[column]))}
    values = [column for column in range(open_to[0], open_to[-1] + 1) if column not in others and column not in wordy]
    return (names, *_one_measure(table, titles, values))


def _matching(table: Table, titles: Sequence[str], patterns: Sequence[str]) -> list[int]:
    """Return the columns whose titles are, or match, one of some patterns, each of which must match some."""
    columns: set[int] = set()
    for pattern in patterns:
        matching = [i for i, title in enumerate(titles) if title == pattern or fnmatchcase(title, pattern)]
        if not matching:
            raise NotFound(f"{table.path} has no column {pattern!r}.", hint=f"It has {some(titles, 10)}.")
        columns.update(matching)
    return sorted(columns)


def _one_measure(table: Table, titles: Sequence[str], values: Sequence[int]) -> tuple[tuple[int, ...], list[str]]:
    """Return the columns of the one measure of expression, where a table has columns of several for each sample."""
    if are_measures(titles[column] for column in values):
        raise InputError(
            f"{table.path} has columns of one sample alone, and several samples are needed: its columns of numbers are "
            f"{some([titles[column] for column in values])}.",
            code="columns-of-one-sample",
        )
    measures = find_measures(titles, values)
    of_expression = [measure for measure in measures if measure.is_expression]
    if len(of_expression) > 1:
        raise InputError(
            f"{table.path} has several columns of each sample: "
            + some([f"{counted(len(m.columns), 'column')} of {m.title!r}" for m in of_expression])
            + ".",
            code="several-measures",
            facts={"pattern": of_expression[0].pattern},
        )
    if not of_expression:
        return tuple(values), []
    (measure,) = of_expression
    others = some([repr(other.title) for other in measures if other is not measure])
    return measure.columns, [f"the columns of {measure.title!r} are read, and those of {others} are not"]


def _no_numbers(table: Table, titles: Sequence[str], below: Sequence[Row], known: set[int]) -> InputError:
    """Return the refusal of a table without columns of values, which shows what stands where they would be."""
    text = [i for i in range(len(titles)) if i not in known]
    if not text:
        shown = some([repr(title) for title in titles if title]) or "none with a title"
        return InputError(f"{table.path} has no column of numbers but those that describe its rows; it has {shown}.")
    column = text[-1]
    field = next((row.fields[column] for row in below if column < len(row.fields) and row.fields[column].strip()), "")
    return InputError(
        f"{table.path} has no column of numbers: its column {(titles[column] or column + 1)!r} holds text, such as "
        f"{clipped(field)} in line {below[0].line}."
    )


def _name_column(titles: Sequence[str], cells: Sequence[Sequence[str]], text: Mapping[int, None]) -> int:
    """Return the column of names: the first, unless it counts rows or describes them and another is titled as names."""
    words = GENE_WORDS | SAMPLE_WORDS | ID_WORDS
    titled = [column for column, title in enumerate(titles) if title and title_word(title) in words]
    distinct = {column: None for column in text if len(set(cells[column])) == len(cells[column])}
    first = title_word(titles[0])
    if is_index(titles[0], cells[0]):
        others = (column for column in (*titled, *distinct) if not is_index(titles[column], cells[column]))
        return next(others, 0)
    repeats = len(set(cells[0])) < len(cells[0])
    if first not in words and (is_annotation(titles[0]) or repeats):
        return next((column for column in titled if column in text and (column in distinct or not repeats)), 0)
    return 0


def _has_header(table: Table, top: Sequence[str], below: Sequence[Row]) -> bool:
    """Whether the first row is a header.

    Raises
    ------
    InputError
        Both readings are plausible.
    """
    if table.is_gct or len(top) < len(below[0].fields):
        return True
    cells = [field.strip() for field in top[1:]]
    while cells and not cells[-1]:
        cells.pop()
    numeric = [cell for cell in cells if cell and (is_number(cell) or is_missing(cell))]
    under = [row.fields[1 + i] for row in below for i in range(len(cells)) if 1 + i < len(row.fields)]
    # Text columns that describe genes have text in both rows where there is no header.
    texts = [i for i, cell in enumerate(cells) if cell and not (is_number(cell) or is_missing(cell))]
    describes = all(not any(is_number(row.fields[1 + i]) for row in below if 1 + i < len(row.fields)) for i in texts)
    if not numeric or not describes:
        return True
    corner = title_word(top[0])
    is_title = corner in GENE_WORDS | SAMPLE_WORDS | ID_WORDS or is_annotation(top[0])
    if is_title or (is_index_title(top[0]) and not corner.isdigit()):
        return True
    if texts and any(is_annotation(cells[i]) for i in texts):
        return True
    if len(set(numeric)) < len(numeric) or not all(cell.isdecimal() for cell in numeric):
        return False
    steps = [int(b) - int(a) for a, b in pairwise(numeric)]
    names = [row.fields[0].strip() for row in below]
    of_their_kind = _is_of_their_kind(top[0].strip(), names)
    counts_up = bool(steps) and all(step == 1 for step in steps)
    rises = len(steps) >= RISING - 1 and all(step > 0 for step in steps)
    decimals = sum("." in cell or "e" in cell.lower() for cell in under) * 2 > len(under)
    if (counts_up or rises or decimals) and not of_their_kind:
        return True
    if of_their_kind and not (counts_up or rises or decimals):
        return False
    shown = some(numeric, 3)
    raise InputError(
        f"The first row of {table.path} may be a header (of samples named {shown}) or the values of a first gene, "
        f"{clipped(top[0])}.",
        code="header-or-values",
    )


def _is_of_their_kind(name: str, names: Sequence[str]) -> bool:
    """Whether a name is one of a kind with others: of one vocabulary, or next to them in the alphabet."""
    vocabulary = guess_vocabulary(names)
    if vocabulary is not None:
        return guess_vocabulary([name]) == vocabulary
    in_order = all(a.casefold() <= b.casefold() for a, b in pairwise([name, *names]))
    return len(names) > 3 and in_order
