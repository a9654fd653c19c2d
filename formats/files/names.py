"""Names that files give: they are not empty, not too long, and can be printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...engine.errors import InputError
from .limits import LONGEST_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_QUOTED = 60
"""Most characters of a text that are quoted in the sentence of an error."""


def check_names(names: Iterable[str], what: str, path: Path) -> None:
    """Refuse names that are empty, too long or cannot be printed, with the position of the first, from 1."""
    names = list(names)
    refuse_long_names(names, what, path)
    for number, name in enumerate(names, start=1):
        if not name:
            raise InputError(
                f"{path}: {what} number {number} has an empty name.", hint="Name it, or take it out of the file."
            )
        if not name.isprintable():
            raise InputError(
                f"{path}: {what} number {number}, {clipped(name)}, holds a character that cannot be printed."
            )


def refuse_long_names(names: Iterable[str], what: str, path: Path) -> None:
    """Refuse names of more than `LONGEST_NAME` letters, with the position of the first, from 1."""
    for number, name in enumerate(names, start=1):
        if len(name) > LONGEST_NAME:
            raise InputError(
                f"{path}: {what} number {number} has a name of {len(name):,} letters, {clipped(name)}.",
                hint="Look for a quotation mark that is never closed, or a line end that is missing.",
            )


def clipped(text: str) -> str:
    """Return text in quotation marks for the sentence of an error, cut short where it is long."""
    return repr(text) if len(text) <= _QUOTED else f"{text[:_QUOTED]!r} …"
