# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUntypedFunctionDecorator=false
# pyright: reportUnknownParameterType=false, reportUnknownArgumentType=false, reportMissingTypeStubs=false
# (numba ships no types)
# ruff: noqa: ARG001  (what numba compiles in a function's stead has all of its arguments)
"""A half-sweep of KL-NMF, compiled: every coordinate of some lines of V, rows or columns, is updated once, in turn.

For one coordinate a = w_ir, with b = h_r, u_j = b_j / (WH)_ij and v = V_i, the divergence D(a) has

    s₁ = Σ v u    s₂ = Σ v u²    B = Σ b    gradient g = B − s₁    curvature s₂

    g < 0:  a ← a − g s₁ / (s₂ B)        the least point of a Jensen majoriser
    g ≥ 0:  a ← a / (1 + g / (a s₂))     the least point of a chord majoriser

Both agree with D to second order at a, so that near the end this is Newton's method, and neither raises D for any
V ≥ 0. Lines do not depend on each other, so they may be done in any number of threads with the same bits.

A line is passed over R times: what the update of a coordinate adds to WH is added as the sums of the next one are
taken. A batch of a few lines is updated together, so that the processor works on one while it waits for the sums of
another; lines are copied to where they are padded to a whole number of vectors, with v = 0, b = 0 and WH = 1. Inside
the passes arrays are addressed by their indices: numba counts references to each slice, which takes as long as 60
entries. It counts them of each array of a `StoredEntries` that is looked up too, so that a half-sweep does so once.

`minimize` and its symmetric twin repeat such sweeps, and extrapolate beyond the end of each. They are plain Python: for
a large matrix they run as they are and spread each half-sweep over threads; for a small one, whose sweeps take no
longer than a few calls from Python, they are compiled. All that is compiled stands in this file, since numba keeps
compiled code for as long as the file of the outermost function stays as it is.

The names here: `factors` W, shape (m, R), updated in place; `others` Hᵀ, shape (n, R); `sums` and `totals`, B, over all
of a line and over what is observed of it; `values`, `product` v and WH of a batch of lines, shape (`BATCH`, width);
`packed` h of a dense V, shape (R, width), or of each line of a sparse V in turn, shape (`BATCH` R, width), of which
line `at` uses those from `at · stride` on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import numpy as np
from numba import njit, types
from numba.extending import intrinsic, overload

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

FLOOR = 1e-15
"""The least entry of a factor: what is 0 could never rise again. As u ≤ 1/a, and the sum of V over its mean is the
number of entries, s₂ ≤ 10³⁰ p n, which single precision holds."""

RESUM_BELOW = 1e-3
"""A sum over the observed entries that is less than this share of the sum over all is added up entry by entry."""

LEAST_VALUE = 1e-25
"""The least value, in units of the mean, whose log term single precision can tell from 0."""

LEAST_NORMAL_MANTISSA = 0x3F3504F3
"""The bits of √½ in float32."""

LEAST_DIVISOR = float(np.finfo(np.float64).tiny)
"""The least B used as a divisor."""

BATCH = 8
"""Number of lines that are updated together."""

VECTOR = 32
"""Lines are padded to a multiple of this number of entries."""

EXTRAPOLATE_BELOW = 0.02
"""Extrapolation begins once a sweep gains less than this share of the divergence: earlier it leads to bad optima."""

LEAST_LEFT = 0.2
"""Extrapolation leaves at least this share of each entry: a smaller share, or none, leads to bad optima too."""

FIRST_STEP, LONGEST_STEP, STEP_GROWTH = 0.5, 0.98, 1.1
"""The step of the extrapolation, a share of the last change: the first, the longest, and its growth factor."""

MOST_STALLED = 3
"""Number of sweeps in a row with a gain below the tolerance after which a fit has converged."""

ACCEPTED, STALLED, REJECTED = 1, 0, -1
"""What `assess_sweep` says of a sweep: its factors are kept; they gain nothing; they are rejected."""

SINGLE_SUM_LENGTH = 2_048
"""Number of terms that are added up in the precision of the factors; sums of these are taken in double precision."""

FIRST, UPDATING, MEASURING = cast("int", np.int64(0)), cast("bool", np.bool_(True)), cast("bool", np.bool_(False))
"""Arguments within compiled code: for plain constants numba would compile a function anew, each with its own."""

Function = TypeVar("Function", bound="Callable[..., Any]")


class StoredEntries(NamedTuple):
    """The lines of V along one side.

    Parameters
    ----------
    values : ndarray, shape (m, n) or (nnz,)
        V, dense in C order, or the values of CSR; 0 where nothing is observed.
    starts, indices : ndarray of int64, shape (m + 1,), and of int32, shape (nnz,); empty when dense
        Where each line begins in CSR, and the index of each value along its line.
    missing_starts, missing : ndarray of int64, shape (m + 1,), and of int32
        The indices where nothing is observed, ascending, as in CSR.
    """

    values: NDArray[Any]
    starts: NDArray[np.int64]
    indices: NDArray[np.int32]
    missing_starts: NDArray[np.int64]
    missing: NDArray[np.int32]


COMPILED: dict[str, Any] = {"nogil": True, "fastmath": {"nsz", "arcp", "contract", "reassoc"}, "error_model": "numpy"}
"""Options of numba. Sums may be taken in the order that the vector units like; NaN and infinity keep their meaning. A
function that calls others has to allow it too: what is allowed within it is what the vector units get."""


def compiled(function: Function) -> Function:
    """Return a function compiled by numba, without the interpreter's lock, and kept on disk for the next process."""
    # An earlier release's code is unpickled before numba asks whether it is stale, and names the class of its argument:
    # under the name of another class it is not looked for.
    function.__qualname__ += f".{StoredEntries.__name__}"
    try:
        return cast("Function", njit(cache=True, **COMPILED)(function))
    except RuntimeError:  # there is no folder in which it could be kept
        return cast("Function", njit(**COMPILED)(function))


def inlined(function: Function) -> Function:
    """Return a function that is compiled into those that call it: calls hand over each array as seven numbers."""
    return cast("Function", njit(forceinline=True, **COMPILED)(function))


def _load_bits(context: Any, array: Any, index: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_pointer_to_bits(context, builder, signature, arguments))

    return types.int32(array, index), generate


def _store_bits(context: Any, array: Any, index: Any, bits: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], _pointer_to_bits(context, builder, signature, arguments))
        return context.get_dummy_value()

    return types.void(array, index, types.int32), generate


def _pointer_to_bits(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    pointer = builder.gep(array.data, [arguments[1]])
    return builder.bitcast(pointer, context.get_value_type(types.int32).as_pointer())


load_bits: Any = intrinsic(_load_bits)
"""Return the bits of an entry of an array in single precision: references to a view of it would be counted."""

store_bits: Any = intrinsic(_store_bits)
"""Put bits in the place of an entry of an array in single precision."""


@inlined
def majoriser_minimum(a: float, s1: float, s2: float, total: float, floor: float) -> float:
    """Return the least point of a coordinate's majoriser, from its two sums and the total of the other's column."""
    gradient = total - s1
    if not (s2 > 0.0 and total > 0.0):  # seldom
        if gradient < 0.0 or not (s2 > 0.0 or gradient > 0.0):
            return max(floor, a)
        return max(floor, a / (1.0 + gradient / (a * s2)) if s2 > 0.0 else floor)
    # Nobody can foresee the sign, so that a branch would hold up the processor every other time: both majorisers have
    # the same two quotients here, of which the second of the first is by 1.
    falls = gradient < 0.0
    quotient = (gradient * s1 if falls else gradient) / (s2 * total if falls else a * s2)
    new = (a - quotient if falls else a) / (1.0 if falls else 1.0 + quotient)
    return max(floor, new)


def divergence(values: NDArray[Any], product: NDArray[Any], ratio: NDArray[Any], at: int, padded: int) -> float:
    """Return Σ v log(v / x) − v + x over one line; compiled for float32 and float64 each in its own way."""
    raise NotImplementedError(f"only in compiled code, not for {values, product, ratio, at, padded}")


@overload(divergence)
def _divergence(values: Any, product: Any, ratio: Any, at: Any, padded: Any) -> Callable[..., float]:
    def in_double(values: Any, product: Any, ratio: Any, at: Any, padded: Any) -> float:
        total = 0.0
        for j in range(padded):
            if values[at, j] > 0.0:
                x = product[at, j] / values[at, j]
                total += values[at, j] * ((x - 1.0) - np.log(x))
            else:
                total += product[at, j]
        return total

    def in_single(values: Any, product: Any, ratio: Any, at: Any, padded: Any) -> float:
        # log by the polynomial of Cephes's logf, so that it runs in vectors; with x = 2^e (1 + f) what cancels in
        # x − 1 − log x where x is near 1 is left out beforehand.
        total = 0.0
        for j in range(padded):
            ratio[j] = product[at, j] / values[at, j] if values[at, j] > np.float32(LEAST_VALUE) else np.float32(1.0)
        for j in range(padded):
            x = ratio[j]
            exponent = np.int32(np.int32(load_bits(ratio, j) - np.int32(LEAST_NORMAL_MANTISSA)) >> np.int32(23))
            store_bits(ratio, j, np.int32(load_bits(ratio, j) - np.int32(exponent << np.int32(23))))
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
def column_sums(others: NDArray[Any]) -> NDArray[np.float64]:
    """Return the sum of each column, shape (R,)."""
    n, rank = others.shape
    sums = np.zeros(rank)
    for j in range(n):
        for r in range(rank):
            sums[r] += np.float64(others[j, r])
    return sums


@inlined
def sum_observed(
    missing_starts: NDArray[np.int64], missing: NDArray[np.int32], i: int, others: NDArray[Any],
    sums: NDArray[np.float64], totals: NDArray[np.float64], at: int,
) -> None:  # fmt: skip
    """Put B over the observed entries of line i into `totals`: the sums less the missing ones, or added up anew.

    Missing entries are bound by nothing and may be far larger than the observed: the difference would be rounding.
    """
    n, rank = others.shape
    first, last = missing_starts[i], missing_starts[i + 1]
    for r in range(rank):
        totals[at, r] = sums[r]
    for k in range(first, last):
        for r in range(rank):
            totals[at, r] -= np.float64(others[missing[k], r])
    for r in range(rank):
        if totals[at, r] < RESUM_BELOW * sums[r]:
            total, k = 0.0, first
            for j in range(n):
                if k < last and missing[k] == j:
                    k += 1
                else:
                    total += np.float64(others[j, r])
            totals[at, r] = total


def longest_line(stored: StoredEntries, others: NDArray[Any], first: int, last: int) -> int:
    """Return the number of entries of the longest line; compiled for dense and sparse V each in its own way."""
    raise NotImplementedError(f"only in compiled code, not for {stored}, {others}, {first}, {last}")


@overload(longest_line)
def _longest_line(stored: Any, others: Any, first: Any, last: Any) -> Callable[..., int]:
    def dense(stored: Any, others: Any, first: Any, last: Any) -> int:
        return len(others)

    def sparse(stored: Any, others: Any, first: Any, last: Any) -> int:
        most = 0
        for i in range(first, last):
            most = max(most, stored.starts[i + 1] - stored.starts[i])
        return most

    return dense if stored[0].ndim == 2 else sparse


def allocate_packed(stored: StoredEntries, others: NDArray[Any], width: int) -> tuple[NDArray[Any], int]:
    """Return `packed` and its stride: h itself for a dense V; memory for h along each line of a sparse one."""
    raise NotImplementedError(f"only in compiled code, not for {stored}, {others}, {width}")


@overload(allocate_packed)
def _allocate_packed(stored: Any, others: Any, width: Any) -> Callable[..., Any]:
    def dense(stored: Any, others: Any, width: Any) -> Any:
        n, rank = others.shape
        packed = np.zeros((rank, width), dtype=others.dtype)
        for j in range(n):
            for r in range(rank):
                packed[r, j] = others[j, r]
        return packed, 0

    def sparse(stored: Any, others: Any, width: Any) -> Any:
        rank = others.shape[1]
        return np.zeros((BATCH * rank, width), dtype=others.dtype), rank

    return dense if stored[0].ndim == 2 else sparse


def load_line(
    entries: NDArray[Any], starts: NDArray[np.int64], indices: NDArray[np.int32], i: int, others: NDArray[Any],
    values: NDArray[Any], packed: NDArray[Any], at: int,
) -> int:  # fmt: skip
    """Put line i of V into `values`, and h along it into `packed`; return its number of entries."""
    raise NotImplementedError(f"only in compiled code: {entries, starts, indices, i, others, values, packed, at}")


@overload(load_line)
def _load_line(
    entries: Any, starts: Any, indices: Any, i: Any, others: Any, values: Any, packed: Any, at: Any
) -> Callable[..., int]:
    def dense(entries: Any, starts: Any, indices: Any, i: Any, others: Any, values: Any, packed: Any, at: Any) -> int:
        n = len(others)
        for j in range(n):
            values[at, j] = entries[i, j]
        return n

    def sparse(entries: Any, starts: Any, indices: Any, i: Any, others: Any, values: Any, packed: Any, at: Any) -> int:
        start, rank = starts[i], others.shape[1]
        count = starts[i + 1] - start
        for j in range(count):
            values[at, j] = entries[start + j]
            column = indices[start + j]
            for r in range(rank):
                packed[at * rank + r, j] = others[column, r]
        for j in range(count, padded_length(count)):
            values[at, j] = 0
            for r in range(rank):
                packed[at * rank + r, j] = 0
        return count

    return dense if entries.ndim == 2 else sparse


@compiled
def padded_length(count: int) -> int:
    """Return the length to which a line of so many entries is padded."""
    return (count + VECTOR - 1) // VECTOR * VECTOR


@inlined
def multiply_line(
    factors: NDArray[Any], i: int, packed: NDArray[Any], stride: int, product: NDArray[Any], at: int, count: int,
    padded: int,
) -> None:  # fmt: skip
    """Put w H of line i into `product`; four columns at a time, so that the sums are loaded less often."""
    rank, base = factors.shape[1], at * stride
    for j in range(padded):
        product[at, j] = 0
    whole = rank - rank % 4
    for r in range(0, whole, 4):
        a0, a1, a2, a3 = factors[i, r], factors[i, r + 1], factors[i, r + 2], factors[i, r + 3]
        q = base + r
        for j in range(padded):
            product[at, j] += a0 * packed[q, j] + a1 * packed[q + 1, j] + a2 * packed[q + 2, j] + a3 * packed[q + 3, j]
    for r in range(whole, rank):
        a = factors[i, r]
        for j in range(padded):
            product[at, j] += a * packed[base + r, j]
    for j in range(count, padded):
        product[at, j] = 1


@inlined
def sums_over(
    values: NDArray[Any], product: NDArray[Any], packed: NDArray[Any], at: int, change: Any, previous: int,
    current: int, first: int, last: int,
) -> tuple[Any, Any]:  # fmt: skip
    """Return s₁ and s₂ over a part of a line, once the last coordinate's change has been added to its product."""
    zero = values.dtype.type(0)
    s1, s2 = zero, zero
    for j in range(np.uint64(first), np.uint64(last)):  # along an index that could be negative there are no vectors
        x = product[at, j] + change * packed[previous, j]
        product[at, j] = x
        b = packed[current, j]
        u = b / x
        t = values[at, j] * u
        s1 += t
        s2 += t * u
    return s1, s2


@compiled
def update(
    factors: NDArray[Any], i: int, size: int, values: NDArray[Any], product: NDArray[Any], packed: NDArray[Any],
    stride: int, totals: NDArray[np.float64], padded_lengths: NDArray[np.int64], changes: NDArray[Any],
) -> None:  # fmt: skip
    """Update the coordinates of `size` lines from line i on, one after the other, and keep `product` up to date."""
    rank = factors.shape[1]
    for at in range(size):
        changes[at] = 0
    for r in range(rank):
        for at in range(size):
            current, s1, s2 = at * stride + r, 0.0, 0.0
            previous = current - min(r, 1)
            for first in range(0, padded_lengths[at], SINGLE_SUM_LENGTH):
                last = min(first + SINGLE_SUM_LENGTH, padded_lengths[at])
                t1, t2 = sums_over(values, product, packed, at, changes[at], previous, current, first, last)
                s1 += np.float64(t1)
                s2 += np.float64(t2)
            a = factors[i + at, r]
            factors[i + at, r] = majoriser_minimum(a, s1, s2, totals[at, r], FLOOR)
            changes[at] = factors[i + at, r] - a
    for at in range(size):
        current = at * stride + rank - 1
        for j in range(padded_lengths[at]):
            product[at, j] += changes[at] * packed[current, j]


@compiled
def sweep(
    stored: StoredEntries,
    factors: NDArray[Any],
    others: NDArray[Any],
    first: int,
    last: int,
    divergences: NDArray[np.float64],
    updating: bool,
) -> None:
    """Update the lines from `first` to `last`; where `divergences` is not empty, put the divergence of each there.

    Without `updating`, do that alone.
    """
    entries, starts, indices, missing_starts, missing = stored
    rank, width = others.shape[1], padded_length(longest_line(stored, others, first, last))
    sums, (packed, stride) = column_sums(others), allocate_packed(stored, others, width)
    values = np.zeros((BATCH, width), dtype=factors.dtype)
    product, ratio = np.empty((BATCH, width), dtype=factors.dtype), np.empty(width, dtype=factors.dtype)
    totals, changes = np.empty((BATCH, rank)), np.empty(BATCH, dtype=factors.dtype)
    counts, padded_lengths = np.empty(BATCH, dtype=np.int64), np.empty(BATCH, dtype=np.int64)
    for i in range(first, last, BATCH):
        size = min(BATCH, last - i)
        for at in range(size):
            counts[at] = load_line(entries, starts, indices, i + at, others, values, packed, at)
            padded_lengths[at] = padded_length(counts[at])
            sum_observed(missing_starts, missing, i + at, others, sums, totals, at)
            multiply_line(factors, i + at, packed, stride, product, at, counts[at], padded_lengths[at])
        if updating:
            update(factors, i, size, values, product, packed, stride, totals, padded_lengths, changes)
        if len(divergences):
            for at in range(size):
                for j in range(counts[at], padded_lengths[at]):
                    product[at, j] = 0
                blank_missing(entries, missing_starts, missing, i + at, product, at)
                of_stored = divergence(values, product, ratio, at, padded_lengths[at])
                divergences[i + at] = add_unstored(
                    entries, of_stored, product, factors, i + at, totals, at, padded_lengths[at]
                )


def blank_missing(
    entries: NDArray[Any], missing_starts: NDArray[np.int64], missing: NDArray[np.int32], i: int,
    product: NDArray[Any], at: int,
) -> None:  # fmt: skip
    """Put 0 into `product` where nothing is observed of line i; of a sparse V nothing of that is stored."""
    raise NotImplementedError(f"only in compiled code, not for {entries, missing_starts, missing, i, product, at}")


@overload(blank_missing)
def _blank_missing(
    entries: Any, missing_starts: Any, missing: Any, i: Any, product: Any, at: Any
) -> Callable[..., None]:
    def dense(entries: Any, missing_starts: Any, missing: Any, i: Any, product: Any, at: Any) -> None:
        for k in range(missing_starts[i], missing_starts[i + 1]):
            product[at, missing[k]] = 0

    def sparse(entries: Any, missing_starts: Any, missing: Any, i: Any, product: Any, at: Any) -> None:
        pass

    return dense if entries.ndim == 2 else sparse


def add_unstored(
    entries: NDArray[Any], stored: float, product: NDArray[Any], factors: NDArray[Any], i: int,
    totals: NDArray[np.float64], at: int, padded: int,
) -> float:  # fmt: skip
    """Return the divergence of line i from that of its stored entries: where V is 0 and not stored it is WH."""
    raise NotImplementedError(f"only in compiled code: {entries, stored, product, factors, i, totals, at, padded}")


@overload(add_unstored)
def _add_unstored(
    entries: Any, stored: Any, product: Any, factors: Any, i: Any, totals: Any, at: Any, padded: Any
) -> Callable[..., float]:
    def dense(
        entries: Any, stored: Any, product: Any, factors: Any, i: Any, totals: Any, at: Any, padded: Any
    ) -> float:
        return stored

    def sparse(
        entries: Any, stored: Any, product: Any, factors: Any, i: Any, totals: Any, at: Any, padded: Any
    ) -> float:
        left = stored
        for j in range(padded):
            left -= np.float64(product[at, j])
        for r in range(factors.shape[1]):
            left += np.float64(factors[i, r]) * totals[at, r]
        return left

    return dense if entries.ndim == 2 else sparse


@compiled
def sweep_symmetric(stored: StoredEntries, factors: NDArray[Any]) -> None:
    """Update the lines of a symmetric V ≈ W Wᵀ one after the other.

    The diagonal is missing, so that the weights of a line are not on both sides.
    """
    entries, starts, indices, missing_starts, missing = stored
    n, rank = factors.shape
    width = padded_length(longest_line(stored, factors, 0, n))
    sums, (packed, stride) = column_sums(factors), allocate_packed(stored, factors, width)
    values, product = np.zeros((1, width), dtype=factors.dtype), np.empty((1, width), dtype=factors.dtype)
    totals, padded_lengths, changes = np.empty((1, rank)), np.empty(1, dtype=np.int64), np.empty(1, dtype=factors.dtype)
    for i in range(n):
        count = load_line(entries, starts, indices, i, factors, values, packed, FIRST)
        padded_lengths[0] = padded_length(count)
        sum_observed(missing_starts, missing, i, factors, sums, totals, FIRST)
        multiply_line(factors, i, packed, stride, product, FIRST, count, padded_lengths[0])
        for r in range(rank):
            sums[r] -= factors[i, r]
        update(factors, i, FIRST + 1, values, product, packed, stride, totals, padded_lengths, changes)
        for r in range(rank):
            sums[r] += factors[i, r]
        if stride == 0:
            for r in range(rank):
                packed[r, i] = factors[i, r]


called_sums_over: Any = compiled(cast("Any", sums_over).py_func)
"""`sums_over` for a function that needs s₁ alone: compiled into it, it would add up in another order."""


@compiled
def gradient(stored: StoredEntries, factors: NDArray[Any], others: NDArray[Any]) -> NDArray[np.float64]:
    """Return 1 − s₁/B for each coordinate of all lines, shape (m, R)."""
    entries, starts, indices, missing_starts, missing = stored
    m, rank = factors.shape
    width = padded_length(longest_line(stored, others, 0, m))
    sums, (packed, stride) = column_sums(others), allocate_packed(stored, others, width)
    values, product = np.zeros((1, width), dtype=factors.dtype), np.empty((1, width), dtype=factors.dtype)
    totals, still, scaled = np.empty((1, rank)), values.dtype.type(0), np.empty((m, rank))
    for i in range(m):
        count = load_line(entries, starts, indices, i, others, values, packed, FIRST)
        sum_observed(missing_starts, missing, i, others, sums, totals, FIRST)
        padded = padded_length(count)
        multiply_line(factors, i, packed, stride, product, FIRST, count, padded)
        for r in range(rank):
            s1 = 0.0
            for first in range(0, padded, SINGLE_SUM_LENGTH):
                last = min(first + SINGLE_SUM_LENGTH, padded)
                s1 += np.float64(called_sums_over(values, product, packed, FIRST, still, r, r, first, last)[0])
            scaled[i, r] = 1.0 - s1 / max(totals[0, r], LEAST_DIVISOR)
    return scaled


@compiled
def extrapolate(new: NDArray[Any], old: NDArray[Any], step: float, least: float) -> NDArray[Any]:
    """Return a factor extrapolated by a share of its last change, with at least this share of each entry left."""
    beyond = np.empty_like(new)
    for i in range(new.shape[0]):
        for r in range(new.shape[1]):
            a, b = np.float64(new[i, r]), np.float64(old[i, r])
            beyond[i, r] = max(a + step * (a - b), least * a)
    return beyond


@compiled
def sum_divergences(divergences: NDArray[np.float64]) -> float:
    """Return the sum over all lines; at least 0, below which rounding alone could bring it."""
    total = 0.0
    for line in divergences:
        total += line
    return 0.0 if total < 0.0 else total  # noqa: FURB136  NaN stays


def half_sweep(
    stored: StoredEntries, factors: NDArray[Any], others: NDArray[Any], divergences: NDArray[np.float64], workers: Any
) -> None:
    """Do a half-sweep as `workers` do it; in compiled code on the thread that it runs on."""
    workers.half_sweep(stored, factors, others, divergences)


@overload(half_sweep)
def _half_sweep(
    stored: Any,
    factors: Any,
    others: Any,
    divergences: Any,
    workers: Any,
) -> Callable[..., None]:
    def whole(stored: Any, factors: Any, others: Any, divergences: Any, workers: Any) -> None:
        sweep(stored, factors, others, FIRST, len(factors), divergences, UPDATING)

    return whole


@compiled
def assess_sweep(
    now: float, last: float, step: float, extrapolating: bool, has_before: bool
) -> tuple[int, float, float, bool]:
    """Return what becomes of a sweep, the share that it gained, the next step, and whether the next is extrapolated.

    An extrapolated sweep without a gain is rejected, and the step halved; any other without a gain has reached what
    rounding allows, and the fit has stalled.
    """
    if extrapolating and not now <= last:
        return REJECTED, 0.0, step / 2.0, False
    gain = (last - now) / now if now != 0.0 else 0.0
    if not gain >= 0.0:  # nor NaN
        return STALLED, 0.0, step, extrapolating
    extrapolating = has_before and gain < EXTRAPOLATE_BELOW
    if extrapolating:
        step = min(STEP_GROWTH * step, LONGEST_STEP) if step > 0.0 else FIRST_STEP
    return ACCEPTED, gain, step, extrapolating


def minimize(
    rows: StoredEntries,
    columns: StoredEntries,
    w: NDArray[Any],
    h: NDArray[Any],
    trace: NDArray[np.float64],
    tolerance: float,
    workers: Any,
) -> tuple[NDArray[Any], NDArray[Any], int, bool]:
    """Return the factors with the least divergence, the number of accepted sweeps, and whether they have converged.

    A sweep updates W, then H; both are extrapolated by a share of their last change.
    """
    best_w, best_h, begin_h, plain_w, plain_h = w, h, h, w, h  # plain: before extrapolation
    lines, nothing = np.empty(len(h)), np.empty(0)
    last, step, extrapolating, accepted, stalled = np.inf, 0.0, False, 0, 0
    for _ in range(len(trace)):
        w, h = best_w.copy(), begin_h.copy()
        half_sweep(rows, w, begin_h, nothing, workers)
        beyond = extrapolate(w, plain_w, step, LEAST_LEFT) if extrapolating else w
        half_sweep(columns, h, beyond, lines, workers)
        now = sum_divergences(lines)
        verdict, gain, step, extrapolating = assess_sweep(now, last, step, extrapolating, accepted > 0)
        if verdict == REJECTED:
            begin_h = best_h
            continue
        if verdict == ACCEPTED:
            old_h = plain_h
            best_w, best_h, plain_w, plain_h = beyond, h, w, h
            last, trace[accepted] = now, now
            accepted += 1
            begin_h = extrapolate(h, old_h, step, LEAST_LEFT) if extrapolating else h
        stalled = stalled + 1 if gain < tolerance else 0
        if stalled == MOST_STALLED:
            break
    return best_w, best_h, accepted, stalled == MOST_STALLED


def minimize_symmetric(
    stored: StoredEntries, w: NDArray[Any], trace: NDArray[np.float64], tolerance: float
) -> tuple[NDArray[Any], int, bool]:
    """Return the factor of a symmetric matrix with the least divergence, and the rest as `minimize` does."""
    best_w, begin, plain = w, w, w
    lines = np.empty(len(w))
    last, step, extrapolating, accepted, stalled = np.inf, 0.0, False, 0, 0
    for _ in range(len(trace)):
        w = begin.copy()
        sweep_symmetric(stored, w)
        sweep(stored, w, w, FIRST, len(w), lines, MEASURING)
        now = 0.5 * sum_divergences(lines)
        verdict, gain, step, extrapolating = assess_sweep(now, last, step, extrapolating, accepted > 0)
        if verdict == REJECTED:
            begin = best_w
            continue
        if verdict == ACCEPTED:
            old = plain
            best_w, plain = w, w
            last, trace[accepted] = now, now
            accepted += 1
            begin = extrapolate(w, old, step, LEAST_LEFT) if extrapolating else w
        stalled = stalled + 1 if gain < tolerance else 0
        if stalled == MOST_STALLED:
            break
    return best_w, accepted, stalled == MOST_STALLED


compiled_minimize = compiled(minimize)
compiled_minimize_symmetric = compiled(minimize_symmetric)
