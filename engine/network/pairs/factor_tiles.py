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

from ...threads import one_blas_thread
from . import blocks
from .scan_memory import has_memory_for_copies
from .tiles import DOUBLE, exclude_repeated

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .blocks import Block
    from .candidates import CandidatePairs, Candidates
    from .partial_correlations import PartialCorrelations

LARGEST_ERROR = 0.01
"""Largest error of a tile that is computed in float32."""

ERROR_SHARE = 1 / 8
"""Largest error of a tile in float32 as a share of what is sought: beyond it, too many pairs are candidates."""

SINGLE = 2.0**-24
"""The unit roundoff of float32."""


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
    single : ndarray of float32, shape (p, q), or None
        The factor at each position; where there is no memory for it, tiles are taken from the factor of the measure.
    """

    measure: PartialCorrelations
    order: NDArray[np.intp]
    norms: NDArray[np.float64]
    single: NDArray[np.float32] | None

    @property
    def shape(self) -> tuple[int, int]:
        """The rows and columns of a tile."""
        return blocks.HEIGHT, blocks.HEIGHT * max(1, blocks.WIDTH // blocks.HEIGHT)

    @property
    def bounds(self) -> tuple[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """The norms."""
        return ((self.norms, self.norms),)

    def slack(self, bound: float) -> float:
        """Return how far |ρ| can be above the product of two norms by rounding."""
        return self.error(bound, DOUBLE)

    def error(self, bound: float, roundoff: float) -> float:
        """Return the largest error of ρ in a tile whose norms have a product, against ρ of the pair by itself."""
        return (self.measure.factor.shape[1] + 4) * (roundoff + DOUBLE) * bound

    def select(
        self, tile: Block, bound: float, candidates: Candidates, buffer: NDArray[np.float64]
    ) -> CandidatePairs | None:
        """Return the candidates of a tile, if any."""
        least, error = candidates.least, self.error(bound, SINGLE)
        is_single = error <= min(LARGEST_ERROR, ERROR_SHARE * least)
        if not is_single:
            error = self.error(bound, DOUBLE)
        if bound + error <= least:
            return None
        # Norms fall, so the rows and columns that matter come first.
        rows = self._matter(tile.rows, tile.columns, least - error)
        columns = self._matter(tile.columns, tile.rows, least - error)
        values = self._values(rows, columns, buffer.view(np.float32) if is_single else buffer)
        if max(float(values.max()), -float(values.min())) < least - error:
            return None
        magnitude = np.abs(values, out=values)
        exclude_repeated(magnitude, rows, columns)
        return candidates.select(magnitude, rows, columns, error)

    def _matter(self, part: slice, other: slice, least: float) -> NDArray[np.intp]:
        """Return the positions of a part whose bounds with another part exceed what is sought."""
        return np.arange(part.start, part.stop, dtype=np.intp)[self.norms[part] * self.norms[other.start] > least]

    def pairs(self, positions: NDArray[np.int32]) -> NDArray[np.intp]:
        """Return the genes at positions, the first before the second, shape (E, 2)."""
        return np.sort(self.order[positions], axis=1)

    def _values(self, rows: NDArray[np.intp], columns: NDArray[np.intp], buffer: NDArray[Any]) -> NDArray[Any]:
        """Return ρ of consecutive positions in the precision of a buffer, shape (b, w), also where they are no pair."""
        if buffer.dtype == np.float32 and self.single is not None:
            left, right = (self.single[part[0] : part[-1] + 1] for part in (rows, columns))
        else:
            left, right = (
                self.measure.factor[self.order[part]].astype(buffer.dtype, copy=False) for part in (rows, columns)
            )
        if np.any(self.measure.signature < 0):
            left = left * self.measure.signature.astype(buffer.dtype)
        return np.matmul(left, right.T, out=buffer[: len(left) * len(right)].reshape(len(left), len(right)))


def tiles_of(measure: PartialCorrelations, *, sides: int = 1) -> FactorTiles:
    """Return the tiles of a factor, in O(p (q + log p)); of so many versions that are scanned together."""
    with one_blas_thread():
        norms = np.sqrt(np.einsum("ij,ij->i", measure.factor, measure.factor))
    order = np.argsort(-norms, kind="stable")
    single = None
    if has_memory_for_copies(*measure.factor.shape, sides=sides):
        single = measure.factor.astype(np.float32)[order]
    return FactorTiles(measure, order, norms[order] * (1.0 + 1e-6), single)
