"""How all figures look: colours that a colour-blind reader tells apart, one font, names as they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...engine.lazy import require

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from matplotlib.axes import Axes

BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7"
"""Colours for categories (Okabe and Ito 2008)."""
INK, GREY = "#222222", "#8C8C8C"
"""Text and lines, and what is less important."""
DIVERGING, SEQUENTIAL = "RdBu_r", "viridis"
"""Colour maps for values with a sign, and for values from 0 up."""

STYLE: Any = {
    "text.parse_math": False,  # a gene may be called $A$
    "font.family": ["DejaVu Sans"],  # comes with matplotlib: the same everywhere
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "svg.fonttype": "none",  # text stays text: it can be searched, and edited in a drawing program
    "svg.hashsalt": "grnledger",
    "pdf.fonttype": 42,
}
"""Settings of matplotlib for all figures; all others are matplotlib's own defaults, and not the user's."""

NAMES_AS_THEY_ARE: Any = {"text.parse_math": False, "text.usetex": False}
"""Settings for axes of the user's own, whose style is theirs; but the name of a gene is no program of TeX."""


def import_matplotlib() -> Any:
    """Return the package matplotlib.

    Raises
    ------
    InputError
        It is not installed.
    """
    return require("matplotlib", "plot", "A figure")


def settings() -> AbstractContextManager[None]:
    """Return a context with the settings of all figures, whatever file of settings matplotlib has read.

    One may lie in the working directory, and the same version shall give the same bytes there.
    """
    import_matplotlib()
    from matplotlib import style

    return style.context(["default", STYLE])


def axes(ax: Axes | None, size: tuple[float, float] = (6.4, 4.8)) -> Axes:
    """Return these axes, or those of a new figure of a size in inches."""
    if ax is not None:
        return ax
    import_matplotlib()
    from matplotlib import pyplot as plt

    with settings():
        return plt.figure(figsize=size, layout="constrained").add_subplot()
