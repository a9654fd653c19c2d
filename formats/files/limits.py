"""What a foreign file may take: the memory that its size justifies, what it may unpack to, how long a line may be."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ...engine.errors import InputError
from ...engine.memory import readable_size

FREELY = 256 << 20
"""Bytes of memory that the contents of any file may take, however small it is."""

MULTIPLE = 1000
"""Beyond `FREELY`, this many bytes a byte of the file. Counts of which 1 % are not zero, packed by `gzip -9` and read
as float64, come to 450, be they text, int8 or sparse."""

LARGEST_PACKING = 1032
"""Deflate never packs more than this many bytes into one: what a packed file claims is checked against it."""

UNPACKED_FREELY = 16 << 20
"""A packed file may hold this many bytes, however small it is; beyond, one of the ratios below times its size."""

NAMES_PACKING = 25
"""Names, such as gene sets: `gzip -9` packs 2 to 10 bytes of them into one."""

TEXT_PACKING = 100
"""Numbers as text: `gzip -9` packs 94 bytes of counts into one when 1 % are not zero, and 26 when 5 % are."""

ARRAY_PACKING = 300
"""Binary numbers: deflate packs 274 bytes of float64 counts into one when 1 % are not zero."""

LONGEST_LINE = 16 << 20
"""Bytes of a line of text: a header of 800,000 barcodes. What is longer is no table."""

LONGEST_NAME = 1000
"""Letters of a name: those of genes have 20, those of gene sets 100. What is longer is a line end or a quotation mark
that went astray."""

NAMES_FREELY = 1 << 20
"""A binary file may hold this many names, however small it is; beyond, `NAMES_A_BYTE` times the size of the file."""

NAMES_A_BYTE = 8
"""Names that differ do not pack any better: s1, s2, s3 … take two bytes each."""

MOST_REPEATS = 1_000_000
"""Most rows that only repeat others, in a table where that is allowed."""

TEXT_COST = 120
"""Bytes of memory that a short name takes with its entry in a list or dictionary."""


@dataclass(slots=True)
class MemoryBudget:
    """The memory that the contents of a file may still take.

    Parameters
    ----------
    path : Path
        The file.
    """

    path: Path
    _reserved: int = field(init=False, default=0)
    _repeats: int = field(init=False, default=0)
    _most: int = field(init=False)

    def __post_init__(self) -> None:
        self._most = _most_of(self.path)

    def reserve(self, size: int) -> None:
        """Count bytes of memory about to be used, or raise `InputError` when the file does not justify them."""
        self._reserved += size
        if self._reserved > self._most:
            raise _too_large(self.path, f"what it holds takes more than {readable_size(self._most)}")

    def count_repeat(self) -> None:
        """Count a row that repeats another, or raise `InputError` when there are too many."""
        self._repeats += 1
        if self._repeats > MOST_REPEATS:
            raise InputError(
                f"{self.path} holds more than {MOST_REPEATS:,} rows that repeat an earlier row.",
                hint="Remove them: sort -u",
            )


def refuse_beyond_budget(path: Path, shape: tuple[int, ...], *, width: int = 8) -> None:
    """Refuse an array that takes more memory than its file justifies, or than half of what this process may have.

    Parameters
    ----------
    path : Path
        The file that claims it.
    shape : tuple of int
        Its axes.
    width : int
        Bytes of one value.
    """
    size = width
    for axis in shape:
        size *= axis
    if size > _most_of(path):
        axes = " × ".join(f"{axis:,}" for axis in shape)
        raise _too_large(path, f"{axes} values take {readable_size(size)} when they are dense")


def largest_unpacked(packed: int, ratio: int) -> int:
    """Return the most bytes that so many packed ones may hold."""
    return min(packed * LARGEST_PACKING, UNPACKED_FREELY + packed * ratio)


def refuse_swarm(path: Path, count: int, stored: int) -> None:
    """Refuse more names than so many bytes can hold, however they are packed."""
    if count > NAMES_FREELY + NAMES_A_BYTE * stored:
        raise InputError(f"{path} claims {count:,} names in {stored:,} bytes, more than names can be compressed.")


def process_memory() -> int | None:
    """Return the bytes of memory that this process may have: the machine's, or what its limit leaves; or None."""
    limits: list[int] = []
    with suppress(AttributeError, OSError, ValueError):  # a system that does not say
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with suppress(ImportError, OSError, ValueError):
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY:
            held = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
            limits.append(max(limit - held, 0))
    return min(limits, default=None)


def _most_of(path: Path) -> int:
    justified = FREELY + MULTIPLE * path.stat().st_size
    left = process_memory()
    return justified if left is None else min(justified, left // 2)


def _too_large(path: Path, what: str) -> InputError:
    size, left = path.stat().st_size, process_memory()
    if left is not None and left // 2 < FREELY + MULTIPLE * size:
        return InputError(
            f"{path}: {what}, and this process may have {readable_size(left)} of memory, half of it for what is read.",
            hint="Choose cells and genes first, or add up cells of one sample and type.",
        )
    return InputError(
        f"{path}: {what}, and the file has {readable_size(size)}: refused, as this looks like a decompression bomb.",
        hint=f"What is read may take {readable_size(FREELY)} and {MULTIPLE:,} times the size of the file. "
        "If the file is correct, write it without compression.",
    )
