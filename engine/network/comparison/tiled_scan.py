"""Two versions on one factor base compared without a scan of all pairs: what cannot matter is not computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..pairs import edge_rule as rules
from ..pairs.candidates import Candidates
from ..pairs.factor_tiles import tiles_of
from ..pairs.mean_strength import mean_strength, sampled_mean_strength
from ..pairs.strongest import ROUNDING, SelectedPairs, rank_pairs
from ..pairs.strongest_pairs import largest_of, pairs_above, strongest_of
from ..pairs.tiles import scan_tiles
from .change_tiles import change_tiles
from .changes import Comparison, pair_changes
from .difference import Summary
from .low_rank_change import low_rank_change

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Literal

    from numpy.typing import NDArray

    from ..pairs.edge_rule import EdgeRule
    from ..pairs.factor_tiles import FactorTiles
    from ..pairs.partial_correlations import PartialCorrelations
    from .changes import ChangeList
    from .low_rank_change import LowRankChange

    Progress = Callable[[float], None]
    Factors = tuple[PartialCorrelations, PartialCorrelations]

MOST_CANDIDATES = 1 << 22
"""Most pairs whose change is computed one by one, beside those to be listed: beyond it, a scan of all is faster."""


def compare_by_tiles(
    sides: Factors,
    edge_rule: EdgeRule,
    lists: Sequence[ChangeList],
    *,
    exact_mean: bool,
    progress: Progress | None = None,
) -> tuple[Comparison, float, Literal["before", "after"]] | None:
    """Return what changed, the strength of an edge, and the side on which edges were counted.

    Parameters
    ----------
    sides : two PartialCorrelations
        The strength of each pair before and after.
    edge_rule : EdgeRule
        What an edge is.
    lists : sequence of ChangeList
        The changes to list.
    exact_mean : bool
        Whether the mean strength is that of all pairs, and not of a sample.
    progress : callable, optional
        Called now and then with the share that is done, 0 to 1.

    Returns
    -------
    tuple or None
        None, where both do not stand on one factor base, or where so many pairs are edges or change alike that a scan
        of all is faster.
    """
    change = low_rank_change(*sides)
    if change is None:
        return None
    phases = _Phases(progress, 4 + len(lists))
    tiles = tiles_of(sides[0], sides=2), tiles_of(sides[1], sides=2)
    edges = _edges(tiles, edge_rule, phases)
    if edges is None:
        return None
    selections, threshold, counted_on = edges
    pairs = _union(selections, len(tiles[0].order))
    changes = pair_changes(sides[0].pairs(pairs), sides[1].pairs(pairs), threshold)
    listed: list[SelectedPairs] = []
    for wanted in lists:
        largest = (
            _of_pairs(wanted, pairs, changes.before, changes.after, changes.sizes(wanted))
            if wanted.kinds
            else largest_changes(sides, change, wanted, phases.next())
        )
        if largest is None:
            return None
        listed.append(largest)
    was, is_now, gained, lost, flipped = (int(count) for count in changes.counts())
    strengths = np.abs(changes.before), np.abs(changes.after)
    before, after = (
        _summary(tiles[side], count, strengths[side], selections[side], exact_mean=exact_mean, progress=phases.next())
        for side, count in enumerate((was, is_now))
    )
    phases.end()
    return Comparison(before, after, gained, lost, flipped, tuple(listed)), threshold, counted_on


class _Phases:
    """The progress of several steps one after the other, each an equal share of the whole."""

    def __init__(self, progress: Progress | None, count: int) -> None:
        self._progress = progress
        self._count = count
        self._done = 0

    def next(self) -> Progress | None:
        """Return what reports the progress of the next step, 0 to 1."""
        if (report := self._progress) is None:
            return None
        first, self._done = self._done, self._done + 1
        return lambda share: report(min(1.0, (first + share) / self._count))

    def end(self) -> None:
        """Report that all is done."""
        if self._progress is not None:
            self._progress(1.0)


def _edges(
    tiles: tuple[FactorTiles, FactorTiles], edge_rule: EdgeRule, phases: _Phases
) -> tuple[tuple[SelectedPairs, SelectedPairs], float, Literal["before", "after"]] | None:
    """Return the edges of both sides, their least strength, and where they were counted; None of too many."""
    first, second = tiles
    floor, threshold = rules.least_strength(edge_rule), float(edge_rule.value)
    counted_on: Literal["before", "after"] = "before"
    if edge_rule.rule == "top":
        most = rules.most_pairs(edge_rule, len(first.order))
        before = strongest_of(first, floor, most, phases.next())
        if before is not None and not len(before):
            after = strongest_of(second, floor, most, phases.next())
            return None if after is None else ((before, after), rules.amounts_to(edge_rule, after.magnitudes), "after")
        if before is None:
            return None
        threshold = rules.amounts_to(edge_rule, before.magnitudes)
        floor = float(np.nextafter(threshold, 0.0))
    else:
        before = pairs_above(first, floor, phases.next())
    after = None if before is None else pairs_above(second, floor, phases.next())
    return None if before is None or after is None else ((before, after), threshold, counted_on)


def _union(selections: tuple[SelectedPairs, SelectedPairs], size: int) -> NDArray[np.intp]:
    """Return the pairs of either selection, each once, in panel order."""
    numbers = [selection.pairs[:, 0] * size + selection.pairs[:, 1] for selection in selections]
    return np.stack(np.divmod(np.union1d(*numbers), size), axis=1)


def _of_pairs(
    wanted: ChangeList,
    pairs: NDArray[np.intp],
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    sizes: NDArray[np.float64],
) -> SelectedPairs:
    """Return the largest changes of some pairs."""
    selection = SelectedPairs(sizes, pairs, np.stack([before, after], axis=1))[sizes > ROUNDING]
    return rank_pairs(selection, max(wanted.count, 1))[: wanted.count]


def largest_changes(
    sides: Factors, change: LowRankChange, wanted: ChangeList, progress: Progress | None = None
) -> SelectedPairs | None:
    """Return the largest changes of all pairs; None, where too many may be among them."""
    tiles = change_tiles(*sides, change, wanted.by)
    candidates = Candidates(ROUNDING, max(wanted.count, 1))
    for _ in scan_tiles(tiles, len(tiles.order), candidates, progress):
        if len(candidates) > 4 * wanted.count + MOST_CANDIDATES:
            return None
    pairs = tiles.pairs(candidates.positions())
    changes = pair_changes(sides[0].pairs(pairs), sides[1].pairs(pairs), 1.0)
    return _of_pairs(wanted, pairs, changes.before, changes.after, changes.sizes(wanted))


def _summary(
    tiles: FactorTiles,
    edges: int,
    strengths: NDArray[np.float64],
    selection: SelectedPairs,
    *,
    exact_mean: bool,
    progress: Progress | None,
) -> Summary:
    """Return a network in numbers, given its edges and the strengths of the edges of either side."""
    size = len(tiles.order)
    mean, error = (mean_strength(tiles.measure, progress), 0.0) if exact_mean else sampled_mean_strength(tiles.measure)
    largest = float(strengths.max()) if len(selection) else largest_of(tiles, selection)
    return Summary(edges, mean, largest, edges / (size * (size - 1) // 2), error)
