"""Two versions compared pair by pair: by a scan of all pairs of both, whatever they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..pairs.blocks import scan_blocks
from ..pairs.strongest import ROUNDING, Strongest
from .changes import Comparison, pair_changes
from .difference import Summary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ..pairs.blocks import Block
    from ..pairs.partial_correlations import PairMeasure
    from ..pairs.strongest import SelectedPairs
    from .changes import ChangeList


@dataclass(frozen=True, slots=True)
class _Part:
    """The part of one block of pairs: numbers of edges, sums and maxima, and of each list candidates for it."""

    counts: NDArray[np.int64]
    sums: NDArray[np.float64]
    maxima: NDArray[np.float64]
    candidates: list[SelectedPairs]


def compare_jointly(
    sides: tuple[PairMeasure, PairMeasure],
    size: int,
    threshold: float,
    lists: Sequence[ChangeList],
    progress: Callable[[float], None] | None = None,
) -> Comparison:
    """Return what changed, by one scan of all pairs of both sides, in O(p² (K + r)).

    Parameters
    ----------
    sides : two PairMeasure
        The strength of each pair before and after.
    size : int
        p.
    threshold : float
        The strength of an edge.
    lists : sequence of ChangeList
        The changes to list.
    progress : callable, optional
        Called now and then with the share of the pairs that is done, 0 to 1.
    """
    strongest = [Strongest(max(wanted.count, 1), ROUNDING) for wanted in lists]
    first, second = sides

    def step(block: Block) -> _Part:
        changes = pair_changes(first.block(block), second.block(block), threshold)
        strengths = np.abs(changes.before), np.abs(changes.after)
        return _Part(
            changes.counts(),
            np.array([side.sum() for side in strengths]),
            np.array([side.max(initial=0.0) for side in strengths]),
            [
                listed.select(changes.sizes(wanted), block, changes.before, changes.after)
                for wanted, listed in zip(lists, strongest, strict=True)
            ],
        )

    counts, sums, maxima = np.zeros(5, dtype=np.int64), np.zeros(2), np.zeros(2)
    for part in scan_blocks(size, step, progress, whole_rows=first.whole_rows or second.whole_rows):
        counts += part.counts
        sums += part.sums
        maxima = np.maximum(maxima, part.maxima)
        for listed, candidates in zip(strongest, part.candidates, strict=True):
            listed.append(candidates)
    possible = size * (size - 1) // 2
    before, after = (
        Summary(int(counts[side]), float(sums[side]) / possible, float(maxima[side]), int(counts[side]) / possible)
        for side in (0, 1)
    )
    gained, lost, flipped = (int(count) for count in counts[2:])
    ranked = (listed.ranked()[: wanted.count] for listed, wanted in zip(strongest, lists, strict=True))
    return Comparison(before, after, gained, lost, flipped, tuple(ranked))
