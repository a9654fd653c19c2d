"""Normal scores, ranks as quantiles of a normal distribution: of a gene's samples, or of a signal over genes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..estimation.expression import is_constant

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEED = 0
"""Seed of the order of equal values."""


def normal_scores(values: NDArray[np.float64], *, seed: int = SEED) -> NDArray[np.float64]:
    """Return normal scores of each gene.

    Equal values are put in an order at random, so that every gene has the same scores: where most samples are at the
    floor of an instrument, the few above it would else be outliers, and two such genes would seem to be correlated.

    Parameters
    ----------
    values : ndarray of float64, shape (p, n)
        Genes by samples.
    seed : int
        Seed of the order of equal values, drawn by the legacy generator, which always gives the same (NEP 19).

    Returns
    -------
    ndarray of float64, shape (p, n)
        Φ⁻¹((rank − 3/8) / (n + 1/4)), with ranks from 1; 0 for a gene that is constant.

    Notes
    -----
    O(pn log n). Blom, Statistical estimates and transformed beta-variables (1958).

    Examples
    --------
    >>> normal_scores(np.array([[10.0, 0.0, 1000.0]])).round(2)
    array([[ 0.  , -0.87,  0.87]])
    """
    genes, samples = values.shape
    tie_breaks = np.random.RandomState(seed).random_sample((genes, samples))
    order = np.lexsort((tie_breaks, values), axis=-1)
    scores = np.empty(values.shape)
    quantiles = _quantiles(np.arange(1.0, samples + 1.0), samples)
    np.put_along_axis(scores, order, np.broadcast_to(quantiles, values.shape), axis=-1)
    scores[is_constant(values)] = 0.0
    return scores


def signal_scores(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return normal scores along the last axis, of which equal values share one: that of the mean of their ranks.

    Where values are equal in a signal over genes, an order at random would be noise: nothing says that all signals must
    have the same scores.

    Parameters
    ----------
    values : ndarray of float64, shape (n,) or (m, n)
        No NaN.

    Returns
    -------
    ndarray of float64
        The same shape; a row whose values are all equal is 0. O(n log n) a row.

    Notes
    -----
    As a remedy for heavy tails: Beasley, Erickson & Allison, Behavior Genetics 39:580 (2009).

    Examples
    --------
    >>> signal_scores(np.array([3.0, -1.0, 1000.0])).round(3)
    array([ 0.   , -0.869,  0.869])
    """
    from scipy.stats import rankdata  # takes half a second to load

    return _quantiles(rankdata(values, axis=-1), values.shape[-1])


def _quantiles(ranks: NDArray[np.float64], number: int) -> NDArray[np.float64]:
    """Return Blom's scores of ranks from 1 to a number."""
    from scipy.special import ndtri  # which is loaded for bases with samples alone

    return np.asarray(ndtri((ranks - 0.375) / (number + 0.25)), dtype=np.float64)


def excess_kurtosis(values: NDArray[np.float64]) -> float:
    """Return the fourth moment about the mean over the squared variance, less 3: 0 for normal values.

    Examples
    --------
    >>> excess_kurtosis(np.array([-1.0, 1.0, -1.0, 1.0]))
    -2.0
    """
    squares: NDArray[np.float64] = np.square(values - values.mean())
    return float(np.mean(np.square(squares))) / float(np.mean(squares)) ** 2 - 3.0
