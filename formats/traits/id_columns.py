"""Which column of a table has the ids: the one whose fields are names that are known, wherever it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from ...engine.errors import InputError, NotFound
from ...engine.wording import counted, some
from ..files.names import check_names
from ..genes.identifiers import spreadsheet_dates
from ..tables.fields import is_missing, is_number
from ..tables.row_names import match_names

if TYPE_CHECKING:
    from pathlib import Path

    from ..tables.table import Row

Names = Callable[[], Iterable[str]]
"""Returns the names that ids may be; asked only where more than one column may have them, as they may cost time."""

Column = Sequence[str]

MOST_GROUPS = 200
"""Most groups of the rows of a table that repeats its ids for each."""


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
            if dates := spreadsheet_dates(unknown):
                shown = some(sorted(dates), 3)
                notes.append(f"Of these ids some look like dates that a spreadsheet made of gene names: {shown}.")
    return rows, notes


def rows_by_id(
    path: Path,
    rows: Sequence[Row],
    ids: int,
    columns: Sequence[int],
    header: Sequence[str],
    *,
    wanted: str | None = None,
) -> tuple[tuple[str, ...], list[Row], str]:
    """Return the ids, their rows, and a note on rows that say the same once more, which are left out.

    Parameters
    ----------
    path : Path
        For the sentence of an error.
    rows : sequence of Row
        All rows.
    ids : int
        The column of the ids.
    columns : sequence of int
        The columns of values.
    header : sequence of str
        The titles of all columns.
    wanted : str, optional
        The title of the only column that counts.

    Raises
    ------
    InputError
        Rows of one id disagree.
    """
    counting = [column for column in columns if header[column] == wanted] or columns
    seen: dict[str, Row] = {}
    repeated: list[str] = []
    pairs: list[tuple[Row, Row]] = []
    for row in rows:
        name = row.fields[ids].strip()
        check_names([name], f"line {row.line}, id", path)
        if name not in seen:
            seen[name] = row
        elif any(row.fields[column].strip() != seen[name].fields[column].strip() for column in counting):
            pairs.append((seen[name], row))
        else:
            repeated.append(name)
    if pairs:
        raise _disagreement(path, rows, pairs, ids, counting, header)
    note = ""
    if repeated:
        is_one = len(repeated) == 1
        say, same = ("row says", "rows say"), "the same as another"
        if list(counting) != list(columns):
            say, same = ("row has", "rows have"), f"the same {wanted} as another of the id"
        is_read = "it is read once" if is_one else "they are read once"
        note = f"{len(repeated):,} {say[not is_one]} {same} ({some(repeated, 3)}), and {is_read}."
    return tuple(seen), list(seen.values()), note


def _disagreement(
    path: Path,
    rows: Sequence[Row],
    pairs: Sequence[tuple[Row, Row]],
    ids: int,
    counting: Sequence[int],
    header: Sequence[str],
) -> InputError:
    """Return the refusal of rows of one id that disagree, with their values, and what parts them."""
    before, now = pairs[0]
    differing = [column for column in counting if before.fields[column].strip() != now.fields[column].strip()]
    column = next((column for column in differing if is_number(now.fields[column])), differing[0])
    name, title = some([now.fields[ids].strip()]), some([header[column]])
    there, here = (row.fields[column].strip() or "empty" for row in (before, now))
    number = len({row.fields[ids].strip() for _, row in pairs})
    more = f" So do {counted(number - 1, 'other id')}." if number > 1 else ""
    group = _group_column(rows, ids, len(header))
    if group is None:
        way = f"Keep one row of each id in the file, such as that of the largest size of {title}, or write their mean."
    else:
        labels = list(dict.fromkeys(row.fields[group].strip() for row in rows))
        way = (
            f"Its rows are of several groups, {some([header[group]])}: {some(labels, 4)}. Leave in the file the rows "
            f"of one, such as {some(labels[:1])}."
        )
    return InputError(
        f"{path}, line {now.line}: {name} occurs already in line {before.line}, and they disagree: {title} is "
        f"{some([here])} here, and {some([there])} there.{more}",
        hint=way,
    )


def _group_column(rows: Sequence[Row], ids: int, width: int) -> int | None:
    """Return the column of groups in each of which an id stands once, or `None`: clusters, contrasts, tissues."""
    for column in range(width):
        labels = Counter(row.fields[column].strip() for row in rows)
        if column == ids or not 1 < len(labels) <= MOST_GROUPS or min(labels.values()) < 2:
            continue
        if len({(row.fields[ids].strip(), row.fields[column].strip()) for row in rows}) == len(rows):
            return column
    return None


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
