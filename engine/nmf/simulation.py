"""Simulated counts of which the modules are known: what the analyses are tried on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Simulated:
    """Counts with what they were drawn from.

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
    """

    counts: NDArray[np.float64]
    modules: NDArray[np.float64]
    usage: NDArray[np.float64]
    main: NDArray[np.intp]
    minor: NDArray[np.float64]


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
) -> Simulated:
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
    shares = np.full(modules, 1.0 / modules) if sizes is None else np.asarray(sizes, dtype=np.float64)
    if modules < 1 or genes < 2 * modules or samples < 1:
        raise InputError(f"{genes} genes in {samples} samples do not make {modules} modules of two genes or more.")
    if len(shares) != modules or np.any(shares <= 0.0):
        raise InputError(f"{modules} modules need as many positive sizes, not {list(shares)}.")
    if not 0 <= moonlighting <= genes or (moonlighting and modules < 2):
        raise InputError(f"{moonlighting} of {genes} genes cannot be in two of {modules} modules.")
    if depth <= 0.0 or overdispersion < 0.0:
        raise InputError(f"A depth of {depth:g} and an overdispersion of {overdispersion:g} give no counts.")
    stream = np.random.default_rng(seed)
    inside = _support(stream, genes, shares / shares.sum(), moonlighting)
    w = np.where(inside, stream.standard_exponential(inside.shape), 0.0)
    w /= w.sum(axis=0)
    h = stream.dirichlet(np.ones(modules), samples).T
    mean: NDArray[np.float64] = depth * genes * (w @ h)
    if overdispersion > 0.0:
        mean = mean * stream.gamma(1.0 / overdispersion, overdispersion, mean.shape)
    mass = w * h.sum(axis=1)
    ranked = np.sort(mass / mass.sum(axis=1, keepdims=True), axis=1)
    minor = ranked[:, -2] if modules > 1 else np.zeros(genes)
    return Simulated(stream.poisson(mean).astype(np.float64), w, depth * genes * h, mass.argmax(axis=1), minor)


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
