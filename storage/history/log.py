"""The append-only log: numbered, immutable entries, each carrying the id of the one before it."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from ...engine.errors import Conflict, FormatError
from ..files import durable, hdf5, layout
from ..files.locations import DirectoryStore, by_file
from . import entries

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from ...engine.network.pathway import Pathway
    from ..files.locations import Locations
    from .entries import LoggedEntry
    from .records import EntryRecord


LONGEST_GAP = 16
"""Of a longer run of missing entries only the first and the last are told: a name can claim any number."""


MAY_NOT_WRITE = {errno.EACCES, errno.EPERM, errno.EROFS}
"""What the system says to one who can only read: that one has nothing to flush."""


class Log:
    """The entries of a store, as far as they have been read.

    An entry that is missing or damaged is set aside, and what can be read without it stays readable.

    Parameters
    ----------
    places : Places
        Where the entries stand.
    foreign : range
        Numbers under which another log's entries stand.

    Attributes
    ----------
    length : int
        The number of the last entry that was read or set aside.
    last : str, optional
        The id of that entry, which the next one carries; `None` before the first and where it is damaged.
    damage : dict of int to FormatError
        What is wrong with the entries that were set aside.
    strays : dict of int to str
        The ids of those of them that are whole, and do not follow.
    """

    def __init__(self, places: Locations, foreign: range = range(0)) -> None:
        self.places = places
        self.strays: dict[int, str] = {}
        self._foreign = foreign
        self.length = 0
        self.last: str | None = None
        self.damage: dict[int, FormatError] = {}
        self._settled = 0
        self._held: tuple[int, hdf5.StoredFile, EntryRecord] | None = None

    @property
    def next(self) -> int:
        """The number of the next entry."""
        return self.length + 1

    def skip(self, length: int, last: str) -> bool:
        """Take entries up to a number as read, if all are there and the last has that id; return whether it is so."""
        if self.places.look() < length or not self.places.holds_all(length):
            return False
        try:
            stored = self._stored(length)
        except FormatError:
            return False
        if stored.id == last:
            self.length, self.last = length, last
        return stored.id == last

    def read_new(self, *, known: int = 0) -> Iterator[LoggedEntry]:
        """Yield the entries that came since the last reading, and take them in; what cannot be read is set aside.

        Parameters
        ----------
        known : int
            How many entries there must be, by what has been seen before.
        """
        end = max(self.places.look(), known)
        wanted = [(number, self.places.entry(number)) for number in self.places.standing(self.next, end)]
        for path, run in by_file(wanted):
            groups = [place.group for _, place in run]
            try:
                found = list(hdf5.read_each(path, groups, layout.ENTRY)) if len(run) > 1 else [self._try(run[0][0])]
            except (FormatError, OSError):  # a pack has gone or is damaged: each entry tells for itself
                found = [self._try(number) for number, _ in run]
            for (number, _), one in zip(run, found, strict=True):
                self._miss(self.next, number - 1)
                if logged := self._take(number, one):
                    yield logged
        self._miss(self.next, end)

    def set_aside(self, number: int, why: FormatError) -> None:
        """Take an entry for damaged: what it says cannot be."""
        self.damage[number] = why

    def check(self) -> None:
        """Refuse to go on with a log that has damaged entries.

        Raises
        ------
        FormatError
            It has.
        """
        if self.damage:
            number, why = min(self.damage.items())
            raise FormatError(
                f"Entry {number} of the log is damaged, and nothing is written after it: {why.message}",
                code="log-damaged",
            )

    def read(self, number: int) -> tuple[hdf5.StoredFile, EntryRecord]:
        """Return an entry's file and what it says, checked.

        Raises
        ------
        FormatError
            It is missing or damaged.
        """
        if self._held is None or self._held[0] != number:  # an entry may bring thousands of commits
            stored = self._stored(number)
            self._held = number, stored, entries.entry_of(stored, number).entry
        return self._held[1:]

    def pathways(self, number: int, wanted: Collection[str]) -> dict[str, Pathway]:
        """Return pathways that an entry brings, by their ids.

        Raises
        ------
        FormatError
            It is missing or damaged, or does not bring them.
        """
        stored, entry = self.read(number)
        found = entries.pathways_of(stored, entry, wanted)
        if len(found) < len(wanted):
            raise FormatError(f"{stored.place} is damaged: it does not bring the pathways that it should.")
        return found

    def append(self, entry: EntryRecord, pathways: Iterable[Pathway] = ()) -> str:
        """Write the next entry, durably, and return its id; `took` takes it as read.

        Raises
        ------
        FileExistsError
            Another writer took the number first; nothing was written.
        """
        folder = self.places
        if not isinstance(folder, DirectoryStore):
            raise read_only(folder)
        sealed = entries.content_of(entry, pathways).seal()
        path = folder.loose_path(entry.number)
        self.settle()
        durable.publish(path, sealed.write, taken=lambda: self._is_lost(folder, entry.number, sealed.id))
        return sealed.id

    def took(self, number: int, id_: str) -> None:
        """Take the next entry as read: this writer has written it, and flushed its name."""
        self.length, self.last, self._settled = number, id_, number

    def settle(self) -> None:
        """Return when the names of all entries that have been read are on the disk.

        Whoever linked the last one may have died before flushing the folder. What is built on it, or is acknowledged
        because of it, must not outlast it.

        Raises
        ------
        OSError
            The disk refused.
        """
        if self._settled < self.length and isinstance(self.places, DirectoryStore):
            try:
                durable.flush(self.places.path / layout.LOG)
            except OSError as failure:
                if failure.errno not in MAY_NOT_WRITE:
                    raise
            self._settled = self.length

    def _is_lost(self, folder: DirectoryStore, number: int, id_: str) -> bool:
        """Return whether a number had been taken, packed and its name freed while a writer was slow.

        It may be the writer's own entry that has been packed, in the moment since it was given its name.
        """
        if not folder.is_packed(number, number - 1):
            return False
        folder.look()
        try:
            before = self._stored(number - 1).id if number > 1 else None
            return before != self.last or self._stored(number).id != id_
        except FormatError as failure:
            raise OSError(errno.EIO, failure.message) from None

    def _take(self, number: int, found: LoggedEntry | hdf5.StoredFile | FormatError) -> LoggedEntry | None:
        """Take in the next entry, or set it aside."""
        try:
            logged = entries.entry_of(found, number) if isinstance(found, hdf5.StoredFile) else found
        except FormatError as failure:
            logged = failure
        before = self.last
        self.length, self.last = number, None
        if isinstance(logged, FormatError):
            self.damage[number] = logged
            return None
        if number in self._foreign or not self._follows(number, logged.entry.previous, before):
            self.strays[number] = logged.id
            said = "is of another log" if number in self._foreign else "does not follow the entry before it"
            self.damage[number] = FormatError(f"{self.places.entry(number)} {said}: the log is broken there.")
            return None
        self.last = logged.id
        return logged

    def _follows(self, number: int, previous: str | None, before: str | None) -> bool:
        """Return whether an entry may follow what is before it; one that follows a stray is another."""
        if number - 1 not in self.damage:
            return previous == before
        return previous is not None and previous != self.strays.get(number - 1)

    def _miss(self, first: int, last: int) -> None:
        """Set aside a run of entries that are missing."""
        if last - first < LONGEST_GAP:
            for number in range(first, last + 1):
                self._take(number, self._missing(number))
            return
        where = f"{self.places.entry(first)} and those that follow"
        together = hdf5.Missing(f"Entries {first:,} to {last:,} of the log are missing: {where}.")
        for number in (first, last):
            self._take(number, together)

    def _missing(self, number: int) -> hdf5.Missing:
        return hdf5.Missing(f"Entry {number} of the log, {self.places.entry(number)}, is missing.")

    def _try(self, number: int) -> hdf5.StoredFile | FormatError:
        try:
            return self._stored(number)
        except hdf5.Missing:
            return self._missing(number)
        except FormatError as failure:
            return failure
        except OSError as failure:
            if failure.errno not in hdf5.OF_THE_FILE:
                raise
            return FormatError(f"{self.places.entry(number)} cannot be read: {failure.strerror}.")

    def _stored(self, number: int) -> hdf5.StoredFile:
        """Return an entry's file; where it has been packed since the last look, from there."""
        place = self.places.entry(number)
        try:
            found = hdf5.read(place, layout.ENTRY)
        except hdf5.Missing:
            self.places.look()
            if self.places.entry(number) == place:
                raise
            return self._stored(number)
        # A loose file that was opened after its entry had been packed may be a slow writer's, of the same number.
        return found if self.places.still(number, place) else self._stored(number)


def read_only(places: Locations) -> Conflict:
    """Return the refusal to write to an exported store."""
    return Conflict(
        f"{places.path} is an exported store, to be read only.",
        hint=f"`grn clone {places.path} NAME.grn` makes a store of it that can be written.",
    )
