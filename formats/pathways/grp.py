"""A gene set in a file of its own (GRP): one gene a line, named as the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted
from ..files.delimited import check_names, clipped
from ..files.limits import NAMES_PACKING, TEXT_COST, MemoryBudget
from ..files.opening import open_text
from ..files.packed import without_packing
from ..models.gene_loadings import GeneLoadings, LoadingsFile

if TYPE_CHECKING:
    from pathlib import Path


def read_grp(path: Path) -> LoadingsFile:
    """Return the gene set of a file of one gene a line.

    Lines that begin with `#` are comments. A first line above one that begins with `>`, as MSigDB writes them, is the
    name of the set; else it is the file's, without its ending.

    Parameters
    ----------
    path : Path
        Plain or packed.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        It holds no gene, or a line holds several; the line is named.
    """
    genes: dict[str, int] = {}
    repeated, name, described = 0, _name_of(path), ""
    with open_text(path, packing=NAMES_PACKING) as stream:
        budget = MemoryBudget(path)
        for number, line in enumerate(stream, start=1):
            gene = line.strip().strip('"')
            if not gene or gene.startswith("#"):
                continue
            if gene.startswith(">") and len(genes) == 1 and not described:
                name, described = next(iter(genes)), gene.removeprefix(">").strip()
                genes.clear()
                continue
            if "\t" in gene or "," in gene or ";" in gene:
                raise InputError(
                    f"{path}, line {number} has several fields, and in GRP each line is a gene: {clipped(gene)}."
                )
            check_names([gene], f"line {number}, gene", path)
            budget.reserve(TEXT_COST + len(gene))
            repeated += gene in genes
            genes.setdefault(gene, number)
    if not genes:
        raise InputError(f"{path} holds no gene.")
    notes = (f"{counted(repeated, 'gene')} that occurred twice in a set counted once",) if repeated else ()
    one = GeneLoadings(name, tuple(genes), np.ones(len(genes)), is_set=True, description=described)
    return LoadingsFile((one,), notes=(f"one set of {counted(len(genes), 'gene')}, named {name}", *notes))


def _name_of(path: Path) -> str:
    name = path.name[: len(without_packing(path.name))]
    return name.rpartition(".")[0] or name
