"""Least squares and principal components over samples: what can be removed from values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..threads import one_blas_thread
from ..wording import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_NEW_SHARE = 1e-7
"""Least share of a column's length outside of the columns before it for which it is used; as in R's `lm`."""

FEW_COLUMNS = 200
"""Largest number of columns for which all eigenvalues are faster than a few, far from others, by Lanczos iteration."""

MANY_COLUMNS = 2_000
"""Largest number for which they are faster than some of a spectrum that falls smoothly."""


def orthonormalise(columns: NDArray[np.float64]) -> tuple[NDArray[np.float64], list[int]]:
    """Return a basis of what columns span, shape (n, r), and which of them say more than those before them.

    Parameters
    ----------
    columns : ndarray of float64, shape (n, c)
        In the order in which they are taken.

    Notes
    -----
    Gram and Schmidt's process, twice over, on columns of length 1. O(nc²).

    Examples
    --------
    >>> orthonormalise(np.array([[1.0, 2.0, 1.0], [1.0, 2.0, -1.0]]))[1]
    [0, 2]
    """
    basis = np.empty(columns.shape)
    used: list[int] = []
    for index in range(columns.shape[1]):
        column = columns[:, index]
        length = float(np.linalg.norm(column))
        if length == 0.0:
            continue
        residual = column / length
        for _ in range(2):
            frame = basis[:, : len(used)]
            residual = residual - frame @ (frame.T @ residual)
        new = float(np.linalg.norm(residual))
        if new > LEAST_NEW_SHARE:
            basis[:, len(used)] = residual / new
            used.append(index)
    return np.ascontiguousarray(basis[:, : len(used)]), used


def remove(values: NDArray[np.float64], basis: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values less their least-squares fit by the columns of a basis, exactly zero where that is rounding.

    Parameters
    ----------
    values : ndarray of float64, shape (p, n)
        Genes by samples.
    basis : ndarray of float64, shape (n, k)
        Orthonormal.
    """
    with one_blas_thread():  # as many cores as there are, the same base
        residuals = values - (values @ basis) @ basis.T
        residuals -= (residuals @ basis) @ basis.T
    rounding = len(basis) * np.finfo(np.float64).eps
    residuals[np.square(residuals).sum(axis=1) <= rounding**2 * np.square(values).sum(axis=1)] = 0.0
    return residuals


def standardise(residuals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rows of length 1, or zero where a gene has no residual."""
    lengths = np.sqrt(np.square(residuals).sum(axis=1, keepdims=True))
    return residuals / np.where(lengths > 0, lengths, 1.0)


def leading_components(scores: NDArray[np.float64], number: int) -> NDArray[np.float64]:
    """Return the first principal components of standardised rows over samples, shape (n, number), orthonormal.

    Raises
    ------
    InputError
        The rows have fewer dimensions.
    """
    with one_blas_thread(scipy=True):  # as many cores as there are, the same base
        eigenvalues, vectors = largest_components(scores, number, MANY_COLUMNS)
    rank = int(np.count_nonzero(eigenvalues > len(vectors) * np.finfo(np.float64).eps * eigenvalues[0]))
    if rank < number:
        raise InputError(
            f"{number} components cannot be removed from values that have {counted(rank, 'dimension')}.",
            code="components-out-of-range",
            facts={"most": rank},
        )
    return vectors


def largest_components(
    values: NDArray[np.float64], number: int, most_whole: int | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the largest eigenvalues of WᵀW, descending, shape (K,), and their vectors, shape (m, K).

    Parameters
    ----------
    values : ndarray of float64, shape (p, m)
        W.
    number : int
        K.
    most_whole : int, optional
        Most columns of which all eigenvalues are computed; `FEW_COLUMNS` when absent.

    Notes
    -----
    O(pm² + m³); of more columns O(pm) a step, by Lanczos's method.
    """
    columns: int = values.shape[1]
    if columns <= (FEW_COLUMNS if most_whole is None else most_whole) or number == 0 or 2 * number >= columns:
        eigenvalues, vectors = np.linalg.eigh(values.T @ values)
        return eigenvalues[::-1][:number], vectors[:, ::-1][:, :number]

    from scipy.sparse.linalg import LinearOperator, eigsh  # half a second to load, for many columns alone

    def multiply(vector: NDArray[np.float64]) -> NDArray[np.float64]:
        return values.T @ (values @ vector)

    operator = LinearOperator((columns, columns), matvec=multiply, dtype=np.float64)
    # A fixed start, so that a fit can be repeated; not all ones, which centred rows send to zero.
    eigenvalues, vectors = eigsh(operator, k=number, v0=np.cos(np.arange(columns)))
    order = np.argsort(-eigenvalues)
    return eigenvalues[order], vectors.real[:, order]
