"""What entries may claim of the log before them, and what an open store makes of them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import grnledger
import pytest
from grnledger.engine.errors import FormatError
from grnledger.storage.files import durable, hdf5, layout
from grnledger.storage.files.locations import DirectoryStore
from grnledger.storage.history import entries, ledger, log
from grnledger.storage.history.records import EntryRecord, MoveRecord
from small_store import GENES, NOON, answer, answers, base, entry, files, forge, pathway, readable

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("versions", [0, 1, 3, 10**6, 10**15])
def test_an_entry_that_counts_other_versions_before_it_than_there_are_is_refused(
    made: Path, store: Path, versions: int
) -> None:
    stored = hdf5.read(hdf5.Location(entry(store, 3)), layout.ENTRY)
    record = layout.canonical_json(json.loads(stored.record) | {"versions": versions})
    forge(entry(store, 3), hdf5.Content(stored.kind, record, stored.arrays))
    damage = grnledger.open(store).damage
    problem = f"it says that {versions:,} versions are before it; there are 2."
    assert damage == {3: f"Entry 3 of the log is damaged: {problem}"}
    assert readable(store, answers(made)) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("versions", "damaged"), [(1, {3, 4}), (3, {3, 5}), (10**5, {3, 5}), (10**5 + 3, {3, 4}), (10**15, {3, 4})]
)
def test_after_a_loss_more_versions_may_have_been_but_not_fewer_and_not_without_end(
    made: Path, store: Path, versions: int, damaged: set[int]
) -> None:
    entry(store, 3).unlink()
    (store / "cache/last").unlink()
    (store / "cache/history").unlink(missing_ok=True)
    stored = hdf5.read(hdf5.Location(entry(store, 4)), layout.ENTRY)
    record = layout.canonical_json(json.loads(stored.record) | {"versions": versions})
    forge(entry(store, 4), hdf5.Content(stored.kind, record, stored.arrays))
    repo, expected = grnledger.open(store), answers(made)
    assert repo.damage.keys() == damaged
    assert len(repo) == (versions + 1 if damaged == {3, 5} else 4)
    assert [answer(repo, name) for name in ("v0", "v1")] == expected[:2]


@pytest.mark.parametrize("anew", [False, True])
def test_leftovers_are_looked_for_once_in_so_many_entries_however_often_the_store_is_opened(
    store: Path, monkeypatch: pytest.MonkeyPatch, anew: bool
) -> None:
    """With ten thousand entries a look takes longer than a commit."""
    swept: list[int] = []
    monkeypatch.setattr(ledger, "SWEEP_EVERY", 4)
    monkeypatch.setattr(durable, "sweep", lambda path: swept.append(len(list((path / "log").iterdir()))))
    repo = grnledger.open(store)
    for number in range(6, 18):
        repo = grnledger.open(store) if anew else repo
        repo.create_tag(f"tag-{number}")
    assert swept == [8, 12, 16]


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
    assert "it leaves HEAD on 'nowhere', which is not a branch" in reopened.damage[6]
    with pytest.raises(FormatError, match="is not certain"):
        reopened.version()
    assert reopened.version("v3").name == "v3"


def test_a_store_that_is_open_reads_what_is_whole_and_writes_nothing_once_an_entry_is_damaged(store: Path) -> None:
    reader, writer = grnledger.open(store), grnledger.open(store)
    writer.commit([pathway("stat")])
    writer.commit([pathway("nfkb")])
    good, before = entry(store, 7).read_bytes(), answer(reader, "v3")
    entry(store, 7).write_bytes(good[:-100])
    reader.refresh()
    assert list(reader.damage) == [7]
    assert reader.version("v4").id == writer.version("v4").id
    assert answer(reader, "v3") == before
    with pytest.raises(FormatError, match="The position of HEAD is not certain"):
        reader.version()
    there = files(store)
    for repo in (reader, grnledger.open(store)):
        with pytest.raises(FormatError, match="Entry 7 of the log is damaged, and nothing is written after it"):
            repo.commit([pathway("mapk")])
    assert files(store) == there
    entry(store, 7).write_bytes(good)
    mended = grnledger.open(store)
    assert mended.version().id == writer.version().id
    assert mended.commit([pathway("mapk")]).name == "v6"


def test_a_record_that_is_needed_after_its_entry_was_damaged_is_refused_and_not_guessed(
    made: Path, store: Path, tmp_path: Path
) -> None:
    expected, repo = answers(made), grnledger.open(store)
    good, version = entry(store, 2).read_bytes(), repo.version("v1")
    other = grnledger.init(tmp_path / "other.grn", factor_model=base(), genes=GENES, author="bob", time=NOON)
    other.commit([pathway("nfkb")])
    for content in (good[:-100], bytes(len(good)), entry(other.path, 2).read_bytes(), entry(store, 3).read_bytes()):
        entry(store, 2).write_bytes(good)
        opened = grnledger.open(store)
        entry(store, 2).write_bytes(content)
        with pytest.raises(FormatError, match=re.escape(str(entry(store, 2)))):
            opened.snapshot("v1")  # its record is known, its numbers are not
        repo._history._records.clear()  # as if it had been pushed out, or the index had been read
        with pytest.raises(FormatError, match=re.escape(str(entry(store, 2)))):
            repo.snapshot("v1")
        assert repo.version("v1").id == version.id  # what is shown of it has been read already
        assert answer(repo, "v0") == expected[0]
    entry(store, 2).write_bytes(good)
    repo = grnledger.open(store)
    assert [answer(repo, f"v{number}") for number in range(4)] == expected


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
        fields = {"reason": "create", "author": "eve", "time": "2026-11-01T12:00:00Z"}
        record = EntryRecord(number=number, previous=previous, versions=claimed, moves=(move,), **fields)
        sealed = entries.entry_content(record).seal()
        durable.publish(entry(store, number), sealed.write)
        previous = sealed.id
    repo = grnledger.open(store)
    assert set(repo.damage) >= {6, 8}
    assert len(repo) <= ledger.MOST_LOST + 10


@pytest.mark.parametrize("lost", [False, True])
def test_an_entry_that_a_network_disk_does_not_show_yet_is_no_loss(
    store: Path, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    """The note of the last entry is read afresh, and what a folder holds may be remembered: it is asked for again."""
    opened = grnledger.open(store)
    opened.commit([pathway("stat")])
    last, asked = opened._ledger.log.length, list[object]()
    exists, ask = DirectoryStore._exists, durable.disk_time
    if lost:
        entry(store, last).unlink()

    def remembered(self: DirectoryStore, number: int) -> bool:
        return exists(self, number) and (number < last or bool(asked))

    monkeypatch.setattr(DirectoryStore, "_exists", remembered)
    monkeypatch.setattr(durable, "disk_time", lambda folder: (asked.append(folder), ask(folder))[1])
    damage = grnledger.open(store).damage
    assert asked == [store / "log"]
    assert list(damage) == ([last] if lost else [])
