"""What `verify` finds: one thing that is not as it should be, and the report of all of them.

Three kinds of finding. *Damage* cannot be undone from within the store: put a good copy in its place. What is *derived*
can be made again. A *note* is harmless: a leftover, a cache that is not there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ...engine.errors import EngineError, FormatError
from ..files import hdf5

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..history.ledger import Ledger

Kind = Literal["damage", "derived", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    Parameters
    ----------
    kind : {"damage", "derived", "note"}
        Whether it is lost, can be made again, or is harmless.
    path : str
        Which file, within the store.
    what : str
        What is wrong with it.
    versions : tuple of int
        n of the versions vn that cannot be read because of it.
    refs : tuple of str
        Branches and tags of which it is no longer certain where they stand; `HEAD` too.
    repaired : bool
        Whether it has been mended.
    """

    kind: Kind
    path: str
    what: str
    versions: tuple[int, ...] = ()
    refs: tuple[str, ...] = ()
    repaired: bool = False


@dataclass(slots=True)
class Report:
    """What was read, and what is not as it should be.

    Parameters
    ----------
    findings : list of Finding
        In the order of the walk.
    entries, versions, bases, analyses, cached : int
        How many were read.
    whole : tuple of int
        n of the versions vn that can be read.
    residuals : dict of str to float
        The probe's relative error of each version whose numbers were tried.
    """

    findings: list[Finding] = field(default_factory=list[Finding])
    entries: int = 0
    versions: int = 0
    bases: int = 0
    analyses: int = 0
    cached: int = 0
    whole: tuple[int, ...] = ()
    residuals: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def sound(self) -> bool:
        """Whether nothing is damaged; notes do not count, nor what has been mended."""
        return all(one.kind == "note" or one.repaired for one in self.findings)


@dataclass(slots=True)
class Meter:
    """How much of a walk is done.

    Parameters
    ----------
    total : int
        What there is to read, in bytes.
    tell : callable, optional
        Told the share that is done.
    done : int
        What has been read.
    """

    total: int
    tell: Callable[[float], None] | None
    done: int = 0

    def add(self, count: int) -> None:
        """Count bytes that have been read."""
        self.done += count
        if self.tell is not None:
            self.tell(min(self.done / max(self.total, 1), 1.0))


def read_problem(step: Callable[[], object]) -> str:
    """Return what is wrong with what a step reads; nothing where all is well."""
    try:
        step()
    except (FormatError, EngineError) as failure:
        return failure.message
    except OSError as failure:
        if failure.errno not in hdf5.OF_THE_FILE:
            raise
        return f"{failure.filename} cannot be read: {failure.strerror}."
    return ""


def read_whole(place: hdf5.Location, kind: str, *, quick: bool, meter: Meter | None = None) -> None:
    """Read a file of the store; all of it, unless it shall be quick."""
    stored = hdf5.read(place, kind)
    if not quick:
        stored.check_bulk(lambda count: None if meter is None else meter.add(count))


def within(ledger: Ledger, path: Path) -> str:
    """Return a path as it is told: within the store."""
    return path.relative_to(ledger.locations.path).as_posix() if path != ledger.locations.path else path.name
