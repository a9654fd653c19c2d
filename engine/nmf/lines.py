# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# (scipy ships no types for what becomes of a sparse array)
"""The lines of V along one side, its rows or its columns: what a half-sweep goes through, in threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from ..covariance import row_blocks
from . import kernels
from .kernels import Stored

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOT_SPARSE = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int32))
"""Starts and places of a dense V."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of V along one side, and what is asked of them.

    Parameters
    ----------
    stored : Stored
        V, dense or in CSR, and where nothing is observed.
    """

    stored: Stored

    @staticmethod
    def of(values: Any, left_out: Any, dtype: type) -> Lines:
        """Return the rows of V, an ndarray or sparse, and of where nothing is observed, sparse."""
        held_starts, held, _ = _parts(left_out)
        if isinstance(values, np.ndarray):
            return Lines(Stored(np.ascontiguousarray(values, dtype=dtype), *NOT_SPARSE, held_starts, held))
        starts, places, stored = _parts(values)
        return Lines(Stored(stored.astype(dtype), starts, places, held_starts, held))

    def __len__(self) -> int:
        return len(self.stored.held_starts) - 1

    @property
    def is_sparse(self) -> bool:
        """Whether V is in CSR."""
        return self.stored.values.ndim == 1

    def work(self, rank: int) -> int:
        """Return how many products a half-sweep takes."""
        return self.stored.values.size * rank

    def sweep(self, factors: NDArray[Any], others: NDArray[Any], *, measured: bool = True) -> NDArray[np.float64]:
        """Move every coordinate of these lines' factors once, in place, and return each line's divergence after that.

        Parameters
        ----------
        factors : ndarray, shape (m, R)
            Of these lines; changed.
        others : ndarray, shape (n, R)
            Of the other side.
        measured : bool
            Whether the divergences are wanted.

        Returns
        -------
        ndarray of float64, shape (m,), or (0,) where they are not wanted
            On one thread.
        """
        divergences = np.empty(len(self) if measured else 0)
        kernels.sweep(self.stored, factors, others, 0, len(self), divergences, True)
        return divergences

    def divergences(self, factors: NDArray[Any], others: NDArray[Any]) -> NDArray[np.float64]:
        """Return each line's divergence, shape (m,)."""
        divergences = np.empty(len(self))
        kernels.sweep(self.stored, factors, others, 0, len(self), divergences, False)
        return divergences

    def take(self, which: NDArray[np.intp]) -> Lines:
        """Return some of the lines."""
        stored = self.stored
        left_out = _taken(stored.held_starts, stored.held, which)
        if not self.is_sparse:
            return Lines(Stored(stored.values[which], *NOT_SPARSE, *left_out))
        starts, places = _taken(stored.starts, stored.places, which)
        return Lines(Stored(_taken(stored.starts, stored.values, which)[1], starts, places, *left_out))

    def gradient(self, factors: NDArray[Any], others: NDArray[Any]) -> NDArray[np.float64]:
        """Return the divergence's gradient by these lines' factors, over B: 1 − s₁/B, shape (m, R), in O(size R)."""
        return kernels.gradient(self.stored, factors, others)

    def pearson(self, factors: NDArray[np.float64], others: NDArray[np.float64]) -> tuple[float, int]:
        """Return Pearson's X² = Σ (v − x)² / x over what is observed, x = w hᵀ, and how many entries that is."""
        total, least = 0.0, np.finfo(np.float64).tiny
        for band in row_blocks(len(self), len(others)):
            values, own = self._part(band, len(others)), factors[band]
            if isinstance(values, np.ndarray):
                x = np.maximum(own @ others.T, least)
                terms = (values - x) ** 2 / x
                total += float(terms.sum() - terms[self._left_out(band).nonzero()].sum())
            else:
                x = np.maximum(_along(values, own, others), least)
                zeros = float(np.sum(self._totals(band, others) * own) - x.sum())
                total += float(np.sum((values.data - x) ** 2 / x)) + zeros
        return total, len(self) * len(others) - len(self.stored.held)

    def _part(self, band: slice, n: int) -> Any:
        """Return some lines of V as an array of float64, dense or in CSR, of one's own."""
        stored = self.stored
        if not self.is_sparse:
            return stored.values[band].astype(np.float64)
        starts = stored.starts[band.start : band.stop + 1]
        inside = slice(starts[0], starts[-1])
        parts = (stored.values[inside].astype(np.float64), stored.places[inside], starts - starts[0])
        return csr_array(parts, shape=(len(starts) - 1, n))

    def _left_out(self, band: slice) -> csr_array[Any, Any]:
        """Return where some lines of V are not observed, 1 there."""
        starts = self.stored.held_starts[band.start : band.stop + 1]
        held = self.stored.held[starts[0] : starts[-1]]
        width = 1 + int(held.max(initial=0))
        return csr_array((np.ones(len(held)), held, starts - starts[0]), shape=(len(starts) - 1, width))

    def _totals(self, band: slice, others: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return B over what is observed of some lines, shape (m', R), as `kernels.total_over` has it."""
        sums = others.sum(axis=0)
        left_out = self._left_out(band)
        totals = sums - left_out @ others[: left_out.shape[1]]
        for line in np.flatnonzero(np.any(totals < kernels.ADDED_ANEW_BELOW * sums, axis=1)).tolist():
            held = left_out.indices[left_out.indptr[line] : left_out.indptr[line + 1]]
            totals[line] = np.delete(others, held, axis=0).sum(axis=0)
        return totals


def _along(values: csr_array[Any, Any], own: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return w hᵀ where a sparse V has values, shape (nnz,)."""
    lines = np.repeat(np.arange(len(own)), np.diff(values.indptr))
    return np.einsum("er,er->e", own[lines], others[values.indices])


def _parts(values: Any) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[Any]]:
    """Return the starts, the ascending places and the values of a sparse array's rows."""
    found = csr_array(values)
    found.sort_indices()
    return found.indptr.astype(np.int64), found.indices.astype(np.int32), found.data


def _taken(
    starts: NDArray[np.int64], content: NDArray[Any], which: NDArray[np.intp]
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return the starts and the content of some lines of a list in CSR."""
    parts = [content[starts[line] : starts[line + 1]] for line in which.tolist()]
    lengths = np.array([0, *map(len, parts)], dtype=np.int64)
    return np.cumsum(lengths), np.concatenate(parts) if parts else content[:0]
