"""Expression read from foreign files: tables, h5ad, Matrix Market and 10x folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ...engine.errors import InputError, check_choice
from ..files.kinds import file_kind, fingerprint, is_folder, open_bytes, require_file
from ..files.matrix_market import BANNER
from .h5ad import read_h5ad
from .mtx import find_matrix, read_mtx
from .tables import read_expression_table

if TYPE_CHECKING:
    from ...engine.estimation.expression import Expression

Form = Literal["table", "h5ad", "mtx"]


@dataclass(frozen=True, slots=True)
class ExpressionFile:
    """Expression as a file holds it.

    Parameters
    ----------
    expression : Expression
        Genes by samples, as they stand in the file.
    sha256 : str
        Of the file's bytes, in hex; of a 10x folder, its matrix file's.
    notes : tuple of str
        What was decided while reading, such as which axis holds the genes and why.
    """

    expression: Expression
    sha256: str
    notes: tuple[str, ...]


def read_expression(
    path: str | Path,
    *,
    genes_in: Literal["auto", "rows", "columns"] = "auto",
    layer: str | None = None,
    raw: bool = False,
    gene_names: str | Path | None = None,
) -> ExpressionFile:
    """Return the expression of a file, whatever its form.

    Parameters
    ----------
    path : str or Path
        A table (tabs, commas or white space; also GCT and GEO series matrices), an h5ad file, a Matrix Market
        file, or a 10x folder. Text may be gzip.
    genes_in : {"auto", "rows", "columns"}
        The axis of the genes; `auto` looks for evidence, and a note says which.
    layer : str, optional
        Of an h5ad file: take this layer and not `X`.
    raw : bool
        Of an h5ad file: take `raw/X`, with the genes of `raw/var`.
    gene_names : str or Path, optional
        Of a Matrix Market file: its gene names, one a line, or the second column of a table.

    Raises
    ------
    NotFound
        There is no such file, layer or raw matrix.
    InputError
        The file cannot be read, or an argument does not go with it; a value is missing or not finite; there are
        fewer than three samples.
    """
    check_choice("axis of the genes", genes_in, ("auto", "rows", "columns"))
    path = Path(path)
    matrix = find_matrix(path) if is_folder(path) else require_file(path)
    form = _form_of(matrix)
    _refuse_stray_options(path, form, layer=layer, raw=raw, gene_names=gene_names)
    if form == "h5ad":
        if genes_in == "rows":
            raise InputError(f"{path} is an h5ad file: its genes are the columns (var).")
        expression, notes = read_h5ad(matrix, layer=layer, raw=raw)
    elif form == "mtx":
        names = None if gene_names is None else Path(gene_names)
        expression, notes = read_mtx(matrix, gene_names=names, genes_in=genes_in)
    else:
        expression, notes = read_expression_table(matrix, genes_in=genes_in)
    return ExpressionFile(expression, fingerprint(matrix), notes)


def _form_of(path: Path) -> Form:
    kind = file_kind(path)
    if kind == "hdf5":
        return "h5ad"
    if kind in ("text", "gzip"):
        with open_bytes(path) as stream:
            if stream.read(len(BANNER)).lower() == BANNER.encode():
                return "mtx"
    return "table"


def _refuse_stray_options(
    path: Path, form: Form, *, layer: str | None, raw: bool, gene_names: str | Path | None
) -> None:
    if form != "h5ad" and (layer is not None or raw):
        raise InputError(f"{path} is not an h5ad file, and has neither layers nor a raw matrix.")
    if layer is not None and raw:
        raise InputError(f"Either the layer {layer!r} or the raw matrix can be read, not both.")
    if form != "mtx" and gene_names is not None:
        raise InputError(f"{path} names its genes itself; {gene_names} is for a Matrix Market file.")
