"""The sets' own variance: a kernel beside that of the network, which lets linked sets be shifted.

No estimated network has all that links the genes of a set, so sets are shifted even where nothing is beyond the true
network (docs/decisions/0015-sets-have-a-variance-of-their-own.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...threads import one_blas_thread
from ..kernels.spectral import of_factor
from ..model.mixture import Mixture

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from ..kernels.kernel import Kernel
    from ..model.design import Design
    from ..model.mixture import MixtureFit

LEAST_LINKED = 1e-3
"""Value of `links` of a set that is not linked, as a share of the largest."""


@dataclass(frozen=True, slots=True)
class Links:
    """How strongly a kernel links the genes of each set, and how well that is known.

    Parameters
    ----------
    strength : ndarray of float64, shape (m,)
        The mean of K over pairs of genes of the set beyond chance; positive.
    error : ndarray of float64, shape (m,)
        Half the error variance of the mean of K over all pairs, a gene with itself included: the square of that mean
        over k.
    """

    strength: NDArray[np.float64]
    error: NDArray[np.float64]


def links(kernel: Kernel, sets: csr_array) -> Links:
    """Return how strongly a kernel links the genes of each set.

    The strength is the mean of K over pairs of genes of the set, less two standard deviations of this mean by chance
    where k columns link genes (an estimate from k samples has as many): √(2/k)/s of the mean variance of a gene. A set
    that is linked no more than by chance has a thousandth of the largest value.

    Parameters
    ----------
    kernel : Kernel
        K; its own diagonal is ignored.
    sets : csr_array, shape (m, n)
        Membership, a set a row.

    Notes
    -----
    O(nnz k). After the correlation within sets of CAMERA (Wu & Smyth 2012, Nucleic Acids Research 40:e133). The mean
    over all pairs is the variance of the mean of the set's genes: from k samples, a multiple of χ² with k degrees of
    freedom.
    """
    factor, signs = kernel.factored
    size = np.maximum(np.asarray(sets.sum(axis=1), dtype=np.float64), 2.0)
    total = np.square(np.asarray(sets @ factor)) @ signs
    diagonal = np.asarray(sets @ (np.square(factor) @ signs))
    mean = (total - diagonal) / (size * (size - 1.0))
    columns = max(len(signs), 1)
    chance = diagonal / size * np.sqrt(2.0 / columns) / size
    beyond = np.maximum(mean - 2.0 * chance, 0.0)
    most = float(beyond.max(initial=0.0))
    strength = np.maximum(beyond, LEAST_LINKED * most) if most > 0.0 else np.ones(len(beyond))
    return Links(strength, np.square(total / size**2) / columns)


def independent_sets(sets: csr_array, strength: NDArray[np.float64]) -> float:
    """Return how many independent shifts the sets' own variance is estimated from: (tr M)²/tr M².

    Parameters
    ----------
    sets : csr_array, shape (m, n)
        Membership, a set a row.
    strength : ndarray of float64, shape (m,)
        c, to which the variance of each set's own shift is proportional.

    Notes
    -----
    M = O diag(c) Oᵀ is the covariance of the mean shifts of the sets, O the share of each set that is in each other. Of
    disjoint sets the number is (Σ c)²/Σ c²; sets and their halves count about once. O(m³) and m² numbers.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> disjoint = csr_array([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]])
    >>> independent_sets(disjoint, np.ones(2))
    2.0
    """
    overlap = np.asarray((sets @ sets.T).toarray(), dtype=np.float64)
    share = overlap / np.maximum(overlap.diagonal(), 1.0)[:, None]
    with one_blas_thread():
        covariance = (share * strength) @ share.T
    return float(np.trace(covariance) ** 2 / np.sum(np.square(covariance)))


@dataclass(frozen=True, slots=True)
class SetVariance:
    """The sets' own variance: the variance of their shifts beside a signal's random effect.

    Parameters
    ----------
    variances : ndarray of float64, shape (m,)
        Variance of each set's shift, in squared units of z.
    link_errors : ndarray of float64, shape (m,)
        Half its error variance that comes from how well the set's links are known.
    number : float
        Number of independent shifts from which it was estimated.
    """

    variances: NDArray[np.float64]
    link_errors: NDArray[np.float64]
    number: float

    def freedom(self, squared_errors: NDArray[np.float64], residual: float) -> NDArray[np.float64]:
        """Return the degrees of freedom of t, shape (m,).

        Parameters
        ----------
        squared_errors : ndarray of float64, shape (m,)
            The squared standard error of each shift, at least its own variance.
        residual : float
            The degrees of freedom of what is not the sets' own.

        Notes
        -----
        2E²/Var(E) of a squared standard error E with three independent errors (Satterthwaite 1946, Biometrics Bulletin
        2:110): that of τ², of the set's links, and of the rest.
        """
        own, rest = self.variances**2 / max(self.number - 1.0, 1.0), (squared_errors - self.variances) ** 2 / residual
        return squared_errors**2 / (own + self.link_errors + rest)


@dataclass(frozen=True, slots=True)
class SetMixture:
    """A kernel, and beside it one of the sets' own.

    Make one with `set_mixture`.

    Parameters
    ----------
    mixture : Mixture
        Both kernels.
    links : Links
        How strongly the genes of each set are linked; its own variance is proportional to it.
    number : float
        Number of independent shifts.
    """

    mixture: Mixture
    links: Links
    number: float

    def variance(self, fit: MixtureFit) -> SetVariance:
        """Return the variance of each set's shift in a fitted mixture."""
        weight = fit.weight if fit.weight == fit.weight else 0.0  # none at h² = 0
        unit = fit.fit.variance_kernel * weight / self.mixture.scales[1]
        return SetVariance(unit * self.links.strength, unit**2 * self.links.error, self.number)


def set_mixture(kernel: Kernel, sets: csr_array, fixed: Design) -> SetMixture:
    """Return a kernel, and beside it one of the sets' own, sets of shape (m, n)."""
    linked = links(kernel, sets)
    own = of_factor(sets.toarray().T * np.sqrt(linked.strength))
    return SetMixture(Mixture(kernel, own, fixed), linked, independent_sets(sets, linked.strength))
