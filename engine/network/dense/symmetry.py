"""Square matrices of many genes: checked, evened out and put in another order in place, some rows at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

SIDE = 512
"""Rows and columns of a tile: it and its mirror image fit the processor's caches, to be read across."""


def largest_gap(matrix: NDArray[np.float64]) -> tuple[float, int, int]:
    """Return the largest |σ_ij − σ_ji| / √(σ_ii σ_jj), with i and j, of which i is the smaller.

    Parameters
    ----------
    matrix : ndarray of float64, shape (p, p)
        Finite. Where a standard deviation is zero, any gap is infinite.
    """
    scale = np.sqrt(np.abs(matrix.diagonal()))
    worst, i, j = 0.0, 0, 0
    for rows, columns in _tiles_above(len(matrix)):
        above, below = matrix[rows, columns], matrix[columns, rows].T
        if np.array_equal(above, below):
            continue
        with np.errstate(over="ignore"):  # an infinite gap is refused like any other
            gap = np.abs(above - below)
            allowed = np.outer(scale[rows], scale[columns])
            share = np.divide(gap, allowed, out=np.where(gap > 0, np.inf, 0.0), where=allowed > 0)
        if share.max() > worst:
            worst = float(share.max())
            row, column = np.unravel_index(int(share.argmax()), share.shape)
            i, j = sorted((rows.start + int(row), columns.start + int(column)))
    return worst, i, j


def even_out(matrix: NDArray[np.float64]) -> None:
    """Replace each two mirrored entries of a square matrix by their mean, in place."""
    for rows, columns in _tiles_above(len(matrix)):
        mean = matrix[rows, columns] / 2 + matrix[columns, rows].T / 2
        matrix[rows, columns] = mean
        matrix[columns, rows] = mean.T


def fill_by_mirror_image(matrix: NDArray[np.float64]) -> None:
    """Replace each NaN of a square matrix by its mirrored entry, in place."""
    for rows, columns in _tiles_above(len(matrix)):
        for here, there in ((rows, columns), (columns, rows)):
            np.copyto(matrix[here, there], matrix[there, here].T.copy(), where=np.isnan(matrix[here, there]))


def transpose(matrix: NDArray[np.float64]) -> None:
    """Transpose a square matrix in place."""
    for rows, columns in _tiles_above(len(matrix)):
        above = matrix[rows, columns].copy()
        matrix[rows, columns] = matrix[columns, rows].T
        matrix[columns, rows] = above.T


def order_rows(matrix: NDArray[np.float64], order: NDArray[np.intp]) -> None:
    """Put the rows of a matrix in another order in place: row i of the answer is row order[i], each once."""
    pending = order != np.arange(len(order))
    for start in np.flatnonzero(pending).tolist():
        if not pending[start]:
            continue
        first, row = matrix[start].copy(), start
        while order[row] != start:  # along a cycle of the permutation
            matrix[row] = matrix[order[row]]
            pending[row] = False
            row = int(order[row])
        matrix[row], pending[row] = first, False


def select_genes(matrix: NDArray[np.float64], indices: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the rows and columns of some genes in their order, shape (m, m), as a view of the matrix, put in order.

    Parameters
    ----------
    matrix : ndarray of float64, shape (p, p)
        Overwritten.
    indices : ndarray of intp, shape (m,)
        Which genes, each at most once.
    """
    others = np.ones(len(matrix), dtype=np.bool_)
    others[indices] = False
    order_rows(matrix, np.concatenate([indices, np.flatnonzero(others)]).astype(np.intp))
    answer = matrix[: len(indices), : len(indices)]
    for row, selected in zip(matrix, answer, strict=False):
        selected[:] = row[indices]
    return answer


def _tiles_above(size: int) -> Iterator[tuple[slice, slice]]:
    """Yield rows and columns of the tiles on the diagonal and above it, row by row."""
    tiles = [slice(start, min(start + SIDE, size)) for start in range(0, size, SIDE)]
    for number, rows in enumerate(tiles):
        for columns in tiles[number:]:
            yield rows, columns
