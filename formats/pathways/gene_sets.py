"""Gene sets by name, of a file in any format that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..readers import find_reader

if TYPE_CHECKING:
    from pathlib import Path

    from ..models.gene_loadings import GeneLoadings


def read_gene_sets(path: Path) -> tuple[GeneLoadings, ...]:
    """Return the gene sets of a file, in its order; what is raised is the reader's."""
    return find_reader("gene sets", path).read(path).pathways
