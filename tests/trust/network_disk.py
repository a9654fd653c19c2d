"""A folder as a client of a network disk sees it: a file system in user space over the folder of a server.

It is what a machine without NFS allows, and speaks the kernel's FUSE protocol itself (7.31 and later), so it needs
Linux, root and /dev/fuse. One process serves one mount, which stands for one host:

* Attributes are remembered for some seconds; so is what a folder holds, also that a name is not in it. On NFS that is
  forgotten as soon as any answer shows that the folder has changed; other disks remember each name by itself.
* What is written reaches the server when it is flushed or the file is closed. A host that dies takes the rest with it.
* Names are given and taken on the server, at once: `link`, `rename`, exclusive creation.
* Locks are those of the host alone (as NFS mounted with `nolock`), or those of the server.
* There may be no links. The answer to a `link` may get lost, whereupon it is tried again, and finds the name taken.
* A file that another host has removed is stale, also for those that have it open.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import mmap
import os
import random
import stat
import struct
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

LIBC = ctypes.CDLL(None, use_errno=True)

REQUEST = struct.Struct("<IIQQIIIHH")
"""Length, operation, number, node, user, group, process, and what is not used."""

ANSWER = struct.Struct("<IiQ")
ATTRIBUTES = struct.Struct("<6Q10I")
LARGEST_WRITE = 1 << 17
BUFFER = LARGEST_WRITE + (1 << 16)
ROOT = 1
MOST_HOSTS, SLOTS = 8, 4_096
POSIX_LOCKS, FLOCK_LOCKS, BIG_WRITES = 1 << 1, 1 << 10, 1 << 5
LK_FLOCK = 1


@dataclass(frozen=True, slots=True)
class Terms:
    """What a network disk promises.

    Parameters
    ----------
    remembers : float
        Seconds for which names, attributes and listings are.
    coherent : bool
        Whether a folder that is seen to have changed is forgotten as a whole, as on NFS.
    server_locks : bool
        Whether locks hold between hosts.
    links : bool
        Whether there are hard links.
    lost_answers : float
        Share of the calls of `link` of which the answer is lost.
    """

    remembers: float = 1.0
    coherent: bool = True
    server_locks: bool = False
    links: bool = True
    lost_answers: float = 0.0


@dataclass(slots=True)
class Node:
    """A file or folder that the kernel knows: a handle of the server's, and how often it was looked up."""

    handle: int
    lookups: int = 0


@dataclass(slots=True)
class View:
    """What a host remembers of a folder: when it last asked, what changed last then, its listing, and missing names."""

    asked: float = float("-inf")
    changed: int = 0
    listing: list[tuple[bytes, int, int]] | None = None
    missing: set[bytes] = field(default_factory=set[bytes])


@dataclass(slots=True)
class Opened:
    """An open file: what was written and is not yet on the server; or an open folder, with its listing."""

    descriptor: int
    node: int
    unsent: list[tuple[int, bytes]] = field(default_factory=list[tuple[int, bytes]])
    listing: list[tuple[bytes, int, int]] = field(default_factory=list[tuple[bytes, int, int]])

    @property
    def end(self) -> int:
        """Where what is not yet on the server ends."""
        return max((start + len(content) for start, content in self.unsent), default=0)

    def send(self) -> None:
        """Bring what was written to the server."""
        unsent, self.unsent = self.unsent, []
        for start, content in unsent:
            os.pwrite(self.descriptor, content, start)


def _shared_counters(path: Path) -> NDArray[np.uint64]:
    """Return how often each host has changed folders, shape (hosts, slots): as fine as a server's change attribute.

    Times of the file system are not: two changes of one folder may have the same.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.ftruncate(descriptor, 8 * MOST_HOSTS * SLOTS)
        return np.frombuffer(mmap.mmap(descriptor, 8 * MOST_HOSTS * SLOTS), dtype=np.uint64).reshape(MOST_HOSTS, SLOTS)
    finally:
        os.close(descriptor)


class NetworkDisk:
    """Serves one mount.

    Parameters
    ----------
    server : Path
        The folder of the server.
    terms : Terms
        What it promises.
    seed : str
        Chooses which answers are lost.
    host : int
        The number of the host, from 0.
    """

    def __init__(self, server: Path, terms: Terms, seed: str = "", host: int = 0) -> None:
        self.terms = terms
        self._changes = _shared_counters(server.with_name(f"{server.name}.changes"))
        self._host = host
        self._chance = random.Random(seed)
        self._nodes = {ROOT: Node(os.open(server, os.O_PATH), 1)}
        self._known: dict[tuple[int, int], int] = {}
        self._next_node, self._next_file = ROOT + 1, 1
        self._files: dict[int, Opened] = {}
        self._views: dict[int, View] = {}
        self._device = -1
        names = [name for name in dir(self) if name.startswith("_do_")]
        self._steps: dict[int, Callable[[int, bytes], bytes]] = {
            OPERATIONS[name.removeprefix("_do_")]: getattr(self, name) for name in names
        }

    def mount(self, target: Path) -> None:
        """Mount it; `serve` must follow."""
        self._device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        options = f"fd={self._device},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions"
        if LIBC.mount(b"grn", os.fsencode(target), b"fuse.grn", 0, options.encode()):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(target))

    def serve(self) -> None:
        """Answer the kernel until the mount is gone."""
        while True:
            try:
                request = os.read(self._device, BUFFER)
            except OSError as failure:
                if failure.errno in (errno.EINTR, errno.ENOENT, errno.EAGAIN):
                    continue
                return
            _, operation, number, node, *_ = REQUEST.unpack_from(request)
            body = request[REQUEST.size :]
            if operation in FORGETTING:
                self._forget(operation, node, body)
                continue
            try:
                step = self._steps.get(operation)
                answer, code = (b"", errno.ENOSYS) if step is None else (step(node, body), 0)
            except OSError as failure:
                answer, code = b"", failure.errno or errno.EIO
                if operation in CHANGING and self.terms.coherent:  # the answer shows whether the folder has changed
                    self._view(node, ask=True)
            except KeyError:
                answer, code = b"", errno.ESTALE
            with contextlib.suppress(OSError):  # the process that asked may have been killed
                os.write(self._device, ANSWER.pack(ANSWER.size + len(answer), -code, number) + answer)

    # Names

    def _path(self, node: int) -> str:
        return f"/proc/self/fd/{self._nodes[node].handle}"

    def _inside(self, node: int, name: bytes) -> bytes:
        return os.fsencode(self._path(node)) + b"/" + name.split(b"\0")[0]

    def _status(self, node: int) -> os.stat_result:
        status = os.stat(self._nodes[node].handle)
        if status.st_nlink == 0:  # removed by another host
            raise OSError(errno.ESTALE, "stale")
        return status

    def _attributes(self, status: os.stat_result, end: int = 0) -> bytes:
        times = [divmod(ns, 1_000_000_000) for ns in (status.st_atime_ns, status.st_mtime_ns, status.st_ctime_ns)]
        return ATTRIBUTES.pack(
            status.st_ino, max(status.st_size, end), status.st_blocks, *(seconds for seconds, _ in times),
            *(rest for _, rest in times), status.st_mode, status.st_nlink, status.st_uid, status.st_gid, 0, 4_096, 0,
        )  # fmt: skip

    def _valid(self) -> tuple[int, int]:
        seconds, rest = divmod(self.terms.remembers, 1)
        return int(seconds), int(rest * 1e9)

    def _entry(self, path: bytes) -> bytes:
        """Return the kernel's description of a name, which from now on it knows."""
        handle = os.open(path, os.O_PATH | os.O_NOFOLLOW)
        status = os.stat(handle)
        key = status.st_dev, status.st_ino
        node = self._known.get(key)
        if node is None:
            node, self._next_node = self._next_node, self._next_node + 1
            self._known[key], self._nodes[node] = node, Node(handle)
        else:
            os.close(handle)
        self._nodes[node].lookups += 1
        seconds, rest = self._valid()
        return struct.pack("<QQQQII", node, 0, seconds, seconds, rest, rest) + self._attributes(
            status, self._unsent_end(node)
        )

    def _unsent_end(self, node: int) -> int:
        return max((file.end for file in self._files.values() if file.node == node), default=0)

    def _view(self, node: int, *, ask: bool = False) -> View:
        """Return what is remembered of a folder; where that is too old, or with `ask`, nothing that has changed."""
        view = self._views.setdefault(node, View())
        if ask or time.monotonic() >= view.asked + self.terms.remembers:
            changed = int(self._changes[:, self._status(node).st_ino % SLOTS].sum())
            if changed != view.changed:
                view.listing = None
                view.missing.clear()
            view.asked, view.changed = time.monotonic(), changed
        return view

    def _change(self, node: int) -> None:
        """Note that this host has changed a folder on the server."""
        self._changes[self._host, self._status(node).st_ino % SLOTS] += 1
        self._view(node, ask=True)

    def _do_lookup(self, node: int, body: bytes) -> bytes:
        name = body.split(b"\0")[0]
        if self.terms.coherent and name in self._view(node).missing:
            raise FileNotFoundError(errno.ENOENT, "remembered")
        try:
            entry = self._entry(self._inside(node, name))
        except FileNotFoundError:
            if self.terms.coherent:
                self._view(node, ask=True).missing.add(name)
                raise
            seconds, rest = self._valid()  # the kernel remembers that it is not there
            return struct.pack("<QQQQII", 0, 0, seconds, seconds, rest, rest) + bytes(ATTRIBUTES.size)
        self._view(node, ask=self.terms.coherent)  # the answer shows whether the folder has changed
        return entry

    def _forget(self, operation: int, node: int, body: bytes) -> None:
        pairs = [(node, *struct.unpack_from("<Q", body))]
        if operation == OPERATIONS["batch_forget"]:
            pairs = list(struct.iter_unpack("<QQ", body[8 : 8 + 16 * struct.unpack_from("<I", body)[0]]))
        for forgotten, count in pairs:
            known = self._nodes.get(forgotten)
            if known is None or forgotten == ROOT:
                continue
            known.lookups -= count
            if known.lookups <= 0:
                status = os.stat(known.handle)
                self._known.pop((status.st_dev, status.st_ino), None)
                os.close(self._nodes.pop(forgotten).handle)
                self._views.pop(forgotten, None)

    def _do_getattr(self, node: int, _: bytes) -> bytes:
        return struct.pack("<QII", *self._valid(), 0) + self._attributes(self._status(node), self._unsent_end(node))

    def _do_setattr(self, node: int, body: bytes) -> bytes:
        valid, _, _, size, _, atime, mtime, _, atime_ns, mtime_ns, _, mode, _, uid, gid, _ = struct.unpack(
            "<IIQQQQQQIIIIIIII", body[:88]
        )
        path = self._path(node)
        for file in self._files.values():
            if file.node == node:
                file.send()
        if valid & 1:
            os.chmod(path, stat.S_IMODE(mode))
        if valid & 6:
            os.chown(path, uid if valid & 2 else -1, gid if valid & 4 else -1)
        if valid & 8:
            os.truncate(path, size)
        if valid & 48:
            now = time.time_ns()
            times = [
                now if valid & by_now or not valid & asked else seconds * 1_000_000_000 + rest
                for asked, by_now, seconds, rest in ((16, 128, atime, atime_ns), (32, 256, mtime, mtime_ns))
            ]
            os.utime(path, ns=(times[0], times[1]))
        return self._do_getattr(node, b"")

    def _do_mkdir(self, node: int, body: bytes) -> bytes:
        mode, _ = struct.unpack_from("<II", body)
        path = self._inside(node, body[8:])
        os.mkdir(path, stat.S_IMODE(mode))
        self._change(node)
        return self._entry(path)

    def _do_unlink(self, node: int, body: bytes) -> bytes:
        os.unlink(self._inside(node, body))
        self._change(node)
        return b""

    def _do_rmdir(self, node: int, body: bytes) -> bytes:
        os.rmdir(self._inside(node, body))
        self._change(node)
        return b""

    def _do_symlink(self, node: int, body: bytes) -> bytes:
        name, target = body.split(b"\0")[:2]
        os.symlink(target, self._inside(node, name))
        return self._entry(self._inside(node, name))

    def _do_readlink(self, node: int, _: bytes) -> bytes:
        return os.readlink(b"", dir_fd=self._nodes[node].handle)

    def _rename(self, node: int, body: bytes, skip: int) -> bytes:
        (folder,) = struct.unpack_from("<Q", body)
        old, new = body[skip:].split(b"\0")[:2]
        os.rename(self._inside(node, old), self._inside(folder, new))
        self._change(node)
        self._change(folder)
        return b""

    def _do_rename(self, node: int, body: bytes) -> bytes:
        return self._rename(node, body, 8)

    def _do_rename2(self, node: int, body: bytes) -> bytes:
        if struct.unpack_from("<QI", body)[1]:
            raise OSError(errno.EINVAL, "no flags")
        return self._rename(node, body, 16)

    def _do_link(self, node: int, body: bytes) -> bytes:
        if not self.terms.links:
            raise OSError(errno.EPERM, "no links here")
        (source,) = struct.unpack_from("<Q", body)
        target = self._inside(node, body[8:])
        self._status(source)
        for file in self._files.values():
            if file.node == source:
                file.send()
        tries = 2 if self._chance.random() < self.terms.lost_answers else 1
        for _ in range(tries):  # the server has no memory of what it has answered
            os.link(self._path(source), target, dst_dir_fd=self._nodes[node].handle)  # which follows /proc/self/fd
            self._change(node)
        return self._entry(target)

    # Files

    def _open(self, node: int, flags: int) -> int:
        if flags & os.O_ACCMODE == os.O_WRONLY:  # it is read back, too
            flags = flags & ~os.O_ACCMODE | os.O_RDWR
        descriptor = os.open(self._path(node), flags & ~(os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_APPEND))
        return self._keep(Opened(descriptor, node))

    def _keep(self, opened: Opened) -> int:
        number, self._next_file = self._next_file, self._next_file + 1
        self._files[number] = opened
        return number

    def _do_open(self, node: int, body: bytes) -> bytes:
        self._status(node)
        return struct.pack("<QIi", self._open(node, struct.unpack_from("<I", body)[0]), 0, 0)

    def _do_create(self, node: int, body: bytes) -> bytes:
        flags, mode, _, _ = struct.unpack_from("<IIII", body)
        path = self._inside(node, body[16:])
        os.close(os.open(path, flags | os.O_CREAT, stat.S_IMODE(mode)))
        self._change(node)
        entry = self._entry(path)
        opened = self._open(struct.unpack_from("<Q", entry)[0], flags)
        return entry + struct.pack("<QIi", opened, 0, 0)

    def _do_read(self, node: int, body: bytes) -> bytes:
        number, start, size = struct.unpack_from("<QQI", body)
        file = self._files[number]
        file.send()
        if os.fstat(file.descriptor).st_nlink == 0:
            raise OSError(errno.ESTALE, "stale")
        return os.pread(file.descriptor, size, start)

    def _do_write(self, node: int, body: bytes) -> bytes:
        number, start, size = struct.unpack_from("<QQI", body)
        self._files[number].unsent.append((start, body[40 : 40 + size]))
        return struct.pack("<II", size, 0)

    def _do_flush(self, node: int, body: bytes) -> bytes:
        self._files[struct.unpack_from("<Q", body)[0]].send()
        return b""

    def _do_fsync(self, node: int, body: bytes) -> bytes:
        return self._do_flush(node, body)

    def _do_fsyncdir(self, node: int, _: bytes) -> bytes:
        return b""

    def _do_release(self, node: int, body: bytes) -> bytes:
        file = self._files.pop(struct.unpack_from("<Q", body)[0])
        file.send()
        os.close(file.descriptor)
        return b""

    def _do_setlk(self, node: int, body: bytes) -> bytes:
        number, _, _, _, kind, _, flags, _ = struct.unpack("<QQQQIIII", body[:48])
        if not flags & LK_FLOCK:
            raise OSError(errno.ENOLCK, "no such locks")
        deed = {fcntl.F_RDLCK: fcntl.LOCK_SH, fcntl.F_WRLCK: fcntl.LOCK_EX, fcntl.F_UNLCK: fcntl.LOCK_UN}[kind]
        fcntl.flock(self._files[number].descriptor, deed | fcntl.LOCK_NB)
        return b""

    # Folders

    def _do_opendir(self, node: int, _: bytes) -> bytes:
        view = self._view(node)
        if view.listing is None:
            view = self._view(node, ask=True)
            with os.scandir(self._path(node)) as items:
                view.listing = [(os.fsencode(item.name), item.inode(), 0) for item in items]
        listing = view.listing
        return struct.pack("<QIi", self._keep(Opened(-1, node, listing=listing)), 0, 0)

    def _do_readdir(self, node: int, body: bytes) -> bytes:
        number, start, size = struct.unpack_from("<QQI", body)
        answer = b""
        for position, (name, inode, kind) in enumerate(self._files[number].listing[start:], start=start + 1):
            entry = struct.pack("<QQII", inode, position, len(name), kind) + name
            entry += bytes(-len(entry) % 8)
            if len(answer) + len(entry) > size:
                break
            answer += entry
        return answer

    def _do_releasedir(self, node: int, body: bytes) -> bytes:
        del self._files[struct.unpack_from("<Q", body)[0]]
        return b""

    # The rest

    def _do_init(self, node: int, body: bytes) -> bytes:
        _, minor, ahead, flags = struct.unpack_from("<IIII", body)
        wanted = BIG_WRITES | (FLOCK_LOCKS if self.terms.server_locks else 0)
        answer = struct.pack(
            "<IIIIHHIIHHI", 7, min(minor, 31), ahead, flags & wanted, 16, 12, LARGEST_WRITE, 1, 0, 0, 0
        )
        return answer + bytes(64 - len(answer))

    def _do_statfs(self, node: int, _: bytes) -> bytes:
        disk = os.statvfs(self._path(node))
        counts = disk.f_blocks, disk.f_bfree, disk.f_bavail, disk.f_files, disk.f_ffree
        return struct.pack("<5Q4I24x", *counts, disk.f_bsize, disk.f_namemax, disk.f_frsize, 0)


OPERATIONS: dict[str, Any] = {
    "lookup": 1, "forget": 2, "getattr": 3, "setattr": 4, "readlink": 5, "symlink": 6, "mkdir": 9, "unlink": 10,
    "rmdir": 11, "rename": 12, "link": 13, "open": 14, "read": 15, "write": 16, "statfs": 17, "release": 18,
    "fsync": 20, "flush": 25, "init": 26, "opendir": 27, "readdir": 28, "releasedir": 29, "fsyncdir": 30, "setlk": 32,
    "create": 35, "batch_forget": 42, "rename2": 45,
}  # fmt: skip
CHANGING = tuple(OPERATIONS[name] for name in ("mkdir", "unlink", "rmdir", "rename", "rename2", "link", "create"))
FORGETTING = (OPERATIONS["forget"], OPERATIONS["batch_forget"])
