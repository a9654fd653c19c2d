"""History as a graph of characters, beside the text of each version, as `git log --graph` has it.

A lane is an even column. Lines go straight down in it, and cross over to another by one lane a line, between columns.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...analysis.history_graph import HistoryEdge, HistoryGraph

COLOURS = ("red", "green", "yellow", "blue", "magenta", "cyan")
"""Of lanes, in turn."""

Cells = dict[int, tuple[str, int]]
"""Of a line of the graph: by the column, the character and the lane whose colour it has."""


def graph_text(graph: HistoryGraph, texts: Sequence[Sequence[str]]) -> str:
    """Return a graph with the lines of text of each version to the right of it."""
    lines: list[str] = []
    for row, text in zip(_rows(graph), texts, strict=True):
        cells = list(_lines_of(row, len(text)))
        width = max(column for line in cells[: len(text)] for column in [*line, 0]) + 1
        pairs = itertools.zip_longest(cells, text, fillvalue=None)
        lines += [f"{_drawn(line or {}, width)} {words or ''}".rstrip() for line, words in pairs]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Row:
    """The lane of a version, the lanes beside it and below it, and how edges leave it and arrive at the next."""

    own: int
    passing: set[int]
    below: set[int]
    leaving: list[tuple[int, int]]
    arriving: list[tuple[int, int]]


def _rows(graph: HistoryGraph) -> Iterator[_Row]:
    of_child: dict[int, list[HistoryEdge]] = {}
    for edge in graph.edges:
        of_child.setdefault(edge.child, []).append(edge)
    running: list[HistoryEdge] = []
    for row, own in enumerate(graph.lanes):
        running = [edge for edge in running if edge.parent > row]
        passing = {edge.lane for edge in running}
        running += of_child.get(row, [])
        arriving = {edge.lane for edge in running if edge.parent == row + 1}
        yield _Row(
            own,
            passing,
            {edge.lane for edge in running},
            [(own, edge.lane) for edge in of_child.get(row, [])],
            [(lane, graph.lanes[row + 1]) for lane in arriving if lane != graph.lanes[row + 1]],
        )


def _lines_of(row: _Row, least: int) -> Iterator[Cells]:
    """Yield the lines of a version and of what is between it and the next: so many at least."""
    yield {**_straight(row.passing), 2 * row.own: ("*", row.own)}
    away = list(_crossing(row.leaving, row.passing))
    home = list(_crossing(row.arriving, row.below - {lane for lane, _ in row.arriving}))
    yield from away
    yield from [_straight(row.below)] * (least - 1 - len(away) - len(home))
    yield from home


def _straight(lanes: set[int]) -> Cells:
    return {2 * lane: ("|", lane) for lane in lanes}


def _crossing(moves: Sequence[tuple[int, int]], straight: set[int]) -> Iterator[Cells]:
    """Yield the lines in which edges cross from a lane to another, beside those that go straight down."""
    for step in range(max((abs(end - start) for start, end in moves), default=0)):
        cells = _straight(straight)
        for start, end in moves:
            colour = max(start, end)
            if step >= abs(end - start):
                cells.setdefault(2 * end, ("|", end))
            elif end > start:
                cells[2 * (start + step) + 1] = ("\\", colour)
            else:
                cells[2 * (start - step) - 1] = ("/", colour)
        yield cells


def _drawn(cells: Cells, width: int) -> str:
    """Return a line of the graph, as wide as all beside the text of one version."""
    end = max([width, *(column + 1 for column in cells)])
    drawn = (cells.get(column) for column in range(end))
    return "".join(" " if cell is None else click.style(cell[0], fg=COLOURS[cell[1] % len(COLOURS)]) for cell in drawn)
