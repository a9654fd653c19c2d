"""What an expression table must not hold: codes for missing values, values as names, samples computed of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted, some
from ..layouts.summaries import MOST_COLUMNS, find_parts
from ..layouts.titles import is_counting
from ..tables.fields import is_number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ..layouts.unlike import Unlike
    from ..tables.table import Table

FAR_OFF = 0.5
"""A code of missing values is farther from all values than so many times their range, or the only negative number."""

ONE_NINE, LARGEST_CODE = 9, 1e8
"""A single −9 is no code; and larger numbers of nines are none."""


def refuse_missing_codes(path: Path, values: NDArray[np.float64]) -> None:
    """Refuse a number that may mean missing: nines or −1, the lowest or highest by far, or the only negative number."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return
    for code in (float(finite.min()), float(finite.max())):
        if not (is_code_of_nines(code) or code == -1.0):
            continue
        others = finite[finite != code]
        if not others.size:
            continue
        count, gap = finite.size - others.size, float(np.min(np.abs(others - code)))
        is_far = gap > FAR_OFF * float(np.ptp(others))
        is_only_negative = code < -1 and float(others.min()) >= 0
        if (is_far or is_only_negative) and (count > 1 or abs(code) > ONE_NINE):
            beyond = "from 0 up" if is_only_negative else f"from {others.min():.4g} to {others.max():.4g}"
            raise InputError(
                f"{path}: {code:g} stands {counted(count, 'time')}, and all other values are {beyond}: it may mean "
                "that a value is missing, or be a value.",
                code="missing-or-value",
                facts={"value": f"{code:g}"},
            )


def is_code_of_nines(number: float) -> bool:
    """Whether a number is written with nines alone, perhaps with a minus, as codes of missing values are.

    Examples
    --------
    >>> is_code_of_nines(-999.0), is_code_of_nines(99.5)
    (True, False)
    """
    return number.is_integer() and abs(number) < LARGEST_CODE and set(str(abs(int(number)))) == {"9"}


def refuse_values_as_names(path: Path, names: Sequence[str], of: str) -> None:
    """Refuse names of genes or samples that are numbers with decimals: values stand where names should."""
    decimal = [name for name in names if "." in name and is_number(name) and not float(name).is_integer()]
    if 2 * len(decimal) > len(names):
        raise InputError(
            f"The {of} of {path} would be named {some(decimal, 3)}: these are values, and the names are missing.",
            code="values-as-names",
        )


def refuse_row_numbers(path: Path, genes: Sequence[str]) -> None:
    """Refuse genes that would be named by the numbers of rows or columns."""
    if is_counting(genes):
        raise InputError(
            f"The genes of {path} would be named {some(genes, 3)}: these are numbers of rows or columns, not of genes.",
            code="genes-are-row-numbers",
        )


def refuse_parts(path: Path, samples: Sequence[str], values: NDArray[np.float64]) -> None:
    """Refuse rows of samples that are computed of some others."""
    if len(samples) <= MOST_COLUMNS and (parts := find_parts(values.T)):
        row, part = next(iter(parts.items()))
        raise InputError(
            f"{some([repr(samples[row]) for row in parts])} of {path} may be samples, or may be computed of others: "
            f"{samples[row]!r} is the {part}.",
            code="samples-of-samples",
        )


def refuse_unlike(path: Path, columns: Sequence[str], unlike: Sequence[Unlike]) -> None:
    """Refuse columns that may be no samples."""
    if not unlike:
        return
    is_one = len(unlike) == 1
    reasons = [f"{'it' if is_one else repr(columns[column])} {reason}" for column, reason in unlike]
    raise InputError(
        f"{'Column' if is_one else 'Columns'} {some([repr(columns[column]) for column, _ in unlike])} of {path} may be "
        f"{'a sample' if is_one else 'samples'}, or may describe the genes: {'; '.join(reasons[:3])}.",
        code="column-may-describe-genes",
        facts={"column": columns[unlike[0].column]},
    )


def check_gct(table: Table, rows: int, columns: int, *, are_all: bool) -> None:
    """Refuse a GCT file whose second line claims other sizes than it has, if all of its columns are read."""
    if not table.is_gct:
        return
    if not table.comments[0].startswith("#1.2"):
        raise InputError(
            f"{table.path} is a GCT file of version {table.comments[0][1:4]}; versions 1.2 and 1.3 are read here."
        )
    claimed = table.comments[1].replace(",", " ").split()[:2] if len(table.comments) > 1 else []
    if are_all and claimed != [str(rows), str(columns)]:
        raise InputError(
            f"{table.path} claims {' × '.join(claimed)[:60] or 'no sizes'} in its second line and holds "
            f"{counted(rows, 'row')} of {counted(columns, 'sample')}."
        )
