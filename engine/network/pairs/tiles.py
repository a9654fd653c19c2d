"""Pairs that may be among the strongest, by tiles: those of the largest bounds first, and none below what is sought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from . import blocks
from .blocks import Block, map_in_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from .candidates import CandidatePairs, Candidates

    Bounds = Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]]

DOUBLE = 2.0**-53
"""The unit roundoff of float64."""


class Tiles(Protocol):
    """Magnitudes of all pairs of genes that stand in an order of their own, with bounds of them.

    A magnitude is at most Σ_k l_ik r_jk, where l and r are numbers of the two genes: `bounds` has each l with its r, of
    shape (p,), in the order of the genes. It is known up to `slack` of that bound at least.
    """

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

    def __init__(self) -> None:
        self._free: list[NDArray[np.float64]] = []

    def take(self) -> NDArray[np.float64]:
        """Return memory that no other thread uses, for a tile in float64."""
        try:
            return self._free.pop()
        except IndexError:
            return np.empty(blocks.HEIGHT * blocks.WIDTH)

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
    buffers = Buffers()
    starts, bounds = _largest_first(tiles.bounds, size)

    def wanted() -> Iterator[int]:
        for index, bound in enumerate(bounds.tolist()):
            if bound + tiles.slack(bound) <= candidates.least:
                return
            yield index

    def step(index: int) -> tuple[int, CandidatePairs | None]:
        tile = _tile(starts[index], size)
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


def exclude_repeated(magnitude: NDArray[np.floating], tile: Block) -> None:
    """Set the entries on and below the diagonal to −1: they are no pairs, or pairs that another tile has."""
    overlap = tile.rows.stop - tile.columns.start
    if overlap > 0:
        offset = tile.columns.start - tile.rows.start
        part = magnitude[:, :overlap]
        part[np.tri(len(part), overlap, -offset, dtype=np.bool_)] = -1.0


def _largest_first(bounds: Bounds, size: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return the starts of all tiles, shape (T, 2), and the bounds of their pairs, largest first."""
    starts = np.arange(0, size, blocks.HEIGHT)
    widths = -(-(size - starts) // blocks.WIDTH)
    rows = np.repeat(np.arange(len(starts)), widths)
    columns = starts[rows] + blocks.WIDTH * (np.arange(len(rows)) - np.repeat(np.cumsum(widths) - widths, widths))
    largest = np.zeros(len(rows))
    for left, right in bounds:
        largest += _largest(left, starts, blocks.HEIGHT)[rows] * _largest(right, columns, blocks.WIDTH)
    order = np.argsort(-largest, kind="stable")
    return np.stack([starts[rows], columns], axis=1)[order].astype(np.int32), largest[order]


def _largest(values: NDArray[np.float64], starts: NDArray[np.intp], width: int) -> NDArray[np.float64]:
    """Return the largest of some consecutive values from each start on."""
    first, which = np.unique(starts, return_inverse=True)
    return np.array([values[start : start + width].max() for start in first])[which]


def _tile(starts: NDArray[np.int32], size: int) -> Block:
    row, column = (int(start) for start in starts)
    return Block(slice(row, min(row + blocks.HEIGHT, size)), slice(column, min(column + blocks.WIDTH, size)))
