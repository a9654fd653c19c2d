"""Support of pathways: whether samples of the base, when they are held out, are predicted better with them."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ..engine.errors import InputError, NotFound
from ..engine.estimation.folds import (
    FEWEST_GROUPS,
    Samples,
    can_hold_out,
    drawn_samples,
    mean_over_groups,
    number_of_folds,
    varying_genes,
)
from ..engine.estimation.held_out import hold_out
from ..engine.inference.decoys import DECOYS, SEED, Strata, matched_decoys, mean_correlation
from ..engine.inference.support import held_out_gains
from ..engine.tabular import Table
from ..engine.wording import counted, printable, some
from .base_values import adjustment_of, prepare_kept

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from ..engine.choices import Loadings
    from ..engine.mapping import Mapper
    from ..engine.network.pathway import Pathway
    from ..storage.history.versions import Version
    from ..storage.networks.bases import StoredBase
    from ..storage.repository import Repository

QUICK = 450_000_000
"""Largest number of genes × samples² × folds at which support is so quick that a commit is not held up by it."""

SAME = 1e-9
"""Relative difference of two scores that is rounding: such a decoy counts as good as its pathway."""

LARGE_PART = 0.5
"""Part of one sample in all gains and losses from which on it is named."""

FEW = 5
"""Most pathways of which a commit has the support."""


@dataclass(frozen=True, slots=True)
class PathwaySupport:
    """What the samples of a base say of one pathway.

    Parameters
    ----------
    name : str
        Its name, or those of columns that share a pathway covariance.
    genes : int
        How many it loads on.
    sign : int
        1 or −1.
    nats : float
        By how much the log density of a sample held out rises with the pathway, in the mean; −∞ where a subtraction
        leaves no covariance.
    error : float
        Standard error of this mean, over groups; NaN where it is −∞.
    rank : int, optional
        1 where it is better than all decoys, and one more for each that is as good or better, by nats over their
        standard error; none without decoys.
    decoys : int
        How many there are.
    decoys_median : float, optional
        The median of their nats.
    strength : float
        The factor of its loadings; where it was chosen, the mean over samples.
    mean_correlation : float
        Of its genes, weighted by loadings.
    decoy_nats : tuple of float
        The nats of each decoy.
    """

    name: str
    genes: int
    sign: int
    nats: float
    error: float
    rank: int | None
    decoys: int
    decoys_median: float | None
    strength: float
    mean_correlation: float
    decoy_nats: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Support(Table):
    """Support of pathways, the best supported first.

    Parameters
    ----------
    pathways : tuple of PathwaySupport
        In that order; ties in the order asked.
    intensity, variance_intensity : float
        λ and λ_var of the base that each is added to, by samples held out.
    samples, groups : int
        How many were held out, and in how many groups; where more than the mean was removed from the samples,
        contrasts and folds, see `Gains`.
    adjusted : bool
        Whether more than the mean was removed.
    foremost : tuple of str and float, optional
        The sample that has the largest part in what all of the pathways gain and lose, and this part, from 0 to 1.
    """

    pathways: tuple[PathwaySupport, ...]
    intensity: float
    variance_intensity: float
    samples: int
    groups: int
    adjusted: bool
    foremost: tuple[str, float] | None = None

    def __repr__(self) -> str:
        return f"<Support of {counted(len(self), 'pathway')} by {counted(self.samples, 'sample')} held out>"

    def __len__(self) -> int:
        return len(self.pathways)

    @property
    def caution(self) -> str:
        """A sentence on the one sample that most of all gains and losses are those of; empty where none is."""
        if self.foremost is None or self.foremost[1] <= LARGE_PART:
            return ""
        sample, part = self.foremost
        return (
            f"{100 * part:.0f} % of all gains and losses are those of one sample, {printable(sample)}: "
            "nats rest on it, ranks less so."
        )

    def __iter__(self) -> Iterator[PathwaySupport]:
        return iter(self.pathways)

    def columns(self) -> dict[str, Sequence[Any]]:
        """Return what the samples say of each pathway: the numbers of `PathwaySupport`, its name as `pathway`."""
        names = [field.name for field in dataclasses.fields(PathwaySupport) if field.name != "decoy_nats"]
        columns = {name: [getattr(pathway, name) for pathway in self] for name in names}
        return {"pathway": columns.pop("name"), **columns}


def support_of(
    repo: Repository,
    rev: str,
    pathways: Sequence[Pathway],
    *,
    decoys: int = DECOYS,
    seed: int = SEED,
    choose_strength: bool = False,
    loadings: Loadings = "own",
    mapper: Mapper | None = None,
) -> Support:
    """Return by how much samples held out are predicted better with each of some pathways.

    Each is added by itself, or subtracted, to the shrinkage estimate of the samples that are not held out, whatever
    else is active.

    Parameters
    ----------
    repo : Repository
        The store.
    rev : str
        The version whose base it is.
    pathways : sequence of Pathway
        Active or not.
    decoys : int
        How many decoys each is compared with.
    seed : int
        Of the decoys.
    choose_strength, loadings
        As for `held_out_gains`, for pathways and decoys alike.
    mapper : Mapper, optional
        What draws the decoys, and runs the folds; one after the other by default.

    Raises
    ------
    NotFound
        The base was not estimated from samples, or keeps no expression.
    InputError
        Samples cannot be held out; or principal components are asked of pathways that share a covariance.
    """
    base = repo.base(rev)
    held_out = _held_out_samples(base, rev)
    shared = [pathway.label for pathway in pathways if pathway.rank > 1]
    if loadings == "pc1" and shared:
        raise InputError(f"Columns that share a pathway covariance have no first component: {some(shared)}.")
    judged = [_on(pathway, held_out.indices) for pathway in pathways]
    present = [pathway for pathway in judged if pathway is not None]
    if len(present) < len(judged):
        absent = [pathway.label for pathway, left in zip(pathways, judged, strict=True) if left is None]
        raise InputError(f"All genes of {some(absent)} are constant: samples say nothing of it.")
    others = matched_decoys(held_out.strata, present, decoys, seed=seed, mapper=mapper)
    everything = [*present, *(decoy for of_one in others for decoy in of_one)]
    gains = held_out_gains(
        held_out.samples,
        held_out.groups,
        everything,
        held_out.intensities,
        choose_strength=choose_strength,
        loadings=loadings,
        mapper=mapper,
    )
    scores = [_score(*_mean(column, gains.units)) for column in gains.nats.T]
    by_pathway = np.array(scores[len(present) :]).reshape(len(present), decoys)
    means = gains.nats.mean(axis=0)[len(present) :].reshape(len(present), decoys)
    supports = [
        PathwaySupport(
            pathway.label,
            len(pathway.genes),
            pathway.sign,
            *_mean(gains.nats[:, index], gains.units),
            1 + int(np.count_nonzero(by_pathway[index] >= scores[index] - SAME * abs(scores[index])))
            if decoys
            else None,
            decoys,
            float(np.median(means[index])) if decoys else None,
            float(gains.strengths[index]),
            mean_correlation(held_out.strata, pathway),
            tuple(means[index].tolist()),
        )
        for index, pathway in enumerate(present)
    ]
    ordered = sorted(supports, key=lambda support: -support.nats)
    foremost = None if base.removed else _foremost(gains.nats[:, : len(present)], base.samples)
    return Support(
        tuple(ordered),
        *held_out.intensities,
        len(gains.nats),
        len(np.unique(gains.units)),
        bool(base.removed),
        foremost,
    )


def quick_support(repo: Repository, rev: str, pathways: Sequence[Pathway]) -> Support | None:
    """Return the support of some pathways where it is quick: `None` where their base does not know its λ already.

    It takes as long as `QUICK` allows, and there are at the most `FEW` pathways.
    """
    base = repo.base(rev)
    genes, samples = len(base.panel), len(base.samples)
    folds = min(number_of_folds(samples), len(set(base.groups)) or samples)
    is_quick = genes * samples**2 * folds <= QUICK
    if base.expression is None or _recorded_intensities(base) is None or not is_quick or not 0 < len(pathways) <= FEW:
        return None
    return support_of(repo, rev, pathways)


def own_pathways(repo: Repository, version: Version) -> list[Pathway]:
    """Return the loadings of the pathways that a version itself adds or subtracts."""
    added = {record.id for record in version.added}
    if not added:
        return []
    pairs = zip(repo.active(version.name), repo.pathways(version.name), strict=True)
    return [pathway for active, pathway in pairs if active.record.id in added]


def named_pathways(pathways: Sequence[Pathway], names: Sequence[str]) -> list[Pathway]:
    """Return the pathways of some names, all without any.

    Raises
    ------
    NotFound
        There is none of a name.
    """
    known = {name for pathway in pathways for name in pathway.names}
    for name in names:
        if not known:
            raise NotFound(f"No pathway is called {printable(name)!r}: none is active.", code="no-active-pathway")
        if name not in known:
            hint = f"There are {some(sorted(known))}."
            raise NotFound(f"No pathway is called {printable(name)!r}; {len(known):,} are there.", hint=hint)
    wanted = set(names)
    return [pathway for pathway in pathways if not names or wanted & set(pathway.names)]


def _held_out_samples(base: StoredBase, rev: str) -> _HeldOutSamples:
    """Return what pathways of a base are judged by."""
    if base.expression is None or base.record.samples is None:
        why = "was not estimated from samples" if base.record.samples is None else "keeps no expression"
        raise NotFound(f"The base of {rev} {why}: there are none to hold out.", code="no-samples-to-hold-out")
    values, groups = prepare_kept(base).values, base.group_numbers
    if not can_hold_out(groups):
        sizes = np.bincount(groups)
        few = len(sizes) < FEWEST_GROUPS
        why = (
            f"there are {counted(len(sizes), 'group')}" if few else f"one group has {sizes.max():,} of {len(groups):,}"
        )
        raise _refusal(rev, why)
    adjustment = adjustment_of(base.removed, np.arange(len(groups), dtype=np.intp))
    varies, drawn = varying_genes(values, adjustment), drawn_samples(groups)
    values = values[varies]
    intensities = _recorded_intensities(base)
    if intensities is None:
        choice = hold_out(values, groups, (0.5, 1.0), adjustment=adjustment)
        if choice is None:
            raise _refusal(rev, "most genes are constant in most of them")
        intensities = choice.intensity, choice.variance_intensity
    return _HeldOutSamples(
        Samples.of(values, adjustment).select(drawn),
        np.unique(groups[drawn], return_inverse=True)[1].astype(np.intp),
        intensities,
        np.where(varies, np.cumsum(varies) - 1, -1),
        Strata.of(values if adjustment is None else adjustment.residuals(values)),
    )


def _refusal(rev: str, why: str) -> InputError:
    return InputError(f"The samples of {rev} cannot be held out: {why}.", code="too-few-groups-to-hold-out")


@dataclass(frozen=True, slots=True)
class _HeldOutSamples:
    """What pathways are judged by.

    Parameters
    ----------
    samples : Samples
        Genes that vary by samples.
    groups : ndarray of intp, shape (n,)
        The group of each sample.
    intensities : tuple of float and float
        λ and λ_var.
    indices : ndarray of intp, shape (p,)
        Where each gene of the panel is among those that vary; −1 where it does not.
    strata : Strata
        Of the genes that vary.
    """

    samples: Samples
    groups: NDArray[np.intp]
    intensities: tuple[float, float]
    indices: NDArray[np.intp]
    strata: Strata


def _recorded_intensities(base: StoredBase) -> tuple[float, float] | None:
    """Return λ and λ_var of a base where samples held out chose them."""
    recorded = base.record.parameters
    numbers = recorded.get("lambda"), recorded.get("lambda_variance")
    if recorded.get("intensity") != "held-out" or not all(isinstance(number, float) for number in numbers):
        return None
    return cast("tuple[float, float]", numbers)


def _on(pathway: Pathway, indices: NDArray[np.intp]) -> Pathway | None:
    """Return a pathway on the genes that vary, or `None` where it has none of them."""
    varies = indices[pathway.genes] >= 0
    if not np.any(pathway.loadings[varies], axis=0).all():
        return None
    return dataclasses.replace(pathway, genes=indices[pathway.genes[varies]], loadings=pathway.loadings[varies])


def _mean(nats: NDArray[np.float64], groups: NDArray[np.intp]) -> tuple[float, float]:
    """Return the mean of one pathway's gains and its standard error."""
    return mean_over_groups(nats, groups) if np.isfinite(nats).all() else (-math.inf, math.nan)


def _score(nats: float, error: float) -> float:
    """Return nats over their standard error: in nats, one sample unlike the others would decide between decoys."""
    return nats / error if error > 0 else nats


def _foremost(nats: NDArray[np.float64], samples: Sequence[str]) -> tuple[str, float] | None:
    """Return the sample whose gains and losses are largest, and their part in those of all samples."""
    sizes = np.abs(nats).sum(axis=1)
    if len(sizes) != len(samples) or not np.isfinite(sizes).all() or not sizes.any():
        return None
    index = int(sizes.argmax())
    return samples[index], float(sizes[index] / sizes.sum())
