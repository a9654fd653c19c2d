"""By what pairs of genes are put in order: a score at the edge of the noise, ρ, or either against its background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..network.partial_correlations import scan_bands

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ..network.partial_correlations import PairMeasure


@dataclass(frozen=True, slots=True)
class ContextLikelihood:
    """How far each pair stands out from what its two genes have with all others.

    Parameters
    ----------
    measure : PairMeasure
        The number of each pair, such as ρ.
    means, deviations : ndarray of float64, shape (p,)
        Of each gene, the mean and the standard deviation of the magnitude over all its pairs.

    Notes
    -----
    √(max(0, z_i)² + max(0, z_j)²), with z_i = (|m_ij| − mean_i) / deviation_i: the context likelihood of relatedness of
    Faith et al., PLoS Biology 5 (2007), of |ρ| instead of mutual information.
    """

    measure: PairMeasure
    means: NDArray[np.float64]
    deviations: NDArray[np.float64]

    def band(self, rows: slice) -> NDArray[np.float64]:
        """Return the strengths of consecutive genes with all from the first on, 0 on or below the diagonal."""
        magnitude = np.abs(self.measure.band(rows))
        rest = slice(rows.start, None)
        strength = _combined(
            magnitude,
            (self.means[rows, np.newaxis], self.deviations[rows, np.newaxis]),
            (self.means[rest], self.deviations[rest]),
        )
        height = len(strength)
        strength[:, :height] = np.triu(strength[:, :height], 1)
        return strength

    def row(self, index: int) -> NDArray[np.float64]:
        """Return the strengths of one gene with all, shape (p,)."""
        magnitude = np.abs(self.measure.row(index))
        return _combined(magnitude, (self.means[index], self.deviations[index]), (self.means, self.deviations))

    def pairs(self, pairs: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the strengths of pairs of two different genes, shape (E,)."""
        left, right = pairs.T
        sides = ((self.means[side], self.deviations[side]) for side in (left, right))
        return _combined(np.abs(self.measure.pairs(pairs)), *sides)


def context_likelihood(
    measure: PairMeasure, size: int, *, progress: Callable[[float], None] | None = None
) -> ContextLikelihood:
    """Return how far the pairs of p genes stand out from their genes' own backgrounds, in one pass over all pairs.

    Parameters
    ----------
    measure : PairMeasure
        The number of each pair.
    size : int
        p, at least 3.
    progress : callable, optional
        Called now and then with the share of the pairs that is done, 0 to 1.
    """

    def step(rows: slice) -> tuple[slice, NDArray[np.float64]]:
        magnitude = np.abs(measure.band(rows))
        sums = np.zeros((2, size))
        for power, moment in zip((magnitude, np.square(magnitude)), sums, strict=True):
            moment[rows] += power.sum(axis=1)
            moment[rows.start :] += power.sum(axis=0)
        return rows, sums

    total = np.zeros((2, size))
    for _, sums in scan_bands(size, step, progress):
        total += sums
    means, squares = total / (size - 1)
    return ContextLikelihood(measure, means, np.sqrt(np.maximum(squares - np.square(means), 0.0)))


def _combined(
    magnitude: NDArray[np.float64],
    left: tuple[NDArray[np.float64] | np.float64, NDArray[np.float64] | np.float64],
    right: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> NDArray[np.float64]:
    squares = np.zeros_like(magnitude)
    for mean, deviation in (left, right):
        # A gene whose pairs are all alike has no background to stand out from.
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.where(np.asarray(deviation) > 0, (magnitude - mean) / deviation, 0.0)
        squares += np.square(np.maximum(z, 0.0))
    return np.sqrt(squares)
