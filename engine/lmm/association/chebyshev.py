"""Interpolation at Chebyshev nodes of many functions at once: values at any point, and maxima."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEPS = 12
"""Most steps of Newton's method from the best point of a fine grid; four are needed."""


def nodes(low: float, high: float, number: int) -> NDArray[np.float64]:
    """Return the Chebyshev nodes of an interval, shape (g,), ascending."""
    return (low + high) / 2 + (high - low) / 2 * np.cos(_angles(number))


def coefficients(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Chebyshev coefficients of functions from their values at the nodes, both of shape (m, g)."""
    number = values.shape[1]
    orders: NDArray[np.float64] = np.arange(number, dtype=np.float64)
    basis: NDArray[np.float64] = np.cos(_angles(number)[:, None] * orders) * (2.0 / number)
    basis[:, 0] /= 2.0
    return values @ basis


def maximise(series: NDArray[np.float64], density: int = 4) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the point in [−1, 1] where each function is greatest, shape (m,), and whether it is an end.

    Parameters
    ----------
    series : ndarray of float64, shape (m, g)
        Chebyshev coefficients.
    density : int
        The grid has `density` times g points.
    """
    number = series.shape[1]
    grid_points = np.cos(np.linspace(np.pi, 0.0, density * number))
    index = np.argmax(series @ _basis(grid_points, number).T, axis=1)
    low, high = grid_points[np.maximum(index - 1, 0)], grid_points[np.minimum(index + 1, len(grid_points) - 1)]
    first, second = _derivative(series), _derivative(_derivative(series))
    points = grid_points[index].copy()
    for _ in range(STEPS):
        slope, curvature = evaluate(first, points), evaluate(second, points)
        with np.errstate(divide="ignore", invalid="ignore"):
            next_points = np.where(curvature < 0, points - slope / curvature, np.where(slope > 0, high, low))
        next_points = np.clip(next_points, low, high)
        if np.all(np.abs(next_points - points) < 1e-13):
            break
        points = next_points
    return points, (points <= -1.0 + 1e-9) | (points >= 1.0 - 1e-9)


def evaluate(series: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the value of each function at its own point in [−1, 1], shape (m,), by Clenshaw's recurrence."""
    later = np.zeros(len(series))
    latest = np.zeros(len(series))
    for column in range(series.shape[1] - 1, 0, -1):
        latest, later = series[:, column] + 2.0 * points * latest - later, latest
    return series[:, 0] + points * latest - later


def _angles(number: int) -> NDArray[np.float64]:
    """Return the angles of the nodes, largest first."""
    orders = np.arange(number, dtype=np.float64)[::-1]
    return (2.0 * orders + 1.0) * np.pi / (2.0 * number)


def _basis(points: NDArray[np.float64], number: int) -> NDArray[np.float64]:
    return np.cos(np.outer(np.arccos(points), np.arange(number)))


def _derivative(series: NDArray[np.float64]) -> NDArray[np.float64]:
    number = series.shape[1]
    derivative = np.zeros_like(series)
    for column in range(number - 1, 0, -1):
        above = derivative[:, column + 1] if column + 1 < number else 0.0
        derivative[:, column - 1] = above + 2.0 * column * series[:, column]
    derivative[:, 0] /= 2.0
    return derivative
