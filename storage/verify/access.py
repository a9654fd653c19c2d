"""Files that this account may not read, or whose modes keep others out: told as that, and never as damage."""

from __future__ import annotations

import errno
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

from ..files import access, layout
from ..files.locations import mode_of, unreadable_in
from ..transfer.sharing import mend_record, misfits, set_modes
from .findings import Finding

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator
    from pathlib import Path

    from ..history.ledger import Ledger

MODE = "mode-not-shared"
"""The code of the advice on a file that keeps others out, whether or not this account may read it."""

NEEDED = (".", layout.FORMAT_FILE, layout.LOG, layout.PACKS, layout.BASES)
"""What versions are read from; the rest of a store can be made again."""


def access_findings(store: Path) -> list[Finding]:
    """Return a finding for each file that this account may not read, and for each whose mode keeps others out."""
    if not stat.S_ISDIR(mode_of(store) or 0):
        return []
    if not access.may_read(store):
        return [_finding(store, store)]
    denied = {finding.path: finding for finding in (_finding(store, path) for path in unreadable_in(store))}
    return [*denied.values(), *_record_findings(store), *_mode_findings(store, denied)]


def _mode_findings(store: Path, denied: Container[str]) -> Iterator[Finding]:
    """Yield a note for each file whose mode keeps others out."""
    notes = (Finding("note", misfit.path, misfit.fault, advice=MODE) for misfit in misfits(store))
    yield from (note for note in notes if note.path not in denied)


def _record_findings(store: Path) -> Iterator[Finding]:
    """Yield a finding for a record of who may use the store that makes no sense."""
    if access.makes_no_sense(store):
        what = f"{store / layout.SHARED_FILE} does not say who may use the store."
        yield Finding("derived", layout.SHARED_FILE, what)


def mend_access(store: Path) -> list[Finding]:
    """Set the modes that this account may set, and return the findings that have gone with that."""
    before = access_findings(store)
    if before:
        mend_record(store)
        set_modes(store)
    left = {finding.path for finding in access_findings(store)} if before else set[str]()
    return [replace(finding, repaired=True) for finding in before if finding.path not in left]


def with_versions(findings: Iterable[Finding], ledger: Ledger) -> Iterator[Finding]:
    """Yield findings with the versions that cannot be read because a base may not be."""
    history = ledger.history
    for finding in findings:
        base = finding.path.removeprefix(f"{layout.BASES}/").removesuffix(layout.FILE_ENDING)
        every = finding.path == layout.BASES
        versions = (history.number(commit.id) for commit in history.commits if every or commit.base == base)
        yield replace(finding, versions=tuple(sorted(versions))) if finding.kind == "denied" else finding


def of_readable(findings: Iterable[Finding], access: Iterable[Finding]) -> Iterator[Finding]:
    """Yield findings on what is derived, without those on files that may not be read: what is in these is not known."""
    unread = [finding.path for finding in access if finding.advice != MODE]
    for finding in findings:
        if finding.kind != "derived" or not any(f"{finding.path}/".startswith(f"{path}/") for path in unread):
            yield finding


def _finding(store: Path, path: Path) -> Finding:
    shown, refusal = path.relative_to(store).as_posix(), access.refusal(errno.EACCES, path)
    command = getattr(refusal, "facts", {}).get("command", "")
    needed = shown.partition("/")[0] in NEEDED
    what = f"{refusal}{'' if needed else ' No version needs it.'}"
    return Finding("denied" if needed else "note", shown, f"{what} Its owner can type: {command}" if command else what)
