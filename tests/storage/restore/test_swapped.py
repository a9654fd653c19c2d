"""Files of a store under each other's names: nothing that is whole is written over or removed by a repair."""

from __future__ import annotations

import itertools
import shutil
from typing import TYPE_CHECKING

import grnledger
import pytest
from grnledger.storage.files import hdf5, layout
from grnledger.storage.files.locations import DirectoryStore, Location
from grnledger.storage.restore.chain import Found
from grnledger.storage.restore.restore import put_entries
from grnledger.storage.restore.sources import Source, contents
from grnledger.storage.verify.repair import repair
from grnledger.storage.verify.store import verify
from small_store import pathway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KINDS = ("FORMAT", "base/*.h5", "log/*.h5", "packs/*.h5", "cache/anchors/*.h5", "cache/history", "artifacts/*.h5")


@pytest.fixture
def full(store: Path) -> Path:
    """A store with a file of each kind."""
    repo = grnledger.open(store)
    repo.reinvert()
    repo.pack()
    repo.nmf("HEAD", ranks=2, restarts=1)
    repo.commit(pathway("last", 3), message="after the pack")
    return store


def whole(folder: Path) -> dict[str, list[str]]:
    """Return the files in which each thing stands whole, by content ids."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("*")):
        for id_, _ in contents(path) if path.is_file() else ():
            found.setdefault(id_, []).append(path.relative_to(folder).as_posix())
    return found


def swapped(store: Path) -> Iterator[tuple[Path, Path]]:
    """Swap a file of each kind with one of each other kind, in turn."""
    firsts = [max(store.glob(kind)) for kind in KINDS]
    copy = store.with_name("good.grn")
    shutil.copytree(store, copy)
    for one, other in itertools.combinations(firsts, 2):
        shutil.copyfile(copy / one.relative_to(store), other)
        shutil.copyfile(copy / other.relative_to(store), one)
        yield one, other
        shutil.rmtree(store)
        shutil.copytree(copy, store)


def test_nothing_whole_is_lost_by_a_repair(full: Path) -> None:
    for one, other in swapped(full):
        before = whole(full)
        repair(full)
        assert not before.keys() - whole(full).keys(), f"of {one} and {other}"


@pytest.mark.parametrize("has_source", [False, True])
def test_all_comes_back_from_the_store_itself(full: Path, tmp_path: Path, *, has_source: bool) -> None:
    (tmp_path / "nothing").mkdir()
    sources = [tmp_path / "nothing"] if has_source else []
    good, before = grnledger.open(full).identities(), whole(full).keys()
    for one, other in swapped(full):
        findings = repair(full, sources=sources).findings
        assert not [finding for finding in findings if not finding.repaired and finding.kind != "note"]
        assert grnledger.open(full).identities() == good
        assert not before - whole(full).keys(), f"of {one} and {other}"


def test_of_two_copies_of_a_base_the_whole_one_is_taken(store: Path, tmp_path: Path) -> None:
    base, files = next(store.glob("base/*.h5")), tmp_path / "files"
    files.mkdir()
    damaged = bytearray(base.read_bytes())
    (rows,) = hdf5.read(Location(base), layout.BASE).bulk.values()
    damaged[rows.offset] ^= 1  # the content id does not show it: that of the rows does
    for name, content in (("a.h5", damaged), (base.name, damaged), ("z.h5", base.read_bytes())):
        (files / name).write_bytes(content)
    base.unlink()
    assert repair(store, sources=[files]).restored
    assert not [finding for finding in verify(store).findings if finding.kind != "note"]


def test_a_file_that_a_link_leads_to_is_no_stray(store: Path) -> None:
    for path in (store / "log" / "0000000002.h5", next(store.glob("base/*.h5"))):
        path.rename(path.with_name("elsewhere"))
        path.with_name("hop").symlink_to("elsewhere")
        path.symlink_to("hop")
    (store / "stray").symlink_to("FORMAT")
    assert [shown for shown, _ in repair(store).aside] == ["stray"]
    assert not grnledger.open(store).damage
    grnledger.open(store).snapshot("HEAD")


def test_an_entry_that_is_packed_while_it_is_copied_is_found_in_its_pack(store: Path, tmp_path: Path) -> None:
    source, target = Source(store), DirectoryStore(tmp_path / "target.grn")
    (target.path / "log").mkdir(parents=True)
    identities = {number: hdf5.read(Location(path), layout.ENTRY).id for number, path in loose(store).items()}
    found = {number: Found(identities[number], Location(path), source) for number, path in loose(store).items()}
    grnledger.open(store).pack()
    assert len(put_entries(target, found)) == len(found)
    assert {
        number: hdf5.read(Location(path), layout.ENTRY).id for number, path in loose(target.path).items()
    } == identities


def loose(store: Path) -> dict[int, Path]:
    return {int(path.stem): path for path in sorted(store.glob("log/*.h5"))}
