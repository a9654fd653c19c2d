"""Normal scores: the ranks of a gene's samples as quantiles of a normal distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

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
    shares = (np.arange(1, samples + 1, dtype=np.float64) - 0.375) / (samples + 0.25)
    quantiles = np.asarray(ndtri(shares), dtype=np.float64)
    np.put_along_axis(scores, order, np.broadcast_to(quantiles, values.shape), axis=-1)
    scores[is_constant(values)] = 0.0
    return scores
