"""Regulons: tables of source, target, weight and sign, as TRRUST, OmniPath, CollecTRI and SCENIC write them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, get_args

import numpy as np

from ...engine.choices import UnknownSign
from ...engine.errors import InputError, check_choice
from ...engine.wording import counted
from ..files.limits import NAMES_PACKING, TEXT_COST, MemoryBudget
from ..files.names import check_names
from ..models.gene_loadings import GeneLoadings, LoadingsFile
from ..tables.delimited import open_table, read_body
from ..tables.fields import is_unnamed
from .edge_tables import Names, require_layout
from .perturbations import note_changes
from .regulon_columns import find_columns, read_weight
from .row_marks import RowMarks
from .row_signs import SignReader, width_of
from .signs import describe_completed, describe_settled, describe_unsettled, split_regulon_name
from .titles import is_group_title
from .unread_columns import look_at_unread, note_unread, refuse_flags_of_members, refuse_unread_signs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..tables.table import Row, Table
    from .edge_tables import Layout
    from .row_signs import Sign
    from .unread_columns import Columns

PROGENY = frozenset(
    "androgen egfr estrogen hypoxia jak-stat mapk nfkb p53 pi3k tgfb tnfa trail vegf wnt".split()  # noqa: SIM905
)
"""The pathways of PROGENy: a table of no other sources is about pathways, though some are called as genes are."""

_SOURCE_COST = 1000
"""Bytes of memory of a source, beside its targets."""


@dataclass
class _Pairs:
    """What has been read of the pairs.

    Their weights by source, the line of each whose sign no entry knows, and of each that has both signs; those with a
    known sign that other entries do not know; whether there are weights or signs at all, whether there is a column of
    signs, what rows say of themselves, the first pair with a negative weight, and the first with a weight of the other
    sign; how many rows have no gene.
    """

    weights: dict[str, dict[str, float]]
    is_signed: bool
    has_sign_column: bool
    marks: RowMarks
    unknown: dict[tuple[str, str], int] = field(default_factory=dict["tuple[str, str]", int])
    disputed: dict[tuple[str, str], int] = field(default_factory=dict["tuple[str, str]", int])
    completed: set[tuple[str, str]] = field(default_factory=set["tuple[str, str]"])
    negative: str = ""
    turned: str = ""
    unnamed: int = 0


def read_regulons(
    path: Path,
    *,
    unknown_sign: UnknownSign = "error",
    sign_column: str | None = None,
    weight_column: str | None = None,
    gene_column: str | None = None,
    source_column: str | None = None,
    set_column: str | None = None,
) -> LoadingsFile:
    """Return one pathway a source, its targets loading their signed weights.

    Columns are found by their titles in any case and several languages: `source`, `tf`, `regulator` or `pathway`;
    `target` or `gene`; `weight`, `mor`, `importance` or `coef_mean`; signs under `sign`, `mode`, `effect` and the
    like, or as the flags `is_stimulation` and `is_inhibition`. Without weights every target loads 1. A pair that stands
    twice with one weight counts once; one of both signs has none, and a known sign counts beside an unknown one. The
    targets of a SCENIC regulon TF(-) load with the opposite sign.

    Parameters
    ----------
    path : Path
        A table with a header, plain or packed; or TRRUST's or RegNetwork's, which have none.
    unknown_sign : {"error", "drop", "plus"}
        What becomes of pairs whose sign the file does not know.
    sign_column, weight_column : str, optional
        The titles of the columns of signs and weights; "none" reads no sign, or gives every target the weight 1.
    gene_column, source_column, set_column : str, optional
        The titles of the columns of targets or members, of regulators, and of names of sets; or their numbers, from 1,
        where a table has no header.

    Raises
    ------
    NotFound
        There is no such file, or no such column.
    InputError
        The header names no sources or targets, a name is empty, a weight is missing or not finite, a sign is not
        known, a column may hold signs and is not read, a pair stands twice with different weights, or the second of
        two columns without titles has no more names than the first: it may be that of regulators.
    """
    check_choice("unknown sign", unknown_sign, get_args(UnknownSign))
    with open_table(path, packing=NAMES_PACKING) as table:
        layout = require_layout(table, Names(gene_column, source_column, set_column))
        columns = find_columns(path, layout, sign_column, weight_column)
        changes = note_changes(path, layout, columns.signs, columns.weight, columns.perturbation)
        pairs = _read_pairs(table, layout, columns)
    if not pairs.weights:
        why = "all rows say NOT" if pairs.marks.negated else "there is nothing below its header"
        raise InputError(f"{path} holds no regulon: {why}.")
    if layout.may_be_swapped:
        _refuse_swapped(path, layout, pairs)
    is_signed = bool(columns.signs or pairs.negative) or sign_column == "none"
    has_negative = sign_column is not None or any(w < 0 for targets in pairs.weights.values() for w in targets.values())
    are_groups = layout.are_sets and is_group_title(layout.header[layout.source])
    refuse_unread_signs(path, columns, is_signed=is_signed, has_negative=has_negative, are_groups=are_groups)
    are_sets = layout.are_sets or {source.casefold() for source in pairs.weights} <= PROGENY
    notes = [layout.note] if layout.note else []
    if are_sets and columns.weight is None and weight_column is None:
        refuse_flags_of_members(path, columns)
    notes += [
        _note_weights(layout.header, columns, pairs, are_sets=are_sets),
        *changes,
        *note_unread(layout.header, columns),
    ]
    if pairs.unnamed:
        notes.append(f"{counted(pairs.unnamed, 'row')} without a gene in {layout.header[layout.target]!r} skipped")
    notes += pairs.marks.notes(pairs.weights)
    notes += _settle_unknown(path, pairs, unknown_sign)
    regulons = [_regulon(source, targets, pairs, are_sets) for source, targets in pairs.weights.items() if targets]
    if are_sets:
        notes.append(f"column {layout.header[layout.source]!r} names sets of genes, not regulators")
    return LoadingsFile(tuple(regulons), notes=tuple(notes))


def _refuse_swapped(path: Path, layout: Layout, pairs: _Pairs) -> None:
    """Refuse edges whose order alone says what is a regulator, where the second names are as few as the first."""
    sources, targets = len(pairs.weights), len(set[str]().union(*pairs.weights.values()))
    if targets > sources or (sources == targets == 1):
        return
    numbers = (layout.source + 1, layout.target + 1)
    raise InputError(
        f"{path} has no header, {counted(sources, 'name')} in column {numbers[0]} and {targets:,} in column "
        f"{numbers[1]}: either may be that of the regulators, which are fewer than their targets in most networks.",
        code="regulators-or-targets",
        facts={"first": str(numbers[0]), "second": str(numbers[1])},
    )


def _regulon(source: str, targets: dict[str, float], pairs: _Pairs, is_gene_set: bool) -> GeneLoadings:
    loadings = np.array(list(targets.values()), dtype=np.float64)
    if is_gene_set:
        return GeneLoadings(source, tuple(targets), loadings, is_set=not pairs.is_signed)
    gene, sign = split_regulon_name(source)
    if sign < 0 and np.all(loadings >= 0):
        loadings = -loadings
    return GeneLoadings(source, tuple(targets), loadings, source=gene, is_set=not pairs.is_signed and sign > 0)


def _read_pairs(table: Table, layout: Layout, columns: Columns) -> _Pairs:
    marks = RowMarks(layout.header, (layout.source, layout.target))
    pairs = _Pairs({}, columns.weight is not None or bool(columns.signs), bool(columns.signs), marks)
    signs = SignReader(table, layout, columns)
    budget = MemoryBudget(table.path)
    width = width_of(table, layout)
    unread = list(columns.unread.items())
    named = 0
    for plain in read_body(table, width, after_header=layout.has_header):
        row = layout.expand(plain)
        source, target = row.fields[layout.source].strip(), row.fields[layout.target].strip()
        if is_unnamed(target):
            pairs.unnamed += 1
            continue
        if marks.is_negated(row, source, target):
            continue
        _check_pair(table.path, row, layout)
        named += 1
        unread = look_at_unread(row.fields, unread)
        weight = read_weight(table.path, row, layout, columns)
        if columns.are_members and not weight:
            continue
        if not layout.are_sets:
            marks.look_for_direction(row, source, target)
        sign = signs.read(row)
        pair = f"line {row.line}, {source} → {target}"
        _note_signs(table.path, pairs, pair, weight, sign)
        signed = math.copysign(weight, sign.value) if sign.is_known and weight >= 0 else weight
        if source not in pairs.weights:
            budget.reserve(_SOURCE_COST)
        targets = pairs.weights.setdefault(source, {})
        if target in targets:
            budget.count_repeat()
        else:
            budget.reserve(2 * TEXT_COST + len(target))
        _add_pair(table.path, pairs, (source, target), signed, row.line, sign)
    if pairs.unnamed > named:
        raise _mostly_unnamed(table.path, layout, pairs.unnamed, named)
    marks.refuse_undirected(table.path)
    signs.refuse_positive()
    return pairs


def _note_signs(path: Path, pairs: _Pairs, pair: str, weight: float, sign: Sign) -> None:
    """Keep the first pair of negative weight, and the first whose weight is against its sign; refuse both together."""
    if weight < 0:
        pairs.negative = pairs.negative or pair
    if weight > 0 > sign.value or weight < 0 < sign.value:
        pairs.turned = pairs.turned or pair
    if pairs.negative and pairs.turned and pairs.has_sign_column:
        raise InputError(
            f"{path}: the weights have signs ({pairs.negative}), and those in the column of signs are others "
            f"({pairs.turned}).",
            code="weight-against-sign",
        )


def _check_pair(path: Path, row: Row, layout: Layout) -> None:
    """Refuse a row of which a name is empty, too long or cannot be printed."""
    source, target = row.fields[layout.source].strip(), row.fields[layout.target].strip()
    if not source:
        what = "set" if layout.are_sets else "regulator"
        raise InputError(
            f"{path}, line {row.line}: {target} has no {what} in column {layout.header[layout.source]!r}: that of the "
            "row above, as merged cells have it, or none.",
            hint="Write the name in each row, or take such rows out of the file.",
        )
    check_names((source, target), f"line {row.line}, name", path)


def _mostly_unnamed(path: Path, layout: Layout, unnamed: int, named: int) -> InputError:
    have = "has" if unnamed == 1 else "have"
    return InputError(
        f"{path}: {unnamed:,} of {counted(unnamed + named, 'row')} {have} no gene in column "
        f"{layout.header[layout.target]!r}: they may belong to the gene above, as in merged cells, or to none.",
        hint="Write the gene in each row, or take such rows out of the file.",
    )


def _add_pair(path: Path, pairs: _Pairs, pair: tuple[str, str], signed: float, line: int, sign: Sign) -> None:
    """Add a pair, or refuse it where it stands already with another weight.

    A sign that is known counts beside one that is not; of both signs, a pair has none.
    """
    targets = pairs.weights[pair[0]]
    is_new, known = pair[1] not in targets, targets.setdefault(pair[1], signed)
    if known != signed and not (pairs.has_sign_column and abs(known) == abs(signed)):
        raise InputError(
            f"{path}, line {line}: {pair[0]} → {pair[1]} has the weight {signed:g}, and in an earlier line {known:g}.",
            hint="Keep one of the two rows.",
        )
    if sign.is_disputed or (sign.is_known and known != signed and pair not in pairs.unknown):
        pairs.disputed.setdefault(pair, line)
    elif sign.is_unknown and is_new:
        pairs.unknown[pair] = line
    elif sign.is_unknown and pair not in pairs.unknown:
        pairs.completed.add(pair)
    elif sign.is_known and pair in pairs.unknown:
        del pairs.unknown[pair]
        targets[pair[1]] = signed
        pairs.completed.add(pair)
    if sign.is_known_in_part:
        pairs.completed.add(pair)


def _settle_unknown(path: Path, pairs: _Pairs, unknown_sign: UnknownSign) -> list[str]:
    """Apply what is chosen for pairs of unknown sign, and return notes on them and on those that are known in part."""
    unknown = pairs.unknown | pairs.disputed
    completed = len(pairs.completed - unknown.keys())
    notes = [describe_completed(completed)] if completed else []
    if not unknown:
        return notes
    every, both = sum(map(len, pairs.weights.values())), len(pairs.disputed)
    (source, target), line = next(iter(unknown.items()))
    if unknown_sign == "error":
        raise InputError(
            f"{path}: {describe_unsettled(every, len(unknown) - both, both)}, such as {source} → {target} "
            f"(line {line}).",
            code="unknown-signs",
        )
    for source, target in unknown:
        if unknown_sign == "drop":
            del pairs.weights[source][target]
        else:
            pairs.weights[source][target] = abs(pairs.weights[source][target])
    return [*notes, describe_settled(len(unknown) - both, both, left_out=unknown_sign == "drop")]


def _note_weights(header: Sequence[str], columns: Columns, pairs: _Pairs, *, are_sets: bool) -> str:
    every = [weight for targets in pairs.weights.values() for weight in targets.values()]
    titles = " and ".join(repr(header[column] or "relation") for column in columns.signs)
    titles = f"{titles}, whose numbers have signs" if columns.are_numbers else titles
    signs = f"{sum(w < 0 for w in every):,} of {counted(len(every), 'pair')} repressing, from column {titles}"
    if not titles and not are_sets and min(every) >= 0:
        titles, signs = "none", "no pair has a sign of repression: all are taken as activation"
    if columns.are_members and columns.weight is not None:
        return f"the genes that column {header[columns.weight]!r} marks: {counted(len(every), 'member')} of the sets"
    if columns.weight is None and are_sets:
        return f"every gene of a set has the weight 1{f'; {signs}' if titles else ''}"
    if columns.weight is None:
        return f"no column of weights: every target has the weight 1{f'; {signs}' if titles else ''}"
    title = header[columns.weight]
    weights = f"{counted(len(every), 'weight')} from column {title!r}, {min(every):g} to {max(every):g}"
    return f"{weights}; {signs}" if titles else weights
