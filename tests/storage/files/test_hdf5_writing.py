"""How the store's HDF5 files are written: as the format says, the same bytes each time, and without looking around."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest
from grnledger.storage.files import durable, hdf5

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NAMES = np.array(["TP53", "MDM2", "Ångström"], dtype=object)


def content(seed: int = 1, *, rows: int = 4, text: str = "ü") -> hdf5.Content:
    """A content with arrays of every type, and a bulk array of so many rows."""
    rng = np.random.default_rng(seed)
    arrays: dict[str, NDArray[Any]] = {
        "genes": np.arange(rows, dtype=np.int64),
        "loadings": rng.normal(size=rows),
        "pathway_covariance": rng.normal(size=(2, 2)),
        "places": np.arange(3, dtype="<i4"),
        "names": np.array([name.encode() for name in NAMES], dtype=np.bytes_),
        "big_endian": np.arange(5, dtype=">f8"),
        "turned": np.asfortranarray(rng.normal(size=(3, 5))),
        "empty": np.empty(0),
    }
    bulk = {"expression": rng.normal(size=(rows, 3)).astype("<f4")}
    return hdf5.Content("entry", f'{{"seed":{seed},"text":"{text}"}}', arrays, bulk)


def image(sealed: hdf5.Sealed, path: Path) -> bytes:
    durable.write_whole(path, sealed.write)
    written = path.read_bytes()
    path.unlink()
    return written


def check(path: Path, expected: hdf5.Content) -> None:
    """Compare what is read with what was written, bit by bit."""
    stored = hdf5.read(hdf5.Location(path), "entry")
    assert (stored.kind, stored.record, stored.id) == ("entry", expected.record, expected.seal().id)
    assert stored.arrays.keys() == expected.arrays.keys()
    for name, array in expected.arrays.items():
        assert stored.arrays[name].dtype == array.dtype.newbyteorder("<")
        np.testing.assert_array_equal(stored.arrays[name], array)
    np.testing.assert_array_equal(stored.bulk["expression"].all(), expected.bulk["expression"])
    stored.check_bulk()


@pytest.mark.parametrize("rows", [1, 100, 9_000, 60_000])
@pytest.mark.parametrize("text", ["", "ü", "x" * 70_000])
@pytest.mark.parametrize("in_memory", [0, 1 << 25])
def test_what_is_written_is_read(
    rows: int, text: str, in_memory: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hdf5, "IN_MEMORY", in_memory)
    written = content(rows=rows, text=text)
    durable.write_whole(tmp_path / "a.h5", written.seal().write)
    check(tmp_path / "a.h5", written)


def test_a_file_has_plain_contiguous_data_and_no_times_and_is_the_same_each_time(tmp_path: Path) -> None:
    sealed = content().seal()
    durable.write_whole(tmp_path / "a.h5", sealed.write)
    with h5py.File(tmp_path / "a.h5") as file:
        assert set(file.attrs) == {"kind", "id"}
        for name in ("kind", "id"):
            kind = file.attrs.get_id(name).get_type()
            assert (kind.is_variable_str(), kind.get_strpad()) == (False, h5py.h5t.STR_NULLPAD)
            assert file.attrs.get_id(name).shape == ()
        assert file.attrs["id"] == sealed.id.encode()
        record = file["record"].id.get_type()
        assert (record.get_cset(), record.get_strpad()) == (h5py.h5t.CSET_UTF8, h5py.h5t.STR_NULLPAD)
        assert record.get_size() == len(sealed.content.record.encode())
        assert file["record"].shape == ()
        assert set(file) == {"record", "expression", "expression_crc32", *sealed.content.arrays}
        for dataset in file.values():
            creation = dataset.id.get_create_plist()
            assert (creation.get_layout(), creation.get_obj_track_times()) == (h5py.h5d.CONTIGUOUS, False)
            assert (creation.get_nfilters(), dataset.id.get_storage_size()) == (0, dataset.nbytes)
        assert set(file["expression"].attrs) == {"sha256"}
    written = (tmp_path / "a.h5").read_bytes()
    assert written[:9] == b"\x89HDF\r\n\x1a\n\x03"  # the last version of the superblock
    assert image(sealed, tmp_path / "b.h5") == image(content().seal(), tmp_path / "c.h5") == written


def test_a_small_entry_has_no_gaps(tmp_path: Path) -> None:
    arrays = {"genes": np.arange(100), "loadings": np.ones(100)}
    sealed = hdf5.Content("entry", '{"text":"' + "x" * 1_000 + '"}', arrays).seal()
    assert len(image(sealed, tmp_path / "a.h5")) < 1_600 + 1_000 + 1_700


def test_nothing_of_the_folder_that_one_works_in_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    looked: list[str] = []
    for _ in range(3):
        path = tmp_path / "a.h5"
        durable.write_whole(path, content().seal().write)
        check(path, content())
        path.unlink()
        looked += [entry.name for entry in folder.iterdir()]
    assert looked == []


def test_threads_write_files_at_the_same_time(tmp_path: Path) -> None:
    contents = [content(seed % 3) for seed in range(120)]  # equal ones, too

    def write(number: int) -> None:
        durable.write_whole(tmp_path / f"{number}.h5", contents[number].seal().write)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(len(contents))))
    for number, written in enumerate(contents):
        check(tmp_path / f"{number}.h5", written)
    assert len({(tmp_path / f"{number}.h5").read_bytes() for number in range(120)}) == 3


def test_a_disk_that_refuses_is_reported_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space left"):
        durable.write_whole(tmp_path / "a.h5", content().seal().write)
    monkeypatch.undo()
    durable.write_whole(tmp_path / "b.h5", content().seal().write)
    check(tmp_path / "b.h5", content())
