"""The value of a fit: modules, their usage, and how close to a stationary point it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .observed import Observed


@dataclass(frozen=True, slots=True)
class Factorization:
    """V ≈ W H, non-negative, with a small Kullback–Leibler divergence.

    Parameters
    ----------
    modules : ndarray of float64, shape (p, R)
        W: each column is a module, its weights on the genes, and sums to one.
    usage : ndarray of float64, shape (R, n)
        H: how much of each module each sample has, in units of V.
    divergence : float
        D = Σ v log(v / (WH)) − v + WH over what was observed, in units of V.
    trace : ndarray of float64, shape (s,)
        D after each accepted sweep; it never rises.
    residual : float
        How far the fit is from a stationary point, as a share: see `residual_of`. 0 there.
    converged : bool
        Whether the gain of a sweep fell below the tolerance before the sweeps ran out.
    seed : int or None
        The seed of the start; None for a start of the caller's.
    """

    modules: NDArray[np.float64]
    usage: NDArray[np.float64]
    divergence: float
    trace: NDArray[np.float64]
    residual: float
    converged: bool
    seed: int | None

    def __post_init__(self) -> None:
        for array in (self.modules, self.usage, self.trace):
            array.setflags(write=False)

    @property
    def rank(self) -> int:
        """R."""
        return self.modules.shape[1]

    @property
    def sweeps(self) -> int:
        """The number of accepted sweeps."""
        return len(self.trace)


def finish(
    observed: Observed,
    w: NDArray[Any],
    h: NDArray[Any],
    trace: NDArray[np.float64],
    *,
    converged: bool,
    seed: int | None,
) -> Factorization:
    """Return a fit in units of V, from factors of V / scale ≈ w hᵀ and the divergences on the way."""
    residual = residual_of(observed, w, h)
    w, h = w.astype(np.float64), h.astype(np.float64)
    sums = w.sum(axis=0)
    divergences = observed.scale * trace
    usage = np.ascontiguousarray((h * sums * observed.scale).T)
    return Factorization(w / sums, usage, float(divergences[-1]), divergences, residual, converged, seed)


def residual_of(observed: Observed, w: NDArray[Any], h: NDArray[Any]) -> float:
    """Return the Karush–Kuhn–Tucker residual of a pair of factors: the larger of both sides', each a share of the mass.

    Parameters
    ----------
    observed : Observed
        V.
    w, h : ndarray, shape (p, R) and (n, R)
        The factors, V / scale ≈ w hᵀ.

    Notes
    -----
    At a stationary point each entry has a gradient g ≥ 0 with w g = 0. In units in which the columns of the other
    factor sum to one g is 1 − s₁/B, so that min(w, g w + …) needs no scale: the residual is Σ w |g| / Σ w, or, where
    that is more, Σ over lines of their share of Σ w times the most negative g that the line has. With factors in single
    precision it ends at about 1e-7.
    """
    return max(_one_side(observed.rows.gradient(w, h), w, h), _one_side(observed.columns.gradient(h, w), h, w))


def _one_side(gradient: NDArray[np.float64], factors: NDArray[Any], others: NDArray[Any]) -> float:
    mass = factors * others.sum(axis=0, dtype=np.float64)
    falling = np.maximum(0.0, -gradient.min(axis=1))
    return float(max((mass * np.abs(gradient)).sum(), (mass.sum(axis=1) * falling).sum()) / mass.sum())
