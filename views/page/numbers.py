"""Numbers as the page has them: in a column as many decimals as its largest value needs, rates in two digits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MISSING = "–"
"""What stands where there is no number."""


def column_texts(values: Sequence[float | None]) -> list[str]:
    """Return the values of a column, with as many decimals as give the largest four digits or five.

    Examples
    --------
    >>> column_texts([0.0089, -0.00008, None])
    ['0.008900', '-0.000080', '–']
    """
    decimals = _decimals(values)
    return [MISSING if value is None or not math.isfinite(value) else f"{value:.{decimals}f}" for value in values]


def rate_text(value: float | None) -> str:
    """Return a p-value or a false discovery rate in two digits.

    Examples
    --------
    >>> [rate_text(value) for value in (0.2, 0.01437, 0.000102, 3e-7, None)]
    ['0.20', '0.014', '0.00010', '3e-07', '–']
    """
    if value is None or not math.isfinite(value):
        return MISSING
    if 0 < value < 1e-4:
        return f"{value:.0e}"
    return f"{value:.{1 - math.floor(math.log10(value)) if 0 < value < 1 else 1}f}"


def fact_text(value: object) -> str:
    """Return a fact: numbers in seven digits or with commas, truth as yes and no, lists with commas."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.7g}" if math.isfinite(value) else MISSING
    return MISSING if value is None else str(value)


def _decimals(values: Iterable[float | None]) -> int:
    largest = max((abs(value) for value in values if value is not None and math.isfinite(value)), default=0.0)
    return min(max(3 - math.floor(math.log10(largest / 2)), 0), 9) if largest else 0
