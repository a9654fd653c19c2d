"""Samples held out and the others, both without what is removed: coefficients are learnt on the others alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .components import leading_components, remove, standardise

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RANK = 1e-7
"""Least singular value of what is counted in a rank, of columns of length at most 1."""


class Contrasts(NamedTuple):
    """Residuals of samples that are learnt from, and those of samples held out.

    Parameters
    ----------
    others : ndarray of float64, shape (p, n − held)
        Residuals of the samples that are learnt from.
    new : ndarray of float64, shape (p, m)
        Contrasts of the samples held out, at most one a sample.
    degrees : int
        The degrees of freedom of `others`.
    """

    others: NDArray[np.float64]
    new: NDArray[np.float64]
    degrees: int


def hold_out_contrasts(
    values: NDArray[np.float64], held: NDArray[np.bool_], basis: NDArray[np.float64], components: int = 0
) -> Contrasts:
    """Return the residuals of some samples, and the contrasts that samples held out add to them.

    Parameters
    ----------
    values : ndarray of float64, shape (p, n)
        Genes by samples, prepared.
    held : ndarray of bool, shape (n,)
        The samples held out.
    basis : ndarray of float64, shape (n, k)
        Columns that span what is removed.
    components : int
        K: how many principal components of the others are removed, from both.

    Notes
    -----
    Of the samples learnt from, residuals of least squares. Those held out add the contrasts of all samples that are
    orthogonal to the design and to every contrast of the others, of length 1: for an intercept and one sample, its
    distance from the mean of m others, times √(m/(m+1)). If samples are independent N(Dβ, Σ), these are N(0, Σ),
    independent of all that is learnt, whatever β (recursive residuals: Brown, Durbin and Evans, JRSS B 37 (1975)). A
    category that no other sample has is removed within the samples held out. Components are directions of genes, learnt
    on the others: what is held out is projected off them. O(pn(k + n held)).
    """
    left, lengths, _ = np.linalg.svd(basis[~held], full_matrices=False)
    fitted = left[:, lengths > _RANK]
    training, testing = values[:, ~held], values[:, held]
    others = remove(training, fitted)
    crossed = np.hstack([basis[~held].T @ fitted, basis[held].T])
    _, lengths, right = np.linalg.svd(crossed)
    free = right[np.count_nonzero(lengths > _RANK) :].T
    new = (training @ fitted) @ free[: fitted.shape[1]] + testing @ free[fitted.shape[1] :]
    degrees = others.shape[1] - fitted.shape[1]
    if components:
        others, new = _project(others, new, components)
    return Contrasts(others, new, degrees - components)


def _project(
    others: NDArray[np.float64], new: NDArray[np.float64], components: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both without the leading components of the others' standardised values."""
    lengths = np.sqrt(np.square(others).sum(axis=1, keepdims=True))
    scale = np.where(lengths > 0, lengths, 1.0)
    scores = standardise(others)
    over_samples = leading_components(scores, components)
    directions = scores @ over_samples
    directions /= np.linalg.norm(directions, axis=0)
    projected = new - scale * (directions @ (directions.T @ (new / scale)))
    return remove(others, over_samples), projected
