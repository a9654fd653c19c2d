"""All pairs of p genes block by block, each pair once, over all cores."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from ...mapping import Sequential, Threads, apply
from ...threads import cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

Job = TypeVar("Job")
Result = TypeVar("Result")

HEIGHT, WIDTH = 384, 1_536
"""Rows and columns of a block: a product of this shape runs at full speed, and fits the cache."""

BAND_BYTES = 2 << 20
"""Approximate size of a block of whole rows, in bytes."""


class Block(NamedTuple):
    """Consecutive genes with consecutive genes, the first of which is none before the first of the rows."""

    rows: slice
    columns: slice

    @property
    def pairs(self) -> int:
        """How many pairs of two different genes are in it, each once."""
        height, width = self.rows.stop - self.rows.start, self.columns.stop - self.columns.start
        below = min(max(self.rows.stop - self.columns.start, 0), height)
        return height * width - below * (below + 1) // 2


def blocks_of(size: int, *, whole_rows: bool = False) -> Iterator[Block]:
    """Yield the blocks that have each pair of p genes once, row by row.

    Parameters
    ----------
    size : int
        p.
    whole_rows : bool
        Whether a block has all columns from its first row on, since what it is made of is read by rows.
    """
    height = max(1, min(size, BAND_BYTES // (8 * size))) if whole_rows else HEIGHT
    width = size if whole_rows else WIDTH
    for start in range(0, size, height):
        rows = slice(start, min(start + height, size))
        for left in range(start, size, width):
            yield Block(rows, slice(left, min(left + width, size)))


def above_diagonal(values: NDArray[np.float64], block: Block) -> NDArray[np.float64]:
    """Return the values of a block, shape (b, w), with 0 on and below the diagonal; they are changed in place."""
    overlap = block.rows.stop - block.columns.start
    if overlap > 0:
        offset = block.columns.start - block.rows.start
        values[:, :overlap] = np.triu(values[:, :overlap], 1 - offset)
    return values


def scan_blocks(
    size: int,
    step: Callable[[Block], Result],
    progress: Callable[[float], None] | None = None,
    *,
    whole_rows: bool = False,
) -> Iterator[Result]:
    """Yield the results of a step for all blocks of p genes, in order; one block a thread, each on one BLAS thread.

    Parameters
    ----------
    size : int
        p.
    step : callable
        Returns the result of a block; several run at once.
    progress : callable, optional
        Called after each block with the share of the pairs that is done, 0 to 1.
    whole_rows : bool
        As for `blocks_of`.
    """
    pairs, done = size * (size - 1) // 2, 0
    results = map_in_threads(step, blocks_of(size, whole_rows=whole_rows))
    for block, result in zip(blocks_of(size, whole_rows=whole_rows), results, strict=True):
        yield result
        done += block.pairs
        if progress is not None:
            progress(done / pairs if pairs else 1.0)


def map_in_threads(step: Callable[[Job], Result], jobs: Iterable[Job]) -> Iterator[Result]:
    """Yield the results of a step for all jobs, in their order; one job a core, each on one BLAS thread.

    Jobs are drawn as cores become free, so that what is drawn late can depend on earlier results. A block takes
    milliseconds, and stays in this process.
    """
    number = cores()
    mapper = Threads(number, ahead=2) if number > 1 else Sequential()
    return mapper(apply, jobs, shared=step)
