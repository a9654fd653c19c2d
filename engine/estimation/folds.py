"""Samples held out: their division into folds, and a Gaussian model of the others in which they are judged."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .expression import is_constant, variances

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS, FEWER_FOLDS = 20, 10
"""Parts that the groups are split into, and how many from 500 samples on; with fewer groups, each is a part. More parts
leave more samples to learn from: on E. coli, 20 choose λ within 9 nats a sample of the best, 10 within 14."""

MANY_SAMPLES = 500

FEWEST_GROUPS = 5
"""Groups of samples below which nothing is held out."""

MOST_SAMPLES = 2_000
"""Samples that are held out in turn; from more, whole groups are drawn."""

SEED = 0
"""Seed of the folds, and of the samples drawn."""


def can_hold_out(groups: NDArray[np.intp]) -> bool:
    """Return whether there are enough groups, and none holds more than half of the samples.

    Parameters
    ----------
    groups : ndarray of intp, shape (n,)
        The group of each sample, numbered from 0.
    """
    sizes = np.bincount(groups)
    return len(sizes) >= FEWEST_GROUPS and 2 * int(sizes.max()) <= len(groups)


def samples_to_hold_out(
    values: NDArray[np.float64], groups: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return samples and groups, of many samples as many whole groups as stay within `MOST_SAMPLES`."""
    if len(groups) <= MOST_SAMPLES:
        return values, groups
    sizes = np.bincount(groups)
    order = np.random.RandomState(SEED).permutation(len(sizes))
    chosen = order[np.cumsum(sizes[order]) <= MOST_SAMPLES]
    is_drawn = np.isin(groups, chosen)
    return values[:, is_drawn], np.unique(groups[is_drawn], return_inverse=True)[1].astype(np.intp)


def folds_of(values: NDArray[np.float64], groups: NDArray[np.intp], most: int | None = None) -> list[Fold]:
    """Return the folds of samples: each sample is held out in one of them, and its group with it.

    Parameters
    ----------
    values : ndarray of float64, shape (p, n)
        Genes by samples.
    groups : ndarray of intp, shape (n,)
        The group of each sample.
    most : int, optional
        Most folds; `FOLDS`, or `FEWER_FOLDS` of many samples, when absent.
    """
    most = most or (FOLDS if len(groups) < MANY_SAMPLES else FEWER_FOLDS)
    where = fold_of_samples(groups, most)
    return [Fold.of(values, where == fold) for fold in range(int(where.max()) + 1)]


def fold_of_samples(groups: NDArray[np.intp], folds: int, *, seed: int = SEED) -> NDArray[np.intp]:
    """Return the fold of each sample, shape (n,): whole groups, the largest first, into the fold that has fewest.

    The order of groups of one size is drawn by the legacy generator, which always gives the same (NEP 19).
    """
    sizes = np.bincount(groups)
    order = np.random.RandomState(seed).permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    loads = np.zeros(min(folds, len(sizes)), dtype=np.intp)
    fold_of_group = np.empty(len(sizes), dtype=np.intp)
    for group in order:
        fold = int(np.argmin(loads))
        fold_of_group[group] = fold
        loads[fold] += sizes[group]
    return fold_of_group[groups]


def mean_over_groups(gains: NDArray[np.float64], groups: NDArray[np.intp]) -> tuple[float, float]:
    """Return the mean of one number a sample and its standard error, samples of a group not being independent.

    Examples
    --------
    >>> mean_over_groups(np.array([1.0, 1.0, 3.0, 3.0]), np.array([0, 0, 1, 1]))
    (2.0, 1.0)
    """
    mean = float(gains.mean())
    sums = np.bincount(groups, weights=gains - mean)
    count = len(np.unique(groups))
    return mean, math.sqrt(count / (count - 1) * float(np.square(sums).sum())) / len(gains)


@dataclass(frozen=True, slots=True)
class Fold:
    """What is learnt without the samples of a fold.

    Parameters
    ----------
    held : ndarray of bool, shape (n,)
        The samples held out.
    spread : ndarray of float64, shape (p,)
        Variances in the others.
    means : ndarray of float64, shape (p, 1)
        Means in the others.
    squares : ndarray of float64, shape (p,)
        Sums over the samples held out of the squared distance from these means.
    """

    held: NDArray[np.bool_]
    spread: NDArray[np.float64]
    means: NDArray[np.float64]
    squares: NDArray[np.float64]

    @classmethod
    def of(cls, values: NDArray[np.float64], held: NDArray[np.bool_]) -> Fold:
        """Return the fold whose samples are `held`, of values of shape (p, n)."""
        others = values[:, ~held]
        means = others.mean(axis=1, keepdims=True)
        squares = np.square(values[:, held] - means).sum(axis=1)
        return cls(held, variances(others), means, squares)

    def shrunk(self, share: float) -> NDArray[np.float64]:
        """Return variances shrunk to their median by `share`, shape (p,)."""
        return share * float(np.median(self.spread)) + (1.0 - share) * self.spread

    def diagonal(self, share: float) -> float:
        """Return the log likelihood of the samples held out if genes were independent, up to a constant."""
        shrunk = self.shrunk(share)
        if not np.all(shrunk > 0):
            return -math.inf
        count = int(np.count_nonzero(self.held))
        return -0.5 * float((count * np.log(shrunk) + self.squares / shrunk).sum())

    def model(self, values: NDArray[np.float64], share: float) -> FoldModel:
        """Return the Gaussian model of the others, variances being shrunk by `share`; O(pn² + n³)."""
        others = values[:, ~self.held] - self.means
        constant = is_constant(values[:, ~self.held])
        others[constant] = 0.0
        others /= np.sqrt(np.where(constant, 1.0, self.spread))[:, np.newaxis]
        shrunk = self.shrunk(share)
        new = (values[:, self.held] - self.means) / np.sqrt(shrunk)[:, np.newaxis]
        eigenvalues, vectors = np.linalg.eigh(others.T @ others / (others.shape[1] - 1))
        positive = eigenvalues > len(eigenvalues) * np.finfo(np.float64).eps * eigenvalues[-1]
        return FoldModel(others, new, shrunk, eigenvalues[positive], vectors[:, positive])


@dataclass(frozen=True, slots=True)
class FoldModel:
    """A Gaussian model of the samples that are not held out, and the samples held out in its units.

    Of a share λ, the covariance is V^½ (λI + (1−λ) ZZᵀ/(n−1)) V^½.

    Parameters
    ----------
    others : ndarray of float64, shape (p, n)
        Z: standardised rows of the n others; zeros of a gene that is constant in them.
    new : ndarray of float64, shape (p, held)
        The samples held out, less the means of the others, in standard deviations of the model.
    variances : ndarray of float64, shape (p,)
        The diagonal of V: shrunk.
    eigenvalues : ndarray of float64, shape (k,)
        Those of ZᵀZ/(n−1) that are not 0, and of the correlations.
    vectors : ndarray of float64, shape (n, k)
        Eigenvectors of ZᵀZ.
    """

    others: NDArray[np.float64]
    new: NDArray[np.float64]
    variances: NDArray[np.float64]
    eigenvalues: NDArray[np.float64]
    vectors: NDArray[np.float64]

    @property
    def deviations(self) -> NDArray[np.float64]:
        """Standard deviations of the genes, shape (p,)."""
        return np.sqrt(self.variances)

    def coordinates(self, products: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return coordinates along the principal axes, shape (r, k), of columns X from XᵀZ, shape (r, n)."""
        return products @ (self.vectors / np.sqrt((self.others.shape[1] - 1) * self.eigenvalues))

    def damping(self, share: float) -> NDArray[np.float64]:
        """Return by how much less than 1/λ the precision is along each principal axis, shape (k,)."""
        return 1.0 / share - 1.0 / (share + (1.0 - share) * self.eigenvalues)

    def held_out(self) -> HeldOutFold:
        """Return all that the density of the samples held out depends on, whatever λ is."""
        squares = np.square((self.others.T @ self.new).T @ self.vectors)
        projected = squares / ((self.others.shape[1] - 1) * self.eigenvalues)
        constant = len(self.new) * math.log(2.0 * math.pi) + float(np.log(self.variances).sum())
        return HeldOutFold(self.eigenvalues, projected, np.square(self.new).sum(axis=0), constant, len(self.new))


@dataclass(frozen=True, slots=True)
class HeldOutFold:
    """The samples held out along the principal components of the others.

    Parameters
    ----------
    eigenvalues : ndarray of float64, shape (k,)
        Of the correlations of the others.
    projected : ndarray of float64, shape (held, k)
        Squared coordinates along their eigenvectors.
    squares : ndarray of float64, shape (held,)
        Squared lengths.
    constant : float
        p log 2π and the logarithms of the variances.
    genes : int
        p.
    """

    eigenvalues: NDArray[np.float64]
    projected: NDArray[np.float64]
    squares: NDArray[np.float64]
    constant: float
    genes: int

    def density(self, share: float) -> NDArray[np.float64]:
        """Return the log density of each sample held out, shape (held,), in nats."""
        scales = share + (1.0 - share) * self.eigenvalues
        determinant = float(np.log(scales).sum()) + (self.genes - len(scales)) * math.log(share)
        quadratic = self.squares / share - self.projected @ (1.0 / share - 1.0 / scales)
        return -0.5 * (self.constant + determinant + quadratic)
