"""Times of a commit and of direct inversion against the number of genes, and how many times faster it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import style
from ..labels import count_ticks, label, panels, time_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ....analysis.pictures.timings import Timings

STYLES = (
    (style.BLUE, "o", "-", ""),
    (style.GREEN, "s", "--", "///"),
    (style.ORANGE, "^", "-.", "\\\\\\"),
    (style.INK, "D", ":", ""),
)
"""Colour, mark, line and hatch of each step: told apart without the colour."""


def woodbury(timings: Timings, ax: Axes | None = None) -> Axes:
    """Draw times against the number of genes, and beside them how many times faster than direct inversion they are.

    Parameters
    ----------
    timings : Timings
        `grnledger.plot.values("woodbury", "times.tsv")` reads them from what `benchmarks/woodbury.py` wrote.
    ax : Axes, optional
        Where; new axes by default. The panels take its place.
    """
    ax = style.axes(ax, (9.6, 4.4))
    title = "A commit of five pathways against direct inversion of Σ"
    left, right = panels(ax, 2, title, label(timings.machine, 100))
    _draw_times(left, timings)
    _draw_speed_ups(right, timings)
    return ax


def _draw_times(ax: Axes, timings: Timings) -> None:
    for seconds, step, (colour, mark, line, _) in zip(timings.seconds, timings.steps, STYLES, strict=True):
        ax.plot(timings.genes, seconds, color=colour, marker=mark, linestyle=line, markersize=5, label=step)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xticks(timings.genes.tolist(), [f"{genes:,}" for genes in timings.genes.tolist()])
    ax.minorticks_off()
    time_ticks(ax.yaxis)
    ax.grid(axis="y", color="#DDDDDD", linewidth=0.6)
    ax.set_xlabel("genes p")
    ax.set_ylabel("time (median)")
    ax.legend(loc="upper left", fontsize=8)


def _draw_speed_ups(ax: Axes, timings: Timings) -> None:
    """Draw bars for all steps but direct inversion, with their values."""
    faster = timings.speed_ups[:-1]
    centres, width = np.arange(len(timings.genes)), 0.8 / len(faster)
    for number, values in enumerate(faster):
        colour, _, _, hatch = STYLES[number]
        at = centres + (number - (len(faster) - 1) / 2) * width
        bars = ax.bar(
            at, values, width, color=colour, hatch=hatch, edgecolor="white", linewidth=0, label=timings.steps[number]
        )
        ax.bar_label(bars, [_times(value) for value in values.tolist()], fontsize=6, rotation=90, padding=2)
    ax.axhline(1.0, color=style.INK, linewidth=0.8)
    ax.set_yscale("log")
    count_ticks(ax.yaxis)
    ax.set_ylim(min(0.5, 0.7 * float(faster.min())), 60 * float(faster.max()))  # above the bars the legend
    ax.legend(loc="upper left", fontsize=8)
    ax.set_xticks(centres, [f"{genes:,}" for genes in timings.genes.tolist()])
    ax.set_xlabel("genes p")
    ax.set_ylabel("times faster than direct inversion")


def _times(value: float) -> str:
    return f"{value:.1f}×" if value < 10 else f"{value:,.0f}×"
