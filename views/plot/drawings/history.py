"""History as figures: versions, branches and tags as a graph, and an edge through versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....engine.wording import counted
from .. import style
from ..labels import REMARK, count_ticks, heading, label, points_for, width_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ....analysis.history_graph import HistoryGraph
    from ....analysis.trace import Trace, TracePoint
    from ....storage.history.versions import Version

LANES = (style.BLUE, style.VERMILION, style.GREEN, style.PURPLE, style.ORANGE, style.SKY)
"""Colours of lanes, which their places tell apart as well."""

ROW, LANE = 0.24, 0.22
"""Height of a version and width of a lane, in inches."""

MOST_TICKS = 40
"""Most versions that are named below an axis."""


def size_of_history(graph: HistoryGraph) -> tuple[float, float]:
    """Return a width and height in inches in which every version has a line."""
    return 6.4 + LANE * graph.width, 0.9 + ROW * max(len(graph.versions), 3)


def history(graph: HistoryGraph, ax: Axes | None = None) -> Axes:
    """Draw versions as a graph, the newest on top: what each changed, and the branches and tags that stand there.

    Parameters
    ----------
    graph : HistoryGraph
        Of `analysis.history_graph`.
    ax : Axes, optional
        Where; new axes by default.
    """
    ax = style.axes(ax, size_of_history(graph))
    ax.set_axis_off()
    for edge in graph.edges:
        at = [(graph.lanes[edge.child], edge.child), (edge.lane, edge.child + 0.5)]
        at += [(edge.lane, edge.parent - 0.5), (graph.lanes[edge.parent], edge.parent)]
        colour = LANES[max(edge.lane, graph.lanes[edge.child]) % len(LANES)]
        ax.plot(*zip(*at, strict=True), color=colour, linewidth=1.6, solid_joinstyle="round", zorder=1)
    text = graph.width - 0.3
    across = text + (size_of_history(graph)[0] - LANE * graph.width) / LANE
    for row, (version, lane) in enumerate(zip(graph.versions, graph.lanes, strict=True)):
        is_merge = len(version.parents) > 1
        ax.plot([lane], [row], "s" if version.changes_base or not version.parents else "o", markersize=7.5, zorder=2,
                color="white" if is_merge else LANES[lane % len(LANES)], markeredgecolor=style.INK)  # fmt: skip
        _write_version(ax, version, (text, row))
    ax.set_xlim(-0.6, across)
    ax.set_ylim(len(graph.versions) - 0.4, -0.7)
    bases = sum(version.changes_base or not version.parents for version in graph.versions)
    merges = sum(len(version.parents) > 1 for version in graph.versions)
    of_merges = f"; white: a merge ({merges:,})" if merges else ""
    what = f"Square: a new base ({bases:,}){of_merges}. In brackets: branches and tags."
    newest = (
        f"The {len(graph.versions):,} newest versions" if _is_cut(graph) else counted(len(graph.versions), "version")
    )
    heading(ax, newest, what)
    return ax


def _is_cut(graph: HistoryGraph) -> bool:
    """Return whether there are versions that are not in the graph."""
    return bool(graph.versions) and len(graph.versions) <= max(version.number for version in graph.versions)


def _write_version(ax: Axes, version: Version, at: tuple[float, float]) -> None:
    """Write a version's name, what it changed, and in bold the refs that stand there."""
    changes = list(version.changes) or [version.message]
    shown = ", ".join(label(change, 30) for change in changes[:2])
    more = f" and {len(changes) - 2} more" if len(changes) > 2 else ""
    settings = {"va": "center", "parse_math": False}
    name = ax.annotate(version.name, at, fontsize=8, color=style.INK, **settings)
    refs = list(version.refs)
    if refs[:1] == ["HEAD"] and len(refs) > 1:
        refs[:2] = [f"HEAD → {refs[1]}"]
    texts = [(f"[{', '.join(label(ref, 30) for ref in refs)}]", "bold")] if refs else []
    for text, weight in [*texts, (f"{shown}{more}", "normal")]:
        if text:
            name = ax.annotate(
                text, (1.0, 0.5), (5, 0), xycoords=name, textcoords="offset points", fontsize=8, fontweight=weight,
                color=style.INK if weight == "bold" else REMARK, **settings,
            )  # fmt: skip


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
    count_ticks(ax.yaxis)
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
