"""The store's HDF5 files: damaged, hostile, and on disks that cannot be read."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import zlib
from typing import TYPE_CHECKING, Any

import grnledger
import h5py
import numpy as np
import pytest
from grnledger.engine.errors import FormatError
from grnledger.storage.files import durable, hdf5, layout
from small_store import GENES, SIZE, answers, damage, entry, pathway, readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.9, 0.999])
def test_a_truncated_base_is_named(store: Path, share: float) -> None:
    path = next(store.glob("base/*.h5"))
    os.truncate(path, int(share * path.stat().st_size))
    repo = grnledger.open(store)  # history needs no numbers
    assert repo.version().name == "v3"
    with pytest.raises(FormatError, match=re.escape(str(path))):
        repo.snapshot()


def test_a_missing_base_is_named(store: Path) -> None:
    path = next(store.glob("base/*.h5"))
    path.unlink()
    repo = grnledger.open(store)  # history needs no numbers
    assert repo.version().name == "v3"
    with pytest.raises(FormatError) as caught:
        repo.snapshot()
    assert caught.value.message == f"{path} is missing from the store."


def test_a_file_of_another_kind_is_refused(made: Path, store: Path) -> None:
    shutil.copy(next(store.glob("base/*.h5")), entry(store, 2))
    assert damage(store, 2) == f"{entry(store, 2)} holds a 'base', where a 'entry' should be."
    assert readable(store, answers(made)) == {0}


def test_a_base_under_another_ones_name_is_refused(store: Path, tmp_path: Path) -> None:
    other = grnledger.init(tmp_path / "other.grn", covariance=np.eye(SIZE), genes=GENES)
    path = next(store.glob("base/*.h5"))
    shutil.copy(next(other.path.glob("base/*.h5")), path)
    with pytest.raises(FormatError) as caught:
        grnledger.open(store).snapshot()
    assert caught.value.message.startswith(f"{path} is damaged: it holds another base")


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
        message = damage(store, 2)
        assert re.search(refused, message)
        assert readable(store, expected) == {0}
    else:
        with pytest.raises(FormatError, match=refused) as caught:
            answers(store)
        message = caught.value.message
        assert str(path) in message
        assert readable(store, expected) == set()
    assert "'loadings'" in message or "'aside'" in message


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
    assert "its attribute 'id' is not one short text of fixed length" in damage(store, 2)


def test_an_empty_dataset_without_a_shape_is_refused(store: Path) -> None:
    def empty(file: h5py.File, _: Any) -> None:
        file["loadings"] = h5py.Empty("<f8")

    replace(entry(store, 2), "loadings", empty)
    assert str(entry(store, 2)) in damage(store, 2)


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


def test_a_base_on_a_bad_sector_is_named_with_its_versions(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = next(store.glob("base/*.h5"))
    opened = hdf5._opened

    @contextlib.contextmanager
    def sick(index: hdf5.Location) -> Any:
        if index.path == path:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        with opened(index) as file:
            yield file

    monkeypatch.setattr(hdf5, "_opened", sick)
    damaged = [finding for finding in grnledger.verify(store).findings if finding.kind == "damage"]
    assert [(finding.path, finding.versions) for finding in damaged] == [(f"base/{path.name}", (0, 1, 2, 3))]
    assert "Input/output error" in damaged[0].what


def test_an_error_of_the_disk_as_hdf5_closes_a_file_is_raised_as_that(store: Path) -> None:
    message = "Can't decrement id ref count (unable to close file, errno = 5, error message = 'Input/output error')"
    with pytest.raises(OSError, match="Input/output error") as caught, hdf5._translated(hdf5.Location(entry(store, 2))):
        raise RuntimeError(message)
    assert (caught.value.errno, caught.value.filename) == (errno.EIO, str(entry(store, 2)))
    with pytest.raises(FormatError, match="is damaged"), hdf5._translated(hdf5.Location(entry(store, 2))):
        raise RuntimeError("bad object header version number")


class Rows:
    """A matrix that is yielded some rows at a time, in one buffer."""

    def __init__(self, values: NDArray[np.float64], height: int) -> None:
        self.values, self.height = values, height

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    def blocks(self) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        buffer = np.empty((self.height, self.values.shape[1]))
        for start in range(0, len(self.values), self.height):
            rows = slice(start, min(start + self.height, len(self.values)))
            buffer[: rows.stop - start] = self.values[rows]
            yield rows, buffer[: rows.stop - start]


@pytest.mark.parametrize("height", [1, 5, 23, 40])
@pytest.mark.parametrize("in_memory", [0, 32 << 20])
def test_a_matrix_written_by_rows_is_the_file_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, height: int, in_memory: int
) -> None:
    monkeypatch.setattr(hdf5, "IN_MEMORY", in_memory)
    values = np.random.default_rng(1).standard_normal((23, 17))
    files: list[bytes] = []
    for source in (values, Rows(values, height)):
        done: list[int] = []
        content = hdf5.Content(layout.BASE, "{}", {}, {"values": source, "empty": np.empty((4, 0))})
        sealed = content.seal(done.append)
        assert (sum(done), content.bulk_size) == (values.nbytes, values.nbytes)
        done.clear()
        path = tmp_path / f"{len(files)}.h5"
        durable.write_whole(path, lambda output, sealed=sealed, done=done: sealed.write(output, done.append))
        assert in_memory or sum(done) == values.nbytes
        stored = hdf5.read(hdf5.Location(path), layout.BASE)
        stored.check_bulk()
        assert stored.id == sealed.id
        np.testing.assert_array_equal(stored.bulk["values"].all(), values)
        files.append(path.read_bytes())
    assert len(files[0]) == len(files[1])  # a large file notes when it was made, to the second
    assert not in_memory or files[0] == files[1]


def with_its_checksum(row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return another row of the same CRC-32: one bit is turned, and what makes up for it among others."""
    plain = np.unpackbits(row.view(np.uint8))

    def effect(bit: int) -> int:
        turned = plain.copy()
        turned[bit] ^= 1
        return zlib.crc32(np.packbits(turned)) ^ zlib.crc32(row)

    left, chosen = effect(0), [0]
    basis: list[tuple[int, list[int]]] = []
    for bit in range(64, 128):  # by elimination over two elements
        value, made_of = effect(bit), [bit]
        for other, bits in basis:
            if value ^ other < value:
                value, made_of = value ^ other, made_of + bits
        if value:
            basis = sorted([*basis, (value, made_of)], reverse=True)
    for value, bits in basis:
        if left ^ value < left:
            left, chosen = left ^ value, chosen + bits
    assert left == 0
    for bit in chosen:
        plain[bit] ^= 1
    return np.packbits(plain).view(np.float64)


def test_a_row_with_the_checksum_of_another_is_found_by_the_hash_of_all(tmp_path: Path) -> None:
    values = np.random.default_rng(1).standard_normal((5, 7))
    path = tmp_path / "base.h5"
    durable.publish(path, hdf5.Content(layout.BASE, "{}", {}, {"values": values}).seal().write)
    hdf5.read(hdf5.Location(path), layout.BASE).check_bulk()
    other = with_its_checksum(values[3])
    content = path.read_bytes()
    assert zlib.crc32(other) == zlib.crc32(values[3])
    assert content.count(values[3].tobytes()) == 1
    path.write_bytes(content.replace(values[3].tobytes(), other.tobytes()))
    stored = hdf5.read(hdf5.Location(path), layout.BASE)
    assert stored.bulk["values"].all()[3].tobytes() == other.tobytes()
    with pytest.raises(FormatError, match="'values' does not match its hash"):
        stored.check_bulk()
