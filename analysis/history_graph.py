"""History as a graph: a lane for each version and each line of descent, for whoever draws it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..storage.history.versions import Version


@dataclass(frozen=True, slots=True)
class HistoryEdge:
    """The line from a version to a parent: it goes to its lane below the child, down, and to the parent's lane.

    Parameters
    ----------
    child, parent : int
        The rows of both.
    lane : int
        Where it runs between them; edges share a lane only where they lead to one parent.
    """

    child: int
    parent: int
    lane: int


@dataclass(frozen=True, slots=True)
class HistoryGraph:
    """Versions in lanes, and the lines between them, none of which runs through another version.

    Parameters
    ----------
    versions : tuple of Version
        One a row, newest first, with their refs.
    lanes : tuple of int
        The lane of each, counted from 0.
    edges : tuple of HistoryEdge
        To the parents that are among the versions, by the child's row, first parents first.
    """

    versions: tuple[Version, ...]
    lanes: tuple[int, ...]
    edges: tuple[HistoryEdge, ...]

    @property
    def width(self) -> int:
        """How many lanes there are."""
        return 1 + max([*self.lanes, *(edge.lane for edge in self.edges)], default=-1)


def history_graph(versions: Sequence[Version]) -> HistoryGraph:
    """Return versions, newest first, as a graph.

    A line of first parents keeps its lane, unless a lane further left leads to the same parent: then it joins that one
    at once. Of several that lead to one version, the leftmost is its own. O(versions × lanes).

    Parameters
    ----------
    versions : sequence of Version
        Each before its parents; parents that are not among them have no edge.
    """
    rows = {version.id: row for row, version in enumerate(versions)}
    parents = [tuple(rows[parent] for parent in version.parents if parent in rows) for version in versions]
    lanes: list[int] = []
    edges: list[HistoryEdge] = []
    leads_to: list[int | None] = []  # of each lane, the row that its edges lead to
    for row in range(len(versions)):
        arriving = [lane for lane, end in enumerate(leads_to) if end == row]
        own = arriving[0] if arriving else _free_lane(leads_to, 0)
        for lane in arriving:
            leads_to[lane] = None
        lanes.append(own)
        for parent in dict.fromkeys(parents[row]):
            lane = _lane_to(parent, leads_to, own, is_first=parent == parents[row][0])
            leads_to += [None] * (lane + 1 - len(leads_to))
            leads_to[lane] = parent
            edges.append(HistoryEdge(row, parent, lane))
    return HistoryGraph(tuple(versions), tuple(lanes), tuple(edges))


def _lane_to(parent: int, leads_to: Sequence[int | None], own: int, *, is_first: bool) -> int:
    """Return the lane in which an edge runs from a version in its own lane to a parent."""
    there = next((lane for lane, end in enumerate(leads_to) if end == parent), None)
    if there is not None and (there < own or not is_first):
        return there
    return own if is_first else _free_lane(leads_to, own)


def _free_lane(leads_to: Sequence[int | None], first: int) -> int:
    """Return the leftmost lane from one on that leads nowhere; it may be a new one."""
    return next((lane for lane in range(first, len(leads_to)) if leads_to[lane] is None), max(first, len(leads_to)))
