"""The likelihood at both ends, evaluated exactly: no random effect (h² = 0), and no noise (h² = 1)."""

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

    from ...choices import Method
    from ..kernels.kernel import RotatedColumns

ROUNDING = 1e-12
"""Share of a column's square outside of the kernel below which it is rounding."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The likelihood at h² = 0 or at h² = 1, for m traits.

    Parameters
    ----------
    log_likelihood : ndarray of float64, shape (m,)
        −∞ where the model is impossible, +∞ where the likelihood has no bound.
    residual : ndarray of float64, shape (m,)
        yᵀPy under H = I at h² = 0 and under H = K at h² = 1.
    effects : ndarray of float64, shape (f, m)
        Estimates of the fixed effects.
    inverse : ndarray of float64, shape (f, f)
        (FᵀH⁻¹F)⁻¹.
    """

    log_likelihood: NDArray[np.float64]
    residual: NDArray[np.float64]
    effects: NDArray[np.float64]
    inverse: NDArray[np.float64]


def at_h2_0(rotated: RotatedColumns, size: int, method: Method) -> Endpoint:
    """Return the likelihood at h² = 0: ordinary least squares."""
    at_end = profile(rotated.moments_at_identity(), np.ones(1), size, method)
    return Endpoint(at_end.log_likelihood[0], at_end.residual[0], at_end.effects[0], at_end.inverse[0])


def at_h2_1(rotated: RotatedColumns, size: int, method: Method, *, left_out: int = 0) -> Endpoint:
    """Return the likelihood at h² = 1; of K − WWᵀ where the last `left_out` fixed effects are the columns of W.

    For a singular K it is a limit. It exists where the covariates span the null space of K (a centred kernel and an
    intercept), and then for REML alone; a trait with a part outside of both has likelihood zero there.
    """
    moments = rotated.moments_at_zero()
    try:
        if moments is None:
            return (
                _limit(rotated, size, method, left_out)
                if isinstance(rotated, Rotated)
                else _impossible(rotated, left_out)
            )
        at_end = profile(moments.leave_out_last(left_out) if left_out else moments, np.zeros(1), size, method)
    except NotPositiveDefinite:  # the rest of K is singular
        return _impossible(rotated, left_out)
    return Endpoint(at_end.log_likelihood[0], at_end.residual[0], at_end.effects[0], at_end.inverse[0])


def _impossible(rotated: RotatedColumns, left_out: int) -> Endpoint:
    f, m = rotated.fixed.shape[1] - left_out, rotated.trait_count
    return Endpoint(np.full(m, -np.inf), np.ones(m), np.zeros((f, m)), np.zeros((f, f)))


def _limit(rotated: Rotated, size: int, method: Method, left_out: int) -> Endpoint:
    """Return the limit as δ → 0 of a singular kernel.

    Directions of the fixed effects outside of U have infinite weight: the trait's part there fixes their effects, and
    their part in log|FᵀH⁻¹F| cancels against log|H|. Within U, K is regular.
    """
    f = rotated.fixed.shape[1] - left_out
    values, axes = np.linalg.eigh(rotated.outside_ff[:f, :f])
    outside = values > _rounding_threshold(rotated, f)
    free, tied, lengths = axes[:, ~outside], axes[:, outside], values[outside]
    pinned = tied @ ((tied.T @ rotated.outside_ft[:f]) / lengths[:, None])
    left = rotated.outside_tt - np.einsum("fm,fm->m", rotated.outside_ft[:f], pinned)
    within = left <= ROUNDING * rotated.gram_tt
    frame, rest = rotated.fixed[:, :f] @ free, rotated.trait_rows.T - rotated.fixed[:, :f] @ pinned
    columns = np.hstack([frame, rest])
    products = columns.T @ (columns / rotated.values[:, None])
    log_det = float(np.sum(np.log(rotated.values)) + np.sum(np.log(lengths)))
    if left_out:
        products, change = _downdate(products, columns, rotated.fixed[:, f:], rotated.values)
        log_det += change
    k = frame.shape[1]
    inner, across = products[:k, :k], products[:k, k:]
    inverse = stacked_inverse(inner) if k else inner
    slopes = inverse @ across
    residual = np.diagonal(products)[k:] - np.einsum("km,km->m", across, slopes)
    freedom = size - f if method == "reml" else size
    if method == "reml" and k:
        log_det += float(np.linalg.slogdet(inner)[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        value = -0.5 * (freedom * (LOG_2PI + np.log(residual / freedom) + 1.0) + log_det)
    bounded = method == "reml" and len(lengths) == rotated.nullity
    value = np.where(within, value if bounded else np.inf, -np.inf)
    return Endpoint(value, residual, pinned + free @ slopes, np.asarray(free @ inverse @ free.T, dtype=np.float64))


def nullity_spanned(rotated: Rotated) -> int:
    """Return how many dimensions of the kernel's null space the fixed effects span."""
    f = rotated.fixed.shape[1]
    return int(np.count_nonzero(np.linalg.eigvalsh(rotated.outside_ff) > _rounding_threshold(rotated, f))) if f else 0


def _rounding_threshold(rotated: Rotated, f: int) -> float:
    return ROUNDING * float(np.diagonal(rotated.gram)[:f].max(initial=1.0))


def _downdate(
    products: NDArray[np.float64], columns: NDArray[np.float64], out: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Return AᵀK'⁺A for K' = K − WWᵀ within U, and the change of log|K|."""
    weighted = out / values[:, None]
    inner = np.eye(out.shape[1]) - out.T @ weighted
    least = float(np.linalg.eigvalsh(inner)[0])
    if least <= ROUNDING:
        raise NotPositiveDefinite("Nothing is left of the kernel in some direction.", eigenvalue=least)
    across = columns.T @ weighted
    return products + across @ stacked_inverse(inner) @ across.T, float(np.linalg.slogdet(inner)[1])
