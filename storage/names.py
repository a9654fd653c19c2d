"""The names that a store has, for whoever completes them: read from one text in the cache, without numpy or HDF5.

The text is derived, and counts only for the log that it was made of: it notes the file that holds the last entry, with
its size and time, and no later entry may be there. `name_cache` makes it.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from ..engine.errors import FormatError, GrnError
from .files import layout
from .files.locations import directory_of
from .history import revspec
from .history.active import History
from .history.changes import changed_pathways
from .history.commits import Commit, Event
from .history.refs import Refs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from .files.locations import DirectoryStore
    from .history.records import LoggedCommit

LARGEST = 64 << 20
"""Most bytes of the text: a larger one is not read."""

NOT_OURS = (GrnError, OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError)
"""What reading a text raises that nobody wrote as it should be."""


@dataclass(frozen=True, slots=True)
class StoreNames:
    """The names of a store.

    Parameters
    ----------
    genes : tuple of str
        The panel.
    refs : Refs
        Where HEAD, branches and tags stand; of the moves, none.
    history : History
        The commits; of their records, none.
    pathways : mapping of str to tuple of str
        The names of pathways, by their ids; of a long log perhaps not all.
    """

    genes: tuple[str, ...]
    refs: Refs
    history: History
    pathways: Mapping[str, tuple[str, ...]]

    def revs(self) -> list[str]:
        """Return HEAD, the branches, the tags, and the versions, newest first."""
        versions = (f"v{number}" for number in reversed(range(self.history.length)))
        return [layout.HEAD, *self.branches(), *sorted(self.refs.tags), *versions]

    def branches(self) -> list[str]:
        """Return the branches, that of HEAD first."""
        return sorted(self.refs.branches, key=lambda name: (name != self.refs.head, name))

    def active(self, rev: str) -> list[str]:
        """Return the names of the pathways that are active in a version; of all, if it is none of the store's."""
        try:
            return self._sorted(event.pathway for event in self.history.active(self._commit(rev)))
        except GrnError:
            return self._sorted(self.pathways)

    def changed(self, rev: str) -> list[str]:
        """Return the names of the pathways that a version added and removed; of all, if it is none of the store's."""
        try:
            return self._sorted(frozenset[str]().union(*changed_pathways(self.history, self._commit(rev))))
        except GrnError:
            return self._sorted(self.pathways)

    def _commit(self, rev: str) -> str:
        return revspec.resolve(rev, self.refs, self.history)

    def _sorted(self, ids: Iterable[str]) -> list[str]:
        return sorted({name for id_ in ids for name in self.pathways.get(id_, ())})


def cached_names(path: Path) -> StoreNames | None:
    """Return the names that the cache of a store has; `None` where it has none, or those of another log."""
    try:
        store = directory_of(path)
        record = read_record(store)
        return names_of(record) if record["entry"] == last_entry_file(store) else None
    except NOT_OURS:
        return None


def read_record(store: DirectoryStore) -> dict[str, Any]:
    """Return the record of names in the cache of a store; raises as `read_text`."""
    if store.cache is None:
        raise FormatError(f"{store.path} keeps no names.")
    return read_text(store.cache / layout.NAMES)


def read_text(path: Path) -> dict[str, Any]:
    """Return the record of names in a cache.

    Raises
    ------
    FormatError
        It is not what was written.
    OSError
        It cannot be read.
    """
    if not path.is_file() or path.stat().st_size > LARGEST:
        raise FormatError(f"{path} is not a file of names.")
    checksum, _, body = path.read_bytes().partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != checksum:
        raise FormatError(f"{path} is damaged.")
    return json.loads(body)


def last_entry_file(store: DirectoryStore) -> list[object]:
    """Return number, file, size and time of the last entry of a log: files of entries and packs never change."""
    number = store.look()
    path = store.entry(number).path
    status = path.stat()
    return [number, path.name, status.st_size, status.st_mtime_ns]


def names_of(record: Mapping[str, Any]) -> StoreNames:
    """Return the names of a text; it may have been written by anybody."""
    ids = [pathway for pathway, _ in record["pathways"]]
    pathways = {id_: tuple(names) for id_, names in record["pathways"] if names}
    history = History(_no_record)
    commits: list[str] = []
    for row in record["commits"]:
        commit = _commit_of(row, commits, ids)
        history.append(commit)
        commits.append(commit.id)
    refs = Refs(head=record["head"], branches=dict(record["branches"]), tags=dict(record["tags"]))
    texts = [*record["genes"], *refs.branches, *refs.tags, *commits, refs.head, *ids]
    texts += itertools.chain.from_iterable(pathways.values())
    if not all(type(text) is str for text in texts) or len(history.commits) != len(set(commits)):
        raise FormatError("The names in a cache are texts, and commits are there once.")
    return StoreNames(tuple(record["genes"]), refs, history, pathways)


def _commit_of(row: Sequence[Any], before: list[str], pathways: list[str]) -> Commit:
    """Return the commit of a row: what it names is before it."""
    fields = cast("tuple[str, str, list[int], list[int], list[tuple[int, int]]]", row)
    id_, content, parents, adds, drops = fields
    return Commit(
        id=id_,
        content=content,
        base="",
        sets_base=False,
        parents=tuple(before[parent] for parent in parents),
        adds=tuple(pathways[place] for place in adds),
        drops=tuple(Event(before[commit], pathways[place]) for commit, place in drops),
        anchor=None,
        since_anchor=0,
        entry=0,
    )


def _no_record(commit: Commit) -> LoggedCommit:
    raise FormatError(f"The record of {commit.id} is in the log.")
