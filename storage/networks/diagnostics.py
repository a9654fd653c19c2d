"""Diagnostics of a planned commit: its anchor, its rank, whether it is positive definite, and its numerical error."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ...engine.network.capacitance import WARN_BELOW
from ...engine.network.covariance import DenseCovariance
from ...engine.network.stability import affordable, probe
from ...engine.progress import unheard
from ..history.commits import PROBED_EVERY, Event
from ..history.records import MeasuredRecord
from . import anchors
from .reading import Recipe

if TYPE_CHECKING:
    from ...engine.network.pathway import Pathway
    from ...engine.network.snapshot import Snapshot
    from ...engine.progress import Progress
    from ..history.active import History
    from ..history.planning import Plan
    from .reading import VersionReader


IN_THE_WAY = (PermissionError, NotADirectoryError, FileExistsError)
"""Errors of a cache that can never be written, unlike those of a disk that is full or fails."""


class Diagnostics:
    """Computes how a planned version is read, and how exact its numbers are.

    Parameters
    ----------
    reader : VersionReader
        Reads versions.
    history : History
        The commits so far.
    """

    def __init__(self, reader: VersionReader, history: History) -> None:
        self._reader = reader
        self._history = history

    def events(self, plan: Plan) -> frozenset[Event]:
        """Return the adds of earlier commits that will be active."""
        dropped = {Event(seen, drop.id) for drop in plan.drops for seen in drop.seen}
        if len(plan.parents) > 1:
            return self._history.merged(*plan.parents) - dropped
        before = self._history.active(plan.parents[0]) if plan.parents else frozenset[Event]()
        return before - dropped

    def preview(self, plan: Plan, name: str, *, penalty: float = 0.0) -> Snapshot:
        """Return the snapshot that the commit would make, after checking that it is positive definite.

        With a penalty τ it is that of Σ + τV.

        Raises
        ------
        NotPositiveDefinite
            The subtractions take more than is there.
        """
        events = self.events(plan)
        anchor, _ = self._anchor(plan, {event.pathway for event in events})
        return self._reader.snapshot(Recipe(plan.base, events, anchor), name=name, new=_new(plan), penalty=penalty)

    def measure(self, plan: Plan, progress: Progress | None = None) -> MeasuredRecord:
        """Return the record of the commit's numbers; where it is due, invert the version in full first.

        With `progress`, that is called now and then with the share of the inversion that is done.

        Raises
        ------
        NotPositiveDefinite
            The subtractions take more than is there.
        """
        events, new = self.events(plan), _new(plan)
        anchor, since = self._anchor(plan, {event.pathway for event in events})
        recipe = Recipe(plan.base, events, anchor)
        snapshot = self._reader.snapshot(recipe, new=new)
        rank = snapshot.rank + self._rank_of(self._reader.folded(anchor), events)  # those folded in are no columns
        residual = _residual(snapshot, since)
        base = self._reader.base(plan.base)
        dense = isinstance(base.covariance, DenseCovariance)
        due = anchors.inversion_due(
            genes=len(base.panel), rank=snapshot.rank, commits=since, dense=dense, probe=residual
        )
        if plan.invert or due:
            # One that is merely due does not hinder a commit where something stands in the way of the cache.
            with contextlib.nullcontext() if plan.invert else contextlib.suppress(*IN_THE_WAY):
                anchor, since = self._reader.invert(recipe, new, progress or unheard), 0
                snapshot = self._reader.anchored(snapshot, anchor)
                residual = _residual(snapshot, since)
        return MeasuredRecord(
            content=snapshot.content,
            rank=rank,
            rank_since=snapshot.rank,
            anchor=anchor,
            since_anchor=since,
            probe=residual,
            guard=snapshot.capacitance.guard,
        )

    def _anchor(self, plan: Plan, active: set[str]) -> tuple[str | None, int]:
        """Return the anchor to read from, and the number of commits since it was made.

        Of the usable anchors of both parents it is the one with most pathways folded in.
        """
        counts: dict[str | None, int] = {None: 0}
        for parent in plan.parents:
            anchor, since = self._latest(parent, plan.base, active)
            counts[anchor] = max(counts.get(anchor, 0), since)
        best = max(counts, key=lambda content: (len(self._reader.folded(content)), content or ""))
        return best, counts[best]

    def _latest(self, parent: str, base: str, active: set[str]) -> tuple[str | None, int]:
        """Return the latest anchor of the first parents with only active pathways folded in, and the commits since."""
        passed_over: set[str | None] = set()
        for back, entry in enumerate(self._history.first_parents(parent), start=1):
            anchor = entry.anchor
            if entry.base != base:
                break
            if anchor not in passed_over and self._reader.folded(anchor) <= active:
                return anchor, entry.since_anchor + back
            passed_over.add(anchor)
        return None, 0

    def _rank_of(self, pathways: frozenset[str], events: frozenset[Event]) -> int:
        """Return the rank of pathways by their ids, each once."""
        if not pathways:
            return 0
        adds = {event.pathway: event for event in events if event.pathway in pathways}
        return sum(len(self._history.record(event).names) for event in adds.values())


def _residual(snapshot: Snapshot, since: int) -> float | None:
    """Return the probe of a version, where it is due so many commits after its anchor and does not take long.

    It is due, too, where subtractions leave so little that half of the digits are lost.
    """
    due = since % PROBED_EVERY == 0 or snapshot.capacitance.guard < WARN_BELOW
    return probe(snapshot) if due and affordable(snapshot) else None


def _new(plan: Plan) -> dict[str, Pathway]:
    return dict(zip(plan.ids, plan.pathways, strict=True))
