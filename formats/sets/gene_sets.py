"""Gene sets by name, of a file in any format that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...engine.errors import InputError
from ...engine.wording import some
from ..files.plain_files import require_file
from ..readers import READERS, find_reader
from ..sets.gmt import choose_descriptions

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

    from ..models.gene_loadings import GeneLoadings, LoadingsFile


def read_gene_sets(path: Path) -> tuple[GeneLoadings, ...]:
    """Return the gene sets of a file, in its order; what is raised is that of `read_set_library`."""
    return read_set_library(path).pathways


def read_set_library(path: Path, genes: Container[str] = (), *, descriptions: bool | None = None) -> LoadingsFile:
    """Return the gene sets of a file, and notes on what was decided.

    Parameters
    ----------
    path : Path
        A file in a format of `READERS["gene sets"]`.
    genes : container of str
        Names of genes, by which second fields of sets that are no descriptions are known.
    descriptions : bool, optional
        Of GMT and GMX: as `choose_descriptions` takes it.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        It cannot be read, or its genes have weights or signs, which a set has not.
    """
    reader = find_reader("gene sets", require_file(path))
    file: LoadingsFile = reader.read(path)
    form = next((kind for kind in ("gmt", "gmx") if READERS["gene sets"][kind] is reader), None)
    if form is not None:
        file = choose_descriptions(path, file, form, lambda name: name in genes, descriptions)
    elif descriptions is not None:
        raise InputError(f"{path} is neither GMT nor GMX, and has no descriptions of sets.")
    weighted = [pathway.name for pathway in file.pathways if not pathway.is_set and len(set(pathway.loadings)) > 1]
    if weighted:
        raise InputError(
            f"{path} has genes of different weights or signs, in {some(weighted, 3)}, and here a gene belongs to a set "
            "or does not.",
            hint="Write the sets in a table with the columns set and gene, or as GMT.",
        )
    return file
