"""q on the command line: which edges, links and targets can be told from chance, and where edges come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GENES, SAMPLES = 60, 80


def table(values: Any) -> str:
    header = "\t".join(["gene", *(f"S{column}" for column in range(SAMPLES))])
    rows = ["\t".join([f"G{row}", *map(repr, numbers)]) for row, numbers in enumerate(values.tolist())]
    return "\n".join([header, *rows]) + "\n"


@pytest.fixture
def store(grn: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A chain of 20 genes among 40 that are independent, and one pathway on two genes of each kind."""
    monkeypatch.chdir(tmp_path)
    values = np.random.default_rng(0).standard_normal((GENES, SAMPLES))
    for gene in range(1, 20):
        values[gene] = 0.7 * values[gene - 1] + 0.7 * values[gene]
    (tmp_path / "e.tsv").write_text(table(values))
    (tmp_path / "s.gmt").write_text("SET\tna\tG0\tG1\tG40\tG41\n")
    assert grn("init", "a.grn", "--expression", "e.tsv").code == 0
    assert grn("commit", "s.gmt", "--strength", 0.5).code == 0
    return tmp_path / "a.grn"


def is_step(row: Any) -> bool:
    left, right = (int(row[name][1:]) for name in ("gene_a", "gene_b"))
    return right < 20 and right - left == 1


def test_edges_that_can_be_told_from_chance_are_those_of_the_chain(grn: Callable[..., Any], store: Path) -> None:
    answer = grn("-s", store, "edges", "--fdr", 0.1, "--json").json
    assert (answer["rule"], answer["fdr"], answer["count"]) == ("fdr", 0.1, len(answer["edges"]))
    assert sum(map(is_step, answer["edges"])) >= 15
    assert sum(not is_step(edge) for edge in answer["edges"]) <= 4
    assert all(edge["q"] <= 0.1 for edge in answer["edges"])
    strengths = [abs(edge["score"]) for edge in answer["edges"]]
    assert strengths == sorted(strengths, reverse=True)
    assert grn("-s", store, "edges", "--fdr", 1.5).code == 2


def test_an_edge_is_of_the_data_of_a_pathway_or_of_both(grn: Callable[..., Any], store: Path) -> None:
    rows = grn("-s", store, "edges", "--genes", "G0,G1,G40,G41,G30", "--tsv").rows
    origins = {(row["gene_a"], row["gene_b"]): (row["origin"], row["q"]) for row in rows}
    assert len(origins) == 10
    assert origins["G0", "G1"][0] == "both"
    assert float(origins["G0", "G1"][1]) <= 0.2
    assert origins["G40", "G41"] == ("prior", "")
    assert origins["G30", "G40"][0] == "data"
    before = grn("-s", store, "edges", "--genes", "G0,G1,G40", "--at", "v0", "--tsv").rows
    assert {row["origin"] for row in before} == {"data"}


def test_the_sentence_says_how_many_of_the_listed_can_be_told_from_chance(grn: Callable[..., Any], store: Path) -> None:
    assert "10 of these 10 have q ≤ 0.2, by 80 samples." in grn("-s", store, "edges", "--at", "v0", "--top", 10).err
    alone = grn("-s", store, "edges", "--at", "v0", "--genes", "G30,G31,G32")
    assert "No edge of these can be told from chance at q = 0.2 with 80 samples." in alone.err


def test_edges_of_one_gene_are_its_neighbors(grn: Callable[..., Any], store: Path) -> None:
    partners = grn("-s", store, "neighbors", "G5", "--top", 4, "--json").json["neighbors"]
    edges = grn("-s", store, "edges", "--gene", "G5", "--top", 4, "--json").json["edges"]
    others = [({edge["gene_a"], edge["gene_b"]} - {"G5"}).pop() for edge in edges]
    assert others == [partner["gene"] for partner in partners]
    for name in ("rho", "score", "q"):
        assert [edge[name] for edge in edges] == pytest.approx([partner[name] for partner in partners])


def test_edges_are_chosen_in_one_way(grn: Callable[..., Any], store: Path) -> None:
    for options in (("--top", 3, "--fdr", 0.1), ("--genes", "G1,G2", "--gene", "G3"), ("--threshold", 0.1, "--top", 3)):
        assert grn("-s", store, "edges", *options).code == 2
    assert grn("-s", store, "edges", "--genes", "G1,XBP1").code == 3
    assert grn("-s", store, "edges", "--genes", "G1, G1").code == 2
    spaced = grn("-s", store, "edges", "--genes", "G1, G2", "--json").json
    assert (spaced["count"], spaced["genes"]) == (1, 2)


def test_two_groups_of_samples_are_too_few_to_test_and_do_not_hinder_a_list(
    grn: Callable[..., Any], store: Path, tmp_path: Path
) -> None:
    groups = "".join(f"S{column}\t{'ab'[column % 2]}\n" for column in range(SAMPLES))
    (tmp_path / "two.tsv").write_text("sample\tgroup\n" + groups)
    assert grn("init", "two.grn", "--expression", "e.tsv", "--groups", "two.tsv").code == 0
    assert "q" not in grn("-s", "two.grn", "edges", "--top", 3, "--tsv").rows[0]
    assert "has 2 independent samples" in grn("-s", "two.grn", "edges", "--fdr", 0.2).err


def test_an_empty_list_of_pairs_says_that_none_can_be_told_from_chance(
    grn: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "n.tsv").write_text(table(np.random.default_rng(7).standard_normal((30, SAMPLES))))
    assert grn("init", "n.grn", "--expression", "n.tsv").code == 0
    assert "can be told from chance at q = 0.001" in grn("edges", "--fdr", 0.001).err


def test_a_base_without_samples_ranks_but_does_not_test(
    grn: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.tsv").write_text("gene\tA\tB\tC\nA\t2\t.5\t.1\nB\t.5\t1\t0\nC\t.1\t0\t1\n")
    assert grn("init", "c.grn", "--covariance", "c.tsv").code == 0
    answer = grn("edges", "--json").json
    assert (answer["rank_by"], answer["penalty"]) == ("rho", 0.0)
    assert set(answer["edges"][0]) == {"gene_a", "gene_b", "rho"}
    refused = grn("edges", "--fdr", 0.2)
    assert refused.code == 3
    assert "was not estimated from samples: nothing can be told from chance" in refused.err
    assert grn("edges", "--rank-by", "score").code == 2
    (tmp_path / "e.tsv").write_text(table(np.random.default_rng(1).standard_normal((5, SAMPLES))))
    assert grn("init", "n.grn", "--expression", "e.tsv", "--no-keep-expression").code == 0
    refused = grn("-s", "n.grn", "edges", "--fdr", 0.2)
    assert "keeps no expression" in refused.err
    assert "q" not in grn("-s", "n.grn", "edges", "--tsv").rows[0]


def test_counts_by_strength_are_kept_and_found_again(grn: Callable[..., Any], store: Path) -> None:
    first = grn("-s", store, "edges", "--top", 5, "--json").json
    (artifact,) = (store / "artifacts").iterdir()
    before = artifact.read_bytes()
    assert grn("-s", store, "edges", "--top", 5, "--json").json == first
    assert artifact.read_bytes() == before
    assert grn("-s", store, "verify").code == 0
    artifact.write_bytes(before[:200])
    assert grn("-s", store, "edges", "--top", 5, "--json").json == first


def test_links_and_targets_have_a_q(grn: Callable[..., Any], store: Path, tmp_path: Path) -> None:
    (tmp_path / "half.gmt").write_text("HALF\tna\tG4\tG6\n")
    (pathway,) = grn("-s", store, "links", "--sets", "half.gmt", "--all", "--json").json["pathways"]
    q = {link["gene"]: link["q"] for link in pathway["links"]}
    assert q["G5"] < 0.01
    assert sum(value <= 0.2 for gene, value in q.items() if int(gene[1:]) >= 20) <= 3
    rows = grn("-s", store, "regulators", "G3,G10,G30", "--tsv").rows
    by_pair = {(row["regulator"], row["target"]): float(row["q"]) for row in rows}
    assert by_pair["G3", "G4"] < 0.01
    assert by_pair["G10", "G9"] < 0.01
    assert sum(value <= 0.2 for (regulator, _), value in by_pair.items() if regulator == "G30") <= 2


def test_halves_of_the_samples_share_the_edges_of_a_chain_and_not_those_of_chance(
    grn: Callable[..., Any], store: Path
) -> None:
    answer = grn("-s", store, "edges", "--at", "v0", "--top", 15, "--halves", 4, "--json").json["halves"]
    assert answer["splits"] == 4
    assert answer["shared"] > 0.5
    many = grn("-s", store, "edges", "--at", "v0", "--top", 400, "--halves", 2)
    shared = float(many.err.split("Two halves of the samples share ")[1].split(" %")[0])
    assert shared == pytest.approx(100 * 400 / (GENES * (GENES - 1) / 2), abs=12)  # mostly chance: 23 %
    assert grn("-s", store, "edges", "--fdr", 0.1, "--halves", 2).code == 2


def test_where_every_gene_is_a_member_the_answer_says_that_no_gene_is_outside(
    grn: Callable[..., Any], store: Path, tmp_path: Path
) -> None:
    (tmp_path / "all.gmt").write_text("ALL\tna\t" + "\t".join(f"G{gene}" for gene in range(GENES)) + "\n")
    answer = grn("-s", store, "links", "--sets", "all.gmt", "--non-members")
    assert (answer.code, "no gene of the panel is outside" in answer.err) == (0, True)
