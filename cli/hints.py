"""What to type next, by the code of an error: the rooms below know facts, and no option or verb."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..engine.errors import GrnError

HINTS: dict[str, str] = {
    # engine
    "repeated-genes": "Say which row counts: --duplicates max-variance|mean|first.",
    # formats
    # storage
    "log-damaged": "`grn verify` says which versions it touches, and what can be done.",
    # analysis
}
"""Of each code, the hint; names in braces are facts of the error."""


def hint_of(error: GrnError) -> str:
    """Return what to type next, or an empty text."""
    return error.hint or HINTS.get(error.code, "").format(**error.facts)
