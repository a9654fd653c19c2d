"""Derivatives of the likelihood, and the dense model of these tests."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.lmm.model.design import design
from grnledger.engine.lmm.model.fit import make_model
from grnledger.engine.lmm.model.likelihood import profile
from mixed_model import Dense, a_kernel
from scipy import stats


def test_slope_and_curvature_are_those_of_the_value():
    rng = np.random.default_rng(11)
    for kind in ("low rank", "uncentred", "diagonal and factor"):
        _, kernel = a_kernel(kind, 40, rng)
        model = make_model(kernel, rng.normal(size=40), design(rng.normal(size=(40, 2))))
        for method in ("reml", "ml"):
            logs = np.log(model.scale) + np.array([-1.0, 0.0, 2.0])
            step = 1e-4

            def value(t, method=method, model=model):
                point = profile(model.rotated.moments_on_grid(np.exp(t), 3), np.exp(t), 40, method)
                return point.log_likelihood[:, 0], point.slope[:, 0], point.curvature[:, 0]

            up, here, down = value(logs + step), value(logs), value(logs - step)
            np.testing.assert_allclose(here[1], (up[0] - down[0]) / (2 * step), rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(here[2], (up[1] - down[1]) / (2 * step), rtol=1e-5, atol=1e-6)


def test_the_dense_oracle_of_these_tests_is_the_textbook():
    rng = np.random.default_rng(18)
    k, _ = a_kernel("wide", 20, rng)
    x = np.column_stack([np.ones(20), rng.normal(size=20)])
    y = rng.normal(size=20)
    value = Dense(k, y, x, "ml").at(0.7)
    v = value[4] * (k + 0.7 * np.eye(20))
    assert value[0] == pytest.approx(stats.multivariate_normal.logpdf(y, x @ value[2], v), rel=1e-9)
