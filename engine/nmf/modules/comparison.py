"""Two analyses of one panel compared: what became of each module, and which genes moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ...threads import one_blas_thread
from .consensus import match_modules
from .membership import memberships

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ..solvers.factorization import Factorization
    from .membership import Memberships

Fate = Literal["matched", "split", "gained", "merged", "lost"]

LEAST_COSINE = 0.5
"""Least cosine of two modules that count as the same."""

MAJORITY = 0.5
"""Share of its mass above which a module comes from another, or goes to it."""

CUT_QUANTILE = 0.95
"""Share of the genes that stay below the cut when only the samples are drawn anew."""


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
        Of the shares that the two modules have of the genes; 0 where they are not matched.
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
        return _cut(self.resampled)

    @property
    def moved(self) -> NDArray[np.bool_]:
        """The genes that moved further than the cut, shape (p,); none without a cut."""
        return self.distance > self.cut

    @property
    def by_chance(self) -> float:
        """How many genes move further than the cut by chance, on average."""
        return (1.0 - CUT_QUANTILE) * len(self.distance)

    @property
    def p_value(self) -> float:
        """How often drawing the samples anew moves as many genes that far; NaN without any drawing.

        Genes move together, so each drawing is compared with the cut of the others, as the version is with that of
        all: (1 + drawings with as large a share) / (1 + drawings).
        """
        if not len(self.resampled):
            return float("nan")
        drawings: list[NDArray[np.float64]] = list(self.resampled)
        shares = [
            float(np.mean(drawing > _cut(np.delete(self.resampled, index, axis=0))))
            for index, drawing in enumerate(drawings)
        ]
        return (1 + sum(share >= float(np.mean(self.moved)) for share in shares)) / (1 + len(shares))

    @property
    def is_distinguishable(self) -> bool:
        """Whether at most one drawing in twenty moves as many genes beyond the cut."""
        return self.p_value <= 1.0 - CUT_QUANTILE + 1e-12


def _cut(resampled: NDArray[np.float64]) -> float:
    return float(np.quantile(resampled, CUT_QUANTILE)) if resampled.size else float("nan")


def module_changes(before: Factorization, after: Factorization) -> list[ModuleChange]:
    """Return what became of each module, those that are in both first, then the later, then the earlier ones.

    Parameters
    ----------
    before, after : Factorization
        Of matrices with the same rows.

    Notes
    -----
    A module is compared by the shares that it has of the genes: how strongly each weighs in it does not matter. Modules
    are paired so that the sum of their cosines is the largest, and are the same where it is `LEAST_COSINE` or more, or
    where each has most of the other. Where the others come from and go to, the mass of each module says: of each gene,
    it is divided among the modules of the other side as the gene is. One that others are split from is not lost, and
    one that others are merged into is not gained.
    """
    earlier, later = memberships(before), memberships(after)
    with one_blas_thread():
        partners, cosines = match_modules(earlier.shares, later.shares)
        forward, backward = _mass_flow(before.modules, later), _mass_flow(after.modules, earlier)
    pairs = {
        module: int(partner)
        for module, partner in enumerate(partners)
        if partner >= 0
        and (
            cosines[module] >= LEAST_COSINE
            or (forward[module, partner] > MAJORITY and backward[partner, module] > MAJORITY)
        )
    }
    changes = [ModuleChange("matched", module, partner, float(cosines[module])) for module, partner in pairs.items()]
    sources = {
        partner: int(backward[partner].argmax()) if backward[partner].max() > MAJORITY else -1
        for partner in sorted(set(range(after.rank)) - set(pairs.values()))
    }
    targets = {
        module: int(forward[module].argmax()) if forward[module].max() > MAJORITY else -1
        for module in sorted(set(range(before.rank)) - set(pairs))
    }
    for partner, source in sources.items():
        if source >= 0:
            changes.append(ModuleChange("split", source, partner, 0.0))
        elif partner not in targets.values():
            changes.append(ModuleChange("gained", -1, partner, 0.0))
    for module, target in targets.items():
        if target >= 0:
            changes.append(ModuleChange("merged", module, target, 0.0))
        elif module not in sources.values():
            changes.append(ModuleChange("lost", module, -1, 0.0))
    return changes


def align_modules(changes: Sequence[ModuleChange], before: Memberships, after: Memberships) -> NDArray[np.float64]:
    """Return the shares of the later modules in the order of the earlier ones, shape (p, R + others).

    Those that are matched stand where the earlier module does; 0 stands where a module is lost; all others follow.
    """
    rank = before.shares.shape[1]
    columns = {change.after: change.before for change in changes if change.fate == "matched"}
    others = [module for module in range(after.shares.shape[1]) if module not in columns]
    aligned = np.zeros((len(after.shares), rank + len(others)))
    for module, column in columns.items():
        aligned[:, column] = after.shares[:, module]
    aligned[:, rank:] = after.shares[:, others]
    return aligned


def membership_distances(
    changes: Sequence[ModuleChange], before: Memberships, after: Memberships
) -> NDArray[np.float64]:
    """Return how far each gene moved: the total variation of its shares, 0 to 1, shape (p,)."""
    later = align_modules(changes, before, after)
    earlier = np.zeros_like(later)
    earlier[:, : before.shares.shape[1]] = before.shares
    return 0.5 * np.abs(later - earlier).sum(axis=1)


def _mass_flow(modules: NDArray[np.float64], other: Memberships) -> NDArray[np.float64]:
    """Return of each module what share of its mass is on genes of each module of the other side, shape (R, R')."""
    return modules.T @ other.shares
