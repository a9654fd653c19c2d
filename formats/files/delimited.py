"""Delimited text, row by row: one reader for every delimiter and decimal mark, whose refusals name the line."""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from ...engine.errors import InputError
from .cells import CELLS, open_cells
from .kinds import file_kind
from .limits import LONGEST_NAME, TEXT_PACKING
from .opening import open_text
from .plain_files import require_file

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence
    from pathlib import Path

    from ...engine.choices import DecimalMark

Delimiter = Literal["\t", ",", ";", "|", " "]
"""A space stands for runs of white space."""

DELIMITER_NAMES: dict[Delimiter, str] = {
    "\t": "tabs",
    ";": "semicolons",
    ",": "commas",
    "|": "bars",
    " ": "white space",
}
"""Of several delimiters that fit a table equally well, the first is taken."""

PEEK = 50
"""Most rows that are looked at first, to see what a table is."""

PEEK_FIELDS = 1_000_000
"""Most fields of the rows that are looked at first; two rows are, however wide."""

MOST_COMMENTS = 10_000
"""Most lines of comments or of nothing above a table."""

_QUOTED = 60
"""Most characters of a text that are quoted in the sentence of an error."""

SNIFFED = 20
"""Most lines at the top that decide which delimiter a table has."""

SNIFFED_TEXT = 1 << 18
"""Most characters of those lines."""

_COMMA_NUMBER = re.compile(r"\s*[+-]?(\d*|[1-9]\d{0,2}(\.\d{3})+),\d+(e[+-]?\d+)?\s*", re.IGNORECASE)
"""A number with a decimal comma, perhaps with points between thousands."""
_POINT_NUMBER = re.compile(r"\s*[+-]?\d*\.\d+(e[+-]?\d+)?\s*", re.IGNORECASE)
_GROUPED = re.compile(r"\s*[+-]?[1-9]\d{0,2},\d{3}\s*")
"""A number that may have a decimal comma, or a comma between thousands."""
_POINT_THOUSANDS = re.compile(r"\s*[+-]?[1-9]\d{0,2}(\.\d{3})+\s*")
_SURELY_POINTS = re.compile(r"\s*[+-]?[1-9]\d{0,2}(\.\d{3}){2,}\s*")
"""A number with two points between thousands."""
_POINT_GROUPED = re.compile(r"\s*[+-]?[1-9]\d{0,2}\.\d{3}\s*")

_SPACES = "\u00a0\u2007\u2009\u202f"
_DASHES = "\u2212\u2010\u2011\u2012\u2013\ufe63\uff0d"
"""Signs that programs for text put before numbers, in place of a minus."""

_SPACED = re.compile(rf"[+-]?\d{{1,3}}([ '\u2019{_SPACES}]\d{{3}})+([.,]\d*)?")
"""A number with spaces or apostrophes between thousands."""

_TO_PLAIN = str.maketrans({**dict.fromkeys(_DASHES, "-"), **dict.fromkeys(_SPACES, " "), "\u2019": "'"})

_THOUSANDS = re.compile(r"\s*[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?\s*")
"""A number that has commas between thousands, where commas are not before decimals."""

_SEP = re.compile(r"\"?sep=(,|;|\t|\\t)\"?", re.IGNORECASE)
"""A first line that tells a spreadsheet the delimiter of the others."""

_RULE = re.compile(r"\s*[-=:+]*\s*")
"""A line between a header and its rows, as databases print it."""

_FOOTNOTE = re.compile(r"[#*\u2020\u2021(].*|\S+( \S+){2,}")
"""A field that stands alone in a row and is no name: a remark below a table."""

FEWEST_BESIDE_REMARKS = 3
"""Fewest columns of a table that may have remarks below it."""

MOST_FOOTNOTES = 20
"""Most rows below a table that are remarks."""

_SEPARATORS: dict[str, Delimiter] = {",": ",", ";": ";", "\t": "\t", "\\t": "\t"}

SURE_OF_GROUPS = 50
"""Of so many numbers with decimals some would have fewer than three, or none, if their commas were decimal ones."""

FEWEST_GROUPED = 12
"""Fewest numbers of one form that are no chance."""

FEW_WHOLE = 0.1
"""Logarithms with three decimals have fewer whole numbers among them than this share."""

LARGEST_OF_LOGS = 50.0
"""Numbers with three decimals that are below are logarithms, and no thousands."""

_SURELY_THOUSANDS = re.compile(r"\s*[+-]?[1-9]\d{0,2}(,\d{3})+(,\d{3}|\.\d*)\s*")
"""A number with two commas between thousands, or with one and a decimal point."""

_MISSING = frozenset(
    {"", "na", "nan", "n/a", "null", "none", "-", ".", "?", "<na>", "#n/a", "#nv", "#na", "#div/0!", "#value!", "#ref!"}
)
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
        remarks: list[Row] = []
        try:
            for fields in reader:
                if not any(map(str.strip, fields)) or (has_remarks and fields[0].startswith("!")):
                    continue
                if self.delimiter == "|" and all(map(_RULE.fullmatch, fields)):
                    continue
                row = Row(before + reader.line_num, fields)
                if self.is_remark(fields) and len(remarks) < MOST_FOOTNOTES:
                    remarks.append(row)
                    continue
                if between := [*self.footnotes, *remarks]:  # read before, or here
                    raise InputError(
                        f"{self.path}, line {between[0].line}: {clipped(between[0].fields[0].strip())} stands alone "
                        "among the rows of the table.",
                        hint="Take that line out of the file.",
                    )
                yield self.with_points(row)
            self.footnotes.extend(remarks)
        except csv.Error as error:
            raise InputError(
                f"{self.path}, line {before + reader.line_num} cannot be read as a table: {error}.",
                hint="Look for a quotation mark that is never closed, or line ends that are missing.",
            ) from error

    def is_remark(self, fields: list[str]) -> bool:
        """Whether the only field of a row is a remark, where the rows of the table have several."""
        if self.delimiter == " " or not self.first or len(self.first[0].fields) < FEWEST_BESIDE_REMARKS:
            return False
        first, *others = fields
        return not any(map(str.strip, others)) and bool(_FOOTNOTE.fullmatch(first.strip()))

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
        if pointed := next(filter(_POINT_NUMBER.fullmatch, row.fields[1:]), None):
            raise InputError(
                f"{self.path}, line {row.line}: {pointed.strip()} has a point, and other numbers have a decimal comma.",
                hint="Write all numbers in one way, without marks between thousands.",
            )
        name, *fields = row.fields
        fields = [field if field.isascii() else plain_number(field) for field in fields]
        return Row(
            row.line, [name, *(_pointed(field) if _COMMA_NUMBER.fullmatch(field) else field for field in fields)]
        )

    @property
    def has_remarks(self) -> bool:
        """Whether lines that begin with `!` are remarks, as in a series matrix of GEO."""
        return any(comment.startswith(("!", '"!')) for comment in self.comments)

    @property
    def is_gct(self) -> bool:
        """Whether the file says that it is a GCT table."""
        return bool(self.comments) and bool(_GCT.match(self.comments[0]))


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
    kind = file_kind(require_file(path))
    is_text = kind not in CELLS
    if is_text and sheet is not None:
        raise InputError(f"{path} is not a workbook, and has no sheet {sheet!r}.")
    with open_text(path, packing=packing) if is_text else open_cells(path, sheet) as stream:
        comments, opening = _skip_comments(path, stream)
        if not opening:
            raise InputError(f"{path} holds no table: there is nothing after its comments.")
        named = _SEP.fullmatch(opening.strip(" \r\n")) if is_text else None
        if named:
            comments.append(opening.strip())
            opening = next(iter(stream), "")
        top = [opening, *itertools.islice(stream, SNIFFED - 1)]
        delimiter = _SEPARATORS[named[1]] if named else _sniff_delimiter(top) if is_text else "\t"
        if comments and _is_header_in_comment(comments[-1], opening, delimiter):
            top.insert(0, comments.pop().removeprefix("#") + "\n")
        lines = itertools.chain(top, stream)
        spaced = _one_spaced(lines, delimiter)
        form = f"a table separated by {DELIMITER_NAMES[delimiter]}" if is_text else CELLS[kind]
        table = Table(
            path, delimiter, tuple(filter(None, comments)), (), spaced, len(comments), is_quoted=is_quoted, form=form
        )
        table = _with_decimal_mark(_with_marks(peek(table)), decimal)
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


def plain_number(field: str) -> str:
    """Return a number without spaces or apostrophes between its thousands, and with a plain minus; else the field.

    Examples
    --------
    >>> plain_number("1 234,5"), plain_number("1'234.5"), plain_number("\u22121.5"), plain_number("2 samples")
    ('1234,5', '1234.5', '-1.5', '2 samples')
    """
    text = field.strip()
    if not text.isascii():
        text = text.translate(_TO_PLAIN).strip()
    if _SPACED.fullmatch(text):
        text = text.replace(" ", "").replace("'", "")
    return text if is_number(text) or _COMMA_NUMBER.fullmatch(text) else field


def _pointed(field: str) -> str:
    return field.replace(".", "").replace(",", ".")


def plain_row(row: Row) -> Row:
    """Return a row whose numbers are as `plain_number` writes them; names and other text stay."""
    return Row(row.line, list(map(plain_number, row.fields)))


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
    if delimiter == " ":  # a sentence has words too: there must be some, as many as there are numbers
        fields, below = comment.lstrip("#").split(), opening.split()
        as_wide = len(fields) == len(below) > 3
    else:
        fields, below = comment.split(delimiter), opening.strip().split(delimiter)
        as_wide = len(fields) == len(below) > 1
    return as_wide and comment.startswith("#") and is_number(below[-1]) and not is_number(fields[-1])


def _sniff_delimiter(lines: Sequence[str]) -> Delimiter:
    """Return the delimiter that gives the rows one width, and numbers behind their first fields."""
    lengths = itertools.accumulate(map(len, lines))
    lines = [line for line, length in zip(lines, lengths, strict=True) if length <= SNIFFED_TEXT] or lines[:2]
    lines = [line for line in lines if not line.startswith("#") and line.strip("-+=:| \r\n")] or list(lines)
    scores: dict[Delimiter, float] = {delimiter: _fit(lines, delimiter) for delimiter in DELIMITER_NAMES}
    widths = [len(row) for row in _split(lines, "\t")]
    if scores["\t"] and len(set(widths[1:])) == 1 and widths[0] in (widths[1], widths[1] - 1):
        return "\t"  # no text has as many tabs in every line by chance
    every: list[Delimiter] = list(DELIMITER_NAMES)
    best: Delimiter = max(every, key=lambda delimiter: scores[delimiter])
    if best == ",":
        for other in every[:2]:
            if scores[other] > 1 and _are_decimal(lines[1:], other):
                return other
    if scores[best]:
        return best
    there: list[Delimiter] = [delimiter for delimiter in DELIMITER_NAMES if delimiter in lines[0]]
    return there[0] if there else " "


def _split(lines: Sequence[str], delimiter: Delimiter) -> list[list[str]]:
    """Return the rows of some lines that hold anything, or none where they are no table of such a delimiter."""
    try:
        return [row for row in csv.reader(_one_spaced(lines, delimiter), delimiter=delimiter) if any(row)]
    except csv.Error:
        return []


def _fit(lines: Sequence[str], delimiter: Delimiter) -> float:
    """Return the share of rows of the most frequent width, and the share of numbers in them; 0 for single fields."""
    rows = _split(lines, delimiter)
    widths = Counter(map(len, rows))
    width, number = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    if width < 2 or 2 * number < len(rows):
        return 0.0
    every = (cell for row in rows[1:] if len(row) == width for cell in row[1:] if not is_missing(cell))
    cells = list(itertools.islice(every, 1000))
    plain = map(plain_number, cells)
    numbers = sum(is_number(cell) or bool(_COMMA_NUMBER.fullmatch(cell)) for cell in plain)
    is_titled = len(rows[0]) > 1 and len(rows[0]) in (width, width - 1)
    return number / len(rows) + numbers / max(1, len(cells)) + is_titled


def _are_decimal(lines: Sequence[str], delimiter: Delimiter) -> bool:
    """Whether every comma of some lines stands in a number with a decimal comma, where another sign delimits."""
    cells = [cell for row in _split(lines, delimiter) for cell in row if "," in cell]
    return bool(cells) and all(map(_COMMA_NUMBER.fullmatch, cells))


def _with_marks(table: Table) -> Table:
    """Return the table with what is known of the marks in its numbers, from the rows that are looked at first."""
    cells = (cell for row in table.first for cell in row.fields[1:])
    if not any(not cell.isascii() or " " in cell.strip() or "'" in cell for cell in cells):
        return table
    plain = replace(table, has_marks=True)
    first = tuple(map(plain.with_points, table.first))
    return replace(plain, first=first) if first != table.first else table


def _with_decimal_mark(table: Table, decimal: DecimalMark) -> Table:
    """Return the table with its decimal mark known, and with points in the rows that are looked at first.

    Raises
    ------
    InputError
        Every number with a comma may be a whole number of thousands as well.
    """
    if decimal == "point":
        table = replace(table, may_have_thousands=True)
        return replace(table, first=tuple(map(table.with_points, table.first)))
    cells = [cell for row in table.first for cell in row.fields[1:]]
    commas = [cell for cell in cells if "," in cell and _COMMA_NUMBER.fullmatch(cell)]
    if decimal == "auto" and any(map(_SURELY_THOUSANDS.fullmatch, cells)):
        table = replace(table, may_have_thousands=True)
        return replace(table, first=tuple(map(table.with_points, table.first)))
    points = [cell for cell in cells if _POINT_NUMBER.fullmatch(cell)]
    are_groups = all(map(_POINT_GROUPED.fullmatch, points)) and table.delimiter != ","
    both = (
        any("." in cell for cell in commas)  # 16.551,17
        or (are_groups and any(map(_SURELY_POINTS.fullmatch, cells)))
        or (are_groups and bool(points) and bool(commas) and not all(map(_GROUPED.fullmatch, commas)))
        or decimal == "comma"
    )
    if decimal == "auto" and not commas and not both:
        _refuse_points_between_thousands(table)
    if decimal == "auto" and not both and (not commas or points):
        return table
    if decimal == "auto" and not both and all(map(_GROUPED.fullmatch, commas)):
        if len(commas) >= SURE_OF_GROUPS and sum(cell.strip().isdecimal() for cell in cells) >= 3:
            table = replace(table, may_have_thousands=True)
            return replace(table, first=tuple(map(table.with_points, table.first)))
        cell = commas[0].strip()
        raise InputError(
            f"{table.path}: the numbers with a comma, such as {cell}, may have a decimal comma "
            f"({cell.replace(',', '.')}) or a comma between thousands ({cell.replace(',', '')}).",
            code="decimal-comma-or-thousands",
        )
    table = replace(table, has_decimal_comma=True, has_thousands_points=both)
    return replace(table, first=tuple(map(table.with_points, table.first)))


def _refuse_points_between_thousands(table: Table) -> None:
    """Refuse a table in which every point has three digits behind it, and whole numbers below 1,000 beside it or alone.

    Numbers with three decimals are written so too, but then whole numbers among them have decimals as well, and some
    are below 1 where some are large.
    """
    fields = [cell.strip() for row in table.first for cell in row.fields[1:] if is_number(cell)]
    cells = [cell for cell in fields if _POINT_NUMBER.fullmatch(cell)]
    if not all(map(_POINT_GROUPED.fullmatch, cells)):
        return
    are_logs = cells and max(map(float, cells)) < LARGEST_OF_LOGS and table.delimiter != ";"
    if len(cells) >= FEWEST_GROUPED and len(cells) == len(fields) and not are_logs:
        raise InputError(
            f"{table.path}: every number has three digits behind a point, such as {cells[0]}; these may be decimals, "
            f"or the point stands between thousands ({cells[0].replace('.', '')}).",
            code="decimals-or-thousands",
        )
    if are_logs and len(cells) >= FEWEST_GROUPED and len(fields) - len(cells) < FEW_WHOLE * len(fields):
        return
    for column in itertools.zip_longest(*(row.fields[1:] for row in table.first), fillvalue=""):
        pointed = [cell.strip() for cell in column[1:] if _POINT_GROUPED.fullmatch(cell)]
        whole = [cell.strip() for cell in column[1:] if cell.strip().isdecimal()]
        if pointed and whole and all(len(cell) <= 3 for cell in whole):
            raise InputError(
                f"{table.path}: the numbers with a point, such as {pointed[0]}, may have decimals or a point between "
                f"thousands ({pointed[0].replace('.', '')}): whole numbers stand beside them, such as {whole[0]}.",
                code="decimals-or-thousands",
            )


def _one_spaced(lines: Iterable[str], delimiter: Delimiter) -> Iterator[str]:
    return (" ".join(line.split()) for line in lines) if delimiter == " " else iter(lines)
