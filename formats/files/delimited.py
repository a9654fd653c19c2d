"""Delimited text, row by row: one reader for tabs, commas and white space, whose refusals name the line."""

from __future__ import annotations

import csv
import itertools
import re
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from ...engine.errors import InputError
from .limits import LONGEST_NAME, TEXT_PACKING
from .opening import open_text

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from pathlib import Path

Delimiter = Literal["\t", ",", " "]
"""A space stands for runs of white space."""

DELIMITER_NAMES: dict[Delimiter, str] = {"\t": "tabs", ",": "commas", " ": "white space"}

PEEK = 50
"""Most rows that are looked at first, to see what a table is."""

PEEK_FIELDS = 1_000_000
"""Most fields of the rows that are looked at first; two rows are, however wide."""

MOST_COMMENTS = 10_000
"""Most lines of comments or of nothing above a table."""

_QUOTED = 60
"""Most characters of a text that are quoted in the sentence of an error."""

_MISSING = frozenset({"", "na", "nan", "n/a", "null", "none", "-", "#n/a"})
_GCT = re.compile(r"#1\.\d\b")


class Row(NamedTuple):
    """A row of a table: the number of its line in the file, counted from 1, and its fields."""

    line: int
    fields: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """An open table; rows are read as they are asked for, and once.

    Parameters
    ----------
    path : Path
        Where it comes from.
    delimiter : {tab, comma, space}
        Taken from the first line that is no comment, and used for all.
    comments : tuple of str
        The `#` and `!` lines before the table; of a GCT file also the line of its sizes.
    first : tuple of Row
        Up to `PEEK` rows from the top, the header among them, and fewer when they are very wide.
    lines : iterator of str
        All lines from `first` on; runs of white space are one space where that is the delimiter.
    before : int
        How many lines of the file stand above.
    """

    path: Path
    delimiter: Delimiter
    comments: tuple[str, ...]
    first: tuple[Row, ...]
    lines: Iterator[str]
    before: int

    @property
    def rows(self) -> Iterator[Row]:
        """All rows, those of `first` among them; empty rows and `!` lines are left out. They come once."""
        return self.parse(self.lines, self.before)

    def parse(self, lines: Iterable[str], before: int) -> Iterator[Row]:
        """Yield the rows of some lines that stand below so many others."""
        reader = csv.reader(lines, delimiter=self.delimiter)
        try:
            for fields in reader:
                if any(map(str.strip, fields)) and not fields[0].startswith("!"):
                    yield Row(before + reader.line_num, fields)
        except csv.Error as error:
            raise InputError(
                f"{self.path}, line {before + reader.line_num} cannot be read as a table: {error}.",
                hint="Look for a quotation mark that is never closed, or line ends that are missing.",
            ) from error

    @property
    def is_gct(self) -> bool:
        """Whether the file says that it is a GCT table."""
        return bool(self.comments) and bool(_GCT.match(self.comments[0]))


@contextmanager
def open_table(path: Path, *, packing: int = TEXT_PACKING) -> Generator[Table]:
    """Open a table of delimited text, plain or gzip.

    Parameters
    ----------
    path : Path
        UTF-8; fields may be quoted as in csv files; lines may end in CRLF.
    packing : int
        How many bytes gzip may have packed into one.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        It is empty, binary, cut short, or holds nothing but comments; also while rows are read.
    """
    with open_text(path, packing=packing) as stream:
        comments, opening = _skip_comments(path, stream)
        if not opening:
            raise InputError(f"{path} holds no table: there is nothing after its comments.")
        delimiter = _sniff_delimiter(opening)
        top = [opening]
        if comments and _is_header_in_comment(comments[-1], opening, delimiter):
            top.insert(0, comments.pop().removeprefix("#") + "\n")
        lines = itertools.chain(top, stream)
        table = Table(path, delimiter, tuple(filter(None, comments)), (), _one_spaced(lines, delimiter), len(comments))
        table = _peek(table)
        if not table.first:
            raise InputError(f"{path} holds no table: there is nothing after its comments.")
        yield table


def read_header(table: Table) -> tuple[str, ...]:
    """Return one name a column from the first row of a table.

    Trailing empty names are left out. A header one shorter than the row below it, as R's `write.table` makes it,
    gets an empty name in front, for the row names.

    Raises
    ------
    InputError
        A name is longer than `LONGEST_NAME`.
    """
    header = [field.strip() for field in table.first[0].fields]
    refuse_long_names(header, f"line {table.first[0].line}, column", table.path)
    below = table.first[1].fields if len(table.first) > 1 else []
    if len(below) == len(header) + 1 and header[0] and header[-1] and below[-1].strip():
        return ("", *header)
    while header and not header[-1]:
        header.pop()
    return tuple(header)


def read_body(table: Table, width: int, *, after_header: bool = True) -> Iterator[Row]:
    """Yield the rows of a table, each with `width` fields.

    Raises
    ------
    InputError
        A row has fewer fields, or more that are not empty; the line is named.
    """
    for row in itertools.islice(table.rows, int(after_header), None):
        yield fit_row(table, row, width)


def fit_row(table: Table, row: Row, width: int) -> Row:
    """Return a row without empty fields beyond `width`, or refuse one that has fewer, or more that hold something."""
    extra = row.fields[width:]
    if len(row.fields) < width or any(field.strip() for field in extra):
        raise InputError(
            f"{table.path}, line {row.line} has {len(row.fields)} fields where {width} belong.",
            hint=f"Fields are separated by {DELIMITER_NAMES[table.delimiter]}, as in the first line.",
        )
    return Row(row.line, row.fields[:width]) if extra else row


def is_number(field: str) -> bool:
    """Whether a field reads as a number; missing values do not."""
    try:
        value = float(field)
    except ValueError:
        return False
    return "_" not in field and value == value


def is_missing(field: str) -> bool:
    """Whether a field is empty or says NA."""
    return field.strip().lower() in _MISSING


def check_names(names: Iterable[str], what: str, path: Path) -> None:
    """Refuse names that are empty, too long or cannot be printed, with the position of the first, from 1."""
    names = list(names)
    refuse_long_names(names, what, path)
    for number, name in enumerate(names, start=1):
        if not name:
            raise InputError(
                f"{path}: {what} number {number} has an empty name.", hint="Name it, or take it out of the file."
            )
        if not name.isprintable():
            raise InputError(
                f"{path}: {what} number {number}, {clipped(name)}, holds a character that cannot be printed."
            )


def refuse_long_names(names: Iterable[str], what: str, path: Path) -> None:
    """Refuse names of more than `LONGEST_NAME` letters, with the position of the first, from 1."""
    for number, name in enumerate(names, start=1):
        if len(name) > LONGEST_NAME:
            raise InputError(
                f"{path}: {what} number {number} has a name of {len(name):,} letters, {clipped(name)}.",
                hint="Look for a quotation mark that is never closed, or a line end that is missing.",
            )


def clipped(text: str) -> str:
    """Return text in quotation marks for the sentence of an error, cut short where it is long."""
    return repr(text) if len(text) <= _QUOTED else f"{text[:_QUOTED]!r} …"


def _peek(table: Table) -> Table:
    """Return the table with the rows that are looked at first, all of its lines still to come."""
    lines: list[str] = []
    first: list[Row] = []
    for row in table.parse(_recorded(table.lines, lines), table.before):
        first.append(row)
        if len(first) >= PEEK or (len(first) > 1 and sum(len(row.fields) for row in first) >= PEEK_FIELDS):
            break
    return replace(table, first=tuple(first), lines=itertools.chain(lines, table.lines))


def _recorded(lines: Iterable[str], record: list[str]) -> Iterator[str]:
    for line in lines:
        record.append(line)
        yield line


def _skip_comments(path: Path, stream: Iterable[str]) -> tuple[list[str], str]:
    """Return the lines before the table and its first line, empty when there is none."""
    comments: list[str] = []
    for line in stream:
        text = line.strip()
        sizes_of_gct = len(comments) == 1 and _GCT.match(comments[0])
        if text.strip(",\"'") and not text.startswith(("#", "!")) and not sizes_of_gct:
            return comments, line
        if len(comments) == MOST_COMMENTS:
            raise InputError(f"{path} begins with more than {MOST_COMMENTS:,} comment or empty lines.")
        comments.append(text)
    return comments, ""


def _is_header_in_comment(comment: str, opening: str, delimiter: Delimiter) -> bool:
    """Whether the `#` line just above a row of data names its columns, as in `#gene<tab>s1<tab>s2`."""
    fields = comment.split(delimiter)
    below = opening.strip().split(delimiter)
    as_wide = delimiter != " " and len(fields) == len(below) > 1
    return as_wide and comment.startswith("#") and is_number(below[-1]) and not is_number(fields[-1])


def _sniff_delimiter(line: str) -> Delimiter:
    if "\t" in line:
        return "\t"
    return "," if "," in line else " "


def _one_spaced(lines: Iterable[str], delimiter: Delimiter) -> Iterator[str]:
    return (" ".join(line.split()) for line in lines) if delimiter == " " else iter(lines)
