"""Histograms of the shares of genes in modules: of an analysis, and of draws from Dirichlet distributions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....engine.wording import counted
from .. import style
from ..labels import count_ticks, heading, panels

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from ....analysis.pictures.memberships import DirichletDraws, MembershipHistogram

FLOOR = 0.5
"""Where the axis of counts begins: a single gene is a step above it."""


def memberships(histogram: MembershipHistogram, ax: Axes | None = None) -> Axes:
    """Draw the shares of genes in modules: of the main module of each gene, and of all other modules.

    Parameters
    ----------
    histogram : MembershipHistogram
        `grnledger.plot.values("memberships", repo, "HEAD")` makes one.
    ax : Axes, optional
        Where; new axes by default.
    """
    ax = style.axes(ax)
    _draw_shares(ax, histogram.bins, histogram.main, histogram.others)
    ax.set_yscale("log")
    ax.set_ylim(FLOOR, 4 * max(int(histogram.main.max()), int(histogram.others.max())))
    count_ticks(ax.yaxis)
    ax.set_xlim(0, 1)
    ax.set_xlabel("share of a module in a gene (row-normalised W)")
    ax.set_ylabel("shares in a bin (logarithmic)")
    ax.legend(loc="upper center", fontsize=8)
    sentence = f"{histogram.pure:,} genes pure; {histogram.shared:,} shared: a second module has more than 10 %"
    heading(ax, histogram.title, sentence, histogram.remark)
    return ax


def _draw_shares(
    ax: Axes, bins: NDArray[np.float64], main: NDArray[np.int64], others: NDArray[np.int64], **named: Any
) -> None:
    ax.stairs(main, bins, fill=True, color=style.SKY, label="main module of a gene", baseline=FLOOR, **named)
    ax.stairs(
        others, bins, color=style.INK, linewidth=1.3, linestyle="--", label="all other modules", baseline=FLOOR, **named
    )


def size_of_dirichlet(draws: DirichletDraws) -> tuple[float, float]:
    """Return the width and height in inches of all panels side by side."""
    return max(4.8, 2.9 * len(draws.alpha)), 3.6


def dirichlet(draws: DirichletDraws, ax: Axes | None = None) -> Axes:
    """Draw a panel for each concentration: the shares of modules in genes, and the largest share of each gene.

    Parameters
    ----------
    draws : DirichletDraws
        `grnledger.plot.values("dirichlet", alpha=(0.1, 1, 10), modules=4)` makes them.
    ax : Axes, optional
        Where; new axes by default. The panels take its place.
    """
    ax = style.axes(ax, size_of_dirichlet(draws))
    title = f"Shares of {counted(draws.modules, 'module')} in a gene, drawn from Dirichlet(α, …, α)"
    drawn = panels(ax, len(draws.alpha), title, f"{draws.draws:,} genes for each α, seed {draws.seed}")
    for number, (panel, alpha) in enumerate(zip(drawn, draws.alpha, strict=True)):
        every, largest = draws.counts[number], draws.largest[number]
        panel.stairs(every / every.sum(), draws.bins, fill=True, color=style.SKY, label="every module")
        panel.stairs(
            largest / largest.sum(), draws.bins, color=style.INK, linewidth=1.3, label="largest share of a gene"
        )
        panel.set_xlim(0, 1)
        panel.set_ylim(
            0, 1.3 * max((every / every.sum()).max(), (largest / largest.sum()).max())
        )  # above it the legend
        panel.set_xlabel("share of a module")
        panel.set_title(f"α = {alpha:g}: {_meaning(alpha)}", fontsize=9)
    drawn[0].set_ylabel("part of the shares in a bin")
    drawn[-1].legend(loc="upper right", fontsize=8)
    return ax


def _meaning(alpha: float) -> str:
    if alpha < 1:
        return "mostly one module"
    return "all mixtures alike" if alpha == 1 else "all modules alike"
