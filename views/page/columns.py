"""Columns of a page: of each cell its text, and where it is a number, the number in full."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ...engine.wording import printable
from .numbers import MISSING, column_texts, rate_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Sort = Literal["name", "text", "number"]
"""What a column has: names of genes or pathways, which the search reads; other words; or numbers."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A text, the number that it stands for, a mark by which the style colours it, and where it leads."""

    text: str
    value: float | None = None
    mark: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its key for the script, its title, what it has, its cells, and whether these may be long."""

    key: str
    title: str
    sort: Sort
    cells: Sequence[Cell]
    is_wide: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a page.

    Parameters
    ----------
    id : str
        The id of its element.
    caption : str
        What it lists, for those who hear it.
    columns : tuple of Column
        All of one length.
    """

    id: str
    caption: str
    columns: tuple[Column, ...]

    @property
    def rows(self) -> list[tuple[tuple[Column, Cell], ...]]:
        """The rows, each cell with its column."""
        cells = zip(*(column.cells for column in self.columns), strict=True)
        return [tuple(zip(self.columns, row, strict=True)) for row in cells]

    def __len__(self) -> int:
        return len(self.columns[0].cells)


def name_column(key: str, title: str, names: Iterable[str]) -> Column:
    """Return a column of names of genes or pathways."""
    return Column(key, title, "name", [Cell(printable(name)) for name in names])


def sign_column(key: str, signs: Iterable[int]) -> Column:
    """Return a column of signs."""
    return word_column(key, key, ("+" if sign > 0 else "−" if sign else "" for sign in signs))


def word_column(key: str, title: str, words: Iterable[str]) -> Column:
    """Return a column of words, which the style may colour."""
    return Column(
        key, title, "text", [Cell(word, mark=word.replace(" ", "-") if word.isascii() else "") for word in words]
    )


def real_column(key: str, title: str, values: Sequence[float | None]) -> Column:
    """Return a column of numbers with as many decimals as the largest needs."""
    return number_column(key, title, values, column_texts(values))


def count_column(key: str, title: str, values: Sequence[int | None]) -> Column:
    """Return a column of whole numbers."""
    return number_column(key, title, values, [MISSING if value is None else f"{value:,}" for value in values])


def decimal_column(key: str, title: str, values: Sequence[float | None]) -> Column:
    """Return a column of numbers in hundredths."""
    texts = (MISSING if text in ("nan", "-inf", "inf") else text for text in (f"{v:.2f}" for v in map(_or_nan, values)))
    return number_column(key, title, values, list(texts))


def rate_column(key: str, title: str, values: Sequence[float | None]) -> Column:
    """Return a column of false discovery rates."""
    return number_column(key, title, values, [rate_text(value) for value in values])


def number_column(key: str, title: str, values: Sequence[float | None], texts: Sequence[str]) -> Column:
    """Return a column of numbers with the texts that stand for them."""
    return Column(key, title, "number", [Cell(text, value) for text, value in zip(texts, values, strict=True)])


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value
