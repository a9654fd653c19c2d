"""The registry of estimators. A new one is a file in this folder and a line in `ESTIMATORS`; nothing else lists them.

The file has a function of the samples that returns an `Estimate`:

    def identity(values: NDArray[np.float64]) -> Estimate:
        return Estimate(FactorCovariance(variances(values), np.zeros((len(values), 0))), samples=values.shape[1])

`values` are p genes by n samples, finite and in the units that the base is to have; they are not to be changed. What
the estimator cannot use it refuses with an `InputError` or `NotPositiveDefinite`. An estimator of a factor model
(`has_factors`) gets the number of factors, or None to choose it, as its second argument.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..lazy import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from ..adjustment.adjustment import Adjustment
    from ..choices import Intensity
    from ..network.covariance import Covariance
    from .held_out import HeldOut


@dataclass(frozen=True, slots=True)
class Estimate:
    """A base and how it was estimated.

    Parameters
    ----------
    base : Covariance
        In the form that is smaller: factors plus noise, or dense.
    samples : int
        n.
    shrinkage : float, optional
        The intensity λ*, 0 to 1, by which correlations or covariances were shrunk to zero.
    variance_shrinkage : float, optional
        The intensity λ_var, 0 to 1, by which variances were shrunk to their median.
    analytic : tuple of float and float, optional
        λ* and λ_var* by the formulae, where the intensities were chosen otherwise.
    held_out : HeldOut, optional
        How they were chosen by samples held out.
    constant : int
        How many genes have one value in all samples, and remain as isolated genes.
    notes : tuple of str
        Sentences that a user should read.
    """

    base: Covariance
    samples: int
    shrinkage: float | None = None
    variance_shrinkage: float | None = None
    analytic: tuple[float, float] | None = None
    held_out: HeldOut | None = None
    constant: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Estimator:
    """A line of the registry. The function is named by a text, so that help on a command imports no estimator.

    Parameters
    ----------
    caption : str
        What the estimate is, as part of a sentence: "maximum likelihood factor analysis".
    function : str
        `module:function`, the module in this folder.
    has_factors : bool
        Whether the function has a number of factors as its second argument.
    has_intensity : bool
        Whether the function has the keywords `intensity` and `groups`, as `estimate_covariance` takes them, and
        `adjusted`: the values as they are before an adjustment, from which samples are held out, and the adjustment.
    intensity : str
        What the intensity λ of an estimate means.
    """

    caption: str
    function: str
    has_factors: bool = False
    has_intensity: bool = False
    intensity: str = "the shrinkage intensity"


ESTIMATORS: Mapping[str, Estimator] = {
    "shrinkage": Estimator(
        "correlations shrunk to zero (Schäfer–Strimmer)",
        "shrinkage:shrinkage",
        has_intensity=True,
        intensity="correlations are shrunk to zero by this share",
    ),
    "ledoit-wolf": Estimator(
        "covariances shrunk to zero (Ledoit–Wolf)",
        "shrinkage:ledoit_wolf",
        intensity="covariances are shrunk to zero by this share",
    ),
    "factor": Estimator("maximum likelihood factor analysis", "factor_analysis:factor_analysis", has_factors=True),
    "empirical": Estimator("the sample covariance itself", "shrinkage:empirical"),
}
"""Every estimator by its name, which is recorded with a base."""

WITH_FACTORS = " or ".join(f"`{name}`" for name, estimator in ESTIMATORS.items() if estimator.has_factors)
"""The names of the estimators that have a number of factors, for sentences."""


WITH_INTENSITY = " or ".join(f"`{name}`" for name, estimator in ESTIMATORS.items() if estimator.has_intensity)
"""The names of the estimators whose intensity can be chosen, for sentences."""


def estimator_of(name: str, factors: int | None = None, intensity: object = None) -> Estimator:
    """Return the estimator of a name.

    Raises
    ------
    InputError
        There is none of that name, or it has no number of factors, or no intensity to choose, and one is requested.
    """
    if name not in ESTIMATORS:
        raise InputError(f"There is no estimator {name!r}.", hint=f"There are {', '.join(ESTIMATORS)}.")
    if factors is not None and not ESTIMATORS[name].has_factors:
        raise InputError(f"A number of factors is for the estimator {WITH_FACTORS}, not with `{name}`.")
    if intensity is not None and not ESTIMATORS[name].has_intensity:
        raise InputError(f"An intensity is for the estimator {WITH_INTENSITY}, not with `{name}`.")
    return ESTIMATORS[name]


def estimate_covariance(
    values: NDArray[np.float64],
    name: str,
    factors: int | None = None,
    *,
    intensity: Intensity | float | tuple[float, float] | None = None,
    groups: NDArray[np.intp] | None = None,
    adjustment: Adjustment | None = None,
) -> Estimate:
    """Return a covariance estimated from samples by the estimator of a name.

    Parameters
    ----------
    values : ndarray of float64, shape (p, n)
        Genes by samples, prepared; in the units the base is to have.
    name : str
        One of `ESTIMATORS`.
    factors : int, optional
        The number of factors, for an estimator that has one; chosen when absent.
    intensity : {"held-out", "analytic"}, float or tuple of float and float, optional
        λ of an estimator that has one to choose, or λ and λ_var, or how they are chosen: "held-out" when absent.
    groups : ndarray of intp, shape (n,), optional
        The group of each sample, numbered from 0: samples of one group are held out together.
    adjustment : Adjustment, optional
        What is removed first. The estimator is given exchangeable columns of the residuals in place of the samples, one
        more than their degrees of freedom, and `samples` of the estimate is their number.

    Raises
    ------
    InputError
        There is no such estimator, or it refuses the values.
    NotPositiveDefinite
        The estimate is singular.
    EngineError
        It is so nearly singular that fewer than four digits of its inverse are right.

    Examples
    --------
    >>> import numpy as np
    >>> estimate_covariance(np.random.default_rng(0).standard_normal((40, 6)), "shrinkage").base.size
    40
    """
    from ..network.covariance import DenseCovariance
    from ..network.stability import check_condition

    estimator = estimator_of(name, factors, intensity)
    make = load(estimator.function, __package__)
    options: dict[str, Any] = {}
    if estimator.has_factors:
        options["factors"] = factors
    if estimator.has_intensity:
        adjusted = None if adjustment is None else (values, adjustment)
        options |= {
            "intensity": "held-out" if intensity is None else intensity,
            "groups": groups,
            "adjusted": adjusted,
        }
    estimate: Estimate = make(values if adjustment is None else adjustment.columns(values), **options)
    if isinstance(estimate.base, DenseCovariance):
        return replace(estimate, notes=(*estimate.notes, *check_condition(estimate.base)))
    return estimate
