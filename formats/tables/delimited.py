"""Delimited text, row by row: one reader for every delimiter and decimal mark, whose refusals name the line."""

from __future__ import annotations

import itertools
import re
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from ...engine.errors import InputError
from ..files.kinds import CELL_KINDS, file_kind
from ..files.limits import TEXT_PACKING
from ..files.names import refuse_long_names
from ..files.opening import open_text
from ..files.plain_files import require_file
from .cells import CellLines, open_cells
from .decimal_marks import with_decimal_mark, with_marks
from .sniffing import DELIMITER_NAMES, SNIFFED, is_header_in_comment, one_spaced, skip_comments, sniff_delimiter
from .table import PEEK, Row, Table

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence
    from pathlib import Path

    from ...engine.choices import DecimalMark
    from .sniffing import Delimiter

PEEK_FIELDS = 300_000
"""Most fields of the rows that are looked at first; two rows are, however wide."""

_SEP = re.compile(r"\"?sep=(,|;|\t|\\t)\"?", re.IGNORECASE)
"""A first line that tells a spreadsheet the delimiter of the others."""

_SEPARATORS: dict[str, Delimiter] = {",": ",", ";": ";", "\t": "\t", "\\t": "\t"}


@contextmanager
def open_table(
    path: Path,
    *,
    packing: int = TEXT_PACKING,
    decimal: DecimalMark = "auto",
    is_quoted: bool = True,
    sheet: str | None = None,
) -> Generator[Table]:
    """Open a table of delimited text, plain or packed, or the rows of a workbook or parquet file as if they were text.

    Parameters
    ----------
    path : Path
        Fields may be quoted as in csv files; lines may end in CRLF.
    packing : int
        How many bytes gzip may have packed into one.
    decimal : {"auto", "point", "comma"}
        The sign before the decimals.
    is_quoted : bool
        Whether quotation marks enclose fields.
    sheet : str, optional
        The sheet of a workbook.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        It is empty, binary, cut short, or holds nothing but comments; its numbers may have a decimal comma or a
        comma between thousands; also while rows are read.
    """
    is_text = file_kind(require_file(path)) not in CELL_KINDS
    if is_text and sheet is not None:
        raise InputError(f"{path} is not a workbook, and has no sheet {sheet!r}.")
    with open_text(path, packing=packing) if is_text else open_cells(path, sheet) as opened:
        stream = iter(opened)
        comments, opening = skip_comments(path, stream)
        if not opening:
            raise InputError(f"{path} holds no table: there is nothing after its comments.")
        named = _SEP.fullmatch(opening.strip(" \r\n")) if is_text else None
        if named:
            comments.append(opening.strip())
            opening = next(stream, "")
        top = [opening, *itertools.islice(stream, SNIFFED - 1)]
        delimiter = _SEPARATORS[named[1]] if named else sniff_delimiter(top) if is_text else "\t"
        if comments and is_header_in_comment(comments[-1], opening, delimiter):
            top.insert(0, comments.pop().removeprefix("#") + "\n")
        lines = itertools.chain(top, stream)
        spaced = one_spaced(lines, delimiter)
        form = opened.form if isinstance(opened, CellLines) else f"a table separated by {DELIMITER_NAMES[delimiter]}"
        table = Table(
            path, delimiter, tuple(filter(None, comments)), (), spaced, len(comments), is_quoted=is_quoted, form=form
        )
        table = with_decimal_mark(with_marks(peek(table)), decimal)
        if not table.first:
            raise InputError(f"{path} holds no table: there is nothing after its comments.")
        yield table


def read_header(table: Table) -> tuple[str, ...]:
    """Return one name a column from the first row of a table, as `read_titles` does."""
    return read_titles(table, table.first)


def read_titles(table: Table, first: Sequence[Row]) -> tuple[str, ...]:
    """Return one name a column from the first of some rows of a table.

    Trailing empty names are left out. A header one shorter than the row below it, as R's `write.table` makes it,
    gets an empty name in front, for the row names.

    Raises
    ------
    InputError
        A name is longer than `LONGEST_NAME`.
    """
    titles = [" ".join(field.split()) if "\n" in field else field.strip() for field in first[0].fields]
    refuse_long_names(titles, f"line {first[0].line}, column", table.path)
    below = first[1].fields if len(first) > 1 else []
    if len(below) == len(titles) + 1 and titles[0] and titles[-1] and below[-1].strip():
        return ("", *titles)
    while titles and not titles[-1]:
        titles.pop()
    return tuple(titles)


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
        table.refuse_captions()
        raise InputError(
            f"{table.path}, line {row.line} has {len(row.fields)} fields where {width} belong.",
            hint=f"Fields are separated by {DELIMITER_NAMES[table.delimiter]}, as in the first line.",
        )
    return Row(row.line, row.fields[:width]) if extra else row


def peek(table: Table) -> Table:
    """Return a table with the rows that are looked at first, all of its lines still to come."""
    lines: list[str] = []
    first: list[Row] = []
    for row in table.parse(_recorded(table.lines, lines), table.before):
        first.append(row)
        if len(first) >= PEEK or (len(first) > 1 and sum(len(row.fields) for row in first) >= PEEK_FIELDS):
            break
    table = replace(table, first=tuple(first), lines=itertools.chain(lines, table.lines))
    while len(first) > 1 and table.is_remark(first[-1].fields):
        first.pop()
    return replace(table, first=tuple(first))


def _recorded(lines: Iterable[str], record: list[str]) -> Iterator[str]:
    for line in lines:
        record.append(line)
        yield line
