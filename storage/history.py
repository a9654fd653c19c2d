"""History: which pathways are active in a version, and what its base is. A version is a set (DESIGN section 3).

active(v) is the adds among v's ancestors, less the adds that an ancestral drop had seen: an observed-remove set. A
re-add is a new event; equal content counts once. So a merge needs no merge base, and both sides give one version.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..engine.errors import Conflict
from . import layout
from .records import CommitEntry, DropRecord, PathwayRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """One adding of a pathway: by which commit, and which content."""

    commit: str
    pathway: str


class History:
    """The commits of a store, by id and by number."""

    def __init__(self) -> None:
        self.commits: list[CommitEntry] = []
        self._numbers: dict[str, int] = {}
        self._active: dict[str, frozenset[Event]] = {}

    def take(self, entry: CommitEntry) -> None:
        """Take in the next commit of the log."""
        self._numbers[entry.id] = len(self.commits)
        self.commits.append(entry)

    def __contains__(self, commit: object) -> bool:
        return commit in self._numbers

    def __getitem__(self, commit: str) -> CommitEntry:
        return self.commits[self._numbers[commit]]

    def number(self, commit: str) -> int:
        """Return n of the version vn: commits count from 0 in the order of this store's log."""
        return self._numbers[commit]

    def ancestors(self, *commits: str) -> set[str]:
        """Return the commits from which these descend, themselves included."""
        found: set[str] = set()
        waiting = list(commits)
        while waiting:
            commit = waiting.pop()
            if commit not in found:
                found.add(commit)
                waiting.extend(self[commit].commit.parents)
        return found

    def newest_first(self, commit: str) -> list[CommitEntry]:
        """Return a commit's ancestors and itself, newest first: every commit before its parents."""
        return [self.commits[number] for number in sorted(self.number(one) for one in self.ancestors(commit))[::-1]]

    def first_parents(self, commit: str) -> Iterator[CommitEntry]:
        """Yield a commit, its first parent, that one's first parent, and so on to the root."""
        entry = self[commit]
        yield entry
        while entry.commit.parents:
            entry = self[entry.commit.parents[0]]
            yield entry

    def active(self, commit: str) -> frozenset[Event]:
        """Return the adds that are active in a version."""
        chain: list[CommitEntry] = []
        for entry in self.first_parents(commit):
            if entry.id in self._active:
                break
            chain.append(entry)
            if len(entry.commit.parents) != 1:
                break
        for entry in reversed(chain):
            self._active[entry.id] = self._step(entry)
        return self._active[commit]

    def merged(self, *commits: str) -> frozenset[Event]:
        """Return the adds active where the histories of these commits meet."""
        events: set[Event] = set()
        dropped: set[Event] = set()
        for one in self.ancestors(*commits):
            entry = self[one]
            events.update(adds_of(entry))
            dropped.update(drops_of(entry))
        return frozenset(events - dropped)

    def merged_base(self, *commits: str) -> str:
        """Return the base where the histories of these commits meet: the one that no later change of base has seen.

        Raises
        ------
        Conflict
            Both sides changed the base, to different ones.
        """
        setters = [one for one in self.ancestors(*commits) if self[one].commit.sets_base]
        seen: set[str] = set()
        for one in setters:
            seen.update(self.ancestors(*self[one].commit.parents) if self[one].commit.parents else ())
        last = {self[one].commit.base: one for one in setters if one not in seen}
        if len(last) > 1:
            names = " and ".join(sorted(f"v{self.number(one)}" for one in last.values()))
            raise Conflict(f"Both sides changed the base, in {names}, to different ones.")
        return next(iter(last))

    def record(self, event: Event) -> PathwayRecord:
        """Return the record of the pathway that an event added."""
        return next(one for one in self[event.commit].commit.adds if one.id == event.pathway)

    def pathways(self, events: Iterator[Event] | Sequence[Event] | frozenset[Event]) -> dict[str, list[Event]]:
        """Return events by the pathway they added, each list in the order of the log."""
        grouped: dict[str, list[Event]] = {}
        for event in sorted(events, key=lambda event: (self.number(event.commit), event.pathway)):
            grouped.setdefault(event.pathway, []).append(event)
        return grouped

    def drop_records(self, dropped: Mapping[str, list[Event]]) -> tuple[DropRecord, ...]:
        """Return the records that drop pathways, with the adds that the drop has seen."""
        return tuple(
            DropRecord(
                id=pathway,
                names=self.record(events[0]).names,
                seen=tuple(sorted(event.commit for event in events)),
            )
            for pathway, events in sorted(dropped.items())
        )

    def content(self, base: str, events: frozenset[Event]) -> str:
        """Return the content id of a base with these adds active."""
        return layout.version_content_id(base, {event.pathway for event in events})

    def _step(self, entry: CommitEntry) -> frozenset[Event]:
        parents = entry.commit.parents
        if len(parents) > 1:
            return self.merged(entry.id)
        before = self._active[parents[0]] if parents else frozenset[Event]()
        return (before | adds_of(entry)) - drops_of(entry)


def adds_of(entry: CommitEntry) -> frozenset[Event]:
    """Return the adds of a commit."""
    return frozenset(Event(entry.id, pathway.id) for pathway in entry.commit.adds)


def drops_of(entry: CommitEntry) -> frozenset[Event]:
    """Return the adds that a commit drops."""
    return frozenset(Event(seen, drop.id) for drop in entry.commit.drops for seen in drop.seen)
