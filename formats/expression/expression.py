"""Expression read from foreign files: tables of any kind, h5ad, loom, 10x h5, Matrix Market and 10x folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from ...engine.choices import DecimalMark, GenesIn
from ...engine.errors import InputError, check_choice
from ..files.plain_files import fingerprint, is_folder, require_file
from ..files.western import note_western
from ..readers import find_reader
from .mtx import find_matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...engine.estimation.expression import Expression

_STRAY = {
    "genes_in": "{path} is of a format that fixes where genes are; they cannot be read from its {setting}.",
    "layer": "{path} is neither an h5ad nor a loom file, and has neither layers nor a raw matrix.",
    "raw": "{path} is neither an h5ad nor a loom file, and has neither layers nor a raw matrix.",
    "gene_names": "{path} contains its gene names; {setting} is for a Matrix Market file.",
    "header": "{path} is not a table and has no first row that may be a header.",
    "decimal": "{path} is not a table and has no decimal {setting}.",
    "gene_column": "{path} has one list of gene names, and no column {setting!r} of others.",
    "where": "{path} has nothing that describes its samples, as {setting[0]!r} needs.",
    "sheet": "{path} is not a workbook, and has no sheet {setting!r}.",
    "columns": "{path} is not a table, and its columns have no titles to choose by, such as {setting[0]!r}.",
    "skip_columns": "{path} is not a table, and its columns have no titles to choose by, such as {setting[0]!r}.",
    "sample_table": "{path} is not a table; a table of samples such as {setting} is read beside tables only.",
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


@note_western()
def read_expression(
    path: str | Path,
    *,
    genes_in: GenesIn = "auto",
    layer: str | None = None,
    raw: bool = False,
    gene_names: str | Path | None = None,
    header: bool | None = None,
    decimal: DecimalMark = "auto",
    gene_column: str | None = None,
    where: Sequence[str] = (),
    sample_table: str | Path | None = None,
    sheet: str | None = None,
    columns: Sequence[str] = (),
    skip_columns: Sequence[str] = (),
    counts: bool = False,
    are_samples_chosen: bool = False,
    are_genes_chosen: bool = False,
    allow_missing: bool = False,
) -> ExpressionFile:
    """Return the expression of a file, whatever its form.

    Parameters
    ----------
    path : str or Path
        A table (tabs, commas, semicolons or white space; also GCT and GEO series matrices; xlsx and parquet), an h5ad,
        loom or 10x h5 file, a Matrix Market file, or a 10x folder. Text may be packed by gzip, bzip2, xz or zip.
        `docs/files.md` lists what is recognised and what is refused.
    genes_in : {"auto", "rows", "columns"}
        The axis of the genes; `auto` looks for evidence, and a note says which.
    layer : str, optional
        Of an h5ad or loom file: take this layer and not `X` (`matrix`); that name insists on it.
    raw : bool
        Of an h5ad file: take `raw/X`, with the genes of `raw/var`.
    gene_names : str or Path, optional
        Of a Matrix Market file: its gene names, one a line, or the second column of a table.
    header : bool, optional
        Of a table: whether its first row is a header; decided by what stands there when absent.
    decimal : {"auto", "point", "comma"}
        Of a table: the sign before the decimals.
    gene_column : str, optional
        The column that names the genes: of `var` (h5ad), `row_attrs` (loom), `features` (10x), the metadata of a GCT
        1.3 file, or by its title in a table.
    where : sequence of str
        `COLUMN=VALUE`: take the samples that have this in `obs` (h5ad), `col_attrs` (loom), the metadata of a GCT 1.3
        file or `sample_table`. Values of one column are alternatives; all columns must agree.
    sample_table : str or Path, optional
        Of a table of expression: a table that describes its samples, one a row. Ids are in the column with most names
        of the samples.
    sheet : str, optional
        Of a workbook: the sheet to read.
    columns, skip_columns : sequence of str
        Of a table: titles of columns, or patterns such as `counts.*`, of those that are read as they are and of those
        that are left out.
    counts : bool
        Whether the values shall be counts: an h5ad or loom file may have them beside others.
    are_samples_chosen : bool
        Whether samples will be chosen by a list: then no column is suspected of describing genes.
    are_genes_chosen : bool
        Whether genes will be chosen by a list: then none is suspected of describing samples.
    allow_missing : bool
        Whether values may be missing; `prepare` refuses those that it needs.

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
    options = {
        "genes_in": genes_in,
        "layer": layer,
        "raw": raw,
        "gene_names": names,
        "header": header,
        "decimal": decimal,
        "gene_column": gene_column,
        "where": tuple(where),
        "sample_table": None if sample_table is None else Path(sample_table),
        "sheet": sheet,
        "columns": tuple(columns),
        "skip_columns": tuple(skip_columns),
        "counts": counts,
        "are_samples_chosen": are_samples_chosen,
        "are_genes_chosen": are_genes_chosen,
    }
    for option, setting in options.items():
        is_set = setting not in ("auto", None, ()) and (setting is not False or option == "header")
        if is_set and option in _STRAY and option not in reader.options:
            raise InputError(_STRAY[option].format(path=path, setting=setting))
    if layer is not None and raw:
        raise InputError(f"Either the layer {layer!r} or the raw matrix can be read, not both.")
    check_choice("decimal mark", decimal, get_args(DecimalMark))
    expression, notes = reader.read(file, **{option: options[option] for option in reader.options})
    if not allow_missing:
        expression.refuse_missing()
    return ExpressionFile(expression, fingerprint(file), notes)
