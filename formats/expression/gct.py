"""GCT files of version 1.3: what describes samples and genes stands between their names and the numbers."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError, NotFound
from ...engine.wording import some
from ..files.names import clipped
from ..tables.delimited import peek
from .axis_columns import match_values, note_conditions, parse_conditions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from ..tables.table import Table


def has_metadata(table: Table) -> bool:
    """Whether a table is a GCT file of version 1.3."""
    return table.is_gct and table.comments[0].startswith("#1.3")


def without_metadata(table: Table, gene_column: str | None, where: Sequence[str]) -> tuple[Table, tuple[str, ...]]:
    """Return the names and numbers alone of a GCT 1.3 table.

    Parameters
    ----------
    table : Table
        Of which nothing has been read yet but its first rows.
    gene_column : str, optional
        The column of metadata that names the genes; the ids by default.
    where : sequence of str
        `COLUMN=VALUE`: take the samples of which the metadata say this.

    Returns
    -------
    Table
        Of version 1.2, its first row `gene_id` and the names of samples.
    tuple of str
        What was decided.

    Raises
    ------
    NotFound
        There are no such metadata.
    InputError
        The second line does not say the four sizes, or the rows do not fit them.
    """
    rows, columns, row_metadata, column_metadata = _read_sizes(table)
    start, before = 1 + row_metadata, table.before
    lines = _split_lines(table, start + columns)
    numbered = ((number, fields) for number, fields in lines if fields)
    last, header = next(numbered, (before, list[str]()))
    metadata: list[tuple[str, list[str]]] = []
    for number, fields in islice(numbered, column_metadata):
        last = number
        metadata.append((fields[0], fields[start:]))
    if len(metadata) < column_metadata:
        raise InputError(f"{table.path} claims {column_metadata:,} rows of metadata, and has {len(metadata):,}.")
    name = _find_column(table, header[:start], gene_column)
    mask, decisions = _select_samples(table, metadata, where, columns)
    chosen = [name, *(start + np.flatnonzero(mask)).tolist()]
    alone = replace(
        table,
        comments=("#1.2", f"{rows}\t{len(chosen) - 1}"),
        lines=(
            "\t".join(fields[i] for i in chosen) + "\n" if fields else "\n"
            for fields in _with_header(header, name, lines)
        ),
        before=last - 1,
        is_quoted=False,
    )
    also = f"; it also has {some(header[1:start])}" if row_metadata and gene_column is None else ""
    return peek(alone), (f"gene names are the column {clipped(header[name])}{also}", *decisions)


def _read_sizes(table: Table) -> list[int]:
    claimed = table.comments[1].replace(",", " ").split()[:4] if len(table.comments) > 1 else []
    if len(claimed) < 4 or not all(size.isdecimal() and len(size) < 10 for size in claimed):
        raise InputError(
            f"{table.path} is a GCT file of version 1.3 whose second line does not say how many rows, columns, and "
            "columns and rows of metadata it has."
        )
    return [int(size) for size in claimed]


def _split_lines(table: Table, width: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the fields of each line, none of a blank one."""
    for number, line in enumerate(table.lines, start=table.before + 1):
        fields = line.rstrip("\r\n").split("\t")
        if not any(map(str.strip, fields)):
            yield number, []
            continue
        if len(fields) < width or any(map(str.strip, fields[width:])):
            raise InputError(
                f"{table.path}, line {number} has {len(fields)} fields where its second line makes it {width}."
            )
        yield number, [field.strip() for field in fields]


def _with_header(header: list[str], name: int, lines: Iterator[tuple[int, list[str]]]) -> Iterator[list[str]]:
    """Yield all rows, the header with a title above the names that says what they are."""
    yield [*header[:name], "gene_id", *header[name + 1 :]]
    yield from (fields for _, fields in lines)


def _find_column(table: Table, titles: Sequence[str], wanted: str | None) -> int:
    if wanted is None:
        return 0
    if wanted not in titles:
        raise NotFound(f"{table.path} has no column {wanted!r} beside its genes; it has {some(titles, 20)}.")
    return list(titles).index(wanted)


def _select_samples(
    table: Table, metadata: Sequence[tuple[str, list[str]]], where: Sequence[str], count: int
) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    mask, wanted = np.ones(count, dtype=np.bool_), parse_conditions(where)
    for name, values in wanted.items():
        rows = [entries for title, entries in metadata if title == name]
        if not rows:
            there = some([title for title, _ in metadata], 20) or "none"
            raise NotFound(f"{table.path} has no row {name!r} of metadata; it has {there}.")
        if any(entries[:count] != rows[0][:count] for entries in rows):
            raise InputError(f"{table.path} has {len(rows)} rows {name!r} of metadata, which differ.")
        column = np.array([entry or None for entry in rows[0][:count]], dtype=object)
        mask &= match_values(column, name, values, str(table.path))
    return mask, note_conditions(wanted, mask)
