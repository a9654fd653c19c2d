"""Titles of columns that are not of the kind of the others: beside a series, of another form, another script."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..genes.orientation import title_word
from .titles import SAMPLE_TITLES, has_digit, stem_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MOST_OF_A_KIND = 0.6
"""Least share of titles that are of series, or of one form, where the others are of another kind."""

FEWEST_OF_A_KIND = 3
"""Fewest titles of series, or of one form."""

FEW = 1 / 3
"""Largest share of titles with a mark that makes them of another kind than the others."""

_OF_A_MEASURE = re.compile(r"[^\W\d_].*[(\[].*[)\]]|[#%].*|.*%|.*[a-z]/[A-Za-z].*")
"""A title with a unit or a ratio: `half-life (h)`, `% GC`, `dN/dS`."""

_MARKS: tuple[Callable[[str], bool], ...] = (
    lambda title: bool(_OF_A_MEASURE.fullmatch(title)),
    lambda title: bool(re.fullmatch(r"[a-z]+\d*([ _.][a-z]+\d*)+", title)),  # words in small letters
    lambda title: any(character.isalpha() and not _is_latin(character) for character in title),
)
"""What titles of measures and descriptions have, and names of samples mostly do not."""


@dataclass(frozen=True, slots=True)
class TitleKinds:
    """What the titles of columns say of each.

    Parameters
    ----------
    in_series : list of bool
        Whether others have the same title but for its numbers.
    beside : list of bool
        Whether it is of another kind than most others.
    controls : list of bool
        Whether it is a name of controls, which may be unlike other samples.
    of_measures : list of bool
        Whether it is beside the others and has a unit, or is a ratio.
    """

    in_series: list[bool]
    beside: list[bool]
    controls: list[bool]
    of_measures: list[bool]


def compare_titles(titles: Sequence[str]) -> TitleKinds:
    """Return of what kinds titles are.

    Examples
    --------
    >>> compare_titles(["S1", "S2", "S3", "tx_len"]).beside
    [False, False, False, True]
    >>> compare_titles(["HL-60", "A549", "MCF7", "HeLa", "half-life (h)"]).beside
    [False, False, False, False, True]
    """
    stems = [stem_of(title) for title in titles]
    sizes = Counter(stems)
    in_series = [sizes[stem] > 1 and has_digit(title) for stem, title in zip(stems, titles, strict=True)]
    controls = [title_word(title) in SAMPLE_TITLES for title in titles]
    of_series = {_head(title) for title, is_one in zip(titles, in_series, strict=True) if is_one} - {""}
    unlike = [False] * len(titles)
    for kind in (in_series, _of_the_commonest([_form(title) for title in titles])):
        if sum(kind) >= max(FEWEST_OF_A_KIND, MOST_OF_A_KIND * len(titles)):
            unlike = [was or not is_one for was, is_one in zip(unlike, kind, strict=True)]
    for mark in _MARKS:
        marked = [mark(title) for title in titles]
        if len(titles) > FEWEST_OF_A_KIND and sum(marked) <= max(1, FEW * len(titles)):
            unlike = [was or is_one for was, is_one in zip(unlike, marked, strict=True)]
    beside = [
        is_unlike and not is_one and _head(title) not in of_series and not is_control
        for title, is_unlike, is_one, is_control in zip(titles, unlike, in_series, controls, strict=True)
    ]
    of_measures = [
        is_one and bool(_OF_A_MEASURE.fullmatch(title)) for is_one, title in zip(beside, titles, strict=True)
    ]
    return TitleKinds(in_series, beside, controls, of_measures)


def _head(title: str) -> str:
    """Return the first word of a title, in small letters."""
    return re.split(r"[^A-Za-z]", title, maxsplit=1)[0].lower()


def _form(title: str) -> str:
    """Return a title with one sign for all its letters that follow each other, and one for digits."""
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "0", title))


def _of_the_commonest(forms: Sequence[str]) -> list[bool]:
    """Return which forms are the commonest, if it has a digit or a mark: words are of no form."""
    with_marks = Counter(form for form in forms if form != "a")
    commonest = with_marks.most_common(1)
    return [bool(commonest) and form == commonest[0][0] for form in forms]


def _is_latin(character: str) -> bool:
    return character.isascii() or unicodedata.name(character, "").startswith(("LATIN", "MICRO", "GREEK"))
