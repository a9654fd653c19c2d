"""Expression in h5ad files, read with HDF5 alone: cells are samples, `X`, `raw/X` or a layer holds the values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import InputError, NotFound
from ...engine.estimation.expression import Expression
from ...engine.wording import some
from ..files.delimited import clipped
from ..files.hdf5_members import (
    Dataset,
    Group,
    member,
    member_attribute,
    member_dataset,
    member_group,
    open_members,
    read_list,
    read_names,
    read_real_array,
)
from ..files.limits import refuse_beyond_budget
from ..genes.identifiers import guess_vocabulary

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from ...engine.choices import GenesIn

_SYMBOL_COLUMNS = ("feature_name", "gene_symbols", "gene_symbol", "gene_name", "gene_short_name", "symbol")


def read_h5ad(
    path: Path,
    *,
    genes_in: GenesIn = "auto",
    layer: str | None = None,
    raw: bool = False,
) -> tuple[Expression, tuple[str, ...]]:
    """Return the expression of an h5ad file, and what was decided while reading it.

    Parameters
    ----------
    path : Path
        As AnnData writes it: dense, CSR or CSC; `obs` and `var` as groups, or as the tables of old files.
    genes_in : {"auto", "rows", "columns"}
        The axis of the genes; always the columns.
    layer : str, optional
        Take `layers/<layer>` and not `X`.
    raw : bool
        Take `raw/X`, with the genes of `raw/var`.

    Raises
    ------
    NotFound
        There is no such file, layer or raw matrix.
    InputError
        The file is damaged or no h5ad, its sizes do not agree, or it takes more memory when dense than it may.
    """
    if genes_in == "rows":
        raise InputError(f"{path} is an h5ad file: its genes are the columns (var).")
    with open_members(path) as file:
        if "obs" not in file.members or "var" not in file.members:
            raise InputError(f"{path} is HDF5 but not an h5ad file: it has no obs and var, but {some(file.members)}.")
        matrix = _find_matrix(file, layer, raw=raw)
        variables = _find_variables(file, raw=raw)
        samples = _index(member(file, "obs"))
        genes = _index(variables)
        values = _read_matrix(matrix, len(samples), len(genes))
        notes = (f"cells × genes from {_name_of_matrix(layer, raw=raw)}", *_note_symbols(variables, genes))
    return Expression(values, genes, samples), notes


def _find_matrix(file: Group, layer: str | None, *, raw: bool) -> Group | Dataset:
    if raw:
        if "raw.X" in file.members:
            return member(file, "raw.X")
        if "raw" not in file.members:
            raise NotFound(f"{file.path} has no raw matrix; it has {some(('X', *_layers(file)))}.")
        return member(member_group(file, "raw"), "X")
    if layer is not None:
        if layer not in (layers := _layers(file)):
            raise NotFound(f"{file.path} has no layer named {layer!r}; it has {some(('X', *layers), 20)}.")
        return member(member_group(file, "layers"), layer)
    if "X" not in file.members:
        raise NotFound(f"{file.path} has no matrix X.", hint=f"It has {some(_layers(file), 20) or 'no layers either'}.")
    return member(file, "X")


def _layers(file: Group) -> tuple[str, ...]:
    return member_group(file, "layers").members if "layers" in file.members else ()


def _find_variables(file: Group, *, raw: bool) -> Group | Dataset:
    if not raw:
        return member(file, "var")
    return member(file, "raw.var") if "raw.var" in file.members else member(member_group(file, "raw"), "var")


def _name_of_matrix(layer: str | None, *, raw: bool) -> str:
    if raw:
        return "raw/X"
    return "X" if layer is None else f"layers/{layer}"


def _note_symbols(variables: Group | Dataset, genes: tuple[str, ...]) -> tuple[str, ...]:
    vocabulary = guess_vocabulary(genes)
    if vocabulary is None or isinstance(variables, Dataset):
        return ()
    columns = [column for column in variables.members if column.lower() in _SYMBOL_COLUMNS]
    also = f"; var also has {', '.join(columns)}" if columns else ""
    return (f"gene names are the index of var, apparently {vocabulary}{also}",)


def _index(axis: Group | Dataset) -> tuple[str, ...]:
    """Return the index of `obs` or `var`: a group, or a table of records as AnnData wrote it once."""
    if isinstance(axis, Dataset):
        return read_list(axis, next((name for name in ("index", "_index", *axis.fields) if name in axis.fields), None))
    title = member_attribute(axis, "_index")
    if isinstance(title, list):
        raise InputError(f"{axis.where} has a list for the name of its index, which the attribute _index gives.")
    column = title if isinstance(title, str) else next((c for c in ("_index", "index") if c in axis.members), "_index")
    return read_names(axis, column)


def _read_matrix(matrix: Group | Dataset, samples: int, genes: int) -> NDArray[np.float64]:
    """Return a matrix of cells × genes as genes × samples."""
    shape = matrix.shape if isinstance(matrix, Dataset) else _sparse_shape(matrix)
    if shape != (samples, genes):
        raise InputError(f"{matrix.where} has shape {shape}, and obs and var name {samples} × {genes}.")
    refuse_beyond_budget(matrix.path, shape)
    if isinstance(matrix, Dataset):
        return np.ascontiguousarray(read_real_array(matrix).T, dtype=np.float64)
    return _read_sparse(matrix, samples, genes)


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


def _read_sparse(matrix: Group, samples: int, genes: int) -> NDArray[np.float64]:
    from scipy.sparse import csc_matrix, csr_matrix

    form = _old_or_new(matrix, "encoding-type", "h5sparse_format") or ""
    makers = {"csr": csr_matrix, "csc": csc_matrix}
    maker = makers.get(str(form).removesuffix("_matrix"))
    if maker is None:
        raise InputError(f"{matrix.where} is stored as {clipped(str(form))}; a dense, CSR or CSC matrix is read here.")
    parts = [member_dataset(matrix, part) for part in ("data", "indices", "indptr")]
    if math.prod(parts[0].shape) > samples * genes:
        raise InputError(f"{matrix.where} claims {parts[0].shape} values for {samples:,} × {genes:,} entries.")
    data, indices, indptr = map(read_real_array, parts)
    major, minor = (samples, genes) if maker is csr_matrix else (genes, samples)
    _check_sparse(matrix.where, (data, indices, indptr), major, minor)
    compressed = maker((data.astype(np.float64), indices, indptr), shape=(samples, genes))
    return np.ascontiguousarray(compressed.T.toarray())


def _check_sparse(where: str, parts: tuple[NDArray[Any], NDArray[Any], NDArray[Any]], major: int, minor: int) -> None:
    data, indices, indptr = parts
    if any(part.ndim != 1 for part in parts) or any(part.dtype.kind not in "iu" for part in (indices, indptr)):
        raise InputError(f"{where} is not a sparse matrix: data, indices and indptr must be lists, the last two whole.")
    whole = len(indptr) == major + 1 and indptr[0] == 0 and bool(np.all(indptr[1:] >= indptr[:-1]))
    if not whole or not indptr[-1] == len(data) == len(indices):
        raise InputError(
            f"{where} is damaged: indptr of length {len(indptr)} does not divide {len(data)} values and "
            f"{len(indices)} indices into {major} runs."
        )
    if len(indices) and not (indices.min() >= 0 and indices.max() < minor):
        raise InputError(
            f"{where} is damaged: its indices run from {indices.min()} to {indices.max()}, beyond {minor}."
        )
