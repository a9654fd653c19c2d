"""Files that stand in a store and are none of its: moved to a folder of their own, and never removed."""

from __future__ import annotations

import contextlib
import itertools
import os
from typing import TYPE_CHECKING

from ..files import durable, layout

if TYPE_CHECKING:
    from pathlib import Path


def set_aside(store: Path, path: Path) -> str | None:
    """Move a file, a link or a folder of a store aside, and return where it stands then, within the store.

    Nothing that stands there is replaced. Where there is nothing to move, `None` is returned.

    Parameters
    ----------
    store : Path
        The store.
    path : Path
        What to move.

    Raises
    ------
    OSError
        It cannot be moved.
    """
    if not os.path.lexists(path):
        return None
    folder = store / layout.ASIDE
    for part in ("", *path.relative_to(store).parts[:-1]):
        folder /= part
        if folder.is_symlink():
            raise OSError(f"{folder} is a link: nothing is moved elsewhere.")
        durable.make_folder(folder)
    for number in itertools.count(1):
        target = folder / (path.name if number == 1 else f"{path.name}.{number}")
        if not os.path.lexists(target):
            path.rename(target)
            durable.flush(folder)
            durable.flush(path.parent)
            return target.relative_to(store).as_posix()
    return None


def remove_empty_folders(store: Path, path: Path) -> None:
    """Remove the folders that held a file which has been moved, up to the store's own, if they are empty."""
    for folder in path.parents:
        if folder == store:
            return
        with contextlib.suppress(OSError):
            folder.rmdir()
