"""Two versions compared edge by edge: which edges were gained, lost or flipped, and the largest changes of ρ."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import numpy as np

from ...choices import Crossing, Order
from ...errors import ShapeError, check_choice
from ..pairs.edge_rule import amounts_to
from ..pairs.partial_correlations import partial_correlations
from ..pairs.scan_memory import require_scan
from ..pairs.strongest_pairs import is_factor, strongest_by_blocks
from .changes import ChangeList
from .difference import Difference
from .joint_scan import compare_jointly
from .tiled_scan import compare_by_tiles

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import Literal

    from ..pairs.edge_rule import EdgeRule
    from ..pairs.partial_correlations import PairMeasure
    from ..snapshot import Snapshot
    from .changes import Comparison

    Progress = Callable[[float], None]
    Sides = tuple[PairMeasure, PairMeasure]

ALL_PAIRS = 3_000
"""Most genes whose pairs are all scanned, since that takes no time; then the mean strength is exact."""


def compare(
    before: Snapshot,
    after: Snapshot,
    edge_rule: EdgeRule,
    *,
    changes: int = 20,
    only: Crossing | Collection[Crossing] | None = None,
    by: Order = "rho",
    ranked_by: tuple[PairMeasure, PairMeasure] | None = None,
    exact_mean: bool = False,
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
    exact_mean : bool
        Whether the mean strength is that of all pairs. Otherwise, of more than `ALL_PAIRS` genes, it may be that of a
        sample of the pairs, and has an error.
    progress : callable, optional
        Called now and then with the share that is done, 0 to 1.

    Returns
    -------
    Difference
        In O(p² (K + r)) at the most, over all cores; nothing p × p. Of two versions on one factor base only pairs that
        may be edges, or among the largest changes, are computed.

    Raises
    ------
    ShapeError
        The versions have different panels.
    InputError
        There is no such order.
    """
    lists = (ChangeList(changes, only, by),)
    return compare_lists(
        before, after, edge_rule, lists, ranked_by=ranked_by, exact_mean=exact_mean, progress=progress
    )[0]


def compare_lists(
    before: Snapshot,
    after: Snapshot,
    edge_rule: EdgeRule,
    lists: Sequence[ChangeList],
    *,
    ranked_by: tuple[PairMeasure, PairMeasure] | None = None,
    exact_mean: bool = False,
    progress: Callable[[float], None] | None = None,
) -> tuple[Difference, ...]:
    """Return what `compare` returns for each of several lists of changes.

    Parameters
    ----------
    before, after, edge_rule, ranked_by, exact_mean, progress
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
        for kind in wanted.kinds:
            check_choice("kind of change", kind, get_args(Crossing))
    if before.panel != after.panel:
        raise ShapeError("Two versions can be compared over one gene panel only; these have different ones.")
    columns = max(len(side.precision.weights) for side in (before, after))
    require_scan(len(before.panel), columns, sides=2)
    own = (
        partial_correlations(before.precision, before.capacitance),
        partial_correlations(after.precision, after.capacitance),
    )
    comparison, threshold, counted_on = _compared(
        own if ranked_by is None else ranked_by, len(before.panel), edge_rule, lists, progress, exact_mean=exact_mean
    )
    return tuple(
        Difference(
            panel=before.panel,
            edge_rule=edge_rule,
            threshold=threshold,
            counted_on=counted_on,
            before=comparison.before,
            after=comparison.after,
            gained=comparison.gained,
            lost=comparison.lost,
            sign_flipped=comparison.sign_flipped,
            pairs=pairs.pairs,
            rho=pairs.values if ranked_by is None else np.stack([rho.pairs(pairs.pairs) for rho in own], axis=1),
            strength=pairs.values,
            by=wanted.by,
            names=(before.name, after.name),
        )
        for pairs, wanted in zip(comparison.lists, lists, strict=True)
    )


def _compared(
    sides: Sides,
    size: int,
    edge_rule: EdgeRule,
    lists: Sequence[ChangeList],
    progress: Progress | None,
    *,
    exact_mean: bool,
) -> tuple[Comparison, float, Literal["before", "after"]]:
    """Return what changed, the strength of an edge, and the side on which edges were counted."""
    first, second = sides
    if size > ALL_PAIRS and is_factor(first) and is_factor(second):
        by_tiles = compare_by_tiles((first, second), edge_rule, lists, exact_mean=exact_mean, progress=progress)
        if by_tiles is not None:
            return by_tiles
    threshold, counted_on = _threshold(sides, size, edge_rule, progress)
    return compare_jointly(sides, size, threshold, lists, progress), threshold, counted_on


def _threshold(
    sides: Sides, size: int, edge_rule: EdgeRule, progress: Progress | None
) -> tuple[float, Literal["before", "after"]]:
    """Return the strength that an edge rule amounts to, and the side that it was counted on."""
    if edge_rule.rule == "threshold":
        return float(edge_rule.value), "before"
    for measure, name in zip(sides, ("before", "after"), strict=True):
        ranked, _ = strongest_by_blocks(measure, size, edge_rule, progress=progress)
        if len(ranked):
            return amounts_to(edge_rule, ranked.magnitudes), name
    return amounts_to(edge_rule, np.empty(0)), "after"
