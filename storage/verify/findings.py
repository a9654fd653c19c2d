"""Findings of `verify`, and the report of all of them.

There are four kinds of finding. *Damage* cannot be undone from within the store: it takes a good copy. What is
*derived* can be computed again. What is *denied* may not be read by this account, and nothing is said of what is in it.
A *note* is harmless: a leftover, a missing cache.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ...engine.errors import AccessDenied, EngineError, FormatError
from ..files import hdf5

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..history.ledger import Ledger
    from ..restore.restore import Restored

FindingKind = Literal["damage", "derived", "denied", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One file of a store that is not as it should be.

    Parameters
    ----------
    kind : {"damage", "derived", "denied", "note"}
        Whether the file is lost, can be computed again, may not be read, or is harmless.
    path : str
        The path of the file within the store.
    what : str
        A sentence that says what is wrong with it.
    versions : tuple of int
        n of the versions vn that cannot be read because of it.
    refs : tuple of str
        Branches, tags and `HEAD`, if they may have moved in an entry that is damaged.
    advice : str
        The code of the advice that goes with it, which the command line words; may be empty.
    repaired : bool
        Whether it has been repaired.
    """

    kind: FindingKind
    path: str
    what: str
    versions: tuple[int, ...] = ()
    refs: tuple[str, ...] = ()
    advice: str = ""
    repaired: bool = False


@dataclass(slots=True)
class Report:
    """The findings of a walk through a store, and the number of files that it read.

    Parameters
    ----------
    findings : list of Finding
        The findings, in the order of the walk.
    entries, versions, bases, analyses, cached : int
        The number of each that was read; `cached` counts full inversions.
    whole : tuple of int
        n of the versions vn that can be read.
    residuals : dict of str to float
        The probe's relative error of each version whose numbers were checked.
    restored : list of Restored
        What was put back from elsewhere.
    lacking : list of str
        A sentence on each file that was looked for elsewhere, and is not there.
    aside : list of (str, str)
        Files that are none of a store's, and where they have been moved to.
    """

    findings: list[Finding] = field(default_factory=list[Finding])
    entries: int = 0
    versions: int = 0
    bases: int = 0
    analyses: int = 0
    cached: int = 0
    whole: tuple[int, ...] = ()
    residuals: dict[str, float] = field(default_factory=dict[str, float])
    restored: list[Restored] = field(default_factory=list["Restored"])
    lacking: list[str] = field(default_factory=list[str])
    aside: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    @property
    def sound(self) -> bool:
        """Whether all was read, and nothing is damaged; notes do not count, nor what has been repaired."""
        return all(finding.kind == "note" or finding.repaired for finding in self.findings)


@dataclass(slots=True)
class Meter:
    """The share of a walk that is done.

    Parameters
    ----------
    total : int
        Bytes to read.
    progress : callable, optional
        Called with the share that is done.
    done : int
        Bytes that have been read.
    """

    total: int
    progress: Callable[[float], None] | None
    done: int = 0

    def add(self, count: int) -> None:
        """Count bytes that have been read."""
        self.done += count
        if self.progress is not None:
            self.progress(min(self.done / max(self.total, 1), 1.0))


def read_problem(step: Callable[[], object]) -> str:
    """Return the message of the error that a step which reads raises; an empty text where it raises none."""
    try:
        step()
    except (FormatError, EngineError) as failure:
        return failure.message
    except AccessDenied:  # a finding of its own reports it
        return ""
    except OSError as failure:
        if failure.errno not in hdf5.OF_THE_FILE:
            raise
        return f"{failure.filename} cannot be read: {failure.strerror}."
    return ""


def read_whole(location: hdf5.Location, kind: str, *, quick: bool, meter: Meter | None = None) -> None:
    """Read a file of the store; `quick` leaves out the large arrays."""
    stored = hdf5.read(location, kind)
    if not quick:
        stored.check_bulk(lambda count: None if meter is None else meter.add(count))


def within(ledger: Ledger, path: Path) -> str:
    """Return a path relative to the store."""
    return path.relative_to(ledger.locations.path).as_posix() if path != ledger.locations.path else path.name
