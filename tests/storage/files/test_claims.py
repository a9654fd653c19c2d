"""Files that claim more than the disk has of them: told by name, before memory is taken; sound ones with holes are not.

They are made as anybody can make them: of a few kilobytes on the disk, with a hole of terabytes.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import grnledger
import h5py
import numpy as np
import pytest
from grnledger.engine.errors import FormatError
from grnledger.storage.files import chained_text, claims, durable, hdf5, layout
from grnledger.storage.names import StoreNames
from grnledger.storage.networks import remembered
from h5py import h5d, h5p, h5s, h5t  # pyright: ignore[reportAttributeAccessIssue]  compiled, and untyped
from small_store import answers, entry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOLE = 1 << 42
"""Bytes that are claimed, and not there: more than any machine of today has of memory."""

KINDS = {
    "entry": "log/0000000002.h5",
    "base": "base/*.h5",
    "anchor": "cache/anchors/*.h5",
    "history": "cache/history",
    "panel": "cache/panel",
    "numbers": "cache/numbers/*",
    "last": "cache/last",
}


def hollow(group: Any) -> None:
    """Put a dataset of a kind that its file may have in place of one, whose bytes the file has by its length alone."""
    plain = h5p.create(h5p.DATASET_CREATE)
    plain.set_alloc_time(h5d.ALLOC_TIME_EARLY)
    plain.set_fill_time(h5d.FILL_TIME_NEVER)
    name = next(name for name in map(str, group) if name != layout.RECORD)
    del group[name]
    h5d.create(group.id, name.encode(), h5t.IEEE_F64LE, h5s.create_simple((HOLE // 8,)), plain)


def hollow_file(path: Path) -> None:
    if path.suffix == layout.FILE_ENDING:
        with h5py.File(path, "r+", libver="latest") as file:
            hollow(file)
    else:
        os.truncate(path, HOLE)
    if path.stat().st_blocks * 512 > HOLE // 1_000:
        pytest.skip("this file system has no holes")


@pytest.fixture
def full(store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store that also remembers numbers, and has a panel and an index in its cache."""
    monkeypatch.setattr(remembered, "WORTH_OPERATIONS", 0.0)
    repo = grnledger.open(store)
    for rev in ("v0", "v3"):
        _ = repo.snapshot(rev).precision.diagonal()
    assert StoreNames(store).genes
    return store


@pytest.mark.parametrize("kind", KINDS)
def test_a_hollow_file_of_any_kind_is_named_and_only_what_needs_it_refused(full: Path, kind: str) -> None:
    expected = answers(full)
    paths = sorted(full.glob(KINDS[kind]))
    hollow_file(paths[0])
    shown = paths[0].relative_to(full).as_posix()
    findings = grnledger.verify(full).findings
    named, said = {finding.path: finding.kind for finding in findings}, [(found.path, found.what) for found in findings]
    if kind in ("entry", "base"):
        assert named[shown] == "damage"
        assert "never written" in next(what for path, what in said if path == shown)
        with pytest.raises(FormatError):
            answers(full)
        return
    assert named.get(shown) in ({"derived", None} if kind == "last" else {"derived"})
    assert answers(full) == expected


@pytest.mark.parametrize("pack", [False, True])
def test_a_hollow_group_of_a_file_of_many_is_named(store: Path, tmp_path: Path, pack: bool) -> None:
    repo = grnledger.open(store)
    path = tmp_path / "whole.h5"
    if pack:
        repo.pack()
        path = next(store.glob("packs/*.h5"))
    else:
        repo.export(path)
    with h5py.File(path, "r+", libver="latest") as file:
        hollow(file["0000000002" if pack else "log/0000000002"])
    damaged = grnledger.open(store if pack else path).damage
    assert list(damaged) == [2]
    assert "claims" in damaged[2]
    assert str(path) in damaged[2]


def test_names_of_one_group_do_not_have_its_memory_each(store: Path) -> None:
    """A pack in which many entries are one group: together they claim more than the file has."""
    grnledger.open(store).pack()
    path = next(store.glob("packs/*.h5"))
    with h5py.File(path, "r+", libver="latest") as file:
        big = file["0000000002"]
        for number in range(1, 400):
            name = f"{number:010d}"
            if name not in file:
                file[name] = big
    groups = [f"{number:010d}" for number in range(1, 400)]
    read = list(hdf5.read_each(path, groups, layout.ENTRY))
    taken = sum(stored.size for stored in read if isinstance(stored, hdf5.StoredFile))
    assert taken <= path.stat().st_size
    assert any(isinstance(part, FormatError) and "claim more bytes" in part.message for part in read)


@pytest.mark.parametrize("rest", [0, 3, 4_096, 1 << 20])
def test_holes_alone_are_no_damage(tmp_path: Path, rest: int) -> None:
    """What copies and compressing file systems leave of zeros: a share of a file that is mostly data."""
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.write(b"x" * (4 << 20))
        file.truncate(100 << 20)
        file.seek(100 << 20)
        file.write(b"x" * rest)
    with path.open("rb") as file:
        position = file.seek(17)
        assert not claims.is_hollow(file.fileno(), path.stat().st_size)
        assert file.tell() == position
        assert claims.is_hollow(file.fileno(), 1 << 40)


@pytest.mark.parametrize("blocks", [None, 0, 1])
def test_a_count_of_blocks_that_lags_behind_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blocks: int | None
) -> None:
    """As on ZFS in the seconds after a file is written, and on file systems that count no blocks, or have no holes."""
    path = tmp_path / "new"
    path.write_bytes(b"x" * 4_096)

    class Status:
        st_size = 8_192

    if blocks is not None:
        monkeypatch.setattr(Status, "st_blocks", blocks, raising=False)
    monkeypatch.setattr(claims, "SMALL", 0)
    with path.open("rb") as file, monkeypatch.context() as patch:  # others ask for the state of files, too
        descriptor = file.fileno()
        patch.setattr(claims.os, "fstat", lambda _: Status)
        assert not claims.is_hollow(descriptor, 8_192)
        patch.delattr(claims.os, "SEEK_DATA", raising=False)
        assert not claims.is_hollow(descriptor, 8_192)


def sizes(**arrays: tuple[int, int]) -> dict[str, tuple[int, int]]:
    return arrays


MANY = 1 << 27


@pytest.mark.parametrize(
    ("kind", "arrays"),
    [
        (layout.ENTRY, sizes(genes=(MANY, 8))),
        (layout.ENTRY, sizes(loadings=(MANY, 8))),
        (layout.ENTRY, sizes(pathway_covariance=(MANY, 8))),
        (layout.ENTRY, sizes(unknown=(1, MANY))),
        (layout.BASE, sizes(genes=(MANY, 8))),
        (layout.BASE, sizes(genes=(16, MANY))),
        (layout.BASE, sizes(loadings=(MANY, 8))),
        (layout.BASE, sizes(loadings_crc32=(MANY, 4))),
        (layout.BASE, sizes(noise=(MANY, 8))),
        (layout.ARTIFACT, sizes(samples=(4, MANY))),
    ],
)
def test_an_array_larger_than_its_record_allows_is_refused(
    store: Path, kind: str, arrays: dict[str, tuple[int, int]]
) -> None:
    """Also where the file system does not say what was written: whatever length the file has."""
    path = entry(store, 2) if kind == layout.ENTRY else next(store.glob("base/*.h5"))
    record = hdf5.read(hdf5.Location(path), layout.ENTRY, layout.BASE).record
    small = {name: (count // 1_000_000, width) for name, (count, width) in arrays.items() if width < MANY}
    claims.check_arrays(path, kind, record, small)
    with pytest.raises(FormatError, match="more than its record allows") as caught:
        claims.check_arrays(path, kind, record, arrays)
    assert str(path) in caught.value.message
    with pytest.raises(FormatError, match="does not say how much"):
        claims.check_arrays(path, layout.ENTRY, "[]", arrays)


def test_a_file_with_such_an_array_is_refused_before_it_is_read(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = hdf5.read(hdf5.Location(entry(store, 2)), layout.ENTRY)
    arrays = {**stored.arrays, layout.LOADINGS: np.zeros(1_000)}
    path = tmp_path / "entry.h5"
    durable.publish(path, hdf5.Content(layout.ENTRY, stored.record, arrays, {}).seal().write)
    assert hdf5.read(hdf5.Location(path), layout.ENTRY).arrays[layout.LOADINGS].size == 1_000
    monkeypatch.setattr(claims, "SMALL", 100)
    with pytest.raises(FormatError, match="'loadings' claims 1,000 values of 8 bytes, more than its record allows"):
        hdf5.read(hdf5.Location(path), layout.ENTRY)


def test_what_a_record_allows_is_what_it_says(store: Path) -> None:
    """The largest that each record of a store allows is what its file holds."""
    for path, kind in ((entry(store, 2), layout.ENTRY), (next(store.glob("base/*.h5")), layout.BASE)):
        stored = hdf5.read(hdf5.Location(path), kind)
        allowed: dict[str, int] = claims._ALLOWED[kind](json.loads(stored.record))
        held = {name: array.size for name, array in stored.arrays.items()}
        held |= {name: int(np.prod(rows.shape)) for name, rows in stored.bulk.items()}
        held |= {name + layout.CHECKSUMS: len(rows.checksums) for name, rows in stored.bulk.items()}
        assert held == {name: allowed[name] for name in held}


HAS_ROOM = claims.has_room


def no_memory(*_: Any, **__: Any) -> Any:
    raise MemoryError


def refused_by_hdf5(*_: Any, **__: Any) -> Any:
    raise OSError("Unable to synchronously open object (memory allocation failed)")


@pytest.mark.parametrize("fail", [no_memory, refused_by_hdf5])
def test_what_memory_does_not_suffice_for_is_named_and_is_no_damage(
    store: Path, monkeypatch: pytest.MonkeyPatch, fail: Callable[..., Any]
) -> None:
    monkeypatch.setattr(hdf5, "_read", fail)
    monkeypatch.setattr(claims, "has_room", lambda _: False)
    with pytest.raises(MemoryError, match=str(entry(store, 2))):
        hdf5.read(hdf5.Location(entry(store, 2)), layout.ENTRY)
    if fail is refused_by_hdf5:  # a damaged file may ask for more than there can be
        monkeypatch.setattr(claims, "has_room", HAS_ROOM)
        with pytest.raises(FormatError, match="is damaged"):
            hdf5.read(hdf5.Location(entry(store, 2)), layout.ENTRY)


@pytest.mark.parametrize(("size", "room"), [(1, True), (claims.OF_HDF5, True), (1 << 62, False), (1 << 70, False)])
def test_more_bytes_than_can_be_addressed_are_no_room_either(size: int, room: bool) -> None:
    """A file may be said to be as long as a number can be, and is then asked for with some headroom."""
    assert claims.has_room(size) is room


def test_an_index_of_holes_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chained_text, "LARGEST", 1 << 50)
    path = tmp_path / "text"
    path.write_bytes(b"a text 1\n")
    hollow_file(path)
    assert chained_text.ChainedText(b"a text 1\n", path).size == 0
    assert chained_text.file_hash(path) is None
