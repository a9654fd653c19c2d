"""Tables of loadings with a pathway in each row and a gene in each column, as cNMF writes its spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted
from ..files.kinds import TABLE_KINDS, file_kind
from ..files.names import check_names
from ..tables.delimited import open_table, read_header
from ..tables.fields import is_missing, is_number
from ..tables.table_numbers import read_named_numbers
from .gene_loadings import GeneLoadings, LoadingsFile
from .loadings import find_gene_column, refuse_repeats

if TYPE_CHECKING:
    from pathlib import Path

    from ..genes.identifiers import Matcher

FEWEST_GENES = 3
"""Fewest columns that are known as genes by more than chance."""


def has_genes_in_columns(path: Path, matcher: Matcher) -> bool:
    """Whether most columns of a table of numbers are genes of the panel, and its rows are not named as genes.

    A table that says where its genes are, by the title `gene`, has them there.
    """
    if file_kind(path) not in TABLE_KINDS:
        return False
    with open_table(path) as table:
        header, rows = read_header(table), table.first[1:]
    if len(header) < FEWEST_GENES + 1 or not rows or (find_gene_column(header) is not None and header[0]):
        return False
    known = [column for column in range(1, len(header)) if matcher.index(header[column]) is not None]
    cells = [row.fields[column] for row in rows for column in known if column < len(row.fields)]
    if len(known) < max(FEWEST_GENES, 0.6 * (len(header) - 1)) or not all(is_number(c) or is_missing(c) for c in cells):
        return False
    return header[0] != "" or not any(matcher.index(row.fields[0].strip()) is not None for row in rows)


def read_transposed(path: Path) -> LoadingsFile:
    """Return the pathways in the rows of a table, genes of loading zero left out.

    Raises
    ------
    NotFound, InputError
        A name is empty or stands twice, or a loading is no finite number.
    """
    with open_table(path) as table:
        header = read_header(table)
        _, names, values = read_named_numbers(table, header, range(1, len(header)), blank=0.0)
    check_names(names, "row", path)
    check_names(header[1:], "column", path)
    refuse_repeats(path, "row", names)
    refuse_repeats(path, "column", header[1:])
    if not np.isfinite(values).all():
        raise InputError(f"{path} has loadings that are not finite.", hint="An empty field means zero.")
    pathways = tuple(
        GeneLoadings(name, tuple(header[1 + i] for i in np.flatnonzero(row)), row[row != 0])
        for name, row in zip(names, values, strict=True)
    )
    note = f"pathways in rows, genes in columns: {counted(len(names), 'pathway')}, {counted(len(header) - 1, 'gene')}"
    return LoadingsFile(pathways, notes=(note,), is_scaled=True)
