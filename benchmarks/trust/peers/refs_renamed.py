"""Hashed immutable objects and a ref that is compared, then renamed into place, without a lock: a homemade git.

All is well but for two writers: between the comparison and the rename the other one may have renamed its own.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
from typing import TYPE_CHECKING

import numpy as np

from .contenders import Refused
from .model import State

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

REF = "main"
ROOT = "0" * 64


def create(folder: Path, base: State, *, acknowledges_early: bool = False) -> None:  # noqa: ARG001  of `Opened`
    """Write version 0."""
    _put(folder / REF, _write_object(folder, ROOT, base).encode())


class Opened:
    """A folder of objects named by their SHA-256, and the ref.

    Parameters
    ----------
    folder : Path
        Where they are.
    acknowledges_early : bool
        The planted fault: the ref is written at every third commit only, and all three are acknowledged.
    """

    def __init__(self, folder: Path, *, acknowledges_early: bool = False) -> None:
        self.folder = folder
        self.acknowledges_early = acknowledges_early
        self.held_back: str | None = None

    def commit(self, item: int, loadings: NDArray[np.float64]) -> None:
        """Write the object, and move the ref unless it has moved meanwhile."""
        before = self._head()
        parent = self.held_back or before
        name = _write_object(self.folder, parent, self._object(parent).plus(loadings))
        if self._head() != before:
            raise Refused
        if self.acknowledges_early and item % 3:
            self.held_back = name
        else:
            self.held_back = None
            _put(self.folder / REF, name.encode())

    def versions(self) -> list[int]:
        """Return the numbers of the versions."""
        return list(range(len(self._chain())))

    def newest(self) -> State:
        """Return what the ref names."""
        return self._object(self._head())

    def read(self, version: int) -> State:
        """Return a version."""
        return self._object(self._chain()[version])

    def _head(self) -> str:
        return (self.folder / REF).read_text(encoding="ascii")

    def _chain(self) -> list[str]:
        """Return the names of the versions, version 0 first."""
        names: list[str] = []
        name = self._head()
        while name != ROOT:
            names.append(name)
            with (self.folder / name).open("rb") as file:
                name = file.read(len(ROOT)).decode("ascii")
        return names[::-1]

    def _object(self, name: str) -> State:
        content = (self.folder / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != name:
            raise ValueError(f"Object {name} is damaged.")
        file = io.BytesIO(content[len(ROOT) :])
        return State(np.load(file, allow_pickle=False), np.load(file, allow_pickle=False))


def _write_object(folder: Path, parent: str, state: State) -> str:
    file = io.BytesIO()
    file.write(parent.encode("ascii"))
    np.save(file, state.covariance)
    np.save(file, state.precision)
    name = hashlib.sha256(file.getvalue()).hexdigest()
    _put(folder / name, file.getvalue())
    return name


def _put(path: Path, content: bytes) -> None:
    """Write a file whole and flushed under a name of its own, and rename it."""
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
