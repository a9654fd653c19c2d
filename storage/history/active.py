"""History: which pathways are active in a version, and what its base is.

`docs/architecture.md`, "A version is a set", has the reasons. active(v) is the adds among v's ancestors, less the adds
that an ancestral drop had seen: an observed-remove set. A re-add is a new event; equal content counts once. So a merge
needs no merge base, and both sides give one version.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, TypeVar

from ...engine.errors import FormatError
from ..files import layout
from .commits import Event, adds_of, logged_facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from .commits import Commit, LoggedFacts, PathwayFacts
    from .index.commits import IndexedCommits
    from .records import DropRecord, LoggedCommit, PathwayRecord

Cached = TypeVar("Cached")

MOST_CACHED = 4_096
"""Most records of commits in memory; of sets of active pathways, a sixteenth of it."""

LONGEST_CHAIN = 128
"""Most commits over which a set of active pathways is followed step by step; beyond, it is found from all ancestors."""


class History:
    """The commits of a store, by id and by number.

    Parameters
    ----------
    load : callable
        Returns the whole record of a commit from the log.
    first : IndexedCommits, optional
        Commits that are known already, in the order of the log.
    describe : callable, optional
        Returns what is shown of a commit; by default what its record in the log says.
    noted : callable, optional
        Returns the adds that are active in a version, where somebody has noted them.

    Attributes
    ----------
    lost : int
        How many commits the log brought that cannot be read.
    """

    def __init__(
        self,
        load: Callable[[Commit], LoggedCommit],
        first: IndexedCommits | None = None,
        describe: Callable[[Commit], LoggedFacts] | None = None,
        noted: Callable[[Commit], frozenset[Event] | None] = lambda _: None,
    ) -> None:
        self._first = first
        self._later: list[Commit | None] = []
        self.lost = 0
        self._load, self._describe, self._noted = load, describe, noted
        self._numbers = dict[str, int]() if first is None else first.numbers
        self._of_content: dict[str, list[str]] | None = None
        self._records: dict[str, LoggedCommit] = {}
        self._facts: dict[str, LoggedFacts] = {}
        self._adds: dict[str, dict[str, PathwayFacts]] = {}
        self._active: dict[str, frozenset[Event]] = {}

    @property
    def commits(self) -> list[Commit]:
        """The commits that are known, in the order of the log."""
        return [*(self._first or ()), *(commit for commit in self._later if commit is not None)]

    @property
    def known(self) -> int:
        """How many commits are known."""
        return len(self._numbers)

    @property
    def length(self) -> int:
        """How many commits the log brought, with those that are lost."""
        return len(self._first or ()) + len(self._later)

    def append(self, commit: Commit, record: LoggedCommit | None = None) -> None:
        """Append the next commit of the log."""
        self._numbers[commit.id] = self.length
        self._later.append(commit)
        if self._of_content is not None:
            self._of_content.setdefault(commit.content, []).append(commit.id)
        if record is not None:
            _cache(self._records, commit.id, record, MOST_CACHED)

    def reserve(self, length: int) -> range:
        """Leave room for commits that the log brought and that cannot be read, so that there are so many in all.

        Returns
        -------
        range
            n of the versions vn that are lost.
        """
        new = range(self.length, max(length, self.length))
        self._later.extend([None] * len(new))
        self.lost += len(new)
        return new

    def __contains__(self, commit: object) -> bool:
        return commit in self._numbers

    def __getitem__(self, commit: str) -> Commit:
        known = self.numbered(self._numbers[commit]) if commit in self._numbers else None
        if known is None:
            raise _lost(commit)
        return known

    def numbered(self, number: int) -> Commit | None:
        """Return the commit of the version vn, or `None` if there is none that can be read."""
        known = len(self._first or ())
        if self._first is not None and number < known:
            return self._first[number]
        return self._later[number - known] if number < self.length else None

    def number(self, commit: str) -> int:
        """Return n of the version vn: commits count from 0 in the order of this store's log.

        Raises
        ------
        FormatError
            Nothing is known of the commit, which another names as its parent: its entry is lost.
        """
        if commit not in self._numbers:
            raise _lost(commit)
        return self._numbers[commit]

    def logged(self, commit: str) -> LoggedCommit:
        """Return the whole record of a commit."""
        if commit not in self._records:
            _cache(self._records, commit, self._load(self[commit]), MOST_CACHED)
        return self._records[commit]

    def facts(self, commit: str) -> LoggedFacts:
        """Return what is shown of a commit: the same as `logged`, without reading the log where its index has it."""
        if commit not in self._facts:
            described = self._describe
            facts = logged_facts(self.logged(commit)) if described is None else described(self[commit])
            _cache(self._facts, commit, facts, MOST_CACHED)
        return self._facts[commit]

    def identities(self) -> Iterator[tuple[int, str, str]]:
        """Yield number, id and content id of each commit that is known, in the order of the log."""
        first = self._first
        if first is not None:
            yield from zip(range(len(first)), first.ids, first.contents(), strict=True)
        for number, commit in enumerate(self._later, start=len(first or ())):
            if commit is not None:
                yield number, commit.id, commit.content

    def of_content(self, content: str) -> Sequence[str]:
        """Return the commits whose versions have a content id, in the order of the log."""
        if self._of_content is None:
            self._of_content = {}
            for _, id_, known in self.identities():
                self._of_content.setdefault(known, []).append(id_)
        return self._of_content.get(content, ())

    def ancestors(self, *commits: str) -> set[str]:
        """Return the commits from which these descend, themselves included."""
        ancestors: set[str] = set()
        waiting = list(commits)
        while waiting:
            commit = waiting.pop()
            if commit not in ancestors:
                ancestors.add(commit)
                waiting.extend(self[commit].parents)
        return ancestors

    def all_newest_first(self) -> Iterator[Commit]:
        """Yield all commits that are known, from the last in the log to the first."""
        for number in reversed(range(self.length)):
            if (known := self.numbered(number)) is not None:
                yield known

    def newest_first(self, commit: str, without: str | None = None) -> Iterator[Commit]:
        """Yield a commit and its ancestors, newest first: every commit before its parents, each as it is asked for.

        Parameters
        ----------
        commit : str
            The first.
        without : str, optional
            A commit that is left out with its ancestors.
        """
        waiting = [(-self.number(commit), True)]
        if without is not None:
            waiting.append((-self.number(without), False))
        heapq.heapify(waiting)
        wanted = 1  # how many of those that wait are not known to be left out
        while wanted:
            number, inside = heapq.heappop(waiting)
            wanted -= inside
            while waiting and waiting[0][0] == number:
                _, also = heapq.heappop(waiting)
                wanted -= also
                inside = inside and also
            if (known := self.numbered(-number)) is None:
                continue  # no commit is lost that has a number of its own
            if inside:
                yield known
            for parent in known.parents:
                heapq.heappush(waiting, (-self.number(parent), inside))
                wanted += inside

    def first_parents(self, commit: str) -> Iterator[Commit]:
        """Yield a commit, its first parent, that one's first parent, and so on to the root."""
        entry = self[commit]
        yield entry
        while entry.parents:
            entry = self[entry.parents[0]]
            yield entry

    def active(self, commit: str) -> frozenset[Event]:
        """Return the adds that are active in a version."""
        chain: list[Commit] = []
        for entry in self.first_parents(commit):
            if entry.id in self._active:
                break
            if (noted := self._noted(entry)) is not None:
                _cache(self._active, entry.id, noted, MOST_CACHED // 16)
                break
            if len(entry.parents) != 1 or len(chain) == LONGEST_CHAIN:
                _cache(self._active, entry.id, self.merged(entry.id), MOST_CACHED // 16)
                break
            chain.append(entry)
        for entry in reversed(chain):
            events = (self._active[entry.parents[0]] | adds_of(entry)) - frozenset(entry.drops)
            _cache(self._active, entry.id, events, MOST_CACHED // 16)
        return self._active[commit]

    def merged(self, *commits: str) -> frozenset[Event]:
        """Return the adds active where the histories of these commits meet."""
        events: set[Event] = set()
        dropped: set[Event] = set()
        for commit in self.ancestors(*commits):
            entry = self[commit]
            events.update(adds_of(entry))
            dropped.update(entry.drops)
        return frozenset(events - dropped)

    def last_bases(self, *commits: str) -> dict[str, str]:
        """Return the bases that no later change has seen where the histories of these commits meet, and who set them.

        Returns
        -------
        dict of str to str
            By the id of a base the last commit that set it; one base unless several sides changed it.
        """
        setters = [commit for commit in self.ancestors(*commits) if self[commit].sets_base]
        seen: set[str] = set()
        for commit in setters:
            seen.update(self.ancestors(*self[commit].parents))
        unseen = sorted((commit for commit in setters if commit not in seen), key=self.number)
        return {self[commit].base: commit for commit in unseen}

    def record(self, event: Event) -> PathwayFacts:
        """Return what is shown of the pathway that an event added."""
        if (adds := self._adds.get(event.commit)) is None:  # a commit may add thousands
            adds = {record.id: record for record in self.facts(event.commit).commit.adds}
            _cache(self._adds, event.commit, adds, MOST_CACHED)
        if (record := adds.get(event.pathway)) is None:
            raise _not_added(event)
        return record

    def logged_pathway(self, event: Event) -> PathwayRecord:
        """Return the record in the log of the pathway that an event added, to be written again."""
        record = next((record for record in self.logged(event.commit).commit.adds if record.id == event.pathway), None)
        if record is None:
            raise _not_added(event)
        return record

    def pathways(self, events: Iterable[Event]) -> dict[str, list[Event]]:
        """Return events by the pathway they added, each list in the order of the log."""
        grouped: dict[str, list[Event]] = {}
        for event in sorted(events, key=lambda event: (self.number(event.commit), event.pathway)):
            grouped.setdefault(event.pathway, []).append(event)
        return grouped

    def drop_records(self, dropped: Mapping[str, list[Event]]) -> tuple[DropRecord, ...]:
        """Return the records that drop pathways, with the adds that the drop has seen."""
        from .records import DropRecord  # not where names alone are read, as completion does

        return tuple(
            DropRecord(
                id=pathway,
                names=self.logged_pathway(events[0]).names,
                seen=tuple(sorted(event.commit for event in events)),
            )
            for pathway, events in sorted(dropped.items())
        )

    def content(self, base: str, events: frozenset[Event]) -> str:
        """Return the content id of a base with these adds active."""
        return layout.version_content_id(base, {event.pathway for event in events})


def _lost(commit: str) -> FormatError:
    """Return the refusal of a commit that another names, and of which nothing is known."""
    return FormatError(
        f"The commit {commit} cannot be read: the entry of the log that brought it is missing or damaged.",
        code="lost-entry",
    )


def _not_added(event: Event) -> FormatError:
    return FormatError(
        f"The commit {event.commit} adds no pathway {event.pathway}, but the index of the log says that it does.",
        code="index-damaged",
    )


def _cache(cache: dict[str, Cached], key: str, value: Cached, most: int) -> None:
    """Put a value into a cache, and drop the oldest where there are too many."""
    while len(cache) >= most:
        del cache[next(iter(cache))]
    cache[key] = value
