"""Numbers that stand for a missing value: PLINK's −9, the user's own codes, and those that are asked about."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted, some
from ..tables.fields import is_blank, is_number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from .trait_tables import TraitTable

PLINK = "-9"
"""The missing phenotype in PLINK's files."""

FAR = 5.0
"""Number of ranges of the other values beyond which one code alone is asked about."""

FEWEST_OTHERS = 6
"""Fewest different values beside a number that has not the form of a code; fewer are groups or levels of a scale."""

MOST_REPEATS = 1 / 3
"""Largest share of the values that a number has which is a code without the form of one; more are a floor or a top."""

_NINES = re.compile(r"-?(9|9+[6-9])|-([6-9])\2*|8|([6-8])\3+")
"""The form of codes: nines, also with another last digit as in surveys (97, 998), or one digit repeated (-88, 777)."""

_LIMITS = tuple(2.0**bits - less for bits in (15, 16, 31, 32, 63, 64) for less in (0, 1))
"""The largest numbers of types of whole numbers, and with a sign the smallest."""

_LARGEST = (float(np.finfo(np.float64).max), float(np.finfo(np.float32).max))

_TEN = re.compile(r"1\.0+e\+(09|[1-9]\d+)")
"""Powers of ten from a thousand million on."""


def codes_of(table: TraitTable, missing_values: Sequence[object] | None) -> tuple[str, ...]:
    """Return the texts that stand for a missing value in a table: the user's, else PLINK's in a file of PLINK's."""
    if missing_values is not None:
        return tuple(map(str, missing_values))
    return (PLINK,) if table.is_plink else ()


def blank_codes(table: TraitTable, codes: Sequence[str]) -> tuple[TraitTable, list[Counter[str]]]:
    """Return a table with nothing in place of a code, and of each column how often each code occurred."""
    numbers = {float(code): code for code in codes if is_number(code)}
    counts: list[Counter[str]] = [Counter() for _ in table.names]

    def blanked(field: str, count: Counter[str]) -> str:
        code = field if field in codes else numbers.get(float(field)) if numbers and is_number(field) else None
        if code is None:
            return field
        count[code] += 1
        return ""

    fields = [[blanked(field, count) for field, count in zip(row, counts, strict=True)] for row in table.fields]
    return replace(table, fields=fields), counts


def describe_codes(path: Path, names: Sequence[str], counts: Sequence[Counter[str]], *, as_plink: bool) -> list[str]:
    """Return a sentence for each code that was taken for missing in some columns."""
    why = ", as in PLINK's files" if as_plink else ""
    sentences: list[str] = []
    for code in dict.fromkeys(code for count in counts for code in count):
        number = sum(count[code] for count in counts)
        where = [name for name, count in zip(names, counts, strict=True) if count[code]]
        columns = some(where) if len(where) == 1 else f"{len(where):,} columns ({some(where)})"
        are = "is" if number == 1 else "are"
        sentences.append(f"{path.name}: {counted(number, 'value')} of {code} in {columns} {are} missing{why}.")
    return sentences


def refuse_codes(path: Path, name: str, values: NDArray[np.float64], *, is_phenotype: bool = False) -> None:
    """Refuse numbers of which some may be a code for missing.

    Parameters
    ----------
    path, name : Path, str
        For the sentence of the error.
    values : ndarray of float64, shape (n,)
        NaN is missing.
    is_phenotype : bool
        Whether they are a phenotype of PLINK's, in which 0 is missing beside 1 and 2.

    Raises
    ------
    InputError
        A number of the form of a code stands there more than once and apart from the others, or once and far from them;
        or any number that repeats stands far outside values that do not.
    """
    present = values[np.isfinite(values)]
    if is_phenotype and set(np.unique(present).tolist()) == {0.0, 1.0, 2.0}:
        _refuse(path, name, 0.0, int(np.sum(present == 0.0)), "as in PLINK's controls (1) and cases (2)")
    different, numbers = np.unique(present, return_counts=True)
    coded = different == np.rint(different)
    coded[coded] = [_has_form(value) for value in different[coded].tolist()]
    for index in sorted({*np.flatnonzero(coded).tolist(), *({0, len(different) - 1} if len(different) else ())}):
        rest = ~coded
        rest[index] = False
        code, number = float(different[index]), int(numbers[index])
        if rest.any() and _is_code(code, number, different[rest], numbers[rest]):
            low, high = float(different[rest][0]), float(different[rest][-1])
            _refuse(path, name, code, number, f"apart from the others, {low:g} to {high:g}")


def _has_form(value: float) -> bool:
    """Whether a number has the form of a code, whatever the others are."""
    return bool(_NINES.fullmatch(f"{value:.15g}")) or _is_limit(value)


def _is_limit(value: float) -> bool:
    """Whether a number is the largest or smallest of a type, or a power of ten that measures nothing."""
    size = abs(value)
    is_largest = any(abs(size / largest - 1) < 1e-4 for largest in _LARGEST)
    return size in _LIMITS or is_largest or bool(_TEN.fullmatch(f"{size:e}"))


def _is_code(code: float, number: int, others: NDArray[np.float64], numbers: NDArray[np.intp]) -> bool:
    """Whether a number may be a code for missing beside some others.

    Parameters
    ----------
    code, number : float, int
        The number, and how often it is there.
    others : ndarray of float64, shape (k,)
        The other values, each once and in order, without those that have the form of a code.
    numbers : ndarray of int, shape (k,)
        How often each is there.
    """
    low, high = float(others[0]), float(others[-1])
    apart, spread = max(low - code, code - high), high - low
    total = int(numbers.sum())
    if _has_form(code):
        if number == 1:
            return total >= 10 and apart > FAR * spread and abs(code) > 9
        is_sure = not _is_limit(code) and (code < 0 or code >= 96)
        return apart > (spread / 2 if is_sure else spread)
    if number == 1 or len(others) < FEWEST_OTHERS or number > MOST_REPEATS * (total + number):
        return False
    if code in (0.0, -1.0):
        return apart > spread / 2
    if 0 < low <= high < code and 2 * np.log(code / high) <= np.log(high / low):
        return False  # on the ladder of titres and other numbers that grow by factors
    return apart > spread and number >= int(numbers.max())


def _refuse(path: Path, name: str, code: float, number: int, where: str) -> None:
    are = "is" if number == 1 else "are"
    raise InputError(
        f"{path}: {counted(number, 'value')} of {some([name])} {are} {code:.15g}, {where}: a code for a missing value, "
        "or a number like the others.",
        code="missing-or-number",
        facts={"value": f"{code:.15g}"},
    )


def code_among_names(fields: Sequence[str]) -> str:
    """Return NA where it may be a name: all others are two letters too, such as EU and AS; else an empty text."""
    others = {field for field in fields if not is_blank(field)}
    for code, is_alike in (("NA", str.isupper), ("na", str.islower)):
        alike = [len(other) == len(code) and other.isalpha() and is_alike(other) for other in others]
        if code in fields and len(alike) > 1 and all(alike):
            return code
    return ""


def all_numbers(fields: Sequence[str]) -> bool:
    """Whether a column holds numbers or nothing, and a number at least once."""
    return all(is_number(field) or is_blank(field) for field in fields) and any(map(is_number, fields))
