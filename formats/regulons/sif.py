"""Networks in SIF files: a source, a relation and its targets in each line, without a header."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING, get_args

import numpy as np

from ...engine.choices import UnknownSign
from ...engine.errors import InputError, check_choice
from ...engine.wording import counted, some
from ..files.kinds import TEXT_KINDS, file_kind
from ..files.limits import NAMES_PACKING, TEXT_COST, MemoryBudget
from ..files.names import check_names
from ..files.opening import open_text
from ..models.gene_loadings import GeneLoadings, LoadingsFile
from .signs import (
    SignMarks,
    are_relations,
    describe_completed,
    describe_settled,
    describe_unsettled,
    read_sign,
    spell_dashes,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ..files.opening import TextIO

_LOOKED_AT = 20


def is_sif(path: Path) -> bool:
    """Whether the second fields of the lines of a file are known as relations."""
    if file_kind(path) not in TEXT_KINDS:
        return False
    with open_text(path, packing=NAMES_PACKING) as stream:
        rows = [fields for _, fields in itertools.islice(_edges(stream), _LOOKED_AT)]
    return all(len(row) >= 3 for row in rows) and are_relations(row[1] for row in rows)


def read_sif(path: Path, *, unknown_sign: UnknownSign = "error", sign_column: str | None = None) -> LoadingsFile:
    """Return one pathway a source, each of its targets loading the sign of its relation, or 1 where none has a sign.

    Parameters
    ----------
    path : Path
        Lines of source, relation and targets, separated by tabs, or by spaces where no tab is. A name alone is no edge.
    unknown_sign : {"error", "drop", "plus"}
        What becomes of pairs whose relation has no sign, where those of others have.
    sign_column : {"none"}, optional
        "none" reads no sign.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        A line has two fields, a name is empty, or the signs of some relations are not known.
    """
    check_choice("unknown sign", unknown_sign, get_args(UnknownSign))
    if sign_column not in (None, "none"):
        raise InputError(f"{path} is a SIF file: its signs are those of its relations, and no column {sign_column!r}.")
    edges: dict[str, dict[str, set[str]]] = {}
    relations: Counter[str] = Counter()
    names: dict[str, str] = {}
    with open_text(path, packing=NAMES_PACKING) as stream:
        budget = MemoryBudget(path)
        for number, fields in _edges(stream):
            if len(fields) == 1:
                continue
            if len(fields) == 2:
                raise InputError(f"{path}, line {number} has a source and a relation, and no target.")
            source, relation, *targets = fields
            check_names((source, *targets), f"line {number}, name", path)
            relations[relation] += len(targets)
            relation = names.setdefault(relation, relation)
            for target in targets:
                budget.reserve(3 * TEXT_COST + len(target))
                edges.setdefault(source, {}).setdefault(target, set()).add(relation)
    if not edges:
        raise InputError(f"{path} holds no edge.")
    sign_of = _signs_of(relations)
    is_signed = sign_column is None and any(sign_of.values())
    listed = some([f"{name} ({count:,})" for name, count in relations.most_common()])
    notes = [
        f"relations: {listed}"
        if is_signed
        else f"relations, none of which has a sign: {listed}; all are taken as activation"
    ]
    if not is_signed:
        every = {source: dict.fromkeys(targets, 1) for source, targets in edges.items()}
    else:
        signs = {
            source: {target: {sign_of[name] for name in kinds} for target, kinds in targets.items()}
            for source, targets in edges.items()
        }
        every, note = _settle(path, signs, unknown_sign)
        notes += note
    return LoadingsFile(tuple(_regulons(every, is_signed=is_signed)), notes=tuple(notes))


def _edges(stream: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the fields of each line that is neither empty nor a comment."""
    for number, line in enumerate(stream, start=1):
        if line.strip() and not line.startswith("#"):
            fields = line.rstrip("\r\n").split("\t") if "\t" in line else line.split()
            yield number, [field.strip().strip('"') for field in fields if field.strip()]


def _signs_of(relations: Iterable[str]) -> dict[str, int]:
    """Return the sign of each relation, 0 where it has none; a dash is a minus beside a plus, and no word of a sign."""
    marks, relations = SignMarks(), tuple(relations)
    for relation in relations:
        marks.add(relation)
    return {name: read_sign(spell_dashes(name, are_minus=marks.are_dashes_minus)) or 0 for name in relations}


def _settle(
    path: Path, signs: dict[str, dict[str, set[int]]], unknown_sign: UnknownSign
) -> tuple[dict[str, dict[str, int]], list[str]]:
    """Return the sign of each pair, those of unknown sign as chosen, and notes."""
    unknown = [
        (source, target)
        for source, targets in signs.items()
        for target, found in targets.items()
        if len(found - {0}) != 1
    ]
    pairs = sum(map(len, signs.values()))
    both = sum(len(signs[source][target] - {0}) > 1 for source, target in unknown)
    if unknown and unknown_sign == "error":
        raise InputError(
            f"{path}: {describe_unsettled(pairs, len(unknown) - both, both)}, such as {unknown[0][0]} → "
            f"{unknown[0][1]}.",
            code="unknown-signs",
        )
    every = {
        source: {
            target: sum(found - {0}) if len(found - {0}) == 1 else 1
            for target, found in targets.items()
            if len(found - {0}) == 1 or unknown_sign == "plus"
        }
        for source, targets in signs.items()
    }
    negative = sum(sign < 0 for targets in every.values() for sign in targets.values())
    notes = [f"{negative:,} of {counted(sum(map(len, every.values())), 'pair')} repressing, from their relations"]
    in_part = sum(0 in found and len(found) == 2 for targets in signs.values() for found in targets.values())
    if in_part:
        notes.append(describe_completed(in_part))
    if unknown:
        notes.append(describe_settled(len(unknown) - both, both, left_out=unknown_sign == "drop"))
    return every, notes


def _regulons(every: dict[str, dict[str, int]], *, is_signed: bool) -> Iterator[GeneLoadings]:
    for source, targets in every.items():
        if targets:
            weights = np.array(list(targets.values()), dtype=np.float64)
            yield GeneLoadings(source, tuple(targets), weights, source=source, is_set=not is_signed)
