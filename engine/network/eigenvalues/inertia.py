"""The extreme eigenvalues of a diagonal plus low-rank matrix, by counting how many lie below a number.

Sylvester's law of inertia, for Σ = D + U J Uᵀ with the diagonal J of ±1 and any λ that is not in D:

    n₋(Σ − λI) = n₋(D − λI) + n₋(−J − Uᵀ(D − λI)⁻¹U) − n₋(−J)

where n₋ counts negative eigenvalues (Parlett, The Symmetric Eigenvalue Problem, 1998, sections 3.3 and 10.5). The small
matrix has K + r rows, so that one count takes O(p (K + r)²), and an eigenvalue is halved in between as closely as
wanted. Iterations on vectors need hundreds of products at the end where eigenvalues are dense, as those of noise are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...threads import one_blas_thread
from ..covariance import row_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEP = 16.0
"""How many times lower the next number is tried, until no eigenvalue lies below it."""

NEAREST = 1e-12
"""Relative distance from a number of D within which eigenvalues are not told from it: 1 over less leaves no digits."""

LEAST = float(np.finfo(np.float64).tiny) * STEP
"""Below this nothing is tried."""


@dataclass(frozen=True, slots=True)
class DiagonalPlusLowRank:
    """A positive definite matrix D + U J Uᵀ.

    Parameters
    ----------
    diagonal : ndarray of float64, shape (p,)
        D, positive.
    factor : ndarray of float64, shape (p, q)
        U.
    signature : ndarray of float64, shape (q,)
        The diagonal of J, ±1.
    """

    diagonal: NDArray[np.float64]
    factor: NDArray[np.float64]
    signature: NDArray[np.float64]

    def count_below(self, value: float) -> int:
        """Return how many eigenvalues lie below a number, in O(pq²)."""
        shifted = self.diagonal - value
        shifted[np.abs(shifted) < NEAREST * value] = NEAREST * value  # as if the number were a little less
        small = -np.diag(self.signature)
        with one_blas_thread():
            for rows in row_blocks(*self.factor.shape):
                block = self.factor[rows]
                small -= (block / shifted[rows, np.newaxis]).T @ block
            negative = int(np.count_nonzero(np.linalg.eigvalsh(small) < 0.0))
        return int(np.count_nonzero(shifted < 0.0)) + negative - self.additions

    @property
    def additions(self) -> int:
        """How many columns are added, and not subtracted."""
        return int(np.count_nonzero(self.signature > 0))

    def smallest(self, tolerance: float) -> float:
        """Return the smallest eigenvalue, to a relative error.

        Notes
        -----
        Of q₊ additions each moves the smallest eigenvalue past one number of D at the most (Weyl), and nothing below D
        is reached but by subtractions.
        """
        added, size = self.additions, len(self.diagonal)
        low, high = float(self.diagonal.min()), float(self._own_diagonal().min())
        if added < size:
            high = min(high, float(np.partition(self.diagonal, added)[added]))
        if added < len(self.signature):
            low = min(low, high) / STEP
            while low > LEAST and self.count_below(low):
                low /= STEP
        return self._halved(min(low, high), high, 0, tolerance)

    def largest(self, tolerance: float) -> float:
        """Return the largest eigenvalue, to a relative error.

        Notes
        -----
        It lies between vᵀΣv for the unit vector v along the largest eigenvector of U₊U₊ᵀ, or the largest diagonal
        number, and the sum of the largest eigenvalues of D and of U₊U₊ᵀ.
        """
        low, high = float(self._own_diagonal().max()), float(self.diagonal.max())
        if self.additions:
            added = self.factor[:, self.signature > 0]
            with one_blas_thread():
                values, vectors = np.linalg.eigh(added.T @ added)
                high += max(float(values[-1]), 0.0)
                direction = added @ vectors[:, -1]
                length = float(np.linalg.norm(direction))
                if length > 0.0:
                    direction /= length
                    along = float(self.signature @ (direction @ self.factor) ** 2)
                    low = max(low, float(direction @ (self.diagonal * direction)) + along)
        return self._halved(min(low, high), high, len(self.diagonal) - 1, tolerance)

    def has_extremes(self, smallest: float, largest: float, tolerance: float) -> bool:
        """Return whether two numbers are the extreme eigenvalues, to a relative error: by four counts."""
        if not 0.0 < smallest <= largest < np.inf:
            return False
        less, more = 1.0 - tolerance, 1.0 + tolerance
        return self.count_below(smallest * less) == 0 < self.count_below(smallest * more) and self.count_below(
            largest * less
        ) < len(self.diagonal) == self.count_below(largest * more)

    def _own_diagonal(self) -> NDArray[np.float64]:
        """Return the diagonal of the matrix, shape (p,)."""
        return self.diagonal + np.einsum("ik,k,ik->i", self.factor, self.signature, self.factor)

    def _halved(self, low: float, high: float, below: int, tolerance: float) -> float:
        """Return the eigenvalue of which so many lie below, between two numbers; as closely as float64 has numbers."""
        while high - low > tolerance * high:
            middle = float(np.sqrt(low) * np.sqrt(high)) if high > 2 * low else low + (high - low) / 2
            if not low < middle < high:
                break
            low, high = (low, middle) if self.count_below(middle) > below else (middle, high)
        return low + (high - low) / 2
