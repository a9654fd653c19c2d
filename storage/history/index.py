"""The index of the log: what replaying it gave, kept so that opening a store need not read every entry again.

It is derived. It counts only if its own id is right and the last entry that it covers is still the one it saw.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast, overload

import numpy as np

from ...engine.errors import FormatError
from ..files import durable, hdf5, layout
from .commits import Commit, Event
from .records import IndexRecord, parse
from .refs import Move, Refs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

MOST_UNINDEXED = 64
"""Most log entries that the index may lack before it is written again."""

COLUMNS = ("id", "content", "base", "anchor")
"""Arrays of the index that hold one id for each commit."""

IS_HEX = np.isin(np.arange(256), np.frombuffer(b"0123456789abcdef", dtype="u1"))
"""Of each byte, whether it is a hexadecimal digit."""


class IndexedCommits(Sequence[Commit]):
    """The commits of an index, each made when it is first asked for: of ten thousand, few are.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        Those of the index, as `index_content` makes them.

    Attributes
    ----------
    ids : list of str
        Of all commits.

    Raises
    ------
    ValueError
        The arrays do not fit each other, or a commit comes before one that it names.
    KeyError
        One is missing.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._columns = {name: _ids(arrays[name], optional=name == "anchor") for name in COLUMNS}
        self.ids = self._columns["id"].astype("U64").tolist()
        count = len(self.ids)
        self._numbers = _counts(arrays["numbers"], dimensions=2)
        self._added, self._dropped = _ids(arrays["added"]), _ids(arrays["dropped"])
        self._parents, self._seen = _counts(arrays["parents"]), _counts(arrays["seen"])
        values = {"added": self._added, "parents": self._parents, "seen": self._seen}
        self._ends = {name: np.cumsum(_counts(arrays[f"{name}_counts"])) for name in values}
        fits = all(
            len(ends) == count and (ends[-1] if count else 0) == len(values[name]) for name, ends in self._ends.items()
        )
        fits = fits and {len(column) for column in self._columns.values()} == {count}
        fits = fits and self._numbers.shape == (count, 3) and len(self._seen) == len(self._dropped)
        if not fits:
            raise ValueError("the arrays do not fit each other")
        for name, numbers in (("parents", self._parents), ("seen", self._seen)):
            if (numbers >= np.repeat(np.arange(count), np.diff(self._ends[name], prepend=0))).any():
                raise ValueError("a commit comes before what it names")
        self._made: dict[int, Commit] = {}

    def __len__(self) -> int:
        """How many there are."""
        return len(self.ids)

    @overload
    def __getitem__(self, index: int) -> Commit: ...
    @overload
    def __getitem__(self, index: slice) -> list[Commit]: ...
    def __getitem__(self, index: int | slice) -> Commit | list[Commit]:
        """Return one, or several, in the order of the log."""
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        if index not in self._made:
            self._made[index] = self._make(index)
        return self._made[index]

    def contents(self) -> list[str]:
        """Return the content ids of all versions."""
        return self._columns["content"].astype("U64").tolist()

    def _make(self, row: int) -> Commit:
        content, base, anchor = (self._columns[name][row].decode() for name in COLUMNS[1:])
        sets_base, since_anchor, entry = self._numbers[row].tolist()
        seen = self._run("seen", row)
        return Commit(
            id=self.ids[row],
            content=content,
            base=base,
            sets_base=bool(sets_base),
            parents=tuple(self.ids[parent] for parent in self._parents[self._run("parents", row)]),
            adds=tuple(pathway.decode() for pathway in self._added[self._run("added", row)]),
            drops=tuple(
                Event(self.ids[commit], pathway.decode())
                for commit, pathway in zip(self._seen[seen], self._dropped[seen], strict=True)
            ),
            anchor=anchor or None,
            since_anchor=since_anchor,
            entry=entry,
        )

    def _run(self, name: str, row: int) -> slice:
        ends = self._ends[name]
        return slice(int(ends[row - 1]) if row else 0, int(ends[row]))


@dataclass(frozen=True, slots=True)
class Index:
    """What the log gave up to an entry, as it was kept.

    Parameters
    ----------
    length : int
        How many entries it covers.
    last : str
        The id of the last of them.
    commits : IndexedCommits
        In the order of the log.
    refs : Refs
        Where they then stood.
    """

    length: int
    last: str
    commits: IndexedCommits
    refs: Refs


def index_content(length: int, last: str, commits: Sequence[Commit], refs: Refs) -> hdf5.Content:
    """Return the content of an index's file.

    Parameters
    ----------
    length : int
        How many entries it covers.
    last : str
        The id of the last of them.
    commits : sequence of Commit
        All that they brought, in the order of the log.
    refs : Refs
        Where they then stand.
    """
    numbers = {commit.id: row for row, commit in enumerate(commits)}
    moves = [{name: getattr(move, name) for name in Move.__slots__} for move in refs.moves]
    flags = [(commit.sets_base, commit.since_anchor, commit.entry) for commit in commits]
    arrays: dict[str, NDArray[Any]] = {
        **{name: _hashes(getattr(commit, name) or "" for commit in commits) for name in COLUMNS},
        "numbers": np.array(flags, dtype="<i8").reshape(-1, 3),
        "moves": np.frombuffer(json.dumps(moves).encode(), dtype="u1"),
        **_lists("parents", [[numbers[parent] for parent in commit.parents] for commit in commits]),
        **_lists("seen", [[numbers[event.commit] for event in commit.drops] for commit in commits]),
        "dropped": _hashes(event.pathway for commit in commits for event in commit.drops),
        "added": _hashes(pathway for commit in commits for pathway in commit.adds),
        "added_counts": np.array([len(commit.adds) for commit in commits], dtype="<i8"),
    }
    record = IndexRecord(
        length=length, last=last, head=refs.head, branches=refs.branches, tags=refs.tags, moved=refs.moved
    )
    return hdf5.Content(layout.INDEX, record.canonical(), arrays)


def write(path: Path, content: hdf5.Content) -> None:
    """Keep an index in the cache, not flushed: whoever reads it checks it."""
    durable.replace(path, content.seal().write)


def read(location: hdf5.Location) -> Index | None:
    """Return the index that stands somewhere, or `None` when it is missing or damaged."""
    try:
        stored = hdf5.read(location, layout.INDEX)
        record = parse(IndexRecord, stored.record, location)
        commits = IndexedCommits(stored.arrays)
        text = stored.arrays["moves"].tobytes()
    except (FormatError, OSError, KeyError, ValueError, TypeError, IndexError, RuntimeError, OverflowError):
        return None
    known = set(commits.ids)
    standing = {*record.branches.values(), *record.tags.values()}
    if len(known) < len(commits) or not standing <= known or (commits and record.head not in record.branches):
        return None
    refs = Refs(
        head=record.head,
        branches=dict(record.branches),
        tags=dict(record.tags),
        moved=dict(record.moved),
        earlier=lambda: _moves(text, location),
    )
    return Index(record.length, record.last, commits, refs)


def _moves(text: bytes, location: hdf5.Location) -> list[Move]:
    try:
        moves: list[Any] = json.loads(text)
        if all(_is_move(move) for move in moves):
            return [Move(**move) for move in moves]
    except (ValueError, TypeError, RecursionError):
        pass
    raise FormatError(f"{location} is damaged: its moves of refs cannot be read.", code="index-damaged")


def _is_move(record: Any) -> bool:
    """Return whether something that was read can be a move of a ref."""
    if not isinstance(record, dict):
        return False
    move = cast("dict[str, Any]", record)
    texts = all(isinstance(move.get(name), str) for name in ("ref", "reason", "author", "time"))
    commits = all(move.get(name) is None or isinstance(move[name], str) for name in ("before", "after"))
    return type(move.get("number")) is int and texts and commits


def _hashes(values: Iterable[str]) -> NDArray[np.bytes_]:
    return np.array(list(values), dtype="S64")


def _ids(values: NDArray[Any], *, optional: bool = False) -> NDArray[np.bytes_]:
    """Return an array of ids, if it is one; an optional id may be empty."""
    if values.dtype != np.dtype("S64") or values.ndim != 1:
        raise ValueError("ids have 64 characters")
    digits = IS_HEX[values.view("u1")].reshape(-1, 64)
    if not (digits.all(axis=1) | (optional & (values == b""))).all():
        raise ValueError("ids are hexadecimal")
    return values


def _lists(name: str, lists: Sequence[Sequence[int]]) -> dict[str, NDArray[np.int64]]:
    """Return lists of numbers as one array and their lengths."""
    return {
        name: np.array([number for several in lists for number in several], dtype="<i8"),
        f"{name}_counts": np.array([len(several) for several in lists], dtype="<i8"),
    }


def _counts(values: NDArray[Any], dimensions: int = 1) -> NDArray[np.int64]:
    if values.dtype != np.dtype("<i8") or values.ndim != dimensions or (values < 0).any():
        raise ValueError("an array holds whole numbers from 0 on")
    return values
