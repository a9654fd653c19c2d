"""Gene sets in JSON: lists of genes by name, weights by name and gene, or MSigDB's records."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted, some
from ..files.kinds import TEXT_KINDS, file_kind
from ..files.limits import NAMES_PACKING, TEXT_COST, MemoryBudget
from ..files.names import check_names
from ..files.opening import open_text
from ..files.plain_files import require_file
from ..models.gene_loadings import GeneLoadings, LoadingsFile

if TYPE_CHECKING:
    from pathlib import Path

GENE_FIELDS = ("geneSymbols", "gene_symbols", "genes", "symbols")
"""Fields of a record that hold its genes; the first that is there counts."""


def is_json(path: Path) -> bool:
    """Whether the text of a file begins as an object of JSON does."""
    if file_kind(path) not in TEXT_KINDS:
        return False
    with open_text(path, packing=NAMES_PACKING) as stream:
        return stream.read(64).lstrip().startswith("{")


def read_json(path: Path) -> LoadingsFile:
    """Return the gene sets of a JSON file.

    It holds one object: of each name a list of genes, or an object of genes and weights, or a record as MSigDB writes
    it, whose `geneSymbols` are the genes.

    Parameters
    ----------
    path : Path
        Plain or packed.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        It is no such object, a name stands twice, a gene has no name, or a weight is not a finite number.
    """
    with open_text(path, packing=NAMES_PACKING) as stream:
        MemoryBudget(require_file(path))
        try:
            content: object = json.load(stream, object_pairs_hook=lambda pairs: _unique(path, pairs))
        except json.JSONDecodeError as error:
            raise InputError(f"{path}, line {error.lineno} is not JSON: {error.msg}.") from error
        except (RecursionError, ValueError) as error:
            raise InputError(f"{path} cannot be read as JSON: {str(error)[:100]}.") from error
    if not isinstance(content, dict) or not content:
        raise InputError(
            f"{path} holds no object of names and genes.",
            hint='Write it as {"SET": ["GENE1", "GENE2"]}.',
        )
    sets = cast("dict[str, Any]", content)
    genes = {name: _genes_of(path, name, value) for name, value in sets.items()}
    return sets_of_mapping(path, genes, MemoryBudget(path))


def sets_of_mapping(where: Path, sets: Mapping[str, Any], budget: MemoryBudget | None = None) -> LoadingsFile:
    """Return gene sets of a mapping of names to genes, or to weights of genes.

    Parameters
    ----------
    where : Path
        What holds them, for errors.
    sets : mapping of str to iterable of str, or to mapping of str to float
        Genes that stand twice in a set count once.
    budget : MemoryBudget, optional
        Of the file that they come from.

    Raises
    ------
    InputError
        A set has no name or no gene, a gene is no name, or a weight is not a finite number.
    """
    pathways: list[GeneLoadings] = []
    repeated = weighted = 0
    for name, members in sets.items():
        check_names([str(name)], "set", where)
        is_weighted = isinstance(members, Mapping)
        listed = _names(where, str(name), members)
        genes = tuple(dict.fromkeys(listed))
        check_names(genes, f"set {str(name)[:60]}, gene", where)
        if budget is not None:
            budget.reserve(TEXT_COST * len(genes))
        repeated += len(listed) - len(genes)
        weights = np.ones(len(genes))
        if is_weighted and len(genes) < len(listed):
            raise InputError(f"{where}: a gene of {str(name)[:60]} has two weights.", hint="Keep one of them.")
        if is_weighted:
            values = list(cast("Mapping[Any, Any]", members).values())
            weights = np.array([_weight(where, str(name), *pair) for pair in zip(genes, values, strict=True)])
            weighted += 1
        pathways.append(GeneLoadings(str(name), genes, weights, is_set=not is_weighted))
    notes: list[str] = []
    if repeated:
        notes.append(f"{counted(repeated, 'gene')} that occurred twice in a set counted once")
    if weighted:
        notes.append(f"weights of the genes of {counted(weighted, 'set')} read; the names of sets are not loaded")
    return LoadingsFile(tuple(pathways), notes=tuple(notes))


def _names(where: Path, name: str, members: Any) -> list[str]:
    if isinstance(members, str | bytes) or not hasattr(members, "__iter__"):
        raise InputError(f"{where}: the genes of {name[:60]} are no list: {str(members)[:60]!r}.")
    listed = list(members)
    wrong = [gene for gene in listed if isinstance(gene, bool) or not _is_name(gene)]
    if wrong:
        raise InputError(f"{where}: {str(wrong[0])[:60]!r} among the genes of {name[:60]} is no name of a gene.")
    if not listed:
        raise InputError(f"{where}: the gene set {name[:60]} has no genes.")
    return [str(gene).strip() for gene in listed]


def _is_name(gene: object) -> bool:
    return isinstance(gene, str) or (isinstance(gene, int | np.integer) and not isinstance(gene, bool))


def _weight(where: Path, name: str, gene: str, weight: Any) -> float:
    is_number = isinstance(weight, int | float) or getattr(getattr(weight, "dtype", None), "kind", "") in (
        "i",
        "u",
        "f",
    )
    if is_number and weight is not True and weight is not False and math.isfinite(weight):
        return float(weight)
    raise InputError(f"{where}: the weight {str(weight)[:60]!r} of {gene} in {name[:60]} is not a finite number.")


def _genes_of(path: Path, name: str, value: Any) -> Any:
    """Return the genes of an entry: it is a list, a record that has one, or an object of weights."""
    if not isinstance(value, dict):
        return value
    record = cast("dict[str, Any]", value)
    found = next((record[field] for field in GENE_FIELDS if isinstance(record.get(field), list)), None)
    if found is not None:
        return found
    if all(isinstance(weight, int | float) for weight in record.values()):
        return record
    raise InputError(
        f"{path}: {name[:60]} has no field of genes; it has {some(list(record), 10)}.",
        hint=f"Name the list of its genes {GENE_FIELDS[0]}.",
    )


def _unique(path: Path, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) < len(pairs):
        listed = [name for name, _ in pairs]
        twice = next(name for name in listed if listed.count(name) > 1)
        raise InputError(f"{path}: {twice[:60]} stands twice in one object.", hint="Keep one of the two.")
    return names
