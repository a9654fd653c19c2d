"""Which column of a table has the ids: the one whose fields are names that are known, wherever it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from ...engine.errors import InputError, NotFound
from ...engine.wording import counted, some
from ..files.names import check_names
from ..tables.fields import is_missing, is_number
from ..tables.row_names import match_names

if TYPE_CHECKING:
    from pathlib import Path

    from ..tables.table import Row

Names = Callable[[], Iterable[str]]
"""Returns the names that ids may be; asked only where more than one column may have them, as they may cost time."""

Column = Sequence[str]


def find_title(path: Path, titles: Sequence[str], wanted: str) -> int:
    """Return the index of a column.

    Raises
    ------
    NotFound
        There is no such title.
    InputError
        Two columns have it.
    """
    if wanted not in titles:
        raise NotFound(
            f"{path} has no column {some([wanted])}; it has {some(titles, 20)}.",
            hint="Titles are those of the first line, in the same letters.",
        )
    if list(titles).count(wanted) > 1:
        raise InputError(f"{path} has two columns named {some([wanted])}.", hint="Give each column its own name.")
    return list(titles).index(wanted)


def choose_ids(
    path: Path, titles: Sequence[str], columns: Sequence[Column], first: int, known: Names, are_ids: Sequence[bool]
) -> tuple[int, str]:
    """Return the column that has the ids, and a note where it is not the one that is expected.

    Parameters
    ----------
    path : Path
        For the sentence of an error.
    titles : sequence of str
        One a column.
    columns : sequence of sequence of str
        The fields of each.
    first : int
        The column that has the ids where nothing is known of them.
    known : callable
        Returns the names that they may be.
    are_ids : sequence of bool
        Whether a title says that ids are below it.

    Raises
    ------
    InputError
        Two columns have as many known names, and not the same.
    """
    others = [
        column
        for column, fields in enumerate(columns)
        if column != first and (are_ids[column] or not any(map(is_number, fields)))
    ]
    if not others:
        return first, ""
    names = list(known())
    matches = {column: _match(columns[column], names) for column in (first, *others)}
    scores = {column: len(set(match.values())) for column, match in matches.items()}
    best = max(scores.values())
    strong = [column for column in (first, *others) if best and 2 * scores[column] > best]
    if not strong or strong == [first]:
        return first, ""
    if len(strong) > 1 and _differ([[matches[column].get(field) for field in columns[column]] for column in strong]):
        titled = [column for column in strong if are_ids[column]]
        if len(titled) != 1:
            offered = [titles[column] for column in strong]
            raise InputError(
                f"{path}: the ids may be in the columns {some(offered)}, which have about as many of the known names "
                "and not the same in each row.",
                code="id-column-ambiguous",
                facts={"offered": some(offered)},
            )
        strong = titled
    chosen = max(strong, key=lambda column: scores[column])
    if chosen == first:
        return first, ""
    number, rows = scores[chosen], len(columns[chosen])
    note = (
        f"ids are those of the column {some([titles[chosen]])}: {number:,} of {counted(rows, 'row')} {_have(number)} "
        f"a known name there, and {scores[first]:,} in {some([titles[first]]) or 'the first column'}."
    )
    return chosen, note


def drop_rows_without_id(ids: Sequence[str], known: Names | None) -> tuple[list[int], list[str]]:
    """Return the rows that have an id, and notes on the others.

    Rows without one are left out, and so are ids that stand in several rows and are none of the known names.
    """
    blank = {name for name in ids if is_missing(name)}
    blank -= set(known()) if blank and known is not None else set()  # nan is a gene of the fly
    rows = [row for row, name in enumerate(ids) if name not in blank]
    notes: list[str] = []
    if len(rows) < len(ids):
        number = len(ids) - len(rows)
        notes.append(f"{counted(number, 'row')} without an id {_are(number)} left out.")
    counts = Counter(ids[row] for row in rows)
    repeated = [name for name, count in counts.items() if count > 1]
    if repeated and known is not None:
        unknown = set(repeated) - match_names(repeated, known(), any_x=True).keys()
        number = sum(counts[name] for name in unknown)
        if unknown and len(unknown) < len(counts):
            rows = [row for row in rows if ids[row] not in unknown]
            shown = some([name for name in repeated if name in unknown], 3)
            notes.append(f"{number:,} rows of ids that stand in several rows and are not known ({shown}) are left out.")
    return rows, notes


def rows_by_id(
    path: Path, rows: Sequence[Row], ids: int, columns: Sequence[int], header: Sequence[str]
) -> tuple[tuple[str, ...], list[Row], str]:
    """Return the ids, their rows, and a note on rows that say the same once more, which are left out."""
    seen: dict[str, Row] = {}
    repeated: list[str] = []
    for row in rows:
        name = row.fields[ids].strip()
        check_names([name], f"line {row.line}, id", path)
        if name not in seen:
            seen[name] = row
            continue
        differing = [column for column in columns if row.fields[column].strip() != seen[name].fields[column].strip()]
        if differing:
            before, now = (rows.fields[differing[0]].strip() or "empty" for rows in (seen[name], row))
            raise InputError(
                f"{path}, line {row.line}: {some([name])} occurs already in line {seen[name].line}, and they disagree: "
                f"{some([header[differing[0]]])} is {some([now])} here, and {some([before])} there.",
                hint="Keep one row of each.",
            )
        repeated.append(name)
    note = ""
    if repeated:
        does, is_read = ("row says", "it is read once") if len(repeated) == 1 else ("rows say", "they are read once")
        note = f"{len(repeated):,} {does} the same as another ({some(repeated, 3)}), and {is_read}."
    return tuple(seen), list(seen.values()), note


def _match(fields: Column, names: Sequence[str]) -> dict[str, str]:
    """Return of the fields the known names that they are; those spelt otherwise where none is as it stands."""
    here = set(names)
    exact = {field: field for field in fields if field in here}
    return exact or match_names(list(dict.fromkeys(fields)), names, any_x=True)


def _differ(columns: Sequence[Sequence[str | None]]) -> bool:
    """Whether two columns have different names in one row."""
    return any(len({name for name in row if name is not None}) > 1 for row in zip(*columns, strict=True))


def _have(number: int) -> str:
    return "has" if number == 1 else "have"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
