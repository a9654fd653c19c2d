"""Factor analysis: a factor base by maximum likelihood, with a fixed or a chosen number of factors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError, NotConverged
from ..network.covariance import FactorCovariance
from ..wording import counted
from .estimators import Estimate
from .expression import centred, variances
from .factor_likelihood import FactorFit, correlation_root, fit_factors
from .number_of_factors import best_number, held_out_gains
from .shrinkage import refuse_constant

if TYPE_CHECKING:
    from numpy.typing import NDArray


def factor_analysis(
    values: NDArray[np.float64],
    factors: int | None = None,
    *,
    lower: float = 0.005,
    tolerance: float = 1e-5,
    max_iterations: int = 1000,
) -> Estimate:
    """Return the factor base of greatest likelihood: K factors, and a specific variance of each gene.

    Parameters
    ----------
    values : ndarray of float64, shape (p, n)
        Genes by samples, in the units the base is to have; no gene constant.
    factors : int, optional
        K; chosen by held-out likelihood when absent.
    lower : float
        The least specific share of a gene's variance, 0 to 1. Without it the likelihood can grow without limit on a
        gene that the factors explain wholly (a Heywood case). The notes have the number of genes at this bound.
    tolerance : float
        How far the modelled variance of a gene may be from its empirical one, relative to its specific variance.
    max_iterations : int
        The largest number of iterations.

    Returns
    -------
    Estimate
        With a `FactorCovariance` in the units of `values`, F = I; the notes say how K was chosen.

    Raises
    ------
    InputError
        Too few samples, a constant gene, or an argument out of range.
    NotConverged
        The tolerance was not met.

    Notes
    -----
    Maximum likelihood on the correlations (Lawley and Maxwell, Factor Analysis as a Statistical Method, 1971); see
    `fit_factors`. The likelihood has one maximum up to rotation almost always, not always. O(pn min(p, n)) an
    iteration, never p × p while p > n.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values = np.outer(np.ones(30), rng.standard_normal(40)) + rng.standard_normal((30, 40))
    >>> factor_analysis(values).base.loadings.shape
    (30, 1)
    """
    deviations = centred(values)
    refuse_constant(values, "factor")
    _check_arguments(len(values), deviations.shape[1], factors, lower)
    deviation = np.sqrt(variances(values))[:, np.newaxis]
    scores = deviations / deviation
    notes: tuple[str, ...] = ()
    if factors is None:
        gains = held_out_gains(values, lower=lower, tolerance=tolerance, max_iterations=max_iterations)
        factors, notes = best_number(gains)
    root = correlation_root(scores)
    fit = fit_factors(root, factors, lower=lower, tolerance=tolerance, max_iterations=max_iterations)
    if fit.gradient > tolerance:
        raise _not_converged(fit, factors, tolerance)
    base = FactorCovariance(fit.uniquenesses * variances(values), _fix_signs(fit.loadings) * deviation)
    notes = (*notes, *_fit_notes(fit, factors, lower))
    return Estimate(base, deviations.shape[1], notes=notes)


def _fix_signs(loadings: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return loadings with the largest of each factor positive: the likelihood does not know the sign."""
    if loadings.size == 0:
        return loadings
    largest = np.argmax(np.abs(loadings), axis=0)
    return loadings * np.where(loadings[largest, np.arange(loadings.shape[1])] < 0, -1.0, 1.0)


def _check_arguments(genes: int, samples: int, factors: int | None, lower: float) -> None:
    most = min(genes, samples - 1) - 1
    if factors is not None and not 0 <= factors <= most:
        raise InputError(
            f"{factors} factors cannot be fitted to {counted(genes, 'gene')} in {samples:,} samples.",
            code="factors-out-of-range",
            facts={"most": most},
        )
    if not 0.0 < lower < 1.0:
        raise InputError(f"The least uniqueness lies between 0 and 1, and is not {lower:g}.")


def _not_converged(fit: FactorFit, factors: int, tolerance: float) -> NotConverged:
    return NotConverged(
        f"{counted(factors, 'factor')} did not converge in {counted(fit.iterations, 'iteration')}: the variance of a "
        f"gene is still off by {fit.gradient:.2g} of its own share, and {tolerance:.2g} was asked; the log likelihood "
        f"had come to {fit.log_likelihood():,.3f} nats a sample.",
        code="factors-not-converged",
    )


def _fit_notes(fit: FactorFit, factors: int, lower: float) -> list[str]:
    """Return sentences on how the fit went: what it reached, factors that are idle, genes at the bound."""
    reached = f"{fit.log_likelihood():,.3f} nats a sample on the standardised scale"
    notes = [
        f"Log likelihood with {counted(factors, 'factor')} {reached}, after {counted(fit.iterations, 'iteration')}."
    ]
    idle = factors - fit.loadings.shape[1]
    if idle:
        notes.append(f"{idle} of {counted(factors, 'factor')} explain nothing more and were left out.")
    held = int(np.count_nonzero(fit.uniquenesses <= lower))
    if held:
        notes.append(
            f"{held:,} of {counted(len(fit.uniquenesses), 'gene')} {'lies' if held == 1 else 'lie'} at the least "
            f"uniqueness of {lower:g}: the factors explain them wholly, as happens to genes seen in one sample only."
        )
    return notes
