"""Tables of pathways whose form alone does not say what they are: genes of the panel decide, or the error says."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import GrnError, InputError
from ...engine.wording import some
from ..files.kinds import TABLE_KINDS, TEXT_KINDS, file_kind
from ..models.loadings import find_gene_column, split_columns
from ..models.matrix_axes import has_genes_in_columns, read_transposed
from ..readers import NOT_RECOGNISED, READERS
from ..regulons.titles import is_p_title, title_key
from ..sets.gmt import first_fields, has_row_names
from ..sets.gmx import has_numbered_rows, read_sets_in_columns
from ..sets.memberships import has_counts, is_membership
from ..sets.set_tables import RESULT_TITLES
from ..tables.delimited import open_table, read_header
from .foreign_sets import undirected_columns
from .other_tables import refuse_matrix

if TYPE_CHECKING:
    from pathlib import Path

    from ..genes.identifiers import Matcher
    from ..models.gene_loadings import LoadingsFile

LARGEST_TRIED = 1 << 24
"""Bytes of a file that is read in one format after the other, to say which of them would do."""


def read_by_genes(path: Path, matcher: Matcher) -> tuple[str, LoadingsFile] | None:
    """Return the kind and content of a table that is known by where it has genes of the panel, or None."""
    if file_kind(path) not in TABLE_KINDS:
        return None
    if has_genes_in_columns(path, matcher):
        return "loadings", read_transposed(path)
    sets = read_sets_in_columns(path, matcher.has)
    return None if sets is None else ("gmx", sets)


def read_numbered_columns(path: Path, matcher: Matcher) -> LoadingsFile | None:
    """Return the sets in the columns of a table whose first column numbers its rows, or None where it has none."""
    return read_sets_in_columns(path, matcher.has) if has_numbered_rows(path) else None


def members_or_loadings(path: Path, matcher: Matcher, *, is_set: bool) -> str:
    """Return what a table like one of loadings is, refusing results of tests, and 0 and 1 that may be either."""
    _refuse_results(path)
    if _has_counts(path):
        refuse_matrix(path, READERS["pathways"]["membership"].read(path), matcher)
        return "membership"
    if not _is_binary(path, matcher):
        return "loadings"
    if not is_set:
        raise InputError(
            f"{path} holds nothing but 0 and 1: these may say which genes belong to a set, or be loadings of 1 in the "
            "units of the expression.",
            code="membership-or-loadings",
        )
    return "membership"


def _refuse_results(path: Path) -> None:
    """Refuse a table with p-values as one of loadings, and one of which all columns describe genes."""
    if file_kind(path) not in TABLE_KINDS:
        return
    with open_table(path) as table:
        header = read_header(table)
        genes = find_gene_column(header)
        columns, described = ([], []) if genes is None else split_columns(header, table.first[1:], genes)
    results = [title for title in header if title_key(title) in RESULT_TITLES or (len(title) > 1 and is_p_title(title))]
    if results:
        raise InputError(
            f"{path} has results of a test in its column {results[0]!r}: it does not look like a table of loadings, in "
            "which every column is a pathway.",
            code="results-not-loadings",
        )
    if described and not columns:
        raise InputError(
            f"All columns of {path} beside its genes may describe them: {some([repr(header[i]) for i in described])}.",
            code="results-not-loadings",
        )


def _has_counts(path: Path) -> bool:
    if file_kind(path) not in TABLE_KINDS:
        return False
    with open_table(path) as table:
        return has_counts(table)


def _is_binary(path: Path, matcher: Matcher) -> bool:
    """Whether a loading table holds nothing but 0 and 1, and both; columns that are genes are asked about."""
    if file_kind(path) not in TABLE_KINDS:
        return False
    with open_table(path) as table:
        if not is_membership(table):
            return False
    file: LoadingsFile = READERS["pathways"]["loadings"].read(path)
    refuse_matrix(path, file, matcher)
    return all(pathway.genes and bool(np.all(pathway.loadings == 1)) for pathway in file.pathways)


def explain(path: Path, error: InputError, matcher: Matcher, *, is_guessed: bool) -> InputError:
    """Return the error for a file that no reader knows, with what would read it."""
    with open_table(path) as table:
        header, comments = read_header(table), table.comments
        width = max(len(row.fields) for row in table.first)
    pair = undirected_columns([title_key(title) for title in header])
    titles = header
    if pair is None and comments:  # BioGRID's header is in a comment: its columns have numbers alone
        named = [title_key(title) for title in comments[-1].split("\t")]
        pair = undirected_columns(named) if len(named) == width else None
        titles = tuple(str(number) for number in range(1, width + 1))
    if pair is not None:
        first, second = (titles[column] for column in pair)
        return InputError(
            f"{path} has pairs without a direction, in its columns {first!r} and {second!r}: nothing says which of two "
            "genes regulates the other.",
            code="undirected-pairs",
            facts={"first": first, "second": second},
        )
    formats = _formats_that_work(path, matcher) if is_guessed else []
    if formats:
        return InputError(error.message, code="format-not-known", facts={"formats": " or ".join(formats)})
    return InputError(error.message, code="columns-not-named" if width > 1 else NOT_RECOGNISED)


def _are_clusters(file: LoadingsFile) -> bool:
    """Whether lines of genes are of several lengths, and no pairs or rows of a table."""
    sizes = {len(pathway.genes) for pathway in file.pathways}
    return len(sizes) > 1 and max(sizes) > 2


def _formats_that_work(path: Path, matcher: Matcher) -> list[str]:
    """Return the formats in which a file that is not known can be read, with genes that are nearly all on the panel."""
    if path.stat().st_size > LARGEST_TRIED:
        return []
    formats: list[str] = []
    is_numbered = file_kind(path) in TEXT_KINDS and has_row_names(first_fields(path))
    for kind, reader in READERS["pathways"].items():
        if kind in ("sif", "adj", "gaf"):  # which read any text with blanks, edges with weights, and wide tables
            continue
        with contextlib.suppress(GrnError):
            file: LoadingsFile = reader.read(path)
            genes = {gene for pathway in file.pathways for gene in pathway.genes}
            known = sum(matcher.index(gene) is not None for gene in genes)
            names = [pathway.name for pathway in file.pathways]
            if (kind == "lists" and not _are_clusters(file)) or (kind in ("lists", "gmt") and is_numbered):
                continue
            is_of_sets = kind in ("gmt", "gmx") and any(matcher.index(name) is not None for name in names)
            if genes and 10 * known >= 9 * len(genes) and not is_of_sets:
                formats.append(kind)
    return [kind for kind in formats if kind != "sets" or "regulon" not in formats]
