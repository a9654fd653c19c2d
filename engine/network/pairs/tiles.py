"""Pairs that may be among the strongest, by tiles: those of the largest bounds first, and none below what is sought."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ...threads import one_blas_thread
from .blocks import Block, map_in_threads
from .candidates import Candidates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from .candidates import CandidatePairs

    Bounds = Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]]

DOUBLE = 2.0**-53
"""The unit roundoff of float64."""


def falling(values: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the positions of values that are not negative, the largest first; those within 1 % in any order.

    That is enough where bounds are taken of whole tiles, and a tenth of the work.
    """
    leading = values.astype(np.float32).view(np.uint32) >> 16  # exponent and seven bits: numbers in the same order
    return np.argsort(np.uint16(0xFFFF) - leading.astype(np.uint16), kind="stable")


class Tiles(Protocol):
    """Magnitudes of all pairs of genes that stand in an order of their own, with bounds of them.

    A magnitude is at most Σ_k l_ik r_jk, where l and r are numbers of the two genes: `bounds` has each l with its r, of
    shape (p,), in the order of the genes. It is known up to `slack` of that bound at least.
    """

    @property
    def shape(self) -> tuple[int, int]:
        """The rows and columns of a tile, the second a multiple of the first."""
        ...

    @property
    def bounds(self) -> Bounds:
        """The numbers of which the bound of a pair is made."""
        ...

    def slack(self, bound: float) -> float:
        """Return how far a magnitude can be above its bound by rounding."""
        ...

    def select(
        self, tile: Block, bound: float, candidates: Candidates, buffer: NDArray[np.float64]
    ) -> CandidatePairs | None:
        """Return the candidates of a tile whose pairs have a bound, if any, with memory to compute it in."""
        ...


class Buffers:
    """Memory for tiles, as many as are computed at once, used again and again."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._free: list[NDArray[np.float64]] = []

    def take(self) -> NDArray[np.float64]:
        """Return memory that no other thread uses, for a tile in float64."""
        try:
            return self._free.pop()
        except IndexError:
            return np.empty(self._size)

    def give_back(self, buffer: NDArray[np.float64]) -> None:
        """Let another tile use the memory."""
        self._free.append(buffer)


def scan_tiles(
    tiles: Tiles, size: int, candidates: Candidates, progress: Callable[[float], None] | None = None
) -> Iterator[None]:
    """Add to the candidates all pairs that may exceed what they must exceed, which rises as they are added.

    Tiles of the largest bounds come first, and with the first that is below what is sought all others are.

    Parameters
    ----------
    tiles : Tiles
        The magnitudes.
    size : int
        p.
    candidates : Candidates
        Where pairs are added, by their positions.
    progress : callable, optional
        Called after each tile with the share of the pairs that is done, 0 to 1.

    Yields
    ------
    None
        After each tile.
    """
    height, width = tiles.shape
    buffers = Buffers(height * width)
    starts, bounds = _largest_first(tiles.bounds, size, height, width)
    with one_blas_thread():
        _seed(tiles, min(size, height), candidates, buffers)

    def wanted() -> Iterator[int]:
        for index, bound in enumerate(bounds.tolist()):
            if bound + tiles.slack(bound) <= candidates.least:
                return
            yield index

    def step(index: int) -> tuple[int, CandidatePairs | None]:
        row, column = starts[index].tolist()
        tile = Block(slice(row, min(row + height, size)), slice(column, min(column + width, size)))
        buffer = buffers.take()
        selection = tiles.select(tile, float(bounds[index]), candidates, buffer)
        buffers.give_back(buffer)
        return tile.pairs, selection

    pairs, done = size * (size - 1) // 2, 0
    for count, selection in map_in_threads(step, wanted()):
        if selection is not None:
            candidates.append(selection)
        yield
        done += count
        if progress is not None and done < pairs:
            progress(done / pairs)
    if progress is not None:
        progress(1.0)


def _seed(tiles: Tiles, most: int, candidates: Candidates, buffers: Buffers) -> None:
    """Have a first idea of what must be exceeded, from about twice as many pairs as wanted, of the first genes."""
    if candidates.count is None or (first := math.isqrt(4 * candidates.count) + 2) > most:
        return
    some = Candidates(candidates.floor, candidates.count)
    buffer, genes = buffers.take(), slice(0, first)
    bound = float(sum(left[genes].max() * right[genes].max() for left, right in tiles.bounds))
    selection = tiles.select(Block(genes, genes), bound, some, buffer)
    buffers.give_back(buffer)
    if selection is not None:
        candidates.exceed(selection)


def exclude_repeated(magnitude: NDArray[np.floating], rows: NDArray[np.intp], columns: NDArray[np.intp]) -> None:
    """Set entries whose column is not after their row to −1: they are no pairs, or pairs that another tile has."""
    overlap = int(np.searchsorted(columns, int(rows[-1]), side="right"))
    if overlap:
        magnitude[:, :overlap][rows[:, np.newaxis] >= columns[:overlap]] = -1.0


def _largest_first(bounds: Bounds, size: int, height: int, width: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return the starts of all tiles, shape (T, 2), and the bounds of their pairs, largest first."""
    starts = np.arange(0, size, height)
    widths = -(-(size - starts) // width)
    rows = np.repeat(np.arange(len(starts)), widths)
    columns = starts[rows] + width * (np.arange(len(rows)) - np.repeat(np.cumsum(widths) - widths, widths))
    largest = np.zeros(len(rows))
    for left, right in bounds:
        of_rows, of_columns = (np.maximum.reduceat(side, starts) for side in (left, right))
        ahead = of_columns.copy()  # of as many blocks of rows as a tile is wide
        for step in range(1, width // height):
            np.maximum(ahead[:-step], of_columns[step:], out=ahead[:-step])
        largest += of_rows[rows] * ahead[columns // height]
    order = np.argsort(-largest, kind="stable")
    return np.stack([starts[rows], columns], axis=1)[order].astype(np.int32), largest[order]
