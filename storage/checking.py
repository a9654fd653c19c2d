"""Checks of what a commit claims against what its history gives: on arrival from another store, and by `verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..engine.errors import FormatError

if TYPE_CHECKING:
    from .history import History
    from .records import LoggedCommit


def check_commit(history: History, logged: LoggedCommit) -> None:
    """Refuse a commit of the history whose drops, content id, anchor or rank are not what its ancestors give.

    Raises
    ------
    FormatError
        One is not; or an ancestor is not there.
    """
    commit = history[logged.id]
    before = {event for parent in commit.parents for event in history.active(parent)}
    for event in commit.drops:
        if event not in before:
            raise FormatError(f"The commit {commit.id} drops a pathway, {event.pathway}, that is not active before it.")
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
