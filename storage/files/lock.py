"""The lock of a store: writers queue for it, so that few of them work in vain.

Nothing rests on it. What makes a write safe is that `link()` gives a name only once (`durable`), so a writer that
cannot have the lock writes without it. The lock file stays for good. The system frees the lock when the last process
ends that has it open.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import sys
import time
from typing import TYPE_CHECKING

from . import access, durable

if sys.platform != "win32":
    from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN, flock
else:  # there nobody holds a lock
    LOCK_EX = LOCK_NB = LOCK_SH = LOCK_UN = 0

    def flock(_descriptor: int, _operation: int, /) -> None:
        """Refuse to lock."""
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))


if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

LOCK_PAUSE = 0.005
"""Seconds between two tries for a lock that another process holds."""

SAFELY = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"))
"""Flags with which no link is followed, no pipe is waited for, and no program that is started inherits the lock."""

HOLDER = re.compile(r"(pid \d{1,10} on [\w.-]{1,255})\n", re.ASCII)
"""What a holder writes in the lock file."""

LONGEST = 300
"""Most bytes of a lock file that are read: a holder writes fewer."""


@contextlib.contextmanager
def hold(path: Path, wait: float) -> Generator[bool]:
    """Hold the lock, or go on without it where it cannot be had; give whether it is held.

    Two threads of one process queue as two processes do.

    Parameters
    ----------
    path : Path
        The lock file, which is made where it is missing.
    wait : float
        Most seconds to wait for another holder.
    """
    held = False
    with contextlib.ExitStack() as release:
        with contextlib.suppress(OSError):  # the wait has ended, or there can be no lock here
            descriptor = _open(path)
            release.callback(_release, descriptor)
            _acquire(descriptor, time.monotonic() + wait)
            held = True
            _sign(descriptor)
        yield held


def holder(path: Path) -> str | None:
    """Return who holds the lock, such as `pid 4711 on node17`, or `None` if nobody does."""
    with contextlib.suppress(OSError), contextlib.ExitStack() as release:
        descriptor = os.open(path, os.O_RDONLY | SAFELY)
        release.callback(_release, descriptor)
        try:
            flock(descriptor, LOCK_SH | LOCK_NB)
        except BlockingIOError:
            written = HOLDER.fullmatch(os.read(descriptor, LONGEST).decode("ascii", errors="replace"))
            return written[1] if written else "another program"
    return None


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | SAFELY)
    except PermissionError:  # another account's, which can be locked all the same
        return os.open(path, os.O_RDONLY | SAFELY)
    except FileNotFoundError:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | SAFELY, 0o666)
        if (modes := access.modes_in(path.parent)) is not None:
            with contextlib.suppress(OSError):  # another has made it meanwhile
                durable.give_mode(descriptor, modes, modes.file)
        return descriptor


def _acquire(descriptor: int, deadline: float) -> None:
    """Return when the lock is held; raises `BlockingIOError` at the deadline, `OSError` where there can be none."""
    while True:
        try:
            flock(descriptor, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(LOCK_PAUSE)
        else:
            return


def _sign(descriptor: int) -> None:
    """Write who holds the lock into its file, unless the file has a second name, which may be outside of the store."""
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
        written = os.pwrite(descriptor, f"pid {os.getpid()} on {os.uname().nodename}\n".encode(), 0)
        os.ftruncate(descriptor, written)


def _release(descriptor: int) -> None:
    """Free the lock, also where a forked child has it open, and close its file."""
    with contextlib.suppress(OSError):
        flock(descriptor, LOCK_UN)
    with contextlib.suppress(OSError):
        os.close(descriptor)
