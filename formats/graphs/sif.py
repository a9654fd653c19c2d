"""SIF, the simple interaction format of Cytoscape, with all that it cannot hold in two tables beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ..files.writing import write_whole_file
from .edge_names import edge_name, interaction_of
from .tables import write_text_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .graph import Graph


def write_sif(path: Path, graph: Graph) -> tuple[Path, ...]:
    """Write a graph as SIF with two tables of attributes beside it, and return the three paths.

    SIF holds names and the interaction of an edge alone. NAME.nodes.tsv and NAME.edges.tsv have the attributes; their
    first column is the name that Cytoscape gives a node or an edge of NAME.sif, so that `File > Import > Table from
    File` joins them. Attributes of the graph are lost.

    Raises
    ------
    NotFound
        The folder is not there.
    InputError
        SIF cannot hold a name, or a file cannot be written.
    """
    for text in (*graph.names, *{interaction_of(record) for _, _, record in graph.edges()}):
        if text != text.strip() or any(character in text for character in "\t\n\r"):
            raise InputError(
                f"{text!r} cannot stand in a SIF file, which parts names by tabs and drops the blanks around them.",
                hint="The formats graphml, cx2, cyjs and tsv can hold it.",
            )
    nodes, edges = path.with_suffix(".nodes.tsv"), path.with_suffix(".edges.tsv")
    of_nodes, of_edges = graph.node_columns, graph.edge_columns
    rows = ((name, *(record.get(title) for title in of_nodes)) for name, record in graph.nodes())
    write_text_table(nodes, ("name", *of_nodes), rows)
    rows = (
        (edge_name(first, second, record), first, second, *(record.get(title) for title in of_edges))
        for first, second, record in graph.edges()
    )
    write_text_table(edges, ("name", "source", "target", *of_edges), rows)
    with write_whole_file(path) as stream:
        stream.writelines(line.encode() for line in _lines(graph))
    return path, nodes, edges


def _lines(graph: Graph) -> Iterator[str]:
    """Yield edges, then nodes without one: Cytoscape looks for a tab in the first line."""
    for first, second, record in graph.edges():
        yield f"{first}\t{interaction_of(record)}\t{second}\n"
    joined = np.isin(np.arange(len(graph.names)), graph.endpoints)
    for index in np.flatnonzero(~joined).tolist():
        yield f"{graph.names[index]}\n"
