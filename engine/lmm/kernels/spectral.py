"""A kernel by its eigenvectors: decomposed once, whatever the ratio δ of the variances is then.

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
"""An eigenvalue of less than minus this share of the largest is no rounding, be it that of six digits in a text."""


@dataclass(frozen=True, slots=True)
class Spectral:
    """A kernel by its eigenvectors.

    Make one with `of_matrix` or `of_factor`.

    Parameters
    ----------
    vectors : ndarray of float64, shape (n, k)
        U, orthonormal columns.
    values : ndarray of float64, shape (k,)
        Λ, positive: what is zero is left out, with its vector.
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
        """Return fixed effects, shape (n, f), and traits, shape (n, m), turned into the kernel's axes: O(nk(f + m))."""
        columns = np.hstack([fixed, traits])
        inside = self.vectors.T @ columns
        f = fixed.shape[1]
        if self.rank == self.size:
            outside = np.zeros((0, columns.shape[1]))
        else:
            outside = columns - self.vectors @ inside
            again = self.vectors.T @ outside  # once more: what is left is then orthogonal to U to rounding
            outside -= self.vectors @ again
        return Rotated(
            values=self.values,
            fixed=inside[:, :f],
            turned=np.ascontiguousarray(inside[:, f:].T),
            rest=self.size - self.rank,
            spare_ff=outside[:, :f].T @ outside[:, :f],
            spare_ft=outside[:, :f].T @ outside[:, f:],
            spare_tt=np.einsum("ij,ij->j", outside[:, f:], outside[:, f:]),
            gram=columns[:, :f].T @ columns[:, :f],
            gram_ft=fixed.T @ traits,
            gram_tt=np.einsum("ij,ij->j", traits, traits),
        )


@dataclass(frozen=True, slots=True)
class Rotated:
    """Columns in the axes of a spectral kernel; `spare` is what they have outside of them, `gram` as they were.

    Parameters
    ----------
    values : ndarray of float64, shape (k,)
        Λ.
    fixed, turned : ndarray of float64, shapes (k, f) and (m, k)
        The fixed effects, and the traits as rows.
    rest : int
        n − k.
    spare_ff, spare_ft, spare_tt, gram, gram_ft, gram_tt : ndarray of float64
        Products of fixed effects (f, f), with the traits (f, m), and of each trait with itself (m,).
    """

    values: NDArray[np.float64]
    fixed: NDArray[np.float64]
    turned: NDArray[np.float64]
    rest: int
    spare_ff: NDArray[np.float64]
    spare_ft: NDArray[np.float64]
    spare_tt: NDArray[np.float64]
    gram: NDArray[np.float64]
    gram_ft: NDArray[np.float64]
    gram_tt: NDArray[np.float64]

    @property
    def traits(self) -> int:
        """The number m of traits."""
        return len(self.turned)

    def taking(self, places: Sequence[int]) -> Rotated:
        """Return the same with some of the fixed effects."""
        some = np.array(places, dtype=np.intp)
        return replace(
            self,
            fixed=self.fixed[:, some],
            spare_ff=self.spare_ff[np.ix_(some, some)],
            spare_ft=self.spare_ft[some],
            gram=self.gram[np.ix_(some, some)],
            gram_ft=self.gram_ft[some],
        )

    def grid(self, deltas: NDArray[np.float64], orders: int = 2) -> Moments:
        """Return the moments of all traits at each δ, in O(gk(f² + fm))."""
        f = self.fixed.shape[1]
        inverse = 1.0 / (self.values + deltas[:, None])
        ff = np.empty((orders, len(deltas), f, f))
        ft = np.empty((orders, len(deltas), f, self.traits))
        tt = np.empty((orders, len(deltas), self.traits))
        weights = np.ones_like(inverse)
        for order in range(orders):
            weights = weights * inverse
            spare = self._spare(deltas, order + 1)
            ff[order] = self._fixed_products(weights) + spare[:, None, None] * self.spare_ff
            for column in range(f):
                ft[order, :, column] = (weights * self.fixed[:, column]) @ self.turned.T
            ft[order] += spare[:, None, None] * self.spare_ft
            tt[order] = weights @ np.square(self.turned.T) + spare[:, None] * self.spare_tt
        return Moments(ff, ft, tt, *self._sums(inverse, deltas))

    def paired(self, deltas: NDArray[np.float64], which: NDArray[np.intp], orders: int = 3) -> Moments:
        """Return the moments of some traits, each at its own δ, in O(mk f²)."""
        f = self.fixed.shape[1]
        inverse = 1.0 / (self.values + deltas[:, None])
        turned = self.turned[which]
        squares = np.square(turned)
        ff = np.empty((orders, len(deltas), f, f))
        ft = np.empty((orders, len(deltas), f, 1))
        tt = np.empty((orders, len(deltas), 1))
        weights = np.ones_like(inverse)
        for order in range(orders):
            weights = weights * inverse
            spare = self._spare(deltas, order + 1)
            ff[order] = self._fixed_products(weights) + spare[:, None, None] * self.spare_ff
            ft[order, :, :, 0] = (weights * turned) @ self.fixed + spare[:, None] * self.spare_ft[:, which].T
            tt[order, :, 0] = np.einsum("ij,ij->i", weights, squares) + spare * self.spare_tt[which]
        return Moments(ff, ft, tt, *self._sums(inverse, deltas))

    def at_identity(self) -> Moments:
        """Return the moments of order one under H = I."""
        return Moments(self.gram[None, None], self.gram_ft[None, None], self.gram_tt[None, None], *(np.zeros(1),) * 3)

    def at_zero(self) -> Moments | None:
        """Return the moments of order one at δ = 0; None where K is singular."""
        return None if self.rest else self.grid(np.zeros(1), 1)

    def _fixed_products(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        f = self.fixed.shape[1]
        pairs = (self.fixed[:, :, None] * self.fixed[:, None, :]).reshape(len(self.values), f * f)
        return (weights @ pairs).reshape(len(weights), f, f)

    def _spare(self, deltas: NDArray[np.float64], order: int) -> NDArray[np.float64]:
        return deltas**-order if self.rest else np.zeros(len(deltas))

    def _sums(
        self, inverse: NDArray[np.float64], deltas: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return log |H|, tr H⁻¹ and tr H⁻², each of shape (g,)."""
        log_det = -np.sum(np.log(inverse), axis=1)
        first, second = np.sum(inverse, axis=1), np.einsum("ij,ij->i", inverse, inverse)
        if not self.rest:
            return log_det, first, second
        return log_det + self.rest * np.log(deltas), first + self.rest / deltas, second + self.rest / deltas**2


def of_matrix(matrix: NDArray[np.float64]) -> Spectral:
    """Return the kernel that a symmetric positive semi-definite matrix is, decomposed in O(n³).

    Parameters
    ----------
    matrix : ndarray of float64, shape (n, n)
        K. Eigenvalues below n·eps of the largest are zero.

    Raises
    ------
    ShapeError
        It is not square.
    InputError
        It is not symmetric, holds what is no finite number, or is zero.
    NotPositiveDefinite
        It has an eigenvalue below zero that is no rounding.
    """
    matrix = np.asarray(matrix, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not len(matrix):
        raise ShapeError(f"A kernel is square; this array has shape {matrix.shape}.")
    if not np.all(np.isfinite(matrix)):
        row, column = np.argwhere(~np.isfinite(matrix))[0].tolist()
        raise InputError(f"The kernel holds {matrix[row, column]} in row {row + 1}, column {column + 1}.")
    if not np.allclose(matrix, matrix.T, rtol=1e-8, atol=1e-10 * float(np.max(np.abs(matrix)))):
        raise InputError("The kernel is not symmetric.", hint="K_ij and K_ji are one covariance.")
    with one_blas_thread_unless_large(len(matrix)):
        values, vectors = eigh((matrix + matrix.T) / 2, driver="evd", check_finite=False)
    return _positive(values, vectors)


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
        It holds what is no finite number, or is zero.
    """
    factor = np.asarray(factor, dtype=np.float64)
    if factor.ndim != 2 or not factor.size:
        raise ShapeError(f"The factor of a kernel is rows by columns; this array has shape {factor.shape}.")
    if not np.all(np.isfinite(factor)):
        raise InputError("The factor of the kernel holds a value that is not finite.")
    with one_blas_thread_unless_large(min(factor.shape)):
        if factor.shape[1] >= factor.shape[0]:  # wider than long: the product has the rank anyway
            vectors, singular, _ = svd(factor, full_matrices=False, check_finite=False)
        else:
            frame, triangle = qr(factor, mode="economic", check_finite=False)
            inner, singular, _ = svd(triangle, check_finite=False)
            vectors = frame @ inner
    kept = singular > max(factor.shape) * EPS * singular[0]
    if not np.any(kept):
        raise InputError("The kernel is zero: there is nothing that a signal could go along.")
    return Spectral(np.ascontiguousarray(vectors[:, kept]), np.square(singular[kept]))


def _positive(values: NDArray[np.float64], vectors: NDArray[np.float64]) -> Spectral:
    """Return a kernel of eigenvalues, ascending, less those that are zero."""
    largest = max(float(values[-1]), -float(values[0]))
    if float(values[0]) < -NEGATIVE * largest:
        raise NotPositiveDefinite(
            f"The kernel is not positive semi-definite: its smallest eigenvalue is {values[0]:.4g}, "
            f"its largest {values[-1]:.4g}.",
            hint="A kernel is a covariance. Written with few digits it may be none: give more, or G with K = GGᵀ.",
            eigenvalue=float(values[0]),
        )
    kept = values > len(values) * EPS * largest
    if not np.any(kept):
        raise InputError("The kernel is zero: there is nothing that a signal could go along.")
    if np.all(kept):
        return Spectral(vectors, values)
    return Spectral(np.ascontiguousarray(vectors[:, kept]), values[kept])
