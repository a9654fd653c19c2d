"""The modules of two versions held against each other, and against what drawing the samples anew would change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...engine.nmf.modules.analysis import USED
from ...engine.nmf.modules.comparison import ModuleChange, Movement, align_modules, membership_distances, module_changes
from ...engine.nmf.modules.membership import memberships
from ...engine.nmf.modules.similarity import positive_correlations
from ...engine.nmf.solvers.symmetric import fit_symmetric, halves, observe_symmetric
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
    before, after : Run
        The analysis of either version, each with the rank that it chooses.
    changes : list of ModuleChange
        What became of each module from the one to the other.
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
        earlier = self.before.named.analysis.best
        own = memberships(earlier)
        later = align_modules(module_changes(earlier, self.warm), own, memberships(self.warm))
        return own.shares, later[:, : earlier.rank]


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
        Told the share that is done.

    Raises
    ------
    NotFound
        A version is not there; or the base keeps no samples to draw from.
    InputError
        The ranks cannot be used.
    """
    steps = resamples + 3
    drawings = resampling_of(repo, before) if resamples else None  # refused before anything takes its time

    def part(at: int) -> Callable[[float], None]:
        def tell(share: float) -> None:
            if progress is not None:
                progress((at + share) / steps)

        return tell

    earlier = modules_of(repo, before, ranks=ranks, restarts=restarts, seed=seed, progress=part(0))
    later = modules_of(repo, after, ranks=ranks, restarts=restarts, seed=seed, progress=part(1))
    first, second = earlier.named.analysis.best, later.named.analysis.best
    observed = observe_symmetric(positive_correlations(repo.snapshot(after)))
    warm = fit_symmetric(observed, first.rank, start=halves(first), **USED)
    cold = fit_symmetric(observed, first.rank, seed=seed, **USED)
    part(2)(1.0)
    own = memberships(first)

    def moved(found: Factorization) -> NDArray[np.float64]:
        return membership_distances(module_changes(first, found), own, memberships(found))

    drawn = np.empty((resamples, len(own.shares)))
    for at, snapshot in enumerate(() if drawings is None else drawings.drawn(resamples, seed)):
        again = observe_symmetric(positive_correlations(snapshot))
        drawn[at] = moved(fit_symmetric(again, first.rank, start=halves(first), **USED))
        part(3 + at)(1.0)
    return VersionComparison(earlier, later, module_changes(first, second), warm, cold, Movement(moved(warm), drawn))
