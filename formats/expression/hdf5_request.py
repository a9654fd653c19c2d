"""What is wanted of an HDF5 file of expression, and what its readers share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ...engine.errors import InputError
from ..files.hdf5_members import Dataset, Group, member_dataset, member_group, read_real_array
from ..files.limits import refuse_beyond_budget

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from ...engine.choices import GenesIn


@dataclass(frozen=True, slots=True)
class Request:
    """What is wanted of a file or an object; see `hdf5.read_hdf5`. The last three go with DataFrames alone."""

    genes_in: GenesIn = "auto"
    layer: str | None = None
    raw: bool = False
    gene_column: str | None = None
    where: tuple[str, ...] = ()
    counts: bool = False
    are_samples_chosen: bool = False
    are_genes_chosen: bool = False
    sample_table: Path | None = None
    columns: tuple[str, ...] = ()
    skip_columns: tuple[str, ...] = ()


def layers_of(file: Group) -> tuple[str, ...]:
    """Return the names of the layers of an h5ad or loom file."""
    return member_group(file, "layers").members if "layers" in file.members else ()


def check_axis(request: Request, path: Path, form: str, axis: Literal["rows", "columns"], place: str) -> None:
    """Refuse to look for genes along the other axis than a format has them on."""
    if request.genes_in not in ("auto", axis):
        raise InputError(f"{path} is {form}: its genes are the {axis} ({place}).")


def read_dense(matrix: Dataset, *, genes_first: bool, cells: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return some cells of a dense matrix, shape (genes, cells)."""
    values = read_real_array(matrix)
    return np.ascontiguousarray((values if genes_first else values.T)[:, cells], dtype=np.float64)


def read_runs(
    matrix: Group,
    genes: int,
    *,
    runs_are_genes: bool,
    cells: NDArray[np.bool_],
    wanted: NDArray[np.bool_] | None = None,
) -> NDArray[np.float64]:
    """Return some cells, and all genes or some, of a compressed sparse matrix, shape (genes, cells)."""
    count = genes if wanted is None else int(np.count_nonzero(wanted))
    refuse_beyond_budget(matrix.path, (count, int(np.count_nonzero(cells))))
    major, minor = (genes, len(cells)) if runs_are_genes else (len(cells), genes)
    runs = read_compressed(matrix, major, minor)
    by_cell = runs.T.tocsr() if runs_are_genes else runs
    chosen = by_cell if cells.all() else by_cell[np.flatnonzero(cells)]
    if wanted is not None and not wanted.all():
        chosen = chosen[:, np.flatnonzero(wanted)]
    return np.ascontiguousarray(chosen.T.toarray())


def read_compressed(matrix: Group, major: int, minor: int) -> csr_matrix:
    """Return a sparse matrix whose runs are its rows, shape (major, minor), float64.

    Of a CSC matrix this is the transpose.

    Parameters
    ----------
    matrix : Group
        Has `data`, `indices` and `indptr`.
    major, minor : int
        How many runs there are, and how long each is when dense.

    Raises
    ------
    InputError
        The three do not fit together, or are no numbers.
    """
    from scipy.sparse import csr_matrix

    parts = [member_dataset(matrix, part) for part in ("data", "indices", "indptr")]
    if math.prod(parts[0].shape) > major * minor:
        raise InputError(f"{matrix.where} claims {parts[0].shape} values for {major:,} × {minor:,} entries.")
    data, indices, indptr = map(read_real_array, parts)
    _check_parts(matrix.where, (data, indices, indptr), major, minor)
    return csr_matrix((data.astype(np.float64), indices, indptr), shape=(major, minor))


def _check_parts(where: str, parts: tuple[NDArray[Any], NDArray[Any], NDArray[Any]], major: int, minor: int) -> None:
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
