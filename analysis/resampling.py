"""A version as other samples would estimate it: its pathways on a base of some samples, or of samples drawn anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from ..engine.errors import InputError, NotFound, NotPositiveDefinite
from ..engine.estimation.estimators import ESTIMATORS, estimate_covariance
from ..engine.network.anchor import anchor_of
from ..engine.network.covariance import FactorCovariance
from ..engine.network.inversion import invert_penalised
from ..engine.network.snapshot import build_snapshot
from .base_values import adjustment_of, prepare_kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from ..engine.network.snapshot import Snapshot
    from ..storage.networks.bases import RemovedEffects
    from ..storage.repository import Repository

ATTEMPTS = 20
"""Number of drawings in a row that the estimator may refuse before an error is raised."""

LEAST_PART = 5
"""Least number of samples in one half of them."""


@dataclass(frozen=True, slots=True)
class Resampling:
    """A version, and the samples that its base was estimated from.

    Make one with `resampling_of`.

    Parameters
    ----------
    values : ndarray of float64, shape (p, n)
        The values that the base keeps, prepared as they were. Of counts, library sizes are those over the panel.
    snapshot : Snapshot
        The version.
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
    snapshot: Snapshot
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
        snapshot, deviations = self.snapshot, covariance.standard_deviations()
        if isinstance(covariance, FactorCovariance):
            covariance = covariance.penalised(penalty)
        elif penalty:
            covariance = invert_penalised(covariance, penalty)
        return build_snapshot(snapshot.panel, anchor_of(covariance), snapshot.pathways, deviations, name=snapshot.name)

    def drawn(self, number: int, seed: int) -> Iterator[Snapshot]:
        """Yield the version's network as estimated from drawings of its samples with replacement, so many.

        Raises
        ------
        InputError
            The estimator refuses one drawing after the other.
        """
        stream, groups = np.random.default_rng([seed, 13]), self._members()
        for _ in range(number):
            for attempt in range(ATTEMPTS):
                try:
                    drawn = stream.integers(0, len(groups), len(groups))
                    yield self._of_groups(groups, drawn)
                    break
                except (InputError, NotPositiveDefinite) as refusal:
                    if attempt == ATTEMPTS - 1:
                        raise InputError(
                            f"The estimator {self.estimator} refused {ATTEMPTS} resamples: {refusal.message}",
                            code="drawings-refused",
                        ) from None

    def halves(self, number: int, seed: int, *, penalty: float = 0.0) -> list[tuple[Snapshot, Snapshot]]:
        """Return the version's networks as estimated from either half of the samples, for a number of random splits.

        None where there are too few samples for that, or the estimator refuses a half.
        """
        stream, groups = np.random.default_rng([seed, 17]), self._members()
        if len(groups) < 2 * LEAST_PART:
            return []
        orders = [stream.permutation(len(groups)) for _ in range(number)]
        try:
            return [
                (
                    self._of_groups(groups, order[::2], penalty=penalty),
                    self._of_groups(groups, order[1::2], penalty=penalty),
                )
                for order in orders
            ]
        except (InputError, NotPositiveDefinite):
            return []

    def _members(self) -> list[NDArray[np.intp]]:
        """Return the samples of each group."""
        return [np.flatnonzero(self.groups == group) for group in range(int(self.groups.max()) + 1)]

    def _of_groups(self, groups: list[NDArray[np.intp]], chosen: NDArray[np.intp], *, penalty: float = 0.0) -> Snapshot:
        members: list[NDArray[np.intp]] = [groups[int(group)] for group in chosen]
        return self.of(np.concatenate(members), penalty=penalty)


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
    alone = np.arange(len(base.samples), dtype=np.intp)
    codes = np.unique(base.groups, return_inverse=True)[1].astype(np.intp) if base.groups else alone
    return Resampling(values, snapshot, base.record.estimator, factors, intensities, codes, base.removed)
