"""KL-NMF against scikit-learn's own, to the KL at which it stops by itself, from one random start."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from .rows import Absence, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .rows import Effort


def measure(effort: Effort) -> Iterator[Row | Absence]:
    """Yield the ratios; the peer runs once, ours is the median of many."""
    try:
        from ..nmf import speed
    except ImportError as error:
        yield Absence("scikit-learn", str(error))
        return
    goals = {"100x60": 220.0}
    for name in ("100x60",) if effort.quick else ("100x60", "500x300", "2000x500"):
        size = speed.SIZES[name]
        size = dataclasses.replace(size, cap=min(size.cap, 20_000) if effort.quick else size.cap)
        lines: list[dict[str, Any]] = []
        speed.Contest(name, size, size.counts(), 0, 1, lines.append).run(single=False)
        ours = next(line for line in lines if line["solver"] == "grnledger" and line["to"] == "scikit-learn's KL")
        for key, peer in (("ratio", "scikit-learn"), ("ratio_kept", speed.KEPT)):
            seconds = ours["seconds"]
            setting = f"{size.genes} × {size.samples}, R = {size.modules}"
            goal = goals.get(name) if key == "ratio" else None
            yield Row("KL-NMF to the peer's KL", setting, peer, seconds, ours[key] * seconds, "wall", goal)
