"""The high-water mark: a note of the last entry of the log, whose loss the entries before it do not show.

It is derived, and can only report a loss: nothing is read from it in place of the entry. Of several accounts, each
writes the one note, or puts a new one in its place, and each can read it.
"""

from __future__ import annotations

import contextlib
import zlib
from typing import TYPE_CHECKING

from . import durable, layout

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, mark: bytes) -> None:
    """Write the high-water mark of a log."""
    try:
        durable.overwrite(path, mark)
    except FileNotFoundError:  # somebody has deleted the cache, as anybody may
        durable.make_folder(path.parent)
        durable.overwrite(path, mark)


def read(path: Path) -> bytes:
    """Return the high-water mark that was written; nothing where it cannot be read."""
    with contextlib.suppress(OSError):
        if path.is_file():
            with path.open("rb") as file:
                return file.read(len(high_water_mark(0, 0, "0" * 64, "")))
    return b""


def remembered_lengths(mark: bytes, first: str) -> tuple[int, int]:
    """Return how many entries and versions have been seen in a store's log; 0 where the mark is wrong or another's.

    Parameters
    ----------
    mark : bytes
        The high-water mark.
    first : str
        The id of the store's first commit.
    """
    try:
        length, versions, last, _ = mark.decode("ascii").split(" ")
        counts = int(length), int(versions)
    except ValueError:
        return 0, 0
    return counts if mark == high_water_mark(*counts, last, first) else (0, 0)


def high_water_mark(length: int, versions: int, last: str, first: str) -> bytes:
    """Return the high-water mark of a log.

    Parameters
    ----------
    length : int
        The number of the last entry.
    versions : int
        How many versions there are with it.
    last : str
        Its id.
    first : str
        The id of the store's first commit, so that the mark of another store counts for nothing.
    """
    digits = layout.ENTRY_DIGITS
    counts = f"{length:0{digits}d} {versions:0{digits}d} {last}"
    return f"{counts} {zlib.crc32(f'{counts} {first}'.encode()):08x}\n".encode(errors="replace")
