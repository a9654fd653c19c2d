"""The append-only log: numbered, immutable entries, each carrying the id of the one before it."""

from __future__ import annotations

import contextlib
import errno
from typing import TYPE_CHECKING

from ...engine.errors import Conflict, FormatError
from ..files import durable, layout
from ..files.locations import DirectoryStore, by_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from ...engine.network.pathway import Pathway
    from ..files import hdf5
    from ..files.locations import Location, Locations
    from .entries import LoggedEntry
    from .records import EntryRecord


LONGEST_GAP = 16
"""Most missing entries in a run that are reported one by one: a name can claim any number."""


class Log:
    """The entries of a store, as far as they have been read.

    An entry that is missing or damaged is set aside, and what can be read without it stays readable.

    Parameters
    ----------
    locations : Locations
        Where the entries stand.

    Attributes
    ----------
    length : int
        The number of the last entry that was read or set aside.
    last : str, optional
        The id of that entry, which the next one carries; `None` before the first and where it is damaged.
    damage : dict of int to FormatError
        What is wrong with the entries that were set aside.
    """

    def __init__(self, locations: Locations) -> None:
        self.locations = locations
        self.length = 0
        self.last: str | None = None
        self.damage: dict[int, FormatError] = {}
        self._refused: str | None = None  # the id of the last entry, where it is whole and does not follow
        self._synced = 0
        self._latest: tuple[int, hdf5.StoredFile, EntryRecord] | None = None

    @property
    def next(self) -> int:
        """The number of the next entry."""
        return self.length + 1

    def skip(self, length: int, last: str) -> bool:
        """Count entries up to a number as read, if all are there and the last has that id; return whether it is so."""
        if self.locations.look() < length or not self.locations.holds_all(length):
            return False
        try:
            stored = self._stored(length)
        except FormatError:
            return False
        if stored.id == last:
            self.length, self.last = length, last
        return stored.id == last

    def read_new(self, *, known: int = 0) -> Iterator[LoggedEntry]:
        """Yield the entries that came since the last reading; what cannot be read is set aside.

        Parameters
        ----------
        known : int
            How many entries there must be, by what has been seen before.
        """
        end = max(self.locations.look(), known)
        if end < self.next:
            return  # and no HDF5 is loaded
        wanted = [(number, self.locations.entry(number)) for number in self.locations.numbers_between(self.next, end)]
        for path, run in by_file(wanted):
            for (number, _), part in zip(run, self._parts(path, run), strict=True):
                self._set_aside_missing(self.next, number - 1)
                if logged := self._append(number, part):
                    yield logged
        self._set_aside_missing(self.next, end)

    def _parts(self, path: Path, run: Sequence[tuple[int, Location]]) -> list[hdf5.StoredFile | FormatError]:
        """Return, of each entry of a run in one file, what stands there or what is wrong with it."""
        from ..files import hdf5

        if len(run) > 1:
            with contextlib.suppress(FormatError, OSError):  # where a pack has gone, or is damaged as a whole
                return list(hdf5.read_each(path, [location.group for _, location in run], layout.ENTRY))
        return [self._stored_or_reason(number) for number, _ in run]

    def set_aside(self, number: int, why: FormatError) -> None:
        """Note that an entry is damaged: what it says cannot be."""
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
        """Return an entry's file and its record, checked.

        Raises
        ------
        FormatError
            It is missing or damaged.
        """
        if self._latest is None or self._latest[0] != number:  # an entry may bring thousands of commits
            from . import entries

            stored = self._stored(number)
            self._latest = number, stored, entries.parse_entry(stored, number).entry
        return self._latest[1:]

    def pathways(self, number: int, wanted: Collection[str]) -> dict[str, Pathway]:
        """Return pathways that an entry brings, by their ids.

        Raises
        ------
        FormatError
            It is missing or damaged, or does not bring them.
        """
        from . import entries

        stored, entry = self.read(number)
        pathways = entries.pathways_of(stored, entry, wanted)
        if len(pathways) < len(wanted):
            raise FormatError(f"{stored.location} is damaged: it does not contain the pathways that it should.")
        return pathways

    def append(self, entry: EntryRecord, pathways: Iterable[Pathway] = ()) -> str:
        """Write the next entry, durably, and return its id; `advance` counts it as read.

        Raises
        ------
        FileExistsError
            Another writer took the number first; nothing was written.
        """
        folder = self.locations
        if not isinstance(folder, DirectoryStore):
            raise read_only(folder)
        from . import entries

        sealed = entries.entry_content(entry, pathways).seal()
        path = folder.loose_path(entry.number)
        self.fsync_names()
        durable.publish(path, sealed.write, taken=lambda: self._is_lost(folder, entry.number, sealed.id))
        return sealed.id

    def advance(self, number: int, id_: str, *, flushed: bool = True) -> None:
        """Count entries up to a number as read; `flushed` where this writer has written the last, and its name."""
        self.length, self.last = number, id_
        if flushed:
            self._synced = number

    def fsync_names(self) -> None:
        """Return when the names of all entries that have been read are on the disk.

        Whoever linked the last one may have died before flushing the folder, and whoever made the store before flushing
        the folder that it stands in. What is built on it, or is acknowledged because of it, must not outlast it.

        Raises
        ------
        OSError
            The disk refused.
        """
        if self._synced < self.length and isinstance(self.locations, DirectoryStore):
            if not self._synced:
                self.locations.flush_name()
            durable.flush_if_writable(self.locations.path / layout.LOG)
            self._synced = self.length

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

    def _append(self, number: int, part: hdf5.StoredFile | FormatError) -> LoggedEntry | None:
        """Return the next entry if it follows what is before it; otherwise set it aside."""
        from . import entries

        try:
            logged = part if isinstance(part, FormatError) else entries.parse_entry(part, number)
        except FormatError as failure:
            logged = failure
        before, refused = self.last, self._refused
        self.length, self.last, self._refused = number, None, None
        if isinstance(logged, FormatError):
            self.damage[number] = logged
            return None
        if not self._follows(logged.entry, before, refused):
            self._refused = logged.id
            where = self.locations.entry(number)
            self.damage[number] = FormatError(f"{where} does not follow the entry before it: the log is broken there.")
            return None
        self.last = logged.id
        return logged

    def _follows(self, entry: EntryRecord, before: str | None, refused: str | None) -> bool:
        """Return whether an entry may follow the one before it; what follows an entry that was refused may not."""
        if entry.number - 1 not in self.damage:
            return entry.previous == before
        return entry.previous is not None and entry.previous != refused

    def _set_aside_missing(self, first: int, last: int) -> None:
        """Set aside a run of entries that are missing."""
        from ..files import hdf5

        if last - first < LONGEST_GAP:
            for number in range(first, last + 1):
                self._append(number, self._missing(number))
            return
        where = f"{self.locations.entry(first)} and those that follow"
        together = hdf5.Missing(f"Entries {first:,} to {last:,} of the log are missing: {where}.")
        for number in (first, last):
            self._append(number, together)

    def _missing(self, number: int) -> hdf5.Missing:
        from ..files import hdf5

        return hdf5.Missing(f"Entry {number} of the log, {self.locations.entry(number)}, is missing.")

    def _stored_or_reason(self, number: int) -> hdf5.StoredFile | FormatError:
        from ..files import hdf5

        try:
            return self._stored(number)
        except hdf5.Missing:
            return self._missing(number)
        except FormatError as failure:
            return failure
        except OSError as failure:
            if failure.errno not in hdf5.OF_THE_FILE:
                raise
            return FormatError(f"{self.locations.entry(number)} cannot be read: {failure.strerror}.")

    def _stored(self, number: int) -> hdf5.StoredFile:
        """Return an entry's file; where it has been packed since the last look, from there."""
        from ..files import hdf5

        location = self.locations.entry(number)
        try:
            stored = hdf5.read(location, layout.ENTRY)
        except hdf5.Missing:
            self.locations.look()
            if self.locations.entry(number) == location:
                raise
            return self._stored(number)
        # A loose file that was opened after its entry had been packed may be a slow writer's, of the same number.
        return stored if self.locations.is_current(number, location) else self._stored(number)


def read_only(locations: Locations) -> Conflict:
    """Return the refusal to write to an exported store."""
    return Conflict(
        f"{locations.path} is an exported store, to be read only.",
        code="exported-store",
        facts={"path": locations.path},
    )
