"""Samples chosen by a table that stands beside the expression and describes them, one sample a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError, NotFound
from ...engine.estimation.expression import Expression
from ...engine.wording import counted, some
from ..files.delimited import open_table, read_body, read_header
from ..files.plain_files import file_name, fingerprint, require_file
from .axis_columns import match_values, note_conditions, parse_conditions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def select_described(expression: Expression, path: Path, where: Sequence[str]) -> tuple[Expression, tuple[str, ...]]:
    """Return the samples that a table describes as wanted, and what was decided.

    Parameters
    ----------
    expression : Expression
        All samples.
    path : Path
        A table with a header, ids of samples in its first column.
    where : sequence of str
        `COLUMN=VALUE`. Values of one column are alternatives; all columns must agree.

    Raises
    ------
    NotFound
        There is no such file, column or value, or the table describes none of the samples.
    InputError
        The table describes a sample twice, or fewer than three samples are left.
    """
    wanted = parse_conditions(where)
    titles, rows = _read_rows(require_file(path))
    described = [sample in rows for sample in expression.samples]
    if not any(described):
        raise NotFound(
            f"{path} describes none of the {counted(len(described), 'sample')}: its first column has "
            f"{some(list(rows), 3)}, and the samples are {some(expression.samples, 3)}."
        )
    mask = np.array(described, dtype=np.bool_)
    for title, values in wanted.items():
        if title not in titles[1:]:
            raise NotFound(f"{path} has no column {title!r}; it has {some(titles[1:], 20)}.")
        column = titles.index(title)
        entries = [rows[sample][column] or None if sample in rows else None for sample in expression.samples]
        mask &= match_values(np.array(entries, dtype=object), title, values, str(path))
    notes = [*note_conditions(wanted, mask), f"samples described in {file_name(path)}, SHA-256 {fingerprint(path)}"]
    if not all(described):
        others = [
            sample for sample, is_described in zip(expression.samples, described, strict=True) if not is_described
        ]
        notes.append(
            f"{counted(len(others), 'sample')} that {file_name(path)} does not describe left out: {some(others)}"
        )
    chosen = tuple(sample for sample, is_chosen in zip(expression.samples, mask, strict=True) if is_chosen)
    return Expression(np.ascontiguousarray(expression.values[:, mask]), expression.genes, chosen), tuple(notes)


def _read_rows(path: Path) -> tuple[tuple[str, ...], dict[str, list[str]]]:
    """Return the titles of a table, and its rows by their first field."""
    rows: dict[str, list[str]] = {}
    with open_table(path, decimal="point") as table:
        titles = read_header(table)
        for row in read_body(table, len(titles)):
            fields = [field.strip() for field in row.fields]
            if fields[0] in rows:
                raise InputError(f"{path}, line {row.line}: the sample {fields[0]!r} is described a second time.")
            rows[fields[0]] = fields
    return titles, rows
