"""A version as other samples would estimate it: its pathways on a base of some samples, or of samples drawn anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from ..engine.errors import InputError, NotFound, NotPositiveDefinite
from ..engine.estimation.estimators import ESTIMATORS, estimate_covariance
from ..engine.network.anchor import anchor_of
from ..engine.network.covariance import FactorCovariance
from ..engine.network.inversion import invert_penalised
from ..engine.network.snapshot import build_snapshot
from .base_values import adjustment_of, prepare_kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from ..engine.mapping import Mapper
    from ..engine.network.panel import Panel
    from ..engine.network.pathway import Pathway
    from ..engine.network.snapshot import Snapshot
    from ..storage.networks.bases import RemovedEffects
    from ..storage.repository import Repository

ATTEMPTS = 20
"""Number of drawings in a row that the estimator may refuse before an error is raised."""

LEAST_PART = 5
"""Least number of samples in one half of them."""

REFUSALS = (InputError, NotPositiveDefinite)
"""What the estimator raises where it refuses samples."""

Shared = TypeVar("Shared")
Output = TypeVar("Output")


@dataclass(frozen=True, slots=True)
class Resampling:
    """A version, and the samples that its base was estimated from.

    Make one with `resampling_of`.

    Parameters
    ----------
    values : ndarray of float64, shape (p, n)
        The values that the base keeps, prepared as they were. Of counts, library sizes are those over the panel.
    panel : Panel
        The genes.
    pathways : tuple of Pathway
        Those that are active in the version.
    name : str
        Of the version.
    estimator : str
        How the base was estimated.
    factors : int, optional
        With how many factors, where the estimator has any.
    intensities : tuple of float and float, optional
        λ and λ_var of the base where they were chosen by samples held out, or given: drawings have the same, since a
        sample that is drawn twice is not held out by one of its copies.
    groups : ndarray of intp, shape (n,)
        The group of each sample, numbered from 0. Whole groups are drawn.
    removed : RemovedEffects
        What was removed from the samples of the base: it is removed anew from those drawn.
    """

    values: NDArray[np.float64]
    panel: Panel
    pathways: tuple[Pathway, ...]
    name: str
    estimator: str
    factors: int | None
    intensities: tuple[float, float] | None
    groups: NDArray[np.intp]
    removed: RemovedEffects

    def of(self, samples: NDArray[np.intp], *, penalty: float = 0.0) -> Snapshot:
        """Return the version's network as estimated from some of the samples; a sample may be there more than once.

        With a penalty τ it is that of Σ + τV, with the variances of the base in V.

        Raises
        ------
        InputError, NotPositiveDefinite
            The estimator refuses these samples, or the subtracted pathways exceed the covariance.
        """
        intensity = None
        if ESTIMATORS[self.estimator].has_intensity:
            intensity = self.intensities or "analytic"
        covariance = estimate_covariance(
            self.values[:, samples],
            self.estimator,
            self.factors,
            intensity=intensity,
            adjustment=adjustment_of(self.removed, samples),
        ).base
        deviations = covariance.standard_deviations()
        if isinstance(covariance, FactorCovariance):
            covariance = covariance.penalised(penalty)
        elif penalty:
            covariance = invert_penalised(covariance, penalty)
        return build_snapshot(self.panel, anchor_of(covariance), self.pathways, deviations, name=self.name)

    def map_drawings(
        self,
        step: Callable[[Shared, Snapshot], Output],
        number: int,
        seed: int,
        *,
        shared: Shared,
        mapper: Mapper,
    ) -> Iterator[Output]:
        """Yield step(shared, snapshot) for drawings of the samples with replacement, so many that can be estimated.

        Parameters
        ----------
        step : callable
            A function of a module; the snapshot is the version's network as estimated from a drawing.
        number, seed : int
            How many, and the seed of the drawings.
        shared : object
            What all of them have in common.
        mapper : Mapper
            What runs them.

        Raises
        ------
        InputError
            The estimator refuses one drawing after the other.
        """
        stream, groups = np.random.default_rng([seed, 13]), self._members()
        refused = 0
        while number:
            drawings = (self._samples_of(groups, stream.integers(0, len(groups), len(groups))) for _ in range(number))
            for output in mapper(_on_drawing, drawings, shared=(self, step, shared)):
                if not isinstance(output, _Refusal):
                    number, refused = number - 1, 0
                    yield output
                elif (refused := refused + 1) == ATTEMPTS:
                    raise InputError(
                        f"The estimator {self.estimator} refused {ATTEMPTS} resamples: {output.message}",
                        code="drawings-refused",
                    )

    def splits(self, number: int, seed: int) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Return the samples of either half for a number of random splits; none where there are too few for that."""
        stream, groups = np.random.default_rng([seed, 17]), self._members()
        if len(groups) < 2 * LEAST_PART:
            return []
        orders = [stream.permutation(len(groups)) for _ in range(number)]
        return [(self._samples_of(groups, order[::2]), self._samples_of(groups, order[1::2])) for order in orders]

    def halves(self, number: int, seed: int, *, penalty: float = 0.0) -> list[tuple[Snapshot, Snapshot]]:
        """Return the version's networks as estimated from either half of the samples, for a number of random splits.

        None where there are too few samples for that, or the estimator refuses a half.
        """
        try:
            return [
                (self.of(first, penalty=penalty), self.of(second, penalty=penalty))
                for first, second in self.splits(number, seed)
            ]
        except REFUSALS:
            return []

    def _members(self) -> list[NDArray[np.intp]]:
        """Return the samples of each group."""
        return [np.flatnonzero(self.groups == group) for group in range(int(self.groups.max()) + 1)]

    def _samples_of(self, groups: list[NDArray[np.intp]], chosen: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the samples of some groups."""
        return np.concatenate([groups[int(group)] for group in chosen])


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why the estimator refuses a drawing."""

    message: str


def _on_drawing(
    shared: tuple[Resampling, Callable[[Any, Snapshot], Output], Any], samples: NDArray[np.intp]
) -> Output | _Refusal:
    resampling, step, rest = shared
    try:
        snapshot = resampling.of(samples)
    except REFUSALS as refusal:
        return _Refusal(refusal.message)
    return step(rest, snapshot)


def resampling_of(repo: Repository, rev: str) -> Resampling:
    """Return the samples and the estimator from which a version can be drawn anew.

    Raises
    ------
    NotFound
        Its base keeps no expression, or was not estimated from any.
    """
    base = repo.base(rev)
    if base.expression is None or base.record.estimator not in ESTIMATORS:
        raise NotFound(
            "The base keeps no expression: its samples cannot be resampled.",
            code="no-samples-to-draw",
        )
    values = prepare_kept(base).values
    factors = base.record.factors if ESTIMATORS[base.record.estimator].has_factors else None
    snapshot = repo.snapshot(rev, from_base=True)
    parameters = base.record.parameters
    chosen = [parameters.get(name) for name in ("lambda", "lambda_variance")]
    intensities = cast("tuple[float, float]", tuple(chosen)) if "intensity" in parameters else None
    return Resampling(
        values=values,
        panel=snapshot.panel,
        pathways=tuple(snapshot.pathways),
        name=snapshot.name,
        estimator=base.record.estimator,
        factors=factors,
        intensities=intensities,
        groups=base.group_numbers,
        removed=base.removed,
    )
