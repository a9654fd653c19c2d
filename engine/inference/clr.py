"""CLR: how far a pair's |ρ| stands out from the backgrounds of its two genes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Background = tuple["NDArray[np.float64]", "NDArray[np.float64]"]
"""Mean and standard deviation of a gene's magnitudes, each of shape (m,); a deviation of 0 lets nothing stand out."""


def background(
    sums: NDArray[np.float64], squares: NDArray[np.float64], number: NDArray[np.float64] | int
) -> Background:
    """Return means and deviations of magnitudes from their sums, the sums of their squares, and how many they are.

    Parameters
    ----------
    sums, squares : ndarray of float64, shape (m,)
        Of each gene, over the pairs that it can be in; so that they can be added up block by block.
    number : ndarray of float64, shape (m,), or int
        How many pairs that are, at least 1.

    Examples
    --------
    >>> magnitudes = np.array([[0.1, 0.3]])
    >>> means, deviations = background(magnitudes.sum(axis=1), (magnitudes**2).sum(axis=1), 2)
    >>> means.round(3), deviations.round(3)
    (array([0.2]), array([0.1]))
    """
    means = sums / number
    return means, np.sqrt(np.maximum(squares / number - means**2, 0.0))


def clr(magnitudes: NDArray[np.float64], rows: Background, columns: Background) -> NDArray[np.float64]:
    """Return √(max(z_i, 0)² + max(z_j, 0)²) for a block of pairs, shape (m, k).

    Parameters
    ----------
    magnitudes : ndarray of float64, shape (m, k)
        |ρ| of the genes in rows with those in columns.
    rows, columns : Background
        Of the genes in rows, shape (m,), and in columns, shape (k,): z_i = (|ρ_ij| − mean_i) / deviation_i.

    Notes
    -----
    Context likelihood of relatedness: Faith et al., PLoS Biology 5 (2007), who had mutual information for |ρ|.

    Examples
    --------
    >>> clr(np.array([[0.4, 0.1]]), (np.array([0.2]), np.array([0.1])), (np.array([0.3, 0.3]), np.array([0.1, 0.1])))
    array([[2.23606798, 0.        ]])
    """
    return np.hypot(_above(magnitudes, rows, 0), _above(magnitudes, columns, 1))


def clr_of_pairs(magnitudes: NDArray[np.float64], left: Background, right: Background) -> NDArray[np.float64]:
    """Return the same of pairs one by one, given the backgrounds of the two genes of each: all of shape (E,)."""
    return np.hypot(_z(magnitudes, *left), _z(magnitudes, *right))


def _above(magnitudes: NDArray[np.float64], of: Background, axis: int) -> NDArray[np.float64]:
    """Return max(z, 0) of each pair against the background of the gene in its row (axis 0) or column (axis 1)."""
    means, deviations = (np.expand_dims(values, 1 - axis) for values in of)
    return _z(magnitudes, means, deviations)


def _z(
    magnitudes: NDArray[np.float64], means: NDArray[np.float64], deviations: NDArray[np.float64]
) -> NDArray[np.float64]:
    scale: NDArray[np.float64] = np.where(deviations > 0, deviations, np.inf)
    z: NDArray[np.float64] = (magnitudes - means) / scale
    return np.maximum(z, 0.0)
