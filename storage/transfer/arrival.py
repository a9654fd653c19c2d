"""What arrives from another store is held to what a commit is held to here: git's `fsckObjects`, for numbers too.

Hashes show that history is what was written; whoever wrote it may have written with another program. So every commit
that arrives is checked as if it were made here: what its record says, that its version is positive definite, and that
what its store measured can be so. `history/checking.py` has what follows from history alone, `networks/base_checks.py`
what a base must be. Analyses and full inversions of others do not count as this store's, and are not checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...engine.errors import Conflict, EngineError, FormatError, InputError
from ...engine.network.capacitance import LARGEST_TRACE, ROUNDING, check_rank
from ...engine.network.columns import columns_of
from ..files import hdf5, layout
from ..files.locations import by_file
from ..history.changes import check_names, check_record_lengths
from ..history.checking import check_commit, check_stored_genes
from ..history.entries import parse_entry, pathways_of
from ..history.writing import check_author
from ..networks.anchors import LARGEST_INVERTED
from ..networks.base_checks import base_condition, check_base, largest_probe
from ..networks.reading import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from ...engine.network.pathway import Pathway
    from ...engine.network.snapshot import Snapshot
    from ..files.locations import Location
    from ..history.active import History
    from ..history.commits import Commit, Event
    from ..history.log import Log
    from ..history.records import EntryRecord, LoggedCommit
    from ..networks.bases import StoredBase
    from ..networks.reading import VersionReader
    from .parcel import Parcel

GUARD_ERROR = 1e-3
"""Largest relative error of a guard that another machine has measured, beside what rounding explains."""


class Bases:
    """Where the bases of what arrives stand: the new ones in the other store, others in this one.

    Parameters
    ----------
    new : mapping of str to Location
        The new ones, by id.
    standing : callable
        Returns where any other one stands.
    """

    def __init__(self, new: Mapping[str, Location], standing: Callable[[str], Location]) -> None:
        self.cache: Path | None = None  # nothing that others have computed is used
        self._new, self._standing = new, standing

    def base(self, base: str) -> Location:
        """Return where a base stands."""
        return self._new.get(base) or self._standing(base)


class ParcelLoadings:
    """The loadings of a parcel, and of what the store that it goes to has already.

    Parameters
    ----------
    parcel : Parcel
        What arrives.
    log : Log
        The log of the store that it goes to, of which the parcel is the next entry.
    bases : Bases
        Where the bases of both stand.
    """

    def __init__(self, parcel: Parcel, log: Log, bases: Bases) -> None:
        adds = (added.id for logged in parcel.commits for added in logged.commit.adds)
        self._arriving = dict(zip(adds, parcel.pathways, strict=True))
        self._log, self.locations = log, bases

    def pathways(self, number: int, wanted: Collection[str]) -> dict[str, Pathway]:
        """Return pathways that an entry brings, by their ids."""
        if number < self._log.next:
            return self._log.pathways(number, wanted)
        return {id_: self._arriving[id_] for id_ in wanted}


class RunLoadings:
    """The loadings of a log that is gone through in order: each run of entries is read once, its file opened once.

    Parameters
    ----------
    log : Log
        The log.
    bases : Bases
        Where its bases stand.
    run : int
        How many entries are read together.
    """

    def __init__(self, log: Log, bases: Bases, run: int) -> None:
        self._log, self.locations, self._run = log, bases, run
        self._read: dict[int, dict[str, Pathway]] = {}

    def entries(self) -> Iterator[EntryRecord]:
        """Yield every entry of the log, from the first; raises `FormatError` where one cannot be read."""
        for first in range(1, self._log.length + 1, self._run):
            numbers = range(first, min(first + self._run, self._log.length + 1))
            self._read = {}
            read: list[EntryRecord] = []
            for path, run in by_file([(number, self._log.locations.entry(number)) for number in numbers]):
                groups = [location.group for _, location in run]
                for (number, _), stored in zip(run, hdf5.read_each(path, groups, layout.ENTRY), strict=True):
                    if isinstance(stored, FormatError):
                        raise stored
                    read.append(entry := parse_entry(stored, number).entry)
                    self._read[number] = pathways_of(stored, entry)
            yield from read

    def pathways(self, number: int, wanted: Collection[str]) -> dict[str, Pathway]:
        """Return pathways that an entry brings, by their ids; of another run than that of now, from the log."""
        if number not in self._read:
            return self._log.pathways(number, wanted)
        return {id_: self._read[number][id_] for id_ in wanted}


class _Ground(NamedTuple):
    """What the versions on one base stand on: its snapshot, and what of the trace it takes."""

    snapshot: Snapshot
    deviations: NDArray[np.float64]
    trace: float
    condition: float
    weights: dict[str, float]


class Arrival:
    """Checks commits as they arrive, ancestors first.

    Parameters
    ----------
    history : History
        The commits that are known, and each that arrives by the time it is checked.
    reader : VersionReader
        Reads versions of both from their bases.
    """

    def __init__(self, history: History, reader: VersionReader) -> None:
        self._history, self._reader = history, reader
        self._grounds: dict[str, _Ground] = {}
        self._folded: dict[str, frozenset[str]] = {}

    def check_base(self, base: str, genes: Collection[str] | None = None) -> StoredBase:
        """Return a base that arrives, checked whole; refuse one that is none, or of another panel than these genes.

        Raises
        ------
        FormatError
            It is none, or of another panel.
        """
        stored = self._reader.base(base)
        if genes is not None and stored.panel.genes != genes:
            raise FormatError(f"The base {base} is of another panel than the store that holds it.")
        check_base(stored, f"The base {base}")
        return stored

    def check(self, logged: LoggedCommit) -> None:
        """Refuse a commit that could not have been made here.

        Raises
        ------
        FormatError
            Its record, its version or what was measured of it cannot be so; the sentence has the offending value.
        """
        check_commit(self._history, logged)
        commit = self._history[logged.id]
        self._check_record(commit, logged)
        self._check_anchor(commit, logged)
        self._check_numbers(commit, logged)

    def _check_record(self, commit: Commit, logged: LoggedCommit) -> None:
        """Refuse an author that is no name, what is too long, a name that is active, and a merge that sets the base."""
        history, record = self._history, logged.commit
        before: set[Event] = set()
        for parent in commit.parents:
            before |= history.active(parent)
        try:
            check_author(record.author)
            check_record_lengths(record)
            check_names(history, frozenset(before), {drop.id for drop in record.drops}, record.adds)
        except (InputError, Conflict) as failure:
            raise FormatError(f"The commit {commit.id} could not have been made here: {failure.message}") from None
        if len(set(commit.parents)) < len(commit.parents):
            raise FormatError(f"The commit {commit.id} merges {commit.parents[0]} with itself.")
        if len(commit.parents) > 1 and len({history[parent].base for parent in commit.parents}) > 1:
            last = set(history.last_bases(*commit.parents))
            if last != {commit.base} and not commit.sets_base:
                raise FormatError(
                    f"The commit {commit.id} merges two sides, and keeps the base {commit.base}, which is not the last."
                )

    def _check_anchor(self, commit: Commit, logged: LoggedCommit) -> None:
        """Refuse what a commit says of its anchor, if it is not what its ancestors give."""
        measured, history = logged.measured, self._history
        active = {event.pathway: event for event in history.active(commit.id)}
        folded = self._folded_into(commit.anchor)
        since = sum(len(history.record(event).names) for id_, event in active.items() if id_ not in folded)
        if measured.rank_since != since:
            raise FormatError(
                f"The record of commit {commit.id} has rank {measured.rank_since} since its anchor; it is {since}."
            )
        if commit.since_anchor not in (possible := self._commits_since(commit)):
            raise FormatError(
                f"The record of commit {commit.id} counts {commit.since_anchor} commits since its anchor; "
                f"there are {max(possible, default=0)}."
            )
        genes = len(self._ground(commit.base).snapshot.panel)
        if commit.anchor is not None and genes > LARGEST_INVERTED:
            raise FormatError(f"The commit {commit.id} names an anchor of {genes:,} genes, which nobody can make.")

    def _folded_into(self, anchor: str | None) -> frozenset[str]:
        if anchor is None:
            return frozenset()
        if anchor not in self._folded:
            version = next(iter(self._history.of_content(anchor)))  # `check_commit` has found one
            self._folded[anchor] = frozenset(event.pathway for event in self._history.active(version))
        return self._folded[anchor]

    def _commits_since(self, commit: Commit) -> set[int]:
        """Return how many commits since its anchor a commit can count, by what its parents count."""
        possible = {0} if commit.anchor == commit.content else set[int]()
        for parent in commit.parents:
            for back, entry in enumerate(self._history.first_parents(parent), start=1):
                if entry.base != commit.base:
                    break
                if entry.anchor == commit.anchor:
                    possible.add(entry.since_anchor + back)
                    break
        return possible or ({0} if commit.anchor is None else possible)

    def _check_numbers(self, commit: Commit, logged: LoggedCommit) -> None:
        """Refuse a version that is not positive definite, and a guard or probe that is not that of the version."""
        events, measured = self._history.active(commit.id), logged.measured
        ground = self._ground(commit.base)
        pathways = self._reader.loadings(events)
        check_stored_genes(pathways.values(), len(ground.snapshot.panel))
        try:
            check_rank(0 if commit.anchor else len(ground.snapshot.capacitance.anchor.inner), measured.rank_since)
            guard, rounding = self._guard(commit, events, pathways)
        except EngineError as failure:
            raise FormatError(f"The version of commit {commit.id} is none: {failure.message}") from None
        if not abs(measured.guard - guard) <= GUARD_ERROR * guard + rounding:
            raise FormatError(
                f"The record of commit {commit.id} says that its guard is {measured.guard:.6g}; it is {guard:.6g}."
            )
        most = largest_probe(ground.condition, guard)
        if measured.probe is not None and not measured.probe <= most:
            raise FormatError(
                f"The record of commit {commit.id} says that its precision is wrong by {measured.probe:.1e}; "
                f"from {most:.1e} on, a version is refused."
            )

    def _guard(self, commit: Commit, events: frozenset[Event], pathways: Mapping[str, Pathway]) -> tuple[float, float]:
        """Return the guard of a version over its anchor, and the error that rounding explains.

        What is only added leaves a covariance positive definite, and has the guard 1.
        """
        ground = self._ground(commit.base)
        if all(pathway.sign > 0 for pathway in pathways.values()):
            size = ground.trace + sum(self._weight(ground, id_, pathway) for id_, pathway in pathways.items())
            if not size < LARGEST_TRACE:
                raise EngineError(f"The loadings are too large: the trace of XᵀA⁻¹X is {size:.3g}.")
            return 1.0, 0.0
        whole = self._reader.snapshot(Recipe(commit.base, events))
        capacitance = whole.capacitance
        triangle = np.abs(capacitance.triangle)
        rounding = ROUNDING * max(ground.condition, float(np.square(triangle).sum(axis=1).max()))
        folded = self._folded_into(commit.anchor)
        left = {id_: pathway for id_, pathway in pathways.items() if pathway.sign < 0 and id_ not in folded}
        if not left:
            return 1.0, 0.0
        if not any(pathways[id_].sign < 0 for id_ in folded):
            return capacitance.guard, rounding
        others = self._reader.snapshot(Recipe(commit.base, frozenset(e for e in events if e.pathway not in left)))
        columns = columns_of(list(left.values()), ground.deviations)
        remaining = np.eye(columns.shape[1]) - columns.transposed_times(others.precision.times(columns))
        return float(np.linalg.eigvalsh(remaining)[0]), rounding

    def _ground(self, base: str) -> _Ground:
        if base not in self._grounds:
            snapshot, stored = self._reader.base_snapshot(base), self._reader.base(base)
            anchor = snapshot.capacitance.anchor
            trace = float(np.trace(anchor.inner))
            condition = base_condition(stored)
            self._grounds[base] = _Ground(snapshot, stored.deviations, trace, condition, {})
        return self._grounds[base]

    def _weight(self, ground: _Ground, id_: str, pathway: Pathway) -> float:
        """Return what a pathway adds to the trace of XᵀA⁻¹X."""
        if id_ not in ground.weights:
            anchor = ground.snapshot.capacitance.anchor
            with np.errstate(over="ignore", invalid="ignore"):  # what overflows is refused
                columns = columns_of([pathway], ground.deviations)
                small = anchor.small_matrix(columns, np.ones(len(anchor.inner) + columns.shape[1]))
            ground.weights[id_] = float(small.diagonal()[len(anchor.inner) :].sum())
        return ground.weights[id_]
