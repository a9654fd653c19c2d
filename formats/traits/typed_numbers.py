"""Numbers as people and word processors type them: a typographic minus, and spaces that do not break."""

from __future__ import annotations

import re

from ..files.delimited import Row, is_number

_DASHES = "\u2212\u2010\u2011\u2012\u2013\ufe63\uff0d"
_SPACES = "\u00a0\u2007\u2009\u202f"
_TYPED = re.compile(f"[{_DASHES}{_SPACES}]")
_TO_PLAIN = str.maketrans({**dict.fromkeys(_DASHES, "-"), **dict.fromkeys(_SPACES, "")})

_SIGN = f"[+{_DASHES}-]?"
_TYPED_NUMBER = re.compile(rf"{_SIGN}(\d{{1,3}}([{_SPACES}]\d{{3}})+([.,]\d*)?|[\d.,]+(e{_SIGN}\d+)?)", re.IGNORECASE)
"""A number with any minus, perhaps with spaces between thousands."""


def plain_row(row: Row, *, has_decimal_comma: bool = False) -> Row:
    """Return a row whose numbers are as Python writes them; names and other text stay."""
    return Row(row.line, [plain_number(field, has_decimal_comma=has_decimal_comma) for field in row.fields])


def plain_number(field: str, *, has_decimal_comma: bool = False) -> str:
    """Return a number with a hyphen for its minus and without spaces in it; any other text as it stands.

    Spaces may stand around a number, and between thousands.

    Examples
    --------
    >>> plain_number("\u22121.5"), plain_number("12\u202f345"), plain_number("\u00a03 "), plain_number("S\u20131")
    ('-1.5', '12345', '3', 'S\u20131')
    """
    if not _TYPED.search(field):
        return field
    bare = field.strip()
    if not _TYPED_NUMBER.fullmatch(bare):
        return field
    plain = bare.translate(_TO_PLAIN)
    plain = plain.replace(",", ".") if has_decimal_comma else plain
    return plain if is_number(plain) else field
