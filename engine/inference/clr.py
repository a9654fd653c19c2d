"""CLR: how far the magnitude of a pair stands out from the backgrounds of its two genes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Background = tuple["NDArray[np.float64] | np.float64", "NDArray[np.float64] | np.float64"]
"""Mean and standard deviation of the magnitudes of genes, in shapes that broadcast with those of pairs."""


def background(
    moments: NDArray[np.float64], number: NDArray[np.float64] | float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return means and standard deviations of magnitudes, each of shape (m,).

    Parameters
    ----------
    moments : ndarray of float64, shape (2, m)
        Of each gene, the sum of its magnitudes and that of their squares, which can be added up block by block.
    number : ndarray of float64, shape (m,), or float
        How many magnitudes those are, at least 1.

    Examples
    --------
    >>> magnitudes = np.array([[0.1, 0.3]])
    >>> means, deviations = background(np.stack([magnitudes.sum(axis=1), (magnitudes**2).sum(axis=1)]), 2)
    >>> means.round(3), deviations.round(3)
    (array([0.2]), array([0.1]))
    """
    means, squares = moments / number
    return means, np.sqrt(np.maximum(squares - np.square(means), 0.0))


def clr(magnitudes: NDArray[np.float64], left: Background, right: Background) -> NDArray[np.float64]:
    """Return √(max(0, z_i)² + max(0, z_j)²) of pairs, in the shape of their magnitudes.

    Parameters
    ----------
    magnitudes : ndarray of float64
        |ρ| of pairs, in any shape.
    left, right : Background
        Of their genes i and j: z_i = (|ρ_ij| − mean_i) / deviation_i, and 0 where the deviation is 0, since a gene
        whose pairs are all alike has no background to stand out from.

    Notes
    -----
    Context likelihood of relatedness: Faith et al., PLoS Biology 5 (2007), of |ρ| instead of mutual information.

    Examples
    --------
    >>> clr(np.array([0.4, 0.1]), (np.float64(0.2), np.float64(0.1)), (np.array([0.3, 0.3]), np.array([0.1, 0.0])))
    array([2.23606798, 0.        ])
    """
    squares = np.zeros_like(magnitudes)
    for mean, deviation in (left, right):
        scale = np.where(np.asarray(deviation) > 0, deviation, np.inf)
        squares += np.square(np.maximum((magnitudes - mean) / scale, 0.0))
    return np.sqrt(squares)
