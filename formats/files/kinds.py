"""Kinds of files, by their first bytes, whatever their names end in."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Literal

from .packed import zip_contents
from .plain_files import opened

if TYPE_CHECKING:
    from pathlib import Path

FileKind = Literal["text", "gzip", "bzip2", "xz", "zipped", "zip", "workbook", "parquet", "npy", "hdf5"]

TEXT_KINDS = frozenset({"text", "gzip", "bzip2", "xz", "zipped"})
"""Kinds of files that hold text."""

CELL_KINDS = frozenset({"workbook", "parquet"})
"""Kinds of files that hold rows of cells."""

TABLE_KINDS = TEXT_KINDS | CELL_KINDS
"""Kinds of files that hold rows of fields."""

MATRIX_MARKET = "%%matrixmarket"
"""What a Matrix Market file begins with, in lower case."""

_BZIP2 = re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)")

_MAGIC: tuple[tuple[bytes, FileKind], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"\xfd7zXZ\0", "xz"),
    (b"PAR1", "parquet"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x93NUMPY", "npy"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
)


def file_kind(path: Path) -> FileKind:
    """Return what a file is by its first bytes, whatever its name ends in."""
    with opened(path) as stream:
        head = stream.read(10)
    if _BZIP2.match(head):
        return "bzip2"
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return _kind_of_zip(path) if kind == "zip" else kind
    return "text"


def _kind_of_zip(path: Path) -> FileKind:
    """Return "workbook", "zip" for an archive of arrays or of nothing, or "zipped" for one of other files."""
    names = zip_contents(path)
    if {"xl/workbook.xml", "xl/workbook.bin"} & set(names):
        return "workbook"
    is_of_arrays = not names or any(name.endswith(".npy") for name in names)
    return "zip" if is_of_arrays else "zipped"


def pandas_call(path: Path, sheet: str | None = None) -> str:
    """Return the call of pandas that reads a table of the kind of a file, for a hint.

    Parameters
    ----------
    path : Path
        A text, plain or packed, a workbook or a parquet file.
    sheet : str, optional
        Of a workbook.
    """
    kind, name = file_kind(path), json.dumps(path.name, ensure_ascii=False)
    if kind == "parquet":
        return f"pandas.read_parquet({name})"
    if kind == "workbook":
        named = "" if sheet is None else f", sheet_name={json.dumps(sheet, ensure_ascii=False)}"
        return f"pandas.read_excel({name}{named})"
    return f'pandas.read_csv({name}, sep=None, engine="python")'
