"""Gene sets in lines: a name, a description and genes, separated by tabs, as in GMT files and libraries of Enrichr."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted, some
from ..files.kinds import TEXT_KINDS, file_kind
from ..files.limits import NAMES_PACKING, TEXT_COST, MemoryBudget
from ..files.names import check_names, clipped
from ..files.opening import open_text
from ..genes.orientation import GENE_WORDS
from ..models.gene_loadings import GeneLoadings, LoadingsFile
from ..regulons.signs import are_relations, read_sign
from ..regulons.titles import SET_TITLES, SOURCE_TITLES, TARGET_TITLES, title_key
from ..tables.fields import is_missing, is_number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_WEIGHTED = re.compile(r"(.+),(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)", re.IGNORECASE)

_LOOKED_AT = 20
"""Most lines that are looked at to see whether a file is GMT."""

_SET_COST = 600
"""Bytes of memory of a gene set, beside the names of its genes, each of which is held once."""


def read_gmt(path: Path) -> LoadingsFile:
    """Return the gene sets of a GMT file, each gene loading 1.

    A gene that stands twice in a set counts once, and is noted. Quotation marks around a field, as a spreadsheet writes
    them, are left out, as are tabs and commas at the end of a line.

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
    repeated = weighted = 0
    with open_text(path, packing=NAMES_PACKING) as stream:
        budget = MemoryBudget(path)
        for number, line in enumerate(stream, start=1):
            if not line.strip() or (line.startswith("#") and not sets):
                continue
            name, description, members = _split_set(path, number, line)
            members, weights = _split_weights(members)
            if lines.setdefault(name, number) != number:
                raise set_twice(path, number, name, lines[name])
            new = [gene for gene in members if gene not in known]
            check_names((name, *new), f"line {number}, field", path)
            genes = tuple(dict.fromkeys(known.setdefault(gene, gene) for gene in members))
            budget.reserve(_SET_COST + 2 * TEXT_COST * len(new) + 16 * len(genes))
            repeated += len(members) - len(genes)
            loadings = np.array([weights.get(gene, 1.0) for gene in genes])
            sets.append(
                GeneLoadings(name, genes, loadings, is_set=bool(np.all(loadings == 1)), description=description)
            )
            weighted += bool(weights)
    if not sets:
        raise InputError(f"{path} holds no gene set.")
    notes = (f"{counted(repeated, 'gene')} that occurred twice in a set counted once",) if repeated else ()
    if weighted:
        notes += (f"weights behind the genes of {counted(weighted, 'set')} read, as Enrichr writes them",)
    return LoadingsFile(tuple(sets), notes=notes)


def set_twice(path: Path, line: int, name: str, earlier: int) -> InputError:
    """Return the error for a set that stands twice in a file."""
    return InputError(
        f"{path}, line {line}: the set {name[:60]} occurs already in line {earlier}.",
        hint="Give one of the two another name, or take it out of the file.",
    )


def is_gmt(path: Path) -> bool:
    """Whether the lines of a file are as those of GMT files, and of no table.

    Lines have three fields or more, none of them a number, and differ in their number; or all have descriptions.
    """
    if file_kind(path) not in TEXT_KINDS:
        return False
    rows = first_fields(path)
    filled = [_without_empty_ends(row) for row in rows]
    if len(rows) == 0 or min(map(len, filled)) < 3 or is_title_row(filled[0]) or has_row_names(rows):
        return False
    members = [_WEIGHTED.sub(r"\1", member) for row in filled for member in row[2:] if member]
    are_ids = all(member.isdecimal() for member in members) and len(set(map(len, rows))) > 1
    if (any(map(is_number, members)) and not are_ids) or sum(" " in member for member in members) > 0.1 * len(members):
        return False
    if len({row[0] for row in filled}) < len(filled) or all(read_sign(row[2]) is not None for row in filled):
        return False
    if are_relations(row[1] for row in filled) or (len(rows) > 1 and all(map(is_description, filled[1]))):
        return False
    are_described = all(is_description(row[1]) for row in filled)
    is_ragged = len(set(map(len, rows))) > 1
    is_padded = len(set(map(len, filled))) > 1 and max(map(len, filled)) >= 5 and all(row[2] for row in filled)
    return are_described or (not are_ids and (is_ragged or is_padded))


def is_title_row(fields: Sequence[str]) -> bool:
    """Whether fields are titles of a table of genes, edges or sets."""
    titles = {title_key(field) for field in fields}
    return len(titles & (GENE_WORDS | {*SOURCE_TITLES, *SET_TITLES, *TARGET_TITLES})) > 0


def is_description(field: str) -> bool:
    """Whether a field is empty, says that nothing is known, is an address, or has words."""
    text = field.strip()
    return is_missing(text) or text.startswith((">", "http:", "https:")) or " " in text


def first_fields(path: Path) -> list[list[str]]:
    """Return the fields of the first lines of a text, separated by tabs; comments and empty lines are left out."""
    with open_text(path, packing=NAMES_PACKING) as stream:
        lines = [line for line in itertools.islice(stream, _LOOKED_AT) if line.strip() and not line.startswith("#")]
    return [split_fields(line) for line in lines]


def split_fields(line: str) -> list[str]:
    """Return the fields of a line, separated by tabs, without quotation marks around them."""
    fields = [field.strip() for field in line.rstrip(", \r\n").split("\t")]
    return [field[1:-1].strip() if len(field) > 1 and field[0] == field[-1] == '"' else field for field in fields]


def choose_descriptions(
    path: Path, file: LoadingsFile, form: str, is_gene: Callable[[str], bool], descriptions: bool | None
) -> LoadingsFile:
    """Return gene sets with their second fields taken for genes or for descriptions, as asked or as they look.

    Parameters
    ----------
    path : Path
        The file.
    file : LoadingsFile
        Its sets, second fields read as descriptions.
    form : {"gmt", "gmx"}
        What the file is.
    is_gene : callable
        Whether a name is that of a gene of the panel.
    descriptions : bool, optional
        What they are; decided by what stands there when absent.

    Raises
    ------
    InputError
        Nobody said, and the second fields of many sets are genes of the panel.
    """
    if descriptions is False:
        return replace(file, pathways=tuple(map(_with_first_gene, file.pathways)))
    genes = [pathway for pathway in file.pathways if is_gene(pathway.description)]
    if descriptions is None and 10 * len(genes) >= len(file.pathways):
        raise InputError(
            f"{path}: the second field of {len(genes):,} of {counted(len(file.pathways), 'set')} is a gene of the "
            f"panel ({some([f'{pathway.name}: {pathway.description}' for pathway in genes], 3)}). It may be a "
            f"description, as {form.upper()} files have it, or the first gene of the set.",
            code="gmt-without-descriptions",
        )
    return file


def no_descriptions(path: Path) -> InputError:
    """Return the error for a file that has no second fields of sets, where it was said what they are."""
    return InputError(f"{path} is neither GMT nor GMX, and has no descriptions of sets.")


def _with_first_gene(pathway: GeneLoadings) -> GeneLoadings:
    if not pathway.description or pathway.description in pathway.genes:
        return pathway
    genes, loadings = (pathway.description, *pathway.genes), np.concatenate([[1.0], pathway.loadings])
    return replace(pathway, genes=genes, loadings=loadings, description="")


def has_row_names(rows: Sequence[Sequence[str]]) -> bool:
    """Whether rows are those of a table whose first column numbers them, as R and pandas write it, and of no sets."""
    header, *body = rows or [[]]
    widths = set(map(len, body))
    if len(body) < 2 or len(widths) > 1:
        return False
    is_headed = widths == {len(header) + 1} or (widths == {len(header)} and not header[0])
    numbers = [row[0] for row in body]
    counts = [[str(index + first) for index in range(len(body))] for first in (0, 1)]
    return is_headed and (numbers in counts)


def _without_empty_ends(row: list[str]) -> list[str]:
    filled = len(row)
    while filled and not row[filled - 1]:
        filled -= 1
    return row[:filled]


def _split_weights(members: list[str]) -> tuple[list[str], dict[str, float]]:
    """Return genes without the weights that Enrichr puts behind every one (`TP53,1.0`), and these weights."""
    matches = [_WEIGHTED.fullmatch(member) for member in members]
    if not all(matches):
        return members, {}
    pairs = [(match[1], float(match[2])) for match in matches if match]
    return [gene for gene, _ in pairs], dict(pairs)


def _split_set(path: Path, number: int, line: str) -> tuple[str, str, list[str]]:
    fields = split_fields(line)
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
    return fields[0], fields[1], members
