"""Verifying a store: every file is read and compared with its hashes; each finding names the versions it affects."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ...engine.errors import AccessDenied, FormatError
from ..files import hdf5, layout
from ..files.locations import ANY_FORMAT, DirectoryStore, check_format
from ..history.ledger import Ledger
from .access import access_findings, of_readable, with_versions
from .cache import (
    artifact_findings,
    cache_findings,
    index_agrees,
    pack_findings,
    read_derived,
    stray_findings,
    what_is_behind,
)
from .findings import Finding, Meter, Report, read_problem
from .log import COMMIT_BYTES, base_findings, commit_findings, log_findings, number_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .cache import Derived


def verify(
    path: Path, *, quick: bool = False, numbers: bool = False, progress: Callable[[float], None] | None = None
) -> Report:
    """Return the findings of reading all of a store.

    Parameters
    ----------
    path : Path
        The store, or a file that one was exported to.
    quick : bool
        Whether to leave out the large matrices and the pathways' loadings.
    numbers : bool
        Whether to check the numbers of every branch and tag too: Σ(Θg) must be g.
    progress : callable, optional
        Called with the share that is done.

    Raises
    ------
    NotFound
        There is no store.
    FormatError
        It is no store, or a newer one.
    """
    report = Report(denied := access_findings(path))
    try:
        wrong_format = _format_findings(path)
        before = read_derived(path, strict=not wrong_format)
        ledger = Ledger(path, indexed=False, strict=not wrong_format)
    except AccessDenied:
        if not denied:
            raise
        return report  # the log cannot be followed
    report.findings = [*with_versions(denied, ledger), *wrong_format, *log_findings(ledger)]
    report.entries, report.versions = ledger.log.length, ledger.history.length
    meter = Meter(_bytes_to_read(ledger, quick=quick), progress)
    report.findings += commit_findings(ledger, meter, quick=quick)
    report.findings += base_findings(ledger, meter, quick=quick)
    report.bases = len(ledger.locations.bases())
    report.findings += of_readable(artifact_findings(ledger, report), denied)
    if isinstance(ledger.locations, DirectoryStore):
        if ledger.locations.cache is not None:
            derived = cache_findings(ledger, ledger.locations.cache, before, report, quick=quick)
            report.findings += of_readable(derived, denied)
        report.findings += pack_findings(ledger, ledger.locations)
        report.findings += stray_findings(ledger.locations, claim=ledger.log.next)
    else:
        report.findings += _file_findings(ledger, before)
    kinds = ("damage", "denied")
    lost = {number for finding in report.findings if finding.kind in kinds for number in finding.versions}
    report.whole = tuple(number for number in range(ledger.history.length) if number not in lost)
    if numbers:
        report.findings += number_findings(ledger, report)
    return report


def _file_findings(ledger: Ledger, before: Derived) -> Iterator[Finding]:
    """Yield a finding for a damaged index, or damaged links within the file, of a store that is one file."""
    path = ledger.locations.path
    if ledger.log.damage or isinstance(ledger.locations, DirectoryStore):
        return
    if (behind := what_is_behind(path)) is not None:
        yield Finding("note", path.name, behind)
    location = ledger.locations.index()
    known = before.index
    if location is not None and (known is None or not known.length or not index_agrees(ledger, known)):
        what = f"{location} is damaged, or not the index of this log: opening the file reads every entry."
        yield Finding("damage", path.name, what)
    if wrong := read_problem(lambda: hdf5.walk(path)):
        yield Finding("damage", path.name, f"{wrong} All entries can be read.", advice="file-damaged")


def _format_findings(path: Path) -> list[Finding]:
    """Return the finding of a damaged file FORMAT, if this is nevertheless clearly a store of this format."""
    try:
        if path.is_file():
            return []
        check_format(path)
    except FormatError as failure:
        has_folders = all((path / name).is_dir() for name in (layout.LOG, layout.BASES))
        if not has_folders or _names_a_format(path / layout.FORMAT_FILE):  # no store, or one of another format
            raise
        return [Finding("derived", layout.FORMAT_FILE, failure.message)]
    return []


def _names_a_format(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as content:  # whatever its size
        return ANY_FORMAT.fullmatch(content.read(200).decode(errors="replace")) is not None


def _bytes_to_read(ledger: Ledger, *, quick: bool) -> int:
    """Return about how many bytes of commits and, unless `quick`, of bases there are to read."""
    work = COMMIT_BYTES * len(ledger.history.commits)
    for file in () if quick else {ledger.locations.base(base).path for base in ledger.locations.bases()}:
        with contextlib.suppress(OSError):  # a finding of its own reports it
            work += file.stat().st_size
    return work
