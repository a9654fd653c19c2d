"""Lee and Seung's multiplicative updates of KL-NMF: the readable reference that the solver is checked against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def multiplicative(
    values: NDArray[np.float64], modules: NDArray[np.float64], usage: NDArray[np.float64], sweeps: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return factors of V ≈ W H after so many sweeps, and the divergence after each.

    Parameters
    ----------
    values : ndarray of float64, shape (p, n)
        V, non-negative; NaN is missing.
    modules, usage : ndarray of float64, shape (p, R) and (R, n)
        The start, positive.
    sweeps : int
        How many.

    Returns
    -------
    modules, usage : ndarray of float64, shape (p, R) and (R, n)
        W and H.
    trace : ndarray of float64, shape (sweeps,)
        Σ v log(v / (WH)) − v + WH over what is observed; it never rises.

    Notes
    -----
    W ← W ∘ ((V / WH) Hᵀ) / (1 Hᵀ), then H likewise: Lee & Seung (2001), NIPS 13, theorem 2. O(p n R) a sweep, of which
    it takes hundreds where `fit` takes tens.
    """
    seen = ~np.isnan(values)
    filled, weight = np.where(seen, values, 0.0), seen.astype(np.float64)
    least = np.finfo(np.float64).tiny  # where a line is 0 throughout, 0 / 0 is 0
    w, h, trace = modules.copy(), usage.copy(), np.empty(sweeps)
    for sweep in range(sweeps):
        w *= ((filled / np.maximum(w @ h, least)) @ h.T) / np.maximum(weight @ h.T, least)
        h *= (w.T @ (filled / np.maximum(w @ h, least))) / np.maximum(w.T @ weight, least)
        trace[sweep] = divergence(filled, np.maximum(w @ h, least), seen)
    return w, h, trace


def divergence(values: NDArray[np.float64], product: NDArray[np.float64], seen: NDArray[np.bool_]) -> float:
    """Return Σ v log(v / x) − v + x over the entries seen, with 0 log 0 = 0."""
    v, x = values[seen], product[seen]
    positive = v > 0.0
    return float(np.sum(v[positive] * np.log(v[positive] / x[positive])) + np.sum(x - v))
