"""Rows of fields in workbooks (.xlsx) and parquet files, given on as the lines of a table parted by tabs.

What reads text tables thus reads these too, by the same rules. The packages that know the two formats are an extra.
"""

from __future__ import annotations

import csv
import datetime as dt
import importlib
import io
import json
import zipfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...engine.errors import GrnError, InputError, NotFound
from ...engine.wording import counted, some
from ..files.kinds import file_kind
from ..files.limits import TEXT_PACKING, largest_unpacked, refuse_beyond_budget
from ..files.plain_files import DOWNLOAD_AGAIN, require_file

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence
    from pathlib import Path

BATCH_CELLS = 1 << 20
"""About so many cells of a parquet file are turned to text at once."""

MOST_COLUMNS = 1 << 20
"""Columns of a parquet file."""

_LARGEST_WHOLE = 1e15
_NUMBERS = {"double", "float", "halffloat", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))}
_BETWEEN_FIELDS = str.maketrans("\t\r\n\v\f", "     ")


@dataclass(frozen=True, slots=True)
class CellLines:
    """The rows of a file of cells, as lines of text parted by tabs, to be read once.

    Parameters
    ----------
    form : str
        What they are, with the name of the sheet.
    lines : iterator of str
        The lines.
    """

    form: str
    lines: Iterator[str]

    def __iter__(self) -> Iterator[str]:
        return self.lines


@contextmanager
def open_cells(path: Path, sheet: str | None = None) -> Generator[CellLines]:
    """Yield the rows of a workbook or parquet file, as lines of text parted by tabs.

    Parameters
    ----------
    path : Path
        The file.
    sheet : str, optional
        Of a workbook: its sheet. Without a name there must be one sheet that holds something.

    Raises
    ------
    NotFound
        There is no such sheet.
    InputError
        It is damaged, several sheets hold something, it claims more than its size justifies, or the package that reads
        it is not there.
    """
    is_workbook = file_kind(require_file(path)) == "workbook"
    try:
        if is_workbook:
            with _open_sheet(path, sheet) as (name, rows):
                yield CellLines(f"the sheet {name!r} of a workbook", lines_of_rows(rows))
        else:
            yield CellLines("a parquet file", lines_of_rows(_parquet_rows(path)))
    except (GrnError, MemoryError):
        raise
    except Exception as error:
        # pyarrow decodes names of columns itself
        is_of_file = isinstance(error, OSError | UnicodeError) or type(error).__module__.startswith("pyarrow")
        if not (is_workbook or is_of_file):
            raise
        reason = " ".join(str(error).split())[:200].rstrip(" .:") or type(error).__name__
        raise InputError(f"{path} cannot be read: {reason}.", hint=DOWNLOAD_AGAIN) from error


def _import(path: Path, package: str, what: str) -> Any:
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise InputError(
            f"{path} is {what}, which takes the package {package.partition('.')[0]}.",
            hint="pip install 'grnledger[tables]'",
        ) from error


def lines_of_rows(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield rows as lines: quoted where a field holds a quotation mark."""
    line = io.StringIO()
    writer = csv.writer(line, delimiter="\t", lineterminator="\n")
    for row in rows:
        writer.writerow(map(as_field, row))
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def as_field(cell: object) -> str:
    """Return a cell as a text table has it: numbers in full, whole ones without decimals, dates as 2021-03-01."""
    if isinstance(cell, str):
        return cell if cell.isprintable() else cell.translate(_BETWEEN_FIELDS)
    if cell is None:
        return ""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _LARGEST_WHOLE else repr(cell)
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "backslashreplace").translate(_BETWEEN_FIELDS)
    return str(cell).translate(_BETWEEN_FIELDS)


@contextmanager
def _open_sheet(path: Path, name: str | None) -> Generator[tuple[str, Iterator[Sequence[object]]]]:
    _check_archive(path)
    openpyxl = _import(path, "openpyxl", "a workbook")
    with path.open("rb") as stream:
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        try:
            sheet = _choose_sheet(path, book, name)
            yield sheet.title, _rows_of(path, sheet)
        finally:
            book.close()


def _check_archive(path: Path) -> None:
    """Refuse a workbook whose parts unpack to more than its size justifies."""
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
    if any(part.filename == "xl/workbook.bin" for part in parts):
        raise InputError(f"{path} is a binary workbook (.xlsb).", hint="Save it as .xlsx or as tab-separated text.")
    size = sum(part.file_size for part in parts)
    most = largest_unpacked(path.stat().st_size, TEXT_PACKING)
    if size > most:
        raise InputError(
            f"{path} unpacks to {size:,} bytes, more than {most:,}: refused, as this looks like a decompression bomb.",
            hint="If the file is correct, save the sheet as tab-separated text.",
        )


def _choose_sheet(path: Path, book: Any, name: str | None) -> Any:
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if name is not None:
        if name not in sheets:
            raise NotFound(f"{path} has no sheet {name!r}; it has {some(list(sheets), 20)}.")
        return sheets[name]
    widths = {title: _width(sheet) for title, sheet in sheets.items()}
    filled = [sheet for title, sheet in sheets.items() if widths[title]]
    if not filled:
        raise InputError(f"{path} holds nothing in {counted(len(sheets), 'sheet')}.")
    tables = [sheet for sheet in filled if widths[sheet.title] > 1]
    if len(tables) == 1:  # beside it are remarks in one column, if anything
        return tables[0]
    if len(filled) > 1:
        raise InputError(
            f"{path} has {len(filled)} sheets that hold something: {some([sheet.title for sheet in filled], 20)}.",
            code="several-sheets",
        )
    return filled[0]


def _width(sheet: Any) -> int:
    """Return how many columns of a sheet hold something: 0, 1, or 2 for more."""
    sheet.reset_dimensions()  # what a file claims of its size is not believed
    filled: set[int] = set()
    for row in sheet.iter_rows(values_only=True):
        filled.update(column for column, cell in enumerate(row) if cell is not None)
        if len(filled) > 1:
            break
    return min(2, len(filled))


def _rows_of(path: Path, sheet: Any) -> Iterator[Sequence[object]]:
    """Yield the rows of a sheet, all as wide as its widest: empty cells at the end of a row are not stored."""
    sheet.reset_dimensions()
    width, rows = 0, 0
    columns: Counter[int] = Counter()
    for count, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        filled = [i for i, cell in enumerate(row) if cell is not None]
        columns.update(filled)
        rows += bool(filled)
        if filled and filled[-1] >= width:
            width = filled[-1] + 1
            refuse_beyond_budget(path, (count, width))
    # Tables often begin in another column than the first, below a title that does not.
    start = next((i for i in range(width) if 2 * columns[i] >= rows), 0)
    start = start if all(columns[i] <= 1 for i in range(start)) else 0
    sheet.reset_dimensions()
    for row in sheet.iter_rows(values_only=True):
        yield [*row[start:width], *(None,) * (width - max(start, len(row)))]


def _parquet_rows(path: Path) -> Iterator[Sequence[object]]:
    """Yield a header and the rows of a parquet file; what pandas keeps as the index stands first."""
    parquet = _import(path, "pyarrow.parquet", "a parquet file")
    with parquet.ParquetFile(path) as file:
        schema, count = file.schema_arrow, file.metadata.num_rows
        names = list(schema.names)
        if len(names) > MOST_COLUMNS or not names:
            raise InputError(f"{path} has {counted(len(names), 'column')}.")
        refuse_beyond_budget(path, (count, len(names)))
        nested = [field.name for field in schema if field.type.num_fields and not hasattr(field.type, "index_type")]
        if nested:
            raise InputError(f"{path} has columns of lists or records, such as {nested[0]!r}: it is no table.")
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InputError(f"{path} has two columns {twice!r}.")
        index = _index_of(schema)
        order = [*index, *(name for name in names if name not in index)]
        at = {name: position for position, name in enumerate(names)}
        yield ["" if name.startswith("__index_level_") else name for name in order]
        for batch in file.iter_batches(batch_size=max(1, BATCH_CELLS // len(names))):
            yield from zip(*(_cells_of(batch.column(at[name])) for name in order), strict=True)


def _cells_of(column: Any) -> list[object]:
    """Return the cells of a column; numbers as text, which is quicker for all at once."""
    cells: list[object] = column.to_pylist()
    return list(map(repr, cells)) if str(column.type) in _NUMBERS else cells


def _index_of(schema: Any) -> list[str]:
    """Return the columns that were the index of a table of pandas."""
    try:
        metadata: dict[bytes, bytes] = schema.metadata or {}
        columns: list[Any] = json.loads(metadata.get(b"pandas", b"{}"))["index_columns"]
    except (KeyError, TypeError, ValueError):
        return []
    return [name for name in columns if isinstance(name, str) and name in schema.names]
