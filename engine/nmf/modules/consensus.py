"""The consensus of several fits of one matrix: its dispersion, and the stability of each gene."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .membership import memberships

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ..solvers.factorization import Factorization


def dispersion(fits: Sequence[Factorization]) -> float:
    """Return how decided the consensus matrix C of several fits is: the mean of 4 (c − ½)², 1 if all agree.

    Parameters
    ----------
    fits : sequence of Factorization
        Fits of one matrix from several seeds. c_ij is the share of them that put genes i and j into one module.

    Returns
    -------
    float
        In O(T² p) for T fits, without forming C (p × p): Kim & Park (2007), Bioinformatics 23, 1495–1502.
    """
    labels = [memberships(fit).main + 1 for fit in fits]  # 0 for a gene without observations
    genes, modules = len(labels[0]), 1 + max(fit.rank for fit in fits)
    first = np.mean([np.sum(np.bincount(main).astype(np.float64) ** 2) for main in labels])
    second = np.mean(
        [
            np.sum(np.bincount(main * modules + other).astype(np.float64) ** 2)
            for main in labels
            for other in labels
        ]
    )  # fmt: skip
    return float(4.0 * (second - first + genes**2 / 4.0) / genes**2)


def match_modules(
    modules: NDArray[np.float64], others: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the column of a second matrix that each column of the first is paired with, and the cosine of each pair.

    Parameters
    ----------
    modules, others : ndarray of float64, shape (p, R) and (p, R')
        Modules.

    Returns
    -------
    partners : ndarray of intp, shape (R,)
        −1 for a column without a partner, where R > R'.
    cosines : ndarray of float64, shape (R,)
        The pairs whose cosines have the largest sum (Kuhn 1955); 0 without a partner.
    """
    from scipy.optimize import linear_sum_assignment  # takes a quarter of a second to load

    unit, other_unit = (columns / np.maximum(np.linalg.norm(columns, axis=0), 1e-300) for columns in (modules, others))
    cosine = unit.T @ other_unit
    rows, columns = linear_sum_assignment(-cosine)
    partners, cosines = np.full(modules.shape[1], -1, dtype=np.intp), np.zeros(modules.shape[1])
    partners[rows], cosines[rows] = columns, cosine[rows, columns]
    return partners, cosines


def stability(best: Factorization, fits: Sequence[Factorization]) -> NDArray[np.float64]:
    """Return the share of fits that put each gene into the same module as the best fit, shape (p,).

    Parameters
    ----------
    best : Factorization
        The fit whose modules are the reference.
    fits : sequence of Factorization
        Others of the same matrix. A module of theirs stands for that of the best fit with which it has most genes in
        common. NaN without any.
    """
    main = memberships(best).main
    if not fits:
        return np.full(len(main), np.nan)
    agreed = np.zeros(len(main))
    for fit in fits:
        theirs = memberships(fit).main
        assigned = (main >= 0) & (theirs >= 0)
        shared = np.bincount(theirs[assigned] * best.rank + main[assigned], minlength=fit.rank * best.rank)
        stands_for = shared.reshape(fit.rank, best.rank).argmax(axis=1)
        agreed += np.where(theirs >= 0, stands_for[theirs], -1) == main
    return agreed / len(fits)
