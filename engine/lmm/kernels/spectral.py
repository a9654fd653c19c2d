"""A kernel by its eigenvectors, decomposed once for every ratio δ of the variances.

With K = U Λ Uᵀ of rank k, H(δ) = K + δI and any columns a and b,

    aᵀH⁻ʲb = Σ ã_i b̃_i / (λ_i + δ)ʲ + (aᵀb − ãᵀb̃) / δʲ        ã = Uᵀa
    log |H| = Σ log(λ_i + δ) + (n − k) log δ

(Lippert et al. 2011, Nature Methods 8:833). The part outside U is formed, not subtracted, for the few columns of a
model: aᵀb − ãᵀb̃ loses every digit where they lie almost within U.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import eigh, qr, svd

from ...errors import InputError, NotPositiveDefinite, ShapeError
from ...threads import one_blas_thread_unless_large
from .moments import Moments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

EPS = float(np.finfo(np.float64).eps)

NEGATIVE = 1e-6
"""Largest negative eigenvalue, as a share of the largest, that passes as rounding (of six digits in a text, too)."""


@dataclass(frozen=True, slots=True)
class Spectral:
    """A kernel by its eigenvectors.

    Make one with `of_matrix` or `of_factor`.

    Parameters
    ----------
    vectors : ndarray of float64, shape (n, k)
        U, orthonormal columns.
    values : ndarray of float64, shape (k,)
        Λ, positive; eigenvalues of zero are left out with their vectors.
    """

    vectors: NDArray[np.float64]
    values: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or self.values.shape != self.vectors.shape[1:]:
            raise ShapeError(f"Eigenvectors of shape {self.vectors.shape} do not fit values of {self.values.shape}.")
        self.vectors.setflags(write=False)
        self.values.setflags(write=False)

    @property
    def size(self) -> int:
        """The number of rows n."""
        return self.vectors.shape[0]

    @property
    def rank(self) -> int:
        """The number k of eigenvalues that are not zero."""
        return len(self.values)

    @property
    def factored(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """F with K = FFᵀ, shape (n, k), and a sign for each column, all of them 1."""
        return self.vectors * np.sqrt(self.values), np.ones(self.rank)

    def trace(self) -> float:
        """Return tr K."""
        return float(np.sum(self.values))

    def times(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return K A, shape (n, c), in O(nkc)."""
        return self.vectors @ (self.values[:, None] * (self.vectors.T @ columns))

    def solve(self, delta: float, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (K + δI)⁻¹ A, shape (n, c), in O(nkc)."""
        inside = self.vectors.T @ columns
        if self.rank == self.size:
            return self.vectors @ (inside / (self.values + delta)[:, None])
        shrunk = (self.values / (self.values + delta))[:, None] * inside
        return (columns - self.vectors @ shrunk) / delta

    def rotate(self, fixed: NDArray[np.float64], traits: NDArray[np.float64]) -> Rotated:
        """Return fixed effects, shape (n, f), and traits, shape (n, m), rotated to the eigenvectors: O(nk(f + m))."""
        columns = np.hstack([fixed, traits])
        inside = self.vectors.T @ columns
        f = fixed.shape[1]
        if self.rank == self.size:
            outside = np.zeros((0, columns.shape[1]))
        else:
            outside = columns - self.vectors @ inside
            outside -= self.vectors @ (self.vectors.T @ outside)  # twice: orthogonal to U to rounding
        return Rotated(
            values=self.values,
            fixed=inside[:, :f],
            trait_rows=np.ascontiguousarray(inside[:, f:].T),
            nullity=self.size - self.rank,
            outside_ff=outside[:, :f].T @ outside[:, :f],
            outside_ft=outside[:, :f].T @ outside[:, f:],
            outside_tt=np.einsum("ij,ij->j", outside[:, f:], outside[:, f:]),
            gram=columns[:, :f].T @ columns[:, :f],
            gram_ft=fixed.T @ traits,
            gram_tt=np.einsum("ij,ij->j", traits, traits),
        )


@dataclass(frozen=True, slots=True)
class Rotated:
    """Fixed effects and traits in the coordinates of a kernel's eigenvectors.

    Parameters
    ----------
    values : ndarray of float64, shape (k,)
        Λ.
    fixed, trait_rows : ndarray of float64, shapes (k, f) and (m, k)
        The fixed effects as columns, and the traits as rows.
    nullity : int
        n − k, the number of eigenvalues that are zero.
    outside_ff, outside_ft, outside_tt : ndarray of float64, shapes (f, f), (f, m) and (m,)
        Products of fixed effects, of these with the traits, and of each trait with itself, outside of the eigenvectors.
    gram, gram_ft, gram_tt : ndarray of float64, shapes (f, f), (f, m) and (m,)
        The same products of the whole columns.
    """

    values: NDArray[np.float64]
    fixed: NDArray[np.float64]
    trait_rows: NDArray[np.float64]
    nullity: int
    outside_ff: NDArray[np.float64]
    outside_ft: NDArray[np.float64]
    outside_tt: NDArray[np.float64]
    gram: NDArray[np.float64]
    gram_ft: NDArray[np.float64]
    gram_tt: NDArray[np.float64]

    @property
    def trait_count(self) -> int:
        """The number m of traits."""
        return len(self.trait_rows)

    def select(self, indices: Sequence[int]) -> Rotated:
        """Return the same model with some of the fixed effects."""
        chosen = np.array(indices, dtype=np.intp)
        return replace(
            self,
            fixed=self.fixed[:, chosen],
            outside_ff=self.outside_ff[np.ix_(chosen, chosen)],
            outside_ft=self.outside_ft[chosen],
            gram=self.gram[np.ix_(chosen, chosen)],
            gram_ft=self.gram_ft[chosen],
        )

    def moments_on_grid(self, deltas: NDArray[np.float64], orders: int = 2) -> Moments:
        """Return the moments of all traits at each δ, in O(gk(f² + fm))."""
        return self._moments(deltas, orders, None)

    def moments_by_trait(self, deltas: NDArray[np.float64], traits: NDArray[np.intp], orders: int = 3) -> Moments:
        """Return the moments of some traits, each at its own δ, in O(mk f²)."""
        return self._moments(deltas, orders, traits)

    def moments_at_identity(self) -> Moments:
        """Return the moments of order one under H = I."""
        return Moments(self.gram[None, None], self.gram_ft[None, None], self.gram_tt[None, None], *(np.zeros(1),) * 3)

    def moments_at_zero(self) -> Moments | None:
        """Return the moments of order one at δ = 0; None where K is singular."""
        return None if self.nullity else self.moments_on_grid(np.zeros(1), 1)

    def _moments(self, deltas: NDArray[np.float64], orders: int, traits: NDArray[np.intp] | None) -> Moments:
        """Return the moments of all traits at each δ, or of some traits, each at its own δ."""
        (k, f), g = self.fixed.shape, len(deltas)
        rows = self.trait_rows if traits is None else self.trait_rows[traits]
        pairs, squares = (self.fixed[:, :, None] * self.fixed[:, None, :]).reshape(k, f * f), np.square(rows)
        inverse = 1.0 / (self.values + deltas[:, None])
        ff, m = np.empty((orders, g, f, f)), self.trait_count if traits is None else 1
        ft, tt = np.empty((orders, g, f, m)), np.empty((orders, g, m))
        weights = np.ones_like(inverse)
        for order in range(orders):
            weights = weights * inverse
            outside = deltas ** -(order + 1) if self.nullity else np.zeros(g)  # the weight of what is outside of U
            ff[order] = (weights @ pairs).reshape(g, f, f) + outside[:, None, None] * self.outside_ff
            if traits is None:
                for column in range(f):
                    ft[order, :, column] = (weights * self.fixed[:, column]) @ rows.T
                ft[order] += outside[:, None, None] * self.outside_ft
                tt[order] = weights @ squares.T + outside[:, None] * self.outside_tt
            else:
                ft[order, :, :, 0] = (weights * rows) @ self.fixed + outside[:, None] * self.outside_ft[:, traits].T
                tt[order, :, 0] = np.einsum("ij,ij->i", weights, squares) + outside * self.outside_tt[traits]
        return Moments(ff, ft, tt, *self._sums(inverse, deltas))

    def _sums(
        self, inverse: NDArray[np.float64], deltas: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return log |H|, tr H⁻¹ and tr H⁻², each of shape (g,)."""
        log_det = -np.sum(np.log(inverse), axis=1)
        first, second = np.sum(inverse, axis=1), np.einsum("ij,ij->i", inverse, inverse)
        if not self.nullity:
            return log_det, first, second
        return log_det + self.nullity * np.log(deltas), first + self.nullity / deltas, second + self.nullity / deltas**2


def of_matrix(matrix: NDArray[np.float64]) -> Spectral:
    """Return a symmetric positive semi-definite matrix as a kernel, decomposed in O(n³).

    Parameters
    ----------
    matrix : ndarray of float64, shape (n, n)
        K. Eigenvalues below n·eps of the largest are zero.

    Raises
    ------
    ShapeError
        It is not square.
    InputError
        It is not symmetric, has a value that is not finite, or is zero.
    NotPositiveDefinite
        It has an eigenvalue below zero by more than rounding.
    """
    matrix = np.asarray(matrix, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not len(matrix):
        raise ShapeError(f"A kernel is square; this array has shape {matrix.shape}.")
    if not np.all(np.isfinite(matrix)):
        row, column = np.argwhere(~np.isfinite(matrix))[0].tolist()
        raise InputError(f"The kernel has {matrix[row, column]} in row {row + 1}, column {column + 1}.")
    if not np.allclose(matrix, matrix.T, rtol=1e-8, atol=1e-10 * float(np.max(np.abs(matrix)))):
        raise InputError("The kernel is not symmetric.", hint="K_ij and K_ji are one covariance.")
    with one_blas_thread_unless_large(len(matrix)):
        values, vectors = eigh((matrix + matrix.T) / 2, driver="evd", check_finite=False)
    return _from_eigenvalues(values, vectors)


def of_factor(factor: NDArray[np.float64]) -> Spectral:
    """Return the kernel K = GGᵀ, never formed where G is narrow: QR, then SVD, in O(nk²).

    Parameters
    ----------
    factor : ndarray of float64, shape (n, k)
        G. Singular values below max(n, k)·eps of the largest are zero.

    Raises
    ------
    ShapeError
        It is no matrix.
    InputError
        It has a value that is not finite, or is zero.
    """
    factor = np.asarray(factor, dtype=np.float64)
    if factor.ndim != 2 or not factor.size:
        raise ShapeError(f"The factor of a kernel is rows by columns; this array has shape {factor.shape}.")
    if not np.all(np.isfinite(factor)):
        raise InputError("The factor of the kernel has a value that is not finite.")
    with one_blas_thread_unless_large(min(factor.shape)):
        if factor.shape[1] >= factor.shape[0]:  # wider than long: the product has the rank anyway
            vectors, singular, _ = svd(factor, full_matrices=False, check_finite=False)
        else:
            frame, triangle = qr(factor, mode="economic", check_finite=False)
            inner, singular, _ = svd(triangle, check_finite=False)
            vectors = frame @ inner
    positive = singular > max(factor.shape) * EPS * singular[0]
    if not np.any(positive):
        raise InputError("The kernel is zero: there is nothing that a signal could go along.")
    return Spectral(np.ascontiguousarray(vectors[:, positive]), np.square(singular[positive]))


def _from_eigenvalues(values: NDArray[np.float64], vectors: NDArray[np.float64]) -> Spectral:
    """Return the kernel of ascending eigenvalues and their vectors, without those that are zero."""
    largest = max(float(values[-1]), -float(values[0]))
    if float(values[0]) < -NEGATIVE * largest:
        raise NotPositiveDefinite(
            f"The kernel is not positive semi-definite: its smallest eigenvalue is {values[0]:.4g}, "
            f"its largest {values[-1]:.4g}.",
            hint="A kernel is a covariance. With few digits it may not be one: write more, or give G with K = GGᵀ.",
            eigenvalue=float(values[0]),
        )
    positive = values > len(values) * EPS * largest
    if not np.any(positive):
        raise InputError("The kernel is zero: there is nothing that a signal could go along.")
    if np.all(positive):
        return Spectral(vectors, values)
    return Spectral(np.ascontiguousarray(vectors[:, positive]), values[positive])
