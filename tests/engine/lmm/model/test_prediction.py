"""Predictions against dense matrices."""

from __future__ import annotations

import numpy as np
from grnledger.engine.lmm.kernels.spectral import of_factor, of_matrix
from grnledger.engine.lmm.model.design import design
from grnledger.engine.lmm.model.fit import fit_many, make_model
from grnledger.engine.lmm.model.prediction import blup, predict
from mixed_model import KINDS, a_kernel, a_trait, dense_p


def test_the_best_prediction_and_its_error_are_those_of_dense_matrices():
    for kind in KINDS:
        rng = np.random.default_rng(KINDS.index(kind))
        n, new = 50, 8
        if kind == "diagonal and factor":
            k, kernel = a_kernel(kind, n, rng)
            cross, diagonal = rng.normal(size=(new, n)) * 0.1, np.ones(new)
        else:
            whole, _ = a_kernel(kind, n + new, rng)
            k, cross, diagonal = whole[:n, :n], whole[n:, :n], np.diagonal(whole)[n:]
            kernel = of_matrix((k + k.T) / 2)
        x = np.column_stack([np.ones(n), rng.normal(size=n)])
        x_new = np.column_stack([np.ones(new), rng.normal(size=new)])
        y = a_trait(k, 0.5, rng)
        model = make_model(kernel, y, design(x[:, 1:]))
        fit = fit_many(model)[0]
        if not 0.0 < fit.h2 < 1.0:
            continue
        h = k + fit.delta * np.eye(n)
        p = dense_p(k, fit.delta, x)
        prediction = blup(model, fit)
        np.testing.assert_allclose(prediction.effect, k @ p @ y, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(
            prediction.error_variance, fit.variance_kernel * np.diagonal(k - k @ p @ k), rtol=1e-6, atol=1e-8
        )
        new_rows = predict(model, fit, cross, diagonal, x_new)
        mean, variance = new_rows.value, new_rows.error_variance
        np.testing.assert_allclose(new_rows.effect, cross @ p @ y, rtol=1e-6, atol=1e-9)
        beta = fit.effects
        np.testing.assert_allclose(mean, x_new @ beta + cross @ np.linalg.solve(h, y - x @ beta), rtol=1e-6)
        frame = x_new.T - x.T @ np.linalg.solve(h, cross.T)
        inner = np.linalg.solve(x.T @ np.linalg.solve(h, x), frame)
        expected = diagonal - np.diagonal(cross @ np.linalg.solve(h, cross.T)) + np.einsum("ij,ij->j", frame, inner)
        np.testing.assert_allclose(variance, fit.variance_kernel * expected + fit.variance_noise, rtol=1e-6, atol=1e-8)


def test_a_prediction_without_a_random_effect_is_the_regression_line():
    rng = np.random.default_rng(25)
    x = rng.normal(size=40)
    for _ in range(50):
        model = make_model(of_factor(rng.normal(size=(40, 3))), 2 + x + rng.normal(size=40), design(x[:, None]))
        fit = fit_many(model)[0]
        if fit.h2 == 0.0:
            break
    whole, new = np.column_stack([np.ones(40), x]), np.array([[1.0, 0.3], [1.0, 2.0]])
    new_rows = predict(model, fit, np.zeros((2, 40)), np.ones(2), new)
    variance = new_rows.error_variance
    np.testing.assert_allclose(new_rows.value, new @ fit.effects)
    inner = np.linalg.inv(whole.T @ whole)
    np.testing.assert_allclose(variance, fit.variance_noise * (1 + np.einsum("ij,jk,ik->i", new, inner, new)))
    assert not blup(model, fit).effect.any()
