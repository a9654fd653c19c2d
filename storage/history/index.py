"""The index of the log: its records in one text, so that opening a store and listing its history need no HDF5.

It is derived. A line of it counts if the hash before it, of it and of all lines before, is right; and all of them up to
an entry whose file is still the one that was read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from ...engine.errors import FormatError
from ..files import layout
from ..files.chained_lines import ChainedLines, file_hash
from .commits import Commit, EntryFacts, LoggedFacts, commit_of, entry_facts
from .refs import Refs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ..files.locations import DirectoryStore
    from .refs import Move

HEADER = b"grnledger history 1\n"

STATE_EVERY = 64
"""Fewest entries between two lines that say where all refs stand."""

CHECKED = 64
"""The last entries of a log whose files are compared with their hashes in the index, as far as they are loose."""

ENTRY, REFS, PACK = b"entry", b"refs", b"pack"
NONE = b"-"


class Row(NamedTuple):
    """An entry of the log as the index has it.

    Parameters
    ----------
    id : bytes
        Its content id.
    file : bytes
        The SHA-256 of its file; `-` where it was read from a pack.
    commits : tuple of (str, str)
        Id and content id of each commit that it brings and that no entry before it has brought.
    record : bytes
        Its record, as the log has it.
    """

    id: bytes
    file: bytes
    commits: tuple[tuple[str, str], ...]
    record: bytes

    def line(self) -> bytes:
        """Return the line of the index."""
        commits = ",".join(f"{id_}:{content}" for id_, content in self.commits).encode()
        return b" ".join((ENTRY, self.id, self.file, commits or NONE, self.record))


class LogIndex:
    """What the log gave, as far as it has been read: by this process, or by those that wrote the text before.

    Parameters
    ----------
    path : Path, optional
        The text in the cache; without one, nothing is kept.

    Attributes
    ----------
    lines : list of bytes
        What the text shall hold.
    rows : dict of int to Row
        By their numbers, the entries that are known.
    """

    def __init__(self, path: Path | None) -> None:
        self._file = None if path is None else ChainedLines(HEADER, path)
        self._begin([])
        self._agreed = 0
        if self._file is not None:
            self.take(self._file.lines)
            self._agreed = len(self.lines)

    def take(self, lines: Sequence[bytes]) -> None:
        """Take lines of a text for what is known, up to the first that makes no sense."""
        self._begin([])
        for line in lines:
            if not self._take(line):
                break
            self.lines.append(line)

    def cut(self, length: int) -> None:
        """Forget all that is not about the first entries, so many of them."""
        if length < self.length:
            ends = [place for place, line in enumerate(self.lines) if line.startswith(ENTRY)]
            self.take(self.lines[: ends[length]])
            self._agreed = min(self._agreed, len(self.lines))

    @property
    def length(self) -> int:
        """The number of the last entry that is known."""
        return len(self.rows)

    @property
    def last(self) -> str:
        """The id of that entry."""
        return self.rows[self.length].id.decode()

    def append(self, number: int, row: Row, refs: Refs) -> None:
        """Append an entry that has been read or written, after which refs stand so."""
        self.rows[number] = row
        self.lines.append(row.line())
        if number - self._state >= max(STATE_EVERY, len(refs.branches) + len(refs.tags)):
            self._state = number
            self.lines.append(b" ".join((REFS, str(number).encode(), _refs_record(refs))))

    def note_pack(self, store: DirectoryStore, number: int) -> None:
        """Note the hash of the pack that has an entry."""
        path = store.entry(number).path
        if digest := file_hash(path):
            self._packs[path.name] = digest
            self.lines.append(b" ".join((PACK, path.name.encode(), digest.encode())))

    def write(self) -> None:
        """Write to the text what it lacks; raises `OSError`."""
        if self._file is not None and len(self.lines) > self._agreed:
            self._file.extend(self.lines, agreed=self._agreed)
            self._agreed = len(self.lines)

    def states(self) -> list[bytes]:
        """Return the lines that say where refs stand."""
        return [line for line in self.lines if line.startswith(REFS)]

    @property
    def unwritten(self) -> bool:
        """Whether the text lacks anything, as far as is known."""
        return len(self.lines) > self._agreed

    @property
    def damaged(self) -> bool:
        """Whether a text is there, and anything in it does not count."""
        return self._file is not None and (not self._file.whole or self._file.lines[: len(self.lines)] != self.lines)

    def text(self) -> bytes:
        """Return the whole text."""
        return ChainedLines(HEADER).text(self.lines)

    def covered(self, store: DirectoryStore) -> tuple[int, bool]:
        """Return up to which entry this is the index of a log by the files that are there, and if the last is certain.

        The last loose entries are compared with their hashes, and the pack of the last one with that of the pack.
        """
        last = min(self.length, store.look())
        if not last or not store.holds_all(last):
            return 0, True
        for number in range(max(1, last - CHECKED + 1), last + 1):
            location = store.entry(number)
            if location.group == "/" and file_hash(location.path) != self.rows[number].file.decode():
                return number - 1, number > last - CHECKED + 1
        location = store.entry(last)
        return last, location.group == "/" or self._packs.get(location.path.name, "") == file_hash(location.path)

    def entry(self, number: int) -> EntryFacts | None:
        """Return an entry of the log as its row has it; `None` where there is none that makes sense."""
        row = self.rows.get(number)
        if row is None:
            return None
        if self._latest is None or self._latest[0] != number:
            try:
                facts = entry_facts(row.record)
            except FormatError:
                return None
            before = self.rows.get(number - 1)
            contents = {logged.id: logged.measured.content for logged in facts.commits}
            if facts.number != number or (before and facts.previous != before.id.decode()):
                return None
            if any(contents.get(id_) != content for id_, content in row.commits):
                return None
            self._latest = number, facts
        return self._latest[1]

    def refs(self, entry: Callable[[int], EntryFacts]) -> Refs | None:
        """Return where refs stand after the last entry; `None` where what the text says of them makes no sense.

        Parameters
        ----------
        entry : callable
            Returns an entry by its number.
        """
        start, record = self._refs
        refs = _refs_of(record, {id_ for row in self.rows.values() for id_, _ in row.commits}) if start else Refs()
        if refs is None:
            return None

        def moves() -> list[Move]:
            earlier = Refs()
            for number in range(1, start + 1):
                earlier.replay(entry(number))
            return earlier.moves

        refs.earlier = moves
        for number in range(start + 1, self.length + 1):
            refs.replay(entry(number))
        return refs

    def _begin(self, lines: list[bytes]) -> None:
        self.lines = lines
        self.rows: dict[int, Row] = {}
        self._packs: dict[str, str] = {}
        self._state = 0
        self._refs = 0, b""
        self._latest: tuple[int, EntryFacts] | None = None

    def _take(self, line: bytes) -> bool:
        """Take a line for what is known, and return whether it makes sense."""
        kind, *parts = line.split(b" ", 4)
        if kind == ENTRY and len(parts) == 4:
            id_, file, text, record = parts
            commits = () if text == NONE else tuple(_pairs(text))
            self.rows[len(self.rows) + 1] = Row(id_, file, commits, record)
            return len(id_) == layout.HASH and all(len(one) == len(other) == layout.HASH for one, other in commits)
        kind, name, record = line.split(b" ", 2) if line.count(b" ") >= 2 else (b"", b"", b"")
        if kind == REFS and name == str(len(self.rows)).encode():
            self._state = len(self.rows)
            self._refs = self._state, record
            return True
        if kind == PACK:
            self._packs[name.decode(errors="replace")] = record.decode(errors="replace")
            return True
        return False


class IndexedCommits(Sequence[Commit]):
    """The commits of an index, each made when it is first asked for: of ten thousand, few are.

    Parameters
    ----------
    rows : mapping of int to Row
        The entries of an index.
    entry : callable
        Returns an entry by its number.

    Attributes
    ----------
    ids : list of str
        Of all commits.

    Raises
    ------
    ValueError
        A commit is there twice, or has an id that is none.
    """

    def __init__(self, rows: dict[int, Row], entry: Callable[[int], EntryFacts]) -> None:
        pairs = [(id_, content, number) for number, row in rows.items() for id_, content in row.commits]
        self.ids = [id_ for id_, _, _ in pairs]
        self._contents = [content for _, content, _ in pairs]
        self._entries = [number for _, _, number in pairs]
        self.numbers = {id_: number for number, id_ in enumerate(self.ids)}
        if len(self.numbers) < len(self.ids) or "".join(self.ids).strip(layout.HEX):
            raise ValueError("commits are there once")
        self._entry = entry
        self._made: dict[int, Commit] = {}

    def __len__(self) -> int:
        """How many there are."""
        return len(self.ids)

    @overload
    def __getitem__(self, index: int) -> Commit: ...
    @overload
    def __getitem__(self, index: slice) -> list[Commit]: ...
    def __getitem__(self, index: int | slice) -> Commit | list[Commit]:
        """Return one, or several, in the order of the log."""
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        if index not in self._made:
            number = self._entries[index]
            commit = commit_of(logged_in(self._entry(number), self.ids[index]), number)
            if any(self.numbers.get(parent, index) >= index for parent in commit.parents):
                raise FormatError(f"The commit {commit.id} comes before its parent.", code="index-damaged")
            self._made[index] = commit
        return self._made[index]

    def contents(self) -> list[str]:
        """Return the content ids of all versions."""
        return self._contents


def logged_in(entry: EntryFacts, commit: str) -> LoggedFacts:
    """Return a commit that an entry of the log brings; raises `FormatError` where it does not."""
    for logged in entry.commits:
        if logged.id == commit:
            return logged
    raise FormatError(
        f"Entry {entry.number} of the log does not bring the commit {commit}, but the index says that it does.",
        code="index-damaged",
    )


def _pairs(text: bytes) -> Iterator[tuple[str, str]]:
    for pair in text.decode(errors="replace").split(","):
        id_, _, content = pair.partition(":")
        yield id_, content


def _refs_record(refs: Refs) -> bytes:
    record = {"head": refs.head, "branches": refs.branches, "tags": refs.tags, "moved": refs.moved}
    return layout.canonical_json(record).encode()


def _refs_of(text: bytes, commits: set[str]) -> Refs | None:
    try:
        record: dict[str, Any] = json.loads(text)
        refs = Refs(record["head"], dict(record["branches"]), dict(record["tags"]), dict(record["moved"]))
        texts = [refs.head, *refs.branches, *refs.tags, *refs.moved]
        standing = {*refs.branches.values(), *refs.tags.values()}
        numbers = {type(number) for number in refs.moved.values()} <= {int}
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    sound = all(type(name) is str for name in texts) and numbers and standing <= commits
    return refs if sound and refs.head in refs.branches else None
