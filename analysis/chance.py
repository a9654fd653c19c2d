"""Which pairs of a version can be told from chance, by the samples that its base was estimated from."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..engine.adjustment.components import remove
from ..engine.adjustment.design import build_design
from ..engine.adjustment.number_of_components import choose_components
from ..engine.choices import RATE
from ..engine.errors import Conflict, InputError, NotFound
from ..engine.estimation.folds import can_hold_out
from ..engine.estimation.held_out import hold_out
from ..engine.estimation.shrinkage_intensity import optimal_intensity
from ..engine.inference.detours import edge_matrix, without_detours
from ..engine.inference.false_discovery import (
    SEED,
    against_chance,
    independent_counts,
    intraclass_correlation,
    number_of_scans,
    shrunk_correlations,
)
from ..engine.inference.normal_scores import normal_scores
from ..engine.inference.shared_pathways import share_pathway
from ..engine.inference.strength_counts import STEPS, StrengthCounts, count_strengths, steps_of, strengths_of_steps
from ..engine.network.pairs.edge_rule import EdgeRule
from ..engine.network.pairs.strongest import SelectedPairs
from ..engine.network.pairs.strongest_pairs import strongest_pairs
from ..engine.wording import counted
from ..storage.files import layout
from ..storage.networks.provenance import software
from .base_values import adjustment_of, prepare_kept

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from scipy import sparse

    from ..engine.adjustment.adjustment import Adjustment
    from ..engine.inference.false_discovery import Chance
    from ..engine.mapping import Mapper
    from ..engine.network.pairs.partial_correlations import PartialCorrelations
    from ..engine.network.pathway import Pathway
    from ..storage.history.records import Parameter
    from ..storage.networks.artifacts import Artifact
    from ..storage.networks.bases import StoredBase
    from ..storage.repository import Repository

    Progress = Callable[[float], None]

Origin = Literal["data", "prior", "both"]

FEWEST_DEGREES = 3
"""Independent samples less one below which nothing is tested."""

MOST_ON_PATHS = 1_000_000
"""Most pairs that paths may go along: 32 MB."""


@dataclass(frozen=True, slots=True)
class TestedSamples:
    """Normal scores of a base's samples.

    Parameters
    ----------
    scores : ndarray of float64, shape (p, n)
        Of what categories and covariates leave.
    adjustment : Adjustment, optional
        What was removed from the samples of the base.
    columns : ndarray of float64, shape (p, ν + 1) or (p, n)
        What correlations are those of: the scores themselves where nothing was removed.
    """

    scores: NDArray[np.float64]
    adjustment: Adjustment | None
    columns: NDArray[np.float64]


def tested_samples(base: StoredBase, rev: str) -> tuple[TestedSamples, int]:
    """Return normal scores of the samples of a base, and ν, with each group counted once.

    Raises
    ------
    NotFound
        The base was not estimated from samples, or keeps no expression.
    """
    degrees = base.independent_degrees_of_freedom
    if base.expression is None or degrees is None or degrees < FEWEST_DEGREES:
        why = "was not estimated from samples" if degrees is None else "keeps no expression"
        if base.expression is not None and degrees is not None:
            why = f"has {counted(degrees + 1, 'independent sample')}"
        raise NotFound(f"The base of {rev} {why}: nothing can be told from chance.", code="no-samples-to-test")
    values = prepare_kept(base).values
    adjustment = adjustment_of(base.removed, np.arange(values.shape[1], dtype=np.intp))
    if adjustment is None:
        scores = normal_scores(values)
        return TestedSamples(scores, None, scores), degrees
    scores = normal_scores(remove(values, adjustment.design.basis))
    return TestedSamples(scores, adjustment, adjustment.columns(scores)), degrees


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
    components : int
        Principal components that stand out in the samples, as hidden factors do, and were not removed.
    """

    rho: PartialCorrelations
    intensity: float
    samples: int
    degrees_of_freedom: int
    chance: Chance
    edges: sparse.csr_array
    components: int

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


def pair_tests(
    repo: Repository, rev: str, *, mapper: Mapper | None = None, progress: Progress | None = None
) -> PairTests:
    """Return what the samples of a version's base say of its pairs.

    Numbers of pairs by strength, of the data and of the null, are kept with the store as an analysis of the base.

    Parameters
    ----------
    repo : Repository
        The store.
    rev : str
        The version.
    mapper : Mapper, optional
        What runs the scans of the null; one after the other by default, each on all cores.
    progress : callable, optional
        Called now and then with the share that is done, 0 to 1.

    Raises
    ------
    NotFound
        The base was not estimated from samples, or keeps no expression.
    """
    base = repo.base(rev)
    samples, degrees = tested_samples(base, rev)
    counts = _counts(repo, base, samples, degrees, mapper, progress)
    rho = shrunk_correlations(base.panel, samples.columns, counts.intensity)
    chance = against_chance(counts.observed, counts.null)
    paths = _pairs_at(rho, _cutoff_of_paths(chance, counts.observed), None)
    return PairTests(
        rho,
        counts.intensity,
        len(base.samples),
        degrees,
        chance,
        edge_matrix(paths, len(base.panel)),
        _components_left(samples, base),
    )


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where listed pairs come from, and which of them can be told from chance.

    Parameters
    ----------
    q : ndarray of float64, shape (E,)
        The least false discovery rate at which a pair is called; NaN for a pair that pathways alone account for.
    origins : tuple of str, length E
        `data`; `prior` where both genes are in one active pathway, and q is above `RATE`; `both` where it is not.
    samples : int
        n.
    components : int
        Principal components that stand out in the samples and were not removed: what is called may be of them.
    """

    q: NDArray[np.float64]
    origins: tuple[Origin, ...]
    samples: int
    components: int

    def called(self, rate: float = RATE) -> int:
        """Return how many pairs are called at a false discovery rate."""
        return int(np.count_nonzero(self.q <= rate))


def evidence_of(tests: PairTests, pathways: Sequence[Pathway], pairs: NDArray[np.intp]) -> Evidence:
    """Return where pairs come from, and which can be told from chance.

    Parameters
    ----------
    tests : PairTests
        What the samples say.
    pathways : sequence of Pathway
        The active pathways.
    pairs : ndarray of intp, shape (E, 2)
        Indices of two different genes.
    """
    q = tests.q(pairs)
    of_prior = share_pathway(pathways, pairs, len(tests.rho.scale))
    is_called = q <= RATE
    origins: list[Origin] = [_origin(*flags) for flags in zip(of_prior.tolist(), is_called.tolist(), strict=True)]
    return Evidence(np.where(of_prior & ~is_called, np.nan, q), tuple(origins), tests.samples, tests.components)


def _origin(is_of_prior: bool, is_called: bool) -> Origin:
    if not is_of_prior:
        return "data"
    return "both" if is_called else "prior"


def pair_tests_if_any(
    repo: Repository, rev: str, *, mapper: Mapper | None = None, progress: Progress | None = None
) -> PairTests | None:
    """Return what the samples of a version's base say of its pairs; `None` where it has none to test them by."""
    try:
        return pair_tests(repo, rev, mapper=mapper, progress=progress)
    except NotFound as refusal:
        if refusal.code != "no-samples-to-test":
            raise
        return None


@dataclass(frozen=True, slots=True)
class _Counts:
    """What is kept of a base: numbers of pairs by strength, of the data and of the null, and λ of both."""

    observed: StrengthCounts
    null: StrengthCounts
    intensity: float


def _counts(
    repo: Repository,
    base: StoredBase,
    samples: TestedSamples,
    degrees: int,
    mapper: Mapper | None,
    progress: Progress | None,
) -> _Counts:
    """Return the counts of a base, from the store where it has them."""
    scans = number_of_scans(len(base.panel))
    parameters: dict[str, Parameter] = {"degrees_of_freedom": degrees, "scans": scans, "seed": SEED, "method": 2}
    artifact = repo.artifacts.find(layout.CHANCE, base.id, parameters)
    if artifact is not None and (counts := _read(artifact, len(base.panel), scans)) is not None:
        return counts
    intensity = intensity_of(samples, base)
    rho = shrunk_correlations(base.panel, samples.columns, intensity)
    observed = count_strengths(rho, len(base.panel), progress=_part(progress, 0, 1 + scans))
    groups = base.group_numbers if base.groups and samples.adjustment is None else None
    null = independent_counts(
        base.panel,
        samples.columns.shape[1],
        intensity,
        groups=groups,
        alike=0.0 if groups is None else intraclass_correlation(samples.columns, groups),
        scans=scans,
        mapper=mapper,
        progress=_part(progress, 1, 1 + scans),
    )
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


def _read(artifact: Artifact, genes: int, scans: int) -> _Counts | None:
    """Return the counts that an artifact has, or `None` where they cannot be those of so many genes and scans."""
    intensity, pairs = artifact.record.facts.get("intensity"), genes * (genes - 1) // 2
    if not isinstance(intensity, float) or not 0.0 <= intensity <= 1.0:
        return None
    observed = _strength_counts(artifact.arrays.get(layout.OBSERVED), pairs)
    null = _strength_counts(artifact.arrays.get(layout.NULL), pairs * scans)
    return None if observed is None or null is None else _Counts(observed, null, intensity)


def _strength_counts(at_least: NDArray[Any] | None, pairs: int) -> StrengthCounts | None:
    """Return counts of so many pairs, or `None` where they are none: whole numbers, which never grow."""
    if at_least is None or at_least.shape != (STEPS,) or at_least.dtype != np.int64:
        return None
    if at_least[0] != pairs or at_least[-1] < 0 or np.any(np.diff(at_least) > 0):
        return None
    return StrengthCounts(at_least)


def intensity_of(samples: TestedSamples, base: StoredBase) -> float:
    """Return λ of normal scores: by samples held out where there are enough, else by the formula."""
    groups, choice = base.group_numbers, None
    if can_hold_out(groups):
        choice = hold_out(samples.scores, groups, (0.5, 1.0), adjustment=samples.adjustment)
    if choice is not None:
        return choice.intensity
    deviations = samples.columns.std(axis=1, ddof=1, keepdims=True)
    return optimal_intensity(samples.columns / np.where(deviations > 0, deviations, 1.0))


def _components_left(samples: TestedSamples, base: StoredBase) -> int:
    """Return how many components stand out in samples from which none was removed; 0 where they are too few to say."""
    if base.removed.components or "components_chosen" in base.record.parameters:
        return 0
    try:
        return choose_components(samples.columns, build_design(samples.columns.shape[1]))
    except InputError:
        return 0


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
