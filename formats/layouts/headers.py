"""The header of a table: which row it is, what stands above it and below, and the titles that it gives."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from ...engine.errors import InputError
from ...engine.wording import some
from ..files.names import clipped
from ..genes.identifiers import guess_vocabulary
from ..genes.orientation import GENE_WORDS, SAMPLE_WORDS, title_word
from ..tables.fields import is_missing, is_number
from ..tables.table import Row
from .titles import ID_WORDS, describes_samples, is_annotation, is_index_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..tables.table import Table

MOST_BELOW = 5
"""Most rows under the header that describe samples."""

RISING = 6
"""Fewest rising whole numbers that are names of samples; fewer may be measured values."""


def below_titles(table: Table) -> tuple[list[Row], list[str]]:
    """Return the first rows from the header on, and a note on the titles above it."""
    rows = list(table.first)
    width = max((len(row.fields) for row in rows[1:]), default=0)
    skipped: list[Row] = []
    while len(rows) > 2 and width > 2 and _is_remark(rows[0].fields, width):
        skipped.append(rows.pop(0))
    if len(rows) > 2 and _are_groups(rows[0].fields, rows[1].fields):
        group = rows.pop(0)
        skipped.append(group)
        corner, *titles = rows[0].fields
        rows[0] = Row(rows[0].line, [corner.strip() or group.fields[0], *titles])
    titles = [", ".join(field.strip() for field in row.fields if field.strip()) for row in skipped]
    return rows, [f"above the header skipped: {some(titles, 3)}"] if skipped else []


def _is_remark(fields: Sequence[str], width: int) -> bool:
    """Whether a row above a header has one field alone, or two as instruments write their settings: name and value."""
    filled = [field for field in fields if field.strip()]
    if len(filled) == 2 and width > 4 and filled == list(fields[:2]):
        return len(fields) == 2 or not is_number(filled[1])
    return len(filled) == 1


def _are_groups(top: Sequence[str], below: Sequence[str]) -> bool:
    """Whether a row has titles of groups, each above the first of several columns, whose own titles stand below it."""
    above, titles = [field.strip() for field in top[1:]], [field.strip() for field in below[1:]]
    are_titles = len(titles) > 2 and all(titles) and len(set(titles)) == len(titles) and not any(map(is_number, titles))
    return are_titles and 1 < sum(map(bool, above)) < len(titles) / 2 and not any(map(is_number, filter(None, above)))


def rows_of_text(below: Sequence[Row]) -> int:
    """Return how many rows under the header hold text on samples, perhaps numbers on them between, above all others."""
    if len(below) < 2:
        return 0
    last = below[-1].fields
    numeric = [column for column in range(1, len(last)) if is_number(last[column])]
    if len(numeric) < 2:
        return 0
    count = 0
    for number, row in enumerate(below[:-1], start=1):
        cells = [row.fields[column] for column in numeric if column < len(row.fields)]
        is_text = bool(cells) and not any(map(is_number, cells))
        is_empty = all(not cell.strip() for cell in cells)
        is_titled = title_word(row.fields[0]) in GENE_WORDS | SAMPLE_WORDS | ID_WORDS
        if is_text and not (is_empty and not is_titled):
            count = number
        elif not describes_samples(row.fields[0]):  # ages above sexes, for one, go with the rows of text
            break
    return count if count <= MOST_BELOW else 0


def with_distinct_titles(titles: tuple[str, ...], rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the titles, from a row below them where they repeat and that one does not."""
    if len(set(titles[1:])) == len(titles) - 1:
        return titles
    for row in rows[1:]:
        fields = [field.strip() for field in row.fields[1:]]
        if len(fields) == len(titles) - 1 and all(fields) and len(set(fields)) == len(fields):
            return (titles[0], *fields)
    return titles


def has_header(table: Table, top: Sequence[str], below: Sequence[Row]) -> bool:
    """Whether the first row is a header.

    Raises
    ------
    InputError
        Both readings are plausible.
    """
    if table.is_gct or len(top) < len(below[0].fields):
        return True
    cells = [field.strip() for field in top[1:]]
    while cells and not cells[-1]:
        cells.pop()
    numeric = [cell for cell in cells if cell and (is_number(cell) or is_missing(cell))]
    under = [row.fields[1 + i] for row in below for i in range(len(cells)) if 1 + i < len(row.fields)]
    # Text columns that describe genes have text in both rows where there is no header.
    texts = [i for i, cell in enumerate(cells) if cell and not (is_number(cell) or is_missing(cell))]
    describes = all(not any(is_number(row.fields[1 + i]) for row in below if 1 + i < len(row.fields)) for i in texts)
    if not numeric or not describes:
        return True
    corner = title_word(top[0])
    is_title = corner in GENE_WORDS | SAMPLE_WORDS | ID_WORDS or is_annotation(top[0])
    if is_title or (is_index_title(top[0]) and not corner.isdigit()):
        return True
    if texts and any(is_annotation(cells[i]) for i in texts):
        return True
    if len(set(numeric)) < len(numeric) or not all(cell.isdecimal() for cell in numeric):
        return False
    steps = [int(b) - int(a) for a, b in pairwise(numeric)]
    names = [row.fields[0].strip() for row in below]
    of_their_kind = _is_of_their_kind(top[0].strip(), names)
    counts_up = bool(steps) and all(step == 1 for step in steps)
    rises = len(steps) >= RISING - 1 and all(step > 0 for step in steps)
    decimals = sum("." in cell or "e" in cell.lower() for cell in under) * 2 > len(under)
    if (counts_up or rises or decimals) and not of_their_kind:
        return True
    if of_their_kind and not (counts_up or rises or decimals):
        return False
    shown = some(numeric, 3)
    raise InputError(
        f"The first row of {table.path} may be a header (of samples named {shown}) or the values of a first gene, "
        f"{clipped(top[0])}.",
        code="header-or-values",
    )


def _is_of_their_kind(name: str, names: Sequence[str]) -> bool:
    """Whether a name is one of a kind with others: of one vocabulary, or next to them in the alphabet."""
    vocabulary = guess_vocabulary(names)
    if vocabulary is not None:
        return guess_vocabulary([name]) == vocabulary
    in_order = all(a.casefold() <= b.casefold() for a, b in pairwise([name, *names]))
    return len(names) > 3 and in_order
