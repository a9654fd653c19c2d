"""A version as it would be had its samples been drawn anew: the same pathways on a base of samples with replacement."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from ..engine.anchor import anchor_of
from ..engine.errors import NotFound
from ..engine.expression import Expression
from ..engine.preparation import Preparation, prepare
from ..engine.snapshot import take
from .origins import estimate_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..engine.scaling import Transform
    from ..engine.snapshot import Snapshot
    from .bases import StoredBase
    from .origins import Estimator
    from .repository import Repository

ESTIMATORS = ("shrinkage", "ledoit-wolf", "factor", "empirical")


def resampled(repo: Repository, rev: str, number: int, seed: int) -> Iterator[Snapshot]:
    """Yield a version's network as so many drawings of its base's samples give it.

    Parameters
    ----------
    repo : Repository
        The store.
    rev : str
        Which version.
    number : int
        How many.
    seed : int
        The samples are drawn with it.

    Raises
    ------
    NotFound
        The base keeps no expression, or was not estimated from any.

    Notes
    -----
    The values that the base keeps are prepared as they were, samples are drawn from them with replacement, and the same
    estimator is applied. Of counts, library sizes are those over the genes of the panel.
    """
    base = repo.base(rev)
    values = _prepared(base)
    snapshot = repo.snapshot(rev, from_base=True)
    factors = base.record.factors if base.record.estimator == "factor" else None
    stream = np.random.default_rng([seed, 13])
    for _ in range(number):
        drawn = values[:, stream.integers(0, values.shape[1], values.shape[1])]
        covariance = estimate_of(drawn, cast("Estimator", base.record.estimator), factors).base
        deviations = covariance.standard_deviations()
        yield take(snapshot.panel, anchor_of(covariance), snapshot.pathways, deviations, name=snapshot.name)


def _prepared(base: StoredBase) -> np.ndarray:
    if base.expression is None or base.record.estimator not in ESTIMATORS:
        raise NotFound(
            "The base keeps no expression: its samples cannot be drawn anew.",
            hint="`grn init --expression FILE` keeps it; --resamples 0 does without.",
        )
    asked = base.record.preparation
    preparation = Preparation(
        floor=cast("float | None", asked.get("floor")),
        transform=cast("Transform", asked.get("transform", "none")),
        counts=bool(asked.get("counts", False)),
    )
    values = base.expression.all().astype(np.float64)
    return prepare(Expression(values, base.panel.genes, base.samples), preparation).values
