"""Checks of what a commit claims against what its history gives: on arrival from another store, and by `verify`."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

from ...engine.errors import FormatError, ShapeError
from ..files import layout
from .changes import check_genes
from .commits import Event, adds_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from ...engine.network.pathway import Pathway
    from .active import History
    from .commits import Commit, CommitFacts
    from .ledger import Ledger
    from .records import LoggedCommit


def check_commit(history: History, logged: LoggedCommit) -> None:
    """Refuse a commit of the history whose base, drops, content id, anchor or rank are not what its ancestors give.

    Raises
    ------
    FormatError
        One is not; or an ancestor is not there.
    """
    commit = history[logged.id]
    if commit.sets_base == (commit.base in {history[parent].base for parent in commit.parents}):
        claim = (
            "sets a base, but one of its parents has the same base"
            if commit.sets_base
            else "keeps the base, but no parent has that base"
        )
        raise FormatError(f"The record of commit {commit.id} says that it {claim}.")
    before = {event for parent in commit.parents for event in history.active(parent)}
    for event in commit.drops:
        if event not in before:
            raise FormatError(f"The commit {commit.id} drops a pathway, {event.pathway}, that is not active before it.")
    for drop in logged.commit.drops:
        if drop.names != history.record(Event(drop.seen[0], drop.id)).names:
            raise FormatError(f"The commit {commit.id} drops a pathway, {drop.id}, under a name that is not its own.")
    active = history.active(commit.id)
    if history.content(commit.base, active) != commit.content:
        raise FormatError(f"The content of the commit {commit.id} is not {commit.content}, as its record says.")
    _check_anchor(history, commit, {event.pathway for event in active})
    rank = sum(len(history.record(adds[0]).names) for adds in history.pathways(active).values())
    if rank != logged.measured.rank:
        raise FormatError(
            f"The record of commit {commit.id} has rank {logged.measured.rank}; its pathways have {rank}."
        )


def check_stored_genes(pathways: Iterable[Pathway], size: int) -> None:
    """Refuse pathways that stand in a store and reach beyond its panel of `size` genes.

    Raises
    ------
    FormatError
        One does.
    """
    try:
        check_genes(pathways, size)
    except ShapeError as failure:
        raise FormatError(failure.message) from None


def check_fits(anchor: str, taken_in: frozenset[Event], base: str, active: Collection[str]) -> frozenset[str]:
    """Return the ids of the pathways that an anchor has taken in, if a version can be read from it.

    Parameters
    ----------
    anchor : str
        Its content id.
    taken_in : frozenset of Event
        The adds that are active in the version that it is the inversion of.
    base : str
        The base of the version that is to be read.
    active : collection of str
        Ids of the pathways that are active in that.

    Raises
    ------
    FormatError
        The anchor is of another base, or has taken in a pathway that is not active.
    """
    folded = frozenset(event.pathway for event in taken_in)
    if layout.version_content_id(base, folded) != anchor:
        raise FormatError(f"The anchor {anchor} has another base than {base}, that of a version to be read from it.")
    if strange := sorted(folded.difference(active)):
        raise FormatError(f"The anchor {anchor} includes {strange[0]}, and a version to be read from it does not.")
    return folded


def check_position(ledger: Ledger, ref: str) -> None:
    """Refuse a ref that stands elsewhere by the index than where the last entry that moved it, by the same, put it.

    Raises
    ------
    FormatError
        It does, or that entry is missing or damaged.
    """
    number, standing = ledger.refs.moved.get(ref, 0), ledger.refs.get(ref)
    entry = ledger.log.read(number)[1] if number else None
    if entry is None or not any(move.ref == ref and move.after == standing for move in entry.moves):
        raise FormatError(
            f"The index of the log says that {ref} is at {standing}, and entry {number} of the log does not.",
            code="index-damaged",
        )


def check_rows(ledger: Ledger, commit: str) -> None:
    """Refuse an index of which a row is not the commit of its id, of a commit and its ancestors; the log is not read.

    A commit's id is the hash of what it says, its parents too. So what is active in it follows from its id alone,
    whoever wrote the index.

    Raises
    ------
    FormatError
        One is not; or the index says that other pathways are active than its rows give; or one drops what none adds.
    """
    history, indexed = ledger.history, ledger.index.versions
    added, dropped = set[Event](), set[Event]()
    for ancestor in history.ancestors(commit):
        number = history.number(ancestor)
        added |= adds_of(history[ancestor])
        dropped.update(history[ancestor].drops)
        if number < indexed and commit_id_of(ledger.index.facts(number).commit) != ancestor:
            raise FormatError(
                f"{ledger.locations.path} has an index in which v{number} is not the commit {ancestor}.",
                code="index-damaged",
            )
    if strange := sorted(dropped - added):
        raise FormatError(
            f"v{history.number(commit)} of {ledger.locations.path} descends from a commit that drops a pathway, "
            f"{strange[0].pathway}, that is not active before it."
        )
    if frozenset(added - dropped) != history.active(commit):
        raise FormatError(
            f"{ledger.locations.path} has an index that gives v{history.number(commit)} other pathways than it has.",
            code="index-damaged",
        )


def commit_id_of(facts: CommitFacts) -> str:
    """Return the id of a commit by what is shown of it: the same as `entries.commit_id` of its record."""
    record = {
        **facts._asdict(),
        "adds": [added._asdict() for added in facts.adds],
        "drops": [drop._asdict() for drop in facts.drops],
        "source": facts.source and facts.source._asdict(),
    }
    text = f"grnledger {layout.FORMAT_VERSION} commit\n{layout.canonical_json(record)}"
    return hashlib.sha256(text.encode()).hexdigest()


def _check_anchor(history: History, commit: Commit, active: set[str]) -> None:
    """Refuse an anchor that is no ancestor's version, or from which the version cannot be read."""
    if commit.anchor in (None, commit.content):
        return
    near = {content for parent in commit.parents for content in (history[parent].anchor, history[parent].content)}
    if commit.anchor not in near and all(
        history[ancestor].content != commit.anchor for ancestor in history.ancestors(commit.id)
    ):
        raise FormatError(f"The commit {commit.id} names an anchor, {commit.anchor}, that is none of its ancestors.")
    for version in history.of_content(commit.anchor):
        with contextlib.suppress(FormatError):  # of several, one may need an entry that is lost
            taken_in = history.active(version)
            break
    else:
        raise FormatError(f"No version that can be read is the anchor {commit.anchor} of the commit {commit.id}.")
    check_fits(commit.anchor, taken_in, commit.base, active)
