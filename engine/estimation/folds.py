"""Samples held out: their division into folds, and a Gaussian model of the others in which they are judged."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..adjustment.components import remove
from ..adjustment.contrasts import Contrasts, hold_out_contrasts
from .expression import is_constant

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..adjustment.adjustment import Adjustment

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


def drawn_samples(groups: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the samples that are held out in turn: all, or as many whole groups as stay within `MOST_SAMPLES`."""
    if len(groups) <= MOST_SAMPLES:
        return np.arange(len(groups))
    sizes = np.bincount(groups)
    order = np.random.RandomState(SEED).permutation(len(sizes))
    return np.flatnonzero(np.isin(groups, order[np.cumsum(sizes[order]) <= MOST_SAMPLES]))


def varying_genes(values: NDArray[np.float64], adjustment: Adjustment | None) -> NDArray[np.bool_]:
    """Return which genes are not constant, shape (p,), once what is adjusted for is removed."""
    return ~is_constant(values) if adjustment is None else np.any(remove(values, adjustment.design.basis), axis=1)


def folds_of(samples: Samples, groups: NDArray[np.intp], most: int | None = None) -> list[Fold]:
    """Return the folds of samples: each sample is held out in one of them, and its group with it.

    Parameters
    ----------
    samples : Samples
        Genes by samples.
    groups : ndarray of intp, shape (n,)
        The group of each sample.
    most : int, optional
        Most folds; `FOLDS`, or `FEWER_FOLDS` of many samples, when absent.
    """
    where = fold_of_samples(groups, most or number_of_folds(len(groups)))
    return [Fold.of(samples, where == fold) for fold in range(int(where.max()) + 1)]


def number_of_folds(samples: int) -> int:
    """Return the most folds that so many samples have."""
    return FOLDS if samples < MANY_SAMPLES else FEWER_FOLDS


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


class Samples(NamedTuple):
    """The samples of which some are held out.

    Parameters
    ----------
    values : ndarray of float64, shape (p, n)
        Genes by samples.
    basis : ndarray of float64, shape (n, k), optional
        Columns that span what is removed; the mean alone when absent.
    components : int
        How many principal components are removed, too.
    """

    values: NDArray[np.float64]
    basis: NDArray[np.float64] | None = None
    components: int = 0

    @classmethod
    def of(cls, values: NDArray[np.float64], adjustment: Adjustment | None) -> Samples:
        """Return samples of which an adjustment, if there is one, removes something."""
        return cls(values) if adjustment is None else cls(values, adjustment.design.basis, adjustment.components)

    def select(self, which: NDArray[np.intp]) -> Samples:
        """Return some of the samples."""
        return Samples(self.values[:, which], None if self.basis is None else self.basis[which], self.components)

    def split(self, held: NDArray[np.bool_]) -> Contrasts:
        """Return the others less their mean and those held out less the same, or without all that is removed."""
        if self.basis is not None:
            return hold_out_contrasts(self.values, held, self.basis, self.components)
        others = self.values[:, ~held]
        means = others.mean(axis=1, keepdims=True)
        deviations = others - means
        deviations[is_constant(others)] = 0.0
        return Contrasts(deviations, self.values[:, held] - means, others.shape[1] - 1)


@dataclass(frozen=True, slots=True)
class Fold:
    """What is learnt without the samples of a fold.

    Parameters
    ----------
    held : ndarray of bool, shape (n,)
        The samples held out.
    spread : ndarray of float64, shape (p,)
        Variances in the others.
    squares : ndarray of float64, shape (p,)
        Sums over the contrasts held out of their squares.
    contrasts : int
        Their number: one a sample, unless more than the mean is removed.
    """

    held: NDArray[np.bool_]
    spread: NDArray[np.float64]
    squares: NDArray[np.float64]
    contrasts: int

    @classmethod
    def of(cls, samples: Samples, held: NDArray[np.bool_]) -> Fold:
        """Return the fold whose samples are `held`, shape (n,)."""
        others, new, degrees = samples.split(held)
        spread = np.square(others).sum(axis=1) / degrees
        return cls(held, spread, np.square(new).sum(axis=1), new.shape[1])

    def shrunk(self, share: float) -> NDArray[np.float64]:
        """Return variances shrunk to their median by `share`, shape (p,)."""
        return share * float(np.median(self.spread)) + (1.0 - share) * self.spread

    def diagonal(self, share: float) -> float:
        """Return the log likelihood of the samples held out if genes were independent, up to a constant."""
        shrunk = self.shrunk(share)
        if not np.all(shrunk > 0):
            return -math.inf
        return -0.5 * float((self.contrasts * np.log(shrunk) + self.squares / shrunk).sum())

    def model(self, samples: Samples, share: float) -> FoldModel:
        """Return the Gaussian model of the others, variances being shrunk by `share`; O(pn² + n³)."""
        others, new, degrees = samples.split(self.held)
        others = others / np.sqrt(np.where(self.spread > 0, self.spread, 1.0))[:, np.newaxis]
        shrunk = self.shrunk(share)
        new = new / np.sqrt(shrunk)[:, np.newaxis]
        eigenvalues, vectors = np.linalg.eigh(others.T @ others / degrees)
        positive = eigenvalues > len(eigenvalues) * np.finfo(np.float64).eps * eigenvalues[-1]
        return FoldModel(others, new, shrunk, degrees, eigenvalues[positive], vectors[:, positive])


@dataclass(frozen=True, slots=True)
class FoldModel:
    """A Gaussian model of the samples that are not held out, and the samples held out in its units.

    Of a share λ, the covariance is V^½ (λI + (1−λ) ZZᵀ/ν) V^½.

    Parameters
    ----------
    others : ndarray of float64, shape (p, n)
        Z: rows of the n others of variance 1, less what is removed; zeros of a gene that is constant in them.
    new : ndarray of float64, shape (p, held)
        The contrasts held out, in standard deviations of the model.
    variances : ndarray of float64, shape (p,)
        The diagonal of V: shrunk.
    degrees : int
        ν, the degrees of freedom of the others.
    eigenvalues : ndarray of float64, shape (k,)
        Those of ZᵀZ/ν that are not 0, and of the correlations.
    vectors : ndarray of float64, shape (n, k)
        Eigenvectors of ZᵀZ.
    """

    others: NDArray[np.float64]
    new: NDArray[np.float64]
    variances: NDArray[np.float64]
    degrees: int
    eigenvalues: NDArray[np.float64]
    vectors: NDArray[np.float64]

    @property
    def deviations(self) -> NDArray[np.float64]:
        """Standard deviations of the genes, shape (p,)."""
        return np.sqrt(self.variances)

    def coordinates(self, products: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return coordinates along the principal axes, shape (r, k), of columns X from XᵀZ, shape (r, n)."""
        return products @ (self.vectors / np.sqrt(self.degrees * self.eigenvalues))

    def damping(self, share: float) -> NDArray[np.float64]:
        """Return by how much less than 1/λ the precision is along each principal axis, shape (k,)."""
        return 1.0 / share - 1.0 / (share + (1.0 - share) * self.eigenvalues)

    def held_out(self) -> HeldOutFold:
        """Return all that the density of the samples held out depends on, whatever λ is."""
        squares = np.square((self.others.T @ self.new).T @ self.vectors)
        projected = squares / (self.degrees * self.eigenvalues)
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
