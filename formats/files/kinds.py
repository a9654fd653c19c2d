"""Kinds of files, by their first bytes, whatever their names end in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .plain_files import opened

if TYPE_CHECKING:
    from pathlib import Path

FileKind = Literal["text", "gzip", "zip", "npy", "hdf5"]

MATRIX_MARKET = "%%matrixmarket"
"""What a Matrix Market file begins with, in lower case."""

_MAGIC: tuple[tuple[bytes, FileKind], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x93NUMPY", "npy"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
)


def file_kind(path: Path) -> FileKind:
    """Return what a file is by its first bytes, whatever its name ends in."""
    with opened(path) as stream:
        head = stream.read(8)
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    return "text"
