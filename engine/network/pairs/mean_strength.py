"""The mean of |ρ| over all pairs, which nothing but a scan of them all knows; or its estimate from a sample of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .blocks import map_in_threads, scan_blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .blocks import Block
    from .partial_correlations import PartialCorrelations

SAMPLED_PAIRS = 1 << 20
"""About how many pairs are sampled."""

FEWEST_SHIFTS = 16
"""Of how many sets of pairs a sample consists at least, so that its error can be estimated from their spread."""

ROWS = 4_096
"""Rows that are multiplied at once: more would only take memory."""


def mean_strength(measure: PartialCorrelations, progress: Callable[[float], None] | None = None) -> float:
    """Return the mean of |ρ| over all pairs of a factor, in O(p² q)."""
    size = len(measure.factor)

    def step(block: Block) -> float:
        values = measure.block(block)
        return float(np.abs(values, out=values).sum())

    total = math.fsum(scan_blocks(size, step, progress, whole_rows=measure.whole_rows))
    return total / max(1, size * (size - 1) // 2)


def sampled_mean_strength(measure: PartialCorrelations, seed: int = 0) -> tuple[float, float]:
    """Return the mean of |ρ| over a sample of the pairs of a factor, and its standard error.

    Parameters
    ----------
    measure : PartialCorrelations
        Without a dense part.
    seed : int
        Of the order that the genes are put in.

    Returns
    -------
    mean, error : float
        In O(q) a pair of the sample, of about `SAMPLED_PAIRS` or more; all pairs and 0 where there are no more.

    Notes
    -----
    Genes are put on a circle in random order. The pairs s places apart, s = 1, …, (p − 1)/2, divide all pairs into sets
    in which each gene has two, so that what genes differ by adds nothing to the error. A sample of m of these sets
    without replacement has the mean of their means, and by their spread the error √((1 − m/M) s²/m) (Cochran, Sampling
    Techniques, 1977, equation 2.20), for any order of the genes to which the draw is random.
    """
    size = len(measure.factor)
    number, sets = max(FEWEST_SHIFTS, SAMPLED_PAIRS // size), (size - 1) / 2
    if number >= sets:
        return mean_strength(measure), 0.0
    order = np.random.RandomState(seed).permutation(size)
    circle = measure.factor[order]
    signature = measure.signature if np.any(measure.signature < 0) else None

    def step(shift: int) -> float:
        near = _total_strength(circle[:-shift], circle[shift:], signature)
        around = _total_strength(circle[-shift:], circle[:shift], signature)
        return (near + around) / size

    means = np.array(list(map_in_threads(step, range(1, number + 1))))
    return float(means.mean()), math.sqrt((1.0 - number / sets) * float(means.var(ddof=1)) / number)


def _total_strength(
    first: NDArray[np.float64], second: NDArray[np.float64], signature: NDArray[np.float64] | None
) -> float:
    """Return the sum of |ρ| of the pairs that are rows of two matrices."""
    total = 0.0
    for start in range(0, len(first), ROWS):
        left, right = first[start : start + ROWS], second[start : start + ROWS]
        signed = left if signature is None else left * signature
        total += float(np.abs(np.einsum("ij,ij->i", signed, right)).sum())
    return total
