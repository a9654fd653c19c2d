"""Where a table of edges has its two names: under titles, in one field (`MYC:TERT`), or without any header."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...engine.errors import InputError, NotFound
from ...engine.wording import some
from ..files.delimited import Row, is_number, read_header
from ..genes.orientation import title_word
from .signs import read_sign

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..files.delimited import Table

SOURCE_TITLES = (
    "source_genesymbol", "source", "tf", "regulator", "tf_name", "tf_symbol", "tf_gene", "regulator_symbol",
    "regulator_name", "regulator_gene", "regulatory_gene", "regulatorygene",
    "source_gene", "source_symbol", "source_name", "transcription_factor",
    "transcription_factor_associated_gene_name", "entitya", "participant_a", "from", "v1",
    "entry1",
)  # fmt: skip
"""Titles of a column of regulators; the first that is there counts."""

SET_TITLES = (
    "gs_name", "term", "term_name", "pathway", "pathway_name", "geneset", "gene_set", "set", "set_name", "geneset_name",
    "gene_set_name", "regulon", "signature", "module", "cell_type",
)  # fmt: skip
"""Titles of a column of sets of genes."""

TARGET_TITLES = (
    "target_genesymbol", "target", "target_gene", "target_symbol", "target_name", "targetgene", "tg",
    "target_gene_associated_gene_name", "entityb", "participant_b", "to", "v2", "entry2",
)  # fmt: skip
"""Titles of a column of targets."""

GENE_TITLES = (
    "gene", "genesymbol", "gene_symbol", "symbol", "hgnc_symbol", "human_gene_symbol", "gene_name", "ensembl_gene",
    "ensembl_gene_id", "entrez_gene", "ncbi_gene", "entrez_gene_id", "entrezid", "entrez_id", "entrez", "gene_id",
    "geneid", "genes", "official_gene_symbol", "official_symbol",
)  # fmt: skip
"""Titles of a column of genes, which are targets where another column has regulators or sets."""

_ALWAYS_REGULATORS = frozenset(SOURCE_TITLES) - {
    "source",
    "source_gene",
    "source_symbol",
    "source_name",
    "from",
    "v1",
    "entry1",
}
_ONLY_TOGETHER = {"from": "to", "v1": "v2", "entry1": "entry2", "entitya": "entityb", "participant_a": "participant_b"}
_PAIR_TITLES = frozenset({"tf_tg", "tf_target", "tf_gene_pair"})
_EDGE_TITLES = ("shared_name", "name", "edge", "edge_name")
_EDGE = re.compile(r"(?P<source>\S.*?) \((?P<relation>[^()]*)\) (?P<target>\S.*)")
_PAIR = re.compile(r"(?P<source>[^:]+):(?P<target>[^:]+)")
_DECIMAL = re.compile(r"[+-]?\d*\.\d+(e[+-]?\d+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a table of edges has its names.

    Parameters
    ----------
    header : tuple of str
        A title a column, those of columns that `expand` adds in front among them.
    source, target : int
        The columns of names.
    first : tuple of Row
        The first rows below the header, expanded.
    has_header : bool
        Whether the first row of the table is one of titles.
    are_sets : bool
        Sources are named as sets of genes and not as regulators.
    expand : callable
        Returns a row with the columns of `header`.
    note : str
        What is unusual about it, or empty.
    """

    header: tuple[str, ...]
    source: int
    target: int
    first: tuple[Row, ...]
    has_header: bool = True
    are_sets: bool = False
    expand: Callable[[Row], Row] = lambda row: row
    note: str = ""


def is_regulon_table(table: Table) -> bool:
    """Whether a table is known as one of regulators and targets."""
    layout = find_layout(table)
    return layout is not None and not layout.are_sets


def is_set_table(table: Table) -> bool:
    """Whether a header names a column of sets and one of genes."""
    layout = find_layout(table)
    return layout is not None and layout.are_sets


def require_layout(table: Table, gene_column: str | None = None) -> Layout:
    """Return where a table that is said to be one of edges has its names; without a header, in its first columns.

    Raises
    ------
    NotFound
        There is no such column of genes.
    InputError
        No column names sources, or none names targets.
    """
    header = read_header(table)
    layout = find_layout(table, gene_column)
    if layout is not None:
        return layout
    if gene_column is not None and gene_column not in header:
        raise NotFound(f"{table.path} has no column {gene_column!r}; it has {some(header, 10)}.")
    if _is_plain_edge_list(table):
        titles = ("source", "target", "weight")[: len(header)]
        return _headless(table, titles, f"no header: read as {', '.join(titles)}")
    raise InputError(
        f"{table.path} has no columns of sources and targets; its columns are {', '.join(header)[:200]}.",
        hint="Name them source, target and weight; or set and gene.",
    )


def find_layout(table: Table, gene_column: str | None = None) -> Layout | None:
    """Return where a table has its names, or None where it is not known as one of edges."""
    header = read_header(table)
    titles = [title_word(title) for title in header]
    body = table.first[1:]
    columns = _find_names(titles, header.index(gene_column) if gene_column in header else None)
    if columns is not None:
        source, target = columns
        if any(_DECIMAL.fullmatch(field) for field in _column(body, target)):
            return None
        return Layout(header, source, target, body, are_sets=titles[source] in SET_TITLES)
    if _is_trrust(table.first[0].fields):
        titles = ("source", "target", "mode", "PMID")[: len(header)]
        return _headless(table, titles, "no header: read as source, target, mode of regulation, as TRRUST writes them")
    if _is_regnetwork(table):
        note = "no header: read as source, its id, target, its id, as RegNetwork writes them"
        return _headless(table, ("source", "source_id", "target", "target_id"), note, target=2)
    if _is_weighted_edge_list(table):
        return _headless(table, ("source", "target", "weight"), "no header: read as source, target, weight")
    return _find_pair_column(header, titles, body)


def _column(rows: Sequence[Row], column: int) -> list[str]:
    return [row.fields[column].strip() for row in rows if column < len(row.fields)]


def _first(titles: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((titles.index(title) for title in wanted if title in titles), None)


def _find_names(titles: Sequence[str], gene_column: int | None) -> tuple[int, int] | None:
    """Return the columns of sources and targets.

    `source` beside `gene` may be where an entry comes from: with a column of sets, these are the sources then.
    """
    target, gene = _first(titles, TARGET_TITLES), _first(titles, GENE_TITLES)
    there = [title for title in SOURCE_TITLES if title in titles and _ONLY_TOGETHER.get(title, title) in titles]
    sets = [title for title in SET_TITLES if title in titles]
    if gene_column is not None:
        target = gene_column
    if target is not None:
        sources = [*there, *sets]
    else:
        target = gene
        sources = [*(title for title in there if title in _ALWAYS_REGULATORS), *sets, *there]
    if target is None or not sources or titles.index(sources[0]) == target:
        return None
    return titles.index(sources[0]), target


def _is_trrust(first: Sequence[str]) -> bool:
    """Whether a first row is one of data: source, target, a sign in words, and perhaps references."""
    if len(first) not in (3, 4) or title_word(first[0]) in (*SOURCE_TITLES, *SET_TITLES):
        return False
    is_word = bool(re.fullmatch(r"[A-Za-z]{6,}", first[2])) and first[2].lower() != "expression"
    return is_word and read_sign(first[2]) is not None


def _is_regnetwork(table: Table) -> bool:
    """Whether rows are regulator, id, target, id."""
    rows = [[field.strip() for field in row.fields] for row in table.first]
    return all(
        len(row) == 4 and row[1].isdecimal() and row[3].isdecimal() and not is_number(row[0]) and not is_number(row[2])
        for row in rows
    )


def _is_plain_edge_list(table: Table) -> bool:
    """Whether rows are two names, or two names and a number."""
    rows = [[field.strip() for field in row.fields] for row in table.first]
    return all(
        len(row) == len(rows[0]) in (2, 3) and not any(map(is_number, row[:2])) and all(map(is_number, row[2:]))
        for row in rows
    )


def _is_weighted_edge_list(table: Table) -> bool:
    """Whether rows are clearly edges with weights: names that occur again, each pair once, and numbers beside them.

    Numbers without a sign from 0 to 1 may be p-values, and whole ones codes or references: these want a title.
    """
    rows = [[field.strip() for field in row.fields] for row in table.first]
    if len(rows) < 2 or len(rows[0]) != 3 or not _is_plain_edge_list(table):
        return False
    weights = [float(row[2]) for row in rows]
    pairs = [(row[0], row[1]) for row in rows]
    repeat = len({source for source, _ in pairs}) < len(rows) or len({target for _, target in pairs}) < len(rows)
    if not repeat or len(set(pairs)) < len(pairs) or not all(map(math.isfinite, weights)):
        return False
    if any(weight < 0 for weight in weights) or all(weight == 1 for weight in weights):
        return True
    return max(weights) > 1 and min(weights) > 0 and not all(map(float.is_integer, weights))


def _headless(table: Table, titles: tuple[str, ...], note: str, *, target: int = 1) -> Layout:
    return Layout(titles, 0, target, table.first, has_header=False, note=note)


def _find_pair_column(header: tuple[str, ...], titles: Sequence[str], body: Sequence[Row]) -> Layout | None:
    """Return the layout of a table that has both names in one field: `MYC:TERT`, or `MYC (activates) TERT`."""
    for wanted, pattern in ((_PAIR_TITLES, _PAIR), (_EDGE_TITLES, _EDGE)):
        for title in wanted:
            column = titles.index(title) if title in titles else None
            cells = [] if column is None else _column(body, column)
            if column is None or not cells or not all(map(pattern.fullmatch, cells)):
                continue
            added = ("source", "relation", "target")
            if pattern is _PAIR or any("interaction" in other for other in titles):
                added = ("source", "", "target")
            expand = _expander(column, pattern, header[column])
            note = f"sources and targets from column {header[column]!r}"
            return Layout((*added, *header), 0, 2, tuple(map(expand, body)), expand=expand, note=note)
    return None


def _expander(column: int, pattern: re.Pattern[str], title: str) -> Callable[[Row], Row]:
    def expand(row: Row) -> Row:
        match = pattern.fullmatch(row.fields[column].strip())
        if match is None:
            raise InputError(
                f"Line {row.line}, column {title}: {row.fields[column][:60]!r} does not name two genes as the first "
                "rows do."
            )
        names = match.groupdict()
        return Row(row.line, [names["source"], names.get("relation", ""), names["target"], *row.fields])

    return expand
