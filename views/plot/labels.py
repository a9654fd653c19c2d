"""Text of figures: names of genes and pathways as data, headings of one width, numbers for cells."""

from __future__ import annotations

import functools
import math
import textwrap
from typing import TYPE_CHECKING, Literal

from ...engine.wording import printable
from .style import INK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

MOST_CHARACTERS = 24
"""Most characters of a name in a figure."""

LEAST_POINTS, MOST_POINTS = 4.0, 8.0
"""The smallest size of letters that can be read, in points, and the size where there is room."""

HEIGHT_OF_LINE, WIDTH_OF_LETTER = 1.25, 0.56
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
        The width of the axes, where that is known.
    """
    width = inches or width_of(ax)
    below = [line for text in remarks if text for line in _broken(text, width, 8.0)]
    for number, line in enumerate(reversed(below)):
        ax.annotate(
            line,
            (0.0, 1.0),
            (0.0, 5.0 + 10.5 * number),
            xycoords="axes fraction",
            textcoords="offset points",
            fontsize=8,
            color=GREY_TEXT,
            parse_math=False,
        )
    ax.set_title(
        "\n".join(_broken(title, width, 10.0)),
        loc="left",
        fontsize=10,
        color=INK,
        parse_math=False,
        pad=6.0 + 10.5 * len(below),
    )


GREY_TEXT = "#5A5A5A"
"""Remarks: dark enough to be read on white."""


def _broken(text: str, inches: float, points: float) -> list[str]:
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
