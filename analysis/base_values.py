"""The values that a base was estimated from: its kept expression as it was prepared, and what was removed from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from ..engine.adjustment.adjustment import Adjustment
from ..engine.adjustment.design import build_design
from ..engine.errors import NotFound
from ..engine.estimation.expression import Expression
from ..engine.estimation.preparation import Preparation, prepare

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..engine.choices import Transform
    from ..engine.estimation.preparation import Prepared
    from ..storage.networks.bases import RemovedEffects, StoredBase


def prepare_kept(base: StoredBase) -> Prepared:
    """Return the expression that a base keeps, prepared as it was for the estimate.

    Of counts, library sizes are those over the panel. Nothing is removed: `adjustment_of` says what was.

    Raises
    ------
    NotFound
        It keeps none.
    """
    if base.expression is None:
        raise NotFound("The base keeps no expression.", code="base-without-expression")
    recorded = base.record.preparation
    preparation = Preparation(
        floor=cast("float | None", recorded.get("floor")),
        transform=cast("Transform", recorded.get("transform", "none")),
        counts=bool(recorded.get("counts", False)),
        scale="linear",  # what the base keeps was accepted when it was made
    )
    values = base.expression.all().astype(np.float64)
    return prepare(Expression(values, tuple(base.panel.genes), base.samples), preparation)


def adjustment_of(effects: RemovedEffects, samples: NDArray[np.intp]) -> Adjustment | None:
    """Return what was removed from the samples of a base, for some of them; a sample may be there more than once.

    Parameters
    ----------
    effects : RemovedEffects
        Of the base.
    samples : ndarray of intp, shape (m,)
        Indices of its samples.

    Raises
    ------
    InputError
        These samples leave fewer than two degrees of freedom.
    """
    if not effects:
        return None
    rows: list[int] = samples.tolist()
    categories = [effects.categories[row] for row in rows] if effects.categories else []
    covariates = None if effects.covariates is None else effects.covariates[rows]
    return Adjustment(build_design(len(rows), categories, covariates, effects.names), effects.components)
