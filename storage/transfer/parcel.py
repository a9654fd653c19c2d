"""What travels from one store to another: commits with their pathways, and the bases that they need."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...engine.errors import FormatError
from ..files import durable, hdf5, layout
from ..networks.bases import read_base

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from ...engine.network.pathway import Pathway
    from ..files.locations import DirectoryStore, Location, Locations
    from ..history.active import History
    from ..history.ledger import Ledger
    from ..history.records import LoggedCommit


@dataclass(frozen=True, slots=True)
class Parcel:
    """Commits on their way from one store to another.

    Parameters
    ----------
    commits : tuple of LoggedCommit
        Their records, in the order of the log.
    pathways : tuple of Pathway
        The pathways that they add, in the same order.
    """

    commits: tuple[LoggedCommit, ...]
    pathways: tuple[Pathway, ...]

    @property
    def bases(self) -> list[str]:
        """The ids of the bases that they need."""
        return sorted({logged.commit.base for logged in self.commits})


def parcel_of(source: Ledger, commits: Collection[str], progress: Callable[[float], None] | None = None) -> Parcel:
    """Return commits of a store as a parcel; each entry of its log is read once.

    Parameters
    ----------
    source : Ledger
        The store.
    commits : collection of str
        Ids of the commits, in any order.
    progress : callable, optional
        Called with the share of the commits that have been read.
    """
    records: list[LoggedCommit] = []
    pathways: list[Pathway] = []
    in_order = sorted(commits, key=source.history.number)
    for entry, ids in itertools.groupby(in_order, key=lambda commit: source.history[commit].entry):
        logged = [source.history.logged(commit) for commit in ids]
        adds = [add.id for commit in logged for add in commit.commit.adds]
        by_id = source.log.pathways(entry, set(adds)) if adds else {}
        records.extend(logged)
        pathways.extend(by_id[add] for add in adds)
        if progress is not None:
            progress(len(records) / len(in_order))
    return Parcel(tuple(records), tuple(pathways))


def bases_of(history: History) -> list[str]:
    """Return the ids of the bases that the commits of a store need."""
    return sorted({commit.base for commit in history.commits})


def copy_base(source: Locations, target: DirectoryStore, base: str) -> bool:
    """Copy a base to another store, check the copy whole, and return whether no sound one was there yet."""
    location = target.base(base)
    if is_sound_base(location, base):
        durable.flush(location.path.parent)  # whoever wrote it may have died before that
        return False
    put_base_copy(source.base(base), location.path, base)
    return True


def put_base_copy(source: Location, path: Path, base: str) -> None:
    """Put a copy of a base in its place, whatever stood there; raises `FormatError` unless it is that base, whole."""
    _check(source, base)
    durable.put(path, hdf5.copy(source), check=lambda unfinished: _check(hdf5.Location(unfinished), base))


def is_sound_base(location: Location, base: str) -> bool:
    """Return whether the base of that id stands at a location, whole; all of it is read."""
    try:
        _check(location, base)
    except FormatError:
        return False
    return True


def _check(location: Location, base: str) -> None:
    """Refuse what stands at a location, unless it is the base of that id, whole."""
    read_base(location, base)
    hdf5.read(location, layout.BASE).check_bulk()
