"""The strongest of many pairs of genes, and pairs that tie with them but for rounding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .blocks import Block

ROUNDING = 1e-13
"""Largest difference of two values of ρ that are equal except for rounding."""


@dataclass(frozen=True, slots=True)
class SelectedPairs:
    """Pairs of genes with a magnitude by which they are ranked.

    Parameters
    ----------
    magnitudes : ndarray of float64, shape (E,)
        The magnitudes.
    pairs : ndarray of intp, shape (E, 2)
        Indices of the two genes, the first before the second.
    values : ndarray of float64, shape (E, k)
        Other numbers of each pair.
    """

    magnitudes: NDArray[np.float64]
    pairs: NDArray[np.intp]
    values: NDArray[np.float64]

    def __getitem__(self, chosen: NDArray[np.bool_] | NDArray[np.intp] | slice) -> SelectedPairs:
        return SelectedPairs(self.magnitudes[chosen], self.pairs[chosen], self.values[chosen])

    def __len__(self) -> int:
        return len(self.magnitudes)


class Strongest:
    """The n largest of many magnitudes, with the pairs they belong to, and all ties with the last.

    Magnitudes tie when they are equal at steps of `ROUNDING`: so that the pairs selected from
    a flat set do not depend on how a machine rounds.

    Several threads may call `select`, on blocks in any order: it changes nothing. `append` is called from one thread.

    Parameters
    ----------
    count : int
        n, at least 1.
    floor : float
        Magnitudes at or below this are never selected.
    """

    def __init__(self, count: int, floor: float = 0.0) -> None:
        self.count = count
        self.floor = floor
        self._selections: list[SelectedPairs] = []
        self._size = 0

    def select(self, magnitude: NDArray[np.float64], block: Block, *values: NDArray[np.float64]) -> SelectedPairs:
        """Return the pairs of a block that may be among the largest.

        Parameters
        ----------
        magnitude : ndarray of float64, shape (b, w)
            The magnitudes of the block.
        block : Block
            Which pairs they are.
        *values : ndarray of float64, shape (b, w)
            Other numbers of each pair.
        """
        flat = magnitude.ravel()
        candidates = np.flatnonzero(flat > self.floor)
        if len(candidates) > 2 * self.count:
            strong = flat[candidates]
            candidates = candidates[strong >= np.partition(strong, -self.count)[-self.count] - ROUNDING]
        rows, columns = np.divmod(candidates, magnitude.shape[1])
        pairs = np.stack([rows + block.rows.start, columns + block.columns.start], axis=1)
        return SelectedPairs(flat[candidates], pairs, np.stack([value.ravel()[candidates] for value in values], axis=1))

    def append(self, selection: SelectedPairs) -> None:
        """Add pairs that `select` returned."""
        self._selections.append(selection)
        self._size += len(selection)
        if self._size > 4 * self.count:
            self._prune()

    def ranked(self) -> SelectedPairs:
        """Return the n largest, largest first, equal ones in panel order."""
        return rank_pairs(self._prune(), self.count)

    def _prune(self) -> SelectedPairs:
        """Return the pairs that may still be among the largest, and drop the others."""
        selection = SelectedPairs(
            np.concatenate([part.magnitudes for part in self._selections]),
            np.concatenate([part.pairs for part in self._selections]),
            np.concatenate([part.values for part in self._selections]),
        )
        if len(selection) > self.count:
            least = float(np.partition(selection.magnitudes, -self.count)[-self.count])
            selection = selection[selection.magnitudes >= least - ROUNDING]
            # What is smaller by more than a step can no longer be among the n; the rest may still tie.
            self.floor = max(self.floor, least - 2 * ROUNDING)
        self._selections, self._size = [selection], len(selection)
        return selection


def rank_pairs(selection: SelectedPairs, count: int) -> SelectedPairs:
    """Return the n largest of some pairs and all that tie with the last, largest first, equal ones in panel order."""
    steps = rounding_steps(selection.magnitudes)
    order = np.lexsort((selection.pairs[:, 1], selection.pairs[:, 0], -steps))
    if len(selection) > count:
        order = order[steps[order] >= steps[order[count - 1]]]
    return selection[order]


def rounding_steps(magnitudes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return magnitudes as whole numbers of `ROUNDING`, by which they tie; of the same shape."""
    return np.round(magnitudes / ROUNDING)
