"""Linear algebra of stacks of small matrices, shape (g, f, f), one for each δ: NumPy's functions, with types."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def stacked_inverse(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the inverse of each."""
    return cast("NDArray[np.float64]", np.linalg.inv(matrices))


def roots(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the lower Cholesky factor of each; raises NumPy's LinAlgError for one that is not positive definite."""
    return cast("NDArray[np.float64]", np.linalg.cholesky(matrices))


def solutions(matrices: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return M⁻¹B of each, B of shape (g, f, c)."""
    return cast("NDArray[np.float64]", np.linalg.solve(matrices, right))


def transposed(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the transpose of each."""
    return matrices.swapaxes(-1, -2)
