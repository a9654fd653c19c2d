"""Networks in the .adj files of ARACNe: a regulator a line, and behind it its targets and their weights."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted
from ..files.kinds import TEXT_KINDS, file_kind
from ..files.limits import NAMES_PACKING, TEXT_COST, MemoryBudget
from ..files.names import check_names, clipped
from ..files.opening import open_text
from ..files.packed import without_packing
from ..models.gene_loadings import GeneLoadings, LoadingsFile
from ..tables.fields import is_number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..files.opening import TextIO

_LOOKED_AT = 20


def is_adjacency(path: Path) -> bool:
    """Whether the lines of a file are a name, and then names and numbers in turn.

    Comments that begin with `>`, or the ending `.adj`, say what it is; without them, lines have several targets, and
    not all as many: else it may be an edge list with further columns.
    """
    if file_kind(path) not in TEXT_KINDS:
        return False
    with open_text(path, packing=NAMES_PACKING) as stream:
        top = list(itertools.islice(stream, _LOOKED_AT))
    rows = [fields for _, fields in _rows(iter(top))]
    widths = set(map(len, rows))
    comments = [line for line in top if line.startswith(">")]
    if any(line.count("\t") > 1 for line in comments):  # a header, perhaps of other columns
        return False
    if comments or without_packing(path.name).lower().endswith(".adj"):
        return any(len(fields) >= 3 and _is_row(fields) for fields in rows)
    return all(map(_is_row, rows)) and len(widths) > 1 and max(widths) >= 7


def read_adjacency(path: Path) -> LoadingsFile:
    """Return one pathway a regulator, its targets loading their mutual information.

    Parameters
    ----------
    path : Path
        Lines of a regulator, and then targets and numbers in turn, between tabs. A name alone has no target.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        A line has a target without a number, a number is not finite, a pair stands twice with different numbers, there
        is no edge, or most pairs stand in both directions: nothing says then which of the two regulates the other.
    """
    edges: dict[str, dict[str, float]] = {}
    with open_text(path, packing=NAMES_PACKING) as stream:
        budget = MemoryBudget(path)
        for number, (source, *fields) in _rows(stream):
            if len(fields) % 2:
                raise InputError(f"{path}, line {number}: {clipped(fields[-1])} has no number behind it.")
            for target, field in zip(fields[::2], fields[1::2], strict=True):
                check_names((source, target), f"line {number}, name", path)
                if not is_number(field) or not math.isfinite(float(field)):
                    raise InputError(
                        f"{path}, line {number}: {clipped(field)} behind {source} → {target} is not a finite number."
                    )
                budget.reserve(2 * TEXT_COST + len(target))
                known = edges.setdefault(source, {}).setdefault(target, float(field))
                if known != float(field):
                    raise InputError(
                        f"{path}, line {number}: {source} → {target} has the weight {field}, and before {known:g}."
                    )
    count = sum(map(len, edges.values()))
    if not count:
        raise InputError(f"{path} holds no edge.")
    _refuse_undirected(path, edges, count)
    numbers = [weight for targets in edges.values() for weight in targets.values()]
    note = (
        f"a regulator a line, as ARACNe writes them: {counted(count, 'weight')}, {min(numbers):g} to {max(numbers):g}"
    )
    notes = [note] if min(numbers) < 0 else [note, "no pair has a sign of repression: all are taken as activation"]
    regulons = (
        GeneLoadings(source, tuple(targets), np.array(list(targets.values())), source=source)
        for source, targets in edges.items()
    )
    return LoadingsFile(tuple(regulons), notes=tuple(notes))


def _refuse_undirected(path: Path, edges: dict[str, dict[str, float]], count: int) -> None:
    """Refuse edges of which most stand in both directions, as those of all genes with all genes do."""
    both = sum(source in edges.get(target, {}) for source, targets in edges.items() for target in targets)
    if len(edges) > 1 and 2 * both > count:
        raise InputError(
            f"{path}: {both:,} of {counted(count, 'pair')} stand in both directions: nothing says which of two genes "
            "regulates the other.",
            hint="Keep the lines of regulators alone; ARACNe writes these where it is given a list of them.",
        )


def _is_row(fields: list[str]) -> bool:
    names, numbers = [*fields[:1], *fields[1::2]], fields[2::2]
    return len(fields) % 2 == 1 and not any(map(is_number, names)) and all(map(is_number, numbers))


def _rows(lines: TextIO | Iterator[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the fields of each line that is neither empty nor a comment."""
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.startswith((">", "#")):
            fields = [field.strip().strip('"') for field in line.rstrip("\r\n").split("\t")]
            while fields and not fields[-1]:
                fields.pop()
            yield number, fields
