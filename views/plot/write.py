"""A figure as a file: PNG, SVG or PDF, the same bytes for the same value under one release of matplotlib."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from ...engine.lazy import load
from .kinds import DRAWINGS, KINDS
from .labels import label
from .style import GREY, STYLE, import_matplotlib

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SOURCE_INCHES = 0.16
"""Height of the line that says what a figure was made of."""

DATELESS: dict[str, dict[str, None]] = {
    "png": {},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
}
"""The endings of files, and of each the metadata to leave out: when it was drawn."""


def figure_of(kind: str, value: Any, size: tuple[float, float] | None = None, *, source: str = "") -> Figure:
    """Return a figure of a value, drawn without a screen.

    Parameters
    ----------
    kind : str
        A name of `KINDS`.
    value : object
        What the kind draws.
    size : tuple of float, optional
        Width and height in inches; those of the kind by default.
    source : str
        What the value was made of, which is written small below the figure.
    """
    library = import_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with library.rc_context(STYLE):
        figure = Figure(figsize=size or KINDS[kind].size_of(value), layout="constrained")
        FigureCanvasAgg(figure)
        load(KINDS[kind].draw, DRAWINGS)(value, figure.add_subplot())
        if source:
            _write_source(figure, label(source, 120))
        figure.draw_without_rendering()  # a layout is final the second time
    return figure


def _write_source(figure: Figure, text: str) -> None:
    """Write a line at the lower edge, and keep it free for that."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    share = SOURCE_INCHES / float(figure.get_size_inches()[1])
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(rect=(0.0, share, 1.0, 1.0 - share))
    figure.text(0.01, 0.25 * share, text, fontsize=6, color=GREY, parse_math=False)


def render(figure: Figure, form: str, dots_per_inch: float = 150.0) -> bytes:
    """Return a figure as the bytes of a `png`, `svg` or `pdf` file."""
    library = import_matplotlib()
    stream = io.BytesIO()
    with library.rc_context(STYLE):
        figure.savefig(stream, format=form, dpi=dots_per_inch, metadata=DATELESS[form])
    return stream.getvalue()
