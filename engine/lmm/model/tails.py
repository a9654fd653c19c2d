"""Tails of distributions as logarithms: log₁₀ p is right where p itself is too small for a float."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betainc, betaln, gammaincc, gammaln, log_ndtr

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_P = 1e-280
"""Least p for which SciPy's tails are used: smaller ones lose digits, or are zero."""

LN10 = float(np.log(10.0))

TERMS = 200
"""Terms of a continued fraction; twenty are enough where it is used."""


def f_tail(statistic: NDArray[np.float64], between: float, within: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return log₁₀ P(F > f) for F with `between` and `within` degrees of freedom.

    P = I_x(w/2, b/2) with x = w/(w + b f), the regularised incomplete beta function; where that underflows, by its
    continued fraction (Abramowitz & Stegun 26.5.8). NaN gives NaN, and a statistic that is not positive gives 0.
    """
    f = np.maximum(np.asarray(statistic, dtype=np.float64), 0.0)
    w = np.broadcast_to(np.asarray(within, dtype=np.float64), f.shape)
    x = w / (w + between * f)
    tail = np.asarray(betainc(w / 2, between / 2, x))
    with np.errstate(divide="ignore"):
        log10_tail = np.log10(tail)
    small = (tail < LEAST_P) & np.isfinite(f)
    if np.any(small):
        log10_tail[small] = _log_beta_tail(w[small] / 2, between / 2, x[small]) / LN10
    return log10_tail


def t_two_sided(statistic: NDArray[np.float64], freedom: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return log₁₀ of the two-sided p of t.

    Examples
    --------
    >>> round(float(t_two_sided(np.array([2.0]), 10)[0]), 6)
    -1.134375
    """
    return f_tail(np.square(statistic), 1.0, freedom)


def chi2_tail(statistic: NDArray[np.float64], freedom: float) -> NDArray[np.float64]:
    """Return log₁₀ P(χ² > x) for χ² with `freedom` degrees of freedom."""
    x = np.maximum(np.asarray(statistic, dtype=np.float64), 0.0)
    if freedom == 1:
        return (np.log(2.0) + log_ndtr(-np.sqrt(x))) / LN10
    tail = np.asarray(gammaincc(freedom / 2, x / 2))
    with np.errstate(divide="ignore"):
        log10_tail = np.log10(tail)
    small = (tail < LEAST_P) & np.isfinite(x)
    if np.any(small):
        log10_tail[small] = _log_gamma_tail(freedom / 2, x[small] / 2) / LN10
    return log10_tail


def _log_beta_tail(a: NDArray[np.float64], b: float, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log I_x(a, b) for x far below a/(a + b)."""
    front = a * np.log(x) + b * np.log1p(-x) - betaln(a, b) - np.log(a)

    fraction = np.ones_like(x)  # 1 / (1 + d₁/(1 + d₂/(1 + …))), from its end
    for step in range(TERMS, 0, -1):
        half = step // 2
        above = half * (b - half) if step % 2 == 0 else -(a + half) * (a + b + half)
        fraction = 1.0 + above * x / ((a + step - 1) * (a + step)) / fraction
    return front - np.log(fraction)


def _log_gamma_tail(a: float, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log Q(a, x) for x far above a, by Legendre's continued fraction."""
    fraction = np.full_like(x, np.inf)  # from its end, after which nothing follows
    for step in range(TERMS, 0, -1):
        fraction = x + 2.0 * step - 1.0 - a - step * (step - a) / fraction
    return a * np.log(x) - x - gammaln(a) - np.log(fraction)
