"""Overdispersed counts: a negative binomial with the variance μ + α μ² and one α for all entries.

Under it a large count weighs less than under Poisson: 1 / (μ + α μ²) and not 1 / μ. V ≈ w Hᵀ line by line, all in units
of V.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...network.covariance import row_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..solvers.observed import Observed
    from ..solvers.sides import Side

    Real = NDArray[np.float64]
    Seen = NDArray[np.bool_] | None

LEAST_EXPECTED = 1e-3
"""Least expected value of an entry, as a share of the mean, so that no single entry determines α."""

STEPS, ALPHA_TOLERANCE = 60, 1e-6
"""Most Newton steps for α, and the relative change that ends them."""

REFITS, REFIT_TOLERANCE = 40, 1e-4
"""Most alternations of a refit of both factors, and the relative change that ends them."""

SCORINGS, SCORING_TOLERANCE = 40, 1e-5
"""Most steps of Fisher scoring, and the relative change that ends them."""

COLLINEAR = 1e-9
"""Share of two usages' Gram determinant below which they count as collinear: the first has all the weight."""

LEAST_MEAN = 1e-9
"""Least expected count."""

TINY = float(np.finfo(np.float64).tiny)


def overdispersion(observed: Observed, weights: Real, usage: Real) -> float:
    """Return α, at least 0: Pearson's Σ (v − x)² / (x + α x²) is its degrees of freedom there.

    Parameters
    ----------
    observed : Observed
        V, shape (p, n).
    weights, usage : ndarray of float64, shape (p, R) and (n, R)
        W and H, in units of V.

    Notes
    -----
    Newton's method from 0: the sum falls with α and is convex, so that no step goes too far. O(p n R) a step.
    """
    genes, samples = observed.shape
    entries = genes * samples - len(observed.rows.stored.missing)
    free = entries - int(np.count_nonzero(weights)) - usage.size + usage.shape[1]
    alpha = 0.0
    for _ in range(STEPS if free > 0 else 0):
        total, slope = -float(free), 0.0
        for band in row_blocks(genes, samples):
            values, seen = counts_of(observed, band)
            x = np.maximum(weights[band] @ usage.T, LEAST_EXPECTED * observed.scale)
            spread = x + alpha * x * x
            terms = (values - x) ** 2 / spread
            if seen is not None:
                terms[~seen] = 0.0
            total += float(terms.sum())
            slope += float((terms * x * x / spread).sum())
        if total <= 0.0 or slope <= 0.0:
            break
        step = total / slope
        alpha += step
        if step <= ALPHA_TOLERANCE * alpha:
            break
    return alpha


def refit(observed: Observed, weights: Real, usage: Real, alpha: float) -> tuple[Real, Real]:
    """Return both factors fitted as a negative binomial from a start; zeros stay zero.

    Notes
    -----
    w ← w ∘ ((V/X) H) / (((V + 1/α) / (X + 1/α)) H), X = w Hᵀ, then H likewise: Gouvert, Oberlin & Févotte (2020), IEEE
    Signal Processing Letters 27, 815–819. O(p n R) a step.
    """
    weights, usage = weights.copy(), usage.copy()
    for _ in range(REFITS):
        before = usage.copy()
        above, below = np.zeros_like(usage), np.zeros_like(usage)
        for band in row_blocks(*observed.shape):
            values, seen = counts_of(observed, band)
            band_weights = weights[band]
            ratio, pull = _pulls(values, seen, band_weights @ usage.T, alpha)
            band_weights *= (ratio @ usage) / np.maximum(pull @ usage, TINY)
            ratio, pull = _pulls(values, seen, band_weights @ usage.T, alpha)
            above += ratio.T @ band_weights
            below += pull.T @ band_weights
        usage *= above / np.maximum(below, TINY)
        if np.abs(usage - before).max() <= REFIT_TOLERANCE * before.max():
            break
    return weights, usage


def fitted_means(values: Real, seen: Seen, usage: Real, alpha: float) -> Real:
    """Return the weights, none negative, of lines on one module or two.

    Parameters
    ----------
    values : ndarray of float64, shape (g, n)
        Lines of V; 0 where nothing is observed.
    seen : ndarray of bool, shape (g, n), optional
        Where something is; everywhere by default.
    usage : ndarray of float64, shape (n, k)
        H of the module, or of the two.
    alpha : float
        α.

    Returns
    -------
    ndarray of float64, shape (g, k)
        By Fisher scoring: least squares with the weights 1 / (x + α x²), again and again; O(g n) a step.
    """
    observed = np.ones_like(values) if seen is None else seen.astype(np.float64)
    weights = np.tile(values.sum(axis=1) / np.maximum(observed @ usage.sum(axis=1), TINY), (usage.shape[1], 1)).T
    for _ in range(SCORINGS):
        before = weights
        x = np.maximum(weights @ usage.T, LEAST_MEAN)
        weights = _least_squares(values, observed / (x + alpha * x * x), usage)
        if np.abs(weights - before).max() <= SCORING_TOLERANCE * max(float(np.abs(before).max()), TINY):
            break
    return weights


def counts_of(observed: Observed, band: slice, lines: Side | None = None) -> tuple[Real, Seen]:
    """Return a band of V, or of some of its lines, in its own units, and where something is observed; None if all."""
    values, seen = (observed.rows if lines is None else lines).dense(len(observed.columns), band)
    values *= observed.scale
    return values, seen


def divergences(values: Real, seen: Seen, expected: Real, alpha: float) -> Real:
    """Return by how much the log likelihood of each line falls short of the largest possible, shape (g,)."""
    x = np.maximum(expected, LEAST_MEAN)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(values > 0.0, values * np.log(values / x), 0.0)
    if alpha > 0.0:
        terms -= (values + 1.0 / alpha) * (np.log1p(alpha * values) - np.log1p(alpha * x))
    else:
        terms += x - values
    if seen is not None:
        terms[~seen] = 0.0
    return terms.sum(axis=1)


def _pulls(values: Real, seen: Seen, expected: Real, alpha: float) -> tuple[Real, Real]:
    """Return V / X and (1 + αV) / (1 + αX), 0 where nothing is observed: what pulls an entry up, and what down."""
    x = np.maximum(expected, LEAST_MEAN)
    ratio, pull = values / x, (1.0 + alpha * values) / (1.0 + alpha * x)
    if seen is not None:
        pull[~seen] = 0.0
    return ratio, pull


def _least_squares(values: Real, heavy: Real, usage: Real) -> Real:
    """Return the weights, none negative, of each line on one module or two, by weighted least squares."""
    first = usage[:, 0]
    square, pull = heavy @ (first * first), (heavy * values) @ first
    alone = pull / np.maximum(square, TINY)
    if usage.shape[1] == 1:
        return alone[:, None]
    second = usage[:, 1]
    other, both, pull_other = heavy @ (second * second), heavy @ (first * second), (heavy * values) @ second
    determinant = square * other - both * both
    apart = determinant > COLLINEAR * square * other
    divisor = np.where(apart, determinant, 1.0)
    on_first = np.where(apart, (other * pull - both * pull_other) / divisor, alone)
    on_second = np.where(apart, (square * pull_other - both * pull) / divisor, 0.0)
    at_first, at_second = (
        np.where(on_second < 0.0, alone, on_first),
        np.where(on_first < 0.0, pull_other / np.maximum(other, TINY), on_second),
    )
    return np.stack([np.where(on_first < 0.0, 0.0, at_first), np.where(on_second < 0.0, 0.0, at_second)], axis=1)
