"""Simulated counts with known modules, on which the analyses are tested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LARGEST_MEAN = 1e15
"""Largest expected count that is drawn: float64 represents whole numbers exactly up to 2⁵³, nine times as many."""


@dataclass(frozen=True, slots=True)
class SimulatedCounts:
    """Counts, and the factors that they were drawn from.

    Parameters
    ----------
    counts : ndarray of float64, shape (p, n)
        V: whole numbers.
    modules : ndarray of float64, shape (p, R)
        W; columns sum to one.
    usage : ndarray of float64, shape (R, n)
        H; columns sum to the expected counts of a sample.
    main : ndarray of intp, shape (p,)
        The module with the largest share of each gene.
    minor : ndarray of float64, shape (p,)
        The share of the second module of a moonlighting gene, 0 for all others.
    second : ndarray of intp, shape (p,)
        That module, −1 for all others.
    """

    counts: NDArray[np.float64]
    modules: NDArray[np.float64]
    usage: NDArray[np.float64]
    main: NDArray[np.intp]
    minor: NDArray[np.float64]
    second: NDArray[np.intp]


def simulate_counts(
    genes: int = 100,
    samples: int = 60,
    modules: int = 5,
    *,
    depth: float = 1_000.0,
    moonlighting: int = 3,
    sizes: Sequence[float] | None = None,
    overdispersion: float = 0.0,
    seed: int = 0,
) -> SimulatedCounts:
    """Return counts of genes in modules, some of them in two.

    Parameters
    ----------
    genes, samples, modules : int
        p, n and R.
    depth : float
        Expected counts of a gene in a sample, on average.
    moonlighting : int
        How many genes are in two modules.
    sizes : sequence of float, optional
        What share of the genes each module has; equal shares by default.
    overdispersion : float
        α of a negative binomial, whose variance is μ + α μ²; Poisson at 0.
    seed : int
        All is drawn with it.

    Raises
    ------
    InputError
        The numbers do not go together.

    Notes
    -----
    Columns of W are Dirichlet(1) on the genes of their module, columns of H Dirichlet(1) over the modules, and V is
    Poisson or negative binomial with mean depth · p · (W H): the course's problem, with its depth and noise free.
    """
    shares = _shares(genes, samples, modules, sizes)
    if not 0 <= moonlighting <= genes or (moonlighting and modules < 2):
        raise InputError(
            f"{moonlighting:,} of {counted(genes, 'gene')} cannot be in two of {counted(modules, 'module')}."
        )
    stream = np.random.default_rng(seed)
    inside = _support(stream, genes, shares, moonlighting)
    w = np.where(inside, stream.standard_exponential(inside.shape), 0.0)
    w /= w.sum(axis=0)
    h = stream.dirichlet(np.ones(modules), samples).T
    counts = _draw_counts(stream, w @ h, depth, overdispersion)
    mass = w * h.sum(axis=1)
    share = mass / mass.sum(axis=1, keepdims=True)
    main = share.argmax(axis=1)
    share[np.arange(genes), main] = 0.0
    minor = share.max(axis=1)
    second = np.where(minor > 0.0, share.argmax(axis=1), -1)
    return SimulatedCounts(counts, w, depth * genes * h, main, minor, second)


def _shares(genes: int, samples: int, modules: int, sizes: Sequence[float] | None) -> NDArray[np.float64]:
    """Return what share of the genes each module has."""
    if modules < 1 or genes < 2 * modules or samples < 1:
        raise InputError(
            f"{counted(genes, 'gene')} in {counted(samples, 'sample')} do not make {counted(modules, 'module')} "
            "of two genes or more."
        )
    shares = np.full(modules, 1.0 / modules) if sizes is None else np.asarray(sizes, dtype=np.float64)
    if len(shares) != modules or not (shares > 0.0).all() or not shares.sum() < np.inf:
        raise InputError(f"{counted(modules, 'module')} need as many positive sizes, not {shares.tolist()}.")
    return shares / shares.sum()


def _draw_counts(
    stream: np.random.Generator, shape: NDArray[np.float64], depth: float, overdispersion: float
) -> NDArray[np.float64]:
    """Return counts around depth · p · W H, Poisson or negative binomial."""
    if not (0.0 < depth < np.inf and 0.0 <= overdispersion < np.inf):
        raise InputError(f"A depth of {depth:g} and an overdispersion of {overdispersion:g} give no counts.")
    with np.errstate(over="ignore", invalid="ignore"):  # what is too much is refused below
        mean: NDArray[np.float64] = depth * len(shape) * shape
        if overdispersion > 0.0:
            mean *= stream.gamma(1.0 / overdispersion, overdispersion, mean.shape)
    if not mean.max() <= LARGEST_MEAN:
        raise InputError(
            f"A depth of {depth:g} with an overdispersion of {overdispersion:g} makes expected counts of "
            f"{mean.max():.4g}; more than {LARGEST_MEAN:g} are not drawn."
        )
    counts = stream.poisson(mean).astype(np.float64)
    if not counts.any():
        raise InputError(
            f"A depth of {depth:g} with an overdispersion of {overdispersion:g} gives no count other than 0.",
            hint="Ask for more depth, or less overdispersion.",
        )
    return counts


def _support(
    stream: np.random.Generator, genes: int, shares: NDArray[np.float64], moonlighting: int
) -> NDArray[np.bool_]:
    """Return which genes are in which modules: each module has two or more, in order, and some genes a second one."""
    modules = len(shares)
    ends = np.round(np.cumsum(shares) * (genes - 2 * modules)).astype(int) + 2 * np.arange(1, modules + 1)
    home = np.searchsorted(ends, np.arange(genes), side="right")
    inside = np.zeros((genes, modules), dtype=np.bool_)
    inside[np.arange(genes), home] = True
    two = stream.choice(genes, moonlighting, replace=False)
    inside[two, (home[two] + stream.integers(1, max(modules, 2), moonlighting)) % modules] = True
    return inside
