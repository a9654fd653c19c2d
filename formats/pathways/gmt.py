"""Gene sets in GMT files: a name, a description and genes, separated by tabs, one set per line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted
from ..files.delimited import check_names, clipped
from ..files.limits import NAMES_PACKING, TEXT_COST, MemoryBudget
from ..files.opening import open_text
from ..models.gene_loadings import GeneLoadings, LoadingsFile

if TYPE_CHECKING:
    from pathlib import Path

_SET_COST = 600
"""Bytes of memory of a gene set, beside the names of its genes, each of which is held once."""


def read_gmt(path: Path) -> LoadingsFile:
    """Return the gene sets of a GMT file, each gene loading 1.

    A gene that stands twice in a set counts once, and is noted. Quotation marks mean nothing here.

    Parameters
    ----------
    path : Path
        Plain or gzip.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        A set has no gene or no name, or a name stands twice, is too long or cannot be printed; the line is named.
    """
    lines: dict[str, int] = {}
    known: dict[str, str] = {}
    sets: list[GeneLoadings] = []
    repeated = 0
    with open_text(path, packing=NAMES_PACKING) as stream:
        budget = MemoryBudget(path)
        for number, line in enumerate(stream, start=1):
            if not line.strip() or (line.startswith("#") and not sets):
                continue
            name, members = _split_set(path, number, line)
            if lines.setdefault(name, number) != number:
                raise InputError(f"{path}, line {number}: the set {name} occurs already in line {lines[name]}.")
            new = [gene for gene in members if gene not in known]
            check_names((name, *new), f"line {number}, field", path)
            genes = tuple(dict.fromkeys(known.setdefault(gene, gene) for gene in members))
            budget.reserve(_SET_COST + 2 * TEXT_COST * len(new) + 16 * len(genes))
            repeated += len(members) - len(genes)
            sets.append(GeneLoadings(name, genes, np.ones(len(genes)), is_set=True))
    if not sets:
        raise InputError(f"{path} holds no gene set.")
    notes = (f"{counted(repeated, 'gene')} that occurred twice in a set counted once",) if repeated else ()
    return LoadingsFile(tuple(sets), notes=notes)


def _split_set(path: Path, number: int, line: str) -> tuple[str, list[str]]:
    fields = [field.strip() for field in line.split("\t")]
    if len(fields) == 1:
        raise InputError(
            f"{path}, line {number} has no tab, and fields in GMT are separated by tabs: {clipped(line.strip())}.",
            hint="Each line is: name, description, genes.",
        )
    members = [field for field in fields[2:] if field]
    if not fields[0]:
        raise InputError(f"{path}, line {number}: the gene set has no name.")
    if not members:
        raise InputError(f"{path}, line {number}: the gene set {fields[0]} has no genes.")
    return fields[0], members
