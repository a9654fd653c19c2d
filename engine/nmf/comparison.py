"""Two analyses of one panel held against each other: what became of each module, and which genes moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from .consensus import matched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .factorization import Factorization
    from .membership import Memberships

Fate = Literal["matched", "split", "gained", "merged", "lost"]

LEAST_COSINE = 0.5
"""Two modules that are less alike than this are not the same module."""

MOST_OF_IT = 0.5
"""A module comes from, or goes to, one that has more than this share of its mass."""

BEYOND = 0.95
"""The cut is the movement that this share of genes stay below when nothing but the samples is drawn anew."""


@dataclass(frozen=True, slots=True)
class ModuleChange:
    """What became of a module.

    Parameters
    ----------
    fate : {"matched", "split", "gained", "merged", "lost"}
        `matched`: it is in both. Of the later modules, the others are `split` from one of the earlier, or `gained`; of
        the earlier ones, the others are `merged` into one of the later, or `lost`.
    before, after : int
        The module of either side; −1 where there is none.
    cosine : float
        Of the two modules' weights on the genes; 0 where there is but one.
    """

    fate: Fate
    before: int
    after: int
    cosine: float


@dataclass(frozen=True, slots=True)
class Movement:
    """How far each gene moved between two analyses, beside how far it moves when the samples are drawn anew.

    Parameters
    ----------
    distance : ndarray of float64, shape (p,)
        The total variation ½ Σ |share before − share after| over the modules, 0 to 1.
    resampled : ndarray of float64, shape (B, p)
        The same between the earlier analysis and one of each of B drawings of its samples; B may be 0.
    """

    distance: NDArray[np.float64]
    resampled: NDArray[np.float64]

    @property
    def cut(self) -> float:
        """The movement that one gene in twenty exceeds when the samples are drawn anew; NaN without any drawing."""
        return float(np.quantile(self.resampled, BEYOND)) if self.resampled.size else float("nan")

    @property
    def moved(self) -> NDArray[np.bool_]:
        """The genes that moved further than the cut, shape (p,); none without a cut."""
        return self.distance > self.cut

    @property
    def is_distinguishable(self) -> bool:
        """Whether more genes moved beyond the cut than do when nothing but the samples is drawn anew."""
        return bool(np.mean(self.moved) > 1.0 - BEYOND)


def changes(before: Factorization, after: Factorization) -> list[ModuleChange]:
    """Return what became of each module, those that are in both first, then the later, then the earlier ones.

    Parameters
    ----------
    before, after : Factorization
        Of matrices with the same rows.

    Notes
    -----
    Modules are paired so that the sum of their cosines is the largest, and are the same where it is `LEAST_COSINE` or
    more. The mass of a module on its genes then says where the others come from and go to: of each gene, its share is
    parted among the modules of the other side as the gene is.
    """
    places, cosines = matched(before.modules, after.modules)
    pairs = {one: int(places[one]) for one in range(before.rank) if places[one] >= 0 and cosines[one] >= LEAST_COSINE}
    found = [ModuleChange("matched", one, other, float(cosines[one])) for one, other in pairs.items()]
    there, back = _flow(before.modules, after), _flow(after.modules, before)
    for other in sorted(set(range(after.rank)) - set(pairs.values())):
        source = int(back[other].argmax())
        is_split = back[other, source] > MOST_OF_IT
        found.append(ModuleChange("split" if is_split else "gained", source if is_split else -1, other, 0.0))
    for one in sorted(set(range(before.rank)) - set(pairs)):
        target = int(there[one].argmax())
        is_merged = there[one, target] > MOST_OF_IT
        found.append(ModuleChange("merged" if is_merged else "lost", one, target if is_merged else -1, 0.0))
    return found


def aligned(changes: Sequence[ModuleChange], before: Memberships, after: Memberships) -> NDArray[np.float64]:
    """Return the shares of the later modules in the order of the earlier ones, shape (p, R + others).

    Those that are matched stand where the earlier module does; 0 stands where a module is lost; all others follow.
    """
    rank = before.shares.shape[1]
    of = {one.after: one.before for one in changes if one.fate == "matched"}
    others = [module for module in range(after.shares.shape[1]) if module not in of]
    found = np.zeros((len(after.shares), rank + len(others)))
    for module, place in of.items():
        found[:, place] = after.shares[:, module]
    found[:, rank:] = after.shares[:, others]
    return found


def distances(changes: Sequence[ModuleChange], before: Memberships, after: Memberships) -> NDArray[np.float64]:
    """Return how far each gene moved: the total variation of its shares, 0 to 1, shape (p,)."""
    later = aligned(changes, before, after)
    earlier = np.zeros_like(later)
    earlier[:, : before.shares.shape[1]] = before.shares
    return 0.5 * np.abs(later - earlier).sum(axis=1)


def _flow(modules: NDArray[np.float64], other: Factorization) -> NDArray[np.float64]:
    """Return of each module what share of its mass is on genes of each module of the other side, shape (R, R')."""
    mass = other.modules * other.usage.sum(axis=1)
    shares = mass / np.maximum(mass.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    return modules.T @ shares
