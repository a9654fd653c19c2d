"""Block Lanczos iteration against all eigenvalues."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.network.dense.lanczos import largest_eigenvalue


def matrix(kind: str, size: int) -> np.ndarray:
    stream = np.random.default_rng(size)
    axes = np.linalg.qr(stream.standard_normal((size, size)))[0]
    spectrum = {
        "apart": np.linspace(1.0, 2.0, size) ** 8,
        "close": 1.0 + 1e-4 * np.linspace(0.0, 1.0, size),
        "both signs": np.linspace(-5.0, 2.0, size),
        "repeated": np.repeat([1.0, 3.0], [size - 5, 5]),
        "one value": np.ones(size),
        "zero": np.zeros(size),
    }[kind]
    return (axes * spectrum) @ axes.T


@pytest.mark.parametrize("kind", ["apart", "close", "both signs", "repeated", "one value", "zero"])
@pytest.mark.parametrize("width", [1, 2, 8])
def test_the_largest_eigenvalue_is_found(kind: str, width: int) -> None:
    square = matrix(kind, 150)
    start = np.random.default_rng(width).standard_normal((150, width))
    found = largest_eigenvalue(lambda block: square @ block, start, tolerance=1e-10, most=160 // width)
    assert found.is_converged
    assert found.value == pytest.approx(float(np.linalg.eigvalsh(square)[-1]), rel=1e-12, abs=1e-12)


def test_a_start_in_an_eigenvector_of_another_eigenvalue_finds_the_largest() -> None:
    square = np.diag(np.linspace(1.0, 2.0, 100))
    start = np.zeros((100, 2))
    start[3, 0], start[:, 1] = 1.0, np.random.default_rng(0).standard_normal(100)
    found = largest_eigenvalue(lambda block: square @ block, start, tolerance=1e-10, most=60)
    assert found.value == pytest.approx(2.0, rel=1e-12)


def test_what_is_not_found_is_a_lower_bound_and_says_so() -> None:
    square = matrix("both signs", 150)
    start = np.random.default_rng(3).standard_normal((150, 2))
    found = largest_eigenvalue(lambda block: square @ block, start, tolerance=1e-12, most=4)
    assert not found.is_converged
    assert found.value < 2.0
