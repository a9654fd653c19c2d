"""The minimization from a start: compiled whole for a small matrix, in threads for a large one.

Which of the two it is depends on the matrix alone, so that the bits are the same on any number of threads.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import NotConverged
from ...mapping import open_threads
from . import kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...mapping import Mapper
    from .kernels import StoredEntries
    from .sides import Side

LARGE = 50_000_000
"""Least number of products in a half-sweep, some milliseconds, for which threads are worth waking."""


@dataclass(frozen=True, slots=True)
class Descent:
    """The end of a descent.

    Parameters
    ----------
    w, h : ndarray, shape (p, R) and (n, R)
        The factors with the least divergence.
    trace : ndarray of float64, shape (s,)
        The divergence after each accepted sweep.
    converged : bool
        Whether the last sweeps gained less than the tolerance.
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
    """Return the factors that a start leads to; see `solver.fit`."""
    trace = np.empty(most_sweeps)
    arguments = (rows.stored, columns.stored, w, h, trace, float(tolerance))
    if rows.work(w.shape[1]) < LARGE:
        w, h, sweeps, converged = kernels.compiled_minimize(*arguments, 1)
    else:
        with open_threads(threads) as mapper:
            w, h, sweeps, converged = kernels.minimize(*arguments, _Workers(mapper, threads))
    return _checked_descent(w, h, trace[:sweeps], converged=bool(converged))


def descend_symmetric(rows: Side, w: NDArray[Any], tolerance: float, most_sweeps: int) -> Descent:
    """Return the factor of a symmetric matrix that a start leads to; see `symmetric.fit_symmetric`."""
    trace = np.empty(most_sweeps)
    w, sweeps, converged = kernels.compiled_minimize_symmetric(rows.stored, w, trace, float(tolerance))
    return _checked_descent(w, w, trace[:sweeps], converged=bool(converged))


def _checked_descent(w: NDArray[Any], h: NDArray[Any], trace: NDArray[np.float64], *, converged: bool) -> Descent:
    if not len(trace):
        raise NotConverged(
            "The divergence of these values from any factors is not a finite number.",
            hint="They may span too many orders of magnitude: look at the largest and the smallest.",
        )
    return Descent(w, h, trace, converged)


HalfSweep = tuple["StoredEntries", "NDArray[Any]", "NDArray[Any]", "NDArray[np.float64]"]
"""The lines, their factors, which change, those of the other side, and the divergences."""


@dataclass(frozen=True, slots=True)
class _Workers:
    """Threads, and how many."""

    mapper: Mapper
    threads: int

    def half_sweep(
        self, stored: StoredEntries, factors: NDArray[Any], others: NDArray[Any], divergences: NDArray[np.float64]
    ) -> None:
        """Do a half-sweep, a band of lines a thread."""
        bands = itertools.pairwise(_bands(stored, self.threads))
        for _ in self.mapper(_sweep_band, bands, shared=(stored, factors, others, divergences)):
            pass


def _sweep_band(half_sweep: HalfSweep, band: tuple[int, int]) -> None:
    stored, factors, others, divergences = half_sweep
    kernels.sweep(stored, factors, others, *band, divergences, True)


def _bands(stored: StoredEntries, number: int) -> list[int]:
    """Return the bounds of bands of lines with about the same work."""
    lines = len(stored.missing_starts) - 1
    if stored.values.ndim == 2:
        return [lines * at // number for at in range(number + 1)]
    whole = int(stored.starts[-1])
    return [0, *(int(np.count_nonzero(stored.starts < whole * at // number)) for at in range(1, number)), lines]
