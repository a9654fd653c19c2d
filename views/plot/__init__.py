"""Figures: `grnledger.plot.KIND(values, ax=None)` draws a value into matplotlib axes, and returns them.

    repo = grnledger.open("study.grn")
    difference = grnledger.plot.values("changes", repo, "v0", "HEAD", top=10)
    grnledger.plot.changes(difference)

The kinds are those of `kinds.KINDS`, each under its name with `_` for `-`. They need matplotlib, the extra `plot`.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from ...engine.lazy import load
from .kinds import DRAWINGS, KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from .kinds import Kind


def values(kind: str, *subject: Any, **options: Any) -> Any:
    """Return the value that a kind of figure draws: of a repository and a version or two, or of a file.

    Parameters
    ----------
    kind : str
        The name of the kind, as on the command line.
    *subject
        A repository and the name of a version, or of two; a repository; the path of a file; or nothing.
    **options
        The options of the kind.

    Raises
    ------
    NotFound
        There is no such kind.
    """
    return _kind_of(kind).compute()(*subject, **options)


def _kind_of(name: str) -> Kind:
    from ...engine.errors import NotFound

    if name not in KINDS:
        raise NotFound(f"There is no figure {name!r}: it is one of {', '.join(KINDS)}.")
    return KINDS[name]


def __getattr__(name: str) -> Callable[..., Axes]:
    kind = KINDS.get(name.replace("_", "-"))
    if kind is None or "-" in name:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    return _styled(kind)


def _styled(kind: Kind) -> Callable[..., Axes]:
    """Return the function that draws a kind; into new axes in the style of all figures, else in the user's own."""
    from . import style

    draw = load(kind.draw, DRAWINGS)

    @functools.wraps(draw)
    def drawing(value: Any, ax: Axes | None = None, **named: Any) -> Axes:
        if ax is None:
            ax = style.axes(None, kind.size_of(value))
            settings = style.settings()
        else:
            settings = style.import_matplotlib().rc_context(style.NAMES_AS_THEY_ARE)
        with settings:
            return draw(value, ax, **named)

    return drawing


def __dir__() -> list[str]:
    return sorted(["values", *(name.replace("-", "_") for name in KINDS)])
