"""Commits: what of one the history rests on, and all that is shown of it, read without pydantic.

`records` checks what comes from the log; here its text is read again, whose hash has been checked.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ...engine.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .records import LoggedCommit, Parameter

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


class EntryFacts(NamedTuple):
    """An entry of the log; fields as in `records.EntryRecord`."""

    number: int
    previous: str | None
    versions: int
    commits: tuple[LoggedFacts, ...]
    moves: tuple[MoveFacts, ...]
    reason: str
    author: str
    time: str


def entry_facts(text: str | bytes) -> EntryFacts:
    """Return an entry of the log from the text of its record.

    Raises
    ------
    FormatError
        The text is no such record: somebody else wrote it.
    """
    try:
        record: dict[str, Any] = json.loads(text)
        return EntryFacts(
            _of(int, record["number"]),
            _optional(str, record["previous"]),
            _of(int, record["versions"]),
            tuple([_logged(logged) for logged in _of(list, record["commits"])]),
            tuple(
                [
                    MoveFacts(_of(str, move["ref"]), _optional(str, move["before"]), _optional(str, move["after"]))
                    for move in _of(list, record["moves"])
                ]
            ),
            _of(str, record["reason"]),
            _of(str, record["author"]),
            _of(str, record["time"]),
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        raise FormatError("An entry in the index of the log makes no sense.", code="index-damaged") from None


def logged_facts(logged: LoggedCommit) -> LoggedFacts:
    """Return what is shown of a commit from its record."""
    return _logged(json.loads(logged.canonical()))


def _logged(record: dict[str, Any]) -> LoggedFacts:
    commit, measured = record["commit"], record["measured"]
    source = commit["source"]
    probe, anchor = measured["probe"], measured["anchor"]
    return LoggedFacts(
        _id(record["id"]),
        CommitFacts(
            tuple([_id(parent) for parent in _of(list, commit["parents"])]),
            _id(commit["base"]),
            _of(bool, commit["sets_base"]),
            tuple([_pathway(pathway) for pathway in _of(list, commit["adds"])]),
            tuple(
                [
                    DropFacts(_id(drop["id"]), _texts(drop["names"]), tuple([_id(seen) for seen in drop["seen"]]))
                    for drop in _of(list, commit["drops"])
                ]
            ),
            _of(str, commit["author"]),
            _of(str, commit["time"]),
            _of(str, commit["message"]),
            source
            and SourceFacts(_of(str, source["file"]), _id(source["sha256"]), _of(dict, source.get("parameters", {}))),
        ),
        MeasuredFacts(
            _id(measured["content"]),
            _of(int, measured["rank"]),
            _of(int, measured["rank_since"]),
            None if anchor is None else _id(anchor),
            _of(int, measured["since_anchor"]),
            None if probe is None else float(probe),
            float(measured["guard"]),
        ),
    )


def _pathway(record: dict[str, Any]) -> PathwayFacts:
    return PathwayFacts(
        _id(record["id"]),
        _texts(record["names"]),
        _of(int, record["genes"]),
        _of(int, record["sign"]),
        _of(str, record["units"]),
        _of(bool, record["covariance"]),
        _texts(record["missing"]),
    )


def _of(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(value)
    return value


def _optional(kind: type, value: Any) -> Any:
    return None if value is None else _of(kind, value)


def _id(value: Any) -> str:
    if not IS_ID(value):
        raise ValueError(value)
    return value


def _texts(values: Any) -> tuple[str, ...]:
    for value in _of(list, values):
        if type(value) is not str:
            raise TypeError(value)
    return tuple(values)


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
