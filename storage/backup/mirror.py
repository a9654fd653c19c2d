"""A backup of a store: a folder that is a store itself, takes what is new, reads all it holds, and can be read alone.

Nothing in it is replaced but what is damaged there, and nothing is copied to it but what is whole: each entry and base
is held to its content id before it gets its name. What a store has lost stays in its backup.

Backups to one folder at the same time queue for its lock. Where there can be none, or the wait for it ends, they work
beside each other: what both put there is the same.
"""

from __future__ import annotations

import contextlib
import errno
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...engine.errors import Conflict, FormatError
from ...engine.progress import part_of, unheard
from ..files import access, durable, hdf5, layout, lock
from ..files.backup_note import BackupNote, is_backup, place_of, read_note, write_note
from ..files.locations import DirectoryStore, mode_of
from ..history.ledger import Ledger
from ..networks.artifacts import copy_artifacts
from ..restore.aside import files_within, keep_others, make_way
from ..restore.chain import Found
from ..restore.restore import put_entries
from ..restore.sources import Source, contents, read_own_entry
from ..transfer.creation import new_folder
from ..transfer.pack import RUN, pack, publish_pack, put_pack, remove_packed, write_pack
from ..transfer.parcel import bases_of, put_base_copy
from ..verify.repair import repair
from ..verify.store import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ...engine.progress import Progress

MANY = 64
"""Fewest new entries of a run that are written as a pack of the run, and not into files of their own."""

CHECKING_SHARE = 0.5
"""The share of the time of a backup that reading what it holds takes."""


@dataclass(slots=True)
class BackupReport:
    """What a backup holds, and what was done to it.

    Parameters
    ----------
    entries, versions, bases : int
        How many of each it holds.
    new_entries, new_bases, new_analyses : int
        How many of each were copied.
    replaced : int
        How many files of it were damaged, and have been replaced by those of the store.
    lacking : list of str
        A sentence on each file that it lacks, since the store has it no longer whole either.
    lost : list of str
        Paths of files that it has, and the store has not, or damaged.
    whole : str
        When it last had all of the store, and was read and found sound: UTC, ISO 8601; nothing where it never did.
    is_whole : bool
        Whether it has all of the store now, and was read and found sound.
    """

    entries: int = 0
    versions: int = 0
    bases: int = 0
    new_entries: int = 0
    new_bases: int = 0
    new_analyses: int = 0
    replaced: int = 0
    lacking: list[str] = field(default_factory=list[str])
    lost: list[str] = field(default_factory=list[str])
    whole: str = ""
    is_whole: bool = False


def back_up(
    ledger: Ledger,
    target: Path,
    time: str,
    *,
    quick: bool = False,
    wait: float = 0.0,
    on_wait: Callable[[], object] = lambda: None,
    progress: Progress = unheard,
) -> BackupReport:
    """Bring the backup of a store up to date, and return what it holds; a new one is made where nothing stands.

    Parameters
    ----------
    ledger : Ledger
        The store.
    target : Path
        The backup.
    time : str
        Now: UTC, ISO 8601.
    quick : bool
        Whether to leave out the large matrices that the backup has already; then it does not count as whole.
    wait : float
        Most seconds to wait for another backup to the same folder.
    on_wait : callable
        Called when there is one, and a wait for it begins.
    progress : callable
        Called with the share that is done.

    Raises
    ------
    Conflict
        Something else stands at the path, or the two went different ways; nothing was changed.
    NotFound
        The folder that shall hold a new backup does not exist.
    AccessDenied
        This account may not read all of the store or of the backup.
    OSError
        The disk refused; what has been copied is whole, and stays.
    """
    _make(ledger.locations.path, target)
    if lock.holder(target / layout.LOCK) is not None:
        on_wait()
    with lock.hold(target / layout.LOCK, wait):
        return _update(ledger, target, time, quick=quick, progress=progress)


def _make(store: Path, target: Path) -> None:
    """Make an empty backup where nothing stands; refuse what is none, and the store itself."""
    if mode_of(target) is None:
        try:
            with new_folder(target, access.recorded_sharing(store)) as unfinished:
                write_note(unfinished, BackupNote())
        except Conflict:  # another backup may have been faster
            if not is_backup(target):
                raise
    if not access.may_read(target):
        raise access.refusal(errno.EACCES, target)
    if not is_backup(target):
        raise Conflict(f"{target} exists already, and is not a backup of a store.", code="not-a-backup")
    if store.exists() and target.samefile(store):
        raise Conflict(f"{target} is the store itself.", code="not-a-backup")


def _update(ledger: Ledger, target: Path, time: str, *, quick: bool, progress: Progress) -> BackupReport:
    """Bring a backup that is there up to date; arguments as for `back_up`."""
    durable.sweep(target)
    note = read_note(target) or BackupNote()
    damaged = _check(target, quick=quick, progress=part_of(progress, 0, CHECKING_SHARE))
    pair = _Pair.of(ledger, target)
    pair.check_same_way(note)
    report = BackupReport(replaced=len(damaged), whole=note.whole)
    _copy_bases(pair, damaged, report)
    _copy_entries(pair, report, part_of(progress, CHECKING_SHARE, 1))
    report.new_analyses = copy_artifacts(ledger.locations, DirectoryStore(target), missing=True)
    return _finish(pair, report, time, quick=quick)


def _check(target: Path, *, quick: bool, progress: Progress) -> list[str]:
    """Read all that a backup holds, mend what is derived, and return the paths of what is damaged beyond that."""
    for name in (layout.LOG, layout.BASES):
        durable.make_folder(target / name)
    findings = verify(target, quick=quick, progress=progress).findings
    for finding in findings:
        if finding.kind == "denied":  # what cannot be read is not whole, and not damaged either
            raise access.refusal(errno.EACCES, target / finding.path)
    if any(finding.kind == "derived" for finding in findings):
        repair(target, quick=True)
    return sorted({finding.path for finding in findings if finding.kind == "damage" and finding.path != layout.LOG})


@dataclass(slots=True)
class _Pair:
    """A store and its backup, with the content ids of the entries that stand whole in each, by number."""

    ledger: Ledger
    store: DirectoryStore
    theirs: Mapping[int, str]
    ours: Mapping[int, str]
    is_broken: bool

    @classmethod
    def of(cls, ledger: Ledger, target: Path) -> _Pair:
        """Return the two as they are now."""
        mirror = Ledger(target, indexed=False)
        store = DirectoryStore(target)
        store.look()
        return cls(ledger, store, _ids_of(ledger), _ids_of(mirror), bool(mirror.log.damage))

    def check_same_way(self, note: BackupNote) -> None:
        """Refuse to go on where store and backup went different ways."""
        number, id_ = (note.entries, note.last) if note.entries else max(self.ours.items(), default=(0, ""))
        if number not in self.theirs:
            number = max(self.theirs.keys() & self.ours.keys(), default=0)
            id_ = self.ours.get(number, "")
        if number and self.theirs[number] != id_:
            raise self._another_way(number)

    def check_beside(self, start: int, end: int) -> None:
        """Refuse to go on where another has brought entries meanwhile that the store has not in these places."""
        known = {*self.theirs.values(), *self.ours.values()}
        path = self.store.pack_path(start, end)
        if any(id_ not in known for other in files_within(self.store, start, end) for id_, _ in contents(other)):
            if all(id_ in known for id_, _ in contents(path)):
                durable.remove(path)
            raise self._another_way(start)
        if any(id_ not in known for id_, _ in contents(path)):
            raise self._another_way(start)

    def _another_way(self, number: int) -> Conflict:
        return Conflict(
            f"Entry {number} of the log, or one after it, is another in {self.store.path} than in "
            f"{self.ledger.locations.path}: they went different ways.",
            code="backup-went-another-way",
        )

    def wanted(self) -> dict[int, str]:
        """Return the entries that the backup needs: those that it lacks, and others in the places of such."""
        mends = self.is_broken and not self.ledger.log.damage
        return {
            number: id_
            for number, id_ in self.theirs.items()
            if number not in self.ours or (mends and self.ours[number] != id_)
        }


def _ids_of(ledger: Ledger) -> dict[int, str]:
    """Return the content ids of the entries of a log that can be read, by number."""
    if not ledger.log.damage:
        return {number: ledger.index.entry_row(number).id for number in range(1, ledger.log.length + 1)}
    entries = (
        (number, read_own_entry(ledger.locations, number))
        for number in ledger.locations.numbers_between(1, ledger.log.length)
    )
    return {number: own[1].id for number, own in entries if own is not None}


def _copy_bases(pair: _Pair, damaged: list[str], report: BackupReport) -> None:
    for base in bases_of(pair.ledger.history):
        path, origin = pair.store.base(base).path, pair.ledger.locations.base(base)
        shown = path.relative_to(pair.store.path).as_posix()
        is_there = path.is_file() and shown not in damaged
        if is_there and isinstance(pair.ledger.locations, DirectoryStore) and not origin.path.is_file():
            report.lost.append(shown)
        if is_there:
            continue
        make_way(pair.store.path, path, besides={base})
        try:
            put_base_copy(origin, path, base)
        except FormatError as failure:
            report.lacking.append(failure.message)
        else:
            report.new_bases += shown not in damaged


def _copy_entries(pair: _Pair, report: BackupReport, progress: Progress) -> None:
    """Copy the entries that a backup needs, run by run: many as a pack, others each in a file of its own.

    The first come first: whoever looks at the backup meanwhile sees a shorter log, and no gap.
    """
    wanted, log = pair.wanted(), pair.ledger.log
    numbers = pair.ledger.locations.numbers_between(1, log.length) if wanted else ()
    for start in sorted({(number - 1) // RUN * RUN + 1 for number in numbers}):
        end = min(start + RUN - 1, log.length)
        new = {number: id_ for number, id_ in wanted.items() if start <= number <= end}
        if new and not (len(new) >= MANY and not log.damage and _copy_as_pack(pair, start, end)):
            new = _copy_one_by_one(pair, new, report)
        report.new_entries += sum(number not in pair.ours for number in new)
        progress(end / log.length)
    if len(pair.store.loose()) > RUN:
        mirror = Ledger(pair.store.path, indexed=False)
        if not mirror.log.damage:
            pack(pair.store, mirror.log)


def _copy_as_pack(pair: _Pair, start: int, end: int) -> bool:
    """Copy a run of entries as a pack, and return whether that could be done."""
    store, path = pair.store, pair.store.pack_path(start, end)
    durable.make_folder(path.parent)
    with contextlib.suppress(hdf5.Missing, FormatError):  # then each by itself
        if is_there := os.path.lexists(path):
            make_way(store.path, path, besides={*pair.theirs.values()})
        with contextlib.suppress(FileExistsError):  # another backup has put one there meanwhile
            write_pack(store, pair.ledger.log, start, end, put=put_pack if is_there else publish_pack)
        pair.check_beside(start, end)
        keep_others(store, start, end)
        remove_packed(store, start, end)
        return True
    return False


def _copy_one_by_one(pair: _Pair, wanted: Mapping[int, str], report: BackupReport) -> dict[int, Found]:
    """Copy entries each into a file of its own, or into the pack that it is missing from; return which were whole."""
    pair.store.look()
    pair.ledger.locations.look()  # what has been packed meanwhile
    origin = Source(pair.ledger.locations.path)
    found: dict[int, Found] = {}
    for number, id_ in sorted(wanted.items()):
        own = read_own_entry(pair.ledger.locations, number)
        if own is not None and own[1].id == id_:
            found[number] = Found(id_, own[0], origin)
        else:
            location = pair.ledger.locations.entry(number)
            report.lacking.append(f"{location} is damaged: entry {number} of the log is not in the backup.")
    put_entries(pair.store, found)
    return found


def _came_meanwhile(ids: Mapping[int, str], number: int, id_: str) -> bool:
    """Return whether an entry that a store had not when its backup began is there now, by the ids that it has."""
    return ids.get(number) == id_


def _finish(pair: _Pair, report: BackupReport, time: str, *, quick: bool) -> BackupReport:
    """Read the log of a backup again, note how far it goes, and return the report."""
    target = pair.store.path
    pair.store.flush_names()
    mirror = Ledger(target, indexed=False)
    ids, log = _ids_of(mirror), mirror.log
    report.entries, report.versions = len(ids), mirror.history.length - mirror.history.lost
    report.bases = len(mirror.locations.bases())
    where = pair.ledger.locations
    beyond = range(pair.ledger.log.length + 1, log.length + 1)
    gone = [
        number for number in (*sorted(pair.ledger.log.damage), *beyond) if number in ids.keys() - pair.theirs.keys()
    ]
    if gone:
        now = _ids_of(Ledger(where.path, indexed=False))
        gone = [number for number in gone if not _came_meanwhile(now, number, ids[number])]
        where.look()
    report.lost += dict.fromkeys(where.entry(number).path.relative_to(where.path).as_posix() for number in gone)
    for number, why in sorted(pair.ledger.log.damage.items()):
        if number not in ids and number not in pair.theirs:
            report.lacking.append(why.message)
    complete = not log.damage and not report.lacking and pair.theirs.items() <= ids.items()
    report.is_whole = complete and not quick
    if report.is_whole:
        report.whole = time
    first = ids.get(1, "")
    last = max(ids.items(), default=(0, ""))
    known = read_note(target) or BackupNote()
    report.whole = max(report.whole, known.whole)  # another may have been faster, and seen more
    # Entries beyond the store's may be those of another: whose the backup was before, it stays.
    store = known.store if beyond and known.store else place_of(where.path)
    note = BackupNote(first, last[0], last[1], report.versions, report.whole, store)
    if not log.damage and note != known:
        write_note(target, note)
    if not log.damage and ids:
        Ledger(target).remember_last()
    return report
