"""Intervals of h²: by the profile likelihood, by Wald, and by the parametric bootstrap, inverted.

On the n − r directions that covariates leave, zᵢ² ~ v_i(h)χ²₁ with v_i(h) = hλ_i/s + 1 − h, and the slope of l_REML
at any h₀ has the sign of Σ c_i(h₀) z_i², c_i = ν v'_i/v_i² − (Σ v'/v)/v_i. So a new draw of the estimate at a true h
costs one product with fixed draws: ĥ is at least h₀ where the slope at h₀ is not negative. The interval is every h
under which the estimate is not extreme. Where the estimate is an end (0 or 1) with a probability above α/2, that tail
cannot be cut, and all of α is taken from the other: percentiles of ĥ alone are wrong there (Schweiger et al. 2016,
American Journal of Human Genetics 98:1181).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtri, ndtri

from ...errors import EngineError, InputError
from ...threads import one_blas_thread
from ..kernels.spectral import Spectral
from .likelihood import profile
from .reduced import Reduced, reduced_factor, reduced_matrix
from .search import REACH, STEP

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .fit import Fit, Model

Interval = tuple[float, float]

LARGEST_DECOMPOSED = 6_000
"""Most rows of a kernel with a diagonal of its own whose eigenvectors are computed for an interval: half a minute."""

GRID = 41
"""Number of values of h that are tested before the ends of an interval are bisected."""


def profile_interval(model: Model, fit: Fit, *, level: float = 0.95, trait: int = 0) -> Interval:
    """Return all h² whose profile likelihood is within ½χ²₁ of the greatest.

    Parameters
    ----------
    model, fit : Model, Fit
        The model, and its fit.
    level : float
        Between 0 and 1.
    trait : int
        Which of several.

    Notes
    -----
    O(gk r²), as one fit. Near 0 and 1 its coverage differs from the level; that of the bootstrap does not.
    """
    threshold = fit.log_likelihood - 0.5 * float(chdtri(1, 1.0 - _check_level(level)))
    logs = np.log(model.scale) + np.arange(-REACH, REACH + STEP / 2, STEP)
    traits = np.array([trait])

    def excess(log: float) -> float:
        delta = np.exp(np.array([log]))
        point = profile(model.rotated.moments_by_trait(delta, traits, 1), delta, model.size, fit.method)
        return float(point.log_likelihood[0, 0]) - threshold

    best = np.log(fit.delta) if 0.0 < fit.delta < np.inf else logs[-1] if np.isinf(fit.delta) else logs[0]
    points = np.sort(np.append(logs, best))
    with one_blas_thread():
        above = np.array([excess(float(log)) for log in points]) > 0
        inside = np.flatnonzero(above)
        if not len(inside):  # an end, and nothing beside it
            return (fit.h2, fit.h2)
        first, last = int(inside[0]), int(inside[-1])
        high = 1.0 if first == 0 else _h2_of(model.scale, brentq(excess, points[first - 1], points[first], xtol=1e-10))
        if last == len(points) - 1:
            low = 0.0
        else:
            low = _h2_of(model.scale, brentq(excess, points[last], points[last + 1], xtol=1e-10))
    return (0.0 if fit.log_likelihood_h2_0 >= threshold else low, 1.0 if fit.log_likelihood_h2_1 >= threshold else high)


def wald_interval(fit: Fit, *, level: float = 0.95) -> Interval:
    """Return h² plus and minus multiples of its standard error, cut at 0 and 1; NaN where there is no such error."""
    reach = float(ndtri(0.5 + _check_level(level) / 2)) * fit.h2_se
    return (max(0.0, fit.h2 - reach), min(1.0, fit.h2 + reach)) if np.isfinite(reach) else (np.nan, np.nan)


def reduced_kernel(model: Model) -> Reduced:
    """Return a model's kernel on the directions that its covariates leave.

    Raises
    ------
    EngineError
        A kernel with a diagonal of its own has too many rows.
    """
    kernel = model.kernel
    if isinstance(kernel, Spectral):
        return reduced_factor(kernel.vectors * np.sqrt(kernel.values), model.fixed)
    if kernel.size > LARGEST_DECOMPOSED:
        raise EngineError(
            f"A bootstrap needs the eigenvectors of {kernel.size:,} genes, and this kernel has none.",
            code="bootstrap-without-eigenvectors",
        )
    return reduced_matrix(kernel.times(np.eye(kernel.size)), model.fixed)


@dataclass(frozen=True, slots=True)
class SimulatedNull:
    """Squares of normal numbers, one row a draw and one column an eigenvalue of a reduced kernel.

    Make one with `simulate_null`.

    Parameters
    ----------
    values : ndarray of float64, shape (k,)
        Eigenvalues over their mean s; all those that are zero are one, the last.
    counts : ndarray of float64, shape (k,)
        The multiplicity of each.
    squares : ndarray of float64, shape (b, k)
        Draws of χ² with `counts` degrees of freedom.
    """

    values: NDArray[np.float64]
    counts: NDArray[np.float64]
    squares: NDArray[np.float64]

    def at_least(self, h: float, truth: float) -> float:
        """Return the probability that the estimate is at least h, at a true h²."""
        return float(np.mean(self._slopes(h, truth) >= 0.0))

    def at_most(self, h: float, truth: float) -> float:
        """Return the probability that the estimate is at most h, at a true h²."""
        return float(np.mean(self._slopes(h, truth) <= 0.0))

    def _slopes(self, h: float, truth: float) -> NDArray[np.float64]:
        variance, change = h * self.values + (1.0 - h), self.values - 1.0
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = float(np.sum(self.counts * change / variance)) / float(np.sum(self.counts))
            weights = (change / variance - mean) / variance
        return self.squares @ (weights * (truth * self.values + (1.0 - truth)))


def simulate_null(kernel: Reduced, draws: int, seed: int) -> SimulatedNull:
    """Return draws for `bootstrap_interval`, the same for every h.

    Raises
    ------
    InputError
        There are too few draws for a tail.
    """
    if draws < 200:
        raise InputError(f"{draws} draws are too few for an interval.", hint="Take 1,000 or more.")
    zero = kernel.values <= 1e-12 * kernel.values.max()
    values = kernel.values[~zero] / kernel.scale
    counts = np.ones(len(values))
    stream = np.random.default_rng(seed)
    squares = np.square(stream.standard_normal((draws, len(values))))
    if np.any(zero):
        rest = float(np.count_nonzero(zero))
        values, counts = np.append(values, 0.0), np.append(counts, rest)
        squares = np.column_stack([squares, stream.chisquare(rest, draws)])
    return SimulatedNull(values, counts, squares)


def bootstrap_interval(
    draws: SimulatedNull, fit: Fit, *, level: float = 0.95, progress: Callable[[float], object] | None = None
) -> Interval:
    """Return all h² under which the estimate is not extreme.

    Parameters
    ----------
    draws : SimulatedNull
        Draws for the reduced kernel.
    fit : Fit
        The fit by REML.
    level : float
        Between 0 and 1: the share of intervals that contain the truth, at h² = 0 and 1 too.
    progress : callable, optional
        Called with the share that is done.

    Notes
    -----
    O(bk) for each of about 60 values of h.
    """
    alpha, h = 1.0 - _check_level(level), min(max(fit.h2, 0.0), 1.0)

    def accepted(truth: float) -> bool:
        at_none, at_all = draws.at_most(0.0, truth), draws.at_least(1.0 - 1e-9, truth)
        below = 0.0 if at_none >= alpha / 2 else alpha if at_all >= alpha / 2 else alpha / 2
        above = 0.0 if at_all >= alpha / 2 else alpha if at_none >= alpha / 2 else alpha / 2
        # the estimate is at an end whenever the slope there points outward
        most = 1.0 if h >= 1.0 else draws.at_most(h, truth)
        least = 1.0 if h <= 0.0 else draws.at_least(min(h, 1.0 - 1e-9), truth)
        return most >= below and least >= above

    with one_blas_thread():
        candidates = np.unique(np.append(np.linspace(0.0, 1.0, GRID), h))
        is_accepted: list[bool] = []
        for index, truth in enumerate(candidates.tolist()):
            is_accepted.append(accepted(truth))
            if progress is not None:
                progress((index + 1) / len(candidates))
        indices = np.flatnonzero(is_accepted)
        if not len(indices):
            return (h, h)
        first, last = int(indices[0]), int(indices[-1])
        low = 0.0 if first == 0 else _bisect(accepted, float(candidates[first]), float(candidates[first - 1]))
        high = (
            1.0
            if last == len(candidates) - 1
            else _bisect(accepted, float(candidates[last]), float(candidates[last + 1]))
        )
    return (low, high)


def _bisect(accepted: Callable[[float], bool], inside: float, outside: float) -> float:
    for _ in range(12):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if accepted(middle) else (inside, middle)
    return (inside + outside) / 2


def _h2_of(scale: float, log: float) -> float:
    return scale / (scale + float(np.exp(log)))


def _check_level(level: float) -> float:
    if not 0.0 < level < 1.0:
        raise InputError(f"The level of an interval lies between 0 and 1, and is not {level:g}.")
    return level
