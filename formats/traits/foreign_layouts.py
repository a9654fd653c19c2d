"""Tables of samples in other layouts: GEO's series matrix, JSON, lists of samples, rows of types below a header."""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ...engine.errors import InputError
from ...engine.wording import some
from ..files.kinds import TEXT_KINDS, file_kind
from ..files.limits import TEXT_COST, MemoryBudget
from ..files.opening import open_text
from ..files.plain_files import require_file
from ..tables.delimited import open_table
from ..tables.row_names import match_names
from ..tables.table import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from .id_columns import Names

LOOKED_AT = 8
"""Most lines that are looked at, to see what a file is."""

MOST_LISTED = 100_000
"""Most rows of lists of names."""

_SERIES = re.compile(r'"?!(series|sample)_\w', re.IGNORECASE)
_SAMPLE = re.compile(r'"?!sample_(\w+)', re.IGNORECASE)
_CLASSES = re.compile(r"\s*\d+\s+\d+(\s+1)?\s*")

_OXFORD = frozenset("0DCPB")
"""Letters of the row of types of an Oxford .sample file: discrete or continuous covariates, phenotypes, binary ones."""

_TYPES = frozenset({
    "numeric", "number", "num", "float", "double", "int", "integer", "string", "str", "char", "character", "text",
    "categorical", "category", "factor", "boolean", "bool", "logical", "date", "datetime", "continuous", "discrete",
})  # fmt: skip
"""Words of a row of types, as cBioPortal, QIIME 2 and Orange write it below the header."""


class Layout(NamedTuple):
    """The titles and rows of a table, and a note on how they are found."""

    header: tuple[str, ...]
    rows: list[Row]
    note: str


def read_foreign(path: Path) -> Layout | None:
    """Return the table of a file that is none of delimited text, or `None` where it is.

    Parameters
    ----------
    path : Path
        GEO's series matrix, whose lines `!Sample_…` describe the samples; or JSON: an object of one value a name, or a
        list of records.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        It is JSON of another form, or another kind of file that is named.
    """
    if file_kind(require_file(path)) not in TEXT_KINDS:
        return None
    with open_text(path) as stream:
        lines = [line for line in itertools.islice(stream, LOOKED_AT) if line.strip()]
        opening = lines[0].lstrip() if lines else ""
        if _SERIES.match(opening):
            return _read_series(path, itertools.chain(lines, stream))
        if opening.startswith(("{", "[")):
            return _read_json(path, itertools.chain(lines, stream))
    _refuse_named(path, opening, lines)
    return None


def _refuse_named(path: Path, opening: str, lines: Sequence[str]) -> None:
    """Refuse a text that is no table of samples, by what it is."""
    if opening.startswith(("^SAMPLE", "^DATABASE", "^SERIES", "^PLATFORM")):
        what, way = "a SOFT file of GEO", "GEO's series matrix (GSE…_series_matrix.txt.gz) of the same series is read."
    elif opening.startswith("##fileformat=VCF"):
        what, way = "a VCF of variants", "A table has ids in one column, and values in others."
    elif opening.startswith("<?xml"):
        what, way = "XML", "Write a table: ids in one column, and values in others."
    elif len(lines) == 3 and _CLASSES.fullmatch(lines[0]) and lines[1].startswith("#"):
        what, way = (
            "a .cls file of GSEA by its contents",
            "Give it a name that ends in .cls, where its labels are wanted.",
        )
    else:
        return
    raise InputError(f"{path} is {what}, and not a table of ids and values.", hint=way)


def _read_series(path: Path, lines: Iterable[str]) -> Layout:
    """Return the samples of GEO's series matrix: titles, accessions, and one column for each characteristic."""
    budget = MemoryBudget(path)
    columns: dict[str, list[str]] = {}
    for line in lines:
        match = _SAMPLE.match(line)
        if match is None:
            if columns and not _SERIES.match(line) and line.strip():
                break
            continue
        fields = [field.strip().strip('"').strip() for field in line.rstrip("\r\n").split("\t")[1:]]
        budget.reserve(TEXT_COST * len(fields))
        title = match[1].lower()
        if title.startswith("characteristics_"):
            _add_characteristics(path, columns, fields)
        elif title in ("geo_accession", "title", "source_name_ch1", "description"):
            columns.setdefault(title, fields)
    number = len(columns.get("geo_accession", columns.get("title", [])))
    if not number or any(len(fields) != number for fields in columns.values()):
        raise InputError(
            f"{path} is a series matrix of GEO, whose lines do not name {number:,} samples each.",
            hint="Its lines !Sample_title and !Sample_geo_accession have a field for each sample.",
        )
    first = [title for title in ("geo_accession", "title") if title in columns]
    header = (*first, *(title for title in columns if title not in first))
    rows = [Row(index + 1, [columns[title][index] for title in header]) for index in range(number)]
    return Layout(header, rows, f"a series matrix of GEO: its lines !Sample_… describe {number:,} samples.")


def _add_characteristics(path: Path, columns: dict[str, list[str]], fields: list[str]) -> None:
    """Add `key: value` of each sample to the column of that key, on whichever line it stands."""
    for index, field in enumerate(fields):
        key, colon, value = (part.strip() for part in field.partition(":"))
        if not field:
            continue
        column = columns.setdefault(key if colon else "characteristics", [""] * len(fields))
        value = value if colon else field
        if index >= len(column) or column[index] not in ("", value):
            raise InputError(
                f"{path} is a series matrix of GEO, and sample {index + 1} has two values of {some([key])}.",
                hint="Write a table: a row for each sample, with its id and what describes it.",
            )
        column[index] = value


def _read_json(path: Path, lines: Iterable[str]) -> Layout:
    """Return the table in JSON: one value a name, or records of the same fields."""
    budget = MemoryBudget(path)
    parts: list[str] = []
    for line in lines:
        budget.reserve(20 * len(line))
        parts.append(line)
    try:
        content: object = json.loads("".join(parts), object_pairs_hook=lambda pairs: _unique(path, pairs))
    except json.JSONDecodeError as error:
        raise InputError(
            f"{path} begins as JSON, and line {error.lineno} is not JSON: {error.msg}.",
            hint="A table of text has ids in one column, and values in others.",
        ) from error
    except (RecursionError, ValueError) as error:
        raise InputError(f"{path} cannot be read as JSON: {error}.", hint="A table of text is read as well.") from error
    if isinstance(content, dict) and content and all(map(_is_value, cast("dict[str, Any]", content).values())):
        items = cast("dict[str, Any]", content).items()
        rows = [Row(1, [name, _text(value)]) for name, value in items]
        return Layout(("id", "value"), rows, "JSON, with one value a name.")
    every = cast("list[Any]", content) if isinstance(content, list) else []
    records = [cast("dict[str, Any]", record) for record in every if isinstance(record, dict)]
    if records and len(records) == len(every) and all(_is_value(v) for record in records for v in record.values()):
        header = tuple(dict.fromkeys(title for record in records for title in record))
        rows = [Row(1, [_text(record.get(title)) for title in header]) for record in records]
        if len(header) > 1:
            return Layout(header, rows, "JSON, with one record a row.")
    raise InputError(
        f"{path} is JSON, and neither an object of one value a name nor a list of records of values.",
        hint=f'In Python: pandas.read_json("{path.name}").to_csv("table.csv"), and look at its rows and columns.',
    )


def _unique(path: Path, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"{path}: {some([twice])} stands twice in one object of JSON.", hint="Keep one of them.")
    return content


def _is_value(value: object) -> bool:
    return value is None or isinstance(value, str | int | float)


def _text(value: object) -> str:
    return "" if value is None else str(value).upper() if isinstance(value, bool) else str(value).strip()


def read_lists(path: Path, known: Names) -> dict[str, str] | None:
    """Return of each name the title of its list, in a table whose columns or rows are lists of names; else `None`.

    Parameters
    ----------
    path : Path
        Titles above the names, or before them, where a text such as that of a GMT file may stand between.
    known : callable
        Returns the names that there may be. All names must be among them, and each stand once.
    """
    with open_table(require_file(path), decimal="point") as table:
        rows = [[field.strip() for field in row.fields] for row in itertools.islice(table.rows, MOST_LISTED)]
    names = list(known())
    titles, below = rows[0], rows[1:]
    in_columns = [(title, row[index]) for row in below for index, title in enumerate(titles) if index < len(row)]
    is_gmt = all(len(row) > 2 and not match_names(row[1:2], names, any_x=True) for row in rows)
    in_rows = [(row[0], name) for row in rows for name in row[1 + is_gmt :]]
    for cells in (in_columns, in_rows):
        title_of = {name: title for title, name in cells if name}
        is_each_once = len(title_of) == sum(bool(name) for _, name in cells)
        is_titled = len(set(title_of.values())) > 1 and "" not in title_of.values()
        if title_of and is_each_once and is_titled:
            matched = match_names([*title_of, *set(title_of.values())], names, any_x=True)
            if matched.keys() == title_of.keys():
                return title_of
    return None


def types_below(header: Sequence[str], rows: Sequence[Row]) -> tuple[tuple[str, ...], str]:
    """Return the types of the columns that the first row says, and a note; nothing where it is a row of values.

    Types are those of an Oxford .sample file, and empty for the rows of types of other programs, which say nothing that
    the values do not.
    """
    if len(rows) < 2:
        return (), ""
    fields = [field.strip() for field in rows[0].fields]
    filled = [field for field in fields[1:] if field]
    if fields[0] == "0" and set(fields) <= _OXFORD and (set(fields) - {"0"} or "missing" in header):
        return tuple(fields), f"an Oxford .sample file; the row of types ({some([' '.join(fields)])}) is no sample."
    is_repeated = fields == [title.strip() for title in header]
    are_types = bool(filled) and (
        {field.lower() for field in filled} <= _TYPES or all(field.upper().startswith("CDE_ID") for field in filled)
    )
    if not are_types and not is_repeated:
        return (), ""
    what = "the titles once more" if is_repeated else f"a row of types ({some(filled, 3)})"
    return ("",) * len(fields), f"line {rows[0].line} is {what}, and no sample or gene."
