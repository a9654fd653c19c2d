"""The layout of an expression table: where its header is, which column names the rows, and which hold values.

A table is never read for what it is not: where a second reading is plausible, both are named in a refusal, with the
option that chooses (docs/files.md).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from ...engine.errors import InputError, NotFound
from ...engine.wording import counted, some
from ..files.delimited import clipped, is_missing, is_number, read_titles
from ..genes.identifiers import guess_vocabulary
from ..genes.orientation import GENE_WORDS, SAMPLE_WORDS, are_samples, title_word
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
    is_index_title,
    is_of_detection,
    stem_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..files.delimited import Row, Table
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

SHORT = 1000
"""Places and lengths of most genes are not below."""

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
    names : int or None
        The column that names the rows, if there is one.
    values : tuple of int
        The columns of values, in ascending order.
    notes : tuple of str
        What was decided.
    doubtful : tuple of int
        Those of `values` whose titles describe genes in many tables.
    text : tuple of int
        The columns that are left out because they hold text.
    """

    titles: tuple[str, ...]
    has_header: bool
    above: int
    names: int | None
    values: tuple[int, ...]
    notes: tuple[str, ...]
    doubtful: tuple[int, ...] = ()
    text: tuple[int, ...] = ()


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
        is_named_by_it = len(first[1].fields) > 2 and not is_number(first[1].fields[1])  # row names, then this column
        if title_word(top.fields[0]) in GENE_WORDS | SAMPLE_WORDS and not is_named_by_it:
            raise InputError(
                f"{table.path}, line {first[1].line} has {len(first[1].fields)} fields where {len(titles) - 1} belong.",
                hint=f"The header names {len(titles) - 1} columns, {top.fields[0]!r} the first of them.",
            )
        notes.append("the header is one name shorter than the rows: it names the columns after the first")
    described = _rows_of_text(first[1:])
    last = first[described].fields if described else []
    if last and not any(map(str.strip, last[1:])):  # pandas writes the title of the index below those of the columns
        titles = (last[0].strip(), *titles[1:])
    titles, above = _with_distinct_titles(titles, first[: described + 1]), len(table.first) - len(first) + 1 + described
    below = first[1 + described :]
    if described:
        lines = some([str(row.line) for row in first[1 : 1 + described]])
        notes.append(f"{'line' if described == 1 else 'lines'} {lines} below the header skipped: text on samples")
    if not below:
        raise InputError(f"{table.path} has no row of numbers below its header.")
    columns = _choose_columns(table, titles, below, choice)
    return Layout(
        titles,
        has_header=True,
        above=above,
        names=columns.names,
        values=columns.values,
        notes=(*notes, *columns.notes, *_note_skipped(titles, below, columns.skipped)),
        doubtful=columns.doubtful,
        text=columns.text,
    )


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
    columns = _choose_columns(table, blank, below, choice)
    names, values = columns.names, columns.values
    values = tuple(column for column in values if column < len(top) and (top[column].strip() or column < values[-1]))
    titles = tuple(f"s{values.index(column) + 1}" if column in values else "" for column in range(len(top)))
    notes.append(
        f"no header: the first line holds numbers after {clipped(top[0])}; samples are named s1 … s{len(values)}"
    )
    notes += _note_skipped(blank, below, {i: why for i, why in columns.skipped.items() if top[i].strip()})
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
        is_titled = title_word(row.fields[0]) in GENE_WORDS | SAMPLE_WORDS | ID_WORDS
        if len(numeric) < 2 or not is_text or (is_empty and not is_titled):
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


class _Columns(NamedTuple):
    """What the columns of a table are: of names, of values, doubtful values, text; why others are skipped; notes."""

    names: int | None
    values: tuple[int, ...]
    doubtful: tuple[int, ...]
    text: tuple[int, ...]
    skipped: dict[int, _Reason]
    notes: list[str]


def _note_skipped(titles: Sequence[str], below: Sequence[Row], skipped: Mapping[int, _Reason]) -> list[str]:
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


def _choose_columns(table: Table, titles: Sequence[str], below: Sequence[Row], choice: ColumnChoice) -> _Columns:
    """Return which column names the rows, and which hold values."""
    width = len(titles)
    cells = [
        [row.fields[c].strip() for row in below if c < len(row.fields) and not is_missing(row.fields[c])]
        for c in range(width)
    ]
    series = Counter(stem_of(title) for title in titles)
    in_series = [has_digit(title) and series[stem_of(title)] > 1 for title in titles]
    are_text = (
        (not any(map(is_number, cells[c])) and (bool(cells[c]) or (bool(titles[c]) and not in_series[c])))
        or (not in_series[c] and are_chromosomes(cells[c]))
        for c in range(width)
    )
    text = {column: None for column, is_text in enumerate(are_text) if is_text}  # in order, and quick to look up
    names = _choose_names(table, titles, cells, text, choice.gene_column)
    are_all_genes = (
        in_series[0]
        and _are_decimals(cells[0])
        and not text
        and len(set(map(stem_of, titles))) == 1
        and not are_samples(titles)
    )
    if are_all_genes and choice.gene_column is None:  # G1, G2, …: the genes of a challenge, and samples without names
        return _Columns(None, tuple(range(width)), (), (), {}, ["rows have no names: samples are named s1, s2, …"])
    left_out = dict.fromkeys(_matching(table, titles, choice.skipped), _UNWANTED)
    if choice.wanted:
        values = tuple(c for c in _matching(table, titles, choice.wanted) if c != names and c not in left_out)
        if not values:
            raise NotFound(f"No column of {table.path} is left to read.", hint=f"It has {some(titles, 10)}.")
        note = f"{counted(len(values), 'column')} read, chosen by {some([repr(pattern) for pattern in choice.wanted])}"
        return _Columns(names, values, (), (), left_out, [note])
    words = [title_word(title).removeprefix("gene_") for title in titles]
    beside = BESIDE_RESULTS if sum(word in RESULTS for word in words) > 1 else frozenset[str]()
    beside |= BESIDE_LOCATIONS if any(word in LOCATIONS for word in words) else frozenset[str]()
    skipped = {
        **{c: _DESCRIBING for c in range(width) if words[c] in beside and not _are_near(words[c], cells[c])},
        **{
            c: _DESCRIBING
            for c in range(width)
            if is_annotation(titles[c])
            and (is_of_detection(titles[c]) or not in_series[c])
            and (c in text or not is_doubtful(titles[c]))
        },
        **{
            c: _DESCRIBING
            for c in range(width)
            if is_doubtful(titles[c]) and not in_series[c] and not all(map(is_number, cells[c]))
        },
        **{c: _COUNTING for c in range(names) if is_index(titles[c], cells[c])},
        **left_out,
    }
    skipped.pop(names, None)
    numeric = [c for c in range(width) if c not in skipped and c not in text and c != names]
    if not numeric:
        raise _no_numbers(table, titles, below, {names, *skipped})
    for column in text:
        if column != names and column not in skipped:
            _refuse_numbers_in_text(table, titles, below, column, series if in_series[column] else None, numeric)
    results = find_results(titles, numeric)
    if results:
        numeric = [c for c in numeric if c not in results]
        refuse_results(table.path, titles, results, [c for c in numeric if not is_doubtful(titles[c])])
        skipped.update(dict.fromkeys(results, _OF_TESTS))
    texts = [c for c in text if titles[c]]
    refuse_list_of_values(table.path, [titles[c] for c in texts], [cells[c] for c in texts], len(numeric))
    # Text before and behind the values describes rows, and so does text of several rows among them, such as calls
    # and accessions; other text among them is a fault, which reading names.
    inner = range(numeric[0], numeric[-1] + 1)
    aside = [c for c in text if c != names and c not in skipped]
    aside = [c for c in aside if c not in inner or len(cells[c]) > 2]
    skipped.update(dict.fromkeys(aside, _OF_TEXT))
    values, notes = _one_measure(table, titles, [c for c in inner if c not in skipped and c != names])
    skipped.update(dict.fromkeys((c for c in inner if c not in values and c not in skipped and c != names), _BESIDE))
    doubtful = tuple(c for c in values if is_doubtful(titles[c]) and not in_series[c])
    of_text = tuple(c for c in aside if not are_chromosomes(cells[c]))
    return _Columns(names, values, doubtful, of_text, dict(sorted(skipped.items())), notes)


def _are_near(word: str, cells: Sequence[str]) -> bool:
    """Whether a column is called as places on chromosomes are, and its numbers are mostly too small for that."""
    if word not in BESIDE_LOCATIONS or not cells or not all(map(is_number, cells)):
        return False
    return 2 * sum(abs(float(cell)) < SHORT for cell in cells) > len(cells)


def _choose_names(
    table: Table,
    titles: Sequence[str],
    cells: Sequence[Sequence[str]],
    text: Mapping[int, None],
    gene_column: str | None,
) -> int:
    if gene_column is None:
        return _name_column(titles, cells, text)
    if gene_column not in titles:
        raise NotFound(f"{table.path} has no column {gene_column!r}.", hint=f"It has {some(titles, 10)}.")
    return list(titles).index(gene_column)


def _refuse_numbers_in_text(
    table: Table,
    titles: Sequence[str],
    below: Sequence[Row],
    column: int,
    series: Counter[str] | None,
    numeric: Sequence[int],
) -> None:
    """Refuse a column of text that has numbers with something around them, or a title as columns of numbers have."""
    rows = [row for row in below if column < len(row.fields) and not is_missing(row.fields[column])]
    if not rows or (series is None and are_chromosomes([row.fields[column].strip() for row in rows])):
        return
    odd = [row for row in rows if _NEARLY_NUMBER.fullmatch(row.fields[column].strip())]
    is_of_samples = series is not None and any(stem_of(titles[c]) == stem_of(titles[column]) for c in numeric)
    if 2 * len(odd) < len(rows) and not is_of_samples:
        return
    row = odd[0] if odd else rows[0]
    raise InputError(
        f"{table.path}, line {row.line}, column {titles[column] or column + 1}: {clipped(row.fields[column].strip())} "
        "is not a number, and the column may be a sample.",
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
    others = [column for column in values if not any(column in m.columns for m in measures)]
    if title_word(measure.title) in MEANS and len(others) >= len(measure.columns):
        return tuple(others), [f"the samples are read, not the columns of {measure.title!r}, which are computed of them"]
    if not measure.title:
        return measure.columns, []
    return measure.columns, [f"of several columns of each sample, those of {measure.title!r} are read"]


def _pattern_of_one(titles: Sequence[str], measures: Sequence[Measure]) -> str:
    """Return a pattern that matches the columns of one measure and no others, if one of several does."""
    for measure in measures:
        if measure.pattern and sum(fnmatchcase(title, measure.pattern) for title in titles) == len(measure.columns):
            return measure.pattern
    return measures[0].pattern or titles[measures[0].columns[0]]


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
    if _are_decimals(cells[0]):
        behind = [c for c in text if title_word(titles[c]) in GENE_WORDS | SAMPLE_WORDS and len(set(cells[c])) > 1]
        if behind:
            return behind[0]
    titled = [column for column, title in enumerate(titles) if title and title_word(title) in words]
    distinct = {column: None for column in text if len(set(cells[column])) == len(cells[column])}
    first = title_word(titles[0])
    if is_index(titles[0], cells[0]):
        named = {*titled, *(column for column in distinct if not is_annotation(titles[column]))}
        others = (column for column in sorted(named) if not is_index(titles[column], cells[column]))
        return next(others, next(iter(distinct), 0))
    repeats = len(set(cells[0])) < len(cells[0]) and guess_vocabulary(cells[0]) is None
    if first not in words and (is_annotation(titles[0]) or repeats):
        return next((column for column in titled if column in text and (column in distinct or not repeats)), 0)
    return 0


def _are_decimals(cells: Sequence[str]) -> bool:
    """Whether most cells are numbers with decimals, and so no names."""
    return 2 * sum(is_number(cell) and not float(cell).is_integer() for cell in cells) > len(cells)


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
