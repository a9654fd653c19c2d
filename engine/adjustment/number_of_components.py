"""The number of principal components to remove: those that stand out from eigenvalues that fall smoothly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from .adjustment import Adjustment
from .components import MANY_COLUMNS, largest_components, remove, standardise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .design import Design

MOST_COMPONENTS = 20
"""Most components that are removed by choice."""

_POINTS = 5
"""Eigenvalues after the last of interest, from which the fall between two of noise is learnt."""

FEWEST_DIMENSIONS = 16
"""Fewest dimensions of the residuals, and fewest genes, in which a number is chosen."""


def choose_components(values: NDArray[np.float64], design: Design) -> int:
    """Return how many leading components of what a design leaves are hidden factors, 0 to 20.

    Parameters
    ----------
    values : ndarray of float64, shape (p, n)
        Genes by samples, prepared.
    design : Design
        What is removed before.

    Raises
    ------
    InputError
        There are too few samples or genes to choose by.

    Notes
    -----
    See `factors_by_differences`. O(pn min(p, n)).
    """
    residuals = remove(values, design.basis)
    dimensions = Adjustment(design).degrees_of_freedom
    varying = int(np.count_nonzero(np.any(residuals, axis=1)))
    if min(dimensions, varying) < FEWEST_DIMENSIONS:
        raise InputError(
            f"Choosing how many components to remove needs {FEWEST_DIMENSIONS} genes that vary and as many degrees of "
            f"freedom; there are {varying:,} genes and {dimensions:,} degrees of freedom.",
            code="too-few-samples-to-choose-components",
        )
    scores = standardise(residuals)
    most = min(MOST_COMPONENTS, dimensions // 4, varying // 4)
    return factors_by_differences(largest_components(scores, most + _POINTS, MANY_COLUMNS)[0], most)


def factors_by_differences(eigenvalues: NDArray[np.float64], most: int) -> int:
    """Return the number of factors by the fall from one eigenvalue to the next.

    Parameters
    ----------
    eigenvalues : ndarray of float64, shape (m,)
        Largest first, of sample correlations or of a multiple of them; m ≥ most + 5.
    most : int
        The largest number of factors, at least 1.

    Notes
    -----
    Onatski, Review of Economics and Statistics 92 (2010), 1004–1016, the edge distribution: the number is the last i at
    which the i-th eigenvalue lies δ above the next, where δ is twice the slope of five eigenvalues after the last of
    interest on (i−1)^⅔, and begins anew from that number until it stays. It allows noise that is correlated, as that of
    genes is: hidden factors reach most genes, so that their eigenvalues grow with p, and a network's do not.
    Parallel analysis (Horn 1965; Buja and Eyuboglu 1992), whose noise is independent, removes 34 to 46 components from
    200 samples of a sparse network, a chain or operons of 5 without any hidden factor.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values = rng.standard_normal((300, 3)) @ rng.standard_normal((3, 60)) + rng.standard_normal((300, 60))
    >>> factors_by_differences(np.linalg.eigvalsh(values.T @ values)[::-1], 10)
    3
    """
    differences = eigenvalues[:most] - eigenvalues[1 : most + 1]
    start = most
    for _ in range(most + 1):
        points = np.arange(start, start + _POINTS) ** (2.0 / 3.0)
        points -= points.mean()
        slope = float(points @ eigenvalues[start : start + _POINTS]) / float(points @ points)
        above = np.flatnonzero(differences >= 2.0 * abs(slope))
        number = int(above[-1]) + 1 if len(above) else 0
        if number == start:
            return number
        start = number
    return start
