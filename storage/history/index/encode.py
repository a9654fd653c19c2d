"""Values of the history as rows of the index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...files import layout
from .rows import BROUGHT, LIST, NO, NONE, PART, RECORD, YES, CommitRow, EntryRow, RefsRow, escaped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ..commits import Event, LoggedFacts, PathwayFacts, SourceFacts
    from ..records import LoggedCommit, PathwayRecord, SourceRecord
    from ..refs import Move, Refs


def commit_row(
    logged: LoggedCommit | LoggedFacts, number: int, entry: int, number_of: Callable[[str], int]
) -> CommitRow:
    """Return the row of a commit.

    Parameters
    ----------
    logged : LoggedCommit or LoggedFacts
        The commit.
    number, entry : int
        n of its version vn, and the number of the entry that brings it.
    number_of : callable
        Returns the number of a commit: asked for its parents.
    """
    commit, measured = logged.commit, logged.measured
    return CommitRow(
        number=str(number),
        id=logged.id,
        content=measured.content,
        parents=PART.join([f"{number_of(parent)}:{parent}" for parent in commit.parents]),
        time=commit.time,
        author=escaped(commit.author),
        rank=str(measured.rank),
        adds=LIST.join(map(_added, commit.adds)),
        drops=LIST.join([RECORD.join((_names(drop.names), drop.id, PART.join(drop.seen))) for drop in commit.drops]),
        base=BROUGHT * commit.sets_base + commit.base,
        message=escaped(commit.message),
        reading=RECORD.join(
            (
                str(entry),
                measured.anchor or NONE,
                str(measured.rank_since),
                str(measured.since_anchor),
                NONE if measured.probe is None else repr(measured.probe),
                repr(measured.guard),
                NONE if commit.source is None else _source(commit.source),
            )
        ),
    )


def entry_row(moves: Sequence[Move], id_: str, file: str | None) -> EntryRow:
    """Return the row of an entry by its moves, its content id and the SHA-256 of its file, where it has its own."""
    move = moves[0]
    return EntryRow(
        number=str(move.number),
        id=id_,
        file=file or NONE,
        time=move.time,
        author=escaped(move.author),
        reason=escaped(move.reason),
        moves=LIST.join([RECORD.join(map(escaped, (move.ref, move.before or "", move.after or ""))) for move in moves]),
    )


def refs_row(
    refs: Refs,
    entries: int,
    versions: int,
    first: str,
    number_of: Callable[[str], int],
    active: Iterable[Event] | None,
) -> RefsRow:
    """Return the row that says where refs stand.

    Parameters
    ----------
    refs : Refs
        Where they stand.
    entries, versions : int
        How many of them there are.
    first : str
        The id of the first commit.
    number_of : callable
        Returns the number of a commit: asked for those at which refs stand, and those of `active`.
    active : iterable of Event, optional
        The adds that are active at the tip of HEAD's branch.
    """

    def standing(names: Mapping[str, str]) -> str:
        places = sorted(names.items())
        return LIST.join([RECORD.join((escaped(name), str(number_of(id_)), id_)) for name, id_ in places])

    adds = [RECORD.join((str(number_of(event.commit)), *event)) for event in sorted(active or ())]
    return RefsRow(
        entries=str(entries),
        versions=str(versions),
        first=first,
        tip=refs.branches[refs.head],
        head=escaped(refs.head),
        branches=standing(refs.branches),
        tags=standing(refs.tags),
        moved=LIST.join([RECORD.join((escaped(ref), str(number))) for ref, number in sorted(refs.moved.items())]),
        active=NONE if active is None else LIST.join(adds),
    )


def _added(record: PathwayRecord | PathwayFacts) -> str:
    missing = "".join([PART + escaped(gene) for gene in record.missing])
    covariance = YES if record.covariance else NO
    fields = (_names(record.names), str(record.sign), str(record.genes), record.units, covariance, record.id, missing)
    return RECORD.join(fields)


def _names(names: Iterable[str]) -> str:
    return PART.join(map(escaped, names))


def _source(source: SourceRecord | SourceFacts) -> str:
    parameters = dict(source.parameters)
    return layout.canonical_json({"file": source.file, "sha256": source.sha256, "parameters": parameters})
