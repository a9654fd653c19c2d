"""Where branches, tags and HEAD stand: all of a kind, and one that a verb has moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import output
from . import versions
from .answer import Answer, Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ...storage.history.versions import Version


def position(
    version: Version, done: str, *, changes: bool = False, below: Sequence[str] = (), notes: Iterable[Note] = ()
) -> Answer:
    """Return the answer of a verb that makes or moves to a version.

    Parameters
    ----------
    version : Version
        Where a branch or tag stands now.
    done : str
        What was done, as a sentence.
    changes : bool
        Whether people see what the version added and dropped.
    below : sequence of str
        More lines for people.
    notes : iterable of Note
        What stderr has.
    """
    lines = [f"    {line}" for line in versions.change_lines(version)]
    description = [versions.head_line(version), *lines] if changes else []
    return Answer(
        columns=("version", "id", "content", "rank"),
        rows=[(version.name, version.id, version.content, version.rank)],
        json=lambda: {**versions.version_json(version), "done": done},
        text=lambda: "\n".join([done, *description, *below]),
        notes=notes,
    )


def listing(kind: str, refs: Mapping[str, Version], *, head: str = "") -> Answer:
    """Return all branches or tags with the versions they stand at; people see a star before the one that is HEAD."""
    rows = (
        ("*" if name == head else "", name, version.name, version.id[: versions.SHORT], version.message)
        for name, version in refs.items()
    )
    return Answer(
        columns=("name", "version", "id"),
        rows=((name, version.name, version.id) for name, version in refs.items()),
        json=lambda: {kind: [{"name": name, **versions.identity(version)} for name, version in refs.items()]},
        text=lambda: output.table(("", "name", "version", "id", "message"), rows) if refs else None,
        notes=[] if refs else [Note(f"There are no {kind}.")],
    )
