"""What people look at: figures, a page, a small server. Values come from analysis and engine; views only draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..engine.lazy import attach

if TYPE_CHECKING:
    from . import plot as plot
else:
    __getattr__, __dir__ = attach(__name__)
