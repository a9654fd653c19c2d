"""The largest changes between two versions as bars: what became stronger to the right, what became weaker left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...engine.wording import printable
from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ...engine.network.comparison import Difference


def changes(difference: Difference, ax: Axes | None = None) -> Axes:
    """Draw the changes of a comparison as signed bars of the change of |ρ|, the largest on top.

    Parameters
    ----------
    difference : Difference
        Its listed changes are drawn: `changes` of `grnledger.engine.compare` says how many.
    ax : Axes, optional
        Where; new axes by default.
    """
    ax = style.axes(ax)
    names = [f"{printable(a)} – {printable(b)}" for a, b, *_ in difference]
    size = np.abs(difference.rho)
    change = size[:, 1] - size[:, 0]
    heights = np.arange(len(names))
    colours = [style.BLUE if value > 0 else style.VERMILION for value in change]
    ax.barh(heights, change, color=colours, height=0.7)
    ax.axvline(0, color=style.INK, linewidth=0.8)
    ax.set_yticks(heights, names, fontsize=8 if len(names) <= 30 else 5)
    ax.invert_yaxis()
    ax.set_xlabel("change of |ρ|")
    return ax
