"""Rows of the index as values of the history. Whatever is used as a name of a file is checked to be an id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..commits import (
    IS_ID,
    Commit,
    CommitFacts,
    DropFacts,
    Event,
    LoggedFacts,
    MeasuredFacts,
    PathwayFacts,
    SourceFacts,
)
from ..refs import Move, Refs
from .rows import BROUGHT, NONE, PART, RECORD, YES, parent_ids, parent_numbers, plain, records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .rows import CommitRow, EntryRow, RefsRow


class CommitSummary(NamedTuple):
    """What a list shows of a commit.

    Parameters
    ----------
    line : str
        All fields of its row.
    id, content, base, time : str
        Its id, the content id of its version, its base, and when it was made: UTC, ISO 8601.
    changes_base : bool
        Whether its parents have another base.
    parents : list of int
        n of the versions vn of its parents.
    rank : int
        Of all active pathways.
    author, message : str
        Who committed it, and what for.
    added : tuple of PathwayFacts
        The pathways that it adds.
    dropped : tuple of str
        The names of those that it drops.
    """

    line: str
    id: str
    content: str
    base: str
    time: str
    changes_base: bool
    parents: list[int]
    rank: int
    author: str
    message: str
    added: tuple[PathwayFacts, ...]
    dropped: tuple[str, ...]


def summary_of(line: str, *, whole: bool = True) -> CommitSummary:
    """Return what a list shows of a commit, given the fields of its row; raises `ValueError` where it makes no sense.

    Where the log is not whole, the number of a parent that is lost is −1.

    Of ten thousand commits this is most of the work: fields that are not shown stay as they are.
    """
    number, id_, content, parents, time, author, rank, adds, drops, base, message, _ = line.split("\t")
    brings = base.startswith(BROUGHT)
    return CommitSummary(
        line,
        id_,
        content,
        base[1:] if brings else base,
        time,
        brings and parents != "",
        parents_of(number, parents) if whole else parent_numbers(parents),
        int(rank),
        plain(author),
        plain(message),
        _added(adds) if adds else (),
        _dropped(drops) if drops else (),
    )


def parents_of(number: str, field: str) -> list[int]:
    """Return the numbers of the parents of a commit; raises `ValueError` where they are not before it."""
    parents = parent_numbers(field)
    if parents and not 0 <= min(parents) <= max(parents) < int(number):
        raise ValueError(field)
    return parents


def commit_of(row: CommitRow) -> Commit:
    """Return what the history needs of a commit; raises `ValueError` where the row makes no sense."""
    entry, anchor, _, since_anchor, *_ = row.reading.split(RECORD)
    return Commit(
        id=_id(row.id),
        content=_id(row.content),
        base=_id(row.base.removeprefix(BROUGHT)),
        sets_base=row.base.startswith(BROUGHT),
        parents=_ids(parent_ids(row.parents)),
        adds=_ids([id_ for *_, id_, _ in records(row.adds)]),
        drops=tuple([Event(seen, drop.id) for drop in _drops(row) for seen in drop.seen]),
        anchor=None if anchor == NONE else _id(anchor),
        since_anchor=int(since_anchor),
        entry=int(entry),
    )


def facts_of(row: CommitRow) -> LoggedFacts:
    """Return all that is shown of a commit; raises `ValueError` where the row makes no sense."""
    _, anchor, rank_since, since_anchor, probe, guard, _ = row.reading.split(RECORD)
    commit = CommitFacts(
        parents=_ids(parent_ids(row.parents)),
        base=_id(row.base.removeprefix(BROUGHT)),
        sets_base=row.base.startswith(BROUGHT),
        adds=_added(row.adds),
        drops=tuple(_drops(row)),
        author=plain(row.author),
        time=row.time,
        message=plain(row.message),
        source=_source(row),
    )
    measured = MeasuredFacts(
        content=_id(row.content),
        rank=int(row.rank),
        rank_since=int(rank_since),
        anchor=None if anchor == NONE else _id(anchor),
        since_anchor=int(since_anchor),
        probe=None if probe == NONE else float(probe),
        guard=float(guard),
    )
    return LoggedFacts(_id(row.id), commit, measured)


def moves_of(row: EntryRow) -> list[Move]:
    """Return the moves of refs of an entry; raises `ValueError` where the row makes no sense."""
    number, author, reason = int(row.number), plain(row.author), plain(row.reason)
    return [
        Move(number, plain(ref), plain(before) or None, plain(after) or None, reason, author, row.time)
        for ref, before, after in records(row.moves)
    ]


def refs_of(row: RefsRow) -> Refs:
    """Return where refs stand by a row; raises `ValueError` where that makes no sense."""
    moved = {plain(ref): int(number) for ref, number in records(row.moved)}
    refs = Refs(plain(row.head), _standing(row.branches), _standing(row.tags), moved)
    if refs.branches.get(refs.head) != row.tip:
        raise ValueError(row.tip)
    return refs


def numbers_in(row: RefsRow) -> dict[str, int]:
    """Return by their ids the numbers of the commits that a row names; raises `ValueError` where it makes no sense."""
    standing = [*records(row.branches), *records(row.tags)]
    numbers = {id_: int(number) for _, number, id_ in standing}
    numbers.update({commit: int(number) for number, commit, _ in _active(row)})
    return numbers


def active_of(row: RefsRow) -> frozenset[Event] | None:
    """Return the adds that are active at a tip, where they are noted; raises `ValueError` as the others."""
    if row.active == NONE:
        return None
    return frozenset([Event(_id(commit), _id(pathway)) for _, commit, pathway in _active(row)])


def _source(row: CommitRow) -> SourceFacts | None:
    text = row.reading.rpartition(RECORD)[2]
    if text == NONE:
        return None
    import json  # few commits have one that is shown

    source: dict[str, Any] = json.loads(text)
    if set(source) != {"file", "sha256", "parameters"} or not isinstance(source["parameters"], dict):
        raise ValueError(text)
    return SourceFacts(str(source["file"]), _id(source["sha256"]), source["parameters"])


def _added(field: str) -> tuple[PathwayFacts, ...]:
    return tuple(
        [
            PathwayFacts(
                id_,
                tuple(map(plain, names.split(PART))),
                int(genes),
                int(sign),
                units,
                covariance == YES,
                tuple(map(plain, missing.split(PART)[1:])) if missing else (),
            )
            for names, sign, genes, units, covariance, id_, missing in records(field)
        ]
    )


def _dropped(field: str) -> tuple[str, ...]:
    return tuple([plain(name) for names, _, _ in records(field) for name in names.split(PART)])


def _drops(row: CommitRow) -> list[DropFacts]:
    return [DropFacts(_id(id_), _names(names), _ids(seen.split(PART))) for names, id_, seen in records(row.drops)]


def _active(row: RefsRow) -> list[list[str]]:
    return [] if row.active == NONE else records(row.active)


def _standing(field: str) -> dict[str, str]:
    return {plain(name): _id(id_) for name, _, id_ in records(field)}


def _names(field: str) -> tuple[str, ...]:
    return tuple(map(plain, field.split(PART))) if PART in field else (plain(field),)


def _ids(ids: Sequence[str]) -> tuple[str, ...]:
    return tuple(map(_id, ids))


def _id(text: str) -> str:
    if not IS_ID(text):
        raise ValueError(text)
    return text
