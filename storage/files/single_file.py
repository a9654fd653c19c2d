"""Where the files of a store stand that was exported: all in one file; and which of the two a store is."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from . import layout
from .locations import Location, directory_of, group_of, mode_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .locations import DirectoryStore


class SingleFileStore:
    """A store exported to one file: to be read in place, not written.

    Parameters
    ----------
    path : Path
        The file.
    """

    def __init__(self, path: Path) -> None:
        from . import hdf5

        self.path = path
        self.cache: Path | None = None
        names = hdf5.names_in(path, layout.STORE, layout.LOG, layout.BASES, layout.CACHE, layout.ARTIFACTS)
        numbers = (layout.entry_number(name + layout.FILE_ENDING) for name in names[layout.LOG])
        self._numbers = sorted(number for number in numbers if number)
        self._bases, self._artifacts = names[layout.BASES], names[layout.ARTIFACTS]
        self._indexed = layout.HISTORY in names[layout.CACHE]

    def look(self) -> int:
        """Return the number of the last entry."""
        return self._numbers[-1] if self._numbers else 0

    def numbers_between(self, first: int, last: int) -> Sequence[int]:
        """Return the numbers from one to another, in order, of entries that are there."""
        return [number for number in self._numbers if first <= number <= last]

    def holds_all(self, last: int) -> bool:
        """Return whether no entry from the first to a number is missing."""
        return len(self.numbers_between(1, last)) == last

    def entry(self, number: int) -> Location:
        """Return where an entry of the log stands."""
        return Location(self.path, f"{layout.LOG}/{group_of(number)}")

    def is_current(self, number: int, location: Location) -> bool:
        """Return true: nothing moves in it."""
        return self.entry(number) == location

    def base(self, base: str) -> Location:
        """Return where a base stands."""
        return Location(self.path, f"{layout.BASES}/{base}")

    def bases(self) -> list[str]:
        """Return the ids of the bases that are there."""
        return self._bases

    def artifact(self, key: str) -> Location:
        """Return where an analysis stands."""
        return Location(self.path, f"{layout.ARTIFACTS}/{key}")

    def artifacts(self) -> list[str]:
        """Return the keys of the analyses that are there."""
        return self._artifacts

    def index(self) -> Location | None:
        """Return where the index of the log stands, if it was exported."""
        return Location(self.path, f"{layout.CACHE}/{layout.HISTORY}") if self._indexed else None


def locations_of(path: Path) -> DirectoryStore | SingleFileStore:
    """Return where the files of a store stand.

    Raises
    ------
    NotFound
        There is no store.
    FormatError
        It is not a store, or a newer one.
    AccessDenied
        This account may not read it.
    """
    if stat.S_ISREG(mode_of(path) or 0):
        from . import hdf5

        if hdf5.is_hdf5(path):
            return SingleFileStore(path)
    return directory_of(path)
