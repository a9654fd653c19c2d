"""Tables of ids and values as text, with or without a header, those of PLINK among them."""

from __future__ import annotations

import itertools
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ...engine.errors import InputError
from ...engine.wording import counted, some
from ..files.limits import TEXT_COST, MemoryBudget
from ..files.plain_files import require_file
from ..tables.captions import below_captions, is_of_columns
from ..tables.delimited import fit_row, open_table, read_titles
from ..tables.fields import is_blank, is_number
from ..tables.id_titles import NO_IDS, TITLES, normalised
from ..tables.table import Row, plain_row
from .foreign_layouts import read_foreign, types_below
from .id_columns import drop_rows_without_id, rows_by_id
from .id_lists import read_row_ids
from .trait_layouts import is_fam, layout_of, turned, with_ids

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from ...engine.choices import DecimalMark
    from ..tables.table import Table
    from .id_columns import Names

_SAMPLES = re.compile(r"#\s*samples?\s*[:=]\s*(.*)", re.IGNORECASE)

_PLINK_HEADER = re.compile(r"#\s*(fid|iid)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TraitTable:
    """A table of text.

    Parameters
    ----------
    ids : tuple of str
        One a row, each once.
    names : tuple of str
        Titles of the columns of values.
    fields : list of list of str
        The values, row by row.
    lines : list of int
        The line in the file of each row.
    samples : tuple of str or None
        Which samples the numbers were made from, where the file says so.
    is_plink : bool
        Whether it is one of PLINK's, by its title IID or its columns FID and IID.
    notes : tuple of str
        Sentences on how it was read.
    types : tuple of str
        Of an Oxford .sample file the type of each column of values, D, C, P or B; else empty.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    fields: list[list[str]]
    lines: list[int]
    samples: tuple[str, ...] | None
    is_plink: bool = False
    notes: tuple[str, ...] = ()
    types: tuple[str, ...] = ()

    def column(self, index: int) -> list[str]:
        """Return the fields of a column."""
        return [row[index] for row in self.fields]


def read_trait_table(
    path: Path,
    *,
    known: Names | None = None,
    id_column: str | None = None,
    decimal: DecimalMark = "auto",
    wanted: str | None = None,
    most_turned: int | None = None,
    row_ids: Path | None = None,
) -> TraitTable:
    """Return a table of ids and values.

    Ids are in the column that is named; else in that with most known names; else in the first column, or the second
    beside PLINK's FID or row numbers.

    Parameters
    ----------
    path : Path
        The table.
    known : callable, optional
        Returns the names that ids may be.
    id_column : str, optional
        The title of the column of ids.
    decimal : {"auto", "point", "comma"}
        The sign before the decimals.
    wanted : str, optional
        The title of the only column that is read; or the name of the row, where the ids stand in the header.
    most_turned : int, optional
        Most rows of a table with ids in its header, where none is wanted.
    row_ids : Path, optional
        A list of ids, for a table of numbers alone that has as many rows, in one order.

    Raises
    ------
    NotFound
        There is no such file or column.
    InputError
        It has one column or no row, an id stands twice, or two readings of its columns are possible.
    """
    in_order = None if row_ids is None or id_column is not None else _in_order(path, row_ids, decimal)
    parsed = in_order or _parsed(path, known, decimal, wanted, most_turned)
    header, rows, is_titled, samples, note, caption = parsed
    types, types_note = types_below(header, rows) if is_titled else ((), "")
    rows = rows[1:] if types else rows
    layout = layout_of(path, header, rows, types, is_titled=is_titled)
    layout, notes = with_ids(path, header, rows, layout, known, id_column, is_titled=is_titled)
    if not layout.columns:
        raise InputError(f"{path} has ids and no values: {some(header)}.", hint="Values stand right of the ids.")
    chosen, left_out = drop_rows_without_id([row.fields[layout.ids].strip() for row in rows], known)
    rows = [rows[index] for index in chosen] or rows
    ids, rows, repeated = rows_by_id(path, rows, layout.ids, layout.columns, header, wanted=wanted)
    fields = [[row.fields[column].strip() for column in layout.columns] for row in rows]
    lines = [row.line for row in rows]
    told = tuple(f"{path.name}: {text}" for text in (caption, note, types_note, *notes, *left_out, repeated) if text)
    kinds = tuple(types[column] for column in layout.columns) if any(types) else ()
    return TraitTable(ids, tuple(layout.names), fields, lines, samples, layout.is_plink, told, kinds)


class _Parsed(NamedTuple):
    """The titles and rows of a file, whether the titles are its own, the samples that it names, and notes."""

    header: tuple[str, ...]
    rows: list[Row]
    is_titled: bool
    samples: tuple[str, ...] | None = None
    note: str = ""
    caption: str = ""


def _parsed(
    path: Path, known: Names | None, decimal: DecimalMark, wanted: str | None, most_turned: int | None
) -> _Parsed:
    """Return the titles and rows of a file, with ids in a column."""
    foreign = read_foreign(path)
    if foreign is not None:
        return _Parsed(foreign.header, foreign.rows, is_titled=True, note=foreign.note)
    with _opened(path, decimal) as table:
        first, skip, note = below_captions(table)
        header, is_titled, is_above = _header_of(path, table, first, known)
        budget = MemoryBudget(path)
        rows: list[Row] = []
        of_columns: list[str] = []
        for row in itertools.islice(table.rows, skip + is_above, None):
            if is_of_columns(row):
                of_columns.append(str(row.line))
                continue
            budget.reserve(TEXT_COST * len(row.fields))
            rows.append(plain_row(fit_row(table, row, len(header))))
        samples = _samples_of(table)
    if of_columns:
        lines = "line" if len(of_columns) == 1 else "lines"
        note = f"{note} {lines} {some(of_columns, 3)} below the header skipped: text on columns.".strip()
    if not rows:
        raise InputError(f"{path} holds a header, and no row below it.", hint="A row has an id and its values.")
    layout = turned(path, header, rows, known, is_titled=is_titled, wanted=wanted, most=most_turned)
    if layout is not None:
        return _Parsed(layout.header, layout.rows, is_titled=True, samples=samples, note=layout.note, caption=note)
    return _Parsed(header, rows, is_titled, samples, caption=note)


def _in_order(path: Path, row_ids: Path, decimal: DecimalMark) -> _Parsed | None:
    """Return a table of numbers alone with the ids of a list of as many rows; `None` where it has ids of its own."""
    if read_foreign(path) is not None:
        return None
    with _opened(path, decimal) as table:
        top, *below = [row.fields for row in table.first]
        is_titled = not all(map(_is_value, top))
        titles = [title.strip() for title in top]
        if not all(_is_value(field) for fields in below for field in fields) or (
            is_titled and any(normalised(title) in TITLES for title in titles)
        ):
            return None
        rows = [plain_row(row) for row in itertools.islice(table.rows, int(is_titled), None)]
    ids = read_row_ids(row_ids)
    columns = [{row.fields[column].strip() for row in rows} for column in range(min(len(row.fields) for row in rows))]
    are_numbers_of_rows = len(columns) > 1 and len(columns[0]) == len(rows) and all(map(str.isdecimal, columns[0]))
    if are_numbers_of_rows or any(not column.isdisjoint(ids) for column in columns):
        return None
    if len(rows) != len(ids):
        if len(top) > 1:
            return None
        raise InputError(
            f"{path} has {counted(len(rows), 'row')} of one column, and {row_ids} {counted(len(ids), 'name')}: they "
            "are not in one order.",
            hint="The names are those of the run that wrote both files; or write the id before each value.",
        )
    names = titles if is_titled else ["value"] if len(top) == 1 else [f"column {n + 1}" for n in range(len(top))]
    note = f"it has no ids; its {len(rows):,} rows are in the order of the {len(ids):,} names of {row_ids.name}."
    named = [Row(row.line, [name, *row.fields]) for name, row in zip(ids, rows, strict=True)]
    return _Parsed(("id", *names), named, is_titled=True, note=note)


def _is_value(field: str) -> bool:
    return is_number(field) or is_blank(field)


@contextmanager
def _opened(path: Path, decimal: DecimalMark) -> Generator[Table]:
    """Open a table, whose decimal mark nothing chooses here but the file itself."""
    try:
        with open_table(require_file(path), decimal=decimal) as table:
            yield table
    except InputError as error:
        if error.code in ("decimal-comma-or-thousands", "decimals-or-thousands"):
            way = "Write numbers with a decimal point, and without marks between thousands."
        elif error.hint or error.code != InputError.code:
            raise
        else:
            way = "A table of text has ids in one column, and values in others."
        raise InputError(error.message, hint=way) from error


def _header_of(
    path: Path, table: Table, first: Sequence[Row], known: Names | None
) -> tuple[tuple[str, ...], bool, bool]:
    """Return one title a column, whether the file has them, and whether the first row is a header."""
    width = max((len(row.fields) for row in first[:2]), default=0)
    if table.comments and _PLINK_HEADER.match(table.comments[-1]):
        titles = tuple(table.comments[-1].lstrip("# ").replace(",", " ").split())
        if len(titles) == width:
            return titles, True, False
    is_titled = not is_fam(path) and _has_header(first, known)
    header = read_titles(table, first) if is_titled else tuple(f"column {number + 1}" for number in range(width))
    header = (header[0].lstrip("#").strip(), *header[1:]) if header else header
    if len(header) < 2:
        raise InputError(
            f"{path} has one column: {some(header, 1)}.",
            hint="One column has ids, the others values. In a shell, `paste names.txt values.txt > table.tsv` puts "
            "names in the same order before values.",
        )
    return header, is_titled, is_titled


def refuse_repeated_titles(path: Path, names: Sequence[str]) -> None:
    """Refuse a table of which two columns have one title."""
    if len(set(names)) < len(names):
        twice = next(name for name in names if list(names).count(name) > 1)
        raise InputError(f"{path} has two columns named {some([twice])}.", hint="Give each column its own name.")


def _has_header(first: Sequence[Row], known: Names | None) -> bool:
    """Whether the first row names columns: it holds no number where the row below does, or is one field shorter."""
    if len(first) < 2:
        return False
    top, under = first[0].fields, first[1].fields
    if len(top) + 1 == len(under) or normalised(top[0]) in TITLES:
        return True
    are_numbers = [is_number(field) or is_blank(field) for field in under]
    numbers = [column for column in range(1, len(under)) if are_numbers[column]] or [0] * is_number(under[0])
    if not numbers:  # labels: a title is known by what it says, or because it is the one field that names no sample
        return _titles_text(first, known)
    return not all(column < len(top) and (is_number(top[column]) or is_blank(top[column])) for column in numbers)


def _titles_text(first: Sequence[Row], known: Names | None) -> bool:
    """Whether the first of some rows of text has titles."""
    titles, below = first[0].fields, first[1:]
    if any(normalised(title) in TITLES - NO_IDS for title in titles[1:]):
        return True
    if known is None:
        return False
    names = set(known())
    columns = [
        [row.fields[column].strip() for row in below if column < len(row.fields)] for column in range(len(titles))
    ]
    matched = [sum(field in names for field in fields) for fields in columns]
    best = max(range(len(titles)), key=lambda column: matched[column])
    return 2 * matched[best] > len(below) and titles[best].strip() not in names


def _samples_of(table: Table) -> tuple[str, ...] | None:
    for comment in table.comments:
        if match := _SAMPLES.match(comment):
            parting = next((mark for mark in ("\t", ",", ";") if mark in match[1]), None)  # else white space
            return tuple(name.strip() for name in match[1].split(parting) if name.strip())
    return None
