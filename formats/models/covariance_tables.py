"""Covariances in tables of text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...engine.errors import InputError
from ...engine.wording import some
from ..files.names import check_names
from ..tables.delimited import open_table, read_header
from ..tables.fields import is_missing, is_number
from ..tables.row_names import match_names
from ..tables.table_numbers import read_named_numbers
from .covariance_pairs import are_pairs, read_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ..tables.table import Table

_INVERSE = re.compile(r"precision|inverse covariance|partial correlations?|concentration matrix", re.IGNORECASE)


def read_covariance_table(path: Path) -> tuple[NDArray[np.float64], tuple[str, ...] | None, tuple[str, ...]]:
    """Return the covariance of a table, its genes where they are named, and notes on what was decided."""
    with open_table(path) as table:
        header = read_header(table)
        _refuse_inverse(table)
        if are_pairs(table):
            return read_pairs(table)
        _refuse_columns_of_text(table, header)
        if _may_lack_row_names(table):
            lines, _, values = read_named_numbers(table, header, range(len(header)), name=None)
            if len(lines) == len(header):
                check_names(header, "column", path)
                return values, header, ()
    with open_table(path) as table:
        is_named = not (header[0] and all(is_number(title) for title in header))
        numbers = range(int(is_named), len(header))
        lines, names, values = read_named_numbers(
            table,
            header if is_named else [""] * len(header),
            numbers,
            name=0 if is_named else None,
            after_header=is_named,
        )
    if not lines:
        raise InputError(f"{path} holds no rows of numbers.")
    if len(lines) > len(numbers):
        raise InputError(f"{path}, line {lines[len(numbers)]}: there is one row too many; a covariance is square.")
    if not is_named:
        return values, None, ()
    genes = header[1:]
    check_names(genes, "column", path)
    check_names(names, "row", path)
    extra = [title for title in genes if title not in set(names)]
    if len(lines) < len(genes) and len(extra) == len(genes) - len(lines):
        raise InputError(
            f"{path}: a covariance is square, and no row is named as {some(extra)}.", hint="Take these columns out."
        )
    match = match_names(genes, names)  # where R has written the header, HLA-A is HLA.A there
    respelt = [f"{gene} is {name}" for gene, name in match.items() if gene != name]
    notes = (f"names of columns matched with those of rows: {some(respelt, 3)}",) if respelt else ()
    genes = tuple(match.get(gene, gene) for gene in genes)
    if len(set(names)) == len(names) == len(genes) and set(names) == set(genes):  # names say which row is which
        at = {name: i for i, name in enumerate(names)}
        values = values[[at[gene] for gene in genes]]
        names = list(genes)
    differing = [pair for pair in zip(names, genes, strict=False) if pair[0] != pair[1]]
    if differing:
        row, column = differing[0]
        raise InputError(
            f"{path}: rows and columns must have one set of names, but row {row} is where column {column} should be.",
            hint="Names of rows and columns must be spelt alike, each once.",
        )
    return values, genes, notes


def _may_lack_row_names(table: Table) -> bool:
    """Whether there is a title above every column, and numbers in all below: R's `row.names=FALSE`."""
    header, body = read_header(table), table.first[1:]
    has_titles = all(header) and not is_number(header[0])
    return has_titles and bool(body) and all(map(is_number, (field for row in body for field in row.fields)))


def _refuse_inverse(table: Table) -> None:
    """Refuse a matrix whose comments say that it is no covariance."""
    said = next(filter(None, map(_INVERSE.search, table.comments)), None)
    if said:
        raise InputError(
            f"{table.path} says in its first lines that it holds {said[0]!r}, and no covariance.",
            hint="Invert a precision matrix first; if it is a covariance all the same, take that line out.",
        )


def _refuse_columns_of_text(table: Table, header: Sequence[str]) -> None:
    """Refuse columns of text besides the names of rows, as programs write beside a matrix of means and correlations."""
    rows = [row.fields for row in table.first[1:]]
    text = [
        column
        for column in range(1, len(header))
        if (cells := [row[column] for row in rows if column < len(row) and not is_missing(row[column])])
        and not any(map(is_number, cells))
    ]
    if rows and text:
        raise InputError(
            f"{table.path} has text in {'column' if len(text) == 1 else 'columns'} "
            f"{some([repr(header[column]) for column in text])}, and a covariance has one column of names, the first.",
            hint="Leave out other columns of text, and rows that are of no gene, such as means and numbers of samples.",
        )
