"""An open table: its rows, read once and as they are asked for, whose refusals name the line."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ...engine.errors import InputError
from ..files.names import clipped
from .fields import COMMA_NUMBER, plain_number, with_point
from .sniffing import GCT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from .sniffing import Delimiter

PEEK = 50
"""Most rows that are looked at first, to see what a table is."""

POINT_NUMBER = re.compile(r"\s*[+-]?\d*\.\d+(e[+-]?\d+)?\s*", re.IGNORECASE)

_POINT_THOUSANDS = re.compile(r"\s*[+-]?[1-9]\d{0,2}(\.\d{3})+\s*")

_THOUSANDS = re.compile(r"\s*[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?\s*")
"""A number that has commas between thousands, where commas are not before decimals."""

_RULE = re.compile(r"\s*[-=:+]*\s*")
"""A line between a header and its rows, as databases print it."""

_FOOTNOTE = re.compile(r"[#*\u2020\u2021(].*|\S+( \S+){2,}")
"""A field that stands alone in a row and is no name: a remark below a table."""

FEWEST_BESIDE_REMARKS = 3
"""Fewest columns of a table that may have remarks below it."""

MOST_FOOTNOTES = 20
"""Most rows below a table that are remarks."""


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
    has_decimal_comma : bool
        Whether numbers have a decimal comma. Rows are returned with a point in its place.
    may_have_thousands : bool
        Whether commas may stand between thousands. Rows are returned without them.
    has_thousands_points : bool
        Whether points stand between thousands, where numbers have a decimal comma.
    has_marks : bool
        Whether spaces or apostrophes stand between thousands, or dashes before numbers. Rows are returned with numbers
        as `plain_number` writes them.
    is_quoted : bool
        Whether quotation marks enclose fields, as in csv files; else they are part of them.
    form : str
        What it is, for a note.
    footnotes : list of Row
        The remarks below the table, as they are met.
    """

    path: Path
    delimiter: Delimiter
    comments: tuple[str, ...]
    first: tuple[Row, ...]
    lines: Iterator[str]
    before: int
    has_decimal_comma: bool = False
    may_have_thousands: bool = False
    has_thousands_points: bool = False
    has_marks: bool = False
    is_quoted: bool = True
    form: str = ""
    footnotes: list[Row] = field(default_factory=list[Row], compare=False)

    @property
    def rows(self) -> Iterator[Row]:
        """All rows, those of `first` among them; empty rows and remarks are left out. They come once."""
        return self.parse(self.lines, self.before)

    def parse(self, lines: Iterable[str], before: int) -> Iterator[Row]:
        """Yield the rows of some lines that stand below so many others."""
        quoting = csv.QUOTE_MINIMAL if self.is_quoted else csv.QUOTE_NONE
        reader = csv.reader(lines, delimiter=self.delimiter, quoting=quoting)
        has_remarks = self.has_remarks
        begin = self.top.line if self.top else 0  # what stands alone above is a caption, and for readers to skip
        remarks: list[Row] = []
        try:
            for fields in reader:
                if not any(map(str.strip, fields)) or (has_remarks and fields[0].startswith("!")):
                    continue
                if self.delimiter == "|" and all(map(_RULE.fullmatch, fields)):
                    continue
                row = Row(before + reader.line_num, fields)
                if row.line > begin and self.is_remark(fields) and len(remarks) < MOST_FOOTNOTES:
                    remarks.append(row)
                    continue
                if between := [*self.footnotes, *remarks]:  # read before, or here
                    raise self._of_a_lone(between[0], "among")
                yield self.with_points(row)
            self.footnotes.extend(remarks)
        except csv.Error as error:
            raise InputError(
                f"{self.path}, line {before + reader.line_num} cannot be read as a table: {error}.",
                hint="Look for a quotation mark that is never closed, or line ends that are missing.",
            ) from error

    @property
    def top(self) -> Row | None:
        """The first row of several fields that hold something, else the first; `None` before any is looked at."""
        wide = (row for row in self.first if sum(map(bool, map(str.strip, row.fields))) > 1)
        return next(wide, self.first[0] if self.first else None)

    def refuse_captions(self) -> None:
        """Refuse a table below a line that stands alone, for readers that do not skip it.

        Raises
        ------
        InputError
            There is such a line.
        """
        if self.top is not None and self.first[0] is not self.top:
            raise self._of_a_lone(self.first[0], "above")

    def _of_a_lone(self, row: Row, where: str) -> InputError:
        field = next(filter(str.strip, row.fields), "").strip()
        return InputError(
            f"{self.path}, line {row.line}: {clipped(field)} stands alone {where} the rows of the table.",
            hint="Take that line out of the file.",
        )

    def is_remark(self, fields: list[str]) -> bool:
        """Whether the only field of a row is a remark, where the rows of the table have several."""
        first, *others = fields
        if first.startswith("#!{"):  # what Perseus says of columns
            return False
        if self.delimiter == " " or any(map(str.strip, others)) or not _FOOTNOTE.fullmatch(first.strip()):
            return False
        top = self.top
        return top is not None and len(top.fields) >= FEWEST_BESIDE_REMARKS

    def with_points(self, row: Row) -> Row:
        """Return a row with numbers as Python writes them, but for its first field, which is a name."""
        if self.has_marks:
            row = Row(row.line, [row.fields[0], *map(plain_number, row.fields[1:])])
        if self.may_have_thousands:
            name, *fields = row.fields
            return Row(row.line, [name, *(f.replace(",", "") if _THOUSANDS.fullmatch(f) else f for f in fields)])
        if not self.has_decimal_comma:
            return row
        if self.has_thousands_points:
            name, *fields = row.fields
            fields = [field.replace(".", "") if _POINT_THOUSANDS.fullmatch(field) else field for field in fields]
            row = Row(row.line, [name, *fields])
        if pointed := next(filter(POINT_NUMBER.fullmatch, row.fields[1:]), None):
            raise InputError(
                f"{self.path}, line {row.line}: {pointed.strip()} has a point, and other numbers have a decimal comma.",
                hint="Write all numbers in one way, without marks between thousands.",
            )
        name, *fields = row.fields
        fields = [field if field.isascii() else plain_number(field) for field in fields]
        return Row(
            row.line, [name, *(with_point(field) if COMMA_NUMBER.fullmatch(field) else field for field in fields)]
        )

    @property
    def has_remarks(self) -> bool:
        """Whether lines that begin with `!` are remarks, as in a series matrix of GEO."""
        return any(comment.startswith(("!", '"!')) for comment in self.comments)

    @property
    def is_gct(self) -> bool:
        """Whether the file says that it is a GCT table."""
        return bool(self.comments) and bool(GCT.match(self.comments[0]))


def plain_row(row: Row) -> Row:
    """Return a row whose numbers are as `plain_number` writes them; names and other text stay."""
    return Row(row.line, list(map(plain_number, row.fields)))
