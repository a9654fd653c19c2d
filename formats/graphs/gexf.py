"""GEXF 1.3, as Gephi (from 0.9.3 on) and networkx (from 3.6 on) read it.

Written here, and not by networkx, whose writer names today and itself in the file, has no lists and no attributes of a
graph, and writes characters that are no XML.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..files.writing import write_whole_file
from .xml_text import DECLARATION, attribute, content, number_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from .graph import Column, ColumnType, Graph, Value

_TYPE_NAMES: Mapping[ColumnType, str] = {
    "text": "string",
    "number": "double",
    "integer": "long",
    "boolean": "boolean",
    "texts": "liststring",
}
_HEAD = (
    '<gexf xmlns="http://gexf.net/1.3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xsi:schemaLocation="http://gexf.net/1.3 http://gexf.net/1.3/gexf.xsd" version="1.3">\n'
)


def write_gexf(path: Path, graph: Graph) -> tuple[Path, ...]:
    """Write a graph as GEXF 1.3, and return the path.

    The id and the label of a node are its name. Lists are written as in JSON, which is how Gephi reads them. GEXF has
    no attributes of a graph: they are its description, as JSON. No date is written.

    Raises
    ------
    NotFound
        The folder is not there.
    InputError
        A text holds a character that XML cannot have, or the file cannot be written.
    """
    with write_whole_file(path) as stream:
        stream.writelines(line.encode() for line in _lines(graph))
    return (path,)


def _lines(graph: Graph) -> Iterator[str]:
    yield DECLARATION
    yield _HEAD
    creator = graph.attributes.get("software", "grnledger")
    yield f"  <meta>\n    <creator>{content(str(creator))}</creator>\n"
    description = json.dumps(dict(graph.attributes), ensure_ascii=False, allow_nan=False)
    yield f"    <description>{content(description)}</description>\n  </meta>\n"
    yield '  <graph defaultedgetype="undirected" idtype="string" mode="static">\n'
    yield from _declarations("node", graph.node_columns)
    yield from _declarations("edge", graph.edge_columns)
    ids_of_nodes = {name: number for number, name in enumerate(graph.node_columns)}
    ids_of_edges = {name: number for number, name in enumerate(graph.edge_columns)}
    yield f'    <nodes count="{len(graph.names)}">\n'
    for name, record in graph.nodes():
        yield f"      <node id={attribute(name)} label={attribute(name)}>\n"
        yield from _values(ids_of_nodes, record)
        yield "      </node>\n"
    yield f'    </nodes>\n    <edges count="{len(graph.endpoints)}">\n'
    for number, (first, second, record) in enumerate(graph.edges()):
        yield f'      <edge id="{number}" source={attribute(first)} target={attribute(second)}>\n'
        yield from _values(ids_of_edges, record)
        yield "      </edge>\n"
    yield "    </edges>\n  </graph>\n</gexf>\n"


def _declarations(scope: str, columns: Mapping[str, Column]) -> Iterator[str]:
    yield f'    <attributes class="{scope}" mode="static">\n'
    for number, (name, column) in enumerate(columns.items()):
        yield f'      <attribute id="{number}" title={attribute(name)} type="{_TYPE_NAMES[column.type]}"/>\n'
    yield "    </attributes>\n"


def _values(ids: Mapping[str, int], record: Mapping[str, Value]) -> Iterator[str]:
    yield "        <attvalues>\n"
    for name, value in record.items():
        yield f'          <attvalue for="{ids[name]}" value={attribute(_text(value))}/>\n'
    yield "        </attvalues>\n"


def _text(value: Value) -> str:
    if isinstance(value, tuple):
        return json.dumps(value, ensure_ascii=False)
    return value if isinstance(value, str) else number_text(value)
