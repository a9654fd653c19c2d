# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# (scipy ships no types for what becomes of a sparse array)
"""The lines of V along one side, its rows or its columns: what a half-sweep goes through, in threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from . import kernels
from .kernels import StoredEntries

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOT_SPARSE = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int32))
"""Starts and places of a dense V."""


@dataclass(frozen=True, slots=True)
class Side:
    """The lines of V along one side, and what is asked of them.

    Parameters
    ----------
    stored : Stored
        V, dense or in CSR, and where nothing is observed.
    """

    stored: StoredEntries

    @staticmethod
    def of(values: Any, left_out: Any, dtype: type) -> Side:
        """Return the rows of V, an ndarray or sparse, and of where nothing is observed, sparse."""
        held_starts, held, _ = _parts(left_out)
        if isinstance(values, np.ndarray):
            return Side(StoredEntries(np.ascontiguousarray(values, dtype=dtype), *NOT_SPARSE, held_starts, held))
        starts, places, stored = _parts(values)
        return Side(StoredEntries(stored.astype(dtype), starts, places, held_starts, held))

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

    def take(self, which: NDArray[np.intp]) -> Side:
        """Return some of the lines."""
        stored = self.stored
        left_out = _taken(stored.held_starts, stored.held, which)
        if not self.is_sparse:
            return Side(StoredEntries(stored.values[which], *NOT_SPARSE, *left_out))
        starts, places = _taken(stored.starts, stored.places, which)
        return Side(StoredEntries(_taken(stored.starts, stored.values, which)[1], starts, places, *left_out))

    def gradient(self, factors: NDArray[Any], others: NDArray[Any]) -> NDArray[np.float64]:
        """Return the divergence's gradient by these lines' factors, over B: 1 − s₁/B, shape (m, R), in O(size R)."""
        return kernels.gradient(self.stored, factors, others)

    def dense(self, n: int, band: slice) -> tuple[NDArray[np.float64], NDArray[np.bool_] | None]:
        """Return some lines of n entries, shape (g, n), of one's own, and where something is observed; None if all."""
        stored = self.stored
        if self.is_sparse:
            inside = slice(stored.starts[band.start], stored.starts[band.stop])
            values = np.zeros((band.stop - band.start, n))
            values[_numbered(stored.starts, band), stored.places[inside]] = stored.values[inside]
        else:
            values = stored.values[band].astype(np.float64)
        inside = slice(stored.held_starts[band.start], stored.held_starts[band.stop])
        if inside.start == inside.stop:
            return values, None
        seen = np.ones(values.shape, dtype=np.bool_)
        seen[_numbered(stored.held_starts, band), stored.held[inside]] = False
        return values, seen


def _numbered(starts: NDArray[np.int64], band: slice) -> NDArray[np.intp]:
    """Return, for each value of some lines of a list in CSR, which of these lines it is of."""
    lengths = np.diff(starts[band.start : band.stop + 1])
    return np.repeat(np.arange(len(lengths)), lengths)


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
