"""Stores that several accounts use: new ones, those that are there, and modes that keep others out."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from typing import TYPE_CHECKING

import grnledger
import pytest
from grnledger.engine.errors import InputError, NotFound
from grnledger.storage.transfer.sharing import misfits, set_modes, set_sharing
from grnledger.storage.verify.repair import repair
from grnledger.storage.verify.store import verify
from small_store import GENES, NOON, answers, base, pathway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from grnledger.storage.files.access import Sharing


@pytest.fixture(params=(0o002, 0o027, 0o077), ids="umask {:03o}".format)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(store: Path) -> dict[bool, set[str]]:
    """Return the modes of the folders of a store, and of its files, in octal."""
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for path in (store, *store.rglob("*")):
        found[path.is_dir()].add(oct(stat.S_IMODE(path.stat().st_mode)))
    return found


def live(store: Path) -> None:
    """Do what makes every kind of file."""
    repo = grnledger.open(store, author="ada", time=NOON)
    repo.commit([pathway(f"first-{len(repo)}")])
    repo.reinvert()
    repo.pack()
    repo.commit([pathway(f"second-{len(repo)}", 0.1)])
    repo.artifacts.keep("other", repo.version().content, {}, {}, source="HEAD", facts={}, software={})
    repo.transaction(lambda: None)


@pytest.mark.parametrize(
    ("sharing", "outside", "record"), [("group", 0, "group"), ("all", 0o005, "all"), (None, 0, "group")]
)
def test_a_new_store_is_shared_in_all_that_it_ever_makes(
    tmp_path: Path, umask: int, sharing: Sharing | None, outside: int, record: str
) -> None:
    tmp_path.chmod(0o2775 if sharing is None else 0o700)
    repo = grnledger.init(tmp_path / "a.grn", factor_model=base(), genes=GENES, author="ada", shared=sharing)
    live(repo.path)
    grnledger.clone(repo.path, tmp_path / "b.grn", shared=sharing)
    live(tmp_path / "b.grn")
    of_others = outside | (0o005 & ~umask)
    for name in ("a.grn", "b.grn"):
        folders, files = oct(0o2770 | of_others), oct(0o660 | (of_others & 0o004))
        assert modes(tmp_path / name) == {True: {folders}, False: {files}}
        assert (tmp_path / name / "SHARED").read_text() == f"grnledger shared {record}\n"
        assert verify(tmp_path / name).findings == []


def test_where_nothing_is_shared_the_umask_decides(tmp_path: Path, umask: int) -> None:
    tmp_path.chmod(0o755)
    repo = grnledger.init(tmp_path / "a.grn", factor_model=base(), genes=GENES, author="ada")
    assert not (repo.path / "SHARED").exists()
    tmp_path.chmod(0o2775)
    told = grnledger.init(tmp_path / "b.grn", factor_model=base(), genes=GENES, author="ada", shared="no")
    assert (told.path / "SHARED").read_text() == "grnledger shared no\n"
    for store in (repo.path, told.path):
        live(store)
        assert oct(0o644 & ~umask) in modes(store)[False]
        assert verify(store).findings == []


@pytest.mark.skipif(sys.platform == "win32", reason="no groups")
def test_who_is_not_of_the_group_of_a_folder_shares_nothing_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o2775)
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    monkeypatch.setattr(os, "getegid", lambda: tmp_path.stat().st_gid + 1)
    monkeypatch.setattr(os, "getgroups", list)
    repo = grnledger.init(tmp_path / "a.grn", factor_model=base(), genes=GENES, author="ada")
    assert not (repo.path / "SHARED").exists()
    monkeypatch.setattr(os, "getgroups", lambda: [tmp_path.stat().st_gid])
    repo = grnledger.init(tmp_path / "b.grn", factor_model=base(), genes=GENES, author="ada")
    assert (repo.path / "SHARED").read_text() == "grnledger shared group\n"


def test_a_clone_is_shared_as_its_own_folder_says(tmp_path: Path) -> None:
    repo = grnledger.init(tmp_path / "a.grn", factor_model=base(), genes=GENES, author="ada", shared="all")
    assert not (grnledger.clone(repo.path, tmp_path / "b.grn").path / "SHARED").exists()


@pytest.mark.parametrize("make", [grnledger.init, grnledger.clone])
def test_another_word_is_refused_before_anything_is_read(tmp_path: Path, make: Callable[..., object]) -> None:
    with pytest.raises(InputError, match="no way of sharing 'everybody'"):
        make(tmp_path / "a.grn", **{"path": tmp_path / "b.grn"} if make is grnledger.clone else {}, shared="everybody")


def test_a_store_that_is_there_becomes_shared_and_stays_so(store: Path, umask: int) -> None:
    before = answers(store)
    assert set_sharing(store, "group") == []
    assert answers(store) == before
    live(store)
    others = stat.S_IMODE(store.stat().st_mode) & 0o005
    assert modes(store) == {True: {oct(0o2770 | others)}, False: {oct(0o660 | others & 0o004)}}
    set_sharing(store, "all")
    assert modes(store) == {True: {"0o2775"}, False: {"0o664"}}
    set_sharing(store, "no")
    assert modes(store)[True] == {"0o2775"}  # what is there stays as it is
    grnledger.open(store, author="ada").create_tag("later")
    assert oct(0o644 & ~umask) in modes(store)[False]
    with pytest.raises(NotFound):
        set_sharing(store / "nothing", "group")


def test_modes_that_keep_others_out_are_told_and_set_by_repair(store: Path) -> None:
    set_sharing(store, "group")
    (entry := store / "log" / "0000000002.h5").chmod(0o600)
    (store / "base").chmod(0o700)
    (store / "cache" / "last").chmod(0o444)  # others replace it
    report = verify(store)
    assert [(finding.kind, finding.path) for finding in report.findings] == [
        ("note", "base"), ("note", "log/0000000002.h5"),
    ]  # fmt: skip
    assert report.sound
    assert "has the mode -rw-------, which keeps others out" in report.findings[1].what
    assert {finding.path: finding.repaired for finding in repair(store).findings} == {
        "base": True, "log/0000000002.h5": True,
    }  # fmt: skip
    assert misfits(store) == []
    assert stat.S_IMODE(entry.stat().st_mode) & 0o660 == 0o660
    assert stat.S_IMODE((store / "base").stat().st_mode) & 0o2770 == 0o2770


def test_nothing_outside_of_a_store_gets_another_mode(store: Path, tmp_path: Path) -> None:
    set_sharing(store, "group")
    (mine := tmp_path / "mine").write_text("mine")
    (folder := tmp_path / "folder").mkdir()
    (folder / "inner").write_text("mine")
    for path in (mine, folder / "inner"):
        path.chmod(0o600)
    folder.chmod(0o700)
    (store / "log" / "link.h5").symlink_to(mine)
    shutil.rmtree(store / "cache")
    (store / "cache").symlink_to(folder)
    os.link(mine, store / "log" / "second-name.h5")
    left = set_modes(store)
    assert [misfit.path for misfit in left] == ["log/second-name.h5"]
    assert {oct(stat.S_IMODE(path.stat().st_mode)) for path in (mine, folder / "inner")} == {"0o600"}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give files to another group")
@pytest.mark.parametrize("group", [61_099, 61_101])
def test_what_belongs_to_another_group_is_told_and_set(store: Path, group: int) -> None:
    os.chown(store, -1, 61_100)
    set_sharing(store, "group")
    os.chown(store / "log" / "0000000001.h5", -1, group)
    [misfit] = misfits(store)
    assert misfit.path == "log/0000000001.h5"
    assert f"and the group {group}" in misfit.fault
    assert set_modes(store) == []
    assert misfits(store) == []


def test_a_record_that_makes_no_sense_is_reported_and_written_again(store: Path) -> None:
    set_sharing(store, "all")
    (store / "SHARED").write_text("grnledger shared with nobody\n")
    [finding] = verify(store).findings
    assert (finding.kind, finding.path) == ("derived", "SHARED")
    grnledger.open(store, author="ada").create_tag("meanwhile")  # its folder says that it is shared
    assert [finding.repaired for finding in repair(store).findings] == [True]
    assert (store / "SHARED").read_text() == "grnledger shared group\n"
    assert verify(store).findings == []


def test_a_store_that_is_reached_by_a_link_is_shared_and_mended_alike(store: Path) -> None:
    link = store.with_name("link.grn")
    link.symlink_to(store.name)
    set_sharing(link, "all")
    assert stat.S_IMODE(store.stat().st_mode) & 0o2775 == 0o2775
    (store / "FORMAT").chmod(0o600)
    assert [misfit.path for misfit in misfits(link)] == ["FORMAT"]
    repair(link)
    assert not misfits(store)
