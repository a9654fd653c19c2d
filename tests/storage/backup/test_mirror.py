"""Backups: what is copied, what is replaced, what is never replaced, and when one is whole."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import grnledger
import pytest
from grnledger.engine.errors import Conflict
from grnledger.storage.backup import mirror
from grnledger.storage.files.backup_note import read_note
from small_store import pathway

if TYPE_CHECKING:
    from pathlib import Path

LAST = "log/0000000005.h5"


@pytest.fixture
def backup(store: Path, tmp_path: Path) -> Path:
    report = grnledger.open(store).backup(tmp_path / "backup.grn")
    assert (report.is_whole, report.new_entries, report.new_bases) == (True, 5, 1)
    return tmp_path / "backup.grn"


def times(folder: Path) -> dict[str, int]:
    return {
        str(path): path.stat().st_mtime_ns for name in ("log", "packs", "base") for path in folder.glob(f"{name}/*")
    }


def test_only_what_is_new_is_copied(store: Path, backup: Path) -> None:
    before = times(backup)
    repo = grnledger.open(store, author="ada")
    assert repo.backup(backup).new_entries == 0
    repo.commit(pathway("new"))
    report = repo.backup(backup)
    assert (report.is_whole, report.new_entries, report.new_bases, report.replaced) == (True, 1, 0, 0)
    after = times(backup)
    assert {name: after[name] for name in before} == before
    assert grnledger.open(backup).identities() == repo.identities()


def test_a_backup_is_read_and_cloned_and_not_written(backup: Path, tmp_path: Path) -> None:
    with pytest.raises(Conflict, match="to be read only"):
        grnledger.open(backup, author="ada").commit(pathway("new"))
    grnledger.clone(backup, tmp_path / "again.grn")
    grnledger.open(tmp_path / "again.grn", author="ada").commit(pathway("new"))


def test_what_is_damaged_in_the_store_does_not_reach_its_backup(store: Path, backup: Path) -> None:
    before = times(backup)
    for path in (store / LAST, *store.glob("base/*.h5")):
        path.write_bytes(path.read_bytes()[:100])
    report = grnledger.open(store).backup(backup)
    assert (times(backup), report.lacking) == (before, [])
    assert LAST in report.lost


def test_an_entry_that_is_damaged_before_it_was_copied_is_named_and_the_others_are_safe(
    store: Path, backup: Path
) -> None:
    whole = read_note(backup)
    repo = grnledger.open(store, author="ada")
    repo.commit(pathway("new"))
    repo.create_tag("later")
    lost = store / "log" / "0000000006.h5"
    lost.write_bytes(lost.read_bytes()[:100])
    report = grnledger.open(store).backup(backup)
    assert (report.is_whole, report.new_entries) == (False, 1)
    assert lost.name in report.lacking[0]
    assert whole is not None
    assert report.whole == whole.whole


@pytest.mark.parametrize("name", ["FORMAT", "BACKUP", "log/0000000002.h5", LAST, "base", "cache/history", "cache/last"])
def test_what_is_damaged_in_a_backup_is_replaced(store: Path, backup: Path, name: str) -> None:
    path = next(backup.glob("base/*.h5")) if name == "base" else backup / name
    path.write_bytes(bytes(len(path.read_bytes())))
    report = grnledger.open(store).backup(backup)
    assert (report.is_whole, report.lacking, report.lost) == (True, [], [])
    assert grnledger.open(backup).identities() == grnledger.open(store).identities()
    assert read_note(backup) is not None


@pytest.mark.parametrize("name", ["log", "base", "cache"])
def test_a_folder_of_a_backup_that_is_gone_is_made_again(store: Path, backup: Path, name: str) -> None:
    shutil.rmtree(backup / name)
    assert grnledger.open(store).backup(backup).is_whole
    assert grnledger.open(backup).identities() == grnledger.open(store).identities()


def test_an_end_that_the_store_has_lost_is_told(store: Path, backup: Path) -> None:
    (store / LAST).unlink()
    shutil.rmtree(store / "cache")
    assert grnledger.open(store).backup(backup).lost == [LAST]


def test_a_store_that_went_another_way_is_refused_and_nothing_changes(
    store: Path, backup: Path, tmp_path: Path
) -> None:
    other = shutil.copytree(store, tmp_path / "other.grn")
    repo = grnledger.open(store, author="ada")
    repo.commit(pathway("ours"))
    repo.backup(backup)
    before = times(backup)
    grnledger.open(other, author="bob").commit(pathway("theirs"))
    with pytest.raises(Conflict, match="went different ways"):
        grnledger.open(other).backup(backup)
    assert times(backup) == before


def test_nothing_else_is_taken_for_a_backup(store: Path, backup: Path, tmp_path: Path) -> None:
    grnledger.clone(store, tmp_path / "clone.grn")
    (tmp_path / "folder").mkdir()
    for place in (tmp_path / "clone.grn", tmp_path / "folder", store):
        with pytest.raises(Conflict):
            grnledger.open(store).backup(place)
    with pytest.raises(Conflict, match="is the store itself"):
        grnledger.open(backup).backup(backup)


def test_a_quick_backup_does_not_count_as_whole(store: Path, tmp_path: Path) -> None:
    report = grnledger.open(store).backup(tmp_path / "backup.grn", quick=True)
    assert (report.is_whole, report.whole) == (False, "")


@pytest.mark.parametrize("is_packed", [False, True])
def test_long_runs_are_copied_as_packs(
    store: Path, backup: Path, monkeypatch: pytest.MonkeyPatch, *, is_packed: bool
) -> None:
    monkeypatch.setattr(mirror, "MANY", 3)
    repo = grnledger.open(store, author="ada")
    for number in range(4):
        repo.create_tag(f"tag{number}")
    if is_packed:
        repo.pack()
    report = repo.backup(backup)
    assert (report.is_whole, report.new_entries) == (True, 4)
    assert [path.name for path in backup.glob("packs/*")] == ["0000000001-0000000009.h5"]
    assert not list(backup.glob("log/*"))
    assert grnledger.open(backup).identities() == repo.identities()
