"""Signals as figures: p of a scan against chance, the likelihood of h², and shifts of gene sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....engine.wording import counted
from .. import style
from ..labels import heading, label, points_for, width_of
from ..placement import place_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ....analysis.pictures.signals import QQ, LikelihoodCurve, SetShifts

HALF_CHI2 = 1.9207294103470623
"""Half of the 95 % point of χ² with one degree of freedom."""

NORMAL_95 = 1.959963984540054
"""Standard errors on either side of a 95 % interval."""

CALLED = 0.05
"""q up to which a set is drawn filled."""

DEEPEST = 12.0
"""Log likelihood below the maximum that a figure shows at the most."""


def qq(values: QQ, ax: Axes | None = None) -> Axes:
    """Draw the p of a scan against those of chance, with the band that holds 95 % of them.

    Parameters
    ----------
    values : QQ
        Of `analysis.pictures.signals.qq`.
    ax : Axes, optional
        Where; new axes by default.
    """
    ax = style.axes(ax, (5.6, 5.4))
    ax.fill_between(values.expected, values.low, values.high, color=style.GREY, alpha=0.3, linewidth=0, zorder=0)
    most = float(values.expected[0])
    ax.plot([0, most], [0, most], color=style.INK, linewidth=0.8, linestyle="--", zorder=1)
    ax.scatter(values.expected, values.observed, s=16 if values.tests < 1_000 else 7, c=style.BLUE, linewidths=0)
    top = 1.08 * max(float(values.observed[0]), float(values.high[0]))
    ax.set_xlim(-0.02 * most, 1.25 * most)
    ax.set_ylim(-0.02 * top, top)
    ax.set_xlabel("−log₁₀ p expected by chance")
    ax.set_ylabel("−log₁₀ p")
    outside = [rank for rank in range(len(values.names)) if values.observed[rank] > values.high[rank]]
    near = min(60, len(values.expected))
    place_names(
        ax,
        [(float(values.expected[rank]), float(values.observed[rank])) for rank in range(near)],
        [label(values.names[rank], 36) if rank in outside else "" for rank in range(near)],
        [4.0] * near,
        points=7.0,
    )
    without = f"; {values.untested:,} without a result" if values.untested else ""
    tests = f"{label(values.source, 40)}: {counted(values.tests, 'test')}{without}."
    heading(
        ax,
        f"p of a scan, genomic inflation λ = {values.inflation:.3f}",
        tests,
        "Shaded: 95 % of each rank by chance, if tests are independent.",
    )
    return ax


def h2(curve: LikelihoodCurve, ax: Axes | None = None) -> Axes:
    """Draw the profile likelihood of h², its maximum, its 95 % interval, and its values at both ends.

    Parameters
    ----------
    curve : LikelihoodCurve
        Of `analysis.pictures.signals.h2`.
    ax : Axes, optional
        Where; new axes by default.
    """
    ax = style.axes(ax)
    low, high = curve.interval
    ends = f"at h² = 0: {_below(curve.log_likelihood[0])}; at h² = 1: {_below(curve.log_likelihood[-1])}"
    left, right = _window(low, high)
    shown = np.isfinite(curve.log_likelihood)
    ax.axvspan(low, high, color=style.SKY, alpha=0.25, linewidth=0, label="95 % interval", zorder=0)
    ax.axhline(-HALF_CHI2, color=style.INK, linewidth=0.8, linestyle="--", zorder=1)
    ax.plot(curve.h2[shown], curve.log_likelihood[shown], color=style.BLUE, linewidth=1.6, zorder=2)
    ax.plot([curve.best], [0.0], "o", color=style.VERMILION, markersize=7, markeredgecolor=style.INK, zorder=4,
            label=f"most likely, {curve.best:.3g}", clip_on=False)  # fmt: skip
    at_ends = [index for index in (0, -1) if shown[index] and curve.log_likelihood[index] > -DEEPEST]
    if at_ends:
        ax.plot(curve.h2[at_ends], curve.log_likelihood[at_ends], "s", color="white", markersize=7, clip_on=False,
                markeredgecolor=style.INK, zorder=3, label="at an end, exact")  # fmt: skip
    ax.set_xlim(left, right)
    inside = shown & (curve.h2 >= left) & (curve.h2 <= right)
    ax.set_ylim(
        max(
            -DEEPEST,
            float(curve.log_likelihood[inside].min()) - 0.3,
        ),
        0.6,
    )
    ax.set_xlabel("h², the share of the signal's variance along the network")
    ax.set_ylabel(f"log likelihood ({curve.method.upper()}), less its maximum (nats)")
    ax.legend(loc="lower center", fontsize=8)
    title = f"h² = {curve.best:.3g}, 95 % interval {low:.3g} to {high:.3g}"
    p = f"log₁₀ p of h² = 0: {curve.log10_p_h2_0:,.1f}".replace("-", "−")
    what = f"{curve.version}, kernel {label(curve.kernel)}, {counted(curve.size, 'row')}; {p}."
    heading(ax, title, what, f"Log likelihood {ends}.")
    return ax


def _window(low: float, high: float) -> tuple[float, float]:
    """Return which h² a figure shows: all, or three times the interval where that is short."""
    spread = high - low
    if spread > 0.25:
        return -0.01, 1.01
    left, right = low - max(spread, 0.01), high + max(spread, 0.01)
    return (-0.02 * right if left < 0.05 else left), (1 + 0.02 * (1 - left) if right > 0.95 else right)


def _below(value: float) -> str:
    return f"{value:,.2f}".replace("-", "−") if np.isfinite(value) else "impossible"


def size_of_sets(shifts: SetShifts) -> tuple[float, float]:
    """Return a width and height in inches in which every set has a line."""
    return 8.4, 1.7 + 0.19 * max(len(shifts.names), 4)


def sets(shifts: SetShifts, ax: Axes | None = None) -> Axes:
    """Draw the shifts of gene sets with one standard error and the 95 % interval, filled where q is at most .05.

    Parameters
    ----------
    shifts : SetShifts
        Of `analysis.pictures.signals.sets`.
    ax : Axes, optional
        Where; new axes by default.
    """
    ax = style.axes(ax, size_of_sets(shifts))
    heights = np.arange(len(shifts.names))
    ax.axvline(0, color=style.GREY, linewidth=0.8, zorder=0)
    is_called = shifts.q <= CALLED
    for which, colour in ((shifts.beta > 0, style.VERMILION), (shifts.beta <= 0, style.BLUE)):
        at, beta, se = heights[which], shifts.beta[which], shifts.se[which]
        ax.hlines(at, beta - NORMAL_95 * se, beta + NORMAL_95 * se, color=colour, linewidth=0.9, zorder=1)
        ax.hlines(at, beta - se, beta + se, color=colour, linewidth=2.6, zorder=1)
        marker = "^" if colour == style.VERMILION else "v"
        for filled in (True, False):
            own = which & (is_called == filled)
            ax.scatter(shifts.beta[own], heights[own], marker=marker, s=34, c=colour if filled else "white",
                       edgecolors=style.INK, linewidths=0.7, zorder=2)  # fmt: skip
    points = points_for(len(shifts.names), 0.19 * len(shifts.names)) or 5.0
    names = [f"{label(name, 40)} ({genes:,})" for name, genes in zip(shifts.names, shifts.genes.tolist(), strict=True)]
    ax.set_yticks(heights, names, fontsize=points)
    for text in ax.get_yticklabels():
        text.set_parse_math(False)
    ax.set_ylim(len(names) - 0.4, -0.6)
    for height, q in zip(heights.tolist(), shifts.q.tolist(), strict=True):
        ax.annotate(_q_text(q), (1.01, height), xycoords=("axes fraction", "data"), va="center", fontsize=points)
    ax.annotate("q", (1.01, -0.8), xycoords=("axes fraction", "data"), va="bottom", fontsize=points)
    ax.set_xlabel("shift beyond what the network predicts, in units of the signal")
    room = width_of(ax) / 0.775 - 0.8 - points * 0.6 / 72 * max(map(len, names))
    some = f"the {len(names):,} of least p of {shifts.count:,}" if len(names) < shifts.count else f"{shifts.count:,}"
    heading(
        ax,
        "Shifts of gene sets",
        f"{label(shifts.source, 40)}: {some} sets, genes with a value in brackets.",
        f"Thick: ± standard error, thin: 95 %. Filled: q ≤ {CALLED:g} ({int(is_called.sum()):,}).",
        inches=room,
    )
    return ax


def _q_text(q: float) -> str:
    return f"{q:.3f}" if q >= 0.001 else f"{q:.0e}".replace("-", "−")
