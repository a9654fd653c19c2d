"""The columns X of pathways, sparse: the loadings of each on its genes, in units of the expression."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from .pathway import Pathway

FEW_PRODUCTS = 1 << 16
"""Largest number of products for which going through whole columns is faster than a sparse product."""


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
        return np.repeat(np.arange(self.shape[1]), np.diff(self.starts))

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
        return Columns(self.shape, self.genes, self.starts, self.values * weights[self.genes])

    def select(self, which: NDArray[np.intp]) -> Columns:
        """Return some of the columns, their indices in ascending order."""
        if len(which) == self.shape[1]:
            return self
        lengths = np.diff(self.starts)[which]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        entries = np.arange(int(starts[-1])) + np.repeat(self.starts[which] - starts[:-1], lengths)
        return Columns((self.shape[0], len(which)), self.genes[entries], starts, self.values[entries])

    def products(self, others: Columns) -> NDArray[np.float64]:
        """Return XᵀY for other sparse columns Y, shape (r, r of Y).

        O(p + m r) for few, and O(p + Σ k k') for many, where a gene has k entries in X and k' in Y.
        """
        if len(others.values) * self.shape[1] > FEW_PRODUCTS:
            return (self._transposed() @ others._transposed().T).toarray()
        answer = np.empty((self.shape[1], others.shape[1]))
        column, owners = np.zeros(self.shape[0]), others.owners
        for index, (start, stop) in enumerate(itertools.pairwise(self.starts.tolist())):
            column[self.genes[start:stop]] = self.values[start:stop]
            answer[index] = _sum_by_target(owners, others.values * column[others.genes], others.shape[1])
            column[self.genes[start:stop]] = 0.0
        return answer

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
    genes, values, lengths = [np.empty(0, dtype=np.intp)], [np.empty(0)], [0]
    for pathway in pathways:
        loadings = pathway.columns()
        if pathway.units == "sd":
            loadings = loadings * deviations[pathway.genes][:, None]
        genes.extend([pathway.genes] * pathway.rank)
        values.append(loadings.T.ravel())
        lengths.extend([len(pathway.genes)] * pathway.rank)
    shape = (len(deviations), len(lengths) - 1)
    return Columns(shape, np.concatenate(genes), np.cumsum(lengths), np.concatenate(values))


def _sum_by_target(targets: NDArray[np.intp], terms: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Return the sum of the terms of each target, in their order, shape (size,)."""
    return cast("NDArray[np.float64]", np.bincount(targets, weights=terms, minlength=size))
