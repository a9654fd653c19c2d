"""Files that lie about their size, burst, lead elsewhere or go in circles: refused before they do harm."""

from __future__ import annotations

import gzip
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest
from grnledger.engine.errors import InputError, NotFound
from grnledger.engine.network.panel import Panel
from grnledger.formats.expression.expression import read_expression
from grnledger.formats.files import hdf5_process, limits
from grnledger.formats.files.hdf5_members import LARGEST_CHUNK
from grnledger.formats.genes.aliases import read_aliases
from grnledger.formats.models.covariances import read_covariance
from grnledger.formats.models.factor_models import read_factor_model
from grnledger.formats.pathways.pathways import read_pathways
from grnledger.formats.tables import delimited

if TYPE_CHECKING:
    from collections.abc import Callable

PANEL = Panel(("TP53", "MDM2", "CDKN1A"))
VALUES = np.arange(12.0).reshape(4, 3)
HARNESS = Path(__file__).resolve().parents[1] / "trust" / "inputs" / "inputs.py"


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def h5ad(path: Path, change: Callable[[h5py.File], object] = lambda _: None) -> Path:
    with h5py.File(path, "w") as file:
        for name, names in (("obs", ["a", "b", "c", "d"]), ("var", list(PANEL.genes))):
            group = file.create_group(name)
            group.attrs["_index"] = "_index"
            group.create_dataset("_index", data=names, dtype=h5py.string_dtype())
        file["X"] = VALUES
        change(file)
    return path


def replaced(name: str, **how: Any) -> Callable[[h5py.File], h5py.Dataset]:
    def change(file: h5py.File) -> h5py.Dataset:
        del file[name]
        return file.create_dataset(name, **how)

    return change


# Texts.


def test_gzip_that_bursts_is_refused_and_what_packs_as_counts_do_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "UNPACKED_FREELY", 1 << 20)
    rows = b"gene\ts1\ts2\ts3\n" + b"".join(b"G%d\t0\t0\t0\n" % index for index in range(20_000))
    assert len(read_expression(write(tmp_path / "a.tsv.gz", gzip.compress(rows))).expression.genes) == 20_000
    bomb = gzip.compress(b"gene\ts1\ts2\ts3\n" + b"G\t0\t0\t0\n" * 300_000)
    with pytest.raises(InputError, match=r"unpacks to more than [\d,]+ bytes.* decompression bomb") as caught:
        read_expression(write(tmp_path / "b.tsv.gz", bomb))
    assert "gunzip -k b.tsv.gz" in caught.value.hint


def test_what_a_text_keeps_is_counted_against_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    names = [f"NAME{index}" for index in range(3000)]
    files = {
        "e.tsv": "gene\ts1\ts2\ts3\n" + "".join(f"{name}\t1\t2\t3\n" for name in names),
        "h.gmt": "".join(f"{name}\t\tTP53\n" for name in names),
        "r.tsv": "source\ttarget\n" + "".join(f"TP53\t{name}\n" for name in names),
        "l.tsv": "gene\tA\n" + "".join(f"{name}\t1\n" for name in names),
        "a.tsv": "".join(f"{name}\tTP53\n" for name in names),
        "c.tsv": "gene\t" + "\t".join(names) + "\n" + "".join(name + "\t0" * 3000 + "\n" for name in names[:50]),
    }
    monkeypatch.setattr(limits, "FREELY", 100_000)
    monkeypatch.setattr(limits, "MULTIPLE", 1)
    for name, content in files.items():
        path = write(tmp_path / name, content.encode())
        read = {"e": read_expression, "a": read_aliases, "c": read_covariance}
        with pytest.raises(InputError, match=r"takes more than .* decompression bomb"):
            read.get(name[0], lambda path: read_pathways(path, PANEL, missing="drop"))(path)


def test_half_of_what_the_process_may_have_is_the_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "process_memory", lambda: 1_000_000)
    path = write(tmp_path / "x", b"x")
    limits.refuse_beyond_budget(path, (250, 250))
    with pytest.raises(InputError, match=r"251 × 250 values take 490\.2 KiB.* may have 976\.6 KiB of memory"):
        limits.refuse_beyond_budget(path, (251, 250))


def test_a_limit_on_addresses_counts_as_memory():
    code = (
        "import resource; from grnledger.formats.files.limits import process_memory as left; before = left();"
        "resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30)); print(0 < left() < (3 << 30) < before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("e.tsv", b"gene\ts1" + b"\ts" * (9 << 20) + b"\n", "line 1 is longer than 16,777,216 bytes"),
        ("h.gmt", b"A\t\tTP53\nB\t" + b"\tMDM2" * (4 << 20), "line 2 is longer than"),
        ("e.tsv", b"#\n" * 10_001 + b"gene\ts1\ts2\ts3\nA\t1\t2\t3\n", "more than 10,000 comment or empty lines"),
        (
            "e.tsv",
            b"gene\ts1\ts2\ts3\n" + b"A" * 2000 + b"\t1\t2\t3\n",
            "gene number 1 has a name of 2,000 letters, 'A",
        ),
        ("e.tsv", b"gene\ts1\ts2\t" + b"s" * 2000 + b"\nA\t1\t2\t3\n", "line 1, column number 4 has a name of 2,000"),
        (
            "e.tsv",
            b"gene\ts1\ts2\ts3\nA\t1\t2\t3\nB\t1\t2\t" + b"x" * 9000 + b"\n",
            r"column s3: 'x{60}' … is not a number",
        ),
        ("h.gmt", b"A\t\tTP53\t" + b"M" * 2000 + b"\n", "line 1, field number 3 has a name of 2,000 letters"),
        ("h.gmt", b"#\n" * 3000 + b"A\t\tTP\x0053\n", "line 3001, field number 2, .* cannot be printed"),
        ("r.tsv", b"source\ttarget\n" + b"A" * 2000 + b"\tTP53\n", "line 2, name number 1 has a name of 2,000"),
    ],
)
def test_a_text_that_no_table_is_like_is_refused_in_a_short_sentence(
    tmp_path: Path, name: str, content: bytes, sentence: str
):
    path = write(tmp_path / name, content)
    with pytest.raises(InputError, match=sentence) as caught:
        read_expression(path) if name.startswith("e") else read_pathways(path, PANEL, missing="drop")
    assert len(caught.value.message) < 400 + len(str(path))


def test_rows_that_say_nothing_new_come_to_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "MOST_REPEATS", 10)
    regulons, aliases = b"source\ttarget\n" + b"TP53\tMDM2\n" * 11, b"p53\tTP53\n" * 11
    assert len(read_pathways(write(tmp_path / "r.tsv", regulons), PANEL).pathways) == 1
    assert read_aliases(write(tmp_path / "a.tsv", aliases)) == {"p53": "TP53"}
    with pytest.raises(InputError, match="more than 10 rows that repeat an earlier row"):
        read_pathways(write(tmp_path / "r.tsv", regulons + b"TP53\tMDM2\n"), PANEL)
    with pytest.raises(InputError, match="more than 10 rows that repeat an earlier row"):
        read_aliases(write(tmp_path / "a.tsv", aliases + b"p53\tTP53\n"))


def test_a_wide_table_is_inspected_by_fewer_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(delimited, "PEEK_FIELDS", 10)
    path = write(tmp_path / "w.tsv", b"gene\ts1\ts2\ts3\n" + b"".join(b"G%d\t1\t2\t3\n" % i for i in range(20)))
    with delimited.open_table(path) as table:
        assert len(table.first) == 3
        assert len(list(delimited.read_body(table, 4))) == 20


def test_sizes_of_thousands_of_digits_are_refused(tmp_path: Path):
    (tmp_path / "g.txt").write_text("A\nB\n")
    head = b"%%MatrixMarket matrix array real general\n"
    for sizes in (b"9" * 4000 + b" " + b"9" * 4000, b"9" * 40 + b" 2"):
        with pytest.raises(InputError, match="does not give the size of a matrix"):
            read_expression(write(tmp_path / "m.mtx", head + sizes + b"\n1\n"), gene_names=tmp_path / "g.txt")


# Archives.


def npy(descr: str, shape: tuple[int, ...], body: bytes = b"") -> bytes:
    head = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}, }}\n".encode()
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(head)) + head + body


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\x93NUMPY\x02\0" + b"\xff" * 4 + bytes(100), "claims a header of 4,294,967,295 bytes"),
        (npy("<f8", (0, 2**60)), r"claims shape \(0, 1152921504606846976\)"),
        (npy("<f8", (-2, -2), bytes(32)), r"claims shape \(-2, -2\)"),
        (npy("<f8", (2, 2), bytes(40)), "holds 8 bytes beyond its array"),
        (npy("|O", (2, 2), bytes(40)), "holds Python objects, which are never unpickled"),
    ],
)
def test_an_npy_file_that_lies_is_refused(tmp_path: Path, content: bytes, sentence: str):
    with pytest.raises(InputError, match=sentence):
        read_covariance(write(tmp_path / "c.npy", content))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("genes", npy("<U0", (2**33,)), r"genes.npy claims shape \(8589934592,\)"),
        ("genes", npy("|S1", (1 << 21,), bytes(1 << 21)), r"genes.npy claims|names in [\d,]+ bytes, more than"),
        ("noise", npy("<f8", (1 << 24,), bytes(1 << 27)), "noise.npy claims shape .* more than the file holds"),
        ("loadings", b"\x93NUMPY\x02\0" + b"\xff" * 4, "loadings.npy claims a header"),
    ],
)
def test_a_member_that_bursts_is_refused(tmp_path: Path, name: str, content: bytes, sentence: str):
    with zipfile.ZipFile(tmp_path / "m.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        good = {"loadings": npy("<f8", (3, 1), bytes(24)), "noise": npy("<f8", (3,), bytes(24))}
        for member, held in {**good, "genes": npy("|S1", (3,), b"abc"), name: content}.items():
            archive.writestr(f"{member}.npy", held)
    with pytest.raises(InputError, match=sentence):
        read_factor_model(tmp_path / "m.npz")


# HDF5.


def test_links_are_not_followed_even_where_a_soft_one_leads_out(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.h5")  # to open it would be to wait for ever

    def soft(file: h5py.File) -> None:
        del file["X"]
        file["out"] = h5py.ExternalLink("pipe.h5", "/")
        file["X"] = h5py.SoftLink("/out/X")

    with pytest.raises(InputError, match="X is a link, which may lead to another file"):
        read_expression(h5ad(tmp_path / "a.h5ad", soft))


def test_a_virtual_array_is_refused_before_its_sources_are_opened(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.h5")

    def virtual(file: h5py.File) -> None:
        layout = h5py.VirtualLayout(shape=(4, 3), dtype="f8", maxshape=(None, 3))
        source = h5py.VirtualSource(str(tmp_path / "pipe.h5"), "X", shape=(4, 3), maxshape=(None, 3))
        layout[0 : h5py.h5s.UNLIMITED : 1, :] = source[0 : h5py.h5s.UNLIMITED : 1, :]
        del file["X"]
        file.create_virtual_dataset("X", layout)

    with pytest.raises(InputError, match="X lies in another file"):
        read_expression(h5ad(tmp_path / "a.h5ad", virtual))


@pytest.mark.parametrize("name", ["values", "categories"])
def test_an_index_that_holds_itself_is_refused(tmp_path: Path, name: str):
    def circle(file: h5py.File) -> None:
        del file["var/_index"]
        group = file.create_group("var/_index")
        group[name], group["codes"] = group, np.zeros(3, dtype="i1")

    with pytest.raises(InputError, match=f"var/_index/{name} is not an array"):
        read_expression(h5ad(tmp_path / "a.h5ad", circle))


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of memory is enforced there")
def test_a_chunk_that_unpacks_to_more_than_the_reading_process_may_have_is_refused(tmp_path: Path):
    def burst(file: h5py.File) -> None:
        dataset = replaced("X", shape=(4, 3), dtype="f8", chunks=(4, 3), compression="gzip")(file)
        packer = zlib.compressobj()
        dataset.id.write_direct_chunk(
            (0, 0), b"".join(packer.compress(bytes(1 << 20)) for _ in range(600)) + packer.flush()
        )

    with pytest.raises(InputError, match=r"X cannot be read: .*(memory allocation failed|filter returned failure)"):
        read_expression(h5ad(tmp_path / "a.h5ad", burst))


def test_a_chunk_that_claims_more_than_the_file_is_refused(tmp_path: Path):
    path = h5ad(tmp_path / "a.h5ad", replaced("X", data=VALUES, chunks=(4, 3), compression="gzip"))
    with h5py.File(path) as file:
        size = struct.pack("<I", file["X"].id.get_storage_size())
    content = path.read_bytes()
    start = content.index(size, content.index(b"TREE\x01"))  # in the chunk's key in the tree of chunks
    with pytest.raises(InputError, match=r"X cannot be read: "):
        read_expression(write(path, content[:start] + b"\xff" * 4 + content[start + 4 :]))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            replaced("X", shape=(4, 3), maxshape=(4, None), dtype="f8", chunks=(4, LARGEST_CHUNK // 8)),
            r"in chunks of 134,217,728 bytes, larger than itself",
        ),
        (replaced("X", data=np.array([["a"] * 3] * 4, dtype=h5py.string_dtype())), "not real numbers"),
        (replaced("X", shape=(4, 3), dtype=h5py.vlen_dtype("f8")), "holds lists or references"),
        (replaced("var/_index", data=["A" * 1001] * 3), "var/_index number 1 has a name of 1,001 letters"),
        (replaced("var/_index", data=np.array([b"A\0B"] * 3)), "cannot be printed"),
        (replaced("var/_index", data=np.array([b""] * 3)), "has an empty name"),
        (lambda file: file.pop("X") and file.create_group("X"), r"X has shape \(\)"),
        (lambda file: file.pop("X") and file.__setitem__("X", np.dtype("f8")), "neither an array nor a group"),
    ],
)
def test_an_array_that_is_no_matrix_or_no_names_is_refused(
    tmp_path: Path, change: Callable[[h5py.File], object], sentence: str
):
    with pytest.raises(InputError, match=sentence):
        read_expression(h5ad(tmp_path / "a.h5ad", change))


def test_more_names_than_bytes_can_hold_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "NAMES_FREELY", 100)
    many = replaced("var/_index", data=np.full(50_000, b"A"), compression="gzip", chunks=(50_000,))
    with pytest.raises(InputError, match=r"claims 50,000 names in [\d,]+ bytes"):
        read_expression(h5ad(tmp_path / "a.h5ad", many))


def test_a_sparse_matrix_with_more_values_than_entries_is_refused(tmp_path: Path):
    def swollen(file: h5py.File) -> None:
        del file["X"]
        group = file.create_group("X")
        group.attrs["encoding-type"], group.attrs["shape"] = "csr_matrix", (4, 3)
        group["data"], group["indices"], group["indptr"] = (
            np.ones(13),
            np.zeros(13, "i4"),
            np.array([0, 13, 13, 13, 13]),
        )

    with pytest.raises(InputError, match=r"claims \(13,\) values for 4 × 3 entries"):
        read_expression(h5ad(tmp_path / "a.h5ad", swollen))


@pytest.mark.parametrize(
    ("offset", "content", "sentence"),
    [
        (16, bytes(16), "HDF5 did not finish reading obs within 2 seconds|obs cannot be read"),  # HDF5 2.0 loops
        (24, b"\xff" * 8, "obs cannot be read|HDF5 crashed"),
        (8, b"\xff" * 8, "obs cannot be read|HDF5 crashed"),
    ],
)
def test_a_heap_in_which_hdf5_is_lost_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offset: int, content: bytes, sentence: str
):
    monkeypatch.setattr(hdf5_process, "SECONDS_FREELY", 2)
    path = h5ad(tmp_path / "a.h5ad")
    spoilt = bytearray(path.read_bytes())
    start = spoilt.index(b"GCOL") + offset
    spoilt[start : start + len(content)] = content
    with pytest.raises(InputError, match=sentence):
        read_expression(write(path, bytes(spoilt)))


@pytest.mark.parametrize("how", [{}, {"chunks": (2,)}, {"chunks": (2,), "compression": "gzip", "shuffle": True}])
def test_names_that_are_longer_than_names_are_refused(tmp_path: Path, how: dict[str, Any]):
    def renamed(names: list[str]) -> Callable[[h5py.File], object]:
        return replaced("var/_index", data=names, dtype=h5py.string_dtype(), **how)

    genes = [f"GENE{index:0996d}" for index in range(3)]
    assert read_expression(h5ad(tmp_path / "a.h5ad", renamed(genes))).expression.genes == tuple(genes)
    with pytest.raises(InputError, match=r"var/_index cannot be read: it holds a text of 4,001 bytes"):
        read_expression(h5ad(tmp_path / "b.h5ad", renamed(["A" * 4001, "B", "C"])))
    with pytest.raises(InputError, match=r"entry of var/_index number 1 has a name of 1,001 letters"):
        read_expression(h5ad(tmp_path / "c.h5ad", renamed(["A" * 1001, "B", "C"])))


def test_names_that_are_all_one_text_are_refused(tmp_path: Path):
    def sparse(file: h5py.File) -> None:
        names = replaced("var/_index", shape=(5000,), dtype=h5py.string_dtype())(file)
        names[0] = "A" * 1000

    path = h5ad(tmp_path / "a.h5ad", sparse)
    with h5py.File(path) as file:
        start = file["var/_index"].id.get_offset()
    content = bytearray(path.read_bytes())
    content[start : start + 80_000] = content[start : start + 16] * 5000
    with pytest.raises(InputError, match=r"texts take more than [\d,]+ bytes together, more than the file holds"):
        read_expression(write(path, bytes(content)))


def test_a_name_that_is_not_in_its_heap_is_refused(tmp_path: Path):
    path = h5ad(tmp_path / "a.h5ad")
    with h5py.File(path) as file:
        start = file["var/_index"].id.get_offset()
    for offset, lie in ((4, b"\xff" * 8), (12, b"\xff\xff\0\0"), (12, b"\0\0\0\x80"), (0, b"\x05")):
        content = bytearray(path.read_bytes())
        content[start + offset : start + offset + len(lie)] = lie
        with pytest.raises(InputError, match=r"var/_index cannot be read|HDF5 crashed"):
            read_expression(write(tmp_path / "b.h5ad", bytes(content)))


# What is no file, or may not be read.


def test_a_path_that_cannot_be_looked_at_is_refused(tmp_path: Path):
    for read in (read_expression, read_covariance, read_aliases, lambda path: read_pathways(path, PANEL)):
        for name in ("A" * 300, "a\0b"):
            with pytest.raises(InputError, match="cannot be read"):
                read(tmp_path / name)
        with pytest.raises(NotFound):
            read(tmp_path / "absent")
    (tmp_path / "astray").symlink_to("nowhere")
    with pytest.raises(NotFound) as caught:
        read_expression(tmp_path / "astray")
    assert caught.value.hint == "It is a link to nowhere, which does not exist."


def test_a_10x_folder_of_pipes_is_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "matrix.mtx")
    with pytest.raises(NotFound, match=r"has no matrix\.mtx"):
        read_expression(tmp_path)
    (tmp_path / "matrix.mtx").unlink()
    write(tmp_path / "matrix.mtx", b"%%MatrixMarket matrix coordinate real general\n1 3 1\n1 1 1\n")
    os.mkfifo(tmp_path / "features.tsv")
    with pytest.raises(InputError, match="has no names of genes"):
        read_expression(tmp_path)


# The harness of the long form, as processes of their own.


def harness(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, HARNESS, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="cases run in forks")
def test_damaged_and_hostile_files_are_met_with_a_refusal():
    done = harness("--cases", "1", "--seed", "11", "--quick")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n0 of " in done.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="cases run in forks")
@pytest.mark.parametrize("fault", ["traceback", "crash", "out of memory"])
def test_the_harness_reports_a_planted_fault(fault: str):
    done = harness("--cases", "2", "--only", "gmt", "--plant", fault)
    assert done.returncode == 1
    assert f"{fault}: gmt, case 0" in done.stdout
