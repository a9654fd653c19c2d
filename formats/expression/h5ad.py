"""Expression in h5ad files, read with HDF5 alone: cells are samples, `X`, `raw/X` or a layer holds the values."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ...engine.errors import InputError, NotFound
from ...engine.estimation.expression import Expression
from ...engine.wording import some
from ..files.delimited import check_names, clipped
from ..files.hdf5_members import (
    Group,
    as_text,
    is_dataset,
    member,
    member_array,
    member_list,
    member_names,
    member_numbers,
    member_shape,
    open_members,
    refusing_damage,
)
from ..files.limits import refuse_beyond_room, refuse_swarm
from ..genes.identifiers import guess_vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SYMBOL_COLUMNS = ("feature_name", "gene_symbols", "gene_symbol", "gene_name", "gene_short_name", "symbol")


def read_h5ad(
    path: Path,
    *,
    genes_in: Literal["auto", "rows", "columns"] = "auto",
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
        held = member_list(file)
        if "obs" not in held or "var" not in held:
            raise InputError(f"{path} is HDF5 but no h5ad file: it has no obs and var, but {some(held)}.")
        holder, name = _find_matrix(file, path, layer, raw=raw)
        variables = _find_variables(file, raw=raw)
        samples = _index(file, "obs")
        genes = _index(*variables)
        values = _read_matrix(holder, name, len(samples), len(genes))
        notes = (f"cells × genes from {_say_place(layer, raw=raw)}", *_say_symbols(*variables, genes))
    return Expression(values, genes, samples), notes


def _find_matrix(file: Group, path: Path, layer: str | None, *, raw: bool) -> tuple[Group, str]:
    held = member_list(file)
    if raw:
        if "raw.X" in held:
            return file, "raw.X"
        if "raw" not in held:
            raise NotFound(f"{path} has no raw matrix; it has {some(_layers(file))}.")
        return member(file, "raw"), "X"
    if layer is not None:
        if layer not in _layers(file)[1:]:
            raise NotFound(f"{path} has no layer named {layer!r}; it has {some(_layers(file), 20)}.")
        return member(file, "layers"), layer
    if "X" not in held:
        raise NotFound(f"{path} has no matrix X.", hint=f"It has {some(_layers(file)[1:], 20) or 'no layers either'}.")
    return file, "X"


def _layers(file: Group) -> tuple[str, ...]:
    return ("X", *(member_list(member(file, "layers")) if "layers" in member_list(file) else ()))


def _find_variables(file: Group, *, raw: bool) -> tuple[Group, str]:
    if not raw:
        return file, "var"
    return (file, "raw.var") if "raw.var" in member_list(file) else (member(file, "raw"), "var")


def _say_place(layer: str | None, *, raw: bool) -> str:
    if raw:
        return "raw/X"
    return "X" if layer is None else f"layers/{layer}"


def _say_symbols(group: Group, name: str, genes: tuple[str, ...]) -> tuple[str, ...]:
    vocabulary = guess_vocabulary(genes)
    node = member(group, name)
    if vocabulary is None or is_dataset(node):
        return ()
    other = [column for column in member_list(node) if column.lower() in _SYMBOL_COLUMNS]
    also = f"; var also has {', '.join(other)}" if other else ""
    return (f"gene names are the index of var, {vocabulary} by their looks{also}",)


def _index(group: Group, name: str) -> tuple[str, ...]:
    """Return the index of `obs` or `var`."""
    node = member(group, name)
    if is_dataset(node):
        return _old_index(group, name)
    held = member_list(node)
    title = _attribute(node, "_index", name)
    column = title if isinstance(title, str) else next((c for c in ("_index", "index") if c in held), "_index")
    return member_names(node, column)


def _old_index(group: Group, name: str) -> tuple[str, ...]:
    """Return the index of a table of one array, as AnnData wrote it once."""
    path = Path(group.file.filename)
    table = member_array(group, name)
    refuse_swarm(path, table.size, path.stat().st_size)
    fields = table.dtype.names or ()
    field = next((field for field in ("index", "_index") if field in fields), fields[0] if fields else None)
    names = as_text(table if field is None else table[field], f"{path}: {name}")
    check_names(names, f"entry of {name}", path)
    return names


def _read_matrix(group: Group, name: str, samples: int, genes: int) -> NDArray[np.float64]:
    """Return a matrix of cells × genes as genes × samples."""
    node = member(group, name)
    where = f"{group.file.filename}: {name}"
    with refusing_damage(group, name):
        shape = member_shape(group, name) if is_dataset(node) else _sparse_shape(node, name)
    if shape != (samples, genes):
        raise InputError(f"{where} has shape {shape}, and obs and var name {samples} × {genes}.")
    refuse_beyond_room(Path(group.file.filename), shape)
    if is_dataset(node):
        return np.ascontiguousarray(member_numbers(group, name).T, dtype=np.float64)
    return _read_sparse(node, where, samples, genes)


def _attribute(node: Group, attribute: str, name: str) -> Any:
    """Return an attribute, text decoded, or None; one larger than any that AnnData writes is refused unread."""
    with refusing_damage(node, name):
        if attribute not in node.attrs:
            return None
        if math.prod(node.attrs.get_id(attribute).shape) > 2:
            raise InputError(f"{node.file.filename}: the attribute {attribute} of {node.name} is a long list.")
        value = node.attrs[attribute]
        return value.decode() if isinstance(value, bytes) else value


def _sparse_shape(node: Group, name: str) -> tuple[int, ...]:
    shape = _attribute(node, "shape", name)
    shape = _attribute(node, "h5sparse_shape", name) if shape is None else shape
    return () if shape is None else tuple(int(size) for size in np.ravel(shape))


def _read_sparse(node: Group, where: str, samples: int, genes: int) -> NDArray[np.float64]:
    from scipy.sparse import csc_matrix, csr_matrix

    form = _attribute(node, "encoding-type", "encoding") or _attribute(node, "h5sparse_format", "encoding") or ""
    makers = {"csr": csr_matrix, "csc": csc_matrix}
    maker = makers.get(str(form).removesuffix("_matrix"))
    if maker is None:
        raise InputError(f"{where} is stored as {clipped(str(form))}; a dense, CSR or CSC matrix is read here.")
    if math.prod(member_shape(node, "data")) > samples * genes:
        raise InputError(f"{where} claims {member_shape(node, 'data')} values for {samples:,} × {genes:,} places.")
    data, indices, indptr = (member_numbers(node, part) for part in ("data", "indices", "indptr"))
    major, minor = (samples, genes) if maker is csr_matrix else (genes, samples)
    _check_sparse(where, (data, indices, indptr), major, minor)
    matrix = maker((data.astype(np.float64), indices, indptr), shape=(samples, genes))
    return np.ascontiguousarray(matrix.T.toarray())


def _check_sparse(where: str, parts: tuple[NDArray[Any], NDArray[Any], NDArray[Any]], major: int, minor: int) -> None:
    data, indices, indptr = parts
    if any(part.ndim != 1 for part in parts) or any(part.dtype.kind not in "iu" for part in (indices, indptr)):
        raise InputError(f"{where} is not a sparse matrix: data, indices and indptr must be lists, the last two whole.")
    whole = len(indptr) == major + 1 and indptr[0] == 0 and bool(np.all(indptr[1:] >= indptr[:-1]))
    if not whole or not indptr[-1] == len(data) == len(indices):
        raise InputError(
            f"{where} is damaged: indptr of length {len(indptr)} does not part {len(data)} values and "
            f"{len(indices)} indices into {major} runs."
        )
    if len(indices) and not (indices.min() >= 0 and indices.max() < minor):
        raise InputError(
            f"{where} is damaged: its indices run from {indices.min()} to {indices.max()}, beyond {minor}."
        )
