"""History as a graph: every line reaches its parent, and runs through no other version."""

from __future__ import annotations

import pytest
from histories import HISTORIES, graph_of


@pytest.mark.parametrize("part", range(4))
def test_every_edge_reaches_its_parent_and_no_two_lanes_collide(part: int) -> None:
    for nodes in HISTORIES[part::4]:
        graph = graph_of(nodes)
        ids = [node.id for node in nodes]
        wanted = [
            (row, ids.index(parent)) for row, node in enumerate(nodes) for parent in node.parents if parent in ids
        ]
        assert [(edge.child, edge.parent) for edge in graph.edges] == wanted
        assert len(graph.lanes) == len(graph.versions) == len(nodes)
        at: dict[tuple[int, int], int] = {}  # by row and lane, the one version that stands there or is led to
        for row, lane in enumerate(graph.lanes):
            assert at.setdefault((row, lane), row) == row
        for edge in graph.edges:
            for row in range(edge.child + 1, edge.parent):
                assert at.setdefault((row, edge.lane), edge.parent) == edge.parent
        assert all(lane < graph.width for _, lane in at)
