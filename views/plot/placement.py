"""Names beside points, each where it covers least of other names, points and lines: nothing is drawn at random."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .labels import POINTS, height_of, width_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

PLACES = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1))
"""Where a name may stand beside its point, the better first: −1, 0 or 1 along x and y."""

GAP = 1.5
"""Points between a point's mark and its name."""

WIDTH, HEIGHT = 0.6, 1.15
"""Width of a letter, and height of a line, in sizes of letters."""

SAMPLES = 25
"""Points of a line that are looked at."""


def place_names(
    ax: Axes,
    at: Sequence[tuple[float, float]],
    texts: Sequence[str],
    sizes: Sequence[float],
    *,
    points: float,
    order: Sequence[int] | None = None,
    lines: Sequence[tuple[int, int]] = (),
    bold: Sequence[bool] = (),
) -> None:
    """Write names beside points, whose axes have their final limits.

    Parameters
    ----------
    ax : Axes
        Where.
    at : sequence of (float, float)
        The points, in data.
    texts : sequence of str
        Of each point, its name; an empty one is not written, but its point is kept free.
    sizes : sequence of float
        The diameter of each mark, in points.
    points : float
        The size of the letters.
    order : sequence of int, optional
        Which name is placed first, and which next.
    lines : sequence of (int, int)
        Lines between points that names should not cover.
    bold : sequence of bool
        Which names are in bold; none by default.
    """
    # By the axes' share of the figure: the place that a layout gives them is known only when the figure is written.
    span = POINTS * np.array([width_of(ax), height_of(ax)])
    low, high = np.transpose([ax.get_xlim(), ax.get_ylim()])
    marks = (np.array(at, dtype=np.float64).reshape(-1, 2) - low) / (high - low) * span
    ends = marks[np.array(lines, dtype=np.intp).reshape(-1, 2)]
    boxes = np.array([_box(mark, (size, size)) for mark, size in zip(marks, sizes, strict=True)]).reshape(-1, 4)
    for index in range(len(texts)) if order is None else order:
        if not texts[index]:
            continue
        extent = (WIDTH * points * len(texts[index]), HEIGHT * points)
        offsets = [_offset(place, sizes[index]) for place in PLACES]
        candidates = [
            _box(marks[index] + offset + np.array(place) * extent / 2, extent)
            for place, offset in zip(PLACES, offsets, strict=True)
        ]
        costs = [_cost(box, boxes, ends, span) + 0.5 * rank for rank, box in enumerate(candidates)]
        best = int(np.argmin(costs))
        boxes = np.vstack([boxes, candidates[best]])
        across, up = PLACES[best]
        ax.annotate(
            texts[index],
            at[index],
            tuple(offsets[best]),
            textcoords="offset points",
            ha=("center", "left", "right")[across],
            va=("center", "bottom", "top")[up],
            fontsize=points,
            fontweight="bold" if bold and bold[index] else "normal",
            parse_math=False,
            zorder=3,
            bbox={"facecolor": "white", "alpha": 0.65, "pad": 0.4, "linewidth": 0},
        )


def _offset(place: tuple[int, int], size: float) -> NDArray[np.float64]:
    """Return how far the corner or side of a name is from its point: nearer where it is at a corner of the mark."""
    across, up = place
    reach = size / 2 + GAP
    return np.array([across * reach * (0.7 if up else 1.0), up * reach])


def _box(centre: NDArray[np.float64], extent: tuple[float, float]) -> NDArray[np.float64]:
    """Return a rectangle as left, bottom, right, top."""
    half = np.array(extent) / 2
    return np.concatenate([centre - half, centre + half])


def _cost(
    box: NDArray[np.float64], boxes: NDArray[np.float64], ends: NDArray[np.float64], span: NDArray[np.float64]
) -> float:
    """Return how much a name covers of other names, points and lines, and how much of it is outside of the axes."""
    across = np.minimum(box[2], boxes[:, 2]) - np.maximum(box[0], boxes[:, 0])
    up = np.minimum(box[3], boxes[:, 3]) - np.maximum(box[1], boxes[:, 1])
    covered = float((np.clip(across, 0, None) * np.clip(up, 0, None)).sum())
    steps = np.linspace(0.0, 1.0, SAMPLES)[:, None, None]
    on_lines = ends[:, 0] * (1 - steps) + ends[:, 1] * steps
    inside = ((on_lines > box[:2]) & (on_lines < box[2:])).all(axis=2)
    outside = float(np.clip(-box[:2], 0, None).sum() + np.clip(box[2:] - span, 0, None).sum())
    return 4.0 * covered + 6.0 * float(inside.any(axis=0).sum()) + 10.0 * outside
