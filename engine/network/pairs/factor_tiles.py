"""ρ of a factor in tiles: genes in the order of their norms, so that most tiles are known to be below a magnitude.

ρ_ij = Σ_k J_k z_ik z_jk is at most ‖z_i‖‖z_j‖ (Cauchy–Schwarz). A tile is left out where the product of its largest
norms is below the magnitude that is sought. The rest is computed in float32, whose error is at most
(q + 4)·2⁻²⁴·‖z_i‖‖z_j‖ (Higham, Accuracy and Stability of Numerical Algorithms, 2002, equation 3.5), and every pair is
a candidate that may exceed the magnitude within that error. Then float64 decides, pair by pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import blocks
from .blocks import Block, map_in_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from .candidates import CandidatePairs, Candidates
    from .partial_correlations import PartialCorrelations

LARGEST_ERROR = 0.01
"""Largest error of a tile that is computed in float32."""

ERROR_SHARE = 1 / 8
"""Largest error of a tile in float32 as a share of what is sought: beyond it, too many pairs are candidates."""

SINGLE, DOUBLE = 2.0**-24, 2.0**-53
"""The unit roundoff of float32 and of float64."""


@dataclass(frozen=True, slots=True)
class FactorTiles:
    """A factor with its rows in the order of their norms, the largest first, ties in panel order.

    Parameters
    ----------
    measure : PartialCorrelations
        Without a dense part.
    order : ndarray of intp, shape (p,)
        The gene at each position.
    norms : ndarray of float64, shape (p,)
        ‖z‖ at each position, or a little more.
    single : ndarray of float32, shape (p, q)
        The factor at each position.
    """

    measure: PartialCorrelations
    order: NDArray[np.intp]
    norms: NDArray[np.float64]
    single: NDArray[np.float32]

    def error(self, bound: float, roundoff: float) -> float:
        """Return the largest error of ρ in a tile whose norms have a product, against ρ of the pair by itself."""
        return (self.single.shape[1] + 4) * (roundoff + DOUBLE) * bound

    def values(self, tile: Block, buffer: NDArray[Any]) -> NDArray[np.floating]:
        """Return ρ of a tile in the precision of a buffer, shape (b, w); −1 or less is not excluded."""
        rows, columns = tile
        if buffer.dtype == np.float32:
            left, right = self.single[rows], self.single[columns]
        else:
            left, right = (self.measure.factor[self.order[part]] for part in tile)
        if np.any(self.measure.signature < 0):
            left = left * self.measure.signature.astype(buffer.dtype)
        height, width = rows.stop - rows.start, columns.stop - columns.start
        return np.matmul(left, right.T, out=buffer[: height * width].reshape(height, width))

    def pairs(self, positions: NDArray[np.int32]) -> NDArray[np.intp]:
        """Return the genes at positions, the first before the second, shape (E, 2)."""
        return np.sort(self.order[positions], axis=1)


def tiles_of(measure: PartialCorrelations) -> FactorTiles:
    """Return the tiles of a factor, in O(p (q + log p))."""
    norms = np.sqrt(np.einsum("ij,ij->i", measure.factor, measure.factor))
    order = np.argsort(-norms, kind="stable")
    single = measure.factor[order].astype(np.float32)
    return FactorTiles(measure, order, norms[order] * (1.0 + 1e-6), single)


def scan_tiles(
    tiles: FactorTiles, candidates: Candidates, progress: Callable[[float], None] | None = None
) -> Iterator[int]:
    """Add to the candidates all pairs that may exceed what they must exceed, which rises as they are added.

    Tiles of the largest norms come first, and with the first that is below what is sought all others are.

    Parameters
    ----------
    tiles : FactorTiles
        The tiles.
    candidates : Candidates
        Where pairs are added, by their positions.
    progress : callable, optional
        Called after each tile with the share of the pairs that is done, 0 to 1.

    Yields
    ------
    int
        After each tile, how many candidates were added by it.
    """
    size, buffers = len(tiles.order), Buffers()
    starts, bounds = _by_bound(tiles.norms)

    def wanted() -> Iterator[int]:
        for index in range(len(bounds)):
            if bounds[index] + tiles.error(bounds[index], DOUBLE) <= candidates.least:
                return
            yield index

    def step(index: int) -> tuple[int, CandidatePairs | None]:
        tile = _block(starts[index], size)
        buffer = buffers.take()
        selection = _select(tiles, tile, float(bounds[index]), candidates, buffer)
        buffers.give_back(buffer)
        return tile.pairs, selection

    pairs, done = size * (size - 1) // 2, 0
    for count, selection in map_in_threads(step, wanted()):
        candidates.append(selection)
        yield 0 if selection is None else len(selection)
        done += count
        if progress is not None and done < pairs:
            progress(done / pairs)
    if progress is not None:
        progress(1.0)


def _select(
    tiles: FactorTiles, tile: Block, bound: float, candidates: Candidates, buffer: NDArray[np.float64]
) -> CandidatePairs | None:
    """Return the candidates of a tile, if any."""
    least, error = candidates.least, tiles.error(bound, SINGLE)
    is_single = error <= min(LARGEST_ERROR, ERROR_SHARE * least)
    if not is_single:
        error = tiles.error(bound, DOUBLE)
    if bound + error <= least:
        return None
    values = tiles.values(tile, buffer.view(np.float32) if is_single else buffer)
    if max(float(values.max()), -float(values.min())) < least - error:
        return None
    magnitude = np.abs(values, out=values)
    exclude_repeated(magnitude, tile)
    return candidates.select(magnitude, tile, error)


def exclude_repeated(magnitude: NDArray[np.floating], tile: Block) -> None:
    """Set the entries on and below the diagonal to −1: they are no pairs, or pairs that another tile has."""
    overlap = tile.rows.stop - tile.columns.start
    if overlap > 0:
        offset = tile.columns.start - tile.rows.start
        part = magnitude[:, :overlap]
        part[np.tri(len(part), overlap, -offset, dtype=np.bool_)] = -1.0


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


def _by_bound(norms: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return the starts of all tiles, shape (T, 2), and the products of their largest norms, largest first."""
    size = len(norms)
    starts = np.arange(0, size, blocks.HEIGHT)
    widths = -(-(size - starts) // blocks.WIDTH)
    rows = np.repeat(starts, widths)
    columns = rows + blocks.WIDTH * (np.arange(len(rows)) - np.repeat(np.cumsum(widths) - widths, widths))
    bounds = norms[rows] * norms[columns]
    order = np.argsort(-bounds, kind="stable")
    return np.stack([rows, columns], axis=1)[order].astype(np.int32), bounds[order]


def _block(starts: NDArray[np.int32], size: int) -> Block:
    row, column = (int(start) for start in starts)
    return Block(slice(row, min(row + blocks.HEIGHT, size)), slice(column, min(column + blocks.WIDTH, size)))
