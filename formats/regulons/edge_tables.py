"""Where a table of edges has its two names: under titles, in one field (`MYC:TERT`), or without any header."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...engine.errors import InputError, NotFound
from ...engine.wording import some
from ..layouts.titles import is_counting
from ..tables.delimited import read_header
from ..tables.fields import is_number
from ..tables.table import Row
from .set_ids import are_set_ids
from .signs import read_sign
from .titles import GENE_TITLES, SET_TITLES, SOURCE_TITLES, TARGET_TITLES, are_labels, is_group_title, title_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..tables.table import Table

_ALWAYS_REGULATORS = frozenset(SOURCE_TITLES) - {
    "source",
    "source_gene",
    "source_symbol",
    "source_name",
    "from",
    "v1",
    "src",
    "entry1",
}
_ONLY_TOGETHER = {
    "from": "to",
    "v1": "v2",
    "src": "dest",
    "entry1": "entry2",
    "entitya": "entityb",
    "participant_a": "participant_b",
}
_PAIR_TITLES = frozenset({"tf_tg", "tf_target", "tf_gene_pair"})
_EDGE_TITLES = ("shared_name", "name", "edge", "edge_name")
_EDGE = re.compile(r"(?P<source>\S.*?) \((?P<relation>[^()]*)\) (?P<target>\S.*)")
_PAIR = re.compile(r"(?P<source>[^:]+):(?P<target>[^:]+)")
_LISTED = re.compile(r"[;,|]\s*\S")
"""What parts the names of a list in one field."""

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
    may_be_swapped : bool
        Whether nothing but their order says which names are regulators, and which targets.
    """

    header: tuple[str, ...]
    source: int
    target: int
    first: tuple[Row, ...]
    has_header: bool = True
    are_sets: bool = False
    expand: Callable[[Row], Row] = lambda row: row
    note: str = ""
    may_be_swapped: bool = False


@dataclass(frozen=True, slots=True)
class Names:
    """The columns of names that were chosen: by title, or by number from 1 where a table has no header.

    Parameters
    ----------
    gene, source, set : str, optional
        The columns of targets or members, of regulators, and of sets.
    """

    gene: str | None = None
    source: str | None = None
    set: str | None = None

    @property
    def chosen(self) -> tuple[str, ...]:
        """Those that were chosen."""
        return tuple(title for title in (self.source, self.set, self.gene) if title is not None)


NOTHING_CHOSEN = Names()


def is_regulon_table(table: Table) -> bool:
    """Whether a table is known as one of regulators and targets."""
    layout = find_layout(table)
    return layout is not None and not layout.are_sets


def is_set_table(table: Table) -> bool:
    """Whether a header names a column of sets and one of genes."""
    layout = find_layout(table)
    return layout is not None and layout.are_sets


def require_layout(table: Table, names: Names = NOTHING_CHOSEN) -> Layout:
    """Return where a table that is said to be one of edges has its names; without a header, in its first columns.

    Raises
    ------
    NotFound
        There is no such column.
    InputError
        No column names sources, or none names targets.
    """
    if names.source is not None and names.set is not None:
        raise InputError(f"{table.path}: sources are regulators or sets, and columns of both were chosen.")
    if names.chosen:
        return _chosen_layout(table, names)
    layout = find_layout(table)
    if layout is not None:
        return layout
    header = read_header(table)
    if _is_plain_edge_list(table):
        titles = ("source", "target", "weight")[: len(header)]
        return _headless(table, titles, f"no header: read as {', '.join(titles)}")
    raise _no_names(table, header)


def find_layout(table: Table) -> Layout | None:
    """Return where a table has its names, or None where it is not known as one of edges."""
    header = read_header(table)
    titles = [title_key(title) for title in header]
    body = table.first[1:]
    columns = _find_names(titles) or _find_groups(table, header, titles)
    if columns is not None:
        source, target = columns
        _refuse_kinds_of_cells(table, header, titles, source)
        names = column_of(body, target)
        if any(map(_DECIMAL.fullmatch, names)) or 2 * sum(bool(_LISTED.search(name)) for name in names) > len(names):
            return None
        are_sets = _names_sets(titles[source]) or are_set_ids(column_of(body, source))
        return Layout(header, source, target, body, are_sets=are_sets)
    if any(are_set_ids(column_of(table.first, column)) for column in range(len(table.first[0].fields))):
        return None
    if _is_trrust(table.first[0].fields):
        titles = ("source", "target", "mode", "PMID")[: len(header)]
        note = "no header: read as source, target, mode of regulation, as TRRUST writes them"
        return _headless(table, titles, note, may_be_swapped=len(header) == 3)
    if _is_regnetwork(table):
        note = "no header: read as source, its id, target, its id, as RegNetwork writes them"
        return _headless(table, ("source", "source_id", "target", "target_id"), note, target=2, may_be_swapped=False)
    if _is_weighted_edge_list(table):
        return _headless(table, ("source", "target", "weight"), "no header: read as source, target, weight")
    return _find_pair_column(header, titles, body)


def _chosen_layout(table: Table, names: Names) -> Layout:
    """Return the layout of a table some of whose columns of names were chosen."""
    header = read_header(table)
    unknown = [title for title in names.chosen if title not in header]
    if unknown and not all(title.isdecimal() and 1 <= int(title) <= len(header) for title in names.chosen):
        raise NotFound(
            f"{table.path} has no column {unknown[0]!r}; it has {some([title for title in header if title], 10)}.",
            hint="In a table without a header, columns have numbers, from 1.",
        )
    if not unknown:
        return _titled_layout(table, header, names)
    plain = find_layout(table)
    known = plain.header if plain is not None and not plain.has_header and len(plain.header) == len(header) else ()
    at = {title: int(title) - 1 for title in names.chosen}
    titles = tuple(
        known[i] if known and known[i] not in ("source", "target") else str(i + 1) for i in range(len(header))
    )
    chosen = names.source or names.set
    if chosen is None or names.gene is None:
        raise _no_names(table, header)
    note = f"no header: column {chosen} names {'sets' if names.set else 'regulators'}, column {names.gene} genes"
    layout = _headless(table, titles, note, target=at[names.gene], may_be_swapped=False)
    return replace(layout, source=at[chosen], are_sets=names.set is not None)


def _titled_layout(table: Table, header: tuple[str, ...], names: Names) -> Layout:
    titles = [title_key(title) for title in header]
    target = None if names.gene is None else header.index(names.gene)
    if names.source is None and names.set is None:
        columns = _find_names(titles, target) or _find_groups(table, header, titles, target)
        if columns is None:
            raise _no_names(table, header)
        return Layout(header, *columns, table.first[1:], are_sets=_names_sets(titles[columns[0]]))
    source = header.index(names.source or names.set or "")
    if target is None:
        known = (*TARGET_TITLES, *GENE_TITLES) if names.set is None else (*GENE_TITLES, *TARGET_TITLES)
        there = [titles.index(title) for title in known if title in titles]
        named = [i for i, title in enumerate(header) if not title or len(header) == 2]  # row names, or the other column
        target = next((i for i in (*there, *named) if i != source), None)
    if target is None or target == source:
        raise _no_names(table, header)
    return Layout(header, source, target, table.first[1:], are_sets=names.set is not None)


def _no_names(table: Table, header: Sequence[str]) -> InputError:
    return InputError(
        f"{table.path} has no columns that are known as those of regulators and targets, or of sets and genes; its "
        f"columns are {some([title for title in header if title], 10)}.",
        code="columns-not-named",
    )


def _names_sets(title: str) -> bool:
    return title in SET_TITLES or title == "group" or (is_group_title(title) and title not in SOURCE_TITLES)


def column_of(rows: Sequence[Row], column: int) -> list[str]:
    """Return the fields of a column, of those rows that have it."""
    return [row.fields[column].strip() for row in rows if column < len(row.fields)]


def _first(titles: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((titles.index(title) for title in wanted if title in titles), None)


def _find_names(titles: Sequence[str], gene_column: int | None = None) -> tuple[int, int] | None:
    """Return the columns of sources and targets.

    `source` beside `gene` may be where an entry comes from: with a column of sets, these are the sources then.
    """
    target, gene = _first(titles, TARGET_TITLES), _first(titles, GENE_TITLES)
    there = [title for title in SOURCE_TITLES if title in titles and _ONLY_TOGETHER.get(title, title) in titles]
    sets = [title for title in SET_TITLES if title in titles]
    if gene is None and {"group", "names"} <= set(titles):  # scanpy's rank_genes_groups_df
        sets, gene = ["group"], titles.index("names")
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


def _find_groups(
    table: Table, header: Sequence[str], titles: Sequence[str], gene: int | None = None
) -> tuple[int, int] | None:
    """Return the column of clusters or modules of genes, and that of the genes.

    Raises
    ------
    InputError
        Several columns have groups: which of them is meant?
    """
    rows = table.first[1:]
    gene = _first(titles, GENE_TITLES) if gene is None else gene
    if gene is None and header and not header[0]:
        gene = 0
    if gene is None or is_counting(column_of(rows, gene)):
        return None
    titled = [column for column, title in enumerate(header) if column != gene and is_group_title(title)]
    groups = [column for column in titled if are_labels(column_of(rows, column))]
    if len(titled) > 1 or len(header) == 2:  # 0 and 1 may be membership
        groups = [column for column in groups if not set(column_of(rows, column)) <= {"0", "1", "0.0", "1.0", ""}]
    if len(groups) > 1:
        listed = [header[column] for column in groups]
        shown = some([repr(title) for title in listed], 10)
        raise InputError(
            f"{table.path} has genes in groups by {len(groups)} columns: {shown}.",
            code="set-column-ambiguous",
            facts={"first": listed[0]},
        )
    return (groups[0], gene) if groups else None


def _refuse_kinds_of_cells(table: Table, header: Sequence[str], titles: Sequence[str], source: int) -> None:
    """Refuse to take CellMarker's `cell_type`, normal or of cancer, for the sets that its `cell_name` names."""
    if titles[source] == "cell_type" and "cell_name" in titles:
        first = header[titles.index("cell_name")]
        raise InputError(
            f"{table.path} has genes in groups by 2 columns: {first!r}, {header[source]!r}.",
            code="set-column-ambiguous",
            facts={"first": first},
        )


def _is_trrust(first: Sequence[str]) -> bool:
    """Whether a first row is one of data: source, target, a sign in words, and perhaps references."""
    if len(first) not in (3, 4) or title_key(first[0]) in (*SOURCE_TITLES, *SET_TITLES):
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
        len(row) == len(rows[0]) in (2, 3)
        and all(row[:2])
        and not any(map(is_number, row[:2]))
        and all(map(is_number, row[2:]))
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


def _headless(
    table: Table, titles: tuple[str, ...], note: str, *, target: int = 1, may_be_swapped: bool = True
) -> Layout:
    return Layout(titles, 0, target, table.first, has_header=False, note=note, may_be_swapped=may_be_swapped)


def _find_pair_column(header: tuple[str, ...], titles: Sequence[str], body: Sequence[Row]) -> Layout | None:
    """Return the layout of a table that has both names in one field: `MYC:TERT`, or `MYC (activates) TERT`."""
    for wanted, pattern in ((_PAIR_TITLES, _PAIR), (_EDGE_TITLES, _EDGE)):
        for title in wanted:
            column = titles.index(title) if title in titles else None
            cells = [] if column is None else column_of(body, column)
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
