"""Regulons: tables of source, target and weight, as CollecTRI, DoRothEA and SCENIC write them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted
from ..files.delimited import check_names, clipped, open_table, read_body, read_header
from ..files.limits import NAMES_PACKING, TEXT_COST, MemoryBudget
from ..files.table_numbers import read_numbers
from ..genes.orientation import title_word
from ..models.gene_loadings import GeneLoadings, LoadingsFile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..files.delimited import Row, Table

SOURCE_TITLES = ("source_genesymbol", "source", "tf", "regulator")
TARGET_TITLES = ("target_genesymbol", "target", "target_gene")
WEIGHT_TITLES = ("weight", "mor", "importance")

_SOURCE_COST = 1000
"""Bytes of memory of a source, beside its targets."""


@dataclass(frozen=True, slots=True)
class _Columns:
    source: int
    target: int
    weight: int | None


def is_regulon_header(header: Sequence[str]) -> bool:
    """Whether a header names sources and targets."""
    titles = [title_word(title) for title in header]
    return _find(titles, SOURCE_TITLES) is not None and _find(titles, TARGET_TITLES) is not None


def read_regulons(path: Path) -> LoadingsFile:
    """Return one pathway a source, its targets loading their weights.

    Columns are found by their titles in any case, others are left alone: `source`, `tf` or `regulator`; `target`;
    `weight`, `mor` or `importance`. Without weights every target loads 1. A pair that stands twice with one weight
    counts once.

    Parameters
    ----------
    path : Path
        A table with a header, plain or gzip.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        The header names no sources or targets, a name is empty, a weight is missing or not finite, or a pair stands
        twice with different weights; the line is named.
    """
    weights: dict[str, dict[str, float]] = {}
    with open_table(path, packing=NAMES_PACKING) as table:
        budget = MemoryBudget(path)
        header = read_header(table)
        columns = _find_columns(path, header)
        for row in read_body(table, len(header)):
            source, target = row.fields[columns.source].strip(), row.fields[columns.target].strip()
            check_names((source, target), f"line {row.line}, name", path)
            weight = _read_weight(table, row, columns, header)
            if source not in weights:
                budget.reserve(_SOURCE_COST)
            targets = weights.setdefault(source, {})
            if target in targets:
                budget.count_repeat()
            else:
                budget.reserve(2 * TEXT_COST + len(target))
            if targets.setdefault(target, weight) != weight:
                raise InputError(
                    f"{path}, line {row.line}: {source} → {target} has the weight {weight:g}, "
                    f"and in an earlier line {targets[target]:g}.",
                    hint="Keep one of the two rows.",
                )
    if not weights:
        raise InputError(f"{path} holds no regulon: there is nothing below its header.")
    return LoadingsFile(
        tuple(_regulon(source, targets, is_set=columns.weight is None) for source, targets in weights.items()),
        notes=(_note_weights(header, columns, weights),),
    )


def _regulon(source: str, targets: dict[str, float], *, is_set: bool) -> GeneLoadings:
    loadings = np.array(list(targets.values()), dtype=np.float64)
    return GeneLoadings(source, tuple(targets), loadings, source=source, is_set=is_set)


def _find(titles: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((titles.index(title) for title in wanted if title in titles), None)


def _find_columns(path: Path, header: Sequence[str]) -> _Columns:
    titles = [title_word(title) for title in header]
    source, target = _find(titles, SOURCE_TITLES), _find(titles, TARGET_TITLES)
    if source is None or target is None:
        raise InputError(
            f"{path} has no columns of sources and targets; its columns are {', '.join(header)[:200]}.",
            hint="Name them source, target and weight.",
        )
    return _Columns(source, target, _find(titles, WEIGHT_TITLES))


def _read_weight(table: Table, row: Row, columns: _Columns, header: Sequence[str]) -> float:
    if columns.weight is None:
        return 1.0
    field = row.fields[columns.weight]
    (weight,) = read_numbers(table, row, [columns.weight], header)
    if not math.isfinite(weight):
        raise InputError(
            f"{table.path}, line {row.line}: the weight {clipped(field)} of {row.fields[columns.source]} → "
            f"{row.fields[columns.target]} is not a finite number."
        )
    return weight


def _note_weights(header: Sequence[str], columns: _Columns, weights: dict[str, dict[str, float]]) -> str:
    if columns.weight is None:
        return "no column of weights: every target has the weight 1"
    every = [weight for targets in weights.values() for weight in targets.values()]
    title = header[columns.weight]
    return f"{counted(len(every), 'weight')} from column {title!r}, {min(every):g} to {max(every):g}"
