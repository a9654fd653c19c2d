"""Verifying a store: every file is read and held against its hashes; what is wrong is told with what it touches."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from ...engine.errors import FormatError
from ..files import hdf5, layout
from ..files.locations import DirectoryStore, check_format
from ..history.ledger import Ledger
from .cache import agrees, artifact_findings, cache_findings, derived, pack_findings, stray_findings
from .findings import Finding, Meter, Report, read_problem
from .log import OF_A_COMMIT, base_findings, commit_findings, log_findings, number_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .cache import Derived

ANY_FORMAT = re.compile(rb"grnledger store [0-9]+\n")


def verify(
    path: Path, *, quick: bool = False, numbers: bool = False, progress: Callable[[float], None] | None = None
) -> Report:
    """Return what is wrong with a store, reading all of it.

    Parameters
    ----------
    path : Path
        The store, or a file that one was exported to.
    quick : bool
        Leave out the large matrices and the pathways' loadings.
    numbers : bool
        Try the numbers of every branch and tag too: Σ(Θg) must be g.
    progress : callable, optional
        Told the share that is done.

    Raises
    ------
    NotFound
        There is no store.
    FormatError
        It is no store, or a newer one.
    """
    report = Report()
    report.findings += _format_findings(path)
    before = derived(path, strict=not report.findings)
    ledger = Ledger(path, indexed=False, strict=not report.findings)
    report.findings += log_findings(ledger)
    report.entries, report.versions = ledger.log.length, ledger.history.length
    meter = Meter(_work(ledger, quick=quick), progress)
    report.findings += commit_findings(ledger, meter, quick=quick)
    report.findings += base_findings(ledger, meter, quick=quick)
    report.bases = len(ledger.locations.bases())
    report.findings += artifact_findings(ledger, report)
    if isinstance(ledger.locations, DirectoryStore):
        if ledger.locations.cache is not None:
            report.findings += cache_findings(ledger, ledger.locations.cache, before, report, quick=quick)
        report.findings += pack_findings(ledger, ledger.locations)
        report.findings += stray_findings(ledger.locations, claim=ledger.log.next)
    else:
        report.findings += _file_findings(ledger, before)
    lost = {number for one in report.findings if one.kind == "damage" for number in one.versions}
    report.whole = tuple(number for number in range(ledger.history.length) if number not in lost)
    if numbers:
        report.findings += number_findings(ledger, report)
    return report


def _file_findings(ledger: Ledger, before: Derived) -> Iterator[Finding]:
    """Yield a finding for what else can be wrong with a store that is one file, whose entries and bases are sound."""
    path, place = ledger.locations.path, ledger.locations.index()
    if ledger.log.damage:
        return
    if place is not None and (before.index is None or not agrees(ledger, before.index)):
        what = f"{place} is damaged, or not the index of this log: opening the file reads every entry."
        yield Finding("damage", path.name, what)
    if wrong := read_problem(lambda: hdf5.walk(path)):
        yield Finding("damage", path.name, f"{wrong} All entries can be read: `grn clone` makes a sound store of it.")


def _format_findings(path: Path) -> list[Finding]:
    """Return what is wrong with the file FORMAT, if it is clear that this is a store of this format all the same."""
    try:
        if path.is_file():
            return []
        check_format(path)
    except FormatError as failure:
        if not all((path / name).is_dir() for name in (layout.LOG, layout.BASES)):
            raise
        if _names_a_format(path / layout.FORMAT_FILE):
            raise  # another format
        return [Finding("derived", layout.FORMAT_FILE, failure.message)]
    return []


def _names_a_format(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as content:
        return ANY_FORMAT.fullmatch(content.read(200)) is not None


def _work(ledger: Ledger, *, quick: bool) -> int:
    """Return about how many bytes there are to read of commits and, unless it shall be quick, of bases."""
    work = OF_A_COMMIT * len(ledger.history.commits)
    for file in () if quick else {ledger.locations.base(base).path for base in ledger.locations.bases()}:
        with contextlib.suppress(OSError):  # what cannot be read is told in its turn
            work += file.stat().st_size
    return work
