"""Whether the strongest pairs of a version would come again in other samples: in two halves of those that there are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..engine.errors import InputError
from ..engine.inference.noise_edge import score_penalty
from ..engine.mapping import Sequential, one_at_a_time
from ..engine.network.pairs.edge_rule import EdgeRule
from ..engine.network.pairs.partial_correlations import partial_correlations
from ..engine.network.pairs.strongest_pairs import strongest_pairs
from .ranking import Ranking
from .resampling import REFUSALS, resampling_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ..engine.mapping import Mapper
    from ..engine.network.snapshot import Snapshot
    from ..storage.repository import Repository
    from .resampling import Resampling

SEED = 0
"""Seed of the splits."""


def shared_between_halves(
    repo: Repository,
    rev: str,
    ranking: Ranking,
    count: int,
    splits: int,
    *,
    mapper: Mapper | None = None,
    progress: Callable[[float], None] | None = None,
) -> NDArray[np.float64]:
    """Return which share of the strongest pairs of one half of the samples is among those of the other, split by split.

    Whole groups of samples are in one half. Each half has λ of the base, and the score is that of so many samples.

    Parameters
    ----------
    repo : Repository
        The store.
    rev : str
        The version; its pathways are in both halves.
    ranking : Ranking
        The order of pairs.
    count : int
        How many of the strongest pairs.
    splits : int
        How many times the samples are split at random, with a fixed seed; at least 1.
    mapper : Mapper, optional
        What runs the splits; one after the other by default, each on all cores.
    progress : callable, optional
        Called now and then with the share that is done, 0 to 1.

    Returns
    -------
    ndarray of float64, shape (splits,)

    Raises
    ------
    NotFound
        The base keeps no expression.
    InputError
        There are too few samples to split.
    """
    base, halved = repo.base(rev), ranking
    if ranking.penalty and base.shrinkage is not None:
        degrees = max(1, (base.degrees_of_freedom or 1) // 2)
        halved = Ranking(ranking.by, score_penalty(len(base.panel), degrees, base.shrinkage))
    own, mapper = resampling_of(repo, rev), one_at_a_time(mapper or Sequential())
    shares: list[float] = []
    for share in mapper(_shared, own.splits(splits, SEED), shared=(own, halved, count)):
        shares.append(share)
        if progress is not None:
            progress(len(shares) / splits)
    if not shares or np.isnan(shares).any():
        raise InputError(
            f"The {len(base.samples):,} samples of the base cannot be split into halves.", code="samples-not-halved"
        )
    return np.array(shares)


def _shared(shared: tuple[Resampling, Ranking, int], halves: tuple[NDArray[np.intp], NDArray[np.intp]]) -> float:
    """Return the share of one split; NaN where the estimator refuses a half."""
    resampling, ranking, count = shared
    try:
        snapshots = [resampling.of(half, penalty=ranking.penalty) for half in halves]
    except REFUSALS:
        return math.nan
    first, second = (_strongest(snapshot, ranking, count) for snapshot in snapshots)
    return len(np.intersect1d(first, second)) / max(1, min(len(first), len(second)))


def _strongest(half: Snapshot, ranking: Ranking, count: int) -> NDArray[np.intp]:
    """Return the strongest pairs of a half, each as one number."""
    size = len(half.panel)
    measure = ranking.measure(lambda _: half) or partial_correlations(half.precision)
    pairs = strongest_pairs(measure, size, EdgeRule("top", count))[0].pairs
    return pairs[:, 0] * size + pairs[:, 1]
