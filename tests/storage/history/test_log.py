"""A damaged log: which versions stay readable, which are refused, and that nothing is written."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
from typing import TYPE_CHECKING

import grnledger
import numpy as np
import pytest
from grnledger.engine.errors import FormatError
from grnledger.storage.files import hdf5, layout
from small_store import GENES, NOON, Answer, answer, answers, base, damage, entry, files, forge, pathway, readable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grnledger.storage.repository import Repository


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten entries: branches, a merge, tags that move with them, a pathway shared by two lines."""
    path = tmp_path_factory.mktemp("history") / "tumor.grn"
    repo = grnledger.init(path, factor_model=base(), genes=GENES, author="ada", time=NOON)  # 1: v0
    repo.commit([pathway("p53")])  # 2: v1
    repo.create_branch("side", "v0")  # 3
    repo.commit([pathway("wnt", 0.1)], branch="side")  # 4: v2
    repo.create_tag("paper", "v1")  # 5
    repo.commit([pathway("stat", 0.3)])  # 6: v3
    repo.merge("side")  # 7: v4
    repo.switch("side")  # 8
    repo.commit([pathway("mapk", 0.4)])  # 9: v5 on side
    repo.create_branch("late", "v3")  # 10
    return path


BROUGHT_BY = {1: 0, 2: 1, 4: 2, 6: 3, 7: 4, 9: 5}


NEEDS = {0: {0}, 1: {0, 1}, 2: {0, 2}, 3: {0, 1, 3}, 4: {0, 1, 2, 3, 4}, 5: {0, 2, 5}}


MOVED = {"HEAD": (8, 5), "main": (7, 4), "side": (9, 5), "paper": (5, 1), "late": (10, 3)}


def lose(store: Path, number: int) -> None:
    entry(store, number).unlink()


def empty(store: Path, number: int) -> None:
    os.truncate(entry(store, number), 0)


def truncate(store: Path, number: int) -> None:
    os.truncate(entry(store, number), entry(store, number).stat().st_size - 100)


def zero(store: Path, number: int) -> None:
    entry(store, number).write_bytes(bytes(entry(store, number).stat().st_size))


def garble(store: Path, number: int) -> None:
    stored = hdf5.read(hdf5.Location(entry(store, number)), layout.ENTRY)
    forge(entry(store, number), hdf5.Content(stored.kind, stored.record.replace("ada", "eve"), stored.arrays))


def make_folder(store: Path, number: int) -> None:
    entry(store, number).unlink()
    entry(store, number).mkdir()


def make_pipe(store: Path, number: int) -> None:
    entry(store, number).unlink()
    os.mkfifo(entry(store, number))


def verbs(repo: Repository) -> dict[str, Callable[[], object]]:
    """Everything that writes."""
    return {
        "commit": lambda: repo.commit([pathway("new")]),
        "commit what is there": lambda: repo.commit([pathway("p53")], branch="main", if_absent=True),
        "revert": lambda: repo.revert("v0"),
        "cherry-pick": lambda: repo.cherry_pick("v1"),
        "merge": lambda: repo.merge("v0"),
        "reinvert": repo.reinvert,
        "rollback": lambda: repo.rollback("v0"),
        "branch": lambda: repo.create_branch("new", "v0"),
        "branch -d": lambda: repo.delete_branch("late"),
        "switch": lambda: repo.switch("main"),
        "tag": lambda: repo.create_tag("new", "v0"),
        "tag -d": lambda: repo.delete_tag("paper"),
        "pack": repo.pack,
    }


def check_lost(store: Path, expected: list[Answer], lost: set[int]) -> None:
    """Check all that a store with lost entries says, and that nothing can be written to it."""
    repo, before = grnledger.open(store), files(store)
    assert repo.damage.keys() == lost
    assert all(str(entry(store, number)) in what for number, what in repo.damage.items())
    gone = {BROUGHT_BY[number] for number in lost if number in BROUGHT_BY}
    sound = {number for number, needs in NEEDS.items() if not needs & gone}
    assert readable(store, expected) == sound
    assert {version.id for version in repo.versions(None)} == {expected[number][0] for number in NEEDS.keys() - gone}
    for ref, (moved, at) in MOVED.items():
        certain = moved > max(lost)
        if certain and at not in gone:
            assert repo.version(ref).id == expected[at][0]
        else:
            with pytest.raises(FormatError):
                repo.version(ref)
        if ref != "HEAD":
            assert (ref in {**repo.branches, **repo.tags}) == (certain and at not in gone)
        for version in repo.versions(None):
            assert (ref in version.refs) <= (certain and expected[at][0] == version.id)
    for rev in ("main@{2030-01-01}", "@{2026-11-01}", "unheard-of", "v6", "abcdef"):
        with pytest.raises(FormatError, match=rf"entry {max(lost)} (of the log )?is missing or damaged"):
            repo.version(rev)
    for step in verbs(repo).values():
        with pytest.raises(FormatError, match=f"Entry {min(lost)} of the log is damaged, and nothing is written"):
            step()
    assert files(store) == before


@pytest.mark.parametrize("harm", [lose, empty, truncate, zero, garble, make_folder, make_pipe])
def test_a_damaged_entry_costs_the_versions_that_need_it_and_no_other(
    history: Path, tmp_path: Path, harm: Callable[[Path, int], None]
) -> None:
    expected = answers(history)
    for number in range(1, 11):
        if harm is not garble or number in BROUGHT_BY:  # a move has no id of its own
            store = shutil.copytree(history, tmp_path / f"{number}.grn")
            harm(store, number)
            check_lost(store, expected, {number})


def test_a_move_that_was_rewritten_with_an_id_that_fits_breaks_the_chain_behind_it(
    history: Path, tmp_path: Path
) -> None:
    expected = answers(history)
    for number in (3, 5, 8):
        store = shutil.copytree(history, tmp_path / f"{number}.grn")
        garble(store, number)
        check_broken(store, number + 1, last=10)
        gone = {version for by, version in BROUGHT_BY.items() if by > number}
        assert readable(store, expected) == {unaffected for unaffected, needs in NEEDS.items() if not needs & gone}
    store = shutil.copytree(history, tmp_path / "last.grn")
    garble(store, 10)  # nothing stands after it that would know
    assert answers(store) == expected


def check_broken(store: Path, number: int, *, last: int) -> None:
    """Check that a store refuses an entry that does not follow the one before it, and all that follow; `verify` too."""
    refused = grnledger.open(store).damage
    named = {finding.path for finding in grnledger.verify(store).findings if finding.kind == "damage"}
    assert named >= {f"log/{number_:010d}.h5" for number_ in range(number, last + 1)}
    assert refused == {
        later: f"{entry(store, later)} does not follow the entry before it: the log is broken there."
        for later in range(number, last + 1)
    }


def test_two_damaged_entries_cost_the_versions_that_need_either(history: Path, tmp_path: Path) -> None:
    expected = answers(history)
    for lost in itertools.combinations(range(1, 11), 2):
        store = shutil.copytree(history, tmp_path / "-".join(map(str, lost)))
        for number, harm in zip(lost, (lose, truncate), strict=True):
            harm(store, number)
        check_lost(store, expected, set(lost))


def test_a_store_is_whole_again_once_the_good_entry_is_back(history: Path, tmp_path: Path) -> None:
    expected, store = answers(history), shutil.copytree(history, tmp_path / "tumor.grn")
    for number in range(1, 11):
        truncate(store, number)
        check_lost(store, expected, {number})
        shutil.copy(entry(history, number), entry(store, number))
        assert grnledger.open(store).damage == {}
        assert answers(store) == expected
    assert grnledger.open(store).commit([pathway("new")]).name == "v6"


def test_a_flipped_bit_is_reported_or_harmless(made: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    expected, reported = answers(made), 0
    for good in sorted(path for path in made.rglob("*") if path.suffix == ".h5" or path.name == "last"):
        store = shutil.copytree(made, tmp_path / good.name)
        bad = store / good.relative_to(made)
        content = good.read_bytes()
        for index in np.sort(rng.choice(len(content), size=min(20, len(content)), replace=False)).tolist():
            bad.write_bytes(content[:index] + bytes([content[index] ^ 1 << index % 8]) + content[index + 1 :])
            damage = grnledger.open(store).damage
            sound = readable(store, expected)
            if damage or len(sound) < len(expected):
                assert "cache" not in bad.parts  # what is derived is made again
                reported += 1
            if "log" in bad.parts:
                assert damage.keys() == ({layout.entry_number(bad.name)} if damage else set())
                assert all(str(bad) in what for what in damage.values())
                assert damage or len(sound) == len(expected)
            elif "base" in bad.parts and not sound:
                with pytest.raises(FormatError, match=re.escape(str(bad))):
                    grnledger.open(store).snapshot()
        shutil.rmtree(store)
    assert reported > 75


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("number", [2, 5])
def test_a_truncated_entry_is_named(made: Path, store: Path, share: float, number: int) -> None:
    os.truncate(entry(store, number), int(share * entry(store, number).stat().st_size))
    damage(store, number)
    assert readable(store, answers(made)) == ({0} if number == 2 else {0, 1, 2})


@pytest.mark.parametrize("number", [1, 2, 4, 5])
def test_a_missing_entry_is_named(store: Path, number: int) -> None:
    entry(store, number).unlink()
    assert damage(store, number) == f"Entry {number} of the log, {entry(store, number)}, is missing."


def test_without_anything_that_knows_of_its_last_entry_a_log_is_the_store_as_it_was_before(store: Path) -> None:
    before = answers(store)
    entry(store, 5).unlink()
    (store / "cache/last").unlink()
    (store / "cache/history").unlink(missing_ok=True)
    assert answers(store) == before[:-1]
    assert grnledger.open(store).damage == {}


def test_a_store_without_its_first_entry_has_no_version_that_can_be_read(made: Path, store: Path) -> None:
    entry(store, 1).unlink()
    repo = grnledger.open(store)
    for step in (repo.version, repo.snapshot, lambda: repo.snapshot("v1")):
        with pytest.raises(FormatError):
            step()
    assert len(repo.panel) == len(grnledger.open(made).panel)  # later versions name their base, and it is there
    assert [version.name for version in repo.versions(None)] == ["v3", "v2", "v1"]  # what the log says of them


def test_a_store_without_any_entry_but_the_last_is_reported_as_that(store: Path) -> None:
    for number in range(1, 5):
        entry(store, number).unlink()
    repo = grnledger.open(store)
    assert repo.damage.keys() == {1, 2, 3, 4}
    assert len(repo) == 4
    entry(store, 5).unlink()
    (store / "log" / "aside").touch()
    with pytest.raises(FormatError, match="has an empty log"):
        grnledger.open(store).version("v0")


def test_swapped_entries_are_each_named(made: Path, store: Path, tmp_path: Path) -> None:
    entry(store, 3).rename(tmp_path / "aside")
    entry(store, 4).rename(entry(store, 3))
    (tmp_path / "aside").rename(entry(store, 4))
    assert grnledger.open(store).damage == {
        3: f"{entry(store, 3)} holds entry 4 of the log, not entry 3.",
        4: f"{entry(store, 4)} holds entry 3 of the log, not entry 4.",
    }
    assert readable(store, answers(made)) == {0, 1}


def test_a_renamed_entry_leaves_a_gap(made: Path, store: Path) -> None:
    entry(store, 3).rename(entry(store, 9))
    damage = grnledger.open(store).damage
    assert damage.keys() == {3, 6, 7, 8, 9}
    assert damage[9] == f"{entry(store, 9)} holds entry 3 of the log, not entry 9."
    assert readable(store, answers(made)) == {0, 1, 2, 3}


def test_an_entry_of_another_store_does_not_follow(made: Path, store: Path, tmp_path: Path) -> None:
    other = grnledger.init(tmp_path / "other.grn", factor_model=base(), genes=GENES, author="bob", time=NOON)
    other.commit([pathway("nfkb")])
    shutil.copy(entry(other.path, 2), entry(store, 2))
    assert damage(store, 2).endswith("does not follow the entry before it: the log is broken there.")
    assert readable(store, answers(made)) == {0}


@pytest.mark.parametrize("number", [2, 4])
def test_an_entry_of_a_copy_that_went_another_way_breaks_the_log_and_changes_no_version(
    made: Path, store: Path, tmp_path: Path, number: int
) -> None:
    other = shutil.copytree(store, tmp_path / "other.grn")
    for later in range(number, 6):
        entry(other, later).unlink()
    (other / "cache/last").unlink()
    (other / "cache/history").unlink(missing_ok=True)
    repo = grnledger.open(other)
    repo.commit([pathway("elsewhere")])
    repo.commit([pathway("further")])
    shutil.copy(entry(other, number), entry(store, number))
    expected = answers(made)
    check_broken(store, number + 1, last=5)
    ours, theirs = {version[0]: version for version in expected}, {version[0]: version for version in answers(other)}
    mixed = grnledger.open(store)
    for name, identity, _ in mixed.identities():  # the name may be the other copy's; what an id names never changes
        with contextlib.suppress(FormatError):
            assert answer(mixed, identity) == answer(mixed, name) == (ours | theirs)[identity]
    with pytest.raises(FormatError, match="nothing is written after it"):
        mixed.commit([pathway("new")])


def test_an_entry_that_somebody_rewrote_breaks_its_commits_own_id(made: Path, store: Path) -> None:
    garble(store, 2)
    assert damage(store, 2) == f"{entry(store, 2)} is damaged: the id of a commit does not fit it."
    assert readable(store, answers(made)) == {0}
