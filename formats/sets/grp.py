"""A gene set in a file of its own (GRP): one gene a line, named as the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted
from ..files.limits import NAMES_PACKING, TEXT_COST, MemoryBudget
from ..files.names import check_names, clipped
from ..files.opening import open_text
from ..files.packed import without_packing
from ..models.gene_loadings import GeneLoadings, LoadingsFile

if TYPE_CHECKING:
    from pathlib import Path


def read_grp(path: Path) -> LoadingsFile:
    """Return the gene set of a file of one gene a line.

    Lines that begin with `#` are comments. A first line above one that begins with `>`, as MSigDB writes them, is the
    name of the set; so is a first comment of one word in capitals, or with which the file's name begins; else it is the
    file's name, without its ending.

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
    repeated, name, described, is_named = 0, _name_of(path), "", False
    with open_text(path, packing=NAMES_PACKING) as stream:
        budget = MemoryBudget(path)
        for number, line in enumerate(stream, start=1):
            gene = line.strip().strip('"')
            if gene.startswith("#"):
                word = gene.lstrip("# ")
                if not genes and not is_named and _is_name_of(word, path):
                    name, is_named = word, True
                continue
            if not gene:
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


def _is_name_of(word: str, path: Path) -> bool:
    """Whether a comment is the name of a set: one word in capitals, as MSigDB's are, or the beginning of the file's."""
    if not word or any(map(str.isspace, word)):
        return False
    return bool(re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+", word)) or path.name.casefold().startswith(word.casefold())


def _name_of(path: Path) -> str:
    name = path.name[: len(without_packing(path.name))]
    return name.rpartition(".")[0] or name
