"""What has been read of a store: its log replayed into a history and refs, from the index where there is one."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from ...engine.errors import FormatError
from ..files import durable, last_entry, layout
from ..files.locations import DirectoryStore
from ..files.single_file import locations_of
from . import index
from .active import History
from .commits import Commit, commit_of
from .log import Log
from .refs import Refs, check_entry

if TYPE_CHECKING:
    from pathlib import Path

    from .records import EntryRecord, LoggedCommit


LISTING_DELAY = 0.05
"""Seconds to wait for a network disk, which may list a file late."""

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
    losses : dict of int to range
        By the number of the last of a run of damaged entries, n of the versions vn that the run has brought.
    midway : bool
        Whether an interrupt came while entries were applied: then all must be read anew.
    """

    def __init__(self, path: Path, *, indexed: bool = True, strict: bool = True) -> None:
        self.locations = locations_of(path) if strict else DirectoryStore(path)
        self._keeps_index = indexed
        self.log = Log(self.locations)
        self.history = History(self._load)
        self.refs = Refs()
        self.losses: dict[int, range] = {}
        self._in_index = 0, 0
        self._claimed: tuple[int, int, str] | None = None
        if (stored := self._read_index()) and indexed and self.log.skip(stored.length, stored.last):
            self._in_index = stored.length, len(stored.commits)
            self.history, self.refs = History(self._load, stored.commits), stored.refs
        self.refresh()

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
    def doubtful(self) -> bool:
        """Whether all must be read anew: after an interrupt, or when the log's end was missing and may have come."""
        return self.midway or self.log.length in self.log.damage

    def apply(self, entry: EntryRecord, id_: str) -> None:
        """Apply an entry that has just been written to the log, under the id that it got."""
        self.midway = True
        self.log.advance(entry.number, id_)
        self._replay(entry)
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
                self._replay(logged.entry)

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

    def _replay(self, entry: EntryRecord) -> None:
        self.refs.replay(entry)
        self._reserve(entry.versions)
        for logged in entry.commits:
            if logged.id not in self.history:
                self.history.append(commit_of(logged, entry.number), logged)

    def _load(self, commit: Commit) -> LoggedCommit:
        """Return the record of a commit from the log."""
        stored, entry = self.log.read(commit.entry)
        for logged in entry.commits:
            if logged.id == commit.id:
                return logged
        raise FormatError(f"{stored.location} is damaged: it does not contain the commit {commit.id}.")

    def _read_index(self) -> index.Index | None:
        """Return what the log gave when it was last indexed; the log may have changed since."""
        location = self.locations.index()
        stored = None if location is None else index.read(location)
        if stored is None or not stored.commits:
            return None
        self._claimed = stored.length, len(stored.commits), stored.commits[0].id
        return stored

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

    def write_index(self, *, least: int = index.MOST_UNINDEXED) -> None:
        """Write the index anew when it lacks so many entries or versions, where that can be done, and sweep."""
        last, cache = self.log.last, self.locations.cache
        if not self._keeps_index or self.log.damage or cache is None or last is None:
            return
        counts = self.log.length, self.history.length
        if max(now - then for now, then in zip(counts, self._in_index, strict=True)) < least:
            return
        self._in_index = counts
        with contextlib.suppress(OSError):
            self.log.fsync_names()
            durable.make_folder(cache)
            content = index.index_content(self.log.length, last, self.history.commits, self.refs)
            index.write(cache / f"{layout.INDEX}{layout.FILE_ENDING}", content)
            durable.sweep(self.locations.path)
