"""A disk that loses its power: what may be left of recorded calls, by what had been flushed and what had not.

What lasts: the data of a file up to its last fsync, the names in a folder up to the last fsync of that folder. An fsync
of a file does not keep its name; that of a folder keeps neither the data of its files nor its own name in the folder
above. Of everything else any part may have arrived, in any order: each name made, removed or renamed since (a rename
whole or not at all), and of each file's data nothing, all, some writes without others, some sectors without others, a
shorter file, or the right length with zeros or strange bytes in it. The order that ext4 keeps of its own accord is not
counted on.
"""

from __future__ import annotations

import errno
import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from faults import Call

SECTOR = 512
"""Bytes that a disk writes whole or not at all."""

ROOT = 0
"""The inode of the folder that the disk holds."""

Tree = dict[str, bytes | None]
"""What stands on a disk: the data of files by their paths, `None` for folders."""

Key = tuple[int, str]
"""A name: the inode of its folder, and the name there."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the names in a folder, which arrives whole or not at all.

    Parameters
    ----------
    folder : int
        Its inode.
    names : tuple of (str, int or None)
        What each name is given: an inode, or none when it goes.
    """

    folder: int
    names: tuple[tuple[str, int | None], ...]


@dataclass(frozen=True, slots=True)
class Write:
    """A change of the data of a file.

    Parameters
    ----------
    offset : int
        Where; the new length when there are no data.
    data : bytes or None
        What; `None` where the length is set.
    """

    offset: int
    data: bytes | None

    def onto(self, content: bytes) -> bytes:
        """Return the data of the file after it."""
        if self.data is None:
            return content[: self.offset].ljust(self.offset, b"\0")
        return content[: self.offset].ljust(self.offset, b"\0") + self.data + content[self.offset + len(self.data) :]


@dataclass(frozen=True, slots=True)
class File:
    """The data of a file.

    Parameters
    ----------
    flushed : bytes
        What lasts.
    loose : tuple of Write
        What has come since, and may be lost.
    """

    flushed: bytes
    loose: tuple[Write, ...] = ()

    @property
    def whole(self) -> bytes:
        """All of it, as programs see it."""
        return _written(self.flushed, self.loose)


@dataclass(frozen=True, slots=True)
class Moment:
    """A disk between two calls.

    Parameters
    ----------
    names : mapping
        The inode of each name that lasts.
    loose : tuple of Change
        The changes of names that may be lost, in order.
    files : mapping of int to File
        The data of each inode that is a file; the others are folders.
    """

    names: Mapping[Key, int]
    loose: tuple[Change, ...]
    files: Mapping[int, File]

    def now(self) -> Tree:
        """Return what stands there as programs see it."""
        return _tree(_named(self.names, self.loose), {inode: file.whole for inode, file in self.files.items()})

    def after_power_cut(self, dice: random.Random) -> Tree:
        """Return one of the trees that may stand there once the power is back.

        Parameters
        ----------
        dice : random.Random
            What decides which.
        """
        share = dice.choice((0.0, 0.5, 0.5, 0.9, 1.0))
        arrived = [change for change in self.loose if dice.random() < share]
        whole = dice.random() < 0.2
        data = {
            inode: file.flushed if not file.loose else file.whole if whole else _left(file, dice)
            for inode, file in self.files.items()
        }
        return _tree(_named(self.names, arrived), data)


class Disk:
    """A disk as calls change it.

    Parameters
    ----------
    root : Path
        The folder that it holds.
    start : Moment
        How it stands at first.

    Attributes
    ----------
    moment : Moment
        How it stands now.
    """

    def __init__(self, root: Path, start: Moment) -> None:
        self._root = os.path.abspath(root)  # noqa: PTH100  it is cut from paths as they were given to os
        self._open: dict[int, int] = {}
        self._inodes = max([ROOT, *start.files, *_named(start.names, start.loose).values()])
        self.moment = start
        self._calls: dict[str, Callable[..., None]] = {
            "open": self._opened,
            "pwrite": self._pwrite,
            "ftruncate": self._ftruncate,
            "fsync": self._fsync,
            "close": self._close,
            "link": self._link,
            "unlink": self._unlink,
            "rename": self._rename,
            "mkdir": self._mkdir,
            "rmdir": self._unlink,
            **dict.fromkeys(("fchmod", "fchown", "chmod", "chown"), self._unmodelled),
        }

    def replay(self, call: Call) -> None:
        """Do a call that was recorded."""
        self._calls[call.name](*call.arguments, result=call.result)

    def name_of(self, call: Call) -> str:
        """Return what is behind the descriptor of a call that is about to be taken: the names that it has."""
        inode = self._open[call.arguments[0]]
        if inode == ROOT:
            return "."
        names = _named(self.moment.names, self.moment.loose)
        paths = _paths(names)
        return " = ".join(path for path, number in sorted(paths.items()) if number == inode) or "(no name)"

    def is_file(self, call: Call) -> bool:
        """Return whether the descriptor of a call that is about to be taken is that of a file, not of a folder."""
        return self._open[call.arguments[0]] in self.moment.files

    def _now(self) -> dict[Key, int]:
        return _named(self.moment.names, self.moment.loose)

    def _key(self, path: str) -> Key:
        """Return the folder's inode and the name of a path."""
        absolute = os.path.abspath(path)  # noqa: PTH100
        if absolute == self._root or not absolute.startswith(self._root + os.sep):
            raise ValueError(f"{path} is not within {self._root}, which is all that is watched.")
        *folders, name = Path(absolute).relative_to(self._root).parts
        names, inode = self._now(), ROOT
        for folder in folders:
            inode = names[inode, folder]
        return inode, name

    def _inode(self, path: str) -> int:
        at_root = os.path.abspath(path) == self._root  # noqa: PTH100
        return ROOT if at_root else self._now()[self._key(path)]

    def _change(self, folder: int, *names: tuple[str, int | None]) -> None:
        self.moment = replace(self.moment, loose=(*self.moment.loose, Change(folder, names)))

    def _set(self, inode: int, file: File) -> None:
        self.moment = replace(self.moment, files={**self.moment.files, inode: file})

    def _new(self) -> int:
        self._inodes += 1
        return self._inodes

    def _opened(self, path: str, flags: int, mode: int = 0o777, *, result: int) -> None:
        del mode
        if flags & os.O_CREAT and self._key(path) not in self._now():
            folder, name = self._key(path)
            inode = self._new()
            self._set(inode, File(b""))
            self._change(folder, (name, inode))
        inode = self._inode(path)
        if flags & os.O_TRUNC:
            self._write(inode, Write(0, None))
        self._open[result] = inode

    def _write(self, inode: int, write: Write) -> None:
        file = self.moment.files[inode]
        self._set(inode, File(file.flushed, (*file.loose, write)))

    def _pwrite(self, descriptor: int, data: bytes, offset: int, *, result: int) -> None:
        self._write(self._open[descriptor], Write(offset, data[:result]))

    def _ftruncate(self, descriptor: int, length: int, *, result: None) -> None:
        del result
        self._write(self._open[descriptor], Write(length, None))

    def _fsync(self, descriptor: int, *, result: None) -> None:
        del result
        inode = self._open[descriptor]
        if inode in self.moment.files:
            self._set(inode, File(self.moment.files[inode].whole))
            return
        flushed = [change for change in self.moment.loose if change.folder == inode]
        loose = tuple(change for change in self.moment.loose if change.folder != inode)
        self.moment = replace(self.moment, names=_named(self.moment.names, flushed), loose=loose)

    def _close(self, descriptor: int, *, result: None) -> None:
        del result
        del self._open[descriptor]

    def _link(self, path: str, name: str, *, result: None) -> None:
        del result
        folder, last = self._key(name)
        self._change(folder, (last, self._inode(path)))

    def _unlink(self, path: str, *, result: None) -> None:
        del result
        folder, name = self._key(path)
        self._change(folder, (name, None))

    def _rename(self, path: str, name: str, *, result: None) -> None:
        del result
        (folder, old), (to, new) = self._key(path), self._key(name)
        if folder != to:
            raise OSError(errno.EXDEV, "a rename from folder to folder may arrive by halves: it is not modelled", path)
        self._change(folder, (old, None), (new, self._inode(path)))

    def _unmodelled(self, *_: object, result: None) -> None:
        """Pass over modes and owners: a file of a store gets them before its data, which are flushed with them."""

    def _mkdir(self, path: str, mode: int = 0o777, *, result: None) -> None:
        del mode, result
        folder, name = self._key(path)
        self._change(folder, (name, self._new()))


def standing(root: Path) -> Moment:
    """Return a disk that holds a folder as it is, all of which lasts."""
    names: dict[Key, int] = {}
    files: dict[int, File] = {}
    places = {"": ROOT}
    inodes: dict[int, int] = {}
    for path, content in sorted(tree_of(root).items()):
        above, _, name = path.rpartition("/")
        inode = inodes.setdefault((root / path).lstat().st_ino, len(inodes) + 1)
        names[places[above], name] = places[path] = inode
        if content is not None:
            files[inode] = File(content)
    return Moment(names, (), files)


def tree_of(root: Path) -> Tree:
    """Return what really stands in a folder."""
    tree: Tree = {}
    for path in root.rglob("*"):
        tree[path.relative_to(root).as_posix()] = path.read_bytes() if path.is_file() else None
    return tree


def lay_down(tree: Tree, root: Path) -> None:
    """Make a folder that holds a tree, where nothing stands yet."""
    root.mkdir()
    for path in sorted(tree):
        content = tree[path]
        if content is None:
            (root / path).mkdir()
        else:
            (root / path).write_bytes(content)


def fingerprint(tree: Tree) -> bytes:
    """Return what tells a tree from others."""
    digest = hashlib.blake2b(digest_size=20)
    for path in sorted(tree):
        content = tree[path]
        digest.update(f"{path}\0{-1 if content is None else len(content)}\0".encode())
        digest.update(content or b"")
    return digest.digest()


def _named(names: Mapping[Key, int], changes: Iterable[Change]) -> dict[Key, int]:
    """Return the names after changes of them."""
    named = dict(names)
    for change in changes:
        for name, inode in change.names:
            if inode is None:
                named.pop((change.folder, name), None)
            else:
                named[change.folder, name] = inode
    return named


def _paths(names: Mapping[Key, int]) -> dict[str, int]:
    """Return the inode of each path that can be reached."""
    within: dict[int, list[tuple[str, int]]] = {}
    for (folder, name), inode in names.items():
        within.setdefault(folder, []).append((name, inode))
    paths: dict[str, int] = {}
    reached = [("", ROOT)]
    while reached:
        above, folder = reached.pop()
        for name, inode in within.get(folder, ()):
            paths[above + name] = inode
            reached.append((f"{above}{name}/", inode))
    return paths


def _tree(names: Mapping[Key, int], data: Mapping[int, bytes]) -> Tree:
    return {path: data.get(inode) for path, inode in _paths(names).items()}


def _written(content: bytes, writes: Iterable[Write]) -> bytes:
    for write in writes:
        content = write.onto(content)
    return content


def _left(file: File, dice: random.Random) -> bytes:
    """Return what may be left of a file's data that were not flushed."""
    flushed, whole = file.flushed, file.whole
    kind = dice.choice(("kept", "whole", "cut", "zeros", "writes", "sectors", "strange"))
    if kind == "kept":
        return flushed
    if kind == "cut":
        return whole[: SECTOR * dice.randrange(len(whole) // SECTOR + 1)]
    if kind == "zeros":
        return bytes(len(whole))
    if kind == "writes":
        return _written(flushed, [write for write in file.loose if dice.random() < 0.5])
    if kind == "sectors":
        return _in_sectors(whole, (whole, flushed, b""), dice)
    if kind == "strange":
        return _in_sectors(whole, (whole, dice.randbytes(len(whole))), dice)
    return whole


def _in_sectors(whole: bytes, sources: Sequence[bytes], dice: random.Random) -> bytes:
    """Return data of the right length, each sector from one of the sources, or zeros where that has none."""
    parts = (
        dice.choice(sources)[start : start + SECTOR].ljust(min(SECTOR, len(whole) - start), b"\0")
        for start in range(0, len(whole), SECTOR)
    )
    return b"".join(parts)
