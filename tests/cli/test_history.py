"""History as drawn in characters: whoever follows a line from a version comes to its parents."""

from __future__ import annotations

import re

import click
from grnledger.cli.answers.history import graph_text
from histories import HISTORIES, Node, graph_of


def successors(lines: list[str], line: int, column: int) -> list[tuple[int, int]]:
    """Return where a line goes on from a character: the dumb way, by looking at what stands below."""
    below = lines[line + 1] if line + 1 < len(lines) else ""
    steps = {
        "*": {0: "|*", 1: "\\", -1: "/"},
        "|": {0: "|*", -1: "/", 1: "\\"},
        "\\": {1: "|*", 2: "\\"},
        "/": {-1: "|*", -2: "/"},
    }[lines[line][column]]
    return [
        (line + 1, column + step)
        for step, characters in steps.items()
        if 0 <= column + step < len(below) and below[column + step] in characters
    ]


def test_drawn_lines_lead_from_each_version_to_its_parents() -> None:
    for nodes in HISTORIES:
        graph = graph_of(nodes)
        for texts in ([["v"] for _ in nodes], [["v", "message", ""] for _ in nodes]):
            drawn = click.unstyle(graph_text(graph, texts))
            lines = [line.split("v")[0].split("message")[0] for line in drawn.split("\n")]
            starts = [(line, text.index("*")) for line, text in enumerate(lines) if "*" in text]
            assert [column for _, column in starts] == [2 * lane for lane in graph.lanes]
            for child, start in enumerate(starts):
                met, waiting = set[tuple[int, int]](), successors(lines, *start)
                while waiting:
                    place = waiting.pop()
                    met.add(place)
                    if lines[place[0]][place[1]] != "*":
                        waiting += [after for after in successors(lines, *place) if after not in met]
                parents = {starts[edge.parent] for edge in graph.edges if edge.child == child}
                assert parents <= met, "\n".join(lines)


def test_a_branch_and_its_merge_look_as_in_git() -> None:
    nodes = [Node("4", ("2", "3")), Node("3", ("1",)), Node("2", ("1",)), Node("1", ("0",)), Node("0", ())]
    drawn = graph_text(graph_of(nodes), [[f"v{node.id}"] for node in nodes])
    assert click.unstyle(drawn) == "* v4\n|\\\n| * v3\n* | v2\n|/\n* v1\n* v0"


def test_a_line_of_versions_needs_one_lane_however_long() -> None:
    nodes = [Node(str(number), (str(number - 1),) if number else ()) for number in reversed(range(3_000))]
    lines = graph_text(graph_of(nodes), [[node.id] for node in nodes]).split("\n")
    assert len(lines) == 3_000
    assert re.fullmatch(r"\* 0", click.unstyle(lines[-1]))
