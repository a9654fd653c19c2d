"""The modules of two versions compared, beside how far genes move when only the samples are drawn anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...engine.nmf.modules.analysis import FINAL_FIT
from ...engine.nmf.modules.comparison import ModuleChange, Movement, align_modules, membership_distances, module_changes
from ...engine.nmf.modules.membership import memberships
from ...engine.nmf.modules.similarity import positive_correlations
from ...engine.nmf.solvers.symmetric import fit_symmetric, observe_symmetric, symmetric_factor
from ..resampling import resampling_of
from .run import modules_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ...engine.nmf.solvers.factorization import Factorization
    from ...storage.repository import Repository
    from .run import NmfRun


@dataclass(frozen=True, slots=True)
class VersionComparison:
    """Two versions' modules, compared.

    Parameters
    ----------
    before, after : NmfRun
        The analysis of either version, each with the rank that it chooses.
    changes : list of ModuleChange
        What became of each module between them.
    warm, cold : Factorization
        Fits of the later version with the earlier one's rank: from the earlier modules, and from a random start.
    movement : Movement
        How far each gene moved in `warm`, as the drawings of the samples are fitted too.
    """

    before: NmfRun
    after: NmfRun
    changes: list[ModuleChange]
    warm: Factorization
    cold: Factorization
    movement: Movement

    @property
    def shares(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The share of each gene that each of the earlier modules has, before and in `warm`, shape (p, R)."""
        earlier = self.before.named_analysis.analysis.best
        before = memberships(earlier)
        later = align_modules(module_changes(earlier, self.warm), before, memberships(self.warm))
        return before.shares, later[:, : earlier.rank]


def compare(
    repo: Repository,
    before: str,
    after: str,
    *,
    ranks: tuple[int, int] | None,
    restarts: int,
    seed: int,
    resamples: int,
    progress: Callable[[float], object] | None = None,
) -> VersionComparison:
    """Return what changed in the modules of the correlations between two versions.

    Parameters
    ----------
    repo : Repository
        The store.
    before, after : str
        The versions.
    ranks, restarts, seed
        As for `modules_of`, of either version.
    resamples : int
        How often the earlier version's samples are drawn anew, to see how far genes move by that alone.
    progress : callable, optional
        Called with the share that is done.

    Raises
    ------
    NotFound
        A version is not there; or the base keeps no samples to draw from.
    InputError
        The ranks cannot be used.
    """
    steps = resamples + 3
    drawings = resampling_of(repo, before) if resamples else None  # refused before any fit

    def part(at: int) -> Callable[[float], object]:
        return lambda share: None if progress is None else progress((at + share) / steps)

    earlier = modules_of(repo, before, ranks=ranks, restarts=restarts, seed=seed, progress=part(0))
    later = modules_of(repo, after, ranks=ranks, restarts=restarts, seed=seed, progress=part(1))
    first, second = earlier.named_analysis.analysis.best, later.named_analysis.analysis.best
    observed = observe_symmetric(positive_correlations(repo.snapshot(after)))
    warm = fit_symmetric(observed, first.rank, start=symmetric_factor(first), **FINAL_FIT)
    cold = fit_symmetric(observed, first.rank, seed=seed, **FINAL_FIT)
    part(2)(1.0)
    first_memberships = memberships(first)

    def distances(factorization: Factorization) -> NDArray[np.float64]:
        return membership_distances(module_changes(first, factorization), first_memberships, memberships(factorization))

    drawn = np.empty((resamples, len(first_memberships.shares)))
    for at, snapshot in enumerate(() if drawings is None else drawings.drawn(resamples, seed)):
        again = observe_symmetric(positive_correlations(snapshot))
        drawn[at] = distances(fit_symmetric(again, first.rank, start=symmetric_factor(first), **FINAL_FIT))
        part(3 + at)(1.0)
    return VersionComparison(
        earlier, later, module_changes(first, second), warm, cold, Movement(distances(warm), drawn)
    )
