"""Expression read from foreign files: tables, h5ad, Matrix Market and 10x folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from ...engine.choices import GenesIn
from ...engine.errors import InputError, check_choice
from ..files.plain_files import fingerprint, is_folder, require_file
from ..readers import find_reader
from .mtx import find_matrix

if TYPE_CHECKING:
    from ...engine.estimation.expression import Expression

_STRAY = {
    "genes_in": "{path} is of a format that fixes where genes are; they cannot be read from its {setting}.",
    "layer": "{path} is not an h5ad file, and has neither layers nor a raw matrix.",
    "raw": "{path} is not an h5ad file, and has neither layers nor a raw matrix.",
    "gene_names": "{path} contains its gene names; {setting} is for a Matrix Market file.",
}
"""The refusals of options that do not go with the format of a file."""


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
    genes_in: GenesIn = "auto",
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
    check_choice("axis of the genes", genes_in, get_args(GenesIn))
    path = Path(path)
    file = find_matrix(path) if is_folder(path) else require_file(path)
    reader = find_reader("expression", file)
    names = None if gene_names is None else Path(gene_names)
    options = {"genes_in": genes_in, "layer": layer, "raw": raw, "gene_names": names}
    for option, setting in options.items():
        if option not in reader.options and setting not in ("auto", None, False):
            raise InputError(_STRAY[option].format(path=path, setting=setting))
    if layer is not None and raw:
        raise InputError(f"Either the layer {layer!r} or the raw matrix can be read, not both.")
    expression, notes = reader.read(file, **{option: options[option] for option in reader.options})
    return ExpressionFile(expression, fingerprint(file), notes)
