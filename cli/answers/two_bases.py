"""What two versions stand on, and which of their differences can be told from chance where that is two bases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...analysis.comparison.version_difference import Bases


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
