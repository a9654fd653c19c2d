"""The index of the log: what replaying it gave, kept so that opening a store need not read every entry again.

It is derived. It counts only if its own id is right and the last entry that it covers is still the one it saw.
"""

from __future__ import annotations

import contextlib
import json
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ..engine.errors import FormatError
from . import durable, hdf5, layout
from .history import Commit, Event
from .records import IndexRecord, parse
from .refs import Move, Refs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

EVERY = 64
"""The index is written anew when so many entries are not in it."""

COLUMNS = ("id", "content", "base", "anchor")

HEX = np.frombuffer(b"0123456789abcdef", dtype="u1")


@dataclass(frozen=True, slots=True)
class Index:
    """What the log gave up to an entry.

    Parameters
    ----------
    length : int
        How many entries it covers.
    last : str
        The id of the last of them.
    commits : list of Commit
        In the order of the log.
    refs : Refs
        Where they then stood.
    """

    length: int
    last: str
    commits: list[Commit]
    refs: Refs = field(default_factory=Refs)


def content_of(index: Index) -> hdf5.Content:
    """Return the content of an index's file."""
    refs = index.refs
    numbers = {commit.id: place for place, commit in enumerate(index.commits)}
    moves = [{name: getattr(move, name) for name in Move.__slots__} for move in refs.moves]
    flags = [(commit.sets_base, commit.since_anchor, commit.entry) for commit in index.commits]
    arrays: dict[str, NDArray[Any]] = {
        **{name: _hashes(getattr(commit, name) or "" for commit in index.commits) for name in COLUMNS},
        "numbers": np.array(flags, dtype="<i8").reshape(-1, 3),
        "moves": np.frombuffer(json.dumps(moves).encode(), dtype="u1"),
        **_lists("parents", [[numbers[one] for one in commit.parents] for commit in index.commits]),
        **_lists("seen", [[numbers[one.commit] for one in commit.drops] for commit in index.commits]),
        "dropped": _hashes(one.pathway for commit in index.commits for one in commit.drops),
        "added": _hashes(one for commit in index.commits for one in commit.adds),
        "added_counts": np.array([len(commit.adds) for commit in index.commits], dtype="<i8"),
    }
    record = IndexRecord(
        length=index.length, last=index.last, head=refs.head, branches=refs.branches, tags=refs.tags, moved=refs.moved
    )
    return hdf5.Content(layout.INDEX, record.canonical(), arrays)


def write(path: Path, index: Index) -> None:
    """Keep an index in the cache, not flushed: whoever reads it checks it."""
    durable.replace(path, content_of(index).seal().write)


def read(place: hdf5.Place) -> Index | None:
    """Return the index that stands somewhere, or `None` when it is missing or damaged."""
    try:
        stored = hdf5.read(place, layout.INDEX)
        record = parse(IndexRecord, stored.record, place)
        commits = list(_commits(stored.arrays))
        text = stored.arrays["moves"].tobytes()
    except (FormatError, OSError, KeyError, ValueError, TypeError, IndexError, RuntimeError, OverflowError):
        return None
    known = {commit.id for commit in commits}
    standing = {*record.branches.values(), *record.tags.values()}
    if len(known) < len(commits) or not standing <= known or (commits and record.head not in record.branches):
        return None
    refs = Refs(
        head=record.head,
        branches=dict(record.branches),
        tags=dict(record.tags),
        moved=dict(record.moved),
        earlier=lambda: _moves(text, place),
    )
    return Index(record.length, record.last, commits, refs)


def write_witness(path: Path, said: bytes) -> None:
    """Keep the `testimony` of the last entry, so that its loss is noticed, which the entries before do not show."""
    try:
        durable.overwrite(path, said)
    except FileNotFoundError:  # somebody has deleted the cache, as anybody may
        durable.make_folder(path.parent)
        durable.overwrite(path, said)


def read_witness(path: Path) -> bytes:
    """Return what has been kept of the last entry; nothing where that cannot be read."""
    with contextlib.suppress(OSError):
        if path.is_file():
            with path.open("rb") as file:
                return file.read(len(testimony(0, 0, "0" * 64, "")))
    return b""


def witnessed(said: bytes, first: str) -> tuple[int, int]:
    """Return how many entries and versions have been seen in a store's log; 0 when nothing true is said of that store.

    Parameters
    ----------
    said : bytes
        What has been kept.
    first : str
        The id of the store's first commit.
    """
    try:
        length, versions, last, _ = said.decode("ascii").split(" ")
        counts = int(length), int(versions)
    except ValueError:
        return 0, 0
    return counts if said == testimony(*counts, last, first) else (0, 0)


def seen_among(said: bytes, ids: Mapping[int, str]) -> int | None:
    """Return the number of the entry that has been seen last, whichever store's, if it is among some, by their ids."""
    seen = said.decode("ascii", errors="replace").split(" ")[::2][:2]
    return next((number for number, id_ in ids.items() if seen == [f"{number:0{layout.ENTRY_DIGITS}d}", id_]), None)


def testimony(length: int, versions: int, last: str, first: str) -> bytes:
    """Return what is kept of the last entry.

    Parameters
    ----------
    length : int
        Its number.
    versions : int
        How many versions there are with it.
    last : str
        Its id.
    first : str
        The id of the store's first commit, so that no other store's witness is believed.
    """
    digits = layout.ENTRY_DIGITS
    said = f"{length:0{digits}d} {versions:0{digits}d} {last}"
    return f"{said} {zlib.crc32(f'{said} {first}'.encode()):08x}\n".encode(errors="replace")


def _moves(text: bytes, place: hdf5.Place) -> list[Move]:
    try:
        said: list[Any] = json.loads(text)
        if all(_is_move(move) for move in said):
            return [Move(**move) for move in said]
    except (ValueError, TypeError, RecursionError):
        pass
    raise FormatError(
        f"{place} is damaged: its moves of refs cannot be read.", hint="`grn verify --repair` makes it anew."
    )


def _is_move(said: Any) -> bool:
    """Return whether something that was read can be a move of a ref."""
    if not isinstance(said, dict):
        return False
    move = cast("dict[str, Any]", said)
    texts = all(isinstance(move.get(name), str) for name in ("ref", "reason", "author", "time"))
    commits = all(move.get(name) is None or isinstance(move[name], str) for name in ("before", "after"))
    return type(move.get("number")) is int and texts and commits


def _commits(arrays: dict[str, NDArray[Any]] | Any) -> Iterator[Commit]:
    ids, contents, bases, anchors = (_texts(arrays[name], optional=name == "anchor") for name in COLUMNS)
    numbers = _whole(arrays["numbers"], dimensions=2).tolist()
    parents = _unlisted(arrays, "parents")
    seen = _unlisted(arrays, "seen")
    dropped, added = iter(_texts(arrays["dropped"])), iter(_texts(arrays["added"]))
    for place, count in enumerate(_whole(arrays["added_counts"]).tolist()):
        sets_base, since_anchor, entry = numbers[place]
        if any(one >= place for one in (*parents[place], *seen[place])):
            raise ValueError("a commit comes before what it names")
        if not all(0 <= one < place for one in (*parents[place], *seen[place])):
            raise ValueError("a commit comes after those that it names")
        yield Commit(
            id=ids[place],
            content=contents[place],
            base=bases[place],
            sets_base=bool(sets_base),
            parents=tuple(ids[one] for one in parents[place]),
            adds=tuple(next(added) for _ in range(count)),
            drops=tuple(Event(ids[one], next(dropped)) for one in seen[place]),
            anchor=anchors[place] or None,
            since_anchor=since_anchor,
            entry=entry,
        )


def _hashes(values: Iterable[str]) -> NDArray[np.bytes_]:
    return np.array(list(values), dtype="S64")


def _texts(values: NDArray[Any], *, optional: bool = False) -> list[str]:
    """Return ids as text; an optional one may be empty."""
    if values.dtype != np.dtype("S64"):
        raise ValueError("ids have 64 characters")
    digits = np.isin(values.view("u1"), HEX).reshape(-1, 64)
    if not (digits.all(axis=1) | (optional & (values == b""))).all():
        raise ValueError("ids are hexadecimal")
    return values.astype("U64").tolist()


def _lists(name: str, lists: Sequence[Sequence[int]]) -> dict[str, NDArray[np.int64]]:
    """Return lists of numbers as one array and their lengths."""
    return {
        name: np.array([one for several in lists for one in several], dtype="<i8"),
        f"{name}_counts": np.array([len(several) for several in lists], dtype="<i8"),
    }


def _whole(values: NDArray[Any], dimensions: int = 1) -> NDArray[np.int64]:
    if values.dtype != np.dtype("<i8") or values.ndim != dimensions or (values < 0).any():
        raise ValueError("an array holds whole numbers from 0 on")
    return values


def _unlisted(arrays: Any, name: str) -> list[list[int]]:
    values, ends = _whole(arrays[name]).tolist(), np.cumsum(_whole(arrays[f"{name}_counts"])).tolist()
    return [values[start:end] for start, end in zip([0, *ends], ends, strict=False)]
