"""Numbers that stand for a missing value: PLINK's −9, the user's own codes, and those that are asked about."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted, some
from ..files.delimited import is_number
from .trait_tables import is_blank

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from .trait_tables import TraitTable

PLINK = "-9"
"""The missing phenotype in PLINK's files."""

CODES = (-9.0, -99.0, -999.0, -9999.0, -99999.0, 999.0, 9999.0, 99999.0)
"""Numbers that often stand for a missing value."""

FAR = 5.0
"""Number of ranges of the other values beyond which one code alone is asked about."""


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
        A code stands there more than once and apart from the others, or once and far from them.
    """
    present = values[np.isfinite(values)]
    if is_phenotype and set(np.unique(present).tolist()) == {0.0, 1.0, 2.0}:
        _refuse(path, name, 0.0, int(np.sum(present == 0.0)), "as in PLINK's controls (1) and cases (2)")
    others = present[~np.isin(present, CODES)]
    if not len(others):
        return
    low, high = float(others.min()), float(others.max())
    for code in CODES:
        number = int(np.sum(present == code))
        apart = (low - code) if code < 0 else (code - high)
        far = len(others) >= 10 and apart > FAR * (high - low)
        if (number > 1 and apart > (high - low) / 2) or (number == 1 and far and abs(code) > 9):
            _refuse(path, name, code, number, f"apart from the others, {low:g} to {high:g}")


def _refuse(path: Path, name: str, code: float, number: int, where: str) -> None:
    raise InputError(
        f"{path}: {counted(number, 'value')} of {some([name])} {'is' if number == 1 else 'are'} {code:g}, {where}: a "
        "code for a missing value, or a number like the others.",
        code="missing-or-number",
        facts={"value": f"{code:g}"},
    )


def all_numbers(fields: Sequence[str]) -> bool:
    """Whether a column holds numbers or nothing, and a number at least once."""
    return all(is_number(field) or is_blank(field) for field in fields) and any(map(is_number, fields))
