"""Signals of permuted labels or samples: what a model finds where there is nothing to find."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.lmm.model.fit import fit_many, make_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...engine.lmm.model.fit import Fit, Model
    from ...engine.lmm.model.likelihood import Method
    from .model import StoreModel
    from .signals import Signal


@dataclass(frozen=True, slots=True)
class PermutationNull:
    """h² of permuted signals.

    Parameters
    ----------
    h2 : ndarray of float64, shape (b,)
        Of each.
    """

    h2: NDArray[np.float64]

    @property
    def median(self) -> float:
        """Half of the permutations have less."""
        return float(np.median(self.h2))

    @property
    def high(self) -> float:
        """95 % of the permutations have less."""
        return float(np.quantile(self.h2, 0.95))

    def p(self, found: Fit) -> float:
        """Return how often a permutation has as much, the signal itself counted among them."""
        return (1 + int(np.count_nonzero(self.h2 >= found.h2))) / (len(self.h2) + 1)


def permute_labels(bound: StoreModel, signal: Signal, number: int, seed: int) -> Model:
    """Return the same model of permuted signals, a trait each: the same kernel, rows and covariates.

    Labels are drawn anew and the statistics made anew; without labels the values are permuted among the rows, if these
    are no genes.

    Raises
    ------
    InputError
        The rows are genes and no labels are given: permuting genes would part what is linked.
    """
    if signal.contrast is not None:
        values = signal.contrast.drawn(number, seed)[bound.kept]
    elif bound.rows.places is None:
        stream = np.random.default_rng([seed, 23])
        own = signal.values[bound.kept, 0]
        values = np.array([stream.permutation(own) for _ in range(number)], dtype=np.float64).T
    else:
        raise InputError(
            "Without labels there is nothing to permute: permuting genes would part what the network links.",
            hint="Give --labels and --contrast, so that the signal can be made anew from permuted labels.",
        )
    return make_model(bound.given.kernel, values, bound.given.fixed)


def null_of(bound: StoreModel, signal: Signal, number: int, seed: int, method: Method = "reml") -> PermutationNull:
    """Return h² of so many permutations; raises as `permuted`."""
    found = fit_many(permute_labels(bound, signal, number, seed), method=method)
    return PermutationNull(np.array([one.h2 for one in found]))
