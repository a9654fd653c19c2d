"""A version is a set: what revert, merge, cherry-pick and rollback make of it, whatever the order of events."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, cast
from unittest import mock

import grnledger
import numpy as np
import pytest
from grnledger.engine.errors import Conflict, FormatError, InputError, NotFound, ShapeError
from grnledger.engine.network.anchor import Diagonal
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from grnledger.storage.files import layout
from grnledger.storage.history import changes
from grnledger.storage.history.active import History
from grnledger.storage.history.commits import Event, commit_of
from grnledger.storage.history.entries import commit_id, pathway_id
from grnledger.storage.history.records import (
    CommitRecord,
    DropRecord,
    EntryRecord,
    LoggedCommit,
    MeasuredRecord,
    MoveRecord,
    PathwayRecord,
)
from grnledger.storage.history.refs import Refs, check_entry

if TYPE_CHECKING:
    from pathlib import Path

    from grnledger.storage.history.versions import Version
    from grnledger.storage.repository import Repository

SIZE = 24
GENES = tuple(f"GENE{number}" for number in range(SIZE))
PANEL = Panel(GENES)


class Clock:
    """A clock that goes on by a minute whenever it is looked at, so that no two commits are one and the same."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 1, tzinfo=UTC)

    def astimezone(self, zone: tzinfo) -> datetime:
        self.moment += timedelta(minutes=1)
        return self.moment.astimezone(zone)


def pathway(name: str, strength: float = 0.3, *, sign: int = 1) -> Pathway:
    """A pathway of five genes that its name picks."""
    rng = np.random.default_rng(sum(map(ord, name)))
    genes = np.sort(rng.choice(SIZE, size=5, replace=False))
    loadings = strength * rng.uniform(0.5, 1.5, size=(5, 1))
    return Pathway((name,), genes, loadings, 1 if sign == 1 else -1)


def factor_base() -> FactorCovariance:
    rng = np.random.default_rng(3)
    return FactorCovariance(rng.uniform(0.5, 1.5, SIZE), rng.normal(size=(SIZE, 3)))


@pytest.fixture(params=["factor", "dense"])
def repo(tmp_path: Path, request: pytest.FixtureRequest) -> Repository:
    """A new store on a base of either form."""
    base = factor_base()
    if request.param == "factor":
        repo = grnledger.init(tmp_path / "tumor.grn", factor_model=base, genes=GENES, author="ada")
    else:
        covariance = np.diag(base.noise) + base.loadings @ base.loadings.T
        repo = grnledger.init(tmp_path / "tumor.grn", covariance=covariance, genes=GENES, author="ada")
    repo._writer._time = cast("datetime", Clock())
    return repo


def add(repo: Repository, *names: str, branch: str | None = None) -> Version:
    return repo.commit([pathway(name) for name in names], branch=branch)


def names(repo: Repository, rev: str = "HEAD") -> list[str]:
    return sorted(active.label for active in repo.active(rev))


def bits(repo: Repository, rev: str = "HEAD") -> tuple[bytes, bytes]:
    snapshot = repo.snapshot(rev)
    return snapshot.precision.to_dense().tobytes(), snapshot.covariance.to_dense().tobytes()


# Revert


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (2, 3, 1)])
def test_reverting_everything_gives_the_base_back_bit_for_bit(repo: Repository, order: tuple[int, ...]) -> None:
    for name in ("p53", "nfkb", "wnt"):
        add(repo, name)
    for number in order:
        repo.revert(f"v{number}")
    assert names(repo) == []
    assert repo.version().content == repo.version("v0").content
    assert bits(repo) == bits(repo, "v0")
    assert repo.snapshot().log_det == repo.snapshot("v0").log_det


def test_reverting_everything_gives_the_base_back_bit_for_bit_after_re_inversions(repo: Repository) -> None:
    add(repo, "p53")
    repo.reinvert()
    add(repo, "nfkb", "wnt", "mapk", "stat")  # more than an eighth of the genes: this one is inverted unasked
    assert repo.version("v2").entry.measured.anchor == repo.version("v2").content
    assert repo.version("v3").entry.measured.anchor == repo.version("v3").content
    repo.revert("v3")
    assert repo.version().content == repo.version("v1").content
    repo.revert("v1")
    assert repo.version().content == repo.version("v0").content
    assert repo.version().entry.measured.anchor is None
    assert bits(repo) == bits(repo, "v0")


def test_a_revert_of_a_revert_brings_the_pathways_back_as_a_new_event(repo: Repository) -> None:
    add(repo, "p53")
    repo.revert("v1")
    again = repo.revert("v2")
    assert names(repo) == ["p53"]
    assert again.content == repo.version("v1").content
    assert again.id != repo.version("v1").id
    assert bits(repo) == bits(repo, "v1")
    assert repo.active()[0].since == "v3"
    repo.revert("v3")
    assert names(repo) == []


def test_one_pathway_of_a_commit_is_reverted_alone(repo: Repository) -> None:
    add(repo, "p53", "nfkb", "wnt")
    version = repo.revert("v1", only="nfkb")
    assert names(repo) == ["p53", "wnt"]
    assert version.dropped == ("nfkb",)
    rest = repo.revert("v1")
    assert names(repo) == []
    assert sorted(rest.dropped) == ["p53", "wnt"]


def test_only_takes_both_sides_of_a_name_that_a_version_replaced(repo: Repository) -> None:
    old, new = pathway("p53"), pathway("p53", 0.4)
    repo.commit([old, pathway("wnt")])
    repo.create_branch("side")
    repo.switch("side")
    repo.revert("v1", only=["p53"])
    repo.commit([new])
    repo.switch("main")
    merged = repo.merge("side", fast_forward=False)
    assert {active.record.id for active in repo.active()} == {pathway_id(new), pathway_id(pathway("wnt"))}
    repo.revert(merged.name, only=["p53"])
    assert {active.record.id for active in repo.active()} == {pathway_id(old), pathway_id(pathway("wnt"))}


def test_reverting_a_merge_undoes_what_it_brought_to_its_first_parent(repo: Repository) -> None:
    add(repo, "p53")
    repo.create_branch("side")
    add(repo, "nfkb")
    repo.switch("side")
    add(repo, "wnt")
    repo.revert("v1")
    repo.switch("main")
    merged = repo.merge("side")
    assert names(repo) == ["nfkb", "wnt"]
    repo.revert(merged.name)
    assert names(repo) == ["nfkb", "p53"]
    repo.switch("side")
    other = repo.merge(merged.name + "^1", fast_forward=False)  # the same set, with the other first parent
    assert other.content == merged.content
    repo.revert(other.name)
    assert names(repo) == ["wnt"]


def test_there_is_nothing_to_revert_in_the_base_or_twice(repo: Repository) -> None:
    add(repo, "p53")
    with pytest.raises(InputError, match="v0 is the base itself: there is nothing to revert"):
        repo.revert("v0")
    repo.revert("v1")
    with pytest.raises(InputError, match=r"nothing to revert from v1: .*not active.*p53"):
        repo.revert("v1")
    with pytest.raises(NotFound, match="v1 has no pathway 'wnt'"):
        repo.revert("v1", only=["wnt"])


def test_a_revert_that_would_bring_back_a_taken_name_is_refused(repo: Repository) -> None:
    add(repo, "p53")
    repo.revert("v1")
    repo.commit([pathway("p53", 0.4)])
    with pytest.raises(Conflict, match="A pathway named p53 is active already, since v3"):
        repo.revert("v2")
    assert repo.version().name == "v3"


# Adds and drops as events


def test_a_re_add_is_a_new_event_that_an_older_drop_has_not_seen(repo: Repository) -> None:
    add(repo, "p53")
    repo.create_branch("side")
    repo.revert("v1")  # v2: the drop has seen the add of v1 alone
    repo.switch("side")
    repo.revert("v1")  # v3
    add(repo, "p53")  # v4: added anew
    repo.switch("main")
    repo.merge("side")
    assert names(repo) == ["p53"]
    assert [active.since for active in repo.active()] == ["v4"]


def test_a_drop_kills_only_the_add_that_it_saw(repo: Repository) -> None:
    repo.create_branch("side")
    add(repo, "p53")  # v1 on main
    add(repo, "p53", branch="side")  # v2 on side: equal content, another event
    repo.revert("v1")  # v3 on main
    repo.merge("side")
    assert names(repo) == ["p53"]
    assert [active.since for active in repo.active()] == ["v2"]
    assert repo.version().content == repo.version("v1").content


def test_equal_content_that_two_branches_added_counts_once_and_goes_at_once(repo: Repository) -> None:
    repo.create_branch("side")
    add(repo, "p53")
    add(repo, "p53", branch="side")
    assert repo.version("v1").content == repo.version("v2").content
    assert repo.version("v1").id != repo.version("v2").id
    merged = repo.merge("side")
    assert merged.rank == 1
    assert names(repo) == ["p53"]
    assert bits(repo) == bits(repo, "v1")
    dropped = repo.revert("v1")
    assert names(repo) == []
    assert sorted(dropped.entry.commit.drops[0].seen) == sorted([repo.version("v1").id, repo.version("side").id])
    assert bits(repo) == bits(repo, "v0")


def test_a_drop_after_a_merge_holds_against_the_branch_it_saw_and_not_against_later_adds(repo: Repository) -> None:
    repo.create_branch("side")
    add(repo, "p53", branch="side")  # v1
    repo.merge("side", fast_forward=False)  # v2
    repo.revert("v1")  # v3 on main
    repo.switch("side")
    add(repo, "wnt")  # v4
    repo.switch("main")
    repo.merge("side")
    assert names(repo) == ["wnt"]
    repo.switch("side")
    repo.revert("v1")
    add(repo, "p53")
    repo.switch("main")
    repo.merge("side")
    assert names(repo) == ["p53", "wnt"]


# Merge


def test_a_merge_from_either_side_is_the_same_version_to_the_last_bit(tmp_path: Path, repo: Repository) -> None:
    add(repo, "p53")
    repo.create_branch("side")
    add(repo, "nfkb", "wnt")
    repo.reinvert()
    add(repo, "stat", branch="side")
    repo.commit([pathway("take", 0.05, sign=-1)], branch="side")
    left = repo.merge("side")
    repo.rollback("HEAD^1")
    repo.switch("side")
    right = repo.merge("main")
    assert left.parents == right.parents[::-1]
    assert left.id != right.id
    assert left.content == right.content
    assert left.entry.measured == right.entry.measured
    assert bits(repo, left.name) == bits(repo, right.name)
    assert repo.snapshot(left.name).log_det == repo.snapshot(right.name).log_det


def test_a_criss_cross_merge_comes_to_the_same_set_both_ways(repo: Repository) -> None:
    add(repo, "p53")
    repo.create_branch("side")
    add(repo, "nfkb")  # v2 on main
    repo.switch("side")
    add(repo, "wnt")  # v3 on side
    repo.merge("v2", message="first")  # v4 on side
    repo.revert("v1")  # v5 on side: p53 goes
    repo.switch("main")
    repo.merge("v3", message="second")  # v6 on main
    assert repo.version("v6").content == repo.version("v4").content
    add(repo, "stat")  # v7 on main
    crossed = repo.merge("side")
    repo.switch("side")
    repo.merge("v7")
    assert names(repo, "main") == names(repo, "side") == ["nfkb", "stat", "wnt"]
    assert crossed.content == repo.version("side").content
    assert bits(repo, "main") == bits(repo, "side")


def test_a_merge_of_what_is_there_already_changes_nothing_and_one_ahead_only_moves_the_branch(repo: Repository) -> None:
    add(repo, "p53")
    assert repo.moves[-1].reason == f"commit: {repo.version().message}"
    repo.create_branch("side", "v0")
    assert repo.merge("side").name == "v1"
    assert repo.merge("HEAD").name == "v1"
    assert repo.moves[-1].reason == "create at v0"
    repo.switch("side")
    assert repo.merge("main").name == "v1"
    assert repo.branches["side"].name == "v1"
    assert repo.moves[-1].reason == "merge main: fast-forward"
    repo.rollback("v0")
    merge = repo.merge("main", fast_forward=False)
    assert len(merge.parents) == 2
    assert merge.content == repo.version("v1").content


def test_two_pathways_of_one_name_may_meet_in_a_merge_and_are_distinguished_by_version(repo: Repository) -> None:
    repo.create_branch("side")
    repo.commit([pathway("p53")])
    repo.commit([pathway("p53", 0.4)], branch="side")
    repo.merge("side")
    assert [active.label for active in repo.active()] == ["p53", "p53"]
    assert sorted(active.since for active in repo.active()) == ["v1", "v2"]
    repo.revert("v2", only=["p53"])
    assert [active.since for active in repo.active()] == ["v1"]


# Moving


def test_a_rollback_loses_nothing(repo: Repository) -> None:
    before = [bits(repo, add(repo, name).name) for name in ("a", "b", "c", "d", "e")]
    assert repo.rollback("v2").name == "v2"
    assert names(repo) == ["a", "b"]
    assert repo.rollback("v5").name == "v5"
    assert names(repo) == ["a", "b", "c", "d", "e"]
    assert [bits(repo, f"v{number}") for number in range(1, 6)] == before
    assert [version.name for version in repo.versions()] == ["v5", "v4", "v3", "v2", "v1", "v0"]
    assert [(move.before, move.after) for move in repo.moves[-2:]] == [
        (repo.version("v5").id, repo.version("v2").id),
        (repo.version("v2").id, repo.version("v5").id),
    ]


def test_a_version_left_behind_by_a_rollback_is_still_listed_and_still_counts(repo: Repository) -> None:
    add(repo, "a")
    add(repo, "b")
    repo.rollback("v1")
    assert add(repo, "c").name == "v3"
    assert [version.name for version in repo.versions()] == ["v3", "v1", "v0"]
    assert [version.name for version in repo.versions(None)] == ["v3", "v2", "v1", "v0"]


def test_first_parents_leave_out_what_a_merge_brought(repo: Repository) -> None:
    add(repo, "a")
    repo.create_branch("side", "v0")
    add(repo, "b", branch="side")
    repo.merge("side")
    assert [version.name for version in repo.line()] == ["v3", "v1", "v0"]
    assert [version.name for version in repo.versions()] == ["v3", "v2", "v1", "v0"]


def test_cherry_pick_does_what_a_version_did_adds_and_drops_alike(repo: Repository) -> None:
    add(repo, "p53", "nfkb")  # v1
    repo.create_branch("side")
    repo.revert("v1", only=["p53"])  # v2
    add(repo, "wnt", "stat")  # v3
    repo.switch("side")
    repo.cherry_pick("v2")
    assert names(repo) == ["nfkb"]
    repo.cherry_pick("v3", only=["stat"])
    assert names(repo) == ["nfkb", "stat"]
    with pytest.raises(InputError, match=r"nothing to cherry-pick from v3: .*active already.*stat"):
        repo.cherry_pick("v3", only=["stat"])
    repo.cherry_pick("v3")
    assert repo.version().content == repo.version("main").content
    assert bits(repo, "side") == bits(repo, "main")


def test_if_absent_passes_over_equal_content_and_only_over_that(repo: Repository) -> None:
    add(repo, "p53")
    assert repo.commit([pathway("p53")], if_absent=True).name == "v1"
    assert repo.commit([pathway("p53"), pathway("wnt")], if_absent=True).name == "v2"
    assert repo.version().entry.commit.adds[0].names == ("wnt",)
    with pytest.raises(Conflict, match="p53 is active already, since v1"):
        repo.commit([pathway("p53", 0.4)], if_absent=True)
    with pytest.raises(Conflict, match="p53 is active already, since v1"):
        repo.commit([pathway("p53")])
    with pytest.raises(InputError, match="Two pathways of one commit are named stat"):
        repo.commit([pathway("stat"), pathway("stat", 0.5)])
    with pytest.raises(InputError, match="nothing to commit"):
        repo.commit([])


@pytest.mark.parametrize("units", ["sd", "raw"])
def test_a_pathway_made_for_a_larger_panel_is_refused(repo: Repository, units: str) -> None:
    beyond = Pathway(("beyond",), np.array([0, SIZE]), np.ones((2, 1)), 1, "sd" if units == "sd" else "raw")
    with pytest.raises(ShapeError, match=f"gene number {SIZE} of a panel of {SIZE} genes"):
        repo.commit([beyond])


def test_the_same_commit_made_again_is_the_same_version_on_both_branches(repo: Repository) -> None:
    repo._writer._time = datetime(2026, 11, 1, tzinfo=UTC)
    repo.create_branch("side")
    first = repo.commit([pathway("p53")], message="p53")
    second = repo.commit([pathway("p53")], message="p53", branch="side")
    assert first.id == second.id
    assert [version.name for version in repo.versions(None)] == ["v1", "v0"]
    assert repo.branches["side"].id == repo.branches["main"].id
    written = [repo._ledger.log.read(number)[1] for number in (3, 4)]
    assert [[commit.id for commit in entry.commits] for entry in written] == [[first.id], []]  # never twice in a log
    assert [move.after for entry in written for move in entry.moves] == [first.id, first.id]


def test_columns_tied_by_a_covariance_come_and_go_as_one(repo: Repository) -> None:
    rng = np.random.default_rng(5)
    both = Pathway(
        ("left", "right"), np.array([1, 4, 7]), rng.normal(size=(3, 2)), 1, "raw", np.array([[1.0, 0.5], [0.5, 2.0]])
    )
    assert repo.commit([both]).rank == 2
    dense = repo.snapshot("v0").covariance.to_dense()
    dense[np.ix_(both.genes, both.genes)] += both.loadings @ np.array([[1.0, 0.5], [0.5, 2.0]]) @ both.loadings.T
    np.testing.assert_allclose(repo.snapshot().covariance.to_dense(), dense, rtol=1e-13, atol=1e-13)
    with pytest.raises(Conflict, match="right is active already"):
        repo.commit([pathway("right")])
    repo.revert("v1", only=["left"])
    assert bits(repo) == bits(repo, "v0")


# The set by itself, on records made by hand


def not_on_disk(commit: object) -> LoggedCommit:
    raise AssertionError(f"{commit} was to be loaded")


class Ledger:
    """Hand-made commits: enough of a record for `History`, nothing on disk."""

    def __init__(self) -> None:
        self.history = History(not_on_disk)

    def commit(
        self, *parents: str, base: str | None = None, add: str = "", drop: tuple[tuple[str, str], ...] = ()
    ) -> str:
        """Take in a commit that adds pathways, one a letter, and drops (pathway, commit) pairs; return its id."""
        here = self.history[parents[0]].base if parents else "0" * 64
        chosen = here if base is None else base * 64
        record = CommitRecord(
            parents=parents,
            base=chosen,
            sets_base=not parents or chosen not in {self.history[parent].base for parent in parents},
            adds=tuple(
                PathwayRecord(id=letter * 64, names=(letter,), genes=1, sign=1, units="sd", covariance=False)
                for letter in add
            ),
            drops=tuple(DropRecord(id=letter * 64, names=(letter,), seen=(seen,)) for letter, seen in drop),
            author="ada",
            time="2026-11-01T12:00:00Z",
            message=f"commit {len(self.history.commits)}",
        )
        measured = MeasuredRecord(
            content="0" * 64, rank=0, rank_since=0, anchor=None, since_anchor=0, probe=None, guard=1.0
        )
        logged = LoggedCommit(id=commit_id(record), commit=record, measured=measured)
        self.history.append(commit_of(logged, len(self.history.commits) + 1), logged)
        return logged.id

    def active(self, commit: str) -> str:
        return "".join(sorted(event.pathway[0] for event in self.history.active(commit)))


def test_what_is_active_is_the_adds_of_all_ancestors_less_what_their_drops_saw() -> None:
    ledger = Ledger()
    root = ledger.commit()
    first = ledger.commit(root, add="ab")
    second = ledger.commit(first, drop=(("a", first),))
    third = ledger.commit(first, add="c")
    again = ledger.commit(second, add="a")
    assert [ledger.active(commit) for commit in (root, first, second, third, again)] == ["", "ab", "b", "abc", "ab"]
    assert ledger.active(ledger.commit(second, third)) == "bc"
    assert ledger.active(ledger.commit(third, again)) == "abc"
    assert ledger.history.active(again) == {Event(first, "b" * 64), Event(again, "a" * 64)}


def test_a_merge_that_also_drops_has_dropped() -> None:
    ledger = Ledger()
    root = ledger.commit()
    left, right = ledger.commit(root, add="a"), ledger.commit(root, add="b")
    merged = ledger.commit(left, right, drop=(("a", left),))
    assert ledger.active(merged) == "b"
    assert ledger.active(ledger.commit(left, merged)) == "b"


def test_the_order_in_which_versions_are_asked_for_does_not_matter() -> None:
    def build() -> tuple[Ledger, list[str]]:
        ledger = Ledger()
        root = ledger.commit()
        a = ledger.commit(root, add="a")
        b = ledger.commit(root, add="b")
        merged = ledger.commit(a, b)
        dropped = ledger.commit(merged, drop=(("b", b),))
        crossed = ledger.commit(b, dropped, add="c")
        return ledger, [root, a, b, merged, dropped, crossed]

    expected = ["", "a", "b", "ab", "a", "ac"]
    for order in itertools.islice(itertools.permutations(range(6)), 0, 720, 37):
        ledger, commits = build()
        active = {index: ledger.active(commits[index]) for index in order}
        assert [active[index] for index in range(6)] == expected


def test_a_change_of_base_on_one_side_is_taken() -> None:
    ledger = Ledger()
    root = ledger.commit(base="0")
    changed, other = ledger.commit(root, base="1"), ledger.commit(root, add="a")
    assert set(ledger.history.last_bases(changed, other)) == {"1" * 64}
    assert set(ledger.history.last_bases(other, changed)) == {"1" * 64}
    assert set(ledger.history.last_bases(root, other)) == {"0" * 64}


def test_the_same_change_of_base_on_both_sides_is_no_conflict() -> None:
    ledger = Ledger()
    root = ledger.commit(base="0")
    left, right = ledger.commit(root, base="1"), ledger.commit(root, base="1", add="a")
    assert set(ledger.history.last_bases(left, right)) == {"1" * 64}


def test_different_changes_of_base_on_both_sides_conflict_and_both_are_named() -> None:
    ledger = Ledger()
    root = ledger.commit(base="0")
    left, right = ledger.commit(root, base="1"), ledger.commit(root, base="2")
    assert ledger.history.last_bases(left, right) == {"1" * 64: left, "2" * 64: right}


def test_a_change_of_base_that_saw_the_other_side_settles_it() -> None:
    ledger = Ledger()
    root = ledger.commit(base="0")
    left = ledger.commit(root, base="1")
    later = ledger.commit(left, base="2")
    assert set(ledger.history.last_bases(left, later)) == {"2" * 64}
    back = ledger.commit(later, base="0")
    assert set(ledger.history.last_bases(later, back)) == {"0" * 64}
    assert set(ledger.history.last_bases(left, back)) == {"0" * 64}


def test_a_criss_cross_of_bases_goes_by_the_last_changes_alone() -> None:
    ledger = Ledger()
    root = ledger.commit(base="0")
    changed, plain = ledger.commit(root, base="1"), ledger.commit(root, add="a")
    left = ledger.commit(changed, plain)
    right = ledger.commit(plain, changed, base="1")
    left_again = ledger.commit(left, base="2")
    assert set(ledger.history.last_bases(left_again, right)) == {"2" * 64}
    right_again = ledger.commit(right, base="3")
    assert set(ledger.history.last_bases(left_again, right_again)) == {"2" * 64, "3" * 64}


def test_undoing_a_change_of_base_gives_the_old_base_unless_it_has_changed_again() -> None:
    ledger = Ledger()
    root = ledger.commit(base="0")
    changed = ledger.commit(root, base="1", add="a")
    head = ledger.commit(changed, add="b")
    undone = changes.revert_change(ledger.history, changed, head, ())
    assert undone.base == "0" * 64
    assert list(undone.drops) == ["a" * 64]
    redone = changes.cherry_pick_change(ledger.history, changed, root, ())
    assert redone.base == "1" * 64
    elsewhere = ledger.commit(head, base="2")
    with pytest.raises(Conflict, match="v1 changed the base, and v3 has another base now"):
        changes.revert_change(ledger.history, changed, elsewhere, ())


def test_equal_sets_have_one_content_id_and_others_have_another() -> None:
    sets: dict[str, tuple[str, frozenset[str]]] = {}
    for base in ("0" * 64, "1" * 64):
        for size in range(4):
            for pathways in itertools.permutations(["a" * 64, "b" * 64, "c" * 64], size):
                content = layout.version_content_id(base, pathways)
                assert sets.setdefault(content, (base, frozenset(pathways))) == (base, frozenset(pathways))
    assert len(sets) == 2 * 8


@pytest.mark.parametrize("what", ["parent", "seen", "later", "move", "ref", "from"])
def test_an_entry_that_names_what_is_not_there_is_refused(what: str) -> None:
    ledger = Ledger()
    root = ledger.commit()
    first = ledger.history.logged(ledger.commit(root, add="a"))
    second = ledger.history.logged(ledger.commit(first.id, drop=(("a", first.id),)))
    entry = EntryRecord(
        number=2,
        previous="0" * 64,
        versions=1,
        commits=(first, second),
        moves=(MoveRecord(ref="branch/main", before=root, after=second.id),),
        reason="fetch",
        author="ada",
        time="2026-11-01T12:00:00Z",
    )
    known = {root}
    refs = Refs(branches={"main": root, "side": root}, tags={"a": root})
    check_entry(entry, known, refs)
    check_entry(entry.model_copy(update={"moves": (MoveRecord(ref="HEAD", before="main", after="side"),)}), known, refs)
    check_entry(entry.model_copy(update={"moves": (MoveRecord(ref="tag/a", before=root, after=None),)}), known, refs)

    def changed(logged: LoggedCommit, **fields: object) -> LoggedCommit:
        return logged.model_copy(update={"commit": logged.commit.model_copy(update=fields)})

    unseen = DropRecord(id="a" * 64, names=("a",), seen=("f" * 64,))
    change: dict[str, object] = {
        "parent": {"commits": (changed(first, parents=("f" * 64,)), second)},
        "seen": {"commits": (first, changed(second, drops=(unseen,)))},
        "later": {"commits": (second, first)},
        "move": {"moves": (MoveRecord(ref="tag/paper", before=None, after="f" * 64),)},
        "ref": {"moves": (MoveRecord(ref="../paper", before=None, after=root),)},
        "from": {"moves": (MoveRecord(ref="branch/main", before=first.id, after=second.id),)},
    }
    bad = entry.model_copy(update=change[what])
    with pytest.raises(FormatError, match="Entry 2 of the log is damaged"):
        check_entry(bad, known, refs)
    if what == "ref":
        with pytest.raises(FormatError, match="there can be no ref"):
            check_entry(bad, known, None)
    else:
        check_entry(bad, known, None)  # it may be what a lost entry brought


@pytest.mark.parametrize(
    "ref", ["branch/v7", "tag/a b", "branch/", "tag/-x", "main", "heads/main", "branch/a\x1b[31mb"]
)
def test_an_entry_that_moves_what_can_be_no_ref_is_refused(ref: str) -> None:
    entry = EntryRecord(
        number=1,
        previous=None,
        versions=0,
        moves=(MoveRecord(ref=ref, before=None, after=None),),
        reason="",
        author="ada",
        time="2026-11-01T12:00:00Z",
    )
    with pytest.raises(FormatError, match="there can be no ref"):
        check_entry(entry, set(), Refs())


# What of the history is kept in memory


def test_records_and_sets_beyond_the_cache_are_dropped_and_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("grnledger.storage.history.active.MOST_CACHED", 32)
    monkeypatch.setattr("grnledger.storage.history.active.LONGEST_CHAIN", 8)
    ledger, loaded, records = Ledger(), [], {}
    history = ledger.history

    def load(commit: object) -> LoggedCommit:
        loaded.append(commit)
        return records[commit]

    history._load = load
    line = [ledger.commit()]
    for number in range(100):
        drops = (("a", line[number]),) if number % 10 == 5 else ()
        line.append(ledger.commit(line[-1], add="a" if number % 10 == 4 else "", drop=drops))
        records[history[line[-1]]] = history.logged(line[-1])
    records[history[line[0]]] = None
    expected = ["a" if number % 10 == 5 else "" for number in range(101)]
    for order in (range(101), range(100, -1, -1), np.random.default_rng(0).permutation(101).tolist()):
        assert {number: ledger.active(line[number]) for number in order} == dict(enumerate(expected))
    assert len(history._active) <= 2
    assert len(history._records) <= 32
    assert history.logged(line[1]).id == line[1]
    assert loaded == [history[line[1]]]


def test_a_version_read_after_others_has_the_bits_that_a_fresh_reader_finds(repo: Repository) -> None:
    for name in ("p53", "nfkb", "wnt", "mapk"):
        add(repo, name)
    repo.revert("v2")
    snapshots = repo.snapshot("v3"), repo.snapshot("HEAD"), repo.snapshot("v5")
    for snapshot, rev in zip(snapshots, ("v3", "HEAD", "v5"), strict=True):
        fresh = grnledger.open(repo.path).snapshot(rev)
        assert snapshot.capacitance.triangle.tobytes() == fresh.capacitance.triangle.tobytes()


@pytest.mark.parametrize("repo", ["factor"], indirect=True)
def test_a_commit_computes_the_products_of_its_new_columns_alone_and_reads_no_entry_for_the_others(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grnledger.engine.network.anchor.SMALL_PANEL", 0)
    add(repo, "p53", "nfkb")  # of more than an eighth of the genes, 3, the version would be inverted
    with (
        mock.patch.object(Diagonal, "gram_rows", autospec=True, side_effect=Diagonal.gram_rows) as asked,
        mock.patch.object(Diagonal, "gram", side_effect=AssertionError),
        mock.patch("grnledger.storage.files.hdf5.read", side_effect=AssertionError),
    ):
        add(repo, "mapk")
    assert [len(call.args[3]) for call in asked.call_args_list] == [1]
    snapshot, fresh = repo.snapshot(), grnledger.open(repo.path).snapshot()
    assert snapshot.capacitance.triangle.tobytes() == fresh.capacitance.triangle.tobytes()
