"""The smallest eigenvalue of a matrix that proved to be no covariance, for the sentence that refuses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import eigh, eigh_tridiagonal

from ...threads import one_blas_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .triangles import UpperTriangle

LARGEST_DECOMPOSED = 3_000
"""Most genes whose eigenvalues come from the whole matrix, in O(p³) and a copy of it; of more, by iteration."""

MOST_PRODUCTS = 200
"""Most products with the matrix in an iteration: what it has reached by then is a bound."""

TOLERANCE = 1e-6
"""Relative accuracy of an eigenvalue that is found by iteration."""


def smallest_eigenvalue(matrix: UpperTriangle, direction: NDArray[np.float64]) -> tuple[float, bool]:
    """Return the smallest eigenvalue of Σ, or an upper bound of it, and whether it is the eigenvalue itself.

    Parameters
    ----------
    matrix : UpperTriangle
        Σ, shape (p, p).
    direction : ndarray of float64, shape (p,)
        v with vᵀΣv ≤ 0, from where the iteration starts.

    Notes
    -----
    O(p³) for `LARGEST_DECOMPOSED` genes or fewer; otherwise O(p²) for each of up to `MOST_PRODUCTS` products.
    """
    with one_blas_thread():
        if matrix.shape[0] > LARGEST_DECOMPOSED:
            return _by_lanczos_iteration(matrix, direction)
        dense = matrix.rows(np.arange(matrix.shape[0], dtype=np.intp))
        return float(eigh(dense, eigvals_only=True, subset_by_index=[0, 0], overwrite_a=True)[0]), True


def _by_lanczos_iteration(matrix: UpperTriangle, direction: NDArray[np.float64]) -> tuple[float, bool]:
    """Return the least Ritz value, which is never below the smallest eigenvalue, and whether it is that to `TOLERANCE`.

    Lanczos iteration with full reorthogonalization (Golub and Van Loan, Matrix Computations, 2013, section 10.3).
    """
    size = matrix.shape[0]
    basis = np.empty((MOST_PRODUCTS, size))
    basis[0] = direction / np.linalg.norm(direction)
    inner, outer = np.empty(MOST_PRODUCTS), np.empty(MOST_PRODUCTS)
    least = np.inf
    for step in range(MOST_PRODUCTS):
        product = matrix.matvec(basis[step])
        inner[step] = basis[step] @ product
        for _ in range(2):  # once leaves rounding that is magnified later
            product -= basis[: step + 1].T @ (basis[: step + 1] @ product)
        outer[step] = np.linalg.norm(product)
        ritz, vectors = eigh_tridiagonal(inner[: step + 1], outer[:step])
        least, error = float(ritz[0]), float(outer[step] * abs(vectors[-1, 0]))
        if error <= max(TOLERANCE * abs(least), size * np.finfo(np.float64).eps * float(np.abs(ritz).max())):
            return least, True
        if step + 1 < MOST_PRODUCTS:
            basis[step + 1] = product / outer[step]
    return least, False
