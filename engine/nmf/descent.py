# pyright: reportUntypedFunctionDecorator=false
# (numba ships no types)
# ruff: noqa: ARG001  (what numba compiles in a function's stead has all of its arguments)
"""The way down: sweep after sweep over both factors, each result carried on beyond where the sweep ends.

The two functions that go down are plain Python. For a small matrix, whose sweeps take no longer than a few calls from
Python, they are compiled as they stand; for a large one they run as they are, and spread each half-sweep over threads.
Which of the two it is depends on the matrix alone, so that the bits are the same on any number of threads.
"""

from __future__ import annotations

import itertools
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba.extending import overload

from . import kernels

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .kernels import Stored
    from .lines import Lines

SLOW = 0.02
"""Carrying on begins once a sweep gains less than this share: earlier it lands in bad optima."""

LEAST_LEFT = 0.2
"""Carrying on leaves at least this share of each entry; a smaller share, or none, lands in bad optima too."""

FIRST_STRIDE, LONGEST_STRIDE, LENGTHENED = 0.5, 0.98, 1.1
"""By what share of the last change a sweep's result is carried on: at first, at the most, and how that grows."""

STILL = 3
"""A fit has converged when so many sweeps in a row have gained less than the tolerance."""

KEPT, PASSED_OVER, TAKEN_BACK = 1, 0, -1
"""What becomes of a sweep."""

LARGE = 50_000_000
"""Half-sweeps of so many products, some milliseconds, are worth waking threads for."""


@dataclass(frozen=True, slots=True)
class Descended:
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


def descended(
    rows: Lines,
    columns: Lines,
    w: NDArray[Any],
    h: NDArray[Any],
    tolerance: float,
    most_sweeps: int,
    threads: int,
) -> Descended:
    """Return where both factors come to from a start; see `solver.fit`."""
    trace = np.empty(most_sweeps)
    known = (rows.stored, columns.stored, w, h, trace, float(tolerance))
    if rows.work(w.shape[1]) < LARGE:
        w, h, kept, converged = _compiled_way_down(*known, 1)
    elif threads == 1:
        w, h, kept, converged = way_down(*known, 1)
    else:
        with ThreadPoolExecutor(threads) as pool:
            w, h, kept, converged = way_down(*known, _Workers(pool, threads))
    return Descended(w, h, trace[:kept], bool(converged))


def descended_symmetric(lines: Lines, w: NDArray[Any], tolerance: float, most_sweeps: int) -> Descended:
    """Return where the factor of a symmetric matrix comes to from a start; see `symmetric.fit_symmetric`."""
    trace = np.empty(most_sweeps)
    w, kept, converged = _compiled_way_down_symmetric(lines.stored, w, trace, float(tolerance))
    return Descended(w, w, trace[:kept], bool(converged))


@dataclass(frozen=True, slots=True)
class _Workers:
    """Threads, and how many."""

    pool: Executor
    threads: int


def go_through(
    stored: Stored, factors: NDArray[Any], others: NDArray[Any], divergences: NDArray[np.float64], workers: Any
) -> None:
    """Do a half-sweep, in threads where there are `workers`; in compiled code always on the one that it runs on."""

    def band(first: int, last: int) -> None:
        kernels.sweep(stored, factors, others, first, last, divergences, True)

    if isinstance(workers, _Workers):
        bounds = _bands(stored, workers.threads)
        others_do = [workers.pool.submit(band, first, last) for first, last in itertools.pairwise(bounds[:-1])]
        band(bounds[-2], bounds[-1])
        for one in others_do:
            one.result()
    else:
        band(0, len(factors))


def _bands(stored: Stored, number: int) -> list[int]:
    """Return where bands of lines begin and end that have about as much to do."""
    lines = len(stored.held_starts) - 1
    if stored.values.ndim == 2:
        return [lines * at // number for at in range(number + 1)]
    whole = int(stored.starts[-1])
    return [0, *(int(np.count_nonzero(stored.starts < whole * at // number)) for at in range(1, number)), lines]


@overload(go_through)
def _go_through(
    stored: Any,
    factors: Any,
    others: Any,
    divergences: Any,
    workers: Any,
) -> Callable[..., None]:
    def whole(stored: Any, factors: Any, others: Any, divergences: Any, workers: Any) -> None:
        kernels.sweep(stored, factors, others, kernels.FIRST, len(factors), divergences, kernels.MOVING)

    return whole


@kernels.compiled
def judged(now: float, last: float, stride: float, carrying: bool, has_before: bool) -> tuple[int, float, float, bool]:
    """Return what becomes of a sweep, the share that it gained, and by which share the next is carried on, and whether.

    One that was carried on and has not gained is taken back, and the share halved; one that was not carried on and has
    not gained is at the end of what rounding allows, and passed over.
    """
    if carrying and not now <= last:
        return TAKEN_BACK, 0.0, stride / 2.0, False
    gain = (last - now) / now if now > 0.0 else 0.0
    if not gain >= 0.0:
        return PASSED_OVER, 0.0, stride, carrying
    carrying = has_before and gain < SLOW
    if carrying:
        stride = min(LENGTHENED * stride, LONGEST_STRIDE) if stride > 0.0 else FIRST_STRIDE
    return KEPT, gain, stride, carrying


def way_down(
    rows: Stored,
    columns: Stored,
    w: NDArray[Any],
    h: NDArray[Any],
    trace: NDArray[np.float64],
    tolerance: float,
    workers: Any,
) -> tuple[NDArray[Any], NDArray[Any], int, bool]:
    """Return the factors with the least divergence, how many sweeps were kept, and whether they came to gain little.

    A sweep moves W, then H from where that leads; both are carried on by a share of their last change.
    """
    kept_w, kept_h, begin_h, plain_w, plain_h = w, h, h, w, h  # plain: before they were carried on
    lines, nothing = np.empty(len(h)), np.empty(0)
    last, stride, carrying, kept, still = np.inf, 0.0, False, 0, 0
    for _ in range(len(trace)):
        w, h = kept_w.copy(), begin_h.copy()
        go_through(rows, w, begin_h, nothing, workers)
        beyond = kernels.carried_on(w, plain_w, stride, LEAST_LEFT) if carrying else w
        go_through(columns, h, beyond, lines, workers)
        now = kernels.total(lines)
        verdict, gain, stride, carrying = judged(now, last, stride, carrying, kept > 0)
        if verdict == TAKEN_BACK:
            begin_h = kept_h
            continue
        if verdict == KEPT:
            old_h = plain_h
            kept_w, kept_h, plain_w, plain_h = beyond, h, w, h
            last, trace[kept] = now, now
            kept += 1
            begin_h = kernels.carried_on(h, old_h, stride, LEAST_LEFT) if carrying else h
        still = still + 1 if gain < tolerance else 0
        if still == STILL:
            break
    return kept_w, kept_h, kept, still == STILL


def way_down_symmetric(
    stored: Stored, w: NDArray[Any], trace: NDArray[np.float64], tolerance: float
) -> tuple[NDArray[Any], int, bool]:
    """Return the factor of a symmetric matrix with the least divergence, and the rest as `way_down` does."""
    kept_w, begin, plain = w, w, w
    lines = np.empty(len(w))
    last, stride, carrying, kept, still = np.inf, 0.0, False, 0, 0
    for _ in range(len(trace)):
        w = begin.copy()
        kernels.sweep_symmetric(stored, w)
        kernels.sweep(stored, w, w, kernels.FIRST, len(w), lines, kernels.STANDING)
        now = 0.5 * kernels.total(lines)
        verdict, gain, stride, carrying = judged(now, last, stride, carrying, kept > 0)
        if verdict == TAKEN_BACK:
            begin = kept_w
            continue
        if verdict == KEPT:
            old = plain
            kept_w, plain = w, w
            last, trace[kept] = now, now
            kept += 1
            begin = kernels.carried_on(w, old, stride, LEAST_LEFT) if carrying else w
        still = still + 1 if gain < tolerance else 0
        if still == STILL:
            break
    return kept_w, kept, still == STILL


_compiled_way_down = kernels.compiled(way_down)
_compiled_way_down_symmetric = kernels.compiled(way_down_symmetric)
