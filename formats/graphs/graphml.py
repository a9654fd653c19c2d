"""GraphML, as Cytoscape, Gephi, yEd, igraph and networkx read it.

Written here, and not by networkx, whose writer puts the attributes of the graph behind its last edge, where Cytoscape
takes them for that edge's, leaves out columns without a value, writes characters that are no XML, and other bytes where
lxml is installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files.writing import write_whole_file
from .graph import join_texts, type_of
from .xml_text import DECLARATION, attribute, content, number_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from .graph import ColumnType, Graph, Value

_TYPE_NAMES: Mapping[ColumnType, str] = {
    "text": "string",
    "number": "double",
    "integer": "long",
    "boolean": "boolean",
    "texts": "string",
}
_HEAD = (
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns '
    'http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">\n'
)


def write_graphml(path: Path, graph: Graph) -> tuple[Path, ...]:
    """Write a graph as GraphML, and return the path.

    The id of a node is its name, which igraph finds in `name`. A list is one text (`join_texts`). What is missing, and
    a list without members, is left out.

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
    keys: dict[tuple[str, str], str] = {}
    for scope, name, type_ in _declared(graph):
        key = keys[scope, name] = f"d{len(keys)}"
        yield f'  <key id="{key}" for="{scope}" attr.name={attribute(name)} attr.type="{_TYPE_NAMES[type_]}"/>\n'
    yield '  <graph edgedefault="undirected">\n'
    yield from _data(keys, "graph", graph.attributes.items(), "    ")
    for name, record in graph.nodes():
        yield f"    <node id={attribute(name)}>\n"
        yield from _data(keys, "node", [("name", name), *record.items()], "      ")
        yield "    </node>\n"
    for first, second, record in graph.edges():
        yield f"    <edge source={attribute(first)} target={attribute(second)}>\n"
        yield from _data(keys, "edge", record.items(), "      ")
        yield "    </edge>\n"
    yield "  </graph>\n</graphml>\n"


def _declared(graph: Graph) -> Iterator[tuple[str, str, ColumnType]]:
    """Yield what each attribute is of, its name and its type."""
    for name, value in graph.attributes.items():
        yield "graph", name, type_of(value)
    yield "node", "name", "text"
    for name, column in graph.node_columns.items():
        yield "node", name, column.type
    for name, column in graph.edge_columns.items():
        yield "edge", name, column.type


def _data(
    keys: Mapping[tuple[str, str], str], scope: str, values: Iterable[tuple[str, Value]], indent: str
) -> Iterator[str]:
    for name, value in values:
        if value != ():
            yield f'{indent}<data key="{keys[scope, name]}">{_text(value)}</data>\n'


def _text(value: Value) -> str:
    if isinstance(value, str | tuple):
        return content(value if isinstance(value, str) else join_texts(value))
    return number_text(value)
