"""False discoveries among many tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def adjusted(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Benjamini and Hochberg's q of each p-value (1995, J. R. Stat. Soc. B 57, 289–300)."""
    number = len(p_values)
    order = np.argsort(p_values)[::-1]
    scaled = p_values[order] * number / np.arange(number, 0, -1)
    adjusted = np.empty(number)
    adjusted[order] = np.minimum.accumulate(scaled) if number else scaled
    return np.minimum(adjusted, 1.0)
