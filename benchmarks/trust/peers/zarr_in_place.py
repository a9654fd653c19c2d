"""zarr: two arrays of a group on the local disk, with chunks and codecs as they come, updated in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import zarr

from .model import State

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

NAME = "model.zarr"


def create(folder: Path, base: State) -> None:
    """Write version 0."""
    group = zarr.create_group(folder / NAME)
    group.create_array("covariance", data=base.covariance)
    group.create_array("precision", data=base.precision)


class Opened:
    """The group, opened for each step: zarr has no lock."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME

    def commit(self, item: int, loadings: NDArray[np.float64]) -> None:  # noqa: ARG002  it keeps no names
        """Update both arrays."""
        group: Any = zarr.open_group(self.path, mode="r+")
        after = _state(group).plus(loadings)
        group["covariance"][...] = after.covariance
        group["precision"][...] = after.precision

    def versions(self) -> list[int]:
        """Return [0]: there is the newest alone."""
        return [0]

    def newest(self) -> State:
        """Return what the arrays hold."""
        return self.read(0)

    def read(self, version: int) -> State:  # noqa: ARG002  there is one
        """Return what the arrays hold."""
        return _state(zarr.open_group(self.path, mode="r"))


def _state(group: Any) -> State:
    return State(group["covariance"][...], group["precision"][...])
