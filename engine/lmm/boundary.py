"""The two ends of the likelihood, evaluated exactly: no random effect (h² = 0), and nothing else (h² = 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .likelihood import LOG_2PI, profile
from .spectral import Rotated
from .stacks import inverses

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .kernel import Seen
    from .likelihood import Method

ROUNDING = 1e-12
"""What is outside of the kernel is nothing where its square is this share of the whole."""


@dataclass(frozen=True, slots=True)
class End:
    """The likelihood at an end, for m traits.

    Parameters
    ----------
    log_likelihood : ndarray of float64, shape (m,)
        −∞ where the end is impossible, +∞ where the likelihood has no bound there.
    residual : ndarray of float64, shape (m,)
        yᵀPy under H = I at h² = 0 and under H = K at h² = 1.
    effects : ndarray of float64, shape (f, m)
        Of the fixed effects.
    inverse : ndarray of float64, shape (f, f)
        (FᵀH⁻¹F)⁻¹.
    """

    log_likelihood: NDArray[np.float64]
    residual: NDArray[np.float64]
    effects: NDArray[np.float64]
    inverse: NDArray[np.float64]


def at_none(seen: Seen, size: int, method: Method) -> End:
    """Return the likelihood at h² = 0: ordinary least squares."""
    found = profile(seen.at_identity(), np.ones(1), size, method)
    return End(found.log_likelihood[0], found.residual[0], found.effects[0], found.inverse[0])


def at_all(seen: Seen, size: int, method: Method) -> End:
    """Return the likelihood at h² = 1.

    Of a singular K that is a limit. It exists where the covariates span what K leaves out (a centred kernel and an
    intercept), and then for REML alone; a trait with anything outside of both has likelihood zero there.
    """
    moments = seen.at_zero()
    if moments is not None:
        found = profile(moments, np.zeros(1), size, method)
        return End(found.log_likelihood[0], found.residual[0], found.effects[0], found.inverse[0])
    if not isinstance(seen, Rotated):
        raise TypeError("a kernel that is no spectral one is never singular")
    return _limit(seen, size, method)


def _limit(seen: Rotated, size: int, method: Method) -> End:
    """Return the limit as δ → 0 of a singular kernel.

    Directions of the fixed effects outside of U have infinite weight: their effects are fixed by what the trait has
    there, and what they add to log|FᵀH⁻¹F| cancels against log|H|.
    """
    f = seen.fixed.shape[1]
    values, axes = np.linalg.eigh(seen.spare_ff)
    scale = np.diagonal(seen.gram).max() if f else 1.0
    outside = values > ROUNDING * scale
    free, tied = axes[:, ~outside], axes[:, outside]
    lengths = values[outside]
    pinned = tied @ ((tied.T @ seen.spare_ft) / lengths[:, None])
    left = seen.spare_tt - np.einsum("fm,fm->m", seen.spare_ft, pinned)
    within = left <= ROUNDING * seen.gram_tt
    weights = 1.0 / seen.values
    rest = seen.turned.T - seen.fixed @ pinned
    frame = seen.fixed @ free
    inner = frame.T @ (weights[:, None] * frame)
    inverse = inverses(inner) if inner.size else inner
    crossed = frame.T @ (weights[:, None] * rest)
    slopes = inverse @ crossed
    residual = np.einsum("k,km,km->m", weights, rest, rest) - np.einsum("fm,fm->m", crossed, slopes)
    freedom = size - f if method == "reml" else size
    log_det = float(np.sum(np.log(seen.values)) + np.sum(np.log(lengths)))
    if method == "reml" and inner.size:
        log_det += float(np.linalg.slogdet(inner)[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        value = -0.5 * (freedom * (LOG_2PI + np.log(residual / freedom) + 1.0) + log_det)
    bounded = method == "reml" and len(lengths) == seen.rest
    value = np.where(within, value if bounded else np.inf, -np.inf)
    return End(value, residual, pinned + free @ slopes, np.asarray(free @ inverse @ free.T, dtype=np.float64))
