"""Where the files of a store stand that is a folder: loose or in packs."""

from __future__ import annotations

import bisect
import contextlib
import errno
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ...engine.errors import FormatError, NotFound
from . import access, durable, layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


ANY_FORMAT = re.compile(r"grnledger store [0-9]+\n")
"""What a store of any format has in its file FORMAT, also of a newer one."""

MOST_UNLISTED = 64
"""Most entries that are tried one by one, without listing what is there."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where something of a store stands: a file, or a group of a file that holds many.

    Parameters
    ----------
    path : Path
        The file.
    group : str
        The group in it; by default its root.
    """

    path: Path
    group: str = "/"

    def __str__(self) -> str:
        return str(self.path) if self.group == "/" else f"{self.path}:/{self.group}"


class Locations(Protocol):
    """Where the entries of a log and the bases stand."""

    path: Path
    cache: Path | None

    def look(self) -> int:
        """Look again, and return the number of the last entry; a number below it may be missing."""
        ...

    def numbers_between(self, first: int, last: int) -> Sequence[int]:
        """Return the numbers from one to another, in order, of entries that are there, or may be."""
        ...

    def holds_all(self, last: int) -> bool:
        """Return whether no entry from the first to a number is missing, by the names that are there."""
        ...

    def entry(self, number: int) -> Location:
        """Return where an entry of the log stands."""
        ...

    def is_current(self, number: int, location: Location) -> bool:
        """Return whether an entry still stands where it has been read."""
        ...

    def base(self, base: str) -> Location:
        """Return where a base stands."""
        ...

    def bases(self) -> list[str]:
        """Return the ids of the bases that are there."""
        ...

    def artifact(self, key: str) -> Location:
        """Return where an analysis stands."""
        ...

    def artifacts(self) -> list[str]:
        """Return the keys of the analyses that are there."""
        ...


class DirectoryStore:
    """A store that is a folder.

    Parameters
    ----------
    path : Path
        The folder.

    Attributes
    ----------
    packs : list of (int, int)
        The first and last entry of each pack that counted when last looked, in order; one within another does not.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        cache = path / layout.CACHE
        self.cache: Path | None = None if cache.is_symlink() else cache  # nothing is written elsewhere
        self.packs: list[tuple[int, int]] = []
        self._log, self._packs = path / layout.LOG, path / layout.PACKS
        self._end: int | None = None
        self._listing: list[str] | None = None  # of the first look

    def look(self) -> int:
        """Look again, and return the number of the last entry.

        First at the loose entries, then at the packs: what moves from one to the other meanwhile is seen at least once.
        """
        end = self._last_loose() if self._end is None else self._end
        while True:
            while self._exists(end + 1):
                end += 1
            self.packs = self.all_packs(outermost=True)
            last = max((last for _, last in self.packs), default=0)
            if last <= end:
                break
            end = last
        self._end = end
        return end

    def numbers_between(self, first: int, last: int) -> Sequence[int]:
        """Return the numbers from one to another, in order, of entries that are there, or may be.

        A name can claim any number: what lies between two entries is not counted through.
        """
        if last - first < MOST_UNLISTED:
            return range(first, last + 1)
        numbers = set(self.loose())
        self.packs = self.all_packs(outermost=True)  # after the loose ones, as in `look`
        for start, end in self.packs:
            numbers.update(range(start, end + 1))
        return sorted(number for number in numbers if first <= number <= last)

    def holds_all(self, last: int) -> bool:
        """Return whether no entry from the first to a number is missing, by the names that are there."""
        loose, self._listing = self._listing or self._loose_names(), None
        packs = self.all_packs()  # after the loose ones, as in `look`
        end = layout.entry_name(last)
        if not packs:  # each name is there once, and as a text it comes before those of later entries
            return sum(name <= end for name in loose) == last
        numbers = {number for number in _numbers_of(loose) if number <= last}
        for start, end in packs:
            numbers.update(range(start, min(end, last) + 1))
        return len(numbers) == last

    def loose(self) -> list[int]:
        """Return the numbers of the entries that stand in files of their own now."""
        return _numbers_of(self._loose_names())

    def _loose_names(self) -> list[str]:
        try:
            return layout.entry_names(os.listdir(self._log))  # noqa: PTH208  a log may have ten thousand
        except (FileNotFoundError, NotADirectoryError):
            raise FormatError(f"{self.path} is damaged: it has no folder {layout.LOG}.") from None
        except PermissionError as denied:
            raise access.refusal(denied.errno or errno.EACCES, self._log) from None

    def all_packs(self, *, outermost: bool = False) -> list[tuple[int, int]]:
        """Return the ranges of the packs that are there now; `outermost` leaves out those within another."""
        names = self._pack_names()
        while names and (again := self._pack_names()) != names:  # one may go while a larger one comes
            names = again
        ranges = sorted(range_ for name in names if (range_ := layout.pack_range(name)))
        if not outermost:
            return ranges
        return [pack for pack in ranges if not any(_within(pack, other) for other in ranges)]

    def _pack_names(self) -> set[str]:
        try:
            return set(os.listdir(self._packs))  # noqa: PTH208  asked at every look
        except FileNotFoundError:
            return set()
        except NotADirectoryError:
            raise FormatError(f"{self.path / layout.PACKS} is not a folder: the store is damaged.") from None
        except PermissionError as denied:
            raise access.refusal(denied.errno or errno.EACCES, self._packs) from None

    def pack_path(self, first: int, last: int) -> Path:
        """Return the file of a pack."""
        return self._packs / layout.pack_name(first, last)

    def loose_path(self, number: int) -> Path:
        """Return the file of an entry that is in no pack."""
        return self._log / layout.entry_name(number)

    def entry(self, number: int) -> Location:
        """Return where an entry of the log stands; a pack comes before a loose file, which may be a leftover."""
        at = bisect.bisect_right(self.packs, (number, number)) - 1
        for first, last in self.packs[max(at - 1, 0) : at + 2]:
            if first <= number <= last:
                return Location(self.pack_path(first, last), group_of(number))
        return Location(self.loose_path(number))

    def is_packed(self, *numbers: int) -> bool:
        """Return whether an entry, or one of several, stands in a pack by now."""
        packs = self.all_packs()
        return any(first <= number <= last for first, last in packs for number in numbers)

    def is_current(self, number: int, location: Location) -> bool:
        """Return whether an entry still stands where it has been read, or has been packed since."""
        if location.group == "/" and self.is_packed(number):
            self.look()
        return self.entry(number) == location

    def base(self, base: str) -> Location:
        """Return where a base stands."""
        return Location(self.path / layout.BASES / f"{base}{layout.FILE_ENDING}")

    def bases(self) -> list[str]:
        """Return the ids of the bases that are there."""
        return _hashes(self.path / layout.BASES)  # a version whose base is not there is refused

    def artifact(self, key: str) -> Location:
        """Return where an analysis stands."""
        return Location(self.path / layout.ARTIFACTS / f"{key}{layout.FILE_ENDING}")

    def artifacts(self) -> list[str]:
        """Return the keys of the analyses that are there; a folder that is a link is not gone into."""
        folder = self.path / layout.ARTIFACTS
        return [] if folder.is_symlink() else _hashes(folder)

    def flush_names(self) -> None:
        """Return when the names of all that the store keeps are on the disk, as its own is.

        Whoever gave one may have died before flushing its folder; what is acknowledged because it stands there must
        not be lost with it.

        Raises
        ------
        OSError
            The disk refused.
        """
        from . import durable  # with what readers have no need of

        self.flush_name()
        for folder in (self.path, *(self.path / name for name in layout.KEPT)):
            if folder.is_dir():
                durable.flush_if_writable(folder)

    def flush_name(self) -> None:
        """Return when the store's own name is on the disk; raises as `flush_names` does."""
        from . import durable

        durable.flush_if_writable(self.path.absolute().parent)

    def _last_loose(self) -> int:
        """Return the number of the last entry that stands in a file of its own, wherever there are gaps before it."""
        self._listing = self._loose_names()
        last = _numbers_of([max(self._listing)] if self._listing else [])
        if not all(map(self._exists, last)):
            return next(filter(self._exists, reversed(_numbers_of(self._listing))), 0)
        return last[0] if last else 0

    def _exists(self, number: int) -> bool:
        """Return whether an entry is there; an empty file is a name claimed, on a file system without links."""
        try:
            return self.loose_path(number).stat().st_size > 0
        except (FileNotFoundError, NotADirectoryError):
            return False
        except PermissionError as denied:  # its folder may be listed, but not entered
            raise access.refusal(denied.errno or errno.EACCES, self._log) from None


def _numbers_of(names: Iterable[str]) -> list[int]:
    """Return the numbers of entries by the names of their files, in order."""
    return sorted(int(name.removesuffix(layout.FILE_ENDING)) for name in names)


def directory_of(path: Path) -> DirectoryStore:
    """Return the store that is a folder; raises as `check_format`, and where the folder has its files elsewhere."""
    check_format(path)
    for name in (layout.LOG, layout.BASES, layout.PACKS):
        if (path / name).is_symlink():
            raise FormatError(f"{path / name} is a link, and a store must contain its files itself.")
    return DirectoryStore(path)


def check_format(path: Path) -> None:
    """Refuse a folder that is not a store that this program can read.

    Raises
    ------
    NotFound
        There is no store.
    FormatError
        It is not a store, or a newer one.
    AccessDenied
        This account may not read it.
    """
    if mode_of(path) is None:
        raise NotFound(f"There is no store {path}.", code="no-such-store")
    if not stat.S_ISREG(mode_of(path / layout.FORMAT_FILE) or 0):
        message = f"{path} is not a grnledger store: it has no {layout.FORMAT_FILE} file."
        if (path / layout.LOG).is_dir():
            raise FormatError(message, code="format-file")
        raise FormatError(message, hint="Name another folder.")
    try:
        with (path / layout.FORMAT_FILE).open("rb") as file:
            text = file.read(200).decode(errors="replace")
    except PermissionError as denied:
        raise access.refusal(denied.errno or errno.EACCES, path / layout.FORMAT_FILE) from None
    if text != layout.FORMAT_TEXT and not (ANY_FORMAT.fullmatch(text) and text.split() != layout.FORMAT_TEXT.split()):
        raise FormatError(
            f"{path / layout.FORMAT_FILE} does not hold the {len(layout.FORMAT_TEXT)} bytes that were written to it.",
            code="format-file",
        )
    if text != layout.FORMAT_TEXT:
        raise FormatError(
            f"{path} is of the format {text.strip()!r}; this grnledger reads {layout.FORMAT_TEXT.strip()!r}.",
            code="newer-store",
        )


def mode_of(path: Path) -> int | None:
    """Return the kind and mode of a file or folder, `None` where there is none; raises `AccessDenied`."""
    try:
        return path.stat().st_mode
    except PermissionError as denied:
        raise access.refusal(denied.errno or errno.EACCES, path) from None
    except OSError:
        return None


def unreadable_in(folder: Path) -> Iterator[Path]:
    """Yield the files and folders in a folder, at any depth, that this account may not read; no link is followed."""
    for inner, folders, files in os.walk(folder):
        for name in sorted((*folders, *files)):
            path = Path(inner) / name
            if not durable.is_temporary(name) and not path.is_symlink() and not access.may_read(path):
                yield path


def disk_bytes(path: Path) -> int:
    """Return how many bytes a store takes on disk."""
    if path.is_file():
        return path.stat().st_size
    total = 0
    for inner in path.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # packed meanwhile
            total += inner.stat().st_size if inner.is_file() else 0
    return total


def group_of(number: int) -> str:
    """Return the name of an entry's group in a file that holds many."""
    return layout.entry_name(number).removesuffix(layout.FILE_ENDING)


def by_file(locations: Iterable[tuple[int, Location]]) -> list[tuple[Path, list[tuple[int, Location]]]]:
    """Return numbered locations by the file they are in, so that each file is opened once; order is kept."""
    runs: list[tuple[Path, list[tuple[int, Location]]]] = []
    for number, location in locations:
        if not runs or runs[-1][0] != location.path:
            runs.append((location.path, []))
        runs[-1][1].append((number, location))
    return runs


def _within(inner: tuple[int, int], outer: tuple[int, int]) -> bool:
    return inner != outer and outer[0] <= inner[0] and inner[1] <= outer[1]


def _hashes(folder: Path) -> list[str]:
    """Return the hashes that files of a folder are named by."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        stems = (path.stem for path in folder.iterdir() if path.name.endswith(layout.FILE_ENDING))
        return sorted(stem for stem in stems if len(stem) == 64 and not stem.strip("0123456789abcdef"))
    return []
