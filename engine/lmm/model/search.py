"""Global search for δ: a grid, a refinement of every local maximum, and both ends evaluated exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import EngineError
from .boundary import Endpoint, at_h2_0, at_h2_1
from .likelihood import profile

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ...choices import Method
    from ..kernels.kernel import RotatedColumns
    from ..kernels.moments import Moments

REACH = 18.0
"""Half the length of the grid in log δ: h² from 1.5e-8 to 1 − 1.5e-8."""

STEP = 0.5
"""Step of the grid in log δ; log(λ + δ) changes over about 2."""

LEAST_GAIN_A_ROW = 1e-11
"""Gain of log likelihood a row below which a maximum inside is no better than an end: h² is then below rounding."""

FARTHEST = 60.0
"""Length of the longer grid towards h² = 1, for a likelihood that still rises at the end of the first: a trait with a
share of 1e-12 outside of the kernel has its maximum at about δ = 1e-12 (with less it counts as inside)."""

UNBOUNDED = (
    "The likelihood has no bound at h² = 1: the signal lies wholly within the span of the kernel and the covariates."
)

STEPS = 60
"""Most steps of Newton's method, with bisection where a step leaves the bracket; about six are needed."""


@dataclass(frozen=True, slots=True)
class Optimum:
    """The maximum of the likelihood of each of m traits.

    Parameters
    ----------
    deltas : ndarray of float64, shape (m,)
        δ: ∞ at h² = 0, and 0 at h² = 1.
    log_likelihood : ndarray of float64, shape (m,)
        The likelihood at δ.
    maxima : ndarray of intp, shape (m,)
        Number of local maxima, including the ends.
    h2_0, h2_1 : Endpoint
        The likelihood at both ends.
    """

    deltas: NDArray[np.float64]
    log_likelihood: NDArray[np.float64]
    maxima: NDArray[np.intp]
    h2_0: Endpoint
    h2_1: Endpoint


def search(
    rotated: RotatedColumns,
    size: int,
    scale: float,
    method: Method,
    change: Callable[[Moments], Moments] = lambda moments: moments,
    ends: tuple[Endpoint, Endpoint] | None = None,
) -> Optimum:
    """Return the best δ of each trait.

    Parameters
    ----------
    rotated : RotatedColumns
        Fixed effects and traits under the kernel.
    size : int
        n.
    scale : float
        s, the kernel's mean variance outside of the covariates: h² = s/(s + δ).
    method : {"reml", "ml"}
        Which likelihood.
    change : callable, optional
        A change of the moments before they are used, such as `Moments.leave_out_last`.
    ends : pair of Endpoint, optional
        The likelihood at h² = 0 and 1, where `change` makes it differ from that of the kernel.

    Raises
    ------
    EngineError
        The likelihood has no bound: the signal lies wholly within the span of the kernel and the covariates.
    """
    h2_0, h2_1 = ends or (at_h2_0(rotated, size, method), at_h2_1(rotated, size, method))
    if np.any(np.isposinf(h2_1.log_likelihood)) and method == "reml":
        raise EngineError(UNBOUNDED, hint="Was the signal made from the samples that the kernel was made from?")
    logs = np.log(scale) + np.arange(-REACH, REACH + STEP / 2, STEP)
    grid = profile(change(rotated.moments_on_grid(np.exp(logs))), np.exp(logs), size, method)
    if ends is None and np.any(
        np.isneginf(h2_1.log_likelihood) & (grid.slope[0] < 0)
    ):  # nearer to h² = 1 than the grid
        logs = np.log(scale) + np.arange(-FARTHEST, REACH + STEP / 2, STEP)
        grid = profile(change(rotated.moments_on_grid(np.exp(logs))), np.exp(logs), size, method)
    _refuse_flat(grid.log_likelihood, size)
    rising = grid.slope > 0
    at, trait = np.nonzero(rising[:-1] & ~rising[1:])
    log_deltas, values = _refine(rotated, size, method, change, logs[at], logs[at + 1], trait)
    best = np.full(grid.log_likelihood.shape[1], -np.inf)
    deltas = np.full(len(best), np.nan)
    np.maximum.at(best, trait, values)
    chosen = values >= best[trait]
    deltas[trait[chosen]] = np.exp(log_deltas[chosen])
    maxima = np.bincount(trait, minlength=len(best))
    tolerance = LEAST_GAIN_A_ROW * size
    for end, delta, falling in ((h2_1, 0.0, ~rising[0]), (h2_0, np.inf, rising[-1])):
        # an end towards which the likelihood falls is no maximum, unless it is one within rounding
        possible = np.isfinite(end.log_likelihood) & (falling | np.isfinite(best))
        better = possible & (end.log_likelihood >= best - tolerance)
        best = np.where(better, np.maximum(end.log_likelihood, best), best)
        deltas = np.where(better, delta, deltas)
        maxima = maxima + (falling & possible)
    if not np.all(np.isfinite(best)):
        if method == "reml":
            raise EngineError(UNBOUNDED, hint="Was the signal made from the samples that the kernel was made from?")
        raise EngineError(
            "The likelihood grows without bound towards h² = 1, and has no maximum before.",
            hint="For a kernel that leaves out what the covariates span, ML has no maximum; REML has one.",
        )
    return Optimum(deltas, best, maxima, h2_0, h2_1)


def _refuse_flat(values: NDArray[np.float64], size: int) -> None:
    """Refuse a likelihood that is the same for every δ: then the kernel is a multiple of the noise."""
    flat = np.ptp(values, axis=0) < 1e-10 * size
    if np.any(flat):
        raise EngineError(
            "The likelihood is the same for every h²: outside of the covariates the kernel is a multiple of the "
            "identity, and cannot be distinguished from noise."
        )


def _refine(
    rotated: RotatedColumns,
    size: int,
    method: Method,
    change: Callable[[Moments], Moments],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    trait: NDArray[np.intp],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the zero of the slope in each bracket, and the likelihood there, by Newton's method within the bracket."""
    log_deltas, values = (low + high) / 2, np.full(len(low), -np.inf)
    low, high, active = low.copy(), high.copy(), np.arange(len(low))
    for _ in range(STEPS):
        if not len(active):
            break
        point = log_deltas[active]
        profiles = profile(change(rotated.moments_by_trait(np.exp(point), trait[active])), np.exp(point), size, method)
        slope, curvature = profiles.slope[:, 0], profiles.curvature[:, 0]
        values[active] = profiles.log_likelihood[:, 0]
        low[active] = np.where(slope > 0, point, low[active])
        high[active] = np.where(slope > 0, high[active], point)
        with np.errstate(divide="ignore", invalid="ignore"):
            newton = point - slope / curvature
        inside = (curvature < 0) & (newton >= low[active]) & (newton <= high[active])
        following = np.where(inside, newton, (low[active] + high[active]) / 2)
        log_deltas[active] = following
        active = active[(np.abs(following - point) > 1e-11) & (slope != 0)]
    return log_deltas, values
