"""Moves of refs by themselves: a branch or tag made, moved or deleted, and HEAD put on another branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...engine.errors import Conflict, NotFound
from ...engine.wording import listed
from ..files import layout
from .commits import MoveFacts
from .ref_names import check_new_names
from .refs import other_kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .refs import Refs
    from .writing import Writer


def branch_tip(refs: Refs, name: str | None) -> tuple[str, str]:
    """Return a branch, HEAD's by default, and the commit at which it certainly stands.

    Raises
    ------
    NotFound
        There is no such branch.
    FormatError
        An entry of the log that may have moved it is lost.
    """
    if name is None:
        refs.check(layout.HEAD)
        name = refs.head
    if name not in refs.branches:
        raise _no_such("branch", name, refs.branches)
    return name, refs.commit_at(layout.BRANCH + name)


def move_branch(writer: Writer, branch: str, before: str | None, after: str, reason: str) -> str:
    """Move a branch from one commit to another, unless it stands there, and return the latter; raises as `append`."""
    if before != after:
        writer.move([MoveFacts(layout.BRANCH + branch, before, after)], reason)
    return after


def create(writer: Writer, kind: str, name: str, commit: str, reason: str) -> str:
    """Make a branch or tag, of a name that can be one, at a commit, and return that.

    Raises
    ------
    Conflict
        A branch or tag of that name stands elsewhere, or one whose name would be taken for it.
    InputError
        The name is not in Unicode's form NFC.
    """
    refs, other = writer.ledger.refs, other_kind(kind)
    names, others = refs.of_kind(kind), refs.of_kind(other)
    if names.get(name) == commit:
        return commit
    if name in names or name in others:
        version = f"v{writer.ledger.history.number((names | others)[name])}"
        what = "branch" if name in refs.branches else "tag"
        raise Conflict(f"There is a {what} {name} already, at {version}.", hint="Choose another name.")
    check_new_names([name], [*names, *others])
    writer.move([MoveFacts(kind + name, None, commit)], reason, {other + name: None})
    return commit


def delete(writer: Writer, kind: str, name: str) -> str:
    """Delete a branch other than HEAD's, or a tag, and return the commit at which it stood.

    Raises
    ------
    NotFound
        There is none of that name.
    Conflict
        HEAD is on the branch.
    """
    refs = writer.ledger.refs
    refs.check(layout.HEAD)
    if kind == layout.BRANCH and name == refs.head:
        raise Conflict(f"HEAD is on {name}.", hint="Switch to another branch first.")
    names = refs.of_kind(kind)
    if name not in names:
        raise _no_such(kind.rstrip("/"), name, names)
    commit = names[name]
    writer.move([MoveFacts(kind + name, commit, None)], "delete", {layout.HEAD: refs.head})
    return commit


def switch(writer: Writer, name: str) -> None:
    """Put HEAD on a branch.

    Raises
    ------
    NotFound
        There is no such branch.
    """
    refs = writer.ledger.refs
    if name not in refs.branches:
        raise _no_such("branch", name, refs.branches)
    refs.check(layout.HEAD)
    if name != refs.head:
        move = MoveFacts(layout.HEAD, refs.head, name)
        writer.move([move], f"switch to {name}", {layout.BRANCH + name: refs.branches[name]})


def _no_such(kind: str, name: str, names: Iterable[str]) -> NotFound:
    standing = sorted(names)
    verb = "is" if len(standing) == 1 else "are"
    return NotFound(f"There is no {kind} {name!r}.", hint=f"There {verb} {listed(standing)}." if standing else "")
