"""Which pairs of a version can be told from chance, by the samples that its base was estimated from."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..engine.errors import Conflict, NotFound
from ..engine.estimation.folds import can_hold_out
from ..engine.estimation.held_out import hold_out
from ..engine.estimation.shrinkage_intensity import optimal_intensity
from ..engine.inference.detours import edge_matrix, without_detours
from ..engine.inference.false_discovery import (
    SCANS,
    SEED,
    against_chance,
    independent_counts,
    shrunk_correlations,
)
from ..engine.inference.normal_scores import normal_scores
from ..engine.inference.strength_counts import STEPS, StrengthCounts, count_strengths, steps_of, strengths_of_steps
from ..engine.network.edges import EdgeRule, strongest_pairs
from ..engine.network.partial_correlations import SelectedPairs
from ..engine.wording import counted
from ..storage.files import layout
from ..storage.networks.provenance import software
from .lmm.signals import base_values

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from scipy import sparse

    from ..engine.inference.false_discovery import Chance
    from ..engine.network.partial_correlations import PartialCorrelations
    from ..storage.history.records import Parameter
    from ..storage.networks.artifacts import Artifact
    from ..storage.networks.bases import StoredBase
    from ..storage.repository import Repository

    Progress = Callable[[float], None]

RATE = 0.2
"""False discovery rate at which pairs are called, by default; paths go along pairs that are called at it."""

MOST_ON_PATHS = 1_000_000
"""Most pairs that paths may go along: 32 MB."""


@dataclass(frozen=True, slots=True)
class PairTests:
    """What the samples of a base say of any pair of genes.

    Parameters
    ----------
    rho : PartialCorrelations
        Of normal scores, at λ.
    intensity : float
        λ, chosen by samples held out.
    samples, degrees_of_freedom : int
        n, and ν: independent samples less one.
    chance : Chance
        What each strength is worth.
    edges : sparse array, shape (p, p)
        ρ of the pairs that are called at `RATE`, which paths may go along.
    """

    rho: PartialCorrelations
    intensity: float
    samples: int
    degrees_of_freedom: int
    chance: Chance
    edges: sparse.csr_array

    def steps(self, pairs: NDArray[np.intp]) -> NDArray[np.int32]:
        """Return the step of each pair's strength, less what a path through another gene accounts for.

        Parameters
        ----------
        pairs : ndarray of intp, shape (E, 2)
            Indices of two different genes.
        """
        rho = self.rho.pairs(pairs)
        if self.intensity >= 1.0:
            return steps_of(rho)
        return steps_of(without_detours(pairs, rho, self.edges, self.intensity))

    def q(self, pairs: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the least false discovery rate at which each pair is called, shape (E,)."""
        return self.chance.q[self.steps(pairs)]

    def called(self, rate: float, *, progress: Progress | None = None) -> NDArray[np.intp]:
        """Return the pairs that are called at a false discovery rate, shape (E, 2).

        Raises
        ------
        InputError
            They are too many for a list.
        """
        pairs = _pairs_at(self.rho, self.chance.cutoff(rate), progress).pairs
        return pairs[self.q(pairs) <= rate]


def pair_tests(repo: Repository, rev: str, *, progress: Progress | None = None) -> PairTests:
    """Return what the samples of a version's base say of its pairs.

    Numbers of pairs by strength, of the data and of the null, are kept with the store as an analysis of the base.

    Raises
    ------
    NotFound
        The base was not estimated from samples, or keeps no expression.
    """
    base = repo.base(rev)
    degrees = base.independent_degrees_of_freedom
    if base.expression is None or degrees is None:
        why = "was not estimated from samples" if degrees is None else "keeps no expression"
        raise NotFound(f"The base of {rev} {why}: no edge can be told from chance.", code="no-samples-to-test")
    scores = normal_scores(base_values(base))
    counts = _counts(repo, base, scores, degrees, progress)
    rho = shrunk_correlations(base.panel, scores, counts.intensity)
    chance = against_chance(counts.observed, counts.null)
    paths = _pairs_at(rho, _cutoff_of_paths(chance, counts.observed), None)
    return PairTests(rho, counts.intensity, len(base.samples), degrees, chance, edge_matrix(paths, len(base.panel)))


@dataclass(frozen=True, slots=True)
class _Counts:
    """What is kept of a base: numbers of pairs by strength, of the data and of the null, and λ of both."""

    observed: StrengthCounts
    null: StrengthCounts
    intensity: float


def _counts(
    repo: Repository, base: StoredBase, scores: NDArray[np.float64], degrees: int, progress: Progress | None
) -> _Counts:
    """Return the counts of a base, from the store where it has them."""
    parameters: dict[str, Parameter] = {"degrees_of_freedom": degrees, "scans": SCANS, "seed": SEED, "method": 1}
    artifact = repo.artifacts.find(layout.CHANCE, base.id, parameters)
    if artifact is not None and (counts := _read(artifact)) is not None:
        return counts
    intensity = _intensity(scores, base)
    rho = shrunk_correlations(base.panel, scores, intensity)
    observed = count_strengths(rho, len(base.panel), progress=_part(progress, 0, 1 + SCANS))
    null = independent_counts(base.panel, degrees, intensity, progress=_part(progress, 1, 1 + SCANS))
    with contextlib.suppress(Conflict, OSError):  # an exported file, or a full disk: they are computed again
        repo.artifacts.keep(
            layout.CHANCE,
            base.id,
            parameters,
            {layout.OBSERVED: observed.at_least, layout.NULL: null.at_least},
            source=f"pairs of {counted(len(base.panel), 'gene')} by strength, and those of independent genes",
            facts={"intensity": intensity},
            software=software(),
        )
    return _Counts(observed, null, intensity)


def _read(artifact: Artifact) -> _Counts | None:
    """Return the counts that an artifact has, or `None` where they are not what they should be."""
    arrays, intensity = artifact.arrays, artifact.record.facts.get("intensity")
    sides = [arrays.get(name) for name in (layout.OBSERVED, layout.NULL)]
    if not isinstance(intensity, float) or any(side is None or side.shape != (STEPS,) for side in sides):
        return None
    observed, null = (StrengthCounts(np.asarray(side, dtype=np.int64)) for side in sides)
    return _Counts(observed, null, intensity)


def _intensity(scores: NDArray[np.float64], base: StoredBase) -> float:
    """Return λ of normal scores: by samples held out where there are enough, else by the formula."""
    groups = base.group_numbers
    choice = hold_out(scores, groups, (0.5, 1.0)) if can_hold_out(groups) else None
    if choice is not None:
        return choice.intensity
    deviations = scores.std(axis=1, ddof=1, keepdims=True)
    return optimal_intensity(scores / np.where(deviations > 0, deviations, 1.0))


def _cutoff_of_paths(chance: Chance, observed: StrengthCounts) -> float | None:
    """Return the strength from which on pairs may be on a path: that of `RATE`, or of the most that memory allows."""
    cutoff = chance.cutoff(RATE)
    few = np.flatnonzero(observed.at_least <= MOST_ON_PATHS)
    return None if cutoff is None or not len(few) else max(cutoff, float(strengths_of_steps()[few[0]]))


def _pairs_at(rho: PartialCorrelations, cutoff: float | None, progress: Progress | None) -> SelectedPairs:
    if cutoff is None or not cutoff > 0:
        return SelectedPairs(np.empty(0), np.empty((0, 2), dtype=np.intp), np.empty((0, 1)))
    return strongest_pairs(rho, len(rho.scale), EdgeRule("threshold", cutoff), progress=progress)[0]


def _part(progress: Progress | None, first: int, parts: int) -> Progress | None:
    """Return what reports the share of a part of a task, the rest being done: the null is all parts but the first."""
    if progress is None:
        return None
    size = 1 if first == 0 else parts - 1
    return lambda share: progress((first + size * share) / parts)
