"""A report as a value: its numbers are those of the commands, and its words are true of the version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest
from grnledger.analysis.report.gather import CHANGES, report_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GENES = [f"G{number:02d}" for number in range(40)]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two stores: one of samples with two pathways, of which one is dropped, and another base; one of a covariance."""
    folder = tmp_path_factory.mktemp("report")
    stream = np.random.default_rng(5)
    loadings = np.kron(np.eye(2), np.ones((20, 1)))
    values = stream.normal(size=(40, 24)) + loadings @ stream.normal(size=(2, 24))
    samples = [f"s{number}" for number in range(24)]
    repo = grnledger.init(folder / "s.grn", expression=(values, GENES, samples), intensity=0.5)
    for name, genes in (("A", GENES[:8]), ("B", GENES[4:16])):
        repo.commit([grnledger.Pathway.of(repo.panel, name, dict.fromkeys(genes, 0.4))], message=f"add {name}")
    repo.revert("v1", message="drop A")
    other = stream.normal(size=(40, 24))
    grnledger.set_base(repo, expression=(other, GENES, samples), intensity=0.5, message="another condition")
    grnledger.init(folder / "c.grn", covariance=np.eye(12) + 0.2, genes=GENES[:12])
    return folder


@pytest.mark.parametrize("range_", [("v0", "v2"), ("v2", "v3"), ("v3", "v4")])
def test_changes_links_and_counts_are_those_of_diff(
    stores: Path, grn: Callable[..., Any], range_: tuple[str, str]
) -> None:
    printed = grn("-s", stores / "s.grn", "diff", "..".join(range_), "--changes", CHANGES, "--json").json
    repo = grnledger.open(stores / "s.grn")
    report = report_of(repo, *map(repo.version, range_))
    assert report.changes is not None
    assert report.comparison is not None
    columns = report.changes.columns
    assert [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)] == printed["changes"]
    difference = report.comparison.difference
    counts = {"gained": difference.gained, "lost": difference.lost, "sign_flipped": difference.sign_flipped}
    assert counts.items() <= printed["summary"].items()
    for change in ("gained", "lost"):
        links = [(link.pathway, link.gene, link.rho) for link in report.links if link.change == change]
        assert links == [(link["pathway"], link["gene"], link["rho"]) for link in printed["links"][change]]
    for change in ("added", "dropped"):
        names = sorted(pathway.name for pathway in report.pathways if pathway.change == change)
        assert names == printed["pathways"][change]


def test_edges_and_support_are_those_of_the_commands(stores: Path, grn: Callable[..., Any]) -> None:
    repo = grnledger.open(stores / "s.grn")
    report = report_of(repo, repo.version("v0"), repo.version("v2"))
    edges = grn("-s", stores / "s.grn", "edges", "--at", "v2", "--json").json["edges"]
    rows = [(edge.gene_a, edge.gene_b, edge.rho, edge.strength, edge.q, edge.origin) for edge in report.edges.edges]
    assert rows == [tuple(edge.values()) for edge in edges]
    judged = grn("-s", stores / "s.grn", "support", "--at", "v2", "--json").json["pathways"]
    supports = {pathway.name: pathway.support for pathway in report.pathways}
    for row in judged:
        support = supports[row["pathway"]]
        assert support is not None
        assert (support.nats, support.error, support.rank) == (row["nats"], row["error"], row["rank"])


def test_the_pathways_behind_a_change_have_both_of_its_genes(stores: Path) -> None:
    repo = grnledger.open(stores / "s.grn")
    report = report_of(repo, repo.version("v0"), repo.version("v2"))
    assert report.changes is not None
    members = {"A": set(GENES[:8]), "B": set(GENES[4:16])}
    pairs = zip(report.changes.columns["gene_a"], report.changes.columns["gene_b"], strict=True)
    for pair, pathways in zip(pairs, report.changes.pathways, strict=True):
        assert set(pathways) == {name for name, genes in members.items() if genes.issuperset(pair)}


def test_words_and_methods_are_of_what_there_is(stores: Path) -> None:
    repo = grnledger.open(stores / "s.grn")
    added = report_of(repo, repo.version("v0"), repo.version("v2"))
    assert added.summary[0].startswith("2 pathways were added: ")
    assert "24 samples" in added.methods.paragraph
    assert "λ = 0.5" in added.methods.paragraph
    labels = {work.label for work in added.methods.citations}
    assert {"Schäfer and Strimmer 2005", "Woodbury 1950", "Benjamini and Hochberg 1995"} <= labels
    assert "variances to their median by" in added.methods.paragraph
    assert "Opgen-Rhein and Strimmer 2007" in labels
    assert "2 pathways (A, B) were put in as terms of low rank, Σ + xxᵀ with" in added.methods.paragraph
    assert all(label in added.methods.paragraph for label in labels)
    bases = report_of(repo, repo.version("v3"), repo.version("v4"))
    assert "Korn et al. 2004" in {work.label for work in bases.methods.citations}
    assert any("not distinguishable" in sentence for sentence in bases.summary)
    assert len(bases.provenance.bases) == 2
    alike = report_of(repo, repo.version("v0"), repo.version("v0"))
    assert "Both versions have one content: the same base and the same pathways." in alike.summary


def test_a_covariance_of_the_users_own_has_a_report_without_samples(stores: Path) -> None:
    repo = grnledger.open(stores / "c.grn")
    repo.commit([grnledger.Pathway.of(repo.panel, "A", dict.fromkeys(GENES[:5], 0.2))])
    report = report_of(repo, repo.version("v0"), repo.version("v1"))
    assert report.edges.ranked_by == "rho"
    assert report.edges.called is None
    assert {edge.q for edge in report.edges.edges} == {None}
    assert (report.support, report.no_support) == (
        None,
        "The base of v1 was not estimated from samples: there are none to hold out.",
    )
    labels = {work.label for work in report.methods.citations}
    assert labels == {"Woodbury 1950", "Lauritzen 1996"}
    assert report.methods.paragraph.startswith("The network of 12 genes starts from a covariance.")


def test_progress_goes_forward_to_its_end(stores: Path) -> None:
    repo = grnledger.open(stores / "s.grn")
    shares: list[float] = []
    report_of(repo, repo.version("v0"), repo.version("v2"), progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
