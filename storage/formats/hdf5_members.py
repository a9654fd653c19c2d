"""What stands in a foreign HDF5 file, read with care: no links out of it, no claim larger than the file."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ...engine.errors import GrnError, InputError
from ..hdf5 import open_foreign
from .files import LARGEST_PACKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from numpy.typing import NDArray

Group = Any
"""An h5py group or file: h5py ships no types, and is imported in storage/hdf5.py alone."""

_DAMAGE = (ArithmeticError, KeyError, MemoryError, OSError, RuntimeError, TypeError, ValueError)
_SMALL = 1 << 20


def open_members(path: Path) -> AbstractContextManager[Group]:
    """Open a foreign HDF5 file; raises as `open_foreign`."""
    return cast("AbstractContextManager[Group]", open_foreign(path))  # pyright: ignore[reportUnknownArgumentType]


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
        It is not there, cannot be opened, or is a link to another file.
    """
    with refusing_damage(group, name):
        if name not in member_list(group):
            raise InputError(f"{group.file.filename} holds no {place_of(group, name)}.")
        if type(group.get(name, getlink=True)).__name__ == "ExternalLink":
            raise InputError(f"{group.file.filename}: {place_of(group, name)} is a link to another file.")
        return group[name]


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
        raise InputError(f"{group.file.filename}: {place_of(group, name)} holds {array.dtype}, not real numbers.")
    return array


def member_names(group: Group, name: str) -> tuple[str, ...]:
    """Return a one-dimensional dataset of text, or of whole numbers, as names; raises as `member_array`.

    A group of `codes` and `categories`, or of `values`, as AnnData writes some columns, will do too.
    """
    node = member(group, name)
    if not is_dataset(node):
        if "categories" in node and "codes" in node:
            return _categorical(node)
        return member_names(node, "values")
    return as_text(member_array(group, name), f"{group.file.filename}: {place_of(group, name)}")


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


def place_of(group: Group, name: str) -> str:
    """Return the path of a member inside its file, for the sentence of an error."""
    return f"{group.name.rstrip('/')}/{name}".lstrip("/")


@contextmanager
def refusing_damage(group: Group, name: str) -> Generator[None]:
    """Turn what h5py raises for a damaged member into an `InputError` that names it."""
    try:
        yield
    except GrnError:
        raise
    except _DAMAGE as error:
        raise InputError(f"{group.file.filename}: {place_of(group, name)} cannot be read: {error}.") from error


def _checked_dataset(group: Group, name: str) -> Any:
    node = member(group, name)
    where = f"{group.file.filename}: {place_of(group, name)}"
    with refusing_damage(group, name):
        if not is_dataset(node) or node.shape is None:
            raise InputError(f"{where} is not an array.")
        if node.is_virtual or node.external:
            raise InputError(f"{where} lies in another file.")
        claimed = math.prod(node.shape) * node.dtype.itemsize
        if claimed > _SMALL + node.id.get_storage_size() * LARGEST_PACKING:
            raise InputError(f"{where} claims shape {node.shape}, more than the file holds.")
    return node


def _categorical(node: Group) -> tuple[str, ...]:
    categories = member_names(node, "categories")
    codes = member_numbers(node, "codes")
    if codes.size and not (codes.min() >= 0 and codes.max() < len(categories)):
        raise InputError(f"{node.file.filename}: {node.name} has codes outside of its categories.")
    return tuple(categories[int(code)] for code in codes)
