"""A figure as a file: PNG, SVG or PDF, the same bytes for the same value under one release of matplotlib."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from ...engine.lazy import load
from .kinds import KINDS
from .style import STYLE, import_matplotlib

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DATELESS: dict[str, dict[str, None]] = {
    "png": {},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
}
"""The endings of files, and of each the metadata to leave out: when it was drawn."""


def figure_of(kind: str, value: Any, size: tuple[float, float] | None = None) -> Figure:
    """Return a figure of a value, drawn without a screen.

    Parameters
    ----------
    kind : str
        A name of `KINDS`.
    value : object
        What the kind draws.
    size : tuple of float, optional
        Width and height in inches; those of the kind by default.
    """
    library = import_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with library.rc_context(STYLE):
        figure = Figure(figsize=size or KINDS[kind].size_of(value), layout="constrained")
        FigureCanvasAgg(figure)
        load(KINDS[kind].draw, __package__)(value, figure.add_subplot())
    return figure


def render(figure: Figure, form: str, dots_per_inch: float = 150.0) -> bytes:
    """Return a figure as the bytes of a `png`, `svg` or `pdf` file."""
    library = import_matplotlib()
    stream = io.BytesIO()
    with library.rc_context(STYLE):
        figure.savefig(stream, format=form, dpi=dots_per_inch, metadata=DATELESS[form])
    return stream.getvalue()
