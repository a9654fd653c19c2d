"""Checking what is derived: the index, the high-water mark of the log, full inversions; and files no store needs."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.wording import counted
from ..files import durable, hdf5, last_entry, layout
from ..files.locations import DirectoryStore
from ..files.single_file import locations_of
from ..history.index import log_index
from ..history.index.log_index import LogIndex
from ..history.ledger import index_of
from ..names import read_genes, read_panel
from ..networks import anchors, artifacts
from ..networks.reading import VersionReader
from ..networks.remembered import read_numbers
from .findings import Finding, read_problem, read_whole, within

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..history.ledger import Ledger
    from .findings import Report


NOT_OURS = "It is not a file of a store."

MOST_LINKS = 40
"""Most links that are followed one after another, as by the system."""

_FOLDERS = (
    layout.LOG, layout.PACKS, layout.BASES, layout.ARTIFACTS, layout.CACHE, layout.ASIDE,
    f"{layout.CACHE}/{layout.ANCHORS}", f"{layout.CACHE}/{layout.NUMBERS}",
)  # fmt: skip
"""Names of folders of a store; a link or a file in the place of one is no stray."""


@dataclass(frozen=True, slots=True)
class Derived:
    """What the cache says of the log, read before the log: where others write meanwhile, the log is then ahead of it.

    Parameters
    ----------
    index : LogIndex, optional
        The index, as far as it counts; `None` where the store can have none.
    mark : bytes
        The high-water mark of the log.
    """

    index: LogIndex | None
    mark: bytes


def read_derived(path: Path, *, strict: bool) -> Derived:
    """Return what the cache of a store says of its log; `strict` unless its file FORMAT is known to be wrong."""
    locations = locations_of(path) if strict else DirectoryStore(path)
    mark = b"" if locations.cache is None else last_entry.read(locations.cache / layout.LAST_ENTRY)
    return Derived(index_of(locations), mark)


def cache_findings(ledger: Ledger, cache: Path, before: Derived, report: Report, *, quick: bool) -> Iterator[Finding]:
    """Yield a finding for each damaged or missing file of the cache; a note where the cache may not be read."""
    try:
        yield from _index_findings(ledger, cache, before)
        yield from _panel_findings(ledger, cache / layout.PANEL)
        yield from _anchor_findings(ledger, cache, report, quick=quick)
        yield from _numbers_findings(ledger, cache / layout.NUMBERS)
    except PermissionError as failure:
        yield Finding(
            "note", layout.CACHE, f"{failure.filename} cannot be read: {failure.strerror}. No version needs it."
        )


def _index_findings(ledger: Ledger, cache: Path, before: Derived) -> Iterator[Finding]:
    """Yield a finding for the index and for the high-water mark, where they are not of this log."""
    path, stored = cache / layout.HISTORY, before.index
    if path.exists() and stored is not None:
        if stored.damaged and LogIndex(path).damaged:  # otherwise somebody was writing it
            yield Finding("derived", within(ledger, path), f"{path} is damaged.")
        elif not ledger.log.damage and not index_agrees(ledger, stored):
            yield Finding("derived", within(ledger, path), f"{path} is not the index of this log.")
    elif ledger.log.length >= log_index.STATE_EVERY:
        yield Finding("note", within(ledger, path), "There is no index; opening reads every entry.")
    note, first, last = cache / layout.LAST_ENTRY, ledger.history.numbered(0), ledger.log.last
    if ledger.log.damage or first is None or last is None:
        return
    expected = last_entry.high_water_mark(ledger.log.length, ledger.history.length, last, first.id)
    marks = (before.mark, last_entry.read(note))
    lengths = [last_entry.remembered_lengths(mark, first.id)[0] for mark in marks]
    if expected not in marks and lengths[1] <= ledger.log.length:  # beyond it is what others write meanwhile
        behind = 0 < lengths[0] < ledger.log.length  # its writer died
        kind = "derived" if note.exists() and not behind else "note"
        yield Finding(kind, within(ledger, note), "The last entry of the log is not recorded.")


def index_agrees(ledger: Ledger, stored: LogIndex) -> bool:
    """Return whether an index says what has been read of the log, as far as it goes.

    A file may have changed where nothing reads it, behind its end: then the index does not vouch for it, and is right.
    """
    read, states = ledger.index, stored.states()
    if stored.length > ledger.log.length or states != read.states()[: len(states)]:
        return False
    if any(stored.commit_row(number) != read.commit_row(number) for number in range(stored.versions)):
        return False
    for number in range(1, stored.length + 1):
        known = read.entry_row(number)
        if stored.entry_row(number)._replace(file=known.file) != known:
            return False
    return True


def _panel_findings(ledger: Ledger, path: Path) -> Iterator[Finding]:
    """Yield a finding for the panel in the cache, where it is not that of the first version's base."""
    first = ledger.history.numbered(0)
    if first is None or not path.exists():
        return
    genes = read_panel(path, first.base)
    expected = read_genes(ledger.locations.base(first.base))
    if genes is None or (expected is not None and genes != expected):
        yield Finding("derived", within(ledger, path), f"{path} is damaged, or not the panel of this store.")


def _anchor_findings(ledger: Ledger, cache: Path, report: Report, *, quick: bool) -> Iterator[Finding]:
    """Yield a finding for each full inversion that is damaged in the cache, wrong, or missing from it."""
    reader = VersionReader(ledger.log, ledger.history)
    needed = {commit.anchor for commit in ledger.history.commits if commit.anchor is not None}
    folder = cache / layout.ANCHORS
    if folder.is_symlink():
        yield Finding("note", within(ledger, folder), "It is a link: nothing is read from there, or kept.")
        return
    for anchor in sorted(needed.union(_stems(folder))):
        path = folder / f"{anchor}{layout.FILE_ENDING}"
        shown = within(ledger, path)
        if not path.exists():
            yield Finding("note", shown, "The inversion is not in the cache; it is made again when it is needed.")
            continue
        report.cached += 1
        if wrong := read_problem(lambda path=path: read_whole(hdf5.Location(path), layout.ANCHOR, quick=quick)):
            yield Finding("derived", shown, wrong)
        elif (cached := anchors.read_anchor_and_id(folder, anchor)) is None:
            yield Finding("derived", shown, f"{path} is damaged: its content does not match its name.")
        elif not quick and (wrong := reader.inversion_problem(anchor, *cached, whole=True)):
            yield Finding("derived", shown, f"{path} is whole, but not the inversion that it is said to be: {wrong}.")


def _numbers_findings(ledger: Ledger, folder: Path) -> Iterator[Finding]:
    """Yield a finding for each file of remembered numbers that is damaged."""
    if folder.is_symlink():
        yield Finding("note", within(ledger, folder), "It is a link: nothing is read from there, or kept.")
    elif folder.is_dir():
        for path in sorted(path for path in folder.iterdir() if is_hash(path.name)):
            if read_numbers(path) is None:
                yield Finding("derived", within(ledger, path), f"{path} is damaged: it is not what was written.")


def artifact_findings(ledger: Ledger, report: Report) -> Iterator[Finding]:
    """Yield a finding for each analysis that is damaged; a note where they may not be read."""
    folder = ledger.locations.path / layout.ARTIFACTS
    try:
        for key in ledger.locations.artifacts():
            report.analyses += 1
            if wrong := read_problem(lambda key=key: artifacts.read_artifact(ledger.locations, key)):
                shown = within(ledger, ledger.locations.artifact(key).path)
                yield Finding("derived", shown, wrong, advice="analysis-damaged")
    except PermissionError as failure:
        yield Finding("note", layout.ARTIFACTS, f"{failure.filename} cannot be read: {failure.strerror}.")
    if folder.is_symlink():
        yield Finding("note", layout.ARTIFACTS, "It is a link: nothing is read from there, or kept.")
    elif folder.exists() and not folder.is_dir():
        yield Finding("note", layout.ARTIFACTS, "It is not a folder: no analysis can be kept.")


def pack_findings(ledger: Ledger, store: DirectoryStore) -> Iterator[Finding]:
    """Yield a finding for each damaged pack whose entries can all be read nevertheless."""
    for first, last in store.packs:
        path = store.pack_path(first, last)
        if any(first <= number <= last for number in ledger.log.damage):
            continue
        wrong = read_problem(lambda path=path: hdf5.walk(path))
        if wrong and (first, last) in store.all_packs(outermost=True):  # otherwise a larger one has taken its place
            yield Finding("derived", within(ledger, path), f"{wrong} Its entries can all be read.")


def stray_findings(store: DirectoryStore, *, claim: int) -> Iterator[Finding]:
    """Yield a note for each file that no store needs; `claim` is the number of the entry that would come next."""
    packed = store.all_packs(outermost=True)
    for number in store.loose():
        shown = f"{layout.LOG}/{layout.entry_name(number)}"
        if number == claim and _is_empty(store.loose_path(number)):
            yield Finding("note", shown, "A writer has claimed it, or has died.", advice="name-claimed")
        elif any(first <= number <= last for first, last in packed):
            yield Finding("note", shown, "It is left over: the entry is in a pack.")
    for first, last in set(store.all_packs()) - set(packed):
        yield Finding(
            "note", f"{layout.PACKS}/{layout.pack_name(first, last)}", "It is left over: a larger pack has it."
        )
    stray = {*strays(store)}
    for path in _paths_in(store):
        shown = path.relative_to(store.path).as_posix()
        if shown in stray:
            yield Finding("note", shown, NOT_OURS, advice="stray")
        elif (what := _what_strays(path, shown)) is not None:
            yield Finding("note", shown, what)
    for shown in empty_folders(store):
        yield Finding("note", shown, "It is an empty folder that no store has.", advice="stray-folder")


def _what_strays(path: Path, shown: str) -> str | None:
    """Return a sentence on what stands in the place of a file of a store, or is left over; `None` on what is of it."""
    if shown.startswith(f"{layout.ASIDE}/"):
        return None if path.is_dir() else "It was set aside: no version needs it, and it may be removed."
    if path.is_symlink() and (_is_known(shown) or shown in _FOLDERS):
        return "It is a link: without its target the store is not complete."
    if durable.is_temporary(path.name):
        return "A writer left it, or is still writing; it is removed after an hour."
    return what_is_behind(path) if _is_known(shown) and path.is_file() else None


def _paths_in(store: DirectoryStore) -> list[Path]:
    """Return the paths of all files, links and folders in a store; what goes meanwhile is passed over."""
    walk = os.walk(store.path)
    return sorted(Path(folder) / name for folder, folders, files in walk for name in (*folders, *files))


def empty_folders(store: DirectoryStore) -> list[str]:
    """Return the paths, within a store, of folders that are none of its and hold no file, the innermost first."""
    empty: list[str] = []
    for inner, folders, files in os.walk(store.path, topdown=False):
        shown = Path(inner).relative_to(store.path).as_posix()
        inside = {(Path(shown) / name).as_posix() for name in folders}
        own = shown in (".", *_FOLDERS) or shown.startswith(f"{layout.ASIDE}/")
        if not (own or files or inside - {*empty} or any(map(durable.is_temporary, Path(shown).parts))):
            empty.append(shown)
    return empty


def what_is_behind(path: Path) -> str | None:
    """Return a sentence on bytes behind the end of an HDF5 file, or `None`."""
    behind = 0
    if path.name.endswith(layout.FILE_ENDING):
        with contextlib.suppress(OSError):  # a finding of its own reports it
            behind = hdf5.bytes_behind(path)
    return (
        f"Behind its end there is more, {counted(behind, 'byte')}: nothing reads that, and no version needs it."
        if behind
        else None
    )


def strays(store: DirectoryStore) -> list[str]:
    """Return the paths, within a store, of files and links in it that are none of its, and that no link of it needs."""
    stray: list[str] = []
    paths = _paths_in(store)
    needed = {target for path in paths if path.is_symlink() for target in _led_to(store, path)}
    for path in paths:
        shown = path.relative_to(store.path).as_posix()
        other = path.is_symlink() or not path.is_dir()
        if other and not shown.startswith(f"{layout.ASIDE}/") and not durable.is_temporary(path.name):
            stray += [] if _is_known(shown) or shown in _FOLDERS or path in needed else [shown]
    return stray


def _led_to(store: DirectoryStore, link: Path) -> Iterator[Path]:
    """Yield the paths within a store that a link leads to, one after another, where it stands for a file of the store.

    Without them that file is gone, whatever they are called.
    """
    if not _is_known(link.relative_to(store.path).as_posix()):
        return
    for _ in range(MOST_LINKS):
        if not link.is_symlink():
            return
        with contextlib.suppress(ValueError):  # it leads out of the store
            target = Path(os.path.realpath(link.parent / link.readlink().parent)) / link.readlink().name
            link = store.path / target.relative_to(os.path.realpath(store.path))
            yield link
            continue
        return


def _is_empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except OSError:
        return False


def _is_known(shown: str) -> bool:
    """Return whether a store may have a file of that name."""
    folder, _, name = shown.rpartition("/")
    stem = name.removesuffix(layout.FILE_ENDING)
    return {
        "": name in (layout.FORMAT_FILE, layout.SHARED_FILE, layout.LOCK, layout.BACKUP_FILE),
        layout.LOG: layout.entry_number(name) is not None,
        layout.PACKS: layout.pack_range(name) is not None,
        layout.BASES: is_hash(stem),
        layout.ARTIFACTS: is_hash(stem),
        layout.CACHE: name in (layout.HISTORY, layout.LAST_ENTRY, layout.PANEL, *layout.OLD_CACHE),
        f"{layout.CACHE}/{layout.ANCHORS}": is_hash(stem),
        f"{layout.CACHE}/{layout.NUMBERS}": is_hash(name),
    }.get(folder, False)


def is_hash(name: str) -> bool:
    """Return whether a name is 64 hexadecimal digits."""
    return len(name) == layout.HASH and not name.strip(layout.HEX)


def _stems(folder: Path) -> Iterable[str]:
    paths = sorted(folder.glob(f"*{layout.FILE_ENDING}")) if folder.is_dir() else []
    return (path.stem for path in paths if not path.name.startswith("."))
