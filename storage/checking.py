"""Checks of what a commit claims against what its history gives: on arrival from another store, and by `verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..engine.errors import FormatError
from .history import Event

if TYPE_CHECKING:
    from .history import History
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
        said = "brings a base" if commit.sets_base else "brings no base"
        raise FormatError(f"The commit {commit.id} {said}, it says; by its parents it is otherwise.")
    before = {event for parent in commit.parents for event in history.active(parent)}
    for event in commit.drops:
        if event not in before:
            raise FormatError(f"The commit {commit.id} drops a pathway, {event.pathway}, that is not active before it.")
    for drop in logged.commit.drops:
        if drop.names != history.record(Event(drop.seen[0], drop.id)).names:
            raise FormatError(f"The commit {commit.id} drops a pathway, {drop.id}, under a name that is not its own.")
    active = history.active(commit.id)
    if history.content(commit.base, active) != commit.content:
        raise FormatError(f"The commit {commit.id} is not of the content {commit.content}, as it says.")
    if not _is_anchored(history, commit.id):
        raise FormatError(f"The commit {commit.id} names an anchor, {commit.anchor}, that none of its ancestors is.")
    rank = sum(len(history.record(adds[0]).names) for adds in history.pathways(active).values())
    if rank != logged.measured.rank:
        raise FormatError(f"The commit {commit.id} says its rank is {logged.measured.rank}; its pathways have {rank}.")


def _is_anchored(history: History, commit: str) -> bool:
    anchor = history[commit].anchor
    if anchor in (None, history[commit].content):
        return True
    near = (one for parent in history[commit].parents for one in (history[parent].anchor, history[parent].content))
    return anchor in near or any(history[one].content == anchor for one in history.ancestors(commit))
