"""Which pairs of genes a version has in one pathway."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy import sparse

    from ..network.pathway import Pathway


def share_pathway(pathways: Sequence[Pathway], pairs: NDArray[np.intp], size: int) -> NDArray[np.bool_]:
    """Return whether both genes of a pair are in one of some pathways.

    Parameters
    ----------
    pathways : sequence of Pathway
        Such as those that are active in a version.
    pairs : ndarray of intp, shape (E, 2)
        Indices of genes.
    size : int
        p.

    Returns
    -------
    ndarray of bool, shape (E,)
        In O(E × pathways of a gene).

    Examples
    --------
    >>> from ..network.pathway import Pathway
    >>> p53 = Pathway(("p53",), np.array([0, 1]), np.ones((2, 1)))
    >>> share_pathway([p53], np.array([[0, 1], [1, 2]]), 3)
    array([ True, False])
    """
    return np.diff(_in_both(pathways, pairs, size).indptr) > 0


def shared_pathways(pathways: Sequence[Pathway], pairs: NDArray[np.intp], size: int) -> list[list[int]]:
    """Return the indices of the pathways that both genes of each pair are in, ascending; parameters as `share_pathway`.

    Examples
    --------
    >>> from ..network.pathway import Pathway
    >>> p53 = Pathway(("p53",), np.array([0, 1]), np.ones((2, 1)))
    >>> shared_pathways([p53], np.array([[0, 1], [1, 2]]), 3)
    [[0], []]
    """
    together = _in_both(pathways, pairs, size)
    indices, ends = together.indices.tolist(), together.indptr.tolist()
    return [indices[begin:end] for begin, end in itertools.pairwise(ends)]


def _in_both(pathways: Sequence[Pathway], pairs: NDArray[np.intp], size: int) -> sparse.csr_array:
    """Return which pathways both genes of each pair are in, as a sparse array of pairs × pathways."""
    from scipy import sparse  # which is loaded for bases with samples alone

    genes = [pathway.genes for pathway in pathways]
    rows = np.concatenate([np.empty(0, dtype=np.intp), *genes])
    columns = np.repeat(np.arange(len(genes)), [len(members) for members in genes])
    shape = (size, max(len(genes), 1))
    membership = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
    together = sparse.csr_array(membership[pairs[:, 0]].multiply(membership[pairs[:, 1]]))
    together.sort_indices()
    return together
