"""Anchors: the matrix A, with its inverse at hand, that a version's low-rank terms are added to.

A dense base, or a full inversion made later, is its own anchor. A factor base gives diag(noise) as the anchor and
its factors as columns that stand beside the pathways, so that nothing p × p is ever formed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from .covariance import Covariance, FactorCovariance

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from .covariance import MatrixSource


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

    def gram(self, dense: NDArray[np.float64], sparse: csr_array) -> NDArray[np.float64]:
        """Return [U₀ | X]ᵀ M [U₀ | X], shape (K + r, K + r)."""
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

    def gram(self, dense: NDArray[np.float64], sparse: csr_array) -> NDArray[np.float64]:
        """Return [U₀ | X]ᵀ M [U₀ | X]: O(K²p) for U₀, and the touched rows only for X.

        The sums over touched rows run gene by gene, so the entry of two pathways is the same to the last bit
        whichever others stand beside them.
        """
        factors = dense.shape[1]
        size = factors + sparse.shape[1]
        root = np.sqrt(self.values)
        scaled_dense = root[:, None] * dense
        scaled = sparse.multiply(root[:, None]).tocsr()
        answer = np.empty((size, size))
        answer[:factors, :factors] = scaled_dense.T @ scaled_dense
        answer[factors:, :factors] = scaled.T @ scaled_dense
        answer[:factors, factors:] = answer[factors:, :factors].T
        answer[factors:, factors:] = (scaled.T @ scaled).toarray()
        return answer


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

    def gram(
        self,
        dense: NDArray[np.float64],  # noqa: ARG002  a dense anchor has no factors beside it
        sparse: csr_array,
    ) -> NDArray[np.float64]:
        """Return XᵀMX from the touched rows of M only."""
        touched, loadings = _touched(sparse)
        inner = loadings.T @ (self.source.rows(touched)[:, touched] @ loadings)
        return (inner + inner.T) / 2


@dataclass(frozen=True, slots=True)
class Anchor:
    """A positive definite matrix A with its inverse, and the factor columns that go with it.

    Parameters
    ----------
    covariance, precision : Core
        A and A⁻¹.
    columns : ndarray of float64, shape (p, K)
        U₀: the factors of a factor base; K = 0 for a dense anchor.
    log_det : float
        log |A|.
    """

    covariance: Core
    precision: Core
    columns: NDArray[np.float64]
    log_det: float


def anchor_of(base: Covariance) -> Anchor:
    """Return the anchor that a base gives: itself when dense, its noise with the factors beside it otherwise."""
    if isinstance(base, FactorCovariance):
        return Anchor(
            covariance=Diagonal(base.noise),
            precision=Diagonal(1.0 / base.noise),
            columns=base.columns(),
            log_det=float(np.sum(np.log(base.noise))),
        )
    return Anchor(
        covariance=Dense(base.covariance),
        precision=Dense(base.precision),
        columns=np.empty((base.size, 0)),
        log_det=base.log_det,
    )


def stack_rows(places: NDArray[np.intp] | None, dense: NDArray[np.float64], sparse: csr_array) -> NDArray[np.float64]:
    """Return rows of [U₀ | X] as one dense array, shape (m, K + r); every row when `places` is None."""
    if places is None:
        return np.hstack([dense, sparse.toarray()])
    return np.hstack([dense[places], sparse[places].toarray()])


def _touched(sparse: csr_array) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the rows of X that are not empty, and X at those rows as a dense array."""
    touched = np.flatnonzero(np.diff(sparse.indptr)).astype(np.intp)
    return touched, sparse[touched].toarray()
