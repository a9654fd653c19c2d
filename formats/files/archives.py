"""NumPy files, .npy and .npz: read without pickles, and with every size checked before room is made for it."""

from __future__ import annotations

import io
import lzma
import math
import struct
import tokenize
import warnings
import zipfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np
from numpy.lib import format as npy

from ...engine.errors import GrnError, InputError
from ...engine.wording import some
from .kinds import file_kind
from .limits import ARRAY_PACKING, MemoryBudget, largest_unpacked, refuse_swarm
from .names import check_names
from .plain_files import DOWNLOAD_AGAIN, require_file

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

LARGEST_HEAD = 10_000
"""Bytes of the head of an array, as NumPy limits it too, but after it has read them."""

_DAMAGE = (
    ArithmeticError,
    EOFError,
    KeyError,
    MemoryError,
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
    if file_kind(require_file(path)) != "zip":
        raise InputError(f"{path} is not an .npz file: it does not begin as one.")
    with _refuse_damage(path), zipfile.ZipFile(path) as archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
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
        _check_claim(path, "array", stream, size, size, MemoryBudget(path))
        stream.seek(0)
        array = npy.read_array(stream, allow_pickle=False)
        if stream.tell() != size:
            raise InputError(f"{path} holds {size - stream.tell():,} bytes beyond its array.")
        return array


def as_numbers(array: NDArray[Any], name: str, dimensions: int, path: Path) -> NDArray[np.float64]:
    """Return an array as float64, or refuse one that is not of numbers or has other dimensions."""
    if array.dtype.kind not in "fiub":
        raise InputError(f"{path}: {name} holds values of type {array.dtype}, not real numbers.")
    if array.ndim != dimensions:
        raise InputError(f"{path}: {name} has {array.ndim} dimensions, shape {array.shape}, not {dimensions}.")
    return np.ascontiguousarray(array, dtype=np.float64)


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
        raise InputError(
            f"{path} is damaged or not a NumPy file: {str(error)[:200] or type(error).__name__}.", hint=DOWNLOAD_AGAIN
        ) from error


def _read_member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: MemoryBudget) -> NDArray[Any]:
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InputError(f"{path}: {info.filename} is compressed in a way that np.savez does not use.")
    stored = min(info.compress_size, path.stat().st_size)
    holds = largest_unpacked(stored, ARRAY_PACKING) if info.compress_type == zipfile.ZIP_DEFLATED else stored
    with archive.open(info) as stream:
        _check_claim(path, info.filename, cast("BinaryIO", stream), stored, holds, budget)
    with archive.open(info) as stream:
        return npy.read_array(cast("BinaryIO", stream), allow_pickle=False)


def _check_claim(path: Path, name: str, stream: BinaryIO, stored: int, holds: int, budget: MemoryBudget) -> None:
    """Refuse an array of objects, or one whose head claims more than the file holds."""
    shape, dtype = _read_head(path, name, stream)
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


def _read_head(path: Path, name: str, stream: BinaryIO) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return shape and type from the head of an array, after a look at how long it claims to be."""
    version = npy.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise InputError(f"{path}: {name} is of NumPy format {version[0]}.{version[1]}, which is not read here.")
    length = stream.read(2 if version == (1, 0) else 4)
    if int.from_bytes(length, "little") > LARGEST_HEAD:
        raise InputError(f"{path}: {name} claims a header of {int.from_bytes(length, 'little'):,} bytes.")
    head = io.BytesIO(length + stream.read(int.from_bytes(length, "little")))
    shape, _, dtype = (npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0)(head)
    return shape, dtype
