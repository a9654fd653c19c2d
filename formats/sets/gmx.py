"""Gene sets in columns (GMX): names in the first row, descriptions in the second, genes below."""

from __future__ import annotations

import csv
import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted
from ..files.kinds import CELL_KINDS, TABLE_KINDS, file_kind
from ..files.limits import NAMES_PACKING, TEXT_COST, MemoryBudget
from ..files.names import check_names
from ..files.opening import open_text
from ..files.plain_files import require_file
from ..models.gene_loadings import GeneLoadings, LoadingsFile
from ..sets.gmt import choose_descriptions, is_description, is_title_row
from ..tables.cells import open_cells
from ..tables.fields import is_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_LOOKED_AT = 20
_MOST_ROWS = 5000
"""Most rows of a table of sets in columns that are looked at."""

_FEWEST_NUMBERS = 2
"""Fewest rows whose numbers are seen to count them."""

_OF_ROWS = frozenset({"", "index", "rank", "row", "no", "no.", "nr", "nr.", "unnamed: 0", "..1", "...1", "x"})
"""Titles of a column that numbers the rows."""

_SEVERAL = 4
"""So many columns of genes are no list of pairs."""


def is_gmx(path: Path) -> bool:
    """Whether the second row of a file holds nothing but descriptions below names."""
    if file_kind(path) not in TABLE_KINDS:
        return False
    try:
        rows = list(itertools.islice(_rows_of_sets(path)[0], _LOOKED_AT))
    except csv.Error:
        return False
    if len(rows) < 3 or len(rows[0]) < 2 or not all(rows[0]) or len(rows[1]) != len(rows[0]):
        return False
    if is_title_row(rows[0]) or len(set(rows[0])) < len(rows[0]) or not any(rows[1]):
        return False
    genes = [gene for row in rows[2:] for gene in row if gene]
    return all(map(is_description, rows[1])) and bool(genes) and not any(is_number(g) or " " in g for g in genes)


def read_gmx(path: Path) -> LoadingsFile:
    """Return the gene sets in the columns of a table, each gene loading 1.

    Parameters
    ----------
    path : Path
        Text separated by tabs, semicolons or commas, plain or packed, or a workbook.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        A set has no gene or no name, or a name stands twice, is too long or cannot be printed.
    """
    try:
        budget = MemoryBudget(require_file(path))
        rows, note = _rows_of_sets(path)
        file = _read_columns(path, rows, budget)
        return replace(file, notes=(*file.notes, note)) if note else file
    except csv.Error as error:
        raise InputError(f"{path} cannot be read as a table: {error}.") from error


def read_sets_in_columns(path: Path, is_gene: Callable[[str], bool]) -> LoadingsFile | None:
    """Return the sets of a table that has their names in its first row and nothing but genes below, or None.

    It has no row of descriptions. Most of its fields are genes of the panel, the names are not, no gene stands twice in
    a column, and sets are of several sizes or at least four: else it may be a list of pairs.

    Raises
    ------
    InputError
        As `read_gmx`.
    """
    if file_kind(path) not in TABLE_KINDS:
        return None
    try:
        rows = [row for row in itertools.islice(_rows_of_sets(path)[0], _MOST_ROWS) if row]
    except csv.Error:
        return None
    if len(rows) < 3 or not 2 <= len(rows[0]) == len(set(rows[0])) or not all(rows[0]) or is_title_row(rows[0]):
        return None
    columns = [[row[i] for row in rows[1:] if i < len(row) and row[i]] for i in range(len(rows[0]))]
    genes = [gene for column in columns for gene in column]
    if max(map(len, rows)) > len(rows[0]) or not all(columns) or 2 * sum(map(is_gene, genes)) < len(genes):
        return None
    is_clear = len(columns) >= _SEVERAL or len(set(map(len, columns))) > 1
    if not is_clear or any(map(is_gene, rows[0])) or any(len(set(column)) < len(column) for column in columns):
        return None
    return choose_descriptions(path, read_gmx(path), "gmx", is_gene, descriptions=False)


def _read_columns(path: Path, rows: Iterator[list[str]], budget: MemoryBudget) -> LoadingsFile:
    repeated = 0
    names, descriptions = next(rows, list[str]()), next(rows, list[str]())
    check_names(names, "set", path)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(
            f"{path}: two columns are named {twice}.", hint="Give one of the two another name, or take it out."
        )
    genes: list[dict[str, None]] = [{} for _ in names]
    for number, row in enumerate(rows, start=3):
        if any(row[len(names) :]):
            raise InputError(f"{path}, row {number} has {len(row)} fields, and there are {len(names)} names of sets.")
        for members, gene in zip(genes, row, strict=False):
            if gene in members:
                repeated += 1
            elif gene:
                budget.reserve(TEXT_COST + len(gene))
                check_names([gene], f"row {number}, gene", path)
                members[gene] = None
    empty = [name for name, members in zip(names, genes, strict=True) if not members]
    if empty or not names:
        raise InputError(f"{path}: the gene set {empty[0]} has no genes." if empty else f"{path} holds no gene set.")
    described = [*descriptions, *[""] * len(names)]
    sets = [
        GeneLoadings(name, tuple(members), np.ones(len(members)), is_set=True, description=description)
        for name, members, description in zip(names, genes, described, strict=False)
    ]
    notes = (f"{counted(repeated, 'gene')} that occurred twice in a set counted once",) if repeated else ()
    return LoadingsFile(tuple(sets), notes=(f"sets in columns: {counted(len(sets), 'set')}", *notes))


def has_numbered_rows(path: Path) -> bool:
    """Whether the first column of a table numbers its rows, under an empty title or under none."""
    try:
        return bool(file_kind(path) in TABLE_KINDS and _rows_of_sets(path)[1])
    except csv.Error:
        return False


def _rows_of_sets(path: Path) -> tuple[Iterator[list[str]], str]:
    """Return the rows of a table without a column in front that numbers them, and a note on that column."""
    rows = _rows(path)
    top = list(itertools.islice(rows, _LOOKED_AT))
    rows = itertools.chain(top, rows)
    header, body = top[0] if top else [], [row for row in top[1:] if row]
    numbers = [row[0].removesuffix(".0") for row in body]
    counts = [[str(index + first) for index in range(len(body))] for first in (0, 1)]
    if len(body) < _FEWEST_NUMBERS or numbers not in counts:
        return rows, ""
    note = f"the first column, which numbers the rows ({numbers[0]}, {numbers[1]}, …), skipped"
    if header and header[0].casefold() in _OF_ROWS:
        return (row[1:] for row in rows), note
    if header and max(map(len, body)) == len(header) + 1:
        return itertools.chain([next(rows)], (row[1:] for row in rows)), note
    return rows, ""


def _rows(path: Path) -> Iterator[list[str]]:
    """Yield rows without empty fields at their ends; empty rows and comments are left out."""
    is_text = file_kind(path) not in CELL_KINDS
    with open_text(path, packing=NAMES_PACKING) if is_text else open_cells(path) as stream:
        lines = (line for line in stream if line.strip() and not line.startswith("#"))
        top = list(itertools.islice(lines, _LOOKED_AT))
        delimiter = _delimiter_of(top) if is_text else "\t"
        for fields in csv.reader(itertools.chain(top, lines), delimiter=delimiter):
            row = [field.strip() for field in fields]
            while row and not row[-1]:
                row.pop()
            yield row


def _delimiter_of(lines: list[str]) -> str:
    """Return the tab, semicolon or comma of the first line that most lines have; a title may hold the others."""
    marks = [mark for mark in "\t;," if lines and mark in lines[0]]
    return max(marks, key=lambda mark: sum(mark in line for line in lines), default="\t")
