"""Blocks of the index: runs of entries with the commits that they bring, each read and checked when it is needed."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from ...files.chained_text import DIGEST, SEPARATOR
from .rows import CommitRow, EntryRow, RefsRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ...files.chained_text import ChainedText

HEADER = b"grnledger history 2\n"
REFS, COMMIT, ENTRY, PACK = f"{SEPARATOR.decode()}refs ", "commit ", "entry ", "pack "
HASH = DIGEST + 1
"""Characters at the end of a line that are its hash, and the space before it."""

MOST_HELD = 64
"""Most blocks that are held in memory."""

STEP = 128
"""Most numbers to what is searched beyond which it is not searched in the block before."""


class Block:
    """A run of lines, the first of which says where refs stood before, but for the first run of all.

    Parameters
    ----------
    start : int
        Where in the text it begins.
    content : bytes
        Its lines, whose hashes are right.

    Attributes
    ----------
    stop : int
        Where in the text it ends.
    refs : RefsRow, optional
        Where refs stood before its first entry.
    entries_before, versions_before : int
        How many entries and versions are before it.
    commits : list of str
        Its lines on commits, without their first word; what stands between two of them may follow in one.

    Raises
    ------
    ValueError
        They are no such lines, or do not follow one another.
    """

    def __init__(self, start: int, content: bytes) -> None:
        self.start, self.stop = start, start + len(content)
        self._text = content.decode()
        first, *self.commits = self._text.split(f"\n{COMMIT}")
        self.refs = RefsRow._make(first.partition("\n")[0][len(REFS) : -HASH].split("\t")) if start else None
        self.entries_before = int(self.refs.entries) if self.refs else 0
        self.versions_before = int(self.refs.versions) if self.refs else 0
        _check_numbers(self.commits, self.versions_before)

    @functools.cached_property
    def entries(self) -> list[str]:
        """Its lines on entries, without their first word and their hash."""
        entries = self._lines(ENTRY)
        _check_numbers(entries, self.entries_before + 1)
        return entries

    @functools.cached_property
    def packs(self) -> list[str]:
        """Its lines on packs, without their first word and their hash."""
        return self._lines(PACK)

    @property
    def last_entry(self) -> int:
        """The number of its last entry, or of the last before it."""
        return self.entries_before + len(self.entries)

    @property
    def versions(self) -> int:
        """How many versions there are with it."""
        return self.versions_before + len(self.commits)

    def lines(self, number: int, most: int) -> list[str]:
        """Return the fields of the row of one of its commits, and of some before it, downwards."""
        end = number - self.versions_before + 1
        return [line.partition("\n")[0] for line in self.commits[max(0, end - most) : end][::-1]]

    def entry(self, number: int) -> EntryRow:
        """Return the row of an entry."""
        return EntryRow._make(self.entries[number - self.entries_before - 1].split("\t"))

    def append(self, lines: Sequence[str], stop: int) -> None:
        """Take lines that have been appended to the text, which ends there now."""
        of_kind = {COMMIT: self.commits, ENTRY: self.entries, PACK: self.packs}
        for line in lines:
            kind, _, rest = line.partition(" ")
            of_kind[f"{kind} "].append(rest)
        self.stop = stop

    def _lines(self, kind: str) -> list[str]:
        return [line[len(kind) : -HASH] for line in self._text.split("\n") if line.startswith(kind)]


class Blocks:
    """The blocks of a text, those that have been read and those that have not.

    Parameters
    ----------
    text : ChainedText
        The text.

    Attributes
    ----------
    last : Block
        The last of them.

    Raises
    ------
    ValueError
        The last one is none; so do all methods, of the block that they read.
    """

    def __init__(self, text: ChainedText) -> None:
        self.text = text
        self._begin()

    def _begin(self) -> None:
        self._held: dict[int, Block] = {}
        self.last = self._read(self.text.start, self.text.size) if self.text.size else Block(0, b"")
        self._near = self.last

    def check_last(self) -> None:
        """Refuse a text whose last block has entries of other numbers than it should have."""
        _check_numbers(self.last.entries, self.last.entries_before + 1)

    def commit_lines(self, number: int, most: int = STEP) -> list[str]:
        """Return the fields of the row of a commit, by the n of its version vn, and of some before it, downwards."""
        return self._with_commit(number).lines(number, most)

    def commit(self, number: int) -> CommitRow:
        """Return the row of a commit, by the n of its version vn."""
        return CommitRow._make(self.commit_lines(number, 1)[0].split("\t"))

    def refs_behind(self, number: int) -> RefsRow | None:
        """Return where refs stood after the block of a commit; `None` where that is the last block."""
        block = self._with_commit(number)
        return self._at(block.stop).refs if block.stop < self.text.size else None

    def entry(self, number: int) -> EntryRow:
        """Return the row of an entry of the log."""
        return self._with_entry(number).entry(number)

    def before(self, block: Block) -> Block | None:
        """Return the block before another, or `None`."""
        return self._at(self.text.block_before(block.start)) if block.start else None

    def all(self) -> Iterator[Block]:
        """Yield all blocks, from the first to the last."""
        start = 0
        while start < self.last.start:
            block = self._at(start)
            yield block
            start = block.stop
        yield self.last

    def append(self, lines: Sequence[str]) -> None:
        """Append lines, of which the last gets a hash; one that says where refs stand, alone, begins a block."""
        self.text.append("\n".join(lines).encode())
        if lines[0].startswith(REFS) or not self.last.stop:
            self.last = self._near = self._read(self.text.start, self.text.size)
        else:
            self.last.append(lines, self.text.size)

    def cut(self, entries: int) -> None:
        """Forget what is not about the first entries, so many of them, or about their commits."""
        size = 0
        if entries:
            block = self._with_entry(entries)
            content, left = self.text.block(block.start, block.stop), entries - block.entries_before
            while left:
                left -= content.startswith(ENTRY.encode(), size)
                size = content.index(b"\n", size) + 1
            size += block.start
        self.text.cut(size)
        self._begin()

    def _with_commit(self, number: int) -> Block:
        block = self._near
        if 0 <= number - block.versions_before < len(block.commits):
            return block
        return self._find(number, lambda block: (block.versions_before, block.versions))

    def _with_entry(self, number: int) -> Block:
        block = self._near
        if block.entries_before < number <= block.last_entry:
            return block
        return self._find(number - 1, lambda block: (block.entries_before, block.last_entry))

    def _find(self, number: int, bounds: Callable[[Block], tuple[int, int]]) -> Block:
        """Return the block that has something of a number, by the bounds of what a block has; near the last one."""
        low, high, block = 0, self.last.stop, self._near
        while low < high:
            first, end = bounds(block)
            if first <= number < end:
                self._near = block
                return block
            if number < first:
                high = block.start
                start = self.text.block_before(high if first - number <= STEP else (low + high) // 2)
            else:
                low = block.stop
                start = self.text.block_before((low + high) // 2)
            block = self._at(max(start, low))
        raise IndexError(number)

    def _at(self, start: int) -> Block:
        if start == self.last.start:
            return self.last
        if start not in self._held:
            if len(self._held) == MOST_HELD:
                del self._held[next(iter(self._held))]
            self._held[start] = self._read(start, self.text.block_after(start))
        return self._held[start]

    def _read(self, start: int, stop: int) -> Block:
        return Block(start, self.text.block(start, stop))


def _check_numbers(lines: Sequence[str], first: int) -> None:
    """Refuse lines the first and last of which have not the numbers that they should have; hashes cover the others."""
    for place in (0, len(lines) - 1) if lines else ():
        if int(lines[place].partition("\t")[0]) != first + place:
            raise ValueError(lines[place])
