"""Which set of genes each module is closest to: the hypergeometric test over a library of sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...multiple_tests import benjamini_hochberg

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class BestSet:
    """The set that shares most surprisingly many genes with a module.

    Parameters
    ----------
    name : str
        Of the set.
    shared, size : int
        Number of its genes in the module, and on the panel.
    q : float
        Benjamini and Hochberg's, over all sets and modules.
    """

    name: str
    shared: int
    size: int
    q: float


def best_sets(main: NDArray[np.intp], modules: int, sets: Mapping[str, NDArray[np.intp]]) -> list[BestSet | None]:
    """Return the best set of each module; None for a module that shares no gene with any.

    Parameters
    ----------
    main : ndarray of intp, shape (p,)
        The module of each gene; −1 for a gene in none.
    modules : int
        R.
    sets : mapping of str to ndarray of intp
        The indices of the genes of each set on the panel.

    Returns
    -------
    list of BestSet or None, length R
        By the upper tail of the hypergeometric distribution, the panel being the universe.
    """
    if not sets:
        return [None] * modules
    from scipy.stats import hypergeom  # takes half a second to load

    names = list(sets)
    shared = np.array([np.bincount(main[indices][main[indices] >= 0], minlength=modules) for indices in sets.values()])
    sizes = np.array([len(indices) for indices in sets.values()])
    within = np.bincount(main[main >= 0], minlength=modules)
    p_values: NDArray[np.float64] = np.asarray(hypergeom.sf(shared - 1, len(main), sizes[:, None], within[None, :]))
    q_values = benjamini_hochberg(np.clip(p_values, 0.0, 1.0).ravel()).reshape(p_values.shape)
    return [
        BestSet(names[best], int(shared[best, module]), int(sizes[best]), float(q_values[best, module]))
        if shared[best, module]
        else None
        for module, best in enumerate(map(int, p_values.argmin(axis=0)))
    ]
