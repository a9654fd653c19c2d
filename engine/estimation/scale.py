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
"""Largest value that may be a logarithm to base 2 of a count or an intensity."""

EQUAL_SUMS = 1e-3
"""Largest relative difference of sample sums of values that were scaled to one sum, such as TPM."""


def are_logs(values: NDArray[np.float64]) -> bool:
    """Whether values look like logarithms: some below zero, or decimals that all are small.

    Parameters
    ----------
    values : ndarray of float64, shape (g, n)
        As read.

    Examples
    --------
    >>> are_logs(np.array([[2.3, 7.1]])), are_logs(np.array([[2.0, 7.0]])), are_logs(np.array([[2.3, 711.0]]))
    (True, False, False)
    """
    if values.size == 0 or float(values.max()) >= LARGEST_LOG:
        return False
    return bool(values.min() < 0 or _share_of_decimals(values) > 0)


def are_standardised(values: NDArray[np.float64]) -> bool:
    """Whether genes look standardised: some values lie below zero, and gene means are about zero."""
    if values.size == 0 or not values.min() < 0:
        return False
    spreads = values.std(axis=1)
    means = np.abs(values.mean(axis=1))
    return bool(np.median(means) <= 0.05 * max(float(np.median(spreads)), np.finfo(np.float64).tiny))


def refuse_no_counts(expression: Expression, scale: Scale) -> None:
    """Refuse values that cannot be counts: logarithms, or shares of a common sum such as TPM.

    Decimals alone are no reason: expected counts of RSEM and salmon have them.

    Raises
    ------
    InputError
        The values cannot be counts.
    """
    values = expression.values
    if scale == "linear" or _share_of_decimals(values) == 0:
        return
    largest = float(values.max())
    if are_logs(values):
        raise InputError(
            f"These values cannot be counts: they have decimals and reach {largest:.4g}, as logarithms do.",
            code="logs-as-counts",
        )
    sums = values.sum(axis=0)
    if len(sums) > 2 and np.ptp(sums) <= EQUAL_SUMS * abs(float(sums.mean())):
        raise InputError(
            f"These values are not counts: every sample sums to {float(sums.mean()):,.0f}, as TPM and CPM do.",
            code="shares-as-counts",
        )


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
