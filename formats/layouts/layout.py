"""The layout of an expression table: where its header is, which column names the rows, and which hold values.

A table is never read for what it is not: where a second reading is plausible, both are named in a refusal, with the
option that chooses (docs/files.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...engine.errors import InputError
from ...engine.wording import some
from ..files.names import clipped
from ..genes.orientation import GENE_WORDS, SAMPLE_WORDS, title_word
from ..tables.delimited import read_titles
from ..tables.fields import is_number
from .columns import ColumnChoice, choose_columns, note_skipped
from .headers import below_titles, has_header, rows_of_text, with_distinct_titles

if TYPE_CHECKING:
    from ..tables.table import Row, Table


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
    first, notes = below_titles(table)
    if len(first) < 2:
        raise InputError(f"{table.path} holds one row, and no numbers below it.")
    top = first[0]
    if not (header if header is not None else has_header(table, top.fields, first[1:])):
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
    described = rows_of_text(first[1:])
    last = first[described].fields if described else []
    if last and not any(map(str.strip, last[1:])):  # pandas writes the title of the index below those of the columns
        titles = (last[0].strip(), *titles[1:])
    titles, above = with_distinct_titles(titles, first[: described + 1]), len(table.first) - len(first) + 1 + described
    below = first[1 + described :]
    if described:
        lines = some([str(row.line) for row in first[1 : 1 + described]])
        notes.append(f"{'line' if described == 1 else 'lines'} {lines} below the header skipped: text on samples")
    if not below:
        raise InputError(f"{table.path} has no row of numbers below its header.")
    columns = choose_columns(table, titles, below, choice)
    return Layout(
        titles,
        has_header=True,
        above=above,
        names=columns.names,
        values=columns.values,
        notes=(*notes, *columns.notes, *note_skipped(titles, below, columns.skipped)),
        doubtful=columns.doubtful,
        text=columns.text,
    )


def _without_header(table: Table, first: list[Row], notes: list[str], choice: ColumnChoice) -> Layout:
    top, below = first[0].fields, first[1:]
    if titles := [title for title in (choice.gene_column, *choice.patterns) if title is not None]:
        raise InputError(f"{table.path} has no header, and so no column named {titles[0]!r}.")
    blank = ("",) * len(top)
    columns = choose_columns(table, blank, below, choice)
    names, values = columns.names, columns.values
    values = tuple(column for column in values if column < len(top) and (top[column].strip() or column < values[-1]))
    titles = tuple(f"s{values.index(column) + 1}" if column in values else "" for column in range(len(top)))
    notes.append(
        f"no header: the first line holds numbers after {clipped(top[0])}; samples are named s1 … s{len(values)}"
    )
    notes += note_skipped(blank, below, {i: why for i, why in columns.skipped.items() if top[i].strip()})
    above = len(table.first) - len(first)
    return Layout(titles, has_header=False, above=above, names=names, values=values, notes=tuple(notes))
