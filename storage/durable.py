"""The write protocol: a file appears whole, under a name nobody has taken, and on the disk, or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import sys
from typing import TYPE_CHECKING

from . import layout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}


def publish(path: Path, write: Callable[[Path], None]) -> None:
    """Write a file under a temporary name, make it durable, and link it to its own name.

    Parameters
    ----------
    path : Path
        Where it shall appear; its folder exists.
    write : callable
        Given a path in the same folder, writes the whole file there.

    Raises
    ------
    FileExistsError
        The name is taken; nothing was changed.
    OSError
        The disk refused; the name is not taken. Only when it was the folder that could not be flushed, last of all,
        the file stands there whole, but might not outlast a crash of the machine.
    """
    temporary = path.parent / f".{path.name}.{secrets.token_hex(8)}{layout.TEMPORARY_ENDING}"
    try:
        write(temporary)
        flush(temporary)
        _claim(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    flush(path.parent)


def write_bytes(content: bytes) -> Callable[[Path], None]:
    """Return a step for `publish` that writes these bytes."""

    def write(path: Path) -> None:
        path.write_bytes(content)

    return write


def flush(path: Path) -> None:
    """Return when what a file or folder holds is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if sys.platform == "darwin":
            import fcntl

            try:
                fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            except OSError:  # a network volume knows fsync only
                os.fsync(descriptor)
        else:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _claim(temporary: Path, path: Path) -> None:
    """Give a finished file its name, which at most one writer can."""
    try:
        os.link(temporary, path)
    except OSError as failure:
        if failure.errno not in NO_LINKS:
            raise
        # A file system without links: creating with O_EXCL is the claim that is left.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(temporary.read_bytes())
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            path.unlink(missing_ok=True)
            raise
