"""Edges and changes against NumPy alone: tiles of 512 × 1,024 in float64, none left out, with a running cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grnledger.engine.network.pairs import blocks
from threadpoolctl import threadpool_limits

from .. import pairs
from ..turns import medians
from .rows import Absence, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .rows import Effort

GOALS = {
    ("simulated, sparse loadings", "edges"): 20.0,
    ("simulated, all loadings alike", "edges"): 20.0,
    ("simulated, sparse loadings", "changes, prepared"): 500.0,
    ("simulated, all loadings alike", "changes, prepared"): 500.0,
    ("leukemia", "edges"): 2.0,
    ("leukemia", "changes, prepared"): 40.0,
}


def measure(effort: Effort) -> Iterator[Row | Absence]:
    """Yield the ratios of all questions, on one thread; answers must be the same pairs."""
    blocks.cores = lambda: 1
    cases = {
        title: lambda base=base: (*pairs.simulated_versions(base), None)
        for title, base in pairs.simulated_bases().items()
    }
    if (effort.data / "leukemia.tsv").exists():
        cases["leukemia"] = lambda: pairs.real_versions(effort.data)
    else:
        yield Absence("leukemia", f"{effort.data} has no leukemia.tsv")
    with threadpool_limits(1):
        for title, versions in cases.items():
            before, after, penalised = versions()
            for question, ways in pairs.questions(before, after, penalised):
                asked = {name: ways[name] for name in ("brute force", "tiles")}
                times, answers = medians(asked, effort.rounds)
                if any(pairs.differing(answers).values()):
                    raise SystemExit(f"{title}: {question} has other pairs than brute force.")
                short = question.replace(f", largest {pairs.CHANGES:,}", "").partition(", strongest")[0]
                yield Row(
                    question,
                    f"{title}, p = {len(before.panel):,}",
                    "NumPy tiles",
                    times["tiles"],
                    times["brute force"],
                    goal=GOALS.get((title, short)),
                )
