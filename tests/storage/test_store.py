"""The store on disk: its layout, damage and what stays readable, hostile files, races, and disks that fail."""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import grnledger
import h5py
import numpy as np
import pytest
from grnledger.engine.errors import Conflict, FormatError, InputError, NotFound
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from grnledger.storage.files import durable, hdf5, layout
from grnledger.storage.history import changes, checking, entries, ledger, log
from grnledger.storage.history.records import EntryRecord, MeasuredRecord, MoveRecord
from grnledger.storage.networks import diagnostics, reading
from grnledger.storage.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIZE = 16
GENES = tuple(f"GENE{place}" for place in range(SIZE))
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def pathway(name: str, strength: float = 0.2) -> Pathway:
    return Pathway.of(Panel(GENES), name, {"GENE1": strength, "GENE4": -strength, "GENE9": 2 * strength})


def base() -> FactorCovariance:
    rng = np.random.default_rng(1)
    return FactorCovariance(rng.uniform(0.5, 1.5, SIZE), rng.normal(size=(SIZE, 2)))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five entries: v0, v1, a branch, v2 with its own anchor, and a revert v3 that is read from the base."""
    path = tmp_path_factory.mktemp("made") / "tumor.grn"
    repo = grnledger.init(path, factor_model=base(), genes=GENES, author="ada", time=NOON)
    repo.commit([pathway("p53"), Pathway(("wnt",), np.array([2, 3]), np.array([[0.3], [0.1]]), -1, "raw")])
    repo.create_branch("drug-a")
    repo.reinvert()
    repo.revert("v1", only=["p53"])
    return path


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "tumor.grn")


def entry(store: Path, number: int) -> Path:
    return store / "log" / f"{number:010d}.h5"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


Answer = tuple[str, str, bytes, bytes]


def answer(repo: Repository, rev: str) -> Answer:
    """All that a store says of a version: its id, content, Σ and Θ."""
    version, one = repo.version(rev), repo.snapshot(rev)
    return version.id, version.content, one.covariance.to_dense().tobytes(), one.precision.to_dense().tobytes()


def answers(store: Path) -> list[Answer]:
    """Everything that a store says, version by version."""
    repo = grnledger.open(store)
    return [answer(repo, f"v{number}") for number in range(len(repo))]


def readable(store: Path, expected: list[Answer]) -> set[int]:
    """Which versions of a damaged store can be read: all with the same bits as before, the others refused."""
    repo, found = grnledger.open(store), set[int]()
    for number, one in enumerate(expected):
        try:
            got = answer(repo, f"v{number}")
        except (FormatError, NotFound):
            continue
        assert got == one
        found.add(number)
    return found


def damage(store: Path, number: int) -> str:
    """What the store says of an entry that is damaged, and of no other; its file is named."""
    (told,) = grnledger.open(store).damage.items()
    assert told[0] == number
    assert str(entry(store, number)) in told[1]
    return told[1]


def forge(path: Path, content: hdf5.Content) -> None:
    """Put another content, with an id that fits it, where a file of the store stood."""
    path.unlink()
    durable.write_whole(path, content.seal().write)


# Layout


def test_a_store_holds_the_files_that_the_design_names_and_no_others(store: Path) -> None:
    repo = grnledger.open(store)
    assert (store / "FORMAT").read_bytes() == b"grnledger store 1\n"
    assert sorted(files(store)) == sorted(
        [
            "FORMAT",
            f"base/{repo.version().base}.h5",
            *(f"log/{number:010d}.h5" for number in range(1, 6)),
            "cache/last",
            f"cache/anchors/{repo.version('v2').content}.h5",
        ]
    )


def test_what_died_writers_left_is_passed_over(store: Path) -> None:
    before = answers(store)
    for folder in ("log", "base", "cache", "cache/anchors"):
        (store / folder / ".0000000006.h5.0123456789abcdef.tmp").write_bytes(b"half an en")
    assert answers(store) == before
    assert grnledger.open(store).commit([pathway("stat")]).name == "v4"


def test_a_store_is_moved_as_a_folder(store: Path, tmp_path: Path) -> None:
    before = answers(store)
    assert answers(store.rename(tmp_path / "elsewhere")) == before


# What is no store


def test_where_there_is_no_store_none_is_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no store") as caught:
        grnledger.open(tmp_path / "nothing.grn")
    assert "grn init" in caught.value.hint


def test_a_folder_or_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file.grn").write_text("grnledger store 1\n")
    (tmp_path / "folder.grn").mkdir()
    for name in ("file.grn", "folder.grn"):
        with pytest.raises(FormatError, match="is not a grnledger store: it has no FORMAT file"):
            grnledger.open(tmp_path / name)


@pytest.mark.parametrize("text", [b"grnledger store 1", b"grnledger store 1\r\n"])
def test_a_format_file_that_is_almost_right_is_mended(store: Path, text: bytes) -> None:
    (store / "FORMAT").write_bytes(text)
    with pytest.raises(FormatError, match="does not hold the 18 bytes"):
        grnledger.open(store)
    grnledger.verify(store, repair=True)
    assert grnledger.open(store).version().name == "v3"


@pytest.mark.parametrize("text", [b"grnledger store 2\n", b"", b"\xff\xfe", b"x" * 100_000])
def test_a_store_of_another_format_is_refused_in_a_sentence(store: Path, text: bytes) -> None:
    (store / "FORMAT").write_bytes(text)
    with pytest.raises(FormatError) as caught:
        grnledger.open(store)
    assert "this grnledger reads 'grnledger store 1'" in caught.value.message
    assert len(caught.value.message) < 500
    assert "newer" in caught.value.hint


def test_a_store_that_was_never_finished_is_refused(store: Path) -> None:
    shutil.rmtree(store / "log")
    (store / "log").mkdir()
    (store / "cache/last").unlink()
    repo = grnledger.open(store)
    for step in (repo.version, repo.snapshot, repo.active, lambda: repo.panel, lambda: repo.version("v0")):
        with pytest.raises(FormatError, match="has an empty log"):
            step()
    shutil.rmtree(store / "log")
    with pytest.raises(FormatError, match="is damaged: it has no folder log"):
        grnledger.open(store)


@pytest.mark.parametrize("author", ["a" * 1001, "two\nlines", "\udcff", "a\x1b[31m"])
def test_an_author_whose_name_cannot_stand_in_a_line_is_refused(store: Path, author: str) -> None:
    repo = grnledger.open(store, author=author)
    before = files(store)
    for step in (lambda: repo.commit([pathway("stat")]), lambda: repo.create_tag("paper")):
        with pytest.raises(InputError, match="cannot be an author"):
            step()
    assert files(store) == before


# Damage


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
        store = shutil.copytree(history, tmp_path / f"{number}.grn")
        harm(store, number)
        if harm is not garble or number < 10:
            check_lost(store, expected, {number})
        else:  # the last move, rewritten with an id that fits: nothing stands after it that would know
            assert answers(store) == expected


def test_a_move_that_was_rewritten_breaks_the_log_also_where_nothing_knows_its_last_entry(
    history: Path, tmp_path: Path
) -> None:
    expected = answers(history)
    for number in (3, 5, 8):
        store = shutil.copytree(history, tmp_path / f"{number}.grn")
        garble(store, number)
        (store / "cache/last").unlink()
        check_broken(store, number + 1, last=10)
        gone = {version for by, version in BROUGHT_BY.items() if by > number}
        assert readable(store, expected) == {one for one, needs in NEEDS.items() if not needs & gone}


def check_broken(store: Path, number: int, *, last: int) -> None:
    """Check that a store tells of an entry that it does not follow, and takes in none of those that follow it."""
    told = grnledger.open(store).damage
    assert told == {
        one: f"{entry(store, one)} does not follow the entry before it: the log is broken there."
        for one in range(number, last + 1)
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


def test_a_flipped_bit_is_found_or_did_not_matter(made: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    expected, found = answers(made), 0
    for good in sorted(path for path in made.rglob("*") if path.suffix == ".h5" or path.name == "last"):
        store = shutil.copytree(made, tmp_path / good.name)
        bad = store / good.relative_to(made)
        content = good.read_bytes()
        for place in np.sort(rng.choice(len(content), size=min(40, len(content)), replace=False)).tolist():
            bad.write_bytes(content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :])
            told = grnledger.open(store).damage
            sound = readable(store, expected)
            if told or len(sound) < len(expected):
                assert "cache" not in bad.parts  # what is derived is made again
                found += 1
            if "log" in bad.parts:
                assert told.keys() == ({layout.entry_number(bad.name)} if told else set())
                assert all(str(bad) in what for what in told.values())
                assert told or len(sound) == len(expected)
            elif "base" in bad.parts and not sound:
                with pytest.raises(FormatError, match=re.escape(str(bad))):
                    grnledger.open(store).snapshot()
        shutil.rmtree(store)
    assert found > 150


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.9, 0.999])
def test_a_truncated_base_is_named(store: Path, share: float) -> None:
    path = next(store.glob("base/*.h5"))
    os.truncate(path, int(share * path.stat().st_size))
    repo = grnledger.open(store)  # history needs no numbers
    assert repo.version().name == "v3"
    with pytest.raises(FormatError, match=re.escape(str(path))):
        repo.snapshot()


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


def test_a_store_without_any_entry_but_the_last_is_told_as_that(store: Path) -> None:
    for number in range(1, 5):
        entry(store, number).unlink()
    repo = grnledger.open(store)
    assert repo.damage.keys() == {1, 2, 3, 4}
    assert len(repo) == 4
    entry(store, 5).unlink()
    (store / "log" / "aside").touch()
    with pytest.raises(FormatError, match="has an empty log"):
        grnledger.open(store).version("v0")


def test_a_missing_base_is_named(store: Path) -> None:
    path = next(store.glob("base/*.h5"))
    path.unlink()
    repo = grnledger.open(store)  # history needs no numbers
    assert repo.version().name == "v3"
    with pytest.raises(FormatError) as caught:
        repo.snapshot()
    assert caught.value.message == f"{path} is missing from the store."


def test_swapped_entries_are_told_apart(made: Path, store: Path, tmp_path: Path) -> None:
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
    told = grnledger.open(store).damage
    assert told.keys() == {3, 6, 7, 8, 9}
    assert told[9] == f"{entry(store, 9)} holds entry 3 of the log, not entry 9."
    assert readable(store, answers(made)) == {0, 1, 2, 3}


def test_a_name_far_beyond_the_log_is_not_counted_up_to(made: Path, store: Path) -> None:
    shutil.copy(entry(store, 3), entry(store, 9_999_999_999))
    told = grnledger.open(store).damage
    assert told.keys() == {6, 9_999_999_998, 9_999_999_999}
    assert readable(store, answers(made)) == {0, 1, 2, 3}
    entry(store, 9_999_999_999).unlink()
    assert answers(store) == answers(made)


@pytest.mark.parametrize("name", ["0000000001-9999999999.h5", "0000000003-0000000002.h5", "1-5.h5", "0-0.h5", "-.h5"])
def test_a_file_that_cannot_be_a_pack_is_passed_over(made: Path, store: Path, name: str) -> None:
    (store / "packs").mkdir()
    (store / "packs" / name).write_bytes(b"no pack")
    assert answers(store) == answers(made)
    assert grnledger.open(store).damage == {}


def test_an_entry_of_another_store_does_not_follow(made: Path, store: Path, tmp_path: Path) -> None:
    other = grnledger.init(tmp_path / "other.grn", factor_model=base(), genes=GENES, author="bob", time=NOON)
    other.commit([pathway("nfkb")])
    shutil.copy(entry(other.path, 2), entry(store, 2))
    assert damage(store, 2).endswith("does not follow the entry before it: the log is broken there.")
    assert readable(store, answers(made)) == {0}


@pytest.mark.parametrize("number", [2, 4])
@pytest.mark.parametrize("witnessed", [True, False])
def test_an_entry_of_a_copy_that_went_another_way_breaks_the_log_and_changes_no_version(
    made: Path, store: Path, tmp_path: Path, number: int, witnessed: bool
) -> None:
    other = shutil.copytree(store, tmp_path / "other.grn")
    for one in range(number, 6):
        entry(other, one).unlink()
    (other / "cache/last").unlink()
    repo = grnledger.open(other)
    repo.commit([pathway("elsewhere")])
    repo.commit([pathway("further")])
    shutil.copy(entry(other, number), entry(store, number))
    expected = answers(made)
    if witnessed:  # the last entry is known for this store's, and so the one that it does not lead back to is not
        assert damage(store, number).endswith("is of another log: the log is broken there.")
        assert readable(store, expected) == ({0} if number == 2 else {0, 1})
    else:
        (store / "cache/last").unlink()
        check_broken(store, number + 1, last=5)
    ours, theirs = {one[0]: one for one in expected}, {one[0]: one for one in answers(other)}
    mixed = grnledger.open(store)
    for name, identity, _ in mixed.identities():  # the name may be the other copy's; what an id names never changes
        with contextlib.suppress(FormatError):
            assert answer(mixed, identity) == answer(mixed, name) == (ours | theirs)[identity]
    with pytest.raises(FormatError, match="nothing is written after it"):
        mixed.commit([pathway("new")])


def test_a_file_of_another_kind_is_refused(made: Path, store: Path) -> None:
    shutil.copy(next(store.glob("base/*.h5")), entry(store, 2))
    assert damage(store, 2) == f"{entry(store, 2)} holds a 'base', where a 'entry' should stand."
    assert readable(store, answers(made)) == {0}


def test_a_base_under_another_ones_name_is_refused(store: Path, tmp_path: Path) -> None:
    other = grnledger.init(tmp_path / "other.grn", covariance=np.eye(SIZE), genes=GENES)
    path = next(store.glob("base/*.h5"))
    shutil.copy(next(other.path.glob("base/*.h5")), path)
    with pytest.raises(FormatError) as caught:
        grnledger.open(store).snapshot()
    assert caught.value.message.startswith(f"{path} is damaged: it holds another base")


def test_an_entry_that_somebody_rewrote_breaks_its_commits_own_id(made: Path, store: Path) -> None:
    garble(store, 2)
    assert damage(store, 2) == f"{entry(store, 2)} is damaged: the id of a commit does not fit it."
    assert readable(store, answers(made)) == {0}


@pytest.mark.parametrize("versions", [0, 1, 3, 10**6, 10**15])
def test_an_entry_that_counts_other_versions_before_it_than_there_are_is_refused(
    made: Path, store: Path, versions: int
) -> None:
    stored = hdf5.read(hdf5.Location(entry(store, 3)), layout.ENTRY)
    record = layout.canonical_json(json.loads(stored.record) | {"versions": versions})
    forge(entry(store, 3), hdf5.Content(stored.kind, record, stored.arrays))
    told = grnledger.open(store).damage
    assert told == {3: f"Entry 3 of the log is damaged: it says that {versions:,} versions are before it; there are 2."}
    assert readable(store, answers(made)) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("versions", "damaged"), [(1, {3, 4}), (3, {3, 5}), (10**5, {3, 5}), (10**5 + 3, {3, 4}), (10**15, {3, 4})]
)
def test_after_a_loss_more_versions_may_have_been_but_not_fewer_and_not_without_end(
    made: Path, store: Path, versions: int, damaged: set[int]
) -> None:
    entry(store, 3).unlink()
    (store / "cache/last").unlink()
    stored = hdf5.read(hdf5.Location(entry(store, 4)), layout.ENTRY)
    record = layout.canonical_json(json.loads(stored.record) | {"versions": versions})
    forge(entry(store, 4), hdf5.Content(stored.kind, record, stored.arrays))
    repo, expected = grnledger.open(store), answers(made)
    assert repo.damage.keys() == damaged
    assert len(repo) == (versions + 1 if damaged == {3, 5} else 4)
    assert [answer(repo, name) for name in ("v0", "v1")] == expected[:2]


def test_a_record_with_an_unknown_field_or_a_wrong_type_is_refused(made: Path, store: Path) -> None:
    stored = hdf5.read(hdf5.Location(entry(store, 3)), layout.ENTRY)
    for change in (
        {"surprise": 1}, {"number": "three"}, {"moves": []}, {"time": "yesterday"}, {"versions": -1},
        {"versions": None}, {"previous": "0"}, {"commits": None}, {"author": "a" * 1001}, {"commits": [{}]},
    ):  # fmt: skip
        record = layout.canonical_json(json.loads(stored.record) | change)
        forge(entry(store, 3), hdf5.Content(layout.ENTRY, record, {}))
        assert next(iter(change)) in damage(store, 3)
        assert readable(store, answers(made)) == {0, 1, 2, 3}


def test_a_record_that_is_no_json_is_refused(store: Path) -> None:
    for text in ("{", "[]", "null", "[" * 100_000, '{"number":1e999}', "\x00"):
        forge(entry(store, 3), hdf5.Content(layout.ENTRY, text, {}))
        assert "is damaged" in damage(store, 3)


def test_a_log_that_puts_head_on_no_branch_is_refused(store: Path) -> None:
    repo = grnledger.open(store)
    move = MoveRecord(ref="HEAD", before="main", after="nowhere")
    moved = EntryRecord(
        number=6,
        previous=repo._ledger.log.last,
        versions=4,
        moves=(move,),
        reason="",
        author="eve",
        time="2026-11-01T12:00:00Z",
    )
    repo._ledger.log.append(moved)
    reopened = grnledger.open(store)
    assert "it leaves HEAD on 'nowhere', which is no branch" in reopened.damage[6]
    with pytest.raises(FormatError, match="is not certain"):
        reopened.version()
    assert reopened.version("v3").name == "v3"


def test_a_store_that_is_open_takes_in_what_is_whole_and_writes_nothing_once_an_entry_is_damaged(store: Path) -> None:
    reader, writer = grnledger.open(store), grnledger.open(store)
    writer.commit([pathway("stat")])
    writer.commit([pathway("nfkb")])
    good, before = entry(store, 7).read_bytes(), answer(reader, "v3")
    entry(store, 7).write_bytes(good[:-100])
    reader.refresh()
    assert list(reader.damage) == [7]
    assert reader.version("v4").id == writer.version("v4").id
    assert answer(reader, "v3") == before
    with pytest.raises(FormatError, match="Where HEAD stands is not certain"):
        reader.version()
    there = files(store)
    for one in (reader, grnledger.open(store)):
        with pytest.raises(FormatError, match="Entry 7 of the log is damaged, and nothing is written after it"):
            one.commit([pathway("mapk")])
    assert files(store) == there
    entry(store, 7).write_bytes(good)
    mended = grnledger.open(store)
    assert mended.version().id == writer.version().id
    assert mended.commit([pathway("mapk")]).name == "v6"


def test_a_record_that_is_asked_for_after_its_entry_was_damaged_is_refused_and_not_guessed(
    made: Path, store: Path, tmp_path: Path
) -> None:
    expected, repo = answers(made), grnledger.open(store)
    good = entry(store, 2).read_bytes()
    other = grnledger.init(tmp_path / "other.grn", factor_model=base(), genes=GENES, author="bob", time=NOON)
    other.commit([pathway("nfkb")])
    for content in (good[:-100], bytes(len(good)), entry(other.path, 2).read_bytes(), entry(store, 3).read_bytes()):
        entry(store, 2).write_bytes(good)
        opened = grnledger.open(store)
        entry(store, 2).write_bytes(content)
        with pytest.raises(FormatError, match=re.escape(str(entry(store, 2)))):
            opened.snapshot("v1")  # its record is known, its numbers are not
        repo._history._records.clear()  # as if it had been pushed out, or the index had been read
        for step in (repo.version, repo.snapshot, repo.active):
            with pytest.raises(FormatError, match=re.escape(str(entry(store, 2)))):
                step("v1")
        assert answer(repo, "v0") == expected[0]
    entry(store, 2).unlink()
    repo._history._records.clear()
    with pytest.raises(FormatError, match=re.escape(str(entry(store, 2)))):
        repo.active("v3")
    entry(store, 2).write_bytes(good)
    assert [answer(repo, f"v{number}") for number in range(4)] == expected


# Hostile files


def replace(path: Path, name: str, build: Callable[[h5py.File, Any], None]) -> None:
    """Put another thing of the same name and value where a dataset stood."""
    with h5py.File(path, "r+", libver="latest") as file:
        values = file[name][()]
        del file[name]
        build(file, values)


def external_link(file: h5py.File, values: Any) -> None:
    with h5py.File(file.filename + ".outside", "w") as other:
        other["loadings"] = values
    file["loadings"] = h5py.ExternalLink(file.filename + ".outside", "loadings")


def soft_link(file: h5py.File, values: Any) -> None:
    other = file.create_group("aside")
    other["loadings"] = values
    file["loadings"] = h5py.SoftLink("/aside/loadings")


def raw_data_outside(file: h5py.File, values: Any) -> None:
    outside = file.filename + ".raw"
    values.tofile(outside)
    file.create_dataset("loadings", shape=values.shape, dtype=values.dtype, external=[(outside, 0, values.nbytes)])


def virtual(file: h5py.File, values: Any) -> None:
    with h5py.File(file.filename + ".outside", "w") as other:
        other["loadings"] = values
    plan = h5py.VirtualLayout(shape=values.shape, dtype=values.dtype)
    plan[...] = h5py.VirtualSource(file.filename + ".outside", "loadings", shape=values.shape)
    file.create_virtual_dataset("loadings", plan)


def chunked(file: h5py.File, values: Any) -> None:
    file.create_dataset("loadings", data=values, chunks=values.shape, compression="gzip")


def group(file: h5py.File, values: Any) -> None:
    file.create_group("loadings")["values"] = values


def variable_length(file: h5py.File, values: Any) -> None:
    file.create_dataset("loadings", data=[f"{value}" for value in values], dtype=h5py.string_dtype())


@pytest.mark.parametrize(
    "build", [external_link, soft_link, raw_data_outside, virtual, chunked, group, variable_length]
)
@pytest.mark.parametrize("where", ["entry", "base"])
def test_what_reaches_out_of_a_file_or_is_not_plain_data_is_refused(
    store: Path, build: Callable[[h5py.File, Any], None], where: str
) -> None:
    path = entry(store, 2) if where == "entry" else next(store.glob("base/*.h5"))
    expected = answers(store)
    replace(path, "loadings", build)
    refused = r"holds a link|not a plain dataset|neither numbers nor"
    if where == "entry":
        told = damage(store, 2)
        assert re.search(refused, told)
        assert readable(store, expected) == {0}
    else:
        with pytest.raises(FormatError, match=refused) as caught:
            answers(store)
        told = caught.value.message
        assert str(path) in told
        assert readable(store, expected) == set()
    assert "'loadings'" in told or "'aside'" in told


def test_a_link_to_itself_or_to_nothing_is_refused(store: Path) -> None:
    def nowhere(file: h5py.File, _: Any) -> None:
        file["loadings"] = h5py.SoftLink("/loadings")

    replace(entry(store, 2), "loadings", nowhere)
    assert "holds a link" in damage(store, 2)


def test_a_dataset_that_claims_more_than_the_file_has_is_never_allocated(store: Path) -> None:
    def vast(file: h5py.File, _: Any) -> None:
        file.create_dataset("loadings", shape=(1 << 57,), dtype="<f8")

    replace(entry(store, 2), "loadings", vast)
    assert f"claims {1 << 60} bytes, more than the file has" in damage(store, 2)


def test_variable_length_attributes_are_refused_unread(store: Path) -> None:
    with h5py.File(entry(store, 2), "r+", libver="latest") as file:
        file.attrs["id"] = file.attrs["id"].decode()
    assert "its attribute 'id' is not fixed-length text" in damage(store, 2)


def test_an_empty_dataset_without_a_shape_is_refused(store: Path) -> None:
    def empty(file: h5py.File, _: Any) -> None:
        file["loadings"] = h5py.Empty("<f8")

    replace(entry(store, 2), "loadings", empty)
    assert str(entry(store, 2)) in damage(store, 2)


def rewrite_loadings(store: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Repository:
    """Rewrite the arrays of the last entry but its record, with an id that fits."""
    stored = hdf5.read(hdf5.Location(entry(store, 2)), layout.ENTRY)
    forge(entry(store, 2), hdf5.Content(stored.kind, stored.record, change(dict(stored.arrays))))
    for number in (3, 4, 5):
        entry(store, number).unlink()
    (store / "cache/last").unlink()
    repo = grnledger.open(store)
    assert repo.damage == {}
    return repo


def test_arrays_shorter_than_their_record_says_are_refused(store: Path) -> None:
    repo = rewrite_loadings(store, lambda arrays: {name: array[:-1] for name, array in arrays.items()})
    with pytest.raises(FormatError, match="'genes' is shorter than its record says"):
        repo.snapshot("v1")


def test_an_entry_without_the_arrays_that_its_record_needs_is_refused(store: Path) -> None:
    repo = rewrite_loadings(store, lambda _: {})
    with pytest.raises(FormatError, match="'genes' is shorter than its record says"):
        repo.snapshot("v1")


def test_a_pathway_with_other_numbers_than_its_id_says_is_refused(store: Path) -> None:
    repo = rewrite_loadings(store, lambda arrays: arrays | {"loadings": 2 * arrays["loadings"]})
    with pytest.raises(FormatError, match="pathway p53 is not what its id says"):
        repo.snapshot("v1")


@pytest.mark.parametrize("target", ["entry", "FORMAT", "cache/last", "base"])
def test_a_pipe_is_never_waited_for(made: Path, store: Path, target: str) -> None:
    path = {"entry": entry(store, 2), "base": next(store.glob("base/*.h5"))}.get(target, store / target)
    path.unlink()
    os.mkfifo(path)
    if target == "FORMAT":
        with pytest.raises(FormatError, match="has no FORMAT file"):
            grnledger.open(store)
        return
    assert readable(store, answers(made)) == {"entry": {0}, "base": set(), "cache/last": {0, 1, 2, 3}}[target]
    if target == "cache/last":
        assert grnledger.open(store).commit([pathway("new")]).name == "v4"


def test_nothing_is_written_through_a_link_out_of_the_store(store: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    for name in ("cache/last", "cache/index.h5", "lock"):
        (store / name).unlink(missing_ok=True)
        (store / name).symlink_to(tmp_path / "mine")
    repo = Repository(store, wait=0)
    for number in range(70):
        repo.create_tag(f"tag-{number}")
    assert (tmp_path / "mine").read_text() == "mine"
    assert len(grnledger.open(store).tags) == 70


# A new store


def test_a_store_appears_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = {"link": 0, "rename": 0, "fsync": 0}
    real = {"link": os.link, "rename": os.rename, "fsync": os.fsync}

    def counting(name: str, fail_at: int | None) -> Callable[..., None]:
        def step(*arguments: Any, **named: Any) -> None:
            steps[name] += 1
            if steps[name] == fail_at:
                raise KeyboardInterrupt
            real[name](*arguments, **named)

        return step

    def make(name: str) -> Repository:
        return grnledger.init(tmp_path / name, factor_model=base(), genes=GENES)

    for name in steps:
        monkeypatch.setattr(os, name, counting(name, None))
    make("counted.grn")
    total = dict(steps)
    assert (total["link"], total["rename"]) == (1, 2)  # the first entry; the base, and the store
    for name, times in total.items():
        for place in range(1, times + 1):
            if name == "fsync" and place == times:
                continue  # the last flushes the folder around a store that stands there whole
            steps.update(dict.fromkeys(steps, 0))
            monkeypatch.setattr(os, name, counting(name, place))
            with pytest.raises(KeyboardInterrupt):
                make("killed.grn")
            monkeypatch.setattr(os, name, counting(name, None))
            assert sorted(path.name for path in tmp_path.iterdir()) == ["counted.grn"]
    assert make("killed.grn").version().name == "v0"


def test_where_something_stands_no_store_is_made_and_nothing_is_touched(tmp_path: Path) -> None:
    (tmp_path / "folder.grn").mkdir()
    (tmp_path / "file.grn").write_text("mine")
    (tmp_path / "link.grn").symlink_to(tmp_path / "nowhere")
    before = sorted(tmp_path.iterdir())
    for name in ("folder.grn", "file.grn", "link.grn"):
        with pytest.raises(Conflict, match="exists already"):
            grnledger.init(tmp_path / name, factor_model=base(), genes=GENES)
    with pytest.raises(NotFound, match="There is no folder"):
        grnledger.init(tmp_path / "nowhere" / "x.grn", factor_model=base(), genes=GENES)
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "file.grn").read_text() == "mine"


def test_of_two_that_make_the_same_store_at_once_the_second_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.rename
    path = tmp_path / "tumor.grn"

    def just_before(source: Any, target: Any, **named: Any) -> None:
        if target == path:
            monkeypatch.setattr(os, "rename", real)
            grnledger.init(path, factor_model=base(), genes=GENES, author="faster")
        real(source, target, **named)

    monkeypatch.setattr(os, "rename", just_before)
    with pytest.raises(Conflict, match="exists already"):
        grnledger.init(path, factor_model=base(), genes=GENES, author="slower")
    assert grnledger.open(path).version().author == "faster"
    assert list(tmp_path.iterdir()) == [path]


# Several writers


def test_the_loser_of_a_race_for_one_branch_is_told_and_stands_where_it_was(store: Path) -> None:
    first, second = (Repository(store, author=name, wait=0) for name in ("ada", "bob"))
    plan = second.plan([pathway("nfkb")])
    won = first.commit([pathway("stat")])
    before = files(store)
    with pytest.raises(Conflict, match="branch/main has moved meanwhile"):
        second.write(plan)
    assert files(store) == before
    assert second.version().id == won.id  # it knows by now what the other one wrote
    assert [one.label for one in second.active()] == [one.label for one in first.active()]
    assert second.commit([pathway("nfkb")]).parents == (won.id,)


def test_writers_to_different_branches_both_succeed(store: Path) -> None:
    first, second = grnledger.open(store), grnledger.open(store)
    plan = second.plan([pathway("nfkb")], branch="drug-a")
    won = first.commit([pathway("stat")])
    also = second.write(plan)
    first.refresh()
    assert first.branches["main"].id == won.id
    assert first.branches["drug-a"].id == also.id
    assert (won.name, also.name) == ("v4", "v5")
    assert len({one.id for one in grnledger.open(store).versions(None)}) == 6


def stale(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next refresh see nothing, as when another writer comes between looking and writing."""
    real = repo._session.refresh

    def once() -> None:
        monkeypatch.setattr(repo._session, "refresh", real)

    monkeypatch.setattr(repo._session, "refresh", once)


def test_a_branch_that_another_one_switched_to_is_not_deleted(store: Path) -> None:
    first, second = grnledger.open(store), grnledger.open(store)
    first.switch("drug-a")
    with pytest.raises(Conflict, match="HEAD is on drug-a"):
        second.delete_branch("drug-a")
    assert grnledger.open(store).head == "drug-a"


def contradict(first: Repository, second: Repository, what: str) -> tuple[Callable[[], object], str]:
    """Let one writer do what another is about to contradict; return its step, and what it is told in the end."""
    if what == "delete":
        first.switch("drug-a")
        return lambda: second.delete_branch("drug-a"), "HEAD is on drug-a"
    if what == "switch":
        first.delete_branch("drug-a")
        return lambda: second.switch("drug-a"), "There is no branch 'drug-a'"
    first.create_branch("both")
    return lambda: second.create_tag("both"), "There is a branch both already"


@pytest.mark.parametrize("what", ["delete", "switch", "tag"])
def test_moves_that_would_contradict_each_other_conflict(
    store: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    first, second = grnledger.open(store), Repository(store, wait=0)
    step, _ = contradict(first, second, what)
    stale(second, monkeypatch)
    before = files(store)
    with pytest.raises(Conflict, match="has moved meanwhile"):
        step()
    assert files(store) == before
    fresh = grnledger.open(store)
    assert fresh.head in fresh.branches
    assert not set(fresh.branches) & set(fresh.tags)


@pytest.mark.parametrize("what", ["delete", "switch", "tag"])
def test_a_writer_that_waits_looks_again_and_is_told_what_is_so_by_then(
    store: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    first, second = grnledger.open(store), Repository(store, wait=60)
    step, told = contradict(first, second, what)
    stale(second, monkeypatch)
    with pytest.raises((Conflict, NotFound), match=told):
        step()


def test_a_writer_that_waits_commits_on_top_of_who_was_faster(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = grnledger.open(store, author="ada"), Repository(store, author="bob", wait=60)
    won = first.commit([pathway("stat")])
    stale(second, monkeypatch)
    assert second.commit([pathway("nfkb")]).parents == (won.id,)
    assert not (store / "lock").exists()


WRITER = """
    import sys
    import grnledger
    path, branch = sys.argv[1:]
    repo = grnledger.open(path, author=branch)
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(20):
        repo.commit(
            [grnledger.Pathway.of(repo.panel, f"{branch}-{number}", {"GENE1": 0.1, "GENE2": 0.01 * (number + 1)})],
            branch=branch,
        )
"""


@pytest.mark.usefixtures("compiled_once")
def test_two_processes_write_forty_commits_and_none_is_lost(store: Path) -> None:
    branches = ("main", "drug-a")
    before = {name: {one.label for one in grnledger.open(store).active(name)} for name in branches}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WRITER), str(store), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in branches
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    repo = grnledger.open(store)
    assert len(repo.versions(None)) == 4 + 40
    for name in branches:
        expected = before[name] | {f"{name}-{number}" for number in range(20)}
        assert {one.label for one in repo.active(name)} == expected
        assert sum(version.author == name for version in repo.versions(name)) == 20
    assert len(files(store / "log")) == 5 + 40


def test_a_reader_beside_a_writer_sees_the_log_up_to_where_it_looked(store: Path) -> None:
    reader, writer = grnledger.open(store), grnledger.open(store)
    before = reader.snapshot().precision.to_dense()
    writer.commit([pathway("stat")])
    assert reader.version().name == "v3"
    np.testing.assert_array_equal(reader.snapshot().precision.to_dense(), before)
    reader.refresh()
    assert reader.version().name == "v4"


# Disks that fail


def failing(monkeypatch: pytest.MonkeyPatch, name: str, number: int, *, at: int = 1) -> None:
    """Let the at-th call of a system function fail, that one only."""
    if name == "fsync" and sys.platform == "darwin":
        pytest.skip("there F_FULLFSYNC flushes")
    real, calls = getattr(os, name), [0]

    def step(*arguments: Any, **named: Any) -> Any:
        calls[0] += 1
        if calls[0] == at:
            raise OSError(number, os.strerror(number))
        return real(*arguments, **named)

    monkeypatch.setattr(os, name, step)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("fsync", errno.EIO), ("link", errno.ENOSPC), ("link", errno.EIO), ("fsync", errno.ENOSPC),
        ("close", errno.EIO), ("pwrite", errno.ENOSPC), ("pwrite", errno.EIO),
    ],
)  # fmt: skip
def test_a_disk_that_fails_leaves_no_entry_and_the_next_commit_works(
    store: Path, monkeypatch: pytest.MonkeyPatch, name: str, number: int
) -> None:
    repo = grnledger.open(store)
    repo.snapshot()
    before = files(store)
    with monkeypatch.context() as patch:
        failing(patch, name, number)
        with pytest.raises(OSError, match=os.strerror(number)):
            repo.commit([pathway("stat")])
    assert files(store) == before
    assert repo.version().name == "v3"
    assert repo.commit([pathway("stat")]).name == "v4"
    assert grnledger.open(store).version().name == "v4"


def test_an_entry_whose_folder_could_not_be_flushed_is_whole_and_taken_in(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = grnledger.open(store)
    repo.snapshot()
    with monkeypatch.context() as patch:
        failing(patch, "fsync", errno.EIO, at=3)  # before: the folder as it stood, and the file
        with pytest.raises(OSError, match=os.strerror(errno.EIO)):
            repo.commit([pathway("stat")], message="not acknowledged")
    assert grnledger.open(store).version().message == "not acknowledged"
    with pytest.raises(Conflict, match="stat is active already"):
        repo.commit([pathway("stat")])
    assert repo.commit([pathway("nfkb")]).name == "v5"


FULL = """
    import resource, sys
    import numpy as np
    import grnledger
    from grnledger.engine.network.covariance import FactorCovariance

    genes = [f"GENE{place}" for place in range(300)]
    base = FactorCovariance(np.ones(300), np.ones((300, 1)))
    repo = grnledger.init(sys.argv[1], factor_model=base, genes=genes)
    large = grnledger.Pathway(
        tuple(f"p{column}" for column in range(40)), np.arange(300), np.random.default_rng(0).normal(size=(300, 40))
    )

    def files():
        return sorted(str(path) for path in repo.path.rglob("*") if path.is_file())

    before = files()
    for limit in (1_000, 70_000):  # nothing can be begun; it can, but not ended
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        for step in (lambda: repo.commit([large]), repo.reinvert):
            try:
                step()
            except OSError:
                print("refused")
            assert files() == before
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(repo.commit([large]).name, repo.reinvert().name)
"""


@pytest.mark.usefixtures("compiled_once")
def test_a_file_that_the_system_will_not_let_grow_leaves_no_entry(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL), str(tmp_path / "tumor.grn")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.split() == ["refused"] * 4 + ["v1", "v2"]


def test_a_write_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    def half(output: durable.Output) -> None:
        output.write(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        durable.publish(tmp_path / "x.h5", half)
    assert list(tmp_path.iterdir()) == []
    durable.publish(tmp_path / "x.h5", lambda output: output.write(b"whole"))
    assert files(tmp_path) == {"x.h5": b"whole"}


def test_a_failure_that_whoever_writes_does_not_tell_is_told_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(output: durable.Output) -> None:
        with contextlib.suppress(OSError):
            output.write(b"whole")

    failing(monkeypatch, "pwrite", errno.EIO)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        durable.publish(tmp_path / "x.h5", careless)
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_stays_as_it_is(tmp_path: Path) -> None:
    durable.publish(tmp_path / "x.h5", lambda output: output.write(b"first"))
    with pytest.raises(FileExistsError):
        durable.publish(tmp_path / "x.h5", lambda output: output.write(b"second"))
    assert files(tmp_path) == {"x.h5": b"first"}


def test_a_number_that_was_packed_and_freed_while_a_writer_was_slow_is_not_given_to_it(store: Path) -> None:
    slow, other = grnledger.open(store), grnledger.open(store)
    plan = slow.plan([pathway("slow")], branch="drug-a")
    won = other.commit([pathway("quick")])
    other.pack()
    assert list((store / "log").iterdir()) == []
    late = slow.write(plan)
    assert (won.name, late.name) == ("v4", "v5")
    assert [path.name for path in (store / "log").iterdir()] == ["0000000007.h5"]
    fresh = grnledger.open(store)
    assert (fresh.version("main").id, fresh.version("drug-a").id) == (won.id, late.id)


@pytest.mark.parametrize("number", sorted(durable.NO_LINKS))
def test_a_file_system_without_links_is_written_by_exclusive_creation(
    store: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def no_link(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", no_link)
    repo = grnledger.open(store)
    assert repo.commit([pathway("stat")]).name == "v4"
    assert grnledger.open(store).version().name == "v4"
    before = files(store)
    with pytest.raises(FileExistsError):
        durable.publish(entry(store, 6), lambda output: output.write(b"second"))
    assert files(store) == before


def test_without_links_a_full_disk_leaves_no_half_entry_under_its_own_name(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    repo = grnledger.open(store)
    repo.snapshot()
    before = files(store)
    with monkeypatch.context() as patch:
        patch.setattr(os, "link", no_link)
        failing(patch, "rename", errno.ENOSPC)
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            repo.commit([pathway("stat")])
    assert files(store) == before
    assert repo.commit([pathway("stat")]).name == "v4"


# Reading where nothing can be written


READER = """
    import os, sys
    import numpy as np
    import grnledger

    def read(path):
        repo = grnledger.open(path)
        for version in repo.versions(None):
            snapshot = repo.snapshot(version.name)
            assert np.allclose(snapshot.covariance.to_dense() @ snapshot.precision.to_dense(), np.eye(16))
        return repo

    os.chdir(sys.argv[1])
    read("copy.grn")  # with all imports done, rights can be given up
    if os.getuid() == 0:
        os.setuid(65534)
    repo = read("tumor.grn")
    try:
        repo.create_tag("paper")
    except OSError:
        print("cannot write")
"""


@pytest.mark.usefixtures("compiled_once")
@pytest.mark.parametrize("cached", [True, False])
def test_a_store_on_a_read_only_place_is_read_with_or_without_its_cache(store: Path, cached: bool) -> None:
    shutil.copytree(store, store.with_name("copy.grn"))
    if not cached:
        shutil.rmtree(store / "cache")
    before = files(store)
    everything = [store, *store.rglob("*")]
    for path in everything:
        path.chmod(0o555 if path.is_dir() else 0o444)
    store.parent.chmod(0o755)
    try:
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(READER), str(store.parent)],
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        for path in everything:
            path.chmod(0o755 if path.is_dir() else 0o644)
    assert done.stderr == ""
    assert done.stdout == "cannot write\n"
    assert files(store) == before


# A file system without links: an empty file is the claim to a name


@pytest.fixture
def without_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(durable.os, "link", refuse)


def publish_but(monkeypatch: pytest.MonkeyPatch, path: Path, before_rename: Callable[[Path], object]) -> None:
    """Publish a file, and do something between the claim to its name and the rename."""
    stands = durable._stands

    def late(descriptor: int, name: Path) -> bool:
        monkeypatch.setattr(durable, "_stands", stands)
        before_rename(name)
        return stands(descriptor, name)

    monkeypatch.setattr(durable, "_stands", late)
    durable.publish(path, lambda output: output.write(b"mine"))


@pytest.mark.usefixtures("without_links")
def test_a_claim_that_was_taken_away_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stolen(name: Path) -> None:
        name.unlink()
        name.write_bytes(b"theirs")

    with pytest.raises(FileExistsError):
        publish_but(monkeypatch, tmp_path / "0000000001.h5", stolen)
    assert files(tmp_path) == {"0000000001.h5": b"theirs"}


@pytest.mark.usefixtures("without_links")
def test_a_failed_claim_is_not_taken_from_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def swept(temporary: Path, name: Path) -> None:
        temporary.unlink()
        name.unlink()
        name.write_bytes(b"theirs")
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(temporary))

    monkeypatch.setattr(durable.os, "rename", swept)
    with pytest.raises(FileNotFoundError):
        durable.publish(tmp_path / "0000000001.h5", lambda output: output.write(b"mine"))
    assert files(tmp_path) == {"0000000001.h5": b"theirs"}


@pytest.mark.usefixtures("without_links")
def test_an_interrupt_takes_the_claim_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish_but(monkeypatch, tmp_path / "0000000001.h5", interrupted)
    assert files(tmp_path) == {}


def test_a_name_that_is_taken_and_freed_at_once_is_a_race_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))

    monkeypatch.setattr(durable.os, "link", gone)
    with pytest.raises(FileExistsError):
        durable.publish(tmp_path / "0000000001.h5", lambda output: output.write(b"mine"))


# What a store may claim


def test_names_of_entries_far_apart_cost_no_more_than_their_files(store: Path) -> None:
    for thousand in range(1, 101):
        entry(store, 1_000 * thousand).touch()
    entry(store, 100_001).write_bytes(b"x")
    assert len(grnledger.open(store).damage) < 100 * (log.LONGEST_GAP + 2)


def test_all_entries_of_a_log_together_can_claim_so_many_lost_versions_and_no_more(store: Path) -> None:
    tip = grnledger.open(store).version("v0").id
    entry(store, 6).write_bytes(b"x")
    previous = "0" * 64
    for number in range(7, 12):
        move = MoveRecord(ref=f"tag/t{number}", before=None, after=tip)
        claimed = (number - 6) * (ledger.MOST_LOST - 10)
        said = {"reason": "create", "author": "eve", "time": "2026-11-01T12:00:00Z"}
        record = EntryRecord(number=number, previous=previous, versions=claimed, moves=(move,), **said)
        sealed = entries.content_of(record).seal()
        durable.publish(entry(store, number), sealed.write)
        previous = sealed.id
    repo = grnledger.open(store)
    assert set(repo.damage) >= {6, 8}
    assert len(repo) <= ledger.MOST_LOST + 10


def test_a_pathway_on_genes_that_the_panel_has_not_is_refused_and_found(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beyond = Pathway(("beyond",), np.array([3, 99]), np.full((2, 1), 0.1))
    with monkeypatch.context() as careless:
        for module in (changes, checking):
            careless.setattr(module, "check_genes", lambda *_: None)
        careless.setattr(reading, "check_stored_genes", lambda *_: None)
        content = layout.version_content_id(grnledger.open(store).version("v3").base, beyond_and_active(store, beyond))
        careless.setattr(diagnostics.Diagnostics, "measure", lambda *_: measured(content, rank=2))
        grnledger.open(store).commit(beyond)
    with pytest.raises(FormatError, match="gene number 99 of a panel of 16 genes"):
        grnledger.open(store).snapshot()
    damaged = [one for one in grnledger.verify(store).findings if one.kind == "damage"]
    assert [(one.path, one.versions) for one in damaged] == [("log/0000000006.h5", (4,))]


def beyond_and_active(store: Path, beyond: Pathway) -> set[str]:
    return {one.record.id for one in grnledger.open(store).active()} | {entries.pathway_id(beyond)}


def measured(content: str, *, rank: int) -> MeasuredRecord:
    none = {"anchor": None, "since_anchor": 1, "probe": None}
    return MeasuredRecord(content=content, rank=rank, rank_since=rank, guard=1.0, **none)


# Disks that cannot be read


def test_a_base_on_a_bad_sector_is_named_with_its_versions(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = next(store.glob("base/*.h5"))
    opened = hdf5._opened

    @contextlib.contextmanager
    def sick(place: hdf5.Location) -> Any:
        if place.path == path:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        with opened(place) as file:
            yield file

    monkeypatch.setattr(hdf5, "_opened", sick)
    found = [one for one in grnledger.verify(store).findings if one.kind == "damage"]
    assert [(one.path, one.versions) for one in found] == [(f"base/{path.name}", (0, 1, 2, 3))]
    assert "Input/output error" in found[0].what


def test_what_the_disk_says_as_hdf5_closes_a_file_is_told_as_the_disks_word(store: Path) -> None:
    said = "Can't decrement id ref count (unable to close file, errno = 5, error message = 'Input/output error')"
    with pytest.raises(OSError, match="Input/output error") as caught, hdf5._translated(hdf5.Location(entry(store, 2))):
        raise RuntimeError(said)
    assert (caught.value.errno, caught.value.filename) == (errno.EIO, str(entry(store, 2)))
    with pytest.raises(FormatError, match="is damaged"), hdf5._translated(hdf5.Location(entry(store, 2))):
        raise RuntimeError("bad object header version number")


def test_an_anchor_that_is_gone_or_cannot_be_kept_is_made_in_memory(store: Path) -> None:
    snapshot = grnledger.open(store).snapshot("v2")
    shutil.rmtree(store / "cache")
    assert snapshot.partial_correlation("GENE1", "GENE4") == pytest.approx(
        grnledger.open(store).snapshot("v2", from_base=True).partial_correlation("GENE1", "GENE4")
    )
    (store / "cache").mkdir(exist_ok=True)
    shutil.rmtree(store / "cache" / "anchors", ignore_errors=True)
    (store / "cache" / "anchors").write_bytes(b"in the way")
    with pytest.raises(OSError, match=r"File exists|Not a directory"):
        grnledger.open(store).reinvert()
    grnledger.verify(store, repair=True)
    assert grnledger.open(store).reinvert().name == "v4"


def test_a_re_inversion_that_is_merely_due_waits_until_the_cache_can_be_written(tmp_path: Path) -> None:
    values = base()
    covariance = values.loadings @ values.loadings.T + np.diag(values.noise)
    repo = grnledger.init(tmp_path / "dense.grn", covariance=covariance, genes=GENES, author="ada")
    (repo.path / "cache" / "anchors").write_bytes(b"in the way")
    due = [Pathway((f"p{place}",), np.array([place]), np.array([[0.3]]), 1, "sd") for place in range(4)]
    assert repo.commit(due).entry.measured.anchor is None
    (repo.path / "cache" / "anchors").unlink()
    assert repo.commit(pathway("p53")).entry.measured.anchor is not None


def test_what_can_be_gone_through_once_is_committed_after_a_lost_race(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo, other = grnledger.open(store), grnledger.open(store)
    claim = durable._claim

    def slow(temporary: Path, path: Path) -> None:
        monkeypatch.setattr(durable, "_claim", claim)
        other.rollback("v1")
        other.rollback("v3")
        claim(temporary, path)

    monkeypatch.setattr(durable, "_claim", slow)
    assert repo.commit(one for one in [pathway("once")]).message == "add once"
