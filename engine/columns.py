"""The columns X of pathways, sparse: the loadings of each on its genes, in units of the expression."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .pathway import Pathway

MOST_PAIRS = 1 << 20
"""About so many products are summed at a time: 64 MB."""


@dataclass(frozen=True, slots=True)
class Columns:
    """A sparse matrix X, shape (p, r), as its m entries, column after column.

    Every sum over entries runs in ascending order of the genes, so that it is the same to the last bit whichever
    other columns stand beside its own. (SciPy's sparse arrays cost more to make than a commit costs to compute.)

    Parameters
    ----------
    shape : pair of int
        (p, r).
    genes : ndarray of intp, shape (m,)
        The row of each entry; ascending within a column, each once.
    owners : ndarray of intp, shape (m,)
        The column of each entry, ascending.
    values : ndarray of float64, shape (m,)
        The entries.
    """

    shape: tuple[int, int]
    genes: NDArray[np.intp]
    owners: NDArray[np.intp]
    values: NDArray[np.float64]

    def times(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return X Y, shape (p, k), in O((p + m) k)."""
        return _summed(self.genes, self.values, right, self.owners, self.shape[0])

    def transposed_times(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return XᵀY, shape (r, k), in O((r + m) k)."""
        return _summed(self.owners, self.values, right, self.genes, self.shape[1])

    def rows(self, places: NDArray[np.intp] | None = None) -> NDArray[np.float64]:
        """Return rows of X as a dense array, shape (n, r), in O(p + m + nr); every row when `places` is None."""
        if places is None:
            answer = np.zeros(self.shape)
            answer[self.genes, self.owners] = self.values
            return answer
        wanted = np.unique(places)
        position = np.full(self.shape[0], -1, dtype=np.intp)
        position[wanted] = np.arange(len(wanted))
        kept = np.flatnonzero(position[self.genes] >= 0)
        found = np.zeros((len(wanted), self.shape[1]))
        found[position[self.genes[kept]], self.owners[kept]] = self.values[kept]
        return found[position[places]]

    def touched(self) -> NDArray[np.intp]:
        """Return the genes that some column has an entry for, ascending."""
        return np.unique(self.genes)

    def weighted(self, weights: NDArray[np.float64]) -> Columns:
        """Return diag(w) X for weights of shape (p,)."""
        return Columns(self.shape, self.genes, self.owners, self.values * weights[self.genes])

    def take(self, which: NDArray[np.intp]) -> Columns:
        """Return some of the columns, named in ascending order."""
        if len(which) == self.shape[1]:
            return self
        position = np.full(self.shape[1], -1, dtype=np.intp)
        position[which] = np.arange(len(which))
        owners = position[self.owners]
        kept = np.flatnonzero(owners >= 0)
        return Columns((self.shape[0], len(which)), self.genes[kept], owners[kept], self.values[kept])

    def products(self, others: Columns) -> NDArray[np.float64]:
        """Return XᵀY for other sparse columns Y, shape (r, r of Y).

        O(m r) or O(Σ k k'), where a gene has k entries in X and k' in Y, whichever promises to be less.
        """
        if len(others.values) * self.shape[1] > MOST_PAIRS:
            theirs = others._by_gene()
            return (theirs if self is others else self._by_gene()).products(theirs)
        answer = np.empty((self.shape[1], others.shape[1]))
        column, starts = np.zeros(self.shape[0]), np.searchsorted(self.owners, np.arange(self.shape[1] + 1))
        for place, (start, stop) in enumerate(itertools.pairwise(starts.tolist())):
            column[self.genes[start:stop]] = self.values[start:stop]
            answer[place] = np.bincount(others.owners, others.values * column[others.genes], others.shape[1])
            column[self.genes[start:stop]] = 0.0
        return answer

    def _by_gene(self) -> _ByGene:
        order = np.argsort(self.genes, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(self.genes, minlength=self.shape[0]))])
        return _ByGene(starts, self.owners[order], self.values[order], self.shape[1])


@dataclass(frozen=True, slots=True)
class _ByGene:
    """The entries of sparse columns gene after gene: those of gene g stand from starts[g] to starts[g + 1]."""

    starts: NDArray[np.intp]
    owners: NDArray[np.intp]
    values: NDArray[np.float64]
    rank: int

    def products(self, others: _ByGene) -> NDArray[np.float64]:
        """Return XᵀY, one product for each pair of entries that a gene has."""
        sums = np.zeros(self.rank * others.rank)
        own, theirs = np.diff(self.starts), np.diff(others.starts)
        through = np.cumsum(own * theirs)
        bounds = np.searchsorted(through, np.arange(MOST_PAIRS, int(through[-1]), MOST_PAIRS))
        limits = np.unique([0, *bounds.tolist(), len(own)])
        for first, last in itertools.pairwise(limits.tolist()):
            counts = np.repeat(theirs[first:last], own[first:last])  # of each entry here, the entries there
            left = np.repeat(np.arange(int(self.starts[first]), int(self.starts[last])), counts)
            within = np.arange(len(left)) - np.repeat(np.cumsum(counts) - counts, counts)
            right = np.repeat(np.repeat(others.starts[first:last], own[first:last]), counts) + within
            at = self.owners[left] * others.rank + others.owners[right]
            np.add.at(sums, at, self.values[left] * others.values[right])
        return sums.reshape(self.rank, others.rank)


def columns_of(pathways: Sequence[Pathway], deviations: NDArray[np.float64]) -> Columns:
    """Return the columns of pathways in units of the expression, shape (p, r), in O(m).

    Parameters
    ----------
    pathways : sequence of Pathway
        In the order in which their columns shall stand.
    deviations : ndarray of float64, shape (p,)
        The standard deviation of each gene under the base, for loadings in `sd` units.
    """
    genes, values, lengths = [np.empty(0, dtype=np.intp)], [np.empty(0)], list[int]()
    for pathway in pathways:
        own = pathway.columns()
        if pathway.units == "sd":
            own = own * deviations[pathway.genes][:, None]
        genes.extend([pathway.genes] * pathway.rank)
        values.append(own.T.ravel())
        lengths.extend([len(pathway.genes)] * pathway.rank)
    owners = np.repeat(np.arange(len(lengths), dtype=np.intp), lengths)
    return Columns((len(deviations), len(lengths)), np.concatenate(genes), owners, np.concatenate(values))


def _summed(
    targets: NDArray[np.intp],
    values: NDArray[np.float64],
    right: NDArray[np.float64],
    sources: NDArray[np.intp],
    size: int,
) -> NDArray[np.float64]:
    """Return, for each column of Y, the sums of values times Y at their sources, by target; shape (size, k)."""
    answer = np.empty((size, right.shape[1]))
    for place in range(right.shape[1]):
        answer[:, place] = np.bincount(targets, values * right[sources, place], size)
    return answer
