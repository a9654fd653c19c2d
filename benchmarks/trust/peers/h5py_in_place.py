"""h5py: two datasets updated in place, the file closed after every version, as most scripts do it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py

from .contenders import Refused
from .model import State

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

NAME = "model.h5"


def create(folder: Path, base: State, *, locking: bool = True) -> None:
    """Write version 0."""
    with h5py.File(folder / NAME, "w", locking=locking) as file:
        file["covariance"] = base.covariance
        file["precision"] = base.precision


class Opened:
    """The file, opened for each step. `locking=False` is what HDF5_USE_FILE_LOCKING=FALSE does, file by file."""

    def __init__(self, folder: Path, *, locking: bool = True) -> None:
        self.path = folder / NAME
        self.locking = locking

    def commit(self, item: int, loadings: NDArray[np.float64]) -> None:  # noqa: ARG002  it keeps no names
        """Update both datasets."""
        with self._file("r+") as file:
            after = _state(file).plus(loadings)
            file["covariance"][...] = after.covariance
            file["precision"][...] = after.precision

    def versions(self) -> list[int]:
        """Return [0]: there is the newest alone."""
        return [0]

    def newest(self) -> State:
        """Return what the file holds."""
        return self.read(0)

    def read(self, version: int) -> State:  # noqa: ARG002  there is one
        """Return what the file holds."""
        with self._file("r") as file:
            return _state(file)

    def _file(self, mode: str) -> Any:
        try:
            return h5py.File(self.path, mode, locking=self.locking)
        except BlockingIOError as failure:
            raise Refused from failure


def _state(file: Any) -> State:
    return State(file["covariance"][...], file["precision"][...])
