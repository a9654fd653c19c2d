"""The lists of names beside a matrix, such as `features.tsv`: tabs, no quotation, and sometimes a header of R."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...engine.errors import InputError
from ..files.limits import NAMES_PACKING, TEXT_COST, MemoryBudget
from ..files.names import clipped
from ..files.plain_files import file_name, require_file
from ..genes.orientation import GENE_WORDS, title_word
from ..tables.delimited import fit_row, open_table

if TYPE_CHECKING:
    from pathlib import Path

_TITLES_OF_R = frozenset({"x", "v1", "rownames", "row_names", "colnames", "names", "id", "index", "0"})
"""What R and pandas write above a list of names that has no title."""


def read_name_rows(
    path: Path, titles: frozenset[str], shape: tuple[int, int]
) -> tuple[list[list[str]], tuple[str, ...]]:
    """Return rows of names, less a header and row numbers that R or pandas have written, and what was left out.

    A quotation mark belongs to its name, unless a pair encloses the whole of it.

    Parameters
    ----------
    path : Path
        The list, one name or more a row.
    titles : frozenset of str
        Titles of such columns, as `title_word` gives them.
    shape : tuple of int
        Of the matrix: the first row is a header only where the rows below it fit, and all rows do not.

    Raises
    ------
    InputError
        There is one row too many, and the first is no title that is known; or the names are row numbers.
    """
    rows = _read_rows(path)
    count, notes = len(rows), tuple[str, ...]()
    note = f"the first line of {file_name(path)}, {clipped(rows[0][0])}, is left out: it is a header"
    if count > 1 and len(rows[0]) == len(rows[1]) - 1:  # R's write.table has no title above the row names
        rows, notes = rows[1:], (note,)
    elif count - 1 in shape:
        words = {title_word(field) for field in rows[0]}
        if title_word(rows[0][0]) in titles or words & _TITLES_OF_R or (count not in shape and words & titles):
            rows, notes = rows[1:], (note,)
        elif count not in shape:
            raise InputError(
                f"{path} has {count:,} names, one more than the matrix; "
                f"the first, {clipped(rows[0][0])}, may be a header.",
                hint="Take that line out if it is one.",
            )
    named = _without_numbers(path, rows, are_genes=titles is GENE_WORDS)
    if named is not rows:
        notes = (*notes, f"the first column of {file_name(path)} is left out: it counts the rows")
    return named, notes


def _without_numbers(path: Path, rows: list[list[str]], *, are_genes: bool) -> list[list[str]]:
    """Return rows without a first column that counts them; refuse names of genes that are nothing else."""
    first, start = [row[0] for row in rows], rows[0][0]
    if start not in ("0", "1") or first != [str(int(start) + i) for i in range(len(rows))]:
        return rows
    if len(rows[0]) > 1:
        return [row[1:] for row in rows]
    if are_genes and len(rows) > 1:
        raise InputError(f"{path} holds row numbers, from {start} to {first[-1]}, and no names of genes.")
    return rows


def _read_rows(path: Path) -> list[list[str]]:
    budget, rows = MemoryBudget(require_file(path)), list[list[str]]()
    with open_table(path, packing=NAMES_PACKING, is_quoted=False) as table:
        top = table.first[0]
        width = max(len(row.fields) for row in table.first[:2])
        for row in table.rows:
            is_short_header = row == top and len(top.fields) == width - 1
            fields = row.fields if is_short_header else fit_row(table, row, width).fields
            budget.reserve(TEXT_COST * (1 + width) + sum(map(len, fields)))
            rows.append([_unquoted(field.strip()) for field in fields])
    return rows


def _unquoted(field: str) -> str:
    return field[1:-1] if len(field) > 1 and field[0] == field[-1] == '"' else field
