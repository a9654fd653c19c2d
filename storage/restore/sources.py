"""Places that files of a store are taken from: a backup, another store, a file it was exported to, a folder of files.

Nothing that they say is believed: what is taken is what its content id says, whatever its name, and it is checked again
when it is put in its place.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.errors import AccessDenied, FormatError, InputError, NotFound
from ..files import access, backup_note, durable, hdf5, layout
from ..files.locations import DirectoryStore, Location, group_of, mode_of, unreadable_in
from ..history.entries import parse_entry

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from ..files.locations import Locations
    from ..history.entries import LoggedEntry

MOST_FILES = 100_000
"""Most files of a folder that are looked at."""

UNUSABLE = (FormatError, InputError, AccessDenied)
"""What reading a file raises that is no help."""


class Source:
    """One place to take files from.

    Parameters
    ----------
    path : Path
        A folder, or a file.

    Raises
    ------
    NotFound
        There is none.
    AccessDenied
        This account may not read it, or not look into it.
    """

    def __init__(self, path: Path) -> None:
        if mode_of(path) is None:
            raise NotFound(f"There is no folder or file {path} to take files from.", code="no-such-source")
        if not access.may_read(path):
            raise access.refusal(errno.EACCES, path)
        self.path = path
        self._folder = DirectoryStore(path) if path.is_dir() else None
        self._by_id: dict[str, list[Location]] | None = None  # of all its files, once they have been looked at

    def __str__(self) -> str:
        return str(self.path)

    @property
    def backup(self) -> backup_note.BackupNote | None:
        """Its note, where it is a backup that has one."""
        return None if self._folder is None else backup_note.read_note(self.path)

    @property
    def folder(self) -> DirectoryStore | None:
        """What it is as a store, if it is a folder."""
        return self._folder

    def refusals(self) -> Iterator[str]:
        """Yield a sentence on each file and folder of it that this account may not read."""
        if self._folder is not None:
            for path in unreadable_in(self.path):
                yield str(access.refusal(errno.EACCES, path))

    def entry(self, number: int, id_: str) -> tuple[Location, LoggedEntry] | None:
        """Return an entry of the log and where it stands, by number and content id; `None` where it is not here."""
        for location in itertools.chain(self._named_entries(number), self._elsewhere(id_)):
            if (logged := read_entry(location, number)) is not None and logged.id == id_:
                return location, logged
        return None

    def entry_after(self, number: int, before: str) -> tuple[Location, LoggedEntry] | None:
        """Return the entry of a number that follows one of an id, if it is here under its name."""
        for location in self._named_entries(number):
            if (logged := read_entry(location, number)) is not None and logged.entry.previous == before:
                return location, logged
        return None

    def bases(self, base: str) -> Iterator[Location]:
        """Yield each place where a base stands, by its content id; rows of its large arrays may be damaged."""
        for location in itertools.chain(self._named_bases(base), self._elsewhere(base)):
            with _passing_over_what_is_of_no_use():
                if hdf5.read(location, layout.BASE).id == base:
                    yield location

    def _named_entries(self, number: int) -> Iterator[Location]:
        """Yield where an entry should stand, by the names that files have in a store or in a folder of them."""
        if self._folder is None:
            yield Location(self.path, f"{layout.LOG}/{group_of(number)}")
            return
        packs = self._packs_of(number)
        yield from packs
        yield Location(self._folder.loose_path(number))
        yield Location(self.path / layout.entry_name(number))
        yield from (location for location in self._packs_of(number) if location not in packs)  # packed meanwhile

    def _packs_of(self, number: int) -> list[Location]:
        """Return where an entry stands in packs, of a folder."""
        folder = self._folder
        if folder is not None:
            with contextlib.suppress(*UNUSABLE):
                packs = folder.all_packs(outermost=True)
                names = (folder.pack_path(first, last) for first, last in packs if first <= number <= last)
                return [Location(path, group_of(number)) for path in names]
        return []

    def _named_bases(self, base: str) -> Iterator[Location]:
        if self._folder is None:
            yield Location(self.path, f"{layout.BASES}/{base}")
        else:
            yield self._folder.base(base)
            yield Location(self.path / f"{base}{layout.FILE_ENDING}")

    def _elsewhere(self, id_: str) -> Iterator[Location]:
        """Yield each place where something of a content id stands, under whatever name."""
        if self._by_id is None:
            self._by_id = {}
            for path in self._files():
                for found, location in contents(path):
                    self._by_id.setdefault(found, []).append(location)
        yield from self._by_id.get(id_, ())

    def _files(self) -> Iterator[Path]:
        """Yield the HDF5 files that are here, without following links."""
        if self._folder is None:
            yield self.path
            return
        looked_at = 0
        for folder, folders, names in os.walk(self.path):
            folders.sort()
            for name in sorted(names):
                path, looked_at = Path(folder) / name, looked_at + 1
                if looked_at > MOST_FILES:
                    return
                with contextlib.suppress(OSError):
                    if not durable.is_temporary(name) and _is_plain(path) and hdf5.is_hdf5(path):
                        yield path


@contextlib.contextmanager
def _passing_over_what_is_of_no_use() -> Generator[None]:
    """Pass over what cannot be read; but for want of memory, of which nothing in a file can be blamed."""
    try:
        yield
    except UNUSABLE:
        pass
    except OSError as failure:
        if failure.errno == errno.ENOMEM:
            raise


def read_entry(location: Location, number: int) -> LoggedEntry | None:
    """Return the entry of the log of a number that stands at a location, checked; `None` where it does not."""
    with _passing_over_what_is_of_no_use():
        return parse_entry(hdf5.read(location, layout.ENTRY), number)
    return None


def read_own_entry(locations: Locations, number: int) -> tuple[Location, LoggedEntry] | None:
    """Return an entry of a store's log and where it stands, also where it has been packed since the last look."""
    while True:
        location = locations.entry(number)
        if (logged := read_entry(location, number)) is not None:
            return location, logged
        locations.look()
        if locations.entry(number) == location:
            return None


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def contents(path: Path) -> Iterator[tuple[str, Location]]:
    """Yield content id and location of each entry, base and analysis in a file, which may hold one or many."""
    for location in _locations_in(path):
        with _passing_over_what_is_of_no_use():
            yield hdf5.read(location, layout.ENTRY, layout.BASE, layout.ARTIFACT).id, location


def _locations_in(path: Path) -> list[Location]:
    with _passing_over_what_is_of_no_use():
        return [Location(path, name) for name in hdf5.names_in(path, layout.PACK, "/")["/"]]
    with _passing_over_what_is_of_no_use():
        groups = hdf5.names_in(path, layout.STORE, layout.LOG, layout.BASES)
        return [Location(path, f"{group}/{name}") for group, names in groups.items() for name in names]
    return [Location(path)]
