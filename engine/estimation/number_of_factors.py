"""The number of factors: that which predicts held-out samples best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..wording import counted
from .expression import centred, is_constant, variances
from .factor_likelihood import correlation_root, fit_factors, log_density
from .recorded_notes import NO_FACTOR_HELPS

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 5
"""Number of parts that the samples are split into."""

FOLD_SEED = 0
"""Seed of the split into folds."""

MOST_FACTORS = 20
"""Largest number of factors that is tried."""

TRIMMED_SHARE = 0.1
"""Share of samples left out at either end of a trimmed mean over samples."""


def held_out_gains(
    values: NDArray[np.float64], *, lower: float, tolerance: float, max_iterations: int
) -> NDArray[np.float64]:
    """Return what K = 0, 1, 2, … factors gain over none in the log density of samples held out, in nats.

    The samples are split into five parts by a fixed seed; each part is scored under models fitted to the other four,
    on their means and standard deviations. It ends after two falls in a row of the trimmed mean, or at the largest K
    worth trying.

    Parameters
    ----------
    values : ndarray of float64, shape (p, n)
        Genes by samples; n ≥ 10, no gene constant.
    lower, tolerance, max_iterations
        As in `factor_analysis`. A fit that ran out of iterations is scored as it is.

    Returns
    -------
    ndarray of float64, shape (tried, n)
        One row for each K tried, one number a sample; the first row is zero.

    Raises
    ------
    InputError
        There are fewer than ten samples.
    """
    genes, samples = values.shape
    if samples < 2 * FOLDS:
        raise InputError(
            f"Choosing the number of factors needs at least {2 * FOLDS} samples; there are {samples}.",
            code="too-few-samples-to-choose",
        )
    parts = [(held, *_split(values, held)) for held in _folds(samples)]
    densities: list[NDArray[np.float64]] = []
    curve: list[float] = []
    for factors in range(_most_factors(genes, samples) + 1):
        density = np.empty(samples)
        for held, root, new in parts:
            fit = fit_factors(root, factors, lower=lower, tolerance=tolerance, max_iterations=max_iterations)
            density[held] = log_density(fit, new)
        densities.append(density)
        curve.append(trimmed_mean(density - densities[0]))
        if len(curve) > 2 and curve[-1] < curve[-2] < curve[-3]:
            break
    return np.stack(densities) - densities[0]


def trimmed_mean(gains: NDArray[np.float64]) -> float:
    """Return the mean of a gain over samples without the tenth at either end.

    One array unlike all others costs a Gaussian model any number of nats, and would decide alone: of the 48 samples of
    a leukemia study (7,979 genes) one costs two factors 72,000 nats, while 42 of the others gain up to 2,700 each.

    Parameters
    ----------
    gains : ndarray of float64, shape (n,)
        One number a sample.

    Examples
    --------
    >>> trimmed_mean(np.array([3.0, 2.0, 3.0, 4.0, 3.0, 2.0, 4.0, 3.0, 4.0, -1000.0]))
    3.0
    """
    cut = int(TRIMMED_SHARE * len(gains))
    return float(np.mean(np.sort(gains)[cut : len(gains) - cut]))


def best_number(gains: NDArray[np.float64]) -> tuple[int, tuple[str, ...]]:
    """Return the number of factors that gains most, and the sentences that describe the choice.

    Parameters
    ----------
    gains : ndarray of float64, shape (tried, n)
        From `held_out_gains`.

    Returns
    -------
    tuple of int and tuple of str
        K ≥ 0, the first of ties, and the notes.
    """
    curve = [trimmed_mean(row) for row in gains]
    best = int(np.argmax(curve))
    if len(curve) == 1:
        return best, ("No factor was tried: there are too few genes for one.",)
    listed = ", ".join(f"{factors}: {gain:+,.1f}" for factors, gain in enumerate(curve) if factors)
    most = ", the most that was tried," if best == len(curve) - 1 else ""
    how = f"{counted(best, 'factor')}{most} chosen by held-out log likelihood in {FOLDS} folds"
    notes = [f"{how}; gain over none, in nats a sample, less a tenth of the samples at either end: {listed}."]
    if best == 0:
        notes.append(NO_FACTOR_HELPS)
    row = gains[best]
    if best > 0 and row.mean() < 0:
        notes.append(
            f"Sample number {int(np.argmin(row)) + 1} of {len(row)} is unlike the others: with it, the gain of "
            f"{counted(best, 'factor')} is {row.mean():+,.1f} on average."
        )
    return best, tuple(notes)


def _folds(samples: int) -> list[NDArray[np.intp]]:
    """Return the indices of the samples of each fold; the legacy generator always gives the same ones (NEP 19)."""
    order = np.random.RandomState(FOLD_SEED).permutation(samples).astype(np.intp)
    return np.array_split(order, FOLDS)


def _split(values: NDArray[np.float64], held: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the root of the other samples' correlations, and the scores of those held out.

    Genes that are constant in the other samples are left out: a model fitted to them knows nothing of these genes.
    """
    known = np.delete(values, held, axis=1)
    varying = ~is_constant(known)
    known, new = known[varying], values[varying][:, held]
    deviation = np.sqrt(variances(known))[:, np.newaxis]
    return correlation_root(centred(known) / deviation), (new - known.mean(axis=1, keepdims=True)) / deviation


def _most_factors(genes: int, samples: int) -> int:
    """Return the largest K worth trying: a third of the samples, and no more than the genes identify.

    K factors are identified while (p−K)² ≥ p + K (Ledermann, Psychometrika 2 (1937)).
    """
    most = min(MOST_FACTORS, samples // 3, genes - 1)
    return max(factors for factors in range(most + 1) if factors == 0 or (genes - factors) ** 2 >= genes + factors)
