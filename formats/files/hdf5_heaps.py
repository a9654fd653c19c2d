"""The heaps of a foreign HDF5 file, where its text of variable length lies, read and checked without HDF5.

HDF5 trusts them: one flipped bit there sends it in circles (up to 2.0 at least), makes it take gigabytes, or, before
2.0, ends the process.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, BinaryIO

from ...engine.errors import InputError
from .kinds import AGAIN, open_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_MARK = b"GCOL\x01"
_RESERVED = bytes(3)
_HEAD = struct.Struct("<5s3sQ")
_OBJECT = struct.Struct("<HHIQ")
_SMALLEST = 4096
_BLOCK = 16 << 20


def refuse_broken_heaps(path: Path) -> None:
    """Refuse a file with a global heap in which HDF5 would be lost: it reads the text of attributes from there.

    A heap is a collection of objects that follow each other, each with its size. HDF5 does not stop at one of size
    zero, and makes room for whatever size a heap claims.

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
    end = 0
    with open_bytes(path) as stream:
        for place in _marks(stream):
            heap = _read_heap(path, place, stream)
            if heap and place < end:
                raise InputError(f"{path} is damaged: the heap at byte {place:,} lies in another.", hint=AGAIN)
            end = max(end, place + len(heap))
            for _ in _objects(path, place, heap):
                pass


def read_texts(path: Path, references: NDArray[Any], where: str) -> list[bytes]:
    """Return the texts that references lead to.

    Parameters
    ----------
    path : Path
        The file.
    references : ndarray of `hdf5_chunks.REFERENCE`, shape (n,)
        One a text; one of length 0 leads nowhere.
    where : str
        What they are, for the sentence of an error.

    Raises
    ------
    InputError
        There is no such heap, or no object of that number and length in it.
    """
    texts: list[bytes] = []
    heaps, left = dict[int, dict[int, bytes]](), path.stat().st_size
    with open_bytes(path) as stream:
        for length, place, number in references.tolist():
            if length and place not in heaps:
                heap = _read_heap(path, place, stream)
                left -= len(heap)
                heaps[place] = dict(_objects(path, place, heap)) if left >= 0 else {}
            text = heaps[place].get(number, b"") if length else b""
            if len(text) != length:
                raise InputError(f"{where} is damaged: an entry of {length:,} bytes is not in its heap.", hint=AGAIN)
            texts.append(text.partition(b"\0")[0])
    return texts


def _marks(stream: BinaryIO) -> Iterator[int]:
    """Yield every place where a heap may begin."""
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


def _read_heap(path: Path, place: int, stream: BinaryIO) -> bytes:
    """Return the bytes of a heap, none where there is no heap."""
    if place + _HEAD.size > path.stat().st_size:
        return b""
    stream.seek(place)
    head = stream.read(_HEAD.size)
    mark, reserved, size = _HEAD.unpack(head)
    if mark != _MARK:
        return b""
    if not _SMALLEST <= size <= path.stat().st_size - place:
        if reserved == _RESERVED:
            raise InputError(f"{path} is damaged: the heap at byte {place:,} claims {size:,} bytes.", hint=AGAIN)
        return b""  # other bytes that happen to look like the mark
    return head + stream.read(size - _HEAD.size)


def _objects(path: Path, place: int, heap: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the content of each object of a heap."""
    offset = _HEAD.size
    while len(heap) - offset >= _OBJECT.size:
        number, _, _, length = _OBJECT.unpack_from(heap, offset)
        start = offset + _OBJECT.size
        needed = length if number == 0 else _OBJECT.size + -(-length // 8) * 8  # number 0 is what is free
        if not _OBJECT.size <= needed <= len(heap) - offset:
            raise InputError(
                f"{path} is damaged: the heap at byte {place:,} holds an object of {length:,} bytes.",
                hint=f"{AGAIN} Where it was written over in place, h5repack makes a clean copy.",
            )
        if number:
            yield number, heap[start : start + length]
        offset += needed
