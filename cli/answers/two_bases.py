"""What two versions stand on, and which of their differences can be told from chance where that is two bases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...analysis.comparison.versions import Bases, ListedChange

COLUMNS = ("expected", "z", "q", "verdict")
"""The columns of a difference that is judged, behind those of any."""

VERDICTS = ("not distinguishable", "distinguishable")


def rows_of(changes: Sequence[ListedChange], bases: Bases) -> tuple[Sequence[str], list[tuple[Any, ...]]]:
    """Return the names of columns behind those of any difference, and all rows."""
    rows = [
        (
            change.gene_a,
            change.gene_b,
            change.before,
            change.after,
            change.delta,
            change.delta_abs,
            change.change,
        )
        for change in changes
    ]
    if bases.called() is None:
        return (), rows
    judged = [(change.expected, change.z, change.q, VERDICTS[bool(change.is_called)]) for change in changes]
    return COLUMNS, [(*row, *more) for row, more in zip(rows, judged, strict=True)]


def bases_json(bases: Bases) -> dict[str, Any]:
    """Return what both sides were estimated from, and how many differences can be told from chance."""
    from ...engine.inference.base_differences import RATE

    judgement = bases.judgement
    judged = None if judgement is None else judgement.differences
    return {
        "bases": {
            side: {
                "base": base.id,
                "estimator": base.record.estimator,
                "samples": base.record.samples,
                "lambda": base.shrinkage,
            }
            for side, base in (("from", bases.before), ("to", bases.after))
        },
        "intensity": bases.intensity,
        "judged": None if judged is None else {"pairs": len(judged), "distinguishable": bases.called(), "rate": RATE},
        "not_judged": judgement.why_not if judgement is not None and judged is None else None,
    }
