"""Intervals of h²: by the profile likelihood, by Wald, and by the parametric bootstrap, inverted.

On the n − r directions that covariates leave, zᵢ² ~ v_i(h)χ²₁ with v_i(h) = hλ_i/s + 1 − h, and the slope of l_REML
at any h₀ has the sign of Σ c_i(h₀) z_i², c_i = ν v'_i/v_i² − (Σ v'/v)/v_i. So drawing the estimate anew at a true h
costs one product with fixed draws: ĥ is at least h₀ where the slope at h₀ is not negative. The interval is every h
under which the estimate found is not extreme. Where the estimate is an end (0 or 1) with a probability above α/2, that
tail cannot be cut, and all of α is taken from the other: percentiles of ĥ alone are wrong there (Schweiger et al. 2016,
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

LARGEST = 6_000
"""Rows of a kernel that keeps its own diagonal whose eigenvectors are computed for an interval: half a minute."""

GRID = 41
"""Values of h that are tried before the ends of an interval are bisected."""


def profile_interval(given: Model, found: Fit, *, level: float = 0.95, trait: int = 0) -> Interval:
    """Return all h² whose profile likelihood is within ½χ²₁ of the greatest.

    Parameters
    ----------
    given, found : Model, Fit
        What was fitted, and what came of it.
    level : float
        Between 0 and 1.
    trait : int
        Which of several.

    Notes
    -----
    O(gk r²), as one fit. Near an end it covers less than it says: the bootstrap does not.
    """
    least = found.log_likelihood - 0.5 * float(chdtri(1, 1.0 - _checked(level)))
    logs = np.log(given.scale) + np.arange(-REACH, REACH + STEP / 2, STEP)
    one = np.array([trait])

    def excess(log: float) -> float:
        delta = np.exp(np.array([log]))
        at = profile(given.rotated.paired(delta, one, 1), delta, given.size, found.method)
        return float(at.log_likelihood[0, 0]) - least

    best = np.log(found.delta) if 0.0 < found.delta < np.inf else logs[-1] if np.isinf(found.delta) else logs[0]
    points = np.sort(np.append(logs, best))
    with one_blas_thread():
        above = np.array([excess(float(log)) for log in points]) > 0
        inside = np.flatnonzero(above)
        if not len(inside):  # an end, and nothing beside it
            return (found.h2, found.h2)
        first, last = int(inside[0]), int(inside[-1])
        high = 1.0 if first == 0 else _share(given.scale, brentq(excess, points[first - 1], points[first], xtol=1e-10))
        if last == len(points) - 1:
            low = 0.0
        else:
            low = _share(given.scale, brentq(excess, points[last], points[last + 1], xtol=1e-10))
    return (0.0 if found.log_likelihood_h2_0 >= least else low, 1.0 if found.log_likelihood_h2_1 >= least else high)


def wald_interval(found: Fit, *, level: float = 0.95) -> Interval:
    """Return h² and its standard error to both sides, cut at 0 and 1; NaN at an end, where there is no such error."""
    reach = float(ndtri(0.5 + _checked(level) / 2)) * found.h2_se
    return (max(0.0, found.h2 - reach), min(1.0, found.h2 + reach)) if np.isfinite(reach) else (np.nan, np.nan)


def reduced_kernel(given: Model) -> Reduced:
    """Return a model's kernel on what its covariates leave.

    Raises
    ------
    EngineError
        A kernel that keeps its own diagonal has too many rows for that.
    """
    kernel = given.kernel
    if isinstance(kernel, Spectral):
        return reduced_factor(kernel.vectors * np.sqrt(kernel.values), given.fixed)
    if kernel.size > LARGEST:
        raise EngineError(
            f"A bootstrap needs the eigenvectors of {kernel.size:,} genes, and this kernel has none.",
            hint="Take --ci profile, or the shared part of the version.",
        )
    return reduced_matrix(kernel.times(np.eye(kernel.size)), given.fixed)


@dataclass(frozen=True, slots=True)
class SimulatedNull:
    """Squares of normal numbers, one row a draw, over the eigenvalues of a reduced kernel.

    Make one with `drawn`.

    Parameters
    ----------
    values : ndarray of float64, shape (k,)
        Eigenvalues over their mean s; those that are zero stand together, last.
    counts : ndarray of float64, shape (k,)
        How many each stands for.
    squares : ndarray of float64, shape (b, k)
        χ² with so many degrees of freedom.
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
    """Return draws for `bootstrap_interval`, the same for every h that is asked.

    Raises
    ------
    InputError
        There are too few for a tail.
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
    draws: SimulatedNull, found: Fit, *, level: float = 0.95, progress: Callable[[float], object] | None = None
) -> Interval:
    """Return all h² under which the estimate is not extreme.

    Parameters
    ----------
    draws : Drawn
        Of the reduced kernel.
    found : Fit
        By REML.
    level : float
        Between 0 and 1: that share of intervals holds the truth, at the ends too.
    progress : callable, optional
        Told the share that is done.

    Notes
    -----
    O(bk) for each of about 60 values of h.
    """
    alpha, h = 1.0 - _checked(level), min(max(found.h2, 0.0), 1.0)

    def accepted(truth: float) -> bool:
        at_none, at_all = draws.at_most(0.0, truth), draws.at_least(1.0 - 1e-9, truth)
        below = 0.0 if at_none >= alpha / 2 else alpha if at_all >= alpha / 2 else alpha / 2
        above = 0.0 if at_all >= alpha / 2 else alpha if at_none >= alpha / 2 else alpha / 2
        # an estimate at an end is what is found whenever the slope there points outward
        most = 1.0 if h >= 1.0 else draws.at_most(h, truth)
        least = 1.0 if h <= 0.0 else draws.at_least(min(h, 1.0 - 1e-9), truth)
        return most >= below and least >= above

    with one_blas_thread():
        tried = np.unique(np.append(np.linspace(0.0, 1.0, GRID), h))
        inside: list[bool] = []
        for place, truth in enumerate(tried.tolist()):
            inside.append(accepted(truth))
            if progress is not None:
                progress((place + 1) / len(tried))
        held = np.flatnonzero(inside)
        if not len(held):
            return (h, h)
        first, last = int(held[0]), int(held[-1])
        low = 0.0 if first == 0 else _bisected(accepted, float(tried[first]), float(tried[first - 1]))
        high = 1.0 if last == len(tried) - 1 else _bisected(accepted, float(tried[last]), float(tried[last + 1]))
    return (low, high)


def _bisected(accepted: Callable[[float], bool], inside: float, outside: float) -> float:
    for _ in range(12):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if accepted(middle) else (inside, middle)
    return (inside + outside) / 2


def _share(scale: float, log: float) -> float:
    return scale / (scale + float(np.exp(log)))


def _checked(level: float) -> float:
    if not 0.0 < level < 1.0:
        raise InputError(f"The level of an interval lies between 0 and 1, and is not {level:g}.")
    return level
