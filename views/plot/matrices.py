"""Heatmaps: cells with their numbers where these can be read, else colours, and dashes where a number is negative."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import style
from .labels import decimals_for, heading, height_of, label, name_ticks, number_text, points_for, width_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from ...analysis.pictures.matrices import Decomposition, NamedMatrix

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

DIAGONAL = "#BDBDBD"
"""Grey of a diagonal that is left out of the colours."""


def size_of_heatmap(matrix: NamedMatrix) -> tuple[float, float]:
    """Return the width and height in inches at which names of rows and columns can be read."""
    rows, columns = matrix.values.shape
    if matrix.is_of_pairs:
        side = _side_of(rows)
        return side + 2.2, side + 1.5
    return max(4.8, 2.8 + _side_of(columns, least=1.6, inches=0.55 if _has_numbers(matrix) else 0.1)), max(
        3.2, 1.8 + _side_of(rows, least=1.4, inches=0.17)
    )


def _side_of(count: int, *, least: float = 3.6, inches: float = 0.085) -> float:
    return min(max(least, inches * count), 24.0)


def size_of_decomposition(decomposition: Decomposition) -> tuple[float, float]:
    """Return the width and height in inches of all panels side by side."""
    panels = len(decomposition.parts) + 1
    side = min(max(2.3, 0.06 * len(decomposition.total.rows)), 8.0)
    return panels * side + 1.9, side + 1.6


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
    limit, hides_diagonal = _scale_of(matrix)
    image = _draw_cells(ax, matrix, limit, hides_diagonal=hides_diagonal)
    _name(ax, matrix)
    _colour_bar(ax, image, matrix.quantity, ax)
    heading(ax, matrix.title, matrix.remark, _remark_on_cells(matrix, hides_diagonal=hides_diagonal))
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
    limit, hides_diagonal = _scale_of(total)
    drawn = style.panels(ax, len(parts) + 1)
    for number, (panel, matrix) in enumerate(zip(drawn, (*parts, total), strict=True)):
        image = _draw_cells(panel, matrix, limit, hides_diagonal=hides_diagonal and number < len(parts) - 1)
        sign = "=" if number == len(parts) else "+"
        _name(panel, matrix, with_rows=number == 0)
        panel.set_title((*decomposition.symbols, "Σ")[number], fontsize=10, parse_math=False)
        if number:
            panel.annotate(
                sign, (0, 0.5), (-9, 0), xycoords="axes fraction", textcoords="offset points",
                ha="center", va="center", fontsize=13,
            )  # fmt: skip
    _colour_bar(ax, image, total.quantity, drawn)
    heading(drawn[0], "")
    remark = _remark_on_cells(total, hides_diagonal=hides_diagonal)
    heading(ax, total.title, total.remark, remark)
    return ax


def _has_numbers(matrix: NamedMatrix) -> bool:
    return matrix.values.size <= MOST_NUMBERS and matrix.values.shape[1] <= MOST_COLUMNS_OF_NUMBERS


def _scale_of(matrix: NamedMatrix) -> tuple[float, bool]:
    """Return the largest number of the colours, and whether the diagonal is left out of them."""
    magnitude = np.abs(matrix.values)
    largest = float(magnitude.max(initial=0.0))
    if matrix.is_of_pairs and len(magnitude) > 1:
        beside = magnitude.copy()
        np.fill_diagonal(beside, 0.0)
        largest_beside = float(beside.max())
        if 0 < largest_beside * OUTSHINES < largest:
            return largest_beside, True
    return largest or 1.0, False


def _draw_cells(ax: Axes, matrix: NamedMatrix, limit: float, *, hides_diagonal: bool) -> Any:
    """Draw the cells, and numbers or dashes in them; return the image."""
    shown = np.ma.array(matrix.values, mask=False)
    if hides_diagonal:
        shown[np.diag_indices(len(shown))] = np.ma.masked
    colours = style.import_matplotlib().colormaps[style.DIVERGING].with_extremes(bad=DIAGONAL)
    aspect = "equal" if matrix.is_of_pairs else "auto"
    image = ax.imshow(shown, cmap=colours, vmin=-limit, vmax=limit, aspect=aspect, interpolation="nearest")
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    if _has_numbers(matrix):
        _write_numbers(ax, matrix, image)
    else:
        _mark_negative(ax, np.asarray(shown.filled(0.0)), limit)
    if matrix.divided:
        ax.axvline(matrix.divided - 0.5, color="white", linewidth=4)
    return image


def _write_numbers(ax: Axes, matrix: NamedMatrix, image: Any) -> None:
    rows, columns = matrix.values.shape
    decimals = decimals_for(float(np.abs(matrix.values).max(initial=0.0)))
    texts = [[number_text(value, decimals) for value in row] for row in matrix.values.tolist()]
    longest = max(len(text) for row in texts for text in row)
    points = min(9.0, 72 * 0.8 * width_of(ax) / columns / (0.6 * longest), 72 * height_of(ax) / rows / 1.3)
    for row, line in enumerate(texts):
        for column, text in enumerate(line):
            colour = image.cmap(image.norm(image.get_array()[row, column]))
            ink = "white" if _luminance(colour) < 0.45 else style.INK
            ax.text(column, row, text, ha="center", va="center", fontsize=points, color=ink)


def _luminance(colour: tuple[float, float, float, float]) -> float:
    """Return how bright a colour is, 0 to 1 (ITU-R BT.709)."""
    red, green, blue, _ = colour
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mark_negative(ax: Axes, values: NDArray[np.float64], limit: float) -> None:
    """Draw a dash in each cell with a number clearly below zero: both ends of the colours are dark in grey."""
    rows, columns = np.nonzero(values < -LEAST_DASH * limit)
    if not len(rows):
        return
    cell = 72 * min(width_of(ax) / values.shape[1], height_of(ax) / values.shape[0])
    ax.plot(
        columns, rows, linestyle="none", marker="_", color="white", markersize=max(0.6 * cell, 0.8),
        markeredgewidth=min(max(0.18 * cell, 0.3), 1.2), rasterized=len(rows) > FEW_MARKS,
    )  # fmt: skip


def _name(ax: Axes, matrix: NamedMatrix, *, with_rows: bool = True) -> None:
    """Write the names of rows and columns, those that can be read."""
    rows, columns = matrix.values.shape
    name_ticks(ax, "y", matrix.rows, points_for(rows, height_of(ax)) if with_rows else None)
    points = points_for(columns, width_of(ax))
    longest = max(len(label(name)) for name in matrix.columns)
    fits = points is not None and longest * 0.6 * points < 72 * width_of(ax) / columns
    name_ticks(ax, "x", matrix.columns, points, turned=not fits)


def _colour_bar(ax: Axes, image: Any, quantity: str, beside: Any) -> None:
    bar = ax.figure.colorbar(image, ax=beside, shrink=0.85, pad=0.02)
    bar.set_label(quantity)
    bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
    bar.ax.tick_params(labelsize=8)


def _remark_on_cells(matrix: NamedMatrix, *, hides_diagonal: bool) -> str:
    remarks = ["the diagonal is grey, since it is far larger"] if hides_diagonal else []
    if not _has_numbers(matrix):
        remarks.append("a dash marks what is negative")
    return "; ".join(remarks)
