"""Covariances as lists of pairs: a row for each two genes, and for each gene with itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted
from ..files.limits import refuse_beyond_budget
from ..files.names import check_names
from ..tables.delimited import fit_row
from ..tables.fields import is_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..tables.table import Table


def are_pairs(table: Table) -> bool:
    """Whether the rows of a table are two names and a number each."""
    rows = [row.fields for row in table.first[1:]]
    return bool(rows) and all(len(row) == 3 and not any(map(is_number, row[:2])) and is_number(row[2]) for row in rows)


def read_pairs(table: Table) -> tuple[NDArray[np.float64], tuple[str, ...], tuple[str, ...]]:
    """Return the covariance that a list of pairs holds, its genes in the order of the list, and a note.

    Raises
    ------
    InputError
        A pair is there twice with different numbers, or is missing; a gene has no row with itself.
    """
    path = table.path
    places: dict[str, int] = {}
    pairs: dict[tuple[int, int], float] = {}
    is_titled = not any(map(is_number, table.first[0].fields[2:]))
    for number, row in enumerate(table.rows):
        if is_titled and number == 0:
            continue
        *names, field = (field.strip() for field in fit_row(table, row, 3).fields)
        check_names(names, f"line {row.line}, field", path)
        if not is_number(field):
            raise InputError(f"{path}, line {row.line}: {field!r} is not a number.")
        first, second = sorted(places.setdefault(name, len(places)) for name in names)
        value = float(field)
        if pairs.setdefault((first, second), value) != value:
            raise InputError(
                f"{path}, line {row.line}: {' with '.join(names)} is {field} here, and "
                f"{pairs[first, second]:.10g} in an earlier line.",
                hint="Keep one of them.",
            )
    genes, size = tuple(places), len(places)
    if missing := size * (size + 1) // 2 - len(pairs):
        i, j = next((i, j) for i in range(size) for j in range(i, size) if (i, j) not in pairs)
        what = f"{genes[i]} with itself, its variance" if i == j else f"{genes[i]} with {genes[j]}"
        raise InputError(
            f"{path} is a list of pairs of genes that lacks {counted(missing, 'pair')} of {counted(size, 'gene')}: "
            f"{what}.",
            hint="A covariance has a number for each two genes, and for each gene with itself.",
        )
    refuse_beyond_budget(path, (size, size))
    values = np.empty((size, size))
    for (i, j), value in pairs.items():
        values[i, j] = values[j, i] = value
    return values, genes, (f"read as a list of pairs, {counted(len(pairs), 'pair')} of {counted(size, 'gene')}",)
