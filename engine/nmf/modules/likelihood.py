"""The Poisson log likelihood of a rank, from fits that are run to convergence and agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...mapping import Sequential
from ..solvers.solver import fit, fit_each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..solvers.factorization import Factorization
    from ..solvers.observed import Observed

FINISHED_FIT: dict[str, Any] = {"tolerance": 1e-7, "most_sweeps": 1_000}
"""Tolerance and most sweeps of the fits that a likelihood comes from."""

STARTS = 20
"""Number of starts that a likelihood is the best of."""

FINALISTS, AGREEMENT = 3, 1e-4
"""Number of the best fits that are run to convergence; relative difference within which two divergences agree."""


def log_likelihood(values: Any, divergence: float) -> float:
    """Return Σ v log x − x over what is observed: the log likelihood of Poisson counts less its term log V!.

    Parameters
    ----------
    values : ndarray or sparse array, shape (p, n)
        V; NaN is missing.
    divergence : float
        D of the fit, in units of V.
    """
    counts = values.data if hasattr(values, "tocsr") else np.asarray(values, dtype=np.float64).ravel()
    positive = counts[counts > 0.0]  # NaN is not
    return float(np.sum(positive * np.log(positive) - positive)) - divergence


def least_divergence(observed: Observed, fits: Sequence[Factorization], seed: int, **options: Any) -> float:
    """Return the least divergence of a rank, in units of V; NaN where it is not known.

    Parameters
    ----------
    observed : Observed
        V, shape (p, n).
    fits : sequence of Factorization
        Fits of one rank from consecutive seeds, which may have ended early.
    seed : int
        The first of these seeds.
    options
        Arguments of `fit` that the fits were made with.

    Notes
    -----
    It is known where the best fits converge when they are run further and two of them agree, first among those
    given, then among as many as `STARTS`. A rank with more modules than there are has many optima, which take
    thousands of sweeps: there no likelihood is known. Of less than half as many fits as `STARTS`, none is either: more
    starts are not made than were asked for twice.
    """
    divergence = _agreed_divergence(observed, fits)
    if np.isnan(divergence) or 2 * len(fits) < STARTS:
        return float("nan")
    seeds = range(seed + len(fits), seed + STARTS)
    others = fit_each(observed, fits[0].rank, seeds, mapper=Sequential(), **options)
    return _agreed_divergence(observed, [*fits, *others])


def _agreed_divergence(observed: Observed, fits: Sequence[Factorization]) -> float:
    """Return the least divergence of the best fits, run to convergence; NaN unless the least two agree."""
    divergences: list[float] = []
    for rough in sorted(fits, key=lambda rough: rough.divergence)[:FINALISTS]:
        finished = fit(observed, rough.rank, start=(rough.modules, rough.usage), threads=1, **FINISHED_FIT)
        if not finished.converged:
            break
        divergences.append(finished.divergence)
    divergences.sort()
    agree = len(divergences) > 1 and divergences[1] <= (1.0 + AGREEMENT) * divergences[0]
    return divergences[0] if agree else float("nan")
