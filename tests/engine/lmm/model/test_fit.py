"""Fits of mixed models against dense matrices: Cholesky, slogdet, and a root by bisection."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.errors import EngineError, InputError, NotPositiveDefinite, ShapeError
from grnledger.engine.lmm.kernels.spectral import of_factor, of_matrix
from grnledger.engine.lmm.model.design import design
from grnledger.engine.lmm.model.fit import boundary_p, fit, fit_many, make_model, scale_of
from grnledger.engine.lmm.model.likelihood import profile
from mixed_model import KINDS, Dense, a_kernel, a_trait
from scipy import stats


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.95])
@pytest.mark.parametrize("n", [24, 90])
@pytest.mark.parametrize("kind", KINDS)
def test_every_number_of_a_fit_is_that_of_dense_matrices(kind, n, share, method):
    rng = np.random.default_rng([KINDS.index(kind), n, int(100 * share)])
    k, kernel = a_kernel(kind, n, rng)
    covariates = np.column_stack([np.ones(n), rng.normal(5, 1, n), rng.normal(size=n)])
    y = a_trait(k, share, rng)
    raw = np.column_stack([covariates[:, 1], covariates[:, 2], covariates[:, 1] - 2.0, 2 * covariates[:, 2]])
    fixed = design(raw, ("age", "batch", "age again", "twice"))
    if kind == "centred" and method == "ml" and not _has_a_maximum(kernel, y, fixed):
        with pytest.raises(EngineError, match="has no maximum before"):
            fit(kernel, y, fixed, method=method)
        return
    estimate = fit(kernel, y, fixed, method=method)

    assert estimate.names == ("intercept", "age", "batch")
    assert estimate.dropped == ("age again", "twice")
    dense = Dense(k, y, covariates, method)
    assert estimate.scale == pytest.approx(np.trace(k - _hat(covariates) @ k) / (n - 3), rel=1e-10)
    if estimate.delta > 0:
        delta = dense.best(estimate.scale)
        value, _, beta, errors, variance = dense.at(delta)
        expected = 0.0 if np.isinf(delta) else estimate.scale / (estimate.scale + delta)
        assert estimate.log_likelihood >= value - 1e-9
        if abs(estimate.h2 - expected) > 1e-7:  # nearer to an end than bisection looks
            assert estimate.log_likelihood > value
        value, _, beta, errors, variance = dense.at(estimate.delta)
        delta = estimate.delta
        assert estimate.log_likelihood == pytest.approx(value, abs=1e-9)
        np.testing.assert_allclose(estimate.effects, beta, rtol=1e-8)
        np.testing.assert_allclose(estimate.effects_se, errors, rtol=1e-8)
        assert estimate.variance_noise == pytest.approx(variance * (1 if np.isinf(delta) else delta), rel=1e-6)
        assert estimate.variance_kernel == pytest.approx(0.0 if np.isinf(delta) else variance, rel=1e-6)
        assert estimate.gamma == pytest.approx(estimate.variance_kernel / estimate.variance_noise)
        if 1e-3 < estimate.h2 < 1 - 1e-3:
            _check_standard_error(dense, estimate)
    assert estimate.log_likelihood_h2_0 == pytest.approx(dense.at(np.inf)[0], abs=1e-9)
    statistic = max(0.0, 2.0 * (estimate.log_likelihood - estimate.log_likelihood_h2_0))
    assert estimate.p_h2_0 == pytest.approx(1.0 if statistic == 0 else stats.chi2.sf(statistic, 1) / 2, rel=1e-6)
    assert estimate.log10_p_h2_0 == pytest.approx(np.log10(estimate.p_h2_0), abs=1e-7)
    assert estimate.log_likelihood >= estimate.log_likelihood_h2_0 - 1e-9


def _check_standard_error(dense, estimate):
    """Compare the standard error of h² with the curvature of the likelihood in h² itself, by differences."""

    def value(h2):
        return dense.at(estimate.scale * (1 - h2) / h2)[0]

    step = 1e-3 * min(estimate.h2, 1 - estimate.h2)
    curvature = (value(estimate.h2 + step) - 2 * value(estimate.h2) + value(estimate.h2 - step)) / step**2
    if curvature < 0:
        assert estimate.h2_se == pytest.approx(1 / np.sqrt(-curvature), rel=1e-2)


def test_a_kernel_that_is_small_beside_what_covariates_explain_is_a_kernel():
    kernel = of_matrix(np.eye(40) + 1e10 * np.ones((40, 40)))
    assert scale_of(kernel, design(None, size=40)) == pytest.approx(1.0, rel=1e-3)


def test_of_few_samples_h2_has_a_standard_error_too_and_a_flat_end_none():
    weak = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        rows = rng.normal(size=(9, 12))
        estimate = fit_many(make_model(of_factor(rows), rng.normal(size=9) + rows[:, 0]))[0]
        if 0.05 < estimate.h2 < 0.95:
            slope = estimate.h2 * (1 - estimate.h2) / estimate.h2_se  # the root of minus the curvature in log δ
            weak += slope**2 < 1
            assert np.isfinite(estimate.h2_se)
    assert weak
    assert boundary_p(0.0) == (1.0, 0.0)
    assert boundary_p(1e-300)[0] == pytest.approx(0.5)


def _has_a_maximum(kernel, y, columns):
    """Whether the likelihood, which has no bound at h² = 1, has a maximum before, or at h² = 0."""
    model = make_model(kernel, y, columns)
    deltas = model.scale * np.exp(np.arange(-18.0, 18.01, 0.05))
    slopes = profile(model.rotated.moments_on_grid(deltas), deltas, len(y), "ml").slope[:, 0]
    return bool(np.any((slopes[:-1] > 0) & (slopes[1:] <= 0)) or slopes[-1] > 0)


def _hat(x):
    return x @ np.linalg.solve(x.T @ x, x.T)


def test_many_traits_at_once_are_each_alone():
    rng = np.random.default_rng(13)
    _, kernel = a_kernel("low rank", 70, rng)
    traits = kernel.vectors @ rng.normal(size=(kernel.rank, 9)) * np.linspace(0, 4, 9) + rng.normal(size=(70, 9))
    fixed = design(rng.normal(size=(70, 1)))
    for trait, estimate in enumerate(fit_many(make_model(kernel, traits, fixed))):
        alone = fit(kernel, traits[:, trait], fixed)
        assert estimate.h2 == pytest.approx(alone.h2, abs=1e-8)
        assert estimate.log_likelihood == pytest.approx(alone.log_likelihood, abs=1e-10)
        np.testing.assert_allclose(estimate.effects, alone.effects, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        (np.geomspace(1.0, 1e101, 30), "has values of up to 1e+101"),
        (np.geomspace(1e-120, 1e-101, 30), "has values of up to 1e-101"),
        (np.full(30, 4.0), "is constant (4)"),
        (np.append(np.arange(29.0), np.inf), "is inf in row 30"),
    ],
)
def test_a_trait_that_makes_no_sense_is_named(column, sentence):
    rng = np.random.default_rng(16)
    kernel, traits = of_factor(rng.normal(size=(30, 4))), rng.normal(size=(30, 3))
    traits[:, 1] = column
    for names, name in (((), "Trait 2"), (("a", "b", "c"), "b")):
        with pytest.raises((EngineError, InputError)) as refusal:
            make_model(kernel, traits, names=names)
        assert refusal.value.message.startswith(f"{name} {sentence}")


def test_what_cannot_be_fitted_is_refused_with_its_reason():
    rng = np.random.default_rng(17)
    g = rng.normal(size=(30, 4))
    kernel, y = of_factor(g), rng.normal(size=30)
    with pytest.raises(EngineError, match=r"constant \(3\)"):
        fit(kernel, np.full(30, 3.0))
    with pytest.raises(EngineError, match="wholly explained by the covariates"):
        fit(kernel, g[:, 0] * 2 + 1, design(g[:, :1]))
    with pytest.raises(InputError, match="leave nothing to estimate"):
        fit(of_factor(g[:4]), y[:4], design(g[:4, :2]))
    bad = y.copy()
    bad[3] = np.nan
    with pytest.raises(InputError, match="nan in row 4"):
        fit(kernel, bad)
    with pytest.raises(InputError, match="covariate age is inf in row 3"):
        design(np.array([[1.0], [2.0], [np.inf]]), ("age",))
    with pytest.raises(ShapeError, match="30 rows does not fit traits"):
        fit(kernel, y[:20])
    with pytest.raises(NotPositiveDefinite, match="smallest eigenvalue is -"):
        of_matrix(np.diag([1.0, 2.0, -0.5]))
    with pytest.raises(InputError, match="not symmetric"):
        of_matrix(np.array([[1.0, 0.2], [0.5, 1.0]]))
    with pytest.raises(InputError, match="The kernel is zero"):
        of_factor(np.zeros((4, 2)))
    with pytest.raises(EngineError, match="explain the whole kernel"):
        fit(of_matrix(np.ones((30, 30))), y)
    with pytest.raises(EngineError, match="no bound at h² = 1"):
        fit(of_factor(g), g @ np.array([1.0, 2.0, -1.0, 0.5]))
