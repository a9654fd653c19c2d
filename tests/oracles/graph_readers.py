"""What other tools read from the files of a graph, as nodes and edges with their attributes, without what is missing.

And a strict reader of CX2, written from the Cytoscape Exchange Format Specification (version 2).
"""

from __future__ import annotations

import csv
import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

Nodes = dict[str, dict[str, Any]]
Edges = dict[frozenset[str], dict[str, Any]]


def split_texts(text: str) -> tuple[str, ...]:
    """Return what `join_texts` made one text of."""
    parts, part, escaped = [], "", False
    for character in text:
        if escaped or character not in "|\\":
            part, escaped = part + character, False
        elif character == "\\":
            escaped = True
        else:
            parts, part = [*parts, part], ""
    return (*parts, part) if text else ()


def as_written(record: dict[str, Any], split: Any = None) -> dict[str, Any]:
    """Return attributes without what is missing, lists as tuples, and the texts called `pathways` as lists."""
    kept: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, list):
            value = tuple(value)
        if name == "pathways" and split is not None:
            value = split(value or "")
        if value is not None and not (isinstance(value, float) and math.isnan(value)):
            kept[name] = value
    return kept


def read_networkx(graph: Any, split: Any, without: tuple[str, ...] = ()) -> tuple[Nodes, Edges]:
    """Return the nodes and edges of a graph of networkx."""

    def clean(record: dict[str, Any]) -> dict[str, Any]:
        return as_written({name: value for name, value in record.items() if name not in without}, split)

    nodes = {name: clean(record) for name, record in graph.nodes(data=True)}
    return nodes, {frozenset(ends): clean(record) for *ends, record in graph.edges(data=True)}


def read_graphml(path: Path) -> tuple[Nodes, Edges]:
    import networkx as nx

    nodes, edges = read_networkx(nx.read_graphml(path), split_texts, ("name",))
    for record in (*nodes.values(), *edges.values()):  # a list without members is left out
        record.setdefault("pathways", ())
    return nodes, edges


def read_gexf(path: Path) -> tuple[Nodes, Edges]:
    import networkx as nx

    return read_networkx(nx.read_gexf(path), lambda text: tuple(json.loads(text)), ("label", "id"))


def read_cyjs(path: Path) -> tuple[Nodes, Edges]:
    import networkx as nx

    document = json.loads(path.read_text(encoding="utf-8"))
    elements = [element["data"] for kind in ("nodes", "edges") for element in document["elements"][kind]]
    ids = [element["id"] for element in elements]
    assert len(set(ids)) == len(ids)
    assert all(isinstance(id_, str) for id_ in ids)
    own = ("id", "name", "value", "source", "target")
    return read_networkx(nx.cytoscape_graph(document), None, own)


def read_igraph(path: Path) -> tuple[Nodes, Edges]:
    import igraph

    graph = igraph.Graph.Read_GraphML(str(path))
    assert not graph.is_directed()

    def clean(record: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in record.items() if name not in ("id", "name") and value != ""}
        return as_written({"pathways": "", **kept}, split_texts)

    names = graph.vs["name"] if len(graph.vs) else []
    nodes = {vertex["name"]: clean(vertex.attributes()) for vertex in graph.vs}
    return nodes, {frozenset(names[end] for end in edge.tuple): clean(edge.attributes()) for edge in graph.es}


def read_cx2(path: Path) -> tuple[Nodes, Edges]:
    document = json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse_constant)
    check_cx2(document)
    aspects = {name: elements for part in document[1:] for name, elements in part.items()}
    names = {node["id"]: node["v"]["name"] for node in aspects["nodes"]}

    def clean(record: dict[str, Any]) -> dict[str, Any]:
        return as_written({name: value for name, value in record.items() if name != "name"})

    edges = {frozenset((names[edge["s"]], names[edge["t"]])): clean(edge["v"]) for edge in aspects["edges"]}
    return {node["v"]["name"]: clean(node["v"]) for node in aspects["nodes"]}, edges


def read_tsv(path: Path) -> Edges:
    """Return the edges of a table as pandas reads it, numbers to the last bit."""
    import pandas as pd

    table = pd.read_csv(
        path,
        sep="\t",
        keep_default_na=False,
        na_values={name: [""] for name in ("rho", "score", "clr", "q", "origin")},
        float_precision="round_trip",
        dtype=dict.fromkeys(("gene_a", "gene_b", "interaction", "pathways"), str),
    )
    return _by_ends(table.to_dict("records"), split_texts)


def read_parquet(path: Path) -> Edges:
    import pyarrow.parquet

    return _by_ends(pyarrow.parquet.read_table(path).to_pylist(), None)


def read_sif(path: Path) -> tuple[Nodes, Edges]:
    """Return what Cytoscape has of a SIF file after import of both tables: joined by the names that it gives."""
    edges: dict[str, frozenset[str]] = {}
    names: set[str] = set()
    for line in path.read_text(encoding="utf-8").splitlines():
        fields = line.split("\t")
        names |= {fields[0], *fields[2:]}
        for target in fields[2:]:
            edges[f"{fields[0]} ({fields[1]}) {target}"] = frozenset((fields[0], target))

    def table(kind: str) -> dict[str, dict[str, Any]]:
        with path.with_suffix(f".{kind}.tsv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        return {row.pop("name"): {name: _parsed(name, value) for name, value in row.items()} for row in rows}

    nodes, of_edges = table("nodes"), table("edges")
    assert set(nodes) == names
    assert set(of_edges) == set(edges)
    without = ("source", "target")
    return {name: as_written(record) for name, record in nodes.items()}, {
        edges[name]: as_written({key: value for key, value in record.items() if key not in without})
        for name, record in of_edges.items()
    }


def _parsed(name: str, text: str) -> Any:
    if name == "pathways":
        return split_texts(text)
    if name in ("degree", "module"):
        return int(text) if text else None
    if name == "is_factor":
        return {"true": True, "false": False, "": None}[text]
    return (float(text) if name in ("rho", "score", "clr", "q") else text) if text else None


def _by_ends(records: list[dict[str, Any]], split: Any) -> Edges:
    return {frozenset((row.pop("gene_a"), row.pop("gene_b"))): as_written(row, split) for row in records}


def refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


CX2_TYPES: dict[str, Any] = {
    "string": lambda value: isinstance(value, str),
    "long": lambda value: type(value) is int,
    "integer": lambda value: type(value) is int and abs(value) < 2**31,
    "double": lambda value: type(value) in (int, float),
    "boolean": lambda value: isinstance(value, bool),
}
CX2_TYPES |= {
    f"list_of_{name}": lambda value, of=of: isinstance(value, list) and all(map(of, value))
    for name, of in CX2_TYPES.items()
}


def check_cx2(document: Any) -> None:
    """Hold a document against the specification: descriptor, order, declared types, unique ids, counts, one status."""
    assert isinstance(document, list)
    assert document[0] == {"CXVersion": "2.0", "hasFragments": False}
    assert all(isinstance(part, dict) and len(part) == 1 for part in document[1:])
    blocks = [next(iter(part.items())) for part in document[1:]]
    names = [name for name, _ in blocks]
    assert len(set(names)) == len(names)
    assert names[0] == "metaData"
    assert names[1] == "attributeDeclarations"
    assert names[-1] == "status"
    aspects = dict(blocks)
    assert set(names) <= {"metaData", "attributeDeclarations", "networkAttributes", "nodes", "edges", "status"}
    (status,) = aspects["status"]
    assert set(status) == {"error", "success"}
    assert status["success"] is True
    counts = {entry["name"]: entry["elementCount"] for entry in aspects["metaData"]}
    assert all(set(entry) == {"name", "elementCount"} for entry in aspects["metaData"])
    assert counts == {name: len(elements) for name, elements in blocks if name not in ("metaData", "status")}
    (declarations,) = aspects["attributeDeclarations"]
    assert set(declarations) <= {"networkAttributes", "nodes", "edges"}
    for declared in declarations.values():
        assert all(set(entry) <= {"d", "a", "v"} and entry["d"] in CX2_TYPES for entry in declared.values())
    (network,) = aspects["networkAttributes"]
    _check_values(network, declarations["networkAttributes"])
    for aspect, keys in (("nodes", {"id", "v"}), ("edges", {"id", "s", "t", "v"})):
        ids = [element["id"] for element in aspects[aspect]]
        assert len(set(ids)) == len(ids)
        for element in aspects[aspect]:
            assert set(element) == keys
            assert all(type(element[key]) is int for key in keys - {"v"})
            assert "id" not in element["v"]
            _check_values(element["v"], declarations[aspect])
    nodes = {node["id"] for node in aspects["nodes"]}
    assert all({edge["s"], edge["t"]} <= nodes for edge in aspects["edges"])


def _check_values(values: dict[str, Any], declared: dict[str, Any]) -> None:
    for name, value in values.items():
        assert CX2_TYPES[declared[name]["d"]](value), (name, value)
