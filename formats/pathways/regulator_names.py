"""Names of sets that are those of regulators: SCENIC's `TP53(+)`, and genes of the panel."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted, some
from ..regulons.signs import is_regulon_name, split_regulon_name
from ..sets.name_lines import are_lines_of_genes

if TYPE_CHECKING:
    from pathlib import Path

    from ..genes.identifiers import Matcher
    from ..models.gene_loadings import GeneLoadings, LoadingsFile

FORMS = ("json", "gmt", "gmx")
"""Formats of sets by name, which hold regulons too."""


def settle_names(
    path: Path, kind: str, file: LoadingsFile, matcher: Matcher | None, *, is_described: bool | None = None
) -> LoadingsFile:
    """Return a file of sets with the regulators that their names name.

    Parameters
    ----------
    path : Path
        The file.
    kind : str
        Its format.
    file : LoadingsFile
        What it holds.
    matcher : Matcher, optional
        Finds genes on the panel; None where the format was named, and names of genes are those of sets.
    is_described : bool, optional
        Whether second fields are descriptions, where that was said.

    Raises
    ------
    InputError
        All sets are named as genes of the panel: sets, or targets of regulators? Or lines have genes alone.
    """
    if file.is_scaled or any(pathway.source is not None for pathway in file.pathways):
        return file
    known = names_of_regulons(file)
    if known is not file or matcher is None or kind not in FORMS:
        return known
    names = [pathway.name for pathway in file.pathways]
    if kind == "gmt" and is_described is None and are_lines_of_genes(file, matcher.has):
        first = file.pathways[0]
        shown = some([first.name, first.description, *first.genes], 3)
        raise InputError(
            f"The lines of {path} begin with genes of the panel, in the first and second fields ({shown}): they may be "
            "sets without names, all fields of which are genes; the targets of the first gene, which then loads too; "
            "or sets named as the first gene.",
            code="lines-of-genes",
        )
    are_members = all(pathway.name in pathway.genes for pathway in file.pathways)  # these load in either reading
    if not are_members and all(matcher.index(name) is not None for name in names):
        raise InputError(
            f"The sets of {path} have the names of genes of the panel ({some(names, 3)}): they may be the targets of "
            "these genes, which then load too, or sets.",
            code="regulators-or-sets",
            facts={"kind": kind},
        )
    return file


def names_of_regulons(file: LoadingsFile) -> LoadingsFile:
    """Return a file whose sets all have names as SCENIC writes them, `TP53(+)`, with their regulators; else the file.

    The targets of `TP53(-)` load negatively, where they have no weights with signs of their own.
    """
    if not file.pathways or not all(is_regulon_name(pathway.name) for pathway in file.pathways):
        return file
    return name_regulators(file, "as SCENIC writes them")


def name_regulators(file: LoadingsFile, why: str) -> LoadingsFile:
    """Return a file whose sets are the targets of the genes that they are named after, and a note that says why."""
    pathways = [_regulon(pathway) for pathway in file.pathways]
    notes = tuple(note.partition("; the names of sets")[0] for note in file.notes)
    note = f"{counted(len(pathways), 'set')} named after regulators, {why}: these load too"
    return replace(file, pathways=tuple(pathways), notes=(*notes, note))


def _regulon(pathway: GeneLoadings) -> GeneLoadings:
    gene, sign = split_regulon_name(pathway.name)
    turned = sign < 0 and bool(np.all(pathway.loadings >= 0))
    return replace(
        pathway,
        source=gene,
        loadings=-pathway.loadings if turned else pathway.loadings.copy(),
        is_set=pathway.is_set and not turned,
    )
