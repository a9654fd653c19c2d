"""What changed between two versions, as a value: a table of the largest changes, and both networks in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ...tabular import Table
from ..operators import bound_correlations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from ...choices import Order, RankBy
    from ..pairs.edge_rule import EdgeRule
    from ..panel import Panel

Change = Literal["gained", "lost", "sign_flipped", "stronger", "weaker"]
"""The change of a pair: across the threshold, across zero with a strength above it on both sides, or neither."""


STRENGTHS = ("strength_from", "strength_to")
"""The columns of the strength on either side."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A version's network in four numbers.

    Parameters
    ----------
    edges : int
        Pairs with a strength of at least the threshold.
    mean_abs, max_abs : float
        Mean and maximum of the strength over all pairs, without its sign: |ρ|, where versions are compared by ρ.
    density : float
        Edges over all pairs.
    mean_abs_error : float
        The standard error of the mean where it is that of a sample of pairs; 0 where it is over all of them.
    """

    edges: int
    mean_abs: float
    max_abs: float
    density: float
    mean_abs_error: float = 0.0


@dataclass(frozen=True, slots=True)
class Difference(Table):
    """What changed between two versions.

    Parameters
    ----------
    panel : Panel
        The genes that the indices refer to.
    edge_rule : EdgeRule
        The rule.
    threshold : float
        The strength that the rule amounts to, the same on both sides.
    counted_on : {"before", "after"}
        The side on which `top` counts the strongest pairs.
    before, after : Summary
        Both networks.
    gained, lost, sign_flipped : int
        Edges of the second side only, of the first only, of both with opposite signs.
    pairs : ndarray of intp, shape (C, 2)
        The largest changes, largest first, ties in panel order.
    rho : ndarray of float64, shape (C, 2)
        ρ before and after.
    strength : ndarray of float64, shape (C, 2)
        What decides on edges and changes, before and after: `rho` itself where nothing else does.
    by : {"rho", "abs"}
        Whether they are the largest changes of the strength with its sign, or without.
    names : (str, str)
        The names of both versions; may be empty.
    measure : {"score", "rho", "clr"}
        What the strength is.
    """

    panel: Panel
    edge_rule: EdgeRule
    threshold: float
    counted_on: Literal["before", "after"]
    before: Summary
    after: Summary
    gained: int
    lost: int
    sign_flipped: int
    pairs: NDArray[np.intp]
    rho: NDArray[np.float64]
    strength: NDArray[np.float64]
    by: Order = "rho"
    names: tuple[str, str] = ("", "")
    measure: RankBy = "rho"

    def __post_init__(self) -> None:
        bound_correlations(self)

    def __repr__(self) -> str:
        symbol = "|ρ|" if self.strength is self.rho else "strength"
        return f"<Difference at {symbol} ≥ {self.threshold:.4g}: {self.gained:,} gained, {self.lost:,} lost>"

    def __iter__(self) -> Iterator[tuple[str, str, float, float, Change]]:
        """Yield (gene_a, gene_b, ρ before, ρ after, change), largest change first."""
        first, second = (self.panel.names(self.pairs[:, side]) for side in (0, 1))
        rows = zip(first, second, self.rho.tolist(), self.strength.tolist(), strict=True)
        for left, right, (before, after), strengths in rows:
            yield left, right, before, after, self._change(*strengths)

    def __len__(self) -> int:
        """How many changes are listed."""
        return len(self.pairs)

    def columns(self) -> dict[str, Sequence[Any]]:
        """Return the listed changes: genes, ρ on both sides, the change of ρ and of |ρ|, and what became of the pair.

        Where another strength than ρ decides, that of either side is `strength_from` and `strength_to`.
        """
        rows = list(self)
        before, after = self.rho.T
        strengths = {} if self.strength is self.rho else dict(zip(STRENGTHS, self.strength.T.tolist(), strict=True))
        return {
            "gene_a": [row[0] for row in rows],
            "gene_b": [row[1] for row in rows],
            "rho_from": before.tolist(),
            "rho_to": after.tolist(),
            "delta": (after - before).tolist(),
            "delta_abs": (np.abs(after) - np.abs(before)).tolist(),
            "change": [row[4] for row in rows],
            **strengths,
        }

    def _change(self, before: float, after: float) -> Change:
        was, is_now = abs(before) >= self.threshold, abs(after) >= self.threshold
        if was and is_now and before * after < 0:
            return "sign_flipped"
        if was != is_now:
            return "gained" if is_now else "lost"
        return "stronger" if abs(after) > abs(before) else "weaker"
