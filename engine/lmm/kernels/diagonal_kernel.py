"""A kernel with a diagonal of its own, K = diag(d) + UJUᵀ, solved at each δ by the Woodbury identity.

With D = diag(d) + δI and C = J + UᵀD⁻¹U,

    H⁻¹A = D⁻¹A − D⁻¹U C⁻¹ UᵀD⁻¹A        log |H| = log |D| + log |det C|        (J = J⁻¹: signs)

in O(nq²) for every δ; no n × n matrix is formed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError, NotPositiveDefinite, ShapeError
from .moments import Moments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class DiagonalAndFactor:
    """A kernel K = diag(d) + U J Uᵀ, never formed.

    Parameters
    ----------
    diagonal : ndarray of float64, shape (n,)
        d, positive.
    factor : ndarray of float64, shape (n, q)
        U.
    signs : ndarray of float64, shape (q,)
        The diagonal of J: 1, or −1 for a column that is subtracted. K must be positive definite.

    Raises
    ------
    ShapeError, InputError
        The arrays do not fit together, or a value is not allowed.
    """

    diagonal: NDArray[np.float64]
    factor: NDArray[np.float64]
    signs: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.factor.shape != (len(self.diagonal), len(self.signs)):
            raise ShapeError(f"A factor of shape {self.factor.shape} does not fit a diagonal of {len(self.diagonal)}.")
        if not (np.all(self.diagonal > 0) and np.all(np.isfinite(self.factor))):
            raise InputError("The diagonal of a kernel is positive, and its factor finite.")

    @property
    def size(self) -> int:
        """The number of rows n."""
        return len(self.diagonal)

    @property
    def factored(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """U and the signs of its columns: K without its own diagonal."""
        return self.factor, self.signs

    def trace(self) -> float:
        """Return tr K."""
        return float(np.sum(self.diagonal) + np.einsum("ij,j,ij->", self.factor, self.signs, self.factor))

    def times(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return K A, shape (n, c), in O(nqc)."""
        return self.diagonal[:, None] * columns + self.factor @ (self.signs[:, None] * (self.factor.T @ columns))

    def solve(self, delta: float, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (K + δI)⁻¹ A, shape (n, c), in O(nq(q + c))."""
        return _Inverse(self, delta).times(columns)

    def rotate(self, fixed: NDArray[np.float64], traits: NDArray[np.float64]) -> RotatedByDiagonal:
        """Return fixed effects, shape (n, f), and traits, shape (n, m), ready for products under this kernel."""
        return RotatedByDiagonal(self, fixed, traits)


class _Inverse:
    """H(δ)⁻¹ of a `DiagonalAndFactor`; its small matrix is inverted once."""

    def __init__(self, kernel: DiagonalAndFactor, delta: float) -> None:
        self.diagonal = 1.0 / (kernel.diagonal + delta)
        self.scaled = self.diagonal[:, None] * kernel.factor
        inner = np.diag(kernel.signs) + kernel.factor.T @ self.scaled
        if np.count_nonzero(np.linalg.eigvalsh(inner) < 0) != np.count_nonzero(kernel.signs < 0):
            raise NotPositiveDefinite(
                f"K + δI is not positive definite at δ = {delta:.4g}.", hint="The kernel subtracts too much."
            )
        self.inner = np.linalg.inv(inner)
        self.log_det = float(np.linalg.slogdet(inner)[1] - np.sum(np.log(self.diagonal)))

    def times(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return H⁻¹ A."""
        return self.diagonal[:, None] * columns - self.scaled @ (self.inner @ (self.scaled.T @ columns))

    def traces(self) -> tuple[float, float]:
        """Return tr H⁻¹ and tr H⁻²."""
        gram = self.inner @ (self.scaled.T @ self.scaled)
        mixed = np.einsum("ij,i,ij->", self.scaled @ self.inner, self.diagonal, self.scaled)
        first = np.sum(self.diagonal) - np.trace(gram)
        second = np.sum(self.diagonal**2) - 2.0 * mixed + np.trace(gram @ gram)
        return float(first), float(second)


@dataclass(frozen=True, slots=True)
class RotatedByDiagonal:
    """Fixed effects, shape (n, f), and traits, shape (n, m), of a model with a `DiagonalAndFactor`."""

    kernel: DiagonalAndFactor
    fixed: NDArray[np.float64]
    traits: NDArray[np.float64]

    @property
    def trait_count(self) -> int:
        """The number m of traits."""
        return self.traits.shape[1]

    def select(self, indices: Sequence[int]) -> RotatedByDiagonal:
        """Return the same model with some of the fixed effects."""
        return RotatedByDiagonal(self.kernel, self.fixed[:, list(indices)], self.traits)

    def moments_on_grid(self, deltas: NDArray[np.float64], orders: int = 2) -> Moments:
        """Return the moments of all traits at each δ, in O(gnq(q + f + m))."""
        return _concatenated([self._moments(delta, self.traits, orders) for delta in deltas.tolist()])

    def moments_by_trait(self, deltas: NDArray[np.float64], traits: NDArray[np.intp], orders: int = 3) -> Moments:
        """Return the moments of some traits, each at its own δ."""
        pairs = zip(deltas.tolist(), traits.tolist(), strict=True)
        return _concatenated([self._moments(delta, self.traits[:, at : at + 1], orders) for delta, at in pairs])

    def moments_at_identity(self) -> Moments:
        """Return the moments of order one under H = I."""
        columns = np.hstack([self.fixed, self.traits])
        return _moments_of(self.fixed.shape[1], [(columns, columns)], (0.0, 0.0, 0.0))

    def moments_at_zero(self) -> Moments:
        """Return the moments of order one at δ = 0."""
        return self._moments(0.0, self.traits, 1)

    def _moments(self, delta: float, traits: NDArray[np.float64], orders: int) -> Moments:
        inverse = _Inverse(self.kernel, delta)
        f = self.fixed.shape[1]
        powers = [np.hstack([self.fixed, traits])]
        for _ in range(min(orders, 2)):
            powers.append(inverse.times(powers[-1]))
        pairs = [(powers[0], powers[1]), (powers[1], powers[1]), (powers[1], powers[-1])][:orders]
        sums = (inverse.log_det, *(inverse.traces() if orders > 1 else (0.0, 0.0)))
        return _moments_of(f, pairs, sums)


def _moments_of(
    f: int, pairs: list[tuple[NDArray[np.float64], NDArray[np.float64]]], sums: tuple[float, float, float]
) -> Moments:
    """Return the moments of columns, of which the first f are fixed effects, from one pair of factors an order."""
    return Moments(
        np.stack([left[:, :f].T @ right[:, :f] for left, right in pairs])[:, None],
        np.stack([left[:, :f].T @ right[:, f:] for left, right in pairs])[:, None],
        np.stack([np.einsum("ij,ij->j", left[:, f:], right[:, f:]) for left, right in pairs])[:, None],
        *(np.array([value]) for value in sums),
    )


def _concatenated(parts: list[Moments]) -> Moments:
    return Moments(
        np.concatenate([part.ff for part in parts], axis=1),
        np.concatenate([part.ft for part in parts], axis=1),
        np.concatenate([part.tt for part in parts], axis=1),
        np.concatenate([part.log_det for part in parts]),
        np.concatenate([part.trace for part in parts]),
        np.concatenate([part.trace2 for part in parts]),
    )
