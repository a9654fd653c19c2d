"""Repairing a store: what is derived is made again, leftovers are removed, and nothing else is touched."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from ...engine.errors import GrnError
from ..files import durable, layout
from ..files.locations import DirectoryStore
from ..history.ledger import Ledger
from ..networks.reading import VersionReader
from ..transfer.pack import remove_packed, write_pack
from .access import mend_access
from .store import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .findings import Report


def repair(
    path: Path, *, quick: bool = False, numbers: bool = False, progress: Callable[[float], None] | None = None
) -> Report:
    """Verify a store, repair what can be repaired from within, and return the findings; arguments as for `verify`.

    An entry of the log or a base that is damaged stays as it is: only a good copy can take its place.

    Raises
    ------
    OSError
        The disk refused; nothing but derived files and leftovers has been touched.
    """
    mended = mend_access(path)
    before = verify(path, quick=quick, numbers=numbers, progress=progress)
    if not path.is_dir():
        return before
    for finding in before.findings:
        if finding.path == layout.FORMAT_FILE:
            _write_format(path)
    ledger = Ledger(path, indexed=False)
    store = DirectoryStore(path)
    _remove_damaged(store, before)
    _clear_cache_folders(path / layout.CACHE)
    _remake_packs(store, ledger, before)
    _remove_claim(store, ledger)
    _remove_packed(store, ledger)
    durable.sweep(path)
    if not ledger.log.damage:
        _remake_anchors(ledger)
        _write_index(path)
    after = verify(path, quick=quick, numbers=numbers, progress=progress)
    left = {(finding.path, finding.what) for finding in after.findings}
    after.findings = mended + [
        replace(finding, repaired=(finding.path, finding.what) not in left) for finding in before.findings
    ]
    return after


def _write_format(path: Path) -> None:
    durable.remove_empty(path / layout.FORMAT_FILE)
    durable.put(path / layout.FORMAT_FILE, lambda output: output.write(layout.FORMAT_TEXT.encode()))


def _remove_damaged(store: DirectoryStore, report: Report) -> None:
    """Remove derived files that are damaged."""
    for finding in report.findings:
        if finding.kind == "derived" and finding.path.startswith((f"{layout.CACHE}/", f"{layout.ARTIFACTS}/")):
            durable.remove(store.path / finding.path)
            durable.remove_empty(store.path / finding.path)


def _remake_packs(store: DirectoryStore, ledger: Ledger, report: Report) -> None:
    """Write packs anew whose entries can all be read."""
    for finding in report.findings:
        span = layout.pack_range(finding.path.removeprefix(f"{layout.PACKS}/"))
        if finding.kind == "derived" and span is not None:
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
