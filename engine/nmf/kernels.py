# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUntypedFunctionDecorator=false
# pyright: reportUnknownParameterType=false, reportUnknownArgumentType=false, reportMissingTypeStubs=false
# (numba ships no types)
"""One half-sweep of KL-NMF over some rows, compiled: every coordinate of a row is moved once, in turn.

For one coordinate a = w_ir, with b = h_r, u_j = b_j / (WH)_ij and v = V_i, the divergence D(a) has

    s₁ = Σ v u    s₂ = Σ v u²    B = Σ b    gradient g = B − s₁    curvature s₂

    g < 0:  a ← a − g s₁ / (s₂ B)        the least point of a Jensen majoriser
    g ≥ 0:  a ← a / (1 + g / (a s₂))     the least point of a chord majoriser

Both agree with D to second order at a, so that near the end this is Newton's method, and neither raises D for any
V ≥ 0. Rows do not depend on each other, so they may be done in any number of threads with the same bits.

The names here: `values` V, shape (m, n); `factors` W, shape (m, R), moved in place; `others` Hᵀ, shape (n, R); `sums`
B, shape (R,); rows `first` to `last`; `held_starts` and `held` the places left out of each row, ascending, as in CSR.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numba import njit, types
from numba.extending import overload

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

FLOOR = 1e-20
"""No entry of a factor falls below: what is 0 could never rise again."""

ADDED_ANEW_BELOW = 1e-3
"""Where less than this share of a sum is left, it is added up without what is left out."""

LEAST_NORMAL_MANTISSA = 0x3F3504F3
"""The bits of √½ in float32."""

Function = TypeVar("Function", bound="Callable[..., Any]")


def compiled(function: Function) -> Function:
    """Return a function compiled by numba, without the interpreter's lock, and kept on disk for the next process."""
    # Sums may be taken in the order that the vector units like; NaN and infinity keep their meaning.
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


def divergence(values: NDArray[Any], product: NDArray[Any], ratio: NDArray[Any]) -> float:
    """Return Σ v log(v / x) − v + x over one row; compiled for float32 and float64 each in its own way."""
    raise NotImplementedError(f"only in compiled code, not for {values.dtype}, {product.dtype}, {ratio.dtype}")


@overload(divergence)
def _divergence(values: Any, product: Any, ratio: Any) -> Callable[..., float]:  # noqa: ARG001  numba's form
    def in_double(values: Any, product: Any, ratio: Any) -> float:  # noqa: ARG001
        total = 0.0
        for j in range(len(values)):
            if values[j] > 0.0:
                x = product[j] / values[j]
                total += values[j] * ((x - 1.0) - np.log(x))
            else:
                total += product[j]
        return total

    def in_single(values: Any, product: Any, ratio: Any) -> float:
        # log by the polynomial of Cephes's logf, so that it runs in vectors; with x = 2^e (1 + f) what cancels in
        # x − 1 − log x where x is near 1 is left out beforehand.
        n = len(values)
        bits = ratio.view(np.int32)
        total = 0.0
        for j in range(n):
            ratio[j] = product[j] / values[j] if values[j] > np.float32(0.0) else np.float32(1.0)
        for j in range(n):
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
            total += values[j] * term if values[j] > np.float32(0.0) else product[j]
        return total

    return in_single if product.dtype == types.float32 else in_double


@compiled
def total_over(
    left_out: NDArray[np.int32], others: NDArray[Any], sums: NDArray[np.float64], totals: NDArray[np.float64]
) -> None:
    """Put B over what is observed of a line into `totals`: the sums less what is left out, or added up anew.

    What is not observed is bound by nothing and may be far larger than what is: the difference would be rounding.
    """
    n, rank = others.shape
    for r in range(rank):
        totals[r] = sums[r]
    for place in left_out:
        for r in range(rank):
            totals[r] -= others[place, r]
    for r in range(rank):
        if totals[r] < ADDED_ANEW_BELOW * sums[r]:
            totals[r], skipped = 0.0, 0
            for j in range(n):
                if skipped < len(left_out) and left_out[skipped] == j:
                    skipped += 1
                else:
                    totals[r] += others[j, r]


@compiled
def multiply(line: NDArray[Any], others: NDArray[Any], product: NDArray[Any]) -> None:
    """Put w H for one line w into `product`; four columns at a time, so that the sums are fetched less often."""
    rank, n = others.shape
    product[:] = 0
    whole = rank - rank % 4
    for r in range(0, whole, 4):
        a0, a1, a2, a3 = line[r], line[r + 1], line[r + 2], line[r + 3]
        b0, b1, b2, b3 = others[r], others[r + 1], others[r + 2], others[r + 3]
        for j in range(n):
            product[j] += a0 * b0[j] + a1 * b1[j] + a2 * b2[j] + a3 * b3[j]
    for r in range(whole, rank):
        a, b = line[r], others[r]
        for j in range(n):
            product[j] += a * b[j]


@compiled
def add(step: Any, column: NDArray[Any], product: NDArray[Any]) -> None:
    """Add a multiple of a column."""
    for j in range(len(product)):
        product[j] += step * column[j]


@compiled
def move_along(
    values: NDArray[Any], line: NDArray[Any], others: NDArray[Any], totals: NDArray[np.float64], product: NDArray[Any]
) -> None:
    """Move the coordinates of one line in turn, and keep `product`, w H, up to date.

    What a coordinate's move adds to the product is added as the next one's sums are taken, in one pass.
    """
    rank, n = others.shape
    step, before = line[0] - line[0], others[0]
    for r in range(rank):
        a, b = line[r], others[r]
        s1 = s2 = 0.0
        for j in range(n):
            x = product[j] + step * before[j]
            product[j] = x
            u = b[j] / x
            t = values[j] * u
            s1 += np.float64(t)
            s2 += np.float64(t) * np.float64(u)
        line[r] = moved(a, s1, s2, totals[r], FLOOR)
        step, before = line[r] - a, b
    add(step, before, product)


@compiled
def sweep_dense(
    values: NDArray[Any],
    held_starts: NDArray[np.int64],
    held: NDArray[np.int32],
    factors: NDArray[Any],
    others: NDArray[Any],
    turned: NDArray[Any],
    sums: NDArray[np.float64],
    first: int,
    last: int,
    divergences: NDArray[np.float64],
    moving: bool,
) -> None:
    """Move lines of a dense V, which is 0 where nothing is observed; `turned` is H itself, shape (R, n).

    Where `divergences` has room, say what is left of each line; without `moving`, say that alone.
    """
    rank, n = turned.shape
    product, ratio = np.empty(n, dtype=factors.dtype), np.empty(n, dtype=factors.dtype)
    totals = np.empty(rank)
    for i in range(first, last):
        left_out = held[held_starts[i] : held_starts[i + 1]]
        total_over(left_out, others, sums, totals)
        multiply(factors[i], turned, product)
        if moving:
            move_along(values[i], factors[i], turned, totals, product)
        if len(divergences):
            for place in left_out:
                product[place] = 0
            divergences[i] = divergence(values[i], product, ratio)


@compiled
def sweep_sparse(
    starts: NDArray[np.int64],
    columns: NDArray[np.int32],
    values: NDArray[Any],
    held_starts: NDArray[np.int64],
    held: NDArray[np.int32],
    factors: NDArray[Any],
    others: NDArray[Any],
    sums: NDArray[np.float64],
    first: int,
    last: int,
    divergences: NDArray[np.float64],
    moving: bool,
) -> None:
    """Move lines of a sparse V in CSR, as `sweep_dense` does."""
    rank, longest = others.shape[1], 0
    for i in range(first, last):
        longest = max(longest, starts[i + 1] - starts[i])
    room = np.empty(rank * longest, dtype=factors.dtype)
    product, ratio = np.empty(longest, dtype=factors.dtype), np.empty(longest, dtype=factors.dtype)
    totals = np.empty(rank)
    for i in range(first, last):
        start, count = starts[i], starts[i + 1] - starts[i]
        row, x = values[start : start + count], product[:count]
        packed = room[: rank * count].reshape(rank, count)
        for j in range(count):
            column = columns[start + j]
            for r in range(rank):
                packed[r, j] = others[column, r]
        total_over(held[held_starts[i] : held_starts[i + 1]], others, sums, totals)
        multiply(factors[i], packed, x)
        if moving:
            move_along(row, factors[i], packed, totals, x)
        if len(divergences):
            left = divergence(row, x, ratio[:count])
            for j in range(count):
                left -= np.float64(x[j])
            for r in range(rank):
                left += np.float64(factors[i, r]) * totals[r]
            divergences[i] = left


@compiled
def sweep_symmetric_dense(
    values: NDArray[Any],
    held_starts: NDArray[np.int64],
    held: NDArray[np.int32],
    factors: NDArray[Any],
    turned: NDArray[Any],
    sums: NDArray[np.float64],
) -> None:
    """Move lines of a symmetric V ≈ W Wᵀ one after the other; `turned`, Wᵀ, and `sums` go with them.

    The diagonal is among what is left out, so that a line's own weights are not on both sides.
    """
    rank, n = turned.shape
    product, totals = np.empty(n, dtype=factors.dtype), np.empty(rank)
    for i in range(n):
        total_over(held[held_starts[i] : held_starts[i + 1]], factors, sums, totals)
        multiply(factors[i], turned, product)
        for r in range(rank):
            sums[r] -= factors[i, r]
        move_along(values[i], factors[i], turned, totals, product)
        for r in range(rank):
            sums[r] += factors[i, r]
            turned[r, i] = factors[i, r]


@compiled
def sweep_symmetric_sparse(
    starts: NDArray[np.int64],
    columns: NDArray[np.int32],
    values: NDArray[Any],
    held_starts: NDArray[np.int64],
    held: NDArray[np.int32],
    factors: NDArray[Any],
    sums: NDArray[np.float64],
) -> None:
    """Move lines of a symmetric sparse V ≈ W Wᵀ in CSR, as `sweep_symmetric_dense` does."""
    n, rank = factors.shape
    longest = 0
    for i in range(n):
        longest = max(longest, starts[i + 1] - starts[i])
    room, product = np.empty(rank * longest, dtype=factors.dtype), np.empty(longest, dtype=factors.dtype)
    totals = np.empty(rank)
    for i in range(n):
        start, count = starts[i], starts[i + 1] - starts[i]
        packed, x = room[: rank * count].reshape(rank, count), product[:count]
        for j in range(count):
            column = columns[start + j]
            for r in range(rank):
                packed[r, j] = factors[column, r]
        total_over(held[held_starts[i] : held_starts[i + 1]], factors, sums, totals)
        multiply(factors[i], packed, x)
        for r in range(rank):
            sums[r] -= factors[i, r]
        move_along(values[start : start + count], factors[i], packed, totals, x)
        for r in range(rank):
            sums[r] += factors[i, r]
