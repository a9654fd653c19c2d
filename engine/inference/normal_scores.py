"""Normal scores, values replaced by the normal deviates of their ranks; and how heavy the tails of values are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOM = 3.0 / 8.0
"""What Blom's scores subtract from a rank."""


def normal_scores(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Φ⁻¹((r − 3/8)/(n + 1/4)) with r the rank of each value along the last axis; equal values share their mean.

    Parameters
    ----------
    values : ndarray of float64, shape (n,) or (m, n)
        No NaN.

    Returns
    -------
    ndarray of float64
        The same shape; a row whose values are all equal is 0.

    Notes
    -----
    Ranks of equal values are averaged before the deviate is taken. O(n log n) a row. Blom, Statistical Estimates and
    Transformed Beta-Variables (1958); Beasley, Erickson & Allison, Behavior Genetics 39:580 (2009).

    Examples
    --------
    >>> normal_scores(np.array([3.0, -1.0, 1000.0])).round(3)
    array([ 0.   , -0.869,  0.869])
    """
    from scipy.special import ndtri
    from scipy.stats import rankdata  # takes half a second to load

    ranks = rankdata(values, axis=-1)
    return np.asarray(ndtri((ranks - BLOM) / (values.shape[-1] + 1.0 - 2.0 * BLOM)), dtype=np.float64)


def excess_kurtosis(values: NDArray[np.float64]) -> float:
    """Return the fourth moment about the mean over the squared variance, less 3: 0 for normal values.

    Examples
    --------
    >>> excess_kurtosis(np.array([-1.0, 1.0, -1.0, 1.0]))
    -2.0
    """
    squares: NDArray[np.float64] = np.square(values - values.mean())
    return float(np.mean(np.square(squares))) / float(np.mean(squares)) ** 2 - 3.0
