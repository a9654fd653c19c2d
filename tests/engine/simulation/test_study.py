"""Simulated studies: the truth is that of the network, and what was measured follows it."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.simulation import TrueNetwork, draw_network, recall_knowledge, simulate_study

SIZES = [12, 25, 2, 18]


def network_of(seed: int = 1) -> TrueNetwork:
    return draw_network(SIZES, np.random.RandomState(seed))


def dense_covariance(network: TrueNetwork) -> np.ndarray:
    """(I − B)⁻¹ diag(noise) (I − B)⁻ᵀ, with a plain inverse."""
    acting = np.zeros((len(network.noise), len(network.noise)))
    np.add.at(acting, (network.targets, network.sources), network.weights)
    paths = np.linalg.inv(np.eye(len(acting)) - acting)
    return (paths * network.noise) @ paths.T


@pytest.mark.parametrize("seed", range(5))
def test_every_gene_has_the_variance_1_and_enough_noise(seed: int) -> None:
    network = network_of(seed)
    np.testing.assert_allclose(dense_covariance(network).diagonal(), 1.0, rtol=1e-12)
    assert network.noise.min() >= 0.2 - 1e-12
    assert (network.sources != network.targets).all()


@pytest.mark.parametrize("seed", range(5))
def test_the_true_edges_are_the_inverse_covariance_s_own(seed: int) -> None:
    network = network_of(seed)
    precision = np.linalg.inv(dense_covariance(network))
    scale = np.sqrt(precision.diagonal())
    expected = -precision / scale / scale[:, None]
    first, second, rho = network.partial_correlations()
    assert (first < second).all()
    np.testing.assert_allclose(rho, expected[first, second], atol=1e-10)
    expected[first, second] = 0.0
    assert np.abs(np.triu(expected, 1)).max() < 1e-10


def test_a_cause_spreads_along_the_network() -> None:
    network = network_of()
    causes = np.random.default_rng(2).standard_normal((len(network.noise), 3))
    before = causes.copy()
    acting = np.zeros((len(network.noise), len(network.noise)))
    np.add.at(acting, (network.targets, network.sources), network.weights)
    np.testing.assert_allclose(
        network.spread(causes), np.linalg.solve(np.eye(len(acting)) - acting, causes), atol=1e-12
    )
    np.testing.assert_array_equal(causes, before)


def test_programs_are_regulated_by_their_first_gene_and_run_along_neighbours() -> None:
    network = network_of()
    regulators = np.cumsum([0, *SIZES[:-1]])
    assert set(network.sources[network.regulated]) <= set(regulators)
    beside = ~network.regulated
    np.testing.assert_array_equal(network.targets[beside] - network.sources[beside], 1)
    assert not set(network.targets[beside]) & set(regulators)
    assert (network.weights[beside] > 0).all()


def test_regulators_act_on_as_many_genes_as_they_should_and_repress_some_of_them() -> None:
    network = draw_network([50] * 40, np.random.RandomState(3))
    regulators = np.arange(0, 2_000, 50)
    regulates, targets = network.regulated, network.targets
    own = regulates & (network.sources == targets // 50 * 50)
    among = regulates & np.isin(targets, regulators)
    others = regulates & ~own & ~among
    goes_with_neighbour = np.isin(np.arange(2_000), targets[~regulates])
    begins = np.flatnonzero(~goes_with_neighbour & (np.arange(2_000) % 50 > 0))
    runs = np.diff(begins)[np.diff(begins // 50) == 0]
    assert set(runs.tolist()) == {3, 4, 5, 6}
    for actual, number, share in (
        (np.isin(begins, targets[own]).sum(), len(begins), 0.9),
        (np.isin(np.flatnonzero(goes_with_neighbour), targets[own]).sum(), goes_with_neighbour.sum(), 0.25),
        (others.sum(), 1_960, 0.08 * 39 / 40),
        (among.sum(), 39, 0.5),
        ((network.weights[own] < 0).sum(), own.sum(), 0.1),
        ((network.weights[others] < 0).sum(), others.sum(), 0.4),
    ):
        assert abs(actual - share * number) < 3 * np.sqrt(number * share * (1 - share))


def test_knowledge_misses_some_of_the_truth_and_adds_a_little_to_it() -> None:
    sizes = [30] * 50
    stream = np.random.RandomState(3)
    network = draw_network(sizes, stream)
    knowledge = recall_knowledge(network, sizes, stream)
    true = network.regulated
    signs = dict(
        zip(zip(network.sources[true], network.targets[true], strict=True), network.weights[true], strict=True)
    )
    known = list(zip(knowledge.sources, knowledge.targets, strict=True))
    assert len(set(known)) == len(known)
    right = [signs[pair] * sign > 0 for pair, sign in zip(known, knowledge.signs, strict=True) if pair in signs]
    assert len(right) / len(signs) == pytest.approx(0.85, abs=0.05)
    assert 1 - len(right) / len(known) == pytest.approx(0.1, abs=0.03)
    assert np.mean(right) > 0.98
    inside = [np.mean(genes // 30 == number) for number, genes in enumerate(knowledge.sets)]
    assert np.mean(inside) == pytest.approx(0.85 / 0.95, abs=0.03)


def test_measurements_follow_the_truth() -> None:
    sizes = [30] * 20
    study = simulate_study(sizes, {0: 1.5, 90: -1.5}, samples=2_000, seed=4)
    assert study.counts.shape == (600, 2_000)
    assert (study.counts == np.round(study.counts)).all()
    assert study.treated.sum() == 1_000
    assert all(0 < study.treated[study.batch == batch].mean() < 1 for batch in range(3))
    levels = np.log2(study.counts + 0.5)
    levels -= levels.mean(axis=0)
    measured = levels[:, study.treated].mean(axis=1) - levels[:, ~study.treated].mean(axis=1)
    abundant = study.counts.mean(axis=1) > 30
    assert np.corrcoef(measured[abundant], study.differences[abundant])[0, 1] > 0.98
    assert np.corrcoef(study.signal, study.differences)[0, 1] > 0.9
    assert study.signal[0] > 20
    assert study.signal[90] < -20
    residual = levels[abundant] - np.where(study.treated, 1.0, 0.0) * measured[abundant, None]
    np.testing.assert_array_less(0.0, residual.std(axis=1))


def test_a_seed_is_a_study() -> None:
    first, again, other = (simulate_study(SIZES, {0: 1.0}, seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.counts, again.counts)
    np.testing.assert_array_equal(first.signal, again.signal)
    assert (first.counts != other.counts).any()


@pytest.mark.parametrize(
    ("sizes", "samples", "words"), [([], 60, "two genes"), ([3, 1], 60, "two genes"), ([5], 5, "6 samples")]
)
def test_what_makes_no_study_is_refused(sizes: list[int], samples: int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        simulate_study(sizes, {}, samples=samples)
