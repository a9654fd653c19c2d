# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# (scipy ships no types for what becomes of a sparse array)
"""The lines of V along one side, its rows or its columns: what a half-sweep goes through, in threads."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from . import kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORTH_A_THREAD = 500_000
"""Fewer products in a half-sweep are not spread over threads: starting those takes longer."""

BANDS_A_THREAD = 4
"""So many bands of lines a thread, since some have more to do than others."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of V along one side.

    Parameters
    ----------
    values : ndarray, shape (m, n) or (nnz,)
        V, dense in C order, or the values of CSR; 0 where nothing is observed.
    starts, places : ndarray of int64, shape (m + 1,), and of int32, shape (nnz,); None when dense
        Where each line begins in CSR, and the place of each value along its line.
    held_starts, held : ndarray of int64, shape (m + 1,), and of int32
        The places where nothing is observed, as in CSR.
    """

    values: NDArray[Any]
    starts: NDArray[np.int64] | None
    places: NDArray[np.int32] | None
    held_starts: NDArray[np.int64]
    held: NDArray[np.int32]

    @staticmethod
    def of(values: Any, left_out: Any, dtype: type) -> Lines:
        """Return the rows of V, an ndarray or sparse, and of where nothing is observed, sparse."""
        held_starts, held, _ = _parts(left_out)
        if isinstance(values, np.ndarray):
            return Lines(np.ascontiguousarray(values, dtype=dtype), None, None, held_starts, held)
        starts, places, stored = _parts(values)
        return Lines(stored.astype(dtype), starts, places, held_starts, held)

    def __len__(self) -> int:
        return len(self.held_starts) - 1

    def sweep(
        self, factors: NDArray[Any], others: NDArray[Any], *, measured: bool, threads: int | None = None
    ) -> NDArray[np.float64]:
        """Move every coordinate of these lines' factors once, in place, and return each line's divergence after that.

        Parameters
        ----------
        factors : ndarray, shape (m, R)
            Of these lines; changed.
        others : ndarray, shape (n, R)
            Of the other side.
        measured : bool
            Whether the divergences are wanted; nothing is returned otherwise, shape (0,).
        threads : int, optional
            At the most; as many as there are cores by default. The bits do not depend on it.
        """
        divergences = np.empty(len(self) if measured else 0)
        self._go_through(factors, others, divergences, moving=True, threads=threads)
        return divergences

    def divergences(
        self, factors: NDArray[Any], others: NDArray[Any], threads: int | None = None
    ) -> NDArray[np.float64]:
        """Return each line's divergence, shape (m,)."""
        divergences = np.empty(len(self))
        self._go_through(factors, others, divergences, moving=False, threads=threads)
        return divergences

    def sweep_symmetric(self, factors: NDArray[Any]) -> None:
        """Move the factors of a symmetric V ≈ W Wᵀ once, in place, one line after the other."""
        sums = factors.sum(axis=0, dtype=np.float64)
        if self.starts is None or self.places is None:
            turned = np.ascontiguousarray(factors.T)
            kernels.sweep_symmetric_dense(self.values, self.held_starts, self.held, factors, turned, sums)
        else:
            known = (self.starts, self.places, self.values, self.held_starts, self.held)
            kernels.sweep_symmetric_sparse(*known, factors, sums)

    def _go_through(
        self,
        factors: NDArray[Any],
        others: NDArray[Any],
        divergences: NDArray[np.float64],
        *,
        moving: bool,
        threads: int | None,
    ) -> None:
        sums = others.sum(axis=0, dtype=np.float64)
        turned = np.ascontiguousarray(others.T)

        def go(first: int, last: int) -> None:
            known = (self.values, self.held_starts, self.held, factors, others)
            if self.starts is None or self.places is None:
                kernels.sweep_dense(*known, turned, sums, first, last, divergences, moving)
            else:
                kernels.sweep_sparse(self.starts, self.places, *known, sums, first, last, divergences, moving)

        most = 1 if self.values.size * others.shape[1] < WORTH_A_THREAD else threads or os.cpu_count() or 1
        if most == 1:
            go(0, len(self))
        else:
            bounds = np.linspace(0, len(self), BANDS_A_THREAD * most + 1).astype(int).tolist()
            with ThreadPoolExecutor(most) as pool:
                list(pool.map(go, bounds[:-1], bounds[1:]))

    def take(self, which: NDArray[np.intp]) -> Lines:
        """Return some of the lines."""
        held_starts, held = _taken(self.held_starts, self.held, which)
        if self.starts is None or self.places is None:
            return Lines(self.values[which], None, None, held_starts, held)
        starts, places = _taken(self.starts, self.places, which)
        return Lines(_taken(self.starts, self.values, which)[1], starts, places, held_starts, held)

    def gradient(self, factors: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the divergence's gradient by these lines' factors, over B: 1 − s₁/B, shape (m, R), in O(size R)."""
        gradient = np.empty(factors.shape)
        sums = others.sum(axis=0)
        for line, own in enumerate(factors):
            start, stop = self.held_starts[line], self.held_starts[line + 1]
            totals = np.delete(others, self.held[start:stop], axis=0).sum(axis=0) if stop > start else sums
            if self.starts is None or self.places is None:
                beside, values = others, self.values[line]
            else:
                places = slice(self.starts[line], self.starts[line + 1])
                beside, values = others[self.places[places]], self.values[places]
            ratio = values / (beside @ own)
            gradient[line] = 1.0 - (ratio @ beside) / np.maximum(totals, np.finfo(np.float64).tiny)
        return gradient

    def pearson(self, factors: NDArray[np.float64], others: NDArray[np.float64]) -> tuple[float, int]:
        """Return Pearson's X² = Σ (v − x)² / x over what is observed, x = w hᵀ, and how many entries that is."""
        total, seen = 0.0, 0
        sums = others.sum(axis=0)
        for line, own in enumerate(factors):
            left_out = self.held[self.held_starts[line] : self.held_starts[line + 1]]
            if self.starts is None or self.places is None:
                kept = np.delete(np.arange(len(others)), left_out)
                x, v = others[kept] @ own, self.values[line][kept]
                zeros = 0.0
            else:
                places = slice(self.starts[line], self.starts[line + 1])
                x, v = others[self.places[places]] @ own, self.values[places]
                zeros = float(sums @ own - x.sum() - (others[left_out] @ own).sum())
            x = np.maximum(x, np.finfo(np.float64).tiny)
            total += float(np.sum((v - x) ** 2 / x)) + zeros
            seen += len(others) - len(left_out)
        return total, seen


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
