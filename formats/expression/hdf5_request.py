"""What is wanted of an HDF5 file of expression, and what its readers share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ...engine.errors import InputError
from ..files.hdf5_members import Dataset, Group, read_real_array
from ..files.hdf5_sparse import read_compressed
from ..files.limits import refuse_beyond_budget

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from ...engine.choices import GenesIn


@dataclass(frozen=True, slots=True)
class Request:
    """What is wanted of a file; see `hdf5.read_hdf5`."""

    genes_in: GenesIn = "auto"
    layer: str | None = None
    raw: bool = False
    gene_column: str | None = None
    where: tuple[str, ...] = ()
    counts: bool = False


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
