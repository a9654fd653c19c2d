"""The profile likelihood of a mixed model at given δ: value, slope and curvature.

    l_ML   = −½ [n log(2π yᵀPy/n) + n + log|H|]
    l_REML = −½ [ν (log(2π yᵀPy/ν) + 1) + log|H| + log|QᵀH⁻¹Q|]        ν = n − r

with Q an orthonormal basis of the covariates, so that l_REML does not depend on how they are coded (statsmodels and
lme4 are lower by ½ log|XᵀX|). P' = −PP in δ, whence, with s_j = yᵀPʲy,

    l'  = −½ [−ν s₂/s₁ + tr P]        l'' = −½ [ν (2 s₃/s₁ − (s₂/s₁)²) − tr PP]        (for ML: n, H⁻¹ and H⁻²)

They are given in t = log δ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..kernels.stacks import stacked_inverse, transposed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...choices import Method
    from ..kernels.moments import Moments

LOG_2PI = float(np.log(2.0 * np.pi))


@dataclass(frozen=True, slots=True)
class Profile:
    """The profile likelihood of m traits at g values of δ.

    Parameters
    ----------
    log_likelihood, slope, curvature : ndarray of float64, shape (g, m)
        l, dl/dt and d²l/dt² with t = log δ; the latter two are NaN where the moments have no such order.
    residual : ndarray of float64, shape (g, m)
        yᵀPy.
    effects : ndarray of float64, shape (g, f, m)
        Estimates of the fixed effects.
    inverse : ndarray of float64, shape (g, f, f)
        (FᵀH⁻¹F)⁻¹.
    """

    log_likelihood: NDArray[np.float64]
    slope: NDArray[np.float64]
    curvature: NDArray[np.float64]
    residual: NDArray[np.float64]
    effects: NDArray[np.float64]
    inverse: NDArray[np.float64]


def profile(moments: Moments, deltas: NDArray[np.float64], size: int, method: Method) -> Profile:
    """Return the profile likelihood.

    Parameters
    ----------
    moments : Moments
        Moments of fixed effects with orthonormal columns, and of traits that are residuals on them.
    deltas : ndarray of float64, shape (g,)
        The values of δ of the moments.
    size : int
        n.
    method : {"reml", "ml"}
        Which likelihood.
    """
    f = moments.ff.shape[2]
    freedom = size - f if method == "reml" else size
    inverse = stacked_inverse(moments.ff[0])
    inverse = (inverse + transposed(inverse)) / 2
    effects = inverse @ moments.ft[0]
    residual = moments.tt[0] - np.einsum("gfm,gfm->gm", moments.ft[0], effects)
    constant = freedom * (LOG_2PI - np.log(freedom) + 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = constant + freedom * np.log(residual) + moments.log_det[:, None]
    if method == "reml":
        value = value + np.linalg.slogdet(moments.ff[0])[1][:, None]
    slope = curvature = np.full_like(residual, np.nan)
    if moments.orders > 1:
        slope, curvature = _derivatives(moments, deltas, inverse, effects, residual, freedom, method)
    return Profile(-0.5 * value, slope, curvature, residual, effects, inverse)


def _derivatives(
    moments: Moments,
    deltas: NDArray[np.float64],
    inverse: NDArray[np.float64],
    effects: NDArray[np.float64],
    residual: NDArray[np.float64],
    freedom: int,
    method: Method,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return slope and curvature in t, each of shape (g, m)."""
    s2 = _quadratic(moments, 1, effects)
    trace, trace2 = moments.trace, moments.trace2
    weighted = inverse @ moments.ff[1]
    if method == "reml":
        trace = trace - np.trace(weighted, axis1=1, axis2=2)
    delta = deltas[:, None]
    first = -0.5 * (-freedom * s2 / residual + trace[:, None])
    if moments.orders < 3:
        return delta * first, np.full_like(residual, np.nan)
    remainder = moments.ft[1] - moments.ff[1] @ effects
    s3 = _quadratic(moments, 2, effects) - np.einsum("gfm,gfe,gem->gm", remainder, inverse, remainder)
    if method == "reml":
        third = np.trace(inverse @ moments.ff[2], axis1=1, axis2=2)
        trace2 = trace2 - 2.0 * third + np.trace(weighted @ weighted, axis1=1, axis2=2)
    share = s2 / residual
    second = -0.5 * (freedom * (2.0 * s3 / residual - share**2) - trace2[:, None])
    return delta * first, delta * first + delta**2 * second


def _quadratic(moments: Moments, order: int, effects: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (y − Fβ)ᵀH⁻ʲ(y − Fβ), shape (g, m)."""
    across = np.einsum("gfm,gfm->gm", moments.ft[order], effects)
    return moments.tt[order] - 2.0 * across + np.einsum("gfm,gfe,gem->gm", effects, moments.ff[order], effects)
