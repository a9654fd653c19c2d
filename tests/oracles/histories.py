"""Random histories, of branches, merges and beginnings, and their graphs."""

from __future__ import annotations

import random
from dataclasses import dataclass

from grnledger.analysis.history_graph import HistoryGraph, history_graph


@dataclass(frozen=True)
class Node:
    """As much of a version as a graph asks for."""

    id: str
    parents: tuple[str, ...]


def random_history(seed: int, size: int) -> list[Node]:
    """Return versions newest first; some are merges, some begin anew, of some the parents are not listed."""
    stream = random.Random(seed)
    nodes: list[Node] = []
    for number in range(size):
        recent = [node.id for node in nodes[-stream.randint(1, 12) :]]
        count = min(len(recent), stream.choices([0, 1, 2], [1, 14, 5])[0])
        parents = stream.sample(recent, count)
        nodes.append(Node(str(number), tuple(parents) or ("elsewhere",) * stream.randint(0, 1)))
    return nodes[::-1]


def graph_of(nodes: list[Node]) -> HistoryGraph:
    return history_graph(nodes)  # type: ignore[arg-type]


HISTORIES = [random_history(seed, size) for seed in range(40) for size in (1, 2, 5, 30)]
