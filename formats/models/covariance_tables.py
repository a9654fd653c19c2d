"""Covariances in tables of text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.network.dense.symmetry import order_rows
from ...engine.progress import unheard
from ...engine.wording import counted, some
from ..files.names import check_names
from ..tables.delimited import open_table, read_header
from ..tables.fields import is_missing, is_number
from ..tables.row_names import match_names
from ..tables.table_numbers import read_named_numbers
from .covariance_pairs import are_pairs, read_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ...engine.progress import Progress
    from ..tables.table import Table

_INVERSE = re.compile(r"precision|inverse covariance|partial correlations?|concentration matrix", re.IGNORECASE)


def read_covariance_table(
    path: Path, *, progress: Progress = unheard
) -> tuple[NDArray[np.float64], tuple[str, ...] | None, tuple[str, ...]]:
    """Return the covariance of a table, its genes where they are named, and notes on what was decided.

    Parameters
    ----------
    path : Path
        The file.
    progress : callable
        Called with the share of the rows that have been read, where the table is square.
    """
    with open_table(path) as table:
        header = read_header(table)

        def rows_read(rows: int) -> None:
            progress(min(1.0, rows / len(header)))

        _refuse_inverse(table)
        if are_pairs(table):
            return read_pairs(table)
        _refuse_wide_pairs(table, header)
        if _may_lack_row_names(table):
            lines, _, values = read_named_numbers(table, header, range(len(header)), name=None, progress=rows_read)
            if len(lines) == len(header):
                check_names(header, "column", path)
                return values, header, ()
    with open_table(path) as table:
        if header[0] and all(is_number(title) for title in header):
            lines, _, values = read_named_numbers(
                table, [""] * len(header), range(len(header)), name=None, after_header=0, progress=rows_read
            )
            _check_rows(path, lines, len(header))
            return values, None, ()
        names_in, text = _choose_names(table, header)
        numbers = [column for column in range(len(header)) if column != names_in and column not in text]
        lines, names, values = read_named_numbers(table, header, numbers, name=names_in, progress=rows_read)
    unnamed = [line for line, name in zip(lines, names, strict=True) if is_missing(name)]
    if text and unnamed:
        raise InputError(
            f"{path}, line {unnamed[0]}: {counted(len(unnamed), 'row')} without a name in column {header[names_in]!r}.",
            hint="Leave out rows that are of no gene, such as means and numbers of samples.",
        )
    _check_rows(path, lines, len(numbers))
    genes = tuple(header[column] for column in numbers)
    notes = (f"columns of text skipped: {some([repr(header[column]) for column in text])}",) if text else ()
    values, genes, respelt = _in_order(path, values, names, genes)
    return values, genes, notes + respelt


def _check_rows(path: Path, lines: Sequence[int], columns: int) -> None:
    if not lines:
        raise InputError(f"{path} holds no rows of numbers.")
    if len(lines) > columns:
        raise InputError(f"{path}, line {lines[columns]}: there is one row too many; a covariance is square.")


def _in_order(
    path: Path, values: NDArray[np.float64], names: list[str], genes: tuple[str, ...]
) -> tuple[NDArray[np.float64], tuple[str, ...], tuple[str, ...]]:
    """Return values with their rows in the order of the columns, the genes, and a note on names that differ."""
    check_names(genes, "column", path)
    check_names(names, "row", path)
    extra = [title for title in genes if title not in set(names)]
    if len(names) < len(genes) and len(extra) == len(genes) - len(names):
        raise InputError(
            f"{path}: a covariance is square, and no row is named as {some(extra)}.", hint="Take these columns out."
        )
    match = match_names(genes, names)  # where R has written the header, HLA-A is HLA.A there
    respelt = [f"{gene} is {name}" for gene, name in match.items() if gene != name]
    genes = tuple(match.get(gene, gene) for gene in genes)
    if len(set(names)) == len(names) == len(genes) and set(names) == set(genes):  # names say which row is which
        at = {name: i for i, name in enumerate(names)}
        order_rows(values, np.array([at[gene] for gene in genes], dtype=np.intp))
        names = list(genes)
    differing = [pair for pair in zip(names, genes, strict=False) if pair[0] != pair[1]]
    if differing:
        row, column = differing[0]
        raise InputError(
            f"{path}: rows and columns must have one set of names, but row {row} is where column {column} should be.",
            hint="Names of rows and columns must be spelt alike, each once.",
        )
    notes = (f"names of columns matched with those of rows: {some(respelt, 3)}",) if respelt else ()
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


def _refuse_wide_pairs(table: Table, header: Sequence[str]) -> None:
    """Refuse a list of pairs of genes with several numbers each, such as a correlation and its p-value."""
    text = _columns_of_text(table, header)
    others = [repr(title) for column, title in enumerate(header) if title and column not in text]
    names = {row.fields[column] for row in table.first[1:] for column in text if column < len(row.fields)}
    if len(text) == 2 and 1 < len(others) < 6 and names.isdisjoint(header):
        raise InputError(
            f"{table.path} is a list of pairs of genes with several numbers each: {some(others)}.",
            hint="Keep the names and one column of covariances, with all pairs and each gene with itself; or make a "
            "square table of them.",
        )


def _columns_of_text(table: Table, header: Sequence[str]) -> list[int]:
    rows = [row.fields for row in table.first[1:]]
    return [
        column
        for column in range(len(header))
        if (cells := [row[column] for row in rows if column < len(row) and not is_missing(row[column])])
        and not any(map(is_number, cells))
    ]


def _choose_names(table: Table, header: Sequence[str]) -> tuple[int, list[int]]:
    """Return the column that names the rows as the titles do, and the other columns of text."""
    text = _columns_of_text(table, header)
    if not text or 0 not in text:
        return 0, [column for column in text if column]
    titles = set(header)
    found = {c: sum(row.fields[c] in titles for row in table.first[1:] if c < len(row.fields)) for c in text}
    best = max(text, key=lambda column: (found[column], -column))
    return best, [column for column in text if column != best]
