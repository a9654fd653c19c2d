"""Which columns of a table name its rows, which hold values, and why the others are left out."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from ...engine.errors import InputError, NotFound
from ...engine.wording import counted, some
from ..files.names import clipped
from ..genes.identifiers import guess_vocabulary
from ..genes.orientation import GENE_WORDS, SAMPLE_WORDS, are_samples, title_word
from ..tables.fields import is_missing, is_number
from .measures import are_measures, find_measures
from .other_tables import find_results, refuse_list_of_values, refuse_results
from .titles import (
    BESIDE_LOCATIONS,
    BESIDE_RESULTS,
    ID_WORDS,
    LOCATIONS,
    RESULTS,
    are_chromosomes,
    has_digit,
    has_letter,
    is_annotation,
    is_doubtful,
    is_index,
    is_of_detection,
    stem_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..tables.table import Row, Table
    from .measures import Measure

_NEARLY_NUMBER = re.compile(r"[<>≤≥~≈]?\s*[+-]?(\d[\d.,' ]*|\.\d+)([ed][+-]?\d+)?\s*[*%†‡§#]*", re.IGNORECASE)
"""A number with a mark that says something of it, or in a form that is not read."""

_Reason = tuple[str, str]
"""Why one column is skipped, and why several are."""

_DESCRIBING: _Reason = ("describes the rows", "describe the rows")
_COUNTING: _Reason = ("only counts the rows", "only count the rows")
_OF_TEXT: _Reason = ("holds text", "hold text")
_UNWANTED: _Reason = ("was to be left out", "were to be left out")
_OF_TESTS: _Reason = ("holds a result of tests", "hold results of tests")
_BESIDE: _Reason = ("stands beside the measure that is read", "stand beside the measure that is read")

MEANS = frozenset({"mean", "median", "average", "avg"})
"""Measures that are statistics of other columns."""

ROWS_OF_A_GROUP = 5
"""Where names stand in so many rows each, they are groups of the rows."""

SHORT = 1000
"""Places and lengths of most genes are not below."""


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


class Columns(NamedTuple):
    """What the columns of a table are: of names, of values, doubtful values, text; why others are skipped; notes."""

    names: int | None
    values: tuple[int, ...]
    doubtful: tuple[int, ...]
    text: tuple[int, ...]
    skipped: dict[int, tuple[str, str]]
    notes: list[str]


def note_skipped(titles: Sequence[str], below: Sequence[Row], skipped: Mapping[int, _Reason]) -> list[str]:
    """Return a note for each reason to skip columns, with what stands in them."""
    notes: list[str] = []
    for reason in dict.fromkeys(skipped.values()):
        shown: list[str] = []
        for column in (column for column, why in skipped.items() if why == reason):
            fields = [row.fields[column].strip() for row in below if column < len(row.fields)]
            example = next((clipped(field) for field in fields if not is_missing(field)), "nothing")
            if fields:
                shown.append(f"{titles[column] or column + 1} ({example})")
        if shown:
            which = "column" if len(shown) == 1 else f"{len(shown)} columns"
            notes.append(f"{which} skipped that {reason[len(shown) > 1]}: {some(shown, 8)}")
    return notes


class _View:
    """The titles of a table, and the first cells below them that are not missing.

    Parameters
    ----------
    table : Table
    titles : sequence of str
        One a column.
    below : sequence of Row
        The first rows below the header.
    """

    def __init__(self, table: Table, titles: Sequence[str], below: Sequence[Row]) -> None:
        self.table, self.titles, self.below = table, titles, below
        self.columns = range(len(titles))
        self.cells = [
            [row.fields[c].strip() for row in below if c < len(row.fields) and not is_missing(row.fields[c])]
            for c in self.columns
        ]
        self.series = Counter(stem_of(title) for title in titles)
        self.in_series = [has_digit(title) and self.series[stem_of(title)] > 1 for title in titles]

    @cached_property
    def text(self) -> dict[int, None]:
        """The columns of text, in order, and quick to look up."""
        return {c: None for c in self.columns if self._is_text(c)}

    def _is_text(self, column: int) -> bool:
        cells, is_one = self.cells[column], self.in_series[column]
        if not any(map(is_number, cells)):
            return bool(cells) or (bool(self.titles[column]) and not is_one)
        return not is_one and are_chromosomes(cells)

    def has_genes_alone(self) -> bool:
        """Whether the table has values in every column, below titles of one series that is no series of samples."""
        is_one_series = len(self.series) == 1 and self.in_series[0]
        return is_one_series and not self.text and are_decimals(self.cells[0]) and not are_samples(self.titles)

    def describing(self, names: int) -> dict[int, _Reason]:
        """Return the columns that describe or count the rows, by their titles."""
        words = [title_word(title).removeprefix("gene_") for title in self.titles]
        beside = BESIDE_RESULTS if sum(word in RESULTS for word in words) > 1 else frozenset[str]()
        beside |= BESIDE_LOCATIONS if any(word in LOCATIONS for word in words) else frozenset[str]()
        skipped: dict[int, _Reason] = {}
        for c in self.columns:
            if c < names and is_index(self.titles[c], self.cells[c]):
                skipped[c] = _COUNTING
            elif self._describes(c) or (words[c] in beside and not _are_near(words[c], self.cells[c])):
                skipped[c] = _DESCRIBING
        return skipped

    def _describes(self, column: int) -> bool:
        """Whether a column describes rows by its title alone; one that may be a sample's does where it holds text."""
        title, is_one, is_unclear = self.titles[column], self.in_series[column], is_doubtful(self.titles[column])
        if is_annotation(title) and (is_of_detection(title) or not is_one):
            return column in self.text or not is_unclear or not all(map(is_number, self.cells[column]))
        return is_unclear and not is_one and not all(map(is_number, self.cells[column]))


def choose_columns(table: Table, titles: Sequence[str], below: Sequence[Row], choice: ColumnChoice) -> Columns:
    """Return which column names the rows, and which hold values.

    Raises
    ------
    NotFound
        There is no column of that title, or none that a pattern matches.
    InputError
        There are no numbers, the table is no expression, or there are several measures of each sample.
    """
    view = _View(table, titles, below)
    names = _choose_names(view, choice.gene_column)
    if choice.gene_column is None and view.has_genes_alone():  # G1, G2, …: as challenges have them
        return Columns(None, tuple(view.columns), (), (), {}, ["rows have no names: samples are named s1, s2, …"])
    left_out = dict.fromkeys(_matching(table, titles, choice.skipped), _UNWANTED)
    if choice.wanted:
        values = tuple(c for c in _matching(table, titles, choice.wanted) if c != names and c not in left_out)
        if not values:
            raise NotFound(f"No column of {table.path} is left to read.", hint=f"It has {some(titles, 10)}.")
        note = f"{counted(len(values), 'column')} read, chosen by {some([repr(pattern) for pattern in choice.wanted])}"
        return Columns(names, values, (), (), left_out, [note])
    skipped = {**view.describing(names), **left_out}
    skipped.pop(names, None)
    numeric = [c for c in view.columns if c not in skipped and c not in view.text and c != names]
    if not numeric:
        raise _no_numbers(view, {names, *skipped})
    for column in view.text:
        if column != names and column not in skipped:
            _refuse_numbers_in_text(view, column, numeric)
    results = find_results(titles, numeric)
    of_results = set(results)
    numeric = [c for c in numeric if c not in of_results]
    refuse_results(table.path, titles, results, [c for c in numeric if not is_doubtful(titles[c])])
    skipped.update(dict.fromkeys(results, _OF_TESTS))
    texts = [c for c in view.text if titles[c]]
    refuse_list_of_values(table.path, [titles[c] for c in texts], [view.cells[c] for c in texts], len(numeric))
    # Text before and behind the values describes rows, and so does text of several rows among them, such as calls
    # and accessions; other text among them is a fault, which reading names.
    inner = range(numeric[0], numeric[-1] + 1)
    aside = [c for c in view.text if c != names and c not in skipped]
    aside = [c for c in aside if c not in inner or len(view.cells[c]) > 2]
    skipped.update(dict.fromkeys(aside, _OF_TEXT))
    values, notes = _one_measure(table, titles, [c for c in inner if c not in skipped and c != names])
    known = {*values, *skipped, names}
    skipped.update(dict.fromkeys((c for c in inner if c not in known), _BESIDE))
    doubtful = tuple(c for c in values if is_doubtful(titles[c]) and not view.in_series[c])
    of_text = tuple(c for c in aside if not are_chromosomes(view.cells[c]))
    return Columns(names, values, doubtful, of_text, dict(sorted(skipped.items())), notes)


def _are_near(word: str, cells: Sequence[str]) -> bool:
    """Whether a column is called as places on chromosomes are, and its numbers are mostly too small for that."""
    if word not in BESIDE_LOCATIONS or not cells or not all(map(is_number, cells)):
        return False
    return 2 * sum(abs(float(cell)) < SHORT for cell in cells) > len(cells)


def _choose_names(view: _View, gene_column: str | None) -> int:
    if gene_column is None:
        return _name_column(view.titles, view.cells, view.text)
    if gene_column not in view.titles:
        raise NotFound(f"{view.table.path} has no column {gene_column!r}.", hint=f"It has {some(view.titles, 10)}.")
    return list(view.titles).index(gene_column)


def _refuse_numbers_in_text(view: _View, column: int, numeric: Sequence[int]) -> None:
    """Refuse a column of text that has numbers with something around them, or a title as columns of numbers have."""
    titles, is_one = view.titles, view.in_series[column]
    rows = [row for row in view.below if column < len(row.fields) and not is_missing(row.fields[column])]
    if not rows or (not is_one and are_chromosomes(view.cells[column])):
        return
    odd = [row for row in rows if _NEARLY_NUMBER.fullmatch(row.fields[column].strip())]
    is_of_samples = is_one and any(stem_of(titles[c]) == stem_of(titles[column]) for c in numeric)
    if 2 * len(odd) < len(rows) and not is_of_samples:
        return
    row = odd[0] if odd else rows[0]
    shown = clipped(row.fields[column].strip())
    raise InputError(
        f"{view.table.path}, line {row.line}, column {titles[column] or column + 1}: {shown} is not a number, and the "
        "column may be a sample.",
        code="sample-of-text",
        facts={"column": titles[column] or str(column + 1)},
    )


def _matching(table: Table, titles: Sequence[str], patterns: Sequence[str]) -> list[int]:
    """Return the columns whose titles are, or match, one of some patterns, each of which must match some."""
    columns: set[int] = set()
    places: dict[str, list[int]] = {}
    for column, title in enumerate(titles):
        places.setdefault(title, []).append(column)
    for pattern in patterns:
        matching = places.get(pattern, [])
        if not matching and any(sign in pattern for sign in "*?["):
            matching = [column for column, title in enumerate(titles) if fnmatchcase(title, pattern)]
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
    # Samples are called SE_1 and RAW_1 as well: measures of samples that have numbers for names are asked about.
    are_numbered = any(not has_letter(titles[c].replace(m.title, "")) for m in measures for c in m.columns[:1])
    if len(of_expression) > 1 or (len(measures) > 1 and are_numbered):
        asked = measures if are_numbered else of_expression
        raise InputError(
            f"{table.path} has several columns of each sample: "
            + some([f"{counted(len(m.columns), 'column')} of {(m.title or titles[m.columns[0]])!r}" for m in asked])
            + ".",
            code="several-measures",
            facts={"pattern": _pattern_of_one(titles, asked)},
        )
    if not of_expression:
        return tuple(values), []
    (measure,) = of_expression
    measured = {column for m in measures for column in m.columns}
    others = [column for column in values if column not in measured]
    if title_word(measure.title) in MEANS and len(others) >= len(measure.columns):
        return tuple(others), [
            f"the samples are read, not the columns of {measure.title!r}, which are computed of them"
        ]
    if not measure.title:
        return measure.columns, []
    return measure.columns, [f"of several columns of each sample, those of {measure.title!r} are read"]


def _pattern_of_one(titles: Sequence[str], measures: Sequence[Measure]) -> str:
    """Return a pattern that matches the columns of one measure and no others, if one of several does."""
    for measure in measures:
        if measure.pattern and sum(fnmatchcase(title, measure.pattern) for title in titles) == len(measure.columns):
            return measure.pattern
    return measures[0].pattern or titles[measures[0].columns[0]]


def _no_numbers(view: _View, known: set[int]) -> InputError:
    """Return the refusal of a table without columns of values, which shows what stands where they would be."""
    titles = view.titles
    text = [i for i in range(len(titles)) if i not in known]
    if not text:
        shown = some([repr(title) for title in titles if title]) or "none with a title"
        return InputError(
            f"{view.table.path} has no column of numbers but those that describe its rows; it has {shown}."
        )
    column = text[-1]
    field = next(
        (row.fields[column] for row in view.below if column < len(row.fields) and row.fields[column].strip()), ""
    )
    return InputError(
        f"{view.table.path} has no column of numbers: its column {(titles[column] or column + 1)!r} holds text, such "
        f"as {clipped(field)} in line {view.below[0].line}."
    )


def _name_column(titles: Sequence[str], cells: Sequence[Sequence[str]], text: Mapping[int, None]) -> int:
    """Return the column of names: the first, unless it counts rows or describes them and another is titled as names."""
    words = GENE_WORDS | SAMPLE_WORDS | ID_WORDS
    first = title_word(titles[0])
    is_one = has_digit(titles[0]) and sum(stem_of(title) == stem_of(titles[0]) for title in titles) > 1
    is_value = are_decimals(cells[0]) or (is_one and bool(cells[0]) and all(map(is_number, cells[0])))
    if is_value and not is_index(titles[0], cells[0]):
        behind = [c for c in text if title_word(titles[c]) in GENE_WORDS | SAMPLE_WORDS and len(set(cells[c])) > 1]
        if behind:
            return behind[0]
    titled = [column for column, title in enumerate(titles) if title and title_word(title) in words]
    distinct = {column: None for column in text if len(set(cells[column])) == len(cells[column])}
    if is_index(titles[0], cells[0]):
        named = {*titled, *(column for column in distinct if not is_annotation(titles[column]))}
        others = (column for column in sorted(named) if not is_index(titles[column], cells[column]))
        return next(others, next(iter(distinct), 0))
    repeats = len(set(cells[0])) < len(cells[0]) and guess_vocabulary(cells[0]) is None
    repeats = repeats or ROWS_OF_A_GROUP * len(set(cells[0])) <= len(cells[0])
    if first not in words and (is_annotation(titles[0]) or repeats):
        return next((column for column in titled if column in text and (column in distinct or not repeats)), 0)
    return 0


def are_decimals(cells: Sequence[str]) -> bool:
    """Whether most cells are numbers with decimals, and so no names."""
    return 2 * sum(is_number(cell) and not float(cell).is_integer() for cell in cells) > len(cells)
