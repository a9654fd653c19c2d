"""A graph as sparse matrices of its nodes: an .npz that SciPy loads, and an .h5ad that scanpy works with."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import h5py  # pyright: ignore[reportMissingTypeStubs]
import numpy as np
from scipy import sparse

from ...engine.errors import InputError
from ...engine.lazy import require
from ..files.writing import write_whole_file
from ..models.matrix_export import write_npz
from .graph import join_texts
from .tables import ENDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from .graph import Column, Graph

RHO = "rho"
"""The column of partial correlations."""


def write_sparse_npz(path: Path, graph: Graph) -> tuple[Path, ...]:
    """Write ρ of the edges of a graph as a symmetric sparse matrix of its nodes, and return the path.

    `scipy.sparse.load_npz` returns the matrix, in compressed rows. Beside its arrays stand `genes`, the names of its
    rows and columns, and `about`, the attributes of the graph as JSON. The diagonal is empty.

    Raises
    ------
    NotFound
        The folder is not there.
    InputError
        The edges have no ρ, or the file cannot be written.
    """
    rho = symmetric(graph, RHO)
    about = json.dumps(dict(graph.attributes), ensure_ascii=False, allow_nan=False)
    arrays: dict[str, NDArray[Any] | Sequence[str]] = {
        "indices": rho.indices,
        "indptr": rho.indptr,
        "format": np.array(b"csr"),
        "shape": np.array(rho.shape, dtype=np.int64),
        "data": rho.data,
        "genes": graph.names,
        "about": np.array(about),
    }
    write_npz(path, arrays)
    return (path,)


def symmetric(graph: Graph, name: str) -> sparse.csr_array:
    """Return a column of numbers of the edges as a symmetric sparse array of the nodes, shape (p, p).

    A missing number is not stored, and 0 is.

    Raises
    ------
    InputError
        There is no such column of numbers.
    """
    column = graph.edge_columns.get(name)
    if column is None or column.type != "number":
        raise InputError(f"The edges have no numbers called {name!r}.")
    has_value = np.array([value is not None for value in column.values], dtype=np.bool_)
    values = np.array([value for value in column.values if value is not None], dtype=np.float64)
    first, second = graph.endpoints[has_value].T
    rows, columns = np.concatenate([first, second]), np.concatenate([second, first])
    order = np.lexsort((columns, rows))
    size = len(graph.names)
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=size))]).astype(np.int32)
    doubled = np.concatenate([values, values])
    return sparse.csr_array((doubled[order], columns[order].astype(np.int32), starts), shape=(size, size))


def write_h5ad(path: Path, graph: Graph) -> tuple[Path, ...]:
    """Write a graph as AnnData without observations, and return the path; `to_anndata` says what it holds.

    Raises
    ------
    NotFound
        The folder is not there.
    InputError
        anndata is not installed, or the file cannot be written.
    """
    data = to_anndata(graph)
    writer: Any = require("anndata.io", "anndata", "An AnnData")
    content = io.BytesIO()  # where the disk is full, HDF5 that writes to it does not fail but crash
    with h5py.File(content, "w") as file:
        writer.write_elem(file, "/", data)
    with write_whole_file(path) as stream:
        stream.write(content.getbuffer())
    return (path,)


def to_anndata(graph: Graph) -> Any:
    """Return a graph as an `AnnData` without observations, whose variables are the nodes.

    `varp` has each column of numbers of the edges as a symmetric sparse matrix, such as `varp["rho"]`; `var` the
    attributes of the nodes; `uns["grnledger"]` the attributes of the graph, and under `edges` a table of all attributes
    of the edges. Lists are one text (`join_texts`).

    Raises
    ------
    InputError
        anndata is not installed.
    """
    anndata: Any = require("anndata", "anndata", "An AnnData")
    pandas: Any = require("pandas", "anndata", "An AnnData")
    names = pandas.Index(list(graph.names), dtype=object)
    var = pandas.DataFrame({name: _series(column, pandas) for name, column in graph.node_columns.items()}, index=names)
    numbers = [name for name, column in graph.edge_columns.items() if column.type == "number"]
    ends = {title: names[side] for title, side in zip(ENDS, graph.endpoints.T, strict=True)}
    columns = {**ends, **{name: _series(column, pandas) for name, column in graph.edge_columns.items()}}
    edges = pandas.DataFrame(columns, index=pandas.Index([f"e{n}" for n in range(len(graph.endpoints))], dtype=object))
    return anndata.AnnData(
        obs=pandas.DataFrame(index=pandas.Index([], dtype=object)),
        var=var,
        varp={name: sparse.csr_matrix(symmetric(graph, name)) for name in numbers},
        uns={"grnledger": {**graph.attributes, "edges": edges}},
    )


def _series(column: Column, pandas: Any) -> Any:
    """Return a column as pandas and anndata take it: texts as categories, NaN for a missing number."""
    if column.type == "number":
        return np.array([np.nan if value is None else value for value in column.values], dtype=np.float64)
    if column.type in ("integer", "boolean"):
        whole, nullable = (np.int64, "Int64") if column.type == "integer" else (np.bool_, "boolean")
        is_whole = None not in column.values
        return np.array(column.values, dtype=whole) if is_whole else pandas.array(list(column.values), dtype=nullable)
    texts = [join_texts(value) if isinstance(value, tuple) else value for value in column.values]
    return pandas.Categorical(texts)
