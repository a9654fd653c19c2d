"""Graphs in each format, read back by the tools that they are for: the same names, edges, attributes and bits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import graph_readers as readers
import numpy as np
import pytest
from grnledger.engine.errors import InputError, NotFound, ShapeError
from grnledger.formats.graphs.graph import Column, Graph, join_texts
from grnledger.formats.graphs.matrices import to_anndata
from grnledger.formats.graphs.networkx_graph import to_networkx
from grnledger.formats.graphs.writers import GRAPH_FORMATS, find_graph_format

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = (
    'say "x"', "<b>&amp;</b>", "</script><img onerror=alert(1)>", "β-catenin", "𝛼", "NA", "nan", "None", "0", "e0",
    "it's", "a|b\\c", "]]>", "HLA-A/B, C", "=1+1", "#gene",
)  # fmt: skip
"""Names that any file must keep: text, whatever they look like."""
BLANK = (" ", " both ends ", "a\tb", "line\nend", "cr\rx", "\u00a0")
"""Names that SIF cannot hold, and all others must keep."""

READERS: dict[str, Any] = {
    "graphml": readers.read_graphml,
    "gexf": readers.read_gexf,
    "cx2": readers.read_cx2,
    "cyjs": readers.read_cyjs,
    "sif": readers.read_sif,
}


def graph_of(names: tuple[str, ...], pairs: list[tuple[int, int]], *, missing: bool = True) -> Graph:
    """Return a graph with every type of column, values missing here and there, and numbers that need all their bits."""
    rng = np.random.default_rng(3)
    rho = rng.standard_normal(len(pairs)) * 10.0 ** rng.integers(-300, 3, len(pairs))
    q = np.where(np.arange(len(pairs)) % 3 == 0, np.nan, rng.random(len(pairs))) if missing else rng.random(len(pairs))
    lists = [tuple(names[: n % 3]) for n in range(max(len(names), len(pairs)))]
    nodes = {
        "degree": Column("integer", list(range(len(names)))),
        "module": Column("integer", [n or None for n in range(len(names))] if missing else [2**40] * len(names)),
        "is_factor": Column("boolean", [n % 2 == 0 for n in range(len(names))]),
        "pathways": Column("texts", lists[: len(names)]),
    }
    edges = {
        "interaction": Column("text", ["positive correlation"] * len(pairs)),
        "rho": Column.of_numbers(rho),
        "q": Column.of_numbers(q),
        "origin": Column("text", [(None if missing else "both") if n % 2 else "data" for n in range(len(pairs))]),
        "pathways": Column("texts", lists[: len(pairs)]),
    }
    ends = np.array(pairs, dtype=np.intp).reshape(len(pairs), 2)
    attributes = {"name": "v1 </graph>", "threshold": 0.1, "top": 5, "software": "grnledger <&>", "is_all": True}
    return Graph(names, ends, nodes, edges, attributes)


def ring(names: tuple[str, ...]) -> list[tuple[int, int]]:
    return [(n, n + 1) for n in range(len(names) - 1)]


def expected(graph: Graph) -> tuple[readers.Nodes, readers.Edges]:
    edges = {frozenset((first, second)): record for first, second, record in graph.edges()}
    return dict(graph.nodes()), edges


def write(graph: Graph, path: Path) -> tuple[Path, ...]:
    return find_graph_format(path)[1].write(path, graph)


CASES = {
    "hostile names": graph_of(HOSTILE, ring(HOSTILE)),
    "one edge": graph_of(("A", "B", "C"), [(2, 0)]),
    "no edge": graph_of(("A", "B"), []),
    "nothing": graph_of((), []),
    "nothing missing": graph_of(HOSTILE, ring(HOSTILE), missing=False),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("format_", READERS)
def test_a_graph_is_read_back_as_it_was(tmp_path: Path, format_: str, case: str) -> None:
    files = write(CASES[case], tmp_path / f"net.{format_}")
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert READERS[format_](files[0]) == expected(CASES[case])


@pytest.mark.parametrize("case", CASES)
def test_igraph_reads_graphml(tmp_path: Path, case: str) -> None:
    nodes, edges = readers.read_igraph(write(CASES[case], tmp_path / "net.graphml")[0])
    assert (nodes, edges) == expected(CASES[case])


@pytest.mark.parametrize("case", CASES)
def test_tables_have_the_edges(tmp_path: Path, case: str) -> None:
    _, edges = expected(CASES[case])
    assert readers.read_tsv(write(CASES[case], tmp_path / "net.tsv")[0]) == edges
    (path,) = write(CASES[case], tmp_path / "net.parquet")
    assert readers.read_parquet(path) == edges
    import pyarrow.parquet

    about = json.loads(pyarrow.parquet.read_schema(path).metadata[b"grnledger"])
    assert about == CASES[case].attributes


@pytest.mark.parametrize("format_", [*(name for name in READERS if name != "sif"), "tsv", "parquet"])
def test_blanks_and_line_ends_in_names_are_kept(tmp_path: Path, format_: str) -> None:
    graph = graph_of(BLANK, ring(BLANK))
    (path,) = write(graph, tmp_path / f"net.{format_}")
    nodes, edges = expected(graph)
    if format_ in READERS:
        assert READERS[format_](path) == (nodes, edges)
    else:
        assert {"tsv": readers.read_tsv, "parquet": readers.read_parquet}[format_](path) == edges


@pytest.mark.parametrize("name", BLANK)
def test_sif_refuses_names_that_it_would_change(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot stand in a SIF file"):
        write(graph_of(("A", name), [(0, 1)]), tmp_path / "net.sif")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["\x00", "\x1b[2J", "\x0b", "\ufffe"])
def test_what_is_no_xml_is_refused_there_and_kept_elsewhere(tmp_path: Path, name: str) -> None:
    for graph in (graph_of(("A", name), [(0, 1)]), graph_of((name, "A", "B"), [(1, 2)])):
        for ending in ("graphml", "gexf"):
            with pytest.raises(InputError, match="which no XML file can hold"):
                write(graph, tmp_path / f"net.{ending}")
        assert list(tmp_path.iterdir()) == []
        for ending in ("cx2", "cyjs"):
            (path,) = write(graph, tmp_path / f"net.{ending}")
            assert READERS[ending](path) == expected(graph)
            path.unlink()


@pytest.mark.parametrize("ending", [format_.ending for format_ in GRAPH_FORMATS.values()])
def test_equal_graphs_are_equal_bytes(tmp_path: Path, ending: str) -> None:
    written = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        files = write(graph_of(HOSTILE, ring(HOSTILE)), tmp_path / folder / f"net{ending}")
        written.append([file.read_bytes() for file in files])
    assert written[0] == written[1]


def test_a_matrix_is_symmetric_and_keeps_zeros_but_not_what_is_missing(tmp_path: Path) -> None:
    from scipy import sparse

    edges = {"rho": Column("number", [0.5, 0.0, None])}
    graph = Graph(("A", "B", "C"), np.array([[0, 1], [1, 2], [2, 0]]), {}, edges, {"version": "v1"})
    (path,) = write(graph, tmp_path / "net.npz")
    rho = sparse.load_npz(path)
    assert rho.nnz == 4
    np.testing.assert_array_equal(rho.toarray(), [[0, 0.5, 0], [0.5, 0, 0], [0, 0, 0]])
    with np.load(path) as archive:
        assert archive["genes"].tolist() == ["A", "B", "C"]
        assert json.loads(archive["about"].item()) == {"version": "v1"}
    without = Graph(("A", "B"), np.empty((0, 2), dtype=np.intp), {}, {}, {})
    with pytest.raises(InputError, match="no numbers called 'rho'"):
        write(without, tmp_path / "none.npz")


@pytest.mark.parametrize("case", CASES)
def test_anndata_reads_h5ad(tmp_path: Path, case: str) -> None:
    import anndata

    graph = CASES[case]
    (path,) = write(graph, tmp_path / "net.h5ad")
    assert list(tmp_path.iterdir()) == [path]
    for data in (anndata.read_h5ad(path), to_anndata(graph)):
        assert data.shape == (0, len(graph.names))
        assert data.var_names.tolist() == list(graph.names)
        about = data.uns["grnledger"]
        assert {name: about[name] for name in graph.attributes} == graph.attributes
        columns = ("degree", "module", "is_factor")
        rows = [readers.as_written(row, readers.split_texts) for row in data.var.to_dict("records")]
        rows = [{name: row[name] for name in row if name not in columns or row[name] == row[name]} for row in rows]
        missing = [name for name in columns if data.var[name].isna().any()]
        for (_, record), row in zip(graph.nodes(), rows, strict=True):
            assert {name: row[name] for name in record} == record
            assert set(row) - set(record) <= set(missing)
        edges = {name: about["edges"][name].tolist() for name in ("rho", "q")}
        for name, values in edges.items():
            np.testing.assert_array_equal(values, np.array(graph.edge_columns[name].values, dtype=float))
            matrix = data.varp[name].toarray()
            np.testing.assert_array_equal(matrix, matrix.T)
            picked = matrix[tuple(graph.endpoints.T)]
            np.testing.assert_array_equal(picked, np.nan_to_num(np.array(values, dtype=float)))
        assert list(zip(about["edges"]["gene_a"], about["edges"]["gene_b"], strict=True)) == [
            (first, second) for first, second, _ in graph.edges()
        ]


@pytest.mark.parametrize("case", CASES)
def test_networkx_has_the_same_graph(case: str) -> None:
    graph = to_networkx(CASES[case])
    assert readers.read_networkx(graph, None) == expected(CASES[case])
    assert list(graph) == list(CASES[case].names)
    assert graph.graph == CASES[case].attributes


def test_the_attributes_of_the_graph_stand_before_its_nodes_in_graphml(tmp_path: Path) -> None:
    """Cytoscape gives data behind a node or an edge to that."""
    (path,) = write(CASES["one edge"], tmp_path / "net.graphml")
    text = path.read_text()
    assert text.index("v1 &lt;/graph&gt;") < text.index("<node ")
    import networkx as nx

    of_graph = nx.read_graphml(path).graph
    assert {name: of_graph[name] for name in CASES["one edge"].attributes} == CASES["one edge"].attributes


def test_gexf_names_no_date_and_keeps_the_attributes_of_the_graph(tmp_path: Path) -> None:
    from xml.etree import ElementTree as ET

    (path,) = write(CASES["one edge"], tmp_path / "net.gexf")
    name = "{http://gexf.net/1.3}"
    root = ET.parse(path).getroot()
    assert root.get("version") == "1.3"
    meta, graph = root
    assert meta.attrib == {}
    assert json.loads(meta.findtext(f"{name}description") or "") == CASES["one edge"].attributes
    assert [child.tag.removeprefix(name) for child in graph] == ["attributes", "attributes", "nodes", "edges"]
    assert graph.attrib == {"defaultedgetype": "undirected", "idtype": "string", "mode": "static"}


def test_an_unknown_ending_is_refused_with_the_list_of_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no format of graphs: '\.xlsx'") as refusal:
        find_graph_format(tmp_path / "net.xlsx")
    assert refusal.value.facts["endings"].split(", ") == [f"*{format_.ending}" for format_ in GRAPH_FORMATS.values()]
    assert find_graph_format(tmp_path / "NET.GraphML")[0] == "graphml"
    assert find_graph_format(tmp_path / "net.txt", "sif")[0] == "sif"
    with pytest.raises(InputError, match="'dot' is no format"):
        find_graph_format(tmp_path / "net.sif", "dot")
    with pytest.raises(NotFound, match="no folder"):
        write(CASES["one edge"], tmp_path / "none" / "net.sif")


def test_a_graph_is_checked_once() -> None:
    def make(
        names: tuple[str, ...] = ("A", "B"), pairs: Any = ((0, 1),), nodes: Any = None, edges: Any = None
    ) -> Graph:
        return Graph(names, np.array(pairs, dtype=np.intp).reshape(-1, 2), nodes or {}, edges or {}, {})

    assert repr(make()) == "<Graph of 2 nodes and 1 edges>"
    for names in (("A", "A"), ("A", ""), ("A", "\ud800")):
        with pytest.raises(InputError):
            make(names)
    for pairs in (((0, 2),), ((-1, 0),), ((0, 0),), ((0, 1), (1, 0))):
        with pytest.raises(ShapeError):
            make(pairs=pairs)
    with pytest.raises(ShapeError, match="'x' has 1 values"):
        make(nodes={"x": Column("text", ["a"])})
    with pytest.raises(InputError, match="called 'source'"):
        make(edges={"source": Column("text", ["a"])})
    for type_, value in (("number", 1), ("number", float("inf")), ("integer", True), ("texts", ["a"]), ("text", 1)):
        with pytest.raises(InputError):
            Column(type_, [value])  # type: ignore[arg-type]


@pytest.mark.parametrize("texts", [(), ("a",), ("a", "b"), ("a|b", "c\\"), ("\\|", "|"), ("x", "")])
def test_a_list_as_one_text_can_be_told_apart_again(texts: tuple[str, ...]) -> None:
    assert readers.split_texts(join_texts(texts)) == texts


def test_a_full_disk_is_a_sentence_and_leaves_no_file(tmp_path: Path) -> None:
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from grnledger.engine.errors import InputError\n"
        "from grnledger.formats.graphs.graph import Column, Graph\n"
        "from grnledger.formats.graphs.writers import GRAPH_FORMATS\n"
        "names = tuple(f'GENE{number}' for number in range(3_000))\n"
        "ends = np.stack([np.arange(2_999), np.arange(1, 3_000)], axis=1)\n"
        "graph = Graph(names, ends, {}, {'rho': Column.of_numbers(np.linspace(-1, 1, 2_999))}, {})\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, 5_000))\n"
        "for name, format_ in GRAPH_FORMATS.items():\n"
        "    try:\n"
        "        format_.write(Path(f'net{format_.ending}'), graph)\n"
        "    except InputError as error:\n"
        "        assert 'cannot be written' in error.message, error.message\n"
        "        print(name)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-B", "-c", script]  # Python would leave a cut .pyc for whatever it imports then
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.split() == list(GRAPH_FORMATS)
    assert list(tmp_path.iterdir()) == []
