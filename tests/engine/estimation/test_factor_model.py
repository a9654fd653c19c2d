"""The factor model: the worked examples, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.errors import InputError, NotPositiveDefinite, ShapeError
from grnledger.engine.estimation.factor_model import (
    factor_covariance,
    form_covariance,
    parameter_counts,
    simulate_factor_model,
    simulate_pathways,
)


def test_the_four_gene_example_comes_out() -> None:
    loadings = np.array([[0.8, 0.0], [0.7, 0.0], [0.1, 0.9], [0.1, 0.8]])
    covariance = factor_covariance(loadings, np.array([0.04, 0.03, 0.05, 0.06]), np.eye(2))
    expected = [[0.68, 0.56, 0.08, 0.08], [0.56, 0.52, 0.07, 0.07], [0.08, 0.07, 0.87, 0.73], [0.08, 0.07, 0.73, 0.71]]
    np.testing.assert_allclose(covariance, expected, rtol=1e-14)
    np.testing.assert_array_equal(covariance, covariance.T)
    np.testing.assert_allclose(np.linalg.eigvalsh(covariance), [0.0343, 0.0556, 1.1112, 1.5789], atol=5e-5)
    deviations = np.sqrt(np.diagonal(covariance))
    correlations = covariance / np.outer(deviations, deviations)
    actual = [correlations[0, 1], correlations[2, 3], correlations[0, 2], correlations[0, 3]]
    np.testing.assert_allclose(actual, [0.94, 0.93, 0.10, 0.12], atol=5e-3)


def test_the_hundred_gene_example_comes_out_of_the_legacy_generator() -> None:
    stream = np.random.RandomState(42)
    stream.randn(5, 5)
    model = simulate_factor_model(100, 5, seed=stream)
    eigenvalues = np.linalg.eigvalsh(form_covariance(model.columns(), model.noise))
    np.testing.assert_allclose(eigenvalues[[0, -1]], [0.011776, 1.222432], atol=5e-7)


def test_the_five_hundred_gene_example_comes_out_with_its_pathways() -> None:
    stream = np.random.RandomState(42)
    model = simulate_factor_model(500, 10, seed=stream)
    pathways = simulate_pathways(500, 5, seed=stream)
    eigenvalues = np.linalg.eigvalsh(form_covariance(model.columns(), model.noise))
    np.testing.assert_allclose(eigenvalues[[0, -1]], [0.010179, 6.235666], atol=5e-7)
    np.testing.assert_allclose(eigenvalues[-1] / eigenvalues[0], 612.6, atol=0.05)
    assert np.count_nonzero(np.abs(pathways) > 0.05, axis=0).tolist() == [168, 164, 165, 161, 169]


def test_a_seed_and_its_stream_give_the_same_model() -> None:
    model = simulate_factor_model(20, 3, seed=7, scale=0.5, noise=(0.2, 0.2))
    stream = np.random.RandomState(7)
    np.testing.assert_array_equal(model.loadings, stream.randn(20, 3) * 0.5)
    np.testing.assert_array_equal(model.noise, np.full(20, 0.2))
    np.testing.assert_array_equal(simulate_pathways(4, 2, seed=8), np.random.RandomState(8).randn(4, 2) * 0.05)


@pytest.mark.parametrize(("genes", "factors", "correlated"), [(2, 1, False), (30, 4, True), (301, 77, True)])
def test_the_covariance_formed_is_that_of_dense_algebra_and_symmetric(
    genes: int, factors: int, correlated: bool
) -> None:
    rng = np.random.default_rng(genes)
    loadings, noise = rng.standard_normal((genes, factors)), rng.uniform(0.1, 1.0, genes)
    root = rng.standard_normal((factors, factors))
    inner = root @ root.T + np.eye(factors) if correlated else None
    covariance = factor_covariance(loadings, noise, inner)
    dense = loadings @ (np.eye(factors) if inner is None else inner) @ loadings.T + np.diag(noise)
    np.testing.assert_allclose(covariance, dense, rtol=1e-11, atol=1e-11 * np.abs(dense).max())
    np.testing.assert_array_equal(covariance, covariance.T)
    loadings[0, 0] = 0.0  # the caller's arrays stay writable


def test_impossible_factor_models_are_refused() -> None:
    with pytest.raises(ShapeError):
        factor_covariance(np.ones((3, 2)), np.ones(4))
    with pytest.raises(InputError, match="must be positive"):
        factor_covariance(np.ones((3, 2)), np.array([1.0, 0.0, 1.0]))
    with pytest.raises(NotPositiveDefinite):
        factor_covariance(np.ones((3, 2)), np.ones(3), np.ones((2, 2)) - 2 * np.eye(2))
    with pytest.raises(InputError, match="positive numbers"):
        simulate_factor_model(5, 2, seed=1, noise=(0.0, 1.0))
    with pytest.raises(InputError, match="cannot have 0 genes"):
        simulate_factor_model(0, 2, seed=1)


def test_parameter_counts_are_those_of_the_worked_example() -> None:
    assert parameter_counts(500, 10) == (125_250, 5_500)
