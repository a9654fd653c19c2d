"""Σ and Θ of a version as operators over the panel, indexed by gene names; formed only by `to_dense`."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import EngineError
from ..threads import one_blas_thread
from .anchor import Dense
from .covariance import row_blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .anchor import Core
    from .columns import Columns
    from .panel import GeneSelection, Panel


ROWS_AT_ONCE = 512
"""Number of rows of a dense core that are read together."""


LARGEST_CORRELATION = 1.001
"""Largest size of a correlation that rounding of an ill-conditioned version explains; it is then shown as 1."""


def bounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return correlations as they are, or cut to 1 where rounding has led beyond.

    Raises
    ------
    EngineError
        One is so large, or no number, that what it was computed from is wrong.
    """
    sizes = np.abs(values)
    if not (sizes <= LARGEST_CORRELATION).all():
        wrong = float(sizes[~(sizes <= LARGEST_CORRELATION)].max())
        raise EngineError(
            f"A correlation of {wrong:.3g} was computed, and none is above 1: a number that was derived before is "
            "wrong.",
            code="impossible-correlation",
        )
    return np.clip(values, -1.0, 1.0) if (sizes > 1.0).any() else values


def bound_correlations(answer: Any) -> None:
    """Cut the ρ of an answer, a frozen dataclass, as `bounded` does, and what it ranks by and `max_abs` where it is ρ.

    Raises
    ------
    EngineError
        As `bounded`.
    """
    ranked_by_rho = answer.strength is answer.rho
    if (rho := bounded(answer.rho)) is not answer.rho:
        object.__setattr__(answer, "rho", rho)
        if ranked_by_rho:
            object.__setattr__(answer, "strength", rho)
    if ranked_by_rho and getattr(answer, "max_abs", 0.0) > 1.0:
        object.__setattr__(answer, "max_abs", float(np.abs(bounded(np.array([answer.max_abs])))[0]))


class SymmetricOperator:
    """A symmetric p × p matrix M = C + V D Vᵀ over the panel, with D diagonal.

    Keep it while you use it: the factor V is computed when all of it is first needed, in O(p (K + r)²), and stored in
    the operator. Questions about a few genes compute the rows of these genes only. Solvers of `scipy.sparse.linalg`
    take it as it is, and `aslinearoperator` makes it one that can be added and scaled.

    Parameters
    ----------
    panel : Panel
        The p genes of rows and columns.
    core : Core
        C: diagonal, or dense and read by rows.
    factor : callable
        Returns the rows of V of indices, or all of them for None, shape (m, q).
    factor_times : callable
        Returns V Y, shape (p, k), for Y of shape (q, k), without forming V.
    weights : ndarray of float64, shape (q,)
        The diagonal of D.
    diagonal : callable, optional
        Returns the diagonal of M, shape (p,), where that need not be computed from all of V.
    """

    def __init__(
        self,
        panel: Panel,
        core: Core,
        factor: Callable[[NDArray[np.intp] | None], NDArray[np.float64]],
        factor_times: Callable[[NDArray[np.float64]], NDArray[np.float64]],
        weights: NDArray[np.float64],
        diagonal: Callable[[], NDArray[np.float64]] | None = None,
    ) -> None:
        self.panel = panel
        self.core = core
        self.weights = weights
        self.shape = (len(panel), len(panel))
        self.dtype = np.dtype(np.float64)
        self._factor_rows = factor
        self._factor_times = factor_times
        self._own_diagonal = diagonal

    @functools.cached_property
    def factor(self) -> NDArray[np.float64]:
        """V, shape (p, q)."""
        values = np.empty((len(self.panel), len(self.weights)))
        for block in row_blocks(*values.shape):
            values[block] = self._factor_block(block)
        values.setflags(write=False)
        return values

    def column(self, index: int) -> NDArray[np.float64]:
        """Return the column of one gene without forming V, shape (p,), in O(p (K + r)); the core is diagonal."""
        with one_blas_thread():
            inner = self.weights * self._factor_rows(np.array([index], dtype=np.intp))[0]
            column = self._factor_times(inner[:, np.newaxis])[:, 0]
        column[index] += self.core.diagonal()[index]
        return column

    def times(self, columns: Columns) -> NDArray[np.float64]:
        """Return M X for sparse columns of shape (p, k) without forming V: O(p (K + r) k) for a diagonal core."""
        touched = columns.touched()
        loadings = columns.rows(touched)
        with one_blas_thread():
            products = np.zeros(columns.shape)
            if len(self.weights):
                inner = self.weights[:, np.newaxis] * (self._factor_rows(touched).T @ loadings)
                products = self._factor_times(inner)
            if isinstance(self.core, Dense):  # by symmetry, the rows of the touched genes are all that is needed
                for start in range(0, len(touched), ROWS_AT_ONCE):
                    some = slice(start, start + ROWS_AT_ONCE)
                    products += self.core.rows(touched[some]).T @ loadings[some]
            else:
                products[touched] += self.core.diagonal()[touched][:, np.newaxis] * loadings
        return products

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
            return self._whole_diagonal() if self._own_diagonal is None else self._own_diagonal()
        indices = self.panel.locate(genes)
        return self._of_core(indices, self._rows_of_factor(indices))

    def _whole_diagonal(self) -> NDArray[np.float64]:
        values = np.empty(len(self.panel))
        for block in row_blocks(len(self.panel), len(self.weights)):
            values[block] = self._of_core(block, self._factor_block(block))
        return values

    def _of_core(self, genes: NDArray[np.intp] | slice, factor: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.core.diagonal()[genes] + np.einsum("ik,k,ik->i", factor, self.weights, factor)

    def to_dense(self) -> NDArray[np.float64]:
        """Return the whole matrix, shape (p, p): 8p² bytes, symmetric to the last bit."""
        from .inversion import mirror  # with SciPy, which no other question needs

        size = len(self.panel)
        dense = np.empty((size, size))
        with one_blas_thread():
            for block in row_blocks(size, size):
                dense[block] = self.rows(np.arange(block.start, block.stop, dtype=np.intp))
        mirror(dense)
        return dense

    def matmat(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return M Y for several columns, shape (p, k)."""
        return self.core.matmat(right) + self.factor @ (self.weights[:, None] * (self.factor.T @ right))

    def matvec(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return M y, in the shape of y: (p,) or (p, 1)."""
        return self.matmat(right.reshape(-1, 1)).reshape(right.shape)

    rmatvec, rmatmat = matvec, matmat

    def __matmul__(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.matvec(right) if right.ndim == 1 else self.matmat(right)

    @property
    def T(self) -> SymmetricOperator:  # noqa: N802  numpy's name
        """Itself."""
        return self

    H = T

    def _rows_of_factor(self, indices: NDArray[np.intp]) -> NDArray[np.float64]:
        return self.factor[indices] if "factor" in self.__dict__ else self._factor_rows(indices)

    def _factor_block(self, block: slice) -> NDArray[np.float64]:
        """Return consecutive rows of V; the same blocks of it have the same bits, whoever asks for them."""
        if "factor" in self.__dict__:
            return self.factor[block]
        whole = block == slice(0, len(self.panel))
        with one_blas_thread():
            return self._factor_rows(None if whole else np.arange(block.start, block.stop, dtype=np.intp))
