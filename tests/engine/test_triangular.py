"""Systems with a triangle, against a dense solver and exact residuals."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.triangular import BLOCK, INVERTED, solve_lower

EPS = float(np.finfo(np.float64).eps)


def triangle_of(size: int, condition: float, seed: int) -> np.ndarray:
    """Return the Cholesky factor of a matrix of a condition."""
    rng = np.random.default_rng(seed)
    vectors = np.linalg.qr(rng.normal(size=(size, size))).Q
    values = np.geomspace(1.0, condition, size)
    return np.linalg.cholesky((vectors * values) @ vectors.T)


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("columns", [1, 3, 400])
@pytest.mark.parametrize("size", [1, INVERTED - 1, INVERTED, INVERTED + 1, BLOCK, BLOCK + 1, 3 * BLOCK - 7])
@pytest.mark.parametrize("condition", [1e0, 1e4, 1e12])
def test_the_residual_is_of_the_size_of_rounding(size: int, columns: int, transposed: bool, condition: float) -> None:
    triangle = triangle_of(size, condition, size)
    right = np.random.default_rng(columns).normal(size=(size, columns))
    actual = solve_lower(triangle, right, transposed=transposed)
    matrix = triangle.T if transposed else triangle
    bound = np.abs(matrix) @ np.abs(actual)
    assert np.all(np.abs(matrix @ actual - right) <= 64 * size * EPS * bound * np.linalg.cond(triangle) ** 0.5)
    expected = np.linalg.solve(matrix, right)
    error = np.linalg.norm(actual - expected) / np.linalg.norm(expected)
    assert error <= 64 * size * EPS * np.linalg.cond(triangle)


def test_one_right_hand_side_may_be_a_vector_and_a_triangle_may_be_empty() -> None:
    triangle = triangle_of(5, 10.0, 1)
    right = np.arange(5.0)
    np.testing.assert_array_equal(solve_lower(triangle, right), solve_lower(triangle, right[:, None])[:, 0])
    assert solve_lower(np.empty((0, 0)), np.empty((0, 3))).shape == (0, 3)


def test_the_right_hand_side_stays_as_it_is() -> None:
    right = np.ones((5, 3))
    solve_lower(triangle_of(5, 10.0, 1), right)
    assert np.all(right == 1.0)
