"""versioned-hdf5: each version staged in its own context, the file closed after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
from versioned_hdf5 import VersionedHDF5File

from .contenders import Refused
from .model import State

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

NAME = "model.h5"
CHUNK = 128


def create(folder: Path, base: State, *, locking: bool = True) -> None:
    """Write version 0. It wants to be told the chunks of a matrix."""
    chunks = (min(CHUNK, len(base.covariance)),) * 2
    with (
        h5py.File(folder / NAME, "w", locking=locking) as file,
        VersionedHDF5File(file).stage_version("v0") as group,
    ):
        group.create_dataset("covariance", data=base.covariance, chunks=chunks)
        group.create_dataset("precision", data=base.precision, chunks=chunks)


class Opened:
    """The file, opened for each step."""

    def __init__(self, folder: Path, *, locking: bool = True) -> None:
        self.path = folder / NAME
        self.locking = locking

    def commit(self, item: int, loadings: NDArray[np.float64]) -> None:  # noqa: ARG002  versions are counted
        """Stage the next version after the current one."""
        with self._file("r+") as file:
            versioned: Any = VersionedHDF5File(file)
            current = versioned.current_version
            after = _state(versioned, current).plus(loadings)
            with versioned.stage_version(f"v{_number(current) + 1}") as group:
                group["covariance"][:] = after.covariance
                group["precision"][:] = after.precision

    def versions(self) -> list[int]:
        """Return the numbers of the versions that the file lists."""
        with self._file("r") as file:
            return sorted(_number(name) for name in VersionedHDF5File(file))

    def newest(self) -> State:
        """Return the current version."""
        with self._file("r") as file:
            versioned = VersionedHDF5File(file)
            return _state(versioned, versioned.current_version)

    def read(self, version: int) -> State:
        """Return a version."""
        with self._file("r") as file:
            return _state(VersionedHDF5File(file), f"v{version}")

    def _file(self, mode: str) -> Any:
        try:
            return h5py.File(self.path, mode, locking=self.locking)
        except BlockingIOError as failure:
            raise Refused from failure


def _number(name: str) -> int:
    return int(name.removeprefix("v"))


def _state(versioned: Any, name: str) -> State:
    group = versioned[name]
    return State(group["covariance"][:], group["precision"][:])
