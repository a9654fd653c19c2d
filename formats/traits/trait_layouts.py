"""Where ids and values stand in a table: PLINK's columns, row numbers, a column of known names, or the header."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from ...engine.errors import InputError
from ...engine.wording import some
from ..tables.fields import is_blank, is_number
from ..tables.id_titles import FAMILIES, INDIVIDUALS, NO_IDS, ROW_NUMBERS, TITLES, normalised
from ..tables.row_names import match_names
from ..tables.table import Row
from .foreign_layouts import Layout
from .id_columns import choose_ids, find_title

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .id_columns import Names

MOST_TURNED = 12
"""Most rows of a table with ids in its header that are all read; with more, what its rows are is not plain."""

FEWEST_TITLES = 5
"""Fewest names of a header that are ids and no titles."""

LEAST_SHARE = 0.1
"""Least share of the titles, or of the known names, that are both where a row is named."""


class TableLayout(NamedTuple):
    """Where the ids stand, and the values with their names."""

    ids: int
    columns: Sequence[int]
    names: Sequence[str]
    is_plink: bool = False
    note: str = ""


def is_fam(path: Path) -> bool:
    """Whether a file is a .fam of PLINK's by its name."""
    return path.name.lower().removesuffix(".gz").endswith(".fam")


def layout_of(
    path: Path, header: tuple[str, ...], rows: list[Row], types: tuple[str, ...], *, is_titled: bool
) -> TableLayout:
    """Return where ids and values stand by the titles and the form of a table, before names are asked about.

    Raises
    ------
    InputError
        It is a .fam of another width; or its second column may be PLINK's IID or a value.
    """
    width = len(header)
    if any(types):  # an Oxford .sample file, whose columns of the type 0 are ids and the share of missing genotypes
        ids = int(types[1] == "0" and normalised(header[1]) != "missing")
        columns = [column for column in range(ids + 1, width) if types[column] != "0"]
        return TableLayout(ids, columns, [header[column] for column in columns])
    if is_fam(path):
        if width != 6:
            raise InputError(
                f"{path} has {width} columns, and a .fam file has six: FID, IID, parents, sex, phenotype.",
                hint="A phenotype file of PLINK's has FID, IID and phenotypes, and another ending.",
            )
        return TableLayout(1, (5,), ("phenotype",), is_plink=True)
    if is_titled:
        return _titled_layout(header, rows)
    if width > 2:
        firsts, seconds = [row.fields[0].strip() for row in rows], [row.fields[1].strip() for row in rows]
        is_constant = len(rows) > 1 and len(set(firsts)) == 1
        if firsts == seconds or is_constant:
            why = f"is {some(firsts[:1])} throughout" if is_constant else "is the second once more"
            note = f"without a header; the first column {why}, so they are PLINK's FID and IID, and IID is the id."
            if width == 6 and _looks_like_fam(rows):
                return TableLayout(1, (5,), ("phenotype",), is_plink=True, note=note)
            return TableLayout(1, range(2, width), header[2:], is_plink=True, note=note)
        if len(set(seconds)) == len(rows) > 2 and all(field.isdecimal() for field in seconds):
            raise InputError(
                f"{path} has no header, and its second column numbers every row anew ({some(seconds, 3)}): it is "
                "PLINK's IID and the id of the row, or a value like those right of it.",
                hint="Write a header: `FID IID y` for the one, `id a b` for the other.",
            )
    return TableLayout(0, range(1, width), header[1:] if width > 2 else ("value",))


def _titled_layout(header: tuple[str, ...], rows: list[Row]) -> TableLayout:
    width = len(header)
    first, second = normalised(header[0]), normalised(header[1])
    if first in FAMILIES and second in INDIVIDUALS:
        return TableLayout(1, range(2, width), header[2:], is_plink=True)
    if first in ROW_NUMBERS and width > 2 and _number_rows(rows):
        seconds = [row.fields[1].strip() for row in rows]
        is_named = bool(second) and second in TITLES
        if is_named or (not any(map(is_number, seconds)) and len(set(seconds)) == len(rows)):
            note = f"its first column numbers the rows; ids are those of the column {some([header[1]])}."
            return TableLayout(1, range(2, width), header[2:], is_plink=second == "iid", note=note)
    return TableLayout(0, range(1, width), header[1:], is_plink=first == "iid")


def with_ids(
    path: Path,
    header: tuple[str, ...],
    rows: list[Row],
    layout: TableLayout,
    known: Names | None,
    id_column: str | None,
    *,
    is_titled: bool,
) -> tuple[TableLayout, list[str]]:
    """Return a layout with the ids in the column that is named, or that has most of the known names; and notes."""
    notes = [layout.note] if layout.note else []
    chosen = layout.ids
    if id_column is not None:
        chosen = find_title(path, header, id_column)
    elif known is not None and (layout.note or not layout.is_plink):
        columns = [[row.fields[column].strip() for row in rows] for column in range(len(header))]
        are_ids = [is_titled and normalised(title) in TITLES - NO_IDS for title in header]
        are_ids[layout.ids] |= is_titled and normalised(header[layout.ids]) in TITLES
        chosen, note = choose_ids(path, header, columns, layout.ids, known, are_ids)
        notes = [note] if note else notes
    if chosen == layout.ids:
        return layout, notes
    columns = sorted({*layout.columns, layout.ids} - {chosen})
    if len(columns) > 1 and _is_whole([row.fields[layout.ids].strip() for row in rows]):
        columns.remove(layout.ids)  # row numbers, ranks, ids of another kind
    names = [header[column] for column in columns] if is_titled or len(columns) > 1 else ["value"]
    return TableLayout(chosen, columns, names, is_plink=layout.is_plink), notes


def _is_whole(fields: list[str]) -> bool:
    """Whether a column has whole numbers, each once."""
    return all(field.isdecimal() for field in fields) and len(set(fields)) == len(fields)


def _number_rows(rows: list[Row]) -> bool:
    """Whether the first column counts the rows from 0 or 1, in whatever order these stand now."""
    fields = {row.fields[0].strip() for row in rows}
    return any(fields == {str(number + start) for number in range(len(rows))} for start in (0, 1))


def _looks_like_fam(rows: list[Row]) -> bool:
    ids = {row.fields[1].strip() for row in rows} | {"0"}
    parents = {row.fields[column].strip() for row in rows for column in (2, 3)}
    return parents <= ids and {row.fields[4].strip() for row in rows} <= {"0", "1", "2", "-9"}


def turned(
    path: Path,
    header: tuple[str, ...],
    rows: list[Row],
    known: Names | None,
    *,
    is_titled: bool,
    wanted: str | None = None,
    most: int | None = None,
) -> Layout | None:
    """Return a table turned, where the known names stand in its header and not in a column; else `None`.

    Parameters
    ----------
    path : Path
        For the sentence of an error.
    header : tuple of str
        Titles of all columns.
    rows : list of Row
        Those below it; above all of them is the header where the file has none.
    known : callable, optional
        Returns the names that ids may be.
    is_titled : bool
        Whether the first row of the file is the header.
    wanted : str, optional
        The name of the row that is read, where it is no title; all rows when absent.
    most : int, optional
        Most rows that are all read, where none is wanted.

    Raises
    ------
    InputError
        Two rows have the name that is wanted; or none is wanted, and there are more than `most`.
    """
    top, below = (list(header), rows) if is_titled else (rows[0].fields, rows[1:])
    titles = [title.strip() for title in top[1:]]
    if known is None or not below or len(set(titles)) < len(titles) or len(titles) < FEWEST_TITLES:
        return None
    if wanted is not None:
        return None if wanted in titles else _turned_row(path, top, below, known, wanted)
    names = list(known())
    number = len(match_names(titles, names, any_x=True))
    if number < FEWEST_TITLES or 2 * number <= min(len(titles), len(names)) or _has_names(top, below, names):
        return None
    if most is not None and len(below) > most:
        shown = [name for row in below[:3] if (name := row.fields[0].strip())]
        raise InputError(
            f"{path}: ids stand in its first row ({number:,} known names), and {len(below):,} rows below it, such as "
            f"{some(shown)}: one of them is the signal.",
            code="signal-is-a-row",
            facts={"first": quote(shown[0]) if shown else "NAME"},
        )
    new = (top[0].strip() or "id", *(row.fields[0].strip() for row in below))
    new_rows = [
        Row(below[0].line, [title, *(row.fields[column].strip() for row in below)])
        for column, title in enumerate(titles, start=1)
    ]
    shown = some([row.fields[0].strip() for row in below])
    return Layout(
        new, new_rows, f"ids stand in its first row ({number:,} known names): each other row is a column ({shown})."
    )


def _turned_row(path: Path, top: Sequence[str], below: Sequence[Row], known: Names, wanted: str) -> Layout | None:
    """Return the row of a name as a column, where the known names stand in the header; else `None`."""
    at = next((column for column in range(len(top)) if any(row.fields[column].strip() == wanted for row in below)), -1)
    if at < 0:
        return None
    chosen = [row for row in below if row.fields[at].strip() == wanted]
    titles, fields = [title.strip() for title in top], [field.strip() for field in chosen[0].fields]
    are_values = [column != at and (is_number(field) or is_blank(field)) for column, field in enumerate(fields)]
    columns = [column for column, are in enumerate(are_values) if are]
    others = [title for column, title in enumerate(titles) if not are_values[column] and column != at]
    names = list(known())
    number = len(match_names([titles[column] for column in columns], names, any_x=True))
    if number < max(3, LEAST_SHARE * min(len(titles), len(names))) or _has_names(top, below, names):
        return None
    if len(chosen) > 1:
        raise InputError(
            f"{path}: ids stand in its first row, and {len(chosen)} rows are named {some([wanted])}: lines "
            f"{some([str(row.line) for row in chosen])}.",
            hint="Keep one of them, or give each its own name.",
        )
    left_out = f"; nothing is read from {some(others)}" if others else ""
    return Layout(
        (titles[at] or "id", wanted),
        [Row(chosen[0].line, [titles[column], fields[column]]) for column in columns],
        f"ids stand in its first row ({number:,} known names), and {some([wanted])} is the name of line "
        f"{chosen[0].line}: its values are read{left_out}.",
    )


def _has_names(top: Sequence[str], below: Sequence[Row], names: Sequence[str]) -> bool:
    """Whether a column has known names below its title: the first, or one of text."""
    columns = ([row.fields[column].strip() for row in below] for column in range(len(top)))
    return any(
        match_names(fields, names, any_x=True)
        for column, fields in enumerate(columns)
        if not column or not any(map(is_number, fields))
    )
