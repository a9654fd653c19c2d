"""Anchors: the matrix A, with its inverse at hand, that a version's low-rank terms are added to.

A dense base, or a full inversion made later, is its own anchor. A factor base gives diag(noise) as the anchor and
its factors as columns that stand beside the pathways, so that nothing p × p is ever formed.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.sparse import csr_array

from .covariance import Covariance, FactorCovariance
from .threads import one_blas_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .covariance import MatrixSource


MOST_PAIRS = 1 << 20
"""About so many products are summed at a time: 64 MB."""


class Core(Protocol):
    """A symmetric p × p matrix M as the algebra uses it."""

    def matmat(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return M Y, shape (p, k)."""
        ...

    def block(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return M at rows × columns."""
        ...

    def rows(self, places: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return rows of M, shape (m, p)."""
        ...

    def diagonal(self) -> NDArray[np.float64]:
        """Return the diagonal of M, shape (p,)."""
        ...

    def rows_times(
        self, places: NDArray[np.intp] | None, dense: NDArray[np.float64], sparse: csr_array
    ) -> NDArray[np.float64]:
        """Return rows of M [U₀ | X], shape (m, K + r); every row when `places` is None."""
        ...

    def products(
        self, dense: NDArray[np.float64], sparse: csr_array
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return XᵀM U₀, shape (r, K), and XᵀMX, shape (r, r), from the touched rows of M only."""
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

    def rows(self, places: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return rows of M, shape (m, p)."""
        answer = np.zeros((len(places), len(self.values)))
        answer[np.arange(len(places)), places] = self.values[places]
        return answer

    def diagonal(self) -> NDArray[np.float64]:
        """Return the diagonal of M, shape (p,)."""
        return self.values

    def rows_times(
        self, places: NDArray[np.intp] | None, dense: NDArray[np.float64], sparse: csr_array
    ) -> NDArray[np.float64]:
        """Return rows of M [U₀ | X], shape (m, K + r), in O(m (K + r))."""
        values = self.values if places is None else self.values[places]
        return values[:, None] * stack_rows(places, dense, sparse)

    def products(
        self, dense: NDArray[np.float64], sparse: csr_array
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return XᵀM U₀, shape (r, K), and XᵀMX, shape (r, r): O(mK + Σ k²), where a gene has loadings in k columns.

        The sums over touched rows run gene by gene, so the entry of two pathways is the same to the last bit
        whichever others stand beside them.
        """
        values = np.repeat(self.values, np.diff(sparse.indptr))
        weighted, scaled = (
            csr_array((sparse.data * factor, sparse.indices, sparse.indptr), shape=sparse.shape)
            for factor in (values, np.sqrt(values))
        )
        return np.asarray(weighted.T @ dense), _inner_products(scaled)


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
        return self.source.rows(rows)[:, columns]

    def rows(self, places: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return rows of M, shape (m, p)."""
        return self.source.rows(places)

    def diagonal(self) -> NDArray[np.float64]:
        """Return the diagonal of M, shape (p,)."""
        return self.source.diagonal()

    def rows_times(
        self,
        places: NDArray[np.intp] | None,
        dense: NDArray[np.float64],  # noqa: ARG002  a dense anchor has no factors beside it
        sparse: csr_array,
    ) -> NDArray[np.float64]:
        """Return rows of M X, shape (m, r), through the touched columns of M only."""
        touched, loadings = _touched(sparse)
        if places is not None:
            return self.source.rows(places)[:, touched] @ loadings
        answer = np.empty(sparse.shape)
        for block, values in self.source.blocks():
            answer[block] = values[:, touched] @ loadings
        return answer

    def products(
        self, dense: NDArray[np.float64], sparse: csr_array
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return XᵀM U₀, which has no columns beside a dense anchor, and XᵀMX: O(M² r), where M genes are touched."""
        touched, loadings = _touched(sparse)
        inner = loadings.T @ (self.source.rows(touched)[:, touched] @ loadings)
        return np.empty((sparse.shape[1], dense.shape[1])), (inner + inner.T) / 2


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

    def gram(self, sparse: csr_array) -> NDArray[np.float64]:
        """Return [U₀ | X]ᵀ A⁻¹ [U₀ | X], shape (K + r, K + r)."""
        factors = len(self.inner)
        size = factors + sparse.shape[1]
        answer = np.empty((size, size))
        answer[:factors, :factors] = self.inner
        answer[factors:, :factors], answer[factors:, factors:] = self.precision.products(self.columns, sparse)
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


def _inner_products(sparse: csr_array) -> NDArray[np.float64]:
    """Return XᵀX, shape (r, r), summed gene by gene: O(Σ k²), where a gene has loadings in k columns.

    SciPy's product of two sparse matrices gives the same bits, and for few entries takes five times as long.
    """
    rank, lengths = sparse.shape[1], np.diff(sparse.indptr)
    sums = np.zeros(rank * rank)
    bounds = [0, len(lengths)]
    if (total := int(lengths @ lengths)) > MOST_PAIRS:
        ends = np.arange(MOST_PAIRS, total, MOST_PAIRS)
        bounds[1:1] = np.unique(np.searchsorted(np.cumsum(lengths.astype(np.int64) ** 2), ends)).tolist()
    for first, last in itertools.pairwise(bounds):
        start, stop = int(sparse.indptr[first]), int(sparse.indptr[last])
        counts = np.repeat(lengths[first:last], lengths[first:last])  # of each entry, the entries of its gene
        left = np.repeat(np.arange(start, stop), counts)
        within = np.arange(len(left)) - np.repeat(np.cumsum(counts) - counts, counts)
        right = np.repeat(np.repeat(sparse.indptr[first:last], lengths[first:last]), counts) + within
        pairs = sparse.indices[left].astype(np.intp) * rank + sparse.indices[right]
        np.add.at(sums, pairs, sparse.data[left] * sparse.data[right])
    return sums.reshape(rank, rank)


def stack_rows(places: NDArray[np.intp] | None, dense: NDArray[np.float64], sparse: csr_array) -> NDArray[np.float64]:
    """Return rows of [U₀ | X] as one dense array, shape (m, K + r); every row when `places` is None."""
    if places is None:
        return np.hstack([dense, sparse.toarray()])
    return np.hstack([dense[places], sparse[places].toarray()])


def _touched(sparse: csr_array) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the rows of X that are not empty, and X at those rows as a dense array."""
    touched = np.flatnonzero(np.diff(sparse.indptr)).astype(np.intp)
    return touched, sparse[touched].toarray()
