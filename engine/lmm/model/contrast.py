"""Signals from labels: the t-statistic of every gene between two groups of samples, and of permuted groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from ...estimation.expression import is_constant
from ...threads import one_blas_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_GROUP = 2
"""Least number of samples in a group: one sample has no variance."""


def t_statistics(values: NDArray[np.float64], first: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return Student's t of each gene, first group less second, with pooled variance.

    Parameters
    ----------
    values : ndarray of float64, shape (p, n)
        Genes by samples, on a scale on which variances are alike.
    first : ndarray of bool, shape (n,) or (b, n)
        Which samples belong to the first group; several rows are several groupings.

    Returns
    -------
    ndarray of float64, shape (p,) or (p, b)
        NaN for a gene that is constant within both groups: its t is infinite or undefined.

    Raises
    ------
    InputError
        A group has fewer than two samples.

    Notes
    -----
    O(pnb).

    Examples
    --------
    >>> values = np.array([[1.0, 2.0, 3.0, 5.0, 6.0, 7.0]])
    >>> t_statistics(values, np.array([False, False, False, True, True, True])).round(3)
    array([4.899])
    """
    groups = np.atleast_2d(first).astype(np.float64).T  # (n, b)
    n, counts = len(groups), groups.sum(axis=0)
    if counts.min() < LEAST_GROUP or (n - counts).min() < LEAST_GROUP:
        raise InputError(
            f"Groups of {int(counts.min())} and {int(n - counts.min())} samples have no variance to compare with.",
            hint=f"Each group needs at least {LEAST_GROUP} samples.",
        )
    _, exponents = np.frexp(np.max(np.abs(values), axis=1, initial=0.0))
    scaled = np.ldexp(values, -exponents[:, None])  # exact: t does not depend on the unit, and squares might overflow
    with one_blas_thread():
        centred = scaled - scaled.mean(axis=1, keepdims=True)
        sums = centred @ groups
        difference = sums / counts + sums / (n - counts)  # the whole sums to zero
        whole = np.einsum("ij,ij->i", centred, centred)[:, None]
        within = whole - sums**2 / counts - sums**2 / (n - counts)
    within = np.where(is_constant(values)[:, None] | (within < 1e-12 * whole), np.nan, within)
    t = difference / np.sqrt(within / (n - 2) * (1.0 / counts + 1.0 / (n - counts)))
    return t if np.ndim(first) == 2 else t[:, 0]


def permuted_groups(first: NDArray[np.bool_], number: int, seed: int) -> NDArray[np.bool_]:
    """Return groupings of the same sizes drawn at random, shape (b, n)."""
    stream = np.random.default_rng([seed, 19])
    return np.array([stream.permutation(first) for _ in range(number)], dtype=np.bool_).reshape(number, len(first))
