"""Files that stand in a store and are none of its: moved to a folder of their own, and never removed."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
from typing import TYPE_CHECKING

from ..files import access, durable, hdf5, layout
from ..files.locations import group_of
from .sources import contents

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from pathlib import Path

    from ..files.locations import DirectoryStore


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
    folder = _folder_aside(store, path)
    target = next(name for name in _names_aside(folder, path.name) if not os.path.lexists(name))
    try:
        path.rename(target)
    except FileNotFoundError:  # another has moved it meanwhile
        return None
    durable.flush(folder)
    with contextlib.suppress(FileNotFoundError):  # another has removed it, since it was empty then
        durable.flush(path.parent)
    return target.relative_to(store).as_posix()


def keep_aside(store: Path, path: Path) -> str | None:
    """Give a file of a store a second name among those set aside, and return it; arguments as for `set_aside`.

    It keeps its own until something takes its place: whoever reads meanwhile finds the one or the other, and never
    nothing. Where the file system has no links, and of what is no file, it is moved.
    """
    folder = _folder_aside(store, path)
    for target in _names_aside(folder, path.name):
        try:
            os.link(path, target)
        except FileExistsError:
            if _is_same(path, target):  # whoever did so has died before it took the place
                return target.relative_to(store).as_posix()
            continue
        except FileNotFoundError:  # another has moved it meanwhile
            return None
        except OSError as failure:
            if failure.errno not in durable.NO_LINKS:
                raise
            return set_aside(store, path)
        durable.flush(folder)
        return target.relative_to(store).as_posix()
    return None


def _is_same(path: Path, other: Path) -> bool:
    try:
        return os.path.samestat(path.lstat(), other.lstat())
    except OSError:
        return False


def _folder_aside(store: Path, path: Path) -> Path:
    """Return the folder that a file of a store is moved to, and make it; raises `OSError` where it is a link."""
    folder = store / layout.ASIDE
    for part in ("", *path.relative_to(store).parts[:-1]):
        folder /= part
        if folder.is_symlink():
            raise OSError(f"{folder} is a link: nothing is moved elsewhere.")
        durable.make_folder(folder)
    return folder


def _names_aside(folder: Path, name: str) -> Iterator[Path]:
    """Yield names in a folder, one after another, for a file that is moved there."""
    return (folder / (name if number == 1 else f"{name}.{number}") for number in itertools.count(1))


def make_way(store: Path, path: Path, *, besides: Container[str] = ()) -> Path | None:
    """Keep what must not be lost when its place is taken, and return where it stands then; `None` if nothing is.

    That is what no file is, and a file that holds something whole, of whatever kind: an entry can stand in the place
    of a base, or a base in that of an inversion, and may stand nowhere else. A file keeps its name, too, until it is
    written over or removed.

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
        if _are_all_in(besides, path):
            return None
        kept = keep_aside(store, path)
        if kept is not None and _are_all_in(besides, store / kept):  # another has put it there meanwhile
            durable.remove(store / kept)
            remove_empty_folders(store, store / kept)
            return None
    else:
        kept = set_aside(store, path)
    return None if kept is None else store / kept


def _are_all_in(besides: Container[str], path: Path) -> bool:
    return all(id_ in besides for id_, _ in contents(path))


def keep_others(store: DirectoryStore, first: int, last: int) -> None:
    """Set aside what stands under the names of entries that a pack has, and is whole, but is not in the pack.

    Raises
    ------
    Missing
        There is no such pack: a larger one may have taken its place.
    """
    paths = files_within(store, first, last)
    groups = map(group_of, range(first, last + 1))
    read = hdf5.read_each(store.pack_path(first, last), groups, layout.ENTRY) if paths else ()
    packed = {entry.id for entry in read if isinstance(entry, hdf5.StoredFile)}
    for path in paths:
        with contextlib.suppress(PermissionError):
            make_way(store.path, path, besides=packed)


def files_within(store: DirectoryStore, first: int, last: int) -> list[Path]:
    """Return the files of a log that stand beside the pack of some entries, for these entries or some of them."""
    paths = [store.loose_path(number) for number in store.loose() if first <= number <= last]
    packs = [span for span in store.all_packs() if first <= span[0] <= span[1] <= last and span != (first, last)]
    return paths + [store.pack_path(*span) for span in packs]


def remove_empty_folders(store: Path, path: Path) -> None:
    """Remove the folders that held a file which has been moved, up to the store's own, if they are empty."""
    for folder in path.parents:
        if folder == store:
            return
        with contextlib.suppress(OSError):
            folder.rmdir()
