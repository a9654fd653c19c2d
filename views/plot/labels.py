"""Text of figures: names of genes and pathways as data, headings of one width, numbers for cells."""

from __future__ import annotations

import functools
import math
import textwrap
from typing import TYPE_CHECKING, Any, Literal

from ...engine.wording import printable
from .style import INK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

MOST_CHARACTERS = 24
"""Most characters of a name in a figure."""

LEAST_POINTS, MOST_POINTS = 4.0, 8.0
"""The smallest size of letters that can be read, in points, and the size where there is room."""

HEIGHT_OF_LINE, WIDTH_OF_LETTER = 1.25, 0.58
"""The height of a line of text, and the mean width of a letter, in sizes of letters."""

POINTS = 72.0
"""Points an inch."""


def label(name: str, most: int = MOST_CHARACTERS) -> str:
    r"""Return a name as a figure shows it: its middle cut out where it is long, and as escapes what no font shows.

    Parameters
    ----------
    name : str
        Anything: the name of a gene, of a pathway or of a file.
    most : int
        Most characters.

    Examples
    --------
    >>> label("HALLMARK_TNFA_SIGNALING_VIA_NFKB")
    'HALLMARK_TNF…NG_VIA_NFKB'
    >>> label("$A_1$"), label("p53\x1b"), label("基因")
    ('$A_1$', 'p53\\x1b', '\\u57fa\\u56e0')
    """
    if len(name) > 2 * most:  # what an escape is made of need not be kept
        name = name[:most] + "…" + name[-most:]
    shown = printable(name)
    if not shown.isascii():
        drawn = _drawn_characters()
        shown = "".join(sign if ord(sign) in drawn else _escape(sign) for sign in shown)
    if len(shown) <= most:
        return shown
    end = (most - 1) // 2
    return f"{shown[: most - 1 - end]}…{shown[len(shown) - end :]}"


@functools.cache
def _drawn_characters() -> frozenset[int]:
    """Return the code points that the font of all figures has."""
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont("DejaVu Sans")).get_charmap())


def _escape(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")


def points_for(count: int, inches: float) -> float | None:
    """Return the size of letters at which so many lines fit beside each other; None where they cannot be read."""
    points = min(MOST_POINTS, POINTS * inches / max(count, 1) / HEIGHT_OF_LINE)
    return points if points >= LEAST_POINTS else None


def name_ticks(
    ax: Axes,
    axis: Literal["x", "y"],
    names: Sequence[str],
    points: float | None,
    *,
    turned: bool = False,
    most: int = MOST_CHARACTERS,
) -> None:
    """Write names at 0, 1, 2 … along an axis; none where they could not be read.

    Parameters
    ----------
    ax : Axes
        Where.
    axis : {"x", "y"}
        Along which axis.
    names : sequence of str
        The names, as data.
    points : float, optional
        The size of the letters; no names without one.
    turned : bool
        Whether they are written upwards.
    most : int
        Most characters of a name.
    """
    which = ax.xaxis if axis == "x" else ax.yaxis
    if points is None:
        which.set_ticks([])
        return
    which.set_ticks(range(len(names)), [label(name, most) for name in names], fontsize=points)
    for text in which.get_ticklabels():
        text.set_parse_math(False)
        if turned:
            text.set_rotation(90)


def heading(ax: Axes, title: str, *remarks: str, inches: float | None = None) -> None:
    """Write a title above axes, and remarks below it in grey; lines are broken to the width of the axes.

    Parameters
    ----------
    ax : Axes
        Where.
    title : str
        What is shown.
    *remarks : str
        Of what, and how it was chosen; empty ones are left out.
    inches : float, optional
        The width, where the layout will leave another than that of the axes as they are.
    """
    titles = broken(title, inches or width_of(ax), TITLE_POINTS)
    most = inches or REMARK_WIDTH * width_of(ax)
    below = [line for text in remarks if text for line in broken(text, most, REMARK_POINTS)]
    for number, line in enumerate(reversed(below)):
        ax.annotate(
            line, (0.0, 1.0), (0.0, 5.0 + REMARK_STEP * number), xycoords="axes fraction", textcoords="offset points",
            fontsize=REMARK_POINTS, color=REMARK, parse_math=False,
        ).set_in_layout(False)  # fmt: skip  # the title above makes the room
    ax.set_title(
        "\n".join(titles), loc="left", fontsize=TITLE_POINTS, color=INK, parse_math=False,
        pad=6.0 + REMARK_STEP * len(below),
    )  # fmt: skip


def panels(ax: Axes, columns: int, title: str, *remarks: str) -> list[Axes]:
    """Return panels side by side in the place of axes, below a title and remarks as those of `heading`.

    Parameters
    ----------
    ax : Axes
        Of a grid, whose layout then knows the panels, or placed by hand. They draw nothing more themselves.
    columns : int
        How many panels.
    title, *remarks : str
        What stands above them.
    """
    ax.set_axis_off()
    titles = broken(title, width_of(ax), TITLE_POINTS)
    below = [line for text in remarks if text for line in broken(text, width_of(ax), REMARK_POINTS)]
    strip = TITLE_STEP * len(titles) + REMARK_STEP * len(below) + 2.0
    share = strip / max(POINTS * height_of(ax), 2.0 * strip)
    spec, figure = ax.get_subplotspec(), ax.figure
    if spec is not None:
        grid = spec.subgridspec(2, columns, height_ratios=(share, 1.0 - share))
        top = figure.add_subplot(grid[0, :])
        drawn = [figure.add_subplot(grid[1, column]) for column in range(columns)]
    else:
        top = ax.inset_axes((0.0, 1.0 - share, 1.0, share))
        width = 1.0 / columns
        drawn = [ax.inset_axes((column * width, 0.0, 0.8 * width, 0.9 * (1.0 - share))) for column in range(columns)]
    top.set_axis_off()
    lines = [(line, TITLE_POINTS, INK, TITLE_STEP) for line in titles]
    lines += [(line, REMARK_POINTS, REMARK, REMARK_STEP) for line in below]
    depth = 0.0
    for line, points, colour, step in lines:
        top.annotate(
            line, (0.0, 1.0), (0.0, -depth), xycoords="axes fraction", textcoords="offset points", va="top",
            fontsize=points, color=colour, parse_math=False, annotation_clip=False,
        ).set_in_layout(False)  # fmt: skip
        depth += step
    return drawn


TITLE_POINTS, TITLE_STEP = 10.0, 13.0
"""Size of the letters of a title, and height of its lines."""

REMARK_POINTS, REMARK_STEP, REMARK = 8.0, 10.5, "#5A5A5A"
"""Size of the letters of a remark, height of its lines, and its grey: dark enough to be read on white."""

REMARK_WIDTH = 1.2
"""Width of remarks in widths of the axes: they may reach over a bar of colours."""


def broken(text: str, inches: float, points: float) -> list[str]:
    """Return text as lines of a width, in letters of a size."""
    return textwrap.wrap(text, max(20, int(POINTS * inches / (WIDTH_OF_LETTER * points)))) or [""]


def width_of(ax: Axes) -> float:
    """Return the width of axes in inches, before their layout is final."""
    return float(ax.bbox.width / ax.figure.dpi)


def height_of(ax: Axes) -> float:
    """Return the height of axes in inches, before their layout is final."""
    return float(ax.bbox.height / ax.figure.dpi)


def decimals_for(largest: float) -> int:
    """Return with how many decimals numbers up to this have two digits or three.

    Examples
    --------
    >>> [decimals_for(value) for value in (0.87, 1.58, 0.015, 140.0, 0.0)]
    [2, 2, 3, 0, 2]
    """
    if not largest > 0 or not math.isfinite(largest):
        return 2
    exponent = math.floor(math.log10(largest))
    return max(0, min(8, 2 - exponent if exponent >= 0 else 1 - exponent))


def number_text(value: float, decimals: int) -> str:
    """Return a number for a cell of a figure, with a true minus sign, and none on zero.

    Examples
    --------
    >>> number_text(-0.25, 2), number_text(-0.001, 2)
    ('−0.25', '0.00')
    """
    text = f"{value:.{decimals}f}"
    return text.replace("-", "−" if float(text) else "")


def count_ticks(axis: Axis) -> None:
    """Have an axis write its numbers in full: 1,000 and not a power of ten, 0.0001 and not 1e-4 beside the axis."""
    axis.set_major_formatter(lambda value, _: _plain(value))
    if axis.get_scale() == "log":
        low, high = axis.get_view_interval()
        if high < 40 * max(low, 1e-300):  # hardly a decade
            axis.set_major_locator(_ticker().LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_minor_formatter(_ticker().NullFormatter())


def time_ticks(axis: Axis) -> None:
    """Have an axis of seconds write µs, ms and s."""
    axis.set_major_formatter(lambda value, _: time_text(value))
    axis.set_minor_formatter(_ticker().NullFormatter())


def time_text(seconds: float) -> str:
    """Return a time with the unit that suits it.

    Examples
    --------
    >>> time_text(1e-4), time_text(0.01), time_text(10.0)
    ('100 µs', '10 ms', '10 s')
    """
    unit, scale = next(((unit, scale) for unit, scale in UNITS if seconds >= 0.999 * scale), UNITS[-1])
    return f"{seconds / scale:.3g} {unit}"


UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6))
"""Units of time, and how many seconds they are."""


def _plain(value: float) -> str:
    if value == 0 or abs(value) >= 1e-5:
        text = f"{value:,.10f}".rstrip("0").rstrip(".")
    else:
        text = f"{value:.3g}"
    return text.replace("-", "−")


def _ticker() -> Any:
    from matplotlib import ticker

    return ticker
