"""The largest eigenvalue of a large symmetric matrix, by block Lanczos iteration: several vectors for each reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


SEED = 1
"""Of the directions that take the place of those that are spent."""

FEWEST = 10
"""Fewest products, after which a start that happens to be close to another eigenvector has shown what it lacks."""


class RitzValue(NamedTuple):
    """The largest eigenvalue as far as an iteration has come.

    Parameters
    ----------
    value : float
        Never above the largest eigenvalue, but for rounding.
    is_converged : bool
        Whether it is that to the tolerance.
    """

    value: float
    is_converged: bool


def largest_eigenvalue(
    times: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    start: NDArray[np.float64],
    *,
    tolerance: float,
    most: int,
) -> RitzValue:
    """Return the largest eigenvalue of a symmetric matrix M.

    Parameters
    ----------
    times : callable
        Returns M Y, shape (p, b), for a block of b vectors.
    start : ndarray of float64, shape (p, b)
        The first block.
    tolerance : float
        Largest relative error: ‖M v − θv‖ ≤ tolerance · |θ| for the vector v of the value θ; or what rounding leaves.
    most : int
        Most products with a block.

    Notes
    -----
    Full reorthogonalization, in O(p b k) for the k-th product and 8pbk bytes (Golub and Van Loan, Matrix Computations,
    2013, section 10.3.6). Where reading the matrix takes longest, blocks of 8 vectors need a third of the readings that
    single vectors need.
    """
    size, width = start.shape
    basis, small = np.empty((most * width, size)), np.zeros((most * width, most * width))
    block, last, value, fresh = np.linalg.qr(start)[0], 0, -np.inf, np.random.RandomState(SEED)
    for number in range(1, most + 1):
        before, last = last, last + block.shape[1]
        vectors, new = basis[:last], slice(before, last)
        vectors[new] = block.T
        product = times(block)
        inner = vectors @ product
        small[:last, new], small[new, :last] = inner, inner.T
        block, remainder = np.linalg.qr(product - vectors.T @ inner)
        ritz, coordinates = np.linalg.eigh((small[:last, :last] + small[:last, :last].T) / 2)
        value, error = float(ritz[-1]), float(np.linalg.norm(remainder @ coordinates[new, -1]))
        rounding = size * np.finfo(np.float64).eps * float(np.abs(ritz).max())
        if last == size or (number >= FEWEST and error <= max(tolerance * abs(value), rounding)):
            return RitzValue(value, is_converged=True)
        if np.any(spent := np.abs(np.diagonal(remainder)) <= rounding):  # these directions lead nowhere new
            block[:, spent] = fresh.standard_normal((size, np.count_nonzero(spent)))
        block = block[:, : size - last]
        for _ in range(2):  # once leaves rounding that later steps magnify
            block = np.linalg.qr(block - vectors.T @ (vectors @ block))[0]
    return RitzValue(value, is_converged=False)
