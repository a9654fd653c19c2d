"""History as figures: an edge through versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...engine.wording import counted
from . import style
from .labels import heading, label, points_for, width_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ...analysis.trace import Trace, TracePoint

MOST_TICKS = 40
"""Most versions that are named below an axis."""


def trace(trace: Trace, ax: Axes | None = None) -> Axes:
    """Draw ρ of two genes through versions: filled where a commit moved it, whose change is named below.

    Parameters
    ----------
    trace : Trace
        Of `analysis.trace.trace_of`.
    ax : Axes, optional
        Where; new axes by default.
    """
    ax = style.axes(ax, (7.2, 4.8))
    points, rho = trace.points, np.array([point.rho for point in trace.points])
    at, has_moved = np.arange(len(points)), np.array([point.has_moved for point in points], dtype=np.bool_)
    ax.plot(at, rho, color=style.BLUE, linewidth=1.2, zorder=2)
    few = len(points) <= MOST_TICKS
    for which, face in ((has_moved, style.BLUE), (~has_moved, "white")):
        if few or face == style.BLUE:
            size = 36 if few else 14
            ax.scatter(at[which], rho[which], s=size, c=face, edgecolors=style.BLUE, linewidths=1.2, zorder=3)
    low, high = float(rho.min()), float(rho.max())
    room = 0.08 * (high - low) or 0.05 * abs(high) or 0.05
    ax.set_ylim(low - room, high + room)
    if low - room < 0 < high + room:
        ax.axhline(0, color=style.GREY, linewidth=0.8, zorder=1)
    ax.set_ylabel("ρ, given all other genes")
    _name_versions(ax, points)
    names = f"{label(trace.gene_a)} and {label(trace.gene_b)}"
    moved = f"filled: moved by this commit ({int(has_moved.sum()):,} of {counted(len(points), 'version')})"
    heading(
        ax, f"ρ of {names}, {points[0].version.name} to {points[-1].version.name}", f"Along first parents; {moved}."
    )
    return ax


def _name_versions(ax: Axes, points: tuple[TracePoint, ...]) -> None:
    """Name the versions below the axis: of many, the first, the last, and those that moved it most."""
    order = sorted(range(len(points)), key=lambda index: (-abs(points[index].step), index))
    ends = {0, len(points) - 1}
    chosen = sorted(ends | set([index for index in order if points[index].has_moved or len(points) <= MOST_TICKS]
                               [: MOST_TICKS - 2]))  # fmt: skip
    least = 0.022 * len(points)  # two names that are nearer would be written over each other
    shown: list[int] = []
    for index in chosen:
        if not shown or index - shown[-1] >= least:
            shown.append(index)
    letters = points_for(len(shown), width_of(ax)) or 5.0
    ax.set_xlim(-0.5, len(points) - 0.5)
    ax.set_xticks(shown, [_change_of(points[index]) for index in shown], rotation=35, ha="right", fontsize=letters)
    for text in ax.get_xticklabels():
        text.set_rotation_mode("anchor")
        text.set_parse_math(False)


def _change_of(point: TracePoint) -> str:
    version = point.version
    if not point.has_moved:
        return version.name
    changes = [label(change, 30) for change in version.changes] or [label(version.message, 30)]
    more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
    return f"{version.name}: {changes[0]}{more}"
