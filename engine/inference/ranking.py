"""By what pairs of genes are put in order: a score at the edge of the noise, ρ, or either against its background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..network.partial_correlations import scan_bands
from .clr import background, clr

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
    See `clr`.
    """

    measure: PairMeasure
    means: NDArray[np.float64]
    deviations: NDArray[np.float64]

    def band(self, rows: slice) -> NDArray[np.float64]:
        """Return the strengths of consecutive genes with all from the first on, 0 on or below the diagonal."""
        magnitude = np.abs(self.measure.band(rows))
        rest = slice(rows.start, None)
        strength = clr(
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
        return clr(magnitude, (self.means[index], self.deviations[index]), (self.means, self.deviations))

    def pairs(self, pairs: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the strengths of pairs of two different genes, shape (E,)."""
        left, right = pairs.T
        sides = ((self.means[side], self.deviations[side]) for side in (left, right))
        return clr(np.abs(self.measure.pairs(pairs)), *sides)


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
    means, deviations = background(total, size - 1)
    return ContextLikelihood(measure, means, deviations)
