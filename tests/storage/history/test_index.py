"""The index and the high-water mark in the cache: opening is quick, loss is known, and neither is trusted unchecked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import grnledger
import h5py
import numpy as np
import pytest
from grnledger.engine.errors import FormatError
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.pathway import Pathway
from grnledger.storage.files import last_entry
from grnledger.storage.history.index.log_index import LogIndex
from grnledger.storage.history.ledger import Ledger

if TYPE_CHECKING:
    from pathlib import Path

    from grnledger.storage.repository import Repository

GENES = tuple(f"GENE{number}" for number in range(12))
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def base() -> FactorCovariance:
    rng = np.random.default_rng(1)
    return FactorCovariance(rng.uniform(0.5, 1.5, 12), rng.normal(size=(12, 2)))


def pathway(repo: Repository, name: str, strength: float) -> Pathway:
    return Pathway.of(repo.panel, name, {"GENE1": strength, "GENE4": -strength})


def grow(repo: Repository, length: int) -> None:
    """Write until the log has so many entries: commits, reverts, tags that come and go, merges, and a second branch."""
    while (number := repo._ledger.log.next) <= length:
        repo._writer._time = NOON + timedelta(hours=number)
        step = number % 8
        if step == 1:
            repo.create_tag(f"tag-{number}")
        elif step == 2 and len(repo.tags) > 3:
            repo.delete_tag(min(repo.tags))
        elif step == 3 and "side" not in repo.branches:
            repo.create_branch("side", "v0")
        elif step == 3:
            repo.commit([pathway(repo, f"side-{number}", 0.01 * number)], branch="side")
        elif step == 5 and number > 8:
            repo.merge("side", fast_forward=False)
        elif step == 7 and len(repo.active()) > 4:
            repo.revert(repo.active()[0].since)
        else:
            repo.commit([pathway(repo, f"p-{number}", 0.005 * number)])
        assert repo._ledger.log.next == number + 1


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 71 entries."""
    path = tmp_path_factory.mktemp("made") / "tumor.grn"
    repo = grnledger.init(path, factor_model=base(), genes=GENES, author="ada", time=NOON)
    grow(repo, 71)
    return path


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "tumor.grn")


@pytest.fixture(scope="module")
def expected(made: Path) -> dict[str, Any]:
    """All that the store says of its history."""
    return description_of(made)


def entry(store: Path, number: int) -> Path:
    return store / "log" / f"{number:010d}.h5"


def index_of(store: Path) -> Path:
    return store / "cache" / "history"


def high_water_mark_of(store: Path) -> Path:
    return store / "cache" / "last"


def description_of(store: Path) -> dict[str, Any]:
    """All that a store says of its history."""
    repo = grnledger.open(store)
    return {
        "damage": dict(repo.damage),
        "versions": [(version.number, version.entry, version.refs) for version in repo.versions(None)],
        "active": [repo.active(f"v{number}") for number in range(len(repo))],
        "head": (repo.head, repo.version(), repo.version("HEAD~3")),
        "refs": (repo.branches, repo.tags),
        "moves": list(repo.moves),
        "then": [repo.version(f"@{{2026-11-0{day}}}").name for day in range(1, 5)],
    }


def bits(store: Path, rev: str) -> bytes:
    return grnledger.open(store).snapshot(rev).precision.to_dense().tobytes()


def covered(store: Path) -> int:
    return LogIndex(index_of(store)).length


# What it is for


def test_the_index_has_every_entry_and_gives_what_every_entry_gives(store: Path, expected: dict[str, Any]) -> None:
    assert covered(store) == 71
    indexed, read = Ledger(store), Ledger(store, indexed=False)
    assert indexed.history.commits == read.history.commits
    assert (indexed.refs.head, indexed.refs.branches, indexed.refs.tags) == (
        read.refs.head,
        read.refs.branches,
        read.refs.tags,
    )
    assert indexed.refs.moved == read.refs.moved
    assert indexed.refs.moves == read.refs.moves
    assert (indexed.log.length, indexed.log.last) == (read.log.length, read.log.last)
    shutil.rmtree(store / "cache")
    assert description_of(store) == expected  # and the index is there again
    assert covered(store) == 71
    assert description_of(store) == expected


def test_an_open_store_works_after_it_is_indexed_again(store: Path) -> None:
    repo, other = grnledger.open(store), grnledger.open(store)
    grow(repo, 140)
    assert covered(store) == 140
    other.refresh()
    assert [version.entry for version in other.versions(None)] == [version.entry for version in repo.versions(None)]
    assert other.moves == repo.moves
    assert other.commit([pathway(other, "new", 0.3)]).parents == (repo.version("HEAD").id,)


def test_entries_before_the_index_are_not_read_until_they_are_asked_for(store: Path, made: Path) -> None:
    needing = grnledger.open(made).version("v2")
    number = grnledger.open(made)._history[needing.id].entry
    entry(store, number).write_bytes(b"no longer an entry")
    repo = grnledger.open(store)
    assert repo.damage == {}
    assert [bits(store, name) for name in ("v0", "v1")] == [bits(made, name) for name in ("v0", "v1")]
    with pytest.raises(FormatError) as caught:
        repo.snapshot("v2", from_base=True)
    assert str(entry(store, number)) in caught.value.message
    assert repo.version("v2").id == needing.id
    assert repo.active("v2") == grnledger.open(made).active("v2")
    pathway = needing.entry.commit.adds[0].id
    for version in grnledger.open(made).versions(None):
        needs = pathway in {active.record.id for active in grnledger.open(made).active(version.name)}
        if needs and version.entry.measured.anchor is None:
            with pytest.raises(FormatError):
                repo.snapshot(version.name)
        else:
            assert needs or bits(store, version.id) == bits(made, version.id)
    index_of(store).unlink()
    assert list(grnledger.open(store).damage) == [number]
    assert not index_of(store).exists()  # of a damaged log none is made


@pytest.mark.parametrize("number", [9, 40, 70, 71])
def test_damage_to_a_late_loose_entry_is_seen_at_once(store: Path, number: int) -> None:
    content = entry(store, number).read_bytes()
    entry(store, number).write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    before = index_of(store).read_bytes()
    assert number in grnledger.open(store).damage
    assert index_of(store).read_bytes() == before
    entry(store, number).write_bytes(content)
    assert grnledger.open(store).damage == {}


def test_a_lost_entry_after_the_index_is_reported(store: Path, made: Path) -> None:
    entry(store, 67).unlink()
    repo = grnledger.open(store)
    assert list(repo.damage) == [67]
    known = [commit for commit in grnledger.open(made)._history.commits if commit.entry < 67]
    assert bits(store, known[-1].id) == bits(made, known[-1].id)
    with pytest.raises(FormatError):
        repo.version()


# Gone, damaged, or not this store's


@pytest.mark.parametrize("gone", ["index", "high-water mark", "both", "cache"])
def test_without_them_the_answers_are_the_same(store: Path, expected: dict[str, Any], gone: str) -> None:
    paths = {"index": index_of(store), "high-water mark": high_water_mark_of(store)}
    for path in [path for name, path in paths.items() if gone in (name, "both")]:
        path.unlink()
    if gone == "cache":
        shutil.rmtree(store / "cache")
    assert description_of(store) == expected
    repo = grnledger.open(store)
    grow(repo, 72)
    before = [(number, entry) for number, entry, _ in expected["versions"]]
    assert [(number, entry) for number, entry, _ in description_of(store)["versions"]][1:] == before


def test_a_changed_byte_of_the_index_changes_no_answer(store: Path, expected: dict[str, Any]) -> None:
    good, ignored = index_of(store).read_bytes(), 0
    last = good.index(b"\x1crefs ")
    late = range(last, len(good), (len(good) - last) // 40)
    indices = np.random.default_rng(3).choice(last, size=120, replace=False).tolist()
    for number in [*range(0, 200, 8), *indices, *late]:
        index_of(store).write_bytes(good[:number] + bytes([good[number] ^ (1 << number % 8)]) + good[number + 1 :])
        assert LogIndex(index_of(store)).damaged
        ignored += covered(store) < 71
        if number % 10 == 0 or number in late:
            assert description_of(store) == expected
            assert index_of(store).read_bytes() == good  # made again
    assert ignored >= len(late)  # of a block before the last, damage is met where it is read


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999])
def test_an_index_cut_short_is_ignored(store: Path, expected: dict[str, Any], share: float) -> None:
    content = index_of(store).read_bytes()
    index_of(store).write_bytes(content[: int(share * len(content))])
    assert LogIndex(index_of(store)).damaged
    assert covered(store) < 71
    assert description_of(store) == expected
    assert index_of(store).read_bytes() == content


def test_a_changed_missing_or_added_byte_of_the_high_water_mark_is_ignored(
    store: Path, made: Path, expected: dict[str, Any]
) -> None:
    good, first = high_water_mark_of(store).read_bytes(), grnledger.open(made).version("v0").id
    assert last_entry.remembered_lengths(good, first) == (71, len(grnledger.open(made)))
    bad = [good[:index] + bytes([other]) + good[index + 1 :] for index in range(len(good)) for other in (48, 57, 0, 32)]
    bad += [good[:index] for index in range(len(good))] + [good[:index] + b"9" + good[index:] for index in range(10)]
    bad += [b"9999999999 9999999999 " + b"a" * 64 + b" 00000000\n", b"\xff" * 100, "٧".encode() * 50, b"7" * 100_000]
    for content in (content for content in bad if content != good):
        high_water_mark_of(store).write_bytes(content)
        assert last_entry.remembered_lengths(last_entry.read(high_water_mark_of(store)), first) == (0, 0)
        if len(content) % 5 == 0:
            assert grnledger.open(store).damage == {}
    assert description_of(store) == expected
    grnledger.open(store).create_tag("new")
    assert last_entry.remembered_lengths(last_entry.read(high_water_mark_of(store)), first)[0] == 72


def test_bytes_after_the_high_water_mark_are_ignored(store: Path) -> None:
    high_water_mark_of(store).write_bytes(high_water_mark_of(store).read_bytes() + b"9" * 1000)
    entry(store, 71).unlink()
    assert list(grnledger.open(store).damage) == [71]


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another store, of the same genes and a longer log."""
    path = tmp_path_factory.mktemp("elsewhere") / "tumor.grn"
    repo = grnledger.init(path, factor_model=base(), genes=GENES, author="bob", time=NOON)
    grow(repo, 80)
    return path


@pytest.mark.parametrize("name", ["history", "last"])
def test_that_of_another_store_is_ignored(store: Path, expected: dict[str, Any], elsewhere: Path, name: str) -> None:
    shutil.copy(elsewhere / "cache" / name, store / "cache" / name)
    assert description_of(store) == expected
    assert grnledger.open(store).commit([pathway(grnledger.open(store), "new", 0.3)]).refs == ("HEAD", "main")


def test_a_stale_index_is_where_reading_begins(store: Path, made: Path, tmp_path: Path) -> None:
    longer = shutil.copytree(store, tmp_path / "longer.grn")
    grow(grnledger.open(longer), 140)
    whole = description_of(longer)
    shutil.copy(index_of(made), index_of(longer))
    assert description_of(longer) == whole
    shutil.copy(index_of(made), index_of(longer))
    shutil.copy(high_water_mark_of(made), high_water_mark_of(longer))
    assert description_of(longer) == whole


def test_an_index_of_a_copy_that_went_another_way_is_ignored(store: Path, tmp_path: Path) -> None:
    other = shutil.copytree(store, tmp_path / "other.grn")
    for number in range(60, 72):
        entry(other, number).unlink()
    shutil.rmtree(other / "cache")
    repo = grnledger.open(other)
    repo._writer._author = "bob"
    grow(repo, 71)
    shutil.rmtree(other / "cache")
    whole = description_of(other)
    (other / "cache").mkdir(exist_ok=True)
    shutil.copy(index_of(store), index_of(other))
    assert description_of(other) == whole


# What they know and the log has lost


@pytest.mark.parametrize("which", ["high-water mark", "index", "both"])
def test_a_log_that_is_shorter_than_it_was_is_reported_and_what_is_there_is_read(
    store: Path, made: Path, expected: dict[str, Any], which: str
) -> None:
    first, last = 70, 71
    for number in range(first, 72):
        entry(store, number).unlink()
    for path in {"high-water mark": [index_of(store)], "index": [high_water_mark_of(store)], "both": []}[which]:
        path.unlink()
    before = sorted(path.name for path in (store / "log").iterdir())
    repo = grnledger.open(store)
    assert repo.damage == {
        number: f"Entry {number} of the log, {entry(store, number)}, is missing." for number in range(first, last + 1)
    }
    commits = [commit for commit in grnledger.open(made)._history.commits if commit.entry < first]
    assert [version.id for version in repo.versions(None)] == [commit.id for commit in commits][::-1]
    for commit in (commits[0], commits[len(commits) // 2], commits[-1]):
        assert bits(store, commit.id) == bits(made, commit.id)
    for rev in ("HEAD", "main", "@{2030-01-01}", f"v{len(repo)}", "unheard-of"):
        with pytest.raises(FormatError, match=f"entry {last}"):
            repo.version(rev)
    with pytest.raises(FormatError, match=f"Entry {first} of the log is damaged, and nothing is written after it"):
        repo.create_tag("new", "v0")
    assert sorted(path.name for path in (store / "log").iterdir()) == before
    for number in range(first, 72):
        shutil.copy(entry(made, number), entry(store, number))
    assert description_of(store) == expected


def test_a_high_water_mark_of_very_many_entries_costs_no_more_than_its_file(store: Path, made: Path) -> None:
    first = grnledger.open(made).version("v0").id
    mark = last_entry.high_water_mark(9_999_999_999, 9_999_999_999, "a" * 64, first)
    last_entry.write(high_water_mark_of(store), mark)
    repo = grnledger.open(store)
    assert list(repo.damage) == [72, 9_999_999_999]
    assert len(repo) < 10**6
    assert bits(store, "v3") == bits(made, "v3")


# That of an exported store


@pytest.mark.parametrize("harm", ["gone", "emptied", "of another store", "cut"])
def test_the_index_of_an_exported_store_is_not_trusted_either(
    store: Path, expected: dict[str, Any], elsewhere: Path, tmp_path: Path, harm: str
) -> None:
    path = tmp_path / "tumor.h5"
    grnledger.open(store).export(path)
    assert description_of(path) == expected
    with h5py.File(path, "r+") as file:
        if harm == "gone":
            del file["cache"]
        elif harm == "emptied":
            del file["cache/history"]
            file.create_group("cache/history")
        elif harm == "of another store":
            del file["cache/history"]
            grnledger.open(elsewhere).export(tmp_path / "other.h5")
            with h5py.File(tmp_path / "other.h5") as other:
                file.copy(other["cache/history"], "cache/history")
        else:
            record = file["cache/history/record"][()]
            del file["cache/history/record"]
            file["cache/history/record"] = np.bytes_(record[:-1])
    assert description_of(path) == expected


def test_nothing_is_written_behind_a_hole_that_the_index_covers(store: Path) -> None:
    entry(store, 5).unlink()
    repo = grnledger.open(store)
    assert list(repo.damage) == [5]
    with pytest.raises(FormatError, match="Entry 5 of the log is damaged, and nothing is written after it"):
        repo.create_tag("late")


def test_where_the_cache_was_deleted_the_loss_of_the_last_entry_is_noticed_all_the_same(tmp_path: Path) -> None:
    repo = grnledger.init(tmp_path / "s.grn", factor_model=base(), genes=GENES, author="ada")
    shutil.rmtree(repo.path / "cache")
    repo.create_tag("a")
    entry(repo.path, 2).unlink()
    assert list(grnledger.open(repo.path).damage) == [2]


# Two writers of one index


def test_two_that_append_to_one_index_leave_it_whole(store: Path) -> None:
    first, second = grnledger.open(store), grnledger.open(store)
    for number in range(72, 150):
        (first if number % 3 else second).create_tag(f"new-{number}", "v0")
    assert covered(store) == 149
    assert not LogIndex(index_of(store)).damaged
    text = index_of(store).read_bytes()
    index_of(store).unlink()
    grnledger.open(store)
    assert index_of(store).read_bytes() == text  # the log alone decides every byte


def test_one_that_is_behind_appends_nothing_that_does_not_follow(store: Path) -> None:
    behind = Ledger(store)
    grow(grnledger.open(store), 75)
    whole = index_of(store).read_bytes()
    behind.index._blocks.append(["pack something-else"])
    behind.write_index()
    assert covered(store) < 75 or index_of(store).read_bytes() == whole
    grnledger.open(store)
    assert covered(store) == 75
    assert not LogIndex(index_of(store)).damaged


def test_a_second_name_of_the_index_keeps_what_it_had(store: Path, tmp_path: Path) -> None:
    os.link(index_of(store), tmp_path / "backup")
    before = index_of(store).read_bytes()
    grnledger.open(store).create_tag("new")
    assert (tmp_path / "backup").read_bytes() == before
    assert covered(store) == 72


def test_once_it_is_packed_the_log_is_read_by_its_index_all_the_same(store: Path, expected: dict[str, Any]) -> None:
    grnledger.open(store).pack()
    assert description_of(store) == expected
    stored = LogIndex(index_of(store))
    assert stored.covered(Ledger(store).locations) == (71, True)
    pack = next((store / "packs").iterdir())
    pack.write_bytes(pack.read_bytes() + b"x")
    assert stored.covered(Ledger(store).locations)[1] is False


COMMITTING = """
import sys, grnledger
from grnledger.engine.network.pathway import Pathway
store = grnledger.open(sys.argv[1], author=sys.argv[2])
for number in range(int(sys.argv[3])):
    store.commit(Pathway.of(store.panel, f"{sys.argv[2]}{number}", {"GENE1": 0.1, "GENE4": -0.1}))
"""


def test_after_a_write_by_another_process_the_index_is_extended_and_not_remade(store: Path) -> None:
    """What was in the file stays as it is, in the file that it was, whoever appends and whoever had it open."""
    index = index_of(store)
    reader = grnledger.open(store)
    assert reader.versions(None)
    before, number = index.read_bytes(), index.stat().st_ino
    for author in ("ada", "bob"):
        subprocess.run([sys.executable, "-c", COMMITTING, str(store), author, "3"], check=True)
    writer = grnledger.open(store)
    writer.commit(pathway(writer, "ours", 0.1))
    reader.refresh()
    after = index.read_bytes()
    assert (after[: len(before)], index.stat().st_ino) == (before, number)
    names = [f"{author}{position}" for author in ("ada", "bob") for position in range(3)] + ["ours"]
    for opened in (reader, grnledger.open(store)):
        added = [record.names[0] for version in reversed(opened.versions(None)[:7]) for record in version.added]
        assert added == names
    assert index.read_bytes() == after
    assert grnledger.verify(store).sound
