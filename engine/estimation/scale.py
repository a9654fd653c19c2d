"""The scale of expression values: counts, intensities, logarithms or standard scores, and what does not fit them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..choices import Scale, Transform
    from .expression import Expression

LARGEST_LOG = 30.0
"""Decimals that stay below are logarithms, whatever their spread."""

LARGEST_NARROW_LOG = 64.0
"""Largest logarithm to base 2 of an intensity; those of mass spectrometers reach 40."""

NARROW = 0.25
"""Logarithms of intensities lie above this share of the largest; intensities themselves spread over decades."""

EQUAL_SUMS = 1e-3
"""Largest relative difference of sample sums of values that were scaled to one sum, such as TPM."""

WHOLE_COUNTS = 0.2
"""Least share of whole numbers among small expected counts; one decimal leaves a tenth whole by chance."""

SUMS_OF_READS = (2e6, 2e8)
"""Sums of samples that are numbers of reads: FPKM and TPM sum to less, FPKM-UQ to more."""

UNEQUAL_LIBRARIES = 0.05
"""Least relative range of library sizes; those of normalised intensities are closer."""

NEAR_ZERO = 0.05
"""Largest size of the mean of a standardised gene, in its standard deviations."""


def are_logs(values: NDArray[np.float64]) -> bool:
    """Whether values look like logarithms: decimals that are small, or large but of a narrow range, or below zero.

    Parameters
    ----------
    values : ndarray of float64, shape (g, n)
        As read.

    Examples
    --------
    >>> are_logs(np.array([[2.3, 7.1]])), are_logs(np.array([[2.0, 7.0]])), are_logs(np.array([[2.3, 711.0]]))
    (True, False, False)
    >>> are_logs(np.array([[24.1, 36.5]])), are_logs(np.array([[0.3, 36.5]]))
    (True, False)
    """
    if values.size == 0:
        return False
    largest, smallest = float(values.max()), float(values.min())
    if largest >= LARGEST_NARROW_LOG or not (smallest < 0 or _share_of_decimals(values) > 0):
        return False
    return largest < LARGEST_LOG or float(np.quantile(values[values != 0], 0.05)) > NARROW * largest


def are_standardised(values: NDArray[np.float64]) -> bool:
    """Whether genes look standardised: some values lie below zero, and gene means are about zero."""
    if values.size == 0 or not values.min() < 0:
        return False
    spreads = values.std(axis=1)
    means = np.abs(values.mean(axis=1))
    return bool(np.median(means) <= NEAR_ZERO * max(float(np.median(spreads)), np.finfo(np.float64).tiny))


def check_counts(expression: Expression, scale: Scale) -> tuple[str, ...]:
    """Return a note where counts have decimals, and refuse values that cannot be counts.

    Decimals alone are no reason: expected counts of RSEM and salmon have them, but many of them, of the small ones
    above all, are whole, or samples sum to the numbers of reads that sequencers give
    (docs/decisions/0018-counts-with-decimals.md).

    Raises
    ------
    InputError
        The values are logarithms, shares of a common sum such as TPM, or decimals as FPKM and intensities are.
    """
    values = expression.values
    decimals = _share_of_decimals(values)
    if scale == "linear" or decimals == 0:
        return ()
    largest = float(values.max())
    if are_logs(values):
        raise InputError(
            f"These values cannot be counts: they have decimals and reach {largest:.4g}, as logarithms do.",
            code="logs-as-counts",
        )
    sums = values.sum(axis=0)
    middle, spread = float(np.median(sums)), float(np.ptp(sums)) / max(abs(float(sums.mean())), 1e-300)
    if len(sums) > 2 and spread <= EQUAL_SUMS:
        raise InputError(
            f"These values are not counts: every sample sums to {float(sums.mean()):,.0f}, as TPM and CPM do.",
            code="shares-as-counts",
        )
    whole = _share_of_whole_among_small(values)
    are_reads = SUMS_OF_READS[0] <= middle <= SUMS_OF_READS[1] and spread >= UNEQUAL_LIBRARIES
    has_zeros = np.count_nonzero(values) < values.size
    if values.min() >= 0 and whole < WHOLE_COUNTS and not (are_reads and has_zeros):
        raise InputError(
            f"These values may be FPKM, RPKM or intensities, and not counts: {_percent(decimals)} have decimals, only "
            f"{_percent(whole)} of the small ones from 1 up are whole, and samples sum to about {middle:,.0f}.",
            code="decimals-as-counts",
        )
    return (f"{_percent(decimals)} of the counts have decimals, as expected counts of RSEM and salmon do.",)


def refuse_second_logarithm(expression: Expression, transform: Transform, scale: Scale) -> None:
    """Refuse a logarithm of values that look like logarithms, or are said to be.

    Raises
    ------
    InputError
        Values below zero are left to the transform, which names them.
    """
    if transform == "none" or scale == "linear":
        return
    if scale == "log" or (are_logs(expression.values) and float(expression.values.min()) >= 0):
        reason = "are said to be logarithms" if scale == "log" else "look like logarithms"
        raise InputError(
            f"The values {reason} already (they have decimals and reach {float(expression.values.max()):.4g}), and "
            f"{transform} would take the logarithm a second time.",
            code="logs-of-logs",
        )


def _share_of_decimals(values: NDArray[np.float64]) -> float:
    return np.count_nonzero(values != np.floor(values)) / max(1, values.size)


def _share_of_whole_among_small(values: NDArray[np.float64]) -> float:
    """Return the share of whole numbers in the smaller half of the values from 1 up.

    Large ones say nothing: rounded to four digits, those above 1,000 are whole.
    """
    above = values[values >= 1]
    small = above[above <= np.median(above)] if above.size else above
    return 1 - _share_of_decimals(small) if small.size else 0.0


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
