"""Putting back what a store has lost, from places that still have it: each file checked, none that is good replaced."""

from __future__ import annotations

import contextlib
import itertools
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.errors import Conflict, FormatError
from ..files import durable, hdf5, layout
from ..files.access import recorded_sharing
from ..files.backup_note import place_of
from ..files.locations import DirectoryStore, Location
from ..history.ledger import Ledger
from ..networks.artifacts import copy_artifacts
from ..transfer.pack import put_pack, sealed_entry
from ..transfer.parcel import bases_of, is_sound_base, put_base_copy
from ..transfer.sharing import record_sharing
from .aside import make_way
from .chain import Found, chain_of, read_id
from .sources import Source, read_own_entry

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence


MOST_REFUSALS = 20
"""Most files of sources that are named since this account may not read them."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A file that has been put back.

    Parameters
    ----------
    path : str
        Its path within the store.
    source : str
        The place that it was taken from.
    what : str
        What was put back, in words, where it is not the whole file.
    """

    path: str
    source: str
    what: str = ""


@dataclass(slots=True)
class RestoreReport:
    """What was put back into a store, and what was not.

    Parameters
    ----------
    restored : list of Restored
        What was.
    lacking : list of str
        A sentence on each file, or run of entries, that no source has, and on what this account may not read there.
    """

    restored: list[Restored] = field(default_factory=list[Restored])
    lacking: list[str] = field(default_factory=list[str])


def restore(path: Path, sources: Sequence[Source], damaged: Container[str]) -> RestoreReport:
    """Put back the entries and bases of a store that are missing or damaged.

    Parameters
    ----------
    path : Path
        The store.
    sources : sequence of Source
        Where to take them from, in this order, after the store itself: there they may have other names.
    damaged : container of str
        Paths within the store of which there is a finding; other bases that are there are not read again.

    Raises
    ------
    OSError
        The disk refused; what has been put back is whole, and stays.
    """
    report = RestoreReport()
    store = DirectoryStore(path)
    for folder in (layout.LOG, layout.BASES):
        durable.make_folder(path / folder)
    chain = chain_of(path, [Source(path), *sources])  # what is lost may stand in the store under another name
    store.look()
    report.restored += put_entries(store, chain.found)
    if not sources:  # what is lost is among the findings
        _restore_bases(store, sources, damaged, RestoreReport(report.restored))
        return report
    report.lacking += _lacking_entries(store, chain.lacking)
    report.lacking += (
        f"{source} goes on after the last entry that this store is known to have had, and is a backup of a store in "
        "another place, such as a clone that went on: nothing of that is taken. A clone of it has all of it."
        for source in chain.refused
    )
    if not (chain.whole or chain.found or chain.lacking):
        report.lacking.append(
            f"{layout.LOG}: nothing here says which entries the log had; a clone of a backup has them."
        )
    _restore_bases(store, sources, damaged, report)
    if report.lacking:
        refusals = (refusal for source in sources for refusal in source.refusals())
        report.lacking += itertools.islice(refusals, MOST_REFUSALS)
    return report


def restore_analyses(path: Path, sources: Sequence[Source]) -> None:
    """Put back analyses that a backup of a store has, and the store has not, and the record of who may use it.

    From a backup of this store alone: an analysis has no id that the store knows. A backup of a store in another place
    may be that of a clone, and its analyses count as computed elsewhere.
    """
    first = read_id(Ledger(path, indexed=False, strict=False), 1)
    for source in sources:
        note = source.backup
        if note is None or source.folder is None or note.first != first:
            continue
        is_own = note.store == place_of(path)
        copy_artifacts(source.folder, DirectoryStore(path), missing=True, elsewhere=not is_own)
        sharing = recorded_sharing(source.path)
        if is_own and sharing is not None and recorded_sharing(path) is None:
            record_sharing(path, sharing)


def put_entries(store: DirectoryStore, found: dict[int, Found]) -> list[Restored]:
    """Put entries that stand elsewhere into their places in a store, and return what was put there.

    What is damaged there is replaced; what is whole and another is set aside. Where others put the same entry there
    meanwhile, that is as good.

    Parameters
    ----------
    store : DirectoryStore
        The store.
    found : dict of int to Found
        Where they stand, by number.

    Raises
    ------
    FormatError
        One is no longer what it was.
    Conflict
        Another has put another entry in the place of one meanwhile.
    OSError
        The disk refused; what has been put there is whole, and stays.
    """
    places = {number: _resolved(entry) for number, entry in found.items()}
    return [*_put_packs(store, places), *_put_loose(store, places)]


def _put_packs(store: DirectoryStore, found: dict[int, Found]) -> Iterator[Restored]:
    """Write packs anew that lack entries which stand elsewhere."""
    for first, last in store.packs:
        if not any(first <= number <= last for number in found):
            continue
        path, numbers = store.pack_path(first, last), range(first, last + 1)
        own = {number: entry for number in numbers if number not in found and (entry := _own(store, number))}
        wanted = {number: found[number] for number in numbers if number in found}
        # Where entries stay lost, what is left of the pack may be of use to somebody.
        besides = {entry.id for entry in (*own.values(), *wanted.values())} if len(own | wanted) == len(numbers) else ()
        _make_way(store, path, besides, own, found)
        wanted = {number: found[number] for number in wanted}
        put_pack(path, lambda entries=own | wanted: _read(entries))
        what = f"{len(wanted):,} of its {len(numbers):,} entries"
        origins = dict.fromkeys(str(entry.source) for entry in wanted.values())
        yield Restored(_shown(store, path), ", ".join(origins), what)


def _own(store: DirectoryStore, number: int) -> Found | None:
    own = read_own_entry(store, number)
    return None if own is None else _resolved(Found(own[1].id, own[0], Source(store.path)))


def _read(entries: dict[int, Found]) -> Iterator[tuple[int, hdf5.StoredFile]]:
    for number, entry in sorted(entries.items()):
        yield number, _stored(number, entry)


def _put_loose(store: DirectoryStore, found: dict[int, Found]) -> Iterator[Restored]:
    """Write entries that stand elsewhere into files of their own, the first first."""
    for number in sorted(found):
        path = store.loose_path(number)
        if store.entry(number).group != "/":
            continue
        _make_way(store, path, {found[number].id}, found)
        entry = found[number]
        sealed = sealed_entry(_stored(number, entry))
        if os.path.lexists(path):
            durable.put(path, sealed.write)
        else:
            try:
                durable.publish(path, sealed.write, taken=lambda number=number: store.is_packed(number))
            except FileExistsError:
                if not _stands_by_now(store, number, entry.id):
                    raise Conflict(
                        f"Entry {number} of the log in {store.path} is another by now: it was written meanwhile.",
                        code="entry-taken",
                    ) from None
                durable.flush(path.parent)  # whoever has put it there may die before that
        yield Restored(_shown(store, path), str(entry.source))


def _stands_by_now(store: DirectoryStore, number: int, id_: str) -> bool:
    """Return whether an entry of the log stands in its place, where another process has put it."""
    store.look()
    own = read_own_entry(store, number)
    return own is not None and own[1].id == id_


def _stored(number: int, entry: Found) -> hdf5.StoredFile:
    """Return an entry that stands elsewhere, also where it has been packed or put in its own place meanwhile."""
    with contextlib.suppress(FormatError):
        stored = hdf5.read(entry.location, layout.ENTRY)
        if stored.id == entry.id:
            return stored
    found = Source(entry.source.path).entry(number, entry.id)
    if found is None:
        raise FormatError(f"{entry.location} has changed while it was read.")
    return hdf5.read(found[0], layout.ENTRY)


def _make_way(store: DirectoryStore, path: Path, besides: Container[str], *found: dict[int, Found]) -> None:
    """Move aside what must not be written over; entries that stood there are found where it stands then."""
    before, moved = Path(os.path.realpath(path)), make_way(store.path, path, besides=besides)
    if moved is None or moved.is_symlink():  # what a link leads to stays
        return
    for entries in found:
        for number, entry in entries.items():
            if entry.location.path == before:
                entries[number] = replace(entry, location=Location(moved, entry.location.group))


def _resolved(entry: Found) -> Found:
    """Return an entry that stands elsewhere, with the place that links lead to: they may be moved."""
    return replace(entry, location=Location(Path(os.path.realpath(entry.location.path)), entry.location.group))


def _lacking_entries(store: DirectoryStore, lacking: dict[int, str]) -> Iterator[str]:
    """Yield a sentence on each entry that no source has."""
    for number, id_ in sorted(lacking.items()):
        where = _shown(store, store.entry(number).path)
        if id_:
            yield f"{where}: no source has entry {number} of the log, {id_}."
        else:
            yield f"{where}: nothing here says which entry {number} of the log was; only a backup of this store can."


def _restore_bases(
    store: DirectoryStore, sources: Sequence[Source], damaged: Container[str], report: RestoreReport
) -> None:
    for base in bases_of(Ledger(store.path, indexed=False, strict=False).history):
        path = store.base(base).path
        shown = _shown(store, path)
        if path.is_file() and not path.is_symlink() and shown not in damaged:
            continue
        if is_sound_base(Location(path), base):
            continue
        places = ((source, place) for source in (Source(store.path), *sources) for place in source.bases(base))
        for source, location in places:
            if is_sound_base(location, base):
                make_way(store.path, path, besides={base})
                put_base_copy(location, path, base)
                report.restored.append(Restored(shown, str(source)))
                break
        else:
            report.lacking.append(f"{shown}: no source has this base whole.")


def _shown(store: DirectoryStore, path: Path) -> str:
    return path.relative_to(store.path).as_posix()
