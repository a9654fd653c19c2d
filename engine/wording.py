"""Wording: numbers with their nouns, names and shortened lists of them, for notes and errors."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


LONGEST_NAME = 60
"""Most characters of a name in a sentence: in a broken file, a name may be as long as the file."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> counted(1, "gene"), counted(1041, "gene"), counted(2, "entry", "entries")
    ('1 gene', '1,041 genes', '2 entries')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def some(names: Sequence[str], most: int = 5) -> str:
    r"""Return the first few names, joined for reading: long ones cut, unprintable characters as escapes.

    Examples
    --------
    >>> some(["TP53", "MDM2", "CDKN1A"], most=2)
    'TP53, MDM2, …'
    >>> some(["p53\x1b[2J"])
    'p53\\x1b[2J'
    >>> len(some(["A" * 5_000]))
    60
    """
    shown = [printable(name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…") for name in names[:most]]
    return ", ".join([*shown, *(["…"] if len(names) > most else [])])


def printable(text: str, *, but: str = "") -> str:
    r"""Return text with unprintable characters as escapes, so that no terminal obeys a file.

    Parameters
    ----------
    text : str
        Anything.
    but : str
        Characters that stay as they are.

    Examples
    --------
    >>> printable("p53\x1b[2J")
    'p53\\x1b[2J'
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in but else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def field_text(value: object) -> str:
    """Return a value as a field of a table: numbers in full, and nothing for None and for what is no number.

    Examples
    --------
    >>> [field_text(value) for value in (0.1, float("nan"), 3, None, "MYC")]
    ['0.1', '', '3', '', 'MYC']
    """
    if isinstance(value, float):
        return float.__repr__(value) if math.isfinite(value) else ""  # NumPy's own repr of its floats names the type
    return "" if value is None else str(value)


def listed(names: Sequence[str]) -> str:
    """Return the first three names, and how many more there are.

    Examples
    --------
    >>> listed(["TP53", "MDM2", "CDKN1A", "MYC"])
    'TP53, MDM2, CDKN1A and 1 more'
    """
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def repeated(names: Iterable[str]) -> list[str]:
    """Return the names that occur more than once, in order of their first appearance.

    Examples
    --------
    >>> repeated(["TP53", "MDM2", "MYC", "MDM2", "TP53"])
    ['TP53', 'MDM2']
    """
    return [name for name, number in Counter(names).items() if number > 1]


def numbered(letter: str, count: int) -> list[str]:
    """Return names that sort as they count.

    Examples
    --------
    >>> numbered("G", 10)[-2:]
    ['G09', 'G10']
    """
    return [f"{letter}{number:0{len(str(count))}d}" for number in range(1, count + 1)]
