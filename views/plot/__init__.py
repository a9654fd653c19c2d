"""Figures: `grnledger.plot.KIND(values, ax=None)` draws a value into matplotlib axes, and returns them.

    repo = grnledger.open("study.grn")
    grnledger.plot.changes(repo.diff("v0", "HEAD"))

The kinds are those of `kinds.KINDS`, each under its name with `_` for `-`. They need matplotlib, the extra `plot`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...engine.lazy import load
from .kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes


def __getattr__(name: str) -> Callable[..., Axes]:
    kind = KINDS.get(name.replace("_", "-"))
    if kind is None or "-" in name:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    return load(kind.draw, __name__)


def __dir__() -> list[str]:
    return sorted(name.replace("-", "_") for name in KINDS)
