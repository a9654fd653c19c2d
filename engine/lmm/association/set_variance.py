"""The sets' own variance: a kernel beside that of the network, which lets linked sets be shifted.

No estimated network has all that links the genes of a set, so sets are shifted even where nothing is beyond the true
network (docs/decisions/0015-sets-have-a-variance-of-their-own.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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


def links(kernel: Kernel, sets: csr_array) -> NDArray[np.float64]:
    """Return how strongly a kernel links the genes of each set, shape (m,); positive.

    That is the mean of K over pairs of genes of the set, less two standard deviations of this mean by chance where k
    columns link genes (an estimate from k samples has as many): √(2/k)/s of the mean variance of a gene. A set that is
    linked no more than by chance has a thousandth of the largest value.

    Parameters
    ----------
    kernel : Kernel
        K; its own diagonal is ignored.
    sets : csr_array, shape (m, n)
        Membership, a set a row.

    Notes
    -----
    O(nnz k). After the correlation within sets of CAMERA (Wu & Smyth 2012, Nucleic Acids Research 40:e133).
    """
    factor, signs = kernel.factored
    size = np.maximum(np.asarray(sets.sum(axis=1), dtype=np.float64), 2.0)
    total = np.square(np.asarray(sets @ factor)) @ signs
    diagonal = np.asarray(sets @ (np.square(factor) @ signs))
    mean = (total - diagonal) / (size * (size - 1.0))
    chance = diagonal / size * np.sqrt(2.0 / max(len(signs), 1)) / size
    beyond = np.maximum(mean - 2.0 * chance, 0.0)
    most = float(beyond.max(initial=0.0))
    return np.maximum(beyond, LEAST_LINKED * most) if most > 0.0 else np.ones(len(beyond))


@dataclass(frozen=True, slots=True)
class SetVariance:
    """The sets' own variance: the variance of their shifts beside a signal's random effect.

    Parameters
    ----------
    variances : ndarray of float64, shape (m,)
        Variance of each set's shift, in squared units of z.
    number : float
        Effective number of sets from which it was estimated: (Σ v)²/Σ v².
    """

    variances: NDArray[np.float64]
    number: float


@dataclass(frozen=True, slots=True)
class SetMixture:
    """A kernel, and beside it one of the sets' own.

    Make one with `set_mixture`.

    Parameters
    ----------
    mixture : Mixture
        Both kernels.
    linked : ndarray of float64, shape (m,)
        How strongly the genes of each set are linked; its own variance is proportional to it.
    """

    mixture: Mixture
    linked: NDArray[np.float64]

    def variance(self, fit: MixtureFit) -> SetVariance:
        """Return the variance of each set's shift in a fitted mixture."""
        weight = fit.weight if fit.weight == fit.weight else 0.0  # none at h² = 0
        number = float(np.sum(self.linked) ** 2 / np.sum(self.linked**2))
        return SetVariance(fit.fit.variance_kernel * weight * self.linked / self.mixture.scales[1], number)


def set_mixture(kernel: Kernel, sets: csr_array, fixed: Design) -> SetMixture:
    """Return a kernel, and beside it one of the sets' own, sets of shape (m, n)."""
    linked = links(kernel, sets)
    return SetMixture(Mixture(kernel, of_factor(sets.toarray().T * np.sqrt(linked)), fixed), linked)
