"""A whole analysis: a survey of ranks, the choice of one, and its modules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...mapping import run_aside
from ...threads import cores
from ..solvers.observed import observe
from ..solvers.solver import fit
from ..solvers.symmetric import fit_symmetric, observe_symmetric, symmetric_factor
from .consensus import stability
from .membership import Memberships, memberships
from .moonlighting import Moonlighting, moonlighting
from .rank_range import survey_until_turn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ...mapping import Mapper
    from ..solvers.factorization import Factorization
    from ..solvers.observed import Observed
    from .rank import RankSurvey

SURVEY_FIT: dict[str, Any] = {"tolerance": 1e-5, "most_sweeps": 300}
"""Limits of the fits of the survey: with more modules than there are, they would take thousands of sweeps in vain."""

FINAL_FIT: dict[str, Any] = {"tolerance": 1e-7, "most_sweeps": 5_000}
"""Limits of the best fit of the chosen rank, which continues from there."""

QUANTILE = 1.959963984540054
"""Standard errors on either side of a 95 % interval."""

SURVEY_SHARE, FIT_SHARE = 0.6, 0.7
"""Share of the progress after the survey, and after the final fit; the test of second modules takes the rest."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """The modules of a matrix.

    Parameters
    ----------
    survey : RankSurvey
        The survey of ranks.
    best : Factorization
        The best fit of the chosen rank, run to convergence.
    stability : ndarray of float64, shape (p,)
        Of each gene, the share of the other restarts that have it in the same module; NaN with a single start.
    moonlighting : Moonlighting, optional
        Genes of two modules, by a test; None where there is no likelihood to test with.
    """

    survey: RankSurvey
    best: Factorization
    stability: NDArray[np.float64]
    moonlighting: Moonlighting | None

    @property
    def memberships(self) -> Memberships:
        """The shares that the modules of that fit have of each gene."""
        return memberships(self.best)

    @property
    def second(self) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """A second module of each gene and its share, shapes (p,); −1 and 0 where there is none.

        The tested one where there is a test; otherwise the one with the second largest share.
        """
        shares = self.memberships.shares
        if shares.shape[1] < 2:
            return np.full(len(shares), -1, dtype=np.intp), np.zeros(len(shares))
        second = np.argsort(-shares, axis=1, kind="stable")[:, 1]
        if self.moonlighting is not None:
            second = np.where(self.moonlighting.second >= 0, self.moonlighting.second, second)
        share = shares[np.arange(len(shares)), second]
        return np.where(share > 0.0, second, -1), share

    @property
    def second_interval(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The ends of the 95 % interval of the second module's share, shapes (p,); NaN where there is no test."""
        _, share = self.second
        if self.moonlighting is None:
            return np.full(len(share), np.nan), np.full(len(share), np.nan)
        spread = QUANTILE * self.moonlighting.error
        return np.maximum(share - spread, 0.0), np.minimum(share + spread, 1.0)

    def also_in(self, least_share: float) -> NDArray[np.intp]:
        """Return the genes that are also in a second module, which has at least that share; the largest share first.

        Of counts only those that the test has in a second module: with few counts, a single module explains most
        shares of a tenth.
        """
        second, share = self.second
        candidates = second >= 0 if self.moonlighting is None else self.in_two
        order = np.argsort(-share, kind="stable")
        return order[(candidates & (share >= least_share))[order]]

    @property
    def in_two(self) -> NDArray[np.bool_]:
        """The genes that are in a second module by the test; none where there is nothing to test with."""
        if self.moonlighting is None:
            return np.zeros(len(self.stability), dtype=np.bool_)
        return self.moonlighting.by_test

    @property
    def sizes(self) -> NDArray[np.intp]:
        """How many genes each module has, shape (R,); a gene of two modules counts in both."""
        second, _ = self.second
        beside = second[self.in_two & (second >= 0)]
        return self.memberships.sizes + np.bincount(beside, minlength=len(self.memberships.sizes))

    def top_genes(self, module: int, number: int = 5) -> NDArray[np.intp]:
        """Return the genes with the largest weights in a module, largest first."""
        weights = self.best.modules[:, module]
        return np.argsort(-weights, kind="stable")[: min(number, int(np.count_nonzero(weights > 1e-12)))]


def analyse(
    values: Any,
    ranks: Sequence[int],
    *,
    symmetric: bool,
    counts: bool = True,
    splits: Sequence[tuple[Any, Any]] = (),
    most: int | None = None,
    restarts: int = 10,
    seed: int = 0,
    mapper: Mapper | None = None,
    progress: Callable[[float], object] = lambda _: None,
) -> Analysis:
    """Return the modules of a matrix.

    Parameters
    ----------
    values : ndarray or sparse array
        Counts, shape (p, n), or similarities, shape (p, p).
    ranks : sequence of int
        The ranks to survey; the one that best predicts what was held out is used.
    symmetric : bool
        Whether V are similarities.
    counts : bool
        Whether V are counts: else there is no likelihood, and nothing to test second modules with.
    most : int, optional
        Higher ranks are surveyed too, up to this one, until the curve has turned; by default none.
    splits, restarts, seed, mapper, progress
        As for `rank_survey`.

    Raises
    ------
    InputError
        The values or the ranks cannot be used.
    """
    survey = survey_until_turn(
        values, ranks, most, restarts=restarts, seed=seed, symmetric=symmetric, counts=counts and not symmetric,
        splits=splits, mapper=mapper, progress=lambda share: progress(SURVEY_SHARE * share), **SURVEY_FIT,
    )  # fmt: skip
    progress(SURVEY_SHARE)
    rough = survey.best
    others = [restart for restart in survey.fits[survey.chosen.rank] if restart is not rough]
    if symmetric:
        best = run_aside(_finish_symmetric, rough, shared=observe_symmetric(values))
        progress(1.0)
        return Analysis(survey, best, stability(best, others), None)
    observed = observe(values)
    best = run_aside(_finish, rough, shared=(observed, cores()))
    progress(FIT_SHARE)
    test = (
        moonlighting(observed, best, lambda share: progress(FIT_SHARE + (1.0 - FIT_SHARE) * share)) if counts else None
    )
    progress(1.0)
    return Analysis(survey, best, stability(best, others), test)


def _finish(shared: tuple[Observed, int], rough: Factorization) -> Factorization:
    """Return a fit carried on to convergence, on a number of threads."""
    observed, threads = shared
    return fit(observed, rough.rank, start=(rough.modules, rough.usage), threads=threads, **FINAL_FIT)


def _finish_symmetric(observed: Observed, rough: Factorization) -> Factorization:
    """Return a fit of similarities carried on to convergence."""
    return fit_symmetric(observed, rough.rank, start=symmetric_factor(rough), **FINAL_FIT)
