"""What is put back into a store, from where, and what is not: ids decide, and nothing that is whole is lost."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import grnledger
import pytest
from grnledger.engine.errors import InputError, NotFound
from grnledger.storage.verify.repair import repair
from grnledger.storage.verify.store import verify
from small_store import pathway

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def entry(number: int) -> str:
    return f"log/{number:010d}.h5"


def identities(store: Path) -> list[tuple[str, str, str]]:
    return grnledger.open(store).identities()


@pytest.fixture
def clone(made: Path, tmp_path: Path) -> Path:
    grnledger.clone(made, tmp_path / "clone.grn")
    return tmp_path / "clone.grn"


def damage_all(store: Path) -> None:
    for path in (*store.glob("log/*.h5"), *store.glob("base/*.h5")):
        path.write_bytes(path.read_bytes()[:200])


def loose(store: Path) -> Path:
    """Copy the files of a store under names that say nothing, one folder deep."""
    folder = store.with_name("files")
    (folder / "deep").mkdir(parents=True)
    for number, path in enumerate(sorted(store.rglob("*.h5"))):
        shutil.copyfile(path, folder / "deep" / f"{number}.bin")
    return folder


def exported(store: Path) -> Path:
    grnledger.open(store).export(store.with_name("file.h5"))
    return store.with_name("file.h5")


@pytest.mark.parametrize("place", [lambda store: store, loose, exported], ids=["store", "folder", "file"])
def test_everything_comes_back_from_a_clone_in_any_form(
    store: Path, clone: Path, place: Callable[[Path], Path]
) -> None:
    before, source = identities(store), place(clone)
    damage_all(store)
    report = repair(store, sources=[source])
    assert (report.sound, report.lacking) == (True, [])
    assert identities(store) == before
    assert {restored.source for restored in report.restored} == {str(source)}


def test_what_no_source_has_is_named_and_the_rest_comes_back(store: Path, clone: Path, made: Path) -> None:
    damage_all(store)
    shutil.rmtree(clone / "base")
    (clone / "base").mkdir()
    report = repair(store, sources=[clone])
    assert not report.sound
    assert [text.partition(":")[0] for text in report.lacking] == [
        path.relative_to(made).as_posix() for path in made.glob("base/*.h5")
    ]
    assert repair(store, sources=[made]).sound


def test_an_entry_of_another_way_is_not_taken_for_ours(store: Path, tmp_path: Path, made: Path) -> None:
    """A copy that went on by itself has entries of the same numbers."""
    other = shutil.copytree(made, tmp_path / "other.grn")
    grnledger.open(store, author="ada").commit(pathway("ours"))
    grnledger.open(other, author="bob").commit(pathway("theirs"))
    (store / entry(6)).unlink()
    report = repair(store, sources=[other])
    assert not report.restored
    assert entry(6) in report.lacking[0]


def test_an_end_that_nothing_names_comes_from_a_backup_alone(store: Path, clone: Path) -> None:
    before, backup = identities(store), store.with_name("backup.grn")
    grnledger.open(store).backup(backup)
    (store / entry(5)).unlink()
    shutil.rmtree(store / "cache")
    assert verify(store).sound  # nothing inside the store knows
    assert not repair(store, sources=[clone]).restored
    assert [restored.path for restored in repair(store, sources=[backup]).restored] == [entry(5)]
    assert identities(store) == before


def test_entries_under_each_others_names_go_home(store: Path, clone: Path) -> None:
    before = identities(store)
    first, second = (store / entry(number) for number in (2, 3))
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)
    (clone / "packs").rename(clone / "gone")
    report = repair(store, sources=[clone])
    assert (report.sound, identities(store)) == (True, before)


def test_a_pack_comes_back_with_the_entries_that_it_still_has(store: Path, clone: Path) -> None:
    before = identities(store)
    grnledger.open(store).pack()
    (pack,) = store.glob("packs/*.h5")
    content = bytearray(pack.read_bytes())
    place = content.index(b'"number":3')
    content[place + 9 : place + 10] = b"7"
    pack.write_bytes(content)
    report = repair(store, sources=[clone])
    assert (report.sound, identities(store)) == (True, before)
    assert [restored.what for restored in report.restored] == ["1 of its 5 entries"]


def test_a_whole_file_is_moved_and_never_overwritten(store: Path, tmp_path: Path, made: Path) -> None:
    """A file of a copy that went another way stands where ours should: both are there afterwards."""
    other = shutil.copytree(made, tmp_path / "other.grn")
    grnledger.open(other, author="bob").commit(pathway("theirs"))
    repo = grnledger.open(store, author="ada")
    repo.commit(pathway("ours"))
    repo.create_tag("later")
    safe = shutil.copytree(store, tmp_path / "safe.grn")
    theirs = (other / entry(6)).read_bytes()
    (store / entry(6)).write_bytes(theirs)
    assert not verify(store).sound
    report = repair(store, sources=[safe])
    assert (report.sound, identities(store)) == (True, identities(safe))
    assert (store / "aside" / entry(6)).read_bytes() == theirs


def test_strays_are_set_aside_and_links_in_the_place_of_folders_stay(store: Path) -> None:
    (store / "notes.txt").write_text("mine")
    (store / "log" / "deep").mkdir()
    (store / "log" / "deep" / "notes.txt").write_text("too")
    (store / "artifacts").symlink_to(store.parent)
    report = repair(store)
    assert report.aside == [("log/deep/notes.txt", "aside/log/deep/notes.txt"), ("notes.txt", "aside/notes.txt")]
    assert (store / "aside" / "notes.txt").read_text() == "mine"
    assert not (store / "log" / "deep").exists()
    assert (store / "artifacts").is_symlink()
    (store / "notes.txt").write_text("another")
    assert repair(store).aside == [("notes.txt", "aside/notes.txt.2")]
    assert verify(store).sound


def test_sources_that_cannot_be_are_refused(store: Path, clone: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no folder or file"):
        repair(store, sources=[tmp_path / "nowhere"])
    with pytest.raises(InputError, match="nothing is put back into it"):
        repair(exported(clone), sources=[clone])


@pytest.mark.parametrize("name", ["log", "base", "log and base"])
def test_a_folder_that_is_gone_comes_back(store: Path, clone: Path, name: str) -> None:
    before = identities(store)
    for folder in name.split(" and "):
        shutil.rmtree(store / folder)
    assert repair(store, sources=[clone]).sound
    assert identities(store) == before


@pytest.mark.parametrize("kind", ["log", "base", "packs"])
def test_bytes_behind_the_end_of_a_file_are_told(store: Path, kind: str) -> None:
    if kind == "packs":
        grnledger.open(store).pack()
    path = min(store.glob(f"{kind}/*.h5"))
    path.write_bytes(path.read_bytes() + b"more")
    told = [finding for finding in verify(store).findings if "Behind its end there is more, 4 bytes:" in finding.what]
    assert [finding.path for finding in told] == [path.relative_to(store).as_posix()]


@pytest.mark.parametrize("lost", [None, entry(3)])
def test_what_a_clone_did_does_not_come_from_its_backup(store: Path, clone: Path, lost: str | None) -> None:
    grnledger.open(clone, author="grace").commit(pathway("theirs"))
    grnledger.open(clone).backup(clone.with_name("theirs.grn"))
    before = identities(store)
    if lost is not None:
        (store / lost).unlink()
    report = repair(store, sources=[clone.with_name("theirs.grn")])
    assert (report.sound, identities(store)) == (True, before)
    assert [sentence for sentence in report.lacking if "goes on after the last entry" in sentence]


def test_what_a_store_had_comes_from_its_backup_though_its_cache_is_older(store: Path, made: Path) -> None:
    backup = store.with_name("mine.grn")
    grnledger.open(store, author="ada").create_tag("later")
    grnledger.open(store).backup(backup)
    shutil.rmtree(store)
    shutil.copytree(made, store)
    grnledger.open(store).backup(backup)  # which says what is lost, and stays that of this store
    report = repair(store, sources=[backup])
    assert (report.sound, report.lacking) == (True, [])
    assert "later" in grnledger.open(store).tags


@pytest.mark.parametrize("end", ["cache/history", "cache/last", None])
def test_a_copy_elsewhere_gets_its_end_back_where_nothing_in_it_says_which_that_was(
    store: Path, made: Path, end: str | None
) -> None:
    before, backup = identities(store), store.with_name("backup.grn")
    grnledger.open(made).backup(backup)
    (store / entry(5)).unlink()
    for name in ("cache/history", "cache/last"):
        if name != end:
            (store / name).unlink()
    assert [restored.path for restored in repair(store, sources=[backup]).restored] == [entry(5)]
    assert identities(store) == before


def test_analyses_and_sharing_of_a_clone_are_not_taken_for_those_of_the_store(store: Path, clone: Path) -> None:
    for path in (store, clone):
        grnledger.open(path, author="ada").artifacts.keep(
            "nmf", "ab" * 32, {"rank": 2}, {}, source="v0", facts={}, software={}
        )
        (path / "SHARED").write_text("grnledger shared all\n")
        grnledger.open(path).backup(path.with_name(f"{path.stem}.backup"))
        shutil.rmtree(path / "artifacts")
        (path / "SHARED").unlink()
    repair(store, sources=[clone.with_name("clone.backup")])
    assert [kept.elsewhere for kept in grnledger.open(store).artifacts.each()] == ["clone.backup"]
    assert not (store / "SHARED").exists()
    repair(clone, sources=[clone.with_name("clone.backup")])
    assert [kept.elsewhere for kept in grnledger.open(clone).artifacts.each()] == [""]
    assert (clone / "SHARED").exists()
