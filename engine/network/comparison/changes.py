"""The rule by which a pair has changed, and by how much: one for all that compares two versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..pairs.strongest import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from ...choices import Crossing, Order
    from ..pairs.strongest import SelectedPairs
    from .difference import Summary


@dataclass(frozen=True, slots=True)
class ChangeList:
    """Which of the largest changes are listed; see `compare`."""

    count: int = 20
    only: Crossing | Collection[Crossing] | None = None
    by: Order = "rho"

    @property
    def kinds(self) -> tuple[Crossing, ...]:
        """The only changes that are listed; none, where all are."""
        if self.only is None:
            return ()
        return (self.only,) if isinstance(self.only, str) else tuple(self.only)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was counted and selected of all pairs of two versions.

    Parameters
    ----------
    before, after : Summary
        Both networks.
    gained, lost, sign_flipped : int
        How many pairs changed so.
    lists : tuple of SelectedPairs
        The largest changes of each list, with the strength before and after as their values.
    """

    before: Summary
    after: Summary
    gained: int
    lost: int
    sign_flipped: int
    lists: tuple[SelectedPairs, ...]


@dataclass(frozen=True, slots=True)
class PairChanges:
    """How pairs changed: arrays of one shape, of a block of pairs or of a list of them.

    Parameters
    ----------
    before, after : ndarray of float64
        Strengths with their signs; after is before where they differ by `ROUNDING` at most.
    was, is_now : ndarray of bool
        Whether a pair is an edge.
    kinds : dict of str to ndarray of bool
        Whether it was gained or lost, or flipped its sign.
    """

    before: NDArray[np.float64]
    after: NDArray[np.float64]
    was: NDArray[np.bool_]
    is_now: NDArray[np.bool_]
    kinds: dict[Crossing, NDArray[np.bool_]]

    def counts(self) -> NDArray[np.int64]:
        """Return how many edges there are before and after, and how many changed in each way, shape (5,)."""
        return np.array([np.count_nonzero(mask) for mask in (self.was, self.is_now, *self.kinds.values())])

    def sizes(self, wanted: ChangeList) -> NDArray[np.float64]:
        """Return how large each change is for a list; 0 where it is not one to be listed."""
        size = change_sizes(self.before, self.after, wanted.by)
        if wanted.kinds:
            size = np.where(np.logical_or.reduce([self.kinds[kind] for kind in wanted.kinds]), size, 0.0)
        return size


def pair_changes(before: NDArray[np.float64], after: NDArray[np.float64], threshold: float) -> PairChanges:
    """Return how pairs changed, given their strengths, and that of an edge; `after` is changed in place."""
    np.copyto(after, before, where=np.abs(after - before) <= ROUNDING)
    was, is_now = np.abs(before) >= threshold, np.abs(after) >= threshold
    kinds: dict[Crossing, NDArray[np.bool_]] = {
        "gained": is_now & ~was,
        "lost": was & ~is_now,
        "sign_flipped": was & is_now & (np.signbit(before) != np.signbit(after)),
    }
    return PairChanges(before, after, was, is_now, kinds)


def change_sizes(before: NDArray[np.float64], after: NDArray[np.float64], by: Order) -> NDArray[np.float64]:
    """Return by how much strengths changed, with their signs (rho) or without them (abs)."""
    return np.abs(np.abs(after) - np.abs(before)) if by == "abs" else np.abs(after - before)
