"""Hostile HDF5 files for `inputs.py`: links out, claims beyond the file, chunks that burst, parts that lie."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from bursting import GIGA, MEGA, zlib_of_zeros
from good_inputs import COUNTS, DENSE, hdf5, put_axes, put_sparse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def altered(change: Callable[[h5py.File, Path], object], content: bytes = DENSE) -> Callable[[Path], Path]:
    """Return what writes an h5ad file that a function has changed."""

    def make(folder: Path) -> Path:
        path = folder / "a.h5ad"
        path.write_bytes(content)
        with h5py.File(path, "a") as file:
            change(file, folder)
        return path

    return make


def put(name: str, value: Any = None, **how: Any) -> Callable[[h5py.File, Path], object]:
    """Return what puts another dataset in the place of a member."""

    def change(file: h5py.File, _: Path) -> None:
        del file[name]
        if value is not None or how:
            file.create_dataset(name, data=value, **how)

    return change


def _elsewhere(folder: Path) -> Path:
    other = folder / "other.h5"
    with h5py.File(other, "w") as file:
        file["X"], file["group/X"] = COUNTS.T, COUNTS.T
    return other


def _external_link(file: h5py.File, folder: Path) -> None:
    del file["X"]
    file["X"] = h5py.ExternalLink(_elsewhere(folder).name, "X")


def _link_to_a_pipe(file: h5py.File, folder: Path) -> None:
    os.mkfifo(folder / "pipe.h5")
    del file["X"]
    file["X"] = h5py.ExternalLink("pipe.h5", "X")


def _soft_link_out(file: h5py.File, folder: Path) -> None:
    del file["X"]
    file["out"] = h5py.ExternalLink(_elsewhere(folder).name, "/group")
    file["X"] = h5py.SoftLink("/out/X")


def _soft_link_to_a_pipe(file: h5py.File, folder: Path) -> None:
    os.mkfifo(folder / "pipe.h5")
    del file["obs/_index"]
    file["out"] = h5py.ExternalLink("pipe.h5", "/group")
    file["obs/_index"] = h5py.SoftLink("/out/X")


def _soft_link_to_itself(file: h5py.File, _: Path) -> None:
    del file["X"]
    file["X"] = h5py.SoftLink("/X")


def _external_axis(file: h5py.File, folder: Path) -> None:
    del file["obs"]
    file["obs"] = h5py.ExternalLink(_elsewhere(folder).name, "group")


def _raw_elsewhere(file: h5py.File, folder: Path) -> None:
    (folder / "raw.bin").write_bytes(COUNTS.T.tobytes())
    del file["X"]
    file.create_dataset("X", shape=(6, 8), dtype="f8", external=[(str(folder / "raw.bin"), 0, 384)])


def _raw_in_a_pipe(file: h5py.File, folder: Path) -> None:
    os.mkfifo(folder / "pipe.bin")
    del file["X"]
    file.create_dataset("X", shape=(6, 8), dtype="f8", external=[(str(folder / "pipe.bin"), 0, 384)])


def _virtual(file: h5py.File, folder: Path) -> None:
    layout = h5py.VirtualLayout(shape=(6, 8), dtype="f8")
    layout[:] = h5py.VirtualSource(str(_elsewhere(folder)), "X", shape=(6, 8))
    del file["X"]
    file.create_virtual_dataset("X", layout)


def _virtual_of_a_pipe(file: h5py.File, folder: Path) -> None:
    os.mkfifo(folder / "pipe.h5")
    layout = h5py.VirtualLayout(shape=(6, 8), dtype="f8", maxshape=(None, 8))
    source = h5py.VirtualSource(str(folder / "pipe.h5"), "X", shape=(6, 8), maxshape=(None, 8))
    unlimited = h5py.h5s.UNLIMITED
    layout[0:unlimited:1, :] = source[0:unlimited:1, :]
    del file["X"]
    file.create_virtual_dataset("X", layout)


def _group_of_itself(name: str) -> Callable[[h5py.File, Path], object]:
    def change(file: h5py.File, _: Path) -> None:
        del file["var/_index"]
        group = file.create_group("var/_index")
        group[name] = group
        if name == "categories":
            group["codes"] = np.zeros(8, dtype="i1")

    return change


def _bursting_chunk(file: h5py.File, _: Path) -> None:
    del file["X"]
    dataset = file.create_dataset("X", shape=(6, 8), dtype="f8", chunks=(6, 8), compression="gzip")
    dataset.id.write_direct_chunk((0, 0), zlib_of_zeros(4 * GIGA))


def _vast_chunk(file: h5py.File, _: Path) -> None:
    del file["X"]
    chunks = (6, 80_000_000)
    dataset = file.create_dataset("X", shape=(6, 8), maxshape=(6, None), dtype="f8", chunks=chunks, compression="gzip")
    dataset.id.write_direct_chunk((0, 0), zlib_of_zeros(6 * 80_000_000 * 8 // MEGA * MEGA))


def _many_zeros(dtype: str, samples: int) -> Callable[[h5py.File, Path], object]:
    """Return what makes X of 32,768 genes whose every chunk is there, packed to nearly nothing."""

    def change(file: h5py.File, _: Path) -> None:
        for name, count in (("obs", samples), ("var", 32_768)):
            del file[name]
            file[name] = np.arange(count).astype("S5")
        del file["X"]
        side = 1024
        dataset = file.create_dataset(
            "X", shape=(samples, 32_768), dtype=dtype, chunks=(side, side), compression="gzip"
        )
        packed = zlib_of_zeros(side * side * np.dtype(dtype).itemsize)
        for row in range(0, samples, side):
            for column in range(0, 32_768, side):
                dataset.id.write_direct_chunk((row, column), packed)

    return change


def _empty_but_vast(file: h5py.File, _: Path) -> None:
    for name in ("obs", "var"):
        del file[name]
        file[name] = np.arange(30_000).astype("S5")
    group = file.create_group("Y")
    group.attrs["encoding-type"], group.attrs["shape"] = "csr_matrix", (30_000, 30_000)
    group["data"], group["indices"], group["indptr"] = np.ones(0), np.zeros(0, dtype="i4"), np.zeros(30_001, dtype="i4")
    del file["X"]
    file.move("Y", "X")


def _one_string_often(folder: Path) -> Path:
    """Make 500,000 names that are all the same 10 MB of one heap."""
    path = folder / "a.h5ad"
    path.write_bytes(DENSE)
    with h5py.File(path, "a") as file:
        del file["obs/_index"]
        names = file.create_dataset("obs/_index", shape=(500_000,), dtype=h5py.string_dtype())
        names[0] = "A" * (10 * MEGA)
        file.flush()
        start = names.id.get_offset()
    with path.open("r+b") as stream:
        stream.seek(start)
        reference = stream.read(16)
        stream.seek(start)
        stream.write(reference * 500_000)
    return path


def _packed_references(file: h5py.File, _: Path) -> None:
    del file["var/_index"]
    names = file.create_dataset(
        "var/_index", shape=(64 * MEGA,), dtype=h5py.string_dtype(), chunks=(MEGA,), compression="gzip"
    )
    packed = zlib_of_zeros(16 * MEGA)
    for start in range(0, 64 * MEGA, MEGA):
        names.id.write_direct_chunk((start,), packed)


def _packed_codes(file: h5py.File, _: Path) -> None:
    del file["var/_index"]
    group = file.create_group("var/_index")
    group["categories"] = np.array([b"A"])
    codes = group.create_dataset("codes", shape=(256 * MEGA,), dtype="i1", chunks=(16 * MEGA,), compression="gzip")
    packed = zlib_of_zeros(16 * MEGA)
    for start in range(0, 256 * MEGA, 16 * MEGA):
        codes.id.write_direct_chunk((start,), packed)


def _named_type(file: h5py.File, _: Path) -> None:
    del file["X"]
    file["X"] = np.dtype("f8")


def _attribute(name: str, value: Any) -> Callable[[h5py.File, Path], object]:
    def change(file: h5py.File, _: Path) -> None:
        holder, _, title = name.rpartition("@")
        file[holder].attrs[title] = value

    return change


def hostile_hdf5() -> Iterator[tuple[str, str, Callable[[Path], Path]]]:
    """Yield names, doors and what makes the file in a folder and returns its path."""
    sparse = hdf5(put_axes, put_sparse)
    far = {"shape": (6, 2**57), "dtype": "f8"}
    changes: dict[str, Callable[[h5py.File, Path], object]] = {
        "h5ad claiming 2^60 in X": put("X", **far),
        "h5ad claiming 2^60 in X, in chunks": put("X", **far, chunks=(6, 64), compression="gzip"),
        "h5ad claiming 2^60 names": put("var/_index", shape=(2**59,), dtype=h5py.string_dtype()),
        "h5ad claiming 2^60 short names": put("var/_index", shape=(2**60,), dtype="S1", fillvalue=b"a"),
        "h5ad claiming 2^60 of itself": put("obs", shape=(2**57,), dtype=[("index", "S8")]),
        "h5ad with a bursting chunk": _bursting_chunk,
        "h5ad with a vast chunk": _vast_chunk,
        "h5ad of 8 GB of zeros": _many_zeros("f8", 32_768),
        "h5ad of 1 GB of small zeros": _many_zeros("i1", 32_768),
        "h5ad of 500 MB of names": _packed_references,
        "h5ad of 256 million codes": _packed_codes,
        "h5ad that is empty but vast": _empty_but_vast,
        "h5ad with an external link": _external_link,
        "h5ad with a link to a pipe": _link_to_a_pipe,
        "h5ad with a soft link out": _soft_link_out,
        "h5ad with a soft link to a pipe": _soft_link_to_a_pipe,
        "h5ad with a soft link to itself": _soft_link_to_itself,
        "h5ad with external obs": _external_axis,
        "h5ad with values in another file": _raw_elsewhere,
        "h5ad with values in a pipe": _raw_in_a_pipe,
        "h5ad that is virtual": _virtual,
        "h5ad that is virtual, of a pipe": _virtual_of_a_pipe,
        "h5ad with a group for X": lambda file, _: (file.pop("X"), file.create_group("X")),
        "h5ad with a type for X": _named_type,
        "h5ad with a number for X": put("X", 1.0),
        "h5ad with nothing for X": put("X", h5py.Empty("f8")),
        "h5ad with text for X": put("X", np.full((6, 8), b"x")),
        "h5ad with complex X": put("X", COUNTS.T * 1j),
        "h5ad with records for X": put("X", np.zeros((6, 8), dtype=[("a", "f8")])),
        "h5ad with references for X": lambda file, _: (
            file.pop("X"),
            file.create_dataset("X", shape=(6, 8), dtype=h5py.ref_dtype),
        ),
        "h5ad with lists for X": put("X", shape=(6, 8), dtype=h5py.vlen_dtype(np.float64)),
        "h5ad with nan": put("X", COUNTS.T * np.nan),
        "h5ad of other sizes": put("X", COUNTS),
        "h5ad with an array for obs": put("obs", np.ones(6)),
        "h5ad with a scalar for obs": put("obs", 1),
        "h5ad with an index of itself": _group_of_itself("values"),
        "h5ad with categories of themselves": _group_of_itself("categories"),
        "h5ad with an index out of obs": _attribute("var@_index", "../X"),
        "h5ad with an index at the root": _attribute("var@_index", "/obs/_index"),
        "h5ad with a number for an index": _attribute("var@_index", np.arange(3)),
        "h5ad with lists for names": put("var/_index", shape=(8,), dtype=h5py.vlen_dtype(np.int32)),
        "h5ad with broken text": put("var/_index", np.array([b"\xff"] * 8)),
        "h5ad with a NUL in a name": put("var/_index", np.array([b"a\0b"] * 8)),
        "h5ad with empty names": put("var/_index", np.array([b""] * 8)),
        "h5ad with one name for all": put("var/_index", np.array([b"A"] * 8)),
        "h5ad with a name of 10 MB": put("var/_index", ["A" * (10 * MEGA)] * 8, dtype=h5py.string_dtype()),
    }
    lies: dict[str, Callable[[h5py.File, Path], object]] = {
        "csr with an indptr that falls": put("X/indptr", np.array([0, 9, 3, 4, 5, 6, 7])),
        "csr with an indptr too long": put("X/indptr", np.arange(60)),
        "csr with a huge indptr": put("X/indptr", np.array([0, 2**62, 2**62, 2**62, 2**62, 2**62, 2**62])),
        "csr with negative indices": put("X/indices", np.full(int(np.count_nonzero(COUNTS)), -1)),
        "csr with far indices": put("X/indices", np.full(int(np.count_nonzero(COUNTS)), 2**40)),
        "csr claiming 2^60 values": put("X/data", shape=(2**60,), dtype="f8"),
        "csr claiming 2^60 indices": put("X/indices", shape=(2**60,), dtype="i8", chunks=(64,), compression="gzip"),
        "csr with text for data": put("X/data", np.full(8, b"x")),
        "csr with a table for data": put("X/data", np.ones((4, 4))),
        "csr without indices": put("X/indices"),
        "csr of unknown form": _attribute("X@encoding-type", "coo_matrix"),
        "csr with a number for its form": _attribute("X@encoding-type", 7),
        "csr of negative shape": _attribute("X@shape", np.array([-6, -8])),
        "csr of vast shape": _attribute("X@shape", np.array([2**60, 2**60])),
        "csr of nan shape": _attribute("X@shape", np.array([np.nan, 8.0])),
        "csr of worded shape": _attribute("X@shape", "6 by 8"),
        "csr of long shape": _attribute("X@shape", np.arange(7)),
    }
    for title, change in changes.items():
        yield title, "expression", altered(change)
    for title, change in lies.items():
        yield title, "expression", altered(change, sparse)
    yield "h5ad with one string often", "expression", _one_string_often
    contents = {
        "h5ad cut in half": ("expression", DENSE[: len(DENSE) // 2]),
        "h5ad that is its first bytes": ("expression", DENSE[:8] + bytes(4000)),
        "hdf5 without a covariance": ("covariance", DENSE),
        "hdf5 for pathways": ("pathways", DENSE),
        "hdf5 with a bursting chunk": ("covariance", hdf5(_bursting_covariance)),
    }
    for title, (door, content) in contents.items():
        yield title, door, lambda folder, content=content: _written(folder / "a.h5", content)


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _bursting_covariance(file: h5py.File) -> None:
    dataset = file.create_dataset(
        "covariance", shape=(8, 8), dtype="f8", chunks=(8, 8), compression="gzip", shuffle=True
    )
    dataset.id.write_direct_chunk((0, 0), zlib_of_zeros(4 * GIGA))
