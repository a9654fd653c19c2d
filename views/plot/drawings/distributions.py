"""Distributions: eigenvalues with the line at zero, and ρ of all pairs before and after with a cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....engine.wording import counted
from .. import style
from ..labels import count_ticks, heading

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ....analysis.pictures.distributions import Eigenvalues, RhoHistogram

WIDE = 100.0
"""Ratio of the largest eigenvalue to the smallest positive one from which the axis is logarithmic."""

FEW, MARKED = 12, 200
"""Most eigenvalues whose values are written, and most that are drawn as points."""


def spectrum(eigenvalues: Eigenvalues, ax: Axes | None = None) -> Axes:
    """Draw eigenvalues, largest first, and the line at zero.

    The axis is logarithmic where the largest is 100 times the smallest positive one or more, and linear near zero,
    so that the line is there still.

    Parameters
    ----------
    eigenvalues : Eigenvalues
        `grnledger.plot.values("spectrum", repo, "HEAD")` makes them.
    ax : Axes, optional
        Where; new axes by default.
    """
    ax = style.axes(ax)
    values = eigenvalues.values
    ranks = np.arange(1, len(values) + 1)
    as_points = len(values) <= MARKED
    ax.plot(
        ranks, values, color=style.BLUE, linewidth=0.8 if as_points else 1.8,
        marker="o" if as_points else "", markersize=6 if len(values) <= 30 else 3,
    )  # fmt: skip
    if len(values) <= FEW:
        for rank, value in zip(ranks.tolist(), values.tolist(), strict=True):
            ax.annotate(f"{value:.4g}", (rank, value), (5, 5), textcoords="offset points", fontsize=8)
        ax.set_xticks(ranks)
        ax.margins(x=0.12, y=0.12)
    ax.axhline(0.0, color=style.INK, linewidth=1.0, linestyle="--")
    _scale(ax, values)
    ax.set_xlabel("number of the eigenvalue, largest first")
    ax.set_ylabel("eigenvalue (squared units of the expression)")
    heading(ax, eigenvalues.title, eigenvalues.remark)
    return ax


def _scale(ax: Axes, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    """Make the axis logarithmic above the smallest positive eigenvalue, and linear below, where that is needed."""
    positive = values[values > 1e-12 * np.abs(values).max(initial=0.0)]
    if not len(positive) or positive.max() < WIDE * positive.min():
        return
    decade = float(10.0 ** np.floor(np.log10(positive.min())))
    ax.set_yscale("symlog", linthresh=decade, linscale=0.5)
    count_ticks(ax.yaxis)
    ax.set_ylim(bottom=min(float(values.min()) * 2, -0.4 * decade), top=2 * float(values.max()))


def rho_histogram(histogram: RhoHistogram, ax: Axes | None = None) -> Axes:
    """Draw the numbers of pairs over ρ before and after, on a logarithmic axis, and the cut.

    Parameters
    ----------
    histogram : RhoHistogram
        `grnledger.plot.values("rho-histogram", repo, "v0", "HEAD")` makes one.
    ax : Axes, optional
        Where; new axes by default.
    """
    ax = style.axes(ax)
    before, after = histogram.names
    ax.stairs(histogram.counts[0], histogram.bins, baseline=FLOOR, fill=True, color="#C9C9C9", label=before, zorder=1)
    ax.stairs(
        histogram.counts[1], histogram.bins, baseline=FLOOR, color=style.BLUE, linewidth=1.4, label=after, zorder=2
    )
    ax.set_yscale("log")
    ax.set_ylim(FLOOR, 8 * int(histogram.counts.max()))
    count_ticks(ax.yaxis)
    if histogram.cut <= histogram.bins[-1]:
        for number, side in enumerate((-1, 1)):
            ax.axvline(
                side * histogram.cut, color=style.VERMILION, linestyle="--", linewidth=1.2,
                label=None if number else f"cut, {histogram.cut:.4g}",
            )  # fmt: skip
    ax.set_xlabel("partial correlation ρ")
    ax.set_ylabel("pairs of genes in a bin (logarithmic)")
    ax.legend(loc="upper right", fontsize=8)
    pairs = f"{histogram.pairs:,} pairs of {counted(histogram.genes, 'gene')}"
    first, second = histogram.edges
    remark = f"pairs with {histogram.rule}: {first:,} in {before}, {second:,} in {after}"
    heading(ax, f"{before} → {after}: ρ of {pairs}", remark)
    return ax


FLOOR = 0.5
"""Where the axis of counts begins: a single pair is a step above it."""
