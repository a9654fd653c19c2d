"""Gene sets in tables of membership: a gene a row, a set a column, and TRUE or FALSE, or 1 or 0, where they meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted
from ..files.limits import NAMES_PACKING, TEXT_COST, MemoryBudget
from ..files.names import check_names, clipped
from ..models.gene_loadings import GeneLoadings, LoadingsFile
from ..models.loadings import choose_columns, find_gene_column, refuse_repeats, split_columns
from ..tables.delimited import open_table, read_body, read_header
from ..tables.fields import is_missing

if TYPE_CHECKING:
    from pathlib import Path

    from ..tables.table import Table

_WORDS = {"true": True, "false": False, "t": True, "f": False, "yes": True, "no": False, "x": True}
_NEGATIVE = frozenset({"-1", "-1.0"})
_DIGITS = {"1": True, "0": False, "1.0": True, "0.0": False}


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
    fields = (row.fields[column] for row in table.first[1:] for column in columns if column < len(row.fields))
    return [field.strip().lower() for field in fields]


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
        names = [header[column] for column in columns]
        check_names(names, "column", path)
        refuse_repeats(path, "column", names)
        members: list[dict[str, float]] = [{} for _ in columns]
        genes: set[str] = set()
        for row in read_body(table, len(header)):
            gene = row.fields[gene_column].strip()
            check_names([gene], f"line {row.line}, gene", path)
            if gene in genes:
                raise InputError(f"{path}, line {row.line}: the gene {gene} occurs more than once.")
            genes.add(gene)
            budget.reserve(2 * TEXT_COST)
            for column, inside in zip(columns, members, strict=True):
                if flag := _read_flag(path, row.line, header[column], row.fields[column]):
                    budget.reserve(TEXT_COST)
                    inside[gene] = flag
    empty = [name for name, inside in zip(names, members, strict=True) if not inside]
    if empty or not names:
        raise InputError(f"{path}: the gene set {empty[0]} has no genes." if empty else f"{path} holds no gene set.")
    sets = [_set_of(name, inside) for name, inside in zip(names, members, strict=True)]
    negative = sum(int(np.sum(each.loadings < 0)) for each in sets)
    signs = f", {negative:,} of {sum(map(len, members)):,} members negative" if negative else ""
    note = f"a table of membership of {counted(len(genes), 'gene')} in {counted(len(sets), 'set')}{signs}"
    return LoadingsFile(tuple(sets), notes=(note, *skipped))


def _set_of(name: str, members: dict[str, float]) -> GeneLoadings:
    loadings = np.array(list(members.values()))
    return GeneLoadings(name, tuple(members), loadings, is_set=bool(np.all(loadings > 0)))


def _read_flag(path: Path, line: int, title: str, field: str) -> float:
    """Return 1 for a member, -1 for one of negative sign, and 0 for what is none."""
    text = field.strip().lower()
    if is_missing(text):
        return 0.0
    if text in _NEGATIVE:
        return -1.0
    flag = _WORDS.get(text, _DIGITS.get(text))
    if flag is None:
        raise InputError(
            f"{path}, line {line}, column {title}: {clipped(field)} is neither TRUE nor FALSE, nor 1, 0 or -1.",
            hint="Leave columns out that are no sets.",
        )
    return float(flag)
