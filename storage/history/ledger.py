"""What has been read of a store: its log replayed into a history and refs, from the index where there is one."""

from __future__ import annotations

import contextlib
import json
import time
from typing import TYPE_CHECKING

from ...engine.errors import FormatError
from ..files import durable, last_entry, layout
from ..files.chained_lines import ChainedLines, file_hash
from ..files.locations import DirectoryStore
from ..files.single_file import locations_of
from .active import History
from .commits import Commit, EntryFacts, Event, LoggedFacts, commit_of, entry_facts
from .index import CHECKED, HEADER, NO_FILE, IndexedCommits, LogIndex, Row, logged_in
from .log import Log
from .refs import Refs, check_entry

if TYPE_CHECKING:
    from pathlib import Path

    from ..files.single_file import SingleFileStore
    from .records import EntryRecord, LoggedCommit


LISTING_DELAY = 0.05
"""Seconds to wait for a network disk, which may list a file late."""

SWEEP_EVERY = 64
"""Entries after which a writer looks for what dead writers have left."""

MOST_UNWRITTEN = 512
"""Most entries that are read before the index has them: whoever goes on after an interrupt has less to read."""

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
        The records of its entries.
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
        self._written = 0
        stored = index_of(self.locations)
        if stored is not None:
            self._claimed = stored.claim()
        if not indexed or stored is None or not self._begin_with(stored):
            self.index = LogIndex(self._index_path)
            self.index.cut(0)
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
        """Whether all must be read anew: after an interrupt, or when the log's end was missing and may have come."""
        return self.midway or self.log.length in self.log.damage

    def apply(self, entry: EntryRecord, id_: str) -> None:
        """Apply an entry that has just been written to the log, under the id that it got."""
        self.midway = True
        self.log.advance(entry.number, id_)
        self._replay(entry, id_, entry.canonical())
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
                self._replay(logged.entry, logged.id, logged.record)
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

    def _replay(self, entry: EntryRecord, id_: str, record: str) -> None:
        self.refs.replay(entry)
        self._reserve(entry.versions)
        commits: list[tuple[str, str]] = []
        for logged in entry.commits:
            if logged.id not in self.history:
                self.history.append(commit_of(logged, entry.number), logged)
                commits.append((logged.id, logged.measured.content))
        location = self.locations.entry(entry.number)
        file = file_hash(location.path) if location.group == "/" else None
        row = Row(id_.encode(), (file or "").encode() or NO_FILE, tuple(commits), record.encode())
        self.index.append(entry.number, row)
        if not self.log.damage:
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

    def _describe(self, commit: Commit) -> LoggedFacts:
        """Return what is shown of a commit, from the index where it has it."""
        return logged_in(self._entry(commit.entry), commit.id)

    def _noted(self, commit: Commit) -> frozenset[Event] | None:
        return self.index.active(commit, self.history)

    def _entry(self, number: int) -> EntryFacts:
        """Return an entry from the index, and from the log where the index has none that makes sense."""
        return self.index.entry(number) or self._entry_in_log(number)

    def _entry_in_log(self, number: int) -> EntryFacts:
        return entry_facts(self.log.read(number)[0].record)

    def _begin_with(self, stored: LogIndex) -> bool:
        """Begin with an index as far as it is that of the log as it is now; return whether it is at all."""
        self.index = stored
        length, certain = self._covered(stored)
        try:
            stored.cut(length)
            commits = IndexedCommits(stored, self._entry, self._entry_in_log)
            refs = stored.refs(self._entry, commits.numbers)
        except (FormatError, ValueError):
            return False
        if not length or not commits.ids or refs.head not in refs.branches:
            return False
        if certain:
            self.log.advance(length, stored.last, flushed=False)
        elif not self.log.skip(length, stored.last):
            return False
        self.history, self.refs = History(self._load, commits, self._describe, self._noted), refs
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
    """Return the index that a store has, as far as its text is whole; `None` where it can have none."""
    if isinstance(locations, DirectoryStore):
        return None if locations.cache is None else LogIndex(locations.cache / layout.HISTORY)
    if (location := locations.index()) is None:
        return None
    from ..files import hdf5

    stored, text = LogIndex(None), ChainedLines(HEADER)
    with contextlib.suppress(FormatError, OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        text.read_on(json.loads(hdf5.read(location, layout.HISTORY).record)["text"].encode())
        stored.take(text)
    return stored
