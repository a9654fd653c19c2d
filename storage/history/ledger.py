"""What has been read of a store: its log replayed into a history and refs, from the index where there is one."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from ...engine.errors import FormatError
from ..files import durable, last_entry, layout
from ..files.locations import DirectoryStore, locations_of
from . import index
from .active import History
from .commits import Commit, commit_of
from .log import Log
from .refs import Refs, check_entry

if TYPE_CHECKING:
    from pathlib import Path

    from .records import EntryRecord, LoggedCommit


LATE = 0.05
"""Seconds to wait for a network disk that may list late what it says is there."""

MOST_LOST = 100_000
"""Entries can make believe that commits before them are lost: so many at the most, of a whole log."""


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
    places : Places
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
        Whether an interrupt has come while entries were taken in: then it must be read anew.
    """

    def __init__(self, path: Path, *, indexed: bool = True, strict: bool = True) -> None:
        self.places = locations_of(path) if strict else DirectoryStore(path)
        self._keeps_index = indexed
        self._begin(indexed=indexed)
        if foreign := self._foreign():
            self._begin(indexed=indexed, foreign=foreign)

    def _begin(self, *, indexed: bool, foreign: range = range(0)) -> None:
        """Read the log from the index, or from its first entry."""
        self.log = Log(self.places, foreign)
        self.history = History(self._load)
        self.refs = Refs()
        self.losses: dict[int, range] = {}
        self._in_index = 0, 0
        self._claimed: tuple[int, int, str] | None = None
        if (found := self._indexed()) and indexed and self.log.skip(found.length, found.last):
            self._in_index = found.length, len(found.commits)
            self.history, self.refs = History(self._load, found.commits), found.refs
        self.refresh()

    def refresh(self) -> None:
        """Take in what has been written to the store since it was last read."""
        self.midway = True
        testimony = self._testimony()  # written after the entry
        self._read_new()
        entries, versions = self._known(testimony)
        if entries > self.log.length:
            time.sleep(LATE)
            self._read_new()
            self._read_new(known=entries)
        if self.log.damage:
            self._lose(min(versions, self.history.length + self._may_be_lost))
        self.refs.lost = max(self.log.damage, default=0)
        self.note_down()
        self.midway = False

    @property
    def doubtful(self) -> bool:
        """Whether all must be read anew: after an interrupt, or when the log's end was missing and may have come."""
        return self.midway or self.log.length in self.log.damage

    def took(self, entry: EntryRecord, id_: str) -> None:
        """Take in an entry that has just been written to the log, under the id that it got."""
        self.midway = True
        self.log.took(entry.number, id_)
        self._take(entry)
        self.witness()
        self.note_down()
        self.midway = False

    def witness(self) -> None:
        """Note down that the log has reached its last entry, where that can be done: its loss shows in no other way."""
        cache, first = self.places.cache, self.history.numbered(0)
        if cache is not None and self.log.last is not None and first is not None:
            with contextlib.suppress(OSError):  # it is derived
                self.log.settle()  # nothing is noted that a power cut could take
                said = last_entry.high_water_mark(self.log.length, self.history.length, self.log.last, first.id)
                last_entry.write(cache / layout.WITNESS, said)

    def lost(self) -> FormatError:
        """Return the refusal of a store whose first version cannot be read."""
        if self.log.damage:
            return next(iter(self.log.damage.values()))
        return FormatError(f"{self.places.path} has an empty log: it was never finished.")

    def _read_new(self, *, known: int = 0) -> None:
        for logged in self.log.read_new(known=known):
            try:
                check_entry(logged.entry, self.history, None if self.log.damage else self.refs)
                self._check_versions(logged.entry)
            except FormatError as failure:
                self.log.set_aside(logged.entry.number, failure)
            else:
                self._take(logged.entry)

    def _check_versions(self, entry: EntryRecord) -> None:
        """Refuse an entry that says that other commits are before it than can be; where some are lost, more can."""
        before = self.history.length
        if not before <= entry.versions <= before + self._may_be_lost:
            raise FormatError(
                f"Entry {entry.number} of the log is damaged: it says that {entry.versions:,} versions are before it; "
                f"there are {before:,}."
            )

    @property
    def _may_be_lost(self) -> int:
        return max(MOST_LOST - self.history.lost, 0) if self.log.damage else 0

    def _lose(self, versions: int) -> None:
        """Leave room for versions that the damaged entries read last have brought, so that there are so many in all."""
        if lost := self.history.lose(versions):
            self.losses[max(self.log.damage)] = lost

    def _take(self, entry: EntryRecord) -> None:
        self.refs.replay(entry)
        self._lose(entry.versions)
        for logged in entry.commits:
            if logged.id not in self.history:
                self.history.take(commit_of(logged, entry.number), logged)

    def _load(self, commit: Commit) -> LoggedCommit:
        """Return the record of a commit from the log."""
        stored, entry = self.log.read(commit.entry)
        for logged in entry.commits:
            if logged.id == commit.id:
                return logged
        raise FormatError(f"{stored.place} is damaged: it does not bring the commit {commit.id}.")

    def _indexed(self) -> index.Index | None:
        """Return what the log gave when it was last indexed; the log may have changed since."""
        place = self.places.index()
        found = None if place is None else index.read(place)
        if found is None or not found.commits:
            return None
        self._claimed = found.length, len(found.commits), found.commits[0].id
        return found

    def _testimony(self) -> bytes:
        cache = self.places.cache
        return b"" if cache is None else last_entry.read(cache / layout.WITNESS)

    def _foreign(self) -> range:
        """Return the numbers under which another log's entries stand, where entries that do not follow them are ours.

        A file is exchanged as a whole: for a pack these are all its entries. Those before are ours if the first is.
        """
        testimony = self._testimony()
        number = last_entry.seen_among(testimony, self.log.strays)
        if number is None:
            return range(0)
        while number - 1 in self.log.strays:
            number -= 1
        first, start = self.history.numbered(0), number - 1
        ours = first is not None and last_entry.remembered_lengths(testimony, first.id) != (0, 0)
        path = self.places.entry(start).path
        while (
            start > 1 and start - 1 not in self.log.damage and not (ours and self.places.entry(start - 1).path != path)
        ):
            start -= 1
        return range(start, number)

    def _known(self, testimony: bytes) -> tuple[int, int]:
        """Return how many entries and versions the log must have, by what has been seen of this very store before."""
        first = self.history.numbered(0)
        if first is None:
            return 0, 0
        length, versions, store = self._claimed or (0, 0, "")
        claimed = (length, versions) if store == first.id else (0, 0)
        return max(last_entry.remembered_lengths(testimony, first.id), claimed)

    def note_down(self, *, least: int = index.EVERY) -> None:
        """Write the index anew when it lacks so many entries or versions, where that can be done, and sweep."""
        last, cache = self.log.last, self.places.cache
        if not self._keeps_index or self.log.damage or cache is None or last is None:
            return
        counts = self.log.length, self.history.length
        if max(now - then for now, then in zip(counts, self._in_index, strict=True)) < least:
            return
        self._in_index = counts
        with contextlib.suppress(OSError):
            self.log.settle()
            durable.make_folder(cache)
            found = index.content_of(self.log.length, last, self.history.commits, self.refs)
            index.write(cache / f"{layout.INDEX}{layout.FILE_ENDING}", found)
            durable.sweep(self.places.path)
