"""`grn links`, and links in `diff`: against the inverse of the covariance of genes and activities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from grnledger.analysis.links import links_of
from grnledger.engine.network.pathway import Pathway
from grnledger.storage.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

GENES = tuple(f"G{number}" for number in range(10))
SETS = {"P53": ("G0", "G1", "G2", "GONE"), "MYC": ("G2", "G5"), "IL6": ("G7", "G8")}
STRENGTH = 0.3


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A base of 24 samples; v1 adds P53 and MYC, v2 subtracts IL6, v3 drops P53."""
    from grnledger.cli.errors import run
    from grnledger.cli.main import grn

    folder = tmp_path_factory.mktemp("links")
    rng = np.random.default_rng(11)
    values = rng.standard_normal((10, 24)) + 1.5 * rng.standard_normal((10, 2)) @ rng.standard_normal((2, 24))
    rows = [
        "gene\t" + "\t".join(f"s{n}" for n in range(24)),
        *("\t".join([gene, *map(str, row)]) for gene, row in zip(GENES, values.tolist(), strict=True)),
    ]
    (folder / "values.tsv").write_text("\n".join(rows) + "\n")
    (folder / "sets.gmt").write_text("".join(f"{name}\t-\t" + "\t".join(genes) + "\n" for name, genes in SETS.items()))
    commit = ["commit", "sets.gmt", "--strength", str(STRENGTH), "--missing", "drop"]
    story = [
        ["init", "lab.grn", "--expression", "values.tsv"],
        [*commit, "--only", "P53", "--only", "MYC"],
        ["commit", "sets.gmt", "--only", "IL6", "--subtract"],
        ["revert", "v1", "--only", "P53"],
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for line in story:
            assert run(grn, line, None) == 0, line
        yield folder / "lab.grn"


@pytest.fixture
def ask(grn: Callable[..., Any], store: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.chdir(store.parent)

    def run(*arguments: object) -> Any:
        answer = grn(*arguments, "-s", store)
        assert answer.code == 0, answer.err
        return answer

    return run


@pytest.fixture(scope="module")
def truth(store: Path) -> dict[str, tuple[NDArray[np.float64], float]]:
    """Of each pathway ρ of all genes and its leverage, all three as nodes beside the genes of the base."""
    repo = Repository(store)
    base, deviations = repo.snapshot("v0").covariance.to_dense(), repo.base().deviations
    loadings = np.zeros((10, 3))
    for column, genes in enumerate(SETS.values()):
        members = [GENES.index(gene) for gene in genes if gene in GENES]
        loadings[members, column] = STRENGTH * deviations[members]
    joint = np.block([[base + loadings @ loadings.T, loadings], [loadings.T, np.eye(3)]])
    precision = np.linalg.inv(joint)
    roots = np.sqrt(np.diagonal(precision))
    rho = -precision / np.outer(roots, roots)
    return {
        name: (rho[:10, 10 + column], 1 - 1 / precision[10 + column, 10 + column]) for column, name in enumerate(SETS)
    }


def test_links_of_a_pathway_agree_with_its_activity_as_a_node(ask: Callable[..., Any], truth: Any) -> None:
    answer = ask("links", "P53", "--at", "v1", "--all", "--json").json
    assert set(answer) == {"version", "id", "content", "count", "pathways"}
    assert answer["version"] == "v1"
    assert answer["count"] == 10
    (pathway,) = answer["pathways"]
    rho, leverage = truth["P53"]
    assert {name: pathway[name] for name in ("name", "members")} == {"name": "P53", "members": 3}
    assert pathway["leverage"] == pytest.approx(leverage)
    by_gene = {link["gene"]: link for link in pathway["links"]}
    assert [by_gene[gene]["rho"] for gene in GENES] == pytest.approx(rho)
    assert [gene for gene in GENES if by_gene[gene]["member"]] == ["G0", "G1", "G2"]
    ways = [1 if gene in SETS["P53"] else -int(np.sign(value)) for gene, value in zip(GENES, rho, strict=True)]
    assert [by_gene[gene]["direction"] for gene in GENES] == ways
    sizes = [abs(link["rho"]) for link in pathway["links"]]
    assert sizes == sorted(sizes, reverse=True)
    assert len(ask("links", "P53", "--at", "v1", "--top", 4, "--tsv").rows) == 4
    others = ask("links", "P53", "--at", "v1", "--non-members", "--tsv").rows
    assert {row["gene"] for row in others} == set(GENES[3:])


def test_without_a_pathway_the_strongest_non_members_of_all_are_listed(ask: Callable[..., Any], truth: Any) -> None:
    rows = ask("links", "--at", "v1", "--top", 5, "--tsv").rows
    expected = sorted(
        (-abs(truth[name][0][index]), name, gene)
        for name in ("P53", "MYC")
        for index, gene in enumerate(GENES)
        if gene not in SETS[name]
    )[:5]
    assert [(row["pathway"], row["gene"]) for row in rows] == [(name, gene) for _, name, gene in expected]
    assert {row["member"] for row in rows} == {"False"}
    pathways = ask("links", "--at", "v1", "--top", 1, "--json").json["pathways"]
    assert {pathway["name"]: len(pathway["links"]) for pathway in pathways} == {expected[0][1]: 1} | {
        name: 0 for name in ("P53", "MYC") if name != expected[0][1]
    }


def test_links_of_a_gene_are_those_with_every_pathway(ask: Callable[..., Any], truth: Any) -> None:
    rows = ask("links", "--gene", "G2", "--at", "v1", "--tsv").rows
    assert {row["pathway"]: float(row["rho"]) for row in rows} == pytest.approx(
        {name: truth[name][0][2] for name in ("P53", "MYC")}
    )
    assert {row["member"] for row in rows} == {"True"}
    assert ask("links", "--gene", "G2", "--non-members", "--at", "v1", "--tsv").rows == []


def test_links_can_be_asked_of_sets_that_are_not_committed(ask: Callable[..., Any], truth: Any) -> None:
    options = ("--sets", "sets.gmt", "--strength", STRENGTH, "--at", "v0")
    answer = ask("links", "IL6", *options, "--all", "--json").json
    by_gene = {link["gene"]: link["rho"] for link in answer["pathways"][0]["links"]}
    assert [by_gene[gene] for gene in GENES] == pytest.approx(truth["IL6"][0])
    assert "1 gene of sets.gmt not on the panel left out." in ask("links", *options).err
    assert "1 gene of P53 not on" in ask("links", "P53", *options).err
    assert "not on the panel" not in ask("links", "MYC", *options).err
    assert len(ask("links", *options, "--all", "--json").json["pathways"]) == 3


def test_one_of_several_tied_columns_is_given_the_activities_of_the_others(store: Path) -> None:
    repo, tied = Repository(store), np.array([[0.3, 0.1], [0.2, 0.4]])
    pathway = Pathway(("C", "D"), np.array([0, 1]), tied, covariance=np.array([[1.0, 0.5], [0.5, 1.0]]))
    both, one = (links_of(repo, "v0", [pathway], None, name=name) for name in (None, "D"))
    assert [linked.name for linked in one.pathways] == ["D"]
    assert list(one) == [link for link in both if link[0] == "D"]


def test_what_has_no_activity_is_said(ask: Callable[..., Any], grn: Callable[..., Any], store: Path) -> None:
    answer = ask("links", "--at", "v2")
    assert "Left out, since a pathway that is subtracted has no activity: IL6." in answer.err
    assert "IL6" not in answer.out
    assert "No pathway is added in v0" in ask("links", "--at", "v0").err
    strange = grn("links", "IL6", "-s", store)
    assert (strange.code, "'IL6'" in strange.err, "MYC" in strange.err) == (3, True, True)
    assert grn("links", "--gene", "XBP1", "-s", store).code == 3


def test_options_that_do_not_go_together_are_refused(grn: Callable[..., Any], store: Path) -> None:
    both = grn("links", "--top", 3, "--all", "-s", store)
    assert (both.code, "not both" in both.err) == (2, True)
    alone = grn("links", "--strength", 0.2, "-s", store)
    assert (alone.code, "--strength" in alone.err, "--sets" in alone.err) == (2, True, True)


def test_people_read_direction_members_and_leverage(ask: Callable[..., Any]) -> None:
    answer = ask("links", "MYC", "--at", "v1")
    assert answer.out.splitlines()[0].split("  ")[0] == "pathway"
    assert "yes" in answer.out
    assert "2 members, leverage 0." in answer.err
    assert "Direction" in answer.err
    assert "Direction" not in ask("links", "MYC", "--at", "v1", "--json").err


def test_a_comparison_has_the_links_gained_and_lost_before_its_edges(ask: Callable[..., Any], truth: Any) -> None:
    gained = ask("diff", "v0..v1", "--json").json["links"]
    assert gained["lost"] == []
    assert len(gained["gained"]) == 10
    for link in gained["gained"]:
        assert set(link) == {"pathway", "gene", "rho", "direction"}
        assert link["rho"] == pytest.approx(truth[link["pathway"]][0][GENES.index(link["gene"])])
        assert link["gene"] not in SETS[link["pathway"]]
    lost = ask("diff", "v2..v3", "--json").json["links"]
    assert lost["gained"] == []
    assert {link["pathway"] for link in lost["lost"]} == {"P53"}
    assert len(lost["lost"]) == 7
    assert ask("diff", "v1..v2", "--json").json["links"] == {"gained": [], "lost": []}
    text = ask("diff", "v0..v1").out
    assert text.index("Strongest links") < text.index("An edge")
    assert "Strongest links" not in ask("diff", "v1..v2").out


def test_a_dry_run_has_the_links_that_the_commit_would_gain(ask: Callable[..., Any]) -> None:
    planned = ask("commit", "sets.gmt", "--only", "P53", "--missing", "drop", "--dry-run", "--json").json["links"]
    asked = ask("links", "P53", "--sets", "sets.gmt", "--non-members", "--json").json["pathways"][0]["links"]
    assert planned["lost"] == []
    assert [link["rho"] for link in planned["gained"]] == [link["rho"] for link in asked]
