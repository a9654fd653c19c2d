"""Anchors: a matrix A with a known inverse, to which the low-rank terms of a version are added.

A dense base, or a full inversion made later, is an anchor itself. A factor base has the anchor diag(noise), and its
factors are columns beside those of the pathways, so that neither a commit nor a question forms anything p × p.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..threads import one_blas_thread
from ..triangular import solve_lower
from .columns import Columns, rows_at
from .covariance import Covariance, FactorCovariance, blocks_of
from .dense import touched_rows
from .stored_rows import compute_anew, is_stored

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .covariance import MatrixSource
    from .stored_rows import Recall


SMALL_PANEL = 1 << 15
"""Most numbers in A^-½ [U₀ | X] with which columns are multiplied as dense ones: all of it is in the caches."""

GENES_TRIED = 32
"""Genes by which remembered numbers of all genes are judged."""

TRACE_ERROR = 1e-12
"""Largest error of tr AΘ, for each gene, of a diagonal of Θ that is believed; that of rounding is 1e-16."""

MOST_RUNS = 64
"""Most runs of known columns that are copied block by block."""


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

    def gram(self, dense: NDArray[np.float64], sparse: Columns) -> NDArray[np.float64]:
        """Return the lower triangle of [U₀ | X]ᵀM [U₀ | X] but for U₀ᵀM U₀, from the touched rows of M only."""
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

    def gram(self, dense: NDArray[np.float64], sparse: Columns) -> NDArray[np.float64]:
        """Return the lower triangle of [U₀ | X]ᵀM [U₀ | X] but for U₀ᵀM U₀: nothing in it is O(p).

        The product of two pathways, or of one with a factor, is the same to the last bit whichever others there are.
        """
        factors, weights = dense.shape[1], rows_at(self.values, sparse.genes)
        answer = sparse.scaled(np.sqrt(weights)).gram(factors)
        answer[factors:, :factors] = sparse.scaled(weights).factor_products(dense)
        return answer

    def gram_rows(
        self, dense: NDArray[np.float64], sparse: Columns, which: NDArray[np.intp]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return some rows of XᵀM U₀, shape (n, K), and of XᵀMX, shape (n, r), with the bits that `gram` gives."""
        chosen = sparse.select(which)
        factors = chosen.scaled(rows_at(self.values, chosen.genes)).factor_products(dense)
        near = sparse.near(chosen.genes)
        return factors, near.scaled(np.sqrt(rows_at(self.values, near.genes))).gram_rows(which)


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

    def gram(self, dense: NDArray[np.float64], sparse: Columns) -> NDArray[np.float64]:  # noqa: ARG002  as above
        """Return XᵀMX, shape (r, r), since a dense anchor has no factors beside it: O(mM), M genes touched."""
        return touched_rows.gram(self.source, sparse)


@dataclass(frozen=True, slots=True)
class KnownProducts:
    """Rows of the small matrix of another version on the same diagonal anchor.

    Parameters
    ----------
    products : ndarray of float64, shape (r', K + r')
        The last rows of J + U'ᵀA⁻¹U', its lower triangle, where U' = [U₀ | X'].
    indices : ndarray of intp, shape (r,)
        For each column of X its index in X'; −1 for a new column.
    """

    products: NDArray[np.float64]
    indices: NDArray[np.intp]

    @property
    def in_order(self) -> bool:
        """Whether the known columns have the same order there: of each pair one product stands below the diagonal."""
        known = self.indices[self.indices >= 0]
        return bool((known[1:] > known[:-1]).all())

    def copy_to(self, small: NDArray[np.float64], factors: int) -> None:
        """Put what is known into the lower triangle of the small matrix of a version."""
        runs = self._runs()
        if len(runs) > MOST_RUNS:
            here = (self.indices >= 0).nonzero()[0]
            old = self.indices[here]
            small[factors + here, :factors] = self.products[old, :factors]
            small[np.ix_(factors + here, factors + here)] = self.products[np.ix_(old, factors + old)]
            return
        for number, (here, old) in enumerate(runs):
            rows, target = self.products[old], small[factors:][here]
            target[:, :factors] = rows[:, :factors]
            for beside, known in runs[: number + 1]:
                target[:, factors:][:, beside] = rows[:, factors:][:, known]

    def _runs(self) -> list[tuple[slice, slice]]:
        """Return the runs of known columns that stand side by side there too: where they are here, and there."""
        here = (self.indices >= 0).nonzero()[0]
        if not len(here):
            return []
        there = self.indices[here]
        breaks = ((np.diff(here) != 1) | (np.diff(there) != 1)).nonzero()[0] + 1
        starts, lengths = [0, *breaks.tolist()], np.diff(breaks, prepend=0, append=len(here)).tolist()
        return [
            (slice(first, first + length), slice(old, old + length))
            for first, old, length in zip(here[starts].tolist(), there[starts].tolist(), lengths, strict=True)
        ]


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
        I + U₀ᵀA⁻¹U₀: the same for all versions, so that none of them costs O(K²p).
    log_det : float
        log |A|.
    scaled : ndarray of float64, shape (K, p), optional
        U₀ᵀA^-½, where A is diagonal and the panel is so small that columns are multiplied as dense ones.
    recall : Recall
        Remembers what is the same for all versions and takes long.
    """

    covariance: Core
    precision: Core
    columns: NDArray[np.float64]
    inner: NDArray[np.float64]
    log_det: float
    scaled: NDArray[np.float64] | None = None
    recall: Recall = field(default=compute_anew, repr=False)

    @property
    def is_diagonal(self) -> bool:
        """Whether A is diagonal."""
        return isinstance(self.precision, Diagonal)

    def factor_precision_diagonal(self) -> NDArray[np.float64]:
        """Return the diagonal of Θ₀ = (A + U₀U₀ᵀ)⁻¹ for a diagonal A, shape (p,), in O(K²p) unless it is remembered."""
        size, factors = self.columns.shape
        return self.recall(
            "diagonal",
            self._factor_precision_diagonal,
            shape=(size,),
            operations=float(size * factors * factors),
            check=self._is_precision_diagonal,
        )

    def _is_precision_diagonal(self, values: NDArray[np.float64], stream: np.random.Generator) -> bool:
        """Return whether numbers can be the diagonal of Θ₀: below that of A⁻¹, and right for some genes."""
        weights, genes = self.precision.diagonal(), chosen(stream, len(values))
        if not ((values > 0) & (values <= weights)).all():
            return False
        with one_blas_thread():
            triangle = np.linalg.cholesky(self.inner).astype(np.float64, copy=False)
            root = solve_lower(triangle, (weights[genes, np.newaxis] * self.columns[genes]).T)
            own = weights[genes] - np.einsum("ki,ki->i", root, root)
        if not has_trace(values, self.covariance.diagonal(), triangle, np.ones(len(triangle))):
            return False
        return bool(np.allclose(values[genes], own, rtol=1e-6, atol=1e-9 * float(weights[genes].max())))

    def _factor_precision_diagonal(self) -> NDArray[np.float64]:
        values = self.precision.diagonal().copy()
        with one_blas_thread():
            triangle = np.linalg.cholesky(self.inner).astype(np.float64, copy=False)
            for rows, block in blocks_of(self.columns):
                root = solve_lower(triangle, (values[rows, np.newaxis] * block).T)
                values[rows] -= np.einsum("ki,ki->i", root, root)
        return values

    def has_products(self, size: int) -> bool:
        """Whether a small matrix of so many rows has products in common with others, to the last bit."""
        return self.is_diagonal and (self.scaled is None or self.scaled.shape[1] * size > SMALL_PANEL)

    def small_matrix(
        self,
        sparse: Columns,
        signature: NDArray[np.float64],
        known: KnownProducts | None = None,
        out: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """Return the lower triangle of J + [U₀ | X]ᵀ A⁻¹ [U₀ | X], shape (K + r, K + r); what is above has no meaning.

        Parameters
        ----------
        sparse : Columns
            X.
        signature : ndarray of float64, shape (K + r,)
            The diagonal of J.
        known : KnownProducts, optional
            Rows to reuse; the answer is the same to the last bit.
        out : ndarray of float64, shape (K + r, K + r), optional
            Where to put it.
        """
        factors, size = len(self.inner), len(signature)
        if not isinstance(self.precision, Diagonal):
            small = self.precision.gram(self.columns, sparse)
        elif self.scaled is not None and not self.has_products(size):
            small = self._of_small_panel(self.precision, self.scaled, sparse)
        elif known is not None and known.in_order:
            room = np.empty((size, size)) if out is None else out
            return self._extended(self.precision, sparse, signature, known, room)
        else:
            small = self.precision.gram(self.columns, sparse)
        small[:factors, :factors] = self.inner
        small.reshape(-1)[factors * (size + 1) :: size + 1] += signature[factors:]
        if out is None:
            return small
        out[:] = small
        return out

    def _of_small_panel(self, precision: Diagonal, scaled: NDArray[np.float64], sparse: Columns) -> NDArray[np.float64]:
        """Return the same as `precision.gram` by one product of dense matrices, which rounds in another way."""
        factors, genes = scaled.shape
        size = factors + sparse.shape[1]
        halves = np.zeros((size, genes))
        halves[:factors] = scaled
        index = sparse.owners
        index *= genes
        index += sparse.genes
        halves[factors:].reshape(-1)[index] = sparse.values * np.sqrt(rows_at(precision.values, sparse.genes))
        answer = np.empty((size, size))
        np.matmul(halves[factors:], halves.T, out=answer[factors:])
        return answer

    def _extended(
        self,
        precision: Diagonal,
        sparse: Columns,
        signature: NDArray[np.float64],
        known: KnownProducts,
        small: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Fill in the small matrix of a version that has columns in common with another, and return it."""
        factors = len(self.inner)
        small[:factors, :factors] = self.inner
        known.copy_to(small, factors)
        if len(new := (known.indices < 0).nonzero()[0]):
            rows = factors + new
            small[rows, :factors], inner = precision.gram_rows(self.columns, sparse, new)
            inner[np.arange(len(new)), new] += signature[rows]
            small[rows, factors:] = inner
            small[factors:, rows] = inner.T
        return small


def anchor_of(base: Covariance, recall: Recall = compute_anew) -> Anchor:
    """Return the anchor of a base: itself when dense; otherwise its noise, with the factors beside it, in O(K²p).

    Parameters
    ----------
    base : Covariance
        The base.
    recall : Recall
        Remembers the products of the factors, so that they are not all read again.
    """
    if isinstance(base, FactorCovariance):
        columns, precision = base.columns(), 1.0 / base.noise
        size, factors = columns.shape
        inner = np.eye(factors) + recall(
            "products of factors",
            lambda: _weighted_gram(columns, precision),
            shape=(factors, factors),
            operations=float(size * factors * factors),
            check=lambda products, stream: _are_products(products, columns, precision, stream),
        )
        return Anchor(
            covariance=Diagonal(base.noise),
            precision=Diagonal(precision),
            columns=columns,
            inner=inner,
            log_det=float(np.sum(np.log(base.noise))),
            scaled=_scaled(columns, precision)
            if size * (factors + 1) <= SMALL_PANEL and not is_stored(columns)
            else None,
            recall=recall,
        )
    return Anchor(
        covariance=Dense(base.covariance),
        precision=Dense(base.precision),
        columns=np.empty((base.size, 0)),
        inner=np.empty((0, 0)),
        log_det=base.log_det,
    )


def _scaled(columns: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return UᵀD^½ for positive weights, shape (K, p)."""
    return np.ascontiguousarray((np.sqrt(weights)[:, None] * np.asarray(columns)).T)


def _weighted_gram(columns: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return UᵀDU for positive weights, shape (K, K): in blocks, with the same bits wherever the rows stand."""
    answer = np.zeros((columns.shape[1], columns.shape[1]))
    with one_blas_thread():
        for rows, block in blocks_of(columns):
            scaled = np.sqrt(weights[rows])[:, None] * block
            answer += scaled.T @ scaled
    return answer


def _are_products(
    products: NDArray[np.float64],
    columns: NDArray[np.float64],
    weights: NDArray[np.float64],
    stream: np.random.Generator,
) -> bool:
    """Return whether numbers can be UᵀDU: symmetric and finite, and right for a random vector where U is in memory."""
    if not np.isfinite(products).all() or not np.array_equal(products, products.T) or np.any(products.diagonal() < 0):
        return False
    if is_stored(columns):  # all of it would have to be read, which is what is avoided
        return True
    vector = stream.standard_normal((len(products), 1))
    with one_blas_thread():
        expected = columns.T @ (weights[:, np.newaxis] * (columns @ vector))
    largest = float(np.abs(products).sum(axis=1).max(initial=0.0)) * float(np.abs(vector).max(initial=0.0))
    return bool(np.abs(products @ vector - expected).max(initial=0.0) <= 1e-9 * largest)


def has_trace(
    diagonal: NDArray[np.float64],
    variances: NDArray[np.float64],
    triangle: NDArray[np.float64],
    signature: NDArray[np.float64],
    guard: float = 1.0,
) -> bool:
    """Return whether numbers can be the diagonal of Θ by their sum, in O(n³): an error in any gene changes it.

    Parameters
    ----------
    diagonal : ndarray of float64, shape (p,)
        The numbers.
    variances : ndarray of float64, shape (p,)
        The diagonal matrix A.
    triangle, signature : ndarray of float64, shapes (n, n) and (n,)
        L and the diagonal of J, with LJLᵀ = J + UᵀA⁻¹U.
    guard : float
        What subtractions leave.

    Notes
    -----
    Θ = A⁻¹ − WJWᵀ with W = A⁻¹UL⁻ᵀ, so that tr AΘ = p − tr JL⁻¹(LJLᵀ − J)L⁻ᵀ = p − n + Σ J_k J_l (L⁻¹)²_kl. Errors of
    several genes can cancel in the sum.
    """
    with one_blas_thread():
        inverse = solve_lower(triangle, np.eye(len(triangle)))
    trace = len(diagonal) - len(triangle) + float(signature @ np.square(inverse) @ signature)
    return abs(float(variances @ diagonal) - trace) <= TRACE_ERROR * len(diagonal) / guard


def chosen(stream: np.random.Generator, size: int) -> NDArray[np.intp]:
    """Return some genes, ascending, by which numbers of all are judged."""
    return np.sort(stream.choice(size, size=min(GENES_TRIED, size), replace=False)).astype(np.intp)


def stack_rows(indices: NDArray[np.intp] | None, dense: NDArray[np.float64], sparse: Columns) -> NDArray[np.float64]:
    """Return rows of [U₀ | X] as one dense array, shape (m, K + r); every row when `indices` is None."""
    return np.hstack([dense if indices is None else dense[indices], sparse.rows(indices)])
