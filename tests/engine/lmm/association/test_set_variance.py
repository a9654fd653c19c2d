"""How strongly sets are linked, from how many of them their variance is estimated, and the degrees of freedom."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.lmm.association.enrichment import enrich
from grnledger.engine.lmm.association.scan import make_scanner
from grnledger.engine.lmm.association.set_variance import SetVariance, independent_sets, links, set_mixture
from grnledger.engine.lmm.kernels.spectral import of_factor
from grnledger.engine.lmm.model.fit import make_model
from scipy import stats
from scipy.sparse import csr_array


def disjoint(number: int, size: int, genes: int) -> np.ndarray:
    sets = np.zeros((number, genes))
    for index in range(number):
        sets[index, index * size : (index + 1) * size] = 1.0
    return sets


def test_links_are_the_mean_of_the_kernel_over_pairs_beyond_chance_with_its_error():
    rng = np.random.default_rng(1)
    factor = rng.normal(size=(60, 12))
    factor[:10] += 1.5 * rng.normal(size=12)
    sets = disjoint(4, 10, 60)
    linked = links(of_factor(factor), csr_array(sets))
    blocks = [(factor @ factor.T)[np.ix_(row > 0, row > 0)] for row in sets]
    pairs = np.array([(block.sum() - np.trace(block)) / 90 for block in blocks])
    chance = np.array([np.trace(block) / 10 * np.sqrt(2 / 12) / 10 for block in blocks])
    beyond = np.maximum(pairs - 2 * chance, 0)
    np.testing.assert_allclose(linked.strength, np.maximum(beyond, beyond.max() / 1000), rtol=1e-10)
    np.testing.assert_allclose(linked.error, [block.mean() ** 2 / 12 for block in blocks], rtol=1e-10)


def test_the_mean_of_a_kernel_from_k_samples_has_the_error_that_is_allowed_for():
    rng = np.random.default_rng(2)
    loadings, samples = np.zeros(20), 24
    loadings[:10] = 0.6
    means = []
    for _ in range(4_000):
        values = np.outer(loadings, rng.normal(size=samples)) + rng.normal(size=(20, samples))
        means.append(np.mean(values[:10].mean(axis=0) ** 2))
    truth = 0.36 + 1 / 10
    assert np.mean(means) == pytest.approx(truth, rel=0.02)
    assert np.var(means) == pytest.approx(2 * truth**2 / samples, rel=0.1)


def test_the_number_of_independent_sets_is_that_of_their_mean_shifts():
    c = np.array([1.0, 2.0, 3.0])
    sets = disjoint(3, 6, 30)
    assert independent_sets(csr_array(sets), c) == pytest.approx(c.sum() ** 2 / np.sum(c**2))
    halves = sets.copy()
    halves[:, 3:6] = halves[:, 9:12] = halves[:, 15:18] = 0.0
    both = np.vstack([sets, halves])
    assert independent_sets(csr_array(both), np.ones(6)) == pytest.approx(3.0, rel=0.1)
    means = both / both.sum(axis=1, keepdims=True)
    covariance = means @ both.T @ np.diag([*c, *c]) @ both @ means.T
    expected = np.trace(covariance) ** 2 / np.trace(covariance @ covariance)
    assert independent_sets(csr_array(both), np.array([*c, *c])) == pytest.approx(expected)


def test_degrees_of_freedom_are_satterthwaite_s_of_three_errors():
    variance = SetVariance(np.array([0.0, 1.0, 1.0, 0.5]), np.array([0.0, 0.0, 0.1, 0.05]), 11.0)
    freedom = variance.freedom(np.array([2.0, 1.0, 1.0, 1.5]), 100.0)
    np.testing.assert_allclose(freedom, [100.0, 10.0, 1 / 0.2, 1.5**2 / (0.025 + 0.05 + 0.01)])


def test_t_of_a_set_has_those_degrees_of_freedom():
    rng = np.random.default_rng(3)
    factor, sets = rng.normal(size=(120, 8)), csr_array(disjoint(12, 10, 120))
    z = factor @ rng.normal(size=8) + sets.T @ rng.normal(size=12) + rng.normal(size=120)
    model = make_model(of_factor(factor), z)
    mixture = set_mixture(model.kernel, sets, model.fixed)
    fit = mixture.mixture.best(model.traits[:, 0])
    variance = mixture.variance(fit)
    unit = fit.fit.variance_kernel * fit.weight / mixture.mixture.scales[1]
    np.testing.assert_allclose(variance.variances, unit * mixture.links.strength)
    np.testing.assert_allclose(variance.link_errors, unit**2 * mixture.links.error)
    enrichment = enrich(make_scanner(fit.model, fit.fit, sparse=True), sets, set_variance=variance)
    squared = np.maximum(enrichment.se**2, variance.variances)
    np.testing.assert_allclose(enrichment.freedom, variance.freedom(squared, 118.0))
    np.testing.assert_allclose(
        10**enrichment.log10_p, 2 * stats.t.sf(np.abs(enrichment.t), enrichment.freedom), rtol=1e-6
    )
    assert (enrichment.freedom < 118).all()
