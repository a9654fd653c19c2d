"""The CRC-32 of rows that follow one another, from the CRC-32 of each: a block of rows is checked in one call.

CRC-32 is linear over the field of two elements. With Z_n for the map of a checksum that n zero bytes make,

    crc(A ‖ B) = Z_|B| crc(A) ⊕ crc(B),

as zlib's `crc32_combine` has it. So the rows of a block need not be checked one by one, and nothing but their checksums
has to be known.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

POLYNOMIAL = 0xEDB88320
"""The polynomial of CRC-32 (IEEE 802.3), lowest power first."""

BITS = np.arange(32, dtype=np.uint32)


def joined_crc(checksums: NDArray[np.uint32], width: int) -> int:
    """Return the CRC-32 of rows of one width, one after another, from the CRC-32 of each.

    Parameters
    ----------
    checksums : ndarray of uint32, shape (n,)
        Of each row; n may be 0.
    width : int
        Bytes of a row.

    Notes
    -----
    Neighbours are joined by pairs, then pairs by pairs: O(n), in log₂ n steps over arrays.

    Examples
    --------
    >>> import zlib
    >>> rows = [b"TP53", b"MDM2", b"GAPD"]
    >>> joined_crc(np.array([zlib.crc32(row) for row in rows], dtype=np.uint32), 4) == zlib.crc32(b"".join(rows))
    True
    """
    if not len(checksums):
        return 0
    while len(checksums) > 1:
        if len(checksums) % 2:  # nothing in front changes nothing: its checksum is 0, and so is that of zeros after it
            checksums = np.concatenate([np.zeros(1, dtype=np.uint32), checksums])
        first = np.ascontiguousarray(checksums[::2], dtype="<u4").view(np.uint8).reshape(-1, 4)
        tables = _tables(width)
        moved = [table[first[:, byte]] for byte, table in enumerate(tables)]
        checksums = moved[0] ^ moved[1] ^ moved[2] ^ moved[3] ^ checksums[1::2]
        width *= 2
    return int(checksums[0])


@functools.lru_cache(maxsize=128)
def _tables(count: int) -> NDArray[np.uint32]:
    """Return the map of so many zero bytes for each value of each byte of a checksum, shape (4, 256)."""
    matrix = _zero_bytes(count)
    values = np.arange(256, dtype=np.uint32)
    return np.stack([_times(matrix, values << np.uint32(8 * byte)) for byte in range(4)])


@functools.lru_cache(maxsize=128)
def _zero_bytes(count: int) -> NDArray[np.uint32]:
    """Return the map of so many zero bytes as the images of the 32 bits."""
    if count == 0:
        return np.uint32(1) << BITS
    if count > 1:
        half = _zero_bytes(count // 2)
        square = _times(half, half)
        return _times(_zero_bytes(1), square) if count % 2 else square
    bit = np.concatenate([np.array([POLYNOMIAL], dtype=np.uint32), np.uint32(1) << BITS[:-1]])
    for _ in range(3):
        bit = _times(bit, bit)
    return bit


def _times(matrix: NDArray[np.uint32], values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the images of values under a map."""
    images = np.zeros_like(values)
    for bit, image in zip(BITS, matrix, strict=True):
        images ^= np.where(values >> bit & np.uint32(1), image, np.uint32(0))
    return images
