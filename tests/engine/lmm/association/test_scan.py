"""Scans with δ of the null model, against the formula on dense matrices."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.errors import EngineError
from grnledger.engine.lmm.association.component import run_component_test
from grnledger.engine.lmm.association.exact import ExactScanner
from grnledger.engine.lmm.association.scan import make_scanner
from grnledger.engine.lmm.kernels.spectral import of_factor
from grnledger.engine.lmm.model.design import design
from grnledger.engine.lmm.model.fit import fit_many, make_model
from mixed_model import KINDS, a_kernel, a_trait, dense_p
from scipy import stats
from scipy.sparse import csc_array, csr_array


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
    model = make_model(kernel, y, design(covariates))
    method = "ml" if statistic == "lrt" else "reml"
    if (kind, share, method) == ("centred", 0.6, "ml"):
        with pytest.raises(EngineError, match="has no maximum before"):
            fit_many(model, method=method)
        return
    null = fit_many(model, method=method)[0]
    scan = make_scanner(model, null, statistic=statistic).scan(tests)
    x = np.column_stack([np.ones(n), covariates])
    p = dense_p(k, max(null.delta, 1e-9 * null.scale), x)
    for index, test in enumerate(tests):
        if index in (3, 4):
            assert np.isnan(scan.beta[index]) and np.isnan(scan.log10_p[index]) and np.isnan(scan.h2[index])
            continue
        xpx, xpy, ypy = test @ p @ test, test @ p @ y, y @ p @ y
        residual = ypy - xpy**2 / xpx
        freedom = n - 4
        expected = {
            "wald": xpy**2 / xpx / (residual / freedom),
            "lrt": n * np.log(ypy / residual),
            "score": (n - 3) * xpy**2 / xpx / ypy,
        }[statistic]
        assert scan.beta[index] == pytest.approx(xpy / xpx, rel=1e-8, abs=1e-11)
        assert scan.se[index] == pytest.approx(np.sqrt(residual / freedom / xpx), rel=1e-8)
        assert scan.statistic[index] == pytest.approx(expected, rel=1e-7)
        tail = stats.f.logsf(expected, 1, freedom) if statistic == "wald" else stats.chi2.logsf(expected, 1)
        assert scan.log10_p[index] == pytest.approx(tail / np.log(10), abs=1e-6)
    assert scan.between == 1 and scan.within == (freedom if statistic == "wald" else np.inf)


@pytest.mark.parametrize("share", [0.0, 0.4])
@pytest.mark.parametrize("kind", KINDS)
def test_sparse_tests_single_precision_and_blocks_are_the_dense_scan(kind, share):
    n = 300
    rng = np.random.default_rng([3, KINDS.index(kind)])
    k, kernel = a_kernel(kind, n, rng)
    model = make_model(kernel, a_trait(k, share, rng), design(rng.normal(size=(n, 2))))
    null = fit_many(model)[0]
    tests = (rng.random((50, n)) < 0.1) * rng.choice([1.0, 2.0], size=(50, n))
    dense = make_scanner(model, null).scan(tests)
    sparse = make_scanner(model, null, sparse=True).scan(csr_array(tests))
    for name in ("beta", "se", "statistic", "log10_p", "log_likelihood"):
        np.testing.assert_allclose(getattr(sparse, name), getattr(dense, name), rtol=1e-8, atol=1e-9)
    shifted = tests + 20.0  # a mean far from zero is what single precision is lost on
    single = make_scanner(model, null, single=True).scan(shifted.astype(np.float32))
    np.testing.assert_allclose(single.log10_p, make_scanner(model, null).scan(shifted).log10_p, rtol=0, atol=1e-4)
    many = np.vstack([tests] * 45)  # more than one block
    np.testing.assert_allclose(make_scanner(model, null).scan(many).beta[-50:], dense.beta, rtol=1e-12)


def test_tests_of_any_kind_are_the_same_numbers():
    rng = np.random.default_rng(28)
    _, kernel = a_kernel("low rank", 600, rng)
    model = make_model(kernel, rng.normal(size=600))
    scanner = make_scanner(model, fit_many(model)[0], sparse=True)
    tests = rng.integers(0, 3, size=(20, 600))
    expected = scanner.scan(tests.astype(float)).log10_p
    for other in (tests.astype(np.int8), tests.tolist(), csc_array(tests.astype(float)), np.asfortranarray(tests)):
        np.testing.assert_allclose(scanner.scan(other).log10_p, expected, atol=1e-9)


def test_a_joint_test_is_the_f_test_of_generalised_least_squares():
    rng = np.random.default_rng(2)
    k, kernel = a_kernel("wide", 50, rng)
    y = a_trait(k, 0.5, rng)
    model = make_model(kernel, y)
    null = fit_many(model)[0]
    columns = rng.normal(size=(3, 50))
    root = np.linalg.inv(np.linalg.cholesky(k + null.delta * np.eye(50)))
    small, large = root @ np.ones((50, 1)), root @ np.column_stack([np.ones(50), columns.T])
    rss = [np.linalg.lstsq(x, root @ y)[1][0] for x in (small, large)]
    expected = (rss[0] - rss[1]) / 3 / (rss[1] / 46)
    for block in (columns, np.vstack([columns, columns[0] + 2 * columns[1], np.ones((1, 50))])):
        f, rank, log10_p = make_scanner(model, null).joint_test(block)
        assert (f, rank) == (pytest.approx(expected, rel=1e-7), 3)
        assert log10_p == pytest.approx(stats.f.logsf(expected, 3, 46) / np.log(10), abs=1e-6)
    alone = make_scanner(model, null).scan(columns[:1])
    assert make_scanner(model, null).joint_test(columns[:1])[0] == pytest.approx(alone.statistic[0], rel=1e-9)
    for seed in range(20):
        y = a_trait(k, 0.5, np.random.default_rng(seed))
        model = make_model(kernel, y)
        scanner = make_scanner(model, fit_many(model)[0])
        with pytest.raises(EngineError, match="Of 1 columns 0 are left"):
            scanner.joint_test(np.ones((1, 50)))
        assert scanner.joint_test(np.vstack([columns[:2], np.ones((1, 50))]))[1] == 2
        nothing = run_component_test(scanner, np.ones((1, 50)))
        assert np.isnan(nothing.log10_p) and nothing.rank == 0


def test_five_in_a_hundred_null_tests_are_below_five_percent():
    rng = np.random.default_rng(24)
    whole = rng.normal(size=(120, 300)) / 17
    g = whole - whole.mean(axis=0)  # the usual relationship matrix: singular along the intercept, where ML has no bound
    below = {"p3d": 0, "exact": 0, "lrt": 0, "score": 0}
    for _ in range(12):
        model = make_model(of_factor(g), g @ rng.normal(size=300) + 0.7 * rng.normal(size=120))
        null, regular = fit_many(model)[0], make_model(of_factor(whole), model.traits[:, 0])
        by_ml = fit_many(regular, method="ml")[0]
        tests = rng.integers(0, 3, size=(300, 120)).astype(float)
        for name, scanner in (
            ("p3d", make_scanner(model, null)),
            ("exact", ExactScanner(model, null)),
            ("lrt", make_scanner(regular, by_ml, statistic="lrt")),
            ("score", make_scanner(model, null, statistic="score")),
        ):
            below[name] += int(np.sum(scanner.scan(tests).p < 0.05))
    assert all(0.035 < number / 3600 < 0.07 for number in below.values()), below
