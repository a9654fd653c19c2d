"""Interpolation at Chebyshev nodes, of many functions at once: values at any point, and where each is greatest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEPS = 12
"""Of Newton's method from the best of a fine grid; four are needed."""


def nodes(low: float, high: float, number: int) -> NDArray[np.float64]:
    """Return the Chebyshev nodes of an interval, shape (g,), ascending."""
    return (low + high) / 2 + (high - low) / 2 * np.cos(_angles(number))


def coefficients(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Chebyshev coefficients of functions by their values at the nodes, shape (m, g) of either."""
    number = values.shape[1]
    orders: NDArray[np.float64] = np.arange(number, dtype=np.float64)
    basis: NDArray[np.float64] = np.cos(_angles(number)[:, None] * orders) * (2.0 / number)
    basis[:, 0] /= 2.0
    return values @ basis


def greatest(series: NDArray[np.float64], grid: int = 4) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return where in [−1, 1] each function is greatest, shape (m,), and whether that is at an end.

    Parameters
    ----------
    series : ndarray of float64, shape (m, g)
        Chebyshev coefficients.
    grid : int
        So many times g points are looked at first.
    """
    number = series.shape[1]
    points = np.cos(np.linspace(np.pi, 0.0, grid * number))
    at = np.argmax(series @ _basis(points, number).T, axis=1)
    low, high = points[np.maximum(at - 1, 0)], points[np.minimum(at + 1, len(points) - 1)]
    first, second = _derivative(series), _derivative(_derivative(series))
    found = points[at].copy()
    for _ in range(STEPS):
        slope, curvature = evaluated(first, found), evaluated(second, found)
        with np.errstate(divide="ignore", invalid="ignore"):
            following = np.where(curvature < 0, found - slope / curvature, np.where(slope > 0, high, low))
        following = np.clip(following, low, high)
        if np.all(np.abs(following - found) < 1e-13):
            break
        found = following
    return found, (found <= -1.0 + 1e-9) | (found >= 1.0 - 1e-9)


def evaluated(series: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each function at a point of its own in [−1, 1], shape (m,), by Clenshaw's recurrence."""
    later = np.zeros(len(series))
    latest = np.zeros(len(series))
    for column in range(series.shape[1] - 1, 0, -1):
        latest, later = series[:, column] + 2.0 * points * latest - later, latest
    return series[:, 0] + points * latest - later


def _angles(number: int) -> NDArray[np.float64]:
    """Return the angles of the nodes, largest first."""
    places = np.arange(number, dtype=np.float64)[::-1]
    return (2.0 * places + 1.0) * np.pi / (2.0 * number)


def _basis(points: NDArray[np.float64], number: int) -> NDArray[np.float64]:
    return np.cos(np.outer(np.arccos(points), np.arange(number)))


def _derivative(series: NDArray[np.float64]) -> NDArray[np.float64]:
    number = series.shape[1]
    answer = np.zeros_like(series)
    for column in range(number - 1, 0, -1):
        above = answer[:, column + 1] if column + 1 < number else 0.0
        answer[:, column - 1] = above + 2.0 * column * series[:, column]
    answer[:, 0] /= 2.0
    return answer
