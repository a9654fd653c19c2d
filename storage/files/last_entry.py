"""The witness: a note of the last entry of the log, whose loss the entries before it do not show.

It is derived, and may only raise the alarm: what it says is never taken for the entry.
"""

from __future__ import annotations

import contextlib
import zlib
from typing import TYPE_CHECKING

from . import durable, layout

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write(path: Path, said: bytes) -> None:
    """Keep the `testimony` of the last entry, so that its loss is noticed, which the entries before do not show."""
    try:
        durable.overwrite(path, said)
    except FileNotFoundError:  # somebody has deleted the cache, as anybody may
        durable.make_folder(path.parent)
        durable.overwrite(path, said)


def read(path: Path) -> bytes:
    """Return what has been kept of the last entry; nothing where that cannot be read."""
    with contextlib.suppress(OSError):
        if path.is_file():
            with path.open("rb") as file:
                return file.read(len(high_water_mark(0, 0, "0" * 64, "")))
    return b""


def remembered_lengths(said: bytes, first: str) -> tuple[int, int]:
    """Return how many entries and versions have been seen in a store's log; 0 when nothing true is said of that store.

    Parameters
    ----------
    said : bytes
        What has been kept.
    first : str
        The id of the store's first commit.
    """
    try:
        length, versions, last, _ = said.decode("ascii").split(" ")
        counts = int(length), int(versions)
    except ValueError:
        return 0, 0
    return counts if said == high_water_mark(*counts, last, first) else (0, 0)


def seen_among(said: bytes, ids: Mapping[int, str]) -> int | None:
    """Return the number of the entry that has been seen last, whichever store's, if it is among some, by their ids."""
    seen = said.decode("ascii", errors="replace").split(" ")[::2][:2]
    return next((number for number, id_ in ids.items() if seen == [f"{number:0{layout.ENTRY_DIGITS}d}", id_]), None)


def high_water_mark(length: int, versions: int, last: str, first: str) -> bytes:
    """Return what is kept of the last entry.

    Parameters
    ----------
    length : int
        Its number.
    versions : int
        How many versions there are with it.
    last : str
        Its id.
    first : str
        The id of the store's first commit, so that no other store's witness is believed.
    """
    digits = layout.ENTRY_DIGITS
    said = f"{length:0{digits}d} {versions:0{digits}d} {last}"
    return f"{said} {zlib.crc32(f'{said} {first}'.encode()):08x}\n".encode(errors="replace")
