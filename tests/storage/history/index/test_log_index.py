"""The index of a long log, made without HDF5: whatever is asked of it is what a list of its commits says.

Its end is read; the rest is read where it is asked for, and mended where it does not count.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from grnledger.engine.errors import FormatError
from grnledger.storage.files import chained_text, layout
from grnledger.storage.history.commits import (
    CommitFacts,
    Event,
    LoggedFacts,
    MeasuredFacts,
    PathwayFacts,
    adds_of,
    commit_of,
)
from grnledger.storage.history.index import blocks
from grnledger.storage.history.index.commits import IndexedCommits
from grnledger.storage.history.index.log_index import MOST_ACTIVE, STATE_EVERY, LogIndex
from grnledger.storage.history.refs import Move, Refs
from grnledger.storage.history.versions import _ancestors

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BASE = "b" * 64
NOON = "2026-11-01T12:00:00Z"


def id_of(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


class Model:
    """A log as lists: entries that bring commits and move refs, written to an index as a ledger writes them."""

    def __init__(self, path: Path | None = None) -> None:
        self.commits: list[LoggedFacts] = []
        self.entry_of: list[int] = []
        self.entries: list[tuple[list[Move], str, str | None]] = []
        self.active: dict[str, frozenset[Event]] = {}
        self.refs = Refs()
        self.index = LogIndex(path)

    def commit(self, *parents: int, branch: str = "main", others: int = 0) -> int:
        """Append an entry that brings a commit, after others without a branch; each adds a pathway."""
        brought: list[tuple[int, LoggedFacts]] = []
        for _ in range(others + 1):
            number, pathway = len(self.commits), id_of("pathway", len(self.commits))
            ids = tuple(self.commits[parent].id for parent in parents)
            adds = (PathwayFacts(pathway, (f"p{number}",), 2, 1, "sd", False, ()),)
            facts = CommitFacts(ids, BASE, False, adds, (), "Ada", NOON, f"number {number}\nof a test", None)
            active = frozenset().union(*(self.active[id_] for id_ in ids)) | {Event(id_of("id", number), pathway)}
            content = layout.version_content_id(BASE, {event.pathway for event in active})
            logged = LoggedFacts(id_of("id", number), facts, MeasuredFacts(content, 1, 1, None, number, None, 1.0))
            self.active[logged.id] = active
            self.commits.append(logged)
            self.entry_of.append(len(self.entries) + 1)
            brought.append((number, logged))
        self._append([(f"branch/{branch}", self.refs.branches.get(branch), logged.id)], f"commit: {number}", brought)
        return number

    def tag(self, name: str, number: int | None) -> None:
        """Append an entry that moves a tag."""
        id_ = None if number is None else self.commits[number].id
        self._append([(f"tag/{name}", self.refs.tags.get(name), id_)], "create", [])

    def _append(self, moved: list[Any], reason: str, brought: list[tuple[int, LoggedFacts]]) -> None:
        number = len(self.entries) + 1
        moves = [Move(number, *move, reason, "Ada", NOON) for move in moved]
        self.entries.append((moves, id_of("entry", number), id_of("file", number) if number % 5 else None))
        self.refs.apply(moves)
        self.index.append(*self.entries[-1], brought)  # pyright: ignore[reportArgumentType]  facts have its fields
        self.index.note_refs(self.refs, self.active.__getitem__)


def grown(path: Path | None = None, length: int = 400) -> Model:
    """Return a log with a second branch, merges, tags that come and go, and entries that bring several commits."""
    model = Model(path)
    side = main = model.commit()
    while len(model.entries) < length:
        step = len(model.entries)
        if step % 11 == 3:
            side = model.commit(side, branch="side")
        elif step % 31 == 7:
            main = model.commit(main, side)
        elif step % 13 == 5:
            model.tag(f"tag-{step % 3}", step % len(model.commits) if step % 2 else None)
        else:
            main = model.commit(main, others=9 if step % 97 == 1 else 0)
    return model


@pytest.fixture(scope="module")
def model() -> Model:
    return grown()


@pytest.fixture
def path(model: Model, tmp_path: Path) -> Path:
    (tmp_path / "history").write_bytes(model.index.text())
    return tmp_path / "history"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Where the blocks begin that are read from now on."""
    starts: list[int] = []
    block = chained_text.ChainedText.block

    def noting(text: chained_text.ChainedText, start: int, stop: int) -> bytes:
        starts.append(start)
        return block(text, start, stop)

    monkeypatch.setattr(chained_text.ChainedText, "block", noting)
    return starts


def check_all(index: LogIndex, model: Model, numbers: Sequence[int], entries: Sequence[int]) -> None:
    """Compare what an index says of some commits and entries with the model."""
    for number in numbers:
        logged = model.commits[number]
        assert index.facts(number) == logged
        assert index.commit(number) == commit_of(logged, model.entry_of[number])
        assert index.summary(number).message == logged.commit.message
        assert index.number_of(logged.id) == number
    for entry in entries:
        moves, id_, file = model.entries[entry - 1]
        assert (index.moves(entry), index.entry_row(entry).id, index.entry_row(entry).file) == (moves, id_, file or "-")


def moves_in(model: Model) -> list[Move]:
    return [move for moves, _, _ in model.entries for move in moves]


def test_it_says_what_was_appended(model: Model, path: Path) -> None:
    for index in (model.index, LogIndex(path), LogIndex(None, model.index.text())):
        assert (index.length, index.versions, index.first) == (400, len(model.commits), model.commits[0].id)
        assert index.claim() == (400, len(model.commits), model.commits[0].id)
        assert index.last == model.entries[-1][1]
        check_all(index, model, range(len(model.commits)), range(1, 401))
        assert index.ids() == [(logged.id, logged.measured.content) for logged in model.commits]
        refs = index.refs()
        assert (refs.head, refs.branches, refs.tags, refs.moved) == (
            "main",
            model.refs.branches,
            model.refs.tags,
            model.refs.moved,
        )
        assert refs.moves == moves_in(model)
        assert index.number_of("c" * 64) is None
        assert not index.damaged or index is model.index


@pytest.mark.parametrize("order", ["up", "down", "random"])
def test_in_whatever_order_it_is_asked(path: Path, model: Model, order: str) -> None:
    numbers = list(range(len(model.commits)))
    if order == "random":
        numbers.sort(key=lambda number: id_of(number))
    for held in (2, 64):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(blocks, "MOST_HELD", held)
            index = LogIndex(path)
            for number in numbers[::-1] if order == "down" else numbers:
                check_all(index, model, [number], [model.entry_of[number]])


def test_the_text_is_the_same_whoever_appends_to_it(tmp_path: Path) -> None:
    once = grown()
    model = grown(tmp_path / "history", 100)
    model.index.write()
    for length in (130, 131, 257, 400):
        again = Model(tmp_path / "history")
        again.commits, again.entry_of, again.active = once.commits, once.entry_of, once.active
        refs = again.index.refs()
        for number in range(again.index.length + 1, length + 1):
            moves, id_, file = once.entries[number - 1]
            refs.apply(moves)
            brought = [(n, once.commits[n]) for n, entry in enumerate(once.entry_of) if entry == number]
            again.index.append(moves, id_, file, brought)  # pyright: ignore[reportArgumentType]
            again.index.note_refs(refs, once.active.__getitem__)
        again.index.write()
    assert (tmp_path / "history").read_bytes() == once.index.text()


def test_a_cut_leaves_what_a_shorter_log_gives(path: Path, model: Model) -> None:
    for length in [*range(1, 70), 127, 128, 129, 200, 399, 400]:
        index, shorter = LogIndex(path), grown(length=length)
        index.cut(length)
        assert index.text() in (shorter.index.text(), _without_state(shorter.index.text()))
        assert (index.length, index.versions) == (length, len(shorter.commits))
        assert index.refs().branches == shorter.refs.branches
        check_all(index, model, [0, index.versions - 1], [1, length])


def _without_state(text: bytes) -> bytes:
    """Return a text without a last line that says where refs stand: it is about all entries before."""
    before, separator, last = text.rpartition(b"\x1c")
    return text if b"\n" in last[:-1] or not separator else before


# What is read


def test_the_end_is_read_for_what_is_new_and_one_block_or_few_for_what_is_old(path: Path, read: list[int]) -> None:
    index = LogIndex(path)
    index.refs()
    assert len(read) == 1
    next(index.summaries_down_from(index.versions - 1))
    assert len(read) == 1
    index.facts(0)
    assert len(read) <= 5
    index.facts(index.versions // 2)
    assert len(read) <= 9


def test_what_is_read_for_the_newest_does_not_grow_with_the_log(tmp_path: Path, read: list[int]) -> None:
    counts: list[int] = []
    for length in (300, 1_500):
        grown(tmp_path / f"history-{length}", length).index.write()
        read.clear()
        index = LogIndex(tmp_path / f"history-{length}")
        refs, commits = index.refs(), IndexedCommits(index)
        tip = index.number_of(refs.branches["main"])
        assert tip is not None
        assert [number for number, _ in zip(range(5), _ancestors(index, tip, None), strict=False)] == list(range(5))
        assert commits[tip].id == refs.branches["main"]
        counts.append(len(read))
    assert max(counts) <= 3


def test_a_log_of_any_length_is_searched_by_halves(tmp_path: Path, read: list[int]) -> None:
    model = grown(tmp_path / "history", 3_000)
    model.index.write()
    for number in (0, 1, 700, 1_500, 2_700):
        index = LogIndex(tmp_path / "history")
        read.clear()
        check_all(index, model, [], [number + 1])
        assert index.facts(number) == model.commits[number]
        assert len(read) <= 14  # of some fifty


def test_the_pathways_that_are_active_are_noted_with_the_refs(path: Path, model: Model) -> None:
    index, noted = LogIndex(path), 0
    known = {logged.id for logged in model.commits}
    for number, logged in enumerate(model.commits):
        events = index.active(number, commit_of(logged, model.entry_of[number]), known)
        assert events in (None, model.active[logged.id])
        noted += events is not None
    assert noted == sum(row.tip in known for row in index.states()) == 400 // STATE_EVERY
    assert len(model.active[model.refs.branches["main"]]) < MOST_ACTIVE


def test_adds_that_are_not_those_of_the_version_are_not_used(path: Path, model: Model) -> None:
    index = LogIndex(path)
    row = index.states()[0]
    number = next(n for n, logged in enumerate(model.commits) if logged.id == row.tip)
    commit = commit_of(model.commits[number], 1)
    assert index.active(number, commit, {logged.id for logged in model.commits}) == model.active[row.tip]
    assert index.active(number, commit._replace(content="0" * 64), {logged.id for logged in model.commits}) is None
    assert index.active(number, commit, set[str]()) is None
    assert adds_of(commit) <= model.active[row.tip]


# What does not count


def broken_at(path: Path, place: int) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])


@pytest.mark.parametrize("share", [0.01, 0.3, 0.6])
def test_a_block_that_does_not_count_is_mended_when_it_is_read(path: Path, model: Model, share: float) -> None:
    good = path.read_bytes()
    broken_at(path, int(share * len(good)))
    index = LogIndex(path)
    assert (index.length, index.damaged) == (400, True)
    with pytest.raises(ValueError, match="makes no sense"):
        check_all(index, model, range(len(model.commits)), range(1, 401))
    index = LogIndex(path)
    mended: list[int] = []

    def mend() -> None:
        mended.append(index.length)
        index.adopt(LogIndex(None, good))

    index.mend = mend
    check_all(index, model, range(len(model.commits)), range(1, 401))
    assert index.refs().moves == moves_in(model)
    assert mended == [400]
    index.write()
    assert path.read_bytes() == good


def test_a_block_that_cannot_be_mended_is_refused_with_the_reason(path: Path, model: Model) -> None:
    broken_at(path, 2_000)
    index = LogIndex(path)

    def mend() -> None:
        raise FormatError("The log is damaged.")

    index.mend = mend
    check_all(index, model, [index.versions - 1], [400])
    with pytest.raises(FormatError, match="The log is damaged"):
        index.facts(0)
    with pytest.raises(FormatError, match="The log is damaged"):
        list(index.summaries_down_from(index.versions - 1))


def test_a_number_that_is_another_commits_is_searched_again(path: Path, model: Model) -> None:
    index = LogIndex(path)
    index._numbers[model.commits[5].id] = 7  # as a forged line could say
    index.mend = lambda: index.adopt(LogIndex(None, model.index.text()))
    assert index.number_of(model.commits[5].id) == 5
