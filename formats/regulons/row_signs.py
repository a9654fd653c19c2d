"""The sign of each row of a table of edges, read from its columns of signs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...engine.errors import InputError
from ..files.limits import NAMES_PACKING
from ..files.names import clipped
from ..tables.delimited import open_table, read_body, read_header
from ..tables.fields import is_missing, is_number
from .signs import (
    SignMarks,
    has_dash,
    has_unknown_part,
    read_flagged_signs,
    read_known_signs,
    spell_dashes,
)

if TYPE_CHECKING:
    from ..tables.table import Row, Table
    from .edge_tables import Layout
    from .unread_columns import Columns


@dataclass(frozen=True, slots=True)
class Sign:
    """The sign of a row: +1 or −1, or 0 where there is no column of signs, none is known, or both are."""

    value: int = 0
    is_unknown: bool = False
    is_disputed: bool = False
    is_known_in_part: bool = False

    @property
    def is_known(self) -> bool:
        """Whether it is +1 or −1."""
        return self.value != 0


@dataclass
class SignReader:
    """Reads the signs of rows; where a column has dashes, the whole of it is looked at once to learn what they are.

    Parameters
    ----------
    table : Table
        Of the rows.
    layout : Layout
        Where it has its names.
    columns : Columns
        Where it has its signs: words and marks, or numbers whose signs count.
    """

    table: Table
    layout: Layout
    columns: Columns
    _minus: frozenset[int] | None = None
    _has_negative: bool = field(default=False, init=False)

    def read(self, row: Row) -> Sign:
        """Return the sign of a row."""
        signs = self.columns.signs
        if not signs:
            return Sign()
        fields = [row.fields[column] for column in signs]
        if self.columns.are_numbers:
            return self._of_number(row, fields[0])
        if not self.columns.are_flags and any(map(has_dash, fields)):
            minus = self._columns_of_minus()
            fields = [spell_dashes(f, are_minus=column in minus) for f, column in zip(fields, signs, strict=True)]
        known = read_flagged_signs(*fields) if self.columns.are_flags else read_known_signs(fields)
        if known is None:
            raise self._not_known(row, fields[0])
        is_one = len(known) == 1
        in_part = is_one and not self.columns.are_flags and has_unknown_part(fields)
        return Sign(sum(known), is_unknown=not known, is_disputed=len(known) > 1, is_known_in_part=in_part)

    def refuse_positive(self) -> None:
        """Refuse numbers none of which was negative, as p-values and ratios are: their signs say nothing.

        Raises
        ------
        InputError
            There was none.
        """
        if self.columns.are_numbers and not self._has_negative:
            title = self.layout.header[self.columns.signs[0]]
            raise InputError(
                f"{self.table.path}: no number in column {title!r} is negative: all pairs may be of activation, or "
                "these numbers (p-values, ratios, weights) have no signs of regulation.",
                code="numbers-without-sign",
                facts={"column": title},
            )

    def _of_number(self, row: Row, cell: str) -> Sign:
        if not is_number(cell) and not is_missing(cell):
            raise self._not_known(row, cell)
        number = 0.0 if is_missing(cell) else float(cell)
        self._has_negative |= number < 0
        return Sign((number > 0) - (number < 0), is_unknown=number == 0)

    def _not_known(self, row: Row, cell: str) -> InputError:
        title = self.layout.header[self.columns.signs[0]]
        return InputError(
            f"{self.table.path}, line {row.line}: {clipped(cell)} in column {title!r} is not known as a sign of "
            "regulation.",
            code="sign-not-known",
            facts={"column": title},
        )

    def _columns_of_minus(self) -> frozenset[int]:
        """Return the columns of signs in which a dash is a minus."""
        if self._minus is None:
            marks = {column: SignMarks() for column in self.columns.signs}
            with open_table(self.table.path, packing=NAMES_PACKING) as again:
                for plain in read_body(again, width_of(again, self.layout), after_header=self.layout.has_header):
                    row = self.layout.expand(plain)
                    for column, mark in marks.items():
                        mark.add(row.fields[column])
            self._minus = frozenset(column for column, mark in marks.items() if mark.are_dashes_minus)
        return self._minus


def width_of(table: Table, layout: Layout) -> int:
    """Return the number of fields of a row of a table."""
    return len(read_header(table)) if layout.has_header else len(layout.header)
