"""Large arrays in a file of the store: written and read by rows, straight from the disk, and checked row by row."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
import weakref
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ...engine.errors import FormatError
from ...engine.network.covariance import row_blocks
from . import access
from .joined_crc import joined_crc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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
            self._fill(values[start:stop], int(indices[start]))
        return values

    def run(self, rows: slice) -> NDArray[Any]:
        """Return consecutive rows, shape (b, columns), read-only, in one read."""
        return self._read_only(np.empty((rows.stop - rows.start, self.shape[1]), dtype=self.dtype), rows.start)

    def blocks(self) -> Iterator[tuple[slice, NDArray[Any]]]:
        """Yield runs of rows from first to last, read-only, each valid until the next one: they share their memory."""
        buffer: NDArray[Any] | None = None
        for block in row_blocks(*self.shape):
            if buffer is None:
                buffer = np.empty((block.stop, self.shape[1]), dtype=self.dtype)
            yield block, self._read_only(buffer[: block.stop - block.start], block.start)

    def all(self) -> NDArray[Any]:
        """Return the whole array, read-only."""
        return self.run(slice(0, self.shape[0]))

    def _read_only(self, values: NDArray[Any], first: int) -> NDArray[Any]:
        self._fill(values, first)
        view = values[:]
        view.setflags(write=False)
        return view

    def _fill(self, values: NDArray[Any], first: int) -> None:
        """Read consecutive rows into an array that holds them in C order, and compare each with its checksum."""
        start = self.offset + first * self.shape[1] * self.dtype.itemsize
        if self._read_into(values.reshape(-1).view(np.uint8).data, start) != values.nbytes:
            raise FormatError(f"{self.path} ends within rows {first} to {first + len(values)} of {self.name!r}.")
        checksums = self.checksums[first : first + len(values)]
        width = self.shape[1] * self.dtype.itemsize
        if len(values) >= FEW and zlib.crc32(values.data) == joined_crc(checksums, width):
            return
        for index, (row, checksum) in enumerate(zip(values, checksums.tolist(), strict=True), start=first):
            if zlib.crc32(row.data) != checksum:
                raise FormatError(f"Row {index} of {self.name!r} in {self.path} is damaged.")

    def _read_into(self, buffer: memoryview, start: int) -> int:
        """Fill a buffer from the file, and return how many bytes there were; the system may give them in parts."""
        done = 0
        try:
            while done < len(buffer) and (read := _pread(self._descriptor, buffer[done:], start + done)):
                done += read
        except OSError as failure:
            raise access.refusal(failure.errno or errno.EIO, self.path) from None
        return done


def _pread(descriptor: int, buffer: memoryview, start: int) -> int:
    """Read from a position of a file into a buffer, and return how many bytes."""
    if hasattr(os, "preadv"):
        return os.preadv(descriptor, [buffer], start)
    content = os.pread(descriptor, len(buffer), start)
    buffer[: len(content)] = content
    return len(content)


def _close(descriptor: int) -> None:
    """Close a descriptor that was read from; nothing depends on whether that succeeds."""
    with contextlib.suppress(OSError):
        os.close(descriptor)


class RowSource(Protocol):
    """A large array on its way into a file, of which no more than some rows need be in memory at a time."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(rows, columns)."""
        ...

    def blocks(self) -> Iterator[tuple[slice, NDArray[Any]]]:
        """Yield runs of rows from first to last, float64, each valid until the next one."""
        ...


def bulk_type(values: NDArray[Any] | RowSource) -> np.dtype[Any]:
    """Return the type that an array or a source of rows has in a file."""
    dtype = values.dtype if isinstance(values, np.ndarray) else np.dtype(np.float64)
    return dtype.newbyteorder("<")


def bulk_blocks(values: NDArray[Any] | RowSource) -> Iterator[tuple[slice, NDArray[Any]]]:
    """Yield an array whole, or a source of rows block by block, as they stand in a file."""
    blocks = [(slice(0, len(values)), values)] if isinstance(values, np.ndarray) else values.blocks()
    for block, rows in blocks:
        yield block, little_endian(rows)


def checksums_of(
    values: NDArray[Any] | RowSource, progress: Callable[[int], object] = lambda _: None
) -> tuple[str, NDArray[np.uint32]]:
    """Return the SHA-256 of all bytes of an array, in hex, and the CRC-32 of each row, shape (rows,).

    Parameters
    ----------
    values : ndarray or RowSource
        The array, or what yields its rows.
    progress : callable
        Called with the number of bytes that have been read since its last call.
    """
    digest, sums = hashlib.sha256(), np.empty(values.shape[0], dtype=np.uint32)
    for block, rows in bulk_blocks(values):
        digest.update(rows.data)
        sums[block] = [zlib.crc32(row.data) for row in rows]
        progress(rows.nbytes)
    return digest.hexdigest(), sums


def little_endian(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array as it stands in a file: in C order, its numbers little-endian."""
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
