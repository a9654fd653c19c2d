"""Verifying what is derived: the index, the note of the last entry, full inversions; and what no store needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...engine.errors import FormatError
from ..files import durable, hdf5, last_entry, layout
from ..files.locations import DirectoryStore, locations_of
from ..history import index
from ..networks import anchors, artifacts
from .findings import Finding, read_problem, read_whole, within

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ..history.ledger import Ledger
    from .findings import Report


@dataclass(frozen=True, slots=True)
class Derived:
    """What the cache says of the log, read before that: what others write meanwhile then puts the log ahead.

    Parameters
    ----------
    index : Index, optional
        The index; `None` where there is none, or it is damaged.
    witness : bytes
        What is noted of the last entry.
    """

    index: index.Index | None
    witness: bytes


def derived(path: Path, *, strict: bool) -> Derived:
    """Return what the cache of a store says of its log; `strict` unless its file FORMAT is known to be wrong."""
    places = locations_of(path) if strict else DirectoryStore(path)
    place = places.index()
    said = b"" if places.cache is None else last_entry.read(places.cache / layout.LAST_ENTRY)
    return Derived(None if place is None else index.read(place), said)


def cache_findings(ledger: Ledger, cache: Path, before: Derived, report: Report, *, quick: bool) -> Iterator[Finding]:
    """Yield a finding for what of the cache is damaged or missing; where it may not be looked at, a note."""
    try:
        yield from _index_findings(ledger, cache, before)
        yield from _anchor_findings(ledger, cache, report, quick=quick)
    except PermissionError as failure:
        yield Finding(
            "note", layout.CACHE, f"{failure.filename} cannot be read: {failure.strerror}. No version needs it."
        )


def _index_findings(ledger: Ledger, cache: Path, before: Derived) -> Iterator[Finding]:
    """Yield a finding for the index and for the note of the last entry, where they are not of this log."""
    path = cache / f"{layout.INDEX}{layout.FILE_ENDING}"
    if path.exists():
        if before.index is None and index.read(hdf5.Location(path)) is None:
            yield Finding("derived", within(ledger, path), f"{path} is damaged.")
        elif before.index is not None and not ledger.log.damage and not agrees(ledger, before.index):
            yield Finding("derived", within(ledger, path), f"{path} is not the index of this log.")
        elif wrong := read_problem(lambda: hdf5.walk(path)):
            yield Finding("derived", within(ledger, path), wrong)
    elif ledger.log.length >= index.EVERY:
        yield Finding("note", within(ledger, path), "There is no index; opening reads every entry.")
    note, first, last = cache / layout.LAST_ENTRY, ledger.history.numbered(0), ledger.log.last
    if ledger.log.damage or first is None or last is None:
        return
    said = last_entry.high_water_mark(ledger.log.length, ledger.history.length, last, first.id)
    now = last_entry.read(note)
    noted = [last_entry.remembered_lengths(one, first.id)[0] for one in (before.witness, now)]
    if said not in (before.witness, now) and noted[1] <= ledger.log.length:  # beyond it is what others write meanwhile
        behind = 0 < noted[0] < ledger.log.length  # its writer died
        kind = "derived" if note.exists() and not behind else "note"
        yield Finding(kind, within(ledger, note), "The last entry of the log is not noted down.")


def agrees(ledger: Ledger, found: index.Index) -> bool:
    """Return whether an index is what replaying the log up to its last entry gives."""
    covered = [commit for commit in ledger.history.commits if commit.entry <= found.length]
    moves = [move for move in ledger.refs.moves if move.number <= found.length]
    replayed = type(found.refs)()
    for move in moves:
        replayed.set(move.ref, move.after)
        replayed.moved[move.ref] = move.number
    standing = [(refs.head, refs.branches, refs.tags, refs.moved) for refs in (replayed, found.refs)]
    try:
        if found.length > ledger.log.length or list(found.commits) != covered or found.refs.moves != moves:
            return False
        return standing[0] == standing[1] and ledger.log.read(found.length)[0].id == found.last
    except FormatError:
        return False


def _anchor_findings(ledger: Ledger, cache: Path, report: Report, *, quick: bool) -> Iterator[Finding]:
    """Yield a finding for each full inversion of the cache that is damaged or missing."""
    named = {commit.anchor for commit in ledger.history.commits if commit.anchor is not None}
    folder = cache / layout.ANCHORS
    if folder.is_symlink():
        yield Finding("note", within(ledger, folder), "It is a link: nothing is read from there, or kept.")
        return
    for anchor in sorted(named.union(_stems(folder))):
        path = folder / f"{anchor}{layout.FILE_ENDING}"
        shown = within(ledger, path)
        if not path.exists():
            yield Finding("note", shown, "The inversion is not in the cache; it is made again when it is needed.")
            continue
        report.cached += 1
        if wrong := read_problem(lambda path=path: read_whole(hdf5.Location(path), layout.ANCHOR, quick=quick)):
            yield Finding("derived", shown, wrong)
        elif anchors.read(folder, anchor) is None:
            yield Finding("derived", shown, f"{path} is damaged: it is not the inversion that its name says.")


def artifact_findings(ledger: Ledger, report: Report) -> Iterator[Finding]:
    """Yield a finding for each analysis that is damaged; where they may not be looked at, a note."""
    folder = ledger.locations.path / layout.ARTIFACTS
    try:
        for key in ledger.locations.artifacts():
            report.analyses += 1
            if wrong := read_problem(lambda key=key: artifacts.check(ledger.locations, key)):
                shown = within(ledger, ledger.locations.artifact(key).path)
                yield Finding(
                    "derived", shown, f"{wrong} --repair takes the file away; `grn nmf` makes the analysis anew."
                )
    except PermissionError as failure:
        yield Finding("note", layout.ARTIFACTS, f"{failure.filename} cannot be read: {failure.strerror}.")
    if folder.is_symlink():
        yield Finding("note", layout.ARTIFACTS, "It is a link: nothing is read from there, or kept.")
    elif folder.exists() and not folder.is_dir():
        yield Finding("note", layout.ARTIFACTS, "It is no folder: no analysis can be kept.")


def pack_findings(ledger: Ledger, folder: DirectoryStore) -> Iterator[Finding]:
    """Yield a finding for each pack whose entries can all be read, and whose names cannot be gone through."""
    for first, last in folder.packs:
        path = folder.pack_path(first, last)
        if any(first <= number <= last for number in ledger.log.damage):
            continue
        if wrong := read_problem(lambda path=path: hdf5.walk(path)):
            yield Finding("derived", within(ledger, path), f"{wrong} Its entries can all be read.")


def stray_findings(folder: DirectoryStore, *, claim: int) -> Iterator[Finding]:
    """Yield a note for each file that no store needs; `claim` is the number of the entry that would come next."""
    packed = folder.all_packs(outermost=True)
    for number in folder.loose():
        if number == claim and _is_empty(folder.loose_path(number)):
            shown = f"{layout.LOG}/{layout.entry_name(number)}"
            yield Finding("note", shown, "A writer claims it, or died: --repair removes it once it is an hour old.")
        elif any(first <= number <= last for first, last in packed):
            shown = f"{layout.LOG}/{layout.entry_name(number)}"
            yield Finding("note", shown, "It is left over: the entry stands in a pack.")
    for first, last in set(folder.all_packs()) - set(packed):
        yield Finding(
            "note", f"{layout.PACKS}/{layout.pack_name(first, last)}", "It is left over: a larger pack has it."
        )
    for path in sorted(folder.path.rglob("*")):
        shown = path.relative_to(folder.path).as_posix()
        if path.is_symlink():
            yield Finding("note", shown, "It is a link: without what it leads to, the store is not whole.")
        elif durable.is_temporary(path.name):
            yield Finding("note", shown, "A writer left it, or is at work; it is swept after an hour.")
        elif not _is_known(shown) and not path.is_dir():
            yield Finding("note", shown, "It is no file of a store.")


def _is_empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except OSError:
        return False


def _is_known(shown: str) -> bool:
    """Return whether a store may have a file of that name."""
    folder, _, name = shown.rpartition("/")
    stem = name.removesuffix(layout.FILE_ENDING)
    is_hash = len(stem) == 64 and not stem.strip("0123456789abcdef")
    return {
        "": name in (layout.FORMAT_FILE, layout.LOCK),
        layout.LOG: layout.entry_number(name) is not None,
        layout.PACKS: layout.pack_range(name) is not None,
        layout.BASES: is_hash,
        layout.ARTIFACTS: is_hash,
        layout.CACHE: name in (layout.INDEX + layout.FILE_ENDING, layout.LAST_ENTRY),
        f"{layout.CACHE}/{layout.ANCHORS}": is_hash,
    }.get(folder, False)


def _stems(folder: Path) -> Iterable[str]:
    found = sorted(folder.glob(f"*{layout.FILE_ENDING}")) if folder.is_dir() else []
    return (path.stem for path in found if not path.name.startswith("."))
