"""NumPy files, .npy and .npz: read without pickles, and with every size checked before room is made for it."""

from __future__ import annotations

import errno
import io
import lzma
import math
import struct
import tokenize
import warnings
import zipfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

import numpy as np
from numpy.lib import format as npy

from ...engine.errors import GrnError, InputError
from ...engine.network.covariance import row_blocks
from ...engine.network.dense.symmetry import transpose
from ...engine.progress import unheard
from ...engine.wording import some
from .kinds import file_kind
from .limits import ARRAY_PACKING, MemoryBudget, largest_unpacked, refuse_swarm
from .names import check_names
from .plain_files import DOWNLOAD_AGAIN, require_file

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ...engine.progress import Progress

LARGEST_HEAD = 10_000
"""Bytes of the head of an array, as NumPy limits it too, but after it has read them."""

NESTED = 2_000
"""Fewest bytes of a head that Python may find nested too deeply, which it takes for a lack of memory."""

_DAMAGE = (
    ArithmeticError,
    EOFError,
    KeyError,
    OSError,
    RuntimeError,  # encrypted members; NotImplementedError and RecursionError among them
    SyntaxError,
    TypeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What the readers below raise for bytes that are no array."""


def read_npz(path: Path, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, NDArray[Any]]:
    """Return arrays of an .npz file by name.

    Parameters
    ----------
    path : Path
        The archive.
    required, optional : sequence of str
        Names to read; others are left alone. An optional name that is absent is absent from the answer.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        It is no .npz file, is damaged, lacks a required name, or an array holds Python objects, claims more than
        the file can hold, or takes more memory than its size justifies.
    """
    with _open_npz(path) as (archive, members):
        absent = [name for name in required if name not in members]
        if absent:
            raise InputError(f"{path} has no array named {absent[0]!r}; it holds {some(sorted(members))}.")
        wanted = [name for name in (*required, *optional) if name in members]
        budget = MemoryBudget(path)
        return {name: _read_member(path, archive, members[name], budget) for name in wanted}


def read_npy(path: Path) -> NDArray[Any]:
    """Return the array of an .npy file.

    Raises
    ------
    NotFound, InputError
        As `read_npz`.
    """
    if file_kind(require_file(path)) != "npy":
        raise InputError(f"{path} is not an .npy file: it does not begin as one.")
    size = path.stat().st_size
    with _refuse_damage(path), path.open("rb") as stream:
        _read_head(path, "array", stream, size, size, MemoryBudget(path))
        stream.seek(0)
        array = npy.read_array(stream, allow_pickle=False)
        if stream.tell() != size:
            raise InputError(f"{path} holds {size - stream.tell():,} bytes beyond its array.")
        return array


def read_npy_matrix(path: Path, name: str, progress: Progress = unheard) -> NDArray[np.float64]:
    """Return the matrix of an .npy file as float64, read some rows at a time: no second array is made.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        What it holds, for the sentence of an error.
    progress : callable
        Called with the share of the rows that have been read.

    Raises
    ------
    NotFound, InputError
        As `read_npz`; also when it is no matrix of real numbers.
    """
    if file_kind(require_file(path)) != "npy":
        raise InputError(f"{path} is not an .npy file: it does not begin as one.")
    size = path.stat().st_size
    with _refuse_damage(path), path.open("rb") as stream:
        head = _read_head(path, "array", stream, size, size, MemoryBudget(path))
        matrix = _read_rows(path, name, stream, head, progress)
        if stream.tell() != size:
            raise InputError(f"{path} holds {size - stream.tell():,} bytes beyond its array.")
        return matrix


def npz_shapes(path: Path, names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Return the shapes of arrays of an .npz file by name, of those there are, from their heads; raises as `read_npz`.

    An array of Python objects, or of a size that the file cannot hold, is refused.
    """
    with _open_npz(path) as (archive, members):
        shapes: dict[str, tuple[int, ...]] = {}
        for name in names:
            if name in members:
                with _open_member(path, archive, members[name], MemoryBudget(path)) as (head, _):
                    shapes[name] = head.shape
        return shapes


def read_npz_matrix(path: Path, name: str, progress: Progress = unheard) -> NDArray[np.float64]:
    """Return a matrix of an .npz file as float64, read some rows at a time; parameters and errors as `read_npy_matrix`.

    The name is one of those in `npz_shapes`.
    """
    with _open_npz(path) as (archive, members):
        with _open_member(path, archive, members[name], MemoryBudget(path)) as (head, stream):
            matrix = _read_rows(path, name, stream, head, progress)
            stream.read(1)  # at its end its checksum is compared
        return matrix


def as_numbers(array: NDArray[Any], name: str, dimensions: int, path: Path) -> NDArray[np.float64]:
    """Return an array as float64, or refuse one that is not of numbers or has other dimensions."""
    refuse_other_arrays(array.shape, array.dtype, name, dimensions, path)
    return np.ascontiguousarray(array, dtype=np.float64)


def refuse_other_arrays(shape: tuple[int, ...], dtype: np.dtype[Any], name: str, dimensions: int, path: Path) -> None:
    """Refuse an array that is not of real numbers, or has other dimensions than these."""
    if dtype.kind not in "fiub":
        raise InputError(f"{path}: {name} holds values of type {dtype}, not real numbers.")
    if len(shape) != dimensions:
        raise InputError(f"{path}: {name} has {len(shape)} dimensions, shape {shape}, not {dimensions}.")


def as_names(array: NDArray[Any], name: str, path: Path) -> tuple[str, ...]:
    """Return a one-dimensional array of text, or of whole numbers, as names."""
    if array.ndim != 1 or array.dtype.kind not in "USiu":
        raise InputError(f"{path}: {name} is not a list of names: type {array.dtype}, shape {array.shape}.")
    with _refuse_damage(path):
        raw = cast("list[str | bytes | int]", array.tolist())
        names = tuple(str(item, "utf-8") if isinstance(item, bytes) else str(item) for item in raw)
    check_names(names, f"entry of {name}", path)
    return names


@contextmanager
def _refuse_damage(path: Path) -> Generator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # headers of Python 2 are slow to read, nothing worse
            yield
    except GrnError:
        raise
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno == errno.ENOMEM:
            raise
        raise InputError(
            f"{path} is damaged or not a NumPy file: {str(error)[:200] or type(error).__name__}.", hint=DOWNLOAD_AGAIN
        ) from error


class _Head(NamedTuple):
    """What an array says of itself."""

    shape: tuple[int, ...]
    is_fortran: bool
    dtype: np.dtype[Any]


@contextmanager
def _open_npz(path: Path) -> Generator[tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]]:
    """Open an .npz file, and yield it with its members by name."""
    if file_kind(require_file(path)) != "zip":
        raise InputError(f"{path} is not an .npz file: it does not begin as one.")
    with _refuse_damage(path), zipfile.ZipFile(path) as archive:
        yield archive, {info.filename.removesuffix(".npy"): info for info in archive.infolist()}


@contextmanager
def _open_member(
    path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: MemoryBudget
) -> Generator[tuple[_Head, BinaryIO]]:
    """Open an array of an .npz file, and yield its head with the stream that goes on with its values."""
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InputError(f"{path}: {info.filename} is compressed in a way that np.savez does not use.")
    stored = min(info.compress_size, path.stat().st_size)
    holds = largest_unpacked(stored, ARRAY_PACKING) if info.compress_type == zipfile.ZIP_DEFLATED else stored
    with archive.open(info) as member:
        stream = cast("BinaryIO", member)
        yield _read_head(path, info.filename, stream, stored, holds, budget), stream


def _read_member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: MemoryBudget) -> NDArray[Any]:
    with _open_member(path, archive, info, budget):
        pass
    with archive.open(info) as stream:
        return npy.read_array(cast("BinaryIO", stream), allow_pickle=False)


def _read_rows(path: Path, name: str, stream: BinaryIO, head: _Head, progress: Progress) -> NDArray[np.float64]:
    """Return the values that follow the head of a matrix as float64, in C order, read block by block."""
    refuse_other_arrays(head.shape, head.dtype, name, 2, path)
    rows, columns = reversed(head.shape) if head.is_fortran else head.shape
    matrix = np.empty((rows, columns))
    buffer: NDArray[Any] | None = None
    for block in row_blocks(rows, columns):
        if buffer is None:
            buffer = np.empty((block.stop, columns), dtype=head.dtype)
        values = buffer[: block.stop - block.start]
        _read_into(path, name, stream, values.reshape(-1).view(np.uint8).data)
        matrix[block] = values
        progress(block.stop / rows)
    if head.is_fortran and rows == columns:
        transpose(matrix)
    return matrix if rows == columns or not head.is_fortran else np.ascontiguousarray(matrix.T)


def _read_into(path: Path, name: str, stream: BinaryIO, buffer: memoryview) -> None:
    """Fill a buffer from a stream, which may give its bytes in parts."""
    done = 0
    while done < len(buffer):
        part = cast("io.BufferedIOBase", stream).readinto(buffer[done:])
        if not part:
            raise InputError(f"{path} ends within {name}.", hint=DOWNLOAD_AGAIN)
        done += part


def _read_head(path: Path, name: str, stream: BinaryIO, stored: int, holds: int, budget: MemoryBudget) -> _Head:
    """Return the head of an array, refusing one of objects, or one that claims more than the file holds."""
    head = _parse_head(path, name, stream)
    shape, dtype = head.shape, head.dtype
    if dtype.hasobject:
        raise InputError(
            f"{path}: {name} holds Python objects, which are never unpickled here.",
            hint="Save names as text: np.array(names, dtype=str).",
        )
    count = math.prod(shape)
    if min(shape, default=0) < 0 or max(count, *shape, 0) * max(dtype.itemsize, 1) > holds:
        raise InputError(f"{path}: {name} claims shape {shape} of {dtype}, more than the file holds.")
    if dtype.kind in "SU":
        refuse_swarm(path, count, stored)
    budget.reserve(count * max(dtype.itemsize, 8))
    return head


def _parse_head(path: Path, name: str, stream: BinaryIO) -> _Head:
    """Return shape, order and type from the head of an array, after a look at how long it claims to be."""
    version = npy.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise InputError(f"{path}: {name} is of NumPy format {version[0]}.{version[1]}, which is not read here.")
    length = stream.read(2 if version == (1, 0) else 4)
    if int.from_bytes(length, "little") > LARGEST_HEAD:
        raise InputError(f"{path}: {name} claims a header of {int.from_bytes(length, 'little'):,} bytes.")
    head = length + stream.read(int.from_bytes(length, "little"))
    try:
        return _Head(*(npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0)(io.BytesIO(head)))
    except MemoryError:
        if len(head) < NESTED:
            raise
        raise ValueError("its header is nested too deeply") from None
