# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# (scipy ships no types for what becomes of a sparse array)
"""One side of V, its rows or its columns: the lines that a half-sweep updates."""

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
"""Starts and indices of a dense V: none."""

NONE_MISSING = np.empty(0, dtype=np.int32)
"""The indices of what is missing where everything is observed."""


@dataclass(frozen=True, slots=True)
class Side:
    """The lines of V along one side: its rows, or its columns.

    Parameters
    ----------
    stored : StoredEntries
        V, dense or in CSR, and where nothing is observed.
    """

    stored: StoredEntries

    @staticmethod
    def from_matrix(values: Any, left_out: Any, dtype: type) -> Side:
        """Return the rows of V, an ndarray or sparse, and of where nothing is observed, sparse; None if nowhere."""
        if left_out is None:
            missing_starts, missing = np.zeros(values.shape[0] + 1, dtype=np.int64), NONE_MISSING
        else:
            missing_starts, missing, _ = _csr_arrays(left_out)
        if isinstance(values, np.ndarray):
            return Side(StoredEntries(np.ascontiguousarray(values, dtype=dtype), *NOT_SPARSE, missing_starts, missing))
        starts, indices, stored = _csr_arrays(values)
        return Side(StoredEntries(stored.astype(dtype), starts, indices, missing_starts, missing))

    def __len__(self) -> int:
        return len(self.stored.missing_starts) - 1

    @property
    def is_sparse(self) -> bool:
        """Whether V is in CSR."""
        return self.stored.values.ndim == 1

    def work(self, rank: int) -> int:
        """Return the number of products in a half-sweep."""
        return self.stored.values.size * rank

    def sweep(self, factors: NDArray[Any], others: NDArray[Any], *, measured: bool = True) -> NDArray[np.float64]:
        """Update every coordinate of these lines' factors once, in place, and return the divergence of each line then.

        Parameters
        ----------
        factors : ndarray, shape (m, R)
            Of these lines; changed in place.
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

    def select(self, which: NDArray[np.intp]) -> Side:
        """Return some of the lines."""
        stored = self.stored
        left_out = _select_lines(stored.missing_starts, stored.missing, which)
        if not self.is_sparse:
            return Side(StoredEntries(stored.values[which], *NOT_SPARSE, *left_out))
        starts, indices = _select_lines(stored.starts, stored.indices, which)
        return Side(StoredEntries(_select_lines(stored.starts, stored.values, which)[1], starts, indices, *left_out))

    def gradient(self, factors: NDArray[Any], others: NDArray[Any]) -> NDArray[np.float64]:
        """Return the divergence's gradient by these lines' factors, over B: 1 − s₁/B, shape (m, R), in O(size R)."""
        return kernels.gradient(self.stored, factors, others)

    def dense(self, n: int, band: slice) -> tuple[NDArray[np.float64], NDArray[np.bool_] | None]:
        """Return a dense copy of some lines, shape (g, n), and where something is observed; None if everywhere."""
        stored = self.stored
        if self.is_sparse:
            inside = slice(stored.starts[band.start], stored.starts[band.stop])
            values = np.zeros((band.stop - band.start, n))
            values[_line_numbers(stored.starts, band), stored.indices[inside]] = stored.values[inside]
        else:
            values = stored.values[band].astype(np.float64)
        inside = slice(stored.missing_starts[band.start], stored.missing_starts[band.stop])
        if inside.start == inside.stop:
            return values, None
        seen = np.ones(values.shape, dtype=np.bool_)
        seen[_line_numbers(stored.missing_starts, band), stored.missing[inside]] = False
        return values, seen


def _line_numbers(starts: NDArray[np.int64], band: slice) -> NDArray[np.intp]:
    """Return, for each value of some lines in CSR, the number of its line among them."""
    lengths = np.diff(starts[band.start : band.stop + 1])
    return np.repeat(np.arange(len(lengths)), lengths)


def _csr_arrays(values: Any) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[Any]]:
    """Return the starts, the ascending indices and the values of a sparse array's rows."""
    rows = csr_array(values)
    rows.sort_indices()
    return rows.indptr.astype(np.int64), rows.indices.astype(np.int32), rows.data


def _select_lines(
    starts: NDArray[np.int64], content: NDArray[Any], which: NDArray[np.intp]
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return the starts and the content of some lines in CSR."""
    parts = [content[starts[line] : starts[line + 1]] for line in which.tolist()]
    lengths = np.array([0, *map(len, parts)], dtype=np.int64)
    return np.cumsum(lengths), np.concatenate(parts) if parts else content[:0]
