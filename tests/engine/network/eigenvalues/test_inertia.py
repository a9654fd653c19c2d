"""Eigenvalues found by counting, against dense algebra: clusters, ties, poles, subtractions, odd sizes."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.network.eigenvalues.inertia import DiagonalPlusLowRank
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

SHAPES = [(1, 0), (1, 1), (2, 0), (2, 1), (2, 5), (7, 3), (40, 0), (40, 1), (40, 6), (40, 39), (40, 60), (300, 12)]

NOISE = ["even", "uniform", "geometric", "two values", "one small"]


def drawn(size: int, columns: int, noise: str, removed: int, seed: int = 0) -> tuple[DiagonalPlusLowRank, Matrix]:
    """A positive definite matrix and its dense form; what is subtracted takes 0.9 of what is there."""
    rng = np.random.default_rng([size, columns, removed, NOISE.index(noise), seed])
    diagonal = {
        "even": np.full(size, 0.5),
        "uniform": rng.uniform(0.5, 1.5, size),
        "geometric": rng.permutation(np.geomspace(1e-6, 1.0, size)),
        "two values": np.where(np.arange(size) % 2, 0.25, 4.0),
        "one small": np.where(np.arange(size) == size // 2, 1e-5, 1.0),
    }[noise]
    factor = rng.standard_normal((size, columns)) * 0.3
    removed = min(removed, columns)
    signature = np.ones(columns)
    dense = np.diag(diagonal) + factor[:, removed:] @ factor[:, removed:].T
    for column in range(removed):
        signature[column] = -1.0
        direction = factor[:, column]
        factor[:, column] *= np.sqrt(0.9 / float(direction @ np.linalg.solve(dense, direction)))
        dense = dense - np.outer(factor[:, column], factor[:, column])
    return DiagonalPlusLowRank(diagonal, factor, signature), dense


@pytest.mark.parametrize("noise", NOISE)
@pytest.mark.parametrize("removed", [0, 1, 3])
@pytest.mark.parametrize(("size", "columns"), SHAPES)
def test_the_extreme_eigenvalues_are_those_of_the_dense_matrix(
    size: int, columns: int, removed: int, noise: str
) -> None:
    matrix, dense = drawn(size, columns, noise, removed)
    expected = np.linalg.eigvalsh(dense)
    rounding = 1e-13 * expected[-1]
    through_noise = 8 * np.finfo(np.float64).eps * float(expected[-1] / matrix.diagonal.min())
    np.testing.assert_allclose(matrix.smallest(1e-10), expected[0], rtol=2e-10 + through_noise, atol=rounding)
    np.testing.assert_allclose(matrix.largest(1e-10), expected[-1], rtol=2e-10, atol=rounding)


@pytest.mark.parametrize("noise", NOISE)
@pytest.mark.parametrize("removed", [0, 2])
def test_as_many_are_counted_below_a_number_as_there_are(noise: str, removed: int) -> None:
    matrix, dense = drawn(40, 6, noise, removed)
    eigenvalues = np.linalg.eigvalsh(dense)
    between = (eigenvalues[1:] + eigenvalues[:-1]) / 2
    apart = np.diff(eigenvalues) > 1e-9
    counts = [matrix.count_below(value) for value in between[apart].tolist()]
    assert counts == (np.flatnonzero(apart) + 1).tolist()
    assert matrix.count_below(eigenvalues[0] * (1 - 1e-6)) == 0
    assert matrix.count_below(eigenvalues[-1] * (1 + 1e-6)) == 40


@pytest.mark.parametrize("noise", NOISE)
@pytest.mark.parametrize("removed", [0, 2])
def test_only_the_extreme_eigenvalues_themselves_are_taken_for_them(noise: str, removed: int) -> None:
    matrix, dense = drawn(40, 6, noise, removed)
    smallest, *_, largest = np.linalg.eigvalsh(dense).tolist()
    assert matrix.has_extremes(smallest, largest, 1e-6)
    for wrong in (1 - 1e-5, 1 + 1e-5, 0.0, -1.0, np.nan, np.inf):
        assert not matrix.has_extremes(smallest * wrong, largest, 1e-6)
        assert not matrix.has_extremes(smallest, largest * wrong, 1e-6)


def test_a_number_of_the_diagonal_itself_can_be_asked_for() -> None:
    matrix, dense = drawn(40, 6, "two values", 0)
    eigenvalues = np.linalg.eigvalsh(dense)
    for value in (0.25, 4.0):
        apart = np.abs(eigenvalues / value - 1) > 1e-9
        below = int(np.count_nonzero(eigenvalues[apart] < value))
        assert below <= matrix.count_below(value) <= below + int(np.count_nonzero(~apart))


def test_the_answer_does_not_depend_on_units() -> None:
    matrix, _ = drawn(40, 6, "uniform", 2)
    scaled = DiagonalPlusLowRank(1e-40 * matrix.diagonal, 1e-20 * matrix.factor, matrix.signature)
    np.testing.assert_allclose(1e-40 * matrix.smallest(1e-10), scaled.smallest(1e-10), rtol=1e-9)
    np.testing.assert_allclose(1e-40 * matrix.largest(1e-10), scaled.largest(1e-10), rtol=1e-9)
