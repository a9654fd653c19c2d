"""Names of sets that are those of regulators: SCENIC's `TP53(+)`, and genes of the panel."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted, some
from ..files.kinds import TABLE_KINDS, file_kind
from ..models.loadings import find_gene_column, read_loadings
from ..models.matrix_axes import has_genes_in_columns, read_transposed
from ..readers import READERS, find_reader
from ..regulons.signs import is_regulon_name, split_regulon_name
from ..tables.delimited import open_table, read_header
from ..tables.fields import is_missing, is_number

if TYPE_CHECKING:
    from pathlib import Path

    from ..genes.identifiers import Matcher
    from ..models.gene_loadings import GeneLoadings, LoadingsFile

FORMS = ("json", "gmt", "gmx")
"""Formats of sets by name, which hold regulons too."""


def settle_names(path: Path, kind: str, file: LoadingsFile, matcher: Matcher | None) -> LoadingsFile:
    """Return a file of sets with the regulators that their names name.

    Parameters
    ----------
    path : Path
        The file.
    kind : str
        Its format.
    file : LoadingsFile
        What it holds.
    matcher : Matcher, optional
        Finds genes on the panel; None where the format was named, and names of genes are those of sets.

    Raises
    ------
    InputError
        All sets are named as genes of the panel: sets, or targets of regulators?
    """
    if file.is_scaled or any(pathway.source is not None for pathway in file.pathways):
        return file
    known = names_of_regulons(file)
    if known is not file or matcher is None or kind not in FORMS:
        return known
    names = [pathway.name for pathway in file.pathways]
    if all(matcher.index(name) is not None for name in names):
        raise InputError(
            f"The sets of {path} have the names of genes of the panel ({some(names, 3)}): they may be the targets of "
            "these genes, which then load too, or sets.",
            code="regulators-or-sets",
            facts={"kind": kind},
        )
    return file


def names_of_regulons(file: LoadingsFile) -> LoadingsFile:
    """Return a file whose sets all have names as SCENIC writes them, `TP53(+)`, with their regulators; else the file.

    The targets of `TP53(-)` load negatively, where they have no weights with signs of their own.
    """
    if not file.pathways or not all(is_regulon_name(pathway.name) for pathway in file.pathways):
        return file
    return _named(file, [_regulon(pathway) for pathway in file.pathways], "as SCENIC writes them")


def as_regulators(path: Path, matcher: Matcher) -> LoadingsFile | None:
    """Return a file that is said to hold regulons, its sets or columns as the targets of what they are named after.

    None where it is neither a file of sets by name nor a matrix of genes of the panel and numbers.
    """
    if any(reader.sign is not None and reader.sign(path) for reader in map(READERS["pathways"].__getitem__, FORMS)):
        file: LoadingsFile = find_reader("pathways", path).read(path)
    elif has_genes_in_columns(path, matcher):
        file = read_transposed(path)
    elif _is_matrix(path, matcher):
        file = read_loadings(path)
    else:
        return None
    named = _named(file, [_regulon(pathway) for pathway in file.pathways], "as was said")
    return replace(named, is_scaled=False)


def _is_matrix(path: Path, matcher: Matcher) -> bool:
    """Whether a table has a column of genes, and columns of numbers that are named as genes of the panel."""
    if file_kind(path) not in TABLE_KINDS:
        return False
    with open_table(path) as table:
        header, rows = read_header(table), table.first[1:]
    genes = find_gene_column(header)
    columns = [column for column in range(len(header)) if column != genes]
    if genes is None or not columns or any(matcher.index(header[column]) is None for column in columns):
        return False
    cells = [row.fields[column] for row in rows for column in columns if column < len(row.fields)]
    return all(is_number(cell) or is_missing(cell) for cell in cells)


def _named(file: LoadingsFile, pathways: list[GeneLoadings], why: str) -> LoadingsFile:
    notes = tuple(note.partition("; the names of sets")[0] for note in file.notes)
    note = f"{counted(len(pathways), 'set')} named after regulators, {why}: these load too"
    return replace(file, pathways=tuple(pathways), notes=(*notes, note))


def _regulon(pathway: GeneLoadings) -> GeneLoadings:
    gene, sign = split_regulon_name(pathway.name)
    turned = sign < 0 and bool(np.all(pathway.loadings >= 0))
    return replace(
        pathway,
        source=gene,
        loadings=-pathway.loadings if turned else pathway.loadings.copy(),
        is_set=pathway.is_set and not turned,
    )
