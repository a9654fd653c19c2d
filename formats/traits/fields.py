"""What a field is that is no number: a limit of detection, a date, a time, a number with a unit, a truth value."""

from __future__ import annotations

import re
from collections import Counter
from shlex import quote
from typing import TYPE_CHECKING, Any, Literal

from ...engine.wording import some
from ..tables.fields import is_blank, is_number, plain_number
from ..tables.id_titles import normalised

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["limit", "date", "time", "percentage", "unit", "truth value", "text"]

_LIMIT = re.compile(r"[<>≤≥]|(below|under|above|over)\b|(b|<)?\s*(lod|loq|lloq|uloq|bdl|blq|bloq|dl)\b", re.IGNORECASE)

_MONTH = (
    r"(jan|feb|fev|fév|mar|mär|mrz|apr|avr|abr|ma[iyj]|jun|juin|jul|juil|aug|aou|aoû|ago|sep|okt|oct|out|nov|dec|dez|"
    r"déc|dic|ene|gen|mag|giu|lug|set|ott)[^\W\d]*\.?"
)

_DATE = re.compile(
    rf"\d{{1,4}}[.\s/-]+{_MONTH}([.\s/-]+\d{{2,4}})?|{_MONTH}[.\s/-]+\d{{1,4}}(,?[.\s/-]+\d{{2,4}})?|"
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.](\d{2}|\d{4})([T ].*)?",
    re.IGNORECASE,
)

_TIME = re.compile(r"\d+:\d{1,4}(:\d{2}(\.\d+)?)?(\s*[ap]\.?m\.?)?", re.IGNORECASE)

_WITH_UNIT = re.compile(r"([+-]?(?:\d[\d.,' ]*|\.\d+)(?:e[+-]?\d+)?)\s*([%‰]|°?[^\W\d_].*)", re.IGNORECASE)

_COMMA = re.compile(r"[+-]?\d+,(\d{1,2}|\d{4,})(e[+-]?\d+)?", re.IGNORECASE)
"""A decimal comma that is none between thousands."""

_NOT_OF_UNITS = re.compile(r"[*†‡()\[\]<>?=,;|]")

TRUTHS: dict[str, tuple[str, str]] = {
    word: pair
    for pair in (
        ("true", "false"), ("t", "f"), ("yes", "no"), ("y", "n"), ("wahr", "falsch"), ("ja", "nein"), ("vrai", "faux"),
        ("oui", "non"), ("verdadero", "falso"), ("si", "no"), ("sí", "no"), ("vero", "falso"), ("sim", "não"),
    )
    for word in pair
}  # fmt: skip
"""Of each word for a truth value in small letters, the pair that it is of: what is true first."""

WAYS: dict[Kind, str] = {
    "limit": (
        "A value beyond a limit is known in part, and is not missing: write a number in its place, such as the limit "
        "or half of it."
    ),
    "date": (
        "Spreadsheets make dates of numbers such as 3.5: take these from the original. Write a date as the days since "
        "some day."
    ),
    "time": "Write it as one number: a duration in minutes, a titre of 1:80 as 80.",
    "percentage": "Write all values as percentages, or all as shares of 1.",
    "unit": "Write all values in one unit, and the number alone, without marks or units beside it.",
    "truth value": "Write 1 and 0 in place of true and false, yes and no.",
}
"""Of each kind of field, what to do."""

_ARTICLES: dict[Kind, str] = {
    "limit": "a limit of detection, or another",
    "date": "a date",
    "time": "a time, a ratio or a titre",
    "percentage": "a percentage",
    "unit": "a number with a unit",
    "truth value": "a truth value",
}

_CONTROLS = frozenset({
    "control", "controls", "ctrl", "ctl", "healthy", "normal", "no", "n", "untreated", "vehicle", "dmso", "mock", "wt",
    "wildtype", "unaffected", "negative", "neg", "placebo", "nr", "nonresponder", "female", "f", "absent", "never",
    "low", "benign",
})  # fmt: skip
"""Words, in small letters and without signs, of those that others are compared with."""


def kind_of(field: str) -> Kind:
    """Return what a field is that is no number.

    Examples
    --------
    >>> [kind_of(field) for field in ("<5.0", "03. Mai", "10:00", "40%", "90 mg/dL", "TRUE", "unknown")]
    ['limit', 'date', 'time', 'percentage', 'unit', 'truth value', 'text']
    """
    text = field.strip()
    if _LIMIT.match(text):
        return "limit"
    if _DATE.fullmatch(text):
        return "date"
    if _TIME.fullmatch(text):
        return "time"
    if text.lower() in TRUTHS:
        return "truth value"
    unit = unit_of(text)
    return "text" if unit is None else "percentage" if unit in "%‰" else "unit"


def unit_of(field: str) -> str | None:
    """Return what stands behind a number, such as `%` and `mg/dL`; `None` where it is no number with a unit."""
    parted = _parted(field)
    return None if parted is None else parted[1]


def without_unit(fields: Sequence[str], are_blank: Sequence[bool]) -> tuple[list[str], str] | None:
    """Return the numbers of a column of which each has the same unit, and the unit; else `None`.

    Parameters
    ----------
    fields : sequence of str
        A column.
    are_blank : sequence of bool
        Which say that there is no value.
    """
    numbers: list[str] = []
    units: set[str] = set()
    for field, blank in zip(fields, are_blank, strict=True):
        parted = ("", "") if blank else _parted(field)
        if parted is None:
            return None
        numbers.append(parted[0])
        units |= {parted[1]} - {""}
    return (numbers, units.pop()) if len(units) == 1 else None


def truth_numbers(fields: Sequence[str], are_blank: Sequence[bool]) -> tuple[list[str], tuple[str, str]] | None:
    """Return 1 and 0 of a column of truth values, and the words for them as they are written; else `None`."""
    words = {field.lower(): field for field, blank in zip(fields, are_blank, strict=True) if not blank}
    pairs = {pair for pair in TRUTHS.values() if words and words.keys() == set(pair)}
    if not pairs:
        return None
    yes, no = pairs.pop()
    return ["" if b else str(int(f.lower() == yes)) for f, b in zip(fields, are_blank, strict=True)], (
        words[yes],
        words[no],
    )


def two_words(fields: Sequence[str]) -> list[str]:
    """Return the two words that a column has in place of numbers, those of a control last; else none."""
    words = sorted({field for field in fields if not is_blank(field)})
    if len(words) != 2 or any(map(is_number, words)) or len(fields) < 3:
        return []
    return sorted(words, key=lambda word: normalised(word) in _CONTROLS)


def describe_field(field: str, column: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """Return what a field of a column is that is no number, and the hint or code of its refusal.

    Parameters
    ----------
    field : str
        No number.
    column : sequence of str
        All fields of its column.
    """
    kind = kind_of(field)
    if kind == "unit" and len(units := Counter(filter(None, map(unit_of, column)))) > 1:
        what = f"a number with a unit, and units differ ({some([f'{unit} {n:,} times' for unit, n in units.items()])})"
        return f"it is {what}", {"hint": WAYS[kind]}
    if kind != "text":
        alike = sum(not is_number(other) and kind_of(other) == kind for other in column)
        more = f" ({alike:,} values of the column are)" if alike > 1 else ""
        return f"it is {_ARTICLES[kind]}{more}", {"hint": WAYS[kind]}
    if len(parts := re.split(r"[,;|/ ]+", field)) > 1 and all(map(is_number, parts)):
        return "", {
            "hint": "Write one number in each field: without marks between thousands, with a point for decimals."
        }
    if is_number(field.strip("*%()[]†‡#$€ ")) or (re.search(r"\d", field) and field[:1] in "~±0123456789+-."):
        return "", {"hint": "Write the number alone, without marks or units beside it."}
    return "", {"code": "field-without-number", "facts": {"value": quote(field)}}


def _parted(field: str) -> tuple[str, str] | None:
    """Return a number as Python writes it, and its unit; `None` where it is none, or a date."""
    match = None if _plain(field) is not None else _WITH_UNIT.fullmatch(field.strip())
    if match is None or _NOT_OF_UNITS.search(match[2]) or _DATE.fullmatch(field.strip()):
        return None
    number = _plain(match[1])
    return None if number is None else (number, match[2].strip())


def _plain(number: str) -> str | None:
    """Return a number as Python writes it, also one with a decimal comma; `None` where it may be several numbers."""
    text = plain_number(number.strip())
    if is_number(text):
        return text
    return text.replace(",", ".") if _COMMA.fullmatch(text) else None
