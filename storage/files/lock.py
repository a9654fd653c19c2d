"""Writers take turns: a lock file, so that they queue instead of trying again.

It is a courtesy on which nothing rests: what makes a write safe is the name that only one writer can give an entry
(`durable`). So whatever keeps the lock from being made, read or removed never stops a write: it is then not held. It is
no part of what must last, either: it is written with `os` directly, past `durable`, and never flushed.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import os
import secrets
import stat
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard, cast

from ...engine.errors import Conflict
from . import durable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

GRACE = 10.0
"""Seconds after which a lock that names nobody, since it is half-written or foreign, is taken for a dead one's."""

FIRST_PAUSE, LONGEST_PAUSE = 0.001, 0.05
"""Seconds between two looks at a lock that somebody holds: the first time, and in the end."""

LARGEST = 4_096
"""No lock is longer than this many bytes."""

LONGEST_TEXT = 255
HIGHEST_PID = 2**31 - 1
LATEST = 253_402_300_799.0  # the end of the year 9999

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

_turns: set[str] = set()
"""The turns that this process has or waits for: a lock of its own that is none of them was left behind."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock; of one that cannot be read, only `since` is known.

    Parameters
    ----------
    host : str or None
        The name of the machine.
    pid : int or None
        The number of the process.
    started : str or None
        When the process started, in clock ticks since boot: it tells the process from a later one of the same number.
    boot : str or None
        The id of the machine's boot.
    since : str
        When the turn began, or the file was last written: UTC, ISO 8601 to the second.
    turn : str or None
        A random name, which tells the turns of one process from one another.
    """

    host: str | None
    pid: int | None
    started: str | None
    boot: str | None
    since: str
    turn: str | None = None

    @staticmethod
    def here(turn: str | None = None) -> Holder:
        """Return this process, as it would hold a lock from now on."""
        pid = os.getpid()
        return Holder(os.uname().nodename, pid, _started(pid), _boot(), _iso(time.time()), turn)

    @staticmethod
    def parse(content: bytes) -> Holder | None:
        """Return the holder that the content of a lock names; `None` if it is not one of ours."""
        try:
            found: Any = json.loads(content)
        except (ValueError, RecursionError):
            return None
        if not isinstance(found, dict):
            return None
        named = cast("dict[str, Any]", found)
        host, pid, since = named.get("host"), named.get("pid"), named.get("since")
        may_lack = started, boot, turn = named.get("started"), named.get("boot"), named.get("turn")
        if type(pid) is not int or not 0 < pid <= HIGHEST_PID or not _is_plain(host) or not _is_plain(since):
            return None
        if not all(text is None or _is_plain(text) for text in may_lack):
            return None
        return Holder(host, pid, started, boot, since, turn)

    @staticmethod
    def read(path: Path) -> Holder | None:
        """Return the holder that a lock names; `None` if there is no lock, or it cannot be read as one of ours."""
        with contextlib.suppress(OSError):
            if (found := _look(path)) and found.holder.pid is not None:
                return found.holder
        return None

    def json(self) -> str:
        """Return it as the content of a lock."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})

    def alive(self) -> bool | None:
        """Return whether the process is still there; `None` if that cannot be known from here.

        A process of the same number that started at another time is not it, and none outlasts a boot of its machine.
        """
        if self.pid is None or self.host != os.uname().nodename:
            return None
        if _differ(self.boot, _boot()):
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # somebody else's process
            pass
        state, started = _process(self.pid)
        return state not in ("Z", "X") and not _differ(self.started, started)

    def __str__(self) -> str:
        return "a program that left no name" if self.pid is None else f"pid {self.pid} on {self.host}"


@contextlib.contextmanager
def turn(path: Path, wait: float) -> Generator[None]:
    """Hold a lock, or go on without it where it cannot be made, read or removed.

    Two threads of one process queue as two processes do.

    Parameters
    ----------
    path : Path
        The lock file.
    wait : float
        For how many seconds to queue behind a holder that is alive, or may be.

    Raises
    ------
    Conflict
        Somebody else holds it for longer than that.
    """
    name = secrets.token_hex(8)
    _turns.add(name)
    try:
        with contextlib.suppress(OSError):
            _queue(path, name, time.monotonic() + wait)
        yield
    finally:
        with contextlib.suppress(OSError):
            _remove(path, lambda found: found.holder.turn == name and found.holder.pid == os.getpid())
        _turns.discard(name)


def clear(path: Path, *, force: bool) -> Holder | None:
    """Remove a lock, and return who held it, or `None` if there was none.

    Parameters
    ----------
    path : Path
        The lock file.
    force : bool
        Whether to remove it from a holder that is alive, or may be, too.

    Raises
    ------
    Conflict
        Its holder is alive, or may be.
    OSError
        It cannot be removed.
    """
    while found := _look(path):
        if not (force or found.is_dead()):
            raise Conflict(
                f"The lock is held by {found.holder} since {found.holder.since}, {_doubt(found.holder)}.",
                hint="Wait for it, or take it away with --force: no version can be lost by that.",
            )
        if removed := _remove(path, lambda lock: force or lock.is_dead()):
            return removed.holder
    return None


@dataclass(frozen=True, slots=True)
class _Lock:
    """A lock as it was found: its holder, and when the file was last written, in seconds since 1970."""

    holder: Holder
    written: float

    def is_dead(self) -> bool:
        """Return whether nobody can be holding it any more."""
        if self.holder.pid is None:
            return time.time() - self.written > GRACE
        alive = self.holder.alive()
        left_behind = self.holder.pid == os.getpid() and self.holder.turn not in _turns
        return alive is False or (alive is True and left_behind)


def _queue(path: Path, name: str, deadline: float) -> None:
    """Return when the lock is held under a turn's name, or what stands there can neither be waited for nor removed."""
    found: _Lock | None = None
    for pause in _pauses():
        if (found is None or not os.path.lexists(path)) and _claim(path, name):
            return
        found = _look(path)
        if found and found.holder.turn == name:  # a network disk had made the link, and lost its answer
            return
        if found and found.is_dead():
            _remove(path, _Lock.is_dead)
            found = None
            continue
        left = deadline - time.monotonic()
        if left <= 0 and found and found.holder.pid is not None:
            raise Conflict(
                f"The store is locked by {found.holder} since {found.holder.since}.",
                hint=f"Wait for it with --wait SECONDS, or, if that process is gone, run `{_unlocking(found.holder)}`.",
            )
        if left <= 0:
            return
        time.sleep(min(pause, left))


def _unlocking(holder: Holder) -> str:
    """Return the command that removes a lock whose holder is gone; from here it may not be seen that it is."""
    return "grn unlock --force" if holder.alive() is None else "grn unlock"


def _claim(path: Path, name: str) -> bool:
    """Return whether nobody had the lock, and it is held under a turn's name now."""
    content = Holder.here(name).json().encode()
    temporary = durable.temporary_of(path)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    try:
        try:
            if os.write(descriptor, content) < len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(temporary))
        finally:
            os.close(descriptor)
        _place(temporary, path)
    except FileExistsError:
        return False
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    return True


def _place(temporary: Path, path: Path) -> None:
    """Give a whole file the name of the lock, unless that is taken."""
    try:
        os.link(temporary, path)
    except OSError as failure:
        if failure.errno not in durable.NO_LINKS:
            raise
        # A file system without links: an empty file is the claim, and the whole one takes its place.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644))
        temporary.rename(path)


def _remove(path: Path, due: Callable[[_Lock], bool]) -> _Lock | None:
    """Remove a lock if it is due, and return it.

    Between the look and the removal somebody else may have removed it and taken its place: so it is moved aside first,
    and looked at again where nobody else can reach it.
    """
    found = _look(path)
    if found is None or not due(found):
        return None
    aside = durable.temporary_of(path)
    try:
        path.rename(aside)
    except FileNotFoundError:
        return None
    moved = _look(aside)
    with contextlib.suppress(OSError):
        if moved and not due(moved):
            _place(aside, path)
    with contextlib.suppress(OSError):
        aside.unlink()
    return moved if moved and due(moved) else None


def _look(path: Path) -> _Lock | None:
    """Return the lock that is there, or `None`.

    Raises
    ------
    OSError
        What stands there is no file, or the disk refuses.
    """
    try:
        status, content = os.lstat(path), b""
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "this is not a lock, but something else of its name", str(path))
        with contextlib.suppress(PermissionError):
            status, content = _content(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    holder = Holder.parse(content) or Holder(None, None, None, None, _iso(status.st_mtime))
    return _Lock(holder, status.st_mtime)


def _content(path: Path) -> tuple[os.stat_result, bytes]:
    # Never through a link, and never waiting: the name may have changed hands since it was looked at.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return os.fstat(descriptor), os.read(descriptor, LARGEST)
    finally:
        os.close(descriptor)


def _pauses() -> Iterator[float]:
    """Give growing pauses, in seconds, that differ between processes, so that they do not look in step."""
    share, pause = 0.5 + os.getpid() % 64 / 128, FIRST_PAUSE
    while True:
        yield share * pause
        pause = min(1.5 * pause, LONGEST_PAUSE)


def _process(pid: int) -> tuple[str | None, str | None]:
    """Return the state of a process and when it started, as Linux tells them: fields 3 and 22 of its stat."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None, None
    after_name = told.rpartition(")")[2].split()  # field 2 is a name, which may hold spaces and brackets
    return (after_name[0], after_name[19]) if len(after_name) > 19 else (None, None)


@functools.cache
def _started(own_pid: int) -> str | None:
    return _process(own_pid)[1]


@functools.cache
def _boot() -> str | None:
    try:
        return BOOT_ID.read_text(encoding="utf-8").strip() or None
    except (OSError, ValueError):
        return None


def _differ(one: str | None, other: str | None) -> bool:
    """Return whether two things are known and not the same."""
    return one is not None and other is not None and one != other


def _doubt(holder: Holder) -> str:
    if holder.pid is None:
        return f"and may not be whole yet: after {GRACE:.0f} s it counts as left behind"
    if holder.alive() is None:
        return f"which cannot be seen from {os.uname().nodename}"
    return "which is still running"


def _iso(seconds: float) -> str:
    within = min(max(seconds, 0.0), LATEST)  # a file may claim any date
    return datetime.fromtimestamp(within, UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _is_plain(text: object) -> TypeGuard[str]:
    """Return whether something is a short text that can be printed."""
    return isinstance(text, str) and 0 < len(text) <= LONGEST_TEXT and text.isprintable()
