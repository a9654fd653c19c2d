"""Anchors: a matrix A with a known inverse, to which the low-rank terms of a version are added.

A dense base, or a full inversion made later, is an anchor itself. A factor base has the anchor diag(noise), and its
factors are columns beside those of the pathways, so that neither a commit nor a question forms anything p × p.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..threads import one_blas_thread
from .covariance import Covariance, FactorCovariance
from .dense import touched_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .columns import Columns
    from .covariance import MatrixSource


class Core(Protocol):
    """A symmetric p × p matrix M as the algebra uses it."""

    def matmat(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return M Y, shape (p, k)."""
        ...

    def block(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return M at rows × columns."""
        ...

    def rows(self, indices: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return rows of M, shape (m, p)."""
        ...

    def diagonal(self) -> NDArray[np.float64]:
        """Return the diagonal of M, shape (p,)."""
        ...

    def rows_times(
        self, indices: NDArray[np.intp] | None, dense: NDArray[np.float64], sparse: Columns
    ) -> NDArray[np.float64]:
        """Return rows of M [U₀ | X], shape (m, K + r); every row when `indices` is None."""
        ...

    def products(
        self, dense: NDArray[np.float64], sparse: Columns, which: NDArray[np.intp]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return some rows of XᵀM U₀, shape (n, K), and of XᵀMX, shape (n, r), from the touched rows of M only."""
        ...


@dataclass(frozen=True, slots=True)
class Diagonal:
    """A diagonal core.

    Parameters
    ----------
    values : ndarray of float64, shape (p,)
        Positive.
    """

    values: NDArray[np.float64]

    def matmat(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return M Y, shape (p, k)."""
        return self.values[:, None] * right

    def block(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return M at rows × columns."""
        return np.where(rows[:, None] == columns[None, :], self.values[rows][:, None], 0.0)

    def rows(self, indices: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return rows of M, shape (m, p)."""
        answer = np.zeros((len(indices), len(self.values)))
        answer[np.arange(len(indices)), indices] = self.values[indices]
        return answer

    def diagonal(self) -> NDArray[np.float64]:
        """Return the diagonal of M, shape (p,)."""
        return self.values

    def rows_times(
        self, indices: NDArray[np.intp] | None, dense: NDArray[np.float64], sparse: Columns
    ) -> NDArray[np.float64]:
        """Return rows of M [U₀ | X], shape (m, K + r), in O(m (K + r))."""
        values = self.values if indices is None else self.values[indices]
        return values[:, None] * stack_rows(indices, dense, sparse)

    def products(
        self, dense: NDArray[np.float64], sparse: Columns, which: NDArray[np.intp]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return some rows of XᵀM U₀, shape (n, K), and of XᵀMX, shape (n, r), in O(mK + mn) at the most.

        The sums over touched rows run gene by gene, so the entry of two pathways is the same to the last bit
        whichever others there are.
        """
        halves = sparse.weighted(np.sqrt(self.values))
        return (
            sparse.select(which).weighted(self.values).transposed_times(dense),
            halves.select(which).products(halves),
        )


@dataclass(frozen=True, slots=True)
class Dense:
    """A dense core, read by rows.

    Parameters
    ----------
    source : MatrixSource
        (p, p), in memory or on disk.
    """

    source: MatrixSource

    def matmat(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return M Y, shape (p, k), in one pass over the rows."""
        answer = np.empty((self.source.shape[0], right.shape[1]))
        for block, values in self.source.blocks():
            answer[block] = values @ right
        return answer

    def block(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return M at rows × columns."""
        return touched_rows.block(self.source, rows, columns)

    def rows(self, indices: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return rows of M, shape (m, p)."""
        return self.source.rows(indices)

    def diagonal(self) -> NDArray[np.float64]:
        """Return the diagonal of M, shape (p,)."""
        return self.source.diagonal()

    def rows_times(
        self,
        indices: NDArray[np.intp] | None,
        dense: NDArray[np.float64],  # noqa: ARG002  a dense anchor has no factors beside it
        sparse: Columns,
    ) -> NDArray[np.float64]:
        """Return rows of M X, shape (m, r), from these rows of M, or for all from the touched ones."""
        if indices is None:
            return touched_rows.times(self.source, sparse)
        return touched_rows.rows_times(self.source, indices, sparse)

    def products(
        self, dense: NDArray[np.float64], sparse: Columns, which: NDArray[np.intp]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return some rows of XᵀM U₀, without columns beside a dense anchor, and of XᵀMX: O(mM), M genes touched."""
        return np.empty((len(which), dense.shape[1])), touched_rows.gram(self.source, sparse)[which]


@dataclass(frozen=True, slots=True)
class KnownProducts:
    """Products of columns over a diagonal anchor, computed before.

    Parameters
    ----------
    products : ndarray of float64, shape (r', K + r')
        X'ᵀ A⁻¹ [U₀ | X'].
    indices : ndarray of intp, shape (r,)
        For each column of X its index in X'; −1 for a new column.
    """

    products: NDArray[np.float64]
    indices: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Anchor:
    """A positive definite matrix A with its inverse, and the factor columns that go with it.

    Parameters
    ----------
    covariance, precision : Core
        A and A⁻¹.
    columns : ndarray of float64, shape (p, K)
        U₀: the factors of a factor base; K = 0 for a dense anchor.
    inner : ndarray of float64, shape (K, K)
        U₀ᵀA⁻¹U₀: the same for all versions, so that none of them costs O(K²p).
    log_det : float
        log |A|.
    """

    covariance: Core
    precision: Core
    columns: NDArray[np.float64]
    inner: NDArray[np.float64]
    log_det: float

    @property
    def is_diagonal(self) -> bool:
        """Whether A is diagonal: then each product of columns has the same bits, whichever others there are."""
        return isinstance(self.precision, Diagonal)

    def gram(self, sparse: Columns, known: KnownProducts | None = None) -> NDArray[np.float64]:
        """Return [U₀ | X]ᵀ A⁻¹ [U₀ | X], shape (K + r, K + r); known products are reused if A is diagonal."""
        factors = len(self.inner)
        size = factors + sparse.shape[1]
        answer = np.empty((size, size))
        answer[:factors, :factors] = self.inner
        new = np.arange(sparse.shape[1])
        if known is not None and self.is_diagonal:
            old, new = np.flatnonzero(known.indices >= 0), np.flatnonzero(known.indices < 0)
            rows = known.products[known.indices[old]]
            answer[factors + old, :factors] = rows[:, :factors]
            answer[np.ix_(factors + old, factors + old)] = rows[:, factors + known.indices[old]]
        answer[factors + new, :factors], inner = self.precision.products(self.columns, sparse, new)
        answer[factors + new, factors:] = inner
        answer[factors:, factors + new] = inner.T
        answer[:factors, factors:] = answer[factors:, :factors].T
        return answer


def anchor_of(base: Covariance) -> Anchor:
    """Return the anchor of a base: itself when dense; otherwise its noise, with the factors beside it, in O(K²p)."""
    if isinstance(base, FactorCovariance):
        columns, precision = base.columns(), 1.0 / base.noise
        with one_blas_thread():
            scaled = np.sqrt(precision)[:, None] * columns
            inner = scaled.T @ scaled
        return Anchor(
            covariance=Diagonal(base.noise),
            precision=Diagonal(precision),
            columns=columns,
            inner=inner,
            log_det=float(np.sum(np.log(base.noise))),
        )
    return Anchor(
        covariance=Dense(base.covariance),
        precision=Dense(base.precision),
        columns=np.empty((base.size, 0)),
        inner=np.empty((0, 0)),
        log_det=base.log_det,
    )


def stack_rows(indices: NDArray[np.intp] | None, dense: NDArray[np.float64], sparse: Columns) -> NDArray[np.float64]:
    """Return rows of [U₀ | X] as one dense array, shape (m, K + r); every row when `indices` is None."""
    return np.hstack([dense if indices is None else dense[indices], sparse.rows(indices)])
