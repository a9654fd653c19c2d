# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false, reportUnknownParameterType=false
# (h5py ships no types)
"""The HDF5 files of a store, written whole and checked as they are read."""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import itertools
import math
import os
import re
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5f, h5o, h5p, h5s, h5t  # pyright: ignore[reportAttributeAccessIssue]  compiled, and untyped
from numpy.typing import NDArray

from ...engine.errors import FormatError, InputError
from . import access, claims, layout
from .bulk_rows import BulkRows, RowSource, bulk_blocks, bulk_type, checksums_of, little_endian
from .locations import Location

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
    from pathlib import Path

    from .durable import Output

IN_MEMORY = 32 << 20
"""A file up to this size is built in memory and written in one go."""

SMALL, SMALL_STEP, LARGE_STEP = 1 << 16, 1 << 14, 1 << 20
"""Most bytes of a small content; by how many bytes the memory grows in which a small or a large one is built."""

FILES_IN_MEMORY = itertools.count()
"""Numbers of files that are built in memory: of two that are open, HDF5 must not take one for the other."""

METADATA = 512
"""Bytes that HDF5 sets aside at a time for what says where things are; its default leaves gaps in a small file."""

PLAIN = "Sfiu"
"""Kinds of numpy types that a file of the store may hold: fixed-length text and numbers."""

MOST_DATASETS = 64
"""Most datasets in a file of the store; to look at each of many more would take long."""

LONGEST_ATTRIBUTE = 1_024
"""Most bytes of an attribute, which is a kind, a format or a hash."""

NO_MEMORY = re.compile(r"allocat|no space available|out of memory", re.IGNORECASE)
"""How HDF5 says that it was refused memory; also where a damaged file made it ask for more than there can be."""

NOT_DAMAGE = {errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE}
"""Errors of the system for a file that need not be damaged."""

ERRNO = re.compile(r"errno = (\d+)")
"""The number of an error of the system, as HDF5 writes it in its messages."""

OF_THE_FILE = {errno.EIO}
"""Errors of the system that concern one file, and leave the others readable."""


class Missing(FormatError):
    """A file of the store is not there, or no longer."""


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
    bulk : mapping of str to ndarray, 2-D, or RowSource
        Large arrays, checked row by row as rows are read. A source yields its rows twice: to be hashed and written.
    """

    kind: str
    record: str
    arrays: Mapping[str, NDArray[Any]]
    bulk: Mapping[str, NDArray[Any] | RowSource] = field(default_factory=dict[str, NDArray[Any] | RowSource])

    @property
    def bulk_size(self) -> int:
        """The bytes of the large arrays."""
        return sum(math.prod(array.shape) * bulk_type(array).itemsize for array in self.bulk.values())

    def seal(self, progress: Callable[[int], object] = lambda _: None) -> Sealed:
        """Return the content with its checksums and its id.

        Parameters
        ----------
        progress : callable
            Called with the number of bytes of large arrays that have been read since its last call.
        """
        sums = {name: checksums_of(array, progress) for name, array in self.bulk.items()}
        types = {
            name: (f"{bulk_type(array).str} {tuple(array.shape)}", *sums[name]) for name, array in self.bulk.items()
        }
        return Sealed(self, sums, layout.content_id(self.kind, self.record, self.arrays, types))


@dataclass(frozen=True, slots=True)
class Sealed:
    """A content with the checksums of its bulk arrays, and its id."""

    content: Content
    checksums: Mapping[str, tuple[str, NDArray[np.uint32]]]
    id: str

    def write(self, output: Output, progress: Callable[[int], object] = lambda _: None) -> None:
        """Write the content as a file of its own.

        Parameters
        ----------
        output : Output
            The new file.
        progress : callable
            Called with the number of bytes of large arrays that have been written since its last call.

        Raises
        ------
        OSError
            The disk refused.
        """
        size = self.content.bulk_size + sum(array.nbytes for array in self.content.arrays.values())
        size += len(self.content.record)
        if size > IN_MEMORY:
            with _building(output) as file:
                self.fill(file, progress)
            return
        step = SMALL_STEP if size <= SMALL else LARGE_STEP
        name = f"{os.devnull}/{next(FILES_IN_MEMORY)}"  # HDF5 looks for a file of that name, and can find none
        claims.require_room("a new file")
        file = h5f.create(name.encode(), h5f.ACC_TRUNC, fcpl=_untimed_file(), fapl=_in_memory(step))
        self.put(file)
        h5f.flush(file)
        output.write(file.get_file_image())
        # It is closed as it goes out of scope: `close` would first look through all that h5py has open.

    def fill(self, file: h5py.Group, progress: Callable[[int], object] = lambda _: None) -> None:
        """Write the content into an empty group; `progress` as for `write`."""
        self.put(file.id, progress)

    def put(self, group: Any, progress: Callable[[int], object] = lambda _: None) -> None:
        """Write the content into an empty group of HDF5, without what h5py's objects would look up for each name."""
        # Fixed-length text: what is variable-length lies in a heap without checksums, where damage can hang HDF5.
        _put_attribute(group, layout.KIND, self.content.kind)
        _put_attribute(group, layout.ID, self.id)
        _put_text(group, layout.RECORD, self.content.record.encode())
        for name, array in self.content.arrays.items():
            _put(group, name, little_endian(array))
        for name, array in self.content.bulk.items():
            sha256, rows = self.checksums[name]
            dataset = _create(group, name, array.shape, _type_of(bulk_type(array)))
            for block, values in bulk_blocks(array):
                _write_rows(dataset, block, values)
                progress(values.nbytes)
            _put_attribute(dataset, layout.SHA256, sha256)
            _put(group, name + layout.CHECKSUMS, rows)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the store, read and checked.

    Parameters
    ----------
    location : Location
        Where it stands.
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

    location: Location
    kind: str
    id: str
    record: str
    arrays: Mapping[str, NDArray[Any]]
    bulk: Mapping[str, BulkRows]

    @property
    def size(self) -> int:
        """The bytes of what is in memory: the record, and the small arrays."""
        return len(self.record) + sum(array.nbytes for array in self.arrays.values())

    def check_bulk(self, progress: Callable[[int], object] = lambda _: None) -> None:
        """Read every row of the large arrays, and compare all their bytes with their hashes.

        Parameters
        ----------
        progress : callable
            Called with the number of bytes that have been read since its last call.

        Raises
        ------
        FormatError
            One is not what was written.
        """
        for name, rows in self.bulk.items():
            digest = hashlib.sha256()
            for _, block in rows.blocks():
                digest.update(block.data)
                progress(block.nbytes)
            if digest.hexdigest() != rows.sha256:
                raise FormatError(f"{self.location} is damaged: {name!r} does not match its hash.")


def read(location: Location, *kinds: str) -> StoredFile:
    """Return what a file of the store holds, after checking that it is what was written.

    Raises
    ------
    Missing
        There is no such file.
    FormatError
        It is damaged, not of these kinds, or holds what no file of a store may.
    OSError
        The system does not let it be read.
    """
    with _opened(location) as file:
        return _read(location, _group(location, file), kinds)


def read_each(path: Path, groups: Iterable[str], *kinds: str) -> Iterator[StoredFile | FormatError]:
    """Yield what groups of one file hold, or what is wrong with each, opening the file once; raises as `read`."""
    with _opened(Location(path)) as file:
        left = path.stat().st_size
        for group in groups:
            location = Location(path, group)
            try:
                with _translated(location):
                    stored = _read(location, _group(location, file), kinds)
            except FormatError as failure:
                yield failure
                continue
            left -= stored.size  # a group may have several names, and is in memory once for each
            if left < 0:
                yield FormatError(f"{location} is damaged: the groups of its file claim more bytes than that has.")
            else:
                yield stored


def names_in(path: Path, kind: str, *groups: str) -> dict[str, list[str]]:
    """Return the names of what stands in groups of a file that holds many, of a kind that it states.

    Parameters
    ----------
    path : Path
        The file.
    kind : str
        The kind that it must state: `pack` or `store`.
    groups : str
        Which groups to look into; `/` is the root.

    Raises
    ------
    FormatError
        It states another kind or format, or is damaged.
    InputError
        It states none.
    """
    location = Location(path)
    with _opened(location) as file:
        if not {layout.KIND, layout.FORMAT} <= set(file.attrs):
            raise InputError(f"{path} is HDF5, but not an exported store.", code="not-exported")
        stated = _attribute(file, layout.KIND), _attribute(file, layout.FORMAT)
        if stated != (kind, layout.FORMAT_TEXT.strip()):
            raise FormatError(
                f"{path} is a {stated[0]!r} of the format {stated[1]!r}; "
                f"this grnledger reads a {kind!r} of {layout.FORMAT_TEXT.strip()!r} here.",
                code="newer-store",
            )
        return {
            name: sorted(map(str, _group(Location(path, name), file))) if name == "/" or name in file else []
            for name in groups
        }


def walk(path: Path) -> None:
    """Go through the names of all that a file holds, as other programs do; reading by name does not need all of that.

    Raises
    ------
    FormatError
        What says where things are is damaged.
    """

    def go_on(_: bytes) -> None:
        pass

    with _opened(Location(path)) as file:
        h5o.visit(file.id, go_on)


def is_hdf5(path: Path) -> bool:
    """Return whether a file calls itself HDF5; raises `AccessDenied`."""
    try:
        with path.open("rb") as file:
            return file.read(8) == b"\x89HDF\r\n\x1a\n"
    except PermissionError as denied:
        raise access.refusal(denied.errno or errno.EACCES, path) from None


def bytes_behind(path: Path) -> int:
    """Return how many bytes stand behind the end of an HDF5 file, as its superblock says; nothing reads them.

    Raises
    ------
    OSError
        The system does not let it be read.
    """
    if not path.is_file():  # a pipe would be waited for
        return 0
    with path.open("rb") as file:
        head, size = file.read(48), os.fstat(file.fileno()).st_size
    is_ours = head[:8] == b"\x89HDF\r\n\x1a\n" and head[8:10] in (b"\x02\x08", b"\x03\x08") and len(head) == 48
    return max(0, size - int.from_bytes(head[28:36], "little")) if is_ours else 0


def write_many(output: Output, kind: str, parts: Iterable[tuple[str, Location | Sealed]]) -> None:
    """Write one file that holds many of the store's as groups.

    Parameters
    ----------
    output : Output
        The new file.
    kind : str
        What it is: `pack` or `store`.
    parts : iterable of (str, Location or Sealed)
        The name of each group, and where its content stands, or the content.
    """
    with _building(output) as file:
        file.attrs[layout.KIND] = np.bytes_(kind.encode())
        file.attrs[layout.FORMAT] = np.bytes_(layout.FORMAT_TEXT.strip().encode())
        for name, part in parts:
            group = file.create_group(name)
            if isinstance(part, Sealed):
                part.fill(group)
            else:
                with _opened(part) as source:
                    _transfer(_group(part, source), group)


def copy(location: Location) -> Callable[[Output], None]:
    """Return a step that writes what stands somewhere as a file of its own."""

    def write(output: Output) -> None:
        with _building(output) as file, _opened(location) as source:  # what the disk refuses comes first
            _transfer(_group(location, source), file)

    return write


@contextlib.contextmanager
def _opened(location: Location) -> Generator[h5py.File]:
    with _translated(location):
        if not stat.S_ISREG(location.path.stat().st_mode):  # a pipe would be waited for
            raise FormatError(f"{location.path} is not a file.")
        claims.require_room(location)
        with h5py.File(location.path, "r", locking=False) as file:
            yield file


@contextlib.contextmanager
def _translated(location: Location) -> Generator[None]:
    """Raise what HDF5 says of a file that it cannot read as an error of the store."""
    try:
        yield
    except FileNotFoundError:
        raise Missing(f"{location.path} is missing from the store.") from None
    except MemoryError:
        raise claims.out_of_memory(location) from None
    except (OSError, KeyError, RuntimeError, ValueError, TypeError, OverflowError) as failure:
        if NO_MEMORY.search(str(failure)) and not claims.has_room(location.path.stat().st_size + claims.HEADROOM):
            raise claims.out_of_memory(location) from None
        if (reason := _errno_of(failure)) in NOT_DAMAGE:
            raise access.refusal(reason, location.path) from None
        if not location.path.exists():  # it went while HDF5 looked at it
            raise Missing(f"{location.path} is missing from the store.") from None
        text = failure.args[0] if isinstance(failure, KeyError) and failure.args else failure
        raise FormatError(f"{location} is damaged: {text}.") from None


def _errno_of(failure: Exception) -> int:
    """Return the number of the error that the system gave HDF5, or 0; as a file is closed, the text alone has it."""
    if isinstance(failure, OSError) and failure.errno:
        return failure.errno
    match = ERRNO.search(str(failure))
    return int(match[1]) if match else 0


@contextlib.contextmanager
def _building(output: Output) -> Generator[h5py.File]:
    """Open a new file for writing; what the disk refuses is raised as it was, and not as HDF5 words it."""
    claims.require_room("a new file")
    try:
        with h5py.File(output, "w", libver="latest") as file:
            yield file
    except Exception:
        if output.failure is not None:
            raise output.failure from None
        raise


def _group(location: Location, file: h5py.File) -> h5py.Group:
    """Return the group of a location; no link leads out of the file."""
    group: h5py.Group = file
    for name in location.group.strip("/").split("/") if location.group != "/" else ():
        if name not in group or not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise Missing(f"{location} is missing from the store.")
        inner: Any = group[name]
        if not isinstance(inner, h5py.Group):
            raise FormatError(f"{location} is damaged: {name!r} is not a group.")
        group = inner
    return group


def _transfer(source: h5py.Group, target: h5py.Group) -> None:
    for name in (layout.KIND, layout.ID):
        target.attrs[name] = np.bytes_(_attribute(source, name).encode())
    for name in source:
        source.copy(name, target)


def _read(location: Location, file: h5py.Group, kinds: tuple[str, ...]) -> StoredFile:
    kind = _attribute(file, layout.KIND)
    if kind not in kinds:
        raise FormatError(f"{location} holds a {kind[:40]!r}, where a {' or '.join(kinds)!r} should be.")
    if len(file) > MOST_DATASETS:
        raise FormatError(f"{location} is damaged: it holds {len(file):,} members, more than any file of a store.")
    size = os.fstat(file.file.id.get_vfd_handle()).st_size  # of the open file: its name may be another's by now
    datasets = {name: _dataset(location, file, name, size) for name in map(str, file)}
    claimed = sum(dataset.nbytes for dataset in datasets.values())
    if claimed > size:
        raise FormatError(f"{location} is damaged: its datasets claim more bytes than the file has.")
    if claims.is_hollow(file.file.id.get_vfd_handle(), claimed):
        raise FormatError(
            f"{location} is damaged: it claims {claimed:,} bytes, nearly all of which were never written."
        )
    claims.check_record(location, datasets[layout.RECORD].nbytes)
    record = bytes(datasets.pop(layout.RECORD)[()]).decode()
    sizes = {name: (int(dataset.size or 0), int(dataset.dtype.itemsize)) for name, dataset in datasets.items()}
    claims.check_arrays(location, kind, record, sizes)
    bulk = {name: _bulk(location, datasets, name) for name in datasets if name + layout.CHECKSUMS in datasets}
    types = {name: (f"{rows.dtype.str} {rows.shape}", rows.sha256, rows.checksums) for name, rows in bulk.items()}
    arrays = {
        name: dataset[()] for name, dataset in datasets.items() if name.removesuffix(layout.CHECKSUMS) not in bulk
    }
    id_ = layout.content_id(kind, record, arrays, types)
    if id_ != _attribute(file, layout.ID):
        raise FormatError(f"{location} is damaged: its content does not match its id.")
    return StoredFile(location, kind, id_, record, arrays, bulk)


def _dataset(location: Location, file: h5py.Group, name: str, size: int) -> h5py.Dataset:
    """Return a plain dataset that lies inside the file; anything else has no place in a store."""
    if not isinstance(file.get(name, getlink=True), h5py.HardLink):
        raise FormatError(f"{location} holds a link, {name!r}, where only data is allowed.")
    dataset = file[name]
    if not isinstance(dataset, h5py.Dataset) or dataset.external or dataset.is_virtual or dataset.chunks:
        raise FormatError(f"{location} holds {name!r}, which is not a plain dataset.")
    if dataset.dtype.kind not in PLAIN:
        raise FormatError(f"{location} holds {name!r}, which is neither numbers nor fixed-length text.")
    if dataset.nbytes > size:
        raise FormatError(f"{location} is damaged: {name!r} claims {dataset.nbytes} bytes, more than the file has.")
    if dataset.id.get_storage_size() != dataset.nbytes:
        raise FormatError(f"{location} is damaged: {name!r} claims {dataset.nbytes} bytes that were never written.")
    return dataset


def _bulk(location: Location, datasets: Mapping[str, h5py.Dataset], name: str) -> BulkRows:
    dataset = datasets[name]
    offset = dataset.id.get_offset()
    rows, columns = dataset.shape
    checksums = datasets[name + layout.CHECKSUMS][()]
    if checksums.shape != (rows,) or (offset is None and dataset.size):
        raise FormatError(f"{location} is damaged: {name!r} does not fit its checksums.")
    sha256 = _attribute(dataset, layout.SHA256)
    return BulkRows(location.path, name, offset or 0, (rows, columns), dataset.dtype, checksums, sha256)


def _put(group: Any, name: str, array: NDArray[Any]) -> Any:
    """Write a contiguous dataset; h5py's own `create_dataset` takes twice as long, which each commit would wait for."""
    kind = _type_of(array.dtype)
    dataset = _create(group, name, array.shape, kind)
    if array.size:
        dataset.write(h5s.ALL, h5s.ALL, array, kind)
    return dataset


def _create(group: Any, name: str, shape: tuple[int, ...], kind: Any) -> Any:
    """Create a contiguous dataset without values."""
    space = h5s.create_simple(shape) if shape else _scalar()
    return h5d.create(group, name.encode(), kind, space, _untimed())


def _write_rows(dataset: Any, rows: slice, values: NDArray[Any]) -> None:
    """Write consecutive rows of a dataset."""
    if values.size:
        space = dataset.get_space()
        space.select_hyperslab((rows.start, 0), values.shape)
        dataset.write(h5s.create_simple(values.shape), space, values)


def _put_text(group: Any, name: str, text: bytes) -> None:
    """Write one text of a fixed length, in UTF-8, as a dataset."""
    kind = _text_type(len(text))
    kind.set_cset(h5t.CSET_UTF8)
    h5d.create(group, name.encode(), kind, _scalar(), _untimed()).write(h5s.ALL, h5s.ALL, np.array(text), kind)


def _put_attribute(holder: Any, name: str, text: str) -> None:
    value = text.encode()
    kind = _text_type(len(value))
    h5a.create(holder, name.encode(), kind, _scalar()).write(np.array(value), kind)


def _text_type(length: int) -> Any:
    """Return the type of fixed-length text, padded with zeros."""
    kind = h5t.C_S1.copy()
    kind.set_size(length)
    kind.set_strpad(h5t.STR_NULLPAD)
    return kind


# Lists of properties, types and spaces are made once: HDF5 reads them, and each takes as long as a small dataset.


@functools.cache
def _in_memory(step: int) -> Any:
    """Return how a file is opened that is built in memory, which grows by steps."""
    access = h5p.create(h5p.FILE_ACCESS)
    access.set_fapl_core(step, False)
    access.set_libver_bounds(h5f.LIBVER_LATEST, h5f.LIBVER_LATEST)
    access.set_fclose_degree(h5f.CLOSE_STRONG)
    access.set_meta_block_size(METADATA)
    return access


@functools.cache
def _untimed() -> Any:
    """Return how a dataset is made without a time: the same content at another time is the same file."""
    untimed = h5p.create(h5p.DATASET_CREATE)
    untimed.set_obj_track_times(False)
    return untimed


@functools.cache
def _untimed_file() -> Any:
    """Return how a file is made whose root has no time either."""
    untimed = h5p.create(h5p.FILE_CREATE)
    untimed.set_obj_track_times(False)
    return untimed


@functools.cache
def _scalar() -> Any:
    return h5s.create(h5s.SCALAR)


@functools.lru_cache(maxsize=64)
def _type_of(dtype: np.dtype[Any]) -> Any:
    return h5t.py_create(dtype, logical=True)


def _attribute(holder: h5py.Group | h5py.Dataset, name: str) -> str:
    attribute = holder.attrs.get_id(name)
    if attribute.dtype.kind != "S" or attribute.shape or attribute.dtype.itemsize > LONGEST_ATTRIBUTE:
        raise ValueError(f"its attribute {name!r} is not one short text of fixed length")
    value: Any = holder.attrs[name]
    return bytes(value).decode()
