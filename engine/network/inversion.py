"""Inverses: the update identities, and the full inversion of a dense covariance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import eigh, lapack

from ..errors import EngineError, NotPositiveDefinite, ShapeError
from ..threads import one_blas_thread_unless_large
from .covariance import ArraySource, DenseCovariance

if TYPE_CHECKING:
    from numpy.typing import NDArray

SINGULAR = 1e-14
"""Size of a pivot, relative to the terms it is computed from, at which every digit is lost."""


def matrix_inversion_lemma(
    e: NDArray[np.float64], f: NDArray[np.float64], h: NDArray[np.float64], g: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return (E − F H⁻¹ G)⁻¹ as E⁻¹ + E⁻¹F (H − G E⁻¹F)⁻¹ G E⁻¹.

    Parameters
    ----------
    e : ndarray of float64, shape (p, p)
        E, invertible; need not be symmetric.
    f : ndarray of float64, shape (p, r)
        F.
    h : ndarray of float64, shape (r, r)
        H, invertible.
    g : ndarray of float64, shape (r, p)
        G.

    Returns
    -------
    ndarray of float64, shape (p, p)
        The inverse of the Schur complement of H in [[E, F], [G, H]].

    Raises
    ------
    ShapeError
        The blocks do not fit together.
    EngineError
        E or H − G E⁻¹F is singular to working precision.

    Notes
    -----
    O(p³) for E⁻¹ and O(p²r) for the rest. With E = Σ, F = X, H = −I and G = Xᵀ it is the Woodbury identity
    (Bishop, Pattern Recognition and Machine Learning, C.7; Murphy, Machine Learning, 4.3.4.2).

    Examples
    --------
    >>> e, f, h, g = np.eye(3), np.ones((3, 1)), -np.eye(1), np.ones((1, 3))
    >>> np.allclose(matrix_inversion_lemma(e, f, h, g), np.linalg.inv(e + f @ g))
    True
    """
    size, rank = _sizes(e, h)
    if f.shape != (size, rank) or g.shape != (rank, size):
        raise ShapeError(
            f"F must have shape ({size}, {rank}) and G ({rank}, {size}) beside E of {e.shape} and H of {h.shape}; "
            f"they have {f.shape} and {g.shape}."
        )
    e_inverse = _solve(e, np.eye(size), "E")
    e_inverse_f = e_inverse @ f
    return e_inverse + e_inverse_f @ _solve(h - g @ e_inverse_f, g @ e_inverse, "H − G E⁻¹F")


def woodbury(precision: NDArray[np.float64], loadings: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (Σ + XXᵀ)⁻¹ from Θ = Σ⁻¹ as Θ − ΘX (I + XᵀΘX)⁻¹ XᵀΘ.

    Parameters
    ----------
    precision : ndarray of float64, shape (p, p)
        Θ, symmetric positive definite.
    loadings : ndarray of float64, shape (p, r) or (p,)
        X, one column a pathway.

    Returns
    -------
    ndarray of float64, shape (p, p)
        Symmetric to the last bit: it is formed as Θ − WWᵀ with W = ΘX L⁻ᵀ and LLᵀ = I + XᵀΘX.

    Raises
    ------
    ShapeError
        The arrays do not fit together.
    NotPositiveDefinite
        I + XᵀΘX is not positive definite, so Θ was not either.

    Notes
    -----
    O(p²r). Woodbury, Inverting modified matrices (1950); Hager, SIAM Review 31 (1989), equation 2.

    Examples
    --------
    >>> theta = np.diag([1.0, 0.5, 0.25])
    >>> np.round(woodbury(theta, np.array([1.0, 1.0, 0.0])), 3)
    array([[ 0.6 , -0.2 ,  0.  ],
           [-0.2 ,  0.4 ,  0.  ],
           [ 0.  ,  0.  ,  0.25]])
    """
    columns = loadings.reshape(len(loadings), -1)
    if precision.shape != (len(columns), len(columns)):
        raise ShapeError(f"A precision of shape {precision.shape} does not fit loadings of shape {loadings.shape}.")
    if columns.shape[1] == 0:
        return precision.copy()
    projected = precision @ columns
    inner = columns.T @ projected
    lower, info = lapack.dpotrf(np.eye(len(inner)) + (inner + inner.T) / 2, lower=1)
    if info != 0:
        raise NotPositiveDefinite("I + XᵀΘX is not positive definite, so the precision Θ is not either.")
    w = lapack.dtrtrs(lower, projected.T, lower=1)[0].T
    return precision - w @ w.T


def sherman_morrison(
    inverse: NDArray[np.float64], u: NDArray[np.float64], v: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return (A + uvᵀ)⁻¹ from A⁻¹ as A⁻¹ − A⁻¹uvᵀA⁻¹ / (1 + vᵀA⁻¹u).

    Parameters
    ----------
    inverse : ndarray of float64, shape (p, p)
        A⁻¹; need not be symmetric.
    u, v : ndarray of float64, shape (p,)
        The rank-one term.

    Returns
    -------
    ndarray of float64, shape (p, p)
        The new inverse.

    Raises
    ------
    ShapeError
        The arrays do not fit together.
    EngineError
        1 + vᵀA⁻¹u is zero to working precision: A + uvᵀ is singular.

    Notes
    -----
    O(p²). Sherman and Morrison, Annals of Mathematical Statistics 21 (1950), equation 2.

    Examples
    --------
    >>> sherman_morrison(np.eye(2), np.array([1.0, 0.0]), np.array([1.0, 0.0]))
    array([[0.5, 0. ],
           [0. , 1. ]])
    """
    size, _ = _sizes(inverse, inverse)
    if u.shape != (size,) or v.shape != (size,):
        raise ShapeError(f"u and v must have shape ({size},) beside A⁻¹; they have {u.shape} and {v.shape}.")
    left = inverse @ u
    gain = float(v @ left)
    if abs(1.0 + gain) <= SINGULAR * (1.0 + abs(gain)):
        raise EngineError(f"A + uvᵀ is singular: 1 + vᵀA⁻¹u is {1.0 + gain:.3g}.")
    return inverse - np.outer(left / (1.0 + gain), v @ inverse)


def invert(covariance: NDArray[np.float64]) -> DenseCovariance:
    """Return a dense covariance together with its inverse, by Cholesky.

    Parameters
    ----------
    covariance : ndarray of float64, shape (p, p)
        Σ, symmetric; only the lower triangle is read. Made read-only and part of the answer.

    Returns
    -------
    DenseCovariance
        Σ, Θ = Σ⁻¹ and log |Σ|, in memory.

    Raises
    ------
    ShapeError
        Σ is not square.
    NotPositiveDefinite
        Σ has an eigenvalue that is not positive; the message names it.

    Notes
    -----
    O(p³); one more p × p array than Σ (LAPACK `dpotrf` and `dpotri`, in place). On one BLAS thread, unless Σ is large,
    so that the number of cores does not change the bits.
    """
    size, _ = _sizes(covariance, covariance)
    with one_blas_thread_unless_large(size):
        return _invert(covariance, size)


def _invert(covariance: NDArray[np.float64], size: int) -> DenseCovariance:
    # Fortran order lets LAPACK work in place; the transpose of a symmetric matrix is itself.
    lower, info = lapack.dpotrf(np.array(covariance, order="F"), lower=1, clean=0, overwrite_a=1)
    if info != 0:
        raise not_positive_definite(covariance)
    log_det = 2.0 * float(np.sum(np.log(np.diagonal(lower))))
    inverse, info = lapack.dpotri(lower, lower=1, overwrite_c=1)
    if info != 0:
        raise not_positive_definite(covariance)
    mirror(inverse)
    return DenseCovariance(ArraySource(covariance), ArraySource(inverse.T.reshape(size, size)), log_det)


def invert_penalised(covariance: DenseCovariance, penalty: float) -> DenseCovariance:
    """Return Σ + τV with its inverse, where V has the variances of Σ on its diagonal and τ ≥ 0 is the penalty.

    Notes
    -----
    O(p³); see `FactorCovariance.penalised` for factors.
    """
    matrix = np.empty(covariance.covariance.shape)
    for block, rows in covariance.covariance.blocks():
        matrix[block] = rows
    matrix[np.diag_indices_from(matrix)] *= 1.0 + penalty
    return invert(matrix)


def not_positive_definite(covariance: NDArray[np.float64]) -> NotPositiveDefinite:
    """Return the error that names the smallest eigenvalue of a matrix that is no covariance."""
    smallest = float(eigh(covariance, eigvals_only=True, subset_by_index=[0, 0])[0])
    return NotPositiveDefinite(
        f"The covariance is not positive definite: its smallest eigenvalue is {smallest:.6g}.",
        code="singular-covariance",
        facts={"ridge": f"{max(-smallest, 0.0):.3g}"},
        eigenvalue=smallest,
    )


def mirror(lower: NDArray[np.float64]) -> None:
    """Copy the lower triangle of a square matrix onto the upper, block by block, in place."""
    size, step = len(lower), 512
    for start in range(0, size, step):
        stop = min(start + step, size)
        corner = lower[start:stop, start:stop]
        corner[:] = np.tril(corner) + np.tril(corner, -1).T
        lower[start:stop, stop:] = lower[stop:, start:stop].T


def _solve(matrix: NDArray[np.float64], right: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    """Return M⁻¹ Y by LU, and refuse an M whose reciprocal condition is below the rounding unit."""
    if len(matrix) == 0:
        return right
    factors, pivots, info = lapack.dgetrf(matrix)
    reciprocal = 0.0 if info else float(lapack.dgecon(factors, np.linalg.norm(matrix, 1))[0])
    if not reciprocal >= np.finfo(np.float64).eps:
        raise EngineError(
            f"{name} is singular, so the inverse does not exist: its reciprocal condition number is {reciprocal:.3g}."
        )
    return lapack.dgetrs(factors, pivots, right)[0]


def _sizes(e: NDArray[np.float64], h: NDArray[np.float64]) -> tuple[int, int]:
    for matrix in (e, h):
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
            raise ShapeError(f"An inverse needs a square matrix; this one has shape {matrix.shape}.")
    return len(e), len(h)
