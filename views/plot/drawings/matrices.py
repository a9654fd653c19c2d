"""Heatmaps: cells with their numbers where these can be read, else colours, and dashes where a number is negative."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import style
from ..labels import (
    broken,
    decimals_for,
    heading,
    height_of,
    label,
    name_ticks,
    number_text,
    panels,
    points_for,
    width_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from ....analysis.pictures.matrices import Decomposition, NamedMatrix

MOST_NUMBERS = 480
"""Most cells whose numbers are written."""

MOST_COLUMNS_OF_NUMBERS = 12
"""Most columns of cells that are wide enough for a number."""

OUTSHINES = 2.0
"""How many times the largest number beside the diagonal those on it are, where they are left out of the colours."""

LEAST_DASH = 0.1
"""Share of the largest number from which a negative one has a dash."""

FEW_MARKS = 2_500
"""Most dashes that are drawn as lines in an SVG or PDF file, and not as an image."""

INCHES_OF_LETTER = 0.065
"""Width of a letter of a name at its largest."""

QUANTILE = 0.99
"""Share of the numbers at which colours end, where the largest are far larger."""

DIAGONAL, DASH = "#BDBDBD", "#2166AC"
"""Grey of a diagonal that is left out of the colours, and blue of a dash on a pale cell."""


def size_of_heatmap(matrix: NamedMatrix) -> tuple[float, float]:
    """Return the width and height in inches at which names of rows and columns can be read."""
    rows, columns = matrix.values.shape
    if matrix.is_of_pairs:
        width = height = _side_of(rows)
    else:
        width = _side_of(columns, least=1.6, inches=0.55 if _has_numbers(matrix) else 0.1)
        height = _side_of(rows, least=1.4, inches=0.17)
    return max(4.8, width + _room_for(matrix.rows) + 1.3), height + _room_below(matrix.columns, width) + 1.0


def size_of_decomposition(decomposition: Decomposition) -> tuple[float, float]:
    """Return the width and height in inches of all panels side by side."""
    panels, names = len(decomposition.parts) + 1, decomposition.total.rows
    side = min(max(2.0, 0.075 * len(names), 0.33 * len(names) if _has_numbers(decomposition.total) else 0.0), 8.0)
    return panels * (side + 0.25) + _room_for(names) + 1.2, side + _room_below(names, side) + 1.2


def _side_of(count: int, *, least: float = 3.6, inches: float = 0.085) -> float:
    """Return the length in inches of so many cells."""
    return min(max(least, inches * count), 24.0)


def _room_for(names: Sequence[str]) -> float:
    """Return the width in inches of the longest name."""
    return INCHES_OF_LETTER * max(len(label(name)) for name in names)


def _room_below(names: Sequence[str], width: float) -> float:
    """Return the height in inches of the names of columns, which are turned where they do not fit side by side."""
    longest = _room_for(names)
    return longest if longest > width / len(names) else 0.2


def heatmap(matrix: NamedMatrix, ax: Axes | None = None) -> Axes:
    """Draw a matrix as a heatmap, blue below zero and red above.

    Numbers are written into the cells where there is room. Where there is none, a dash marks a negative number. A
    diagonal whose numbers are far larger than all others is grey.

    Parameters
    ----------
    matrix : NamedMatrix
        `grnledger.plot.values("correlation", repo, "HEAD")` makes one.
    ax : Axes, optional
        Where; new axes by default.
    """
    ax = style.axes(ax, size_of_heatmap(matrix))
    scale = _scale_of(matrix)
    image = _draw_cells(ax, matrix, scale)
    _name(ax, matrix)
    _colour_bar(ax, image, matrix.quantity, scale)
    heading(ax, matrix.title, matrix.remark, _remark_on_cells(matrix, scale))
    return ax


def decomposition(decomposition: Decomposition, ax: Axes | None = None) -> Axes:
    """Draw a covariance as a sum of heatmaps of one scale: factors, pathways and noise.

    Parameters
    ----------
    decomposition : Decomposition
        `grnledger.plot.values("decomposition", repo, "HEAD")` makes one.
    ax : Axes, optional
        Where; new axes by default. The panels take its place.
    """
    ax = style.axes(ax, size_of_decomposition(decomposition))
    total, parts = decomposition.total, decomposition.parts
    scale = replace(_scale_of(total), hides_diagonal=False)
    drawn = panels(ax, len(parts) + 1, total.title, total.remark, _remark_on_cells(total, scale))
    decimals = decimals_for(float(np.abs(total.values).max(initial=0.0)))
    for number, (panel, matrix) in enumerate(zip(drawn, (*parts, total), strict=True)):
        image = _draw_cells(panel, matrix, scale, decimals)
        _name(panel, matrix, with_rows=number == 0)
        panel.set_title((*decomposition.symbols, "Σ")[number], fontsize=10, parse_math=False)
        if number:
            panel.annotate(
                "=" if number == len(parts) else "+", (0, 0.5), (-9, 0), xycoords="axes fraction",
                textcoords="offset points", ha="center", va="center", fontsize=13,
            )  # fmt: skip
        if number == len(parts):
            _colour_bar(panel, image, total.quantity, scale)
    return ax


@dataclass(frozen=True, slots=True)
class _Scale:
    """The scale of colours: its largest number, what is beyond it, and whether the diagonal is left out of it."""

    limit: float
    exceeds: bool = False
    hides_diagonal: bool = False


def _has_numbers(matrix: NamedMatrix) -> bool:
    return matrix.values.size <= MOST_NUMBERS and matrix.values.shape[1] <= MOST_COLUMNS_OF_NUMBERS


def _scale_of(matrix: NamedMatrix) -> _Scale:
    """Return the scale of colours of a matrix: neither a diagonal nor a few numbers may pale all others."""
    magnitude = np.abs(matrix.values)
    largest = float(magnitude.max(initial=0.0))
    hides = False
    if matrix.is_of_pairs and len(magnitude) > 1:
        magnitude = magnitude[~np.eye(len(magnitude), dtype=np.bool_)]
        beside = float(magnitude.max())
        hides = 0 < beside * OUTSHINES < largest
        largest = beside if hides else largest
    if not _has_numbers(matrix):
        usual = float(np.quantile(magnitude, QUANTILE))
        if 0 < usual * OUTSHINES < largest:
            return _Scale(usual, exceeds=True, hides_diagonal=hides)
    return _Scale(largest or 1.0, hides_diagonal=hides)


def _draw_cells(ax: Axes, matrix: NamedMatrix, scale: _Scale, decimals: int | None = None) -> Any:
    """Draw the cells, and numbers or dashes in them; return the image."""
    shown = np.ma.array(matrix.values, mask=False)
    if scale.hides_diagonal:
        shown[np.diag_indices(len(shown))] = np.ma.masked
    colours = style.import_matplotlib().colormaps[style.DIVERGING].with_extremes(bad=DIAGONAL)
    aspect = "equal" if matrix.is_of_pairs else "auto"
    image = ax.imshow(shown, cmap=colours, vmin=-scale.limit, vmax=scale.limit, aspect=aspect, interpolation="nearest")
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    if _has_numbers(matrix):
        largest = float(np.abs(matrix.values).max(initial=0.0))
        _write_numbers(ax, matrix, image, decimals_for(largest) if decimals is None else decimals)
    else:
        _mark_negative(ax, np.asarray(shown.filled(0.0)), scale.limit)
    if matrix.divided:
        ax.axvline(matrix.divided - 0.5, color="white", linewidth=4)
    return image


def _write_numbers(ax: Axes, matrix: NamedMatrix, image: Any, decimals: int) -> None:
    rows, columns = matrix.values.shape
    colours = image.cmap(image.norm(image.get_array()))
    texts = [[number_text(value, decimals) for value in row] for row in matrix.values.tolist()]
    longest = max(len(text) for row in texts for text in row)
    points = min(9.0, 72 * 0.8 * width_of(ax) / columns / (0.6 * longest), 72 * height_of(ax) / rows / 1.3)
    for row, line in enumerate(texts):
        for column, text in enumerate(line):
            ink = "white" if _luminance(colours[row, column]) < 0.45 else style.INK
            ax.text(column, row, text, ha="center", va="center", fontsize=points, color=ink)


def _luminance(colour: NDArray[np.float64]) -> float:
    """Return how bright a colour is, 0 to 1 (ITU-R BT.709)."""
    red, green, blue, _ = colour.tolist()
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mark_negative(ax: Axes, values: NDArray[np.float64], limit: float) -> None:
    """Draw a dash in each cell with a number clearly below zero: both ends of the colours are dark in grey."""
    cell = 72 * min(width_of(ax) / values.shape[1], height_of(ax) / values.shape[0])
    pale, strong = values < -LEAST_DASH * limit, values < -0.5 * limit
    for which, colour in ((pale & ~strong, DASH), (strong, "white")):
        rows, columns = np.nonzero(which)
        ax.plot(
            columns, rows, linestyle="none", marker="_", color=colour, markersize=max(0.5 * cell, 0.8),
            markeredgewidth=min(max(0.14 * cell, 0.3), 1.0), rasterized=len(rows) > FEW_MARKS,
        )  # fmt: skip


def _name(ax: Axes, matrix: NamedMatrix, *, with_rows: bool = True) -> None:
    """Write the names of rows and columns, those that can be read."""
    rows, columns = matrix.values.shape
    name_ticks(ax, "y", matrix.rows, points_for(rows, height_of(ax)) if with_rows else None)
    points = points_for(columns, width_of(ax))
    longest = max(len(label(name)) for name in matrix.columns)
    fits = points is not None and longest * 0.6 * points < 72 * width_of(ax) / columns
    name_ticks(ax, "x", matrix.columns, points, turned=not fits)


def _colour_bar(ax: Axes, image: Any, quantity: str, scale: _Scale) -> None:
    extend = "both" if scale.exceeds else "neither"
    if ax.get_subplotspec() is None:  # placed by hand: no layout makes room
        bar = ax.figure.colorbar(image, cax=ax.inset_axes((1.04, 0.0, 0.05, 1.0)), extend=extend)
    else:
        bar = ax.figure.colorbar(image, ax=ax, shrink=0.85, pad=0.03, extend=extend)
    bar.set_label("\n".join(broken(quantity, 0.8 * height_of(ax), 9)), fontsize=9)
    bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
    bar.ax.tick_params(labelsize=8)


def _remark_on_cells(matrix: NamedMatrix, scale: _Scale) -> str:
    remarks = ["the diagonal is grey, since it is far larger"] if scale.hides_diagonal else []
    if scale.exceeds:
        remarks.append(f"colours end at ±{scale.limit:.2g}, which 1 % exceed")
    if not _has_numbers(matrix):
        remarks.append("a dash marks what is negative")
    return "; ".join(remarks)
