"""The strongest pairs of a version under a rule: by tiles of a factor, or block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

import numpy as np

from ...errors import InputError
from . import edge_rule as rules
from .blocks import scan_blocks
from .candidates import FEW, CandidatePairs, Candidates
from .factor_tiles import tiles_of
from .partial_correlations import PartialCorrelations
from .scan_memory import most_candidates, require_candidates
from .strongest import SelectedPairs, Strongest, rank_pairs, rounding_steps
from .tiles import scan_tiles

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
    EngineError
        Code `memory-limit`: the scan takes more memory than is allowed.
    """
    if not is_factor(measure):
        return strongest_by_blocks(measure, size, edge_rule, progress=progress)
    tiles, most = tiles_of(measure), rules.most_pairs(edge_rule, size)
    if edge_rule.rule == "threshold":
        selection = pairs_above(tiles, rules.least_strength(edge_rule), progress)
    else:
        selection = strongest_of(tiles, rules.least_strength(edge_rule), most, progress)
    if selection is None and edge_rule.rule == "threshold":
        raise _too_many(edge_rule)
    if selection is None:  # more tie than a list of edges has
        return strongest_by_blocks(measure, size, edge_rule, progress=progress)
    return selection, largest_of(tiles, selection)


def is_factor(measure: PairMeasure) -> TypeGuard[PartialCorrelations]:
    """Tell whether a measure is ρ of a factor alone, which tiles are made of."""
    return isinstance(measure, PartialCorrelations) and measure.dense is None


def strongest_of(
    tiles: FactorTiles, floor: float, count: int, progress: Progress | None = None
) -> SelectedPairs | None:
    """Return the n pairs that are strongest and exceed a floor, with all ties, strongest first.

    None, where so many tie that there are more than `MOST_EDGES`.
    """
    candidates, shape = Candidates(floor, count), tiles.measure.factor.shape
    most = most_candidates(2 * max(rules.MOST_EDGES, 2 * count), 4 * count, *shape)
    for _ in scan_tiles(tiles, len(tiles.order), candidates, progress):
        if len(candidates) > most:
            positions = candidates.positions()
            magnitudes = np.abs(tiles.measure.pairs(tiles.pairs(positions)))
            steps = rounding_steps(magnitudes)
            ties = steps >= np.partition(steps, -count)[-count]
            if np.count_nonzero(ties) > rules.MOST_EDGES:
                return None
            candidates.replace(CandidatePairs(positions, magnitudes, magnitudes).select(ties))
            most = max(most, 2 * len(candidates))
            require_candidates(most, *shape)
    selection = rank_pairs(_decide(tiles, candidates.positions(), floor), count)
    return selection if len(selection) <= rules.MOST_EDGES else None


def pairs_above(tiles: FactorTiles, floor: float, progress: Progress | None = None) -> SelectedPairs | None:
    """Return all pairs that exceed a floor, strongest first; None, where there are more than `MOST_EDGES`."""
    candidates, shape = Candidates(floor), tiles.measure.factor.shape
    most = most_candidates(4 * rules.MOST_EDGES, FEW, *shape)
    for _ in scan_tiles(tiles, len(tiles.order), candidates, progress):
        if candidates.certain > rules.MOST_EDGES:
            return None
        if len(candidates) > most:
            positions = candidates.positions()
            magnitudes = np.abs(tiles.measure.pairs(tiles.pairs(positions)))
            candidates.replace(CandidatePairs(positions, magnitudes, magnitudes).select(magnitudes > floor))
            candidates.certain = len(candidates)
            most = max(most, 2 * len(candidates))
            require_candidates(most, *shape)
    selection = _decide(tiles, candidates.positions(), floor)
    return rank_pairs(selection, len(selection)) if len(selection) <= rules.MOST_EDGES else None


def largest_of(tiles: FactorTiles, strongest: SelectedPairs) -> float:
    """Return the largest magnitude of all pairs, given those that pass a rule, strongest first, if any."""
    if not len(strongest):
        candidates = Candidates(0.0, 1)
        for _ in scan_tiles(tiles, len(tiles.order), candidates):
            pass
        strongest = _decide(tiles, candidates.positions(), 0.0)
    return float(strongest.magnitudes.max(initial=0.0))


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


def _decide(tiles: FactorTiles, positions: NDArray[np.int32], floor: float) -> SelectedPairs:
    """Return the candidates whose magnitude exceeds a floor in float64."""
    pairs = tiles.pairs(positions)
    values = tiles.measure.pairs(pairs)
    magnitudes = np.abs(values)
    return SelectedPairs(magnitudes, pairs, values[:, np.newaxis])[magnitudes > floor]


def _too_many(edge_rule: EdgeRule) -> InputError:
    return InputError(
        f"More than {rules.MOST_EDGES:,} pairs have a strength of at least {edge_rule.value:g}.",
        hint="Ask for a higher threshold.",
    )
