"""A figure as a file: PNG, SVG or PDF, the same bytes for the same value under one release of matplotlib."""

from __future__ import annotations

import contextlib
import io
import warnings
from typing import TYPE_CHECKING, Any

from ...engine.errors import InputError
from ...engine.lazy import load
from .kinds import DRAWINGS, KINDS
from .labels import label
from .style import GREY, import_matplotlib, settings

if TYPE_CHECKING:
    from collections.abc import Generator

    from matplotlib.figure import Figure

SOURCE_INCHES = 0.16
"""Height of the line that says what a figure was made of."""

MOST_DOTS, MOST_ACROSS = 250e6, 60_000.0
"""Most dots of a figure, which take about 1 GB while they are drawn, and most on a side."""

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

    Raises
    ------
    InputError
        It is so small that its text leaves no room for what is drawn.
    """
    import_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with settings():
        figure = Figure(figsize=size or KINDS[kind].size_of(value), layout="constrained")
        FigureCanvasAgg(figure)
        load(KINDS[kind].draw, DRAWINGS)(value, figure.add_subplot())
        if source:
            _write_source(figure, label(source, 120))
        with _laid_out(figure):
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
    """Return a figure as the bytes of a `png`, `svg` or `pdf` file.

    Raises
    ------
    InputError
        It would have more than `MOST_DOTS` dots, also where only parts of it are drawn as dots.
    """
    import_matplotlib()
    width, height = figure.get_size_inches().tolist()
    _check_dots(width, height, dots_per_inch)
    stream = io.BytesIO()
    with settings(), _laid_out(figure):
        figure.savefig(stream, format=form, dpi=dots_per_inch, metadata=DATELESS[form])
    return stream.getvalue()


@contextlib.contextmanager
def _laid_out(figure: Figure) -> Generator[None]:
    """Refuse a figure whose layout finds no room, which matplotlib only warns of."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "constrained_layout not applied", UserWarning)
        try:
            yield
        except UserWarning:
            width, height = figure.get_size_inches().tolist()
            raise InputError(
                f"A figure of {width:g} × {height:g} inches is too small for its text: nothing is left to draw in.",
                code="figure-too-small",
            ) from None


def _check_dots(width: float, height: float, dots_per_inch: float) -> None:
    dots, across = width * height * dots_per_inch**2, max(width, height) * dots_per_inch
    if not (dots <= MOST_DOTS and across <= MOST_ACROSS):  # also where one of them is no number
        most = min((MOST_DOTS / (width * height)) ** 0.5, MOST_ACROSS / max(width, height))
        raise InputError(
            f"A figure of {width:g} × {height:g} inches has at most {int(most):,} dots an inch, not {dots_per_inch:g}.",
            code="figure-too-large",
            facts={"most": int(most)},
        )
