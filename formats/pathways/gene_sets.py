"""Gene sets by name, of a file in any format that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...engine.errors import InputError
from ...engine.wording import some
from ..files.plain_files import require_file
from ..readers import find_reader

if TYPE_CHECKING:
    from pathlib import Path

    from ..models.gene_loadings import GeneLoadings, LoadingsFile


def read_gene_sets(path: Path) -> tuple[GeneLoadings, ...]:
    """Return the gene sets of a file, in its order; what is raised is that of `read_set_library`."""
    return read_set_library(path).pathways


def read_set_library(path: Path) -> LoadingsFile:
    """Return the gene sets of a file, and notes on what was decided.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        It cannot be read, or its genes have weights or signs, which a set has not.
    """
    file: LoadingsFile = find_reader("gene sets", require_file(path)).read(path)
    weighted = [pathway.name for pathway in file.pathways if not pathway.is_set and len(set(pathway.loadings)) > 1]
    if weighted:
        raise InputError(
            f"{path} has genes of different weights or signs, in {some(weighted, 3)}, and here a gene belongs to a set "
            "or does not.",
            hint="Write the sets in a table with the columns set and gene, or as GMT.",
        )
    return file
