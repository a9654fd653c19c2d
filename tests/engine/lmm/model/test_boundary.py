"""The likelihood at h² = 1, and kernels that are noise or no covariance."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.lmm.association.exact import ExactScanner
from grnledger.engine.lmm.association.scan import make_scanner
from grnledger.engine.lmm.kernels.spectral import of_factor, of_matrix
from grnledger.engine.lmm.model.fit import fit, fit_many, make_model
from grnledger.engine.lmm.model.prediction import blup


def test_h2_of_one_is_exact_where_the_covariates_span_the_null_space():
    rng = np.random.default_rng(5)
    g = rng.normal(size=(60, 200))
    g -= g.mean(axis=0)  # K 1 = 0: the usual relationship matrix
    y = 2.0 + g @ g.T @ rng.normal(size=60) / 10
    estimate = fit(of_matrix(g @ g.T / 200), y)
    assert (estimate.h2, estimate.delta, estimate.gamma) == (1.0, 0.0, np.inf)
    q = np.linalg.svd(g @ g.T)[0][:, :59]  # within the 59 dimensions the model is diagonal, and K regular
    inner = q.T @ (g @ g.T / 200) @ q
    z = q.T @ y
    s = z @ np.linalg.solve(inner, z)
    expected = -0.5 * (59 * (np.log(2 * np.pi * s / 59) + 1) + np.linalg.slogdet(inner)[1])
    assert estimate.log_likelihood == pytest.approx(expected, abs=1e-9)
    assert estimate.log_likelihood_h2_1 == estimate.log_likelihood
    assert estimate.effects[0] == pytest.approx(y.mean(), rel=1e-10)


def test_at_h2_of_one_of_a_singular_kernel_all_is_along_it():
    rng = np.random.default_rng(26)
    g = rng.normal(size=(30, 90))
    g -= g.mean(axis=0)
    model = make_model(of_factor(g), 4.0 + g @ g.T @ rng.normal(size=30))
    estimate = fit_many(model)[0]
    assert estimate.h2 == 1.0
    prediction = blup(model, estimate)
    np.testing.assert_allclose(prediction.effect, model.traits[:, 0], atol=1e-9)
    np.testing.assert_allclose(prediction.error_variance, 0.0, atol=1e-9)
    scan = make_scanner(model, estimate).scan(rng.normal(size=(3, 30)))
    assert np.isfinite(scan.log_likelihood).all()
    exact_scan = ExactScanner(model, estimate).scan(rng.normal(size=(3, 30)))
    assert np.isfinite(exact_scan.log_likelihood).all()
