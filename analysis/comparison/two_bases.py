"""Two bases in words: what each was estimated from, and which of their differences can be told from chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...engine.inference.base_differences import RATE
from ...engine.wording import counted
from ...storage.networks.bases import describe_base

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .version_difference import Bases


def describe_bases(bases: Bases, names: Sequence[str]) -> list[str]:
    """Return a line on the base of each side, where they are two: how it was estimated, n and λ."""
    if bases.before.id == bases.after.id:
        return []
    lines = [
        f"{name} is on {describe_base(base.record)}."
        for name, base in zip(names, (bases.before, bases.after), strict=True)
    ]
    return lines if bases.intensity is None else [*lines, f"Both are read at λ = {bases.intensity:.3g}."]


def verdict(bases: Bases) -> list[str]:
    """Return how many differences can be told from chance, or why that is not known."""
    judgement = bases.judgement
    if judgement is None:
        return []
    if (judged := judgement.differences) is None:
        explained = "Two bases of one truth differ by their n and λ alone"
        return [f"Not judged: {judgement.why_not}. {explained}: no difference here says that the conditions differ."]
    number = f"{counted(len(judged), 'difference')} among the strongest pairs"
    null = "two bases of one truth with such n and λ"
    if called := bases.called():
        rate = f"q ≤ {RATE:g}, with 95 % confidence"
        return [
            f"{called:,} of {number} can be told from chance ({rate}); the others are not distinguishable from {null}."
        ]
    return [f"None of {number} can be told from chance at q = {RATE:g}: not distinguishable from {null}."]
