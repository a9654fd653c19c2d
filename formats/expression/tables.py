"""Expression in delimited text: where its header, its numbers and its genes are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.estimation.expression import Expression
from ...engine.wording import counted, some
from ..files.delimited import (
    DELIMITER_NAMES,
    check_names,
    clipped,
    is_missing,
    is_number,
    open_table,
    read_header,
)
from ..files.table_numbers import read_named_numbers
from ..genes.identifiers import spreadsheet_dates
from ..genes.orientation import GENE_WORDS, SAMPLE_WORDS, Orientation, orient, title_word

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ...engine.choices import GenesIn
    from ..files.delimited import Row, Table

_ANNOTATIONS = """
name description desc title definition accession chr chrom chromosome start end strand length entrez entrezid entrez_id
entrez_gene_id gene_id gene_name gene_symbol gene_type symbol hugo_symbol ensembl_id biotype gene_biotype probe probe_id
"""
ANNOTATIONS = frozenset(_ANNOTATIONS.split())
"""Titles of columns that describe a gene and are no sample, even where they hold numbers."""

RISING = 6
"""Fewest rising whole numbers that are names of samples; fewer may be measured values."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """One name a column, whether they stand in the file, the first column of numbers, and what was decided."""

    names: tuple[str, ...]
    has_header: bool
    start: int
    notes: tuple[str, ...]


def read_expression_table(path: Path, *, genes_in: GenesIn = "auto") -> tuple[Expression, tuple[str, ...]]:
    """Return the expression of a table, and what was decided while reading it.

    Parameters
    ----------
    path : Path
        Text, plain or gzip: a header of names, a first column of names, perhaps columns of text, then numbers.
    genes_in : {"auto", "rows", "columns"}
        The axis of the genes.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        A row is ragged, a field is no number (line and column are named), a value is missing, a gene has no name,
        or there are fewer than three samples.
    """
    with open_table(path) as table:
        layout = _lay_out(table)
        numbers = range(layout.start, len(layout.names))
        _, names, values = read_named_numbers(table, layout.names, numbers, after_header=layout.has_header)
    rows, columns = tuple(names), layout.names[layout.start :]
    _check_gct(table, len(rows), len(columns))
    orientation = _choose_axis(path, genes_in, layout, rows, columns)
    notes = (
        f"read as a table separated by {DELIMITER_NAMES[table.delimiter]}",
        *layout.notes,
        f"genes in {orientation.genes_in}: {orientation.reason}",
    )
    if orientation.genes_in == "columns":
        rows, columns, values = columns, rows, np.ascontiguousarray(values.T)
    check_names(rows, "gene", path)
    if dates := spreadsheet_dates(rows):
        notes += (
            f"names that look like dates, as a spreadsheet makes of SEPT2: {some(dates)} ({len(dates):,} in all)",
        )
    return Expression(values, rows, columns), notes


def _lay_out(table: Table) -> _Layout:
    if len(table.first) < 2:
        raise InputError(f"{table.path} holds one row, and no numbers below it.")
    top, below = table.first[0].fields, table.first[1:]
    start = _first_numbers(top, below)
    if not table.is_gct and _lacks_header(top, below, start):
        count = max(i for i, field in enumerate(top) if field.strip()) + 1 - start
        names = ("",) * start + tuple(f"s{number}" for number in range(1, count + 1))
        note = f"no header: the first line holds numbers after {clipped(top[0])}; samples are named s1 … s{count}"
        return _Layout(names, has_header=False, start=start, notes=(note, *_note_skipped(names, below, start)))
    names = read_header(table)
    notes = _note_skipped(names, below, start)
    if top[0].strip() and not names[0]:
        if title_word(top[0]) in GENE_WORDS | SAMPLE_WORDS:
            raise InputError(
                f"{table.path}, line {below[0].line} has {len(below[0].fields)} fields where {len(top)} belong.",
                hint=f"The header names {len(top)} columns, {top[0]!r} the first of them.",
            )
        notes = ("the header is one name shorter than the rows: it names the columns after the first", *notes)
    if start >= len(names):
        raise InputError(f"{table.path} has no column of numbers after {names[-1]!r}.")
    return _Layout(names, has_header=True, start=start, notes=notes)


def _first_numbers(top: Sequence[str], below: Sequence[Row]) -> int:
    """Return the first column after the names that holds numbers: leading text and annotations are passed over."""
    width = min(len(row.fields) for row in below)
    shift = len(below[0].fields) - len(top) == 1
    for column in range(1, width):
        title = top[column - shift] if column - shift < len(top) else ""
        cells = [row.fields[column] for row in below if not is_missing(row.fields[column])]
        is_text = bool(cells) and not any(is_number(cell) for cell in cells)
        if not is_text and title_word(title) not in ANNOTATIONS:
            return column
    return width


def _lacks_header(top: Sequence[str], below: Sequence[Row], start: int) -> bool:
    """Whether the first line is data already. Names of samples may be numbers, so numbers alone do not say."""
    cells = [field for field in top[start:] if field.strip()]
    if not cells or len(top) < len(below[0].fields) or not all(is_number(cell) or is_missing(cell) for cell in cells):
        return False
    if not top[0].strip() or title_word(top[0]) in GENE_WORDS | SAMPLE_WORDS:
        return False
    if not all(cell.strip().isdecimal() for cell in cells):
        return True
    steps = np.diff([float(cell) for cell in cells])
    counts_up = len(steps) > 0 and bool(np.all(steps == 1))
    return not (counts_up or (len(cells) >= RISING and bool(np.all(steps > 0))))


def _note_skipped(names: Sequence[str], below: Sequence[Row], start: int) -> tuple[str, ...]:
    return tuple(
        f"column {names[i] or i + 1!r} is skipped: it describes the rows, such as {clipped(below[0].fields[i])}"
        for i in range(1, min(start, len(names)))
    )


def _choose_axis(
    path: Path,
    genes_in: GenesIn,
    layout: _Layout,
    rows: tuple[str, ...],
    columns: tuple[str, ...],
) -> Orientation:
    if genes_in == "columns" and not layout.has_header:
        raise InputError(f"{path} has no header, so genes in columns would have no names.", hint="Add a header line.")
    if genes_in != "auto":
        return Orientation(genes_in, "as asked")
    if not layout.has_header:
        return Orientation("rows", "without a header only rows have names")
    return orient(layout.names[0], rows, columns)


def _check_gct(table: Table, rows: int, columns: int) -> None:
    """Refuse a GCT file whose second line claims other sizes than it has."""
    if not table.is_gct:
        return
    if not table.comments[0].startswith("#1.2"):
        raise InputError(f"{table.path} is a GCT file of version {table.comments[0][1:4]}; version 1.2 is read here.")
    claimed = table.comments[1].replace(",", " ").split()[:2] if len(table.comments) > 1 else []
    if claimed != [str(rows), str(columns)]:
        raise InputError(
            f"{table.path} claims {' × '.join(claimed)[:60] or 'no sizes'} in its second line and holds "
            f"{counted(rows, 'row')} of {counted(columns, 'sample')}."
        )
