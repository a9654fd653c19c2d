"""The variance component of a pathway: whether its genes scatter more than network and noise predict, up or down.

To the null model add u_W ~ N(0, τ²WWᵀ); the score of τ² at zero is q = yᵀPWWᵀPy / yᵀPy (Wu et al. 2011, American
Journal of Human Genetics 89:82, the SKAT test). Given the null δ, P(q' > q) is that of a sum of χ²₁ weighted by the
eigenvalues of WᵀPW less q, and −q for the directions that W does not reach: exact for the estimated variance too. Its
tail is the saddlepoint approximation of Kuonen (1999, Biometrika 86:929), so log₁₀ p is right far out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_ndtr

from ...threads import one_blas_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .scan import Scanner

LN10 = float(np.log(10.0))

LARGEST_SET = 1_500
"""Most genes of a set whose scatter is tested: it takes the eigenvectors of as many columns."""


@dataclass(frozen=True, slots=True)
class ComponentTest:
    """The test of one pathway.

    Parameters
    ----------
    statistic : float
        q over its mean under the null model: above 1, the pathway scatters more than predicted.
    log10_p : float
        log₁₀ p of a statistic as large.
    rank : int
        Rank of W beside the covariates; where it is zero there is nothing to test, and the others are NaN.
    """

    statistic: float
    log10_p: float
    rank: int


def run_component_test(null: Scanner, columns: NDArray[np.float64]) -> ComponentTest:
    """Return the test of the variance along some columns.

    Parameters
    ----------
    null : Scanner
        The null model at its δ.
    columns : ndarray of float64, shape (w, n)
        Wᵀ: loadings of the pathway, or the unit vectors of its genes.
    """
    with one_blas_thread():
        products = columns @ null.thin
        covariate_products = products[:, 1 : 1 + null.rank]
        whole = null.form.products(columns)
        gram = whole - covariate_products @ covariate_products.T
        values = np.linalg.eigvalsh((gram + gram.T) / 2)
    values = values[values > 1e-9 * float(np.max(np.diagonal(whole), initial=0.0))]
    if not len(values):
        return ComponentTest(float("nan"), float("nan"), 0)
    freedom = null.size - null.rank
    observed = float(np.sum(products[:, 0] ** 2)) / null.residual
    mean = float(np.sum(values)) / freedom
    if len(values) == freedom and np.ptp(values) <= 1e-9 * float(values[-1]):  # the whole space, evenly
        return ComponentTest(1.0, 0.0, len(values))
    weights = np.append(values - observed, -observed)
    counts = np.append(np.ones(len(values)), float(freedom - len(values)))
    return ComponentTest(observed / mean, log_tail(weights, counts) / LN10, len(values))


def scatter_p(null: Scanner, genes: NDArray[np.intp]) -> float | None:
    """Return p of the scatter of some genes, by their indices; `None` where they are too many."""
    if len(genes) > LARGEST_SET:
        return None
    units = np.zeros((len(genes), null.size))
    units[np.arange(len(genes)), genes] = 1.0
    return float(10.0 ** run_component_test(null, units).log10_p)


def log_tail(weights: NDArray[np.float64], counts: NDArray[np.float64]) -> float:
    """Return log P(Σ w_i χ²_i > 0).

    Parameters
    ----------
    weights, counts : ndarray of float64, shape (k,)
        The weights w, of both signs, and the degrees of freedom of each χ².
    """
    weights, counts = weights[counts > 0], counts[counts > 0]
    weights = weights / np.max(np.abs(weights))
    if weights.max() <= 0.0:
        return -np.inf
    if weights.min() >= 0.0:
        return 0.0

    def cumulant(at: float, order: int) -> float:
        inner = 1.0 - 2.0 * at * weights
        if order == 0:
            return float(-0.5 * np.sum(counts * np.log(inner)))
        if order == 1:
            return float(np.sum(counts * weights / inner))
        return float(2.0 * np.sum(counts * (weights / inner) ** 2))

    low, high = 0.5 / float(weights.min()), 0.5 / float(weights.max())
    margin = 1e-12
    at = float(brentq(lambda t: cumulant(t, 1), low * (1 - margin), high * (1 - margin), xtol=1e-15))
    spread = cumulant(0.0, 2)
    if abs(at) * math.sqrt(spread) < 1e-4:  # at the mean the formula is 0/0: its limit has the skewness
        skew = float(8.0 * np.sum(counts * weights**3) / spread**1.5)
        return float(log_ndtr(-(at * math.sqrt(spread) + skew / 6.0)))
    root = math.copysign(math.sqrt(-2.0 * cumulant(at, 0)), at)
    other = at * math.sqrt(cumulant(at, 2))
    return float(log_ndtr(-(root + math.log(other / root) / root)))
