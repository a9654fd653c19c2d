"""Signals in delimited text: a column of ids, whatever order they stand in, and columns of numbers."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from shlex import quote
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError, NotFound
from ...engine.wording import counted, some
from ..files.western import note_western
from ..tables.fields import is_blank, is_number
from ..tables.id_titles import TITLES, normalised
from .fields import describe_field, kind_of, truth_numbers, two_words, without_unit
from .id_columns import find_title
from .missing_codes import all_numbers, blank_codes, codes_of, describe_codes, refuse_codes
from .tested_tables import describe_fold_changes, describe_logarithms, refuse_p_values, signal_of_test
from .trait_layouts import MOST_TURNED
from .trait_tables import read_trait_table, refuse_repeated_titles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from .id_columns import Names
    from .trait_tables import TraitTable

NO_TRAITS = TITLES - {"", "run", "cell", "trait"}
"""Titles of columns that are ids and no traits, unless they are named."""

PLINK_COLUMNS = frozenset({"sid", "pid", "mid", "pat", "mat", "father", "mother", "sex", "gender"})
"""Titles of columns that are no traits in a file of PLINK's, unless they are named."""

RANKS = frozenset({"rank", "ranks", "ranking", "rang"})
"""Titles of columns that are no traits beside other numbers, unless they are named."""


_MEASUREMENTS = re.compile(
    r"(plate|batch|lane|chip|slide|array|run|flowcell|well|row|col|column|position|box|rack|tube|center|centre|site|visit|"
    r"replicate|rep|order|wave)(id|no|nr|num|number|idx|index)?"
)
"""Titles of columns that say where and when samples were measured, in small letters and without signs."""

_EVENT = re.compile(
    r".*(event|censor|censored|cens|status|vitalstatus|death|dead|died|deceased|relapsed|progressed)|(os|pfs|dfs|rfs|efs|"
    r"dss|dmfs)(e|s|i|ind|indicator)?"
)
"""Titles of columns that say whether an event came, in small letters and without signs."""


@dataclass(frozen=True, slots=True)
class TraitFile:
    """Numbers by id.

    Parameters
    ----------
    ids : tuple of str
        n genes or samples, each once.
    names : tuple of str
        m columns.
    values : ndarray of float64, shape (n, m)
        NaN where a value is missing.
    samples : tuple of str or None
        Which samples the numbers were made from, where the file says so in a line `# samples: a, b, c`.
    notes : tuple of str
        Sentences on how the file was read.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    values: NDArray[np.float64]
    samples: tuple[str, ...] | None
    notes: tuple[str, ...] = ()


@note_western(as_sentence=True)
def read_traits(
    path: Path,
    only: str | None = None,
    *,
    missing_values: Sequence[object] | None = None,
    known: Names | None = None,
    id_column: str | None = None,
    row_ids: Path | None = None,
) -> TraitFile:
    """Return the signals of a table: ids in one column, numbers in the others.

    Parameters
    ----------
    path : Path
        Text, plain or gzip, with or without a header; or a phenotype file of PLINK's, whose ids are in the column IID.
        Ids are in the first column, unless another has more of the known names. An empty field, or NA, is missing.
    only : str, optional
        The column to read, or the row where the ids stand in the header; all columns of numbers when absent.
    missing_values : sequence of str or float, optional
        Codes that stand for a missing value, empty where none does; -9 in files of PLINK's when absent.
    known : callable, optional
        Returns the names that ids may be, by which the column of ids is found.
    id_column : str, optional
        The title of the column of ids.
    row_ids : Path, optional
        A list of ids, for a table of numbers alone that has as many rows, in one order: GEMMA's phenotypes.

    Raises
    ------
    NotFound
        There is no such file, or no such column.
    InputError
        A field is no number, an id stands twice, or no column holds numbers; numbers may be a code for missing, and no
        codes are named; two columns may have the ids; or it is a table of differential expression, and no column is
        named.
    """
    table = read_trait_table(
        path, known=known, id_column=id_column, wanted=only, most_turned=MOST_TURNED, row_ids=row_ids
    )
    table, counts = blank_codes(table, codes_of(table, missing_values))
    table, sentences = _asnumbers_of(table, only)
    wanted, notes = _chosen(table, only, path)
    notes += [f"{path.name}: {sentences[column]}" for column in wanted if column in sentences]
    names = tuple(table.names[column] for column in wanted)
    values = np.column_stack([numbers_of(table, column, path) for column in wanted])
    notes += describe_codes(path, names, [counts[column] for column in wanted], as_plink=missing_values is None)
    notes += [*describe_fold_changes(path, names, values), *describe_logarithms(path, names, values)]
    if missing_values is None:
        for index, name in enumerate(names):
            refuse_codes(path, name, values[:, index], is_phenotype=table.is_plink)
    return TraitFile(table.ids, names, values, table.samples, (*table.notes, *notes))


def _chosen(table: TraitTable, only: str | None, path: Path) -> tuple[list[int], list[str]]:
    """Return the columns that are signals, and a note on those that are not."""
    if only is not None:
        if only not in table.names:
            raise NotFound(
                f"{path} has no column {some([only])}; it has {some(table.names, 20)}.",
                hint="Titles are those of the first line, in the same letters.",
            )
        chosen = find_title(path, table.names, only)
        numeric = {name: fields for index, name in enumerate(table.names) if all_numbers(fields := table.column(index))}
        refuse_p_values(path, only, table.column(chosen), numeric)
        return [chosen], []
    refuse_repeated_titles(path, table.names)
    columns = range(len(table.names))
    numeric = [column for column in columns if all_numbers(table.column(column))]
    if not numeric:
        _refuse_without_numbers(table, path)
    of_type = [column for column in numeric if table.types and table.types[column] in "PB"]
    numeric = of_type or numeric
    no_traits = NO_TRAITS | PLINK_COLUMNS if table.is_plink else NO_TRAITS
    numeric = [column for column in numeric if normalised(table.names[column]) not in no_traits] or numeric
    numeric = [column for column in numeric if not _tells_of_measurement(table, column)] or numeric
    fields_of = {table.names[column]: table.column(column) for column in numeric}
    signals, notes = signal_of_test(path, table.names, fields_of)
    numeric = [column for column in numeric if table.names[column] in signals]
    others = [column for column in columns if column not in numeric]
    for column in others:
        fields = table.column(column)
        if 2 * sum(map(is_like_number, fields)) > len(fields) and not all_numbers(fields):
            numbers_of(table, column, path)  # numbers but for a few: says which is none
    names = [table.names[column] for column in numeric]
    if len(names) > 1:
        notes.append(f"{path.name}: each of {len(names):,} columns of numbers is a signal of its own: {some(names)}.")
    notes += _describe_survival(path, table, numeric)
    if others:
        notes.append(f"{path.name}: no signal is read from {some([table.names[column] for column in others])}.")
    return numeric, notes


def _tells_of_measurement(table: TraitTable, column: int) -> bool:
    """Whether a column has ranks, or numbers of plates, batches and visits."""
    title = normalised(table.names[column])
    if title in RANKS:
        return True
    numbers = [float(field) for field in table.column(column) if is_number(field)]
    return bool(_MEASUREMENTS.fullmatch(title)) and all(number.is_integer() for number in numbers)


def _describe_survival(path: Path, table: TraitTable, columns: Sequence[int]) -> list[str]:
    """Return a note on columns that say whether an event came, and so may cut a time short."""
    events = [
        table.names[column]
        for column in columns
        if _EVENT.fullmatch(normalised(table.names[column]))
        and {float(field) for field in table.column(column) if is_number(field)} <= {0.0, 1.0, 2.0}
    ]
    if not events:
        return []
    says = "says" if len(events) == 1 else "say"
    why = "A time to an event that did not come is cut short, and a mixed model takes it as it is."
    return [f"{path.name}: {some(events)} {says} by title whether an event came. {why}"]


def _refuse_without_numbers(table: TraitTable, path: Path) -> None:
    """Refuse a table without a column of numbers, with the field that is none, or with all that there is."""
    columns = [table.column(column) for column in range(len(table.names))]
    best = max(range(len(columns)), key=lambda column: sum(map(is_like_number, columns[column])))
    if len(columns) == 1 or any(map(is_like_number, columns[best])):
        numbers_of(table, best, path)
    texts = [next((field for field in fields if not is_blank(field)), "") for fields in columns]
    shown = [f"{name} ({text})" for name, text in zip(table.names, texts, strict=True) if text]
    of_two = [column for column, fields in enumerate(columns) if two_words(fields)]
    if len(of_two) == 1:
        numbers_of(table, of_two[0], path)
    if not shown:
        raise InputError(
            f"{path} has no column of numbers: all values of {some(table.names)} are missing.",
            hint="A signal is a number per gene or sample, and most are there.",
        )
    raise InputError(
        f"{path} has no column of numbers beside its ids ({some(table.ids, 2)}): all others are text, {some(shown)}.",
        code="text-in-place-of-numbers",
    )


def numbers_of(table: TraitTable, column: int, path: Path) -> NDArray[np.float64]:
    """Return the fields of a column as numbers, NaN where they are blank.

    Raises
    ------
    InputError
        A field is no finite number; it is named for what it is.
    """
    numbers = np.empty(len(table.ids))
    for index, field in enumerate(table.column(column)):
        if is_blank(field):
            numbers[index] = np.nan
        elif is_number(field) and math.isfinite(float(field)):
            numbers[index] = float(field)
        else:
            raise _no_number(path, table, column, index)
    return numbers


def _no_number(path: Path, table: TraitTable, column: int, index: int) -> InputError:
    """Return the refusal of a field that is no number."""
    field = table.fields[index][column]
    where = f"{path}, line {table.lines[index]}: '{some([field])}' in column {some([table.names[column]])}"
    if is_number(field):
        return _infinite(path, table, column)
    fields = table.column(column)
    what, way = describe_field(field, fields)
    if "code" in way and (words := two_words(fields)):
        shown = some([f"{word} ({fields.count(word):,})" for word in words])
        return InputError(
            f"{path}: {some([table.names[column]])} has two words and no number: {shown}.",
            code="words-in-place-of-numbers",
            facts={"contrast": quote(":".join(words)), "first": some(words[:1]), "second": some(words[1:])},
        )
    if "code" in way and not any(map(is_number, fields)):
        return InputError(f"{where} is not a number, and no other field of it is.", code="text-in-place-of-numbers")
    return InputError(f"{where} is not a number{f': {what}' if what else ''}.", **way)


def _infinite(path: Path, table: TraitTable, column: int) -> InputError:
    """Return the refusal of a column with numbers that are not finite: each kind, how often, and the first line."""
    lines: dict[str, list[int]] = {}
    for field, line in zip(table.column(column), table.lines, strict=True):
        if is_number(field) and math.isinf(float(field)):
            lines.setdefault(field.strip(), []).append(line)
    shown = [f"{counted(len(at), 'value')} of {field} (the first in line {at[0]})" for field, at in lines.items()]
    are = "is not finite" if sum(map(len, lines.values())) == 1 else "are not finite"
    return InputError(
        f"{path}: {' and '.join(shown)} in column {some([table.names[column]])} {are}.",
        code="infinite-value",
        facts={"values": some(list(lines))},
    )


def is_like_number(field: str) -> bool:
    """Whether a field is a number, or tells of one: a limit, a percentage."""
    return is_number(field) or (not is_blank(field) and kind_of(field) in ("limit", "percentage"))


def with_units_apart(table: TraitTable) -> tuple[TraitTable, dict[int, str]]:
    """Return a table whose columns of numbers with one unit are numbers, and a sentence on each of these."""
    sentences: dict[int, str] = {}
    columns = [table.column(index) for index in range(len(table.names))]
    for index, fields in enumerate(columns):
        apart = without_unit(fields, list(map(is_blank, fields)))
        if apart is not None:
            columns[index], unit = apart
            example = next(field for field in fields if not is_blank(field))
            number = next(filter(None, columns[index]))
            sentences[index] = (
                f"all values of {some([table.names[index]])} have the unit {some([unit])}, which is left out: "
                f"{some([example])} is {number}."
            )
    return replace(table, fields=[list(row) for row in zip(*columns, strict=True)]) if sentences else table, sentences


def _asnumbers_of(table: TraitTable, only: str | None) -> tuple[TraitTable, dict[int, str]]:
    """Return a table with numbers in place of numbers with a unit, and a sentence on each column that is changed.

    Truth values are 1 and 0 in a column that is named, or where no column has numbers.
    """
    table, sentences = with_units_apart(table)
    columns = [table.column(index) for index in range(len(table.names))]
    if only is None and any(map(all_numbers, columns)):
        return table, sentences
    for index, fields in enumerate(columns):
        truths = truth_numbers(fields, list(map(is_blank, fields))) if only in (None, table.names[index]) else None
        if truths is not None:
            columns[index], (yes, no) = truths
            sentences[index] = f"{some([table.names[index]])} has truth values: {yes} is 1, and {no} is 0."
    return replace(table, fields=[list(row) for row in zip(*columns, strict=True)]), sentences
