"""Intervals of h², and how often they contain the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.lmm.model.design import design
from grnledger.engine.lmm.model.fit import fit_many, make_model
from grnledger.engine.lmm.model.interval import (
    GRID,
    bootstrap_interval,
    profile_interval,
    reduced_kernel,
    simulate_null,
    wald_interval,
)
from grnledger.engine.lmm.model.likelihood import profile
from mixed_model import a_kernel, a_trait
from scipy import stats


def test_a_profile_interval_ends_where_the_likelihood_has_fallen_by_half_of_chi_square():
    rng = np.random.default_rng(4)
    k, kernel = a_kernel("wide", 120, rng)
    model = make_model(kernel, a_trait(k, 0.8, rng))
    fit = fit_many(model)[0]
    low, high = profile_interval(model, fit)
    assert 0.0 < low < fit.h2 < high < 1.0
    for end in (low, high):
        delta = np.array([fit.scale * (1 - end) / end])
        at = profile(model.rotated.moments_on_grid(delta, 1), delta, 120, "reml").log_likelihood[0, 0]
        assert 2 * (fit.log_likelihood - at) == pytest.approx(stats.chi2.isf(0.05, 1), rel=1e-5)
    assert profile_interval(model, fit, level=0.5)[0] > low
    at_none = 0
    for _ in range(10):
        model = make_model(kernel, rng.normal(size=120))
        null = fit_many(model)[0]
        if null.h2 == 0.0:
            at_none += 1
            assert profile_interval(model, null)[0] == 0.0
            assert np.isnan(wald_interval(null)[0])
    assert at_none > 0


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_progress_of_a_bootstrap_interval_is_a_step_for_each_h2_that_is_tried(share):
    rng = np.random.default_rng(9)
    k, kernel = a_kernel("low rank", 40, rng)
    model = make_model(kernel, a_trait(k, share, rng))
    shares = []
    bootstrap_interval(simulate_null(reduced_kernel(model), 200, 1), fit_many(model)[0], progress=shares.append)
    assert len(shares) >= GRID
    np.testing.assert_allclose(shares, np.arange(1, len(shares) + 1) / len(shares))


@pytest.mark.parametrize(("h2", "error"), [(0.5, 0.1), (0.05, 0.1), (0.9, 0.1), (0.5, 0.9)])
def test_wald_s_interval_is_as_many_errors_wide_to_either_side_within_0_and_1(h2, error):
    rng = np.random.default_rng(10)
    k, kernel = a_kernel("low rank", 30, rng)
    fit = replace(fit_many(make_model(kernel, a_trait(k, 0.5, rng)))[0], h2=h2, h2_se=error)
    for level, reach in ((0.95, 1.959963984540054), (0.5, 0.6744897501960817)):
        expected = max(0.0, h2 - reach * error), min(1.0, h2 + reach * error)
        assert wald_interval(fit, level=level) == pytest.approx(expected, abs=1e-12)
    assert np.isnan(wald_interval(replace(fit, h2_se=np.nan))).all()


def test_slopes_show_on_which_side_the_estimate_of_a_draw_is():
    rng = np.random.default_rng(6)
    for kind in ("wide", "low rank"):
        k, kernel = a_kernel(kind, 60, rng)
        traits = np.column_stack([a_trait(k, 0.3, rng) for _ in range(200)])
        fixed = design(rng.normal(size=(60, 1)))
        model = make_model(kernel, traits, fixed)
        estimates = np.array([fit.h2 for fit in fit_many(model)])
        draws = simulate_null(reduced_kernel(model), 20_000, 1)
        for h in (0.0, 0.1, 0.3, 0.6):
            expected = draws.at_most(h, 0.3)
            rotated = np.mean(estimates <= h)
            assert abs(rotated - expected) < 4 * np.sqrt(0.25 / 200)


@pytest.mark.parametrize("seed", range(4, 10))
def test_a_bootstrap_interval_ends_where_estimates_beyond_that_of_the_trait_are_as_rare_as_the_level_says(seed):
    """All of α is on the other side where estimates of 0, or of 1, have a probability above α/2."""
    rng = np.random.default_rng(seed)
    k, kernel = a_kernel("low rank", 80, rng)
    model = make_model(kernel, a_trait(k, 0.5, rng))
    fit, draws, alpha = fit_many(model)[0], simulate_null(reduced_kernel(model), 2000, 3), 0.05
    low, high = bootstrap_interval(draws, fit, level=1 - alpha)
    expected = alpha / 2 if draws.at_most(0.0, low) < alpha / 2 else alpha
    assert draws.at_least(fit.h2, low) == pytest.approx(expected, abs=1.1e-3)
    expected = alpha / 2 if draws.at_least(1 - 1e-9, high) < alpha / 2 else alpha
    assert draws.at_most(fit.h2, high) == pytest.approx(expected, abs=1.1e-3)


def test_bootstrap_intervals_contain_the_truth_at_their_level():
    rng = np.random.default_rng(8)
    k, kernel = a_kernel("low rank", 80, rng)
    unit = k / (np.trace(k) / 80)
    root = np.linalg.cholesky(unit + 1e-10 * np.eye(80))
    coverage = {}
    for truth in (0.0, 0.05, 0.5):
        traits = np.sqrt(truth) * root @ rng.normal(size=(80, 250)) + np.sqrt(1 - truth) * rng.normal(size=(80, 250))
        model = make_model(kernel, traits)
        draws = simulate_null(reduced_kernel(model), 2000, 3)
        scaled = truth * model.scale / (np.trace(k) / 80)
        true = scaled / (scaled + 1 - truth)  # h² counts what the covariates leave
        inside = [low <= true <= high for low, high in (bootstrap_interval(draws, fit) for fit in fit_many(model))]
        coverage[truth] = np.mean(inside)
    assert all(0.91 <= share <= 0.985 for share in coverage.values()), coverage
    with pytest.raises(InputError, match="too few"):
        simulate_null(reduced_kernel(model), 20, 1)
