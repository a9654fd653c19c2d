"""All pairs of genes, band by band: ρ is computed in strips of rows that fit the cache, and never as p × p."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ..threads import one_blas_thread
from .anchor import Dense

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from .covariance import MatrixSource
    from .operators import SymmetricOperator

BandResult = TypeVar("BandResult")

BAND_BYTES = 2 << 20
"""A band is about this large."""

ROUNDING = 1e-13
"""Values of ρ that differ by up to this are equal but for rounding."""


@dataclass(frozen=True, slots=True)
class PartialCorrelations:
    """The partial correlations of a version, ready to be computed for any rows.

    Parameters
    ----------
    factor : ndarray of float64, shape (p, q)
        W with its rows divided by √Θ_ii.
    signature : ndarray of float64, shape (q,)
        The diagonal of J: ρ_ij = Σ_k J_k w_ik w_jk off the diagonal, less the dense part.
    dense : MatrixSource, optional
        A⁻¹ of a dense anchor; absent for a factor base, whose A⁻¹ is diagonal.
    scale : ndarray of float64, shape (p,)
        1/√Θ_ii.
    """

    factor: NDArray[np.float64]
    signature: NDArray[np.float64]
    dense: MatrixSource | None
    scale: NDArray[np.float64]

    def band(self, rows: slice) -> NDArray[np.float64]:
        """Return ρ of consecutive genes against all from the first of them on, shape (b, p − start).

        Each pair of genes stands in one band only: what lies on or below the diagonal is 0.
        """
        values = (self.factor[rows] * self.signature) @ self.factor[rows.start :].T
        if self.dense is not None:
            part = self.dense.rows(np.arange(rows.start, rows.stop, dtype=np.intp))[:, rows.start :]
            values -= self.scale[rows, None] * part * self.scale[rows.start :]
        height = len(values)
        values[:, :height] = np.triu(values[:, :height], 1)
        return values

    def row(self, index: int) -> NDArray[np.float64]:
        """Return ρ of one gene with all, shape (p,); 1 with itself."""
        values = self.factor @ (self.factor[index] * self.signature)
        if self.dense is not None:
            values -= self.scale[index] * self.dense.rows(np.array([index], dtype=np.intp))[0] * self.scale
        values[index] = 1.0
        return values


def partial_correlations(precision: SymmetricOperator) -> PartialCorrelations:
    """Return the partial correlations that a precision gives, in O(p (K + r)²)."""
    with one_blas_thread():
        scale = 1.0 / np.sqrt(precision.diagonal())
        factor = scale[:, None] * precision.factor
    core = precision.core
    return PartialCorrelations(factor, -precision.weights, core.source if isinstance(core, Dense) else None, scale)


def scan_bands(
    size: int, step: Callable[[slice], BandResult], progress: Callable[[float], None] | None = None
) -> Iterator[BandResult]:
    """Yield a step's answers for all bands of p genes, in order; one band a thread, each over one BLAS thread.

    Parameters
    ----------
    size : int
        p.
    step : callable
        Given the rows of a band, returns its answer; several run at once.
    progress : callable, optional
        Told after each band which share of the pairs is done, 0 to 1.
    """
    height = max(1, min(size, BAND_BYTES // (8 * size)))
    bands = [slice(start, min(start + height, size)) for start in range(0, size, height)]
    with one_blas_thread(), ThreadPoolExecutor(max_workers=os.cpu_count()) as threads:
        for band, answer in zip(bands, threads.map(step, bands), strict=True):
            yield answer
            if progress is not None:
                progress(1.0 - (1.0 - band.stop / size) ** 2)


@dataclass(frozen=True, slots=True)
class SelectedPairs:
    """Pairs of genes with a magnitude by which they are ranked.

    Parameters
    ----------
    magnitudes : ndarray of float64, shape (E,)
        What is compared.
    pairs : ndarray of intp, shape (E, 2)
        Places of the two genes, the first before the second.
    values : ndarray of float64, shape (E, k)
        What else shall be known of them.
    """

    magnitudes: NDArray[np.float64]
    pairs: NDArray[np.intp]
    values: NDArray[np.float64]

    def __getitem__(self, chosen: NDArray[np.bool_] | NDArray[np.intp] | slice) -> SelectedPairs:
        return SelectedPairs(self.magnitudes[chosen], self.pairs[chosen], self.values[chosen])

    def __len__(self) -> int:
        return len(self.magnitudes)


class Strongest:
    """The n largest of many magnitudes, with the pairs they belong to; ties with the last are all kept.

    Magnitudes tie when they are equal at steps of `ROUNDING`: which pairs of a flat set are kept shall not depend on
    how a machine rounds.

    Bands of any order may be offered from several threads through `pick`, which looks but does not keep; `keep` is
    called from one.

    Parameters
    ----------
    count : int
        n, at least 1.
    floor : float
        Magnitudes at or below this are never kept.
    """

    def __init__(self, count: int, floor: float = 0.0) -> None:
        self.count = count
        self.floor = floor
        self._selections: list[SelectedPairs] = []
        self._size = 0

    def select(self, magnitude: NDArray[np.float64], start: int, *values: NDArray[np.float64]) -> SelectedPairs:
        """Return what of a band may be among the largest.

        Parameters
        ----------
        magnitude : ndarray of float64, shape (b, p − start)
            What is compared.
        start : int
            The place of the band's first gene.
        *values : ndarray of float64, shape (b, p − start)
            What else shall be known of the pairs kept.
        """
        flat = magnitude.ravel()
        candidates = np.flatnonzero(flat > self.floor)
        if len(candidates) > 2 * self.count:
            strong = flat[candidates]
            candidates = candidates[strong >= np.partition(strong, -self.count)[-self.count] - ROUNDING]
        rows, columns = np.divmod(candidates, magnitude.shape[1])
        pairs = np.stack([rows + start, columns + start], axis=1)
        return SelectedPairs(flat[candidates], pairs, np.stack([value.ravel()[candidates] for value in values], axis=1))

    def append(self, selection: SelectedPairs) -> None:
        """Take in what `pick` returned."""
        self._selections.append(selection)
        self._size += len(selection)
        if self._size > 4 * self.count:
            self._prune()

    def ranked(self) -> SelectedPairs:
        """Return what was kept, largest first, equal ones in panel order."""
        selection = self._prune()
        selection = selection[np.lexsort((selection.pairs[:, 1], selection.pairs[:, 0], -selection.magnitudes))]
        if len(selection) <= self.count:
            return selection
        steps = rounding_steps(selection.magnitudes)
        return selection[steps >= steps[self.count - 1]]

    def _prune(self) -> SelectedPairs:
        """Return what may be among the largest by now, and forget the rest."""
        selection = SelectedPairs(
            np.concatenate([part.magnitudes for part in self._selections]),
            np.concatenate([part.pairs for part in self._selections]),
            np.concatenate([part.values for part in self._selections]),
        )
        if len(selection) > self.count:
            least = float(np.partition(selection.magnitudes, -self.count)[-self.count])
            selection = selection[selection.magnitudes >= least - ROUNDING]
            # What is smaller by more than a step can no longer be among the n; the rest may still tie.
            self.floor = max(self.floor, least - 2 * ROUNDING)
        self._selections, self._size = [selection], len(selection)
        return selection


def rounding_steps(magnitudes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return magnitudes as whole numbers of `ROUNDING`, by which they tie, shape as given."""
    return np.round(magnitudes / ROUNDING)
