"""A value as bytes for another process of ours: pickled, its arrays as they lie in memory and never copied twice.

    number of parts, their lengths (8 bytes each) | the pickle | array | array …        each part begins at 64 bytes

Arrays that are unpacked are views of the bytes, aligned and writable as they were, so that what computes with them has
the same bits. Only what this program has packed is unpacked, from its own processes or from a cluster that it trusts.
"""

from __future__ import annotations

import pickle
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    Bytes = bytes | bytearray | memoryview

ALIGNMENT = 64
"""Bytes at a multiple of which each part begins."""


def packed(value: Any) -> Iterator[Bytes]:
    """Yield the bytes of a value, piece by piece; large arrays are not copied."""
    arrays: list[pickle.PickleBuffer] = []
    parts: list[Bytes] = [pickle.dumps(value, protocol=5, buffer_callback=arrays.append)]
    parts += [array.raw() for array in arrays]
    lengths = [len(part) for part in parts]
    header = struct.pack(f"<{1 + len(lengths)}q", len(lengths), *lengths)
    for part in (header, *parts):
        yield part
        yield bytes(-len(part) % ALIGNMENT)


def unpack(content: Any) -> Any:
    """Return the value of which some bytes are: a bytearray, or a mapped file."""
    view = memoryview(content)
    (count,) = struct.unpack_from("<q", view)
    lengths = struct.unpack_from(f"<{count}q", view, 8)
    parts: list[memoryview] = []
    begin = _aligned(8 * (1 + count))
    for length in lengths:
        parts.append(view[begin : begin + length])
        begin += _aligned(length)
    return pickle.loads(parts[0], buffers=parts[1:])  # noqa: S301  packed by this program


def _aligned(length: int) -> int:
    return length + -length % ALIGNMENT
