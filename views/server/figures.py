"""Figures as pages have them: an address each, from which the browser asks for them once the page is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from ...engine.errors import InputError
from ..page.figures import OF_A_RANGE
from ..plot.kinds import KINDS
from ..plot.style import import_matplotlib

if TYPE_CHECKING:
    from ...analysis.report.report import Report
    from ...analysis.trace import Trace

DRAWN = ("network-changes",)
"""Kinds that the page itself draws already."""

FIGURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
"""The policy of a figure that is looked at by itself: it has styles, and nothing that runs."""


@dataclass(frozen=True, slots=True)
class AskedFigure:
    """A figure that a page has by its address: its kind, and a line on what it shows."""

    kind: str
    caption: str


def figures_of_range(report: Report) -> list[tuple[AskedFigure, str]]:
    """Return the figures of a report, each with its address; none where they cannot be drawn."""
    if report.before is None or not report.changes or not _can_draw():
        return []
    return [
        (AskedFigure(kind, KINDS[kind].caption), _address(kind, report.before.name, report.after.name))
        for kind in OF_A_RANGE
        if kind in KINDS and kind not in DRAWN
    ]


def trace_address(trace: Trace) -> str | None:
    """Return the address of the figure of an edge through versions; none where it cannot be drawn."""
    if len(trace.points) < 2 or not _can_draw():
        return None
    first, last = trace.points[0].version.name, trace.points[-1].version.name
    return _address("trace", first, last, trace.gene_a, trace.gene_b)


def _address(kind: str, before: str, after: str, *genes: str) -> str:
    query = [("kind", kind), ("from", before), ("to", after), *(("gene", gene) for gene in genes)]
    return f"/figure?{urlencode(query, quote_via=quote, safe='')}"


def _can_draw() -> bool:
    try:
        import_matplotlib()
    except InputError:
        return False
    return True
