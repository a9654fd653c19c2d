"""Expression in memory: AnnData, a DataFrame of pandas, or a matrix with names, known by what they have.

Neither anndata nor pandas is imported.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ...engine.errors import GrnError, InputError, NotFound
from ...engine.estimation.expression import Expression
from ...engine.wording import some
from ..files.names import check_names
from ..tables.cells import as_field, lines_of_rows
from ..tables.fields import is_missing
from ..tables.table import PEEK, Row
from ..tables.table_numbers import NamedNumbers, read_numbers, refuse_number_in_text
from .axis_columns import (
    check_genes,
    match_values,
    name_by_index,
    names_of_entries,
    note_conditions,
    parse_conditions,
)
from .hdf5_request import Request, check_axis
from .second_readings import note_standardised, refuse_second_reading
from .tables import read_expression_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from ..layouts.layout import Layout
    from ..tables.table import Table

_ANNDATA = Path("The AnnData object")
_FRAME = "The DataFrame"
_MATRIX = Path("The matrix")

PEEK_CELLS = 200_000
"""Most cells of a DataFrame that are written as text, to see what its columns are."""

FEWEST_ROWS = 10
"""Rows of a DataFrame that are written as text, however wide it is."""


def read_expression_object(source: Any, request: Request) -> tuple[Expression, tuple[str, ...]]:
    """Return the expression of an object in memory, and what was decided.

    Parameters
    ----------
    source : AnnData, DataFrame or tuple
        AnnData is cells × genes. A DataFrame is read by the rules of tables. A tuple is a dense or sparse matrix, the
        names of genes and those of samples, genes × samples unless `genes_in` says that genes are the columns.
    request : Request
        Layer, raw, gene column and conditions go with AnnData; the axis of the genes with the others; choices of
        columns and a table of samples with a DataFrame.

    Raises
    ------
    NotFound, InputError
        As for the files of these kinds; or it is no such object.
    """
    is_frame = all(hasattr(source, name) for name in ("index", "columns", "iloc", "dtypes"))
    of_frames = [name for name in ("sample_table", "columns", "skip_columns") if getattr(request, name)]
    if of_frames and not is_frame:
        raise InputError(f"Of what is in memory, only a DataFrame is read with {', '.join(of_frames)}.")
    if all(hasattr(source, name) for name in ("obs_names", "var_names", "X", "layers")):
        return _read_anndata(source, request)
    if request.layer is not None or request.raw:
        raise InputError("Only an AnnData object has layers and a raw matrix.")
    if is_frame:
        return _read_frame(source, request)
    if request.gene_column is not None or request.where:
        raise InputError("Only an AnnData object or a DataFrame has columns of names and of what describes samples.")
    if isinstance(source, tuple) and len(parts := cast("tuple[Any, ...]", source)) == 3:
        return _read_matrix(*parts, request)
    kind = type(cast("object", source)).__name__
    raise InputError(
        f"Expression cannot be taken from an object of type {kind}.",
        hint="Give a path, AnnData, a DataFrame, or (matrix, genes, samples).",
    )


def _read_anndata(data: Any, request: Request) -> tuple[Expression, tuple[str, ...]]:
    check_axis(request, _ANNDATA, "cells × genes", "columns", "var")
    matrix, variables, name = _choose_matrix(data, request)
    samples, index = _names(data.obs_names), _names(variables.index)
    check_names(samples, "cell", _ANNDATA)
    mask, wanted = np.ones(len(samples), dtype=np.bool_), parse_conditions(request.where)
    for column, values in wanted.items():
        mask &= match_values(_column(data.obs, column, "obs"), column, values, str(_ANNDATA))
    values = np.ascontiguousarray(_dense(matrix)[mask].T)
    if request.layer is None and not request.raw:
        others = (*(["raw"] if data.raw is not None else []), *map(str, data.layers.keys()))
        refuse_second_reading(_ANNDATA, "X", values, others, counts=request.counts)
    if request.gene_column is None:
        genes, named = name_by_index(_ANNDATA, index, map(str, variables.columns))
    else:
        column = _column(variables, request.gene_column, "var").tolist()
        genes = names_of_entries(_ANNDATA, f"var/{request.gene_column}", column)
        named = (f"gene names are the column {request.gene_column!r} of var",)
    notes = (f"cells × genes from {name} of an AnnData object", *named, *note_conditions(wanted, mask))
    chosen = tuple(sample for sample, is_wanted in zip(samples, mask, strict=True) if is_wanted)
    return Expression(values, genes, chosen), (*notes, *note_standardised(values))


def _choose_matrix(data: Any, request: Request) -> tuple[Any, Any, str]:
    """Return a matrix of cells × genes, what describes its genes, and its name."""
    if request.raw and request.layer is not None:
        raise InputError(f"Either the layer {request.layer!r} or the raw matrix can be read, not both.")
    layers = list(map(str, data.layers.keys()))
    if request.raw:
        if data.raw is None:
            raise NotFound(f"{_ANNDATA} has no raw matrix; it has {some(['X', *layers])}.")
        return data.raw.X, data.raw.var, "raw"
    if request.layer is not None and (request.layer != "X" or "X" in layers):
        if request.layer not in layers:
            raise NotFound(f"{_ANNDATA} has no layer named {request.layer!r}; it has {some(['X', *layers], 20)}.")
        return data.layers[request.layer], data.var, f"layers/{request.layer}"
    if data.X is None:
        raise NotFound(f"{_ANNDATA} has no matrix X; it has {some(layers, 20) or 'no layers either'}.")
    return data.X, data.var, "X"


def _column(frame: Any, name: str, axis: str) -> NDArray[Any]:
    names = [str(column) for column in frame.columns]
    if name not in names:
        raise NotFound(f"{_ANNDATA}: {axis} has no column {name!r}; it has {some(names, 20) or 'none'}.")
    series = frame.iloc[:, names.index(name)]
    entries = [None if _is_missing(entry) else entry for entry in series.tolist()]
    if getattr(series.dtype, "kind", "O") in "iuf" and None not in entries:
        return np.array(entries)
    return np.array([None if entry is None else str(entry) for entry in entries], dtype=object)


def _is_missing(entry: object) -> bool:
    return entry is None or type(entry).__name__ in ("NAType", "NaTType") or entry != entry


def _dense(matrix: Any) -> NDArray[np.float64]:
    """Return a dense, sparse or backed matrix as an array."""
    for method in ("to_memory", "toarray"):
        if hasattr(matrix, method):
            matrix = getattr(matrix, method)()
    dense: NDArray[Any] = np.asarray(matrix)
    if dense.ndim != 2 or dense.dtype.kind not in "iufb":
        raise InputError(f"Expression has two axes and real numbers, not shape {dense.shape} and {dense.dtype}.")
    return dense.astype(np.float64)


def _read_frame(frame: Any, request: Request) -> tuple[Expression, tuple[str, ...]]:
    """Return the expression of a DataFrame by the rules of tables.

    Their reader sees its header and first rows, written as text, and takes the numbers from memory.
    """
    for axis, name in ((frame.index, "rows"), (frame.columns, "columns")):
        if getattr(axis, "nlevels", 1) > 1:
            raise InputError(f"{_FRAME} names its {name} by {axis.nlevels} levels.", hint="Keep one level of names.")
    if not all(frame.shape):
        raise InputError(f"{_FRAME} has shape {frame.shape[0]} × {frame.shape[1]}.")
    index = _named_index(frame)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frame.tsv"
        with path.open("w", encoding="utf-8") as stream:
            stream.writelines(lines_of_rows(_first_rows(frame, index)))
        try:
            expression, notes = read_expression_table(
                path,
                genes_in=request.genes_in,
                header=True,
                decimal="point",
                gene_column=request.gene_column,
                where=request.where,
                sample_table=request.sample_table,
                columns=request.columns,
                skip_columns=request.skip_columns,
                are_samples_chosen=request.are_samples_chosen,
                are_genes_chosen=request.are_genes_chosen,
                numbers=lambda table, layout: _numbers_of(frame, index, table, layout),
            )
        except GrnError as error:
            error.message = error.message.replace(str(path), _FRAME)
            error.args = (error.message,)
            raise
    return expression, ("read from a DataFrame", *notes[1:])


def _named_index(frame: Any) -> Any:
    """Return the index of a DataFrame, or None where it only counts rows."""
    index = frame.index
    if index.name is not None or index.dtype.kind not in "iu" or index.tolist() != list(range(len(index))):
        return index
    if frame.iloc[:, 0].dtype.kind in "iufb":
        raise InputError(
            f"{_FRAME} has no names for its rows: its index counts them, and its first column holds numbers.",
            hint="Make the names its index: frame.set_index(COLUMN).",
        )
    return None


def _first_rows(frame: Any, index: Any) -> Iterator[Sequence[object]]:
    """Yield the header and the first rows of a DataFrame."""
    titles = [str(title) for title in frame.columns]
    yield titles if index is None else [str(index.name or ""), *titles]
    count = max(FEWEST_ROWS, min(PEEK, PEEK_CELLS // frame.shape[1]))
    rows: list[list[object]] = frame.iloc[:count].astype(object).to_numpy().tolist()
    names: list[object] = [] if index is None else index[:count].tolist()
    for number, row in enumerate(rows):
        yield [_cell(entry) for entry in (*names[number : number + 1], *row)]


def _cell(entry: object) -> object:
    return None if _is_missing(entry) else entry


def _numbers_of(frame: Any, index: Any, table: Table, layout: Layout) -> NamedNumbers:
    """Return the names and numbers of a DataFrame where a layout has them."""
    before, width = int(index is not None), frame.shape[1] + int(index is not None)
    if table.first[0].line != 1 or len(layout.titles) != width:
        raise InputError(f"{_FRAME} has a column without a title, or one that begins as a comment does, with # or !.")
    start = table.first[layout.above - 1].line - 1  # the header is line 1
    rows = frame.iloc[start:]
    columns = [column - before for column in layout.values]
    if layout.names is None:
        raise InputError(f"{_FRAME} has no names of samples.", hint="Give it an index of names.")
    names = index[start:] if layout.names < before else rows.iloc[:, layout.names - before]
    lines = range(start + 2, start + 2 + len(rows))
    for column in layout.text:
        for line, field in zip(lines, _fields(rows.iloc[:, column - before]), strict=True):
            refuse_number_in_text(table, line, field, layout.titles[column])
    kinds = frame.dtypes.tolist()
    are_numbers = [_holds_numbers(kinds[column]) for column in columns]
    if all(are_numbers) and all(isinstance(kinds[column], np.dtype) for column in columns):
        values: NDArray[np.float64] = np.array(rows.iloc[:, columns].to_numpy(dtype=np.float64), order="C")
    else:
        values = np.empty((len(rows), len(columns)))
        for place, (column, is_numeric) in enumerate(zip(columns, are_numbers, strict=True)):
            series, title = rows.iloc[:, column], layout.titles[column + before]
            values[:, place] = (
                series.to_numpy(dtype=np.float64, na_value=np.nan)
                if is_numeric
                else _parse(table, series, title, lines)
            )
    return NamedNumbers(lines, list(_fields(names)), values)


def _holds_numbers(kind: Any) -> bool:
    return getattr(kind, "kind", "O") in "iuf"


def _parse(table: Table, series: Any, title: str, lines: range) -> list[float]:
    """Return a column of text, or of objects, as numbers; a field that is none is named as in a table."""
    fields = _fields(series)
    try:
        if not any("_" in field for field in fields):  # Python's float reads 1_000; nobody else does
            return [float("nan") if is_missing(field) else float(field) for field in fields]
    except ValueError:
        pass
    rows = (table.with_points(Row(line, ["", field])) for line, field in zip(lines, fields, strict=True))
    return [read_numbers(table, row, [1], ["", title])[0] for row in rows]


def _fields(series: Any) -> tuple[str, ...]:
    """Return entries as the fields of a table."""
    return tuple(as_field(_cell(entry)).strip() for entry in series.tolist())


def _names(entries: Iterable[object]) -> tuple[str, ...]:
    """Return entries as names, decimals of ids among them; missing ones are empty."""
    return tuple(
        "" if _is_missing(entry) else (str(entry) if isinstance(entry, float) else as_field(entry)).strip()
        for entry in entries
    )


def _read_matrix(
    matrix: Any, genes: Iterable[object], samples: Iterable[object], request: Request
) -> tuple[Expression, tuple[str, ...]]:
    names, columns = _names(genes), _names(samples)
    dense = _dense(matrix)
    values = np.ascontiguousarray(dense.T if request.genes_in == "columns" else dense)
    if values.shape != (len(names), len(columns)):
        swapped = values.shape == (len(columns), len(names))
        raise InputError(
            f"{_MATRIX} has shape {dense.shape}, and there are names for {len(names):,} genes and {len(columns):,} "
            "samples.",
            hint="Its rows look like the samples: genes_in='columns'." if swapped else "",
        )
    names, notes = check_genes(_MATRIX, names)
    check_names(columns, "sample", _MATRIX)
    axis = "columns" if request.genes_in == "columns" else "rows"
    return Expression(values, names, columns), (f"a matrix in memory, genes in {axis}", *notes)
