"""Refs: what replaying the log gives. HEAD is always a branch; branches and tags name commits."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...engine.errors import FormatError, InputError
from ..files import layout

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable

    from .records import EntryRecord

COMMITTED = "commit"
"""The reason of a move that a commit makes: its message says more."""

LONGEST_NAME = 200
"""Most characters in the name of a branch or tag."""

LOOKS_LIKE_VERSION = re.compile(r"v\d+")
LOOKS_LIKE_ID = re.compile(r"[0-9a-f]{6,64}")


@dataclass(frozen=True, slots=True)
class Move:
    """One move of a ref, as the log has it.

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
    """Where HEAD, the branches and the tags stand, and every move that led there.

    Parameters
    ----------
    head : str
        The branch that HEAD is.
    branches, tags : dict of str to str
        The commit that each stands at.
    moved : dict of str to int
        The last log entry that moved each ref.
    earlier : callable
        Returns the moves that came before those in `later`.
    later : list of Move
        Those that have been read since.
    lost : int
        The last log entry that could not be read, which may have moved anything; 0 if all could.
    """

    head: str = layout.FIRST_BRANCH
    branches: dict[str, str] = field(default_factory=dict[str, str])
    tags: dict[str, str] = field(default_factory=dict[str, str])
    moved: dict[str, int] = field(default_factory=dict[str, int])
    earlier: Callable[[], list[Move]] = list
    later: list[Move] = field(default_factory=list[Move])
    lost: int = 0

    @property
    def moves(self) -> list[Move]:
        """Every move, oldest first."""
        return [*self.earlier(), *self.later]

    def apply(self, moves: Iterable[Move]) -> None:
        """Apply the moves of the next entry of the log."""
        for move in moves:
            self.later.append(move)
            self.moved[move.ref] = move.number
            self.set(move.ref, move.after)

    def at(self, time: str, branch: str | None = None) -> str | None:
        """Return the commit that a branch (that of HEAD then, when none is named) stood at, at a time; or `None`.

        The log is in order, and clocks need not be. So the time falls where the fewest moves, those of clocks that were
        wrong, are on the other side of it than they say; of several such places, at the last one.
        """
        then, moves = Refs(), self.moves
        steps = (1 if move.time > time else -1 for move in moves)
        wrong = list(itertools.accumulate(steps, initial=0))  # by how many moves are past; less those that say so
        past = max(range(len(wrong)), key=lambda count: (-wrong[count], count))
        for move in moves[:past]:
            then.set(move.ref, move.after)
        return then.branches.get(then.head if branch is None else branch)

    def commit_at(self, ref: str) -> str:
        """Return the commit that a branch or tag stands at, or that HEAD's branch does.

        Raises
        ------
        FormatError
            An entry of the log that may have moved it is lost.
        """
        for needed in (layout.HEAD, layout.BRANCH + self.head) if ref == layout.HEAD else (ref,):
            self.check(needed)
        commit = self.branches.get(self.head) if ref == layout.HEAD else self.get(ref)
        if commit is None:
            raise FormatError(f"HEAD is on {self.head}, and there is no such branch.")
        return commit

    def is_certain(self, ref: str) -> bool:
        """Return whether no entry of the log is lost that may have moved a ref since it was last seen to move."""
        return self.lost <= self.moved.get(ref, 0)

    def check(self, ref: str) -> None:
        """Refuse to say where a ref stands when an entry of the log that may have moved it is lost."""
        if not self.is_certain(ref):
            _, name = split_ref(ref)
            raise FormatError(
                f"The position of {name} is not certain: entry {self.lost} of the log, which may have moved it, "
                "is missing or damaged.",
                code="ref-uncertain",
            )

    def names_of(self, commit: str) -> tuple[str, ...]:
        """Return the refs that certainly stand at a commit: HEAD and its branch first, then branches, then tags."""
        return self.names().get(commit, ())

    def names(self) -> dict[str, tuple[str, ...]]:
        """Return the same for every commit at which one stands."""
        standing: dict[str, list[str]] = {}
        if self.head in self.branches and all(map(self.is_certain, (layout.HEAD, layout.BRANCH + self.head))):
            standing[self.branches[self.head]] = [layout.HEAD]
        first = sorted(self.branches, key=lambda name: (name != self.head, name))
        for kind, names, ordered in (
            (layout.BRANCH, self.branches, first),
            (layout.TAG, self.tags, sorted(self.tags)),
        ):
            for name in ordered:
                if self.is_certain(kind + name):
                    standing.setdefault(names[name], []).append(name)
        return {commit: tuple(several) for commit, several in standing.items()}

    def of_kind(self, kind: str) -> dict[str, str]:
        """Return the branches, or the tags."""
        return self.branches if kind == layout.BRANCH else self.tags

    def get(self, ref: str) -> str | None:
        """Return where a ref stands, or `None`."""
        if ref == layout.HEAD:
            return self.head
        kind, name = split_ref(ref)
        return self.of_kind(kind).get(name)

    def set(self, ref: str, after: str | None) -> None:
        """Put a ref somewhere, or nowhere."""
        if ref == layout.HEAD:
            self.head = after or layout.FIRST_BRANCH
            return
        kind, name = split_ref(ref)
        if after is None:
            self.of_kind(kind).pop(name, None)
        else:
            self.of_kind(kind)[name] = after


def moves_of(entry: EntryRecord) -> list[Move]:
    """Return the moves of an entry of the log; that of a commit has its message for a reason."""
    reason = entry.reason
    if reason == COMMITTED and len(entry.commits) == 1:
        reason = f"{COMMITTED}: {entry.commits[0].commit.message}"
    return [
        Move(entry.number, move.ref, move.before, move.after, reason, entry.author, entry.time) for move in entry.moves
    ]


def split_ref(ref: str) -> tuple[str, str]:
    """Return `branch/` or `tag/`, or nothing for HEAD, and the name of a ref without it."""
    kind = next((kind for kind in (layout.BRANCH, layout.TAG) if ref.startswith(kind)), "")
    return kind, ref.removeprefix(kind)


def other_kind(kind: str) -> str:
    """Return `tag/` for `branch/`, and `branch/` for `tag/`."""
    return layout.TAG if kind == layout.BRANCH else layout.BRANCH


def check_entry(entry: EntryRecord, commits: Container[str], refs: Refs | None) -> None:
    """Refuse an entry of the log that names what cannot be there.

    Parameters
    ----------
    entry : EntryRecord
        The next one.
    commits : container of str
        Ids of the commits before it.
    refs : Refs, optional
        Where refs stand by the entries before it; `None` if one of those could not be read.

    Raises
    ------
    FormatError
        It names a commit that is not before it, or a ref as none can be called, or moves one from where it is not.
    """
    known: set[str] = set()
    ids: list[str | None] = []
    for logged in entry.commits:
        commit = logged.commit
        seen = (id_ for drop in commit.drops for id_ in drop.seen)
        ids.extend(id_ for id_ in (*commit.parents, *seen) if id_ not in known)
        known.add(logged.id)
    ids += [move.after for move in entry.moves if move.ref != layout.HEAD and move.after not in known]
    for id_ in ids:
        if refs is not None and id_ is not None and id_ not in commits:
            raise FormatError(f"Entry {entry.number} of the log is damaged: the commit {id_} is not before it.")
    for ref in (move.ref for move in entry.moves):
        if ref != layout.HEAD and not _is_ref(ref):
            raise FormatError(f"Entry {entry.number} of the log is damaged: there can be no ref {ref!r}.")
    if refs is None:
        return
    for move in entry.moves:
        if refs.get(move.ref) != move.before:
            raise FormatError(
                f"Entry {entry.number} of the log is damaged: it moves {move.ref} from a commit where it was not."
            )
    after = {move.ref: move.after for move in entry.moves}
    head = after.get(layout.HEAD) or refs.head
    if after.get(layout.BRANCH + head, refs.branches.get(head)) is None:
        raise FormatError(
            f"Entry {entry.number} of the log is damaged: it leaves HEAD on {head!r}, which is not a branch."
        )


def check_name(name: str) -> str:
    """Return the name of a branch or tag, if it can be one.

    Raises
    ------
    InputError
        It would be read as something else, or holds a character that the grammar of versions uses.
    """
    if name == layout.HEAD or LOOKS_LIKE_VERSION.fullmatch(name) or LOOKS_LIKE_ID.fullmatch(name):
        raise InputError(f"{name!r} cannot name a branch or tag: it would be read as HEAD, a version or an id.")
    if len(name) > LONGEST_NAME:
        raise InputError(f"The name of a branch or tag has {LONGEST_NAME} characters at the most, not {len(name):,}.")
    plain = all(part and part[0] not in "-." and part[-1] != "." for part in name.split("/"))
    if not plain or ".." in name or not all(character.isalnum() or character in "_-.+/" for character in name):
        raise InputError(
            f"{name!r} cannot name a branch or tag.",
            hint="Use letters, digits and _ - . + / only; not two dots together, and no dash or dot at the beginning.",
        )
    return name


def _is_ref(ref: str) -> bool:
    kind, name = split_ref(ref)
    try:
        check_name(name)
    except InputError:
        return False
    return bool(kind)
