"""Texts of others: unpacked where they are packed, decoded, and refused where they are binary or too large."""

from __future__ import annotations

import codecs
import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, TextIO

from ...engine.errors import InputError
from .foreign_kinds import refuse_foreign
from .kinds import file_kind
from .limits import LONGEST_LINE, TEXT_PACKING
from .packed import UNPACKERS, largest_packed_content, unpack
from .plain_files import opened, require_file
from .western import MIXED, Western

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path
    from typing import Any

_BLOCK = 1 << 17
"""Bytes of a text that are read at once."""


def largest_content(path: Path, packing: int = TEXT_PACKING) -> int:
    """Return the most bytes that a file may hold: its own, or when it is packed what it may unpack to."""
    return largest_packed_content(path, file_kind(path), packing)


@contextmanager
def open_bytes(path: Path) -> Generator[BinaryIO]:
    """Open a file to read bytes, unpacking gzip, bzip2, xz and zip when its first bytes say so.

    Raises
    ------
    NotFound, InputError
        As `require_file`; also, while reading, when a packed file is cut short or damaged.
    """
    path = require_file(path)
    with opened(path) as raw:
        kind = file_kind(path)
        if kind in ("gzip", "bzip2", "xz", "zipped"):
            with unpack(path, raw, kind) as unpacked:
                yield unpacked
        else:
            yield raw


@contextmanager
def open_text(path: Path, *, packing: int = TEXT_PACKING) -> Generator[TextIO]:
    """Open a text file, plain or packed: UTF-8, UTF-16 by its byte order mark, or what is plainly Windows-1252.

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
        As `open_bytes`; also when the file is binary or of another encoding, unpacks to more than its size justifies,
        or has a line longer than `LONGEST_LINE`.
    """
    with open_bytes(path) as stream:
        buffered = io.BufferedReader(_Bounded(path, stream, largest_content(path, packing)), _BLOCK)
        head = buffered.peek(4096)[:4096]
        encoding = "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
        _refuse_binary(path, head.decode("utf-16", "ignore").encode() if encoding == "utf-16" else head)
        source = buffered if encoding == "utf-16" else Western(path, buffered)
        text = io.TextIOWrapper(source, encoding=encoding, newline="")
        try:
            yield text
        except UnicodeDecodeError as error:
            raise _other_encoding(path, encoding.removesuffix("-sig").upper(), error) from error


def _other_encoding(path: Path, name: str, error: UnicodeDecodeError) -> InputError:
    """Return the error for a text that is not in the encoding of that name, nor plainly in Windows-1252."""
    offender = error.object[error.start : error.start + 1].hex()
    if error.reason == MIXED:
        return InputError(
            f"{path} is not {name} text: it holds the byte 0x{offender}, and letters in UTF-8 elsewhere.",
            hint="It may be put together of files in two encodings: save each as CSV UTF-8 before.",
        )
    return InputError(
        f"{path} is not {name} text: it holds the byte 0x{offender}.",
        hint=f"Save it from the spreadsheet as CSV UTF-8; or iconv -f ENCODING -t utf-8 {path.name} > "
        f"utf8-{path.name}; Western European is often cp1252, or macintosh, Central European cp1250, Cyrillic cp1251, "
        "Chinese gb18030, Japanese shift_jis",
    )


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
                hint=f"If the file is correct, unpack it first: {UNPACKERS[file_kind(self._path)]} {self._path.name}",
            )
        if self._since_line > LONGEST_LINE:
            raise InputError(
                f"{self._path}, line {self._lines + 1} is longer than {LONGEST_LINE:,} bytes: this is not a table.",
                hint="A table has one line per row.",
            )


def _refuse_binary(path: Path, head: bytes) -> None:
    if head.startswith(b"PK\x03\x04"):
        raise InputError(f"{path} is a zip archive of arrays (.npz), or inside another packing, not text.")
    refuse_foreign(path, head)
    if b"\0" in head:
        raise InputError(f"{path} is a binary file, not text.")
