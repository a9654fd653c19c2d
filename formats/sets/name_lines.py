"""Sets without names: the genes of one a line, as programs that find clusters (MCL) write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted
from ..files.kinds import TEXT_KINDS, file_kind
from ..files.limits import NAMES_PACKING, TEXT_COST, MemoryBudget
from ..files.names import check_names
from ..files.opening import open_text
from ..models.gene_loadings import GeneLoadings, LoadingsFile
from .gmt import split_fields

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SHARE = 0.5
"""Of names and of second fields, so many are genes where lines may have genes alone."""


def read_name_lines(path: Path) -> LoadingsFile:
    """Return one set a line, all fields of which are genes; they are called cluster_1, cluster_2 and so on.

    Parameters
    ----------
    path : Path
        Plain or packed; fields between tabs, else between semicolons, commas or blanks. Lines with `#` are comments.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        It is no text, or holds no gene; a name is too long or cannot be printed.
    """
    if file_kind(path) not in TEXT_KINDS:
        raise InputError(f"{path} is no text of a set a line.")
    sets: list[GeneLoadings] = []
    known: dict[str, str] = {}
    repeated = 0
    with open_text(path, packing=NAMES_PACKING) as stream:
        budget = MemoryBudget(path)
        for number, line in enumerate(stream, start=1):
            if not line.strip() or line.startswith("#"):
                continue
            members = [field for field in _fields(line) if field]
            new = [gene for gene in members if gene not in known]
            check_names(new, f"line {number}, field", path)
            genes = tuple(dict.fromkeys(known.setdefault(gene, gene) for gene in members))
            budget.reserve(600 + 2 * TEXT_COST * len(new) + 16 * len(genes))
            repeated += len(members) - len(genes)
            if genes:
                sets.append(GeneLoadings(f"cluster_{len(sets) + 1}", genes, np.ones(len(genes)), is_set=True))
    if not sets:
        raise InputError(f"{path} holds no gene set.")
    notes = [
        f"lines of genes without names: {counted(len(sets), 'set')}, called by their places cluster_1, cluster_2, …"
    ]
    if repeated:
        notes.append(f"{counted(repeated, 'gene')} that occurred twice in a set counted once")
    return LoadingsFile(tuple(sets), notes=tuple(notes))


def are_lines_of_genes(file: LoadingsFile, is_gene: Callable[[str], bool]) -> bool:
    """Whether of sets as GMT has them half the names, or more, are genes, and half the second fields too."""
    count = len(file.pathways)
    names = sum(is_gene(pathway.name) for pathway in file.pathways)
    second = sum(bool(pathway.description) and is_gene(pathway.description) for pathway in file.pathways)
    return count > 0 and min(names, second) >= _SHARE * count


def _fields(line: str) -> list[str]:
    if "\t" in line:
        return split_fields(line)
    mark = next((mark for mark in ";," if mark in line), None)
    return [field.strip(' "') for field in line.strip().split(mark)]
