"""Text within XML: what XML 1.0 can hold is escaped so that it reads back as it was, and what it cannot is refused."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from ...engine.errors import InputError

_OUTSIDE_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What production 2 of XML 1.0, `Char`, leaves out: a reference to such a character is no XML either."""

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
"""The first line of a file."""


def content(text: str) -> str:
    """Return text for the inside of an element; raises as `attribute`."""
    return escape(_checked(text), {"\r": "&#13;"})


def attribute(text: str) -> str:
    """Return text for an attribute, with the quotation marks around it.

    Raises
    ------
    InputError
        It holds a character that XML cannot have.
    """
    return quoteattr(_checked(text))


def number_text(value: float | bool) -> str:
    """Return a number or truth value as XML Schema writes it; it reads back to the same bits."""
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _checked(text: str) -> str:
    if found := _OUTSIDE_XML.search(text):
        raise InputError(
            f"{text!r} holds {found[0]!r}, which no XML file can hold.",
            hint="The formats cx2, cyjs, tsv and parquet can.",
        )
    return text
