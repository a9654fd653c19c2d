"""Refs: what replaying the log gives. HEAD is always a branch; branches and tags name commits."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..engine.errors import FormatError, InputError
from . import layout
from .records import CommitEntry, MoveRecord

if TYPE_CHECKING:
    from collections.abc import Container

    from .entries import Entry

LONGEST_NAME = 200

LOOKS_LIKE_VERSION = re.compile(r"v\d+")
LOOKS_LIKE_ID = re.compile(r"[0-9a-f]{6,64}")


@dataclass(frozen=True, slots=True)
class Move:
    """One ref's move, as the journal keeps it.

    Parameters
    ----------
    number : int
        The log entry that moved it.
    ref : str
        `HEAD`, `branch/NAME` or `tag/NAME`.
    before, after : str, optional
        Commit ids, or branch names for HEAD; `None` is nowhere.
    reason, author, time : str
        Why, who, and when (UTC, ISO 8601).
    """

    number: int
    ref: str
    before: str | None
    after: str | None
    reason: str
    author: str
    time: str


@dataclass(slots=True)
class Refs:
    """Where HEAD, the branches and the tags stand, and every move that led there."""

    head: str = layout.FIRST_BRANCH
    branches: dict[str, str] = field(default_factory=dict[str, str])
    tags: dict[str, str] = field(default_factory=dict[str, str])
    moves: list[Move] = field(default_factory=list[Move])

    def replay(self, entry: Entry) -> None:
        """Take in the next entry of the log."""
        if isinstance(entry, CommitEntry):
            commit = entry.commit
            ref = layout.BRANCH + entry.branch
            move = MoveRecord(ref=ref, before=self.branches.get(entry.branch), after=entry.id)
            self._take(entry.number, move, f"commit: {commit.message}", commit.author, commit.time)
            return
        for move in entry.moves:
            self._take(entry.number, move, entry.reason, entry.author, entry.time)

    def at(self, time: str, branch: str | None = None) -> str | None:
        """Return the commit that a branch (that of HEAD then, when none is named) stood at, at a time; or `None`."""
        then = Refs()
        for move in self.moves:
            if move.time <= time:
                then.set(move.ref, move.after)
        return then.branches.get(then.head if branch is None else branch)

    def names_of(self, commit: str) -> list[str]:
        """Return the refs that stand at a commit: HEAD and its branch first, then branches, then tags."""
        branches = sorted(name for name, at in self.branches.items() if at == commit)
        names = [name for name in branches if name == self.head] + [name for name in branches if name != self.head]
        head = ["HEAD"] if self.branches.get(self.head) == commit else []
        return head + names + sorted(name for name, at in self.tags.items() if at == commit)

    def get(self, ref: str) -> str | None:
        """Return where a ref stands, or `None`."""
        if ref == layout.HEAD:
            return self.head
        names = self.branches if ref.startswith(layout.BRANCH) else self.tags
        return names.get(ref.removeprefix(layout.BRANCH).removeprefix(layout.TAG))

    def set(self, ref: str, after: str | None) -> None:
        """Put a ref somewhere, or nowhere."""
        if ref == layout.HEAD:
            self.head = after or layout.FIRST_BRANCH
            return
        kind, name = (
            (self.branches, ref.removeprefix(layout.BRANCH))
            if ref.startswith(layout.BRANCH)
            else (self.tags, ref.removeprefix(layout.TAG))
        )
        if after is None:
            kind.pop(name, None)
        else:
            kind[name] = after

    def _take(self, number: int, move: MoveRecord, reason: str, author: str, time: str) -> None:
        self.moves.append(Move(number, move.ref, move.before, move.after, reason, author, time))
        self.set(move.ref, move.after)


def check_entry(entry: Entry, commits: Container[str]) -> None:
    """Refuse an entry of the log that names what cannot be there.

    Parameters
    ----------
    entry : Entry
        The next one.
    commits : container of str
        Ids of the commits before it.

    Raises
    ------
    FormatError
        It names a commit that is not before it, or a ref as none can be called.
    """
    named: list[str | None] = []
    if isinstance(entry, CommitEntry):
        refs = [layout.BRANCH + entry.branch]
        named = [*entry.commit.parents, *(seen for drop in entry.commit.drops for seen in drop.seen)]
    else:
        refs = [move.ref for move in entry.moves]
        named = [move.after for move in entry.moves if move.ref != layout.HEAD]
    for commit in named:
        if commit is not None and commit not in commits:
            raise FormatError(f"Entry {entry.number} of the log is damaged: the commit {commit} is not before it.")
    for ref in refs:
        if ref != layout.HEAD and not _is_ref(ref):
            raise FormatError(f"Entry {entry.number} of the log is damaged: there can be no ref {ref!r}.")


def check_name(name: str) -> str:
    """Return the name of a branch or tag, if it can be one.

    Raises
    ------
    InputError
        It would be read as something else, or holds a character that the grammar of versions uses.
    """
    if name == layout.HEAD or LOOKS_LIKE_VERSION.fullmatch(name) or LOOKS_LIKE_ID.fullmatch(name):
        raise InputError(f"{name!r} cannot name a branch or tag: it reads as HEAD, a version or an id.")
    if len(name) > LONGEST_NAME:
        raise InputError(f"The name of a branch or tag has {LONGEST_NAME} characters at the most, not {len(name):,}.")
    plain = all(part and part[0] not in "-." and part[-1] != "." for part in name.split("/"))
    if not plain or ".." in name or not all(character.isalnum() or character in "_-.+/" for character in name):
        raise InputError(
            f"{name!r} cannot name a branch or tag.",
            hint="Use letters, digits and _ - . + / only; not two dots together, and no dash or dot to begin with.",
        )
    return name


def _is_ref(ref: str) -> bool:
    try:
        check_name(ref.removeprefix(layout.BRANCH) if ref.startswith(layout.BRANCH) else ref.removeprefix(layout.TAG))
    except InputError:
        return False
    return ref.startswith((layout.BRANCH, layout.TAG))
