"""A version as it is shown: one commit of the history, with its record in the log and the refs that stand there."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...engine.errors import FormatError
from ...engine.tabular import Table, facts_html
from ...engine.wording import counted, printable
from .index.decode import facts_of
from .index.rows import CommitRow, parent_ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .active import History
    from .commits import LoggedFacts, PathwayFacts, SourceFacts
    from .index.decode import CommitSummary
    from .index.log_index import LogIndex
    from .ledger import Ledger


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a network.

    Parameters
    ----------
    number : int
        n of vn: commits count from 0 in the order of this store's log.
    summary : CommitSummary
        What the index says of its commit.
    refs : tuple of str
        HEAD, branches and tags that stand here.
    """

    number: int
    summary: CommitSummary
    refs: tuple[str, ...] = ()

    def __repr__(self) -> str:
        title = printable(self.message.partition("\n")[0])
        return f"<Version {self.name} {self.content[:8]}: {title[:60]}>"

    def _repr_html_(self) -> str:
        facts = [
            ("id", self.id),
            ("content", self.content),
            ("stands here", list(self.refs) or None),
            ("author", self.author),
            ("time", self.time),
            ("added", [name for pathway in self.added for name in pathway.names] or None),
            ("dropped", list(self.dropped) or None),
            ("rank", self.rank),
        ]
        return facts_html(repr(self), facts)

    @property
    def entry(self) -> LoggedFacts:
        """Its record in the log."""
        try:
            return facts_of(CommitRow._make(self.summary.line.split("\t")))
        except ValueError:
            raise _damaged(self) from None

    @property
    def name(self) -> str:
        """`v3`, say."""
        return f"v{self.number}"

    @property
    def id(self) -> str:
        """The commit's id, 64 hex digits."""
        return self.summary.id

    @property
    def content(self) -> str:
        """The content id: of the base and the set of active pathways."""
        return self.summary.content

    @property
    def parents(self) -> tuple[str, ...]:
        """Ids of the commits it came from: none for the first, two for a merge."""
        return parent_ids(self.summary.line.split("\t", 4)[3])

    @property
    def base(self) -> str:
        """The id of its base."""
        return self.summary.base

    @property
    def changes_base(self) -> bool:
        """Whether its parents have another base."""
        return self.summary.changes_base

    @property
    def added(self) -> tuple[PathwayFacts, ...]:
        """The pathways that the commit added."""
        return self.summary.added

    @property
    def dropped(self) -> tuple[str, ...]:
        """The names of the pathways that the commit dropped."""
        return self.summary.dropped

    @property
    def changes(self) -> tuple[str, ...]:
        """The pathways that the commit added, after a + or −, and those that it dropped, after that word."""
        added = [f"{'+' if record.sign > 0 else '−'} {', '.join(record.names)}" for record in self.added]
        return (*added, *(f"dropped {name}" for name in self.dropped))

    @property
    def rank(self) -> int:
        """The rank of all active pathways."""
        return self.summary.rank

    @property
    def message(self) -> str:
        """The author's message."""
        return self.summary.message

    @property
    def author(self) -> str:
        """Who committed it."""
        return self.summary.author

    @property
    def time(self) -> str:
        """When, UTC, ISO 8601."""
        return self.summary.time

    @property
    def source(self) -> SourceFacts | None:
        """The file that the pathways were read from."""
        return self.entry.commit.source


def _damaged(version: Version) -> FormatError:
    return FormatError(f"What the index of the log says of {version.name} makes no sense.", code="index-damaged")


class VersionLog(tuple[Version, ...], Table):
    """Versions in an order, newest first."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<Log of {counted(len(self), 'version')}>"

    def columns(self) -> dict[str, Sequence[Any]]:
        """Return `version`, `content`, `time`, `author`, `message`, the pathways `added` and `dropped`, and `refs`."""
        return {
            "version": [version.name for version in self],
            "content": [version.content for version in self],
            "time": [version.time for version in self],
            "author": [version.author for version in self],
            "message": [version.message for version in self],
            "added": [[name for pathway in version.added for name in pathway.names] for version in self],
            "dropped": [list(version.dropped) for version in self],
            "refs": [list(version.refs) for version in self],
        }


@dataclass(frozen=True, slots=True)
class ActivePathway:
    """One pathway that is active in a version.

    Parameters
    ----------
    record : PathwayFacts
        Its id, names, sign, units and number of genes.
    since : str
        The first version that added it; tells pathways of one name apart.
    """

    record: PathwayFacts
    since: str

    @property
    def label(self) -> str:
        """Its names, joined for reading."""
        return ", ".join(self.record.names)


PathwayChanges = tuple[tuple[str, int], ...]
"""Names and signs of pathways, in the order of the names."""


def pathway_changes(
    before: Sequence[ActivePathway], after: Sequence[ActivePathway]
) -> tuple[PathwayChanges, PathwayChanges]:
    """Return which pathways are active after and not before, added; and the other way round, dropped."""
    first, second = (
        {active.record.id: (active.label, int(active.record.sign)) for active in side} for side in (before, after)
    )
    added = sorted(pathway for id_, pathway in second.items() if id_ not in first)
    return tuple(added), tuple(sorted(pathway for id_, pathway in first.items() if id_ not in second))


def version_of(ledger: Ledger, commit: str, refs: Mapping[str, tuple[str, ...]] | None = None) -> Version:
    """Return the version of a commit; `refs` has the refs of all commits, where many versions are made."""
    names = ledger.refs.names_of(commit) if refs is None else refs.get(commit, ())
    number = ledger.history.number(commit)
    return Version(number, ledger.summary(number), names)


def versions_by_name(ledger: Ledger, kind: str, commits: Mapping[str, str]) -> dict[str, Version]:
    """Return the versions at which branches or tags stand: those that are certain and can be read."""
    refs = ledger.refs.names()
    return {
        name: version_of(ledger, commit, refs)
        for name, commit in sorted(commits.items())
        if ledger.refs.is_certain(kind + name) and commit in ledger.history
    }


def newest_first(ledger: Ledger, commit: str | None, without: str | None = None) -> Iterator[Version]:
    """Yield a commit's version and those of its ancestors, newest first, each as it is asked for.

    Parameters
    ----------
    ledger : Ledger
        What has been read of the store.
    commit : str, optional
        The newest; `None` yields the versions of all commits.
    without : str, optional
        A commit that is left out with its ancestors.
    """
    history, refs = ledger.history, ledger.refs.names()
    if ledger.log.damage:
        yield from (version_of(ledger, listed, refs) for listed in _read_newest_first(history, commit, without))
        return
    left_out = None if without is None else history.number(without)
    if commit is not None:
        listed = _ancestors(ledger.index, history.number(commit), left_out)
    else:
        listed = _all(ledger.index, history.length, left_out)
    for number, summary in listed:
        yield Version(number, summary, refs.get(summary.id, ()))


def _ancestors(index: LogIndex, newest: int, left_out: int | None) -> Iterator[tuple[int, CommitSummary]]:
    """Yield the number of a commit and the summary of it, then its ancestors, without another and its ancestors."""
    waiting = [(-newest, True)] if left_out is None else [(-newest, True), (-left_out, False)]
    heapq.heapify(waiting)
    commits: Iterator[CommitSummary] = iter(())
    wanted, following = 1, -1
    while wanted:  # so many of those that wait are not known to be left out
        negative, inside = heapq.heappop(waiting)
        wanted -= inside
        while waiting and waiting[0][0] == negative:
            _, also = heapq.heappop(waiting)
            wanted -= also
            inside = inside and also
        number = -negative
        while True:
            if number != following:
                commits = index.summaries_down_from(number)
            summary, following = next(commits), number - 1
            if inside:
                yield number, summary
            if waiting or not inside or len(summary.parents) != 1:
                break
            number = summary.parents[0]  # where the line does not branch, nothing has to wait
        for parent in summary.parents:
            heapq.heappush(waiting, (-parent, inside))
            wanted += inside


def _all(index: LogIndex, length: int, left_out: int | None) -> Iterator[tuple[int, CommitSummary]]:
    """Yield the same of all commits, newest first, without one and its ancestors."""
    others = set[int]() if left_out is None else {number for number, _ in _ancestors(index, left_out, None)}
    numbered = zip(range(length - 1, -1, -1), index.summaries_down_from(length - 1), strict=True)
    return ((number, summary) for number, summary in numbered if number not in others)


def _read_newest_first(history: History, commit: str | None, without: str | None) -> Iterator[str]:
    """Yield the same commits from a damaged log, of which the index knows the beginning alone."""
    if commit is not None:
        return (listed.id for listed in history.newest_first(commit, without))
    left_out = history.ancestors(without) if without else set[str]()
    return (listed.id for listed in history.all_newest_first() if listed.id not in left_out)


def active_pathways(history: History, commit: str) -> list[ActivePathway]:
    """Return the pathways that are active in a version, in the order of the snapshot's columns."""
    pathways = [
        ActivePathway(history.record(adds[0]), f"v{history.number(adds[0].commit)}")
        for adds in history.pathways(history.active(commit)).values()
    ]
    return sorted(pathways, key=lambda pathway: (-pathway.record.sign, pathway.record.id))
