"""Commits: what of one the history rests on, and all that is shown of it, without pydantic.

`records` checks what comes from the log; `index` reads the same again where it has been written down.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .records import LoggedCommit, Parameter, PathwayRecord

PROBED_EVERY = 16
"""Commits since an anchor from one whose numbers are probed to the next."""

IS_ID = re.compile(r"[0-9a-f]{64}").fullmatch


class Event(NamedTuple):
    """One adding of a pathway: by which commit, and which content."""

    commit: str
    pathway: str


class Commit(NamedTuple):
    """What of a commit the history rests on; all else of it stands in the log.

    Parameters
    ----------
    id, content, base : str
        Its id, the content id of its version, and its base.
    sets_base : bool
        Whether it brought this base.
    parents : tuple of str
        Ids of the commits it came from.
    adds : tuple of str
        Ids of the pathways it added.
    drops : tuple of Event
        The adds that it dropped.
    anchor : str, optional
        The content id of the version whose full inversion it is read from.
    since_anchor : int
        Commits since that one.
    entry : int
        The number of the log entry that brought it.
    """

    id: str
    content: str
    base: str
    sets_base: bool
    parents: tuple[str, ...]
    adds: tuple[str, ...]
    drops: tuple[Event, ...]
    anchor: str | None
    since_anchor: int
    entry: int


class PathwayFacts(NamedTuple):
    """A pathway that a commit adds; fields as in `records.PathwayRecord`."""

    id: str
    names: tuple[str, ...]
    genes: int
    sign: int
    units: str
    covariance: bool
    missing: tuple[str, ...]


class DropFacts(NamedTuple):
    """A pathway that a commit drops; fields as in `records.DropRecord`."""

    id: str
    names: tuple[str, ...]
    seen: tuple[str, ...]


class SourceFacts(NamedTuple):
    """The file that pathways were read from; fields as in `records.SourceRecord`."""

    file: str
    sha256: str
    parameters: Mapping[str, Parameter]


class CommitFacts(NamedTuple):
    """What the user said; fields as in `records.CommitRecord`."""

    parents: tuple[str, ...]
    base: str
    sets_base: bool
    adds: tuple[PathwayFacts, ...]
    drops: tuple[DropFacts, ...]
    author: str
    time: str
    message: str
    source: SourceFacts | None


class MeasuredFacts(NamedTuple):
    """How a commit is read; fields as in `records.MeasuredRecord`."""

    content: str
    rank: int
    rank_since: int
    anchor: str | None
    since_anchor: int
    probe: float | None
    guard: float


class LoggedFacts(NamedTuple):
    """A commit as the log brings it; fields as in `records.LoggedCommit`."""

    id: str
    commit: CommitFacts
    measured: MeasuredFacts


class MoveFacts(NamedTuple):
    """One ref's move; fields as in `records.MoveRecord`."""

    ref: str
    before: str | None
    after: str | None


def logged_facts(logged: LoggedCommit) -> LoggedFacts:
    """Return what is shown of a commit from its record."""
    commit, measured, source = logged.commit, logged.measured, logged.commit.source
    return LoggedFacts(
        logged.id,
        CommitFacts(
            parents=commit.parents,
            base=commit.base,
            sets_base=commit.sets_base,
            adds=tuple([_facts_of(added) for added in commit.adds]),
            drops=tuple([DropFacts(drop.id, drop.names, drop.seen) for drop in commit.drops]),
            author=commit.author,
            time=commit.time,
            message=commit.message,
            source=source and SourceFacts(source.file, source.sha256, dict(source.parameters)),
        ),
        MeasuredFacts(
            content=measured.content,
            rank=measured.rank,
            rank_since=measured.rank_since,
            anchor=measured.anchor,
            since_anchor=measured.since_anchor,
            probe=measured.probe,
            guard=measured.guard,
        ),
    )


def _facts_of(added: PathwayRecord) -> PathwayFacts:
    return PathwayFacts(
        added.id, added.names, added.genes, added.sign, added.units, added.covariance, tuple(added.missing)
    )


def commit_of(logged: LoggedCommit | LoggedFacts, entry: int) -> Commit:
    """Return what the history needs of a commit that a log entry brings."""
    commit, measured = logged.commit, logged.measured
    return Commit(
        id=logged.id,
        content=measured.content,
        base=commit.base,
        sets_base=commit.sets_base,
        parents=commit.parents,
        adds=tuple(pathway.id for pathway in commit.adds),
        drops=tuple(Event(seen, drop.id) for drop in commit.drops for seen in drop.seen),
        anchor=measured.anchor,
        since_anchor=measured.since_anchor,
        entry=entry,
    )


def adds_of(commit: Commit) -> frozenset[Event]:
    """Return the adds of a commit."""
    return frozenset(Event(commit.id, pathway) for pathway in commit.adds)
