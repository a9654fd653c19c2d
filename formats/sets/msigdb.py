"""MSigDB's tables of single sets: a property a line, its values in one column for each set."""

from __future__ import annotations

import csv
import itertools
import re
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted
from ..files.kinds import TEXT_KINDS, file_kind
from ..files.limits import NAMES_PACKING, TEXT_COST, MemoryBudget
from ..files.names import check_names
from ..files.opening import open_text
from ..models.gene_loadings import GeneLoadings, LoadingsFile

if TYPE_CHECKING:
    from pathlib import Path

_NAME = "STANDARD_NAME"
_GENES = ("GENE_SYMBOLS", "MEMBERS_SYMBOLIZED", "SOURCE_MEMBERS", "MEMBERS")
"""Properties that list genes; the first that is there counts."""

_DESCRIPTION = "DESCRIPTION_BRIEF"
_LOOKED_AT = 60
"""Lines among which the names and the genes of sets stand; MSigDB writes about twenty."""


def is_msigdb(path: Path) -> bool:
    """Whether a text has MSigDB's properties, one a line, the name and the genes among them."""
    if file_kind(path) not in TEXT_KINDS:
        return False
    with open_text(path, packing=NAMES_PACKING) as stream:
        titles = [
            re.split("[\t,]", line, maxsplit=1)[0].strip('" \r\n') for line in itertools.islice(stream, _LOOKED_AT)
        ]
    return bool(titles) and _NAME in titles[:3] and any(title in _GENES for title in titles)


def read_msigdb(path: Path) -> LoadingsFile:
    """Return the gene sets of MSigDB's table of properties, each gene loading 1.

    Parameters
    ----------
    path : Path
        Lines of a property and its value, the genes between commas; more sets have more columns.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        It has no names or no genes, a set has none of them, or a name stands twice.
    """
    properties = _read_properties(path)
    names = properties.get(_NAME, [])
    title = next((title for title in _GENES if any(properties.get(title, []))), None)
    if not names or title is None:
        raise InputError(f"{path} has no line {_NAME if not names else ' or '.join(_GENES)} with a value.")
    check_names(names, "set", path)
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InputError(f"{path}: two columns are named {twice}.", hint="Give one of the two another name.")
    described = [*properties.get(_DESCRIPTION, []), *[""] * len(names)]
    sets: list[GeneLoadings] = []
    for name, field, description in zip(names, [*properties[title], *[""] * len(names)], described, strict=False):
        genes = tuple(dict.fromkeys(gene for part in re.split("[,;|]", field) if (gene := part.strip())))
        if not genes:
            raise InputError(f"{path}: the gene set {name} has no genes in the line {title}.")
        check_names(genes, f"{name}, gene", path)
        sets.append(GeneLoadings(name, genes, np.ones(len(genes)), is_set=True, description=description))
    note = f"MSigDB's properties of {counted(len(sets), 'set')}: the genes are those of the line {title}"
    return LoadingsFile(tuple(sets), notes=(note,))


def _read_properties(path: Path) -> dict[str, list[str]]:
    """Return the values of each line by its title, without empty ones at the end."""
    properties: dict[str, list[str]] = {}
    budget = MemoryBudget(path)
    with open_text(path, packing=NAMES_PACKING) as stream:
        lines = list(itertools.islice(stream, _LOOKED_AT))
    try:
        is_tabbed = any("\t" in line for line in lines)  # between tabs, quotation marks are those of sentences
        rows = (line.rstrip("\r\n").split("\t") for line in lines) if is_tabbed else csv.reader(lines)
        for title, *values in filter(None, rows):
            budget.reserve(TEXT_COST * (1 + len(values)) + 20 * sum(map(len, values)))
            fields = [value.strip().strip('"') for value in values]
            while fields and not fields[-1]:
                fields.pop()
            properties.setdefault(title.strip().strip('"'), fields)
    except csv.Error as error:
        raise InputError(f"{path} cannot be read as a table: {error}.") from error
    return properties
