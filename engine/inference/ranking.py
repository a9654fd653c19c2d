"""By what pairs of genes are put in order: a score at the edge of the noise, ρ, or either against its background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..network.pairs.blocks import above_diagonal, scan_blocks
from .clr import background, clr, clr_of_pairs

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ..network.pairs.blocks import Block
    from ..network.pairs.partial_correlations import PairMeasure
    from .clr import Background


@dataclass(frozen=True, slots=True)
class ContextLikelihood:
    """How far each pair stands out from what its two genes have with all others.

    Parameters
    ----------
    measure : PairMeasure
        The number of each pair, such as ρ.
    background : Background
        Of each gene, the mean and the standard deviation of the magnitude over all its pairs, both of shape (p,).
    """

    measure: PairMeasure
    background: Background

    @property
    def whole_rows(self) -> bool:
        """Whether a block costs as much as whole rows."""
        return self.measure.whole_rows

    def block(self, block: Block) -> NDArray[np.float64]:
        """Return the strengths of a block of pairs, 0 on or below the diagonal."""
        strength = clr(np.abs(self.measure.block(block)), self._of(block.rows), self._of(block.columns))
        return above_diagonal(strength, block)

    def row(self, index: int) -> NDArray[np.float64]:
        """Return the strengths of one gene with all, shape (p,)."""
        magnitude = np.abs(self.measure.row(index))
        return clr(magnitude[np.newaxis], self._of(slice(index, index + 1)), self.background)[0]

    def pairs(self, pairs: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the strengths of pairs of two different genes, shape (E,)."""
        magnitude = np.abs(self.measure.pairs(pairs))
        return clr_of_pairs(magnitude, self._of(pairs[:, 0]), self._of(pairs[:, 1]))

    def _of(self, genes: slice | NDArray[np.intp]) -> Background:
        means, deviations = self.background
        return means[genes], deviations[genes]


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

    def step(block: Block) -> tuple[Block, list[NDArray[np.float64]]]:
        magnitude = np.abs(measure.block(block))
        powers = (magnitude, np.square(magnitude))
        return block, [np.stack([power.sum(axis=axis) for power in powers]) for axis in (1, 0)]

    total = np.zeros((2, size))
    for block, (of_rows, of_columns) in scan_blocks(size, step, progress, whole_rows=measure.whole_rows):
        total[:, block.rows] += of_rows
        total[:, block.columns] += of_columns
    return ContextLikelihood(measure, background(total[0], total[1], size - 1))
