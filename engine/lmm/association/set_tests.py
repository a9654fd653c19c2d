"""Tests of the sets of a library beside one model, for permuted signals too, and without the sets' own pathways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...mapping import Sequential
from ..model.fit import fit_many, make_model
from .enrichment import enrich, one_sided
from .leave_out import LeaveOut
from .permutations import permutation_h2
from .scan import make_scanner

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from ...choices import Alternative
    from ...mapping import Mapper
    from ..kernels.kernel import Kernel
    from ..model.design import Design
    from ..model.fit import Model
    from .enrichment import Enrichment
    from .permutations import PermutationNull
    from .set_variance import SetMixture

SAME = 1e-9
"""Relative difference of two log₁₀ p that is rounding: a permutation that is the signal itself is as extreme."""


@dataclass(frozen=True, slots=True)
class SetTester:
    """The tests of a library, the same for a signal and for its permutations.

    Parameters
    ----------
    sets : csr_array, shape (m, n)
        Membership, a set a row.
    alternative : {"two-sided", "greater", "less"}
        Which shift counts.
    mixture : SetMixture, optional
        The kernel with the sets' own variance; without it the sets have none.
    """

    sets: csr_array
    alternative: Alternative
    mixture: SetMixture | None

    def test(self, model: Model) -> tuple[Enrichment, float | None]:
        """Return the tests for a signal, and the weight of the sets' own variance."""
        if self.mixture is None:
            null = make_scanner(model, fit_many(model)[0], sparse=True)
            return enrich(null, self.sets, alternative=self.alternative), None
        fit = self.mixture.mixture.best(model.traits[:, 0])
        null, variance = make_scanner(fit.model, fit.fit, sparse=True), self.mixture.variance(fit)
        return enrich(null, self.sets, alternative=self.alternative, set_variance=variance), fit.weight


@dataclass(frozen=True, slots=True)
class SetPermutations:
    """Tests of m sets for permuted signals.

    Parameters
    ----------
    p : ndarray of float64, shape (m,)
        p of each set by permutations; NaN for a set that could not be tested.
    null : PermutationNull
        h² of the permutations.
    share, most : float
        Share of permutations with p < .05: over all sets, and of the set with the largest share.
    """

    p: NDArray[np.float64]
    null: PermutationNull
    share: float
    most: float


def permute_sets(
    permuted: Model,
    tester: SetTester,
    enrichment: Enrichment,
    progress: Callable[[float], object] | None = None,
    *,
    mapper: Mapper | None = None,
) -> SetPermutations:
    """Return the tests of sets for permuted signals, against those of the signal itself.

    Parameters
    ----------
    permuted : Model
        The model of the permuted signals, a trait each.
    tester : SetTester
        The tests.
    enrichment : Enrichment
        The tests of the signal.
    progress : callable, optional
        Called with the share that is done.
    mapper : Mapper, optional
        What runs the permutations; one after the other by default.
    """
    number = permuted.traits.shape[1]
    more, below = np.zeros(len(enrichment.t)), np.zeros(len(enrichment.t))
    as_extreme = enrichment.log10_p + SAME * (1.0 + np.abs(enrichment.log10_p))
    signals = (np.ascontiguousarray(permuted.traits[:, trait]) for trait in range(number))
    shared = (permuted.kernel, permuted.fixed, tester)
    for done, log10_p in enumerate((mapper or Sequential())(_test_signal, signals, shared=shared), start=1):
        more += log10_p <= as_extreme
        below += log10_p < np.log10(0.05)
        if progress is not None:
            progress(done / number)
    testable = np.isfinite(enrichment.t)
    p = np.where(testable, (1.0 + more) / (number + 1.0), np.nan)
    shares = below[testable] / number
    return SetPermutations(p, permutation_h2(permuted), float(shares.mean()), float(shares.max(initial=0.0)))


def _test_signal(shared: tuple[Kernel, Design, SetTester], signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log₁₀ p of each set for one permuted signal."""
    kernel, fixed, tester = shared
    return tester.test(make_model(kernel, signal, fixed))[0].log10_p


def leave_own_out(
    model: Model,
    loadings: NDArray[np.float64],
    set_columns: Sequence[Sequence[int]],
    sets: csr_array,
    alternative: Alternative,
    *,
    rank: int | None = None,
) -> list[float]:
    """Return p of each set with its own pathways taken out of the kernel.

    Parameters
    ----------
    model : Model
        A model of one trait.
    loadings : ndarray of float64, shape (n, c)
        Columns of pathways in the kernel's units.
    set_columns : sequence of sequence of int
        For each set, the indices of its own columns.
    sets : csr_array, shape (m, n)
        Membership, a set a row.
    alternative : {"two-sided", "greater", "less"}
        Which shift counts.
    rank : int, optional
        Number of columns of the whole kernel: a set that owns them all is tested without a kernel.
    """
    used = sorted({column for columns in set_columns for column in columns})
    leave_out = LeaveOut(model, np.ascontiguousarray(loadings[:, used]), sets.toarray().T)
    p: list[float] = []
    for test, columns in enumerate(set_columns):
        indices = [used.index(column) for column in columns]
        whole = len(indices) == rank
        fit = leave_out.fit_without_kernel([test]) if whole else leave_out.fit_without(indices, [test])
        p.append(float(10.0 ** one_sided(fit.log10_p, fit.t, alternative)[0]))
    return p
