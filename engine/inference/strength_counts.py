"""How many pairs of genes are as strong as this or stronger, in steps of a thousandth, whatever the scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..network.pairs.blocks import scan_blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ..network.pairs.blocks import Block
    from ..network.pairs.partial_correlations import PairMeasure

_DROPPED_BITS = 13
"""Bits dropped of a float32, of whose mantissa 10 are left: steps of a thousandth of a power of two."""

_WITHOUT_SIGN = 0x7FFFFFFF
"""All bits of a float32 but that of its sign."""

_FINEST = 107 << 10
"""The step of 2⁻²⁰, below which all strengths are one."""

STEPS = (127 << 10) - _FINEST + 1
"""Number of steps up to a strength of 1."""


@dataclass(frozen=True, slots=True)
class StrengthCounts:
    """Numbers of pairs by strength.

    Parameters
    ----------
    at_least : ndarray of int64, shape (STEPS,)
        How many pairs are as strong as each step, or stronger; the first is the number of all.
    """

    at_least: NDArray[np.int64]

    @property
    def pairs(self) -> int:
        """The number of all pairs."""
        return int(self.at_least[0])


def steps_of(strengths: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return the step at or below each strength, 0 to 1, with or without a sign; of the same shape.

    Examples
    --------
    >>> steps_of(np.array([0.5, -0.5, 0.5004, 0.501, 0.0]))
    array([19456, 19456, 19456, 19458,     0], dtype=int32)
    """
    bits = strengths.astype(np.float32).view(np.int32)
    bits &= _WITHOUT_SIGN  # in place from here on: new memory for each step takes far longer than the steps
    bits >>= _DROPPED_BITS
    bits -= _FINEST
    return np.clip(bits, 0, STEPS - 1, out=bits)


def strengths_of_steps() -> NDArray[np.float64]:
    """Return the least strength of each step, shape (STEPS,), ascending; 0 for the first."""
    bits = (np.arange(STEPS, dtype=np.int32) + _FINEST) << _DROPPED_BITS
    strengths = bits.view(np.float32).astype(np.float64)
    strengths[0] = 0.0
    return strengths


def count_strengths(
    measure: PairMeasure, size: int, *, progress: Callable[[float], None] | None = None
) -> StrengthCounts:
    """Return how many pairs of p genes are as strong as each step, in one pass over all pairs.

    Parameters
    ----------
    measure : PairMeasure
        The strength of each pair, −1 to 1.
    size : int
        p.
    progress : callable, optional
        Called now and then with the share of the pairs that is done, 0 to 1.
    """

    def step(block: Block) -> NDArray[np.int64]:
        steps = steps_of(measure.block(block))
        counts = np.bincount(steps.ravel(), minlength=STEPS)
        counts[0] -= steps.size - block.pairs  # entries on or below the diagonal, which are 0 and no pairs
        return counts

    counts = np.zeros(STEPS, dtype=np.int64)
    for part in scan_blocks(size, step, progress, whole_rows=measure.whole_rows):
        counts += part
    return StrengthCounts(np.cumsum(counts[::-1])[::-1])
