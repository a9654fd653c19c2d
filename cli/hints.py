"""What to type next, by the code of an error: the rooms below know facts, and no option or verb."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..engine.errors import GrnError

HINTS: dict[str, str] = {
    # engine
    "repeated-genes": "Say which row counts: --duplicates max-variance|mean|first.",
    "too-small-to-hold-out": "Name one rank: --rank R.",
    # formats
    # storage
    "log-damaged": "`grn verify` says which versions it touches, and what can be done.",
    # analysis
    "drawings-refused": "--resamples 0 does without; or leave out genes that hardly vary.",
    "no-counts-kept": "Give the counts as a file: --input FILE.",
    "no-positive-correlations": ("These samples support none: `grn info` tells the base. Counts may: --input counts."),
    "no-samples-to-draw": "`grn init --expression FILE` keeps it; --resamples 0 does without.",
    "unknown-nmf-method": "`grn nmf` makes it anew.",
}
"""Of each code, the hint; names in braces are facts of the error."""


def hint_of(error: GrnError) -> str:
    """Return what to type next, or an empty text."""
    return error.hint or HINTS.get(error.code, "").format(**error.facts)
