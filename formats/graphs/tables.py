"""The edges of a graph as a table, an edge a row: text between tabs, or parquet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ...engine.lazy import require
from ...engine.wording import field_text
from ..files.writing import write_whole_file
from .graph import join_texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from .graph import Graph, Value

ENDS = ("gene_a", "gene_b")
"""The columns of both nodes of an edge."""


def write_tsv(path: Path, graph: Graph) -> tuple[Path, ...]:
    """Write the edges of a graph as text between tabs under a header, and return the path.

    Numbers are written in full. What is missing is empty, a list is one text (`join_texts`), and fields with a tab, a
    line end or a quotation mark are quoted as in CSV. Attributes of nodes and of the graph are not written.

    Raises
    ------
    NotFound
        The folder is not there.
    InputError
        The file cannot be written.
    """
    columns = graph.edge_columns
    rows = ((*ends, *(record.get(name) for name in columns)) for *ends, record in graph.edges())
    write_text_table(path, (*ENDS, *columns), rows)
    return (path,)


def write_text_table(path: Path, titles: Sequence[str], rows: Iterable[Sequence[Value | None]]) -> None:
    """Write rows as text between tabs under a header; fields, quotation and errors as `write_tsv`."""
    with write_whole_file(path) as stream:
        stream.write(("\t".join(map(_field, titles)) + "\n").encode())
        stream.writelines(("\t".join(map(_field, row)) + "\n").encode() for row in rows)


def _field(value: Value | None) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = join_texts(value) if isinstance(value, tuple) else field_text(value)
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in '\t\n\r"') else text


def write_parquet(path: Path, graph: Graph) -> tuple[Path, ...]:
    """Write the edges of a graph as parquet, with the types of their columns, and return the path.

    The attributes of the graph are metadata of the file under `grnledger`, as JSON; those of nodes are not written.

    Raises
    ------
    NotFound
        The folder is not there.
    InputError
        pyarrow is not installed, or the file cannot be written.
    """
    arrow: Any = require("pyarrow", "tables", "Parquet")
    parquet: Any = require("pyarrow.parquet", "tables", "Parquet")
    types = {
        "text": arrow.string(),
        "number": arrow.float64(),
        "integer": arrow.int64(),
        "boolean": arrow.bool_(),
        "texts": arrow.list_(arrow.string()),
    }
    arrays = [arrow.array(names, arrow.string()) for names in _ends(graph)]
    arrays += [arrow.array(column.values, types[column.type]) for column in graph.edge_columns.values()]
    about = json.dumps(dict(graph.attributes), ensure_ascii=False, allow_nan=False)
    table = arrow.table(arrays, names=[*ENDS, *graph.edge_columns], metadata={"grnledger": about})
    with write_whole_file(path) as stream:
        parquet.write_table(table, stream)
    return (path,)


def _ends(graph: Graph) -> Iterator[list[str]]:
    for side in graph.endpoints.T:
        yield [graph.names[index] for index in side.tolist()]
