"""Gene sets in tables of membership: a gene a row, a set a column, and TRUE or FALSE, or 1 or 0, where they meet.

A column that counts the sets of each gene, as tables for UpSet plots have it, is none of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted
from ..files.limits import NAMES_PACKING, TEXT_COST, MemoryBudget
from ..files.names import check_names, clipped
from ..models.gene_loadings import GeneLoadings, LoadingsFile
from ..models.loadings import choose_columns, find_gene_column, refuse_repeats, split_columns
from ..tables.delimited import open_table, read_body, read_header
from ..tables.fields import is_missing, is_number, is_unnamed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..tables.table import Row, Table

_WORDS = {"true": True, "false": False, "t": True, "f": False, "yes": True, "no": False, "x": True}
_NEGATIVE = frozenset({"-1", "-1.0"})
_DIGITS = {"1": True, "0": False, "1.0": True, "0.0": False}
_COUNT = re.compile(
    r"(n|no|nr|num|number|count|total|sum|row)[ _.-]?(of)?[ _.-]?(sets?|pathways?|modules?|sums?|lists?|all)?|degree|"
    r"gesamt|summe|somme",
    re.IGNORECASE,
)
"""Titles of a column that counts the sets of a gene."""


def is_word_membership(table: Table) -> bool:
    """Whether the columns beside one of genes hold TRUE and FALSE."""
    cells = [cell for cell in _cells(table) if not is_missing(cell)]
    return bool(cells) and all(cell in _WORDS for cell in cells)


def is_membership(table: Table) -> bool:
    """Whether the columns beside one of genes hold TRUE and FALSE, or 1 and 0."""
    cells = _cells(table)
    filled = [cell for cell in cells if not is_missing(cell)]
    is_binary = all(cell in _DIGITS for cell in filled) and len({_DIGITS.get(cell, False) for cell in cells}) == 2
    return bool(filled) and (all(cell in _WORDS for cell in filled) or is_binary)


def _cells(table: Table) -> list[str]:
    header = read_header(table)
    genes = find_gene_column(header)
    if genes is None:
        return []
    columns, _ = split_columns(header, table.first[1:], genes)
    counts = _find_counts(header, table.first[1:], columns)
    columns = [column for column in columns if column != counts]
    fields = (row.fields[column] for row in table.first[1:] for column in columns if column < len(row.fields))
    return [field.strip().lower() for field in fields]


def has_counts(table: Table) -> bool:
    """Whether a table of membership has a column that counts the sets of each gene: it can hold no loadings."""
    header = read_header(table)
    genes = find_gene_column(header)
    if genes is None or not is_membership(table):
        return False
    return _find_counts(header, table.first[1:], split_columns(header, table.first[1:], genes)[0]) is not None


def _find_counts(header: Sequence[str], rows: Sequence[Row], columns: Sequence[int]) -> int | None:
    """Return the column whose numbers count the marks of all others, two or more of them, in every row."""
    for column in columns:
        others = [other for other in columns if other != column]
        full = [row.fields for row in rows if len(row.fields) > max(columns)]
        counts = [fields[column].strip() for fields in full]
        if len(others) < 2 or not counts or not all(map(is_number, counts)):
            continue
        marks = [sum(_flag(fields[other]) == 1 for other in others) for fields in full]
        are_flags = all(_flag(fields[other]) is not None for fields in full for other in others)
        is_count = are_flags and [float(count) for count in counts] == marks
        if is_count and (max(marks) > 1 or _COUNT.fullmatch(header[column].strip())):
            return column
    return None


def read_memberships(path: Path) -> LoadingsFile:
    """Return the gene sets of a table of membership; an empty field means that a gene is no member.

    Parameters
    ----------
    path : Path
        A table with a column `gene`, or of genes without a title, and one column a set. A gene of -1 is a member that
        loads negatively.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        There is no column of genes, a name is empty or stands twice, a field is none
        of these words, or a set has no gene.
    """
    with open_table(path, packing=NAMES_PACKING) as table:
        header, budget = read_header(table), MemoryBudget(path)
        gene_column = find_gene_column(header)
        if gene_column is None:
            raise InputError(f"{path} has no column 'gene'.", hint="Name the column of gene names 'gene'.")
        columns, skipped = choose_columns(header, table.first[1:], gene_column)
        counts = _find_counts(header, table.first[1:], columns)
        columns = [column for column in columns if column != counts]
        names = [header[column] for column in columns]
        check_names(names, "column", path)
        refuse_repeats(path, "column", names)
        members: list[dict[str, float]] = [{} for _ in columns]
        genes, unnamed = set[str](), 0
        for row in read_body(table, len(header)):
            gene = row.fields[gene_column].strip()
            if is_unnamed(gene):
                unnamed += 1
                continue
            check_names([gene], f"line {row.line}, gene", path)
            if gene in genes:
                raise InputError(f"{path}, line {row.line}: the gene {gene} occurs more than once.")
            genes.add(gene)
            budget.reserve(2 * TEXT_COST)
            _add_gene(path, row, gene, header, columns, members, budget)
            if counts is not None:
                _check_count(path, row, header[counts], counts, sum(inside.get(gene) == 1 for inside in members))
    skipped += (f"column {header[counts]!r} skipped: it counts the sets of each gene",) if counts is not None else ()
    skipped += (f"{counted(unnamed, 'row')} without a gene in {header[gene_column]!r} skipped",) if unnamed else ()
    sets = _sets_of(path, names, members)
    negative = sum(int(np.sum(each.loadings < 0)) for each in sets)
    signs = f", {negative:,} of {sum(map(len, members)):,} members negative" if negative else ""
    note = f"a table of membership of {counted(len(genes), 'gene')} in {counted(len(sets), 'set')}{signs}"
    return LoadingsFile(tuple(sets), notes=(note, *skipped))


def _add_gene(
    path: Path,
    row: Row,
    gene: str,
    header: Sequence[str],
    columns: Sequence[int],
    members: Sequence[dict[str, float]],
    budget: MemoryBudget,
) -> None:
    """Add the gene of a row to the sets that it marks."""
    for column, inside in zip(columns, members, strict=True):
        if flag := _read_flag(path, row.line, header[column], row.fields[column]):
            budget.reserve(TEXT_COST)
            inside[gene] = flag


def _sets_of(path: Path, names: Sequence[str], members: Sequence[dict[str, float]]) -> list[GeneLoadings]:
    empty = [name for name, inside in zip(names, members, strict=True) if not inside]
    if empty or not names:
        raise InputError(f"{path}: the gene set {empty[0]} has no genes." if empty else f"{path} holds no gene set.")
    return [_set_of(name, inside) for name, inside in zip(names, members, strict=True)]


def _check_count(path: Path, row: Row, title: str, column: int, number: int) -> None:
    """Refuse a row whose number of sets is another than that which its column of counts says."""
    if not is_number(row.fields[column]) or float(row.fields[column]) != number:
        raise InputError(
            f"{path}, line {row.line}: the column {title!r} counts the sets of each gene in the rows above, and says "
            f"{clipped(row.fields[column])} here, where there are {number}.",
            hint="Correct that field, or take the column out of the file.",
        )


def _set_of(name: str, members: dict[str, float]) -> GeneLoadings:
    loadings = np.array(list(members.values()))
    return GeneLoadings(name, tuple(members), loadings, is_set=bool(np.all(loadings > 0)))


def _read_flag(path: Path, line: int, title: str, field: str) -> float:
    """Return 1 for a member, -1 for one of negative sign, and 0 for what is none."""
    flag = _flag(field)
    if flag is None:
        raise InputError(
            f"{path}, line {line}, column {title}: {clipped(field)} is neither TRUE nor FALSE, nor 1, 0 or -1.",
            hint="Leave columns out that are no sets.",
        )
    return flag


def _flag(field: str) -> float | None:
    text = field.strip().lower()
    if is_missing(text):
        return 0.0
    if text in _NEGATIVE:
        return -1.0
    flag = _WORDS.get(text, _DIGITS.get(text))
    return None if flag is None else float(flag)
