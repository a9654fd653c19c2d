"""Two versions compared edge by edge: which edges were gained, lost or flipped, and the largest changes of ρ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from ..choices import Crossing, Order
from ..errors import ShapeError, check_choice
from ..tabular import Table
from .edges import EdgeRule, amounts_to, strongest_pairs
from .partial_correlations import ROUNDING, Strongest, partial_correlations, scan_bands

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from numpy.typing import NDArray

    from ..choices import RankBy
    from .panel import Panel
    from .partial_correlations import PairMeasure, SelectedPairs
    from .snapshot import Snapshot

Change = Literal["gained", "lost", "sign_flipped", "stronger", "weaker"]
"""The change of a pair: across the threshold, across zero with a strength above it on both sides, or neither."""


STRENGTHS = ("strength_from", "strength_to")
"""The columns of the strength on either side."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A version's network in four numbers.

    Parameters
    ----------
    edges : int
        Pairs with a strength of at least the threshold.
    mean_abs, max_abs : float
        Mean and maximum of the strength over all pairs, without its sign: |ρ|, where versions are compared by ρ.
    density : float
        Edges over all pairs.
    """

    edges: int
    mean_abs: float
    max_abs: float
    density: float


@dataclass(frozen=True, slots=True, repr=False)
class Difference(Table):
    """What changed between two versions.

    Parameters
    ----------
    panel : Panel
        The genes that the indices refer to.
    edge_rule : EdgeRule
        The rule.
    threshold : float
        The strength that the rule amounts to, the same on both sides.
    counted_on : {"before", "after"}
        The side on which `top` counts the strongest pairs.
    before, after : Summary
        Both networks.
    gained, lost, sign_flipped : int
        Edges of the second side only, of the first only, of both with opposite signs.
    pairs : ndarray of intp, shape (C, 2)
        The largest changes, largest first, ties in panel order.
    rho : ndarray of float64, shape (C, 2)
        ρ before and after.
    strength : ndarray of float64, shape (C, 2)
        What decides on edges and changes, before and after: `rho` itself where nothing else does.
    by : {"rho", "abs"}
        Whether they are the largest changes of the strength with its sign, or without.
    names : (str, str)
        The names of both versions; may be empty.
    measure : {"score", "rho", "clr"}
        What the strength is.
    """

    panel: Panel
    edge_rule: EdgeRule
    threshold: float
    counted_on: Literal["before", "after"]
    before: Summary
    after: Summary
    gained: int
    lost: int
    sign_flipped: int
    pairs: NDArray[np.intp]
    rho: NDArray[np.float64]
    strength: NDArray[np.float64]
    by: Order = "rho"
    names: tuple[str, str] = ("", "")
    measure: RankBy = "rho"

    def __repr__(self) -> str:
        symbol = "|ρ|" if self.strength is self.rho else "strength"
        return f"<Difference at {symbol} ≥ {self.threshold:.4g}: {self.gained:,} gained, {self.lost:,} lost>"

    def __iter__(self) -> Iterator[tuple[str, str, float, float, Change]]:
        """Yield (gene_a, gene_b, ρ before, ρ after, change), largest change first."""
        genes = self.panel.genes
        rows = zip(self.pairs.tolist(), self.rho.tolist(), self.strength.tolist(), strict=True)
        for (left, right), (before, after), strengths in rows:
            yield genes[left], genes[right], before, after, self._change(*strengths)

    def __len__(self) -> int:
        """How many changes are listed."""
        return len(self.pairs)

    def columns(self) -> dict[str, Sequence[Any]]:
        """Return the listed changes: genes, ρ on both sides, the change of ρ and of |ρ|, and what became of the pair.

        Where another strength than ρ decides, that of either side is `strength_from` and `strength_to`.
        """
        rows = list(self)
        before, after = self.rho.T
        strengths = {} if self.strength is self.rho else dict(zip(STRENGTHS, self.strength.T.tolist(), strict=True))
        return {
            "gene_a": [row[0] for row in rows],
            "gene_b": [row[1] for row in rows],
            "rho_from": before.tolist(),
            "rho_to": after.tolist(),
            "delta": (after - before).tolist(),
            "delta_abs": (np.abs(after) - np.abs(before)).tolist(),
            "change": [row[4] for row in rows],
            **strengths,
        }

    def _change(self, before: float, after: float) -> Change:
        was, is_now = abs(before) >= self.threshold, abs(after) >= self.threshold
        if was and is_now and before * after < 0:
            return "sign_flipped"
        if was != is_now:
            return "gained" if is_now else "lost"
        return "stronger" if abs(after) > abs(before) else "weaker"


@dataclass(frozen=True, slots=True)
class ChangeList:
    """Which of the largest changes are listed; see `compare`."""

    count: int = 20
    only: Crossing | Collection[Crossing] | None = None
    by: Order = "rho"


@dataclass(frozen=True, slots=True)
class _Band:
    """The part of one band of pairs: numbers of edges, sums and maxima, and of each list candidates for it."""

    counts: NDArray[np.int64]
    sums: NDArray[np.float64]
    maxima: NDArray[np.float64]
    candidates: list[SelectedPairs]


def compare(
    before: Snapshot,
    after: Snapshot,
    edge_rule: EdgeRule,
    *,
    changes: int = 20,
    only: Crossing | Collection[Crossing] | None = None,
    by: Order = "rho",
    ranked_by: tuple[PairMeasure, PairMeasure] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Difference:
    """Return what changed from one version to another.

    Parameters
    ----------
    before, after : Snapshot
        Two versions over one panel.
    edge_rule : EdgeRule
        What an edge is. `top` is counted on the first side, or on the second where the first has no edge at all;
        the strength it amounts to is the threshold of both.
    changes : int
        How many of the largest changes to list. A difference up to `ROUNDING` is no change, neither here nor in the
        counts.
    only : {"gained", "lost", "sign_flipped"} or several of them, optional
        List these changes alone.
    by : {"rho", "abs"}
        The order: by |ρ_after − ρ_before|, or by ||ρ_after| − |ρ_before||, in which a pair whose sign alone changes is
        not listed.
    ranked_by : tuple of PairMeasure, optional
        The strength of each pair before and after, which takes the place of ρ in edges, changes and their order.
    progress : callable, optional
        Called now and then with the share of the pairs that is done, 0 to 1.

    Returns
    -------
    Difference
        In O(p² (K + r)), in bands, over all cores; nothing p × p.

    Raises
    ------
    ShapeError
        The versions have different panels.
    InputError
        There is no such order.
    """
    lists = (ChangeList(changes, only, by),)
    return compare_lists(before, after, edge_rule, lists, ranked_by=ranked_by, progress=progress)[0]


def compare_lists(
    before: Snapshot,
    after: Snapshot,
    edge_rule: EdgeRule,
    lists: Sequence[ChangeList],
    *,
    ranked_by: tuple[PairMeasure, PairMeasure] | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[Difference, ...]:
    """Return what `compare` returns for each of several lists, by one scan of the pairs.

    Parameters
    ----------
    before, after, edge_rule, ranked_by, progress
        As for `compare`.
    lists : sequence of ChangeList
        The changes to list.

    Raises
    ------
    ShapeError
        The versions have different panels.
    InputError
        There is no such order.
    """
    for wanted in lists:
        check_choice("order of changes", wanted.by, get_args(Order))
        listed = wanted.only
        for crossing in () if listed is None else (listed,) if isinstance(listed, str) else listed:
            check_choice("kind of change", crossing, get_args(Crossing))
    if before.panel != after.panel:
        raise ShapeError("Two versions can be compared over one gene panel only; these have different ones.")
    own = partial_correlations(before.precision), partial_correlations(after.precision)
    first, second = own if ranked_by is None else ranked_by
    threshold, counted_on = _threshold((first, second), len(before.panel), edge_rule, progress)
    strongest = [Strongest(max(wanted.count, 1), ROUNDING) for wanted in lists]

    def step(rows: slice) -> _Band:
        return _compare_band(first.band(rows), second.band(rows), threshold, lists, strongest, rows.start)

    size = len(before.panel)
    counts, sums, maxima = np.zeros(5, dtype=np.int64), np.zeros(2), np.zeros(2)
    for band in scan_bands(size, step, progress):
        counts += band.counts
        sums += band.sums
        maxima = np.maximum(maxima, band.maxima)
        for listed, candidates in zip(strongest, band.candidates, strict=True):
            listed.append(candidates)
    possible = size * (size - 1) // 2
    first_side, second_side = (
        Summary(int(counts[side]), float(sums[side]) / possible, float(maxima[side]), int(counts[side]) / possible)
        for side in (0, 1)
    )
    gained, lost, flipped = (int(count) for count in counts[2:])
    ranked = [listed.ranked()[: wanted.count] for listed, wanted in zip(strongest, lists, strict=True)]
    return tuple(
        Difference(
            panel=before.panel,
            edge_rule=edge_rule,
            threshold=threshold,
            counted_on=counted_on,
            before=first_side,
            after=second_side,
            gained=gained,
            lost=lost,
            sign_flipped=flipped,
            pairs=pairs.pairs,
            rho=pairs.values if ranked_by is None else np.stack([rho.pairs(pairs.pairs) for rho in own], axis=1),
            strength=pairs.values,
            by=wanted.by,
            names=(before.name, after.name),
        )
        for pairs, wanted in zip(ranked, lists, strict=True)
    )


def _threshold(
    sides: tuple[PairMeasure, PairMeasure],
    size: int,
    edge_rule: EdgeRule,
    progress: Callable[[float], None] | None,
) -> tuple[float, Literal["before", "after"]]:
    """Return the strength that an edge rule amounts to, and the side that it was counted on."""
    if edge_rule.rule == "threshold":
        return float(edge_rule.value), "before"
    for measure, name in zip(sides, ("before", "after"), strict=True):
        ranked, _ = strongest_pairs(measure, size, edge_rule, progress=progress)
        if len(ranked):
            return amounts_to(edge_rule, ranked.magnitudes), name
    return amounts_to(edge_rule, np.empty(0)), "after"


def _compare_band(
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    threshold: float,
    lists: Sequence[ChangeList],
    strongest: Sequence[Strongest],
    start: int,
) -> _Band:
    change = np.abs(after - before)
    np.copyto(after, before, where=change <= ROUNDING)
    strength = (np.abs(before), np.abs(after))
    was, is_now = strength[0] >= threshold, strength[1] >= threshold
    kinds = {
        "gained": is_now & ~was,
        "lost": was & ~is_now,
        "sign_flipped": was & is_now & (np.signbit(before) != np.signbit(after)),
    }
    counts = [np.count_nonzero(mask) for mask in (was, is_now, *kinds.values())]
    candidates: list[SelectedPairs] = []
    for wanted, listed in zip(lists, strongest, strict=True):
        size = np.abs(strength[1] - strength[0]) if wanted.by == "abs" else change
        if wanted.only is not None:
            only = (wanted.only,) if isinstance(wanted.only, str) else wanted.only
            size = np.where(np.logical_or.reduce([kinds[crossing] for crossing in only]), size, 0.0)
        candidates.append(listed.select(size, start, before, after))
    return _Band(
        np.array(counts, dtype=np.int64),
        np.array([side.sum() for side in strength]),
        np.array([side.max(initial=0.0) for side in strength]),
        candidates,
    )
