"""The two ends of the likelihood, evaluated exactly: no random effect (h² = 0), and nothing else (h² = 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import NotPositiveDefinite
from ..kernels.spectral import Rotated
from ..kernels.stacks import stacked_inverse
from .likelihood import LOG_2PI, profile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..kernels.kernel import RotatedColumns
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


def at_none(rotated: RotatedColumns, size: int, method: Method) -> End:
    """Return the likelihood at h² = 0: ordinary least squares."""
    found = profile(rotated.at_identity(), np.ones(1), size, method)
    return End(found.log_likelihood[0], found.residual[0], found.effects[0], found.inverse[0])


def at_all(rotated: RotatedColumns, size: int, method: Method, *, without: int = 0) -> End:
    """Return the likelihood at h² = 1, of K − WWᵀ where the last so many fixed effects are a W to be left out.

    Of a singular K that is a limit. It exists where the covariates span what K leaves out (a centred kernel and an
    intercept), and then for REML alone; a trait with anything outside of both has likelihood zero there.
    """
    moments = rotated.at_zero()
    try:
        if moments is None:
            return (
                _limit(rotated, size, method, without)
                if isinstance(rotated, Rotated)
                else _impossible(rotated, without)
            )
        found = profile(moments.without(without) if without else moments, np.zeros(1), size, method)
    except NotPositiveDefinite:  # what is left of K is singular
        return _impossible(rotated, without)
    return End(found.log_likelihood[0], found.residual[0], found.effects[0], found.inverse[0])


def _impossible(rotated: RotatedColumns, without: int) -> End:
    f, m = rotated.fixed.shape[1] - without, rotated.traits
    return End(np.full(m, -np.inf), np.ones(m), np.zeros((f, m)), np.zeros((f, f)))


def _limit(rotated: Rotated, size: int, method: Method, without: int) -> End:
    """Return the limit as δ → 0 of a singular kernel.

    Directions of the fixed effects outside of U have infinite weight: their effects are fixed by what the trait has
    there, and what they add to log|FᵀH⁻¹F| cancels against log|H|. Within U, K is regular.
    """
    f = rotated.fixed.shape[1] - without
    values, axes = np.linalg.eigh(rotated.spare_ff[:f, :f])
    outside = values > _nothing(rotated, f)
    free, tied, lengths = axes[:, ~outside], axes[:, outside], values[outside]
    pinned = tied @ ((tied.T @ rotated.spare_ft[:f]) / lengths[:, None])
    left = rotated.spare_tt - np.einsum("fm,fm->m", rotated.spare_ft[:f], pinned)
    within = left <= ROUNDING * rotated.gram_tt
    frame, rest = rotated.fixed[:, :f] @ free, rotated.turned.T - rotated.fixed[:, :f] @ pinned
    columns = np.hstack([frame, rest])
    products = columns.T @ (columns / rotated.values[:, None])
    log_det = float(np.sum(np.log(rotated.values)) + np.sum(np.log(lengths)))
    if without:
        products, change = _downdated(products, columns, rotated.fixed[:, f:], rotated.values)
        log_det += change
    k = frame.shape[1]
    inner, crossed = products[:k, :k], products[:k, k:]
    inverse = stacked_inverse(inner) if k else inner
    slopes = inverse @ crossed
    residual = np.diagonal(products)[k:] - np.einsum("km,km->m", crossed, slopes)
    freedom = size - f if method == "reml" else size
    if method == "reml" and k:
        log_det += float(np.linalg.slogdet(inner)[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        value = -0.5 * (freedom * (LOG_2PI + np.log(residual / freedom) + 1.0) + log_det)
    bounded = method == "reml" and len(lengths) == rotated.rest
    value = np.where(within, value if bounded else np.inf, -np.inf)
    return End(value, residual, pinned + free @ slopes, np.asarray(free @ inverse @ free.T, dtype=np.float64))


def covered(rotated: Rotated) -> int:
    """Return how many directions of what the kernel leaves out the fixed effects span."""
    f = rotated.fixed.shape[1]
    return int(np.count_nonzero(np.linalg.eigvalsh(rotated.spare_ff) > _nothing(rotated, f))) if f else 0


def _nothing(rotated: Rotated, f: int) -> float:
    return ROUNDING * float(np.diagonal(rotated.gram)[:f].max(initial=1.0))


def _downdated(
    products: NDArray[np.float64], columns: NDArray[np.float64], out: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Return AᵀK'⁺A for K' = K − WWᵀ within U, and what log|K| changes by."""
    weighted = out / values[:, None]
    inner = np.eye(out.shape[1]) - out.T @ weighted
    least = float(np.linalg.eigvalsh(inner)[0])
    if least <= ROUNDING:
        raise NotPositiveDefinite("Nothing is left of the kernel in some direction.", eigenvalue=least)
    crossed = columns.T @ weighted
    return products + crossed @ stacked_inverse(inner) @ crossed.T, float(np.linalg.slogdet(inner)[1])
