"""The smallest eigenvalue of a matrix that proved to be no covariance, for the sentence that refuses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import eigh

from ...threads import one_blas_thread
from .lanczos import RitzValue, largest_eigenvalue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .triangles import UpperTriangle

LARGEST_DECOMPOSED = 3_000
"""Most genes whose eigenvalues come from the whole matrix, in O(p³) and a copy of it; of more, by iteration."""

MOST_PRODUCTS = 100
"""Most products of the matrix with two vectors: what the iteration has reached by then is a bound."""

SEED = 1
"""Of the second vector, since the first may be an eigenvector of another eigenvalue."""

TOLERANCE = 1e-6
"""Relative accuracy of an eigenvalue that is found by iteration."""


def smallest_eigenvalue(matrix: UpperTriangle, direction: NDArray[np.float64]) -> RitzValue:
    """Return the smallest eigenvalue of Σ, or where it is not found an upper bound of it.

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
        if matrix.shape[0] <= LARGEST_DECOMPOSED:
            dense = matrix.rows(np.arange(matrix.shape[0], dtype=np.intp))
            smallest = eigh(dense, eigvals_only=True, subset_by_index=[0, 0], overwrite_a=True)[0]
            return RitzValue(float(smallest), is_converged=True)
        start = np.column_stack([direction, np.random.RandomState(SEED).standard_normal(len(direction))])
        negative = largest_eigenvalue(lambda y: -matrix.matmat(y), start, tolerance=TOLERANCE, most=MOST_PRODUCTS)
    return RitzValue(-negative.value, negative.is_converged)
