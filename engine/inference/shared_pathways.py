"""Which pairs of genes a version has in one pathway."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

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
    genes = [pathway.genes for pathway in pathways]
    rows = np.concatenate([np.empty(0, dtype=np.intp), *genes])
    columns = np.repeat(np.arange(len(genes)), [len(members) for members in genes])
    shape = (size, max(len(genes), 1))
    membership = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
    together = membership[pairs[:, 0]].multiply(membership[pairs[:, 1]])
    return np.asarray(together.sum(axis=1)).ravel() > 0
