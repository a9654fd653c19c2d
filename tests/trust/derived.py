"""Lies about what is derived: an index, cached inversions, remembered numbers, analyses; here the truth may arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

FIRST = "first"
PLANTS: dict[str, Callable[[], AbstractContextManager[Any]]] = {}


def play(folder: Path, *, every: int, only: str) -> Iterator[tuple[str, str, str, str]]:
    yield from ()
