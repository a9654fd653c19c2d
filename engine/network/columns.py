"""The columns X of pathways, sparse: the loadings of each on its genes, in units of the expression."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from .pathway import Pathway

FEW_PRODUCTS = 1 << 20
"""Most products of two loadings of one gene that are listed, in 60 MB; of more, SciPy makes a sparse product."""

FEW_VALUES = 1 << 16
"""Most values that are summed up by column at once: they stay in the processor's caches."""

MANY_VALUES = 1 << 22
"""Most values of many factors that are gathered at once, in 32 MB."""

FEW_FACTORS = 64
"""Most factors with which columns are multiplied entry by entry; with more, a sparse product is faster."""

SPARSE_PANEL = 16
"""A panel with more genes than so many times the entries is searched, and not marked."""


@dataclass(frozen=True, slots=True)
class Columns:
    """A sparse matrix X, shape (p, r), as its m entries, column after column.

    Every sum over entries runs in ascending order of the genes, so that it is the same to the last bit whichever
    other columns there are.

    Parameters
    ----------
    shape : pair of int
        (p, r).
    genes : ndarray of intp, shape (m,)
        The row of each entry; ascending within a column, each once.
    starts : ndarray of intp, shape (r + 1,)
        Where each column begins.
    values : ndarray of float64, shape (m,)
        The entries.
    """

    shape: tuple[int, int]
    genes: NDArray[np.intp]
    starts: NDArray[np.intp]
    values: NDArray[np.float64]

    @property
    def owners(self) -> NDArray[np.intp]:
        """The column of each entry, ascending, shape (m,)."""
        return np.arange(self.shape[1]).repeat(self.starts[1:] - self.starts[:-1])

    def times(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return X Y, shape (p, k), in O((p + m) k)."""
        if right.shape[1] == 1:
            return _sum_by_target(self.genes, self.values * right[self.owners, 0], self.shape[0])[:, None]
        sums = np.zeros((self.shape[0], right.shape[1]))
        for row, (start, stop) in zip(right, itertools.pairwise(self.starts.tolist()), strict=True):
            sums[self.genes[start:stop]] += self.values[start:stop, np.newaxis] * row
        return sums

    def transposed_times(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return XᵀY, shape (r, k), in O(mk), from the rows of Y that the columns touch."""
        if right.shape[1] == 1:
            return _sum_by_target(self.owners, self.values * right[self.genes, 0], self.shape[1])[:, None]
        sums = np.zeros((self.shape[1], right.shape[1]))
        for column, (start, stop) in enumerate(itertools.pairwise(self.starts.tolist())):
            np.sum(self.values[start:stop, np.newaxis] * right[self.genes[start:stop]], axis=0, out=sums[column])
        return sums

    def rows(self, indices: NDArray[np.intp] | None = None) -> NDArray[np.float64]:
        """Return rows of X as a dense array, shape (n, r), in O(p + m + nr); every row when `indices` is None."""
        if indices is None:
            answer = np.zeros(self.shape)
            answer[self.genes, self.owners] = self.values
            return answer
        position = np.full(self.shape[0], -1, dtype=np.intp)
        position[indices] = np.arange(len(indices))  # the last one of an index that occurs more than once
        row = position[self.genes]
        entries = np.flatnonzero(row >= 0)
        selected = np.zeros((len(indices), self.shape[1]))
        selected[row[entries], self.owners[entries]] = self.values[entries]
        return selected[position[indices]]

    def touched(self) -> NDArray[np.intp]:
        """Return the genes that some column has an entry for, ascending."""
        marked = np.zeros(self.shape[0], dtype=np.bool_)
        marked[self.genes] = True
        return np.flatnonzero(marked)

    def weighted(self, weights: NDArray[np.float64]) -> Columns:
        """Return diag(w) X for weights of shape (p,)."""
        return self.scaled(rows_at(weights, self.genes))

    def scaled(self, factors: NDArray[np.float64]) -> Columns:
        """Return the columns with each entry times a factor of its own, shape (m,)."""
        return Columns(self.shape, self.genes, self.starts, self.values * factors)

    def select(self, which: NDArray[np.intp]) -> Columns:
        """Return some of the columns, their indices in ascending order."""
        if len(which) == self.shape[1]:
            return self
        lengths = np.diff(self.starts)[which]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        entries = np.arange(int(starts[-1])) + np.repeat(self.starts[which] - starts[:-1], lengths)
        return Columns((self.shape[0], len(which)), self.genes[entries], starts, self.values[entries])

    def near(self, genes: NDArray[np.intp]) -> Columns:
        """Return all columns with their entries for some genes alone, in O(m log n); a column may have none left."""
        wanted = np.unique(genes)
        if self.shape[0] <= SPARSE_PANEL * len(self.genes):
            marked = np.zeros(self.shape[0], dtype=np.bool_)
            marked[wanted] = True
            entries = marked.take(self.genes).nonzero()[0]
        else:
            index = wanted.searchsorted(self.genes)
            entries = (np.append(wanted, -1).take(index) == self.genes).nonzero()[0]
        return Columns(self.shape, self.genes[entries], entries.searchsorted(self.starts), self.values[entries])

    def sums(self, terms: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return of terms of shape (m,) or (m, k), one an entry, the sum of each column, shape (r,) or (r, k).

        Each column has an entry, as those of pathways have.
        """
        return np.add.reduceat(terms, self.starts[:-1], axis=0)

    def factor_products(self, factors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return XᵀY for the K columns of factors Y, shape (r, K), in O(mK).

        Each row has the same bits whichever other columns there are: how it is summed depends on K and its own entries.
        """
        rank, width = self.shape[1], factors.shape[1]
        wide = width > FEW_FACTORS
        if rank > 1 and len(self.genes) * width > (MANY_VALUES if wide else FEW_VALUES):
            halves = np.arange(rank // 2), np.arange(rank // 2, rank)
            return np.vstack([self.select(half).factor_products(factors) for half in halves])
        if wide:
            touched = np.unique(self.genes)
            rows = Columns((len(touched), rank), touched.searchsorted(self.genes), self.starts, self.values)
            return rows.transposed_times(rows_at(factors, touched))
        terms = rows_at(factors, self.genes)
        terms *= self.values[:, None]
        return self.sums(terms)

    def gram(self, first: int = 0) -> NDArray[np.float64]:
        """Return the lower triangle of XᵀX, after `first` rows and columns of zeros, in O(m log m + Σ k²).

        A gene has entries in k columns. The product of two columns is summed gene by gene, and a square pairwise: each
        has the same bits whichever other columns there are. `gram_rows` gives the same bits.
        """
        size = first + self.shape[1]
        answer = _products_of_pairs(self, first, size)
        answer.reshape(-1)[first * (size + 1) :: size + 1] = self.sums(np.square(self.values))
        return answer

    def gram_rows(self, which: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return some rows of XᵀX, shape (n, r), their indices in ascending order."""
        chosen = self.select(which)
        answer = _products_of_rows(chosen, self)
        answer[np.arange(len(which)), which] = chosen.sums(np.square(chosen.values))
        return answer

    def sparse_products(self, others: Columns) -> NDArray[np.float64]:
        """Return XᵀY for other sparse columns Y, shape (r, r of Y), summed gene by gene: O(Σ k k')."""
        return (self._transposed() @ others._transposed().T).toarray()

    def _transposed(self) -> csr_array:
        """Return Xᵀ."""
        from scipy.sparse import csr_array  # a quarter of a second to load, which few columns have no need of

        return csr_array((self.values, self.genes, self.starts), shape=(self.shape[1], self.shape[0]))


def columns_of(pathways: Sequence[Pathway], deviations: NDArray[np.float64]) -> Columns:
    """Return the columns of pathways in units of the expression, shape (p, r), in O(m).

    Parameters
    ----------
    pathways : sequence of Pathway
        In the order of their columns.
    deviations : ndarray of float64, shape (p,)
        The standard deviation of each gene under the base, for loadings in `sd` units.
    """
    genes: list[NDArray[np.intp]] = []
    values: list[NDArray[np.float64]] = []
    lengths, raw = [0], list[slice]()
    for pathway in pathways:
        loadings, rank, length = pathway.columns(), len(pathway.names), len(pathway.genes)
        if pathway.units == "raw":
            start = sum(lengths)
            raw.append(slice(start, start + rank * length))
        if rank == 1:
            genes.append(pathway.genes)
            values.append(loadings)
            lengths.append(length)
        else:
            genes += [pathway.genes] * rank
            values.append(loadings.T.reshape(-1, 1))
            lengths += [length] * rank
    starts = np.fromiter(accumulate(lengths), dtype=np.intp, count=len(lengths))
    if not genes:
        return Columns((len(deviations), 0), np.empty(0, dtype=np.intp), starts, np.empty(0))
    rows, entries = np.concatenate(genes), np.concatenate(values).reshape(-1)
    scales = rows_at(deviations, rows)
    for part in raw:
        scales[part] = 1.0
    entries *= scales
    return Columns((len(deviations), len(lengths) - 1), rows, starts, entries)


def rows_at(array: NDArray[np.float64], indices: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return a copy of rows of an array; `take` is several times faster than an index of many numbers."""
    return array.take(indices, axis=0)


def _products_of_pairs(columns: Columns, first: int, size: int) -> NDArray[np.float64]:
    """Return XᵀX below its diagonal, after `first` rows and columns of zeros, shape (size, size)."""
    order = columns.genes.argsort(kind="stable")
    genes = columns.genes.take(order)
    later: NDArray[np.intp] = (genes[1:] == genes[:-1]).nonzero()[0]
    if not len(later):
        return np.zeros((size, size))
    later += 1  # every entry that is not the first of its gene, with each of those before it
    start = genes.searchsorted(genes.take(later))
    counts = later - start
    ends = counts.cumsum()
    if int(ends[-1]) > FEW_PRODUCTS:
        answer = np.zeros((size, size))
        answer[first:, first:] = columns.sparse_products(columns)
        return answer
    earlier, later = _runs(start, counts, ends), later.repeat(counts)
    earlier, later, owners = order.take(earlier), order.take(later), columns.owners
    target = owners.take(later)
    target *= size
    target += owners.take(earlier)
    target += first * (size + 1)
    products = columns.values.take(later)
    products *= columns.values.take(earlier)
    return _sum_by_target(target, products, size * size).reshape(size, size)


def _products_of_rows(chosen: Columns, columns: Columns) -> NDArray[np.float64]:
    """Return YᵀX for some of the columns, shape (n, r)."""
    order = columns.genes.argsort(kind="stable")
    genes = columns.genes.take(order)
    start = genes.searchsorted(chosen.genes)
    counts = genes.searchsorted(chosen.genes, side="right") - start
    ends = counts.cumsum()
    if not len(ends):
        return np.zeros((chosen.shape[1], columns.shape[1]))
    if int(ends[-1]) > FEW_PRODUCTS:
        return chosen.sparse_products(columns)
    others = order.take(_runs(start, counts, ends))
    entries = np.arange(len(counts)).repeat(counts)
    shape = chosen.shape[1], columns.shape[1]
    target = chosen.owners.take(entries) * shape[1] + columns.owners.take(others)
    products = chosen.values.take(entries) * columns.values.take(others)
    return _sum_by_target(target, products, shape[0] * shape[1]).reshape(shape)


def _runs(start: NDArray[np.intp], counts: NDArray[np.intp], ends: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return runs of consecutive numbers, one after another.

    Parameters
    ----------
    start, counts : ndarray of intp
        Where each run begins, and how many numbers it has.
    ends : ndarray of intp
        How many numbers there are up to the end of each run.
    """
    runs = (start + counts - ends).repeat(counts)
    runs += np.arange(int(ends[-1]))
    return runs


def _sum_by_target(targets: NDArray[np.intp], terms: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Return the sum of the terms of each target, in their order, shape (size,)."""
    return cast("NDArray[np.float64]", np.bincount(targets, weights=terms, minlength=size))
