"""`grn export --edges`: each file has the edges of `grn edges --json` with the same rule, to the last bit."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import graph_readers as readers
import grnledger
import numpy as np
import pytest
from grnledger.analysis.edges.selection import EdgeChoice, select_edges
from grnledger.engine.errors import InputError
from grnledger.engine.network.pathway import Pathway
from grnledger.formats.graphs.writers import GRAPH_FORMATS
from grnledger.storage.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIZE, SAMPLES = 30, 60
HOSTILE = ("</script>", '"A"', "<i>&amp;", "β 1", "a|b", "e0", "NA")
GENES = (*HOSTILE, *(f"G{number}" for number in range(len(HOSTILE), SIZE)))
SET = ("</script>", '"A"', "G20", "G21")
PATHWAYS = ("P|1", "P 2 <&>")
GRAPHS: dict[str, Any] = {
    "graphml": readers.read_graphml,
    "gexf": readers.read_gexf,
    "cx2": readers.read_cx2,
    "cyjs": readers.read_cyjs,
    "sif": readers.read_sif,
}
RULES = ("--fdr 0.2", "--gene G10 --threshold 0.02", "--genes G20,G21,NA", "--rank-by clr --top 9")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def do(grn: Callable[..., Any], folder: Path) -> Callable[..., Any]:
    def run(line: str, *more: object) -> Any:
        printed = grn(*line.split(), *more)
        assert printed.code == 0, (line, printed.err)
        return printed

    return run


@pytest.fixture
def store(folder: Path) -> Path:
    """Names that other tools trip over, a chain of genes, and two pathways, with genes that are independent among them.

    The samples are given in Python: a table with such names is refused, or asked about.
    """
    values = np.random.default_rng(0).standard_normal((SIZE, SAMPLES))
    for gene in range(1, 12):
        values[gene] = 0.7 * values[gene - 1] + 0.7 * values[gene]
    samples = [f"S{number}" for number in range(SAMPLES)]
    repo = grnledger.init(folder / "a.grn", expression=(values, GENES, samples), author="Ada")
    repo.commit([Pathway.of(repo.panel, name, dict.fromkeys(SET, 0.5)) for name in PATHWAYS])
    return folder / "a.grn"


def edges_of(answer: Any) -> readers.Edges:
    """Return the edges of `grn edges --json`, by their genes."""
    rows = [dict(row) for row in answer["edges"]]
    return {frozenset((row.pop("gene_a"), row.pop("gene_b"))): readers.as_written(row) for row in rows}


def without_extras(edges: readers.Edges) -> readers.Edges:
    extra = ("interaction", "pathways")
    return {ends: {name: row[name] for name in row if name not in extra} for ends, row in edges.items()}


@pytest.mark.parametrize("rule", RULES)
def test_every_file_has_the_edges_that_are_listed(do: Callable[..., Any], store: Path, folder: Path, rule: str) -> None:
    """The pairs of each rule, prior ones without q among them."""
    answer = do(f"-s {store} edges {rule} --json").json
    truth = edges_of(answer)
    names = {name for ends in truth for name in ends}
    for format_ in GRAPH_FORMATS:
        path = folder / f"net.{format_}"
        written = do(f"-s {store} export {rule} --json --edges", path).json
        shared = set(answer) - {"edges"}
        assert {name: written[name] for name in shared} == {name: answer[name] for name in shared}
        assert (written["format"], written["file"]) == (format_, str(path))
        if format_ in GRAPHS:
            nodes, edges = GRAPHS[format_](path)
            assert set(nodes) == names
            assert written["nodes"] == len(names)
            assert {gene: row["degree"] for gene, row in nodes.items()} == {
                gene: sum(gene in ends for ends in truth) for gene in names
            }
            assert without_extras(edges) == truth
    assert readers.read_igraph(folder / "net.graphml") == readers.read_graphml(folder / "net.graphml")
    assert without_extras(readers.read_tsv(folder / "net.tsv")) == truth
    assert without_extras(readers.read_parquet(folder / "net.parquet")) == truth
    check_matrices(folder, truth, answer)


def check_matrices(folder: Path, truth: readers.Edges, answer: Any) -> None:
    import anndata
    from scipy import sparse

    data = anndata.read_h5ad(folder / "net.h5ad")
    assert data.var_names.tolist() == list(GENES)
    about = data.uns["grnledger"]
    assert {name: about[name] for name in ("version", "id", "content", "rule", "threshold", "rank_by", "penalty")} == {
        name: answer[name] for name in ("version", "id", "content", "rule", "threshold", "rank_by", "penalty")
    }
    at = {gene: index for index, gene in enumerate(GENES)}
    for name in {name for row in truth.values() for name in row} - {"origin"}:
        dense = np.zeros((SIZE, SIZE))
        for (first, second), row in ((tuple(ends), row) for ends, row in truth.items()):
            dense[at[first], at[second]] = dense[at[second], at[first]] = row.get(name, 0.0)
        np.testing.assert_array_equal(data.varp[name].toarray(), dense)
        if name == "rho":
            np.testing.assert_array_equal(sparse.load_npz(folder / "net.npz").toarray(), dense)


def test_genes_have_their_module_and_pathways_and_edges_theirs(
    do: Callable[..., Any], store: Path, folder: Path
) -> None:
    without = do(f"-s {store} export --edges net.cx2 --genes", ",".join(("G20", "G21", "NA", "</script>")))
    assert (
        "Genes have no module: the store keeps no NMF analysis of the correlations of v1; `grn nmf` makes one."
        in without.err
    )
    assert all("module" not in row for row in readers.read_cx2(folder / "net.cx2")[0].values())
    do(f"-s {store} nmf --rank 2 --restarts 1")
    kept = do(f"-s {store} nmf --rank 3 --restarts 1 --table genes --tsv").rows
    assert "module" not in do(f"-s {store} export --edges net.cx2 --all-genes --top 5").err
    nodes, edges = readers.read_cx2(folder / "net.cx2")
    assert {gene: row.get("module") for gene, row in nodes.items()} == {
        row["gene"]: int(row["module"]) if row["module"] else None for row in kept
    }
    assert {gene: set(row["pathways"]) for gene, row in nodes.items()} == {
        gene: set(PATHWAYS) if gene in SET else set() for gene in GENES
    }
    do(f"-s {store} export --edges net.graphml --genes", ",".join(("G20", "G21", "NA", "</script>")))
    for ends, row in readers.read_graphml(folder / "net.graphml")[1].items():
        assert set(row["pathways"]) == (set(PATHWAYS) if ends <= set(SET) else set())
        assert row["interaction"] == ("positive" if row["rho"] > 0 else "negative") + " correlation"
        assert (row["origin"] == "data") == (not row["pathways"])
    do(f"-s {store} export --edges net.graphml --at v0 --top 5")
    nodes, _ = readers.read_graphml(folder / "net.graphml")
    assert all(not row["pathways"] and "module" not in row for row in nodes.values())
    assert len(edges) == 5


@pytest.mark.parametrize("kind", ["dense", "factor"])
def test_bases_without_samples_have_edges_without_q(do: Callable[..., Any], folder: Path, kind: str) -> None:
    if kind == "dense":
        factors = np.random.default_rng(1).standard_normal((6, 2))
        sigma = factors @ factors.T + np.eye(6)
        rows = ["\t".join(["gene", *GENES[-6:]])]
        rows += ["\t".join([gene, *map(repr, row)]) for gene, row in zip(GENES[-6:], sigma.tolist(), strict=True)]
        (folder / "sigma.tsv").write_text("\n".join(rows) + "\n")
        do("init b.grn --covariance sigma.tsv")
    else:
        do("simulate --genes 12 --factors 2 --seed 1 -o m.npz")
        do("init b.grn --factor-model m.npz")
    truth = edges_of(do("edges --top 4 --json").json)
    for format_, read in GRAPHS.items():
        do(f"export --edges net.{format_} --top 4")
        assert without_extras(read(folder / f"net.{format_}")[1]) == truth
    assert set(next(iter(truth.values()))) == {"rho"}


def test_no_edge_is_an_empty_graph_and_says_so(do: Callable[..., Any], store: Path, folder: Path) -> None:
    for format_ in GRAPH_FORMATS:
        printed = do(f"-s {store} export --threshold 0.99 --edges net.{format_}")
        assert "reaches |ρ| ≥ 0.99" in printed.err
        if format_ in GRAPHS:
            assert GRAPHS[format_](folder / f"net.{format_}") == ({}, {})
    assert readers.read_tsv(folder / "net.tsv") == {}
    nodes, edges = {}, {}
    do(f"-s {store} export --threshold 0.99 --all-genes --edges net.gexf")
    nodes, edges = readers.read_gexf(folder / "net.gexf")
    assert (set(nodes), edges) == (set(GENES), {})


def test_an_exported_store_and_a_file_of_genes_write_edges_too(
    do: Callable[..., Any], store: Path, folder: Path
) -> None:
    do(f"-s {store} export lab.h5")
    (folder / "genes.txt").write_text("G10\nG11\nG12\n")
    do("-s lab.h5 export --edges net.tsv --genes @genes.txt")
    listed = do(f"-s {store} edges --genes @genes.txt --json").json
    assert without_extras(readers.read_tsv(folder / "net.tsv")) == edges_of(listed)
    assert listed["genes"] == 3


def test_the_same_version_gives_the_same_bytes(do: Callable[..., Any], store: Path, folder: Path) -> None:
    do(f"-s {store} nmf --rank 2 --restarts 1")
    for format_ in GRAPH_FORMATS:
        for name in "ab":
            (folder / name).mkdir(exist_ok=True)
            do(f"-s {store} export --edges {name}/net.{format_}")
        files = [sorted((folder / name).iterdir()) for name in "ab"]
        assert [file.read_bytes() for file in files[0]] == [file.read_bytes() for file in files[1]]


REFUSALS = (
    ("--edges net.dot", "'.dot'", "*.graphml, *.gexf"),
    ("--edges net", "'none'", "--format"),
    ("--edges net.sif --top 3 --fdr 0.1", "in different ways", "--top or --fdr"),
    ("--edges net.sif --matrix precision", "--matrix and --edges are different", "--edges net.graphml"),
    ("x.h5 --edges net.sif", "FILE.h5 and --edges are different", "export lab.h5"),
    ("--edges net.sif -o x.npz", "-o needs --matrix; it does not go with --edges", ""),
    ("--edges net.sif --sample", "--sample needs --matrix", ""),
    ("--matrix precision --fdr 0.1", "--fdr needs --edges; it does not go with --matrix", ""),
    ("x.h5 --format sif", "--format needs --edges; a store is written as a whole", ""),
    ("x.h5 --all-genes", "--all-genes needs --edges", ""),
    ("--edges net.sif --genes G10", "names 1", "--genes"),
    ("--edges net.sif --genes @one.txt", "one.txt names 1", "Name one a line."),
)


def test_what_does_not_go_together_is_refused(grn: Callable[..., Any], do: Callable[..., Any], folder: Path) -> None:
    do("simulate --genes 12 --factors 2 --seed 1 -o m.npz")
    do("init b.grn --factor-model m.npz")
    (folder / "one.txt").write_text("G01\n")
    before = sorted(folder.iterdir())
    for line, sentence, hint in REFUSALS:
        refused = grn("export", *line.split())
        assert refused.code == 2, line
        assert sentence in refused.err, line
        assert hint in refused.err, line
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("package", "ending", "extra"), [("pyarrow", "parquet", "tables"), ("anndata", "h5ad", "anndata")]
)
def test_a_package_that_is_not_there_is_named_with_its_extra(
    grn: Callable[..., Any],
    do: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    package: str,
    ending: str,
    extra: str,
) -> None:
    do("simulate --genes 12 --factors 2 --seed 1 -o m.npz")
    do("init b.grn --factor-model m.npz")
    monkeypatch.setitem(sys.modules, package, None)
    refused = grn("export", "--edges", f"net.{ending}")
    assert refused.code == 2
    assert f"takes the package {package}, which is not installed" in refused.err
    assert f"pip install 'grnledger[{extra}]'" in refused.err


def test_a_choice_of_edges_names_one_way() -> None:
    with pytest.raises(InputError) as refusal:
        EdgeChoice(threshold=0.1, fdr=0.2)
    assert (refusal.value.code, refusal.value.facts) == ("edges-chosen-twice", {"first": "threshold", "second": "fdr"})
    EdgeChoice(gene="MYC", top=3)
    EdgeChoice(gene="MYC", threshold=0.1)
    with pytest.raises(InputError):
        EdgeChoice(gene="MYC", genes=("A", "B"))


def test_edges_in_python_are_those_of_the_command_and_report_their_progress(
    do: Callable[..., Any], store: Path
) -> None:
    repo, shares = Repository(store), []
    selected = select_edges(repo, "HEAD", EdgeChoice(top=7), progress=shares.append)
    rows = do(f"-s {store} edges --top 7 --json").json["edges"]
    assert [(a, b, rho) for a, b, rho in selected.edges] == [(row["gene_a"], row["gene_b"], row["rho"]) for row in rows]
    assert (len(selected), selected.version.name) == (7, "v1")
    assert selected.evidence is not None
    assert shares
    assert all(0 <= share <= 1 for share in shares)
    assert len(selected.graph(has_all_genes=True).names) == SIZE
