"""The history of a report as lines and dots in lanes, beside a line of text a version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...analysis.history_graph import HistoryEdge, HistoryGraph

ROW, LANE = 52, 20
"""Height of a row and width of a lane, in units of which sixteen are one letter high (`rem`)."""
LANES = 6
"""Lanes that differ in colour, in turn."""


@dataclass(frozen=True, slots=True)
class DrawnHistory:
    """A history as the page draws it.

    Parameters
    ----------
    width, height : int
        In units.
    rem : float
        The height in letters.
    dots : tuple of (int, int, int)
        Of each version its position, and the number of the colour of its lane.
    lines : tuple of (str, int)
        Of each edge its path, and the number of its colour.
    """

    width: int
    height: int
    rem: float
    dots: tuple[tuple[int, int, int], ...]
    lines: tuple[tuple[str, int], ...]


def draw_history(graph: HistoryGraph) -> DrawnHistory:
    """Return the drawing of a history, newest version on top."""
    rows = len(graph.versions)
    return DrawnHistory(
        graph.width * LANE,
        rows * ROW,
        rows * ROW / 16,
        tuple((_x(lane), _y(row), lane % LANES) for row, lane in enumerate(graph.lanes)),
        tuple((_path(graph, edge), edge.lane % LANES) for edge in graph.edges),
    )


def _path(graph: HistoryGraph, edge: HistoryEdge) -> str:
    """Return the path from a child into the lane of an edge, down it, and to the parent."""
    child, parent, lane = _x(graph.lanes[edge.child]), _x(graph.lanes[edge.parent]), _x(edge.lane)
    top, bottom = _y(edge.child), _y(edge.parent)
    begin = f"M{child} {top}"
    if edge.parent == edge.child + 1:
        return begin + _across(child, parent, top)
    return begin + _across(child, lane, top) + f"V{bottom - ROW}" + _across(lane, parent, bottom - ROW)


def _across(left: int, right: int, top: int) -> str:
    """Return a line one row down, from one lane to another or straight."""
    middle, bottom = top + ROW // 2, top + ROW
    return f"V{bottom}" if left == right else f"C{left} {middle} {right} {middle} {right} {bottom}"


def _x(lane: int) -> int:
    return LANE // 2 + lane * LANE


def _y(row: int) -> int:
    return ROW // 2 + row * ROW
