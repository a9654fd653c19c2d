"""Plain files of others: there and readable, opened with plain refusals, fingerprinted."""

from __future__ import annotations

import difflib
import hashlib
import stat
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.errors import InputError, NotFound

if TYPE_CHECKING:
    from collections.abc import Generator
    from io import BufferedReader

DOWNLOAD_AGAIN = "Copy or download it again."
"""What to do with a file that is damaged."""

CHECK_PERMISSIONS = "ls -l shows who may read it."
"""What to do with a file that may not be read."""

_NEIGHBOURS = 10_000
"""Most names of a folder that are compared with the name of a missing file."""


def require_file(path: str | Path) -> Path:
    """Return the path of a file that can be read.

    Parameters
    ----------
    path : str or Path
        The file.

    Raises
    ------
    NotFound
        Nothing is there.
    InputError
        It is a folder, a pipe, an empty file, or one that may not be read.
    """
    path = Path(path)
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"There is no file {path}.", hint=_near(path)) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {reason_of(error)}.", hint=CHECK_PERMISSIONS) from error
    if stat.S_ISDIR(status.st_mode):
        raise InputError(f"{path} is a folder, not a file.")
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path} is a pipe or a device; it is read more than once.", hint="Write it to a file first.")
    if status.st_size == 0:
        raise InputError(f"{path} is empty.")
    return path


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hex, as `sha256sum` prints it."""
    with opened(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_folder(path: Path) -> bool:
    """Whether a path is a folder; one that cannot be looked at is none, and `require_file` says why."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def is_plain_file(path: Path) -> bool:
    """Whether a path is a file, and no pipe or device; one that cannot be looked at is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


@contextmanager
def opened(path: Path) -> Generator[BufferedReader]:
    """Open a file to read its bytes as they are, with a plain refusal."""
    try:
        with path.open("rb") as stream:
            yield stream
    except OSError as error:
        raise InputError(f"{path} cannot be read: {reason_of(error)}.", hint=CHECK_PERMISSIONS) from error


def reason_of(error: Exception) -> str:
    """Return what the system or a library says of a failure, without its full stop."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).rstrip(".") or type(error).__name__


def _near(path: Path) -> str:
    """Return a hint: files with similar names, or the folder that a relative path starts from."""
    if path.is_symlink():
        return f"It is a link to {path.readlink()}, which does not exist."
    try:
        names = [neighbour.name for neighbour in islice(path.parent.iterdir(), _NEIGHBOURS)]
    except OSError:
        return f"There is no folder {path.parent} either."
    near = difflib.get_close_matches(path.name, names, n=3, cutoff=0.8)
    if near:
        return f"Did you mean {', '.join(str(path.with_name(name)) for name in near)}?"
    return "Check the path." if path.is_absolute() else f"Paths are looked for from {Path.cwd()}."
