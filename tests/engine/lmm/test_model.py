"""Mixed models against the dumb truth: dense matrices, Cholesky and slogdet, and a root found by bisection."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.errors import EngineError, InputError, NotPositiveDefinite, ShapeError
from grnledger.engine.lmm.kernels.diagonal_kernel import DiagonalAndFactor
from grnledger.engine.lmm.kernels.network_kernel import network_kernel
from grnledger.engine.lmm.kernels.spectral import of_factor, of_matrix
from grnledger.engine.lmm.model.contrast import permuted_groups, t_statistics
from grnledger.engine.lmm.model.design import design
from grnledger.engine.lmm.model.fit import fit, fit_many, make_model
from grnledger.engine.lmm.model.likelihood import profile
from grnledger.engine.lmm.model.reduced import reduced_factor, reduced_matrix
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from grnledger.engine.network.snapshot import build_snapshot
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
    given = np.column_stack([covariates[:, 1], covariates[:, 2], covariates[:, 1] - 2.0, 2 * covariates[:, 2]])
    columns = design(given, ("age", "batch", "age again", "twice"))
    if kind == "centred" and method == "ml" and not _has_a_maximum(kernel, y, columns):
        with pytest.raises(EngineError, match="has no maximum before"):
            fit(kernel, y, columns, method=method)
        return
    found = fit(kernel, y, columns, method=method)

    assert found.names == ("intercept", "age", "batch")
    assert found.dropped == ("age again", "twice")
    dense = Dense(k, y, covariates, method)
    assert found.scale == pytest.approx(np.trace(k - _hat(covariates) @ k) / (n - 3), rel=1e-10)
    if found.delta > 0:
        delta = dense.best(found.scale)
        value, _, beta, errors, variance = dense.at(delta)
        expected = 0.0 if np.isinf(delta) else found.scale / (found.scale + delta)
        assert found.log_likelihood >= value - 1e-9
        if abs(found.h2 - expected) > 1e-7:  # nearer to an end than bisection looks
            assert found.log_likelihood > value
        value, _, beta, errors, variance = dense.at(found.delta)
        delta = found.delta
        assert found.log_likelihood == pytest.approx(value, abs=1e-9)
        np.testing.assert_allclose(found.effects, beta, rtol=1e-8)
        np.testing.assert_allclose(found.effects_se, errors, rtol=1e-8)
        assert found.variance_noise == pytest.approx(variance * (1 if np.isinf(delta) else delta), rel=1e-6)
        if 1e-3 < found.h2 < 1 - 1e-3:
            _standard_error_is_by_the_information(dense, found)
    assert found.log_likelihood_h2_0 == pytest.approx(dense.at(np.inf)[0], abs=1e-9)
    gained = max(0.0, 2.0 * (found.log_likelihood - found.log_likelihood_h2_0))
    assert found.p_h2_0 == pytest.approx(1.0 if gained == 0 else stats.chi2.sf(gained, 1) / 2, rel=1e-6)
    assert found.log10_p_h2_0 == pytest.approx(np.log10(found.p_h2_0), abs=1e-7)
    assert found.log_likelihood >= found.log_likelihood_h2_0 - 1e-9


def _standard_error_is_by_the_information(dense, found):
    """Compare the standard error of h² with the curvature of the likelihood in h² itself, by differences."""

    def value(h2):
        return dense.at(found.scale * (1 - h2) / h2)[0]

    step = 1e-3 * min(found.h2, 1 - found.h2)
    curvature = (value(found.h2 + step) - 2 * value(found.h2) + value(found.h2 - step)) / step**2
    if curvature < 0:
        assert found.h2_se == pytest.approx(1 / np.sqrt(-curvature), rel=1e-2)


def _has_a_maximum(kernel, y, columns):
    """Whether the likelihood, which has no bound at h² = 1, has a maximum before, or at h² = 0."""
    given = make_model(kernel, y, columns)
    deltas = given.scale * np.exp(np.arange(-18.0, 18.01, 0.05))
    slopes = profile(given.rotated.grid(deltas), deltas, len(y), "ml").slope[:, 0]
    return bool(np.any((slopes[:-1] > 0) & (slopes[1:] <= 0)) or slopes[-1] > 0)


def _hat(x):
    return x @ np.linalg.solve(x.T @ x, x.T)


def test_h2_of_one_is_found_exactly_where_the_kernel_is_singular_in_what_covariates_span():
    rng = np.random.default_rng(5)
    g = rng.normal(size=(60, 200))
    g -= g.mean(axis=0)  # K 1 = 0: the usual relationship matrix
    y = 2.0 + g @ g.T @ rng.normal(size=60) / 10
    found = fit(of_matrix(g @ g.T / 200), y)
    assert (found.h2, found.delta, found.gamma) == (1.0, 0.0, np.inf)
    q = np.linalg.svd(g @ g.T)[0][:, :59]  # within the 59 dimensions the model is diagonal, and K regular
    inner = q.T @ (g @ g.T / 200) @ q
    z = q.T @ y
    s = z @ np.linalg.solve(inner, z)
    expected = -0.5 * (59 * (np.log(2 * np.pi * s / 59) + 1) + np.linalg.slogdet(inner)[1])
    assert found.log_likelihood == pytest.approx(expected, abs=1e-9)
    assert found.log_likelihood_h2_1 == found.log_likelihood
    assert found.effects[0] == pytest.approx(y.mean(), rel=1e-10)


def test_a_dropped_covariate_changes_nothing_else():
    rng = np.random.default_rng(7)
    kernel = of_factor(rng.normal(size=(80, 6)))
    x, y = rng.normal(size=(80, 2)), rng.normal(size=80)
    plain = fit(kernel, y, design(x))
    more = fit(kernel, y, design(np.column_stack([x, x @ [2.0, -3.0], np.full(80, 7.0), np.zeros(80)])))
    assert more.dropped == ("x3", "x4", "x5")
    for name in ("h2", "log_likelihood", "variance_noise", "log10_p_h2_0"):
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
    given = make_model(of_factor(g), y, fixed)
    deltas = np.geomspace(1e-3, 1e3, 13)
    ours = profile(given.rotated.grid(deltas), deltas, n, "reml").log_likelihood[:, 0]
    for route in (reduced_matrix(g @ g.T, fixed), reduced_factor(g, fixed)):
        squares = route.squares(y, fixed)
        theirs = [route.log_likelihood(squares, delta) for delta in deltas]
        np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-9)
        assert route.scale == pytest.approx(given.scale, rel=1e-10)
        assert route.freedom == n - 4


def test_slope_and_curvature_are_those_of_the_value():
    rng = np.random.default_rng(11)
    for kind in ("low rank", "uncentred", "diagonal and factor"):
        _, kernel = a_kernel(kind, 40, rng)
        given = make_model(kernel, rng.normal(size=40), design(rng.normal(size=(40, 2))))
        for method in ("reml", "ml"):
            logs = np.log(given.scale) + np.array([-1.0, 0.0, 2.0])
            step = 1e-4

            def value(t, method=method, given=given):
                found = profile(given.rotated.grid(np.exp(t), 3), np.exp(t), 40, method)
                return found.log_likelihood[:, 0], found.slope[:, 0], found.curvature[:, 0]

            up, here, down = value(logs + step), value(logs), value(logs - step)
            np.testing.assert_allclose(here[1], (up[0] - down[0]) / (2 * step), rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(here[2], (up[1] - down[1]) / (2 * step), rtol=1e-5, atol=1e-6)


def test_many_traits_at_once_are_each_alone():
    rng = np.random.default_rng(13)
    _, kernel = a_kernel("low rank", 70, rng)
    traits = kernel.vectors @ rng.normal(size=(kernel.rank, 9)) * np.linspace(0, 4, 9) + rng.normal(size=(70, 9))
    fixed = design(rng.normal(size=(70, 1)))
    for trait, found in enumerate(fit_many(make_model(kernel, traits, fixed))):
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
    given = make_model(kernel, y)
    line = profile(given.rotated.grid(np.exp(logs)), np.exp(logs), 40, "reml").log_likelihood[:, 0]
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


def test_a_signal_that_lies_all_but_within_the_kernel_is_followed_to_its_maximum():
    rng = np.random.default_rng(19)
    g = rng.normal(size=(80, 5))
    for digits in (2, 3, 4):
        y = np.round(g @ rng.normal(size=5), digits)
        found = fit(of_factor(g), y)
        assert found.h2 > 1 - 1e-3
        assert found.log10_p_h2_0 < -50
        left = y - g @ np.linalg.lstsq(g, y)[0]
        assert found.variance_noise == pytest.approx(left @ left / 74, rel=0.5)


def test_a_kernel_that_is_a_multiple_of_the_noise_tells_nothing():
    rng = np.random.default_rng(20)
    with pytest.raises(EngineError, match="the same for every h²"):
        fit(of_matrix(3 * np.eye(20)), rng.normal(size=20))


def test_a_diagonal_with_two_subtractions_that_take_too_much_is_refused():
    units = np.eye(6)[:, :2]
    kernel = DiagonalAndFactor(np.full(6, 0.5), 0.9 * units, -np.ones(2))
    with pytest.raises(NotPositiveDefinite, match="not positive definite"):
        fit(kernel, np.arange(6.0) ** 2)


@pytest.mark.parametrize("subtracted", [False, True])
def test_the_kernels_of_a_version_are_its_covariance_on_three_scales(subtracted):
    rng = np.random.default_rng(21)
    base = FactorCovariance(rng.uniform(0.5, 2, 30), rng.normal(size=(30, 4)))
    pathways = [Pathway(("a",), np.arange(6), np.full((6, 1), 0.8), units="sd")]
    if subtracted:
        pathways.append(Pathway(("b",), np.array([3, 8]), np.full((2, 1), 0.2), sign=-1, units="sd"))
    snapshot = build_snapshot(
        Panel(tuple(f"G{at}" for at in range(30))), anchor_of(base), pathways, base.standard_deviations()
    )
    places = np.array([2, 3, 5, 8, 13, 21, 7])
    whole = snapshot.covariance.to_dense()
    deviations = np.sqrt(np.diagonal(whole))
    scaled = whole / np.outer(deviations, deviations)
    own = np.diag(base.noise / deviations**2)
    for part, expected in (("covariance", whole), ("full", scaled), ("shared", scaled - own)):
        if part == "shared" and subtracted:
            with pytest.raises(NotPositiveDefinite, match="no covariance"):
                network_kernel(snapshot, part, places)
            continue
        kernel = network_kernel(snapshot, part, places)
        np.testing.assert_allclose(kernel.times(np.eye(7)), expected[np.ix_(places, places)], atol=1e-12)
        assert kernel.trace() == pytest.approx(np.trace(expected[np.ix_(places, places)]))


def test_t_statistics_are_students():
    rng = np.random.default_rng(22)
    values, first = rng.normal(size=(9, 14)), np.arange(14) < 5
    expected = stats.ttest_ind(values[:, first], values[:, ~first], axis=1).statistic
    np.testing.assert_allclose(t_statistics(values, first), expected, rtol=1e-10)
    drawn = permuted_groups(first, 3, 1)
    assert (drawn.sum(axis=1) == 5).all()
    np.testing.assert_allclose(t_statistics(values, drawn)[:, 1], t_statistics(values, drawn[1]), rtol=1e-12)
    values[0] = 3.0
    assert np.isnan(t_statistics(values, first)[0])
    with pytest.raises(InputError, match="Groups of 1 and 13"):
        t_statistics(values, np.arange(14) < 1)
