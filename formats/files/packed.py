"""Files in a packing: gzip, bzip2, xz, and zip archives of one file, unpacked as they are read."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from ...engine.errors import InputError
from ...engine.wording import some
from .limits import FREELY, UNPACKED_FREELY, largest_unpacked

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

Packing = Literal["gzip", "bzip2", "xz", "zipped"]

ENDINGS = (".gz", ".bz2", ".xz", ".zip")
"""What the name of a packed file ends in."""

_TESTS = {"gzip": "gunzip -t", "bzip2": "bunzip2 -t", "xz": "xz -t", "zipped": "unzip -t"}
UNPACKERS = {"gzip": "gunzip -k", "bzip2": "bunzip2 -k", "xz": "xz -dk", "zipped": "unzip"}
"""The command that unpacks a file of each packing."""

_DAMAGE = (EOFError, NotImplementedError, OSError, lzma.LZMAError, struct.error, zipfile.BadZipFile, zlib.error)
"""What the readers below raise for bytes of no such packing."""

_BLOCK = 1 << 16
_XZ_MEMORY = FREELY  # xz -9 takes 65 MiB; a file may claim a dictionary of 4 GiB


def without_packing(name: str) -> str:
    """Return the name of a file in small letters, without the ending of its packing."""
    name = name.lower()
    return next((name.removesuffix(ending) for ending in ENDINGS if name.endswith(ending)), name)


def largest_packed_content(path: Path, kind: str, ratio: int) -> int:
    """Return the most bytes that a file of a kind may hold, by its size and how well such contents may be packed."""
    size = path.stat().st_size
    if kind not in UNPACKERS:
        return size
    return UNPACKED_FREELY + size * ratio if kind in ("bzip2", "xz") else largest_unpacked(size, ratio)


@contextmanager
def unpack(path: Path, raw: BinaryIO, kind: Packing) -> Generator[BinaryIO]:
    """Yield the bytes in a packed file.

    Raises
    ------
    InputError
        The file is cut short or damaged, also while it is read; or a zip archive holds several files.
    """
    try:
        with _opener(path, raw, kind) as stream:
            yield stream
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno:
            raise
        what = {"gzip": "gzip", "bzip2": "bzip2", "xz": "xz", "zipped": "zip"}[kind]
        reason = str(error).rstrip(".") or type(error).__name__
        raise InputError(
            f"The {what} file {path} is cut short or damaged: {reason}.",
            hint=f"Copy or download it again. {_TESTS[kind]} tests it.",
        ) from error


def _opener(path: Path, raw: BinaryIO, kind: Packing) -> Any:
    if kind == "gzip":
        return gzip.GzipFile(fileobj=raw)
    if kind == "bzip2":
        return bz2.BZ2File(raw)
    if kind == "xz":
        return io.BufferedReader(_XzStream(raw), _BLOCK)
    archive = zipfile.ZipFile(raw)
    members = [info for info in archive.infolist() if _is_content(info)]
    if any(info.filename in ("content.xml", "word/document.xml") for info in members):
        raise InputError(
            f"{path} is a document of LibreOffice or Word, not a table.", hint="Save its table as .xlsx, or as text."
        )
    if len(members) != 1:
        raise InputError(
            f"{path} is a zip archive of {len(members):,} files: {some([info.filename for info in members])}.",
            hint="Unpack it, and name the file that is wanted.",
        )
    if members[0].flag_bits & 1:
        raise InputError(f"{path} is a zip archive with a password.", hint="Unpack it first.")
    if members[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        raise InputError(f"{path} is a zip archive packed in an unusual way.", hint="Unpack it first.")
    return archive.open(members[0])


def _is_content(info: zipfile.ZipInfo) -> bool:
    """Whether a member is a file, and none that macOS adds."""
    name = info.filename  # empty in a damaged archive
    return bool(name) and not name.startswith("__MACOSX/") and not name.endswith(("/", ".DS_Store"))


class _XzStream(io.RawIOBase):
    """The bytes in an xz file; unlike `lzma.LZMAFile`, it refuses a file that claims much memory."""

    def __init__(self, raw: BinaryIO) -> None:
        super().__init__()
        self._raw = raw
        self._decompressor: lzma.LZMADecompressor | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while True:
            rest = b""
            if self._decompressor is None or self._decompressor.eof:
                rest = self._decompressor.unused_data.lstrip(b"\0") if self._decompressor else b""
                rest = rest or self._raw.read(_BLOCK).lstrip(b"\0" if self._decompressor else b"")
                if not rest:
                    return 0
                self._decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
            elif self._decompressor.needs_input and not (rest := self._raw.read(_BLOCK)):
                raise EOFError("the xz stream ends before its end mark")
            if part := self._decompressor.decompress(rest, max_length=len(buffer)):
                buffer[: len(part)] = part
                return len(part)


def zip_contents(path: Path) -> tuple[str, ...]:
    """Return the names of the files in a zip archive; none where it is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            return tuple(info.filename for info in archive.infolist() if _is_content(info))
    except _DAMAGE:
        return ()
