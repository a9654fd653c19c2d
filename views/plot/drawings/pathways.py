"""Pathways as figures: their support beside that of decoys, and the links of one with all genes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ....engine.choices import RATE
from ....engine.wording import counted
from .. import style
from ..labels import count_ticks, heading, label, points_for, width_of
from ..placement import place_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from ....analysis.links import Links
    from ....analysis.support import PathwaySupport, Support

MOST_PATHWAYS = 50
"""Most pathways of a figure; the best supported are drawn."""

NAMED, NEAR = 8, 200
"""Links of a panel that are named, and the next ones, which names should not cover."""

MANY = 2_000
"""Points from which a cloud is drawn as an image within the file."""


def size_of_support(support: Support) -> tuple[float, float]:
    """Return a width and height in inches in which every pathway has a line."""
    return 8.0, 1.9 + 0.22 * max(min(len(support), MOST_PATHWAYS), 4)


def support(support: Support, ax: Axes | None = None) -> Axes:
    """Draw the support of pathways: each with its standard error, above the marks of its decoys.

    Parameters
    ----------
    support : Support
        Of `analysis.support.support_of`.
    ax : Axes, optional
        Where; new axes by default.
    """
    ax = style.axes(ax, size_of_support(support))
    possible = [pathway for pathway in support if math.isfinite(pathway.nats)]
    drawn = possible[:MOST_PATHWAYS]
    heights = np.arange(len(drawn), dtype=np.float64)
    decoys = [(nats, height) for height, pathway in zip(heights, drawn, strict=True) for nats in pathway.decoy_nats]
    finite = np.array([pair for pair in decoys if math.isfinite(pair[0])]).reshape(-1, 2)
    ax.axvline(0, color=style.GREY, linewidth=0.8, zorder=0)
    ax.scatter(*finite.T, marker="|", s=45, c=style.GREY, linewidths=0.9, label="a decoy", zorder=1)
    ax.errorbar(
        [pathway.nats for pathway in drawn],
        heights,
        xerr=[pathway.error for pathway in drawn],
        fmt="D",
        markersize=5,
        color=style.BLUE,
        markeredgecolor=style.INK,
        markeredgewidth=0.5,
        elinewidth=1.4,
        label="pathway ± standard error",
        zorder=2,
    )
    points = points_for(len(drawn), 0.22 * len(drawn))
    names = [_support_name(pathway) for pathway in drawn]
    ax.set_yticks(heights, names, fontsize=points or 5)
    for text in ax.get_yticklabels():
        text.set_parse_math(False)
    ax.set_ylim(len(drawn) - 0.4, -0.6)
    ax.set_xlabel("gain in log density of a sample held out (nats a sample)")
    if drawn:
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0.0), borderaxespad=4.5, ncols=2, fontsize=8)
    room = width_of(ax) / 0.775 - 0.3 - (points or 5) * 0.6 / 72 * max(map(len, names), default=0)
    remarks = _support_remarks(support, len(drawn), len(possible))
    heading(ax, "Support of pathways by samples held out", *remarks, inches=room)
    return ax


def _support_name(pathway: PathwaySupport) -> str:
    rank = f"  {pathway.rank} of {pathway.decoys + 1}" if pathway.rank is not None else ""
    return f"{'−' if pathway.sign < 0 else ''}{label(pathway.name, 32)}{rank}"


def _support_remarks(support: Support, drawn: int, possible: int) -> list[str]:
    unit = "contrast" if support.adjusted else "sample"
    what = f"{counted(support.samples, unit)} in {counted(support.groups, 'group')}, λ = {support.intensity:.3g}."
    order = " Beside each name its rank among its decoys, by nats over their standard error."
    remarks = [what + (order if any(pathway.rank is not None for pathway in support) else "")]
    if support.caution:
        remarks.append(support.caution)
    if drawn < possible:
        remarks.append(f"The {drawn:,} best supported of {possible:,} pathways.")
    if possible < len(support):
        remarks.append(f"Not drawn: {counted(len(support) - possible, 'subtraction')} that leave no covariance.")
    return remarks


def links(links: Links, ax: Axes | None = None) -> Axes:
    """Draw the links of a pathway: ρ with its activity against how clear it is, the clearest named.

    Members have a panel of their own: their links are much stronger, and are tested apart.

    Parameters
    ----------
    links : Links
        Of `analysis.links.links_of`, of one pathway and all genes. Without q, links are drawn by their rank.
    ax : Axes, optional
        Where; new axes by default. The panels take its place.
    """
    ax = style.axes(ax, (8.4, 5.0))
    ax.set_axis_off()
    heading(ax, f"Links with {', '.join(label(pathway.name, 40) for pathway in links.pathways[:3])}", _remark(links))
    rho = np.array([link.rho for link in links.links])
    is_member = np.array([link.member for link in links.links], dtype=np.bool_)
    is_called = np.zeros(len(rho), dtype=np.bool_) if links.q is None else np.array(links.q) <= RATE
    height = _clearness(links)
    top = 1.12 * float(height.max(initial=1.0))
    other, own = ax.inset_axes((0.0, 0.0, 0.57, 0.95)), ax.inset_axes((0.62, 0.0, 0.38, 0.95))
    for panel, which, marker, colour, name in (
        (other, ~is_member, "o", style.BLUE, "genes that are no members"),
        (own, is_member, "^", style.VERMILION, "members of the pathway"),
    ):
        _draw_links(panel, (rho[which], height[which], is_called[which]), marker, colour)
        panel.set_title(f"{name} ({int(which.sum()):,})", fontsize=9)
        panel.set_ylim(-0.03 * top, top)
        genes = [link.gene for link in links.links if link.member == (panel is own)]
        _name_clearest(panel, [label(links.genes[gene]) for gene in genes], rho[which], height[which])
    other.set_ylabel("−log₁₀ p" if links.p is not None else "−log₁₀ (rank / genes)")
    own.set_yticklabels([])
    return ax


def _draw_links(
    ax: Axes,
    points: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]],
    marker: str,
    colour: str,
) -> None:
    """Draw links at ρ and their clearness, filled where they are called."""
    rho, height, is_called = points
    for which, face, size in ((~is_called, "none", 9), (is_called, colour, 22)):
        ax.scatter(
            rho[which],
            height[which],
            s=size,
            marker=marker,
            c=face,
            edgecolors=colour,
            linewidths=0.5,
            rasterized=int(which.sum()) > MANY,
        )
    ax.axvline(0, color=style.GREY, linewidth=0.8, zorder=0)
    low, high = min(float(rho.min(initial=0.0)), 0.0), max(float(rho.max(initial=0.0)), 0.0)
    room = 0.15 * (high - low) or 0.01
    ax.set_xlim(low - room, high + room)
    ax.locator_params(axis="x", nbins=5)
    ax.set_xlabel("ρ with the activity, given all other genes")
    count_ticks(ax.xaxis)


def _clearness(links: Links) -> NDArray[np.float64]:
    """Return −log₁₀ p; where nothing was tested, that of the share of links that are as strong."""
    if links.p is None:
        return -np.log10((1.0 + np.arange(len(links))) / max(len(links), 1))
    p = np.array(links.p)
    positive = p[p > 0]
    return -np.log10(np.maximum(p, positive.min() if len(positive) else 1.0))


def _name_clearest(ax: Axes, texts: Sequence[str], rho: NDArray[np.float64], height: NDArray[np.float64]) -> None:
    order: list[int] = np.lexsort((-np.abs(rho), -height))[: NAMED + NEAR].tolist()
    place_names(
        ax,
        [(float(rho[index]), float(height[index])) for index in order],
        [texts[index] if rank < NAMED else "" for rank, index in enumerate(order)],
        [5.0] * len(order),
        points=7.0,
    )


def _remark(links: Links) -> str:
    genes = counted(len(links.genes), "gene")
    if links.q is None:
        return f"{genes}, ranked by |ρ|: the base has no samples to test links by."
    called = [link.member for link, q in zip(links.links, links.q, strict=True) if q <= RATE]
    return (
        f"{genes}. Filled: q ≤ {RATE:g}, of {len(called) - sum(called):,} that are no members and of "
        f"{counted(sum(called), 'member')}, which are tested apart."
    )
