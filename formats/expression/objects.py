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
from ..files.cells import lines_of_rows
from ..files.delimited import check_names
from .axis_columns import match_values, note_conditions, parse_conditions
from .hdf5_request import Request, check_axis
from .second_readings import note_standardised, refuse_second_reading
from .tables import read_expression_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

_ANNDATA = Path("The AnnData object")
_FRAME = "The DataFrame"
_NUMBERS = {f"{kind}{bits}" for kind in ("float", "int", "uint") for bits in (8, 16, 32, 64)}
_MATRIX = Path("The matrix")


def read_expression_object(source: Any, request: Request) -> tuple[Expression, tuple[str, ...]]:
    """Return the expression of an object in memory, and what was decided.

    Parameters
    ----------
    source : AnnData, DataFrame or tuple
        AnnData is cells × genes. A DataFrame is read by the rules of tables. A tuple is a dense or sparse matrix, the
        names of genes and those of samples, genes × samples unless `genes_in` says that genes are the columns.
    request : Request
        Layer, raw, gene column and conditions go with AnnData; the axis of the genes with the others.

    Raises
    ------
    NotFound, InputError
        As for the files of these kinds; or it is no such object.
    """
    if all(hasattr(source, name) for name in ("obs_names", "var_names", "X", "layers")):
        return _read_anndata(source, request)
    if request.layer is not None or request.raw:
        raise InputError("Only an AnnData object has layers and a raw matrix.")
    if all(hasattr(source, name) for name in ("index", "columns", "iloc", "dtypes")):
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
    samples, index = tuple(map(str, data.obs_names)), tuple(map(str, variables.index))
    mask, wanted = np.ones(len(samples), dtype=np.bool_), parse_conditions(request.where)
    for column, values in wanted.items():
        mask &= match_values(_column(data.obs, column, "obs"), column, values, str(_ANNDATA))
    values = np.ascontiguousarray(_dense(matrix)[mask].T)
    if request.layer is None and not request.raw:
        others = (*(["raw"] if data.raw is not None else []), *map(str, data.layers.keys()))
        refuse_second_reading(_ANNDATA, "X", values, others, counts=request.counts)
    genes, named = index, ()
    if request.gene_column is not None:
        column = _column(variables, request.gene_column, "var").tolist()
        genes = tuple("" if entry is None else str(entry).strip() for entry in column)
        named = (f"gene names are the column {request.gene_column!r} of var",)
    check_names(genes, "gene", _ANNDATA)
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
    """Return the expression of a DataFrame by the rules of tables, as whose rows it is written for their reader."""
    for axis, name in ((frame.index, "rows"), (frame.columns, "columns")):
        if getattr(axis, "nlevels", 1) > 1:
            raise InputError(f"{_FRAME} names its {name} by {axis.nlevels} levels.", hint="Keep one level of names.")
    if not all(frame.shape):
        raise InputError(f"{_FRAME} has shape {frame.shape[0]} × {frame.shape[1]}.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frame.tsv"
        with path.open("w", encoding="utf-8") as stream:
            stream.writelines(lines_of_rows(_rows_of(frame)))
        try:
            expression, notes = read_expression_table(
                path,
                genes_in=request.genes_in,
                header=True,
                decimal="point",
                gene_column=request.gene_column,
                where=request.where,
                are_samples_chosen=request.are_samples_chosen,
            )
        except GrnError as error:
            error.message = error.message.replace(str(path), _FRAME)
            error.args = (error.message,)
            raise
    return expression, ("read from a DataFrame", *notes[1:])


def _rows_of(frame: Any) -> Iterator[Sequence[object]]:
    """Yield the header and the rows of a DataFrame. An index that only counts rows is none."""
    columns = [frame.iloc[:, number] for number in range(frame.shape[1])]
    titles = [str(title) for title in frame.columns]
    index, start = frame.index, [str(frame.index.name or "")]
    counts_rows = index.name is None and index.dtype.kind in "iu" and index.tolist() == list(range(len(index)))
    if counts_rows:
        if columns[0].dtype.kind in "iufb":
            raise InputError(
                f"{_FRAME} has no names for its rows: its index counts them, and its first column holds numbers.",
                hint="Make the names its index: frame.set_index(COLUMN).",
            )
        start = []
    yield [*start, *titles]
    names: list[Iterable[object]] = [] if counts_rows else [index.tolist()]
    yield from zip(*names, *map(_cells_of, columns), strict=True)


def _cells_of(series: Any) -> list[object]:
    """Return the cells of a column; numbers as text, which is quicker for all at once."""
    cells = series.tolist()
    is_plain = str(series.dtype) in _NUMBERS  # the types of pandas' own, such as Int64, know missing values
    return list(map(repr, cells)) if is_plain else [None if _is_missing(cell) else cell for cell in cells]


def _read_matrix(
    matrix: Any, genes: Iterable[object], samples: Iterable[object], request: Request
) -> tuple[Expression, tuple[str, ...]]:
    names, columns = tuple(map(str, genes)), tuple(map(str, samples))
    dense = _dense(matrix)
    values = np.ascontiguousarray(dense.T if request.genes_in == "columns" else dense)
    if values.shape != (len(names), len(columns)):
        swapped = values.shape == (len(columns), len(names))
        raise InputError(
            f"{_MATRIX} has shape {dense.shape}, and there are names for {len(names):,} genes and {len(columns):,} "
            "samples.",
            hint="Its rows look like the samples: genes_in='columns'." if swapped else "",
        )
    check_names(names, "gene", _MATRIX)
    axis = "columns" if request.genes_in == "columns" else "rows"
    return Expression(values, names, columns), (f"a matrix in memory, genes in {axis}",)
