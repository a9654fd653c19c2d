"""What stands in a foreign HDF5 file, read with care: no links out of it, no claim larger than the file."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ...engine.errors import GrnError, InputError
from ...storage.files.hdf5 import open_foreign
from .delimited import check_names
from .hdf5_chunks import check_chunks, read_references
from .hdf5_heaps import read_texts, refuse_broken_heaps
from .kinds import AGAIN
from .limits import ARRAY_PACKING, largest_unpacked, refuse_beyond_room, refuse_swarm

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

Group = Any
"""An h5py group or file: h5py ships no types, and is imported in storage/hdf5.py alone."""

_DAMAGE = (ArithmeticError, KeyError, MemoryError, OSError, RuntimeError, TypeError, ValueError)
_SMALL = 1 << 20


@contextmanager
def open_members(path: Path) -> Generator[Group]:
    """Open a foreign HDF5 file.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        It is not an HDF5 file, or it is damaged, be it in a heap of text.
    """
    with open_foreign(path) as file:  # pyright: ignore[reportUnknownVariableType]
        refuse_broken_heaps(path)
        yield file


def member_list(group: Group) -> tuple[str, ...]:
    """Return the names of what stands in a group."""
    if is_dataset(group):
        raise InputError(f"{group.file.filename}: {group.name} is an array, not a group.")
    with refusing_damage(group, ""):
        return tuple(str(name) for name in group)


def member(group: Group, name: str) -> Any:
    """Return a group or dataset of a group.

    Raises
    ------
    InputError
        It is not there, cannot be opened, is neither, or is a link: a soft one may lead through another to any file.
    """
    with refusing_damage(group, name):
        if name not in member_list(group):
            raise InputError(f"{group.file.filename} holds no {location_of(group, name)}.")
        where = f"{group.file.filename}: {location_of(group, name)}"
        link = type(group.get(name, getlink=True)).__name__
        if link != "HardLink":
            kind = "a link to another file" if link == "ExternalLink" else "a link, which may lead to another file"
            raise InputError(f"{where} is {kind}.", hint="Copy what it leads to into the file.")
        node = group[name]
        if type(node).__name__ not in ("Group", "Dataset"):
            raise InputError(f"{where} is a {type(node).__name__.lower()}, neither an array nor a group.")
        return node


def is_dataset(node: Any) -> bool:
    """Whether a member is an array and not a group."""
    return type(node).__name__ == "Dataset"


def member_array(group: Group, name: str) -> NDArray[Any]:
    """Return a dataset of a group as it is stored.

    Raises
    ------
    InputError
        It is no dataset, lies in another file, claims more than the file can hold, or cannot be read.
    """
    dataset = _checked_dataset(group, name)
    with refusing_damage(group, name):
        return cast("NDArray[Any]", dataset[()])


def member_numbers(group: Group, name: str) -> NDArray[Any]:
    """Return a dataset of real numbers, in its own type; raises as `member_array`."""
    array = member_array(group, name)
    if array.dtype.kind not in "fiub":
        raise InputError(f"{group.file.filename}: {location_of(group, name)} holds {array.dtype}, not real numbers.")
    return array


def member_shape(group: Group, name: str) -> tuple[int, ...]:
    """Return the shape of a dataset, once it is seen to lie in the file and to fit it; raises as `member_array`."""
    return tuple(_checked_dataset(group, name).shape)


def member_names(group: Group, name: str) -> tuple[str, ...]:
    """Return a one-dimensional dataset of text, or of whole numbers, as names; raises as `member_array`.

    A group of `codes` and `categories`, or of `values`, as AnnData writes some columns, will do too.
    """
    node = member(group, name)
    if is_dataset(node):
        return _read_names(group, name)
    if "categories" in member_list(node) and "codes" in member_list(node):
        return _categorical(node)
    return _read_names(node, "values")


def as_text(array: NDArray[Any], what: str) -> tuple[str, ...]:
    """Return the entries of a one-dimensional array as text; `what` names it in an error."""
    if np.ndim(array) != 1:
        raise InputError(f"{what} is no list of names.")
    try:
        names = [entry.decode() if isinstance(entry, bytes) else entry for entry in array.tolist()]
    except UnicodeDecodeError as error:
        raise InputError(f"{what} holds text that is not UTF-8.") from error
    wrong = next((name for name in names if not isinstance(name, str | int)), None)
    if wrong is not None:
        raise InputError(f"{what} holds {wrong!r}, which is no name.")
    return tuple(str(name) for name in names)


def location_of(group: Group, name: str) -> str:
    """Return the path of a member inside its file, for the sentence of an error."""
    return f"{group.name.rstrip('/')}/{name}".lstrip("/")[:200]


@contextmanager
def refusing_damage(group: Group, name: str) -> Generator[None]:
    """Turn what h5py raises for a damaged member into an `InputError` that names it."""
    try:
        yield
    except GrnError:
        raise
    except _DAMAGE as error:
        raise InputError(
            f"{group.file.filename}: {location_of(group, name)} cannot be read: {str(error)[:200]}.", hint=AGAIN
        ) from error


def _checked_dataset(group: Group, name: str) -> Any:
    """Return a dataset whose values lie in this file, and are no more than it can hold."""
    node = member(group, name)
    path = Path(group.file.filename)
    where = f"{path}: {location_of(group, name)}"
    with refusing_damage(group, name):
        # Whether it lies elsewhere comes first: for the mere shape of a virtual dataset HDF5 may open other files.
        if is_dataset(node) and (node.is_virtual or node.external):
            raise InputError(f"{where} lies in another file.", hint="Write it into one file.")
        if not is_dataset(node) or node.shape is None:
            raise InputError(f"{where} is not an array.")
        if node.dtype.hasobject and not _is_text(node):
            raise InputError(f"{where} holds lists or references, neither numbers nor text.")
        stored = min(node.id.get_storage_size(), path.stat().st_size)
        if node.size * node.dtype.itemsize > _SMALL + largest_unpacked(stored, ARRAY_PACKING):
            raise InputError(f"{where} claims shape {node.shape}, more than the file holds.")
        refuse_beyond_room(path, node.shape, width=max(8, node.dtype.itemsize))
        check_chunks(node, where)
    return node


def _is_text(node: Any) -> bool:
    kind = node.id.get_type()
    return type(kind).__name__ == "TypeStringID" and bool(kind.is_variable_str())


def _read_names(group: Group, name: str) -> tuple[str, ...]:
    dataset = _checked_dataset(group, name)
    path, what = Path(group.file.filename), location_of(group, name)
    if len(dataset.shape) != 1:
        raise InputError(f"{path}: {what} is no list of names.")
    refuse_swarm(path, dataset.size, min(dataset.id.get_storage_size(), path.stat().st_size))
    with refusing_damage(group, name):
        if dataset.dtype.hasobject:
            texts = read_texts(path, read_references(dataset, path, f"{path}: {what}"), f"{path}: {what}")
            names = as_text(np.array(texts, dtype=object), f"{path}: {what}")
        else:
            names = as_text(dataset[()], f"{path}: {what}")
    check_names(names, f"entry of {what}", path)
    return names


def _categorical(node: Group) -> tuple[str, ...]:
    path = Path(node.file.filename)
    categories = _read_names(node, "categories")
    codes = member_numbers(node, "codes")
    if codes.ndim != 1 or codes.dtype.kind not in "iu":
        raise InputError(f"{path}: {node.name} has codes that are no list of whole numbers.")
    refuse_swarm(path, codes.size, path.stat().st_size)
    if codes.size and not (codes.min() >= 0 and codes.max() < len(categories)):
        raise InputError(f"{path}: {node.name} has codes outside of its categories.")
    return tuple(categories[code] for code in cast("list[int]", codes.tolist()))
