"""Modules read off a factorization: which module a gene is in, how much of it, and which genes are in more than one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import erfc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .factorization import Factorization
    from .observed import Observed

LEAST_SHARE = 0.05
"""A module with less than this share of a gene is not tested for it."""

SHARE_AT_SIGHT = 0.10
"""The plain rule: a gene is in a second module that has more than this share of it."""

FALSE_DISCOVERIES = 0.01
"""Of the genes found in a second module, about so many are not."""

REFITS = 60
"""Sweeps of a refit at the most; each gene's is a convex problem of R numbers."""


@dataclass(frozen=True, slots=True)
class Memberships:
    """How each gene is shared out among the modules.

    Parameters
    ----------
    shares : ndarray of float64, shape (p, R)
        Of each gene, the share that each module has: W with its columns scaled by their usage, rows summing to one.
        A gene of which nothing was seen has 0 everywhere.
    masses : ndarray of float64, shape (R,)
        Of V, the share that each module explains.
    """

    shares: NDArray[np.float64]
    masses: NDArray[np.float64]

    @property
    def main(self) -> NDArray[np.intp]:
        """The module with the largest share of each gene, shape (p,); −1 for a gene of which nothing was seen."""
        return np.where(self.shares.any(axis=1), self.shares.argmax(axis=1), -1)

    @property
    def sizes(self) -> NDArray[np.intp]:
        """How many genes have each module as their main one, shape (R,)."""
        return np.bincount(self.main[self.main >= 0], minlength=self.shares.shape[1])

    def histogram(self, bins: int = 20) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return how many shares fall into each bin from 0 to 1, and the edges of the bins."""
        return np.histogram(self.shares, bins=bins, range=(0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Moonlighting:
    """Which genes are in a second module.

    Parameters
    ----------
    q : ndarray of float64, shape (p,)
        Of each gene, the false discovery rate at which its strongest second module is one; 1 where none was tested.
    second : ndarray of intp, shape (p,)
        That module; −1 where none was tested.
    by_test : ndarray of bool, shape (p,)
        Genes found by the test.
    at_sight : ndarray of bool, shape (p,)
        Genes found by the plain rule: a second share of more than `SHARE_AT_SIGHT`.
    overdispersion : float
        How many times the variance of Poisson counts was seen, at least 1.
    """

    q: NDArray[np.float64]
    second: NDArray[np.intp]
    by_test: NDArray[np.bool_]
    at_sight: NDArray[np.bool_]
    overdispersion: float


def memberships(found: Factorization) -> Memberships:
    """Return how a factorization shares each gene out among its modules, in O(pR)."""
    mass = found.modules * found.usage.sum(axis=1)
    mass[mass < 1e-12 * mass.max()] = 0.0  # the floor of the factors
    rows = mass.sum(axis=1, keepdims=True)
    return Memberships(np.divide(mass, rows, out=np.zeros_like(mass), where=rows > 0.0), mass.sum(axis=0) / mass.sum())


def moonlighting(observed: Observed, found: Factorization) -> Moonlighting:
    """Return which genes are in a second module: those that fit clearly worse without it.

    Parameters
    ----------
    observed : Observed
        V.
    found : Factorization
        A converged factorization of it.

    Returns
    -------
    Moonlighting
        In O(p n R) for each module.

    Notes
    -----
    Of each gene, each module other than its main one that has at least `LEAST_SHARE` of it is left out, and the gene's
    weights are fitted anew with the usage of the modules as it is. Twice the rise of the divergence over the
    overdispersion is compared with half a χ² of one degree of freedom, for a weight at its bound (Self & Liang 1987),
    and what remains after Benjamini and Hochberg's correction at 1 % over all tests is a second module.
    """
    shares = memberships(found)
    fitted = _fitted(observed, found.usage, np.arange(len(observed.rows)))
    over = overdispersion(observed, found)
    tested: list[tuple[int, int]] = []
    p_values: list[NDArray[np.float64]] = []
    for module in range(found.rank):
        genes = np.flatnonzero((shares.shares[:, module] >= LEAST_SHARE) & (shares.main != module))
        without = _fitted(observed, np.delete(found.usage, module, axis=0), genes)
        rise = np.maximum(without - fitted[genes], 0.0) * observed.scale
        tested.extend((gene, module) for gene in genes.tolist())
        p_values.append(0.5 * erfc(np.sqrt(rise / over)))
    return _strongest(tested, _adjusted(np.concatenate(p_values)), shares, over)


def overdispersion(observed: Observed, found: Factorization) -> float:
    """Return the variance of V over that of Poisson counts, by Pearson's X² over its degrees of freedom; at least 1."""
    genes, samples, rank = len(observed.rows), len(observed.columns), found.rank
    total, seen = observed.rows.pearson(found.modules, found.usage.T / observed.scale)
    free = seen - rank * (genes + samples - rank)
    return max(1.0, observed.scale * total / free) if free > 0 else 1.0


def _fitted(observed: Observed, usage: NDArray[np.float64], genes: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the least divergence of some genes with the usage of modules as it is, over the scale."""
    lines = observed.rows.take(genes)
    others = np.ascontiguousarray(usage.T / observed.scale).astype(observed.dtype)
    if others.shape[1] == 0 or len(genes) == 0:
        return np.full(len(genes), np.inf)
    factors = np.full((len(genes), others.shape[1]), 1.0 / others.sum(), dtype=observed.dtype)
    last = np.full(len(genes), np.inf)
    for _ in range(REFITS):
        now = lines.sweep(factors, others, measured=True)
        if np.all(last - now <= 1e-6 * now + 1e-9):
            return now
        last = now
    return last


def _adjusted(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Benjamini and Hochberg's q of each p-value (1995, J. R. Stat. Soc. B 57, 289–300)."""
    number = len(p_values)
    order = np.argsort(p_values)[::-1]
    scaled = p_values[order] * number / np.arange(number, 0, -1)
    adjusted = np.empty(number)
    adjusted[order] = np.minimum.accumulate(scaled) if number else scaled
    return np.minimum(adjusted, 1.0)


def _strongest(
    tested: list[tuple[int, int]], q_values: NDArray[np.float64], shares: Memberships, over: float
) -> Moonlighting:
    genes = len(shares.shares)
    q, second = np.ones(genes), np.full(genes, -1, dtype=np.intp)
    for (gene, module), value in zip(tested, q_values.tolist(), strict=True):
        if second[gene] < 0 or value < q[gene]:
            q[gene], second[gene] = value, module
    ranked = np.sort(shares.shares, axis=1)
    at_sight = ranked[:, -2] > SHARE_AT_SIGHT if ranked.shape[1] > 1 else np.zeros(genes, dtype=np.bool_)
    return Moonlighting(q, second, q <= FALSE_DISCOVERIES, at_sight, over)
