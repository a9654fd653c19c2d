"""The modules of two versions compared, beside how far genes move when only the samples are drawn anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...engine.mapping import Threads
from ...engine.nmf.modules.analysis import FINAL_FIT
from ...engine.nmf.modules.comparison import ModuleChange, Movement, align_modules, membership_distances, module_changes
from ...engine.nmf.modules.membership import memberships
from ...engine.nmf.modules.similarity import positive_correlations
from ...engine.nmf.solvers.symmetric import fit_symmetric, observe_symmetric, symmetric_factor
from ...engine.threads import cores
from ..resampling import resampling_of
from .run import modules_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ...engine.mapping import Mapper
    from ...engine.network.snapshot import Snapshot
    from ...engine.nmf.modules.membership import Memberships
    from ...engine.nmf.solvers.factorization import Factorization
    from ...engine.nmf.solvers.observed import Observed
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
    mapper: Mapper | None = None,
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
    mapper : Mapper, optional
        What runs fits and drawings; a thread a core by default.
    progress : callable, optional
        Called with the share that is done.

    Raises
    ------
    NotFound
        A version is not there; or the base keeps no samples to draw from.
    InputError
        The ranks cannot be used.
    """
    steps, mapper = resamples + 3, mapper or Threads(cores())
    drawings = resampling_of(repo, before) if resamples else None  # refused before any fit

    def part(at: int) -> Callable[[float], object]:
        return lambda share: None if progress is None else progress((at + share) / steps)

    earlier = modules_of(repo, before, ranks=ranks, restarts=restarts, seed=seed, mapper=mapper, progress=part(0))
    later = modules_of(repo, after, ranks=ranks, restarts=restarts, seed=seed, mapper=mapper, progress=part(1))
    first, second = earlier.named_analysis.analysis.best, later.named_analysis.analysis.best
    observed = observe_symmetric(positive_correlations(repo.snapshot(after)))
    warm, cold = Threads(cores())(_fit_from, (first, None), shared=(observed, first.rank, seed))
    part(2)(1.0)
    earlier_modules = _Modules(first, memberships(first))
    drawn = np.empty((resamples, len(earlier_modules.memberships.shares)))
    if drawings is not None:
        each = drawings.map_drawings(_distances_of_drawing, resamples, seed, shared=earlier_modules, mapper=mapper)
        for at, distances in enumerate(each):
            drawn[at] = distances
            part(3 + at)(1.0)
    movement = Movement(earlier_modules.distances(warm), drawn)
    return VersionComparison(earlier, later, module_changes(first, second), warm, cold, movement)


@dataclass(frozen=True, slots=True)
class _Modules:
    """The modules from which genes move."""

    factorization: Factorization
    memberships: Memberships

    def distances(self, later: Factorization) -> NDArray[np.float64]:
        """Return how far each gene moves from them to those of another fit, shape (p,)."""
        changes = module_changes(self.factorization, later)
        return membership_distances(changes, self.memberships, memberships(later))


def _fit_from(shared: tuple[Observed, int, int], start: Factorization | None) -> Factorization:
    """Return a fit from the modules of another one, or from a start that is drawn."""
    observed, rank, seed = shared
    if start is None:
        return fit_symmetric(observed, rank, seed=seed, **FINAL_FIT)
    return fit_symmetric(observed, rank, start=symmetric_factor(start), **FINAL_FIT)


def _distances_of_drawing(earlier: _Modules, drawing: Snapshot) -> NDArray[np.float64]:
    """Return how far each gene moves from modules to those that are fitted from there to a drawing."""
    observed, first = observe_symmetric(positive_correlations(drawing)), earlier.factorization
    return earlier.distances(_fit_from((observed, first.rank, 0), first))
