"""Shrinkage intensities that other samples bear out: the likelihood of samples held out, whole groups at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..threads import one_blas_thread
from .expression import is_constant, variances

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

FOLDS, FEWER_FOLDS = 20, 10
"""Parts that the groups are split into, and how many from 500 samples on; with fewer groups, each is a part. More parts
leave more samples to learn from: on E. coli, 20 choose λ within 9 nats a sample of the best, 10 within 14."""

MANY_SAMPLES = 500

FEWEST_GROUPS = 5
"""Groups of samples below which nothing is held out."""

MOST_SAMPLES = 2_000
"""Samples of which intensities are chosen; from more, whole groups are drawn."""

SEED = 0
"""Seed of the folds, and of the samples drawn."""

_STEPS = 1_000
"""Intensities are multiples of one in so many, so that rounding on another machine does not change the base."""

_COARSE, _FINER = 40, 8
"""The likelihood is computed at every so many steps, then around the best so much finer; it has one maximum."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Intensities chosen by held-out likelihood.

    Parameters
    ----------
    intensity : float
        λ of the correlations, a multiple of .001 from .001 to 1.
    variance_intensity : float
        λ_var of the variances, a multiple of .001 from 0 to 1.
    gain : float
        Nats a sample by which held-out samples are predicted better than at the other intensities given.
    error : float
        Its standard error, over groups.
    samples, groups, folds : int
        Of how many samples, in how many groups, in how many parts.
    """

    intensity: float
    variance_intensity: float
    gain: float
    error: float
    samples: int
    groups: int
    folds: int


def can_hold_out(groups: NDArray[np.intp]) -> bool:
    """Return whether there are enough groups, and none holds more than half of the samples.

    Parameters
    ----------
    groups : ndarray of intp, shape (n,)
        The group of each sample, numbered from 0.
    """
    sizes = np.bincount(groups)
    return len(sizes) >= FEWEST_GROUPS and 2 * int(sizes.max()) <= len(groups)


def hold_out(values: NDArray[np.float64], groups: NDArray[np.intp], other: tuple[float, float]) -> HeldOut | None:
    """Return the intensities at which held-out samples are most likely under a Gaussian model of the others.

    Parameters
    ----------
    values : ndarray of float64, shape (p, n)
        Genes by samples, in the units of the base.
    groups : ndarray of intp, shape (n,)
        The group of each sample, numbered from 0: replicates of one culture, say. A group is held out as a whole.
    other : tuple of float and float
        λ and λ_var with which the choice is compared, such as the analytic ones.

    Returns
    -------
    HeldOut, optional
        `None` where more than half of the genes are constant in what a part leaves to learn from. Genes that are
        constant in all samples, of which nothing is to be predicted, do not count.

    Notes
    -----
    λ_var is that at which variances alone, shrunk to their median, predict best; then λ, given λ_var. On leukemia and
    on E. coli (PRECISE) both together give less than a nat a sample more. A fold costs one decomposition of its n × n
    Gram matrix: O(pn² + n³) in all, and nothing genes × genes.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values = rng.standard_normal((50, 1)) @ rng.standard_normal((1, 40)) + rng.standard_normal((50, 40))
    >>> choice = hold_out(values, np.arange(40), (1.0, 1.0))
    >>> choice.intensity < 1, choice.gain > 3 * choice.error > 0
    (True, True)
    """
    values, groups = _drawn(values[~is_constant(values)], groups)
    where = fold_of_samples(groups, FOLDS if len(groups) < MANY_SAMPLES else FEWER_FOLDS)
    with one_blas_thread():  # as many cores as there are, the same intensities
        folds = [_Fold.of(values, where == fold) for fold in range(int(where.max()) + 1)]
        if not all(np.median(fold.spread) > 0 for fold in folds):
            return None
        variance_intensity = _best(lambda share: sum(fold.diagonal(share) for fold in folds), least=0)
        held = [fold.held_out(values, variance_intensity) for fold in folds]
        intensity = _best(lambda share: sum(float(fold.density(share).sum()) for fold in held), least=1)
        best = np.concatenate([fold.density(intensity) for fold in held])
        others = np.concatenate([fold.held_out(values, other[1]).density(other[0]) for fold in folds])
    order = np.concatenate([np.flatnonzero(fold.held) for fold in folds])
    gain, error = mean_over_groups(best - others, groups[order])
    return HeldOut(intensity, variance_intensity, gain, error, len(groups), len(np.unique(groups)), len(folds))


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
class _Fold:
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
    def of(cls, values: NDArray[np.float64], held: NDArray[np.bool_]) -> _Fold:
        others = values[:, ~held]
        means = others.mean(axis=1, keepdims=True)
        squares = np.square(values[:, held] - means).sum(axis=1)
        return cls(held, variances(others), means, squares)

    def shrunk(self, share: float) -> NDArray[np.float64]:
        return share * float(np.median(self.spread)) + (1.0 - share) * self.spread

    def diagonal(self, share: float) -> float:
        """Return the log likelihood of the samples held out if genes were independent, up to a constant."""
        shrunk = self.shrunk(share)
        if not np.all(shrunk > 0):
            return -math.inf
        count = int(np.count_nonzero(self.held))
        return -0.5 * float((count * np.log(shrunk) + self.squares / shrunk).sum())

    def held_out(self, values: NDArray[np.float64], share: float) -> _HeldOutFold:
        """Return the samples held out in the coordinates of the others."""
        others = values[:, ~self.held] - self.means
        constant = is_constant(values[:, ~self.held])
        others[constant] = 0.0
        others /= np.sqrt(np.where(constant, 1.0, self.spread))[:, np.newaxis]
        shrunk = self.shrunk(share)
        new = (values[:, self.held] - self.means) / np.sqrt(shrunk)[:, np.newaxis]
        degrees = others.shape[1] - 1
        eigenvalues, vectors = np.linalg.eigh(others.T @ others / degrees)
        kept = eigenvalues > len(eigenvalues) * np.finfo(np.float64).eps * eigenvalues[-1]
        eigenvalues, vectors = eigenvalues[kept], vectors[:, kept]
        projected = np.square((others.T @ new).T @ vectors) / (degrees * eigenvalues)
        constant_part = len(values) * math.log(2.0 * math.pi) + float(np.log(shrunk).sum())
        return _HeldOutFold(eigenvalues, projected, np.square(new).sum(axis=0), constant_part, len(values))


@dataclass(frozen=True, slots=True)
class _HeldOutFold:
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


def _best(likelihood: Callable[[float], float], *, least: int) -> float:
    """Return the intensity of greatest likelihood among multiples of one step, from `least` steps up to 1."""
    stride = _COARSE
    steps = [*range(least, _STEPS, stride), _STEPS]
    while True:
        best = max(steps, key=lambda step: likelihood(step / _STEPS))
        if stride == 1:
            return best / _STEPS
        reach, stride = stride, max(1, stride // _FINER)
        steps = [*range(max(least, best - reach), min(_STEPS, best + reach) + 1, stride)]


def _drawn(values: NDArray[np.float64], groups: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return samples and groups, of many samples as many whole groups as stay within `MOST_SAMPLES`."""
    if len(groups) <= MOST_SAMPLES:
        return values, groups
    sizes = np.bincount(groups)
    order = np.random.RandomState(SEED).permutation(len(sizes))
    chosen = order[np.cumsum(sizes[order]) <= MOST_SAMPLES]
    is_drawn = np.isin(groups, chosen)
    return values[:, is_drawn], np.unique(groups[is_drawn], return_inverse=True)[1].astype(np.intp)
