"""Files that stand in a store and are none of its: moved to a folder of their own, and never removed."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
from typing import TYPE_CHECKING

from ..files import access, durable, layout
from .sources import contents

if TYPE_CHECKING:
    from collections.abc import Container
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


def make_way(store: Path, path: Path, *, besides: Container[str] = ()) -> Path | None:
    """Move aside what must not be written over or removed, and return where it stands then; `None` if nothing is.

    That is what no file is, and a file that holds something whole, of whatever kind: an entry can stand in the place
    of a base, or a base in that of an inversion, and may stand nowhere else.

    Parameters
    ----------
    store : Path
        The store.
    path : Path
        A place in it.
    besides : container of str
        Content ids of what need not be kept, since it stands elsewhere, or will.

    Raises
    ------
    OSError
        It cannot be read, or not be moved.
    """
    if not os.path.lexists(path):
        return None
    if path.is_file() and not path.is_symlink():
        if not access.may_read(path):
            raise access.refusal(errno.EACCES, path)
        if all(id_ in besides for id_, _ in contents(path)):
            return None
    moved = set_aside(store, path)
    return None if moved is None else store / moved


def remove_empty_folders(store: Path, path: Path) -> None:
    """Remove the folders that held a file which has been moved, up to the store's own, if they are empty."""
    for folder in path.parents:
        if folder == store:
            return
        with contextlib.suppress(OSError):
            folder.rmdir()
