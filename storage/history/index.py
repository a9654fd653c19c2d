"""The index of the log: its records in one text, so that opening a store and listing its history need no HDF5.

It is derived. A line of it counts if the hash before it, of it and of all lines before, is right; and all of them up to
an entry whose file is still the one that was read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from ...engine.errors import FormatError
from ..files import layout
from ..files.chained_lines import DIGEST, ChainedLines, ended, file_hash, text_of
from .commits import Commit, EntryFacts, Event, LoggedFacts, commit_of, entry_facts
from .refs import Refs

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator
    from pathlib import Path

    from ..files.locations import DirectoryStore
    from .refs import Move

HEADER = b"grnledger history 1\n"

STATE_EVERY = 64
"""Fewest entries between two lines that say where all refs stand."""

CHECKED = 64
"""The last entries of a log whose files are compared with their hashes in the index whenever it is read."""

MOST_ACTIVE = 1_000
"""Most adds that are active in a version and noted with the refs."""

ENTRY, REFS, PACK = b"entry ", b"refs ", b"pack "
NONE = b"-"
NO_FILE = NONE * layout.HASH
ID = slice(len(ENTRY), len(ENTRY) + layout.HASH)
FILE = slice(ID.stop + 1, ID.stop + 1 + layout.HASH)
COMMITS = FILE.stop + 1
"""Where in the line of an entry its id, the hash of its file, and its commits stand."""


class Row(NamedTuple):
    """An entry of the log as the index has it.

    Parameters
    ----------
    id : bytes
        Its content id.
    file : bytes
        The SHA-256 of its file; dashes where it was read from a pack.
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
        """Return the line of the index, without its hash."""
        commits = ",".join(f"{id_}:{content}" for id_, content in self.commits).encode()
        return ENTRY + b" ".join((self.id, self.file, commits or NONE, self.record))


class LogIndex:
    """What the log gave, as far as it has been read: by this process, or by those that wrote the text before.

    Parameters
    ----------
    path : Path, optional
        The text in the cache; without one, nothing is kept.

    Attributes
    ----------
    lines : list of bytes
        What the text shall hold, each with its hash.
    length : int
        The number of the last entry that is known.
    """

    def __init__(self, path: Path | None) -> None:
        self._file = ChainedLines(HEADER, path)
        self._stale: set[str] = set()  # packs that are no longer what they were
        self.take(self._file)
        self._agreed = len(self.lines)

    def take(self, text: ChainedLines) -> None:
        """Take the lines of a text for what is known; nothing, where one of them makes no sense."""
        if not self._take(list(text.lines)):
            self._take([])
        self._hash = text.hash.copy() if self.lines else hashlib.sha256(HEADER)

    def cut(self, length: int) -> None:
        """Forget all that is not about the first entries, so many of them."""
        if length < self.length:
            ends = [place for place, line in enumerate(self.lines) if line.startswith(ENTRY)]
            self._take(self.lines[: ends[length]])
            self._hash = hashlib.sha256(HEADER + text_of(self.lines))
            self._agreed = min(self._agreed, len(self.lines))

    @property
    def last(self) -> str:
        """The id of the last entry."""
        return self[self.length].id.decode()

    def __contains__(self, number: int) -> bool:
        return number in self._rows or 0 < number <= len(self._entries)

    def __getitem__(self, number: int) -> Row:
        """Return the row of an entry."""
        if number not in self._rows:
            line = self._entries[number - 1]
            commits, _, record = line[COMMITS : -DIGEST - 1].partition(b" ")
            self._rows[number] = Row(line[ID], line[FILE], () if commits == NONE else tuple(_pairs(commits)), record)
        return self._rows[number]

    def commits(self) -> tuple[list[str], list[str], list[int]]:
        """Return of each commit of the text its id, its content id, and the number of its entry.

        Raises
        ------
        ValueError
            One is no id.
        """
        bringing = [(number, text) for number, text in enumerate(self._commits, 1) if text != NONE]
        entries = [number for number, text in bringing for _ in range(text.count(b",") + 1)]
        pairs = b",".join([text for _, text in bringing]).decode().split(",") if bringing else []
        ids, contents = [pair[: layout.HASH] for pair in pairs], [pair[layout.HASH + 1 :] for pair in pairs]
        if set(map(len, pairs)) - {2 * layout.HASH + 1} or "".join([*ids, *contents]).strip(layout.HEX):
            raise ValueError("ids are hexadecimal")
        return ids, contents, entries

    def claim(self) -> tuple[int, int, str] | None:
        """Return how many entries and versions the log had, and the id of its first commit; `None` without one."""
        bringing = [text for text in self._commits if text != NONE]
        if not bringing:
            return None
        first = bringing[0][: layout.HASH].decode(errors="replace")
        return self.length, len(bringing) + sum(text.count(b",") for text in bringing), first

    def append(self, number: int, row: Row) -> None:
        """Append an entry that has been read or written."""
        self._rows[number], self.length = row, number
        self._add(row.line())

    def note_refs(self, refs: Refs, active: Callable[[str], frozenset[Event]]) -> None:
        """Note where refs stand after the last entry, if enough have come since that was last noted.

        Parameters
        ----------
        refs : Refs
            Where they stand.
        active : callable
            Returns the adds that are active in the version of a commit; noted of HEAD's branch, unless they are many.
        """
        tip = refs.branches.get(refs.head)
        if tip and self.length - self._refs[0] >= max(STATE_EVERY, len(refs.branches) + len(refs.tags)):
            events = active(tip)
            shown = None if len(events) > MOST_ACTIVE else sorted(map(list, events))
            self._refs = self.length, _refs_record(refs, shown)
            self._active[tip.encode()] = self._refs[1]
            self._add(b" ".join((REFS[:-1], str(self.length).encode(), tip.encode(), self._refs[1])))

    def active(self, commit: Commit, known: Container[str]) -> frozenset[Event] | None:
        """Return the adds that are active in a version, where they are noted; their content id must be the version's.

        Parameters
        ----------
        commit : Commit
            The version's.
        known : container of str
            The ids of all commits.
        """
        record = self._active.get(commit.id.encode())
        if record is None:
            return None
        try:
            events = frozenset(Event(id_, pathway) for id_, pathway in json.loads(record)["active"])
            content = layout.version_content_id(commit.base, {event.pathway for event in events})
            sound = content == commit.content and all(event.commit in known for event in events)
        except (ValueError, TypeError, KeyError, RecursionError):
            return None
        return events if sound else None

    def note_packs(self, store: DirectoryStore) -> None:
        """Note the hashes of the packs that have any of the last entries."""
        for path in {store.entry(number).path: None for number in self._late(self.length) if _is_packed(store, number)}:
            if (path.name not in self._packs or path.name in self._stale) and (digest := file_hash(path)):
                self._packs[path.name] = digest
                self._stale.discard(path.name)
                self._add(PACK + path.name.encode() + b" " + digest.encode())

    @property
    def unwritten(self) -> bool:
        """Whether the text lacks anything, as far as is known."""
        return len(self.lines) > self._agreed

    def write(self) -> None:
        """Write to the text what it lacks; raises `OSError`."""
        self._file.extend(self.lines, agreed=self._agreed)
        self._agreed = len(self.lines)

    @property
    def damaged(self) -> bool:
        """Whether a text is there, and anything in it does not count."""
        return not self._file.whole or len(self._file.lines) > len(self.lines)

    def text(self) -> bytes:
        """Return the whole text."""
        return HEADER + text_of(self.lines)

    def states(self) -> list[bytes]:
        """Return the lines that say where refs stand."""
        return [line[: -DIGEST - 1] for line in self.lines if line.startswith(REFS)]

    def covered(self, store: DirectoryStore) -> tuple[int, bool]:
        """Return up to which entry this is the index of a log by the files that are there, and if the last is certain.

        The files of the last entries, packs too, are compared with their hashes.
        """
        last = min(self.length, store.look())
        if not last or not store.holds_all(last):
            return 0, True
        packs: dict[str, bool] = {}
        for number in self._late(last):
            path = store.entry(number).path
            if not _is_packed(store, number):
                same = file_hash(path) == self[number].file.decode()
            elif path.name in packs:
                same = packs[path.name]
            else:
                same = packs[path.name] = self._packs.get(path.name, "") == file_hash(path)
            if not same:
                self._stale.add(path.name)
                return number - 1, number > self._late(last)[0]
        return last, True

    def _late(self, last: int) -> range:
        return range(max(1, last - CHECKED + 1), last + 1)

    def entry(self, number: int) -> EntryFacts | None:
        """Return an entry of the log as its row has it; `None` where there is none that makes sense."""
        if number not in self:
            return None
        if self._latest is None or self._latest[0] != number:
            row, before = self[number], self[number - 1].id.decode() if number - 1 in self else None
            try:
                facts = entry_facts(row.record)
            except FormatError:
                return None
            contents = {logged.id: logged.measured.content for logged in facts.commits}
            if facts.number != number or (before and facts.previous != before):
                return None
            if any(contents.get(id_) != content for id_, content in row.commits):
                return None
            self._latest = number, facts
        return self._latest[1]

    def refs(self, entry: Callable[[int], EntryFacts], commits: Container[str]) -> Refs:
        """Return where refs stand after the last entry.

        Parameters
        ----------
        entry : callable
            Returns an entry by its number.
        commits : container of str
            The ids of all commits.

        Raises
        ------
        ValueError
            What the text says of them makes no sense.
        """
        start, record = self._refs
        refs = _refs_of(record, commits) if start else Refs()

        def moves() -> list[Move]:
            earlier = Refs()
            for number in range(1, start + 1):
                earlier.replay(entry(number))
            return earlier.moves

        refs.earlier = moves
        for number in range(start + 1, self.length + 1):
            refs.replay(entry(number))
        return refs

    def _add(self, line: bytes) -> None:
        self.lines.append(ended(line, self._hash))

    def _take(self, lines: list[bytes]) -> bool:
        self.lines = lines
        self._entries = [line for line in lines if line.startswith(ENTRY)]
        self._rows: dict[int, Row] = {}
        self._packs: dict[str, str] = {}
        self._refs = 0, b""
        self._active: dict[bytes, bytes] = {}
        self._latest: tuple[int, EntryFacts] | None = None
        self.length = len(self._entries)
        others = [place for place, line in enumerate(lines) if not line.startswith(ENTRY)]
        try:
            self._commits = [line[COMMITS : line.index(b" ", COMMITS)] for line in self._entries]
        except ValueError:
            return False
        return all(self._take_other(lines[place], place - before) for before, place in enumerate(others))

    def _take_other(self, line: bytes, entries: int) -> bool:
        """Take a line that is not an entry, behind so many, and return whether it makes sense."""
        name, _, record = line[len(REFS) : -DIGEST - 1].partition(b" ")
        if line.startswith(REFS) and name == str(entries).encode():
            tip, _, record = record.partition(b" ")
            self._refs, self._active[tip] = (entries, record), record
        elif line.startswith(PACK):
            self._packs[name.decode(errors="replace")] = record.decode(errors="replace")
        else:
            return False
        return True


class IndexedCommits(Sequence[Commit]):
    """The commits of an index, each made when it is first asked for: of ten thousand, few are.

    Parameters
    ----------
    index : LogIndex
        The index.
    entry, entry_in_log : callable
        Return an entry by its number: from the index, where that makes sense; and from the log.

    Attributes
    ----------
    ids : list of str
        Of all commits.
    numbers : dict of str to int
        Of each, n of its version vn.

    Raises
    ------
    ValueError
        A commit is there twice, or has an id that is none.
    """

    def __init__(
        self, index: LogIndex, entry: Callable[[int], EntryFacts], entry_in_log: Callable[[int], EntryFacts]
    ) -> None:
        self.ids, self._contents, self._entries = index.commits()
        self.numbers = dict(zip(self.ids, range(len(self.ids)), strict=True))
        if len(self.numbers) < len(self.ids):
            raise ValueError("commits are there once")
        self._entry, self._entry_in_log = entry, entry_in_log
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
            number, id_ = self._entries[index], self.ids[index]
            commit = commit_of(logged_in(self._entry(number), id_), number)
            if any(self.numbers.get(parent, index) >= index for parent in commit.parents):
                commit = commit_of(logged_in(self._entry_in_log(number), id_), number)
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


def _is_packed(store: DirectoryStore, number: int) -> bool:
    return store.entry(number).group != "/"


def _pairs(text: bytes) -> Iterator[tuple[str, str]]:
    for pair in text.decode(errors="replace").split(","):
        id_, _, content = pair.partition(":")
        yield id_, content


def _refs_record(refs: Refs, active: list[list[str]] | None) -> bytes:
    where = {"head": refs.head, "branches": refs.branches, "tags": refs.tags, "moved": refs.moved}
    record = {**where, "active": active}
    return layout.canonical_json(record).encode()


def _refs_of(text: bytes, commits: Container[str]) -> Refs:
    try:
        record: dict[str, Any] = json.loads(text)
        refs = Refs(record["head"], dict(record["branches"]), dict(record["tags"]), dict(record["moved"]))
        texts = [refs.head, *refs.branches, *refs.tags, *refs.moved]
        numbers = {type(number) for number in refs.moved.values()} <= {int}
        standing = all(commit in commits for commit in (*refs.branches.values(), *refs.tags.values()))
    except (TypeError, KeyError, RecursionError):
        raise ValueError("refs stand at commits") from None
    if not (all(type(name) is str for name in texts) and numbers and standing and refs.head in refs.branches):
        raise ValueError("refs stand at commits")
    return refs
