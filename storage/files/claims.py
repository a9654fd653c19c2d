"""What a file claims to hold, against what the disk has of it and what its record allows, before any of it is read.

A file may have holes, which take no disk and are read as zeros, so its length says nothing of what was written. Holes
alone are no damage: copies and compressing file systems make them of real zeros. Far more of them than of data are.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from ...engine.errors import FormatError
from . import layout

if TYPE_CHECKING:
    from collections.abc import Mapping

SMALL = 64 << 20
"""Bytes that any file may claim without being asked for more than its length: reading so many fits every machine."""

MOST_TIMES = 64
"""Most times by which a file may claim more bytes than the disk has of it; file systems compress 32 times at most."""

BLOCK = 512
"""Bytes of the blocks that the system counts, whatever those of the disk are."""

HEADROOM = 16 << 20
"""Bytes beyond the length of a file: whoever is refused memory while so many are free has asked for what is absurd."""

OF_HDF5 = 8 << 20
"""Bytes, rounded up, that HDF5 takes to open a file and look at what it holds: it does not ask whether it got them."""

LONGEST_RECORD = 1 << 30
"""Most bytes of a record: of an exported index, which is the longest, as many as of its text."""

WIDEST_VALUE = 1 << 16
"""Most bytes of one value: a number, the name of a gene or sample, or the reason why a gene was left out."""


def is_hollow(descriptor: int, claimed: int) -> bool:
    """Return whether an open file claims far more bytes than were ever written to it.

    Parameters
    ----------
    descriptor : int
        The file, whose position is kept.
    claimed : int
        Bytes that it is said to hold.
    """
    if claimed <= SMALL:
        return False
    blocks = getattr(os.fstat(descriptor), "st_blocks", None)
    if blocks is None or claimed <= MOST_TIMES * BLOCK * blocks:
        return False
    return claimed > MOST_TIMES * _data_bytes(descriptor, claimed)  # a count of blocks may lag behind what was written


def _data_bytes(descriptor: int, enough: int) -> int:
    """Return the bytes of a file that are not in holes; where the system knows of none, that is its length."""
    size = os.fstat(descriptor).st_size
    if not hasattr(os, "SEEK_DATA"):
        return size
    position, found, end = os.lseek(descriptor, 0, os.SEEK_CUR), 0, 0
    try:
        with contextlib.suppress(OSError):  # no data after here
            while end < size and MOST_TIMES * found < enough:
                start = os.lseek(descriptor, end, os.SEEK_DATA)
                end = os.lseek(descriptor, start, os.SEEK_HOLE)
                found += end - start
    finally:
        os.lseek(descriptor, position, os.SEEK_SET)
    return found


def check_record(where: object, size: int) -> None:
    """Refuse a record that is longer than any.

    Raises
    ------
    FormatError
        It is.
    """
    if size > LONGEST_RECORD:
        raise FormatError(f"{where} is damaged: its record claims {size:,} bytes; no record has more than 2³⁰.")


def check_arrays(where: object, kind: str, record: str, arrays: Mapping[str, tuple[int, int]]) -> None:
    """Refuse arrays that are larger than the record of their file allows; small ones are not asked for.

    Parameters
    ----------
    where : object
        The file, for messages.
    kind : str
        What it is, of `layout`.
    record : str
        Its record, JSON.
    arrays : mapping of str to (int, int)
        Of each array, how many values it has, and the bytes of one.

    Raises
    ------
    FormatError
        One is larger.
    """
    if sum(count * width for count, width in arrays.values()) <= SMALL:
        return
    import json  # not where the index alone is read

    try:
        allowed = _ALLOWED[kind](json.loads(record)) if kind in _ALLOWED else {}
    except (ValueError, TypeError, KeyError, RecursionError):
        raise FormatError(f"{where} is damaged: its record does not say how much the file holds.") from None
    for name, (count, width) in arrays.items():
        if count > allowed.get(name, count) or width > WIDEST_VALUE:
            what = f"{name!r} claims {count:,} values of {width:,} bytes"
            raise FormatError(f"{where} is damaged: {what}, more than its record allows.")


def out_of_memory(where: object) -> MemoryError:
    """Return the error of a file that this process has no memory to read: nothing is known to be wrong with it."""
    return MemoryError(f"There is not enough memory to open {where}.")


def has_room(size: int) -> bool:
    """Return whether this process may have so many bytes more; none of them is used."""
    import mmap

    try:
        mmap.mmap(-1, size).close()
    except (OSError, OverflowError):  # more than there is, or than any process can address
        return False
    return True


def require_room(where: object) -> None:
    """Refuse to let HDF5 open a file without the memory that it takes for that: it would crash.

    Raises
    ------
    MemoryError
        There is not so much.
    """
    if not has_room(OF_HDF5):
        raise out_of_memory(where)


def _of_entry(record: dict[str, Any]) -> dict[str, int]:
    """Return how many values each array of an entry may have."""
    added = [pathway for logged in record["commits"] for pathway in logged["commit"]["adds"]]
    ranks = [len(pathway["names"]) for pathway in added]
    genes = [int(pathway["genes"]) for pathway in added]
    return {
        layout.GENES: sum(genes),
        layout.LOADINGS: sum(count * rank for count, rank in zip(genes, ranks, strict=True)),
        layout.PATHWAY_COVARIANCE: sum(rank * rank for rank in ranks),
    }


def _of_base(record: dict[str, Any]) -> dict[str, int]:
    """Return how many values the arrays of a base may have, of those that its record speaks of."""
    genes, factors, samples = int(record["genes"]), int(record["factors"]), record.get("samples")
    allowed = dict.fromkeys((layout.GENES, layout.NOISE, layout.VARIANCES, layout.PRECISION_DIAGONAL), genes)
    allowed |= dict.fromkeys((layout.COVARIANCE, layout.PRECISION), genes * genes)
    allowed |= {layout.LOADINGS: genes * factors, layout.FACTOR_COVARIANCE: factors * factors}
    if isinstance(samples, int):
        allowed |= dict.fromkeys((layout.SAMPLES, layout.SAMPLE_GROUPS, layout.SAMPLE_CATEGORIES), samples)
        allowed[layout.EXPRESSION] = genes * samples
    rows = max(genes, samples or 0)
    by_rows = (layout.LOADINGS, layout.COVARIANCE, layout.PRECISION, layout.EXPRESSION)
    return allowed | dict.fromkeys((name + layout.CHECKSUMS for name in by_rows), rows)


_ALLOWED = {layout.ENTRY: _of_entry, layout.BASE: _of_base}
