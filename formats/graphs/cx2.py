"""CX2, the Cytoscape Exchange format, version 2: Cytoscape from 3.10 on, Cytoscape Web and NDEx read it.

Specification: https://cytoscape.org/cx/cx2/specification/cytoscape-exchange-format-specification-(version-2)/
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..files.writing import write_whole_file
from .edge_names import edge_name
from .graph import type_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from .graph import Column, ColumnType, Graph

_TYPE_NAMES: Mapping[ColumnType, str] = {
    "text": "string",
    "number": "double",
    "integer": "long",
    "boolean": "boolean",
    "texts": "list_of_string",
}
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def write_cx2(path: Path, graph: Graph) -> tuple[Path, ...]:
    """Write a graph as CX2, whole aspects in the order of the specification, and return the path.

    Nodes and edges are numbered from 0. Both have a `name`, which for an edge is Cytoscape's: `A (interaction) B`. What
    is missing is left out, since null is no value of a declared type.

    Raises
    ------
    NotFound
        The folder is not there.
    InputError
        The file cannot be written.
    """
    with write_whole_file(path) as stream:
        stream.writelines(part.encode() for part in _parts(graph))
    return (path,)


def _parts(graph: Graph) -> Iterator[str]:
    yield '[{"CXVersion": "2.0", "hasFragments": false},\n'
    counts = {
        "attributeDeclarations": 1,
        "networkAttributes": 1,
        "nodes": len(graph.names),
        "edges": len(graph.endpoints),
    }
    yield from _aspect("metaData", [{"elementCount": count, "name": name} for name, count in counts.items()])
    yield from _aspect("attributeDeclarations", [_declarations(graph)])
    yield from _aspect("networkAttributes", [dict(graph.attributes)])
    named = enumerate(graph.nodes())
    yield from _aspect("nodes", ({"id": n, "v": {"name": name, **record}} for n, (name, record) in named))
    yield from _aspect("edges", _edges(graph))
    yield '{"status": [{"error": "", "success": true}]}]\n'


def _aspect(name: str, elements: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    yield f'{{"{name}": ['
    for number, element in enumerate(elements):
        yield (",\n" if number else "") + _ENCODER.encode(element)
    yield "]},\n"


def _edges(graph: Graph) -> Iterator[dict[str, Any]]:
    ends = graph.endpoints.tolist()
    for number, ((source, target), (first, second, record)) in enumerate(zip(ends, graph.edges(), strict=True)):
        values = {"name": edge_name(first, second, record), **record}
        yield {"id": number, "s": source, "t": target, "v": values}


def _declarations(graph: Graph) -> dict[str, dict[str, dict[str, str]]]:
    def declared(columns: Mapping[str, Column]) -> dict[str, dict[str, str]]:
        types: dict[str, ColumnType] = {"name": "text", **{name: column.type for name, column in columns.items()}}
        return {name: {"d": _TYPE_NAMES[type_]} for name, type_ in types.items()}

    network = {name: {"d": _TYPE_NAMES[type_of(value)]} for name, value in graph.attributes.items()}
    return {"networkAttributes": network, "nodes": declared(graph.node_columns), "edges": declared(graph.edge_columns)}
