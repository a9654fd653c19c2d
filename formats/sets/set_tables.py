"""Gene sets in tables: a gene a row, as msigdbr and decoupler write them, or all genes of a set in one field."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted, some
from ..files.limits import NAMES_PACKING, TEXT_COST, MemoryBudget
from ..files.names import check_names, clipped
from ..models.gene_loadings import GeneLoadings, LoadingsFile
from ..regulons.edge_tables import is_set_table
from ..regulons.regulons import read_regulons
from ..regulons.row_marks import RowMarks
from ..regulons.signs import names_one_sign, split_regulon_name
from ..regulons.titles import GENE_TITLES, SET_TITLES, SOURCE_TITLES, TARGET_TITLES, is_group_title, title_key
from ..sets.gmt import set_twice
from ..tables.delimited import open_table, peek, read_body, read_header
from ..tables.fields import is_unnamed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from ..tables.table import Row, Table

LIST_TITLES = (
    "genes", "gene_list", "genelist", "geneid", "gene_ids", "gene_symbols", "genesymbols", "members", "overlap_genes",
    "lead_genes", "core_enrichment", "leading_edge", "leadingedge", "intersections", "userid",
    "markers", "marker_genes", "marker",
    "subunits_gene_name", "subunits_gene_names", "subunits", "gene_names", "member_genes",
    "targets", "target_genes", "targetgenes", "zielgene", "dianas", "cibles", "genes_cibles",
    *GENE_TITLES, *TARGET_TITLES,
)  # fmt: skip
"""Titles of a column that may hold all genes of a set."""

NAME_TITLES = (
    *SET_TITLES, "complex_name", "complexname", "complex", "id", "name", "description", "celltype", "cell_name", "cell",
)  # fmt: skip
"""Titles of a column of sets, where another holds lists of genes."""

_REGULATOR_TITLES = frozenset(SOURCE_TITLES) - {"source", "from", "v1", "src", "entry1"}
"""Titles of a column of regulators, where another holds lists of their targets."""

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

_ONE_GENE = frozenset((*GENE_TITLES, *TARGET_TITLES)) - {"genes", "geneid", "zielgene"}
"""Titles of a column of one gene a row, in whose names a space or a slash may stand."""

_SHARES = re.compile(r"\s*(tags|list|signal)\s*=", re.IGNORECASE)
"""The beginning of a field of GSEA's `leading_edge`, which has shares of genes: `tags=40%, list=10%, signal=30%`."""

_SEPARATORS = {";": "semicolons", ",": "commas", "|": "bars", "/": "slashes", " ": "spaces"}


@dataclass(frozen=True, slots=True)
class _Lists:
    """Where a table has names and lists: of members or targets, or of activated and of repressed targets."""

    names: int
    columns: tuple[tuple[int, float], ...]
    separator: str
    are_regulators: bool


def is_table_of_sets(table: Table) -> bool:
    """Whether a table has sets and genes: a gene a row, or a list of them in a field."""
    return is_set_table(table) or _find_lists(_plain(table)) is not None


def read_set_table(path: Path, **options: Any) -> LoadingsFile:
    """Return the gene sets of a table.

    Parameters
    ----------
    path : Path
        A table with a column of sets and one of genes, or of lists of genes between semicolons, commas, bars, slashes
        or spaces. Where the names are those of regulators, lists have their targets, perhaps those that are activated
        and those that are repressed in two columns.
    **options
        Of `read_regulons`, for a table of a gene a row; it may have weights and signs.

    Raises
    ------
    NotFound, InputError
        As `read_regulons`; or a set stands twice or has no genes.
    """
    names = [options.get(f"{column}_column") for column in ("gene", "source", "set")]
    with open_table(path, packing=NAMES_PACKING) as opened:
        table = _plain(opened)
        lists = (
            _find_lists(table, *names) if all(name is None or name in read_header(table) for name in names) else None
        )
        if lists is not None:
            is_dropped = options.get("unknown_sign") == "drop"  # without signs, all is activation anyway
            if is_dropped or any(options.get(f"{column}_column") is not None for column in ("sign", "weight")):
                raise InputError(f"{path} has all genes of a set in one field, with no weights or signs to choose.")
            return _read_lists(table, lists)
    return read_regulons(path, **options)


def _find_lists(
    table: Table, gene_column: str | None = None, source_column: str | None = None, set_column: str | None = None
) -> _Lists | None:
    """Return where a table has names and lists of genes; None where no field is a list."""
    header = read_header(table)
    titles = [title_key(title) for title in header]
    regulators = next((i for i, title in enumerate(titles) if title in _REGULATOR_TITLES), None)
    names = next((titles.index(title) for title in NAME_TITLES if title in titles), None)
    names = next((i for i, title in enumerate(titles) if is_group_title(title)), None) if names is None else names
    are_regulators = source_column is not None or (set_column is None and names is None)
    if source_column is not None or set_column is not None:
        names = header.index(source_column or set_column or "")
    elif names is None:
        names = regulators
    genes = next(
        (titles.index(title) for title in LIST_TITLES if title in titles and titles.index(title) != names), None
    )
    if gene_column is not None:
        genes = header.index(gene_column)
    if names is None:
        return None
    if genes is None and are_regulators:
        return _signed_lists(table, titles, names)
    if genes is None or names == genes:
        return None
    separator = _separator_of(table, genes, ";,|" if titles[genes] in _ONE_GENE else _SEPARATORS)
    return None if separator is None else _Lists(names, ((genes, _sign_of(titles[genes])),), separator, are_regulators)


def _signed_lists(table: Table, titles: Sequence[str], names: int) -> _Lists | None:
    """Return the two columns of activated and of repressed targets, where their titles say so."""
    signed = {_sign_of(title): i for i, title in enumerate(titles) if i != names and names_one_sign(title)}
    if len(signed) != 2:
        return None
    separators = {_separator_of(table, column, _SEPARATORS) for column in signed.values()} - {None}
    if len(separators) != 1:
        return None
    columns = tuple((signed[sign], sign) for sign in (1.0, -1.0))
    return _Lists(names, columns, separators.pop() or ";", are_regulators=True)


def _sign_of(title: str) -> float:
    """Return -1 for a title that names repression alone, else 1."""
    return -1.0 if names_one_sign(title) and any(stem in title for stem in ("repress", "inhibit")) else 1.0


def _separator_of(table: Table, column: int, marks: Iterable[str]) -> str | None:
    """Return what separates the genes in the fields of a column, or None where no field is a list."""
    fields = [row.fields[column] for row in table.first[1:] if column < len(row.fields)]
    if any(map(_SHARES.match, fields)):
        return None
    return next((mark for mark in marks if any(mark in field.strip() for field in fields)), None)


def _plain(table: Table) -> Table:
    """Return a table whose commas are those of lists, and no decimal marks; the one that is given cannot be read on."""
    return peek(replace(table, has_decimal_comma=False, may_have_thousands=False))


def _read_lists(table: Table, lists: _Lists) -> LoadingsFile:
    path, header = table.path, read_header(table)
    lines: dict[str, int] = {}
    sets: list[GeneLoadings] = []
    budget, repeated, empty = MemoryBudget(path), 0, 0
    marks = RowMarks(header, {lists.names, *(column for column, _ in lists.columns)})
    for row in read_body(table, len(header)):
        if marks.is_negated(row):
            continue
        name = row.fields[lists.names].strip()
        genes: dict[str, float] = {}
        for column, sign in lists.columns:
            listed = _split_list(path, row, column, lists.separator)
            if turned := next((gene for gene in listed if genes.get(gene, sign) != sign), None):
                raise InputError(f"{path}, line {row.line}: {turned} is both activated and repressed by {name}.")
            repeated += len(listed) - len(set(listed) - genes.keys())
            genes.update(dict.fromkeys(listed, sign))
        if not genes:
            empty += 1
            continue
        check_names([name, *genes], f"line {row.line}, name", path)
        if lines.setdefault(name, row.line) != row.line:
            raise set_twice(path, row.line, name, lines[name])
        budget.reserve(TEXT_COST * (1 + len(genes)))
        source = split_regulon_name(name)[0] if lists.are_regulators else None
        loadings = np.array(list(genes.values()))
        sets.append(GeneLoadings(name, tuple(genes), loadings, source=source, is_set=bool(np.all(loadings > 0))))
    if not sets:
        raise InputError(f"{path} holds no gene set: {'no row has genes' if empty else 'nothing is below its header'}.")
    notes = [*_notes_of_lists(header, lists, repeated), *marks.notes()]
    if empty:
        columns = " or ".join(repr(header[column]) for column, _ in lists.columns)
        notes.append(f"{counted(empty, 'row')} without a gene in {columns} skipped")
    return LoadingsFile(tuple(sets), notes=tuple(notes))


def _split_list(path: Path, row: Row, column: int, separator: str) -> list[str]:
    """Return the genes in a field."""
    genes = [gene for part in row.fields[column].split(separator) if not is_unnamed(gene := part.strip(" '\"[]"))]
    others = [mark for mark in _SEPARATORS if mark not in (separator, " ")]
    mixed = next((gene for gene in genes if re.search(r"\s", gene) or any(mark in gene for mark in others)), None)
    if mixed is not None:
        raise InputError(
            f"{path}, line {row.line}: genes are separated by {_SEPARATORS[separator]} elsewhere, and "
            f"{clipped(mixed)} is not one gene.",
            hint="Separate all genes by semicolons.",
        )
    return genes


def _notes_of_lists(header: Sequence[str], lists: _Lists, repeated: int) -> Iterator[str]:
    what = "regulators" if lists.are_regulators else "sets"
    columns = " and ".join(repr(header[column]) for column, _ in lists.columns)
    yield f"{what} from column {header[lists.names]!r}, genes between {_SEPARATORS[lists.separator]} from {columns}"
    if negative := [repr(header[column]) for column, sign in lists.columns if sign < 0]:
        yield f"the targets of column {negative[0]} are repressed"
    elif lists.are_regulators:
        yield "no pair has a sign of repression: all are taken as activation"
    read = {lists.names, *(column for column, _ in lists.columns)}
    if unread := [repr(title) for column, title in enumerate(header) if title and column not in read]:
        yield f"columns not read: {some(unread, 12)}"
    if RESULT_TITLES & {title_key(title) for title in header}:
        yield "the table has results of a test: its genes are those listed there, perhaps not all of a set"
    if repeated:
        yield f"{counted(repeated, 'gene')} that occurred twice in a set counted once"
