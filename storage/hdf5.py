# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false, reportUnknownParameterType=false
# (h5py ships no types)
"""HDF5 files: the store's own, written whole and checked as they are read, and foreign ones, read with care."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import weakref
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ..engine.covariance import row_blocks
from ..engine.errors import FormatError, InputError, NotFound
from . import layout

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from pathlib import Path

IN_MEMORY = 32 << 20
"""A file up to this size is built in memory and written in one go."""

PLAIN = "Sfiu"
"""Kinds of numpy types that a file of the store may hold: fixed-length text and numbers."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a file of the store holds.

    Parameters
    ----------
    kind : str
        What it is, of `layout`.
    record : str
        Canonical JSON.
    arrays : mapping of str to ndarray
        Small arrays, checked whole whenever the file is read.
    bulk : mapping of str to ndarray, 2-D
        Large arrays, checked row by row as rows are read.
    """

    kind: str
    record: str
    arrays: Mapping[str, NDArray[Any]]
    bulk: Mapping[str, NDArray[Any]] = field(default_factory=dict[str, NDArray[Any]])

    def seal(self) -> Sealed:
        """Return the content with its checksums and its id."""
        sums = {name: _checksums(array) for name, array in self.bulk.items()}
        types = {name: (layout.canonical_type(self.bulk[name]), sha256, rows) for name, (sha256, rows) in sums.items()}
        return Sealed(self, sums, layout.content_id(self.kind, self.record, self.arrays, types))


@dataclass(frozen=True, slots=True)
class Sealed:
    """A content with the checksums of its bulk arrays, and its id."""

    content: Content
    checksums: Mapping[str, tuple[str, NDArray[np.uint32]]]
    id: str

    def write(self, path: Path) -> None:
        """Write the content as a file of its own.

        Raises
        ------
        OSError
            The disk refused.
        """
        small = sum(array.nbytes for array in self.content.bulk.values()) <= IN_MEMORY
        # The image of a file that is still open has a wrong checksum under HDF5 1.14.2: let closing write it.
        how: dict[str, Any] = {"driver": "core", "backing_store": True} if small else {}
        try:
            with h5py.File(path, "w", libver="latest", locking=False, **how) as file:
                self._fill(file)
        except RuntimeError as failure:  # so h5py says that closing failed, on a full disk say
            raise OSError(f"{path} could not be written: {failure}") from None

    def _fill(self, file: h5py.File) -> None:
        content = self.content
        # Fixed-length text: what is variable-length lies in a heap without checksums, where damage can hang HDF5.
        file.attrs[layout.KIND] = np.bytes_(content.kind.encode())
        file.attrs[layout.ID] = np.bytes_(self.id.encode())
        record = content.record.encode()
        file.create_dataset(layout.RECORD, data=np.bytes_(record), dtype=h5py.string_dtype("utf-8", len(record)))
        for name, array in content.arrays.items():
            file.create_dataset(name, data=_little_endian(array))
        for name, array in content.bulk.items():
            sha256, rows = self.checksums[name]
            dataset = file.create_dataset(name, data=_little_endian(array))
            dataset.attrs[layout.SHA256] = np.bytes_(sha256.encode())
            file.create_dataset(name + layout.CHECKSUMS, data=rows)


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
    """

    path: Path
    name: str
    offset: int
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    checksums: NDArray[np.uint32]

    @cached_property
    def _descriptor(self) -> int:
        descriptor = os.open(self.path, os.O_RDONLY)
        weakref.finalize(self, os.close, descriptor)
        return descriptor

    def rows(self, places: NDArray[np.intp]) -> NDArray[Any]:
        """Return rows in the order asked, shape (m, columns).

        Raises
        ------
        FormatError
            A row is not what was written.
        """
        values = np.empty((len(places), self.shape[1]), dtype=self.dtype)
        starts = np.flatnonzero(np.diff(places, prepend=-2) != 1).tolist()
        for start, stop in itertools.pairwise([*starts, len(places)]):
            first = int(places[start])
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
        for place, row in enumerate(values, start=rows.start):
            if zlib.crc32(row.data) != self.checksums[place]:
                raise FormatError(f"Row {place} of {self.name!r} in {self.path} is damaged.")
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
        while count and (part := os.pread(self._descriptor, count, start)):
            parts.append(part)
            start, count = start + len(part), count - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of the store, read and checked.

    Parameters
    ----------
    kind : str
        What it is, of `layout`.
    id : str
        Its content id, found again from what was read.
    record : str
        Its record, JSON.
    arrays : mapping of str to ndarray
        The small arrays.
    bulk : mapping of str to BulkRows
        The large ones, to be read by rows.
    """

    kind: str
    id: str
    record: str
    arrays: Mapping[str, NDArray[Any]]
    bulk: Mapping[str, BulkRows]


def read(path: Path, *kinds: str) -> Stored:
    """Return what a file of the store holds, after checking that it is what was written.

    Raises
    ------
    FormatError
        The file is missing, damaged, not of these kinds, or holds what no file of a store may.
    """
    try:
        with h5py.File(path, "r", locking=False) as file:
            return _read(path, file, kinds)
    except FileNotFoundError:
        raise FormatError(f"{path} is missing from the store.") from None
    except PermissionError:
        raise
    except (OSError, KeyError, RuntimeError, ValueError, TypeError) as failure:
        raise FormatError(f"{path} is damaged: {failure}.") from None


@contextlib.contextmanager
def open_foreign(path: Path) -> Generator[h5py.File]:
    """Open an HDF5 file that is not a store's, for reading, without locks.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        It is not an HDF5 file, or it is damaged.
    """
    if not path.exists():
        raise NotFound(f"There is no file {path}.")
    try:
        file = h5py.File(path, "r", locking=False)
    except OSError as failure:
        raise InputError(f"{path} cannot be read as HDF5: {failure}.") from None
    with file:
        yield file


def _read(path: Path, file: h5py.File, kinds: tuple[str, ...]) -> Stored:
    kind = _attribute(file, layout.KIND)
    if kind not in kinds:
        raise FormatError(f"{path} holds a {kind!r}, where a {' or '.join(kinds)!r} should stand.")
    datasets = {name: _dataset(path, file, name) for name in map(str, file)}
    record = bytes(datasets.pop(layout.RECORD)[()]).decode()
    bulk = {name: _bulk(path, datasets, name) for name in datasets if name + layout.CHECKSUMS in datasets}
    types = {
        name: (
            f"{rows.dtype.str} {rows.shape}",
            _attribute(datasets[name], layout.SHA256),
            rows.checksums,
        )
        for name, rows in bulk.items()
    }
    arrays = {
        name: dataset[()] for name, dataset in datasets.items() if name.removesuffix(layout.CHECKSUMS) not in bulk
    }
    found = layout.content_id(kind, record, arrays, types)
    if found != _attribute(file, layout.ID):
        raise FormatError(f"{path} is damaged: its content is not what its id says.")
    return Stored(kind, found, record, arrays, bulk)


def _dataset(path: Path, file: h5py.File, name: str) -> h5py.Dataset:
    """Return a plain dataset that lies inside the file; anything else has no place in a store."""
    if not isinstance(file.get(name, getlink=True), h5py.HardLink):
        raise FormatError(f"{path} holds a link, {name!r}, where only data may stand.")
    dataset = file[name]
    if not isinstance(dataset, h5py.Dataset) or dataset.external or dataset.is_virtual or dataset.chunks:
        raise FormatError(f"{path} holds {name!r}, which is not a plain dataset.")
    if dataset.dtype.kind not in PLAIN:
        raise FormatError(f"{path} holds {name!r}, which is neither numbers nor fixed-length text.")
    if dataset.nbytes > path.stat().st_size:
        raise FormatError(f"{path} is damaged: {name!r} claims {dataset.nbytes} bytes, more than the file has.")
    return dataset


def _bulk(path: Path, datasets: Mapping[str, h5py.Dataset], name: str) -> BulkRows:
    dataset = datasets[name]
    offset = dataset.id.get_offset()
    rows, columns = dataset.shape
    checksums = datasets[name + layout.CHECKSUMS][()]
    if checksums.shape != (rows,) or (offset is None and dataset.size):
        raise FormatError(f"{path} is damaged: {name!r} does not fit its checksums.")
    return BulkRows(path, name, offset or 0, (rows, columns), dataset.dtype, checksums)


def _checksums(array: NDArray[Any]) -> tuple[str, NDArray[np.uint32]]:
    values = _little_endian(array)
    rows = np.array([zlib.crc32(row.data) for row in values], dtype=np.uint32)
    return hashlib.sha256(values.data).hexdigest(), rows


def _little_endian(array: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))


def _attribute(holder: h5py.File | h5py.Dataset, name: str) -> str:
    if holder.attrs.get_id(name).dtype.kind != "S":
        raise ValueError(f"its attribute {name!r} is not fixed-length text")
    value: Any = holder.attrs[name]
    return bytes(value).decode()
