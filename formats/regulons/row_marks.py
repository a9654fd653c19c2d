"""Rows of tables of pairs that say of themselves that they are no pair (NOT), or have no direction."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...engine.errors import InputError
from ...engine.wording import counted, some
from .signs import read_flags
from .titles import title_key

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ..tables.table import Row

_QUALIFIERS = re.compile(r"(.*_)?qualifi(ers?|kator(en)?|cador(es)?|cateurs?)(_.*)?")
"""Titles of a column of qualifiers, as files of annotations have them."""

_NEGATIONS = frozenset({"negated", "is_negated", "negation", "is_not", "not", "negative_annotation"})
"""Titles of a column that says of a row that it holds not."""

_PARTS = re.compile(r"[|;,:]")
_RELATIONS = (
    "involved_in|enables|part_of|contributes_to|colocalizes_with|located_in|is_active_in|acts_upstream_of|has_phenotype"
)
_NOT_SO = re.compile(rf"NOT[ _]+({_RELATIONS})\w*")
_NOT_IN_ANY_CASE = re.compile(
    r"not([|;,: _]+(?!(known|available|applicable|determined|specified)\b)\S.*)?", re.IGNORECASE
)
"""A field of a column of qualifiers that says NOT."""

_LONGEST = 200
"""Letters of a field that may be a qualifier."""

_UNDIRECTED = re.compile(r"(un|non?[- _]?)directed|ungerichtet|no[- _]dirigid[oa]|non[- _]oriente", re.IGNORECASE)
_DIRECTED = re.compile(r"(bi)?directed|directional|gerichtet|dirigid[oa]|oriente", re.IGNORECASE)
_FLAGS_OF_DIRECTION = frozenset({"directed", "is_directed", "isdirected"})


def says_not(cell: str) -> bool:
    """Whether a field says NOT as files of annotations do, in whatever column.

    Examples
    --------
    >>> [says_not(cell) for cell in ("NOT", "NOT|involved_in", "contributes_to|NOT", "NOT part_of", "NOTCH1", "not")]
    [True, True, True, True, False, False]
    """
    if "NOT" not in cell or len(cell) > _LONGEST:
        return False
    return any(part.strip() == "NOT" for part in _PARTS.split(cell)) or bool(_NOT_SO.fullmatch(cell.strip()))


def are_directions(cells: Iterable[str]) -> bool:
    """Whether fields, of which there are some, say only whether pairs have a direction: these are no signs.

    Examples
    --------
    >>> are_directions(["directed", "undirected"]), are_directions(["Directed", "+"]), are_directions([])
    (True, False, False)
    """
    texts = [cell.strip() for cell in cells]
    return bool(texts) and all(_UNDIRECTED.fullmatch(text) or _DIRECTED.fullmatch(text) for text in texts)


@dataclass
class RowMarks:
    """What the rows of a table say of themselves, counted while they are read.

    Parameters
    ----------
    header : sequence of str
        A title a column.
    names : container of int
        The columns of names, which say nothing of this kind.
    """

    header: Sequence[str]
    names: Container[int]
    _negated: dict[int, int] = field(default_factory=dict["int", int], init=False)
    _pairs: set[tuple[str, str]] = field(default_factory=set["tuple[str, str]"], init=False)
    _undirected: int = field(default=0, init=False)
    _first: str = field(default="", init=False)
    _columns: tuple[tuple[int, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        titles = [title_key(title) for title in self.header]
        self._columns = tuple((i, self._kind_of(title)) for i, title in enumerate(titles) if i not in self.names)

    @staticmethod
    def _kind_of(title: str) -> str:
        if _QUALIFIERS.fullmatch(title):
            return "qualifiers"
        if title in _NEGATIONS:
            return "negations"
        return "directions" if title in _FLAGS_OF_DIRECTION else ""

    def is_negated(self, row: Row, *pair: str) -> bool:
        """Whether a row says that its pair, a source and a target, is none; such rows are counted."""
        for column, kind in self._columns:
            cell = row.fields[column] if column < len(row.fields) else ""
            if cell and (says_not(cell) or _is_negated(cell.strip(), kind)):
                self._negated[column] = self._negated.get(column, 0) + 1
                if len(pair) == 2:
                    self._pairs.add((pair[0], pair[1]))
                return True
        return False

    def look_for_direction(self, row: Row, source: str, target: str) -> None:
        """Count a row that says that its pair has no direction."""
        for column, kind in self._columns:
            cell = row.fields[column]
            is_undirected = cell[:1] in "uUnN" and bool(_UNDIRECTED.fullmatch(cell.strip()))
            if is_undirected or (kind == "directions" and cell.strip() and read_flags(cell, "0") == 0):
                self._undirected += 1
                self._first = self._first or (
                    f"{source} and {target} (line {row.line}, column {self.header[column]!r}: {cell.strip()})"
                )
                return

    def refuse_undirected(self, path: Path) -> None:
        """Refuse pairs of regulators and targets of which the file says that some have no direction.

        Raises
        ------
        InputError
            There was one.
        """
        if self._undirected:
            have = "has" if self._undirected == 1 else "have"
            raise InputError(
                f"{path}: {counted(self._undirected, 'pair')} {have} no direction, such as {self._first}: nothing "
                "says which of two genes regulates the other.",
                hint="Take such rows out of the file, or write there that they are directed, from the first gene to "
                "the second.",
            )

    def notes(self, pairs: Mapping[str, Container[str]] | None = None) -> Iterator[str]:
        """Yield a note on the rows that say NOT; `pairs` are targets by source of the others."""
        count = sum(self._negated.values())
        if not count:
            return
        columns = some([repr(self.header[column]) for column in self._negated], 3)
        where = "column" if len(self._negated) == 1 else "columns"
        twice = sum(target in (pairs or {}).get(source, ()) for source, target in self._pairs)
        other = f"; {counted(twice, 'pair')} of them in other rows that do not say so, which are read" if twice else ""
        yield f"{counted(count, 'row')} left out that {'says' if count == 1 else 'say'} NOT in {where} {columns}{other}"

    @property
    def negated(self) -> int:
        """How many rows say NOT."""
        return sum(self._negated.values())


def _is_negated(cell: str, kind: str) -> bool:
    """Whether a field says NOT under a title of qualifiers or of negations."""
    if kind == "qualifiers":
        return len(cell) <= _LONGEST and bool(_NOT_IN_ANY_CASE.fullmatch(cell))
    return kind == "negations" and (read_flags(cell, "0") == 1 or bool(_NOT_IN_ANY_CASE.fullmatch(cell)))
