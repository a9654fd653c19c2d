"""Captions above a table, alone in their rows, and Perseus's rows about its columns below the header."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...engine.wording import counted, some
from .fields import is_blank, is_number
from .table import plain_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .table import Row, Table

WORDS_OF_A_SENTENCE = 3
"""Fewest words of a caption that nothing but its words tells from the title of a column."""


def below_captions(table: Table) -> tuple[Sequence[Row], int, str]:
    """Return the rows that are looked at first from the header on, how many rows stand above it, and a note on these.

    Captions have one field, the first, above titles with numbers below them; or several words above any table. One that
    its commas part has a sentence in its first field, and fewer fields than the titles below it. Rows about columns, as
    Perseus writes them, are left out of those that are returned.
    """
    rows = tuple(plain_row(row) for row in table.first if not is_of_columns(row))
    skip = 0
    while len(rows) > skip + 2 and _is_caption(rows[skip], rows[skip + 1 :]):
        skip += 1
    shown = [", ".join(field.strip() for field in row.fields if field.strip()) for row in rows[:skip]]
    is_skipped = "is skipped" if skip == 1 else "are skipped"
    note = f"{counted(skip, 'line')} above the table {is_skipped}: {some(shown, 3)}." if skip else ""
    return rows[skip:], skip, note


def is_of_columns(row: Row) -> bool:
    """Whether a row says something of the columns above, as those of Perseus do, which begin with `#!{Type}`."""
    return row.fields[0].lstrip().startswith("#!{")


def _is_caption(row: Row, below: Sequence[Row]) -> bool:
    """Whether a row is a caption of those below it."""
    table = [other.fields for other in below if len(_filled(other.fields)) > 1][:2]
    fields = _filled(row.fields)
    if len(table) < 2 or not row.fields[0].strip():
        return False
    titles, values = map(_filled, table)
    are_titles = not any(is_number(title) or is_blank(title) for title in titles)
    words = len(row.fields[0].split())
    if len(fields) == 1:
        if are_titles and any(map(is_number, values)):
            return True
        is_wide = len(titles) > 2
        return words > 1 if is_wide else words >= WORDS_OF_A_SENTENCE and not is_number(titles[1])
    is_parted = list(row.fields[: len(fields)]) == fields and words >= WORDS_OF_A_SENTENCE
    return is_parted and are_titles and len(fields) < len(titles) - 1 and len(titles) == len(table[0])


def _filled(fields: Sequence[str]) -> list[str]:
    return [field for field in fields if field.strip()]
