"""Files of annotations of genes (GAF): the genes that are annotated with each term, as sets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...engine.errors import InputError
from ..files.limits import NAMES_PACKING
from ..regulons.regulons import read_regulons
from ..tables.delimited import open_table

if TYPE_CHECKING:
    from pathlib import Path

    from ..models.gene_loadings import LoadingsFile

_FEWEST_COLUMNS = 15
"""Columns of a GAF file; the last two of its 17 may be left out."""

_SETS, _GENES = "5", "3"
_UNSAID = ("no header", "columns not read", "column ", "every gene of a set")
"""Beginnings of notes that the form of the file makes needless."""


def read_annotations(path: Path, **options: Any) -> LoadingsFile:
    """Return a set of each term of a GAF file: the genes that are annotated with it directly, and not with NOT.

    Parameters
    ----------
    path : Path
        Terms in column 5, symbols in column 3, qualifiers in column 4.
    **options
        Of `read_regulons`: a number of another column of genes or terms.

    Raises
    ------
    NotFound, InputError
        As `read_regulons`; or it has too few columns.
    """
    with open_table(path, packing=NAMES_PACKING) as table:
        width = len(table.first[0].fields)
    if width < _FEWEST_COLUMNS:
        raise InputError(f"{path} is no file of annotations (GAF): it has {width} columns, and GAF has 17.")
    fixed: dict[str, Any] = {"set_column": _SETS, "gene_column": _GENES, "sign_column": "none", "weight_column": "none"}
    chosen: dict[str, Any] = {**fixed, **options}
    file = read_regulons(path, **chosen)
    symbols = "symbols" if chosen["gene_column"] == _GENES else "names"
    note = (
        f"a file of annotations (GAF): sets are the terms of column {chosen['set_column']}, genes the {symbols} of "
        f"column {chosen['gene_column']}; the genes of narrower terms are not added to wider ones"
    )
    return replace(file, notes=(note, *(other for other in file.notes if not other.startswith(_UNSAID))))
