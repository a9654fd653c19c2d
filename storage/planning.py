"""A commit on its way: planned, measured on its anchor, and made into a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..engine.covariance import DenseCovariance
from ..engine.stability import affordable, probe
from . import anchors
from .entries import commit_id, pathway_id, pathway_record
from .history import Event
from .reading import Recipe
from .records import CommitEntry, CommitRecord, DropRecord, MeasuredRecord, SourceRecord

if TYPE_CHECKING:
    from ..engine.pathway import Pathway
    from ..engine.snapshot import Snapshot
    from .history import History
    from .reading import Reader


@dataclass(frozen=True, slots=True)
class Plan:
    """A commit before it is measured and written.

    Parameters
    ----------
    branch : str
        The branch it will move.
    parents : tuple of str
        Commits it comes from; none for the first of a store.
    base : str
        The id of the version's base.
    message : str
        What the author says.
    pathways : tuple of Pathway
        What it adds.
    missing : mapping of str to sequence of str
        By pathway label, genes of the source that are not on the panel and were left out.
    drops : tuple of DropRecord
        What it drops.
    source : SourceRecord, optional
        The file that the pathways were read from.
    invert : bool
        Whether to invert the version in full whether or not that is due.
    """

    branch: str
    parents: tuple[str, ...]
    base: str
    message: str
    pathways: tuple[Pathway, ...] = ()
    missing: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    drops: tuple[DropRecord, ...] = ()
    source: SourceRecord | None = None
    invert: bool = False

    def record(self, history: History, author: str, time: str) -> CommitRecord:
        """Return the commit's record."""
        return CommitRecord(
            parents=self.parents,
            base=self.base,
            sets_base=not self.parents or self.base not in {history[one].commit.base for one in self.parents},
            adds=tuple(pathway_record(one, self.missing.get(one.label, ())) for one in self.pathways),
            drops=self.drops,
            author=author,
            time=time,
            message=self.message,
            source=self.source,
        )


class Measuring:
    """Finds how a planned version is read, and what its numbers are worth.

    Parameters
    ----------
    reader : Reader
        Reads versions.
    history : History
        The commits so far.
    """

    def __init__(self, reader: Reader, history: History) -> None:
        self._reader = reader
        self._history = history

    def events(self, plan: Plan) -> frozenset[Event]:
        """Return the adds of earlier commits that will be active."""
        dropped = {Event(seen, drop.id) for drop in plan.drops for seen in drop.seen}
        if len(plan.parents) > 1:
            return self._history.merged(*plan.parents) - dropped
        before = self._history.active(plan.parents[0]) if plan.parents else frozenset[Event]()
        return before - dropped

    def preview(self, plan: Plan, name: str) -> Snapshot:
        """Return the snapshot that the commit would make, after checking that it exists.

        Raises
        ------
        NotPositiveDefinite
            The subtractions take more than is there.
        """
        events = self.events(plan)
        anchor, _ = self._anchor(plan, {event.pathway for event in events})
        return self._reader.snapshot(Recipe(plan.base, events, anchor), name=name, new=_new(plan))

    def measure(self, plan: Plan) -> MeasuredRecord:
        """Return what the log says of the commit's numbers; where it is due, invert the version in full first.

        Raises
        ------
        NotPositiveDefinite
            The subtractions take more than is there.
        """
        events, new = self.events(plan), _new(plan)
        anchor, since = self._anchor(plan, {event.pathway for event in events})
        recipe = Recipe(plan.base, events, anchor)
        snapshot = self._reader.snapshot(recipe, new=new)
        found = probe(snapshot) if affordable(snapshot) else None
        base = self._reader.base(plan.base)
        dense = isinstance(base.covariance, DenseCovariance)
        due = anchors.due(genes=len(base.panel), rank=snapshot.rank, commits=since, dense=dense, probe=found)
        if due or plan.invert:
            anchor, since = self._reader.invert(recipe, new), 0
            snapshot = self._reader.anchored(snapshot, anchor)
            found = probe(snapshot) if affordable(snapshot) else None
        return MeasuredRecord(
            content=snapshot.content,
            rank=self._rank(events, plan),
            anchor=anchor,
            since_anchor=since,
            probe=found,
            guard=snapshot.capacitance.guard,
        )

    def _anchor(self, plan: Plan, active: set[str]) -> tuple[str | None, int]:
        """Return the anchor to read from, and how many commits will have gone by since it was made.

        Of the parents' anchors it is the one that has taken in most, among those that took in nothing inactive.
        """
        counts: dict[str | None, int] = {None: 0}
        for parent in plan.parents:
            measured = self._history[parent].measured
            if self._history[parent].commit.base == plan.base:
                counts[measured.anchor] = max(counts.get(measured.anchor, 0), measured.since_anchor + 1)
        usable = [one for one in counts if self._reader.folded(one) <= active]
        best = max(usable, key=lambda one: (len(self._reader.folded(one)), one or ""))
        return best, counts[best]

    def _rank(self, events: frozenset[Event], plan: Plan) -> int:
        grouped = self._history.pathways(events)
        active = sum(len(self._history.record(adds[0]).names) for adds in grouped.values())
        return active + sum(pathway.rank for pathway in plan.pathways)


def entry_of(
    plan: Plan, record: CommitRecord, measured: MeasuredRecord, number: int, previous: str | None
) -> CommitEntry:
    """Return the log entry of a commit."""
    return CommitEntry(
        number=number,
        previous=previous,
        id=commit_id(record),
        branch=plan.branch,
        commit=record,
        measured=measured,
    )


def _new(plan: Plan) -> dict[str, Pathway]:
    return {pathway_id(pathway): pathway for pathway in plan.pathways}
