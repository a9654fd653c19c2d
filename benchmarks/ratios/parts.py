"""The parts of the measurement, in the order in which they stand on the page."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .rows import Absence, Effort, Row

PARTS = {
    "commits": "The algebra of a commit",
    "stores": "A durable commit",
    "history": "The history",
    "all_pairs": "All pairs of genes",
    "modules": "NMF",
    "mixed_models": "Linear mixed models",
}
"""The module of each part in this package, and its heading."""


def rows_of(part: str, effort: Effort) -> Iterator[Row | Absence]:
    """Yield the rows of a part as they are measured."""
    yield from importlib.import_module(f".{part}", __package__).measure(effort)
