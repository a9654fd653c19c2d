"""A whole analysis: ranks surveyed, one chosen, and what its modules say of each gene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .consensus import stability
from .membership import Memberships, memberships
from .moonlighting import Moonlighting, moonlighting
from .observed import observe
from .rank import RankSurvey, rank_survey
from .solver import fit
from .symmetric import fit_symmetric, halves, observe_symmetric

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from .factorization import Factorization

LOOKED_AT: dict[str, Any] = {"tolerance": 1e-5, "most_sweeps": 300}
"""How far the fits of the survey go. Of a rank too many they would go on for thousands of sweeps, for nothing."""

USED: dict[str, Any] = {"tolerance": 1e-7, "most_sweeps": 5_000}
"""How far the best fit of the chosen rank then goes."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """The modules of a matrix.

    Parameters
    ----------
    survey : RankSurvey
        What each rank is worth.
    best : Factorization
        The best fit of the chosen rank, carried through to the end.
    memberships : Memberships
        Of that fit.
    stability : ndarray of float64, shape (p,)
        Of each gene, the share of restarts that have it in the same module.
    moonlighting : Moonlighting, optional
        Genes of two modules, by a test; None where there is no likelihood to test with.
    """

    survey: RankSurvey
    best: Factorization
    memberships: Memberships
    stability: NDArray[np.float64]
    moonlighting: Moonlighting | None

    @property
    def second(self) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """The module with the second largest share of each gene, and that share, shapes (p,); −1 where that is 0."""
        shares = self.memberships.shares
        if shares.shape[1] < 2:
            return np.full(len(shares), -1), np.zeros(len(shares))
        ranked = np.argsort(-shares, axis=1, kind="stable")[:, 1]
        share = shares[np.arange(len(shares)), ranked]
        return np.where(share > 0.0, ranked, -1), share

    @property
    def in_two(self) -> NDArray[np.bool_]:
        """The genes that are in a second module: by the test where there is one, by the plain rule otherwise."""
        if self.moonlighting is not None:
            return self.moonlighting.by_test
        return self.memberships.in_two_at_sight

    @property
    def sizes(self) -> NDArray[np.intp]:
        """How many genes each module has, shape (R,); a gene of two modules counts in both."""
        second = np.where(self.in_two, self.second[0], -1) if self.moonlighting is None else self.moonlighting.second
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
    restarts: int = 10,
    seed: int = 0,
    threads: int,
    progress: Callable[[float], object] = lambda _: None,
) -> Analysis:
    """Return the modules of a matrix.

    Parameters
    ----------
    values : ndarray or sparse array
        Counts, shape (p, n), or similarities, shape (p, p).
    ranks : sequence of int
        Which to look at; the one that foretells entries held out best is used.
    symmetric : bool
        Whether V are similarities.
    restarts, seed, threads, progress
        As for `rank_survey`.

    Raises
    ------
    InputError
        The values or the ranks cannot be used.
    """
    survey = rank_survey(
        values, ranks, restarts=restarts, seed=seed, symmetric=symmetric, counts=not symmetric, threads=threads,
        progress=progress, **LOOKED_AT,
    )  # fmt: skip
    rough = survey.chosen.best
    if symmetric:
        best = fit_symmetric(observe_symmetric(values), rough.rank, start=halves(rough), **USED)
        return Analysis(survey, best, memberships(best), stability(best, survey.chosen.fits), None)
    observed = observe(values)
    best = fit(observed, rough.rank, start=(rough.modules, rough.usage), threads=threads, **USED)
    tested = moonlighting(observed, best)
    return Analysis(survey, best, memberships(best), stability(best, survey.chosen.fits), tested)
