"""Foreign files as bytes and lines: opened with plain refusals, fingerprinted, written whole or not at all."""

from __future__ import annotations

import difflib
import hashlib
import io
import os
import re
import secrets
import stat
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, TextIO

from ...engine.errors import InputError, NotFound
from .foreign_kinds import refuse_foreign
from .limits import LONGEST_LINE, TEXT_PACKING
from .packed import UNPACKERS, largest_packed_content, unpack, zip_contents

if TYPE_CHECKING:
    from collections.abc import Generator
    from io import BufferedReader
    from typing import Any

FileKind = Literal["text", "gzip", "bzip2", "xz", "zipped", "zip", "workbook", "parquet", "npy", "hdf5"]

TEXT_KINDS = frozenset({"text", "gzip", "bzip2", "xz", "zipped"})
"""Kinds of files that hold text."""

TABLE_KINDS = TEXT_KINDS | {"workbook", "parquet"}
"""Kinds of files that hold rows of fields."""

MATRIX_MARKET = "%%matrixmarket"
"""What a Matrix Market file begins with, in lower case."""

AGAIN = "Copy or download it again."
"""What to do with a file that is damaged."""

_WHO = "ls -l shows who may read it."
_NEIGHBOURS = 10_000
"""Most names of a folder that are compared with the name of a missing file."""

_BZIP2 = re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)")

_BLOCK = 1 << 17
"""Bytes of a text that are read at once."""

_MAGIC: tuple[tuple[bytes, FileKind], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"\xfd7zXZ\0", "xz"),
    (b"PAR1", "parquet"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x93NUMPY", "npy"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
)


def require_file(path: str | Path) -> Path:
    """Return the path of a file that can be read.

    Parameters
    ----------
    path : str or Path
        The file.

    Raises
    ------
    NotFound
        Nothing is there.
    InputError
        It is a folder, a pipe, an empty file, or one that may not be read.
    """
    path = Path(path)
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"There is no file {path}.", hint=_near(path)) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {_reason(error)}.", hint=_WHO) from error
    if stat.S_ISDIR(status.st_mode):
        raise InputError(f"{path} is a folder, not a file.")
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path} is a pipe or a device; it is read more than once.", hint="Write it to a file first.")
    if status.st_size == 0:
        raise InputError(f"{path} is empty.")
    return path


def file_kind(path: Path) -> FileKind:
    """Return what a file is by its first bytes, whatever its name ends in."""
    with _opened(path) as stream:
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


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hex, as `sha256sum` prints it."""
    with _opened(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def file_name(path: Path) -> str:
    r"""Return the name of a file for a record: bytes that are not UTF-8 stand as escapes.

    Examples
    --------
    >>> import os
    >>> file_name(Path(os.fsdecode(b"in/M\xfcller.tsv")))
    'M\\xfcller.tsv'
    """
    return os.fsencode(path.name or path.resolve().name).decode("utf-8", "backslashreplace")


def is_folder(path: Path) -> bool:
    """Whether a path is a folder; one that cannot be looked at is none, and `require_file` says why."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def is_plain_file(path: Path) -> bool:
    """Whether a path is a file, and no pipe or device; one that cannot be looked at is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


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
    with _opened(path) as raw:
        kind = file_kind(path)
        if kind in ("gzip", "bzip2", "xz", "zipped"):
            with unpack(path, raw, kind) as unpacked:
                yield unpacked
        else:
            yield raw


@contextmanager
def open_text(path: Path, *, packing: int = TEXT_PACKING) -> Generator[TextIO]:
    """Open a UTF-8 text file, plain or packed, with or without a byte order mark.

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
                "it would burst.",
                hint=f"If it is sound, unpack it first: {UNPACKERS[file_kind(self._path)]} {self._path.name}",
            )
        if self._since_line > LONGEST_LINE:
            raise InputError(
                f"{self._path}, line {self._lines + 1} is longer than {LONGEST_LINE:,} bytes: this is no table.",
                hint="A table has one line a row.",
            )


@contextmanager
def write_whole_file(path: str | Path) -> Generator[BinaryIO]:
    """Open a file to write that takes its name only when the block ends well.

    The bytes go to a temporary name in the same folder, which is renamed over the old file or removed: nobody
    ever sees half of it.

    Raises
    ------
    NotFound
        The folder is not there.
    InputError
        The path is a folder or a device, or may not be written.
    """
    target = Path(path).resolve()
    if not target.parent.is_dir():
        raise NotFound(f"There is no folder {target.parent} to write {target.name} in.")
    if target.exists() and not target.is_file():
        raise InputError(f"{target} is not a file that could be replaced.")
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        with draft.open("xb") as stream:
            yield stream
        draft.replace(target)
    except OSError as error:
        raise InputError(f"{target} cannot be written: {_reason(error)}.") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


@contextmanager
def _opened(path: Path) -> Generator[BufferedReader]:
    try:
        with path.open("rb") as stream:
            yield stream
    except OSError as error:
        raise InputError(f"{path} cannot be read: {_reason(error)}.", hint=_WHO) from error


def _near(path: Path) -> str:
    """Return a hint: files with similar names, or the folder that a relative path starts from."""
    if path.is_symlink():
        return f"It is a link to {path.readlink()}, where nothing is."
    try:
        names = [neighbour.name for neighbour in islice(path.parent.iterdir(), _NEIGHBOURS)]
    except OSError:
        return f"There is no folder {path.parent} either."
    near = difflib.get_close_matches(path.name, names, n=3, cutoff=0.8)
    if near:
        return f"Did you mean {', '.join(str(path.with_name(name)) for name in near)}?"
    return "Check the path." if path.is_absolute() else f"Paths are looked for from {Path.cwd()}."


def _refuse_binary(path: Path, head: bytes) -> None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(
            f"{path} is UTF-16 text, as spreadsheets write it.",
            hint=f"iconv -f utf-16 -t utf-8 {path.name} > utf8-{path.name}",
        )
    if head.startswith(b"PK\x03\x04"):
        raise InputError(f"{path} is a zip archive of arrays (.npz), or within another packing, not text.")
    refuse_foreign(path, head)
    if b"\0" in head:
        raise InputError(f"{path} is a binary file, not text.")


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).rstrip(".") or type(error).__name__
