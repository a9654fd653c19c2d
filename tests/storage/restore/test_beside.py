"""Repairs beside others, in one process: at each moment at which one writes or reads a file, the other works."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import grnledger
import pytest
from grnledger.engine.errors import Conflict
from grnledger.storage.files import hdf5, layout
from grnledger.storage.files.locations import DirectoryStore, Location
from grnledger.storage.restore import aside
from grnledger.storage.restore.chain import Found
from grnledger.storage.restore.restore import put_entries
from grnledger.storage.restore.sources import Source
from grnledger.storage.verify.repair import repair
from grnledger.storage.verify.store import verify
from moments import each_moment
from small_store import entry, pathway

if TYPE_CHECKING:
    from pathlib import Path

    from grnledger.storage.verify.findings import Report

READING = ((hdf5, "_opened"),)
"""What is called before each file is read."""

PACK = f"packs/{layout.pack_name(1, 6)}"


def cut(store: Path) -> None:
    for path in (entry(store, 2), entry(store, 5), *store.glob("base/*.h5")):
        path.write_bytes(path.read_bytes()[:-600])


def gone(store: Path) -> None:
    for path in (entry(store, 3), *store.glob("base/*.h5")):
        path.unlink()


def exchanged(store: Path) -> None:
    """Entries under each other's names, and an entry and a base."""
    paths = [entry(store, 2), entry(store, 4), *store.glob("base/*.h5")]
    contents = [path.read_bytes() for path in paths]
    for path, content in zip(paths, contents[1:] + contents[:1], strict=True):
        path.write_bytes(content)


def foreign_pack(store: Path) -> None:
    """A pack of a fork in the place of ours."""
    shutil.copyfile(store.with_name("fork.grn") / PACK, store / PACK)


@pytest.fixture
def folder(store: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A folder with a store of seven entries, a fork that differs from the sixth on, and a backup; then the damage."""
    both = tmp_path / "both"
    both.mkdir()
    for name in ("tumor.grn", "fork.grn"):
        repo = grnledger.open(shutil.copytree(store, both / name), author=name)
        repo.commit(pathway(name))
        if request.param is foreign_pack:
            repo.pack()
        repo.create_tag("later")
    grnledger.open(both / "tumor.grn").backup(both / "backup.grn")
    request.param(both / "tumor.grn")
    return both


def repaired(folder: Path) -> Report:
    return repair(folder / "tumor.grn", sources=[folder / "backup.grn"])


def back(folder: Path) -> bool:
    """Whether a store says what its backup says, and is sound."""
    names = ("tumor.grn", "backup.grn")
    store, backup = (grnledger.open(folder / name).identities() for name in names)
    return store == backup and verify(folder / "tumor.grn").sound


def in_its_place(folder: Path) -> list[str]:
    """Return the files that were set aside though they were in their places."""
    store = folder / "tumor.grn"
    moved = [path for path in (store / "aside").rglob("*") if path.is_file()]
    homes = [(path, store / path.relative_to(store / "aside")) for path in moved]
    return [path.name for path, home in homes if home.is_file() and home.read_bytes() == path.read_bytes()]


@pytest.mark.parametrize("folder", [cut, gone, exchanged, foreign_pack], indirect=True)
def test_two_repairs_at_once_both_end_well(folder: Path) -> None:
    for at, moment in each_moment(folder, repaired, repaired):
        for report in (moment.outer, moment.inner):
            assert (report.sound, report.lacking) == (True, []), moment
        assert back(at)
        assert in_its_place(at) == []


@pytest.mark.parametrize("folder", [foreign_pack], indirect=True)
def test_what_needs_nothing_that_is_damaged_is_read_all_the_while(folder: Path) -> None:
    whole = range(4)  # what is before the fork

    def read(at: Path) -> list[str]:
        repo = grnledger.open(at / "tumor.grn")
        return [repo.snapshot(f"v{number}").content for number in whole]

    wanted = [grnledger.open(folder / "backup.grn").version(f"v{number}").content for number in whole]
    for at, moment in each_moment(folder, repaired, read):
        assert moment.inner == wanted
        assert back(at)


def untouched(folder: Path) -> None:
    """Leave a store as it is."""


@pytest.mark.parametrize("folder", [untouched], indirect=True)
@pytest.mark.parametrize("is_packed", [True, False])
def test_a_repair_of_a_sound_store_beside_a_writer_finds_and_moves_nothing(folder: Path, *, is_packed: bool) -> None:
    if is_packed:
        grnledger.open(folder / "tumor.grn").pack()

    def write(at: Path) -> None:
        repo = grnledger.open(at / "tumor.grn", author="bob")
        repo.commit(pathway("meanwhile"))
        repo.pack()

    for at, moment in each_moment(folder, repaired, write, calls=READING, every=7):
        report = moment.outer
        assert not [finding for finding in report.findings if finding.kind != "note"], moment
        assert (report.restored, report.aside, report.lacking) == ([], [], []), moment
        assert not (at / "tumor.grn" / "aside").exists()


@pytest.mark.parametrize("folder", [untouched], indirect=True)
def test_a_source_that_is_packed_meanwhile_still_has_its_entries(folder: Path) -> None:
    for number in (3, 5):
        entry(folder / "tumor.grn", number).unlink()
    shutil.copytree(folder / "fork.grn", folder / "clone.grn")  # the same up to the fifth

    def from_clone(at: Path) -> Report:
        return repair(at / "tumor.grn", sources=[at / "clone.grn"])

    def pack(at: Path) -> None:
        grnledger.open(at / "clone.grn", author="ada").pack()

    for at, moment in each_moment(folder, from_clone, pack, calls=READING, every=5):
        assert (moment.outer.sound, moment.outer.lacking) == (True, []), moment
        assert back(at)


@pytest.mark.parametrize("folder", [untouched], indirect=True)
def test_an_entry_that_a_writer_has_taken_meanwhile_stays(folder: Path) -> None:
    """The end of the log is lost, and nothing names it: of a repair and a writer who comes first has the number."""
    store, safe = folder / "tumor.grn", Source(folder / "backup.grn")
    shutil.copytree(store, folder / "copy.grn")
    location = Location(entry(folder / "copy.grn", 7))
    found = {7: Found(hdf5.read(location, layout.ENTRY).id, location, safe)}
    entry(store, 7).unlink()
    shutil.rmtree(store / "cache")

    def write(at: Path) -> bytes:
        grnledger.open(at / "tumor.grn", author="bob").create_tag("mine")
        return entry(at / "tumor.grn", 7).read_bytes()

    def put(at: Path) -> object:
        try:
            return put_entries(DirectoryStore(at / "tumor.grn"), dict(found))
        except Conflict as refusal:
            return refusal

    for at, moment in each_moment(folder, put, write):
        assert isinstance(moment.outer, Conflict)
        assert entry(at / "tumor.grn", 7).read_bytes() == moment.inner


@pytest.mark.parametrize("folder", [exchanged], indirect=True)
def test_where_there_are_no_links_files_are_moved_and_come_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object, **__: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", link)
    assert repaired(folder).sound
    assert back(folder)


def test_a_second_name_that_a_dead_repair_gave_is_taken_again(store: Path) -> None:
    path = entry(store, 2)
    assert aside.keep_aside(store, path) == f"aside/log/{path.name}"
    assert aside.keep_aside(store, path) == f"aside/log/{path.name}"
    assert path.exists()
    (store / "aside" / "log" / path.name).unlink()
    (store / "aside" / "log" / path.name).write_bytes(b"another")
    assert aside.keep_aside(store, path) == f"aside/log/{path.name}.2"


def test_what_another_has_put_back_meanwhile_is_not_set_aside(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, other = entry(store, 2), entry(store, 3)
    right = path.read_bytes()
    (id_,) = (id_ for id_, _ in aside.contents(path))
    path.write_bytes(other.read_bytes())
    keep = aside.keep_aside

    def late(folder: Path, place: Path) -> str | None:
        place.write_bytes(right)
        return keep(folder, place)

    monkeypatch.setattr(aside, "keep_aside", late)
    assert aside.make_way(store, path, besides={id_}) is None
    assert not (store / "aside").exists()
