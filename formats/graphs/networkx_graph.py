"""Graphs as networkx has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...engine.lazy import require

if TYPE_CHECKING:
    from .graph import Graph, Value


def to_networkx(graph: Graph) -> Any:
    """Return a graph as a `networkx.Graph`, whose nodes are the names, in their order.

    What is missing is left out of the attributes of a node or an edge, and lists are lists.

    Raises
    ------
    InputError
        networkx is not installed.
    """
    networkx: Any = require("networkx", "graph", "A graph of networkx")
    result = networkx.Graph(**graph.attributes)
    for name, record in graph.nodes():
        result.add_node(name, **_values(record))
    for first, second, record in graph.edges():
        result.add_edge(first, second, **_values(record))
    return result


def _values(record: dict[str, Value]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in record.items()}
