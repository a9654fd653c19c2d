"""h² of permuted signals: what a model fits where there is nothing to find."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..model.fit import fit_many

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...choices import Method
    from ..model.fit import Fit, Model


@dataclass(frozen=True, slots=True)
class PermutationNull:
    """h² of permuted signals.

    Parameters
    ----------
    h2 : ndarray of float64, shape (b,)
        h² of each permutation.
    """

    h2: NDArray[np.float64]

    @property
    def median(self) -> float:
        """The median of h²."""
        return float(np.median(self.h2))

    @property
    def high(self) -> float:
        """The 95 % quantile of h²."""
        return float(np.quantile(self.h2, 0.95))

    def p(self, fit: Fit) -> float:
        """Return the share of permutations with an h² of at least that of a fit, which counts as one of them."""
        return (1 + int(np.count_nonzero(self.h2 >= fit.h2))) / (len(self.h2) + 1)


def permute_values(values: NDArray[np.float64], number: int, seed: int) -> NDArray[np.float64]:
    """Return random permutations of values, shape (n, b)."""
    stream = np.random.default_rng([seed, 23])
    return np.array([stream.permutation(values) for _ in range(number)], dtype=np.float64).T


def permutation_h2(permuted: Model, method: Method = "reml") -> PermutationNull:
    """Return h² of permuted signals, a trait of the model each."""
    return PermutationNull(np.array([fit.h2 for fit in fit_many(permuted, method=method)]))
