"""Packing: runs of log entries folded into one file each, so that a long history is few files.

A pack is published like an entry, read back, and only then do the loose files go whose entries it holds. An entry is
read from its pack rather than from its loose file; a writer whose number a pack holds for another entry by then has
lost. Several processes may pack at once: a pack is a whole run of the chain, and may go once a larger one is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...engine.errors import FormatError
from ..files import durable, hdf5, layout
from ..files.locations import group_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from ..files.locations import DirectoryStore
    from ..history.log import Log

    Entries = Callable[[], Iterable[tuple[int, hdf5.StoredFile]]]

RUN = 512
"""The largest number of entries in a pack: those from n · RUN + 1 to (n + 1) · RUN."""


@dataclass(frozen=True, slots=True)
class PackReport:
    """What packing did.

    Parameters
    ----------
    entries : int
        Number of entries that were loose, and are in packs now.
    packs : int
        Number of packs that were written.
    files : int
        Number of files that the log takes now.
    swept : int
        Number of leftovers of killed writers that were removed.
    """

    entries: int
    packs: int
    files: int
    swept: int = 0


def pack(store: DirectoryStore, log: Log, progress: Callable[[float], None] | None = None) -> PackReport:
    """Fold the loose entries of a log into packs.

    Parameters
    ----------
    store : DirectoryStore
        The store.
    log : Log
        Its log, read to the end.
    progress : callable, optional
        Called with the share that is done.

    Raises
    ------
    FormatError
        An entry is missing or damaged; no entry of its run was touched.
    OSError
        The disk refused; no entry is lost.
    """
    log.check()
    durable.make_folder(store.path / layout.PACKS)
    durable.flush(store.path)
    moved = written = 0
    loose = [number for number in store.loose() if number <= log.length]
    store.look()  # what another has packed by now is read from its pack
    for start in sorted({(number - 1) // RUN * RUN + 1 for number in loose}):
        end = min(start + RUN - 1, log.length)
        written += write_pack(store, log, start, end)
        remove_packed(store, start, end)
        moved += sum(start <= number <= end for number in loose)
        if progress is not None:
            progress(moved / len(loose))
    store.look()
    return PackReport(moved, written, len(store.loose()) + len(store.all_packs()), durable.sweep(store.path))


def write_pack(
    store: DirectoryStore, log: Log, start: int, end: int, *, put: Callable[[Path, Entries], None] | None = None
) -> bool:
    """Write a run of a log's entries as one pack of a store, read it back, and return whether it was not there yet.

    Parameters
    ----------
    store : DirectoryStore
        The store; its folder of packs exists.
    log : Log
        The log, of this store or of another.
    start, end : int
        The first and the last entry.
    put : callable, optional
        Puts it in its place: `put_pack` by default, or `publish_pack`.
    """
    path = store.pack_path(start, end)
    written = not path.exists()
    (put or put_pack)(path, lambda: _chained(log, start, end))
    return written


def publish_pack(path: Path, entries: Entries) -> None:
    """Do as `put_pack`, where nothing stands in its place.

    Raises
    ------
    FileExistsError
        Something does; nothing was changed.
    """
    temporary = durable.temporary_of(path)
    try:
        put_pack(temporary, entries)
        durable.give_name(temporary, path)
    finally:
        durable.remove(temporary)


def put_pack(path: Path, entries: Entries) -> None:
    """Write numbered entries as a pack, read it back, and put it in its place, whatever stood there.

    Parameters
    ----------
    path : Path
        The pack; its folder exists.
    entries : callable
        Returns the entries, by their numbers.

    Raises
    ------
    FormatError
        An entry is missing or damaged, or the pack was not written as it should; what stood there stands.
    """
    ids: dict[int, str] = {}

    def parts() -> Iterator[tuple[str, hdf5.Sealed]]:
        ids.clear()
        for number, stored in entries():
            ids[number] = stored.id
            yield group_of(number), sealed_entry(stored)

    # Whoever packs at the same time makes the same file: it takes its place whole, without a claim to the name.
    durable.put(
        path,
        lambda output: hdf5.write_many(output, layout.PACK, parts()),
        check=lambda unfinished: _check_pack(unfinished, ids),
    )


def remove_packed(store: DirectoryStore, start: int, end: int) -> None:
    """Remove loose entries, and smaller packs, whose entries stand in a sound pack of the entries from start to end."""
    for number in store.loose():
        if start <= number <= end:
            durable.remove(store.loose_path(number))
    for first, last in store.all_packs():
        if start <= first <= last <= end and (first, last) != (start, end):
            durable.remove(store.pack_path(first, last))


def sealed_entry(stored: hdf5.StoredFile) -> hdf5.Sealed:
    """Return an entry that has been read, to be written into another file under the same id."""
    return hdf5.Sealed(hdf5.Content(stored.kind, stored.record, stored.arrays), {}, stored.id)


def _chained(log: Log, start: int, end: int) -> Iterator[tuple[int, hdf5.StoredFile]]:
    """Yield a run of a log's entries, each checked against the id in the entry after it, the last against the log."""
    before: hdf5.StoredFile | None = None
    for number in range(start, end + 1):
        stored, entry = log.read(number)
        if before is not None and entry.previous != before.id:
            raise FormatError(f"{stored.location} does not follow the entry before it.")
        before = stored
        yield number, stored
    after = log.last if end == log.length else log.read(end + 1)[1].previous
    if before is not None and before.id != after:
        raise FormatError(f"{before.location} is not the entry that the next one follows.")


def _check_pack(path: Path, ids: Mapping[int, str]) -> None:
    """Read a pack back, and compare its entries with those that it was made of."""
    for expected, stored in zip(ids.values(), hdf5.read_each(path, map(group_of, ids), layout.ENTRY), strict=True):
        if isinstance(stored, FormatError):
            raise stored
        if stored.id != expected:
            raise FormatError(f"{stored.location} does not hold the entry that it should: no entry was moved.")
