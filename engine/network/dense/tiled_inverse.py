"""The Cholesky factor and the inverse of a symmetric positive definite matrix, tile by tile and in place.

What LAPACK's `dpotrf` and `dpotri` do, in three passes of p³/3 operations each: the factor L column by column, L⁻¹ from
the last column to the first, and Θ = L⁻ᵀL⁻¹ row by row. Nothing above the diagonal changes, so that the strict upper
triangle still holds Σ when the lower one holds Θ.

Each tile is one sum of products on one BLAS thread, whichever thread computes it: the bits do not depend on how many
there are. Between tiles the caller learns how much is done, and can interrupt. L⁻¹ is made with `dtrsm`, as LAPACK
makes it: a product with the inverse of a diagonal tile would have larger errors (Du Croz and Higham, IMA Journal of
Numerical Analysis 12, 1992, methods 2B and 2C).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from scipy.linalg import blas, lapack

from ...mapping import Threads
from ...progress import part_of, unheard
from ...threads import cores, one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from ...progress import Progress

Item = TypeVar("Item")

SIDE = 384
"""Rows and columns of a tile: a product of this height runs at full speed, and 2,000 genes are tiles for five cores."""


class Breakdown(ArithmeticError):
    """The factorization ended: the leading rows are positive definite, and are not any more with the next one.

    Parameters
    ----------
    direction : ndarray of float64, shape (p,)
        v with vᵀΣv ≤ 0, but for rounding.
    """

    def __init__(self, direction: NDArray[np.float64]) -> None:
        super().__init__("not positive definite")
        self.direction = direction


def invert_lower_triangle(matrix: NDArray[np.float64], progress: Progress = unheard) -> float:
    """Replace the lower triangle of Σ, diagonal included, by that of Θ = Σ⁻¹, and return log |Σ|.

    Parameters
    ----------
    matrix : ndarray of float64, shape (p, p)
        Its lower triangle is that of Σ before, and that of Θ after. Rows are contiguous. What stands above the
        diagonal is neither read nor changed.
    progress : callable
        Called now and then with the share that is done, 0 to 1.

    Raises
    ------
    Breakdown
        Σ is not positive definite; the lower triangle is neither Σ nor Θ then.

    Notes
    -----
    p³ operations over all cores, in 16 · `SIDE` · p bytes beside the matrix.
    """
    tiles = [slice(start, min(start + SIDE, len(matrix))) for start in range(0, len(matrix), SIDE)]
    with one_blas_thread():
        corners = _factor(matrix, tiles, part_of(progress, 0, 1 / 3))
        log_det = 2.0 * sum(float(np.sum(np.log(np.diagonal(corner)))) for corner in corners)
        _invert_factor(matrix, tiles, corners, part_of(progress, 1 / 3, 2 / 3))
        _multiply_by_transpose(matrix, tiles, corners, part_of(progress, 2 / 3, 1))
    for rows, corner in zip(tiles, corners, strict=True):
        np.copyto(matrix[rows, rows], corner, where=np.tri(len(corner), dtype=np.bool_))
    return log_det


def _factor(matrix: NDArray[np.float64], tiles: list[slice], progress: Progress) -> list[NDArray[np.float64]]:
    """Replace the tiles below the diagonal by those of L, and return those on it, with zeros above the diagonal."""
    corners: list[NDArray[np.float64]] = []
    for number, columns in enumerate(tiles):
        before = matrix[columns, : columns.start]
        remaining = np.tril(matrix[columns, columns]) - np.tril(before @ before.T)
        corner, failure = lapack.dpotrf(remaining, lower=1, clean=1)
        if failure > 0:
            raise Breakdown(_direction(matrix, tiles[:number], corners, remaining, failure - 1))
        _run(partial(_factor_tile, matrix, columns, before, corner), tiles[number + 1 :])
        corners.append(np.ascontiguousarray(corner))
        progress(_share_of_products(columns.stop / len(matrix)))
    return corners


def _factor_tile(
    matrix: NDArray[np.float64],
    columns: slice,
    before: NDArray[np.float64],
    corner: NDArray[np.float64],
    rows: slice,
) -> None:
    rest = matrix[rows, columns] - matrix[rows, : columns.start] @ before.T
    matrix[rows, columns] = blas.dtrsm(1.0, corner, rest.T, lower=1).T


def _invert_factor(
    matrix: NDArray[np.float64], tiles: list[slice], corners: list[NDArray[np.float64]], progress: Progress
) -> None:
    """Replace L by L⁻¹, in the tiles below the diagonal and in those on it."""
    for number in reversed(range(len(tiles))):
        columns = tiles[number]
        below = matrix[columns.stop :, columns].copy()
        others = zip(tiles[number + 1 :], corners[number + 1 :], strict=True)
        _run(partial(_invert_tile, matrix, columns, below, corners[number]), others)
        corners[number] = np.tril(lapack.dtrtri(corners[number], lower=1)[0])
        progress((1.0 - columns.start / len(matrix)) ** 3)


def _invert_tile(
    matrix: NDArray[np.float64],
    columns: slice,
    below: NDArray[np.float64],
    corner: NDArray[np.float64],
    other: tuple[slice, NDArray[np.float64]],
) -> None:
    rows, inverse = other
    start, stop = rows.start - columns.stop, rows.stop - columns.stop
    product = inverse @ below[start:stop] + matrix[rows, columns.stop : rows.start] @ below[:start]
    matrix[rows, columns] = blas.dtrsm(-1.0, corner, product.T, lower=1, trans_a=1).T


def _multiply_by_transpose(
    matrix: NDArray[np.float64], tiles: list[slice], corners: list[NDArray[np.float64]], progress: Progress
) -> None:
    """Replace M = L⁻¹ by the lower triangle of MᵀM, in the tiles below the diagonal and in those on it."""
    for number, rows in enumerate(tiles):
        below = matrix[rows.stop :, rows].T
        _run(partial(_multiply_tile, matrix, rows, below, corners[number].T), tiles[:number])
        corners[number] = lapack.dlauum(corners[number], lower=1)[0] + below @ below.T
        progress(_share_of_products(rows.stop / len(matrix)))


def _multiply_tile(
    matrix: NDArray[np.float64],
    rows: slice,
    below: NDArray[np.float64],
    corner: NDArray[np.float64],
    columns: slice,
) -> None:
    matrix[rows, columns] = corner @ matrix[rows, columns] + below @ matrix[rows.stop :, columns]


def _run(step: Callable[[Item], None], items: Iterable[Item]) -> None:
    """Run a step for each item, one a core."""
    for _ in Threads(cores())(_call, items, shared=step):
        pass


def _call(step: Callable[[Item], None], item: Item) -> None:
    step(item)


def _share_of_products(position: float) -> float:
    """Return ∫ x (1 − x) dx from 0 to a position as a share of that to 1, as two of the passes have operations."""
    return position**2 * (3.0 - 2.0 * position)


def _direction(
    matrix: NDArray[np.float64],
    tiles: list[slice],
    corners: list[NDArray[np.float64]],
    remaining: NDArray[np.float64],
    inner: int,
) -> NDArray[np.float64]:
    """Return v = (−Σ₁₁⁻¹σ, 1, 0), of which vᵀΣv is the pivot that is not positive.

    `remaining` is what is left of the diagonal tile in which the factor ends, at row `inner`. With L₁₁ of the rows
    before, and l = L₁₁⁻¹σ as row of L, Σ₁₁⁻¹σ is L₁₁⁻ᵀl.
    """
    start = tiles[-1].stop if tiles else 0
    row = start + inner
    direction = np.zeros(len(matrix))
    if inner:
        corner = lapack.dpotrf(remaining[:inner, :inner], lower=1, clean=1)[0]
        own = blas.dtrsv(corner, remaining[inner, :inner], lower=1)
        direction[start:row] = -blas.dtrsv(corner, own, lower=1, trans=1)
    for columns, corner in zip(reversed(tiles), reversed(corners), strict=True):
        right = -matrix[row, columns] - matrix[columns.stop : row, columns].T @ direction[columns.stop : row]
        direction[columns] = blas.dtrsv(corner, right, lower=1, trans=1)
    direction[row] = 1.0
    return direction
