"""Shrinkage intensities, estimated from the sampling error of covariances and variances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..threads import one_blas_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray


def optimal_intensity(scores: NDArray[np.float64]) -> float:
    """Return λ* = Σ var(s_ij) / Σ s_ij² over i ≠ j, at most 1, without p × p numbers.

    Parameters
    ----------
    scores : ndarray of float64, shape (p, n)
        Centred rows; standardised ones give the intensity for correlations. A constant gene is a row of zeros.

    Returns
    -------
    float
        0 to 1; 1 where all pairs are uncorrelated.

    Notes
    -----
    With m_ij the mean over samples of z_i z_j, Σ_ij m_ij² = ‖ZᵀZ‖²/n² and the mean over samples of Σ_ij z_i² z_j² is
    that of (Σ_i z_i²)²; the terms i = j are subtracted from both. O(pn min(p, n)).
    """
    genes, samples = scores.shape
    squares = scores * scores
    # On one thread, so that the number of cores does not change the last bits, and with them the id of the base.
    thin = scores.T if samples < genes else scores
    with one_blas_thread():
        gram = thin @ thin.T
    everything = float(np.square(gram).sum()) / samples**2
    pairs = everything - float(np.square(squares.mean(axis=1)).sum())
    products = float(np.square(squares.sum(axis=0)).mean() - np.square(squares, out=squares).sum() / samples)
    if pairs <= 8 * np.finfo(np.float64).eps * everything:
        return 1.0
    return min(1.0, max(0.0, (products - pairs) / pairs / (samples - 1)))


def variance_intensity(deviations: NDArray[np.float64]) -> float:
    """Return λ_var = Σ var(v_i) / Σ (v_i − median)², at most 1.

    Parameters
    ----------
    deviations : ndarray of float64, shape (p, n)
        Centred rows.

    Returns
    -------
    float
        0 to 1; 1 where all variances are equal.

    Notes
    -----
    O(pn).
    """
    samples = deviations.shape[1]
    squares = deviations * deviations
    means = squares.mean(axis=1)
    distance = float(np.sum((means - np.median(means)) ** 2))
    if distance == 0:
        return 1.0
    return min(1.0, float(squares.var(axis=1).sum()) / distance / (samples - 1))
