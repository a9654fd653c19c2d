"""Samples chosen by a table that stands beside the expression and describes them, one sample a row."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError, NotFound
from ...engine.estimation.expression import Expression
from ...engine.wording import counted, some
from ..files.plain_files import file_name, fingerprint
from ..tables.row_names import describe_match, match_names
from ..traits.id_columns import find_title
from ..traits.trait_tables import read_trait_table
from .axis_columns import match_values, note_conditions, parse_conditions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..traits.trait_tables import TraitTable


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
