"""Results as tables: columns by name, a DataFrame of them, and a small HTML table for notebooks."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from .lazy import require
from .wording import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd  # pyright: ignore[reportMissingTypeStubs]

MOST_ROWS = 10
"""Rows that a notebook shows of a table."""


class Table(ABC):
    """A result that is a table: each column has one value a row.

    `columns` is all that a result has to say of itself. Its names are those of the answers of the command line.
    """

    __slots__ = ()

    @abstractmethod
    def columns(self) -> dict[str, Sequence[Any]]:
        """Return the columns by name, all of one length; an array or a list each."""

    def to_frame(self) -> pd.DataFrame:
        """Return the columns as a DataFrame of pandas.

        Raises
        ------
        InputError
            pandas is not installed.
        """
        pd = require("pandas", "tables", "A DataFrame")
        return pd.DataFrame(self.columns())

    def _repr_html_(self) -> str:
        return table_html(repr(self), self.columns())


def table_html(caption: str, columns: Mapping[str, Sequence[Any]], most: int = MOST_ROWS) -> str:
    """Return the first rows of columns as an HTML table, without scripts or styles; every text is escaped.

    Parameters
    ----------
    caption : str
        What the table shows, in a line.
    columns : mapping of str to sequence
        Columns of one length.
    most : int
        Rows that are shown; how many are left out is written below them.
    """
    names = list(columns)
    count = min(map(len, columns.values()), default=0)
    head = "".join(f'<th scope="col">{_text(name)}</th>' for name in names)
    body = _rows([columns[name][row] for name in names] for row in range(min(count, most)))
    left = f'<tr><td colspan="{len(names)}">… {count - most:,} more</td></tr>' if count > most else ""
    return (
        f"<table><caption>{_text(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}{left}</tbody></table>"
    )


def facts_html(caption: str, facts: Iterable[tuple[str, object]]) -> str:
    """Return names and values as an HTML table, a pair a row; pairs whose value is `None` are left out."""
    rows = (
        f'<tr><th scope="row">{_text(name)}</th><td>{_text(value)}</td></tr>'
        for name, value in facts
        if value is not None
    )
    return f"<table><caption>{_text(caption)}</caption><tbody>{''.join(rows)}</tbody></table>"


def _rows(rows: Iterable[Iterable[object]]) -> str:
    return "".join(f"<tr>{''.join(f'<td>{_text(value)}</td>' for value in row)}</tr>" for row in rows)


def _text(value: object) -> str:
    """Return a value as escaped text: numbers in four digits, nothing for what is missing."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))  # pyright: ignore[reportUnknownArgumentType]
    if value is None:
        return ""
    import html

    return html.escape(printable(str(value)))
