"""icechunk: a repository on the local disk, one session and one commit a version.

Its authors say that on a local disk commits at the same time are not safe (earth-mover/icechunk, issues 804, 1494).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import icechunk
import zarr

from .contenders import Refused
from .model import State

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

NAME = "model.icechunk"


def create(folder: Path, base: State) -> None:
    """Commit version 0."""
    session = icechunk.Repository.create(_storage(folder)).writable_session("main")
    group = zarr.create_group(session.store)
    group.create_array("covariance", data=base.covariance)
    group.create_array("precision", data=base.precision)
    session.commit("version 0")


class Opened:
    """The repository; each step has a session of its own."""

    def __init__(self, folder: Path) -> None:
        self.repository = icechunk.Repository.open(_storage(folder))

    def commit(self, item: int, loadings: NDArray[np.float64]) -> None:
        """Commit the next version of main; after a conflict the whole step is done again, on what is new."""
        session = self.repository.writable_session("main")
        group: Any = zarr.open_group(session.store, mode="r+")
        after = _state(group).plus(loadings)
        group["covariance"][...] = after.covariance
        group["precision"][...] = after.precision
        try:
            session.commit(f"item {item}")
        except icechunk.ConflictError as failure:
            raise Refused from failure

    def versions(self) -> list[int]:
        """Return the numbers of the snapshots of main."""
        return list(range(len(self._snapshots())))

    def newest(self) -> State:
        """Return what main is at."""
        session = self.repository.readonly_session(branch="main")
        return _state(zarr.open_group(session.store, mode="r"))

    def read(self, version: int) -> State:
        """Return a version by its snapshot."""
        session = self.repository.readonly_session(snapshot_id=self._snapshots()[version])
        return _state(zarr.open_group(session.store, mode="r"))

    def _snapshots(self) -> list[str]:
        """Return the snapshots from version 0; before it stands the empty one that each repository begins with."""
        return [snapshot.id for snapshot in self.repository.ancestry(branch="main")][-2::-1]


def _storage(folder: Path) -> icechunk.Storage:
    return icechunk.local_filesystem_storage(str(folder / NAME))


def _state(group: Any) -> State:
    return State(group["covariance"][...], group["precision"][...])
