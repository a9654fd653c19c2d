"""Fields of tables: whether they are numbers or missing, and numbers without the marks that people put in them."""

from __future__ import annotations

import re

COMMA_NUMBER = re.compile(r"\s*[+-]?(\d*|[1-9]\d{0,2}(\.\d{3})+),\d+(e[+-]?\d+)?\s*", re.IGNORECASE)
"""A number with a decimal comma, perhaps with points between thousands."""

_SPACES = "\u00a0\u2007\u2009\u202f"

_DASHES = "\u2212\u2010\u2011\u2012\u2013\ufe63\uff0d"
"""Signs that programs for text put before numbers, in place of a minus."""

_SPACED = re.compile(rf"[+-]?\d{{1,3}}([ '\u2019{_SPACES}]\d{{3}})+([.,]\d*)?")
"""A number with spaces or apostrophes between thousands."""

_TO_PLAIN = str.maketrans({**dict.fromkeys(_DASHES, "-"), **dict.fromkeys(_SPACES, " "), "\u2019": "'"})

_MISSING = frozenset(
    {"", "na", "nan", "n/a", "null", "none", "-", ".", "?", "<na>", "#n/a", "#nv", "#na", "#div/0!", "#value!", "#ref!"}
)

_UNNAMED = frozenset({"", "NA", "N/A", "#N/A", "<NA>", "NaN", "-", "--", "."})

_BLANK = frozenset({
    ".", "<na>", "missing", "\u2212", "\u2013", "\u2014", "-nan", "nan(ind)", "-nan(ind)", "1.#qnan", "-1.#ind",
})  # fmt: skip
"""More of them in a table of traits; the last ones are what programs in C print."""


def is_number(field: str) -> bool:
    """Whether a field reads as a number; missing values do not."""
    try:
        value = float(field)
    except ValueError:
        return False
    return "_" not in field and value == value


def is_missing(field: str) -> bool:
    """Whether a field is empty or says NA."""
    return field.strip().lower() in _MISSING


def is_unnamed(field: str) -> bool:
    """Whether a field that should have a name is empty, or says NA as R, pandas and spreadsheets write it.

    Examples
    --------
    >>> [is_unnamed(field) for field in ("", " NA", "#N/A", "nan", "TP53")]  # nan is a gene of the fly
    [True, True, True, False, False]
    """
    return field.strip() in _UNNAMED


def is_blank(field: str) -> bool:
    """Whether a field says that there is no value: empty, NA, #N/A, NaN, a point alone."""
    return is_missing(field) or field.strip().lower() in _BLANK


def plain_number(field: str) -> str:
    """Return a number without spaces or apostrophes between its thousands, and with a plain minus; else the field.

    Examples
    --------
    >>> plain_number("1 234,5"), plain_number("1'234.5"), plain_number("\u22121.5"), plain_number("2 samples")
    ('1234,5', '1234.5', '-1.5', '2 samples')
    """
    text = field.strip()
    if not text.isascii():
        text = text.translate(_TO_PLAIN).strip()
    if _SPACED.fullmatch(text):
        text = text.replace(" ", "").replace("'", "")
    return text if is_number(text) or COMMA_NUMBER.fullmatch(text) else field


def with_point(field: str) -> str:
    """Return a number with a decimal comma as Python writes it."""
    return field.replace(".", "").replace(",", ".")
