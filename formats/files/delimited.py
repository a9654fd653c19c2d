"""Delimited text, row by row: one reader for tab, comma and white space, whose refusals name line and column."""

from __future__ import annotations

import csv
import itertools
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from ...engine.errors import InputError
from .kinds import open_text
from .limits import LONGEST_NAME, TEXT_PACKING

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence
    from pathlib import Path

Delimiter = Literal["\t", ",", " "]
"""A space stands for runs of white space."""

DELIMITER_NAMES: dict[Delimiter, str] = {"\t": "tabs", ",": "commas", " ": "white space"}

PEEK = 50
"""So many rows are read ahead to see what a table is."""

PEEK_FIELDS = 1_000_000
"""Fewer rows are read ahead, but two at least, when they hold this many fields."""

MOST_COMMENTS = 10_000
"""More lines of comments or of nothing before a table are no head of one."""

_QUOTED = 60

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
    rows : iterator of Row
        All rows, those of `first` again included. Empty rows and `!` lines are left out.
    """

    path: Path
    delimiter: Delimiter
    comments: tuple[str, ...]
    first: tuple[Row, ...]
    rows: Iterator[Row]

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
        rows = _read_rows(path, itertools.chain(top, stream), delimiter, len(comments))
        first = tuple(_peek(rows))
        if not first:
            raise InputError(f"{path} holds no table: there is nothing after its comments.")
        said = tuple(comment for comment in comments if comment)
        yield Table(path, delimiter, said, first, itertools.chain(first, rows))


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
        extra = row.fields[width:]
        if len(row.fields) < width or any(field.strip() for field in extra):
            raise InputError(
                f"{table.path}, line {row.line} has {len(row.fields)} fields where {width} belong.",
                hint=f"Fields are parted by {DELIMITER_NAMES[table.delimiter]}, as in the first line.",
            )
        yield Row(row.line, row.fields[:width]) if extra else row


def read_numbers(
    table: Table, row: Row, start: int, names: Sequence[str], *, blank: float = float("nan")
) -> list[float]:
    """Return the fields of a row from a column on as numbers.

    Parameters
    ----------
    table : Table
        For the sentence of an error.
    row : Row
        As wide as `names`.
    start : int
        The first column of numbers.
    names : sequence of str
        One name a column, for the sentence of an error; may be empty.
    blank : float
        The value of an empty field. `NA` and its like are NaN always.

    Raises
    ------
    InputError
        A field is no number; line, column and field are named.
    """
    fields = row.fields[start:]
    try:
        numbers = [float(field) for field in fields]
    except ValueError:
        numbers = []
    if numbers and "_" not in "".join(fields):  # Python's float reads 1_000; nobody else does
        return numbers
    return [_one_number(table, row, start + i, names, blank) for i in range(len(fields))]


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
    """Refuse names that are empty, too long or cannot be printed, with the place of the first, counted from 1."""
    names = list(names)
    refuse_long_names(names, what, path)
    for place, name in enumerate(names, start=1):
        if not name:
            raise InputError(
                f"{path}: {what} number {place} has an empty name.", hint="Name it, or take it out of the file."
            )
        if not name.isprintable():
            raise InputError(
                f"{path}: {what} number {place}, {clipped(name)}, holds a character that cannot be printed."
            )


def refuse_long_names(names: Iterable[str], what: str, path: Path) -> None:
    """Refuse names of more than `LONGEST_NAME` letters, with the place of the first, counted from 1."""
    for place, name in enumerate(names, start=1):
        if len(name) > LONGEST_NAME:
            raise InputError(
                f"{path}: {what} number {place} has a name of {len(name):,} letters, {clipped(name)}.",
                hint="Look for a quotation mark that is never closed, or a line end that is missing.",
            )


def clipped(text: str) -> str:
    """Return text in quotation marks for the sentence of an error, cut short where it is long."""
    return repr(text) if len(text) <= _QUOTED else f"{text[:_QUOTED]!r} …"


def _peek(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield the rows to be looked at first."""
    fields = 0
    for count, row in enumerate(rows, start=1):
        fields += len(row.fields)
        yield row
        if count >= PEEK or (count > 1 and fields >= PEEK_FIELDS):
            return


def _skip_comments(path: Path, stream: Iterable[str]) -> tuple[list[str], str]:
    """Return the lines before the table and its first line, empty when there is none."""
    comments: list[str] = []
    for line in stream:
        text = line.strip()
        sizes_of_gct = len(comments) == 1 and _GCT.match(comments[0])
        if text.strip(",\"'") and not text.startswith(("#", "!")) and not sizes_of_gct:
            return comments, line
        if len(comments) == MOST_COMMENTS:
            raise InputError(f"{path} begins with more than {MOST_COMMENTS:,} lines of comments or of nothing.")
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


def _read_rows(path: Path, lines: Iterable[str], delimiter: Delimiter, before: int) -> Iterator[Row]:
    if delimiter == " ":
        lines = (" ".join(line.split()) for line in lines)
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        for fields in reader:
            if any(map(str.strip, fields)) and not fields[0].startswith("!"):
                yield Row(before + reader.line_num, fields)
    except csv.Error as error:
        raise InputError(
            f"{path}, line {before + reader.line_num} cannot be read as a table: {error}.",
            hint="Look for a quotation mark that is never closed, or line ends that are missing.",
        ) from error


def _one_number(table: Table, row: Row, column: int, names: Sequence[str], blank: float) -> float:
    field = row.fields[column]
    if is_missing(field):
        return float("nan") if field.strip() else blank
    if is_number(field):
        return float(field)
    name = names[column] if column < len(names) and names[column] else str(column + 1)
    hint = "Numbers have a decimal point, not a comma." if is_number(field.replace(",", ".")) else ""
    raise InputError(f"{table.path}, line {row.line}, column {name}: {clipped(field)} is not a number.", hint=hint)
