"""The heaps of a foreign HDF5 file, walked before HDF5 does: one flipped bit in them sends HDF5 in circles."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO

from ...engine.errors import InputError
from .files import AGAIN, open_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MARK = b"GCOL\x01"
_RESERVED = bytes(3)
_HEAD = struct.Struct("<5s3sQ")
_OBJECT = struct.Struct("<HHIQ")
_SMALLEST = 4096
_BLOCK = 16 << 20


def refuse_broken_heaps(path: Path) -> None:
    """Refuse a file with a global heap in which HDF5 would go round for ever.

    Text of variable length, in datasets and attributes, lies in global heaps: collections of objects that follow each
    other, each with its size. HDF5 (up to 2.0 at least) does not stop at an object of size zero, and makes room for
    whatever size a heap claims.

    Parameters
    ----------
    path : Path
        An HDF5 file. It is read once, from first to last.

    Raises
    ------
    InputError
        A heap is damaged; its place in the file is named.

    Notes
    -----
    HDF5 File Format Specification 3.0, section III.E. Files whose lengths are not of eight bytes are not known here.
    """
    with open_bytes(path) as stream:
        for place in _heaps(stream):
            stream.seek(place)
            _check_heap(path, place, stream)


def _heaps(stream: BinaryIO) -> Iterator[int]:
    """Yield every place where a heap begins."""
    start, kept = 0, b""
    while True:
        stream.seek(start + len(kept))
        part = stream.read(_BLOCK)
        if not part:
            return
        block = kept + part
        found = block.find(_MARK)
        while found >= 0:
            yield start + found
            found = block.find(_MARK, found + 1)
        kept = block[-len(_MARK) + 1 :]
        start += len(block) - len(kept)


def _check_heap(path: Path, place: int, stream: BinaryIO) -> None:
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return
    _, reserved, size = _HEAD.unpack(head)
    if not _SMALLEST <= size <= path.stat().st_size - place:
        if reserved == _RESERVED:
            raise InputError(f"{path} is damaged: the heap at byte {place:,} claims {size:,} bytes.", hint=AGAIN)
        return  # other bytes that happen to look like the mark
    heap = head + stream.read(size - _HEAD.size)
    offset = _HEAD.size
    while size - offset >= _OBJECT.size:
        number, _, _, length = _OBJECT.unpack_from(heap, offset)
        needed = length if number == 0 else _OBJECT.size + -(-length // 8) * 8  # number 0 is what is free
        if not _OBJECT.size <= needed <= size - offset:
            raise InputError(
                f"{path} is damaged: the heap at byte {place:,} holds an object of {length:,} bytes.",
                hint=f"{AGAIN} Where it was written over in place, h5repack makes a clean copy.",
            )
        offset += needed
