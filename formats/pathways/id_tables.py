"""Tables without a header that have ids of gene sets in one column and genes in another: Reactome's, KEGG's links."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...engine.errors import InputError
from ...engine.wording import some
from ..files.kinds import TABLE_KINDS, file_kind
from ..files.limits import NAMES_PACKING
from ..files.names import clipped
from ..regulons.edge_tables import column_of
from ..regulons.regulons import read_regulons
from ..regulons.row_marks import says_not
from ..regulons.set_ids import are_set_ids
from ..tables.delimited import open_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from ..genes.identifiers import Matcher
    from ..models.gene_loadings import LoadingsFile
    from ..tables.table import Row

OPTIONS = frozenset({"unknown_sign", "sign_column", "weight_column"})
"""What may be chosen of such a table beside its columns of names."""

_SHARE = 0.2
"""A column has genes of the panel where it has so many of them, as a share of the column that has the most."""

_NEGATED = re.compile(r"NOT([ |:_].*)?")
"""A field that says that a gene is none of a set's, as those of annotations have it."""


def read_sets_by_id(path: Path, matcher: Matcher, choices: Mapping[str, str]) -> LoadingsFile | None:
    """Return the sets of a table without a header that has ids of gene sets in a column, or None where it has not.

    Genes are in the column that has names of the panel, in any row: files of all species begin with others.

    Parameters
    ----------
    path : Path
        The file.
    matcher : Matcher
        Finds genes on the panel, also by other names.
    choices : mapping of str to str
        Of `OPTIONS`.

    Raises
    ------
    InputError
        Several columns have ids of sets, several or none have genes of the panel, or a row says that a gene does NOT
        belong to a set.
    """
    if file_kind(path) not in TABLE_KINDS or not choices.keys() <= OPTIONS:
        return None
    with open_table(path, packing=NAMES_PACKING) as table:
        width = len(table.first[0].fields)
        ids = [column for column in range(width) if are_set_ids(column_of(table.first, column))]
        if not ids or width < 2:
            return None
        genes = _columns_of_genes(path, table.rows, [column for column in range(width) if column not in ids], matcher)
    if not genes and len(ids) == 1 and width == 2:
        genes = [1 - ids[0]]
    if len(ids) > 1 or len(genes) != 1:
        raise _several(path, ids, genes)
    set_column, gene_column = str(ids[0] + 1), str(genes[0] + 1)
    options: dict[str, Any] = dict(choices)
    file = read_regulons(path, set_column=set_column, gene_column=gene_column, **options)
    example = file.pathways[0].name
    note = f"no header: column {set_column} has ids of gene sets, such as {example}, and column {gene_column} the genes"
    return replace(file, notes=(note, *(other for other in file.notes if not other.startswith("no header"))))


def _columns_of_genes(path: Path, rows: Iterable[Row], columns: Sequence[int], matcher: Matcher) -> list[int]:
    """Return the columns that have genes of the panel; one that has few beside another has none."""
    known: dict[int, set[int]] = {column: set() for column in columns}
    for row in rows:
        if any(map(says_not, row.fields)):  # which is left out
            continue
        for column in columns:
            field = row.fields[column].strip() if column < len(row.fields) else ""
            if field.startswith("NOT") and _NEGATED.fullmatch(field):
                raise InputError(
                    f"{path}, line {row.line}: {clipped(field)} in column {column + 1} may say that a gene does NOT "
                    "belong to a set, as files of annotations do.",
                    hint="Take such rows out of the file.",
                )
            if field and (index := matcher.index(field)) is not None:
                known[column].add(index)
    most = max(map(len, known.values()), default=0)
    return [column for column, found in known.items() if found and len(found) >= _SHARE * most]


def _several(path: Path, ids: Sequence[int], genes: Sequence[int]) -> InputError:
    """Return the error for a table whose columns may be read in several ways, or of no genes."""
    listed = some([str(column + 1) for column in ids], 5)
    columns = "column" if len(ids) == 1 else "columns"
    if not genes:
        return InputError(
            f"{path} has no header, ids of gene sets in {columns} {listed}, and no gene of the panel in another.",
            code="genes-of-other-vocabulary",
        )
    return InputError(
        f"{path} has no header, ids of gene sets in {columns} {listed}, and genes of the panel in "
        f"{'column' if len(genes) == 1 else 'columns'} {some([str(column + 1) for column in genes], 5)}.",
        code="columns-of-sets-ambiguous",
        facts={"set": str(ids[0] + 1), "gene": str(genes[0] + 1)},
    )
