"""Commits and what they add, as far as the history rests on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .records import LoggedCommit


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


def commit_of(logged: LoggedCommit, entry: int) -> Commit:
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
