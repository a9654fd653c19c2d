"""Σ and Θ of a version as operators over the panel, indexed by gene names; formed only by `to_dense`."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy.sparse.linalg import LinearOperator

from ..threads import one_blas_thread
from .covariance import row_blocks
from .inversion import mirror

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .anchor import Core
    from .panel import GeneSelection, Panel


class SymmetricOperator(LinearOperator):
    """A symmetric p × p matrix M = C + V D Vᵀ over the panel, with D diagonal.

    Keep it while you use it: the factor V is computed when all of it is first needed, in O(p (K + r)²), and stored in
    the operator. Questions about a few genes compute the rows of these genes only.

    Parameters
    ----------
    panel : Panel
        The p genes of rows and columns.
    core : Core
        C: diagonal, or dense and read by rows.
    factor : callable
        Returns the rows of V of indices, or all of them for None, shape (m, q).
    weights : ndarray of float64, shape (q,)
        The diagonal of D.
    """

    if TYPE_CHECKING:

        def __new__(
            cls,
            panel: Panel,
            core: Core,
            factor: Callable[[NDArray[np.intp] | None], NDArray[np.float64]],
            weights: NDArray[np.float64],
        ) -> Self:
            """Have the arguments of the constructor: scipy's stubs have others."""
            ...

    def __init__(
        self,
        panel: Panel,
        core: Core,
        factor: Callable[[NDArray[np.intp] | None], NDArray[np.float64]],
        weights: NDArray[np.float64],
    ) -> None:
        super().__init__(np.dtype(np.float64), (len(panel), len(panel)))  # pyright: ignore[reportCallIssue]  the stubs
        self.panel = panel
        self.core = core
        self.weights = weights
        self._factor_rows = factor

    @functools.cached_property
    def factor(self) -> NDArray[np.float64]:
        """V, shape (p, q)."""
        with one_blas_thread():
            values = self._factor_rows(None)
        values.setflags(write=False)
        return values

    def rows(self, genes: GeneSelection) -> NDArray[np.float64]:
        """Return the rows of genes, shape (m, p)."""
        indices = self.panel.locate(genes)
        return self.core.rows(indices) + (self.factor[indices] * self.weights) @ self.factor.T

    def block(self, rows: GeneSelection, columns: GeneSelection) -> NDArray[np.float64]:
        """Return the entries of genes against genes, shape (m, k), from those genes' rows of V alone."""
        left, right = self.panel.locate(rows), self.panel.locate(columns)
        with one_blas_thread():
            factors = self._rows_of_factor(np.concatenate([left, right]))
            low_rank = (factors[: len(left)] * self.weights) @ factors[len(left) :].T
        return self.core.block(left, right) + low_rank

    def diagonal(self, genes: GeneSelection | None = None) -> NDArray[np.float64]:
        """Return the diagonal entries of genes, shape (m,); of all p without an argument."""
        if genes is None:
            return self.core.diagonal() + np.einsum("ik,k,ik->i", self.factor, self.weights, self.factor)
        indices = self.panel.locate(genes)
        factors = self._rows_of_factor(indices)
        return self.core.diagonal()[indices] + np.einsum("ik,k,ik->i", factors, self.weights, factors)

    def to_dense(self) -> NDArray[np.float64]:
        """Return the whole matrix, shape (p, p): 8p² bytes, symmetric to the last bit."""
        size = len(self.panel)
        dense = np.empty((size, size))
        with one_blas_thread():
            for block in row_blocks(size, size):
                dense[block] = self.rows(np.arange(block.start, block.stop, dtype=np.intp))
        mirror(dense)
        return dense

    def _rows_of_factor(self, indices: NDArray[np.intp]) -> NDArray[np.float64]:
        return self.factor[indices] if "factor" in self.__dict__ else self._factor_rows(indices)

    def _matmat(self, X: NDArray[np.float64]) -> NDArray[np.float64]:  # noqa: N803  scipy's name
        return self.core.matmat(X) + self.factor @ (self.weights[:, None] * (self.factor.T @ X))

    def _adjoint(self) -> SymmetricOperator:
        return self
