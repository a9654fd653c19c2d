"""The way down from a start: compiled whole for a small matrix, in threads for a large one.

Which of the two it is depends on the matrix alone, so that the bits are the same on any number of threads.
"""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import NotConverged
from . import kernels

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from .kernels import StoredEntries
    from .sides import Side

LARGE = 50_000_000
"""Half-sweeps of so many products, some milliseconds, are worth waking threads for."""


@dataclass(frozen=True, slots=True)
class Descent:
    """Where a descent came to.

    Parameters
    ----------
    w, h : ndarray, shape (p, R) and (n, R)
        The factors with the least divergence.
    trace : ndarray of float64, shape (s,)
        The divergence after each sweep that was kept.
    converged : bool
        Whether the sweeps came to gain less than the tolerance.
    """

    w: NDArray[Any]
    h: NDArray[Any]
    trace: NDArray[np.float64]
    converged: bool


def descend(
    rows: Side,
    columns: Side,
    w: NDArray[Any],
    h: NDArray[Any],
    tolerance: float,
    most_sweeps: int,
    threads: int,
) -> Descent:
    """Return where both factors come to from a start; see `solver.fit`."""
    trace = np.empty(most_sweeps)
    known = (rows.stored, columns.stored, w, h, trace, float(tolerance))
    if rows.work(w.shape[1]) < LARGE:
        w, h, kept, converged = kernels.compiled_way_down(*known, 1)
    else:
        with ThreadPoolExecutor(threads) as pool:
            w, h, kept, converged = kernels.way_down(*known, _Workers(pool, threads))
    return _descended(w, h, trace[:kept], converged=bool(converged))


def descend_symmetric(lines: Side, w: NDArray[Any], tolerance: float, most_sweeps: int) -> Descent:
    """Return where the factor of a symmetric matrix comes to from a start; see `symmetric.fit_symmetric`."""
    trace = np.empty(most_sweeps)
    w, kept, converged = kernels.compiled_way_down_symmetric(lines.stored, w, trace, float(tolerance))
    return _descended(w, w, trace[:kept], converged=bool(converged))


def _descended(w: NDArray[Any], h: NDArray[Any], trace: NDArray[np.float64], *, converged: bool) -> Descent:
    if not len(trace):
        raise NotConverged(
            "The divergence of these values from any factors is not a finite number.",
            hint="They may span too many orders of magnitude: look at the largest and the smallest.",
        )
    return Descent(w, h, trace, converged)


@dataclass(frozen=True, slots=True)
class _Workers:
    """Threads, and how many."""

    pool: Executor
    threads: int

    def go_through(
        self, stored: StoredEntries, factors: NDArray[Any], others: NDArray[Any], divergences: NDArray[np.float64]
    ) -> None:
        """Do a half-sweep, a band of lines a thread, the last on this one."""

        def band(first: int, last: int) -> None:
            kernels.sweep(stored, factors, others, first, last, divergences, True)

        bounds = _bands(stored, self.threads)
        others_do = [self.pool.submit(band, first, last) for first, last in itertools.pairwise(bounds[:-1])]
        band(bounds[-2], bounds[-1])
        for one in others_do:
            one.result()


def _bands(stored: StoredEntries, number: int) -> list[int]:
    """Return where bands of lines begin and end that have about as much to do."""
    lines = len(stored.held_starts) - 1
    if stored.values.ndim == 2:
        return [lines * at // number for at in range(number + 1)]
    whole = int(stored.starts[-1])
    return [0, *(int(np.count_nonzero(stored.starts < whole * at // number)) for at in range(1, number)), lines]
