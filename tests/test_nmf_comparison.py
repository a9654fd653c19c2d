"""Two analyses held against each other: what becomes of modules, how far genes move, and what chance alone moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest
from grnledger.engine.errors import NotFound
from grnledger.engine.nmf import simulate_counts
from grnledger.engine.nmf.comparison import Movement, aligned, changes, distances
from grnledger.engine.nmf.factorization import Factorization
from grnledger.engine.nmf.membership import memberships
from grnledger.engine.pathway import Pathway
from grnledger.storage.nmf_comparison import compare
from grnledger.storage.resampling import resampled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grnledger.storage.repository import Repository


def made_of(*groups: list[int], genes: int = 12) -> Factorization:
    """A factorization whose modules have these genes, in equal parts."""
    modules = np.zeros((genes, len(groups)))
    for place, group in enumerate(groups):
        modules[group, place] = 1.0 / len(group)
    usage = np.array([[float(len(group))] * 3 for group in groups])
    return Factorization(modules, usage, 1.0, np.ones(1), 0.0, converged=True, seed=0)


ALL = list(range(12))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ((ALL[:6], ALL[6:]), (ALL[6:], ALL[:6]), [("matched", 0, 1), ("matched", 1, 0)]),
        ((ALL[:8], ALL[8:]), (ALL[:5], ALL[5:8], ALL[8:]), [("matched", 0, 0), ("matched", 1, 2), ("split", 0, 1)]),
        ((ALL[:5], ALL[5:8], ALL[8:]), (ALL[:8], ALL[8:]), [("matched", 0, 0), ("matched", 2, 1), ("merged", 1, 0)]),
        (
            (ALL[:4], ALL[4:8], ALL[8:]),
            (ALL[:4], ALL[4:8], [8], [9, 10, 11]),
            [("matched", 0, 0), ("matched", 1, 1), ("matched", 2, 3), ("split", 2, 2)],
        ),
        (
            (ALL[:3], ALL[3:6], ALL[6:9], ALL[9:]),
            (ALL[:3], ALL[3:6], ALL[6:9], [0, 3, 6]),
            [("matched", 0, 0), ("matched", 1, 1), ("matched", 2, 2), ("gained", -1, 3), ("lost", 3, -1)],
        ),
    ],
)
def test_what_became_of_each_module(
    before: tuple[list[int], ...], after: tuple[list[int], ...], told: list[tuple[str, int, int]]
) -> None:
    found = changes(made_of(*before), made_of(*after))
    assert [(one.fate, one.before, one.after) for one in found] == told
    assert all((one.cosine > 0.0) == (one.fate == "matched") for one in found)


def test_the_distance_of_a_gene_is_the_share_of_it_that_is_elsewhere() -> None:
    before = made_of(ALL[:6], ALL[6:])
    after = made_of([*ALL[7:], 5], [*ALL[:5], 6])  # 5 and 6 change places, and so do the modules
    told = changes(before, after)
    assert [(one.before, one.after) for one in told] == [(0, 1), (1, 0)]
    moved = distances(told, memberships(before), memberships(after))
    assert moved.tolist() == [0.0] * 5 + [1.0, 1.0] + [0.0] * 5
    more = made_of(ALL[:6], ALL[6:9], ALL[9:])
    told = changes(before, more)
    assert aligned(told, memberships(before), memberships(more)).shape == (12, 3)
    assert distances(told, memberships(before), memberships(more)).sum() == pytest.approx(3.0)


def test_a_gene_has_moved_beyond_what_drawing_the_samples_anew_does() -> None:
    resamples = np.tile(np.linspace(0.0, 0.2, 100), (10, 1))
    still = Movement(np.full(100, 0.1), resamples)
    assert still.cut == pytest.approx(0.19, abs=0.002)
    assert not still.moved.any()
    assert not still.is_distinguishable
    by_chance = Movement(np.r_[np.full(5, 0.3), np.zeros(95)], resamples)
    assert by_chance.moved.sum() == 5
    assert not by_chance.is_distinguishable
    changed = Movement(np.r_[np.full(10, 0.3), np.zeros(90)], resamples)
    assert changed.is_distinguishable
    uncut = Movement(np.ones(100), np.empty((0, 100)))
    assert np.isnan(uncut.cut)
    assert not uncut.moved.any()


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A store on simulated counts, with one weak pathway, and one that moves a third of the genes."""
    drawn = simulate_counts(60, 40, 3, depth=60, moonlighting=4, seed=5)
    head = "\t".join(["gene", *(f"S{place}" for place in range(40))])
    rows = ["\t".join([f"G{place:02d}", *(f"{count:g}" for count in row)]) for place, row in enumerate(drawn.counts)]
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
    (same,) = resampled(repo, "v2", 1, seed=0)
    own = repo.snapshot("v2", from_base=True)
    np.testing.assert_allclose(same.covariance.to_dense(), own.covariance.to_dense(), rtol=1e-10, atol=1e-12)


def test_drawings_differ_from_each_other_and_are_the_same_for_a_seed(repo: Repository) -> None:
    one, two = (snapshot.covariance.to_dense() for snapshot in resampled(repo, "v1", 2, seed=3))
    again = next(iter(resampled(repo, "v1", 1, seed=3))).covariance.to_dense()
    assert not np.allclose(one, two)
    np.testing.assert_array_equal(one, again)


def test_a_weak_pathway_is_not_distinguishable_and_one_over_a_third_of_the_genes_is(repo: Repository) -> None:
    how: dict[str, Any] = {"ranks": (3, 3), "restarts": 3, "seed": 0, "resamples": 8}
    told: list[float] = []
    weak = compare(repo, "v0", "v1", **how, progress=told.append)
    assert [one.fate for one in weak.changes] == ["matched"] * 3
    assert not weak.movement.is_distinguishable
    assert weak.movement.distance.max() < 0.02
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert weak.warm.sweeps < weak.cold.sweeps
    strong = compare(repo, "v0", "v2", **how)
    assert strong.movement.is_distinguishable
    assert strong.movement.moved[::3].mean() > 0.5
    assert strong.movement.cut == weak.movement.cut  # of v0 alone


def test_a_base_without_samples_is_refused_unless_none_are_asked(tmp_path: Path, grn: Callable[..., Any]) -> None:
    assert grn("simulate", "--genes", 30, "-o", tmp_path / "m.npz").code == 0
    assert grn("init", tmp_path / "m.grn", "--factor-model", tmp_path / "m.npz").code == 0
    assert grn("-s", tmp_path / "m.grn", "commit", tmp_path / "m.pathways.npz").code == 0
    with pytest.raises(NotFound, match="cannot be drawn anew"):
        next(iter(resampled(grnledger.open(tmp_path / "m.grn"), "v0", 1, 0)))
    asked = ("-s", tmp_path / "m.grn", "nmf", "diff", "v0..v1", "--rank", 2, "--restarts", 2)
    refused = grn(*asked)
    assert (refused.code, refused.out) == (3, "")
    assert "--resamples 0" in refused.err
    answer = grn(*asked, "--resamples", 0, "--json").json
    assert (answer["distinguishable"], answer["cut"], answer["moved"]) == (None, None, 0)


def test_the_command_tells_modules_and_genes(repo: Repository, grn: Callable[..., Any]) -> None:
    asked = ("-s", repo.path, "nmf", "diff", "v0..v2", "--rank", 3, "--restarts", 3, "--resamples", 5)
    answer = grn(*asked, "--json").json
    assert (answer["from"]["version"], answer["to"]["version"], answer["resamples"]) == ("v0", "v2", 5)
    assert answer["distinguishable"]
    assert answer["moved"] == sum(row["moved"] for row in answer["genes"])
    assert [row["distance"] for row in answer["genes"]] == sorted(
        (row["distance"] for row in answer["genes"]), reverse=True
    )
    text = grn(*asked)
    assert "moved beyond chance between v0 and v2: drawing the samples anew (5 times)" in text.err
    rows = grn(*asked, "--table", "genes", "--tsv").rows
    assert len(rows) == 60
    assert list(rows[0]) == ["gene", "module_from", "share_from", "module_to", "share_to", "distance", "moved"]
    genes = grn(*asked, "--table", "genes")
    assert len(genes.out.splitlines()) == 21
    assert "and 40 genes that moved less" in genes.err
    weak = grn("-s", repo.path, "nmf", "diff", "v0..v1", "--rank", 3, "--restarts", 3, "--resamples", 5)
    assert "Not distinguishable: drawing the samples anew (5 times) moves one gene in twenty" in weak.err
    assert grn("-s", repo.path, "nmf", "diff", "v0..v9").code == 3
