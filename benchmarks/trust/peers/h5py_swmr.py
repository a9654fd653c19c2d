"""h5py in HDF5's mode for one writer and many readers (SWMR): the file stays open, each dataset is flushed."""

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


def create(folder: Path, base: State) -> None:
    """Write version 0 in the newest file format, which SWMR needs."""
    with h5py.File(folder / NAME, "w", libver="latest") as file:
        file["covariance"] = base.covariance
        file["precision"] = base.precision


class Opened:
    """The file: opened by the writer once, by a reader for each read."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.writing: Any = None

    def commit(self, item: int, loadings: NDArray[np.float64]) -> None:  # noqa: ARG002  it keeps no names
        """Update both datasets, and flush each."""
        if self.writing is None:
            self.writing = self._file("r+")
            self.writing.swmr_mode = True
        after = _state(self.writing).plus(loadings)
        for name, values in (("covariance", after.covariance), ("precision", after.precision)):
            self.writing[name][...] = values
            self.writing[name].flush()

    def versions(self) -> list[int]:
        """Return [0]: there is the newest alone."""
        return [0]

    def newest(self) -> State:
        """Return what the file holds."""
        return self.read(0)

    def read(self, version: int) -> State:  # noqa: ARG002  there is one
        """Return what the file holds."""
        with self._file("r", swmr=True) as file:
            return _state(file)

    def _file(self, mode: str, *, swmr: bool = False) -> Any:
        try:
            return h5py.File(self.path, mode, libver="latest", swmr=swmr)
        except BlockingIOError as failure:  # until the writer has turned SWMR on, the lock is the usual one
            raise Refused from failure


def _state(file: Any) -> State:
    return State(file["covariance"][...], file["precision"][...])
