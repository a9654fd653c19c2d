"""Changes of ρ between two versions on one base, in tiles: genes that changed most first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ..pairs import blocks
from ..pairs.factor_tiles import ERROR_SHARE, SINGLE
from ..pairs.tiles import DOUBLE, exclude_repeated, falling
from .changes import change_sizes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...choices import Order
    from ..pairs.blocks import Block
    from ..pairs.candidates import CandidatePairs, Candidates
    from ..pairs.partial_correlations import PartialCorrelations
    from ..pairs.tiles import Bounds
    from .low_rank_change import LowRankChange


FINE = 50_000
"""Most genes whose changes are computed in small tiles."""


@dataclass(frozen=True, slots=True)
class ChangeTiles:
    """Changes with genes in about the order of how much they may change at the most, the largest first.

    As edges are, those that are looked for by ρ are computed in float32 where that errs by little.

    Parameters
    ----------
    before : PartialCorrelations
        ρ before.
    change : LowRankChange
        What is added to it.
    by : {"rho", "abs"}
        Whether changes are of ρ with its sign, or without.
    order : ndarray of intp, shape (p,)
        The gene at each position.
    bounds : sequence of two ndarray of float64, shape (p,)
        See `Tiles`.
    error : float
        By how much a change may differ from the difference of ρ of the pair by itself on both sides.
    """

    before: PartialCorrelations
    change: LowRankChange
    by: Order
    order: NDArray[np.intp]
    bounds: Bounds
    error: float

    @property
    def shape(self) -> tuple[int, int]:
        """The rows and columns of a tile: small ones, since few matter, unless they were too many."""
        height, across = blocks.HEIGHT, max(1, blocks.WIDTH // blocks.HEIGHT)
        if len(self.order) <= FINE:
            height, across = max(1, 2 * height // 3), max(1, across // 2)
        return height, height * across

    def slack(self, bound: float) -> float:
        """Return how far a change can be above its bound by rounding."""
        return self.error + 1e-9 * bound

    def select(
        self, tile: Block, bound: float, candidates: Candidates, buffer: NDArray[np.float64]
    ) -> CandidatePairs | None:
        """Return the candidates of a tile, if any."""
        rows, columns = self._matter(tile, candidates.least - self.slack(bound))
        if not (len(rows) and len(columns)):
            return None
        left, right = self.order[rows], self.order[columns]
        error, single, memory = self.slack(bound), self._single_error(bound), cast("NDArray[Any]", buffer)
        if self.by == "rho" and single <= ERROR_SHARE * candidates.least:
            error, memory = error + single, buffer.view(np.float32)
        size = memory[: len(left) * len(right)].reshape(len(left), len(right))
        self._change(left, right, size)
        if self.by == "rho":
            np.abs(size, out=size)
        else:
            rho = (self.before.factor[left] * self.before.signature) @ self.before.factor[right].T
            size = change_sizes(rho, rho + size, self.by)
        exclude_repeated(size, rows, columns)
        return candidates.select(size, rows, columns, error)

    def _single_error(self, bound: float) -> float:
        """Return the largest error of a product in float32 of numbers whose norms have a bound."""
        return (2 * self.before.factor.shape[1] + self.change.factor.shape[1] + 4) * (SINGLE + DOUBLE) * bound

    def _change(self, left: NDArray[np.intp], right: NDArray[np.intp], out: NDArray[Any]) -> None:
        """Compute changes of genes with genes by one product: c_i c_j − 1 = g_i (1 + g_j) + g_j, where g = c − 1."""
        growth, others = self.change.growth[left][:, None], self.change.growth[right][:, None]
        rows, columns = self.before.factor[left] * self.before.signature, self.before.factor[right]
        rows = np.hstack([growth * rows, rows, self.change.factor[left] * self.change.signs])
        columns = np.hstack([(1.0 + others) * columns, others * columns, self.change.factor[right]])
        np.matmul(rows.astype(out.dtype, copy=False), columns.astype(out.dtype, copy=False).T, out=out)

    def _matter(self, tile: Block, least: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the rows and columns of a tile whose bounds exceed what is sought."""
        rows, columns = (np.arange(part.start, part.stop, dtype=np.intp) for part in tile)
        most = np.sum([left[tile.rows] * right[tile.columns].max() for left, right in self.bounds], axis=0)
        rows = rows[most > least]
        if len(rows):
            most = np.sum([left[rows].max() * right[tile.columns] for left, right in self.bounds], axis=0)
            columns = columns[most > least]
        return rows, columns

    def pairs(self, positions: NDArray[np.int32]) -> NDArray[np.intp]:
        """Return the genes at positions, the first before the second, shape (E, 2)."""
        return np.sort(self.order[positions], axis=1)


def change_tiles(
    before: PartialCorrelations, after: PartialCorrelations, change: LowRankChange, by: Order
) -> ChangeTiles:
    """Return the tiles of the changes of ρ, in O(p (K + r + log p))."""
    norms, others = before.norms(), after.norms()
    shift = np.sqrt(np.einsum("ij,ij->i", change.factor, change.factor))
    grown = norms * np.abs(change.growth)
    order = falling(grown * norms.max(initial=0.0) + shift * shift.max(initial=0.0))
    norms_there, grown, shift = norms[order], grown[order], shift[order]
    terms = 2 * before.factor.shape[1] + after.factor.shape[1] + 2 * change.factor.shape[1] + 16
    largest = 1.0 + float(np.square(norms).max(initial=0.0) + np.square(others).max(initial=0.0))
    error = (terms * DOUBLE + 8.0 * change.discrepancy) * largest if len(change.signs) else 0.0
    bounds = ((grown, norms_there), (norms_there, grown), (grown, grown), (shift, shift))
    return ChangeTiles(before, change, by, order, bounds, error)
