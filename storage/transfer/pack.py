"""Packing: runs of log entries folded into one file each, so that a long history is few files.

A pack is published like an entry, read back, and only then do the loose files go whose entries it holds. An entry is
read from its pack before its loose file; and a writer that was given a number under which a pack holds another entry
by then has lost. Several may pack at once: a pack is a run of the chain or nothing, and may go once a larger one is
there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...engine.errors import FormatError
from ..files import durable, hdf5, layout
from ..files.locations import group_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ..files.locations import DirectoryStore
    from ..history.log import Log

RUN = 512
"""A pack holds at most so many entries: those from n · RUN + 1 to (n + 1) · RUN."""


@dataclass(frozen=True, slots=True)
class PackReport:
    """What packing did.

    Parameters
    ----------
    entries : int
        Entries that were loose, and are in packs now.
    packs : int
        Packs that were written.
    files : int
        Files that the log takes now.
    swept : int
        Leftovers of killed writers that were taken away.
    """

    entries: int
    packs: int
    files: int
    swept: int = 0


def pack(folder: DirectoryStore, log: Log, progress: Callable[[float], None] | None = None) -> PackReport:
    """Fold the loose entries of a log into packs.

    Parameters
    ----------
    folder : Folder
        The store.
    log : Log
        Its log, read to the end.
    progress : callable, optional
        Told the share that is done.

    Raises
    ------
    FormatError
        An entry is missing or damaged; no entry of its run was touched.
    OSError
        The disk refused; no entry is lost.
    """
    log.check()
    durable.make_folder(folder.path / layout.PACKS)
    durable.flush(folder.path)
    moved = written = 0
    loose = [number for number in folder.loose() if number <= log.length]
    folder.look()  # what another has packed by now is read from its pack
    for start in sorted({(number - 1) // RUN * RUN + 1 for number in loose}):
        end = min(start + RUN - 1, log.length)
        run = [number for number in loose if start <= number <= end]
        written += write_pack(folder, log, start, end)
        for number in run:
            durable.remove(folder.loose_path(number))
        for first, last in folder.all_packs():
            if start <= first <= last <= end and (first, last) != (start, end):
                durable.remove(folder.pack_path(first, last))
        moved += len(run)
        if progress is not None:
            progress(moved / len(loose))
    folder.look()
    return PackReport(moved, written, len(folder.loose()) + len(folder.all_packs()), durable.sweep(folder.path))


def write_pack(folder: DirectoryStore, log: Log, start: int, end: int) -> bool:
    """Write a run of a log's entries as one pack of a store, read it back, and return whether it was not there yet.

    Parameters
    ----------
    folder : Folder
        The store; its folder of packs exists.
    log : Log
        The log, of this store or of another.
    start, end : int
        The first and the last entry.
    """
    ids: list[str] = []

    def parts() -> Iterator[tuple[str, hdf5.Sealed]]:
        ids.clear()
        for number, stored in _chained(log, start, end):
            ids.append(stored.id)
            content = hdf5.Content(stored.kind, stored.record, stored.arrays)
            yield group_of(number), hdf5.Sealed(content, {}, stored.id)

    path = folder.pack_path(start, end)
    written = not path.exists()
    # Whoever packs at the same time makes the same file: it takes its place whole, without a claim to the name.
    durable.put(
        path,
        lambda output: hdf5.write_many(output, layout.PACK, parts()),
        check=lambda unfinished: _check(unfinished, start, ids),
    )
    return written


def _chained(log: Log, start: int, end: int) -> Iterator[tuple[int, hdf5.StoredFile]]:
    """Yield a run of a log's entries, each of which the next one names; the last one is named by what the log knows."""
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


def _check(path: Path, start: int, ids: list[str]) -> None:
    """Read a pack back, and compare what it holds with the entries that it shall stand for."""
    groups = [group_of(start + place) for place in range(len(ids))]
    for expected, found in zip(ids, hdf5.read_each(path, groups, layout.ENTRY), strict=True):
        if isinstance(found, FormatError):
            raise found
        if found.id != expected:
            raise FormatError(f"{found.location} does not hold the entry that it should: no entry was moved.")
