"""Samples chosen by a table that stands beside the expression and describes them, one sample a row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from ...engine.errors import InputError, NotFound
from ...engine.estimation.expression import Expression
from ...engine.wording import counted, some
from ..files.kinds import file_kind
from ..files.plain_files import file_name, fingerprint
from ..tables.row_names import describe_match, match_names
from ..traits.covariates import read_covariates
from ..traits.id_columns import find_title
from ..traits.trait_tables import read_trait_table
from .axis_columns import match_values, note_conditions, parse_conditions
from .hdf5 import read_described_cells

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..traits.trait_tables import TraitTable
    from ..traits.traits import TraitFile

GroupKind = Literal["group", "category"]
"""Groups of samples that are not independent, or categories whose means are removed."""


class _Kind(NamedTuple):
    plural: str
    not_found: str
    several_columns: str


_KINDS: Mapping[GroupKind, _Kind] = {
    "group": _Kind("groups", "groups-not-found", "several-columns-of-groups"),
    "category": _Kind("categories", "categories-not-found", "several-columns-of-categories"),
}
"""Of each kind, its plural and the codes of its errors."""


def select_described(expression: Expression, path: Path, where: Sequence[str]) -> tuple[Expression, tuple[str, ...]]:
    """Return the samples that a table describes as wanted, and what was decided.

    Parameters
    ----------
    expression : Expression
        All samples.
    path : Path
        A table with a header; ids are in the column with most names of samples, the first where none has any.
    where : sequence of str
        `COLUMN=VALUE`. Values of one column are alternatives; all columns must agree.

    Raises
    ------
    NotFound
        There is no such file, column or value, or the table describes none of the samples.
    InputError
        The table describes a sample twice, or two columns may name the samples.
    """
    wanted = parse_conditions(where)
    table = _read_described(path, expression.samples)
    row_of = {sample: row for row, sample in enumerate(table.ids)}
    described = [sample in row_of for sample in expression.samples]
    if not any(described):
        raise NotFound(
            f"{path} describes none of the {counted(len(described), 'sample')}: its rows are named "
            f"{some(table.ids, 3)}, and the samples are {some(expression.samples, 3)}."
        )
    mask = np.array(described, dtype=np.bool_)
    for title, values in wanted.items():
        if title not in table.names:
            raise NotFound(f"{path} has no column {title!r}; it has {some(table.names, 20)}.")
        fields = table.column(find_title(path, table.names, title))
        entries = [fields[row_of[sample]] or None if sample in row_of else None for sample in expression.samples]
        mask &= match_values(np.array(entries, dtype=object), title, values, str(path))
    notes = [
        *note_conditions(wanted, mask),
        f"samples described in {file_name(path)}, SHA-256 {fingerprint(path)}",
        *(note.removesuffix(".") for note in table.notes),
    ]
    if not all(described):
        others = [
            sample for sample, is_described in zip(expression.samples, described, strict=True) if not is_described
        ]
        notes.append(
            f"{counted(len(others), 'sample')} that {file_name(path)} does not describe left out: {some(others)}"
        )
    chosen = tuple(sample for sample, is_chosen in zip(expression.samples, mask, strict=True) if is_chosen)
    return Expression(np.ascontiguousarray(expression.values[:, mask]), expression.genes, chosen), tuple(notes)


def read_sample_groups(
    groups: str,
    samples: tuple[str, ...],
    *,
    expression: Path | None,
    table: Path | None,
    kind: GroupKind = "group",
) -> tuple[tuple[str, ...], str]:
    """Return the group or category of each sample, and a note on where they are from.

    Parameters
    ----------
    groups : str
        The title of a column of the table of samples, or of what describes them in an h5ad or loom file; or the path of
        a table of samples and groups.
    samples : tuple of str
        The samples, each of which needs a group.
    expression : Path, optional
        The file of the expression.
    table : Path, optional
        A table that describes the samples.
    kind : {"group", "category"}
        What they are called, and the errors with them.

    Raises
    ------
    NotFound
        There is neither such a column nor such a file.
    InputError
        A sample has no group, or a table has several columns beside the samples.
    """
    if table is not None:
        described = _read_described(table, samples)
        if groups in described.names:
            column = described.column(find_title(table, described.names, groups))
            return _grouped(dict(zip(described.ids, column, strict=True)), samples, table, groups, kind)
    if expression is not None and file_kind(expression) == "hdf5":
        there = read_described_cells(expression, groups)
        if there is not None:
            texts = ("" if entry is None else str(entry) for entry in there[1])
            return _grouped(dict(zip(there[0], texts, strict=True)), samples, expression, groups, kind)
    path = Path(groups)
    if not path.is_file():
        places = " and ".join(file_name(place) for place in (table, expression) if place is not None)
        raise NotFound(
            f"There is no file {groups}, and no column of that title describes the samples{places and ' in '}{places}.",
            code=_KINDS[kind].not_found,
        )
    described = _read_described(path, samples)
    if len(described.names) != 1:
        raise InputError(
            f"{path} has {counted(len(described.names), 'column')} beside the samples: {some(described.names, 20)}.",
            code=_KINDS[kind].several_columns,
        )
    group_of = dict(zip(described.ids, described.column(0), strict=True))
    return _grouped(group_of, samples, path, described.names[0], kind)


def _grouped(
    group_of: dict[str, str], samples: tuple[str, ...], path: Path, title: str, kind: GroupKind
) -> tuple[tuple[str, ...], str]:
    missing = [sample for sample in samples if not group_of.get(sample, "").strip()]
    if missing:
        raise InputError(
            f"{counted(len(missing), 'sample')} without a {kind} in column {title!r} of {path}: {some(missing)}.",
            hint=f"Each sample needs a {kind}; one that is alone has a name of its own.",
        )
    groups = tuple(group_of[sample].strip() for sample in samples)
    return (
        groups,
        f"{counted(len(set(groups)), kind, _KINDS[kind].plural)} of samples from column {title!r} of {file_name(path)}",
    )


def read_sample_covariates(path: Path, samples: tuple[str, ...]) -> tuple[TraitFile, tuple[str, ...]]:
    """Return covariates in the order of samples, and notes on how they were read.

    Parameters
    ----------
    path : Path
        A table of samples and covariates, as for `read_covariates`; it may have other samples, too.
    samples : tuple of str
        The samples, each of which needs its row.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        A sample has no row, or the table cannot be read.
    """
    table = read_covariates(path, known=lambda: samples)
    match = match_names(table.ids, samples, any_x=True)
    row_of = {match[name]: row for row, name in enumerate(table.ids) if name in match}
    missing = [sample for sample in samples if sample not in row_of]
    if missing:
        raise InputError(
            f"{counted(len(missing), 'sample')} of {len(samples):,} without a row in {path}: {some(missing)}.",
            code="samples-without-covariates",
        )
    rows = [row_of[sample] for sample in samples]
    notes = (*table.notes, *describe_match(match, file_name(path)))
    return replace(table, ids=samples, values=np.ascontiguousarray(table.values[rows])), notes


def _read_described(path: Path, samples: tuple[str, ...]) -> TraitTable:
    """Return the table, its rows named by the column that has most names of samples."""
    try:
        table = read_trait_table(path, known=lambda: samples, decimal="point")
    except InputError as error:
        if error.code != "id-column-ambiguous":
            raise
        raise InputError(
            error.message, code="sample-id-column-ambiguous", facts={"offered": error.facts["offered"]}
        ) from None
    match = match_names(table.ids, samples, any_x=True)
    notes = (*table.notes, *describe_match(match, file_name(path)))
    return replace(table, ids=tuple(match.get(name, name) for name in table.ids), notes=notes)
