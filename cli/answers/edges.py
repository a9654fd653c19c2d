"""Edges in text and in JSON: the rule, the order, and what stands beside them; the same words in every verb."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ...engine.choices import RATE
from ...engine.wording import counted
from .answer import TEXT_AND_ROWS, Note, caution

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ...analysis.chance import Evidence
    from ...analysis.ranking import Ranking
    from ...engine.choices import RankBy
    from ...engine.network.pairs.edge_rule import EdgeRule
    from ...engine.network.pairs.edges import Edges, Neighbors

SYMBOLS: dict[RankBy, str] = {"score": "score", "rho": "|ρ|", "clr": "clr"}
"""Of each order, the strength of a pair in sentences."""


def strength_columns(ranking: Ranking) -> Sequence[str]:
    """Return the names of the columns that stand beside ρ: the strength, where pairs are ranked by another."""
    return () if ranking.by == "rho" else (ranking.by,)


def extra_columns(ranking: Ranking, evidence: Evidence | None) -> Sequence[str]:
    """Return the names of the columns that stand behind ρ: the strength, and what the samples say."""
    return (*strength_columns(ranking), *(() if evidence is None else ("q", "origin")))


def with_extras(edges: Edges | Neighbors, ranking: Ranking, evidence: Evidence | None) -> Iterable[Sequence[object]]:
    """Return the rows of an answer, with the columns of `extra_columns` at their end."""
    extras: list[Iterable[object]] = [] if ranking.by == "rho" else [edges.strength.tolist()]
    if evidence is not None:
        extras += [[None if math.isnan(q) else q for q in evidence.q.tolist()], evidence.origins]
    return [(*row, *more) for row, *more in zip(edges, *extras, strict=True)] if extras else edges


def evidence_notes(edges: Edges | Neighbors, evidence: Evidence | None) -> list[Note]:
    """Return how many of the listed edges can be told from chance."""
    if evidence is None or not len(edges):
        return []
    called, samples = evidence.called(), counted(evidence.samples, "sample")
    if called:
        text = f"{called:,} of these {len(edges):,} have q ≤ {RATE:g}, by {samples}."
    else:
        text = f"No edge of these can be told from chance at q = {RATE:g} with {samples}."
    notes = [Note(text, TEXT_AND_ROWS)]
    if called and evidence.components:
        verb = "stands" if evidence.components == 1 else "stand"
        text = (
            f"{counted(evidence.components, 'principal component')} of the samples {verb} out, as batches and cell "
            "types do: pairs with a small q may be of them. `grn init --remove-pcs auto` makes a base without."
        )
        notes.append(caution(text, TEXT_AND_ROWS))
    return notes


def halves_notes(edges: Edges, shares: NDArray[np.float64] | None) -> list[Note]:
    """Return which share of the strongest edges two halves of the samples have in common."""
    if shares is None:
        return []
    number = int(edges.edge_rule.value)
    text = f"Two halves of the samples share {100 * float(shares.mean()):.3g} % of their {number:,} strongest edges"
    return [Note(f"{text} (mean of {counted(len(shares), 'split')}).", TEXT_AND_ROWS)]


def rule_json(rule: EdgeRule, threshold: float, ranking: Ranking) -> dict[str, Any]:
    """Return the rule of an answer as the JSON contract has it; `top` is there for that rule alone."""
    from ...analysis.ranking import rule_facts

    return rule_facts(rule, threshold, ranking)


def rule_notes(edges: Edges | Neighbors, where: str, ranking: Ranking) -> list[Note]:
    """Return what stands beside edges: their rule, or where there are none which options would give some."""
    if not len(edges) and edges.edge_rule.rule == "fdr":
        return [Note(f"No pair {where} can be told from chance at q = {edges.edge_rule.value:g}.", TEXT_AND_ROWS)]
    if not len(edges):
        return [Note(no_edges_text(edges.threshold, edges.max_abs, where, ranking.by), TEXT_AND_ROWS)]
    notes = [Note(_rule_text(edges, where, ranking.by), TEXT_AND_ROWS)]
    return notes if ranking.by == "rho" else [*notes, Note(order_text(ranking), TEXT_AND_ROWS)]


def _rule_text(edges: Edges | Neighbors, where: str, by: RankBy) -> str:
    """Return the rule of an answer: what it is, the strength it amounts to, and how many edges it gives."""
    number, least = counted(len(edges), "edge"), f"{SYMBOLS[by]} ≥ {edges.threshold:.4g}"
    rule = edges.edge_rule
    if rule.rule == "top":
        return f"{number}: the {min(int(rule.value), len(edges)):,} strongest {where}, {least}"
    if rule.rule == "fdr":
        return f"{number} {where} with q ≤ {rule.value:g}, ranked by {SYMBOLS[by]}"
    if rule.rule == "genes":
        return f"All {counted(len(edges), 'pair')} among {int(rule.value):,} genes {where}"
    return f"{number} {where} with {least}"


def order_text(ranking: Ranking) -> str:
    """Return what the strength of pairs is, where that is not ρ."""
    if not ranking.penalty and ranking.by == "score":
        return "The score is ρ itself: the base is shrunk by no less than an order of pairs asks for."
    if not ranking.penalty:
        return "clr is |ρ| against what the two genes have with all others, in standard deviations."
    score = f"ρ of Σ + {ranking.penalty:.4g} V, V the variances of the base"
    if ranking.by == "clr":
        return f"clr is the score ({score}) against what the two genes have with all others, in standard deviations."
    return f"The score is {score}: it puts pairs in order, and is no partial correlation of the version, which ρ is."


def no_edges_text(threshold: float, max_abs: float, where: str, by: RankBy = "rho") -> str:
    """Return why an answer has no edges, and which options would give some."""
    if max_abs == 0:
        return f"No pair of genes {where} has a partial correlation other than 0."
    return (
        f"No pair {where} reaches {SYMBOLS[by]} ≥ {threshold:g}: the strongest has {max_abs:.4g}. "
        f"Try --top 20, or --threshold {_below(max_abs)}."
    )


def _below(value: float) -> str:
    """Return a round number that is at most a value: two digits, cut off."""
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return f"{math.floor(0.9 * value / step) * step:.2g}"
