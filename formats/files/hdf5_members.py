"""The members of an HDF5 file of others, read with care: no links out of it, no claim larger than the file.

`open_members` gives the root; `member` gives a group or an array of a group with what it says of itself, before
anything of it is read; the readers below give arrays and names.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ...engine.errors import InputError
from ...engine.progress import unheard
from ...engine.wording import some
from .archives import refuse_other_arrays
from .hdf5_process import ReadingProcess, location_of, start_reading
from .limits import ARRAY_PACKING, largest_unpacked, refuse_beyond_budget, refuse_swarm
from .names import check_names
from .plain_files import DOWNLOAD_AGAIN, require_file

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from ...engine.progress import Progress

LARGEST_CHUNK = 32 << 20
"""Bytes of a chunk of an array, unless the array is larger than that: HDF5 makes room for a whole chunk at once."""

SLAB = 16 << 20
"""Bytes of rows or columns of a matrix that are read at a time, unless one row of its chunks has more."""

ARRAY_FREELY = 1 << 20
"""Bytes that any array may hold, however few are stored of it: HDF5 fills in what was never written."""


@dataclass(frozen=True, slots=True)
class Member:
    """A group or an array of an HDF5 file.

    Parameters
    ----------
    process : ReadingProcess
        What reads the file.
    location : tuple of str
        The names that lead to it from the root.
    """

    process: ReadingProcess
    location: tuple[str, ...]

    @property
    def path(self) -> Path:
        """The file."""
        return self.process.path

    @property
    def where(self) -> str:
        """The file and the location in it, for the sentence of an error."""
        return f"{self.path}: {location_of(self.location)}"


@dataclass(frozen=True, slots=True)
class Group(Member):
    """A group.

    Parameters
    ----------
    process, location
        As in `Member`.
    members : tuple of str
        The names of what it holds.
    """

    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dataset(Member):
    """An array, which lies in its file and claims no more than that can hold.

    Parameters
    ----------
    process, location
        As in `Member`.
    shape : tuple of int
        Its axes.
    dtype : dtype
        The type of its values, big-endian where they are stored so; of text of variable length, object.
    fields : mapping of str to dtype
        The columns of a table of records.
    stored : int
        Bytes that it takes in the file.
    chunk : tuple of int
        The axes of the pieces that it is stored in, each read whole; those of one value where it is in one piece.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fields: Mapping[str, np.dtype[Any]]
    stored: int
    chunk: tuple[int, ...]


@contextmanager
def open_members(path: Path) -> Generator[Group]:
    """Open an HDF5 file of others in a process of its own, and yield its root.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        It is not an HDF5 file, or it is damaged.
    """
    with start_reading(require_file(path)) as process:
        yield cast("Group", _describe(process, ()))


def member(group: Group, name: str) -> Group | Dataset:
    """Return a group or an array of a group.

    Raises
    ------
    InputError
        It is not there, cannot be opened, is neither, or is a link: a soft one may lead through another to any file.
        Or it is an array that lies in another file, claims more than this one can hold, or holds neither numbers nor
        text.
    """
    location = (*group.location, name)
    if name not in group.members:
        raise InputError(f"{group.path} holds no {location_of(location)}.")
    return _describe(group.process, location)


def member_group(group: Group, name: str) -> Group:
    """Return a group of a group; raises as `member`, and `InputError` for an array."""
    node = member(group, name)
    if isinstance(node, Dataset):
        raise InputError(f"{node.where} is an array, not a group.")
    return node


def member_dataset(group: Group, name: str) -> Dataset:
    """Return an array of a group; raises as `member`, and `InputError` for a group."""
    node = member(group, name)
    if isinstance(node, Group):
        raise InputError(f"{node.where} is not an array.")
    return node


def member_attribute(node: Member, attribute: str) -> Any:
    """Return an attribute of a group or an array: a number, text, a list of those, or None where there is none.

    A list of one is what it holds: R writes single values so.

    Raises
    ------
    InputError
        It cannot be read, or is a long list.
    """
    value = node.process.request("attribute", node.location, attribute=attribute)["value"]
    if not isinstance(value, list):
        return value
    values = cast("list[Any]", value)
    return values[0] if len(values) == 1 else values


def read_array(dataset: Dataset, field: str | None = None) -> NDArray[Any]:
    """Return the values of an array in their own type, or those of one field of a table of records.

    Text of variable length, of which only a list is read, comes as bytes objects.

    Raises
    ------
    InputError
        They cannot be read.
    """
    if dataset.dtype.hasobject:
        return np.array(dataset.process.read_texts(dataset.location, _length_of_list(dataset)), dtype=object)
    dtype = dataset.dtype if field is None else dataset.fields[field]
    return dataset.process.read(dataset.location, dataset.shape, dtype, field=field)


def read_real_array(dataset: Dataset) -> NDArray[Any]:
    """Return the values of an array of real numbers in their own type; raises as `read_array`."""
    if dataset.dtype.kind not in "fiub":
        raise InputError(f"{dataset.where} holds {dataset.dtype}, not real numbers.")
    return read_array(dataset)


def read_real_matrix(dataset: Dataset, name: str, progress: Progress = unheard) -> NDArray[np.float64]:
    """Return a matrix of real numbers as float64, read a slab of rows or of columns at a time: no second array is made.

    Parameters
    ----------
    dataset : Dataset
        The array.
    name : str
        What it holds, for the sentence of an error.
    progress : callable
        Called with the share of the array that has been read.

    Raises
    ------
    InputError
        It is no matrix of real numbers, or cannot be read.
    """
    refuse_other_arrays(dataset.shape, dataset.dtype, name, 2, dataset.path)
    matrix = np.empty(dataset.shape)
    slabs = [extent * dataset.chunk[axis] for axis, extent in enumerate(reversed(dataset.shape))]
    axis = int(max(dataset.chunk) > 1 and slabs[1] < slabs[0])  # across which the thinnest slab has whole chunks
    thickness = dataset.chunk[axis] * max(1, SLAB // max(1, dataset.dtype.itemsize * slabs[axis]))
    for start in range(0, dataset.shape[axis], thickness):
        slab = slice(start, min(start + thickness, dataset.shape[axis]))
        part = matrix[slab] if axis == 0 else matrix[:, slab]
        part[:] = dataset.process.read_slab(dataset.location, part.shape, dataset.dtype, axis=axis, start=slab.start)
        progress(slab.stop / dataset.shape[axis])
    return matrix


def read_names(group: Group, name: str) -> tuple[str, ...]:
    """Return a one-dimensional array of text, or of whole numbers, as names; raises as `member` and `read_array`.

    A group of `codes` and `categories`, or of `values`, as AnnData writes some columns, will do too.
    """
    node = member(group, name)
    if isinstance(node, Dataset):
        return read_list(node)
    if "categories" in node.members and "codes" in node.members:
        return _read_categories(node)
    return read_list(member_dataset(node, "values"))


def read_list(dataset: Dataset, field: str | None = None) -> tuple[str, ...]:
    """Return a one-dimensional array, or a field of a table of records, as names; raises as `read_array`."""
    count = _length_of_list(dataset)
    refuse_swarm(dataset.path, count, dataset.stored)
    names = _as_text(read_array(dataset, field), dataset.where)
    check_names(names, f"entry of {location_of(dataset.location)}", dataset.path)
    return names


def _length_of_list(dataset: Dataset) -> int:
    if len(dataset.shape) != 1:
        raise InputError(f"{dataset.where} is not a list of names.")
    return dataset.shape[0]


def _as_text(array: NDArray[Any], where: str) -> tuple[str, ...]:
    try:
        names = [entry.decode() if isinstance(entry, bytes) else entry for entry in array.tolist()]
    except UnicodeDecodeError as error:
        raise InputError(f"{where} holds text that is not UTF-8.") from error
    wrong = next((name for name in names if not isinstance(name, str | int)), None)
    if wrong is not None:
        raise InputError(f"{where} holds {wrong!r}, which is not a name.")
    return tuple(str(name) for name in names)


def _read_categories(node: Group) -> tuple[str, ...]:
    categories = read_list(member_dataset(node, "categories"))
    codes = read_real_array(member_dataset(node, "codes"))
    if codes.ndim != 1 or codes.dtype.kind not in "iu":
        raise InputError(f"{node.where} has codes that are not a list of whole numbers.")
    refuse_swarm(node.path, codes.size, node.path.stat().st_size)
    if codes.size and not (codes.min() >= 0 and codes.max() < len(categories)):
        raise InputError(f"{node.where} has codes outside of its categories.")
    return tuple(categories[code] for code in cast("list[int]", codes.tolist()))


def _describe(process: ReadingProcess, location: tuple[str, ...]) -> Group | Dataset:
    """Return an object of a file with what it says of itself, as far as that can be."""
    description = process.request("describe", location)
    kind, where = description["kind"], f"{process.path}: {location_of(location)}"
    if kind == "Group":
        return Group(process, location, tuple(map(str, description["members"])))
    if kind.endswith("Link"):
        what = "a link to another file" if kind == "ExternalLink" else "a link, which may lead to another file"
        raise InputError(f"{where} is {what}.", hint="Copy the target of the link into the file.")
    if kind != "Dataset":
        raise InputError(f"{where} is a {kind.lower()}, neither an array nor a group.")
    if description.get("elsewhere"):
        raise InputError(f"{where} lies in another file.", hint="Write it into one file.")
    if filters := description.get("unknown_filters"):
        raise InputError(
            f"{where} is packed by the filter {some(list(map(str, filters)))}, which is not installed here.",
            hint="pip install hdf5plugin, which brings most filters; or write the file with compression='gzip'.",
        )
    if description["shape"] is None:
        raise InputError(f"{where} is not an array.")
    return _checked_dataset(process, location, description)


def _checked_dataset(process: ReadingProcess, location: tuple[str, ...], description: Mapping[str, Any]) -> Dataset:
    """Return an array after a look at what it claims: room is made for that before any of it is read."""
    path, where = process.path, f"{process.path}: {location_of(location)}"
    try:
        shape = tuple(map(int, description["shape"]))
        dtype = np.dtype(description["dtype"])
        width = max(dtype.itemsize, int(description["width"]))
        fields = {str(name): np.dtype(kind) for name, kind in description["fields"]}
        chunk = tuple(map(int, description["chunks"] or (1,) * len(shape)))
    except (TypeError, ValueError) as error:
        raise InputError(f"{where} has an unknown type.", hint=DOWNLOAD_AGAIN) from error
    if any(kind.hasobject for kind in (dtype, *fields.values())) and not description["text"]:
        raise InputError(f"{where} holds lists or references, neither numbers nor text.")
    stored = min(int(description["stored"]), path.stat().st_size)
    size = math.prod(shape) * width
    if size > ARRAY_FREELY + largest_unpacked(stored, ARRAY_PACKING):
        raise InputError(f"{where} claims shape {shape}, more than the file holds.")
    refuse_beyond_budget(path, shape, width=max(8, width))
    if (piece := math.prod(chunk) * width) > max(LARGEST_CHUNK, size):
        raise InputError(f"{where} is stored in chunks of {piece:,} bytes, larger than itself: {shape}.")
    return Dataset(process, location, shape, dtype, fields, stored, chunk)
