"""Genes of two modules: those whose counts a single module does not explain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import erfc

from ...multiple_tests import benjamini_hochberg
from ...network.covariance import row_blocks
from ...threads import one_blas_thread
from ..solvers.kernels import FLOOR
from .membership import memberships
from .overdispersed import TINY, counts_of, divergences, fitted_means, overdispersion, refit
from .share_errors import share_errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ..solvers.factorization import Factorization
    from ..solvers.observed import Observed
    from ..solvers.sides import Side

LEAST_SECOND_SHARE = 0.05
"""Least share of a gene that a second module has."""

FALSE_DISCOVERY_RATE = 0.02
"""Expected share of false ones among the genes reported in a second module."""

ROUNDS = 6
"""Most rounds of the search for second modules, each with usages fitted to those of the round before."""

REFITS, REFIT_TOLERANCE = 60, 1e-6
"""Most sweeps of a refit, and the relative gain below which it ends."""


@dataclass(frozen=True, slots=True)
class Moonlighting:
    """Which genes are in a second module.

    Parameters
    ----------
    q : ndarray of float64, shape (p,)
        Of each gene, the false discovery rate at which its strongest second module is one; 1 where no module would have
        `LEAST_SHARE` of it.
    second : ndarray of intp, shape (p,)
        That module; −1 where there is none.
    by_test : ndarray of bool, shape (p,)
        Genes with a q of at most `FALSE_DISCOVERIES`.
    overdispersion : float
        α of a negative binomial, whose variance is μ + α μ²; 0 for Poisson counts.
    error : ndarray of float64, shape (p,)
        The standard error of the share that this module has of the gene, by `share_errors`; NaN where there is none,
        and in analyses that an earlier version kept.
    """

    q: NDArray[np.float64]
    second: NDArray[np.intp]
    by_test: NDArray[np.bool_]
    overdispersion: float
    error: NDArray[np.float64]


def moonlighting(
    observed: Observed, factorization: Factorization, progress: Callable[[float], object] = lambda _: None
) -> Moonlighting:
    """Return which genes are in a second module.

    Parameters
    ----------
    observed : Observed
        V, counts.
    factorization : Factorization
        A converged factorization of it, which has the main modules.
    progress : callable
        Called with the share of the rounds that is done; the last ones may not be needed.

    Returns
    -------
    Moonlighting
        In O(p n R) a round.

    Notes
    -----
    A factorization may be rotated a little without fitting worse, and then many genes seem to be in two modules. So all
    but the main module of each gene is pruned, and the usages are fitted anew from each module's own genes. Their
    residuals give the overdispersion of the counts, and both factors are then fitted anew as a negative binomial. Each
    gene is fitted with each second module beside its main one. Twice the gain of the log likelihood is compared with
    half a χ² of one degree of freedom, for a weight that would else be at its bound (Self & Liang 1987, JASA 82,
    605–610), Benjamini and Hochberg's q is taken over all genes and modules, and the strongest second modules at that
    rate are added. This is repeated with the usages that follow, until nothing changes.
    """
    with one_blas_thread():  # the same bits on any number of cores
        return _moonlighting(observed, factorization, progress)


def _moonlighting(
    observed: Observed, factorization: Factorization, progress: Callable[[float], object]
) -> Moonlighting:
    genes, main = len(observed.rows), memberships(factorization).main
    second = best = np.full(genes, -1, dtype=np.intp)
    usage = np.ascontiguousarray(factorization.usage.T / observed.scale).astype(observed.dtype)
    q, alpha, tried = np.ones(genes), 0.0, set[bytes]()
    for number in range(ROUNDS if factorization.rank > 1 else 0):
        progress(number / ROUNDS)
        rough, usage = _prune(observed, main, second, usage)
        weights, used = rough.astype(np.float64), observed.scale * usage.astype(np.float64)
        weights[weights <= FLOOR] = 0.0
        alpha = overdispersion(observed, weights, used)
        if alpha > 0.0:
            _, used = refit(observed, weights, used, alpha)
        gains, shares = _second_module_gains(observed, main, used, alpha)
        p_values = 0.5 * erfc(np.sqrt(np.maximum(gains, 0.0)))
        q_values = np.where(
            shares >= LEAST_SECOND_SHARE, benjamini_hochberg(p_values.ravel()).reshape(p_values.shape), 1.0
        )
        best = np.argmax(np.where(shares >= LEAST_SECOND_SHARE, gains, -1.0), axis=1)
        q = q_values[np.arange(genes), best]
        second = np.where(q <= FALSE_DISCOVERY_RATE, best, -1)
        if second.tobytes() in tried:
            break
        tried.add(second.tobytes())
    second = np.where(q < 1.0, best, -1)
    error = share_errors(observed, factorization, second, alpha)
    return Moonlighting(q, second, q <= FALSE_DISCOVERY_RATE, alpha, error)


def _prune(
    observed: Observed, main: NDArray[np.intp], second: NDArray[np.intp], usage: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the weights, shape (p, R), and the usage, shape (n, R), of genes in no other than the modules named."""
    weights = np.zeros((len(main), usage.shape[1]), dtype=observed.dtype)
    usage, groups = usage.copy(), _groups(main, second)
    parts = [(genes, modules, observed.rows.select(genes)) for modules, genes in groups.items()]
    weights[np.arange(len(main)), np.maximum(main, 0)] = FLOOR  # also where a gene was never seen
    last = np.inf
    for _ in range(REFITS):
        for genes, modules, lines in parts:
            weights[genes[:, None], list(modules)] = _fit_weights(lines, usage[:, list(modules)])[0]
        now = float(observed.columns.sweep(usage, weights).sum())
        if last - now <= REFIT_TOLERANCE * now:
            break
        last = now
    return weights, usage


def _groups(main: NDArray[np.intp], second: NDArray[np.intp]) -> dict[tuple[int, ...], NDArray[np.intp]]:
    """Return the genes of each module alone, and of each pair of modules."""
    pairs = np.unique(np.stack([main, second], axis=1)[main >= 0], axis=0)
    return {
        (first,) if other < 0 else (first, other): np.flatnonzero((main == first) & (second == other))
        for first, other in pairs.tolist()
    }


def _fit_weights(lines: Side, usage: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return the best weights of some lines with a usage as it is, and their divergences."""
    others = np.ascontiguousarray(usage)
    factors = np.full((len(lines), others.shape[1]), 1.0 / float(others.sum()), dtype=others.dtype)
    now = np.full(len(lines), np.inf)
    for _ in range(REFITS):
        last, now = now, lines.sweep(factors, others)
        if np.all(last - now <= REFIT_TOLERANCE * now + REFIT_TOLERANCE):
            break
    return factors, now


def _second_module_gains(
    observed: Observed, main: NDArray[np.intp], usage: NDArray[np.float64], alpha: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what each second module adds to the log likelihood of each gene, and the share it then has."""
    gains, shares = np.zeros((len(main), usage.shape[1])), np.zeros((len(main), usage.shape[1]))
    used = usage.sum(axis=0)
    for home in np.unique(main[main >= 0]).tolist():
        genes = np.flatnonzero(main == home)
        lines = observed.rows.select(genes)
        for band in row_blocks(len(genes), len(usage)):
            values, seen = counts_of(observed, band, lines)
            alone = divergences(
                values, seen, fitted_means(values, seen, usage[:, [home]], alpha) @ usage[:, [home]].T, alpha
            )
            for other in range(usage.shape[1]):
                if other != home:
                    pair = [home, other]
                    weights = fitted_means(values, seen, usage[:, pair], alpha)
                    mass = weights * used[pair]
                    gains[genes[band], other] = alone - divergences(values, seen, weights @ usage[:, pair].T, alpha)
                    shares[genes[band], other] = mass[:, 1] / np.maximum(mass.sum(axis=1), TINY)
    return gains, shares
