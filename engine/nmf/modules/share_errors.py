"""How well counts determine the share of a gene that a module has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...network.covariance import row_blocks
from .membership import memberships
from .overdispersed import LEAST_MEAN, TINY, counts_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..solvers.factorization import Factorization
    from ..solvers.observed import Observed

    Real = NDArray[np.float64]

LEAST_SHARE = 1e-6
"""Share below which a module counts as no module of the gene: its weight is at its bound."""

COLLINEAR = 1e-9
"""Least eigenvalue of the information, scaled to a diagonal of one, below which shares are not determined."""


def share_errors(
    observed: Observed, factorization: Factorization, module: NDArray[np.intp], alpha: float
) -> NDArray[np.float64]:
    """Return the standard error of the share that a module has of each gene.

    Parameters
    ----------
    observed : Observed
        V, counts, shape (p, n).
    factorization : Factorization
        A converged factorization of it, of rank R.
    module : ndarray of intp, shape (p,)
        The module of each gene whose share is meant; −1 for none.
    alpha : float
        α of a negative binomial, whose variance is μ + α μ².

    Returns
    -------
    ndarray of float64, shape (p,)
        NaN where no module is meant or its share is 0; infinite where the usages of the gene's modules are collinear.

    Notes
    -----
    The weights w of a gene minimise the Kullback–Leibler divergence with H as it is. With A = Σ h hᵀ/μ their covariance
    is A⁻¹ + α A⁻¹(Σ h hᵀ)A⁻¹, the sandwich of Huber (1967), over the modules whose weight is not 0; the share has the
    variance of its first-order change. H is taken as known. O(p n R²).
    """
    usage, weights = factorization.usage.T, factorization.modules
    errors, shares, used = np.full(len(module), np.nan), memberships(factorization).shares, usage.sum(axis=0)
    products = (usage[:, :, None] * usage[:, None, :]).reshape(len(usage), -1)
    meant = np.maximum(module, 0)
    for band in row_blocks(len(module), len(usage)):
        _, seen = counts_of(observed, band)
        entries = np.ones((len(weights[band]), len(usage))) if seen is None else seen.astype(np.float64)
        heavy = entries / np.maximum(weights[band] @ usage.T, LEAST_MEAN)
        shape = (-1, factorization.rank, factorization.rank)
        information, squares = ((part @ products).reshape(shape) for part in (heavy, entries))
        share = shares[band]
        change = np.eye(factorization.rank)[meant[band]] - share[np.arange(len(share)), meant[band]][:, None]
        totals = np.maximum((weights[band] @ used)[:, None], TINY)
        errors[band] = _errors(information, squares, change * used / totals, share > LEAST_SHARE, alpha)
    has_share = (module >= 0) & (shares[np.arange(len(module)), meant] > LEAST_SHARE)
    return np.where(has_share, errors, np.nan)


def _errors(information: Real, squares: Real, change: Real, active: NDArray[np.bool_], alpha: float) -> Real:
    """Return the square roots of gᵀ(A⁻¹ + α A⁻¹SA⁻¹)g over the active weights of each gene, A, S (g, R, R)."""
    both = active[:, :, None] & active[:, None, :]
    diagonal = np.where(active, np.einsum("grr->gr", information), 1.0)
    scale = 1.0 / np.sqrt(diagonal)
    scaled = np.where(both, information, 0.0) * scale[:, :, None] * scale[:, None, :]
    scaled += np.eye(active.shape[1]) * ~active[:, :, None]
    determined = np.linalg.eigvalsh(scaled)[:, 0] > COLLINEAR
    scaled[~determined] = np.eye(active.shape[1])
    gradient = np.where(active, change, 0.0) * scale
    direction = np.linalg.solve(scaled, gradient[:, :, None])[:, :, 0]
    along = direction * scale
    variance = np.einsum("gr,gr->g", gradient, direction) + alpha * np.einsum("gr,grs,gs->g", along, squares, along)
    return np.where(determined, np.sqrt(np.maximum(variance, 0.0)), np.inf)
