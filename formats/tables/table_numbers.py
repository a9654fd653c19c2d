"""Numbers of tables: NumPy reads the lines that are plain, and the others are read field by field.

`numpy.loadtxt` reads the same bits as Python's `float` and is several times faster, but it drops blank lines, and it is
silent about a row that is too long when told which columns to use. So it gets only what stands behind the names of
rows, of lines whose fields were counted, and must return as many rows. What it refuses is read field by field, which
knows missing values and quotation marks, or names line and column of what is wrong.
"""

from __future__ import annotations

import itertools
from array import array
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...engine.errors import InputError
from ..files.limits import TEXT_COST, MemoryBudget
from ..files.names import clipped
from .delimited import fit_row
from .fields import is_missing, is_number, plain_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from .table import Row, Table

BATCH = 1 << 17
"""Numbers that are read at once, where the caller does not say how many rows."""

BATCH_TEXT = 1 << 26
"""Characters that are read at once, whatever the number of rows."""

_SEPARATORS = "\x1c\x1d\x1e\x1f"
"""Control characters that are white space beside a number to NumPy, and to Python's `float` are not."""


class NamedNumbers(NamedTuple):
    """Rows of numbers: the line in the file, the name, and the numbers of each.

    Parameters
    ----------
    lines : sequence of int
        n numbers of lines, counted from 1.
    names : list of str
        n names; empty when rows have none.
    values : ndarray of float64, shape (n, m)
    """

    lines: Sequence[int]
    names: list[str]
    values: NDArray[np.float64]


def read_named_numbers(
    table: Table,
    header: Sequence[str],
    columns: Sequence[int],
    *,
    name: int | None = 0,
    after_header: int = 1,
    blank: float = float("nan"),
    text: Sequence[int] = (),
    progress: Callable[[int], object] = lambda _: None,
) -> NamedNumbers:
    """Return the names and numbers of all rows of a table; parameters and errors as `read_number_blocks`.

    Parameters
    ----------
    progress : callable
        Called with the number of rows that have been read.

    Raises
    ------
    InputError
        Also when they take more memory than the file justifies.
    """
    lines, names, numbers, budget = array("q"), list[str](), array("d"), MemoryBudget(table.path)
    for block, _ in read_number_blocks(
        table, header, columns, name=name, after_header=after_header, blank=blank, text=text
    ):
        budget.reserve(TEXT_COST * len(block.names) + sum(map(len, block.names)) + block.values.nbytes)
        lines.extend(block.lines)
        names.extend(block.names)
        numbers.frombytes(block.values.tobytes())
        progress(len(lines))
    return NamedNumbers(lines, names, np.frombuffer(numbers, dtype=np.float64).reshape(len(lines), len(columns)))


def read_number_blocks(
    table: Table,
    header: Sequence[str],
    columns: Sequence[int],
    *,
    name: int | None = 0,
    after_header: int = 1,
    blank: float = float("nan"),
    rows: int | None = None,
    text: Sequence[int] = (),
    keep: Callable[[int], bool] | None = None,
) -> Iterator[tuple[NamedNumbers, int]]:
    """Yield the names and numbers of some rows of a table after the others, and how many characters are read by then.

    Parameters
    ----------
    table : Table
        Of which nothing has been read yet but its first rows.
    header : sequence of str
        One name a column of the table, for the sentence of an error; may be empty texts.
    columns : sequence of int
        The m columns of numbers, in ascending order.
    name : int, optional
        The column that names the rows.
    after_header : int
        How many of the first rows stand above the numbers: a header and what is skipped.
    blank : float
        The value of an empty field. `NA` and its like are NaN always.
    rows : int, optional
        How many lines make a block; those of about `BATCH` numbers when absent.
    text : sequence of int
        Columns that are left out as they hold text, and must go on doing so.
    keep : callable, optional
        Whether a block of that number, from 0 on, is wanted; the others may come without rows, since they are not read
        where that can be helped.

    Raises
    ------
    InputError
        A row has too few or too many fields, a field is no number, or one of a column of text is; line and column are
        named.
    """
    rows = rows or max(1, BATCH // max(1, len(header)))
    adjoin = list(columns) == list(range(columns[0], columns[-1] + 1)) if columns else False
    may_be_plain = adjoin and (name is None or name < columns[0]) and not any(column > columns[-1] for column in text)
    behind = len(header) - 1 - columns[-1] if columns else 0
    skipped = table.first[after_header - 1].line - table.before if after_header else 0
    lines = itertools.islice(table.lines, skipped, None)
    before, characters, number = table.before + skipped, 0, 0
    while batch := list(_batch(lines, rows)):
        block = None
        if may_be_plain and not table.footnotes:
            if keep is not None and not keep(number) and _is_full(batch, table.delimiter, len(header)):
                block = NamedNumbers([], [], np.empty((0, len(columns))))
            else:
                block = _read_plain(table, batch, before, columns, name, behind, text)
        if block is not None:
            characters += sum(map(len, batch))
            number += 1
            yield block, characters
        else:
            is_quoted = any('"' in line for line in batch)  # a quoted field may go on in the lines below
            parsed = table.parse(itertools.chain(batch, lines) if is_quoted else batch, before)
            while some := list(itertools.islice(parsed, rows)):
                fitting = [fit_row(table, row, len(header)) for row in some]
                for row, column in itertools.product(fitting if text else (), text):
                    refuse_number_in_text(table, row.line, row.fields[column], header[column] or str(column + 1))
                numbers = [read_numbers(table, row, columns, header, blank=blank) for row in fitting]
                names = [] if name is None else [row.fields[name].strip() for row in fitting]
                characters += sum(len(field) + 1 for row in some for field in row.fields)
                values = np.array(numbers, dtype=np.float64).reshape(len(some), len(columns))
                number += 1
                yield NamedNumbers([row.line for row in some], names, values), characters
        before += len(batch)


def read_numbers(
    table: Table, row: Row, columns: Sequence[int], header: Sequence[str], *, blank: float = float("nan")
) -> list[float]:
    """Return fields of a row as numbers.

    Parameters
    ----------
    table : Table
        For the sentence of an error.
    row : Row
        As wide as `header`.
    columns : sequence of int
        The columns of numbers.
    header : sequence of str
        One name a column of the table, for the sentence of an error; may be empty texts.
    blank : float
        The value of an empty field. `NA` and its like are NaN always.

    Raises
    ------
    InputError
        A field is no number; line, column and field are named.
    """
    fields = [row.fields[column] for column in columns]
    try:
        numbers = list(map(float, fields))
    except ValueError:
        numbers = []
    if numbers and "_" not in "".join(fields):  # Python's float reads 1_000; nobody else does
        return numbers
    return [_read_number(table, row, column, header, blank) for column in columns]


def _batch(lines: Iterator[str], rows: int) -> Iterator[str]:
    """Yield the lines that are read at once."""
    size = 0
    for count, line in enumerate(lines, start=1):
        yield line
        size += len(line)
        if count == rows or size >= BATCH_TEXT:
            return


def _is_full(batch: Sequence[str], delimiter: str, width: int) -> bool:
    """Return whether each of some lines is a row of as many fields, none of them quoted."""
    return all(line.count(delimiter) == width - 1 and '"' not in line and line[0] not in "#!" for line in batch)


def _read_plain(
    table: Table,
    batch: Sequence[str],
    before: int,
    columns: Sequence[int],
    name: int | None,
    behind: int,
    text: Sequence[int],
) -> NamedNumbers | None:
    """Return the names and numbers of lines that NumPy may read, or None when one of them is not plain."""
    lines: list[int] = []
    names: list[str] = []
    numbers: list[str] = []
    has_remarks = table.has_remarks
    for line_number, line in enumerate(batch, start=before + 1):
        if not line.lstrip(" \t\r\n" + table.delimiter) or (has_remarks and line.startswith("!") and '"' not in line):
            continue
        parts = _split_plain(line, table.delimiter, columns, behind)
        if parts is None:
            return None
        fields, rest = parts
        if any(is_number(fields[column]) for column in text):
            return None
        lines.append(line_number)
        numbers.append(rest)
        if name is not None:
            names.append(fields[name].strip())
    joined, has_comma = "".join(numbers), table.has_decimal_comma
    if not joined or any(sign in joined for sign in _SEPARATORS):
        return None
    if has_comma and ("." in joined or table.delimiter == ","):
        return None  # among them those with points between thousands
    if has_comma:
        numbers = [line.replace(",", ".") for line in numbers]
    try:
        values = np.loadtxt(numbers, delimiter=table.delimiter, comments=None, ndmin=2)
    except ValueError:
        return None
    return NamedNumbers(lines, names, values) if values.shape == (len(numbers), len(columns)) else None


def _split_plain(line: str, delimiter: str, columns: Sequence[int], behind: int) -> tuple[list[str], str] | None:
    """Return the fields before the numbers of a line, and its numbers as text, or None when it is not plain."""
    *fields, rest = line.split(delimiter, columns[0])
    if behind:
        rest = rest.rstrip("\r\n").rsplit(delimiter, behind)[0]
    else:
        rest = rest.rstrip("\r\n" + delimiter)
    if len(fields) != columns[0] or not rest or rest.count(delimiter) != len(columns) - 1:
        return None
    if '"' in line:
        fields = [_unquoted(field) for field in fields]
        if any('"' in field for field in fields) or line.startswith('"!'):
            return None
    return fields, rest


def _unquoted(field: str) -> str:
    """Return a field without the quotation marks around it."""
    return field[1:-1] if len(field) > 1 and field[0] == field[-1] == '"' else field


def refuse_number_in_text(table: Table, line: int, field: str, title: str) -> None:
    """Refuse a field of a column that was left out as one of text, where it is a number."""
    if is_number(field):
        raise InputError(
            f"{table.path}, line {line}, column {title}: {clipped(field)} is a number, and the first fields of this "
            "column are text or missing.",
            code="column-of-text-and-numbers",
            facts={"column": title},
        )


def _read_number(table: Table, row: Row, column: int, header: Sequence[str], blank: float) -> float:
    field = row.fields[column]
    if is_missing(field):
        return float("nan") if field.strip() else blank
    if is_number(plain := plain_number(field)):
        return float(plain)
    name = header[column] if column < len(header) and header[column] else str(column + 1)
    hint = "If the value is missing, write NA, or leave the field empty."
    if is_number(field.replace(",", ".")):
        hint = "Numbers have a decimal point, not a comma."
    raise InputError(f"{table.path}, line {row.line}, column {name}: {clipped(field)} is not a number.", hint=hint)
