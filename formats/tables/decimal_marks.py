"""Marks in the numbers of a table: decimal points or commas, and what stands between thousands."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ...engine.errors import InputError
from .fields import COMMA_NUMBER, is_number
from .table import POINT_NUMBER

if TYPE_CHECKING:
    from ...engine.choices import DecimalMark
    from .table import Table

_GROUPED = re.compile(r"\s*[+-]?[1-9]\d{0,2},\d{3}\s*")
"""A number that may have a decimal comma, or a comma between thousands."""

_SURELY_POINTS = re.compile(r"\s*[+-]?[1-9]\d{0,2}(\.\d{3}){2,}\s*")
"""A number with two points between thousands."""

_POINT_GROUPED = re.compile(r"\s*[+-]?[1-9]\d{0,2}\.\d{3}\s*")

_SURELY_THOUSANDS = re.compile(r"\s*[+-]?[1-9]\d{0,2}(,\d{3})+(,\d{3}|\.\d*)\s*")
"""A number with two commas between thousands, or with one and a decimal point."""

SURE_OF_GROUPS = 50
"""Of so many numbers with decimals some would have fewer than three, or none, if their commas were decimal ones."""

FEWEST_GROUPED = 12
"""Fewest numbers of one form that are no chance."""

FEW_WHOLE = 0.1
"""Logarithms with three decimals have fewer whole numbers among them than this share."""

LARGEST_OF_LOGS = 50.0
"""Numbers with three decimals that are below are logarithms, and no thousands."""


def with_marks(table: Table) -> Table:
    """Return the table with what is known of the marks in its numbers, from the rows that are looked at first."""
    cells = (cell for row in table.first for cell in row.fields[1:])
    if not any(not cell.isascii() or " " in cell.strip() or "'" in cell for cell in cells):
        return table
    plain = replace(table, has_marks=True)
    first = tuple(map(plain.with_points, table.first))
    return replace(plain, first=first) if first != table.first else table


def with_decimal_mark(table: Table, decimal: DecimalMark) -> Table:
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
    commas = [cell for cell in cells if "," in cell and COMMA_NUMBER.fullmatch(cell)]
    if decimal == "auto" and any(map(_SURELY_THOUSANDS.fullmatch, cells)):
        table = replace(table, may_have_thousands=True)
        return replace(table, first=tuple(map(table.with_points, table.first)))
    points = [cell for cell in cells if POINT_NUMBER.fullmatch(cell)]
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
    cells = [cell for cell in fields if POINT_NUMBER.fullmatch(cell)]
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
