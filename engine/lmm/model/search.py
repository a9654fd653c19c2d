"""The ratio δ of a model, found globally: a grid, every local maximum refined, and both ends evaluated exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import EngineError
from .boundary import End, at_all, at_none
from .likelihood import profile

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ..kernels.kernel import RotatedColumns
    from ..kernels.moments import Moments
    from .likelihood import Method

REACH = 18.0
"""The grid reaches from h² = 1.5e-8 to as near to 1."""

STEP = 0.5
"""Of the grid in log δ; log(λ + δ) changes over about 2."""

NEARLY = 1e-11
"""An end is taken where nothing within is better by this much for each row: h² is then below what rounding leaves."""

FARTHEST = 60.0
"""Where the likelihood still rises at the end of the grid, it is followed to here: a trait of which 1e-12 lies outside
of the kernel has its maximum at about δ = 1e-12 (one of which less does is taken to lie within)."""

UNBOUNDED = (
    "The likelihood has no bound at h² = 1: the signal lies wholly within the span of the kernel and the covariates."
)

STEPS = 60
"""Newton's steps, of which bisection takes over those that leave the bracket; about six are needed."""


@dataclass(frozen=True, slots=True)
class Optimum:
    """Where the likelihood of each of m traits is greatest.

    Parameters
    ----------
    deltas : ndarray of float64, shape (m,)
        δ: ∞ at h² = 0, and 0 at h² = 1.
    log_likelihood : ndarray of float64, shape (m,)
        There.
    maxima : ndarray of intp, shape (m,)
        How many local maxima there are, ends included.
    none, all : End
        The likelihood at both ends.
    """

    deltas: NDArray[np.float64]
    log_likelihood: NDArray[np.float64]
    maxima: NDArray[np.intp]
    none: End
    all: End


def search(
    rotated: RotatedColumns,
    size: int,
    scale: float,
    method: Method,
    change: Callable[[Moments], Moments] = lambda moments: moments,
    ends: tuple[End, End] | None = None,
) -> Optimum:
    """Return the best δ of each trait.

    Parameters
    ----------
    rotated : Seen
        Fixed effects and traits under the kernel.
    size : int
        n.
    scale : float
        s, the kernel's mean variance outside of the covariates: h² = s/(s + δ).
    method : {"reml", "ml"}
        Which likelihood.
    change : callable, optional
        What is done to moments before they are used: `Moments.without`, say.
    ends : pair of End, optional
        The likelihood at h² = 0 and 1, where `change` makes them others than those of the kernel.

    Raises
    ------
    EngineError
        The likelihood has no bound: the signal lies wholly within the span of the kernel and the covariates.
    """
    none, all_ = ends or (at_none(rotated, size, method), at_all(rotated, size, method))
    if np.any(np.isposinf(all_.log_likelihood)) and method == "reml":
        raise EngineError(UNBOUNDED, hint="Was the signal made from the samples that the kernel was made from?")
    logs = np.log(scale) + np.arange(-REACH, REACH + STEP / 2, STEP)
    grid = profile(change(rotated.grid(np.exp(logs))), np.exp(logs), size, method)
    if ends is None and np.any(
        np.isneginf(all_.log_likelihood) & (grid.slope[0] < 0)
    ):  # nearer to h² = 1 than the grid reaches
        logs = np.log(scale) + np.arange(-FARTHEST, REACH + STEP / 2, STEP)
        grid = profile(change(rotated.grid(np.exp(logs))), np.exp(logs), size, method)
    _refuse_flat(grid.log_likelihood, size)
    rising = grid.slope > 0
    at, trait = np.nonzero(rising[:-1] & ~rising[1:])
    logs_found, values = _refined(rotated, size, method, change, logs[at], logs[at + 1], trait)
    best = np.full(grid.log_likelihood.shape[1], -np.inf)
    deltas = np.full(len(best), np.nan)
    np.maximum.at(best, trait, values)
    chosen = values >= best[trait]
    deltas[trait[chosen]] = np.exp(logs_found[chosen])
    maxima = np.bincount(trait, minlength=len(best))
    tolerance = NEARLY * size
    for end, delta, falling in ((all_, 0.0, ~rising[0]), (none, np.inf, rising[-1])):
        # an end that the likelihood falls towards is no maximum, unless it is one to rounding
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
            hint="ML of a kernel that leaves out what the covariates span has none; REML has.",
        )
    return Optimum(deltas, best, maxima, none, all_)


def _refuse_flat(values: NDArray[np.float64], size: int) -> None:
    """Refuse a likelihood that is the same for every δ: then the kernel is a multiple of the noise."""
    flat = np.ptp(values, axis=0) < 1e-10 * size
    if np.any(flat):
        raise EngineError(
            "The likelihood is the same for every h²: outside of the covariates the kernel is a multiple of the "
            "identity, and what goes along it cannot be told from noise."
        )


def _refined(
    rotated: RotatedColumns,
    size: int,
    method: Method,
    change: Callable[[Moments], Moments],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    trait: NDArray[np.intp],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where in each bracket the slope is zero, and the likelihood there: Newton's method, kept within it."""
    found, values = (low + high) / 2, np.full(len(low), -np.inf)
    low, high, active = low.copy(), high.copy(), np.arange(len(low))
    for _ in range(STEPS):
        if not len(active):
            break
        point = found[active]
        at = profile(change(rotated.paired(np.exp(point), trait[active])), np.exp(point), size, method)
        slope, curvature = at.slope[:, 0], at.curvature[:, 0]
        values[active] = at.log_likelihood[:, 0]
        low[active] = np.where(slope > 0, point, low[active])
        high[active] = np.where(slope > 0, high[active], point)
        with np.errstate(divide="ignore", invalid="ignore"):
            newton = point - slope / curvature
        inside = (curvature < 0) & (newton >= low[active]) & (newton <= high[active])
        following = np.where(inside, newton, (low[active] + high[active]) / 2)
        found[active] = following
        active = active[(np.abs(following - point) > 1e-11) & (slope != 0)]
    return found, values
