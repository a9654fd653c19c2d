"""Sets and networks as spreadsheets and editors leave them, written anew as a table or as GMT for the readers."""

from __future__ import annotations

import csv
import itertools
import json
import re
import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.errors import GrnError, InputError
from ...engine.wording import counted
from ..files.kinds import CELL_KINDS, TEXT_KINDS, file_kind, pandas_call
from ..files.limits import NAMES_PACKING
from ..files.opening import open_text
from ..tables.cells import lines_of_rows, open_cells
from ..tables.fields import is_number
from .gmt import is_gmt

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

_LOOKED_AT = 20
"""Rows at the top among which a table begins, or lines that show what a text is."""

_MARKS = {"\t": "tabs", ";": "semicolons", ",": "commas"}
"""What parts the fields of a text."""

_LIST = re.compile(r"(?P<name>[^:\t]{1,200}):\s*(?P<genes>[^:\t]*\S)")
"""A line of a name and a list of genes: `T cells: CD3D, CD3E`."""

_SEVERAL = re.compile(r":.*\w[,; ]+\w")
"""Two genes or more behind a colon."""


@dataclass(frozen=True, slots=True)
class PlainForm:
    """A file as the readers take it.

    Parameters
    ----------
    path : Path
        Where it stands.
    notes : tuple of str
        What was left out of it, or how it was written.
    """

    path: Path
    notes: tuple[str, ...] = ()


@contextmanager
def plain_table(path: Path, sheet: str | None = None) -> Generator[PlainForm | None]:
    """Yield a table without the titles above it and the remarks below it, or None where a text has neither.

    A workbook or parquet file is always written as text. Lines that are left out above are empty, so that errors name
    the lines of the file.

    Raises
    ------
    NotFound, InputError
        As `open_cells`; and what is raised while it is read, with the file's own name.
    """
    is_text = file_kind(path) not in CELL_KINDS
    if is_text and sheet is not None:
        raise InputError(f"{path} is not a workbook, and has no sheet {sheet!r}.")
    if is_text and not _has_title(path):
        yield None
        return
    counts = [0, 0]
    with _opened(path, sheet) as rows, _written(path, ".tsv", lines_of_rows(_trimmed(rows, counts)), sheet) as written:
        above, below = counts
        where = " and ".join(
            f"{counted(count, 'line')} {place} the table"
            for count, place in ((above, "above"), (below, "below"))
            if count
        )
        yield PlainForm(written, (f"{where} skipped",) if where else ())


@contextmanager
def plain_lists(path: Path, *, insist: bool = False) -> Generator[PlainForm | None]:
    """Yield GMT of a text that has a set a line in another form, or None where it has not.

    The forms are `name: gene, gene`, and fields as those of GMT between semicolons or commas.

    Parameters
    ----------
    path : Path
        A text.
    insist : bool
        Whether it is said to be GMT, so that lines need not look like it.
    """
    if file_kind(path) not in TEXT_KINDS:
        yield None
        return
    with open_text(path, packing=NAMES_PACKING) as stream:
        lines = [line for line in itertools.islice(stream, _LOOKED_AT) if line.strip() and not line.startswith("#")]
    if not lines or any("\t" in line for line in lines):
        yield None
        return
    is_list = all(map(_LIST.fullmatch, map(str.strip, lines))) and any(map(_SEVERAL.search, lines))
    mark = next((mark for mark in ";," if all(mark in line for line in lines)), None)
    if not is_list and mark is None:
        yield None
        return
    with open_text(path, packing=NAMES_PACKING) as stream:
        parting = re.compile("[,;]" if any(re.search("[,;]", line) for line in lines) else r"\s+")
        rows = _listed(stream, parting) if is_list else csv.reader(stream, delimiter=mark or ",")
        with _written(path, ".gmt", _gmt_lines(path, rows)) as written:
            between = "names before a colon, genes behind it" if is_list else f"fields between {_MARKS[mark or ',']}"
            is_plain = is_list or insist or is_gmt(written)
            yield PlainForm(written, (f"a set a line: {between}",)) if is_plain else None


def _listed(lines: Iterable[str], parting: re.Pattern[str]) -> Iterator[list[str]]:
    for line in lines:
        name, _, genes = line.strip().partition(":")
        yield [name.strip(), "", *(part.strip() for part in parting.split(genes.strip()))] if genes.strip() else []


def _gmt_lines(path: Path, rows: Iterable[Sequence[str]]) -> Iterator[str]:
    try:
        for row in rows:
            fields = [field.strip() for field in row]
            while fields and not fields[-1]:
                fields.pop()
            yield "\t".join(fields) + "\n"
    except csv.Error as error:
        raise InputError(f"{path} cannot be read as a table: {error}.") from error


@contextmanager
def _written(path: Path, ending: str, lines: Iterable[str], sheet: str | None = None) -> Generator[Path]:
    """Write lines to a file of the same name with an ending, and name the first file in what is raised."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / f"{path.stem}{ending}"
        try:
            with written.open("w", encoding="utf-8") as stream:
                stream.writelines(lines)
            yield written
        except GrnError as error:
            error.message = error.message.replace(str(written), str(path))
            error.args = (error.message,)
            error.hint = error.hint.replace(pandas_call(written), pandas_call(path, sheet))
            error.hint = error.hint.replace(f'"{written.name}"', json.dumps(path.name, ensure_ascii=False))
            raise


def _has_title(path: Path) -> bool:
    """Whether the first line of a text is one field with words, above a table of several."""
    if file_kind(path) not in TEXT_KINDS:
        return False
    with open_text(path, packing=NAMES_PACKING) as stream:
        lines = [line for line in itertools.islice(stream, _LOOKED_AT) if line.strip()]
    if len(lines) < 3 or lines[0].startswith(("#", "!", "{", "<", ">")):
        return False
    try:
        if any(_is_header(lines, mark) for mark in _MARKS):
            return False
        rows = list(csv.reader(lines, delimiter=_delimiter_of(lines)))
    except csv.Error:
        return False
    below = [row for row in rows[1:] if len(_filled(row)) > 1]
    if not _is_remark(rows[0]) or not below:
        return False
    return len(below[0]) > 2 or not is_number(below[0][1])  # else the title of R's only column


def _is_header(lines: Sequence[str], mark: str) -> bool:
    """Whether a first line has as many fields as the next, or one fewer, where a sign parts them."""
    first, *more = itertools.islice(csv.reader(lines, delimiter=mark), 2)
    return len(_filled(first)) > 1 and any(len(first) in (len(second), len(second) - 1) for second in more)


def _delimiter_of(lines: Sequence[str]) -> str:
    """Return the sign that gives most lines below a first one the same number of fields, and then the most."""

    def fit(mark: str) -> tuple[int, int]:
        widths = Counter(map(len, csv.reader(lines[1:], delimiter=mark)))
        width, count = max(widths.items(), key=lambda item: (item[0] > 1, item[1], item[0]), default=(0, 0))
        return (count, width) if width > 1 else (0, 0)

    return max(_MARKS, key=fit)


@contextmanager
def _opened(path: Path, sheet: str | None) -> Generator[Iterator[list[str]]]:
    """Yield the rows of a workbook or a text."""
    if file_kind(path) in CELL_KINDS:
        with open_cells(path, sheet) as lines:
            yield csv.reader(lines, delimiter="\t")
        return
    with open_text(path, packing=NAMES_PACKING) as stream:
        top = list(itertools.islice(stream, _LOOKED_AT))
        yield csv.reader(itertools.chain(top, stream), delimiter=_delimiter_of([line for line in top if line.strip()]))


def _trimmed(rows: Iterator[list[str]], counts: list[int]) -> Iterator[list[str]]:
    """Yield rows, empty ones in place of the titles above the first of several fields, without remarks at the end."""
    top = list(itertools.islice(rows, _LOOKED_AT))
    begin = next((i for i, row in enumerate(top) if len(_filled(row)) > 1), 0)
    begin = begin if any(map(_is_remark, top[:begin])) else 0
    counts[0] = sum(bool(_filled(row)) for row in top[:begin])
    yield from ([] for _ in top[:begin])
    is_wide = any(len(_filled(row)) > 1 for row in top)
    waiting: list[list[str]] = []
    for row in itertools.chain(top[begin:], rows):
        if not _filled(row) or (_is_remark(row) and is_wide):
            waiting.append(row)
            continue
        yield from waiting
        waiting.clear()
        yield row
    counts[1] = sum(bool(_filled(row)) for row in waiting)


def _filled(row: Sequence[str]) -> list[str]:
    return [field for field in row if field.strip()]


def _is_remark(row: Sequence[str]) -> bool:
    """Whether a row has one field, the first, and this has words."""
    filled = _filled(row)
    return len(filled) == 1 and filled[0] == row[0] and " " in filled[0].strip()
