"""Questions from Python: each is the answer of the command line, as a table that a notebook shows."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest
from grnledger.engine.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOSTILE = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 24 samples of 30 genes, one of them with a hostile name, and a pathway on the base."""
    folder = tmp_path_factory.mktemp("questions")
    stream = np.random.default_rng(7)
    genes = [HOSTILE, *(f"G{number:02d}" for number in range(1, 30))]
    values = stream.normal(size=(30, 24)) + stream.normal(size=(30, 1)) @ stream.normal(size=(1, 24))
    samples = [f"s{number}" for number in range(24)]
    repo = grnledger.init(folder / "s.grn", expression=(values, genes, samples))
    repo.commit([grnledger.Pathway.of(repo.panel, "<b>P</b>", dict.fromkeys(genes[:5], 0.3))], message="<i>m</i>")
    (folder / "z.tsv").write_text("".join(f"{gene}\t{value}\n" for gene, value in signal(genes).items()))
    (folder / "sets.gmt").write_text("".join(f"S{n}\t-\t" + "\t".join(genes[n::3]) + "\n" for n in range(3)))
    return folder


def signal(genes: Any) -> dict[str, float]:
    return dict(zip(genes, np.random.default_rng(1).normal(size=len(genes)).tolist(), strict=True))


def rows(table: Any) -> list[dict[str, Any]]:
    """Return a table as JSON has it: NaN is null."""
    columns = table.columns()
    cells = ([None if value != value else value for value in column] for column in columns.values())
    return [dict(zip(columns, row, strict=True)) for row in zip(*cells, strict=True)]


def test_a_difference_is_that_of_the_command_line(store: Path, grn: Callable[..., Any]) -> None:
    printed = json.loads(grn("-s", store / "s.grn", "diff", "v0..HEAD", "--changes", 7, "--json").out)
    difference = grnledger.open(store / "s.grn").diff("v0", changes=7)
    assert rows(difference) == printed["changes"]
    assert [side.content for side in difference.sides] == [printed["from"]["content"], printed["to"]["content"]]
    assert len(difference) == 7
    assert difference.to_frame().to_dict("records") == printed["changes"]


def test_edges_are_those_of_the_command_line_and_of_its_files(store: Path, grn: Callable[..., Any]) -> None:
    repo = grnledger.open(store / "s.grn")
    printed = json.loads(grn("-s", store / "s.grn", "edges", "--top", 20, "--json").out)
    edges = repo.edges(top=20)
    assert rows(edges) == printed["edges"]
    graph = edges.to_networkx()
    assert [graph.edges[row["gene_a"], row["gene_b"]]["rho"] for row in rows(edges)] == edges.columns()["rho"]
    data = edges.to_anndata()
    first = rows(edges)[0]
    names = list(data.var_names)
    assert data.varp["rho"][names.index(first["gene_a"]), names.index(first["gene_b"])] == first["rho"]
    assert data.uns["grnledger"]["content"] == printed["content"]


def test_links_and_support_are_those_of_the_command_line(store: Path, grn: Callable[..., Any]) -> None:
    repo = grnledger.open(store / "s.grn")
    printed = json.loads(grn("-s", store / "s.grn", "links", "<b>P</b>", "--top", 5, "--json").out)
    links = rows(repo.links("<b>P</b>", count=5))
    assert [link["rho"] for link in links] == [link["rho"] for link in printed["pathways"][0]["links"]]
    printed = json.loads(grn("-s", store / "s.grn", "support", "--decoys", 2, "--json").out)
    assert rows(repo.support(decoys=2)) == printed["pathways"]


def test_regulators_and_modules_are_those_of_the_command_line(store: Path, grn: Callable[..., Any]) -> None:
    repo = grnledger.open(store / "s.grn")
    printed = json.loads(grn("-s", store / "s.grn", "regulators", "G01,G02", "--top", 5, "--json").out)
    assert rows(repo.regulators(["G01", "G02"], top=5)) == printed["pairs"]
    printed = json.loads(grn("-s", store / "s.grn", "nmf", "--rank", 2, "--restarts", 1, "--json").out)
    assert rows(repo.nmf(ranks=2, restarts=1)) == printed["genes"]


def test_a_signal_may_be_a_file_or_values_by_gene(store: Path, grn: Callable[..., Any]) -> None:
    repo = grnledger.open(store / "s.grn")
    printed = json.loads(grn("-s", store / "s.grn", "lmm", "fit", "--pheno", store / "z.tsv", "--json").out)
    for values in (store / "z.tsv", signal(repo.panel.genes)):
        assert repo.fit(values).h2 == pytest.approx(printed["h2"], abs=1e-9)
    printed = json.loads(
        grn(
            "-s", store / "s.grn", "lmm", "enrich", "--pheno", store / "z.tsv", "--sets", store / "sets.gmt", "--json"
        ).out
    )
    tests = rows(repo.enrich(store / "z.tsv", store / "sets.gmt"))
    assert [test["set"] for test in tests] == [test["set"] for test in printed["sets"]]
    assert [test["p"] for test in tests] == pytest.approx([test["p"] for test in printed["sets"]], rel=1e-9)


def test_a_signal_of_the_samples_of_the_base_is_refused(store: Path) -> None:
    repo = grnledger.open(store / "s.grn")
    with pytest.raises(grnledger.EngineError, match="base's own"):
        repo.fit(signal(repo.panel.genes), samples=["s1", "s2"])
    with pytest.raises(grnledger.InputError, match="no number"):
        repo.fit({"G01": "high", "G02": 1.0})  # type: ignore[dict-item]


class Parts(HTMLParser):
    """The tags and the text of a page, and whether every tag is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.open.append(tag)
        assert {name for name, _ in attrs} <= {"scope", "colspan"}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(store: Path) -> dict[str, Any]:
    repo = grnledger.open(store / "s.grn")
    return {
        "repository": repo,
        "version": repo.version(),
        "log": repo.log(),
        "snapshot": repo.snapshot(),
        "edges": repo.snapshot().edges(top=40),
        "selected edges": repo.edges(top=40),
        "neighbors": repo.snapshot().neighbors(HOSTILE),
        "difference": repo.diff("v0"),
        "links": repo.links(),
        "trace": repo.trace("G01", "G02"),
        "support": repo.support(decoys=2),
        "regulators": repo.regulators([HOSTILE, "G02"]),
        "modules": repo.nmf(ranks=2, restarts=1),
        "fit": repo.fit(signal(repo.panel.genes)),
        "set tests": repo.enrich(signal(repo.panel.genes), store / "sets.gmt"),
    }


def test_a_notebook_shows_small_tables_in_which_names_are_text(store: Path) -> None:
    values = shown(store)
    for name, value in values.items():
        page = Parts()
        page.feed(value._repr_html_())
        assert page.open == [], name
        assert page.tags <= {"table", "caption", "thead", "tbody", "tr", "th", "td"}, name
        assert len(value._repr_html_()) < 10_000, name
        assert len(repr(value)) < 130, name
        assert re.match(r"<.*>$", repr(value)), name
        assert repr(value) in page.text or len(page.text) > 20, name
    assert HOSTILE in values["edges"]._repr_html_().replace("&lt;", "<").replace("&gt;", ">")


def test_every_table_is_a_frame_of_its_columns(store: Path) -> None:
    for name, value in shown(store).items():
        if hasattr(value, "to_frame"):
            frame, columns = value.to_frame(), value.columns()
            assert list(frame) == list(columns), name
            assert len(frame) == len(value), name


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (lambda repo: repo.log(number=-1), "versions"),
        (lambda repo: repo.links(count=-1), "links"),
        (lambda repo: repo.regulators(["G01"], top=0), "pairs"),
        (lambda repo: repo.diff(changes=0), "changes"),
        (lambda repo: repo.support(decoys=-1), "decoys"),
        (lambda repo: repo.support(decoys=1.5), "decoys"),
        (lambda repo: grnledger.plot.values("changes", repo, "v0", "v1", top=0), "changes"),
        (lambda repo: grnledger.plot.values("history", repo, newest=0), "versions"),
        (lambda repo: grnledger.plot.values("correlation", repo, "v0", most=0), "genes"),
        (lambda repo: repo.diff(only="won"), "There is no kind of change 'won'"),
    ],
)
def test_a_number_of_things_that_cannot_be_is_refused(
    store: Path, question: Callable[[Any], Any], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        question(grnledger.open(store / "s.grn"))


def test_a_name_by_itself_is_one_name_and_not_its_letters(store: Path) -> None:
    repo = grnledger.open(store / "s.grn")
    assert repo.regulators("G01", top=3).columns() == repo.regulators(["G01"], top=3).columns()
    alone = repo.network(genes="G01", pathways="<b>P</b>")
    assert {node.name for node in alone.nodes if node.is_focus} == {"G01", "<b>P</b>"}
    assert repr(alone) == f"<Network of v1: {len(alone.nodes)} nodes, {len(alone.edges)} edges>"
    matrix = grnledger.plot.values("correlation", repo, "v0", genes="G01")
    assert matrix.rows == ("G01",)
