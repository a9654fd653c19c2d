"""FaST-LMM's two routes to the restricted likelihood: the eigenvectors of S(K + I)S, and the SVD of SG.

With S = I − QQᵀ, S(K + δI)S has the same eigenvectors for every δ, and eigenvalues λ_i + δ on the n − r directions
that covariates leave (Lippert et al. 2011, lemma C.15). There the model is diagonal:

    l_REML = −½ [ν (log(2π Σ z_i²/(λ_i + δ) / ν) + 1) + Σ log(λ_i + δ)]        z = U_Sᵀ y

which is also where intervals of h² are simulated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import eigh

from ...threads import one_blas_thread_unless_large
from ..kernels.spectral import EPS, of_factor
from .likelihood import LOG_2PI

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .design import Design


@dataclass(frozen=True, slots=True)
class Reduced:
    """A kernel on the n − r directions that the covariates leave.

    Parameters
    ----------
    values : ndarray of float64, shape (ν,)
        Its eigenvalues, ascending, zeros among them.
    vectors : ndarray of float64, shape (n, k)
        U_S of the last k of them; the others are zero, and any basis will do.
    """

    values: NDArray[np.float64]
    vectors: NDArray[np.float64]

    @property
    def freedom(self) -> int:
        """ν = n − r."""
        return len(self.values)

    @property
    def scale(self) -> float:
        """s = tr(SKS)/(n − r)."""
        return float(np.mean(self.values))

    def squares(self, trait: NDArray[np.float64], fixed: Design) -> NDArray[np.float64]:
        """Return z_i², shape (ν,); the sum over all zero eigenvalues stands at the first of them."""
        residual = fixed.residual(trait[:, None])[:, 0]
        inside = self.vectors.T @ residual
        outside = residual - self.vectors @ inside
        squares = np.zeros(self.freedom)
        squares[self.freedom - len(inside) :] = np.square(inside)
        if len(inside) < self.freedom:
            squares[0] = outside @ outside
        return squares

    def log_likelihood(self, squares: NDArray[np.float64], delta: float) -> float:
        """Return l_REML at δ of a trait with these squares."""
        summed = self.values + delta
        residual = float(np.sum(squares / summed))
        return -0.5 * (self.freedom * (LOG_2PI + np.log(residual / self.freedom) + 1.0) + float(np.sum(np.log(summed))))


def reduced_matrix(matrix: NDArray[np.float64], fixed: Design) -> Reduced:
    """Return K, shape (n, n), on the directions that covariates leave, by the eigenvectors of S(K + I)S: O(n³)."""
    n, r = len(matrix), fixed.rank
    residual = fixed.residual(fixed.residual(matrix).T)
    scale = float(np.trace(residual)) / (n - r)
    residual = residual / scale + fixed.residual(np.eye(n))
    with one_blas_thread_unless_large(n):
        values, vectors = eigh((residual + residual.T) / 2, driver="evd", check_finite=False)
    return Reduced(scale * (values[r:] - 1.0).clip(0.0), np.ascontiguousarray(vectors[:, r:]))


def reduced_factor(factor: NDArray[np.float64], fixed: Design) -> Reduced:
    """Return K = GGᵀ on the directions that covariates leave, by the SVD of SG: O(nk²), G of shape (n, k)."""
    kernel = of_factor(fixed.residual(factor))
    order = np.argsort(kernel.values)
    values = np.zeros(len(factor) - fixed.rank)
    positive = order[kernel.values[order] > EPS * len(factor) * kernel.values.max()][-len(values) :]
    values[len(values) - len(positive) :] = kernel.values[positive]
    return Reduced(values, np.ascontiguousarray(kernel.vectors[:, positive]))
