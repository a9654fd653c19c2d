"""Two versions on different bases: which of their differences chance explains, and both at one λ."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np

from ..engine.errors import InputError, NotPositiveDefinite
from ..engine.estimation.estimators import ESTIMATORS
from ..engine.inference.base_differences import Condition, in_deviations, judge_differences
from .base_values import adjustment_of, prepare_kept
from .resampling import resampling_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..engine.inference.base_differences import BaseDifferences
    from ..engine.mapping import Mapper
    from ..engine.network.snapshot import Snapshot
    from ..storage.networks.bases import StoredBase
    from ..storage.repository import Repository


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be said of the differences of two versions on different bases.

    Parameters
    ----------
    differences : BaseDifferences, optional
        The strongest pairs of either side and their tests; none where they cannot be tested.
    why_not : str
        Why they cannot, as a clause.
    """

    differences: BaseDifferences | None
    why_not: str = ""


def judge(
    repo: Repository,
    before: str,
    after: str,
    most: int,
    *,
    intensity: float | None = None,
    mapper: Mapper | None = None,
    progress: Callable[[float], None] | None = None,
) -> Judgement:
    """Return which differences of two versions on different bases can be told from chance.

    Parameters
    ----------
    repo : Repository
        The store.
    before, after : str
        The versions.
    most : int
        How many of the strongest pairs of either are judged.
    intensity : float, optional
        λ of both; each base's own when absent.
    mapper : Mapper, optional
        What runs the splits; one after the other by default, each on all cores.
    progress : callable, optional
        Called now and then with the share that is done, 0 to 1.
    """
    sides = [(name, repo.base(name)) for name in (before, after)]
    for name, base in sides:
        if why_not := _why_not(base):
            return Judgement(None, f"the base of {name} {why_not}")
    first, second = (_condition(repo, name, base, intensity) for name, base in sides)
    try:
        return Judgement(judge_differences(repo.panel, first, second, most, mapper=mapper, progress=progress))
    except InputError as refusal:
        if refusal.code != "too-few-groups-to-split":
            raise
        return Judgement(None, refusal.message[:1].lower() + refusal.message[1:].rstrip("."))
    except NotPositiveDefinite:
        return Judgement(None, "the subtracted pathways exceed the covariance of some of the samples")


def shared_intensity(repo: Repository, before: str, after: str) -> float:
    """Return the larger λ of the bases of two versions, at which `at_intensity` can read both.

    Raises
    ------
    InputError
        A base has no λ of its own, or keeps no expression to be estimated from again.
    """
    bases = [repo.base(name) for name in (before, after)]
    for name, base in zip((before, after), bases, strict=True):
        if why_not := _why_not(base):
            raise InputError(f"The base of {name} {why_not}: it has no other λ.", code="no-other-intensity")
    return max(base.shrinkage or 0.0 for base in bases)


def at_intensity(repo: Repository, rev: str, intensity: float) -> Snapshot:
    """Return a version as it is with another λ of its base; variances stay as they are."""
    resampling = resampling_of(repo, rev)
    variance = cast("float", repo.base(rev).record.parameters["lambda_variance"])
    samples = np.arange(resampling.values.shape[1], dtype=np.intp)
    return replace(resampling, intensities=(intensity, variance)).of(samples)


def _why_not(base: StoredBase) -> str:
    """Return why a base cannot be estimated from other samples at its λ; nothing where it can."""
    estimator = ESTIMATORS.get(base.record.estimator)
    if estimator is None:
        return "was not estimated from samples"
    if not estimator.has_intensity or not base.shrinkage:
        return f"was estimated by {base.record.estimator}, which does not shrink correlations by a λ"
    return "keeps no expression" if base.expression is None else ""


def _condition(repo: Repository, name: str, base: StoredBase, intensity: float | None) -> Condition:
    """Return one side: residuals in place of samples, or exchangeable columns where no groups would be mixed."""
    samples = prepare_kept(base).values
    adjustment = adjustment_of(base.removed, np.arange(samples.shape[1], dtype=np.intp))
    if adjustment is not None:
        samples = adjustment.residuals(samples) if base.groups else adjustment.columns(samples)
    groups = np.arange(samples.shape[1], dtype=np.intp)
    if base.groups:
        groups = np.unique(base.groups, return_inverse=True)[1].astype(np.intp)
    pathways = in_deviations(repo.pathways(name), base.deviations)
    return Condition(samples, groups, intensity or base.shrinkage or 0.0, pathways)
