"""Expression in loom files: genes are the rows of `matrix`, cells its columns, and attributes name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError, NotFound
from ...engine.estimation.expression import Expression
from ...engine.wording import counted, some
from ..files.hdf5_members import Group, member_dataset, member_group, read_names
from .axis_columns import list_columns, read_gene_column, select_rows
from .hdf5_request import Request, check_axis, layers_of, read_dense
from .second_readings import note_standardised, refuse_second_reading

if TYPE_CHECKING:
    from ..files.hdf5_members import Dataset

GENE_ATTRIBUTES = (
    "Gene", "gene", "Genes", "GeneName", "gene_name", "gene_names", "gene_short_name", "gene_symbol", "Symbol",
    "feature_name", "var_names", "Accession", "gene_id", "gene_ids", "ensembl_id", "ensembl_ids", "GeneID",
)  # fmt: skip
"""Attributes of rows that name genes; the first that is there does."""

CELL_ATTRIBUTES = ("CellID", "cellID", "cell_id", "CellId", "cell_names", "obs_names", "barcode", "Barcode", "barcodes")
"""Attributes of columns that name cells."""


def read_loom(file: Group, request: Request) -> tuple[Expression, tuple[str, ...]]:
    """Return the expression of a loom file, and what was decided while reading it; see `hdf5.read_hdf5`."""
    if request.raw:
        raise InputError(f"{file.path} is a loom file, which has layers and no raw matrix.")
    check_axis(request, file.path, "a loom file", "rows", "row_attrs")
    matrix, name = _find_matrix(file, request.layer)
    if len(matrix.shape) != 2:
        raise InputError(f"{matrix.where} has shape {matrix.shape}, not genes × cells.")
    rows, columns = member_group(file, "row_attrs"), member_group(file, "col_attrs")
    genes, gene_note = _name_genes(rows, request.gene_column, matrix.shape[0])
    samples, sample_note = _name_cells(columns, matrix.shape[1])
    cells, decisions = select_rows(columns, request.where, len(samples))
    values = read_dense(matrix, genes_first=True, cells=cells)
    if request.layer is None:
        refuse_second_reading(file.path, "matrix", values, layers_of(file), counts=request.counts)
    notes = (f"genes × cells from {name}", gene_note, sample_note, *decisions, *note_standardised(values))
    return Expression(values, genes, tuple(np.array(samples, dtype=object)[cells].tolist())), notes


def _find_matrix(file: Group, layer: str | None) -> tuple[Dataset, str]:
    layers = layers_of(file)
    if layer is None or (layer == "matrix" and layer not in layers):
        return member_dataset(file, "matrix"), "matrix"
    if layer not in layers:
        raise NotFound(f"{file.path} has no layer named {layer!r}; it has {some(('matrix', *layers), 20)}.")
    return member_dataset(member_group(file, "layers"), layer), f"layers/{layer}"


def _name_genes(rows: Group, column: str | None, count: int) -> tuple[tuple[str, ...], str]:
    attributes = list_columns(rows)
    chosen = column or next((name for name in GENE_ATTRIBUTES if name in attributes), None)
    if chosen is None:
        raise InputError(
            f"{rows.path}: none of the row attributes is known to name genes; there are "
            f"{some(attributes, 20) or 'none'}.",
            code="gene-column-unknown",
        )
    others = [name for name in GENE_ATTRIBUTES if name in attributes and name != chosen]
    also = f"; it also has {', '.join(others)}" if others and column is None else ""
    return read_gene_column(rows, chosen, count), f"gene names are {chosen!r} of row_attrs{also}"


def read_cells(columns: Group) -> tuple[str, ...]:
    """Return the names of the cells, or () where nothing names them."""
    chosen = next((name for name in CELL_ATTRIBUTES if name in columns.members), None)
    return () if chosen is None else read_names(columns, chosen)


def _name_cells(columns: Group, count: int) -> tuple[tuple[str, ...], str]:
    chosen = next((name for name in CELL_ATTRIBUTES if name in columns.members), None)
    if chosen is None:
        return tuple(f"s{number}" for number in range(1, count + 1)), f"samples are named s1 … s{count}"
    samples = read_names(columns, chosen)
    if len(samples) != count:
        raise InputError(f"{columns.path}: {chosen} names {counted(len(samples), 'cell')}, and matrix has {count:,}.")
    return samples, f"sample names are {chosen!r} of col_attrs"
