"""Regulons: tables of source, target, weight and sign, as TRRUST, OmniPath, CollecTRI and SCENIC write them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np

from ...engine.choices import UnknownSign
from ...engine.errors import InputError, NotFound, check_choice
from ...engine.wording import counted, some
from ..files.delimited import check_names, clipped, is_missing, is_number, open_table, read_body, read_header
from ..files.limits import NAMES_PACKING, TEXT_COST, MemoryBudget
from ..files.table_numbers import read_numbers
from ..genes.orientation import title_word
from ..models.gene_loadings import GeneLoadings, LoadingsFile
from .signs import FLAG_TITLES, hold_signs, is_sign_title, read_flags, read_sign, split_regulon_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..files.delimited import Row, Table

SOURCE_TITLES = (
    "source_genesymbol", "source", "tf", "regulator", "tf_name", "tf_symbol", "tf_gene", "regulator_symbol",
    "regulator_name", "source_gene", "source_symbol", "source_name", "pathway", "regulon", "geneset", "gene_set",
    "set", "term", "from",
)  # fmt: skip
TARGET_TITLES = (
    "target_genesymbol", "target", "target_gene", "target_symbol", "target_name", "targetgene", "gene", "genesymbol",
    "gene_symbol", "symbol", "to",
)  # fmt: skip
WEIGHT_TITLES = (
    "weight",
    "mor",
    "importance",
    "coef_mean",
    "coef",
    "coefficient",
    "likelihood_weight",
    "beta",
    "rho",
    "cor",
    "corr",
    "correlation",
)
NOT_SIGNS = frozenset({"sign_decision", "pmid", "references", "reference", "resources", "source_db", "evidence"})
"""Titles of columns that say where a sign comes from."""

SET_TITLES = frozenset({"pathway", "regulon", "geneset", "gene_set", "set", "term"})
"""Titles of sources that are sets of genes and no genes."""

PROGENY = frozenset(
    "androgen egfr estrogen hypoxia jak-stat mapk nfkb p53 pi3k tgfb tnfa trail vegf wnt".split()  # noqa: SIM905
)
"""The pathways of PROGENy: a table of no other sources is about pathways, though some are called as genes are."""

_SOURCE_COST = 1000
"""Bytes of memory of a source, beside its targets."""


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where a table has its sources, targets, weights and signs; two columns of flags may stand for the sign."""

    source: int
    target: int
    weight: int | None
    signs: tuple[int, ...]


@dataclass
class _Pairs:
    """What has been read of the pairs.

    Their weights by source, the line of each whose sign is not known, whether there are weights or signs at all, and
    the first pair with a negative weight, and of a positive one with a negative sign.
    """

    weights: dict[str, dict[str, float]]
    unknown: dict[tuple[str, str], int]
    is_signed: bool
    negative: str = ""
    turned: str = ""


def is_regulon_header(header: Sequence[str]) -> bool:
    """Whether a header names sources and targets, or a first row without a header has a sign as TRRUST's has."""
    titles = [title_word(title) for title in header]
    if _find(titles, SOURCE_TITLES) is not None and _find(titles, TARGET_TITLES) is not None:
        return True
    return _is_trrust(header)


def read_regulons(path: Path, *, unknown_sign: UnknownSign = "error", sign_column: str | None = None) -> LoadingsFile:
    """Return one pathway a source, its targets loading their signed weights.

    Columns are found by their titles in any case: `source`, `tf`, `regulator` or `pathway`; `target` or `gene`;
    `weight`, `mor`, `importance` or `coef_mean`; signs under `sign`, `mode`, `effect` and the like, or as the flags
    `is_stimulation` and `is_inhibition`. Without weights every target loads 1. A pair that stands twice with one weight
    counts once; one of both signs has none. The targets of a SCENIC regulon TF(-) load with the opposite sign.

    Parameters
    ----------
    path : Path
        A table with a header, plain or packed; or TRRUST's, which has none.
    unknown_sign : {"error", "drop", "plus"}
        What becomes of pairs whose sign the file does not know.
    sign_column : str, optional
        The title of the column of signs; "none" reads no sign.

    Raises
    ------
    NotFound
        There is no such file, or no such column.
    InputError
        The header names no sources or targets, a name is empty, a weight is missing or not finite, a sign is not
        known, a column may hold signs and is not read, or a pair stands twice with different weights.
    """
    check_choice("unknown sign", unknown_sign, get_args(UnknownSign))
    with open_table(path, packing=NAMES_PACKING) as table:
        header = read_header(table)
        has_header = not _is_trrust(header)
        if not has_header:
            header = ("source", "target", "mode", "PMID")[: len(header)]
        columns = _find_columns(table, header, sign_column)
        pairs = _read_pairs(table, header, columns, after_header=has_header)
    if not pairs.weights:
        raise InputError(f"{path} holds no regulon: there is nothing below its header.")
    notes = [_note_weights(header, columns, pairs)]
    notes += _settle_unknown(path, pairs, unknown_sign)
    are_sets = title_word(header[columns.source]) in SET_TITLES or {s.casefold() for s in pairs.weights} <= PROGENY
    regulons = [_regulon(source, targets, pairs, are_sets) for source, targets in pairs.weights.items() if targets]
    if are_sets:
        notes.append(f"column {header[columns.source]!r} names sets of genes, not regulators")
    if not has_header:
        notes.insert(0, "no header: read as source, target, mode of regulation, as TRRUST writes them")
    return LoadingsFile(tuple(regulons), notes=tuple(notes))


def _regulon(source: str, targets: dict[str, float], pairs: _Pairs, is_gene_set: bool) -> GeneLoadings:
    loadings = np.array(list(targets.values()), dtype=np.float64)
    if is_gene_set:
        return GeneLoadings(source, tuple(targets), loadings, is_set=not pairs.is_signed)
    gene, sign = split_regulon_name(source)
    if sign < 0 and np.all(loadings >= 0):
        loadings = -loadings
    return GeneLoadings(source, tuple(targets), loadings, source=gene, is_set=not pairs.is_signed and sign > 0)


def _is_trrust(first: Sequence[str]) -> bool:
    """Whether a first row is one of data: source, target, a sign in words, and perhaps references."""
    if len(first) not in (3, 4) or title_word(first[0]) in SOURCE_TITLES:
        return False
    return bool(re.fullmatch(r"[A-Za-z]{6,}", first[2])) and read_sign(first[2]) is not None


def _find(titles: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((titles.index(title) for title in wanted if title in titles), None)


def _find_columns(table: Table, header: Sequence[str], sign_column: str | None) -> _Columns:
    titles = [title_word(title) for title in header]
    source, target = _find(titles, SOURCE_TITLES), _find(titles, TARGET_TITLES)
    if source is None or target is None:
        raise InputError(
            f"{table.path} has no columns of sources and targets; its columns are {', '.join(header)[:200]}.",
            hint="Name them source, target and weight.",
        )
    weight = _find(titles, WEIGHT_TITLES)
    if sign_column is not None and sign_column != "none":
        if sign_column not in header:
            raise NotFound(f"{table.path} has no column {sign_column!r}; it has {some(header, 10)}.")
        return _Columns(source, target, weight, (list(header).index(sign_column),))
    signs = () if sign_column == "none" else _find_signs(table, header, {source, target}, weight)
    return _Columns(source, target, weight, signs)


def _find_signs(table: Table, header: Sequence[str], names: set[int], weight: int | None) -> tuple[int, ...]:
    """Return the columns of signs, and refuse one that may hold signs under another title."""
    titles = [title_word(title) for title in header]
    for plus, minus in FLAG_TITLES:
        if plus in titles and minus in titles:
            return titles.index(plus), titles.index(minus)
    body = [row.fields for row in table.first[1:]]
    fields = {
        column: [row[column] for row in body if column < len(row) and not is_missing(row[column])]
        for column in range(len(header))
        if column not in names and column != weight
    }
    titled = [column for column in fields if is_sign_title(header[column])]
    readable = [column for column in titled if all(read_sign(field) is not None for field in fields[column])]
    if readable:
        return (readable[0],)
    if titled and (weight is None or not any(_is_negative(row[weight]) for row in body if weight < len(row))):
        field = next((field for field in fields[titled[0]] if read_sign(field) is None), "")
        raise InputError(
            f"{table.path} has signs in its column {header[titled[0]]!r}, and {clipped(field)} is not known as one.",
            code="sign-not-known",
            facts={"column": header[titled[0]]},
        )
    has_signs = weight is not None and any(_is_negative(row[weight]) for row in body if weight < len(row))
    for column, cells in fields.items():
        if has_signs or not cells or (titles[column] in NOT_SIGNS and not hold_signs(cells)):
            continue
        if _names_one_sign(titles[column]) and all(read_flags(cell, "0") is not None for cell in cells):
            raise InputError(
                f"The column {header[column]!r} of {table.path} may say which pairs have one sign of regulation, and "
                "there is no column of the other.",
                code="one-flag-of-sign",
                facts={"column": header[column]},
            )
        if hold_signs(cells) or any(_is_negative(cell) for cell in cells):
            raise InputError(
                f"The column {header[column]!r} of {table.path} may hold the signs of regulation, such as "
                f"{clipped(next(cell for cell in cells if _is_negative(cell) or read_sign(cell) == -1))}, or something "
                "else.",
                code="column-may-be-signs",
                facts={"column": header[column]},
            )
    if weight is None and "sign_decision" in titles:
        raise InputError(
            f"{table.path} says in 'sign_decision' how signs were decided, and has no column of the signs themselves.",
            code="column-may-be-signs",
            facts={"column": "sign_decision"},
        )
    return ()


def _names_one_sign(title: str) -> bool:
    """Whether a title names activation or repression alone, as `is_repressor` does."""
    return any(stem in title for stem in ("activat", "stimulat", "repress", "inhibit"))


def _is_negative(field: str) -> bool:
    return is_number(field) and float(field) < 0


def _read_pairs(table: Table, header: Sequence[str], columns: _Columns, *, after_header: bool) -> _Pairs:
    pairs, budget = (
        _Pairs({}, {}, is_signed=columns.weight is not None or bool(columns.signs)),
        MemoryBudget(table.path),
    )
    for row in read_body(table, len(header), after_header=after_header):
        source, target = row.fields[columns.source].strip(), row.fields[columns.target].strip()
        check_names((source, target), f"line {row.line}, name", table.path)
        weight, sign = _read_weight(table, row, columns, header), _read_row_sign(table, row, columns, header)
        pair = f"line {row.line}, {source} → {target}"
        if weight < 0:
            pairs.negative = pairs.negative or pair
        if weight > 0 > sign or weight < 0 < sign:
            pairs.turned = pairs.turned or pair
        if pairs.negative and pairs.turned and columns.signs:
            raise InputError(
                f"{table.path}: the weights have signs ({pairs.negative}), and those in column "
                f"{header[columns.signs[0]]!r} are others ({pairs.turned}).",
                code="weight-against-sign",
            )
        signed = math.copysign(weight, sign) if sign and weight >= 0 else weight
        if source not in pairs.weights:
            budget.reserve(_SOURCE_COST)
        targets = pairs.weights.setdefault(source, {})
        if target in targets:
            budget.count_repeat()
        else:
            budget.reserve(2 * TEXT_COST + len(target))
        if columns.signs and sign == 0:
            pairs.unknown.setdefault((source, target), row.line)
            targets.setdefault(target, signed)
        elif targets.setdefault(target, signed) != signed:
            known = targets[target]
            if columns.signs and abs(known) == abs(signed):
                pairs.unknown.setdefault((source, target), row.line)
                continue
            raise InputError(
                f"{table.path}, line {row.line}: {source} → {target} has the weight {signed:g}, "
                f"and in an earlier line {known:g}.",
                hint="Keep one of the two rows.",
            )
    return pairs


def _read_row_sign(table: Table, row: Row, columns: _Columns, header: Sequence[str]) -> int:
    """Return the sign of a row, 0 where it is not known or there is no column of signs."""
    if not columns.signs:
        return 0
    fields = [row.fields[column] for column in columns.signs]
    sign = read_flags(*fields) if len(fields) == 2 else read_sign(fields[0])
    if sign is None:
        raise InputError(
            f"{table.path}, line {row.line}: {clipped(fields[0])} in column {header[columns.signs[0]]!r} is not known "
            "as a sign of regulation.",
            code="sign-not-known",
            facts={"column": header[columns.signs[0]]},
        )
    return sign


def _settle_unknown(path: Path, pairs: _Pairs, unknown_sign: UnknownSign) -> list[str]:
    """Apply what is chosen for pairs of unknown sign, and return a note on them."""
    if not pairs.unknown:
        return []
    every = sum(map(len, pairs.weights.values()))
    (source, target), line = next(iter(pairs.unknown.items()))
    if unknown_sign == "error":
        raise InputError(
            f"{path}: {len(pairs.unknown):,} of {counted(every, 'pair')} have no known sign, or both signs, such as "
            f"{source} → {target} (line {line}).",
            code="unknown-signs",
        )
    for source, target in pairs.unknown:
        if unknown_sign == "drop":
            del pairs.weights[source][target]
        else:
            pairs.weights[source][target] = abs(pairs.weights[source][target])
    what = "left out" if unknown_sign == "drop" else "taken as activation"
    return [f"{counted(len(pairs.unknown), 'pair')} of unknown sign {what}"]


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


def _note_weights(header: Sequence[str], columns: _Columns, pairs: _Pairs) -> str:
    every = [weight for targets in pairs.weights.values() for weight in targets.values()]
    titles = " and ".join(repr(header[column]) for column in columns.signs)
    signs = f"{sum(w < 0 for w in every):,} of {counted(len(every), 'pair')} repressing, from column {titles}"
    if columns.weight is None:
        return f"no column of weights: every target has the weight 1{f'; {signs}' if titles else ''}"
    title = header[columns.weight]
    weights = f"{counted(len(every), 'weight')} from column {title!r}, {min(every):g} to {max(every):g}"
    return f"{weights}; {signs}" if titles else weights
