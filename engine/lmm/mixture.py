"""Two kernels at once: their mean variances as parts of one, the weight between them searched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar

from ..errors import InputError, ShapeError
from .fit import fits, model
from .spectral import Spectral, of_factor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .design import Design
    from .fit import Fit, Model
    from .kernel import Kernel
    from .likelihood import Method

GRID = 11
"""Weights that are tried before the best is refined."""


@dataclass(frozen=True, slots=True)
class Mixed:
    """A model with the mixture of two kernels that is most likely.

    Parameters
    ----------
    weight : float
        Of the second kernel, 0 to 1, both scaled to a mean variance of one outside of the covariates.
    fit : Fit
        The model with that mixture.
    given : Model
        What was fitted.
    """

    weight: float
    fit: Fit
    given: Model


def mixed(
    first: Kernel,
    second: Kernel,
    trait: NDArray[np.float64],
    fixed: Design | None = None,
    *,
    method: Method = "reml",
) -> Mixed:
    """Return the model of a trait with (1 − w)K₁ + wK₂, w by the likelihood.

    Parameters
    ----------
    first, second : Kernel
        K₁ and K₂, of the same rows.
    trait, fixed, method
        As for `fit`.

    Raises
    ------
    InputError
        A kernel keeps its own diagonal.
    ShapeError
        The kernels have not the same rows.

    Notes
    -----
    About 30 decompositions of a factor of k₁ + k₂ columns: O(n (k₁ + k₂)²) each.
    """
    if not (isinstance(first, Spectral) and isinstance(second, Spectral)):
        raise InputError("Kernels are mixed by their eigenvectors, and one of these keeps its own diagonal.")
    if first.size != second.size:
        raise ShapeError(f"Kernels of {first.size} and of {second.size} rows do not mix.")
    halves = [_unit(one, trait, fixed) for one in (first, second)]

    def at(weight: float) -> Mixed:
        kernel = of_factor(np.hstack([np.sqrt(1.0 - weight) * halves[0], np.sqrt(weight) * halves[1]]))
        given = model(kernel, trait, fixed)
        return Mixed(weight, fits(given, method=method)[0], given)

    tried = [at(float(weight)) for weight in np.linspace(0.0, 1.0, GRID)]
    best = max(range(GRID), key=lambda place: tried[place].fit.log_likelihood)
    low, high = tried[max(best - 1, 0)].weight, tried[min(best + 1, GRID - 1)].weight
    found = minimize_scalar(
        lambda weight: -at(float(weight)).fit.log_likelihood,
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-6},
    )
    refined = at(float(found.x))
    return refined if refined.fit.log_likelihood > tried[best].fit.log_likelihood else tried[best]


def _unit(kernel: Spectral, trait: NDArray[np.float64], fixed: Design | None) -> NDArray[np.float64]:
    """Return the factor of a kernel of mean variance one outside of the covariates."""
    scale = model(kernel, trait, fixed).scale
    return kernel.vectors * np.sqrt(kernel.values / scale)
