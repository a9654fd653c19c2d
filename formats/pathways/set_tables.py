"""Gene sets in tables: a gene a row, as msigdbr and decoupler write them, or all genes of a set in one field."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted
from ..files.delimited import check_names, clipped, open_table, peek, read_body, read_header
from ..files.limits import NAMES_PACKING, TEXT_COST, MemoryBudget
from ..genes.orientation import title_word
from ..models.gene_loadings import GeneLoadings, LoadingsFile
from ..regulons.edge_tables import GENE_TITLES, SET_TITLES, is_set_table
from ..regulons.regulons import read_regulons
from .gmt import set_twice

if TYPE_CHECKING:
    from pathlib import Path

    from ..files.delimited import Table

LIST_TITLES = (
    "genes", "gene_list", "genelist", "geneid", "gene_ids", "gene_symbols", "genesymbols", "members", "overlap_genes",
    "lead_genes", "core_enrichment", "leading_edge", "leadingedge", "intersections", "userid", *GENE_TITLES,
)  # fmt: skip
"""Titles of a column that may hold all genes of a set."""

NAME_TITLES = (*SET_TITLES, "id", "name", "description")
"""Titles of a column of sets, where another holds lists of genes."""

RESULT_TITLES = frozenset(
    {
        "pvalue",
        "p_value",
        "pval",
        "p_val",
        "p_val_adj",
        "p_adjust",
        "padj",
        "adj_p_val",
        "adjusted_p_value",
        "nes",
        "fdr",
        "fdr_q_val",
    }
)
"""Titles of the results of a test of sets: genes listed there are those of the query that are in the set."""

_ONE_GENE = frozenset(GENE_TITLES) - {"genes", "geneid"}
"""Titles of a column of one gene a row, in whose names a space or a slash may stand."""

_SHARES = re.compile(r"\s*(tags|list|signal)\s*=", re.IGNORECASE)
"""The beginning of a field of GSEA's `leading_edge`, which has shares of genes: `tags=40%, list=10%, signal=30%`."""

_SEPARATORS = {";": "semicolons", ",": "commas", "|": "bars", "/": "slashes", " ": "spaces"}


def is_table_of_sets(table: Table) -> bool:
    """Whether a table has sets and genes: a gene a row, or a list of them in a field."""
    return is_set_table(table) or _list_columns(_plain(table)) is not None


def read_set_table(path: Path, **options: Any) -> LoadingsFile:
    """Return the gene sets of a table.

    Parameters
    ----------
    path : Path
        A table with a column of sets and one of genes, or of lists of genes between semicolons, commas, bars, slashes
        or spaces.
    **options
        Of `read_regulons`, for a table of a gene a row; it may have weights and signs.

    Raises
    ------
    NotFound, InputError
        As `read_regulons`; or a set stands twice or has no genes.
    """
    with open_table(path, packing=NAMES_PACKING) as opened:
        table = _plain(opened)
        columns = _list_columns(table, options.get("gene_column"))
        if columns is not None:
            chosen = [name for name, value in options.items() if value not in (None, "error") and name != "gene_column"]
            if chosen:
                raise InputError(f"{path} has all genes of a set in one field, with no weights or signs to choose.")
            return _read_lists(table, *columns)
    return read_regulons(path, **options)


def _list_columns(table: Table, gene_column: str | None = None) -> tuple[int, int, str] | None:
    """Return the columns of sets and of lists of genes, and what separates these; None where no field is a list."""
    header = read_header(table)
    titles = [title_word(title) for title in header]
    names = next((titles.index(title) for title in NAME_TITLES if title in titles), None)
    genes = next((titles.index(title) for title in LIST_TITLES if title in titles), None)
    if gene_column in header:
        genes = header.index(gene_column)
    if names is None or genes is None or names == genes:
        return None
    fields = [row.fields[genes] for row in table.first[1:] if genes < len(row.fields)]
    if any(map(_SHARES.match, fields)):
        return None
    marks = ";,|" if titles[genes] in _ONE_GENE else _SEPARATORS
    separator = next((mark for mark in marks if any(mark in field.strip() for field in fields)), None)
    return None if separator is None else (names, genes, separator)


def _plain(table: Table) -> Table:
    """Return a table whose commas are those of lists, and no decimal marks; the one that is given cannot be read on."""
    return peek(replace(table, has_decimal_comma=False, may_have_thousands=False))


def _read_lists(table: Table, names: int, column: int, separator: str) -> LoadingsFile:
    path, header = table.path, read_header(table)
    lines: dict[str, int] = {}
    sets: list[GeneLoadings] = []
    budget, repeated = MemoryBudget(path), 0
    others = [mark for mark in _SEPARATORS if mark not in (separator, " ")]
    for row in read_body(table, len(header)):
        name = row.fields[names].strip()
        listed = [gene for part in row.fields[column].split(separator) if (gene := part.strip(" '\"[]"))]
        check_names([name, *listed], f"line {row.line}, name", path)
        if not listed:
            raise InputError(f"{path}, line {row.line}: the gene set {name} has no genes.")
        mixed = next((gene for gene in listed if re.search(r"\s", gene) or any(mark in gene for mark in others)), None)
        if mixed is not None:
            raise InputError(
                f"{path}, line {row.line}: genes are separated by {_SEPARATORS[separator]} elsewhere, and "
                f"{clipped(mixed)} is not one gene.",
                hint="Separate all genes by semicolons.",
            )
        if lines.setdefault(name, row.line) != row.line:
            raise set_twice(path, row.line, name, lines[name])
        genes = tuple(dict.fromkeys(listed))
        budget.reserve(TEXT_COST * (1 + len(genes)))
        repeated += len(listed) - len(genes)
        sets.append(GeneLoadings(name, genes, np.ones(len(genes)), is_set=True))
    if not sets:
        raise InputError(f"{path} holds no gene set: there is nothing below its header.")
    notes = [f"sets from column {header[names]!r}, genes between {_SEPARATORS[separator]} from {header[column]!r}"]
    if RESULT_TITLES & {title_word(title) for title in header}:
        notes.append("the table has results of a test: its genes are those listed there, perhaps not all of a set")
    if repeated:
        notes.append(f"{counted(repeated, 'gene')} that occurred twice in a set counted once")
    return LoadingsFile(tuple(sets), notes=tuple(notes))
