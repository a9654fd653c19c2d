"""The strongest pairs of a version under a rule: by tiles of a factor, or block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from ...threads import one_blas_thread
from . import edge_rule as rules
from .blocks import scan_blocks
from .candidates import Candidates
from .factor_tiles import scan_tiles, tiles_of
from .partial_correlations import PartialCorrelations
from .strongest import SelectedPairs, Strongest, rank_pairs

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .blocks import Block
    from .edge_rule import EdgeRule
    from .factor_tiles import FactorTiles
    from .partial_correlations import PairMeasure

    Progress = Callable[[float], None]


def strongest_pairs(
    measure: PairMeasure, size: int, edge_rule: EdgeRule, *, progress: Progress | None = None
) -> tuple[SelectedPairs, float]:
    """Return the pairs of p genes that pass a rule, strongest first with their values, and the largest magnitude.

    Parameters
    ----------
    measure : PairMeasure
        The strength of each pair.
    size : int
        p.
    edge_rule : EdgeRule
        The strongest pairs, or those from a threshold up.
    progress : callable, optional
        Called now and then with the share of the pairs that is done, 0 to 1.

    Returns
    -------
    pairs : SelectedPairs
        The same bits at any number of threads where `measure` is made of a factor alone.
    max_abs : float
        The largest magnitude of all pairs, whether it passes or not.

    Raises
    ------
    InputError
        More than `MOST_EDGES` pairs are requested, or pass the threshold.
    """
    if isinstance(measure, PartialCorrelations) and measure.dense is None:
        with one_blas_thread():
            tiles = tiles_of(measure)
        selection = _of_tiles(tiles, edge_rule, rules.most_pairs(edge_rule, size), progress)
        largest = selection if len(selection) else strongest_of(tiles, 0.0, 1)
        return selection, float(largest.magnitudes.max(initial=0.0))
    return strongest_by_blocks(measure, size, edge_rule, progress=progress)


def strongest_of(tiles: FactorTiles, floor: float, count: int, progress: Progress | None = None) -> SelectedPairs:
    """Return the n pairs that are strongest and exceed a floor, with all ties, strongest first."""
    candidates = Candidates(floor, count)
    for _ in scan_tiles(tiles, candidates, progress):
        pass
    return rank_pairs(_decide(tiles, candidates.positions(), floor), count)


def _of_tiles(tiles: FactorTiles, edge_rule: EdgeRule, most: int, progress: Progress | None) -> SelectedPairs:
    floor = rules.least_strength(edge_rule)
    if edge_rule.rule == "top":
        return strongest_of(tiles, floor, most, progress)
    candidates = Candidates(floor)
    for _ in scan_tiles(tiles, candidates, progress):
        if candidates.certain > rules.MOST_EDGES:
            raise _too_many(edge_rule)
    selection = _decide(tiles, candidates.positions(), floor)
    if len(selection) > rules.MOST_EDGES:
        raise _too_many(edge_rule)
    return rank_pairs(selection, most)


def _decide(tiles: FactorTiles, positions: NDArray[np.int32], floor: float) -> SelectedPairs:
    """Return the candidates whose magnitude exceeds a floor in float64."""
    pairs = tiles.pairs(positions)
    values = tiles.measure.pairs(pairs)
    magnitudes = np.abs(values)
    return SelectedPairs(magnitudes, pairs, values[:, np.newaxis])[magnitudes > floor]


def strongest_by_blocks(
    measure: PairMeasure, size: int, edge_rule: EdgeRule, *, progress: Progress | None = None
) -> tuple[SelectedPairs, float]:
    """Return what `strongest_pairs` returns, for any measure: by a scan of all pairs."""
    strongest = Strongest(rules.most_pairs(edge_rule, size), rules.least_strength(edge_rule))

    def step(block: Block) -> tuple[float, SelectedPairs]:
        values = measure.block(block)
        magnitude = np.abs(values)
        return float(magnitude.max(initial=0.0)), strongest.select(magnitude, block, values)

    max_abs, count = 0.0, 0
    for largest, selection in scan_blocks(size, step, progress, whole_rows=measure.whole_rows):
        max_abs = max(max_abs, largest)
        count += len(selection)
        if edge_rule.rule == "threshold" and count > rules.MOST_EDGES:
            raise _too_many(edge_rule)
        strongest.append(selection)
    return strongest.ranked(), max_abs


def _too_many(edge_rule: EdgeRule) -> InputError:
    return InputError(
        f"More than {rules.MOST_EDGES:,} pairs have a strength of at least {edge_rule.value:g}.",
        hint="Ask for a higher threshold.",
    )
