"""Expression in HDF5 files: h5ad, loom and 10x, told apart by what stands at their root."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...engine.errors import InputError
from ...engine.wording import some
from ..files.foreign_kinds import MUDATA, ForeignKind
from ..files.hdf5_members import Dataset, Group, member, member_attribute, member_group, open_members
from .axis_columns import list_columns, read_column
from .h5ad import read_h5ad, read_index
from .hdf5_request import Request
from .loom import read_cells, read_loom
from .tenx import is_tenx, read_tenx

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ...engine.choices import GenesIn
    from ...engine.estimation.expression import Expression

_OTHERS = (
    ({"mod", "obs", "var"}, MUDATA),
    (
        {"assays", "meta.data"},
        ForeignKind("a Seurat file (.h5seurat)", 'In R: SeuratDisk::Convert("{name}", dest = "h5ad")'),
    ),
    (
        {"data", "meta"},
        ForeignKind(
            "a collection of samples (ARCHS4)", 'In Python: archs4py.data.series("{name}", SERIES).to_csv("e.csv")'
        ),
    ),
)
"""HDF5 files that are known and not read, by what stands at their root."""


def read_hdf5(
    path: Path,
    *,
    genes_in: GenesIn = "auto",
    layer: str | None = None,
    raw: bool = False,
    gene_column: str | None = None,
    where: Sequence[str] = (),
    counts: bool = False,
) -> tuple[Expression, tuple[str, ...]]:
    """Return the expression of an h5ad, loom or 10x file, and what was decided while reading it.

    Parameters
    ----------
    path : Path
        The file.
    genes_in : {"auto", "rows", "columns"}
        The axis of the genes, which each format has fixed.
    layer : str, optional
        Take this layer and not `X`, or `matrix` of a loom file; those names insist on them.
    raw : bool
        Of an h5ad file: take `raw/X`, with the genes of `raw/var`.
    gene_column : str, optional
        The column of `var`, `row_attrs` or `features` that names the genes.
    where : sequence of str
        `COLUMN=VALUE`: take the cells that have this in `obs` or `col_attrs`.
    counts : bool
        Whether the values shall be counts.

    Raises
    ------
    NotFound
        There is no such file, layer, column, value or raw matrix.
    InputError
        The file is damaged or of another format, its sizes do not agree, it takes more memory when dense than it may,
        or the matrix read by default is not what is asked and another stands beside it.
    """
    request = Request(genes_in, layer, raw, gene_column, tuple(where), counts)
    with open_members(path) as file:
        if is_tenx(file):
            return read_tenx(file, request)
        if "matrix" in file.members and {"row_attrs", "col_attrs"} <= set(file.members):
            return read_loom(file, request)
        _refuse_others(file)
        return read_h5ad(file, request)


def read_described_cells(path: Path, title: str) -> tuple[tuple[str, ...], NDArray[Any]] | None:
    """Return the cells of an h5ad or loom file and a column that describes them; None where there is none.

    Raises
    ------
    InputError
        The file is damaged.
    """
    with open_members(path) as file:
        if "col_attrs" in file.members:
            axis: Group | Dataset = member_group(file, "col_attrs")
            cells = read_cells(axis) if title in list_columns(axis) else ()
        elif "obs" in file.members:
            axis = member(file, "obs")
            cells = read_index(axis) if title in list_columns(axis) else ()
        else:
            return None
        return (cells, read_column(axis, title)) if cells else None


def _refuse_others(file: Group) -> None:
    members = set(file.members)
    for signs, kind in _OTHERS:
        if signs <= members:
            raise InputError(f"{file.path} is {kind.name}.", hint=kind.way.format(name=file.path.name))
    if "obs" in members and "var" in members:
        return
    creator = member_attribute(file, "encoding-type")
    also = f" (it says that it is {creator})" if isinstance(creator, str) else ""
    raise InputError(
        f"{file.path} is HDF5 but not an h5ad, loom or 10x file{also}: it has no obs and var, but "
        f"{some(file.members)}.",
    )
