"""The largest changes between two versions as bars: what became stronger to the right, what became weaker left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....engine.network.comparison.difference import Difference
from ....engine.wording import counted
from .. import style
from ..labels import count_ticks, heading, height_of, label, name_ticks, number_text, points_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ....analysis.comparison.version_difference import VersionDifference

SYMBOLS = {"rho": "|ρ|", "score": "|score|", "clr": "strength (clr)"}
"""What the strength of a pair is called."""


def pairs_of(difference: Difference | VersionDifference) -> Difference:
    """Return the part of a comparison that is about pairs."""
    return difference if isinstance(difference, Difference) else difference.difference


def size_of_changes(difference: Difference | VersionDifference) -> tuple[float, float]:
    """Return the width and height in inches at which the names of all pairs can be read."""
    return 7.2, 1.7 + 0.185 * max(len(pairs_of(difference).pairs), 4)


def changes(difference: Difference | VersionDifference, ax: Axes | None = None) -> Axes:
    """Draw the changes of a comparison as signed bars of the change of strength, the largest on top.

    Bars to the right became stronger, bars to the left, which are hatched, weaker. Beside each stand ρ or
    the score, before and after.

    Parameters
    ----------
    difference : Difference or VersionDifference
        What changed, as `Repository.diff` returns it. Its listed changes are drawn.
    ax : Axes, optional
        Where; new axes by default.
    """
    difference = pairs_of(difference)
    ax = style.axes(ax, size_of_changes(difference))
    names = [f"{label(a, 18)} – {label(b, 18)}" for a, b, *_ in difference]
    strength = np.abs(difference.strength)
    change = strength[:, 1] - strength[:, 0]
    heights = np.arange(len(names))
    for is_up, colour, hatch in ((True, style.BLUE, ""), (False, style.VERMILION, "////")):
        which = (change > 0) == is_up
        ax.barh(heights[which], change[which], color=colour, hatch=hatch, edgecolor="white", linewidth=0, height=0.74)
    ax.axvline(0, color=style.INK, linewidth=0.8)
    points = points_for(len(names), height_of(ax))
    name_ticks(ax, "y", names, points, most=40)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_ylim(len(names) - 0.4, -0.6)
    _write_values(ax, difference, change, points)
    symbol = SYMBOLS[difference.measure]
    ax.set_xlabel(f"weaker ← change of {symbol} → stronger")
    count_ticks(ax.xaxis)
    ax.xaxis.set_major_locator(style.import_matplotlib().ticker.MaxNLocator(6))
    heading(ax, _title(difference, symbol), f"beside each bar: {difference.measure.replace('rho', 'ρ')} before → after")
    return ax


def _write_values(ax: Axes, difference: Difference, change: object, points: float | None) -> None:
    """Write the strength before and after at the end of each bar, outside of it."""
    if points is None or not len(difference.pairs):
        return
    values = np.asarray(change)
    largest = float(np.abs(values).max())
    decimals = 1 - int(np.floor(np.log10(largest))) if largest > 0 else 2
    decimals = min(max(decimals, 2), 8)
    for height, ((before, after), value) in enumerate(zip(difference.strength.tolist(), values.tolist(), strict=True)):
        text = f"{number_text(before, decimals)} → {number_text(after, decimals)}"
        side = 1 if value > 0 else -1
        ax.annotate(
            text, (value, height), (3 * side, 0), textcoords="offset points", va="center",
            ha="left" if value > 0 else "right", fontsize=min(points, 7), color=style.INK,
        )  # fmt: skip
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    room = 0.42 * (high - low or 1.0)  # for the text at the ends of the longest bars
    ax.set_xlim(low - room * (low < 0), high + room * (high > 0))


def _title(difference: Difference, symbol: str) -> str:
    before, after = difference.names
    versions = f"{before} → {after}: " if before or after else ""
    genes = counted(len(difference.panel), "gene")
    if not len(difference.pairs):
        return f"{versions}no pair of {genes} changed"
    return f"{versions}the {len(difference.pairs)} largest changes of {symbol} among {genes}"
