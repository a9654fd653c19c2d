"""Who takes part, by which rules each is used, and in which tests."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from .model import State

ALL = frozenset({"kill", "flip", "readers", "writers"})


class Refused(Exception):
    """Somebody else is at it: a lock is held, or the branch has moved. Nothing was changed; try again."""


class Store(Protocol):
    """One store as one process has it open. `commit` returns when its own documentation calls the version written."""

    def commit(self, item: int, loadings: NDArray[np.float64]) -> None:
        """Add the term xxᵀ with a number to the newest version, as a new one; raises `Refused`."""
        ...

    def versions(self) -> list[int]:
        """Return the numbers of the versions that can be asked for; [0] alone where no history is kept."""
        ...

    def newest(self) -> State:
        """Return the version that the store itself calls the current one."""
        ...

    def read(self, version: int) -> State:
        """Return a version, read anew from its files; raises whatever the store raises."""
        ...


@dataclass(frozen=True, slots=True)
class Contender:
    """A store and how it is used.

    Parameters
    ----------
    title : str
        For the table.
    module : str
        The module of this package with its `create(folder, base, **options)` and its `Opened(folder, **options)`.
    packages : tuple of str
        Whose versions the table names.
    keeps_history : bool
        Whether old versions can be read; otherwise the newest alone.
    tests : frozenset of str
        Where it takes part.
    options : mapping
        For the module.
    """

    title: str
    module: str
    packages: tuple[str, ...] = ()
    keeps_history: bool = True
    tests: frozenset[str] = ALL
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def create(self, folder: Path, base: State) -> None:
        """Make a store with version 0 in an empty folder."""
        importlib.import_module(f".{self.module}", __package__).create(folder, base, **self.options)

    def open(self, folder: Path) -> Store:
        """Open the store in a folder."""
        return importlib.import_module(f".{self.module}", __package__).Opened(folder, **self.options)


CONTENDERS = {
    "h5py": Contender("h5py, updated in place", "h5py_in_place", ("h5py",), keeps_history=False),
    "h5py-unlocked": Contender(
        "h5py, in place, locks off",
        "h5py_in_place",
        ("h5py",),
        keeps_history=False,
        tests=frozenset({"readers", "writers"}),
        options={"locking": False},
    ),
    "h5py-swmr": Contender(
        "h5py, in place, SWMR",
        "h5py_swmr",
        ("h5py",),
        keeps_history=False,
        tests=frozenset({"kill", "readers"}),
    ),
    "zarr": Contender("zarr, updated in place", "zarr_in_place", ("zarr",), keeps_history=False),
    "versioned-hdf5": Contender("versioned-hdf5", "versioned_file", ("versioned-hdf5",)),
    "versioned-hdf5-unlocked": Contender(
        "versioned-hdf5, locks off",
        "versioned_file",
        ("versioned-hdf5",),
        tests=frozenset({"readers", "writers"}),
        options={"locking": False},
    ),
    "icechunk": Contender("icechunk, local disk", "icechunk_zarr", ("icechunk", "zarr")),
    "refs": Contender("refs compared, then renamed", "refs_renamed"),
    "planted": Contender(
        "planted: acknowledges a commit early",
        "refs_renamed",
        tests=frozenset({"kill"}),
        options={"acknowledges_early": True},
    ),
    "grnledger": Contender("grnledger", "ledger", ("grnledger",)),
}

FOR_ITSELF = frozenset({"planted"})
"""Run only when asked for by name: it shows that the harness sees what no honest store does."""
