"""An undirected graph with typed columns on its nodes and its edges: what every format of graphs is written from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ...engine.errors import InputError, ShapeError
from ...engine.wording import repeated, some

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

ColumnType = Literal["text", "number", "integer", "boolean", "texts"]
"""What a column holds; `texts` are lists of text."""

Scalar = str | float | int | bool
"""A value of a graph as a whole."""

Value = Scalar | tuple[str, ...]
"""A value of a node or an edge."""

TYPES: Mapping[ColumnType, type] = {"text": str, "number": float, "integer": int, "boolean": bool, "texts": tuple}
"""The type of Python of each type of column."""

RESERVED = ("id", "name", "source", "target", "value", "label")
"""Names that formats use themselves, and that no column may have."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of values, one a node or one an edge.

    Parameters
    ----------
    type : {"text", "number", "integer", "boolean", "texts"}
        What they are.
    values : sequence
        `None` where one is missing.

    Raises
    ------
    InputError
        A value is of another type, or no finite number.
    """

    type: ColumnType
    values: Sequence[Value | None]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(self.values))
        expected = TYPES[self.type]
        strange = next((value for value in self.values if value is not None and type(value) is not expected), None)
        if strange is not None:
            raise InputError(f"A column of the type {self.type} holds {strange!r}.")
        if self.type == "number" and not all(value is None or math.isfinite(float(value)) for value in self.values):  # pyright: ignore[reportArgumentType]
            raise InputError("A column of numbers holds one that is not finite: what is missing is None.")

    @staticmethod
    def of_numbers(values: NDArray[np.float64]) -> Column:
        """Return a column of numbers, in which NaN is missing."""
        return Column("number", [None if math.isnan(value) else value for value in values.tolist()])


@dataclass(frozen=True, slots=True)
class Graph:
    """An undirected graph without loops, whose edges join two nodes each.

    Parameters
    ----------
    names : tuple of str
        The nodes: unique, and not empty.
    endpoints : ndarray of intp, shape (E, 2)
        Indices of the two nodes of each edge; no two edges have the same.
    node_columns : mapping of str to Column
        Of each attribute, a value a node.
    edge_columns : mapping of str to Column
        Of each attribute, a value an edge.
    attributes : mapping of str to str, float, int or bool
        Of the graph as a whole.

    Raises
    ------
    InputError
        A name is empty, occurs twice or cannot be written; or a column has the name of something else.
    ShapeError
        A column or the endpoints do not fit.
    """

    names: tuple[str, ...]
    endpoints: NDArray[np.intp]
    node_columns: Mapping[str, Column]
    edge_columns: Mapping[str, Column]
    attributes: Mapping[str, Scalar]

    def __post_init__(self) -> None:
        if "" in self.names:
            raise InputError("A name of a node is empty.")
        if twice := repeated(self.names):
            raise InputError(f"The name of a node occurs twice: {some(twice)}.")
        self._check_endpoints()
        for columns, length in ((self.node_columns, len(self.names)), (self.edge_columns, len(self.endpoints))):
            for name, column in columns.items():
                if name in RESERVED:
                    raise InputError(f"No attribute can be called {name!r}, which formats use themselves.")
                if len(column.values) != length:
                    raise ShapeError(f"The column {name!r} has {len(column.values):,} values, not {length:,}.")
        for text in self._texts():
            if not text.isascii():
                _check_encoding(text)

    def __repr__(self) -> str:
        return f"<Graph of {len(self.names):,} nodes and {len(self.endpoints):,} edges>"

    def nodes(self) -> Iterator[tuple[str, dict[str, Value]]]:
        """Yield the name of each node, and its attributes without those that are missing."""
        return zip(self.names, _records(self.node_columns, len(self.names)), strict=True)

    def edges(self) -> Iterator[tuple[str, str, dict[str, Value]]]:
        """Yield the names of both nodes of each edge, and its attributes without those that are missing."""
        records = _records(self.edge_columns, len(self.endpoints))
        for (first, second), record in zip(self.endpoints.tolist(), records, strict=True):
            yield self.names[first], self.names[second], record

    def _check_endpoints(self) -> None:
        ends = np.array(self.endpoints, dtype=np.intp)
        ends.setflags(write=False)
        object.__setattr__(self, "endpoints", ends)
        if ends.ndim != 2 or ends.shape[1] != 2:
            raise ShapeError(f"Endpoints have the shape (E, 2), not {ends.shape}.")
        if len(ends) and not (ends.min() >= 0 and ends.max() < len(self.names)):
            raise ShapeError(f"An edge ends at no node: there are {len(self.names):,}.")
        pairs = np.sort(ends, axis=1)
        if (pairs[:, 0] == pairs[:, 1]).any() or len(np.unique(pairs, axis=0)) < len(pairs):
            raise ShapeError("An edge joins two nodes, and no two edges join the same.")

    def _texts(self) -> Iterator[str]:
        """Yield every text of the graph."""
        yield from self.names
        yield from (value for value in self.attributes.values() if isinstance(value, str))
        for column in (*self.node_columns.values(), *self.edge_columns.values()):
            for value in column.values if column.type in ("text", "texts") else ():
                yield from (value,) if isinstance(value, str) else value if isinstance(value, tuple) else ()


def type_of(value: Value) -> ColumnType:
    """Return the type of a column that holds such a value."""
    return next(name for name, python in TYPES.items() if type(value) is python)


def _check_encoding(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as failure:
        raise InputError(f"{text!r} is no text: it holds half of a character.") from failure


def _records(columns: Mapping[str, Column], length: int) -> Iterator[dict[str, Value]]:
    values = [column.values for column in columns.values()]
    for row in zip(*values, strict=True) if values else ((),) * length:
        yield {name: value for name, value in zip(columns, row, strict=True) if value is not None}


def join_texts(texts: Sequence[str]) -> str:
    r"""Return a list of text as one text for formats that have no lists: `|` between, and `\` before one within.

    Examples
    --------
    >>> join_texts(["P53", "A|B"])
    'P53|A\\|B'
    """
    return "|".join(text.replace("\\", "\\\\").replace("|", "\\|") for text in texts)
