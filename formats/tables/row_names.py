"""Names of rows that are the same but for what R or pandas made of them: `X1.2` of `1-2`, `7157.0` of `7157`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...engine.wording import counted, some

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_SIGNS = re.compile(r"[^\w.]")
_X_OF_R = re.compile(r"^X(?=[\d._])")
_X = re.compile(r"^X(?=.)")
_FLOAT = re.compile(r"^(\d+)\.0+$")

_TWO_NAMES = (
    re.compile(r"(?P<first>\S.*?) ?\((?P<second>[^()]*[^()\s])\)"),
    re.compile(r"(?P<first>[^|]*[^|\s])\|(?P<second>[^|]*[^|\s])"),
)
"""Two names of one thing: `TP53 (7157)` of DepMap, `TP53|7157` of TCGA."""

OF_TWO_NAMES = 0.9
"""Least share of the names of a file that have two names in one form, of which one is the known name."""


def match_names(names: Sequence[str], known: Iterable[str], *, any_x: bool = False) -> dict[str, str]:
    """Return of each name the known name that it is, equal ones first; names that are none of them are left out.

    Of the others, those are matched that differ in what `make.names` of R does (an X before a digit, other signs turned
    to points) or in the `.0` of a whole number, where that is one to one; samples also in capitals. Where nearly all
    names of the file are two of one thing, `TP53 (7157)` or `TP53|7157`, one of the two is matched, the same in all.

    Parameters
    ----------
    names, known : sequence of str
        The names of a file, and those that they may be.
    any_x : bool
        Whether one X before any sign may be R's, and small letters may be capitals: in names of samples, not of genes.

    Examples
    --------
    >>> match_names(["S1", "X66130.Ascites", "7157.0", "S9"], ["S1", "66130-Ascites", "7157"])
    {'S1': 'S1', 'X66130.Ascites': '66130-Ascites', '7157.0': '7157'}
    >>> match_names(["TP53 (7157)", "MYC (4609)"], ["TP53", "MYC", "BAX"])
    {'TP53 (7157)': 'TP53', 'MYC (4609)': 'MYC'}
    """
    known = list(dict.fromkeys(known))
    here = set(known)
    match = {name: name for name in names if name in here}
    taken = set(match.values())
    for key in (_without_zero, _with_points, _without_x, *([_without_any_x, _folded] if any_x else [])):
        left = _by_key([name for name in names if name not in match], key)
        there = _by_key([name for name in known if name not in taken], key)
        clashing = {key(name) for name in taken} | {key(name) for name in match}
        for text, file_names in left.items():
            known_names = there.get(text, [])
            if len(file_names) == len(known_names) == 1 and text not in clashing:
                match[file_names[0]] = known_names[0]
                taken.add(known_names[0])
    if len(match) < len(names):
        match |= _of_two_names([name for name in names if name not in match], names, here - taken)
    return {name: match[name] for name in names if name in match}


def describe_match(match: dict[str, str], source: str) -> list[str]:
    """Return a sentence on names that are matched though they are spelt otherwise; none where there is none."""
    others = [f"{name} is {known}" for name, known in match.items() if name != known]
    if not others:
        return []
    are = "is" if len(others) == 1 else "are"
    names = counted(len(others), "name")
    is_case = all(name.casefold() == known.casefold() for name, known in match.items())
    spelt = "in other capitals" if is_case else "as R or pandas writes names"
    if all(known in _both_names(name) for name, known in match.items() if name != known):
        spelt = "with a second name beside"
    return [f"{names} of {source} {are} spelt {spelt}, and {are} matched: {some(others, 3)}."]


def _of_two_names(left: Sequence[str], names: Sequence[str], known: set[str]) -> dict[str, str]:
    """Return of names that are two of one thing the known one, the first of all or the second of all.

    Nothing where some names of the file have another form, or where some first and some second names are known.
    """
    of_form = {name: both for name in dict.fromkeys(left) if (both := _both_names(name))}
    if len(of_form) < OF_TWO_NAMES * len(set(names)):
        return {}
    parts = [_by_key(of_form, lambda name, which=which: of_form[name][which]) for which in (0, 1)]
    matches = [
        {file_names[0]: text for text, file_names in part.items() if len(file_names) == 1 and text in known}
        for part in parts
    ]
    best, other = sorted(matches, key=len, reverse=True)
    return best if len(best) > len(other) / (1 - OF_TWO_NAMES) else {}


def _both_names(name: str) -> tuple[str, str] | tuple[()]:
    """Return the two names that a field has, or none."""
    match = next(filter(None, (form.fullmatch(name.strip()) for form in _TWO_NAMES)), None)
    return (match["first"].strip(), match["second"].strip()) if match else ()


def _by_key(names: Iterable[str], key: Callable[[str], str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(key(name), []).append(name)
    return groups


def _without_zero(name: str) -> str:
    return _FLOAT.sub(r"\1", name.strip())


def _with_points(name: str) -> str:
    return _SIGNS.sub(".", _without_zero(name))


def _without_x(name: str) -> str:
    return _X_OF_R.sub("", _with_points(name))


def _without_any_x(name: str) -> str:
    return _X.sub("", _with_points(name))


def _folded(name: str) -> str:
    return _with_points(name).casefold()
