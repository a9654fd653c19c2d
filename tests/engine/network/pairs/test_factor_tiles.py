"""The strongest pairs of a factor by tiles, against brute force in float64 over all pairs."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.network.pairs import blocks, edge_rule as rules
from grnledger.engine.network.pairs.edge_rule import EdgeRule
from grnledger.engine.network.pairs.partial_correlations import PartialCorrelations
from grnledger.engine.network.pairs.strongest_pairs import strongest_by_blocks, strongest_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

EPS = float(np.finfo(np.float64).eps)


def measure_of(factor: NDArray[np.float64], subtracted: int = 0) -> PartialCorrelations:
    """Pairs with the strengths Σ ± z_ik z_jk: any factor has the algebra of one of a version."""
    signature = np.ones(factor.shape[1])
    signature[len(signature) - subtracted :] = -1.0
    return PartialCorrelations(factor, signature, None, np.ones(len(factor)))


def brute_force(measure: PartialCorrelations) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """All pairs in panel order, and the strength of each by itself in float64."""
    pairs = np.stack(np.triu_indices(len(measure.factor), 1), axis=1)
    return pairs, measure.pairs(pairs)


def passing(pairs: NDArray[np.intp], values: NDArray[np.float64], rule: EdgeRule) -> NDArray[np.intp]:
    """Which pairs pass, strongest first: those that tie with the last but for steps of 1e-13 too."""
    sizes = np.abs(values)
    if rule.rule == "threshold":
        chosen = np.flatnonzero(sizes >= rule.value)
    else:
        steps = np.round(sizes / 1e-13)
        last = np.sort(steps)[::-1][min(int(rule.value), len(steps)) - 1] if len(steps) else 0
        chosen = np.flatnonzero((steps >= last) & (sizes > 1e-13))
    return chosen[np.argsort(-sizes[chosen], kind="stable")]


def check(measure: PartialCorrelations, *edge_rules: EdgeRule) -> None:
    pairs, values = brute_force(measure)
    for rule in edge_rules:
        actual, largest = strongest_pairs(measure, len(measure.factor), rule)
        chosen = passing(pairs, values, rule)
        assert np.array_equal(actual.pairs, pairs[chosen])
        assert np.array_equal(actual.values[:, 0], values[chosen])
        assert largest == np.abs(values).max(initial=0.0)


@pytest.mark.parametrize("subtracted", [0, 2])
@pytest.mark.parametrize("rank", [1, 3, 50])
@pytest.mark.parametrize("genes", [1, 2, 3, 513, 1_025])
def test_strongest_pairs_are_those_of_brute_force(genes: int, rank: int, subtracted: int) -> None:
    rng = np.random.default_rng(genes * 100 + rank)
    norms = rng.lognormal(-1.5, 1.0, genes)
    measure = measure_of(norms[:, None] * rng.standard_normal((genes, rank)) / np.sqrt(rank), min(subtracted, rank))
    strengths = np.sort(np.abs(brute_force(measure)[1]))[::-1]
    ranks = {min(n, len(strengths) - 1) for n in (0, 10, 2_000)} - {-1}
    thresholds = [EdgeRule("threshold", min(1.0, float(strengths[rank]))) for rank in ranks]
    check(measure, *(EdgeRule("top", count) for count in (1, 20, genes, 3_000)), *thresholds)


def test_panels_of_several_tiles_are_those_of_brute_force() -> None:
    rng = np.random.default_rng(7)
    measure = measure_of(rng.lognormal(-1.0, 0.3, 2_049)[:, None] * rng.standard_normal((2_049, 20)) / 9, 3)
    check(measure, EdgeRule("top", 2_049), EdgeRule("top", 100_000), EdgeRule("threshold", 0.2))


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e2, 1e6])
def test_norms_have_no_bound(size: float) -> None:
    """‖z‖² goes up to 1e6, where float32 has no digit of ρ left, beside norms of 0."""
    rng = np.random.default_rng(3)
    factor = rng.standard_normal((700, 12)) / np.sqrt(12)
    factor[:40] *= np.sqrt(size)
    factor[40:80] = 0.0
    factor[80:120] *= 1e-9
    measure = measure_of(factor, 4)
    check(measure, EdgeRule("top", 30), EdgeRule("top", 10_000), EdgeRule("threshold", 0.5))


def test_equal_norms_leave_the_order_of_the_panel() -> None:
    rng = np.random.default_rng(4)
    factor = rng.standard_normal((600, 5))
    factor *= 0.7 / np.linalg.norm(factor, axis=1, keepdims=True)
    check(measure_of(factor), EdgeRule("top", 600))


def test_thousands_of_ties_are_all_listed_in_panel_order() -> None:
    factor = np.zeros((900, 2))
    factor[100:200, 0] = 0.5
    factor[300:800:5, 1] = -0.25
    check(measure_of(factor), *(EdgeRule("top", count) for count in (1, 4_949, 4_950, 4_951)))
    actual, _ = strongest_pairs(measure_of(factor), 900, EdgeRule("top", 10))
    assert actual.pairs.tolist() == [list(pair) for pair in itertools.combinations(range(100, 200), 2)]
    check(measure_of(factor), EdgeRule("threshold", 0.25), EdgeRule("threshold", 0.0625))
    nothing, largest = strongest_pairs(measure_of(factor), 900, EdgeRule("threshold", float(np.nextafter(0.25, 1))))
    assert (len(nothing), largest) == (0, 0.25)


@pytest.mark.parametrize("rule", [EdgeRule("top", 3_000), EdgeRule("threshold", 0.13)])
def test_any_number_of_threads_gives_the_same_bits(rule: EdgeRule, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    measure = measure_of(rng.lognormal(-1.0, 0.5, 2_500)[:, None] * rng.standard_normal((2_500, 30)) / 9, 2)
    answers = []
    for threads, shape in itertools.product([1, 4], [(512, 1024), (100, 300)]):
        monkeypatch.setattr(blocks, "cores", lambda threads=threads: threads)
        monkeypatch.setattr(blocks, "HEIGHT", shape[0])
        monkeypatch.setattr(blocks, "WIDTH", shape[1])
        answers.append(strongest_pairs(measure, 2_500, rule))
    first = answers[0][0]
    assert len(first) > 500
    for other, _ in answers[1:]:
        assert other.pairs.tobytes() == first.pairs.tobytes()
        assert other.values.tobytes() == first.values.tobytes()


def test_tiles_and_blocks_agree() -> None:
    rng = np.random.default_rng(6)
    measure = measure_of(0.2 * rng.standard_normal((800, 10)), 1)
    rule = EdgeRule("top", 500)
    by_tiles, by_blocks = (of(measure, 800, rule) for of in (strongest_pairs, strongest_by_blocks))
    assert by_tiles[0].pairs.tolist() == by_blocks[0].pairs.tolist()
    np.testing.assert_allclose(by_tiles[0].values, by_blocks[0].values, rtol=0, atol=8 * EPS)
    assert by_tiles[1] == pytest.approx(by_blocks[1], abs=8 * EPS)


def test_more_pairs_than_a_list_holds_are_refused_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_EDGES", 1_000)
    rng = np.random.default_rng(8)
    measure = measure_of(0.5 * rng.standard_normal((3_000, 4)))
    shares: list[float] = []
    with pytest.raises(InputError, match="More than 1,000"):
        strongest_pairs(measure, 3_000, EdgeRule("threshold", 0.01), progress=shares.append)
    assert max(shares, default=0.0) < 0.5


def test_ties_beyond_a_list_of_edges_and_pairs_a_bit_below_a_threshold(monkeypatch: pytest.MonkeyPatch) -> None:
    """More candidates than may be kept at once: float64 decides on them while others are still to come."""
    monkeypatch.setattr(rules, "MOST_EDGES", 10)
    factor = np.zeros((1_500, 1))
    factor[100:200] = 0.5
    check(measure_of(factor), EdgeRule("top", 4))
    above, largest = strongest_pairs(measure_of(factor), 1_500, EdgeRule("threshold", float(np.nextafter(0.25, 1))))
    assert (len(above), largest) == (0, 0.25)
    with pytest.raises(InputError, match="More than 10"):
        strongest_pairs(measure_of(factor), 1_500, EdgeRule("threshold", 0.25))
