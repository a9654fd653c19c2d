"""Partial correlations ρ of all pairs of genes, in bands of rows that fit the cache, and the strongest of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

from ..threads import cores, one_blas_thread
from .anchor import Dense

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from .covariance import MatrixSource
    from .operators import SymmetricOperator

BandResult = TypeVar("BandResult")

BAND_BYTES = 2 << 20
"""Approximate size of a band of rows, in bytes."""

ROUNDING = 1e-13
"""Largest difference of two values of ρ that are equal except for rounding."""


class PairMeasure(Protocol):
    """A number for each pair of genes, by whose magnitude pairs can be ranked: ρ, or one made of it."""

    def band(self, rows: slice) -> NDArray[np.float64]:
        """Return the numbers of consecutive genes with all from the first of them on, 0 on or below the diagonal."""
        ...

    def row(self, index: int) -> NDArray[np.float64]:
        """Return the numbers of one gene with all, shape (p,)."""
        ...

    def pairs(self, pairs: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the numbers of pairs of two different genes, shape (E,)."""
        ...


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

        Each pair of genes is in one band only: entries on or below the diagonal are 0.
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

    def pairs(self, pairs: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return ρ of pairs of two different genes, in O(E (K + r)) and for a dense part O(E p).

        Parameters
        ----------
        pairs : ndarray of intp, shape (E, 2)
            Indices of the genes.

        Returns
        -------
        ndarray of float64, shape (E,)
        """
        values = np.empty(len(pairs))
        order = np.argsort(pairs[:, 0], kind="stable")  # so that each row of a dense part is read once a block
        height = max(1, BAND_BYTES // (8 * max(self.factor.shape[1], 1 if self.dense is None else len(self.scale))))
        for start in range(0, len(pairs), height):
            block = order[start : start + height]
            left, right = pairs[block].T
            rho = np.einsum("ij,ij->i", self.factor[left] * self.signature, self.factor[right])
            if self.dense is not None:
                genes, rows = np.unique(left, return_inverse=True)
                rho -= self.scale[left] * self.dense.rows(genes)[rows, right] * self.scale[right]
            values[block] = rho
        return values


def partial_correlations(precision: SymmetricOperator) -> PartialCorrelations:
    """Return the partial correlations of a precision, in O(p (K + r)²)."""
    with one_blas_thread():
        scale = 1.0 / np.sqrt(precision.diagonal())
        factor = scale[:, None] * precision.factor
    core = precision.core
    return PartialCorrelations(factor, -precision.weights, core.source if isinstance(core, Dense) else None, scale)


def scan_bands(
    size: int, step: Callable[[slice], BandResult], progress: Callable[[float], None] | None = None
) -> Iterator[BandResult]:
    """Yield the results of a step for all bands of p genes, in order; one band a thread, each on one BLAS thread.

    Parameters
    ----------
    size : int
        p.
    step : callable
        Returns the result of the rows of a band; several run at once.
    progress : callable, optional
        Called after each band with the share of the pairs that is done, 0 to 1.
    """
    height = max(1, min(size, BAND_BYTES // (8 * size)))
    bands = [slice(start, min(start + height, size)) for start in range(0, size, height)]
    with one_blas_thread(), ThreadPoolExecutor(max_workers=cores()) as threads:
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
        The magnitudes.
    pairs : ndarray of intp, shape (E, 2)
        Indices of the two genes, the first before the second.
    values : ndarray of float64, shape (E, k)
        Other numbers of each pair.
    """

    magnitudes: NDArray[np.float64]
    pairs: NDArray[np.intp]
    values: NDArray[np.float64]

    def __getitem__(self, chosen: NDArray[np.bool_] | NDArray[np.intp] | slice) -> SelectedPairs:
        return SelectedPairs(self.magnitudes[chosen], self.pairs[chosen], self.values[chosen])

    def __len__(self) -> int:
        return len(self.magnitudes)


class Strongest:
    """The n largest of many magnitudes, with the pairs they belong to, and all ties with the last.

    Magnitudes tie when they are equal at steps of `ROUNDING`: so that the pairs selected from
    a flat set do not depend on how a machine rounds.

    Several threads may call `select`, on bands in any order: it changes nothing. `append` is called from one thread.

    Parameters
    ----------
    count : int
        n, at least 1.
    floor : float
        Magnitudes at or below this are never selected.
    """

    def __init__(self, count: int, floor: float = 0.0) -> None:
        self.count = count
        self.floor = floor
        self._selections: list[SelectedPairs] = []
        self._size = 0

    def select(self, magnitude: NDArray[np.float64], start: int, *values: NDArray[np.float64]) -> SelectedPairs:
        """Return the pairs of a band that may be among the largest.

        Parameters
        ----------
        magnitude : ndarray of float64, shape (b, p − start)
            The magnitudes of the band.
        start : int
            The index of the band's first gene.
        *values : ndarray of float64, shape (b, p − start)
            Other numbers of each pair.
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
        """Add pairs that `select` returned."""
        self._selections.append(selection)
        self._size += len(selection)
        if self._size > 4 * self.count:
            self._prune()

    def ranked(self) -> SelectedPairs:
        """Return the n largest, largest first, equal ones in panel order."""
        selection = self._prune()
        selection = selection[np.lexsort((selection.pairs[:, 1], selection.pairs[:, 0], -selection.magnitudes))]
        if len(selection) <= self.count:
            return selection
        steps = rounding_steps(selection.magnitudes)
        return selection[steps >= steps[self.count - 1]]

    def _prune(self) -> SelectedPairs:
        """Return the pairs that may still be among the largest, and drop the others."""
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
    """Return magnitudes as whole numbers of `ROUNDING`, by which they tie; of the same shape."""
    return np.round(magnitudes / ROUNDING)
