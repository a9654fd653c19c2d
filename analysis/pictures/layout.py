"""The positions of a drawn network: each connected component on its own, then all of them packed side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.lazy import require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SEED = 0
"""Seed of the springs."""
SPRINGS_FROM = 200
"""Nodes of a component from which springs are used: lengths of paths between all pairs would take many seconds."""
SHORTEST_EDGE = 0.8
"""Least mean length of a component's edges; a unit is the side of the square that a node has for itself."""
MARGIN = 0.9
"""What is kept free around a component."""
NEAREST, PUSHES = 0.9, 60
"""Least distance of two nodes that is aimed at, and how often nodes that are closer are pushed apart."""
CELL = 0.1
"""Width of the steps in which components are packed."""


def layout(nodes: int, edges: Sequence[tuple[int, int]], *, aspect: float = 4 / 3) -> NDArray[np.float64]:
    """Return a position of each node of a graph, the same whenever it is computed.

    Components are laid out apart, by the lengths of their paths (Kamada and Kawai, Information Processing Letters 31,
    1989), or by springs where they are large (Fruchterman and Reingold, Software: Practice and Experience 21, 1991).
    Each is turned so that its longest axis lies along x, and they are packed in rows, the largest first: what is not
    connected cannot fly apart.

    Parameters
    ----------
    nodes : int
        Number of nodes.
    edges : sequence of (int, int)
        Indices of the two nodes of each edge.
    aspect : float
        Width over height of the drawing that the strip shall fill.

    Returns
    -------
    ndarray of float64, shape (nodes, 2)
        In [0, 1], in thousandths. x and y are scaled apart: a drawing of that aspect restores the proportions.

    Raises
    ------
    InputError
        networkx is not installed.
    """
    library = import_networkx()
    if nodes == 0:
        return np.empty((0, 2))
    graph = library.Graph()
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from(edges)
    parts = sorted((sorted(part) for part in library.connected_components(graph)), key=lambda part: (-len(part), part))
    shapes = [_component(library, part, [edge for edge in edges if edge[0] in part]) for part in parts]
    positions = np.empty((nodes, 2))
    for part, shape, corner in zip(parts, shapes, _packed(shapes, aspect), strict=True):
        positions[part] = shape + corner
    return _in_unit_square(positions)


def import_networkx() -> Any:
    """Return the package networkx.

    Raises
    ------
    InputError
        It is not installed.
    """
    return require("networkx", "graph", "A layout")


def _component(library: Any, nodes: list[int], edges: Sequence[tuple[int, int]]) -> NDArray[np.float64]:
    """Return the positions of a connected component, its lower left corner at 0, its longest axis along x."""
    if len(nodes) == 1:
        return np.zeros((1, 2))
    graph = library.Graph()  # a subgraph of another would have its nodes in the order of a set
    graph.add_nodes_from(nodes)
    graph.add_edges_from(edges)
    if len(nodes) < SPRINGS_FROM:
        places = library.kamada_kawai_layout(graph, weight=None)
    else:
        places = library.spring_layout(graph, weight=None, seed=SEED, iterations=100)
    shape = np.array([places[node] for node in nodes], dtype=np.float64)
    shape -= shape.mean(axis=0)
    _, _, axes = np.linalg.svd(shape, full_matrices=False)
    shape = shape @ (axes * np.where(axes[np.arange(2), np.abs(axes).argmax(axis=1)] < 0, -1, 1)[:, None]).T
    rows = {node: row for row, node in enumerate(nodes)}
    ends = np.array([(rows[left], rows[right]) for left, right in edges])
    edge_length = float(np.linalg.norm(shape[ends[:, 0]] - shape[ends[:, 1]], axis=1).mean())
    radius = float(np.sqrt((shape**2).sum(axis=1).mean()))
    # A disc of n units has the root mean square radius √(n / 2π).
    shape *= max(np.sqrt(len(nodes) / (2 * np.pi)) / radius, SHORTEST_EDGE / edge_length)
    shape = _pushed_apart(shape)
    return shape - shape.min(axis=0)


def _pushed_apart(shape: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return positions of which hardly any two are closer than `NEAREST`: labels need room."""
    shape = shape.copy()
    for _ in range(PUSHES):
        between = shape[:, None] - shape[None]
        distance = np.linalg.norm(between, axis=2)
        np.fill_diagonal(distance, NEAREST)
        push = np.clip(NEAREST - distance, 0.0, None) / np.maximum(distance, 1e-6) / 2
        shape += (push[:, :, None] * between).sum(axis=1) / 2
    return shape


def _packed(shapes: Sequence[NDArray[np.float64]], aspect: float) -> list[NDArray[np.float64]]:
    """Return the lower left corner of each component: each as far up as it goes, in a strip as wide as the drawing."""
    sizes = np.stack([shape.max(axis=0) + MARGIN for shape in shapes])
    width = max(float(sizes[:, 0].max()), float(np.sqrt(aspect * sizes.prod(axis=1).sum() * 1.1)))
    depth = np.zeros(int(np.ceil(width / CELL)) + 1)  # how far down each cell of the strip is full
    corners: list[NDArray[np.float64]] = []
    for right, down in sizes:
        cells = int(np.ceil(right / CELL))
        tops = np.lib.stride_tricks.sliding_window_view(depth, cells).max(axis=1)
        first = int(np.argmin(tops))
        depth[first : first + cells] = tops[first] + down
        corners.append(np.array([first * CELL, -tops[first] - down]))
    return corners


def _in_unit_square(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return positions with each coordinate from 0 to 1; in the middle where all are the same."""
    least, extent = positions.min(axis=0), np.ptp(positions, axis=0)
    scaled = np.full_like(positions, 0.5)
    np.divide(positions - least, extent, out=scaled, where=extent > 0)
    return np.round(scaled, 3)
