"""What can be told from chance: normal scores, counts by strength, q, lfdr and detours against their definitions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from grnledger.engine.inference import false_discovery
from grnledger.engine.inference.detours import edge_matrix, without_detours
from grnledger.engine.inference.false_discovery import (
    ENOUGH_PAIRS,
    MOST_SCANS,
    SCANS,
    against_chance,
    independent_counts,
    intraclass_correlation,
    number_of_scans,
    shrunk_correlations,
)
from grnledger.engine.inference.normal_scores import normal_scores
from grnledger.engine.inference.shared_pathways import share_pathway
from grnledger.engine.inference.strength_counts import (
    STEPS,
    StrengthCounts,
    count_strengths,
    steps_of,
    strengths_of_steps,
)
from grnledger.engine.network.pairs.strongest import SelectedPairs
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from numpy.typing import NDArray
from scipy import sparse

Matrix = NDArray[np.float64]


def panel_of(size: int) -> Panel:
    return Panel(tuple(f"G{number}" for number in range(size)))


def shrunk_rho(scores: Matrix, intensity: float) -> Matrix:
    correlation = np.corrcoef(scores)
    precision = np.linalg.inv(intensity * np.eye(len(scores)) + (1 - intensity) * correlation)
    scale = 1 / np.sqrt(precision.diagonal())
    rho = -precision * np.outer(scale, scale)
    np.fill_diagonal(rho, 1.0)
    return rho


def counts_of(strengths: list[float]) -> StrengthCounts:
    steps = np.bincount(steps_of(np.array(strengths)), minlength=STEPS)
    return StrengthCounts(np.cumsum(steps[::-1])[::-1])


def test_normal_scores_are_the_quantiles_of_ranks() -> None:
    values = np.random.default_rng(0).standard_normal((4, 9)) ** 3
    scores = normal_scores(values)
    assert (np.argsort(scores, axis=1) == np.argsort(values, axis=1)).all()
    np.testing.assert_allclose(np.sort(scores, axis=1), np.tile(np.sort(scores[0]), (4, 1)))
    np.testing.assert_allclose(normal_scores(np.exp(values)), scores)
    assert scores[0].max() == pytest.approx(1.4945, abs=1e-3)  # Φ⁻¹(8.625 / 9.25), from a table of Blom's scores


def test_equal_values_are_put_in_an_order_at_random_that_is_always_the_same() -> None:
    values = np.zeros((50, 12))
    values[:, 0] = 1.0
    scores = normal_scores(values)
    assert (scores[:, 0] == scores.max()).all()
    assert len({tuple(row) for row in scores[:, 1:].round(6).tolist()}) > 40
    np.testing.assert_array_equal(scores, normal_scores(values))
    correlation = np.corrcoef(scores[:, 1:])[np.triu_indices(50, 1)]
    assert abs(correlation.mean()) < 0.05
    assert normal_scores(np.full((1, 5), 3.0)).tolist() == [[0.0] * 5]


def test_steps_are_ascending_and_at_or_below_their_strengths() -> None:
    strengths = np.concatenate([[0.0, 1.0], np.random.default_rng(1).random(1000), 10.0 ** -np.arange(9.0)])
    least = strengths_of_steps()
    assert (np.diff(least) > 0).all()
    assert (least[steps_of(strengths)] <= strengths * (1 + 1e-6)).all()
    large = strengths > 1e-5
    assert (least[steps_of(strengths[large])] >= strengths[large] * (1 - 1.1e-3)).all()
    np.testing.assert_array_equal(steps_of(-strengths), steps_of(strengths))
    assert (np.diff(least) > 0).all()
    assert (least[0], least[-1]) == (0.0, 1.0)
    np.testing.assert_array_equal(steps_of(least), np.arange(STEPS))


@pytest.mark.parametrize(("genes", "samples"), [(40, 8), (12, 30)])
def test_counts_are_those_of_all_pairs(genes: int, samples: int) -> None:
    scores = np.random.default_rng(2).standard_normal((genes, samples))
    measure = shrunk_correlations(panel_of(genes), scores, 0.4)
    strengths = np.abs(shrunk_rho(scores, 0.4)[np.triu_indices(genes, 1)])

    counts = count_strengths(measure, genes)

    assert counts.pairs == len(strengths)
    for step in steps_of(np.quantile(strengths, [0.1, 0.5, 0.9])):
        # A strength at the border of a step may be rounded to either side of it.
        border = strengths_of_steps()[step]
        assert counts.at_least[step] == pytest.approx((strengths >= border).sum(), abs=2)


def test_a_constant_gene_has_no_correlation_with_any() -> None:
    scores = np.random.default_rng(3).standard_normal((6, 9))
    scores[2] = 0.0
    assert np.delete(shrunk_correlations(panel_of(6), scores, 0.5).row(2), 2).tolist() == [0.0] * 5


def test_p_and_q_are_those_of_benjamini_and_hochberg_pair_by_pair() -> None:
    stream = np.random.default_rng(4)
    null = stream.random(3000) * 0.3
    observed = np.concatenate([stream.random(950) * 0.3, stream.random(50) * 0.5 + 0.2])

    chance = against_chance(counts_of(observed.tolist()), counts_of(null.tolist()))

    steps = steps_of(observed)
    border = strengths_of_steps()[steps]
    p = np.array([(1 + (steps_of(null) >= steps_of(np.array([edge]))[0]).sum()) / 3001 for edge in border])
    order = np.argsort(p, kind="stable")
    ranks = np.array([(p <= value).sum() for value in p])
    q = np.minimum.accumulate((1000 * p / ranks)[order][::-1])[::-1]
    np.testing.assert_allclose(chance.p[steps], p)
    np.testing.assert_allclose(chance.q[steps][order], np.minimum(q, 1.0))
    cutoff = chance.cutoff(0.2)
    assert cutoff is not None
    assert (observed >= cutoff).sum() == (chance.q[steps] <= 0.2).sum() > 20
    assert chance.cutoff(1e-9) is None


def test_local_rates_grow_as_strengths_fall_and_are_1_where_all_is_chance() -> None:
    null, chance, edges = ((np.arange(size) + 0.5) / size for size in (9000, 2700, 300))
    mixed = np.concatenate([chance, 0.9 + 0.1 * edges])
    lfdr = against_chance(counts_of(mixed.tolist()), counts_of(null.tolist())).lfdr
    assert (np.diff(lfdr) <= 1e-12).all()
    # Above .9 there are 570 of 3,000, and 300 if all were chance.
    assert lfdr[steps_of(np.array([0.95]))[0]] == pytest.approx(300 / 570, abs=0.01)
    assert lfdr[steps_of(np.array([0.5]))[0]] == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("scale", [0.3, 0.7, 1.5])
def test_empirical_q_are_those_of_p_by_the_scaled_null_pair_by_pair(scale: float) -> None:
    stream = np.random.default_rng(5)
    null = stream.random(3000) * 0.3
    observed = np.concatenate([scale * stream.random(950) * 0.3, stream.random(50) * 0.5 + 0.2])
    chance = against_chance(counts_of(observed.tolist()), counts_of(null.tolist()))
    assert chance.spread == pytest.approx(np.median(observed) / np.median(null), rel=0.01)
    steps = steps_of(observed)
    border = steps_of(strengths_of_steps()[steps] / chance.spread)
    p = np.array([(1 + (steps_of(null) >= edge).sum()) / 3001 for edge in border])
    order = np.argsort(p, kind="stable")
    ranks = np.array([(p <= value).sum() for value in p])
    q = np.minimum.accumulate((1000 * p / ranks)[order][::-1])[::-1]
    np.testing.assert_allclose(chance.q_empirical[steps][order], np.minimum(q, 1.0))


def test_of_data_that_are_zero_in_the_middle_nothing_is_beyond_the_empirical_null() -> None:
    chance = against_chance(counts_of([0.0] * 60 + [0.4] * 40), counts_of([0.1] * 50 + [0.2] * 50))
    assert chance.spread == 0.0
    assert (chance.q_empirical == 1.0).all()


def test_the_empirical_null_has_the_scale_of_the_middle_of_the_data() -> None:
    null = np.random.default_rng(6).random(20_000) * 0.2
    chance = against_chance(counts_of((1.5 * null[:6000]).tolist()), counts_of(null.tolist()))
    assert chance.spread == pytest.approx(1.5, rel=0.05)
    assert (chance.q_empirical[steps_of(1.5 * null[:6000])] > 0.2).all()
    assert chance.cutoff(0.2) is not None


def test_independent_genes_are_as_strong_as_those_of_the_null() -> None:
    scores = normal_scores(np.random.default_rng(7).standard_normal((120, 25)))
    observed = count_strengths(shrunk_correlations(panel_of(120), scores, 0.6), 120)
    null = independent_counts(panel_of(120), 25, 0.6)
    assert null.pairs == 3 * observed.pairs
    for step in np.flatnonzero(null.at_least <= 0.2 * null.pairs)[:1], np.flatnonzero(null.at_least <= 2000)[:1]:
        share = observed.at_least[step] / observed.pairs
        assert share == pytest.approx(null.at_least[step] / null.pairs, rel=0.15)
    assert against_chance(observed, null).cutoff(0.05) is None


def test_samples_of_a_group_are_as_alike_in_the_null_as_in_the_data() -> None:
    """A null of as many samples as groups has far smaller ρ at one λ."""
    stream = np.random.default_rng(9)
    groups = np.repeat(np.arange(12), 4)
    shared, own = stream.standard_normal((150, 12)), stream.standard_normal((150, 48))
    scores = normal_scores(np.sqrt(0.5) * shared[:, groups] + np.sqrt(0.5) * own)
    alike = intraclass_correlation(scores, groups)
    assert alike == pytest.approx(0.5, abs=0.1)
    observed = count_strengths(shrunk_correlations(panel_of(150), scores, 0.6), 150)
    null = independent_counts(panel_of(150), 48, 0.6, groups=groups, alike=alike)
    few = independent_counts(panel_of(150), 12, 0.6)
    step = np.flatnonzero(null.at_least <= 0.01 * null.pairs)[0]
    assert observed.at_least[step] / observed.pairs == pytest.approx(0.01, abs=0.006)
    assert few.at_least[step] / few.pairs < 0.002
    assert intraclass_correlation(own, groups) == pytest.approx(0.0, abs=0.05)
    assert intraclass_correlation(own, np.arange(48)) == 0.0


def test_the_strongest_pair_of_a_small_panel_can_be_called() -> None:
    scores = np.random.default_rng(10).standard_normal((200, 60))
    scores[1] = scores[0] + 0.1 * scores[1]
    scores = normal_scores(scores)
    scans = number_of_scans(200)
    assert (scans, number_of_scans(9000), number_of_scans(60_000)) == (20, 3, 3)
    observed = count_strengths(shrunk_correlations(panel_of(200), scores, 0.9), 200)
    chance = against_chance(observed, independent_counts(panel_of(200), 60, 0.9, scans=scans))
    assert chance.q.min() == pytest.approx(1 / 20, rel=0.01)


def test_a_path_through_one_gene_is_no_edge() -> None:
    """Of three genes with r₁₃ = r₁₂ r₂₃ the shrunk ρ₁₃ is not 0, but the path accounts for it, to first order."""
    for first, second, intensity in itertools.product((0.6, -0.4), (0.5, 0.3), (0.5, 0.8)):
        correlation = np.eye(3)
        correlation[0, 1] = correlation[1, 0] = first
        correlation[1, 2] = correlation[2, 1] = second
        correlation[0, 2] = correlation[2, 0] = first * second
        precision = np.linalg.inv(intensity * np.eye(3) + (1 - intensity) * correlation)
        rho = -precision / np.sqrt(np.outer(precision.diagonal(), precision.diagonal()))
        np.fill_diagonal(rho, 0.0)
        pairs = np.array([[0, 2], [0, 1], [1, 2]])
        values = rho[pairs[:, 0], pairs[:, 1]]
        paths = sparse.csr_array(rho * np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]))

        strengths = without_detours(pairs, values, paths, intensity)

        assert abs(values[0]) > 0.005
        assert strengths[0] < 0.3 * abs(values[0])
        np.testing.assert_array_equal(strengths[1:], np.abs(values[1:]))


def test_detours_are_the_strongest_path_of_the_same_sign() -> None:
    stream = np.random.default_rng(8)
    matrix = np.where(stream.random((30, 30)) < 0.3, stream.uniform(-0.5, 0.5, (30, 30)), 0.0)
    matrix = np.triu(matrix, 1) + np.triu(matrix, 1).T
    pairs = np.stack(np.triu_indices(30, 1), axis=1)
    stream.shuffle(pairs)
    rho = stream.uniform(-0.6, 0.6, len(pairs))
    expected = []
    for (left, right), value in zip(pairs.tolist(), rho.tolist(), strict=True):
        longest = max(0.0, *(np.sign(value) * matrix[left, k] * matrix[k, right] for k in range(30)))
        expected.append(max(0.0, abs(value) - 3.0 * longest))

    strengths = without_detours(pairs, rho, sparse.csr_array(matrix), 0.75)

    np.testing.assert_allclose(strengths, expected, atol=1e-15)
    assert len(without_detours(pairs[:0], rho[:0], sparse.csr_array(matrix), 0.75)) == 0


def test_an_edge_matrix_is_symmetric() -> None:
    selection = SelectedPairs(np.array([0.3, 0.2]), np.array([[0, 2], [1, 3]]), np.array([[-0.3], [0.2]]))
    dense = edge_matrix(selection, 4).toarray()
    expected = np.zeros((4, 4))
    expected[0, 2] = expected[2, 0] = -0.3
    expected[1, 3] = expected[3, 1] = 0.2
    np.testing.assert_array_equal(dense, expected)


def test_pairs_in_one_pathway_are_those_of_the_sets() -> None:
    sets = [{0, 1, 2}, {2, 5}, set[int]()]
    pathways = [
        Pathway((f"P{number}",), np.array(sorted(genes)), np.ones((len(genes), 1)))
        for number, genes in enumerate(sets[:2])
    ]
    pairs = np.stack(np.triu_indices(7, 1), axis=1)
    expected = [any(set(pair) <= genes for genes in sets) for pair in pairs.tolist()]
    assert share_pathway(pathways, pairs, 7).tolist() == expected
    assert not share_pathway([], pairs, 7).any()


def test_the_null_has_enough_pairs_and_three_panels_at_least() -> None:
    fewest = next(genes for genes in range(2, 20_000) if number_of_scans(genes) == SCANS)
    for genes in (2, fewest - 1):
        pairs = genes * (genes - 1) / 2
        scans = number_of_scans(genes)
        assert scans == MOST_SCANS or scans * pairs <= ENOUGH_PAIRS < (scans + 1) * pairs
    assert 0.5 * ENOUGH_PAIRS < SCANS * fewest**2 / 2 < 2 * ENOUGH_PAIRS
    assert number_of_scans(2) == number_of_scans(1) == MOST_SCANS


@pytest.mark.parametrize("groups", [None, np.array([0, 0, 1, 2, 2])])
def test_each_panel_of_the_null_has_random_numbers_of_its_own(groups: NDArray[np.intp] | None) -> None:
    panel, number = Panel(tuple(f"G{gene}" for gene in range(40))), 5 if groups is None else 8
    null = false_discovery._Null(panel, 5, 0.5, groups, 0.0)
    drawn = np.random.RandomState(7).standard_normal((3, 40 * number))
    for state, expected in zip(null.states(7, 3), drawn, strict=True):
        np.testing.assert_array_equal(null.scores(state).ravel(), expected[: 40 * 5])
