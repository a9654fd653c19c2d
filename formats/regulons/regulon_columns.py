"""Which columns of a regulon table hold weights and signs."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from ...engine.errors import InputError, NotFound
from ...engine.wording import some
from ..files.names import clipped
from ..tables.fields import is_missing, is_number
from .perturbations import sign_of_perturbation
from .row_marks import are_directions
from .signs import (
    FLAG_TITLES,
    is_sign_title,
    names_one_sign,
    read_flags,
    read_known_signs,
    read_sign,
)
from .titles import WEIGHT_TITLES, title_key
from .unread_columns import Columns, UnreadColumn, is_relation_title, one_flag

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ..tables.table import Row
    from .edge_tables import Layout

_OF_RESOURCE = re.compile(r"\[.+\] ?(?P<title>.+)")
"""A title of a column of one of several resources, as in CollecTRI's `[TRRUST] Regulation`."""


def find_columns(path: Path, layout: Layout, sign_column: str | None, weight_column: str | None) -> Columns:
    """Return the columns of weights and signs, as chosen or by their titles; "none" chooses no column.

    Raises
    ------
    NotFound
        There is no such column.
    InputError
        The chosen or the titled column holds no signs.
    """
    header, names = layout.header, {layout.source, layout.target}
    titles = [title_key(title) for title in header]
    if "entry1" in titles:  # KEGG's relations: their subtype has a name and a value
        titles = ["subtype" if title == "name" else title for title in titles]
    cells = {
        column: [row.fields[column] for row in layout.first if column < len(row.fields)]
        for column in range(len(header))
        if column not in names
    }
    weight = _chosen(path, layout, weight_column)
    if weight_column is None:
        weight = next((titles.index(title) for title in WEIGHT_TITLES if title in titles), None)
        weight = _find_signed_numbers(titles, cells) if weight is None else weight
        if weight is not None and titles[weight] not in WEIGHT_TITLES and _are_codes(cells[weight]):
            if sign_column is None:
                raise _may_be_codes(path, header[weight], cells[weight])
            weight = None
    weight = None if weight in names else weight
    signs, are_flags, are_numbers = (), False, False
    if sign_column is None:
        signs, are_flags = _find_signs(path, header, titles, cells, weight)
    elif sign_column != "none":
        signs = (_chosen(path, layout, sign_column) or 0,)
        _refuse_flags(path, header[signs[0]], cells.get(signs[0], []))
        are_numbers = _are_signed_numbers(cells.get(signs[0], []))
    unread = {
        column: UnreadColumn(header[column]) for column in cells if column not in (weight, *signs) and header[column]
    }
    are_members = weight is not None and _are_truths(cells[weight])
    perturbation = "" if layout.are_sets else sign_of_perturbation(layout)
    return Columns(
        weight, signs, are_flags, unread, are_members=are_members, are_numbers=are_numbers, perturbation=perturbation
    )


def read_weight(path: Path, row: Row, layout: Layout, columns: Columns) -> float:
    """Return the weight of a row: that of its field, 1 or 0 of TRUE or FALSE, 1 where there is no column of weights.

    Raises
    ------
    InputError
        The field is no finite number.
    """
    if columns.weight is None:
        return 1.0
    field, title = row.fields[columns.weight], layout.header[columns.weight]
    if columns.are_members and (flag := read_flags(field, "0")) is not None:
        return float(flag)
    if is_number(field) and math.isfinite(float(field)):
        return float(field)
    what = "is not a finite number" if is_number(field) or is_missing(field) else "is not a number"
    raise InputError(
        f"{path}, line {row.line}, column {title}: the weight {clipped(field)} of {row.fields[layout.source]} → "
        f"{row.fields[layout.target]} {what}.",
        code="weight-not-a-number",
        facts={"column": title},
    )


def _are_truths(cells: Iterable[str]) -> bool:
    """Whether fields are TRUE and FALSE, or yes and no, in words."""
    filled = [cell for cell in cells if not is_missing(cell)]
    return bool(filled) and all(not is_number(cell) and read_flags(cell, "0") is not None for cell in filled)


def _chosen(path: Path, layout: Layout, title: str | None) -> int | None:
    header = layout.header
    if title is None or title == "none":
        return None
    if not layout.has_header and title.isdecimal() and 1 <= int(title) <= len(header):
        return int(title) - 1
    if title not in header:
        raise NotFound(f"{path} has no column {title!r}; it has {some([other for other in header if other], 10)}.")
    return list(header).index(title)


def _find_signs(
    path: Path, header: Sequence[str], titles: Sequence[str], cells: dict[int, list[str]], weight: int | None
) -> tuple[tuple[int, ...], bool]:
    """Return the columns of signs by their titles, and whether they are two flags."""
    for plus, minus in FLAG_TITLES:
        if plus in titles and minus in titles:
            return (titles.index(plus), titles.index(minus)), True
    filled = {
        column: [cell for cell in fields if not is_missing(cell)]
        for column, fields in cells.items()
        if column != weight
    }
    of_resources = [column for column in filled if _is_of_resource(header[column])]
    if of_resources:
        return tuple(of_resources), False
    titled = [column for column in filled if is_sign_title(titles[column]) and not are_directions(filled[column])]
    readable = [column for column in titled if all(read_known_signs([cell]) is not None for cell in filled[column])]
    signed = [column for column in readable if any(read_known_signs([cell]) for cell in filled[column])]
    if signed or readable:
        return ((signed or readable)[0],), False
    unsigned = [column for column in titled if is_relation_title(titles[column]) and not _any_sign(filled[column])]
    titled = [column for column in titled if column not in unsigned]
    has_negative = weight is not None and any(is_number(cell) and float(cell) < 0 for cell in cells[weight])
    if titled and not has_negative:
        cell = next((cell for cell in filled[titled[0]] if read_known_signs([cell]) is None), "")
        raise InputError(
            f"{path} has signs in its column {header[titled[0]]!r}, and {clipped(cell)} is not known as one.",
            code="sign-not-known",
            facts={"column": header[titled[0]]},
        )
    return (), False


def _find_signed_numbers(titles: Sequence[str], cells: dict[int, list[str]]) -> int | None:
    """Return the column under a title of signs that holds other numbers than 1, 0 and -1, as VIPER's modes do."""
    for column, fields in cells.items():
        filled = [cell for cell in fields if not is_missing(cell)]
        if is_sign_title(titles[column]) and all(map(is_number, filled)) and any(read_sign(c) is None for c in filled):
            return column
    return None


def _are_codes(cells: Iterable[str]) -> bool:
    """Whether numbers are whole and have no sign: 1 and 2 may be codes of activation and repression, or weights."""
    numbers = [float(cell) for cell in cells if not is_missing(cell)]
    return all(number >= 0 and number.is_integer() for number in numbers)


def _are_signed_numbers(cells: Iterable[str]) -> bool:
    """Whether fields are numbers whose signs count, such as correlations, and not only 1, 0 and -1, or codes."""
    filled = [cell for cell in cells if not is_missing(cell)]
    return all(map(is_number, filled)) and any(read_sign(cell) is None for cell in filled) and not _are_codes(filled)


def _may_be_codes(path: Path, title: str, cells: Iterable[str]) -> InputError:
    shown = some(sorted({cell.strip() for cell in cells if not is_missing(cell)}), 3)
    return InputError(
        f"The column {title!r} of {path} has the title of a column of signs, and whole numbers ({shown}): these may be "
        "codes of activation and repression, or weights.",
        code="codes-or-weights",
        facts={"column": title},
    )


def _any_sign(cells: Iterable[str]) -> bool:
    return any(read_sign(cell) for cell in cells)


def _is_of_resource(title: str) -> bool:
    match = _OF_RESOURCE.fullmatch(title.strip())
    return match is not None and is_sign_title(match["title"])


def _refuse_flags(path: Path, title: str, cells: Iterable[str]) -> None:
    """Refuse flags of one sign chosen as the column of signs: what is not activation need not be repression."""
    filled = [cell for cell in cells if not is_missing(cell)]
    if names_one_sign(title_key(title)) and filled and all(read_flags(cell, "0") is not None for cell in filled):
        raise one_flag(path, title)
