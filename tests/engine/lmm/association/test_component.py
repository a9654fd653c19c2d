"""The variance component of a pathway."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.lmm.association import component
from grnledger.engine.lmm.association.component import log_tail, run_component_test, scatter_p
from grnledger.engine.lmm.association.scan import make_scanner
from grnledger.engine.lmm.kernels.spectral import of_factor
from grnledger.engine.lmm.model.fit import fit_many, make_model
from grnledger.engine.lmm.model.tails import f_tail


def test_the_tail_of_a_sum_of_chi_squares_is_that_of_draws():
    rng = np.random.default_rng(10)
    for weights, counts in (
        ([1.0, 0.5, -0.2], [1.0, 3.0, 10.0]),
        ([2.0, -0.1], [1.0, 60.0]),
        ([0.5, 0.4, 0.3, -1.0], [1.0, 1.0, 1.0, 4.0]),
    ):
        weights, counts = np.array(weights), np.array(counts)
        draws = sum(w * rng.chisquare(c, 400_000) for w, c in zip(weights, counts, strict=True))
        assert np.exp(log_tail(weights, counts)) == pytest.approx(np.mean(draws > 0), rel=0.05)
    f = 30.0  # one weight of each sign is an F: exact
    tail = log_tail(np.array([1.0, -f / 20]), np.array([1.0, 20.0])) / np.log(10)
    assert tail == pytest.approx(float(f_tail(np.array([f]), 1, 20)[0]), abs=0.05)


@pytest.mark.parametrize(
    ("weights", "counts"),
    [([1.0, -1.0], [5, 5]), ([1.0, -0.05], [1, 20]), ([2.0, 0.5, -0.3], [1, 2, 10]), ([0.1, -1.0], [30, 3])],
)
def test_the_tail_at_the_mean_is_that_of_weights_a_little_to_either_side(weights, counts):
    weights, counts = np.array(weights), np.array(counts)
    assert weights @ counts == pytest.approx(0.0, abs=1e-12)
    at, below, above = (log_tail(weights + shift, counts) for shift in (0.0, -1e-3, 1e-3))
    assert below < at < above
    assert at == pytest.approx((below + above) / 2, abs=1e-4)
    if np.array_equal(weights, -weights[::-1]):
        assert at == pytest.approx(np.log(0.5))


def test_the_scatter_of_a_set_is_the_component_of_its_genes_unless_they_are_too_many(monkeypatch):
    rng = np.random.default_rng(13)
    model = make_model(of_factor(rng.normal(size=(50, 4))), rng.normal(size=50))
    null, genes = make_scanner(model, fit_many(model)[0]), np.array([3, 8, 40])
    assert scatter_p(null, genes) == pytest.approx(10 ** run_component_test(null, np.eye(50)[genes]).log10_p)
    for most, known in ((3, True), (2, False)):
        monkeypatch.setattr(component, "LARGEST_SET", most)
        assert (scatter_p(null, genes) is not None) == known


def test_a_variance_component_is_found_for_scattered_genes_alone():
    rng = np.random.default_rng(12)
    g = rng.normal(size=(400, 10))
    ps = []
    for _ in range(300):
        y = g @ rng.normal(size=10) + rng.normal(size=400)
        model = make_model(of_factor(g), y)
        ps.append(run_component_test(make_scanner(model, fit_many(model)[0]), np.eye(400)[:30]).log10_p)
    assert np.mean(10 ** np.array(ps) < 0.05) == pytest.approx(0.05, abs=0.035)
    y[:30] += 3 * rng.normal(size=30)
    model = make_model(of_factor(g), y)
    test = run_component_test(make_scanner(model, fit_many(model)[0]), np.eye(400)[:30])
    assert test.log10_p < -6 and test.statistic > 2 and test.rank == 30
