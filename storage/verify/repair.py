"""Repairing a store: what is derived is made again, what is left over is taken away, and nothing else is touched."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from ...engine.errors import GrnError
from ..files import durable, layout
from ..files.locations import DirectoryStore
from ..history import index
from ..history.ledger import Ledger
from ..networks.reading import Reader
from ..transfer.pack import write_pack
from .store import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .findings import Report


def repair(
    path: Path, *, quick: bool = False, numbers: bool = False, progress: Callable[[float], None] | None = None
) -> Report:
    """Verify a store, mend what can be mended from within, and return what was found; arguments as for `verify`.

    An entry of the log or a base that is damaged stays as it is: only a good copy can take its place.

    Raises
    ------
    OSError
        The disk refused; nothing but derived files and leftovers has been touched.
    """
    before = verify(path, quick=quick, numbers=numbers, progress=progress)
    if not path.is_dir():
        return before
    for finding in before.findings:
        if finding.path == layout.FORMAT_FILE:
            _write_format(path)
    ledger = Ledger(path, indexed=False)
    folder = DirectoryStore(path)
    _remove_damaged(folder, before)
    _make_way(path / layout.CACHE)
    _remake_packs(folder, ledger, before)
    _remove_claim(folder, ledger)
    _remove_packed(folder, ledger)
    durable.sweep(path)
    if not ledger.log.damage:
        _remake_anchors(ledger)
        _write_index(path)
    after = verify(path, quick=quick, numbers=numbers, progress=progress)
    left = {(one.path, one.what) for one in after.findings}
    after.findings = [replace(one, repaired=(one.path, one.what) not in left) for one in before.findings]
    return after


def _write_format(path: Path) -> None:
    durable.remove_empty(path / layout.FORMAT_FILE)
    durable.put(path / layout.FORMAT_FILE, lambda output: output.write(layout.FORMAT_TEXT.encode()))


def _remove_damaged(folder: DirectoryStore, report: Report) -> None:
    """Take derived files away that are damaged."""
    for finding in report.findings:
        if finding.kind == "derived" and finding.path.startswith((f"{layout.CACHE}/", f"{layout.ARTIFACTS}/")):
            durable.remove(folder.path / finding.path)
            durable.remove_empty(folder.path / finding.path)


def _remake_packs(folder: DirectoryStore, ledger: Ledger, report: Report) -> None:
    """Make packs again whose entries can all be read."""
    for finding in report.findings:
        span = layout.pack_range(finding.path.removeprefix(f"{layout.PACKS}/"))
        if finding.kind == "derived" and span is not None:
            write_pack(folder, ledger.log, *span)


def _make_way(cache: Path) -> None:
    """Remove what stands where the folders of the cache should, and is none."""
    for path in (cache, cache / layout.ANCHORS):
        if path.exists() and not path.is_dir():
            durable.remove(path)


def _remove_claim(folder: DirectoryStore, ledger: Ledger) -> None:
    """Take away the name that a writer has claimed and not used, on a file system without links."""
    path = folder.loose_path(ledger.log.next)
    with contextlib.suppress(FileNotFoundError):
        claimed = path.stat()
        if claimed.st_size == 0 and not ledger.log.damage and time.time() - claimed.st_mtime > durable.GRACE:
            durable.remove(path)


def _remove_packed(folder: DirectoryStore, ledger: Ledger) -> None:
    """Take away loose entries that stand in a sound pack, and packs within a sound larger one."""
    outermost = (
        ledger.locations.packs if isinstance(ledger.locations, DirectoryStore) else []
    )  # those that have just been read
    if outermost:
        durable.flush(folder.path / layout.PACKS)  # whoever wrote a pack may have died before that
    for first, last in outermost:
        if any(first <= number <= last for number in ledger.log.damage):
            continue
        for number in folder.loose():
            if first <= number <= last:
                durable.remove(folder.loose_path(number))
        for inner in folder.all_packs():
            if inner not in outermost and first <= inner[0] and inner[1] <= last:
                durable.remove(folder.pack_path(*inner))


def _remake_anchors(ledger: Ledger) -> None:
    reader = Reader(ledger.log, ledger.history)
    for anchor in sorted({commit.anchor for commit in ledger.history.commits if commit.anchor is not None}):
        with contextlib.suppress(GrnError):  # what it needs is damaged, and told as such
            reader.inversion(anchor)


def _write_index(path: Path) -> None:
    ledger = Ledger(path)
    ledger.write_index(least=1 if ledger.log.length >= index.EVERY else index.EVERY)
    ledger.remember_last()
