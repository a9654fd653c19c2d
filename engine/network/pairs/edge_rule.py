"""The rule by which a pair of genes is an edge, and the strength that it amounts to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ...errors import InputError
from .strongest import ROUNDING

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_EDGES = 2_000_000
"""Largest number of edges in a list; more would need more memory than the network."""


@dataclass(frozen=True, slots=True)
class EdgeRule:
    """The rule by which a pair of genes is an edge.

    Parameters
    ----------
    rule : {"top", "threshold", "fdr", "genes"}
        `top`: the strongest pairs, `value` of them and any that tie with the last; `threshold`: |ρ| ≥ `value`; `fdr`:
        those that a test calls at a false discovery rate of `value`; `genes`: all pairs among `value` genes.
    value : float
        How many, or how strong.

    Raises
    ------
    InputError
        A number of edges below 1, a threshold outside (0, 1], or a rate outside (0, 1).
    """

    rule: Literal["top", "threshold", "fdr", "genes"]
    value: float

    def __post_init__(self) -> None:
        if self.rule == "top" and not (1 <= self.value < np.inf and self.value == int(self.value)):
            raise InputError(f"The number of strongest pairs is a whole number from 1 up, not {self.value:g}.")
        if self.rule == "threshold" and not 0 < self.value <= 1:
            raise InputError(
                f"A threshold on |ρ| lies above 0 and at most at 1, not at {self.value:.12g}.",
                code="threshold-out-of-range",
            )

        if self.rule == "fdr" and not 0 < self.value < 1:
            raise InputError(f"A false discovery rate lies between 0 and 1, not at {self.value:g}.")

    @staticmethod
    def of(threshold: float | None, top: int | None, default: int) -> EdgeRule:
        """Return the rule that one of two arguments defines, or the `default` strongest pairs when both are absent."""
        if threshold is not None and top is not None:
            raise InputError("Edges are chosen by a threshold or by a number of strongest pairs, not by both.")
        if threshold is not None:
            return EdgeRule("threshold", threshold)
        return EdgeRule("top", default if top is None else top)


def amounts_to(edge_rule: EdgeRule, magnitudes: NDArray[np.float64]) -> float:
    """Return the strength that a rule amounts to, given the magnitudes of the pairs that pass it."""
    if edge_rule.rule == "threshold":
        return float(edge_rule.value)
    return float(magnitudes.min()) if len(magnitudes) else 1.0


def most_pairs(edge_rule: EdgeRule, size: int) -> int:
    """Return the most pairs to collect: one more than may pass a threshold, so that an excess is noticed."""
    if edge_rule.rule == "threshold":
        return MOST_EDGES + 1
    most = min(int(edge_rule.value), size * (size - 1) // 2)
    if most > MOST_EDGES:
        raise InputError(f"More than {MOST_EDGES:,} edges are too many for a list, and {most:,} are asked for.")
    return most


def least_strength(edge_rule: EdgeRule) -> float:
    """Return the magnitude that an edge must exceed: just below the threshold, so that equality counts."""
    return float(np.nextafter(edge_rule.value, 0.0)) if edge_rule.rule == "threshold" else ROUNDING
