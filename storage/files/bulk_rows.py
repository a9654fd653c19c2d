"""Large arrays in a file of the store: read by rows, straight from the disk, and checked row by row."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import weakref
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import FormatError
from ...engine.network.covariance import row_blocks
from .joined_crc import joined_crc

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

FEW = 4_096
"""Number of rows below which each is checked by itself: joining the checksums of so few takes longer."""


@dataclass(frozen=True)
class BulkRows:
    """A large array in a file: its rows are read straight from the disk, and checked.

    It keeps the file open for as long as it lives.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        The dataset, for messages.
    offset : int
        Where its bytes begin.
    shape : tuple of int
        (rows, columns).
    dtype : dtype
        Of one value, little-endian.
    checksums : ndarray of uint32, shape (rows,)
        CRC-32 of each row.
    sha256 : str
        What the SHA-256 of all its bytes should be, in hex.
    """

    path: Path
    name: str
    offset: int
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    checksums: NDArray[np.uint32]
    sha256: str

    @property
    def nbytes(self) -> int:
        """How many bytes it has."""
        return self.shape[0] * self.shape[1] * self.dtype.itemsize

    @cached_property
    def _descriptor(self) -> int:
        descriptor = os.open(self.path, os.O_RDONLY)
        weakref.finalize(self, _close, descriptor)
        return descriptor

    def rows(self, indices: NDArray[np.intp]) -> NDArray[Any]:
        """Return rows in the order of their indices, shape (m, columns).

        Raises
        ------
        FormatError
            A row is not what was written.
        """
        values = np.empty((len(indices), self.shape[1]), dtype=self.dtype)
        starts = np.flatnonzero(np.diff(indices, prepend=-2) != 1).tolist()
        for start, stop in itertools.pairwise([*starts, len(indices)]):
            first = int(indices[start])
            values[start:stop] = self.run(slice(first, first + stop - start))
        return values

    def run(self, rows: slice) -> NDArray[Any]:
        """Return consecutive rows, shape (b, columns), read-only, in one read."""
        width = self.shape[1] * self.dtype.itemsize
        wanted = (rows.stop - rows.start) * width
        content = self._bytes(self.offset + rows.start * width, wanted)
        if len(content) != wanted:
            raise FormatError(f"{self.path} ends within rows {rows.start} to {rows.stop} of {self.name!r}.")
        values = np.frombuffer(content, dtype=self.dtype).reshape(rows.stop - rows.start, self.shape[1])
        checksums = self.checksums[rows]
        if len(values) < FEW or zlib.crc32(values.data) != joined_crc(checksums, width):
            for index, (row, checksum) in enumerate(zip(values, checksums.tolist(), strict=True), start=rows.start):
                if zlib.crc32(row.data) != checksum:
                    raise FormatError(f"Row {index} of {self.name!r} in {self.path} is damaged.")
        return values

    def blocks(self) -> Iterator[tuple[slice, NDArray[Any]]]:
        """Yield runs of rows from first to last."""
        for block in row_blocks(*self.shape):
            yield block, self.run(block)

    def all(self) -> NDArray[Any]:
        """Return the whole array, read-only."""
        return self.run(slice(0, self.shape[0]))

    def _bytes(self, start: int, count: int) -> bytes:
        """Return bytes of the file, fewer only where it ends; the system may give a large read in parts."""
        parts: list[bytes] = []
        try:
            while count and (part := os.pread(self._descriptor, count, start)):
                parts.append(part)
                start, count = start + len(part), count - len(part)
        except OSError as failure:
            raise OSError(failure.errno, failure.strerror, str(self.path)) from None
        return parts[0] if len(parts) == 1 else b"".join(parts)


def _close(descriptor: int) -> None:
    """Close a descriptor that was read from; nothing depends on whether that succeeds."""
    with contextlib.suppress(OSError):
        os.close(descriptor)


def checksums_of(array: NDArray[Any]) -> tuple[str, NDArray[np.uint32]]:
    """Return the SHA-256 of all bytes of an array, in hex, and the CRC-32 of each row, shape (rows,)."""
    values = little_endian(array)
    rows = np.array([zlib.crc32(row.data) for row in values], dtype=np.uint32)
    return hashlib.sha256(values.data).hexdigest(), rows


def little_endian(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array as it stands in a file: in C order, its numbers little-endian."""
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
