"""Expression in delimited text: the values of its layout, and what their names must not be."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...engine.errors import InputError
from ...engine.estimation.expression import Expression
from ...engine.wording import counted, repeated, some
from ..files.names import check_names, clipped
from ..genes.identifiers import spreadsheet_dates
from ..genes.orientation import Orientation, are_samples, orient
from ..layouts.columns import ColumnChoice
from ..layouts.gene_names import find_unlike_names
from ..layouts.layout import lay_out
from ..layouts.other_tables import (
    find_results,
    refuse_components,
    refuse_qualities,
    refuse_results,
    refuse_square,
)
from ..layouts.proteins import mark_columns, marked_rows, no_proteins, note_no_proteins, note_zeros
from ..layouts.summaries import find_summaries
from ..layouts.titles import ALSO_GENES, COUNTER_ROWS, MEASURES_OF_BLOOD, describes_samples
from ..layouts.unlike import find_unlike
from ..tables.delimited import open_table
from ..tables.table_numbers import read_named_numbers
from .gct import has_metadata, without_metadata
from .sample_tables import select_described
from .table_checks import (
    check_gct,
    refuse_missing_codes,
    refuse_parts,
    refuse_row_numbers,
    refuse_unlike,
    refuse_values_as_names,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ...engine.choices import DecimalMark, GenesIn
    from ..layouts.gene_names import Where
    from ..layouts.layout import Layout
    from ..tables.table import Table
    from ..tables.table_numbers import NamedNumbers


def read_expression_table(
    path: Path,
    *,
    genes_in: GenesIn = "auto",
    header: bool | None = None,
    decimal: DecimalMark = "auto",
    sheet: str | None = None,
    gene_column: str | None = None,
    where: Sequence[str] = (),
    sample_table: Path | None = None,
    columns: Sequence[str] = (),
    skip_columns: Sequence[str] = (),
    are_samples_chosen: bool = False,
    are_genes_chosen: bool = False,
    numbers: Callable[[Table, Layout], NamedNumbers] | None = None,
) -> tuple[Expression, tuple[str, ...]]:
    """Return the expression of a table, and what was decided while reading it.

    Parameters
    ----------
    path : Path
        Text, plain or packed: a header of names, a column of names, perhaps columns that describe the rows, and
        numbers. `docs/files.md` lists what is recognised.
    genes_in : {"auto", "rows", "columns"}
        The axis of the genes.
    header : bool, optional
        Whether the first row is a header.
    decimal : {"auto", "point", "comma"}
        The sign before the decimals.
    sheet : str, optional
        The sheet of a workbook.
    gene_column : str, optional
        The title of the column that names the rows.
    where : sequence of str
        `COLUMN=VALUE` that samples must have in `sample_table` or, without one, in the metadata of a GCT 1.3 file.
    sample_table : Path, optional
        A table that describes the samples, one a row.
    columns, skip_columns : sequence of str
        Titles of columns, or patterns such as `counts.*`: of those that are read as they are, and of those that are
        left out.
    are_samples_chosen : bool
        Whether the samples are chosen by a list: then, as with `columns`, no column is suspected of describing genes.
    are_genes_chosen : bool
        Whether the genes are chosen by a list: then none is suspected of describing samples.
    numbers : callable, optional
        Returns the names and numbers of a layout, where they are in memory and the file has the first rows alone.

    Raises
    ------
    NotFound
        There is no such file, or no such column.
    InputError
        A row is ragged, a field is no number (line and column are named), a gene has no name or the number of its
        row for one, two readings are plausible, or there are fewer than three samples.
    """
    _check_conditions(where, sample_table)
    with open_table(path, decimal=decimal, sheet=sheet) as opened:
        table, metadata_notes = opened, tuple[str, ...]()
        if has_metadata(opened):
            table, metadata_notes = without_metadata(opened, gene_column, () if sample_table else where)
        elif where and sample_table is None:
            raise InputError(
                f"{path} has nothing that describes its samples, as {where[0]!r} needs.", code="samples-not-described"
            )
        choice = ColumnChoice(gene_column if table is opened else None, tuple(columns), tuple(skip_columns))
        layout = lay_out(table, header=header, choice=choice)
        _, names, values = (numbers or _read_numbers)(table, layout)
    titles = tuple(layout.titles[column] for column in layout.values)
    rows = tuple(names) if layout.names is not None else tuple(f"s{i + 1}" for i in range(len(values)))
    check_gct(table, len(rows), len(titles), are_all=not choice.patterns)
    rows, values, proteins = _without_no_proteins(path, layout, rows, values, decimal=decimal, sheet=sheet)
    rows, values, counters = _without_counters(rows, values)
    are_samples_known = bool(columns) or are_samples_chosen or sample_table is not None
    body = _Body(rows, titles, values, tuple(layout.values.index(column) for column in layout.doubtful))
    if not columns:
        refuse_missing_codes(path, body.values)
    if not columns and genes_in == "auto":
        refuse_square(path, body.rows, body.titles, body.values)
        refuse_components(path, body.titles)
    body, summaries = (body, ()) if columns or table.is_gct else _without_summaries(body)
    has_gene_column = gene_column is not None
    orientation = _choose_axis(table, genes_in, layout, body.rows, body.titles, has_gene_column=has_gene_column)
    notes = (
        f"read as {table.form}" + (", with decimal commas" if table.has_decimal_comma else ""),
        *metadata_notes,
        *layout.notes,
        *counters,
        *proteins,
        *summaries,
        *_note_footnotes(table),
        f"genes in {orientation.genes_in}: {orientation.reason}",
    )
    if orientation.genes_in == "rows":
        if not are_samples_known and not table.is_gct:
            body, described = _without_annotation(path, body)
            notes += described
        expression = Expression(body.values, body.rows, body.titles)
    else:
        if not are_samples_known:
            refuse_parts(path, body.rows, body.values)
        if not are_genes_chosen and not columns:
            refuse_results(path, layout.titles, find_results(layout.titles, range(len(layout.titles))), ())
            refuse_qualities(path, body.titles)
            refuse_components(path, body.titles)
        expression = Expression(np.ascontiguousarray(body.values.T), body.titles, body.rows)
    check_names(expression.samples, "sample", path)
    refuse_values_as_names(path, body.rows, "rows")
    refuse_values_as_names(path, body.titles, "columns")
    place = "columns" if orientation.genes_in == "columns" else "chosen column" if has_gene_column else "rows"
    are_all_genes = bool(columns) or are_genes_chosen
    expression, described = _with_genes_alone(path, expression, place, are_all_genes=are_all_genes)
    notes += described
    if sample_table is not None:
        expression, selected = select_described(expression, sample_table, where)
        notes += selected
    return expression, notes


def _note_footnotes(table: Table) -> list[str]:
    remarks = [clipped(row.fields[0].strip()) for row in table.footnotes]
    return [f"below the table skipped: {some(remarks, 3)}"] if remarks else []


class _Body(NamedTuple):
    """The rows and columns of values of a table, and the positions of doubtful columns among them."""

    rows: tuple[str, ...]
    titles: tuple[str, ...]
    values: NDArray[np.float64]
    doubtful: tuple[int, ...]

    def without_columns(self, columns: Collection[int]) -> _Body:
        """Return the same without some columns."""
        left = [column for column in range(len(self.titles)) if column not in columns]
        return _Body(
            self.rows,
            tuple(self.titles[column] for column in left),
            self.values[:, left],
            tuple(left.index(column) for column in self.doubtful if column in left),
        )

    def without_rows(self, rows: Collection[int]) -> _Body:
        """Return the same without some rows."""
        left = [row for row in range(len(self.rows)) if row not in rows]
        return self._replace(rows=tuple(self.rows[row] for row in left), values=self.values[left])


def _read_numbers(table: Table, layout: Layout) -> NamedNumbers:
    return read_named_numbers(
        table, layout.titles, layout.values, name=layout.names, after_header=layout.above, text=layout.text
    )


def _with_genes_alone(
    path: Path, expression: Expression, place: Where, *, are_all_genes: bool
) -> tuple[Expression, tuple[str, ...]]:
    """Return expression without what describes samples and stands among its genes, and notes on the names."""
    genes, values, notes = _without_descriptions(expression.genes, expression.values)
    genes, floats = _without_fractions(genes)
    check_names(genes, "gene", path)
    refuse_row_numbers(path, genes)
    if not are_all_genes:
        genes, values, described = _without_unlike_names(path, genes, values, place)
        notes += described
    notes += floats
    if dates := spreadsheet_dates(genes):
        if (several := repeated(dates)) and not are_all_genes:
            raise InputError(
                f"{path} has several genes under one date, {several[0]}: a spreadsheet writes MARCH1 and MARC1 alike.",
                code="genes-as-one-date",
            )
        notes += (
            f"names that look like dates, as a spreadsheet makes of SEPT2: {some(dates)} ({len(dates):,} in all)",
        )
    return Expression(values, genes, expression.samples), notes


def _check_conditions(where: Sequence[str], sample_table: Path | None) -> None:
    if sample_table is not None and not where:
        raise InputError(
            f"{sample_table} describes samples, and no condition chooses some of them.",
            code="samples-without-condition",
        )


def _choose_axis(
    table: Table,
    genes_in: GenesIn,
    layout: Layout,
    rows: tuple[str, ...],
    columns: tuple[str, ...],
    *,
    has_gene_column: bool,
) -> Orientation:
    if genes_in == "columns" and not layout.has_header:
        raise InputError(
            f"{table.path} has no header, so genes in columns would have no names.", hint="Add a header line."
        )
    if genes_in != "auto":
        return Orientation(genes_in, "as asked")
    if has_gene_column:
        return Orientation("rows", "a column of gene names was chosen")
    if table.is_gct:
        return Orientation("rows", "this is a GCT file")
    if not layout.has_header:
        if are_samples(rows):
            raise InputError(
                f"{table.path} has no header, and its rows are named as samples are ({some(rows, 3)}): the genes would "
                "have no names.",
                hint="Add a header line of the names of genes.",
            )
        return Orientation("rows", "without a header only rows have names")
    if layout.names is None:
        return Orientation("columns", "only columns have names")
    orientation = orient(layout.titles[layout.names], rows, columns)
    if orientation is None:
        raise InputError(
            f"The genes of {table.path} may be its {counted(len(rows), 'row')} ({some(rows, 3)}) or its "
            f"{counted(len(columns), 'column')} ({some(columns, 3)}).",
            code="genes-in-rows-or-columns",
        )
    return orientation


def _without_counters(
    names: tuple[str, ...], values: NDArray[np.float64]
) -> tuple[tuple[str, ...], NDArray[np.float64], tuple[str, ...]]:
    """Return rows without those in which a counting program has the reads of no gene, and a note on them."""
    counters = [name for name in names if COUNTER_ROWS.fullmatch(name)]
    if not counters:
        return names, values, ()
    mask = np.array([not COUNTER_ROWS.fullmatch(name) for name in names])
    note = f"{counted(len(counters), 'row')} of reads that belong to no gene skipped: {some(counters, 6)}"
    return tuple(name for name in names if not COUNTER_ROWS.fullmatch(name)), values[mask], (note,)


def _without_no_proteins(
    path: Path,
    layout: Layout,
    rows: tuple[str, ...],
    values: NDArray[np.float64],
    *,
    decimal: DecimalMark,
    sheet: str | None,
) -> tuple[tuple[str, ...], NDArray[np.float64], tuple[str, ...]]:
    """Return rows without those that MaxQuant marks as no proteins, and notes on them and on zeros."""
    marks = mark_columns(layout.titles)
    left_out = no_proteins(rows)
    if marks and layout.names is not None:
        with open_table(path, decimal=decimal, sheet=sheet) as table:
            marked = marked_rows(table, layout.above, marks)
        if len(marked) != len(rows):  # of a DataFrame, whose first rows alone stand in a file
            raise InputError(
                f"{path} marks rows that are no proteins in {some([repr(layout.titles[c]) for c in marks])}, which are "
                "not looked at here.",
                hint="Leave out the marked rows, and then these columns; or give the file.",
            )
        left_out |= marked
    if not marks and not left_out.any():
        return rows, values, ()
    notes: tuple[str, ...] = ()
    if count := int(np.count_nonzero(left_out)):
        rows, values = tuple(itertools.compress(rows, ~left_out)), values[~left_out]
        notes = (note_no_proteins([layout.titles[column] for column in marks], count),)
    return rows, values, notes + note_zeros([layout.titles[column] for column in layout.values], values)


def _without_descriptions(
    genes: tuple[str, ...], values: NDArray[np.float64]
) -> tuple[tuple[str, ...], NDArray[np.float64], tuple[str, ...]]:
    """Return genes without rows or columns that describe samples, such as `batch`, and a note on them."""
    mask = np.array([not describes_samples(gene) for gene in genes], dtype=np.bool_)
    if mask.all() or not mask.any():
        return genes, values, ()
    front, behind = int(np.argmax(mask)), len(mask) - int(np.argmax(mask[::-1]))
    for block in (range(front), range(behind, len(mask)), *([i] for i in range(front, behind))):
        is_inner = len(block) == 1 and front <= block[0] < behind
        if all(genes[i] in ALSO_GENES or (is_inner and genes[i] in MEASURES_OF_BLOOD) for i in block if not mask[i]):
            mask[list(block)] = True
    if mask.all():
        return genes, values, ()
    others = [gene for gene, is_gene in zip(genes, mask, strict=True) if not is_gene]
    note = f"skipped, as no gene is called so and they describe samples: {some(others, 10)}"
    return tuple(gene for gene, is_gene in zip(genes, mask, strict=True) if is_gene), values[mask], (note,)


def _without_fractions(genes: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return ids without the `.0` that a program gives whole numbers beside missing ones, and a note on it."""
    if not genes or not all(re.fullmatch(r"\d+(\.0)?", gene) for gene in genes):
        return genes, ()
    whole = tuple(gene.removesuffix(".0") for gene in genes)
    return whole, (f"ids read as whole numbers, such as {genes[0]} as {whole[0]}",) if whole != genes else ()


def _without_summaries(body: _Body) -> tuple[_Body, tuple[str, ...]]:
    """Return a table without the columns and rows that are statistics of all others, and notes on them."""
    notes: tuple[str, ...] = ()
    for of, names in (("column", body.titles), ("row", body.rows)):
        summaries = find_summaries(body.values if of == "column" else body.values.T)
        if summaries:
            which = some([f"{names[i]} is the {statistic}" for i, statistic in summaries.items()])
            notes += (f"{counted(len(summaries), of)} computed of the other {of}s skipped: {which}",)
            body = body.without_columns(summaries) if of == "column" else body.without_rows(summaries)
    return body, notes


def _without_annotation(path: Path, body: _Body) -> tuple[_Body, tuple[str, ...]]:
    """Return a table of genes × samples without columns that are no samples, and notes on them."""
    notes: tuple[str, ...] = ()
    while True:
        unlike, none = find_unlike(body.titles, body.values, body.doubtful)
        refuse_unlike(path, body.titles, unlike)
        if not none:
            return body, notes
        titles = some([body.titles[column] for column in none], 8)
        which = "column" if len(none) == 1 else f"{len(none)} columns"
        notes += (f"{which} skipped, by title and numbers no sample: {titles}",)
        body, summaries = _without_summaries(body.without_columns(none))  # of the columns that are left
        notes += summaries


def _without_unlike_names(
    path: Path, genes: tuple[str, ...], values: NDArray[np.float64], place: Where
) -> tuple[tuple[str, ...], NDArray[np.float64], tuple[str, ...]]:
    """Return genes without what describes samples and is no gene, and a note on it; refuse what may be either."""
    asked, none = find_unlike_names(genes, values, where=place)
    if asked:
        unlike = [genes[i] for i in asked]
        raise InputError(
            f"{some(list(map(repr, unlike)))} of {path} may be {'a gene' if len(unlike) == 1 else 'genes'}, or may "
            "describe the samples: the other genes are not called so.",
            code="genes-may-describe-samples",
            facts={"column": unlike[0]},
        )
    if not none:
        return genes, values, ()
    left = [i for i in range(len(genes)) if i not in set(none)]
    note = f"skipped, as their words describe samples and no gene is called so: {some([genes[i] for i in none])}"
    return tuple(genes[i] for i in left), values[left], (note,)
