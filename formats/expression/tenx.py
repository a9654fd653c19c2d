"""Expression in the HDF5 files that cellranger writes beside its folders: features × barcodes, column by column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import InputError
from ...engine.estimation.expression import Expression
from ...engine.wording import counted, some
from ..files.hdf5_members import Group, member_dataset, member_group, read_names, read_real_array
from .axis_columns import list_columns, read_column, read_gene_column
from .hdf5_request import Request, check_axis, read_runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PARTS = {"barcodes", "data", "indices", "indptr", "shape"}
GENE_EXPRESSION = "Gene Expression"
"""The type of the features that are genes; others are antibodies, guides and peaks."""


def is_tenx(file: Group) -> bool:
    """Whether the root holds `matrix` of cellranger 3, or groups of genomes of cellranger 2."""
    return bool(_find_groups(file))


def read_tenx(file: Group, request: Request) -> tuple[Expression, tuple[str, ...]]:
    """Return the expression of a 10x file, and what was decided while reading it; see `hdf5.read_hdf5`.

    Features that are no gene expression are left out, and a note says how many.
    """
    if request.raw or request.layer not in (None, "matrix") or request.where:
        raise InputError(f"{file.path} is a 10x file: it has one matrix, and nothing that describes its cells.")
    check_axis(request, file.path, "a 10x file", "rows", "features")
    groups = _find_groups(file)
    if len(groups) > 1:
        raise InputError(
            f"{file.path} holds the matrices of {counted(len(groups), 'genome')}: "
            f"{some([group.location[-1] for group in groups])}.",
            hint="Write the genome that is wanted into a file of its own.",
        )
    matrix = groups[0]
    barcodes = read_names(matrix, "barcodes")
    genes, wanted, notes = _name_genes(matrix, request.gene_column)
    _check_shape(matrix, (len(wanted), len(barcodes)))
    cells = np.ones(len(barcodes), dtype=np.bool_)
    values = read_runs(matrix, len(wanted), runs_are_genes=False, cells=cells, wanted=wanted)
    return Expression(values, genes, barcodes), ("features × barcodes, as cellranger writes them", *notes)


def _find_groups(file: Group) -> list[Group]:
    """Return the groups that hold a matrix with names of genes."""
    if "obs" in file.members or "row_attrs" in file.members or len(file.members) > 20:
        return []
    groups: list[Group] = []
    for name in file.members:
        try:
            group = member_group(file, name)
        except InputError:  # an array or a link: not of cellranger's making
            continue
        if set(group.members) >= _PARTS and ("features" in group.members or "genes" in group.members):
            groups.append(group)
    return groups


def _name_genes(matrix: Group, column: str | None) -> tuple[tuple[str, ...], NDArray[np.bool_], tuple[str, ...]]:
    """Return the names of the genes, which of the features they are, and what was decided."""
    if "features" not in matrix.members:
        chosen = {"name": "gene_names", "id": "genes"}.get(column or "name", column or "")
        count = member_dataset(matrix, "genes").shape
        genes = read_gene_column(matrix, chosen, count[0] if count else 0)
        return genes, np.ones(len(genes), dtype=np.bool_), (f"gene names are the list {chosen!r}",)
    features = member_group(matrix, "features")
    chosen = column or ("name" if "name" in features.members else "id")
    count = member_dataset(features, "id").shape
    names = read_gene_column(features, chosen, count[0] if count else 0)
    notes = [f"gene names are {chosen!r} of features"]
    if "feature_type" not in list_columns(features):
        return names, np.ones(len(names), dtype=np.bool_), tuple(notes)
    kinds: list[Any] = read_column(features, "feature_type").tolist()
    if len(kinds) != len(names):
        raise InputError(f"{features.where} has {len(kinds):,} types for {counted(len(names), 'feature')}.")
    wanted = np.array([kind == GENE_EXPRESSION for kind in kinds], dtype=np.bool_)
    others = sorted({str(kind) for kind in kinds} - {GENE_EXPRESSION})
    if not wanted.any():
        raise InputError(f"{matrix.path} holds no gene expression, but {some(others)}.")
    if others:
        left_out = counted(int(np.count_nonzero(~wanted)), "feature")
        notes.append(f"{left_out} that are no gene expression are left out: {some(others)}")
    return tuple(name for name, is_gene in zip(names, wanted, strict=True) if is_gene), wanted, tuple(notes)


def _check_shape(matrix: Group, names: tuple[int, int]) -> None:
    shape = tuple(read_real_array(member_dataset(matrix, "shape")).tolist())
    if shape != names:
        raise InputError(f"{matrix.where} has shape {shape}, and there are names for {names[0]:,} × {names[1]:,}.")
