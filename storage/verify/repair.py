"""Repairing a store: what is derived is made again, what is lost is taken from elsewhere, and strays are set aside."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from ...engine.errors import GrnError, InputError, NotFound
from ..files import durable, hdf5, layout
from ..files.locations import DirectoryStore, mode_of
from ..history.ledger import Ledger
from ..networks.artifacts import read_artifact
from ..networks.reading import VersionReader
from ..restore.aside import keep_others, make_way, remove_empty_folders, set_aside
from ..restore.restore import RestoreReport, restore, restore_analyses
from ..restore.sources import Source
from ..transfer.pack import remove_packed, write_pack
from .access import mend_access
from .cache import empty_folders, strays
from .findings import read_problem
from .store import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from .findings import Report


def repair(
    path: Path,
    *,
    sources: Sequence[Path] = (),
    quick: bool = False,
    numbers: bool = False,
    progress: Callable[[float], None] | None = None,
) -> Report:
    """Verify a store, repair what can be repaired, and return the findings; other arguments as for `verify`.

    What is derived is made again from within. An entry of the log or a base that is missing or damaged is taken from
    where its content id stands: in the store under another name, or in a source.

    Parameters
    ----------
    path : Path
        The store.
    sources : sequence of Path
        Backups, other stores, files that one was exported to, or folders of files, in the order to look in.

    Raises
    ------
    InputError
        There are sources, and the store is one file.
    NotFound
        There is no such source, or no store.
    AccessDenied
        A source may not be read at all.
    OSError
        The disk refused; nothing but derived files and leftovers has been touched, or files that were damaged.
    """
    places = [Source(source) for source in sources]
    if places and mode_of(path) is None:
        raise NotFound(f"There is no store {path} to put anything back into.", code="restore-into-nothing")
    if places and not path.is_dir():
        raise InputError(f"{path} is a file, and nothing is put back into it.", code="restore-into-file")
    mended = mend_access(path)
    if places:
        _make_folders(path)
    before = verify(path, quick=quick, numbers=numbers, progress=progress)
    if not path.is_dir():
        return before
    for finding in before.findings:
        if finding.path == layout.FORMAT_FILE:
            make_way(path, path / layout.FORMAT_FILE)
            _write_format(path)
    result = RestoreReport()
    if places or any(finding.kind == "damage" for finding in before.findings):
        unsound = {finding.path for finding in before.findings if finding.kind != "denied"}
        result = restore(path, places, unsound)
    ledger = Ledger(path, indexed=False)
    store = DirectoryStore(path)
    _remove_damaged(store, before)
    _clear_cache_folders(path / layout.CACHE)
    _remake_packs(store, ledger, before)
    _remove_claim(store, ledger)
    _remove_packed(store, ledger)
    durable.sweep(path)
    aside = _set_strays_aside(store)
    if places:
        restore_analyses(path, places)
    if not ledger.log.damage:
        _remake_anchors(ledger)
        _write_index(path)
    store.flush_names()
    after = verify(path, quick=quick, numbers=numbers, progress=progress)
    left = {(finding.path, finding.what): finding for finding in after.findings}
    seen = {(finding.path, finding.what) for finding in before.findings}
    after.findings = [
        *mended,
        *(left.get((old.path, old.what), replace(old, repaired=True)) for old in before.findings),
        *(new for at, new in left.items() if at not in seen and new.kind != "note"),
    ]
    after.restored, after.lacking, after.aside = result.restored, result.lacking, aside
    return after


def _make_folders(path: Path) -> None:
    """Make the folders of a store that are missing, where it is one."""
    if (path / layout.FORMAT_FILE).is_file():
        for name in (layout.LOG, layout.BASES):
            durable.make_folder(path / name)


def _set_strays_aside(store: DirectoryStore) -> list[tuple[str, str]]:
    """Move files that are none of a store's aside, and return where they stood and where they stand."""
    moved: list[tuple[str, str]] = []
    for shown in strays(store):
        path = store.path / shown
        with contextlib.suppress(PermissionError):  # of another account, in a folder that is sticky
            if (target := set_aside(store.path, path)) is not None:
                moved.append((shown, target))
                remove_empty_folders(store.path, path)
    for shown in empty_folders(store):
        durable.remove_empty(store.path / shown)
    return moved


def _write_format(path: Path) -> None:
    durable.remove_empty(path / layout.FORMAT_FILE)
    durable.put(path / layout.FORMAT_FILE, lambda output: output.write(layout.FORMAT_TEXT.encode()))


def _remove_damaged(store: DirectoryStore, report: Report) -> None:
    """Remove derived files that are damaged; what is whole, and something else, is set aside."""
    for finding in report.findings:
        if finding.kind == "derived" and finding.path.startswith((f"{layout.CACHE}/", f"{layout.ARTIFACTS}/")):
            path = store.path / finding.path
            with contextlib.suppress(PermissionError):  # of another account, in a folder that is sticky
                if path.parent.name == layout.ARTIFACTS and _is_sound_analysis(store, path.stem):
                    continue  # another has put it back meanwhile
                if path.is_file() and not path.is_symlink():
                    make_way(store.path, path)
                durable.remove(path)
                durable.remove_empty(path)


def _is_sound_analysis(store: DirectoryStore, key: str) -> bool:
    return not read_problem(lambda: read_artifact(store, key))


def _remake_packs(store: DirectoryStore, ledger: Ledger, report: Report) -> None:
    """Write packs anew whose entries can all be read."""
    for finding in report.findings:
        span = layout.pack_range(finding.path.removeprefix(f"{layout.PACKS}/")) or (0, 0)
        if finding.kind == "derived" and span in store.all_packs(outermost=True):
            write_pack(store, ledger.log, *span)


def _clear_cache_folders(cache: Path) -> None:
    """Remove files that stand where the folders of the cache should."""
    for path in (cache, cache / layout.ANCHORS, cache / layout.NUMBERS):
        if path.exists() and not path.is_dir():
            durable.remove(path)


def _remove_claim(store: DirectoryStore, ledger: Ledger) -> None:
    """Remove the empty file of a writer that claimed a name and died, on a file system without links."""
    path = store.loose_path(ledger.log.next)
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size == 0 and not ledger.log.damage and durable.abandoned([path]):
            durable.remove(path)


def _remove_packed(store: DirectoryStore, ledger: Ledger) -> None:
    """Remove loose entries that stand in a sound pack, and packs within a sound larger one."""
    packs = ledger.locations.packs if isinstance(ledger.locations, DirectoryStore) else []  # those that have been read
    if packs:
        durable.flush(store.path / layout.PACKS)  # whoever wrote a pack may have died before that
    for first, last in packs:
        if not any(first <= number <= last for number in ledger.log.damage):
            with contextlib.suppress(hdf5.Missing, FileNotFoundError):  # a larger one has taken its place
                keep_others(store, first, last)
                remove_packed(store, first, last)


def _remake_anchors(ledger: Ledger) -> None:
    reader = VersionReader(ledger.log, ledger.history)
    for anchor in sorted({commit.anchor for commit in ledger.history.commits if commit.anchor is not None}):
        with contextlib.suppress(GrnError):  # what it needs is damaged, and reported as such
            reader.inversion(anchor)


def _write_index(path: Path) -> None:
    ledger = Ledger(path)
    ledger.write_index()
    ledger.remember_last()
