"""The append-only log: numbered, immutable entries, each carrying the id of the one before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..engine.errors import FormatError
from . import durable, entries, layout

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ..engine.pathway import Pathway
    from .entries import Entry, Logged


class Log:
    """The entries of a store, as far as they have been read.

    Parameters
    ----------
    folder : Path
        The store's `log` folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: list[Logged] = []

    @property
    def last(self) -> str | None:
        """The id of the last entry read, which the next one carries; `None` before the first."""
        return self.entries[-1].id if self.entries else None

    @property
    def next(self) -> int:
        """The number of the next entry."""
        return len(self.entries) + 1

    def path(self, number: int) -> Path:
        """Return where an entry stands."""
        return self.folder / layout.entry_name(number)

    def read_new(self) -> list[Logged]:
        """Return the entries that came since the last reading, and take them in.

        Raises
        ------
        FormatError
            An entry is missing or damaged, or does not follow the one before it.
        """
        new: list[Logged] = []
        last = self.last
        for number in range(self.next, self._length() + 1):
            logged = entries.read_entry(self.path(number), number)
            if logged.entry.previous != last:
                raise FormatError(f"{self.path(number)} does not follow the entry before it: the log is broken there.")
            new.append(logged)
            last = logged.id
        self.entries.extend(new)
        return new

    def append(self, entry: Entry, pathways: Iterable[Pathway] = ()) -> None:
        """Write the next entry, durably; it is taken in by the next `read_new`.

        Raises
        ------
        FileExistsError
            Another writer took the number first; nothing was written.
        """
        sealed = entries.content_of(entry, pathways).seal()
        durable.publish(self.path(entry.number), sealed.write)

    def _length(self) -> int:
        """Return the number of entries on disk; a gap among them is damage."""
        names = {path.name for path in self.folder.iterdir() if path.suffix == layout.FILE_ENDING}
        names = {name for name in names if not name.startswith(".")}
        for number in range(1, len(names) + 1):
            if layout.entry_name(number) not in names:
                raise FormatError(f"Entry {number} of the log, {self.path(number)}, is missing.")
        return len(names)
