"""Modules of a factorization: which module each gene is in, and with what share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..solvers.factorization import Factorization

SECOND_SHARE = 0.10
"""The plain rule: a gene is in a second module that has more than this share of it."""


@dataclass(frozen=True, slots=True)
class Memberships:
    """The shares that modules have of genes.

    Parameters
    ----------
    shares : ndarray of float64, shape (p, R)
        Of each gene, the share that each module has: W with its columns scaled by their usage, rows summing to one.
        A gene whose observed values are all 0 has 0 everywhere.
    masses : ndarray of float64, shape (R,)
        Of V, the share that each module explains.
    """

    shares: NDArray[np.float64]
    masses: NDArray[np.float64]

    @property
    def main(self) -> NDArray[np.intp]:
        """The module with the largest share of each gene, shape (p,); −1 for a gene whose shares are all 0."""
        return np.where(self.shares.any(axis=1), self.shares.argmax(axis=1), -1)

    @property
    def sizes(self) -> NDArray[np.intp]:
        """How many genes have each module as their main one, shape (R,)."""
        return np.bincount(self.main[self.main >= 0], minlength=self.shares.shape[1])

    @property
    def in_two_by_share(self) -> NDArray[np.bool_]:
        """The genes of which a second module has a share of more than `SHARE_AT_SIGHT`, shape (p,)."""
        if self.shares.shape[1] < 2:
            return np.zeros(len(self.shares), dtype=np.bool_)
        return np.sort(self.shares, axis=1)[:, -2] > SECOND_SHARE

    def histogram(self, bins: int = 20) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return how many shares fall into each bin from 0 to 1, and the edges of the bins."""
        return np.histogram(self.shares, bins=bins, range=(0.0, 1.0))


def memberships(factorization: Factorization) -> Memberships:
    """Return the shares that the modules of a factorization have of each gene, in O(pR)."""
    mass = factorization.modules * factorization.usage.sum(axis=1)
    mass[mass < 1e-12 * mass.max()] = 0.0  # the floor of the factors
    rows = mass.sum(axis=1, keepdims=True)
    return Memberships(np.divide(mass, rows, out=np.zeros_like(mass), where=rows > 0.0), mass.sum(axis=0) / mass.sum())
