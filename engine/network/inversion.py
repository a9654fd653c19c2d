"""Inverses: the update identities, and the full inversion of a dense covariance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import lapack

from ..errors import EngineError, NotPositiveDefinite, ShapeError
from ..progress import unheard
from .covariance import ArraySource, DenseCovariance
from .dense.least_eigenvalue import smallest_eigenvalue
from .dense.tiled_inverse import Breakdown, invert_lower_triangle
from .dense.triangles import UpperTriangle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..progress import Progress

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


def invert(covariance: NDArray[np.float64], progress: Progress = unheard) -> DenseCovariance:
    """Return a dense covariance together with its inverse, by Cholesky.

    Parameters
    ----------
    covariance : ndarray of float64, shape (p, p)
        Σ, symmetric; only the lower triangle is read. Made read-only and part of the answer.
    progress : callable
        Called now and then with the share that is done, 0 to 1.

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
    p³ operations, and one more p × p array than Σ. On all cores, whose number does not change the bits: see
    `dense.tiled_inverse`.
    """
    _sizes(covariance, covariance)
    inverse = np.array(covariance, order="C")
    mirror(inverse)  # of what stands above the diagonal nothing counts
    log_det = _invert_lower_triangle(inverse, np.diagonal(inverse).copy(), progress)
    mirror(inverse)
    return DenseCovariance(ArraySource(covariance), ArraySource(inverse), log_det)


def invert_in_place(covariance: NDArray[np.float64], progress: Progress = unheard) -> DenseCovariance:
    """Return a dense covariance together with its inverse, both in the array of the covariance.

    Parameters
    ----------
    covariance : ndarray of float64, shape (p, p)
        Σ, symmetric, its rows contiguous. It is overwritten: the answer has Σ above its diagonal and Θ below.
    progress : callable
        Called now and then with the share that is done, 0 to 1.

    Returns
    -------
    DenseCovariance
        With the numbers of `invert`, to the last bit. Rows are put together as they are asked for.

    Raises
    ------
    ShapeError, NotPositiveDefinite
        As `invert`; the array is neither Σ nor Θ then.

    Notes
    -----
    p³ operations; for 20,000 genes .12 GB beside the array of 3.2 GB.
    """
    _sizes(covariance, covariance)
    variances = np.diagonal(covariance).copy()
    log_det = _invert_lower_triangle(covariance, variances, progress)
    precisions = np.diagonal(covariance).copy()
    return DenseCovariance(UpperTriangle(covariance, variances), UpperTriangle(covariance.T, precisions), log_det)


def _invert_lower_triangle(matrix: NDArray[np.float64], variances: NDArray[np.float64], progress: Progress) -> float:
    """Invert Σ in its lower triangle, and return log |Σ|; the upper one is left to name the smallest eigenvalue by."""
    try:
        return invert_lower_triangle(matrix, progress)
    except Breakdown as failure:
        eigenvalue, is_converged = smallest_eigenvalue(UpperTriangle(matrix, variances), failure.direction)
        raise NotPositiveDefinite(
            "The covariance is not positive definite: its smallest eigenvalue is "
            f"{'' if is_converged else 'at most '}{eigenvalue:.6g}.",
            code="singular-covariance",
            facts={"ridge": f"{max(-eigenvalue, 0.0):.3g}"},
            eigenvalue=eigenvalue,
        ) from None


def invert_penalised(covariance: DenseCovariance, penalty: float) -> DenseCovariance:
    """Return Σ + τV with its inverse, where V has the variances of Σ on its diagonal and τ ≥ 0 is the penalty.

    Notes
    -----
    O(p³), in one p × p array; see `FactorCovariance.penalised` for factors.
    """
    matrix = np.empty(covariance.covariance.shape)
    for block, rows in covariance.covariance.blocks():
        matrix[block] = rows
    matrix[np.diag_indices_from(matrix)] *= 1.0 + penalty
    return invert_in_place(matrix)


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
