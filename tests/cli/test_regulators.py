"""`grn regulators` against the inverse of the covariance of the regulators and one target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from grnledger.analysis import regulators as analysis
from grnledger.storage.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

GENES = tuple(f"G{number}" for number in range(9))
REGULATORS = ("G1", "G4", "G6")


@pytest.fixture
def store(grn: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A base of 16 samples, and v1 with a pathway on G0, G1 and G2."""
    monkeypatch.chdir(tmp_path)
    values = np.random.default_rng(8).standard_normal((9, 16)).cumsum(axis=0)
    rows = ["\t".join([gene, *map(str, row)]) for gene, row in zip(GENES, values.tolist(), strict=True)]
    (tmp_path / "values.tsv").write_text("gene\t" + "\t".join(f"s{n}" for n in range(16)) + "\n" + "\n".join(rows))
    (tmp_path / "set.gmt").write_text("A\t-\tG0\tG1\tG2\n")
    (tmp_path / "tfs.txt").write_text("G6\nG1\nG4\nG1\n")
    assert grn("init", "lab.grn", "--expression", "values.tsv", "--intensity", 0.1).code == 0
    assert grn("commit", "set.gmt", "--strength", 0.5).code == 0
    return tmp_path / "lab.grn"


def truth(store: Path, rev: str, penalty: float = 0.0) -> dict[tuple[str, str], float]:
    """ρ of each regulator and target, given the other regulators."""
    repo = Repository(store)
    covariance: NDArray[np.float64] = repo.snapshot(rev).covariance.to_dense()
    covariance += penalty * np.diag(np.square(repo.base().deviations))
    rho: dict[tuple[str, str], float] = {}
    for target in GENES:
        genes = [*(gene for gene in REGULATORS if gene != target), target]
        places = [GENES.index(gene) for gene in genes]
        precision = np.linalg.inv(covariance[np.ix_(places, places)])
        for place, regulator in enumerate(genes[:-1]):
            scale = np.sqrt(precision[place, place] * precision[-1, -1])
            rho[regulator, target] = -float(precision[place, -1] / scale)
    return rho


def test_pairs_are_ranked_by_a_score_with_rho_beside_it(grn: Callable[..., Any], store: Path) -> None:
    answer = grn("regulators", "tfs.txt", "--top", 100, "--json").json
    assert set(answer) == {
        "version", "id", "content", "regulators", "target", "rank_by", "penalty", "count", "pairs",
    }  # fmt: skip
    assert (answer["regulators"], answer["rank_by"], answer["target"]) == (3, "score", None)
    assert answer["penalty"] == pytest.approx(0.9 * 3 / 15 - 0.1)
    rho, score = truth(store, "v1"), truth(store, "v1", answer["penalty"])
    pairs = {(pair["regulator"], pair["target"]): pair for pair in answer["pairs"]}
    assert set(pairs) == set(rho)
    assert answer["count"] == len(rho) == 24
    assert {pair: row["rho"] for pair, row in pairs.items()} == pytest.approx(rho)
    assert {pair: row["score"] for pair, row in pairs.items()} == pytest.approx(score)
    sizes = [abs(pair["score"]) for pair in answer["pairs"]]
    assert sizes == sorted(sizes, reverse=True)


def test_pairs_are_ranked_by_rho_or_clr_where_that_is_asked(grn: Callable[..., Any], store: Path) -> None:
    rows = grn("regulators", "G1,G4,G6", "--rank-by", "rho", "--at", "v0", "--tsv").rows
    assert list(rows[0]) == ["regulator", "target", "rho", "q"]
    assert len(rows) == len(GENES)
    rho = truth(store, "v0")
    strongest = sorted((-round(abs(value), 10), *pair) for pair, value in rho.items())[:9]
    assert [(row["regulator"], row["target"]) for row in rows] == [(one, other) for _, one, other in strongest]
    rows = grn("regulators", "tfs.txt", "--rank-by", "clr", "--tsv").rows
    assert list(rows[0]) == ["regulator", "target", "rho", "clr", "q"]
    strengths = [float(row["clr"]) for row in rows]
    assert strengths == sorted(strengths, reverse=True)


def test_one_target_has_its_regulators_and_never_itself(grn: Callable[..., Any], store: Path) -> None:
    everything = grn("regulators", "tfs.txt", "--top", 100, "--json").json["pairs"]
    for target, regulators in (("G3", {"G1", "G4", "G6"}), ("G4", {"G1", "G6"})):
        pairs = grn("regulators", "tfs.txt", "--target", target, "--json").json["pairs"]
        assert {pair["regulator"] for pair in pairs} == regulators
        assert pairs == [pair for pair in everything if pair["target"] == target]
    assert grn("regulators", "tfs.txt", "--target", "XBP1").code == 3


def test_names_that_are_not_on_the_panel_are_counted(grn: Callable[..., Any], store: Path) -> None:
    answer = grn("regulators", "G1,g4,XBP1")
    assert answer.code == 0
    assert "2 of 3 regulators not on the panel left out: g4, XBP1." in answer.err
    assert "g4 may be G4" in answer.err
    assert "1 regulator" in answer.err
    none = grn("regulators", "XBP1,SOX2")
    assert (none.code, "None of 2 regulators is on the panel (XBP1, SOX2)" in none.err) == (2, True)
    assert grn("regulators", ",").code == 2


def test_too_many_regulators_are_refused(grn: Callable[..., Any], store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "MOST_REGULATORS", 2)
    answer = grn("regulators", "tfs.txt")
    assert (answer.code, "3 regulators were named, and 2 are the most" in answer.err) == (2, True)


def test_a_base_without_samples_is_ranked_by_rho(grn: Callable[..., Any], store: Path, tmp_path: Path) -> None:
    assert grn("export", "--matrix", "covariance", "--at", "v0", "-o", "covariance.tsv").code == 0
    assert grn("init", "given.grn", "--covariance", "covariance.tsv").code == 0
    answer = grn("regulators", "tfs.txt", "-s", "given.grn", "--json").json
    assert (answer["rank_by"], answer["penalty"]) == ("rho", 0.0)
    assert set(answer["pairs"][0]) == {"regulator", "target", "rho"}
    refused = grn("regulators", "tfs.txt", "-s", "given.grn", "--rank-by", "score")
    assert (refused.code, "--rank-by rho" in refused.err) == (2, True)
    by_clr = grn("regulators", "tfs.txt", "-s", "given.grn", "--rank-by", "clr")
    assert "clr is |ρ|" in by_clr.err


def test_the_order_is_said_to_people(grn: Callable[..., Any], store: Path) -> None:
    answer = grn("regulators", "tfs.txt", "--top", 2)
    assert "2 pairs: the strongest of 3 regulators with v1" in answer.err
    assert "The score is ρ of Σ + " in answer.err
    assert "The score is ρ itself" in grn("regulators", "G1", "--top", 2).err


def test_a_list_of_names_may_be_longer_than_the_name_of_a_file(grn: Callable[..., Any], store: Path) -> None:
    names = ",".join(["G1", "G4", *(f"absent{number:04}" for number in range(800))])
    assert grn("regulators", names, "--json").json["regulators"] == 2
