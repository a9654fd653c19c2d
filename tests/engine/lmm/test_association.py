"""Scans, leaving out, intervals and components of mixed models, against the model fitted or written down again."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.errors import EngineError, InputError, NotPositiveDefinite, ShapeError
from grnledger.engine.lmm.association.component import log_tail, run_component_test
from grnledger.engine.lmm.association.enrichment import enrich
from grnledger.engine.lmm.association.exact import ExactScanner
from grnledger.engine.lmm.association.leave_out import LeaveOut
from grnledger.engine.lmm.association.scan import make_scanner
from grnledger.engine.lmm.kernels.diagonal_kernel import DiagonalAndFactor
from grnledger.engine.lmm.kernels.spectral import of_factor, of_matrix
from grnledger.engine.lmm.model.design import design
from grnledger.engine.lmm.model.fit import fit, fit_many, make_model
from grnledger.engine.lmm.model.interval import (
    bootstrap_interval,
    profile_interval,
    reduced_kernel,
    simulate_null,
    wald_interval,
)
from grnledger.engine.lmm.model.likelihood import profile
from grnledger.engine.lmm.model.mixture import fit_mixture
from grnledger.engine.lmm.model.prediction import blup, predict
from grnledger.engine.lmm.model.tails import chi2_tail, f_tail, t_two_sided
from mixed_model import KINDS, Dense, a_kernel, a_trait
from scipy import stats
from scipy.sparse import csc_array, csr_array


def dense_p(k, delta, x):
    h = np.eye(len(k)) if np.isinf(delta) else k + delta * np.eye(len(k))
    inverse = np.linalg.inv(h)
    return inverse - inverse @ x @ np.linalg.solve(x.T @ inverse @ x, x.T @ inverse)


@pytest.mark.parametrize("statistic", ["wald", "lrt", "score"])
@pytest.mark.parametrize("share", [0.0, 0.6])
@pytest.mark.parametrize("kind", KINDS)
def test_a_p3d_scan_is_the_formula_on_dense_matrices(kind, share, statistic):
    n = 70
    rng = np.random.default_rng([KINDS.index(kind), int(10 * share)])
    k, kernel = a_kernel(kind, n, rng)
    covariates = rng.normal(size=(n, 2))
    y = a_trait(k, share, rng)
    tests = rng.integers(0, 3, size=(40, n)).astype(float) + 5.0
    tests[3] = 7.0
    tests[4] = covariates @ [2.0, 1.0] + 3
    tests[5] = 1e-9 * tests[6]
    given = make_model(kernel, y, design(covariates))
    method = "ml" if statistic == "lrt" else "reml"
    if (kind, share, method) == ("centred", 0.6, "ml"):
        with pytest.raises(EngineError, match="has no maximum before"):
            fit_many(given, method=method)
        return
    null = fit_many(given, method=method)[0]
    found = make_scanner(given, null, statistic=statistic).scan(tests)
    x = np.column_stack([np.ones(n), covariates])
    p = dense_p(k, max(null.delta, 1e-9 * null.scale), x)
    for place, test in enumerate(tests):
        if place in (3, 4):
            assert np.isnan(found.beta[place]) and np.isnan(found.log10_p[place]) and np.isnan(found.h2[place])
            continue
        own, crossed, whole = test @ p @ test, test @ p @ y, y @ p @ y
        left = whole - crossed**2 / own
        freedom = n - 4
        expected = {
            "wald": crossed**2 / own / (left / freedom),
            "lrt": n * np.log(whole / left),
            "score": (n - 3) * crossed**2 / own / whole,
        }[statistic]
        assert found.beta[place] == pytest.approx(crossed / own, rel=1e-8, abs=1e-11)
        assert found.se[place] == pytest.approx(np.sqrt(left / freedom / own), rel=1e-8)
        assert found.statistic[place] == pytest.approx(expected, rel=1e-7)
        tail = stats.f.logsf(expected, 1, freedom) if statistic == "wald" else stats.chi2.logsf(expected, 1)
        assert found.log10_p[place] == pytest.approx(tail / np.log(10), abs=1e-6)
    assert found.between == 1 and found.within == (freedom if statistic == "wald" else np.inf)


@pytest.mark.parametrize("share", [0.0, 0.4])
@pytest.mark.parametrize("kind", KINDS)
def test_sparse_tests_single_precision_and_blocks_are_the_dense_scan(kind, share):
    n = 300
    rng = np.random.default_rng([3, KINDS.index(kind)])
    k, kernel = a_kernel(kind, n, rng)
    given = make_model(kernel, a_trait(k, share, rng), design(rng.normal(size=(n, 2))))
    null = fit_many(given)[0]
    tests = (rng.random((50, n)) < 0.1) * rng.choice([1.0, 2.0], size=(50, n))
    dense = make_scanner(given, null).scan(tests)
    sparse = make_scanner(given, null, sparse=True).scan(csr_array(tests))
    for name in ("beta", "se", "statistic", "log10_p", "log_likelihood"):
        np.testing.assert_allclose(getattr(sparse, name), getattr(dense, name), rtol=1e-8, atol=1e-9)
    shifted = tests + 20.0  # a mean far from zero is what single precision is lost on
    single = make_scanner(given, null, single=True).scan(shifted.astype(np.float32))
    np.testing.assert_allclose(single.log10_p, make_scanner(given, null).scan(shifted).log10_p, rtol=0, atol=1e-4)
    many = np.vstack([tests] * 45)  # more than one block
    np.testing.assert_allclose(make_scanner(given, null).scan(many).beta[-50:], dense.beta, rtol=1e-12)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "diagonal and factor"])
def test_an_exact_scan_is_the_model_fitted_beside_each_test(kind, share):
    n = 60
    rng = np.random.default_rng([5, KINDS.index(kind), int(10 * share)])
    k, kernel = a_kernel(kind, n, rng)
    covariates, y = rng.normal(size=(n, 1)), a_trait(k, share, rng)
    tests = rng.normal(size=(60, n)) + 3.0
    tests[:20] += np.linspace(-0.9, 0.9, 20)[:, None] * y  # strong ones, beside which δ is another
    tests[20] = covariates[:, 0] - 1
    for statistic, method in (("wald", "reml"), ("lrt", "ml")):
        given = make_model(kernel, y, design(covariates))
        if kind == "centred" and method == "ml":
            with pytest.raises(EngineError, match=r"no bound at h² = 1|without bound"):
                ExactScanner(given, fit_many(given, method=method)[0], statistic=statistic)
            continue
        null = fit_many(given, method=method)[0]
        found = ExactScanner(given, null, statistic=statistic).scan(tests)
        for place, test in enumerate(tests):
            if place == 20:
                assert np.isnan(found.beta[place]) and np.isnan(found.log10_p[place])
                continue
            alone = fit(kernel, y, design(np.column_stack([covariates, test])), method=method)
            assert found.log_likelihood[place] == pytest.approx(alone.log_likelihood, abs=1e-8)
            assert found.beta[place] == pytest.approx(alone.effects[2], rel=1e-8, abs=1e-9)
            if statistic == "wald":
                assert found.se[place] == pytest.approx(alone.effects_se[2], rel=1e-8)
                assert found.log10_p[place] == pytest.approx(alone.effects_log10_p[2], abs=1e-6)
            else:
                more = max(0.0, 2 * (alone.log_likelihood - null.log_likelihood))
                assert found.statistic[place] == pytest.approx(more, abs=1e-7)
            delta = null.scale * (1 - found.h2[place]) / found.h2[place] if found.h2[place] > 0 else np.inf
            assert null.scale / (null.scale + delta) == pytest.approx(null.scale / (null.scale + alone.delta), abs=2e-7)


def test_a_test_that_explains_everything_has_the_least_p_and_not_the_greatest():
    for seed in range(30):
        rng = np.random.default_rng([27, seed])
        k, kernel = a_kernel("low rank" if seed % 2 else "wide", 60, rng)
        y = a_trait(k, 0.5, rng)
        given = make_model(kernel, y)
        null = fit_many(given)[0]
        tests = np.vstack([2.0 * y + 3.0, y + 1e-9 * rng.normal(size=60), rng.normal(size=60)])
        for ready in (make_scanner(given, null), make_scanner(given, null, single=True), ExactScanner(given, null)):
            found = ready.scan(tests)
            assert (found.log10_p[:2] < -100).all() and found.log10_p[2] > -8
            assert np.isfinite(found.log_likelihood).all()
            assert (found.se > 0).all()
    with pytest.raises(ShapeError, match="a test a row"):
        make_scanner(given, null).scan(tests.T)


def test_tests_of_any_kind_are_the_same_numbers():
    rng = np.random.default_rng(28)
    _, kernel = a_kernel("low rank", 600, rng)
    given = make_model(kernel, rng.normal(size=600))
    ready = make_scanner(given, fit_many(given)[0], sparse=True)
    tests = rng.integers(0, 3, size=(20, 600))
    expected = ready.scan(tests.astype(float)).log10_p
    for other in (tests.astype(np.int8), tests.tolist(), csc_array(tests.astype(float)), np.asfortranarray(tests)):
        np.testing.assert_allclose(ready.scan(other).log10_p, expected, atol=1e-9)


def test_an_exact_scan_needs_eigenvectors():
    rng = np.random.default_rng(1)
    kernel = DiagonalAndFactor(np.ones(30), rng.normal(size=(30, 2)), np.ones(2))
    given = make_model(kernel, rng.normal(size=30))
    with pytest.raises(InputError, match="keeps its own diagonal"):
        ExactScanner(given, fit_many(given)[0])


def test_a_block_of_columns_is_the_f_test_of_generalised_least_squares():
    rng = np.random.default_rng(2)
    k, kernel = a_kernel("wide", 50, rng)
    y = a_trait(k, 0.5, rng)
    given = make_model(kernel, y)
    null = fit_many(given)[0]
    columns = rng.normal(size=(3, 50))
    root = np.linalg.inv(np.linalg.cholesky(k + null.delta * np.eye(50)))
    small, large = root @ np.ones((50, 1)), root @ np.column_stack([np.ones(50), columns.T])
    rss = [np.linalg.lstsq(x, root @ y)[1][0] for x in (small, large)]
    expected = (rss[0] - rss[1]) / 3 / (rss[1] / 46)
    for given_columns in (columns, np.vstack([columns, columns[0] + 2 * columns[1], np.ones((1, 50))])):
        f, rank, log10_p = make_scanner(given, null).block(given_columns)
        assert (f, rank) == (pytest.approx(expected, rel=1e-7), 3)
        assert log10_p == pytest.approx(stats.f.logsf(expected, 3, 46) / np.log(10), abs=1e-6)
    alone = make_scanner(given, null).scan(columns[:1])
    assert make_scanner(given, null).block(columns[:1])[0] == pytest.approx(alone.statistic[0], rel=1e-9)
    for seed in range(20):
        y = a_trait(k, 0.5, np.random.default_rng(seed))
        given = make_model(kernel, y)
        ready = make_scanner(given, fit_many(given)[0])
        with pytest.raises(EngineError, match="Of 1 columns 0 are left"):
            ready.block(np.ones((1, 50)))
        assert ready.block(np.vstack([columns[:2], np.ones((1, 50))]))[1] == 2
        nothing = run_component_test(ready, np.ones((1, 50)))
        assert np.isnan(nothing.log10_p) and nothing.rank == 0


@pytest.mark.parametrize("kind", ["wide", "low rank", "diagonal and factor"])
def test_leaving_columns_out_is_the_model_of_the_kernel_without_them(kind):
    rng = np.random.default_rng(KINDS.index(kind))
    n = 60
    if kind == "diagonal and factor":
        d, u = rng.uniform(0.3, 1, n), rng.normal(size=(n, 6))
        kernel, columns = DiagonalAndFactor(d, u, np.ones(6)), u
        rest = lambda kept: DiagonalAndFactor(d, u[:, kept], np.ones(len(kept)))  # noqa: E731
    else:
        g = rng.normal(size=(n, 100 if kind == "wide" else 6))
        kernel, columns = of_factor(g), g[:, :6]
        rest = lambda kept: of_factor(np.hstack([g[:, kept], g[:, 6:]]))  # noqa: E731
    fixed = design(rng.normal(size=(n, 1)))
    y = columns[:, 0] + 0.5 * columns[:, 3] + rng.normal(size=n)
    tests = rng.normal(size=(n, 2)) + columns[:, :2]
    leaving = LeaveOut(make_model(kernel, y, fixed), columns, tests)
    for which in ([0], [3], [1, 4], [0, 1, 2]):
        found = leaving.without(which, [0, 1])
        kept = [one for one in range(6) if one not in which]
        alone = fit(rest(kept), y, fixed)
        assert found.h2 == pytest.approx(alone.h2, abs=1e-7)
        assert found.scale == pytest.approx(alone.scale, rel=1e-9)
        assert found.log_likelihood == pytest.approx(alone.log_likelihood, abs=1e-9)
        beside = make_scanner(make_model(rest(kept), y, fixed), alone).scan(tests.T)
        np.testing.assert_allclose(found.beta, beside.beta, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(found.log10_p, beside.log10_p, atol=1e-6)
    with pytest.raises(NotPositiveDefinite, match="no part of the kernel"):
        LeaveOut(make_model(kernel, y, fixed), 100 * columns).without([0])


def test_leaving_out_of_a_centred_kernel_is_right_at_h2_of_one_too():
    rng = np.random.default_rng(23)
    ends = 0
    for _ in range(12):
        g = rng.normal(size=(50, 90)) / 9
        g -= g.mean(axis=0)
        fixed = design(rng.normal(size=(50, 1)))
        y = 1.0 + g @ rng.normal(size=90)
        found = LeaveOut(make_model(of_factor(g), y, fixed), g[:, :3]).without([1])
        alone = fit(of_factor(np.delete(g, 1, axis=1)), y, fixed)
        assert found.h2 == pytest.approx(alone.h2, abs=1e-7)
        assert found.log_likelihood == pytest.approx(alone.log_likelihood, abs=1e-8)
        ends += alone.h2 == 1.0
    assert ends > 2


def test_five_in_a_hundred_null_tests_are_below_five_percent():
    rng = np.random.default_rng(24)
    whole = rng.normal(size=(120, 300)) / 17
    g = whole - whole.mean(axis=0)  # the usual relationship matrix: singular along the intercept, where ML has no bound
    below = {"p3d": 0, "exact": 0, "lrt": 0, "score": 0}
    for _ in range(12):
        given = make_model(of_factor(g), g @ rng.normal(size=300) + 0.7 * rng.normal(size=120))
        null, regular = fit_many(given)[0], make_model(of_factor(whole), given.traits[:, 0])
        by_ml = fit_many(regular, method="ml")[0]
        tests = rng.integers(0, 3, size=(300, 120)).astype(float)
        for name, one in (
            ("p3d", make_scanner(given, null)),
            ("exact", ExactScanner(given, null)),
            ("lrt", make_scanner(regular, by_ml, statistic="lrt")),
            ("score", make_scanner(given, null, statistic="score")),
        ):
            below[name] += int(np.sum(one.scan(tests).p < 0.05))
    assert all(0.035 < number / 3600 < 0.07 for number in below.values()), below


def test_leaving_everything_out_is_refused():
    rng = np.random.default_rng(9)
    g = rng.normal(size=(40, 2))
    with pytest.raises(EngineError, match="Nothing of the kernel is left"):
        LeaveOut(make_model(of_factor(g), rng.normal(size=40)), g).without([0, 1])


def test_the_best_prediction_and_its_error_are_those_of_dense_matrices():
    for kind in KINDS:
        rng = np.random.default_rng(KINDS.index(kind))
        n, new = 50, 8
        if kind == "diagonal and factor":
            k, kernel = a_kernel(kind, n, rng)
            cross, own = rng.normal(size=(new, n)) * 0.1, np.ones(new)
        else:
            whole, _ = a_kernel(kind, n + new, rng)
            k, cross, own = whole[:n, :n], whole[n:, :n], np.diagonal(whole)[n:]
            kernel = of_matrix((k + k.T) / 2)
        x = np.column_stack([np.ones(n), rng.normal(size=n)])
        x_new = np.column_stack([np.ones(new), rng.normal(size=new)])
        y = a_trait(k, 0.5, rng)
        given = make_model(kernel, y, design(x[:, 1:]))
        found = fit_many(given)[0]
        if not 0.0 < found.h2 < 1.0:
            continue
        h = k + found.delta * np.eye(n)
        p = dense_p(k, found.delta, x)
        told = blup(given, found)
        np.testing.assert_allclose(told.effect, k @ p @ y, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(
            told.error_variance, found.variance_kernel * np.diagonal(k - k @ p @ k), rtol=1e-6, atol=1e-8
        )
        elsewhere = predict(given, found, cross, own, x_new)
        mean, variance = elsewhere.value, elsewhere.error_variance
        np.testing.assert_allclose(elsewhere.effect, cross @ p @ y, rtol=1e-6, atol=1e-9)
        beta = found.effects
        np.testing.assert_allclose(mean, x_new @ beta + cross @ np.linalg.solve(h, y - x @ beta), rtol=1e-6)
        frame = x_new.T - x.T @ np.linalg.solve(h, cross.T)
        inner = np.linalg.solve(x.T @ np.linalg.solve(h, x), frame)
        expected = own - np.diagonal(cross @ np.linalg.solve(h, cross.T)) + np.einsum("ij,ij->j", frame, inner)
        np.testing.assert_allclose(
            variance, found.variance_kernel * expected + found.variance_noise, rtol=1e-6, atol=1e-8
        )


def test_a_prediction_without_a_random_effect_is_the_regression_line():
    rng = np.random.default_rng(25)
    x = rng.normal(size=40)
    for _ in range(50):
        given = make_model(of_factor(rng.normal(size=(40, 3))), 2 + x + rng.normal(size=40), design(x[:, None]))
        found = fit_many(given)[0]
        if found.h2 == 0.0:
            break
    whole, new = np.column_stack([np.ones(40), x]), np.array([[1.0, 0.3], [1.0, 2.0]])
    elsewhere = predict(given, found, np.zeros((2, 40)), np.ones(2), new)
    variance = elsewhere.error_variance
    np.testing.assert_allclose(elsewhere.value, new @ found.effects)
    inner = np.linalg.inv(whole.T @ whole)
    np.testing.assert_allclose(variance, found.variance_noise * (1 + np.einsum("ij,jk,ik->i", new, inner, new)))
    assert not blup(given, found).effect.any()


def test_at_h2_of_one_of_a_singular_kernel_all_goes_along_it():
    rng = np.random.default_rng(26)
    g = rng.normal(size=(30, 90))
    g -= g.mean(axis=0)
    given = make_model(of_factor(g), 4.0 + g @ g.T @ rng.normal(size=30))
    found = fit_many(given)[0]
    assert found.h2 == 1.0
    told = blup(given, found)
    np.testing.assert_allclose(told.effect, given.traits[:, 0], atol=1e-9)
    np.testing.assert_allclose(told.error_variance, 0.0, atol=1e-9)
    scanned = make_scanner(given, found).scan(rng.normal(size=(3, 30)))
    assert np.isfinite(scanned.log_likelihood).all()
    exact = ExactScanner(given, found).scan(rng.normal(size=(3, 30)))
    assert np.isfinite(exact.log_likelihood).all()


def test_a_profile_interval_ends_where_the_likelihood_has_fallen_by_half_of_chi_square():
    rng = np.random.default_rng(4)
    k, kernel = a_kernel("wide", 120, rng)
    given = make_model(kernel, a_trait(k, 0.8, rng))
    found = fit_many(given)[0]
    low, high = profile_interval(given, found)
    assert 0.0 < low < found.h2 < high < 1.0
    for end in (low, high):
        delta = np.array([found.scale * (1 - end) / end])
        at = profile(given.rotated.grid(delta, 1), delta, 120, "reml").log_likelihood[0, 0]
        assert 2 * (found.log_likelihood - at) == pytest.approx(stats.chi2.isf(0.05, 1), rel=1e-5)
    assert profile_interval(given, found, level=0.5)[0] > low
    wald = wald_interval(found)
    assert wald[1] - found.h2 == pytest.approx(1.959964 * found.h2_se, rel=1e-6) or wald[1] == 1.0
    at_none = 0
    for _ in range(10):
        given = make_model(kernel, rng.normal(size=120))
        none = fit_many(given)[0]
        if none.h2 == 0.0:
            at_none += 1
            assert profile_interval(given, none)[0] == 0.0
            assert np.isnan(wald_interval(none)[0])
    assert at_none > 0


def test_slopes_tell_where_the_estimate_of_a_draw_is():
    rng = np.random.default_rng(6)
    for kind in ("wide", "low rank"):
        k, kernel = a_kernel(kind, 60, rng)
        traits = np.column_stack([a_trait(k, 0.3, rng) for _ in range(200)])
        fixed = design(rng.normal(size=(60, 1)))
        given = make_model(kernel, traits, fixed)
        estimates = np.array([found.h2 for found in fit_many(given)])
        draws = simulate_null(reduced_kernel(given), 20_000, 1)
        for h in (0.0, 0.1, 0.3, 0.6):
            expected = draws.at_most(h, 0.3)
            rotated = np.mean(estimates <= h)
            assert abs(rotated - expected) < 4 * np.sqrt(0.25 / 200)


def test_a_bootstrap_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(8)
    k, kernel = a_kernel("low rank", 80, rng)
    unit = k / (np.trace(k) / 80)
    root = np.linalg.cholesky(unit + 1e-10 * np.eye(80))
    held = {}
    for truth in (0.0, 0.05, 0.5):
        traits = np.sqrt(truth) * root @ rng.normal(size=(80, 250)) + np.sqrt(1 - truth) * rng.normal(size=(80, 250))
        given = make_model(kernel, traits)
        draws = simulate_null(reduced_kernel(given), 2000, 3)
        scaled = truth * given.scale / (np.trace(k) / 80)
        true = scaled / (scaled + 1 - truth)  # h² counts what the covariates leave
        inside = [low <= true <= high for low, high in (bootstrap_interval(draws, found) for found in fit_many(given))]
        held[truth] = np.mean(inside)
    assert all(0.91 <= share <= 0.985 for share in held.values()), held
    with pytest.raises(InputError, match="too few"):
        simulate_null(reduced_kernel(given), 20, 1)


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


def test_a_variance_component_of_scattered_genes_is_found_and_of_others_not():
    rng = np.random.default_rng(12)
    g = rng.normal(size=(400, 10))
    ps = []
    for _ in range(300):
        y = g @ rng.normal(size=10) + rng.normal(size=400)
        given = make_model(of_factor(g), y)
        ps.append(run_component_test(make_scanner(given, fit_many(given)[0]), np.eye(400)[:30]).log10_p)
    assert np.mean(10 ** np.array(ps) < 0.05) == pytest.approx(0.05, abs=0.035)
    y[:30] += 3 * rng.normal(size=30)
    given = make_model(of_factor(g), y)
    found = run_component_test(make_scanner(given, fit_many(given)[0]), np.eye(400)[:30])
    assert found.log10_p < -6 and found.statistic > 2 and found.rank == 30


def test_enrichment_is_one_or_two_sided_and_has_q():
    rng = np.random.default_rng(14)
    g = rng.normal(size=(200, 5))
    y = g @ rng.normal(size=5) + rng.normal(size=200)
    sets = rng.random((20, 200)) < 0.1
    y[sets[0]] += 2.0
    sets[7] = True
    given = make_model(of_factor(g), y)
    null = make_scanner(given, fit_many(given)[0], sparse=True)
    two, more, less = (
        enrich(null, csr_array(sets.astype(float)), alternative=one) for one in ("two-sided", "greater", "less")
    )
    assert np.isnan(two.t[7]) and np.isnan(two.q[7])
    rest = np.arange(20) != 7
    np.testing.assert_allclose(10 ** more.log10_p[rest], stats.t.sf(more.t[rest], 198), rtol=1e-6)
    np.testing.assert_allclose(10 ** less.log10_p[rest], stats.t.cdf(less.t[rest], 198), rtol=1e-6)
    np.testing.assert_allclose(10 ** two.log10_p[rest], 2 * stats.t.sf(np.abs(two.t[rest]), 198), rtol=1e-6)
    assert two.q[0] < 0.01 and (two.freedom == 198).all()
    np.testing.assert_allclose(two.q[rest], stats.false_discovery_control(10 ** two.log10_p[rest]), rtol=1e-9)


def test_of_two_kernels_the_weight_is_found():
    rng = np.random.default_rng(16)
    a, b = rng.normal(size=(300, 12)), rng.normal(size=(300, 15))
    y = 0.2 * a @ rng.normal(size=12) + 0.8 * b @ rng.normal(size=15) + rng.normal(size=300)
    found = fit_mixture(of_factor(a), of_factor(b), y)
    assert found.weight > 0.6
    for weight in np.linspace(0, 1, 21):
        kernel = of_factor(np.hstack([np.sqrt(1 - weight) * a, np.sqrt(weight) * b]))
        assert fit(kernel, y).log_likelihood <= found.fit.log_likelihood + 1e-7


def test_tails_are_right_where_p_is_no_float():
    # mpmath, 60 digits
    for between, within, f, expected in (
        (1, 1997, 9000.0, -741.4896516180652),
        (3, 50, 1e9, -193.69592753632628),
        (5, 1997, 20000.0, -1701.2836865323015),
        (1, 10, 2e40, -197.11404939417818),
    ):
        assert float(f_tail(np.array([f]), between, within)[0]) == pytest.approx(expected, abs=1e-9)
    for freedom, x, expected in ((1, 3000.0, -653.2784880651406), (5, 4000.0, -863.7607293326205)):
        assert float(chi2_tail(np.array([x]), freedom)[0]) == pytest.approx(expected, abs=1e-9)
    assert np.isneginf(t_two_sided(np.array([np.inf]), 10)[0])
    assert np.isnan(t_two_sided(np.array([np.nan]), 10)[0])


def test_the_dense_oracle_of_these_tests_is_the_textbook():
    rng = np.random.default_rng(18)
    k, _ = a_kernel("wide", 20, rng)
    x = np.column_stack([np.ones(20), rng.normal(size=20)])
    y = rng.normal(size=20)
    value = Dense(k, y, x, "ml").at(0.7)
    v = value[4] * (k + 0.7 * np.eye(20))
    assert value[0] == pytest.approx(stats.multivariate_normal.logpdf(y, x @ value[2], v), rel=1e-9)
