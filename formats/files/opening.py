"""Texts of others: unpacked where they are gzip, decoded, and refused where they are binary or too large."""

from __future__ import annotations

import gzip
import io
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, TextIO, cast

from ...engine.errors import InputError
from .kinds import file_kind
from .limits import LONGEST_LINE, TEXT_PACKING, largest_unpacked
from .plain_files import DOWNLOAD_AGAIN, opened, reason_of, require_file

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path
    from typing import Any

_BLOCK = 1 << 17
"""Bytes of a text that are read at once."""


def largest_content(path: Path, packing: int = TEXT_PACKING) -> int:
    """Return the most bytes that a file may hold: its own, or when it is gzip what it may unpack to."""
    size = path.stat().st_size
    return largest_unpacked(size, packing) if file_kind(path) == "gzip" else size


@contextmanager
def open_bytes(path: Path) -> Generator[BinaryIO]:
    """Open a file to read bytes, unpacking gzip when its first bytes say so.

    Raises
    ------
    NotFound, InputError
        As `require_file`; also, while reading, when the gzip stream is cut short or damaged.
    """
    path = require_file(path)
    with opened(path) as raw:
        if file_kind(path) != "gzip":
            yield raw
            return
        try:
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield cast("BinaryIO", unpacked)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise InputError(
                f"The gzip file {path} is cut short or damaged: {reason_of(error)}.",
                hint=f"{DOWNLOAD_AGAIN} gunzip -t tests it.",
            ) from error


@contextmanager
def open_text(path: Path, *, packing: int = TEXT_PACKING) -> Generator[TextIO]:
    """Open a UTF-8 text file, plain or gzip, with or without a byte order mark.

    Line ends are left as they stand, for the csv module to read.

    Parameters
    ----------
    path : Path
        The file.
    packing : int
        How many bytes gzip may have packed into one, as `largest_unpacked` takes it.

    Raises
    ------
    NotFound, InputError
        As `open_bytes`; also when the file is binary, or not UTF-8, unpacks to more than its size justifies, or has
        a line longer than `LONGEST_LINE`.
    """
    with open_bytes(path) as stream:
        buffered = io.BufferedReader(_Bounded(path, stream, largest_content(path, packing)), _BLOCK)
        _refuse_binary(path, buffered.peek(4096)[:4096])
        text = io.TextIOWrapper(buffered, encoding="utf-8-sig", newline="")
        try:
            yield text
        except UnicodeDecodeError as error:
            offender = error.object[error.start : error.start + 1]
            raise InputError(
                f"{path} is not UTF-8 text: it holds the byte 0x{offender.hex()}.",
                hint=f"iconv -f latin1 -t utf-8 {path.name} > utf8-{path.name}",
            ) from error


class _Bounded(io.RawIOBase):
    """The bytes of a text, read on, with an eye on how many there are and how long their lines are."""

    def __init__(self, path: Path, stream: BinaryIO, most: int) -> None:
        super().__init__()
        self._path = path
        self._stream = stream
        self._most = most
        self._read = 0
        self._lines = 0
        self._since_line = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._stream.read(len(buffer))
        buffer[: len(part)] = part
        self._count(part)
        return len(part)

    def _count(self, part: bytes) -> None:
        self._read += len(part)
        self._lines += part.count(b"\n")
        end = max(part.rfind(b"\n"), part.rfind(b"\r"))
        self._since_line = len(part) - 1 - end if end >= 0 else self._since_line + len(part)
        if self._read > self._most:
            raise InputError(
                f"{self._path} unpacks to more than {self._most:,} bytes, from {self._path.stat().st_size:,}: "
                "refused, as this looks like a decompression bomb.",
                hint=f"If the file is correct, unpack it first: gunzip -k {self._path.name}",
            )
        if self._since_line > LONGEST_LINE:
            raise InputError(
                f"{self._path}, line {self._lines + 1} is longer than {LONGEST_LINE:,} bytes: this is not a table.",
                hint="A table has one line per row.",
            )


def _refuse_binary(path: Path, head: bytes) -> None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(
            f"{path} is UTF-16 text, as spreadsheets write it.",
            hint=f"iconv -f utf-16 -t utf-8 {path.name} > utf8-{path.name}",
        )
    if head.startswith(b"PK\x03\x04"):
        raise InputError(
            f"{path} is a zip archive or a spreadsheet workbook, not text.",
            hint="Save the sheet as tab-separated text.",
        )
    if b"\0" in head:
        raise InputError(f"{path} is a binary file, not text.")
