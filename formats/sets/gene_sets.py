"""Gene sets by name, of a file in any format that holds them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...engine.errors import InputError
from ...engine.wording import some
from ..files.kinds import CELL_KINDS, file_kind
from ..files.packed import without_packing
from ..files.plain_files import require_file
from ..files.western import note_western
from ..readers import READERS, SET_ENDINGS, FormatReader, find_reader
from ..sets.gmt import choose_descriptions, no_descriptions
from ..sets.unassigned import leave_out_unassigned

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

    from ..models.gene_loadings import GeneLoadings, LoadingsFile
    from .plain_forms import PlainForm


def read_gene_sets(path: Path) -> tuple[GeneLoadings, ...]:
    """Return the gene sets of a file, all of them in its order; what is raised is that of `read_set_library`."""
    return _read_sets(path, (), None, None).pathways


@note_western()
def read_set_library(
    path: Path, genes: Container[str] = (), *, descriptions: bool | None = None, sheet: str | None = None
) -> LoadingsFile:
    """Return the gene sets of a file, and notes on what was decided; those whose names mean "no set" are left out.

    Parameters
    ----------
    path : Path
        A file in a format of `READERS["gene sets"]`, perhaps with titles above a table, or with a set a line in another
        form: `name: gene, gene`.
    genes : container of str
        Names of genes, by which second fields of sets that are no descriptions are known.
    descriptions : bool, optional
        Of GMT and GMX: as `choose_descriptions` takes it.
    sheet : str, optional
        Of a workbook: the sheet to read. Without it, there must be one that holds something.

    Raises
    ------
    NotFound
        There is no such file, or no such sheet.
    InputError
        It cannot be read, or its genes have weights or signs, which a set has not.
    """
    return leave_out_unassigned(path, _read_sets(path, genes, descriptions, sheet))


def _read_sets(path: Path, genes: Container[str], descriptions: bool | None, sheet: str | None) -> LoadingsFile:
    form, file = _read_file(require_file(path), sheet)
    if form in ("gmt", "gmx"):
        file = choose_descriptions(path, file, form, lambda name: name in genes, descriptions)
    elif descriptions is not None:
        raise no_descriptions(path)
    weighted = [pathway.name for pathway in file.pathways if not pathway.is_set and len(set(pathway.loadings)) > 1]
    if weighted:
        raise InputError(
            f"{path} has genes of different weights or signs, in {some(weighted, 3)}, and here a gene belongs to a set "
            "or does not.",
            hint="Write the sets in a table with the columns set and gene, or as GMT.",
        )
    return file


def _read_file(path: Path, sheet: str | None) -> tuple[str, LoadingsFile]:
    """Return the name of the format of a file and its sets, in the form that a reader knows."""
    if sheet is not None or file_kind(path) in CELL_KINDS or not without_packing(path.name).endswith(SET_ENDINGS):
        from .plain_forms import plain_table

        with plain_table(path, sheet) as form:
            if form is not None:
                return _read_form(form)
    try:
        reader = find_reader("gene sets", path)
    except InputError as error:
        if error.code != "input":
            raise
        from .plain_forms import plain_lists

        with plain_lists(path) as form:
            if form is None:
                raise
            return _read_form(form)
    return _read_kind(path, reader)


def _read_form(form: PlainForm) -> tuple[str, LoadingsFile]:
    kind, file = _read_kind(form.path, find_reader("gene sets", form.path))
    return kind, replace(file, notes=(*form.notes, *file.notes))


def _read_kind(path: Path, reader: FormatReader) -> tuple[str, LoadingsFile]:
    return next(kind for kind, other in READERS["gene sets"].items() if other is reader), reader.read(path)
