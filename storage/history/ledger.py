"""What has been read of a store: its log replayed into a history and refs, from the index where there is one."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from ...engine.errors import FormatError
from ..files import durable, last_entry, layout
from ..files.chained_text import file_hash
from ..files.locations import DirectoryStore
from ..files.single_file import locations_of
from .active import History
from .commits import Commit, Event, LoggedFacts, commit_of, logged_facts
from .index.commits import IndexedCommits
from .index.decode import summary_of
from .index.encode import commit_row
from .index.log_index import CHECKED, NONSENSE, LogIndex
from .log import Log
from .refs import Refs, check_entry, moves_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..files.single_file import SingleFileStore
    from .index.decode import CommitSummary
    from .records import EntryRecord, LoggedCommit


LISTING_DELAY = 0.05
"""Seconds to wait for a network disk, which may list a file late."""

SWEEP_EVERY = 64
"""Entries after which a writer looks for what dead writers have left."""

MOST_UNWRITTEN = 512
"""Most entries that are read before the index has them: whoever goes on after an interrupt has less to read."""

MOST_LOOKED_AT = 64
"""Most commits after its parents among which one is searched by looking at each."""

MOST_LOST = 100_000
"""Most commits of a log that count as lost: an entry can claim any number of commits before it."""


class Ledger:
    """The log of a store with what replaying it gives.

    Parameters
    ----------
    path : Path
        The store.
    indexed : bool
        Whether to begin with the index; otherwise every entry is read, and nothing is written to the cache.
    strict : bool
        Whether its file FORMAT must be right.

    Attributes
    ----------
    locations : Locations
        Where its files stand.
    log : Log
        Its entries.
    history : History
        The commits they brought.
    refs : Refs
        Where HEAD, branches and tags stand.
    index : LogIndex
        What is shown of its entries and their commits, as far as no entry is damaged.
    losses : dict of int to range
        By the number of the last of a run of damaged entries, n of the versions vn that the run has brought.
    midway : bool
        Whether an interrupt came while entries were applied: then all must be read anew.
    """

    def __init__(self, path: Path, *, indexed: bool = True, strict: bool = True) -> None:
        self.locations = locations_of(path) if strict else DirectoryStore(path)
        self._keeps_index = indexed
        self.log = Log(self.locations)
        self.history = History(self._load, None, self._describe, self._noted)
        self.refs = Refs()
        self.losses: dict[int, range] = {}
        self._claimed: tuple[int, int, str] | None = None
        self._described: dict[int, LoggedFacts] = {}  # of commits that were read from a damaged log
        self._written = 0
        stored = index_of(self.locations)
        if stored is not None:
            with contextlib.suppress(*NONSENSE):
                self._claimed = stored.claim()
        if not indexed or stored is None or not self._begin_with(stored):
            self.index = LogIndex(self._index_path)
            self.index.cut(0)
        self.index.mend = self._mend_index
        self.refresh()
        self.note_packs()

    def refresh(self) -> None:
        """Read what has been written to the store since it was last read."""
        self.midway = True
        mark = self._mark()  # written after the entry
        self._read_new()
        entries, versions = self._least_lengths(mark)
        if entries > self.log.length:
            time.sleep(LISTING_DELAY)
            if isinstance(self.locations, DirectoryStore):
                durable.disk_time(self.locations.path / layout.LOG)  # what is remembered of the folder is forgotten
            self._read_new()
            self._read_new(known=entries)
        if self.log.damage:
            self._reserve(min(versions, self.history.length + self._most_lost))
        self.refs.lost = max(self.log.damage, default=0)
        self.write_index()
        self.midway = False

    @property
    def _index_path(self) -> Path | None:
        cache = self.locations.cache
        return cache / layout.HISTORY if self._keeps_index and cache is not None else None

    @property
    def doubtful(self) -> bool:
        """Whether all must be read anew: after an interrupt, or where entries were damaged, and may have come back."""
        return self.midway or bool(self.log.damage)

    def apply(self, entry: EntryRecord, id_: str) -> None:
        """Apply an entry that has just been written to the log, under the id that it got."""
        self.midway = True
        self.log.advance(entry.number, id_)
        self._replay(entry, id_)
        self.remember_last()
        self.write_index()
        self.midway = False

    def remember_last(self) -> None:
        """Keep the high-water mark, where that can be done: the loss of the last entry shows in no other way."""
        cache, first = self.locations.cache, self.history.numbered(0)
        if cache is not None and self.log.last is not None and first is not None:
            with contextlib.suppress(OSError):  # it is derived
                self.log.fsync_names()  # nothing is noted that a power cut could take
                mark = last_entry.high_water_mark(self.log.length, self.history.length, self.log.last, first.id)
                last_entry.write(cache / layout.LAST_ENTRY, mark)

    def lost(self) -> FormatError:
        """Return the refusal of a store whose first version cannot be read."""
        if self.log.damage:
            return next(iter(self.log.damage.values()))
        return FormatError(f"{self.locations.path} has an empty log: it was never finished.")

    def _read_new(self, *, known: int = 0) -> None:
        for logged in self.log.read_new(known=known):
            try:
                check_entry(logged.entry, self.history, None if self.log.damage else self.refs)
                self._check_versions(logged.entry)
            except FormatError as failure:
                self.log.set_aside(logged.entry.number, failure)
            else:
                self._replay(logged.entry, logged.id)
                if self.log.length - self._written >= MOST_UNWRITTEN:
                    self.write_index()

    def _check_versions(self, entry: EntryRecord) -> None:
        """Refuse an entry that says that other commits are before it than can be; where some are lost, more can."""
        before = self.history.length
        if not before <= entry.versions <= before + self._most_lost:
            raise FormatError(
                f"Entry {entry.number} of the log is damaged: it says that {entry.versions:,} versions are before it; "
                f"there are {before:,}."
            )

    @property
    def _most_lost(self) -> int:
        return max(MOST_LOST - self.history.lost, 0) if self.log.damage else 0

    def _reserve(self, versions: int) -> None:
        """Leave room for versions that the damaged entries read last have brought, so that there are so many in all."""
        if lost := self.history.reserve(versions):
            self.losses[max(self.log.damage)] = lost

    def _replay(self, entry: EntryRecord, id_: str) -> None:
        moves = moves_of(entry)
        self.refs.apply(moves)
        self._reserve(entry.versions)
        commits: list[tuple[int, LoggedCommit]] = []
        for logged in entry.commits:
            if not self.has(logged.id, logged.commit.parents):
                commits.append((self.history.length, logged))
                self.history.append(commit_of(logged, entry.number), logged)
        if self.log.damage:
            self._described.update((number, logged_facts(logged)) for number, logged in commits)
            return
        location = self.locations.entry(entry.number)
        file = file_hash(location.path) if location.group == "/" else None
        self.index.append(moves, id_, file, commits)
        self.index.note_refs(self.refs, self.history.active)

    def _load(self, commit: Commit) -> LoggedCommit:
        """Return the record of a commit from the log."""
        stored, entry = self.log.read(commit.entry)
        for logged in entry.commits:
            if logged.id == commit.id:
                return logged
        raise FormatError(f"{stored.location} is damaged: it does not contain the commit {commit.id}.")

    def note_packs(self) -> None:
        """Note in the index the packs that have any of the last entries, so that they need not be read for it."""
        if isinstance(self.locations, DirectoryStore) and self._keeps_index and not self.log.damage:
            self.index.note_packs(self.locations)
            self.write_index()

    def summary(self, number: int) -> CommitSummary:
        """Return what a list shows of a commit that can be read, by the n of its version vn."""
        if number < self.index.versions:
            return self.index.summary(number)
        commit = self.history.numbered(number)
        assert commit is not None  # noqa: S101  whoever asks has met it
        row = commit_row(self.history.facts(commit.id), number, commit.entry, self._number_or_lost)
        return summary_of("\t".join(row), whole=False)

    def has(self, commit: str, parents: Sequence[str]) -> bool:
        """Return whether a commit that comes from others is known: it can only stand after them."""
        history = self.history
        first = 0 if self.log.damage else max(map(history.number, parents), default=-1) + 1
        if history.length - first > MOST_LOOKED_AT:
            return commit in history
        return any(
            known is not None and known.id == commit for known in map(history.numbered, range(first, history.length))
        )

    def _number_or_lost(self, commit: str) -> int:
        return self.history.number(commit) if commit in self.history else -1

    def _describe(self, commit: Commit) -> LoggedFacts:
        """Return what is shown of a commit, from the index where it has it."""
        number = self.history.number(commit.id)
        return self.index.facts(number) if number < self.index.versions else self._described[number]

    def _noted(self, commit: Commit) -> frozenset[Event] | None:
        number = self.history.number(commit.id)
        known = number < self.index.versions
        return self.index.active(number, commit, self.history) if known else None

    def _mend_index(self) -> None:
        """Have the log read again where the index does not count, though its end does.

        Raises
        ------
        FormatError
            The log is damaged, too. Then the index goes, so that whoever opens the store reads the log.
        """
        read = Ledger(self.locations.path, indexed=False)
        if read.log.damage or read.index.length < self.index.length:
            if self._index_path is not None:
                durable.remove(self._index_path)
            raise read.lost()
        self.index.adopt(read.index)
        self.write_index()

    def _begin_with(self, stored: LogIndex) -> bool:
        """Begin with an index as far as it is that of the log as it is now; return whether it is at all."""
        self.index = stored
        try:
            length, certain = self._covered(stored)
            stored.cut(length)
            if not stored.versions:
                return False
            refs = stored.refs()
            tip = refs.branches.get(refs.head)
            if tip is None or stored.number_of(tip) is None:
                return False
        except NONSENSE:
            return False
        if certain:
            self.log.advance(length, stored.last, flushed=False)
        elif not self.log.skip(length, stored.last):
            return False
        self.history = History(self._load, IndexedCommits(stored), self._describe, self._noted)
        self.refs, self._written = refs, length
        stored.note_refs(refs, self.history.active)
        return True

    def _covered(self, stored: LogIndex) -> tuple[int, bool]:
        if isinstance(self.locations, DirectoryStore):
            return stored.covered(self.locations)
        return max(0, stored.length - CHECKED), False  # in one file entries have no hash of a file: the last are read

    def _mark(self) -> bytes:
        """Return the high-water mark that was kept of a log."""
        cache = self.locations.cache
        return b"" if cache is None else last_entry.read(cache / layout.LAST_ENTRY)

    def _least_lengths(self, mark: bytes) -> tuple[int, int]:
        """Return the fewest entries and versions that the log must have, by what has been seen of this store before."""
        first = self.history.numbered(0)
        if first is None:
            return 0, 0
        length, versions, store = self._claimed or (0, 0, "")
        claimed = (length, versions) if store == first.id else (0, 0)
        return max(last_entry.remembered_lengths(mark, first.id), claimed)

    def write_index(self) -> None:
        """Append to the index what it lacks, where that can be done, and sweep now and then."""
        length, cache = self.log.length, self.locations.cache
        if not self._keeps_index or self.log.damage or cache is None or self.log.last is None:
            return
        if not self.index.unwritten:
            return
        with contextlib.suppress(OSError):
            self.log.fsync_names()  # nothing is noted that a power cut could take
            self.index.write()
            if length // SWEEP_EVERY > self._written // SWEEP_EVERY:
                durable.sweep(self.locations.path)
        self._written = length


def index_of(locations: DirectoryStore | SingleFileStore) -> LogIndex | None:
    """Return the index that a store has, as far as its text counts; `None` where it can have none."""
    if isinstance(locations, DirectoryStore):
        return None if locations.cache is None else LogIndex(locations.cache / layout.HISTORY)
    if (location := locations.index()) is None:
        return None
    import json

    from ..files import hdf5

    with contextlib.suppress(FormatError, OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return LogIndex(None, json.loads(hdf5.read(location, layout.HISTORY).record)["text"].encode())
    return LogIndex(None)
