"""Rows of the index: whatever stands in a record comes back as it was, and nothing of it ends a line or a field."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from grnledger.storage.history.commits import (
    CommitFacts,
    DropFacts,
    Event,
    LoggedFacts,
    MeasuredFacts,
    PathwayFacts,
    SourceFacts,
    adds_of,
    commit_of,
)
from grnledger.storage.history.index import decode, encode
from grnledger.storage.history.index.rows import CommitRow, EntryRow, RefsRow, escaped, plain
from grnledger.storage.history.refs import Move, Refs
from hypothesis import given, strategies as st

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ID = st.binary(max_size=4).map(lambda content: hashlib.sha256(content).hexdigest())
COUNT = st.integers(0, 2**53)
REAL = st.floats(allow_nan=False, allow_infinity=False)
NAMES = st.lists(TEXT, min_size=1, max_size=3).map(tuple)
PATHWAYS = st.builds(
    PathwayFacts, ID, NAMES, COUNT, st.sampled_from([1, -1]), st.sampled_from(["sd", "raw"]), st.booleans(),
    st.lists(TEXT, max_size=3).map(tuple),
)  # fmt: skip
DROPS = st.builds(DropFacts, ID, NAMES, st.lists(ID, min_size=1, max_size=3).map(tuple))
SOURCES = st.builds(SourceFacts, TEXT, ID, st.dictionaries(TEXT, TEXT | st.integers() | REAL | st.none()))
COMMITS = st.builds(
    LoggedFacts,
    ID,
    st.builds(
        CommitFacts, st.lists(ID, max_size=2).map(tuple), ID, st.booleans(), st.lists(PATHWAYS, max_size=3).map(tuple),
        st.lists(DROPS, max_size=3).map(tuple), TEXT, st.just("2026-11-01T12:00:00Z"), TEXT, st.none() | SOURCES,
    ),
    st.builds(MeasuredFacts, ID, COUNT, COUNT, st.none() | ID, COUNT, st.none() | REAL, REAL),
)  # fmt: skip


def is_line(row: tuple[str, ...]) -> bool:
    line = "\t".join(row)
    return "\n" not in line and "\x1c" not in line and tuple(line.split("\t")) == row


@given(TEXT)
def test_a_text_comes_back_and_has_no_character_that_could_part_it(text: str) -> None:
    assert plain(escaped(text)) == text
    assert not set(escaped(text)) & set("\t\n\r\x1c\x1d\x1e\x1f")


@pytest.mark.parametrize("field", ["\\", "\\x41", 'a" + "\\n', "\\u12", "\\ud800x\\"])
def test_a_field_that_nobody_has_escaped_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        plain(field)


@given(COMMITS)
def test_a_commit_comes_back_from_its_row(logged: LoggedFacts) -> None:
    numbers = {parent: number for number, parent in enumerate(logged.commit.parents)}
    row = encode.commit_row(logged, 7, 9, numbers.__getitem__)
    assert is_line(row)
    assert decode.facts_of(row) == logged
    assert decode.commit_of(row) == commit_of(logged, 9)
    summary = decode.summary_of("\t".join(row))
    assert CommitRow._make(summary.line.split("\t")) == row
    assert summary.parents == [numbers[parent] for parent in logged.commit.parents]
    assert (summary.added, summary.author, summary.message) == (
        logged.commit.adds,
        logged.commit.author,
        logged.commit.message,
    )
    assert summary.dropped == tuple(name for drop in logged.commit.drops for name in drop.names)
    assert (summary.id, summary.content, summary.base) == (logged.id, logged.measured.content, logged.commit.base)
    assert summary.changes_base == (logged.commit.sets_base and bool(logged.commit.parents))
    assert summary.rank == logged.measured.rank


NAME = TEXT.filter(bool)
MOVES = st.lists(st.tuples(NAME, st.none() | NAME, st.none() | NAME), min_size=1, max_size=3)


@given(MOVES, TEXT, TEXT)
def test_the_moves_of_an_entry_come_back_from_its_row(parts: list[Any], reason: str, author: str) -> None:
    moves = [Move(5, *part, reason, author, "2026-11-01T12:00:00Z") for part in parts]
    row = encode.entry_row(moves, "f" * 64, None)
    assert is_line(row)
    assert decode.moves_of(row) == moves
    assert (row.number, row.id, row.file) == ("5", "f" * 64, "-")


@given(st.dictionaries(NAME, ID, max_size=3), st.dictionaries(NAME, ID, max_size=3), NAME, ID, COMMITS)
def test_where_refs_stand_comes_back_from_its_row(
    branches: dict[str, str], tags: dict[str, str], head: str, tip: str, logged: LoggedFacts
) -> None:
    refs = Refs(head, {**branches, head: tip}, tags, {f"branch/{name}": 3 for name in branches})
    numbers = {id_: number for number, id_ in enumerate({*refs.branches.values(), *tags.values(), logged.id})}
    active = adds_of(commit_of(logged, 1))
    for events in (None, active):
        row = encode.refs_row(refs, 64, 60, "a" * 64, numbers.__getitem__, events)
        assert is_line(row)
        again = decode.refs_of(row)
        assert (again.head, again.branches, again.tags, again.moved) == (
            refs.head,
            refs.branches,
            refs.tags,
            refs.moved,
        )
        assert decode.active_of(row) == events
        standing = {*refs.branches.values(), *tags.values(), *({logged.id} if events else ())}
        assert decode.numbers_in(row) == {id_: numbers[id_] for id_ in standing}
        assert (row.entries, row.versions, row.first, row.tip) == ("64", "60", "a" * 64, tip)


GOOD = encode.commit_row(
    LoggedFacts(
        "a" * 64,
        CommitFacts(("b" * 64,), "c" * 64, False, (PathwayFacts("d" * 64, ("p",), 2, 1, "sd", False, ()),),
                    (DropFacts("e" * 64, ("q",), ("f" * 64,)),), "Ada", "2026-11-01T12:00:00Z", "m", None),
        MeasuredFacts("1" * 64, 3, 3, "2" * 64, 5, 1e-9, 1.0),
    ),
    7, 9, lambda _: 6,
)  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "../x"), ("content", "A" * 64), ("base", "/etc/passwd"), ("base", ""), ("parents", "7:" + "b" * 64),
        ("parents", "8:" + "b" * 64), ("parents", "-1:" + "b" * 64),
        ("parents", "6:x"), ("rank", "many"), ("author", "\\x"), ("message", "\\"), ("adds", "p"),
        ("drops", "q\x1e\x1e"),
        ("adds", GOOD.adds.replace("\x1e2\x1e", "\x1etwo\x1e")), ("reading", ""), ("number", "x"),
        ("reading", GOOD.reading.replace("2" * 64, "../" * 21 + "x")), ("reading", GOOD.reading.replace("1e-09", "x")),
        ("reading", GOOD.reading[:-1] + "[" * 100_000), ("reading", GOOD.reading[:-1] + '{"file":1}'),
    ],
)  # fmt: skip
def test_a_row_that_makes_no_sense_is_refused(field: str, value: str) -> None:
    row = GOOD._replace(**{field: value})
    with pytest.raises((ValueError, RecursionError)):
        (decode.commit_of(row), decode.facts_of(row), decode.parents_of(row.number, row.parents))


def test_rows_of_another_length_are_none() -> None:
    for row in (CommitRow, EntryRow, RefsRow):
        with pytest.raises(TypeError):
            row._make(["x"])


def test_adds_are_noted_by_commit_and_pathway() -> None:
    refs = Refs("main", {"main": "a" * 64}, {}, {})
    events = frozenset({Event("a" * 64, "b" * 64), Event("c" * 64, "d" * 64)})
    row = encode.refs_row(refs, 1, 2, "a" * 64, {"a" * 64: 1, "c" * 64: 0}.__getitem__, events)
    assert decode.numbers_in(row) == {"a" * 64: 1, "c" * 64: 0}
    assert decode.active_of(row) == events
