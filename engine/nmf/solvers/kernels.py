# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUntypedFunctionDecorator=false
# pyright: reportUnknownParameterType=false, reportUnknownArgumentType=false, reportMissingTypeStubs=false
# (numba ships no types)
# ruff: noqa: ARG001  (what numba compiles in a function's stead has all of its arguments)
"""A half-sweep of KL-NMF, compiled: every coordinate of some lines of V, rows or columns, is moved once, in turn.

For one coordinate a = w_ir, with b = h_r, u_j = b_j / (WH)_ij and v = V_i, the divergence D(a) has

    s₁ = Σ v u    s₂ = Σ v u²    B = Σ b    gradient g = B − s₁    curvature s₂

    g < 0:  a ← a − g s₁ / (s₂ B)        the least point of a Jensen majoriser
    g ≥ 0:  a ← a / (1 + g / (a s₂))     the least point of a chord majoriser

Both agree with D to second order at a, so that near the end this is Newton's method, and neither raises D for any
V ≥ 0. Lines do not depend on each other, so they may be done in any number of threads with the same bits.

A line moves R times, and what a coordinate's move adds to WH is added as the next one's sums are taken, in one pass
over the line. A few lines go in step, so that the processor passes over one while it waits for the sums of another;
they are copied to where they have room to a whole number of vectors, filled up with v = 0, b = 0 and WH = 1. Inside
the passes arrays are addressed by their indices: numba counts references to each slice, which takes as long as 60
entries.

`way_down` and its symmetric twin go down by such sweeps, each result carried on beyond where the sweep ends. They are
plain Python: for a large matrix they run as they stand and spread each half-sweep over threads, for a small one,
whose sweeps take no longer than a few calls from Python, they are compiled. All that is compiled stands in this file,
since numba keeps compiled code for as long as the file of the outermost function stays as it is.

The names here: `factors` W, shape (m, R), moved in place; `others` Hᵀ, shape (n, R); `sums` and `totals`, B, over all
of a line and over what is observed of it; `values`, `product` v and WH of the lines in step, shape (`IN_STEP`, width);
`packed` h of a dense V, shape (R, width), or of each line of a sparse V in turn, shape (`IN_STEP` R, width), of which
line `at` uses those from `at · stride` on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import numpy as np
from numba import njit, types
from numba.extending import overload

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

FLOOR = 1e-15
"""No entry of a factor falls below: what is 0 could never rise again. As u ≤ 1/a, and the sum of V over its mean is
the number of entries, s₂ ≤ 10³⁰ p n, which single precision holds."""

ADDED_ANEW_BELOW = 1e-3
"""Where less than this share of a sum is left, it is added up without what is left out."""

LEAST_VALUE = 1e-25
"""A smaller share of the mean adds nothing to the divergence that single precision could tell from 0."""

LEAST_NORMAL_MANTISSA = 0x3F3504F3
"""The bits of √½ in float32."""

LEAST = float(np.finfo(np.float64).tiny)
"""The least B that is divided by."""

IN_STEP = 8
"""So many lines are moved in step."""

VECTOR = 32
"""The room of a line is a multiple of so many entries."""

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

ADDED_IN_SINGLE = 2_048
"""So many terms of a sum are added up in the precision of the factors, and those sums in double precision."""

FIRST, MOVING, STANDING = cast("int", np.int64(0)), cast("bool", np.bool_(True)), cast("bool", np.bool_(False))
"""Arguments within compiled code: for plain constants numba would compile a function anew, each with its own."""

Function = TypeVar("Function", bound="Callable[..., Any]")


class StoredEntries(NamedTuple):
    """The lines of V along one side.

    Parameters
    ----------
    values : ndarray, shape (m, n) or (nnz,)
        V, dense in C order, or the values of CSR; 0 where nothing is observed.
    starts, places : ndarray of int64, shape (m + 1,), and of int32, shape (nnz,); empty when dense
        Where each line begins in CSR, and the place of each value along its line.
    held_starts, held : ndarray of int64, shape (m + 1,), and of int32
        The places where nothing is observed, ascending, as in CSR.
    """

    values: NDArray[Any]
    starts: NDArray[np.int64]
    places: NDArray[np.int32]
    held_starts: NDArray[np.int64]
    held: NDArray[np.int32]


def compiled(function: Function) -> Function:
    """Return a function compiled by numba, without the interpreter's lock, and kept on disk for the next process."""
    # Sums may be taken in the order that the vector units like; NaN and infinity keep their meaning. A function that
    # calls others has to allow it too: what is allowed within it is what the vector units get.
    how: dict[str, Any] = {"nogil": True, "fastmath": {"nsz", "arcp", "contract", "reassoc"}, "error_model": "numpy"}
    try:
        return cast("Function", njit(cache=True, **how)(function))
    except RuntimeError:  # there is no folder in which it could be kept
        return cast("Function", njit(**how)(function))


@compiled
def moved(a: float, s1: float, s2: float, total: float, floor: float) -> float:
    """Return where a coordinate goes, from its two sums and the total of the other factor's column."""
    gradient = total - s1
    if gradient < 0.0:
        new = a - gradient * s1 / (s2 * total) if s2 > 0.0 and total > 0.0 else a
    elif s2 > 0.0:
        new = a / (1.0 + gradient / (a * s2))
    else:
        new = floor if gradient > 0.0 else a
    return max(floor, new)


def divergence(values: NDArray[Any], product: NDArray[Any], ratio: NDArray[Any], at: int, room: int) -> float:
    """Return Σ v log(v / x) − v + x over one line; compiled for float32 and float64 each in its own way."""
    raise NotImplementedError(f"only in compiled code, not for {values, product, ratio, at, room}")


@overload(divergence)
def _divergence(values: Any, product: Any, ratio: Any, at: Any, room: Any) -> Callable[..., float]:
    def in_double(values: Any, product: Any, ratio: Any, at: Any, room: Any) -> float:
        total = 0.0
        for j in range(room):
            if values[at, j] > 0.0:
                x = product[at, j] / values[at, j]
                total += values[at, j] * ((x - 1.0) - np.log(x))
            else:
                total += product[at, j]
        return total

    def in_single(values: Any, product: Any, ratio: Any, at: Any, room: Any) -> float:
        # log by the polynomial of Cephes's logf, so that it runs in vectors; with x = 2^e (1 + f) what cancels in
        # x − 1 − log x where x is near 1 is left out beforehand.
        bits = ratio.view(np.int32)
        total = 0.0
        for j in range(room):
            ratio[j] = product[at, j] / values[at, j] if values[at, j] > np.float32(LEAST_VALUE) else np.float32(1.0)
        for j in range(room):
            x = ratio[j]
            exponent = np.int32(np.int32(bits[j] - np.int32(LEAST_NORMAL_MANTISSA)) >> np.int32(23))
            bits[j] = np.int32(bits[j] - np.int32(exponent << np.int32(23)))
            e = np.float32(exponent)
            f = np.float32(ratio[j] - np.float32(1.0))
            p = np.float32(7.0376836292e-2)
            p = p * f + np.float32(-1.1514610310e-1)
            p = p * f + np.float32(1.1676998740e-1)
            p = p * f + np.float32(-1.2420140846e-1)
            p = p * f + np.float32(1.4249322787e-1)
            p = p * f + np.float32(-1.6668057665e-1)
            p = p * f + np.float32(2.0000714765e-1)
            p = p * f + np.float32(-2.4999993993e-1)
            p = p * f + np.float32(3.3333331174e-1)
            apart = (x - np.float32(1.0)) - f - e * np.float32(0.6931471805599453)
            term = apart + f * f * (np.float32(0.5) - f * p)
            total += values[at, j] * term if values[at, j] > np.float32(LEAST_VALUE) else product[at, j]
        return total

    return in_single if product.dtype == types.float32 else in_double


@compiled
def added_up(others: NDArray[Any]) -> NDArray[np.float64]:
    """Return the sum of each column, shape (R,)."""
    n, rank = others.shape
    sums = np.zeros(rank)
    for j in range(n):
        for r in range(rank):
            sums[r] += np.float64(others[j, r])
    return sums


@compiled
def total_over(
    stored: StoredEntries, i: int, others: NDArray[Any], sums: NDArray[np.float64], totals: NDArray[np.float64], at: int
) -> None:
    """Put B over what is observed of line i into `totals`: the sums less what is left out, or added up anew.

    What is not observed is bound by nothing and may be far larger than what is: the difference would be rounding.
    """
    n, rank = others.shape
    first, last = stored.held_starts[i], stored.held_starts[i + 1]
    for r in range(rank):
        totals[at, r] = sums[r]
    for k in range(first, last):
        for r in range(rank):
            totals[at, r] -= np.float64(others[stored.held[k], r])
    for r in range(rank):
        if totals[at, r] < ADDED_ANEW_BELOW * sums[r]:
            total, k = 0.0, first
            for j in range(n):
                if k < last and stored.held[k] == j:
                    k += 1
                else:
                    total += np.float64(others[j, r])
            totals[at, r] = total


def longest(stored: StoredEntries, others: NDArray[Any], first: int, last: int) -> int:
    """Return how many entries the longest of some lines has; compiled for dense and sparse V each in its own way."""
    raise NotImplementedError(f"only in compiled code, not for {stored}, {others}, {first}, {last}")


@overload(longest)
def _longest(stored: Any, others: Any, first: Any, last: Any) -> Callable[..., int]:
    def dense(stored: Any, others: Any, first: Any, last: Any) -> int:
        return len(others)

    def sparse(stored: Any, others: Any, first: Any, last: Any) -> int:
        most = 0
        for i in range(first, last):
            most = max(most, stored.starts[i + 1] - stored.starts[i])
        return most

    return dense if stored[0].ndim == 2 else sparse


def unpacked(stored: StoredEntries, others: NDArray[Any], width: int) -> tuple[NDArray[Any], int]:
    """Return `packed` and its stride: h itself for a dense V; room for the lines' own for a sparse one."""
    raise NotImplementedError(f"only in compiled code, not for {stored}, {others}, {width}")


@overload(unpacked)
def _unpacked(stored: Any, others: Any, width: Any) -> Callable[..., Any]:
    def dense(stored: Any, others: Any, width: Any) -> Any:
        n, rank = others.shape
        packed = np.zeros((rank, width), dtype=others.dtype)
        for j in range(n):
            for r in range(rank):
                packed[r, j] = others[j, r]
        return packed, 0

    def sparse(stored: Any, others: Any, width: Any) -> Any:
        rank = others.shape[1]
        return np.zeros((IN_STEP * rank, width), dtype=others.dtype), rank

    return dense if stored[0].ndim == 2 else sparse


def fetch(
    stored: StoredEntries, i: int, others: NDArray[Any], values: NDArray[Any], packed: NDArray[Any], at: int
) -> int:
    """Put line i of V into `values`, and h along it into `packed`; return how many entries it has."""
    raise NotImplementedError(f"only in compiled code, not for {stored}, {i}, {others}, {values}, {packed}, {at}")


@overload(fetch)
def _fetch(
    stored: Any,
    i: Any,
    others: Any,
    values: Any,
    packed: Any,
    at: Any,
) -> Callable[..., int]:
    def dense(stored: Any, i: Any, others: Any, values: Any, packed: Any, at: Any) -> int:
        n = len(others)
        for j in range(n):
            values[at, j] = stored.values[i, j]
        return n

    def sparse(stored: Any, i: Any, others: Any, values: Any, packed: Any, at: Any) -> int:
        start, rank = stored.starts[i], others.shape[1]
        count = stored.starts[i + 1] - start
        for j in range(count):
            values[at, j] = stored.values[start + j]
            column = stored.places[start + j]
            for r in range(rank):
                packed[at * rank + r, j] = others[column, r]
        for j in range(count, room_for(count)):
            values[at, j] = 0
            for r in range(rank):
                packed[at * rank + r, j] = 0
        return count

    return dense if stored[0].ndim == 2 else sparse


@compiled
def room_for(count: int) -> int:
    """Return the room that a line of so many entries has."""
    return (count + VECTOR - 1) // VECTOR * VECTOR


@compiled
def multiply(
    factors: NDArray[Any], i: int, packed: NDArray[Any], stride: int, product: NDArray[Any], at: int, count: int,
    room: int,
) -> None:  # fmt: skip
    """Put w H of line i into `product`; four columns at a time, so that the sums are fetched less often."""
    rank, base = factors.shape[1], at * stride
    for j in range(room):
        product[at, j] = 0
    whole = rank - rank % 4
    for r in range(0, whole, 4):
        a0, a1, a2, a3 = factors[i, r], factors[i, r + 1], factors[i, r + 2], factors[i, r + 3]
        q = base + r
        for j in range(room):
            product[at, j] += a0 * packed[q, j] + a1 * packed[q + 1, j] + a2 * packed[q + 2, j] + a3 * packed[q + 3, j]
    for r in range(whole, rank):
        a = factors[i, r]
        for j in range(room):
            product[at, j] += a * packed[base + r, j]
    for j in range(count, room):
        product[at, j] = 1


@compiled
def sums_over(
    values: NDArray[Any], product: NDArray[Any], packed: NDArray[Any], at: int, step: Any, before: int, own: int,
    first: int, last: int,
) -> tuple[Any, Any]:  # fmt: skip
    """Return s₁ and s₂ over a part of a line, once the last coordinate's step has been added to its product."""
    zero = values.dtype.type(0)
    s1, s2 = zero, zero
    for j in range(np.uint64(first), np.uint64(last)):  # along an index that could be negative there are no vectors
        x = product[at, j] + step * packed[before, j]
        product[at, j] = x
        b = packed[own, j]
        u = b / x
        t = values[at, j] * u
        s1 += t
        s2 += t * u
    return s1, s2


@compiled
def move(
    factors: NDArray[Any], i: int, size: int, values: NDArray[Any], product: NDArray[Any], packed: NDArray[Any],
    stride: int, totals: NDArray[np.float64], rooms: NDArray[np.int64], steps: NDArray[Any],
) -> None:  # fmt: skip
    """Move the coordinates of `size` lines from line i on, in turn and in step, and keep `product` up to date."""
    rank = factors.shape[1]
    for at in range(size):
        steps[at] = 0
    for r in range(rank):
        for at in range(size):
            own, s1, s2 = at * stride + r, 0.0, 0.0
            before = own - min(r, 1)
            for first in range(0, rooms[at], ADDED_IN_SINGLE):
                last = min(first + ADDED_IN_SINGLE, rooms[at])
                t1, t2 = sums_over(values, product, packed, at, steps[at], before, own, first, last)
                s1 += np.float64(t1)
                s2 += np.float64(t2)
            a = factors[i + at, r]
            factors[i + at, r] = moved(a, s1, s2, totals[at, r], FLOOR)
            steps[at] = factors[i + at, r] - a
    for at in range(size):
        own = at * stride + rank - 1
        for j in range(rooms[at]):
            product[at, j] += steps[at] * packed[own, j]


@compiled
def sweep(
    stored: StoredEntries,
    factors: NDArray[Any],
    others: NDArray[Any],
    first: int,
    last: int,
    divergences: NDArray[np.float64],
    moving: bool,
) -> None:
    """Move the lines from `first` to `last`; where `divergences` has room, say what is then left of each.

    Without `moving`, say that alone.
    """
    rank, width = others.shape[1], room_for(longest(stored, others, first, last))
    sums, (packed, stride) = added_up(others), unpacked(stored, others, width)
    values = np.zeros((IN_STEP, width), dtype=factors.dtype)
    product, ratio = np.empty((IN_STEP, width), dtype=factors.dtype), np.empty(width, dtype=factors.dtype)
    totals, steps = np.empty((IN_STEP, rank)), np.empty(IN_STEP, dtype=factors.dtype)
    counts, rooms = np.empty(IN_STEP, dtype=np.int64), np.empty(IN_STEP, dtype=np.int64)
    for i in range(first, last, IN_STEP):
        size = min(IN_STEP, last - i)
        for at in range(size):
            counts[at] = fetch(stored, i + at, others, values, packed, at)
            rooms[at] = room_for(counts[at])
            total_over(stored, i + at, others, sums, totals, at)
            multiply(factors, i + at, packed, stride, product, at, counts[at], rooms[at])
        if moving:
            move(factors, i, size, values, product, packed, stride, totals, rooms, steps)
        if len(divergences):
            for at in range(size):
                for j in range(counts[at], rooms[at]):
                    product[at, j] = 0
                divergences[i + at] = left_of(stored, i + at, values, product, ratio, factors, totals, at, rooms[at])


def left_of(
    stored: StoredEntries, i: int, values: NDArray[Any], product: NDArray[Any], ratio: NDArray[Any],
    factors: NDArray[Any],
    totals: NDArray[np.float64], at: int, room: int,
) -> float:  # fmt: skip
    """Return the divergence of line i."""
    raise NotImplementedError(f"only in compiled code: {stored, i, values, product, ratio, factors, totals, at, room}")


@overload(left_of)
def _left_of(
    stored: Any, i: Any, values: Any, product: Any, ratio: Any, factors: Any, totals: Any, at: Any, room: Any
) -> Callable[..., float]:
    def dense(
        stored: Any, i: Any, values: Any, product: Any, ratio: Any, factors: Any, totals: Any, at: Any, room: Any
    ) -> float:
        for k in range(stored.held_starts[i], stored.held_starts[i + 1]):
            product[at, stored.held[k]] = 0
        return divergence(values, product, ratio, at, room)

    def sparse(
        stored: Any, i: Any, values: Any, product: Any, ratio: Any, factors: Any, totals: Any, at: Any, room: Any
    ) -> float:
        left = divergence(values, product, ratio, at, room)
        for j in range(room):
            left -= np.float64(product[at, j])
        for r in range(factors.shape[1]):
            left += np.float64(factors[i, r]) * totals[at, r]
        return left

    return dense if stored[0].ndim == 2 else sparse


@compiled
def sweep_symmetric(stored: StoredEntries, factors: NDArray[Any]) -> None:
    """Move the lines of a symmetric V ≈ W Wᵀ one after the other.

    The diagonal is among what is left out, so that a line's own weights are not on both sides.
    """
    n, rank = factors.shape
    width = room_for(longest(stored, factors, 0, n))
    sums, (packed, stride) = added_up(factors), unpacked(stored, factors, width)
    values, product = np.zeros((1, width), dtype=factors.dtype), np.empty((1, width), dtype=factors.dtype)
    totals, rooms, steps = np.empty((1, rank)), np.empty(1, dtype=np.int64), np.empty(1, dtype=factors.dtype)
    for i in range(n):
        count = fetch(stored, i, factors, values, packed, FIRST)
        rooms[0] = room_for(count)
        total_over(stored, i, factors, sums, totals, FIRST)
        multiply(factors, i, packed, stride, product, FIRST, count, rooms[0])
        for r in range(rank):
            sums[r] -= factors[i, r]
        move(factors, i, FIRST + 1, values, product, packed, stride, totals, rooms, steps)
        for r in range(rank):
            sums[r] += factors[i, r]
        if stride == 0:
            for r in range(rank):
                packed[r, i] = factors[i, r]


@compiled
def gradient(stored: StoredEntries, factors: NDArray[Any], others: NDArray[Any]) -> NDArray[np.float64]:
    """Return 1 − s₁/B for each coordinate of all lines, shape (m, R)."""
    m, rank = factors.shape
    width = room_for(longest(stored, others, 0, m))
    sums, (packed, stride) = added_up(others), unpacked(stored, others, width)
    values, product = np.zeros((1, width), dtype=factors.dtype), np.empty((1, width), dtype=factors.dtype)
    totals, still, found = np.empty((1, rank)), values.dtype.type(0), np.empty((m, rank))
    for i in range(m):
        count = fetch(stored, i, others, values, packed, FIRST)
        total_over(stored, i, others, sums, totals, FIRST)
        room = room_for(count)
        multiply(factors, i, packed, stride, product, FIRST, count, room)
        for r in range(rank):
            s1 = 0.0
            for first in range(0, room, ADDED_IN_SINGLE):
                last = min(first + ADDED_IN_SINGLE, room)
                s1 += np.float64(sums_over(values, product, packed, FIRST, still, r, r, first, last)[0])
            found[i, r] = 1.0 - s1 / max(totals[0, r], LEAST)
    return found


@compiled
def carried_on(new: NDArray[Any], old: NDArray[Any], stride: float, least: float) -> NDArray[Any]:
    """Return a factor carried on by a share of its last change, with at least this share of each entry left."""
    beyond = np.empty_like(new)
    for i in range(new.shape[0]):
        for r in range(new.shape[1]):
            a, b = np.float64(new[i, r]), np.float64(old[i, r])
            beyond[i, r] = max(a + stride * (a - b), least * a)
    return beyond


@compiled
def total(divergences: NDArray[np.float64]) -> float:
    """Return the sum over all lines; at least 0, below which rounding alone could bring it."""
    found = 0.0
    for one in divergences:
        found += one
    return 0.0 if found < 0.0 else found  # noqa: FURB136  NaN stays


def go_through(
    stored: StoredEntries, factors: NDArray[Any], others: NDArray[Any], divergences: NDArray[np.float64], workers: Any
) -> None:
    """Do a half-sweep as `workers` do it; in compiled code on the thread that it runs on."""
    workers.go_through(stored, factors, others, divergences)


@overload(go_through)
def _go_through(
    stored: Any,
    factors: Any,
    others: Any,
    divergences: Any,
    workers: Any,
) -> Callable[..., None]:
    def whole(stored: Any, factors: Any, others: Any, divergences: Any, workers: Any) -> None:
        sweep(stored, factors, others, FIRST, len(factors), divergences, MOVING)

    return whole


@compiled
def judged(now: float, last: float, stride: float, carrying: bool, has_before: bool) -> tuple[int, float, float, bool]:
    """Return what becomes of a sweep, the share that it gained, and by which share the next is carried on, and whether.

    One that was carried on and has not gained is taken back, and the share halved; one that was not carried on and has
    not gained is at the end of what rounding allows, and passed over.
    """
    if carrying and not now <= last:
        return TAKEN_BACK, 0.0, stride / 2.0, False
    gain = (last - now) / now if now != 0.0 else 0.0
    if not gain >= 0.0:  # nor NaN
        return PASSED_OVER, 0.0, stride, carrying
    carrying = has_before and gain < SLOW
    if carrying:
        stride = min(LENGTHENED * stride, LONGEST_STRIDE) if stride > 0.0 else FIRST_STRIDE
    return KEPT, gain, stride, carrying


def way_down(
    rows: StoredEntries,
    columns: StoredEntries,
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
        beyond = carried_on(w, plain_w, stride, LEAST_LEFT) if carrying else w
        go_through(columns, h, beyond, lines, workers)
        now = total(lines)
        verdict, gain, stride, carrying = judged(now, last, stride, carrying, kept > 0)
        if verdict == TAKEN_BACK:
            begin_h = kept_h
            continue
        if verdict == KEPT:
            old_h = plain_h
            kept_w, kept_h, plain_w, plain_h = beyond, h, w, h
            last, trace[kept] = now, now
            kept += 1
            begin_h = carried_on(h, old_h, stride, LEAST_LEFT) if carrying else h
        still = still + 1 if gain < tolerance else 0
        if still == STILL:
            break
    return kept_w, kept_h, kept, still == STILL


def way_down_symmetric(
    stored: StoredEntries, w: NDArray[Any], trace: NDArray[np.float64], tolerance: float
) -> tuple[NDArray[Any], int, bool]:
    """Return the factor of a symmetric matrix with the least divergence, and the rest as `way_down` does."""
    kept_w, begin, plain = w, w, w
    lines = np.empty(len(w))
    last, stride, carrying, kept, still = np.inf, 0.0, False, 0, 0
    for _ in range(len(trace)):
        w = begin.copy()
        sweep_symmetric(stored, w)
        sweep(stored, w, w, FIRST, len(w), lines, STANDING)
        now = 0.5 * total(lines)
        verdict, gain, stride, carrying = judged(now, last, stride, carrying, kept > 0)
        if verdict == TAKEN_BACK:
            begin = kept_w
            continue
        if verdict == KEPT:
            old = plain
            kept_w, plain = w, w
            last, trace[kept] = now, now
            kept += 1
            begin = carried_on(w, old, stride, LEAST_LEFT) if carrying else w
        still = still + 1 if gain < tolerance else 0
        if still == STILL:
            break
    return kept_w, kept, still == STILL


compiled_way_down = compiled(way_down)
compiled_way_down_symmetric = compiled(way_down_symmetric)
