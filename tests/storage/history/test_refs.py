"""Refs: a name is whatever stands behind `branch/` or `tag/`, and both kinds share their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grnledger
import numpy as np
import pytest
from grnledger.engine.errors import Conflict, FormatError
from grnledger.storage.history.records import EntryRecord, MoveRecord
from grnledger.storage.history.refs import Move, Refs, check_entry, moves_of, other_kind, split_ref

if TYPE_CHECKING:
    from pathlib import Path

REFS = {
    "HEAD": ("", "HEAD"),
    "branch/main": ("branch/", "main"),
    "tag/paper": ("tag/", "paper"),
    "branch/tag/x": ("branch/", "tag/x"),
    "tag/branch/x": ("tag/", "branch/x"),
}


@pytest.mark.parametrize("ref", REFS)
def test_a_ref_is_a_kind_and_a_name(ref: str) -> None:
    kind, name = split_ref(ref)
    assert (kind, name) == REFS[ref]
    refs = Refs()
    refs.set(ref, "tip")
    assert refs.get(ref) == "tip"
    if kind:
        assert refs.of_kind(kind)[name] == "tip"
        assert name not in refs.of_kind(other_kind(kind))


def test_a_branch_may_be_called_as_a_tag_is_written(tmp_path: Path) -> None:
    """Such a branch could once be made, and then neither moved nor deleted."""
    repo = grnledger.init(tmp_path / "s.grn", covariance=np.eye(3), genes=["A", "B", "C"])
    repo.create_branch("tag/x", "v0")
    repo.delete_branch("tag/x")
    repo.create_tag("branch/x", "v0")
    with pytest.raises(Conflict, match="There is a tag branch/x already, at v0"):
        repo.create_branch("branch/x", "v0")
    again = grnledger.open(tmp_path / "s.grn")
    assert (list(again.branches), list(again.tags)) == (["main"], ["branch/x"])
    assert grnledger.verify(tmp_path / "s.grn").findings == []


@pytest.mark.parametrize(
    ("wrong", "year", "before", "on_days"),
    [
        (None, "", None, "01234567"),
        (7, "1970", None, "01234777"),  # a clock that was reset
        (7, "0001", None, "01234777"),
        (3, "1970", None, "03334567"),
        (0, "1970", "c0", "01234567"),
        (3, "2100", None, "01224567"),  # a clock that was ahead
        (7, "9999", None, "01234566"),
        (0, "2100", None, "-1234567"),
    ],
)
def test_an_entry_of_a_wrong_clock_takes_a_date_astray_by_no_more_than_its_neighbours(
    wrong: int | None, year: str, before: str | None, on_days: str
) -> None:
    """The log is in order, whatever the clocks of its writers were."""
    refs = Refs()
    days = [f"{year if day == wrong else '2026'}-01-{10 + day}T12:00:00Z" for day in range(8)]
    refs.apply(Move(day + 1, "branch/main", None, f"c{day}", "", "", time) for day, time in enumerate(days))
    stood = [refs.at(f"2026-01-{10 + day}T23:59:59Z") for day in range(8)]
    assert stood == [None if number == "-" else f"c{number}" for number in on_days]
    assert [refs.at("1980-01-01T00:00:00Z"), refs.at("9999-12-31T23:59:59Z")] == [before, "c7"]


HERE, THERE, NOWHERE = "a" * 64, "b" * 64, "c" * 64

STANDING = {"branch/main": HERE, "branch/side": THERE, "tag/paper": HERE}


def standing() -> Refs:
    refs = Refs()
    for ref, commit in STANDING.items():
        refs.set(ref, commit)
    return refs


def entry(*moves: tuple[str, str | None, str | None]) -> EntryRecord:
    """An entry of the log that moves refs, each from somewhere to somewhere."""
    return EntryRecord(
        number=7,
        previous=HERE,
        versions=2,
        moves=tuple(MoveRecord(ref=ref, before=before, after=after) for ref, before, after in moves),
        reason="rollback",
        author="Ada",
        time="2026-11-01T12:00:00Z",
    )


FITTING = [
    ("branch/main", HERE, THERE),
    ("branch/side", THERE, None),
    ("branch/new", None, HERE),
    ("tag/paper", HERE, None),
    ("tag/new", None, THERE),
    ("HEAD", "main", "side"),
]

STRANGE = {
    "from where it is not": ("branch/main", THERE, HERE),
    "from nowhere, where it is": ("branch/side", None, HERE),
    "from somewhere, where it is not": ("tag/new", HERE, THERE),
    "a tag from where it is not": ("tag/paper", THERE, None),
    "HEAD from a branch that it is not": ("HEAD", "side", "main"),
}


@pytest.mark.parametrize("move", FITTING, ids=str)
def test_a_move_from_where_a_ref_stands_is_taken(move: tuple[str, str | None, str | None]) -> None:
    refs, record = standing(), entry(move)
    check_entry(record, {HERE, THERE}, refs)
    refs.apply(moves_of(record))
    assert refs.get(move[0]) == move[2]


@pytest.mark.parametrize("strange", STRANGE)
def test_a_move_from_where_a_ref_does_not_stand_is_refused(strange: str) -> None:
    move = STRANGE[strange]
    with pytest.raises(FormatError, match=f"it moves {move[0]} from a commit where it was not"):
        check_entry(entry(move), {HERE, THERE}, standing())
    with pytest.raises(FormatError, match="where it was not"):
        check_entry(entry(FITTING[2], move), {HERE, THERE}, standing())
    check_entry(entry(move), {HERE, THERE}, None)  # where refs stand is not known: nothing can be said


@pytest.mark.parametrize(
    ("moves", "message"),
    [
        ([("branch/main", HERE, NOWHERE)], f"the commit {NOWHERE} is not before it"),
        ([FITTING[2], ("tag/new", None, NOWHERE)], f"the commit {NOWHERE} is not before it"),
        ([("branch/..", None, HERE)], "there can be no ref 'branch/..'"),
        ([("remote/main", None, HERE)], "there can be no ref 'remote/main'"),
        ([("branch/main", HERE, None)], "it leaves HEAD on 'main', which is not a branch"),
        ([("HEAD", "main", "else")], "it leaves HEAD on 'else', which is not a branch"),
        ([("HEAD", "main", "side"), ("branch/side", THERE, None)], "it leaves HEAD on 'side'"),
    ],
    ids=str,
)
def test_an_entry_that_names_what_cannot_be_there_is_refused(
    moves: list[tuple[str, str | None, str | None]], message: str
) -> None:
    with pytest.raises(FormatError, match=message):
        check_entry(entry(*moves), {HERE, THERE}, standing())


def test_head_may_go_where_a_branch_is_made_at_once() -> None:
    check_entry(entry(("HEAD", "main", "new"), ("branch/new", None, HERE)), {HERE, THERE}, standing())
