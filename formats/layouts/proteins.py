"""Tables of MaxQuant: rows that are of no protein, and zeros that are no measurements."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import numpy as np

from ...engine.wording import counted, some
from ..genes.orientation import title_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ..tables.table import Table

_MARKS = frozenset({"reverse", "potential_contaminant", "contaminant", "only_identified_by_site"})
"""Titles of columns in which a + marks a row that is of no protein."""

_PREFIX = re.compile(r"(CON|REV)__.*")
"""Ids of contaminants and of reversed sequences."""

_INTENSITIES = re.compile(r"(lfq_intensity|ibaq|intensity|reporter_intensity)(_.*)?")


def mark_columns(titles: Sequence[str]) -> list[int]:
    """Return the columns in which a + marks contaminants, reversed sequences and proteins known by one site."""
    return [column for column, title in enumerate(titles) if title_word(title) in _MARKS]


def marked_rows(table: Table, above: int, columns: Sequence[int]) -> NDArray[np.bool_]:
    """Return which rows below a header are marked in one of some columns, shape (rows,)."""
    rows = itertools.islice(table.rows, above, None)
    return np.array([any(row.fields[c].strip() == "+" for c in columns if c < len(row.fields)) for row in rows])


def no_proteins(names: Sequence[str]) -> NDArray[np.bool_]:
    """Return which names are those of contaminants or reversed sequences, shape (names,)."""
    return np.array([bool(_PREFIX.fullmatch(name)) for name in names], dtype=np.bool_)


def note_no_proteins(titles: Sequence[str], count: int) -> str:
    """Return a note on rows that are skipped."""
    marks = some([repr(title) for title in titles]) if titles else "ids as CON__ and REV__"
    return f"{counted(count, 'row')} of contaminants, reversed sequences or single sites skipped: {marks}"


def note_zeros(titles: Sequence[str], values: NDArray[np.float64]) -> tuple[str, ...]:
    """Return a note on zeros among intensities, which are written where a protein was not quantified."""
    zeros = int(np.count_nonzero(values == 0))
    if not zeros or not all(_INTENSITIES.fullmatch(title_word(title)) for title in titles):
        return ()
    note = (
        f"{zeros:,} of {values.size:,} intensities are 0, which MaxQuant writes where a protein was not quantified: "
        "they are taken as measured; impute them before, or leave out proteins that have many"
    )
    return (note,)
