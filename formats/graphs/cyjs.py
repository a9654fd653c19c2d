"""The JSON of Cytoscape.js, as Cytoscape exports and imports it; networkx reads it with `cytoscape_graph`."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

from ..files.writing import write_whole_file
from .edge_names import edge_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from .graph import Graph

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def write_cyjs(path: Path, graph: Graph) -> tuple[Path, ...]:
    """Write a graph as JSON of Cytoscape.js, and return the path.

    The id of a node is its name, which stands in `name` for Cytoscape and in `value` for networkx too. Edges have ids
    that no node has, as Cytoscape.js asks. What is missing is left out: Cytoscape takes a column that begins with null
    for text.

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
    software = _ENCODER.encode(graph.attributes.get("software", "grnledger"))
    yield f'{{"format_version": "1.0", "generated_by": {software}, "target_cytoscapejs_version": "~2.1",\n'
    yield f'"directed": false, "multigraph": false, "data": {_ENCODER.encode(dict(graph.attributes))},\n'
    yield '"elements": {"nodes": ['
    yield from _listed({"id": name, "name": name, "value": name, **record} for name, record in graph.nodes())
    yield '],\n"edges": ['
    yield from _listed(_edges(graph))
    yield "]}}\n"


def _edges(graph: Graph) -> Iterator[dict[str, Any]]:
    names = frozenset(graph.names)
    ids = (id_ for number in itertools.count() if (id_ := f"e{number}") not in names)
    for id_, (first, second, record) in zip(ids, graph.edges(), strict=False):
        yield {"id": id_, "source": first, "target": second, "name": edge_name(first, second, record), **record}


def _listed(records: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for number, record in enumerate(records):
        yield (",\n" if number else "\n") + _ENCODER.encode({"data": record})
