"""Products of a dense matrix with columns that are zero but for some genes, from the rows of these genes alone.

Every sum runs gene by gene in ascending order, whatever part of the rows is in memory and whichever other columns there
are. So the numbers have the same bits whether rows come from an array, from the disk or from those that were kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from ..covariance import row_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from ..columns import Columns
    from ..covariance import MatrixSource


@runtime_checkable
class KeepsRows(Protocol):
    """A `MatrixSource` that computes these products itself, with the same bits, since it keeps rows in memory."""

    def gram(self, columns: Columns) -> NDArray[np.float64]:
        """Return XᵀMX, shape (r, r)."""
        ...

    def times(self, columns: Columns) -> NDArray[np.float64]:
        """Return M X, shape (p, r)."""
        ...


def gram(source: MatrixSource, columns: Columns) -> NDArray[np.float64]:
    """Return XᵀMX for a symmetric M, shape (r, r), symmetric to the last bit.

    Notes
    -----
    O(mM) for m entries of X and M genes that they touch, from the rows of these genes, a block of them at a time.
    """
    if isinstance(source, KeepsRows):
        return source.gram(columns)
    touched = columns.touched()
    weights = weights_of(columns, np.searchsorted(touched, columns.genes), len(touched))
    return small_products(weights, _accumulated(source, weights, touched, touched))


def times(source: MatrixSource, columns: Columns) -> NDArray[np.float64]:
    """Return M X for a symmetric M, shape (p, r), in O(mp) from the rows of the genes that X touches."""
    if isinstance(source, KeepsRows):
        return source.times(columns)
    touched = columns.touched()
    weights = weights_of(columns, np.searchsorted(touched, columns.genes), len(touched))
    return _accumulated(source, weights, touched, None).T


def rows_times(source: MatrixSource, indices: NDArray[np.intp], columns: Columns) -> NDArray[np.float64]:
    """Return rows of M X, shape (n, r), with the bits that `times` gives, from these rows of M alone."""
    touched = columns.touched()
    weights = weights_of(columns, np.searchsorted(touched, columns.genes), len(touched))
    answer = np.empty((len(indices), columns.shape[1]))
    for block, rows in _rows_in_blocks(source, indices):
        answer[block] = (weights @ np.ascontiguousarray(rows[:, touched].T)).T
    return answer


def block(source: MatrixSource, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return M at rows × columns, shape (n, k), from these rows of M, a block of them at a time."""
    answer = np.empty((len(rows), len(columns)))
    for part, values in _rows_in_blocks(source, rows):
        answer[part] = values[:, columns]
    return answer


def weights_of(columns: Columns, positions: NDArray[np.intp], size: int) -> csr_array:
    """Return Xᵀ with its entries at other positions than those of the genes, shape (r, size), in their order."""
    from scipy.sparse import csr_array  # a quarter of a second to load, which factor bases have no need of

    return csr_array((columns.values, positions, columns.starts), shape=(columns.shape[1], size))


def small_products(weights: csr_array, products: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return XᵀMX from Xᵀ and XᵀM, both with the same positions in their columns: the mean of both orders of sums."""
    inner = np.asarray(weights @ np.ascontiguousarray(products.T))
    return (inner + inner.T) / 2


def _accumulated(
    source: MatrixSource, weights: csr_array, touched: NDArray[np.intp], selected: NDArray[np.intp] | None
) -> NDArray[np.float64]:
    """Return XᵀM at some columns, or all, with the sums going on from one block of rows to the next."""
    rank = weights.shape[0]
    answer = np.zeros((rank, source.shape[0] if selected is None else len(selected)))
    for block, rows in _rows_in_blocks(source, touched):
        part = rows if selected is None else rows[:, selected]
        share = weights[:, block]
        if block.start == 0:
            answer = np.asarray(share @ part)
        else:  # one times the sum so far comes first
            from scipy.sparse import eye_array, hstack

            answer = np.asarray(hstack([eye_array(rank), share], format="csr") @ np.vstack([answer, part]))
    return answer


def _rows_in_blocks(source: MatrixSource, indices: NDArray[np.intp]) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Yield some rows of a matrix, as many as make a block at a time."""
    for block in row_blocks(len(indices), source.shape[1]):
        yield block, source.rows(indices[block])
