"""Expression in delimited text: the values of its layout, and what their names must not be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.estimation.expression import Expression
from ...engine.wording import counted, some
from ..files.delimited import check_names, open_table
from ..files.table_numbers import read_named_numbers
from ..genes.identifiers import spreadsheet_dates
from ..genes.orientation import SAMPLE_WORDS, Orientation, orient, title_word
from .gct import has_metadata, without_metadata
from .layout import COUNTER_ROWS, DESCRIPTIONS_OF_SAMPLES, is_counting, lay_out
from .sample_tables import select_described

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ...engine.choices import DecimalMark, GenesIn
    from ..files.delimited import Table
    from .layout import Layout

FEWEST_COMPARED = 10
"""Fewest genes by whose order a column is compared with the others."""

ALIKE, UNLIKE = 0.8, 0.3
"""Rank correlations: the samples of a study lie above the first among themselves, an annotation below the second."""


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
    are_samples_chosen: bool = False,
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
    are_samples_chosen : bool
        Whether the samples are chosen by a list: then no column is suspected of describing genes.

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
        layout = lay_out(table, header=header, gene_column=gene_column if table is opened else None)
        _, names, values = read_named_numbers(
            table, layout.titles, layout.values, name=layout.names, after_header=layout.above
        )
    rows, columns = tuple(names), tuple(layout.titles[column] for column in layout.values)
    _check_gct(table, len(rows), len(columns))
    rows, values, counters = _without_counters(rows, values)
    orientation = _choose_axis(table, genes_in, layout, rows, columns)
    notes = (
        f"read as {table.form}" + (", with decimal commas" if table.has_decimal_comma else ""),
        *metadata_notes,
        *layout.notes,
        *counters,
        f"genes in {orientation.genes_in}: {orientation.reason}",
    )
    if orientation.genes_in == "columns":
        rows, columns, values = columns, rows, np.ascontiguousarray(values.T)
    rows, values, described = _without_descriptions(rows, values)
    rows, floats = _without_fractions(rows)
    check_names(rows, "gene", path)
    _refuse_row_numbers(path, rows)
    chosen = are_samples_chosen or sample_table is not None
    if gene_column is None and not chosen and orientation.genes_in == "rows":
        _refuse_annotation(path, columns, values)
    notes += (*described, *floats)
    if dates := spreadsheet_dates(rows):
        notes += (
            f"names that look like dates, as a spreadsheet makes of SEPT2: {some(dates)} ({len(dates):,} in all)",
        )
    expression = Expression(values, rows, columns)
    if sample_table is not None:
        expression, selected = select_described(expression, sample_table, where)
        notes += selected
    return expression, notes


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
) -> Orientation:
    if genes_in == "columns" and not layout.has_header:
        raise InputError(
            f"{table.path} has no header, so genes in columns would have no names.", hint="Add a header line."
        )
    if genes_in != "auto":
        return Orientation(genes_in, "as asked")
    if table.is_gct:
        return Orientation("rows", "this is a GCT file")
    if not layout.has_header:
        return Orientation("rows", "without a header only rows have names")
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


def _without_descriptions(
    genes: tuple[str, ...], values: NDArray[np.float64]
) -> tuple[tuple[str, ...], NDArray[np.float64], tuple[str, ...]]:
    """Return genes without rows or columns that describe samples, such as `batch`, and a note on them."""
    words = DESCRIPTIONS_OF_SAMPLES | SAMPLE_WORDS
    others = [gene for gene in genes if title_word(gene) in words]
    if not others:
        return genes, values, ()
    mask = np.array([title_word(gene) not in words for gene in genes])
    note = f"skipped, as no gene is called so and they describe samples: {some(others, 10)}"
    return tuple(gene for gene in genes if title_word(gene) not in words), values[mask], (note,)


def _without_fractions(genes: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return ids without the `.0` that a program gives whole numbers beside missing ones, and a note on it."""
    if not genes or not all(re.fullmatch(r"\d+(\.0)?", gene) for gene in genes):
        return genes, ()
    whole = tuple(gene.removesuffix(".0") for gene in genes)
    return whole, (f"ids read as whole numbers, such as {genes[0]} as {whole[0]}",) if whole != genes else ()


def _refuse_row_numbers(path: Path, genes: Sequence[str]) -> None:
    if is_counting(genes):
        raise InputError(
            f"The genes of {path} would be named {some(genes, 3)}: these are numbers of rows or columns, not of genes.",
            code="genes-are-row-numbers",
        )


def _refuse_annotation(path: Path, columns: Sequence[str], values: NDArray[np.float64]) -> None:
    """Refuse a first or last column that goes along with no other, where the others go along with each other."""
    if values.shape[0] < FEWEST_COMPARED or values.shape[1] < 4 or not np.isfinite(values).all():
        return
    step = max(1, values.shape[0] // 2000)
    last = values.shape[1] - 1
    some_columns = sorted({round(last * i / 49) for i in range(50)})
    ranks = _ranks(values[::step, some_columns])
    with np.errstate(invalid="ignore", divide="ignore"):
        correlations = np.array(np.corrcoef(ranks))
    for at, others in ((0, slice(1, None)), (-1, slice(None, -1))):
        among = np.abs(correlations[others, others])
        typical = _median(among[~np.eye(len(among), dtype=bool)])
        own = _median(np.abs(correlations[at, others]))
        if typical > ALIKE and own < UNLIKE and not _is_one_of_a_series(columns, at):
            raise InputError(
                f"Column {columns[at]!r} of {path} may be a sample, or may describe the genes: its values do not go "
                f"along with those of the other samples (median rank correlation {own:.2f}; among the others "
                f"{typical:.2f}).",
                code="column-may-describe-genes",
                facts={"column": columns[at]},
            )


def _median(correlations: NDArray[np.float64]) -> float:
    """Return the median of correlations that are defined, or NaN: a column of one value has none."""
    defined = correlations[np.isfinite(correlations)]
    return float(np.median(defined)) if defined.size else float("nan")


def _is_one_of_a_series(titles: Sequence[str], at: int) -> bool:
    """Whether a title differs from another one only in its numbers: `AML_24` beside `AML_23` is a sample."""
    series = [re.sub(r"\d+", "0", title) for title in titles]
    return any(character.isdigit() for character in titles[at]) and series.count(series[at]) > 1


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rank of each value in its column, shape (columns, rows); the mean rank of ties."""
    ranks = np.empty(values.T.shape)
    for row, column in zip(ranks, values.T, strict=True):
        _, which, numbers = np.unique(column, return_inverse=True, return_counts=True)
        row[:] = (np.cumsum(numbers) - (numbers - 1) / 2)[which]
    return ranks


def _check_gct(table: Table, rows: int, columns: int) -> None:
    """Refuse a GCT file whose second line claims other sizes than it has."""
    if not table.is_gct:
        return
    if not table.comments[0].startswith("#1.2"):
        raise InputError(
            f"{table.path} is a GCT file of version {table.comments[0][1:4]}; versions 1.2 and 1.3 are read here."
        )
    claimed = table.comments[1].replace(",", " ").split()[:2] if len(table.comments) > 1 else []
    if claimed != [str(rows), str(columns)]:
        raise InputError(
            f"{table.path} claims {' × '.join(claimed)[:60] or 'no sizes'} in its second line and holds "
            f"{counted(rows, 'row')} of {counted(columns, 'sample')}."
        )
