"""Two versions' analyses held against each other, and drawings of the samples."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest
from grnledger.analysis import resampling
from grnledger.analysis.nmf.comparison import compare
from grnledger.analysis.resampling import resampling_of
from grnledger.engine.errors import InputError, NotFound
from grnledger.engine.mapping import Threads
from grnledger.engine.network.pathway import Pathway
from grnledger.engine.nmf import simulate_counts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grnledger.analysis.resampling import Resampling
    from grnledger.engine.network.snapshot import Snapshot
    from grnledger.storage.repository import Repository


def keep(_: None, snapshot: Snapshot) -> Snapshot:
    return snapshot


def drawn(source: Resampling, number: int, seed: int) -> list[Snapshot]:
    """The networks of some drawings."""
    return list(source.map_drawings(keep, number, seed, shared=None, mapper=Threads(2)))


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A store on simulated counts, with one weak pathway, and one that moves a third of the genes."""
    drawn = simulate_counts(60, 40, 3, depth=60, moonlighting=4, seed=5)
    head = "\t".join(["gene", *(f"S{index}" for index in range(40))])
    rows = ["\t".join([f"G{index:02d}", *(f"{count:g}" for count in row)]) for index, row in enumerate(drawn.counts)]
    (tmp_path / "counts.tsv").write_text("\n".join([head, *rows]) + "\n")
    repo = grnledger.init(tmp_path / "lab.grn", expression=tmp_path / "counts.tsv", counts=True, transform="log1p")
    weak, strong = np.full((3, 1), 0.01), np.full((20, 1), 8.0)
    repo.commit([Pathway(("weak",), np.arange(3, dtype=np.intp), weak)], message="weak")
    far = np.arange(0, 60, 3, dtype=np.intp)
    repo.commit([Pathway(("strong",), far, strong)], message="strong")
    return repo


def test_drawing_every_sample_once_gives_the_version_itself(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    class Once:
        def integers(self, low: int, high: int, size: int) -> np.ndarray:
            assert high == size
            return np.arange(low, high)

    monkeypatch.setattr(np.random, "default_rng", lambda _: Once())
    (same,) = drawn(resampling_of(repo, "v2"), 1, seed=0)
    own = repo.snapshot("v2", from_base=True)
    np.testing.assert_allclose(same.covariance.to_dense(), own.covariance.to_dense(), rtol=1e-10, atol=1e-12)


def test_drawings_differ_from_each_other_and_are_the_same_for_a_seed(repo: Repository) -> None:
    first, two = (snapshot.covariance.to_dense() for snapshot in drawn(resampling_of(repo, "v1"), 2, seed=3))
    again = drawn(resampling_of(repo, "v1"), 1, seed=3)[0].covariance.to_dense()
    assert not np.allclose(first, two)
    np.testing.assert_array_equal(first, again)


def test_a_weak_pathway_is_not_distinguishable_and_one_over_a_third_of_the_genes_is(repo: Repository) -> None:
    how: dict[str, Any] = {"ranks": (3, 3), "restarts": 3, "seed": 0, "resamples": 20}
    shares: list[float] = []
    weak = compare(repo, "v0", "v1", **how, progress=shares.append)
    assert [change.fate for change in weak.changes] == ["matched"] * 3
    assert not weak.movement.is_distinguishable
    assert weak.movement.distance.max() < 0.02
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert weak.warm.sweeps < weak.cold.sweeps
    strong = compare(repo, "v0", "v2", **how)
    assert strong.movement.is_distinguishable
    assert strong.movement.moved[::3].mean() > 0.3
    assert strong.movement.cut == weak.movement.cut  # of v0 alone


def test_a_drawing_that_the_estimator_refuses_is_drawn_again_for_a_while(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, refused = resampling.estimate_covariance, [0]

    def now_and_then(*arguments: Any, **options: Any) -> Any:
        refused[0] += 1
        if refused[0] % 3:
            raise InputError("one gene is constant")
        return real(*arguments, **options)

    source = resampling_of(repo, "v1")
    monkeypatch.setattr(resampling, "estimate_covariance", now_and_then)
    assert len(drawn(source, 4, seed=1)) == 4
    assert refused[0] == 12
    assert source.halves(2, seed=1) == []
    monkeypatch.setattr(resampling, "ATTEMPTS", 2)
    refused[0] = 0
    with pytest.raises(InputError, match="refused 2 resamples: one gene is constant"):
        drawn(source, 1, seed=1)


def test_halves_part_the_samples(repo: Repository) -> None:
    source = resampling_of(repo, "v0")
    for first, other in source.halves(2, seed=4):
        assert not np.allclose(first.covariance.to_dense(), other.covariance.to_dense())
    few = dataclasses.replace(source, values=source.values[:, :9], groups=np.arange(9))
    assert few.halves(2, seed=4) == []


def test_a_base_without_samples_is_refused_unless_none_are_asked(tmp_path: Path, grn: Callable[..., Any]) -> None:
    assert grn("simulate", "--genes", 30, "-o", tmp_path / "m.npz").code == 0
    assert grn("init", tmp_path / "m.grn", "--factor-model", tmp_path / "m.npz").code == 0
    assert grn("-s", tmp_path / "m.grn", "commit", tmp_path / "m.pathways.npz").code == 0
    with pytest.raises(NotFound, match="cannot be resampled"):
        resampling_of(grnledger.open(tmp_path / "m.grn"), "v0")
    asked = ("-s", tmp_path / "m.grn", "nmf", "diff", "v0..v1", "--rank", 2, "--restarts", 2)
    refused = grn(*asked)
    assert (refused.code, refused.out) == (3, "")
    assert "--resamples 0" in refused.err
    answer = grn(*asked, "--resamples", 0, "--json").json
    assert (answer["distinguishable"], answer["cut"], answer["moved"]) == (None, None, 0)


def test_the_command_shows_modules_and_genes(repo: Repository, grn: Callable[..., Any]) -> None:
    asked = ("-s", repo.path, "nmf", "diff", "v0..v2", "--rank", 3, "--restarts", 3, "--resamples", 20)
    answer = grn(*asked, "--json").json
    assert (answer["from"]["version"], answer["to"]["version"], answer["resamples"]) == ("v0", "v2", 20)
    assert answer["distinguishable"]
    assert answer["moved"] == sum(row["moved"] for row in answer["genes"])
    assert [row["distance"] for row in answer["genes"]] == sorted(
        (row["distance"] for row in answer["genes"]), reverse=True
    )
    text = grn(*asked)
    assert "where resampling alone moves about 3 (20 resamples, p = 0.048) between v0 and v2." in text.err
    rows = grn(*asked, "--table", "genes", "--tsv").rows
    assert len(rows) == 60
    assert list(rows[0]) == ["gene", "module_from", "share_from", "module_to", "share_to", "distance", "moved"]
    genes = grn(*asked, "--table", "genes")
    assert len(genes.out.splitlines()) == 21
    assert "and 40 genes that moved less" in genes.err
    weak = grn("-s", repo.path, "nmf", "diff", "v0..v1", "--rank", 3, "--restarts", 3, "--resamples", 5)
    assert "Not distinguishable: 0 of 60 genes moved further than" in weak.err
    assert "too few resamples for a test: 19 or more are needed" in weak.err
    assert grn("-s", repo.path, "nmf", "diff", "v0..v9").code == 3
