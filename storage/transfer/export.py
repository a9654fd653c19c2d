"""A store, or one of its versions, written to a single file that can be read in place, cloned or imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files import durable, hdf5, layout
from ..files.locations import group_of
from ..history import entries
from ..history.records import EntryRecord, MoveRecord
from ..networks.artifacts import sound_artifacts
from .creation import check_free
from .pack import sealed_entry
from .parcel import bases_of, parcel_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from ..history.ledger import Ledger

    Parts = Iterator[tuple[str, hdf5.Location | hdf5.Sealed]]


def export_store(ledger: Ledger, path: Path, progress: Callable[[float], None] | None = None) -> None:
    """Write a whole store to one file: every entry of its log as it is, every base, and the analyses that are sound.

    Raises
    ------
    Conflict
        Something stands at the path.
    FormatError
        The store is damaged.
    """
    ledger.log.check()
    if ledger.log.last is None:
        raise ledger.lost()

    def parts() -> Parts:
        for number in range(1, ledger.log.length + 1):
            yield f"{layout.LOG}/{group_of(number)}", sealed_entry(ledger.log.read(number)[0])
            if progress is not None:
                progress(number / ledger.log.length)
        yield from _bases_and_analyses(ledger, bases_of(ledger.history))
        content = hdf5.Content(layout.HISTORY, layout.canonical_json({"text": ledger.index.text().decode()}), {})
        yield f"{layout.CACHE}/{layout.HISTORY}", content.seal()

    _write(path, parts)


def export_version(ledger: Ledger, commit: str, path: Path, author: str, time: str) -> None:
    """Write one version to a file that is a store of its own: its ancestors, their bases and analyses, and a branch.

    Raises
    ------
    Conflict
        Something stands at the path.
    FormatError
        What the version needs is damaged.
    """
    parcel = parcel_of(ledger, ledger.history.ancestors(commit))
    entry = EntryRecord(
        number=1,
        previous=None,
        versions=0,
        commits=parcel.commits,
        moves=(MoveRecord(ref=layout.BRANCH + layout.FIRST_BRANCH, before=None, after=commit),),
        reason=f"export of v{ledger.history.number(commit)}",
        author=author,
        time=time,
    )
    contents = {*parcel.bases, *(logged.measured.content for logged in parcel.commits)}

    def parts() -> Parts:
        yield f"{layout.LOG}/{group_of(1)}", entries.entry_content(entry, parcel.pathways).seal()
        yield from _bases_and_analyses(ledger, parcel.bases, contents)

    _write(path, parts)


def _bases_and_analyses(ledger: Ledger, bases: Iterable[str], contents: set[str] | None = None) -> Parts:
    """Yield the name in the file, and the location now, of bases, each checked whole, and of the sound analyses."""
    for base in bases:
        hdf5.read(ledger.locations.base(base), layout.BASE).check_bulk()
        yield f"{layout.BASES}/{base}", ledger.locations.base(base)
    for key, location in sound_artifacts(ledger.locations, contents):
        yield f"{layout.ARTIFACTS}/{key}", location


def _write(path: Path, parts: Callable[[], Parts]) -> None:
    check_free(path)
    for leftover in durable.leftovers(path.parent, named=path.name):
        durable.remove(leftover)  # of an export that was killed
    try:
        durable.publish(path, lambda output: hdf5.write_many(output, layout.STORE, parts()))
    except FileExistsError:
        check_free(path)  # somebody else was faster
        raise
