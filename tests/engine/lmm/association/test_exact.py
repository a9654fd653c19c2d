"""Scans with δ of each test, against the model fitted with it."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.errors import EngineError, InputError, ShapeError
from grnledger.engine.lmm.association.exact import ExactScanner
from grnledger.engine.lmm.association.scan import make_scanner
from grnledger.engine.lmm.kernels.diagonal_kernel import DiagonalAndFactor
from grnledger.engine.lmm.kernels.spectral import of_matrix
from grnledger.engine.lmm.model.design import design
from grnledger.engine.lmm.model.fit import fit, fit_many, make_model
from mixed_model import KINDS, a_kernel, a_trait


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
        model = make_model(kernel, y, design(covariates))
        if kind == "centred" and method == "ml":
            with pytest.raises(EngineError, match=r"no bound at h² = 1|without bound"):
                ExactScanner(model, fit_many(model, method=method)[0], statistic=statistic)
            continue
        null = fit_many(model, method=method)[0]
        scan = ExactScanner(model, null, statistic=statistic).scan(tests)
        assert (scan.between, scan.within) == (1.0, n - 3 if statistic == "wald" else np.inf)
        for index, test in enumerate(tests):
            if index == 20:
                assert np.isnan(scan.beta[index]) and np.isnan(scan.log10_p[index])
                continue
            alone = fit(kernel, y, design(np.column_stack([covariates, test])), method=method)
            assert scan.log_likelihood[index] == pytest.approx(alone.log_likelihood, abs=1e-8)
            assert scan.beta[index] == pytest.approx(alone.effects[2], rel=1e-8, abs=1e-9)
            if statistic == "wald":
                assert scan.se[index] == pytest.approx(alone.effects_se[2], rel=1e-8)
                assert scan.log10_p[index] == pytest.approx(alone.effects_log10_p[2], abs=1e-6)
            else:
                statistic_alone = max(0.0, 2 * (alone.log_likelihood - null.log_likelihood))
                assert scan.statistic[index] == pytest.approx(statistic_alone, abs=1e-7)
            delta = null.scale * (1 - scan.h2[index]) / scan.h2[index] if scan.h2[index] > 0 else np.inf
            assert null.scale / (null.scale + delta) == pytest.approx(null.scale / (null.scale + alone.delta), abs=2e-7)


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_an_exact_scan_does_not_depend_on_the_unit_of_the_kernel(unit):
    at_1 = 0
    for seed in range(6):
        rng = np.random.default_rng([28, seed])
        k, kernel = a_kernel("wide", 40, rng)
        y, tests = a_trait(k, 1.0, rng), rng.normal(size=(30, 40))
        plain, scaled = (
            ExactScanner(model, fit_many(model)[0]).scan(tests)
            for model in (make_model(kernel, y), make_model(of_matrix(unit * (k + k.T) / 2), y))
        )
        np.testing.assert_allclose(scaled.h2, plain.h2, atol=1e-6)
        np.testing.assert_array_equal(scaled.h2 == 1.0, plain.h2 == 1.0)
        np.testing.assert_allclose(scaled.log10_p, plain.log10_p, rtol=1e-6, atol=1e-6)
        at_1 += np.count_nonzero(plain.h2 == 1.0)
    assert at_1 > 0


def test_a_test_that_explains_everything_has_the_least_p_and_not_the_greatest():
    for seed in range(30):
        rng = np.random.default_rng([27, seed])
        k, kernel = a_kernel("low rank" if seed % 2 else "wide", 60, rng)
        y = a_trait(k, 0.5, rng)
        model = make_model(kernel, y)
        null = fit_many(model)[0]
        tests = np.vstack([2.0 * y + 3.0, y + 1e-9 * rng.normal(size=60), rng.normal(size=60)])
        for scanner in (make_scanner(model, null), make_scanner(model, null, single=True), ExactScanner(model, null)):
            scan = scanner.scan(tests)
            assert (scan.log10_p[:2] < -100).all() and scan.log10_p[2] > -8
            assert np.isfinite(scan.log_likelihood).all()
            assert (scan.se > 0).all()
    with pytest.raises(ShapeError, match="a test a row"):
        make_scanner(model, null).scan(tests.T)


def test_an_exact_scan_needs_eigenvectors():
    rng = np.random.default_rng(1)
    kernel = DiagonalAndFactor(np.ones(30), rng.normal(size=(30, 2)), np.ones(2))
    model = make_model(kernel, rng.normal(size=30))
    with pytest.raises(InputError, match="has its own diagonal"):
        ExactScanner(model, fit_many(model)[0])
