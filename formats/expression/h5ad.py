"""Expression in h5ad files, read with HDF5 alone: cells are samples, `X`, `raw/X` or a layer holds the values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import InputError, NotFound
from ...engine.estimation.expression import Expression
from ...engine.wording import some
from ..files.hdf5_members import (
    Dataset,
    Group,
    member,
    member_attribute,
    member_group,
    read_list,
    read_names,
)
from ..files.names import clipped
from .axis_columns import list_columns, name_by_index, read_gene_column, select_rows
from .hdf5_request import Request, check_axis, layers_of, read_dense, read_runs
from .second_readings import note_standardised, refuse_second_reading

if TYPE_CHECKING:
    from numpy.typing import NDArray


def read_h5ad(file: Group, request: Request) -> tuple[Expression, tuple[str, ...]]:
    """Return the expression of an h5ad file, and what was decided while reading it; see `hdf5.read_hdf5`.

    It is read as AnnData writes it: dense, CSR or CSC; `obs` and `var` as groups, or as the tables of old files.
    """
    check_axis(request, file.path, "an h5ad file", "columns", "var")
    matrix = _find_matrix(file, request)
    variables, observations = _find_variables(file, raw=request.raw), member(file, "obs")
    samples, genes = read_index(observations), read_index(variables)
    cells, decisions = select_rows(observations, request.where, len(samples))
    values = _read_matrix(matrix, genes, cells)
    if request.layer is None and not request.raw:
        refuse_second_reading(file.path, "X", values, _others(file), counts=request.counts)
    genes, named = _name_genes(variables, genes, request.gene_column)
    notes = (f"cells × genes from {_name_of_matrix(file, request)}", *named, *decisions, *note_standardised(values))
    return Expression(values, genes, tuple(np.array(samples, dtype=object)[cells].tolist())), notes


def _find_matrix(file: Group, request: Request) -> Group | Dataset:
    layer = request.layer
    if request.raw:
        if "raw.X" in file.members:
            return member(file, "raw.X")
        if "raw" not in file.members:
            raise NotFound(f"{file.path} has no raw matrix; it has {some(('X', *layers_of(file)))}.")
        return member(member_group(file, "raw"), "X")
    if layer is not None and not _insists_on_x(file, layer):
        if layer not in (layers := layers_of(file)):
            raise NotFound(f"{file.path} has no layer named {layer!r}; it has {some(('X', *layers), 20)}.")
        return member(member_group(file, "layers"), layer)
    if "X" not in file.members:
        raise NotFound(
            f"{file.path} has no matrix X.", hint=f"It has {some(layers_of(file), 20) or 'no layers either'}."
        )
    return member(file, "X")


def _insists_on_x(file: Group, layer: str) -> bool:
    return layer == "X" and "X" not in layers_of(file)


def _others(file: Group) -> tuple[str, ...]:
    return (*(["raw"] if "raw" in file.members or "raw.X" in file.members else []), *layers_of(file))


def _find_variables(file: Group, *, raw: bool) -> Group | Dataset:
    if not raw:
        return member(file, "var")
    return member(file, "raw.var") if "raw.var" in file.members else member(member_group(file, "raw"), "var")


def _name_of_matrix(file: Group, request: Request) -> str:
    if request.raw:
        return "raw/X"
    if request.layer is None or _insists_on_x(file, request.layer):
        return "X"
    return f"layers/{request.layer}"


def _name_genes(
    variables: Group | Dataset, index: tuple[str, ...], column: str | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the genes, and what was decided."""
    if column is not None:
        return read_gene_column(variables, column, len(index)), (f"gene names are the column {column!r} of var",)
    return name_by_index(variables.path, index, list_columns(variables))


def read_index(axis: Group | Dataset) -> tuple[str, ...]:
    """Return the index of `obs` or `var`: a group, or a table of records as AnnData wrote it once."""
    if isinstance(axis, Dataset):
        return read_list(axis, next((name for name in ("index", "_index", *axis.fields) if name in axis.fields), None))
    title = member_attribute(axis, "_index")
    if isinstance(title, list):
        raise InputError(f"{axis.where} has a list for the name of its index, which the attribute _index gives.")
    column = title if isinstance(title, str) else next((c for c in ("_index", "index") if c in axis.members), "_index")
    return read_names(axis, column)


def _read_matrix(matrix: Group | Dataset, genes: tuple[str, ...], cells: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return some cells of a matrix of cells × genes, shape (genes, cells)."""
    shape = matrix.shape if isinstance(matrix, Dataset) else _sparse_shape(matrix)
    if shape != (len(cells), len(genes)):
        raise InputError(f"{matrix.where} has shape {shape}, and obs and var name {len(cells)} × {len(genes)}.")
    if isinstance(matrix, Dataset):
        return read_dense(matrix, genes_first=False, cells=cells)
    form = str(_old_or_new(matrix, "encoding-type", "h5sparse_format") or "").removesuffix("_matrix")
    if form not in ("csr", "csc"):
        raise InputError(f"{matrix.where} is stored as {clipped(form)}; a dense, CSR or CSC matrix is read here.")
    return read_runs(matrix, len(genes), runs_are_genes=form == "csc", cells=cells)


def _old_or_new(matrix: Group, new: str, old: str) -> Any:
    """Return an attribute by the name that AnnData gives it now, or by the one that it gave it once."""
    value = member_attribute(matrix, new)
    return member_attribute(matrix, old) if value is None else value


def _sparse_shape(matrix: Group) -> tuple[int, ...]:
    shape = _old_or_new(matrix, "shape", "h5sparse_shape") or ()
    try:
        return tuple(map(int, shape))
    except (OverflowError, TypeError, ValueError) as error:
        raise InputError(f"{matrix.where} has the shape {clipped(str(shape))}, not two whole numbers.") from error
