"""Mixed models against the dumb truth: dense matrices, Cholesky and slogdet, and a root found by bisection."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.errors import EngineError, InputError, NotPositiveDefinite, ShapeError
from grnledger.engine.lmm.design import design
from grnledger.engine.lmm.fit import fit, fits, model
from grnledger.engine.lmm.likelihood import profile
from grnledger.engine.lmm.reduced import reduced_factor, reduced_matrix
from grnledger.engine.lmm.spectral import of_factor, of_matrix
from mixed_model import KINDS, Dense, a_kernel, a_trait


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.95])
@pytest.mark.parametrize("n", [24, 90])
@pytest.mark.parametrize("kind", KINDS)
def test_every_number_of_a_fit_is_that_of_dense_matrices(kind, n, share, method):
    rng = np.random.default_rng([KINDS.index(kind), n, int(100 * share)])
    k, kernel = a_kernel(kind, n, rng)
    covariates = np.column_stack([np.ones(n), rng.normal(5, 1, n), rng.normal(size=n)])
    y = a_trait(k, share, rng)
    given = np.column_stack([covariates[:, 1], covariates[:, 2], covariates[:, 1] - 2.0, 2 * covariates[:, 2]])
    found = fit(kernel, y, design(given, ("age", "batch", "age again", "twice")), method=method)

    assert found.names == ("intercept", "age", "batch")
    assert found.dropped == ("age again", "twice")
    dense = Dense(k, y, covariates, method)
    assert found.scale == pytest.approx(np.trace(k - _hat(covariates) @ k) / (n - 3), rel=1e-10)
    if found.ratio > 0:
        ratio = dense.best(found.scale)
        value, _, beta, errors, variance = dense.at(ratio)
        expected = 0.0 if np.isinf(ratio) else found.scale / (found.scale + ratio)
        assert found.log_likelihood >= value - 1e-9
        if abs(found.h2 - expected) > 1e-7:  # nearer to an end than bisection looks
            assert found.log_likelihood > value
        value, _, beta, errors, variance = dense.at(found.ratio)
        ratio = found.ratio
        assert found.log_likelihood == pytest.approx(value, abs=1e-9)
        np.testing.assert_allclose(found.effects, beta, rtol=1e-8)
        np.testing.assert_allclose(found.effects_se, errors, rtol=1e-8)
        assert found.variance_noise == pytest.approx(variance * (1 if np.isinf(ratio) else ratio), rel=1e-6)
    assert found.log_likelihood_none == pytest.approx(dense.at(np.inf)[0], abs=1e-9)
    assert found.log_likelihood >= found.log_likelihood_none - 1e-9


def _hat(x):
    return x @ np.linalg.solve(x.T @ x, x.T)


def test_h2_of_one_is_found_exactly_where_the_kernel_is_singular_in_what_covariates_span():
    rng = np.random.default_rng(5)
    g = rng.normal(size=(60, 200))
    g -= g.mean(axis=0)  # K 1 = 0: the usual relationship matrix
    y = 2.0 + g @ g.T @ rng.normal(size=60) / 10
    found = fit(of_matrix(g @ g.T / 200), y)
    assert (found.h2, found.ratio, found.gamma) == (1.0, 0.0, np.inf)
    q = np.linalg.svd(g @ g.T)[0][:, :59]  # within the 59 dimensions the model is diagonal, and K regular
    inner = q.T @ (g @ g.T / 200) @ q
    z = q.T @ y
    s = z @ np.linalg.solve(inner, z)
    expected = -0.5 * (59 * (np.log(2 * np.pi * s / 59) + 1) + np.linalg.slogdet(inner)[1])
    assert found.log_likelihood == pytest.approx(expected, abs=1e-9)
    assert found.log_likelihood_all == found.log_likelihood
    assert found.effects[0] == pytest.approx(y.mean(), rel=1e-10)


def test_a_dropped_covariate_changes_nothing_else():
    rng = np.random.default_rng(7)
    kernel = of_factor(rng.normal(size=(80, 6)))
    x, y = rng.normal(size=(80, 2)), rng.normal(size=80)
    plain = fit(kernel, y, design(x))
    more = fit(kernel, y, design(np.column_stack([x, x @ [2.0, -3.0], np.full(80, 7.0), np.zeros(80)])))
    assert more.dropped == ("x3", "x4", "x5")
    for name in ("h2", "log_likelihood", "variance_noise", "log10_p_none"):
        assert getattr(more, name) == pytest.approx(getattr(plain, name), rel=1e-10, abs=1e-10)
    np.testing.assert_allclose(more.effects, plain.effects, rtol=1e-10)
    np.testing.assert_allclose(more.effects_log10_p, plain.effects_log10_p, rtol=1e-10)


@pytest.mark.parametrize("k", [3, 20, 150])
def test_fast_lmms_two_routes_agree_with_ours(k):
    rng = np.random.default_rng(k)
    n = 100
    g = rng.normal(size=(n, k))
    fixed = design(rng.normal(size=(n, 3)))
    y = g @ rng.normal(size=k) * 0.3 + rng.normal(size=n)
    given = model(of_factor(g), y, fixed)
    ratios = np.geomspace(1e-3, 1e3, 13)
    ours = profile(given.seen.grid(ratios), ratios, n, "reml").log_likelihood[:, 0]
    for route in (reduced_matrix(g @ g.T, fixed), reduced_factor(g, fixed)):
        squares = route.squares(y, fixed)
        theirs = [route.log_likelihood(squares, ratio) for ratio in ratios]
        np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-9)
        assert route.scale == pytest.approx(given.scale, rel=1e-10)
        assert route.freedom == n - 4


def test_slope_and_curvature_are_those_of_the_value():
    rng = np.random.default_rng(11)
    for kind in ("low rank", "uncentred", "diagonal and factor"):
        _, kernel = a_kernel(kind, 40, rng)
        given = model(kernel, rng.normal(size=40), design(rng.normal(size=(40, 2))))
        for method in ("reml", "ml"):
            logs = np.log(given.scale) + np.array([-1.0, 0.0, 2.0])
            step = 1e-4

            def value(t, method=method, given=given):
                found = profile(given.seen.grid(np.exp(t), 3), np.exp(t), 40, method)
                return found.log_likelihood[:, 0], found.slope[:, 0], found.curvature[:, 0]

            up, here, down = value(logs + step), value(logs), value(logs - step)
            np.testing.assert_allclose(here[1], (up[0] - down[0]) / (2 * step), rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(here[2], (up[1] - down[1]) / (2 * step), rtol=1e-5, atol=1e-6)


def test_many_traits_at_once_are_each_alone():
    rng = np.random.default_rng(13)
    _, kernel = a_kernel("low rank", 70, rng)
    traits = kernel.vectors @ rng.normal(size=(kernel.rank, 9)) * np.linspace(0, 4, 9) + rng.normal(size=(70, 9))
    fixed = design(rng.normal(size=(70, 1)))
    for trait, found in enumerate(fits(model(kernel, traits, fixed))):
        alone = fit(kernel, traits[:, trait], fixed)
        assert found.h2 == pytest.approx(alone.h2, abs=1e-8)
        assert found.log_likelihood == pytest.approx(alone.log_likelihood, abs=1e-10)
        np.testing.assert_allclose(found.effects, alone.effects, rtol=1e-8, atol=1e-10)


def test_of_two_maxima_the_higher_is_taken():
    values = np.array([1e4] * 3 + [1.0] * 12 + [1e-3] * 25)
    for seed in range(200):
        rng = np.random.default_rng(seed)
        y = np.concatenate([rng.normal(size=3) * 30, rng.normal(size=12) * 3, rng.normal(size=25)])
        kernel = of_matrix(np.diag(values))
        found = fit(kernel, y)
        if found.maxima > 1:
            break
    else:
        raise AssertionError("no trait had two maxima")
    logs = np.linspace(-12, 18, 20_000)
    given = model(kernel, y)
    line = profile(given.seen.grid(np.exp(logs)), np.exp(logs), 40, "reml").log_likelihood[:, 0]
    assert found.log_likelihood >= line.max() - 1e-9


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
