"""The stored bytes of a foreign HDF5 array, looked at before HDF5 makes room for what they claim to be."""

from __future__ import annotations

import math
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import InputError
from .kinds import AGAIN, open_bytes
from .limits import LARGEST_PACKING, LONGEST_NAME, UNPACKED_FREELY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

LARGEST_CHUNK = 32 << 20
"""Bytes of a chunk of an array, unless the array is larger than that: HDF5 makes room for a whole chunk at once."""

REFERENCE = np.dtype([("length", "<u4"), ("heap", "<u8"), ("object", "<u4")])
"""How a text of variable length stands in an array: its bytes, the place of its heap in the file, its number there."""

_DEFLATE, _SHUFFLE, _CHECKSUM = 1, 2, 3
_LETTER = 4  # bytes that one takes in UTF-8, at most


def check_chunks(node: Any, where: str) -> None:
    """Refuse chunks that make HDF5 take more memory than the array does: by their claim, or by what they unpack to.

    Parameters
    ----------
    node : h5py.Dataset
        An array that lies in its file.
    where : str
        Its name, for the sentence of an error.
    """
    if not node.chunks:
        return
    size = _chunk_size(node)
    if size > max(LARGEST_CHUNK, node.size * _width(node)):
        raise InputError(f"{where} is stored in chunks of {size:,} bytes, larger than itself: {node.shape}.")
    filters = _filters(node)
    if _DEFLATE not in filters:
        return
    if any(one != _CHECKSUM for one in filters[filters.index(_DEFLATE) + 1 :]):
        raise InputError(f"{where} is packed by filters in an order that is not known: {filters}.", hint=_REPACK)
    for place, packed in _chunks(node, where):
        if packed * LARGEST_PACKING > UNPACKED_FREELY:
            _unpacked(node, where, place)


def read_references(node: Any, path: Path, where: str) -> NDArray[Any]:
    """Return where the texts of an array of variable length lie, refusing what HDF5 would believe.

    What stands in the array are references: the length of a text, and its place in a heap. HDF5 makes room for that
    length, up to 4 GiB, before it looks into the heap; and all references may lead to one long text.

    Parameters
    ----------
    node : h5py.Dataset
        A list of such texts that lies in its file, n of them.
    path : Path
        Its file.
    where : str
        Its name, for the sentence of an error.

    Returns
    -------
    ndarray of `REFERENCE`, shape (n,)

    Raises
    ------
    InputError
        A text is longer than a name, or all are together longer than the file.
    """
    references = np.zeros(node.size, dtype=REFERENCE)
    for start, part in _stored(node, path, where):
        count = min(len(part) // REFERENCE.itemsize, node.size - start)
        references[start : start + count] = np.frombuffer(part, dtype=REFERENCE, count=count)
    longest, total = int(references["length"].max(initial=0)), int(references["length"].sum(dtype=np.int64))
    if longest > LONGEST_NAME * _LETTER:
        raise InputError(f"{where} claims a name of {longest:,} bytes.", hint=AGAIN)
    if total > path.stat().st_size:
        raise InputError(f"{where} claims names of {total:,} bytes together, more than the file holds.", hint=AGAIN)
    return references


_REPACK = "h5repack writes it in another way: h5repack -f GZIP=4 old.h5ad new.h5ad"


def _stored(node: Any, path: Path, where: str) -> Iterator[tuple[int, bytes]]:
    """Yield the bytes of a list as they are on the disk, less the work of its filters, and where they begin in it."""
    if node.chunks:
        for place, _ in _chunks(node, where):
            yield place[0], _unpacked(node, where, place)
    elif node.id.get_offset() is not None:
        with open_bytes(path) as stream:
            stream.seek(node.id.get_offset())
            yield 0, stream.read(node.size * _width(node))
    elif node.id.get_storage_size():
        raise InputError(f"{where} is stored within its head, which is not read here.", hint=_REPACK)


def _unpacked(node: Any, where: str, place: tuple[int, ...]) -> bytes:
    """Return the bytes of a chunk, refusing one that is larger than chunks are: HDF5 makes room for all that comes."""
    skipped, content = node.id.read_direct_chunk(place)
    size, filters = _chunk_size(node), _filters(node)
    for step in reversed(range(len(filters))):
        if skipped >> step & 1:
            continue
        if filters[step] == _CHECKSUM:
            content = content[:-4]
        elif filters[step] == _DEFLATE:
            content = _inflated(content, size, f"{where}: its chunk at {place}")
        elif filters[step] == _SHUFFLE:
            content = _unshuffled(content, _width(node))
        else:
            raise InputError(f"{where} is packed by a filter that is not known here: {filters[step]}.", hint=_REPACK)
    return content


def _inflated(packed: bytes, size: int, where: str) -> bytes:
    try:
        content = zlib.decompressobj().decompress(packed, size + 1)
    except zlib.error as error:
        raise InputError(f"{where} cannot be unpacked: {error}.", hint=AGAIN) from error
    if len(content) > size:
        raise InputError(f"{where} unpacks to more than its {size:,} bytes: it would burst.", hint=AGAIN)
    return content


def _unshuffled(content: bytes, width: int) -> bytes:
    """Return bytes in their order, where the first bytes of all values stood first; a rest stands as it is."""
    whole = len(content) // width * width
    return np.frombuffer(content[:whole], dtype=np.uint8).reshape(width, -1).T.tobytes() + content[whole:]


def _chunks(node: Any, where: str) -> list[tuple[tuple[int, ...], int]]:
    """Return where chunks begin, and how many bytes of the file each takes."""
    found: list[tuple[tuple[int, ...], int]] = []

    def note(chunk: Any) -> None:
        found.append((chunk.chunk_offset, chunk.size))

    node.id.chunk_iter(note)
    claimed = sum(size for _, size in found)
    if claimed > Path(node.file.filename).stat().st_size:
        raise InputError(f"{where} claims chunks of {claimed:,} bytes, more than the file has.", hint=AGAIN)
    return found


def _filters(node: Any) -> list[int]:
    plan = node.id.get_create_plist()
    return [int(plan.get_filter(place)[0]) for place in range(plan.get_nfilters())]


def _width(node: Any) -> int:
    """Return the bytes of one value in the file; of a text of variable length, those of its reference."""
    return REFERENCE.itemsize if node.dtype.hasobject else node.dtype.itemsize


def _chunk_size(node: Any) -> int:
    return math.prod(node.chunks) * _width(node)
