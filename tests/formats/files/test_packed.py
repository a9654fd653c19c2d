"""Packed text, its limits, and files that are known and not read."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import pickle
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import grnledger
import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.network.panel import Panel
from grnledger.formats.expression.expression import read_expression
from grnledger.formats.files.opening import open_text
from grnledger.formats.files.packed import zip_contents
from grnledger.formats.files.plain_files import file_name
from grnledger.formats.models.factor_models import read_factor_model
from grnledger.formats.pathways.pathways import read_pathways

if TYPE_CHECKING:
    from collections.abc import Callable

TABLE = b"gene\ta\tb\tc\td\nTP53\t1\t2\t3\t4\nMDM2\t4\t3\t2\t2\nMYC\t0\t1\t5\t1\n"
VALUES = [[1, 2, 3, 4], [4, 3, 2, 2], [0, 1, 5, 1]]


def zipped(content: bytes, name: str = "in/a.tsv", method: int = zipfile.ZIP_DEFLATED, *others: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("in/", b"")
        archive.writestr(name, content)
        for other in others:
            archive.writestr(other, b"x")
    return stream.getvalue()


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "a.tsv.gz": gzip.compress,
    "a.tsv.bz2": bz2.compress,
    "a.tsv.xz": lzma.compress,
    "a.zip": zipped,
    "of-two-streams.xz": lambda content: (
        lzma.compress(content[:20]) + bytes(8) + lzma.compress(content[20:]) + bytes(4)
    ),
    "of-two-streams.bz2": lambda content: bz2.compress(content[:20]) + bz2.compress(content[20:]),
    "of-macos.zip": lambda content: zipped(content, "a.tsv", zipfile.ZIP_DEFLATED, "__MACOSX/._a.tsv", ".DS_Store"),
    "stored.zip": lambda content: zipped(content, "a.csv", zipfile.ZIP_STORED),
    "bz2.zip": lambda content: zipped(content, "a.csv", zipfile.ZIP_BZIP2),
    "best.xz": lambda content: lzma.compress(content, preset=9 | lzma.PRESET_EXTREME),
    "named-otherwise.txt": lzma.compress,
}


@pytest.mark.parametrize("name", PACKINGS)
def test_text_is_read_however_it_is_packed(tmp_path: Path, name: str):
    (tmp_path / name).write_bytes(PACKINGS[name](TABLE))
    expression = read_expression(tmp_path / name).expression
    assert np.array_equal(expression.values, VALUES)
    assert (expression.genes, expression.samples) == (("TP53", "MDM2", "MYC"), tuple("abcd"))


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz", ".zip"])
def test_the_ending_before_that_of_a_packing_counts(tmp_path: Path, ending: str):
    content = PACKINGS[{".zip": "a.zip"}.get(ending, f"a.tsv{ending}")](b"P53\tx\tTP53\tMDM2\n")
    (tmp_path / f"sets.GMT{ending}").write_bytes(content)
    assert read_pathways(tmp_path / f"sets.GMT{ending}", Panel(("TP53", "MDM2"))).kind == "gmt"


@pytest.mark.parametrize("name", ["a.tsv.gz", "a.tsv.bz2", "a.tsv.xz", "a.zip"])
def test_packed_text_that_is_cut_or_damaged_is_refused(tmp_path: Path, name: str):
    whole = PACKINGS[name](TABLE * 200)
    for content in (whole[: len(whole) // 2], whole[:-30] + bytes(20) + whole[-10:]):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError):
            read_expression(tmp_path / name)


@pytest.mark.parametrize("name", ["a.tsv.gz", "a.tsv.bz2", "a.tsv.xz", "a.zip"])
def test_text_that_bursts_is_refused(tmp_path: Path, name: str):
    (tmp_path / name).write_bytes(PACKINGS[name](b"0\t0\t0\t0\t0\t0\t0\t0\n" * 1_500_000))
    with pytest.raises(InputError, match="decompression bomb"), open_text(tmp_path / name) as stream:
        for _ in stream:
            pass


def test_xz_that_claims_much_memory_is_refused(tmp_path: Path):
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 30}]
    (tmp_path / "a.xz").write_bytes(lzma.compress(TABLE, filters=filters))
    with pytest.raises(InputError, match=r"xz file .* damaged: Memory usage limit"):
        read_expression(tmp_path / "a.xz")


def test_a_zip_of_several_files_or_with_a_password_is_refused(tmp_path: Path):
    (tmp_path / "a.zip").write_bytes(zipped(TABLE, "a.tsv", zipfile.ZIP_DEFLATED, "b.tsv"))
    with pytest.raises(InputError, match=r"zip archive of 2 files: a\.tsv, b\.tsv"):
        read_expression(tmp_path / "a.zip")
    content = bytearray(zipped(TABLE))
    for sign, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        content[content.rindex(sign) + offset] |= 1
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(InputError, match="password"):
        read_expression(tmp_path / "a.zip")


RDS = b"X\n\0\0\0\x03\0\4\3\0\0\3\5\0\0\0\0\5UTF-8"


@pytest.mark.parametrize("name", ["table.tsv.zip", "model.npz"])
def test_a_zip_of_a_version_that_does_not_exist_is_damaged(tmp_path: Path, name: str):
    """The version that is needed stands at byte 6 of an entry of the central directory."""
    path = tmp_path / name
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("table.tsv", "gene\ts1\ts2\nTP53\t1\t2\nMDM2\t2\t1\n")
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 6] = 110
    path.write_bytes(content)
    assert zip_contents(path) == ()
    with pytest.raises(InputError):
        read_expression(path) if name.endswith(".zip") else read_factor_model(path)


@pytest.mark.parametrize(
    ("name", "content", "sentence", "way"),
    [
        ("a.rds", gzip.compress(RDS, mtime=0), r"an R object \(.rds\)", 'readRDS("a.rds")'),
        ("plain.rds", RDS, r"an R object \(.rds\)", "write.table"),
        ("b.rds", bz2.compress(RDS), r"an R object \(.rds\)", "readRDS"),
        ("c.rds", lzma.compress(RDS), r"an R object \(.rds\)", "readRDS"),
        ("ascii.rds", b"A\n3\n262147\n197888\n5\nUTF-8\n", r"an R object \(.rds\)", "readRDS"),
        ("a.RData", gzip.compress(b"RDX3\n" + RDS, mtime=0), "an R workspace", 'load("a.RData")'),
        ("a.rda", b"RDX2\n" + RDS, "an R workspace", "load"),
        ("a.qs", b"\x0b\x0e\x0a\x0c\0\0\0\0", r"\(.qs\)", "qs::qread"),
        ("a.fst", b"\x01\0\0\0\0\0\0\0", r"\(.fst\)", "fst::read_fst"),
        ("a.feather", b"ARROW1\0\0\0", "Feather", "read_feather"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "old Excel", "Save it"),
        ("a.mat", b"MATLAB 5.0 MAT-file, Platform: GLNXA64\0", "MATLAB", "writematrix"),
        ("a.h5mu", b"MuData (format-version=0.1.0;)\0\0", "MuData", "mudata.read_h5mu"),
        ("a.pkl", pickle.dumps([1.5]), "pickle", "read_pickle"),
        ("a.tsv.zst", b"\x28\xb5\x2f\xfd\0\0", "zstd", "zstd -d a.tsv.zst"),
        ("a.tar.gz", gzip.compress(b"a.tsv" + bytes(252) + b"ustar\0", mtime=0), "tar archive", "tar xf a.tar.gz"),
        ("a.tsv", b"<!DOCTYPE html>\n<html>", "a web page", "download"),
        ("b.tsv", b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "Git LFS", "git lfs pull"),
        ("a.bin", b"\x01\x02\0\0\0", "a binary file", ""),
    ],
)
def test_files_of_other_kinds_are_named_with_the_line_that_converts_them(
    tmp_path: Path, name: str, content: bytes, sentence: str, way: str
):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=sentence) as refusal:
        read_expression(tmp_path / name)
    assert way in refusal.value.hint


@pytest.mark.parametrize("name", [b"M\xfcller.tsv", b"\xff\xfe.tsv", b"caf\xe9 1.tsv", b"\xc3.tsv", b"a\x80b.tsv"])
def test_names_of_files_that_are_not_utf_8_are_recorded_as_escapes(tmp_path: Path, name: bytes):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    try:
        path.write_bytes(TABLE)
    except OSError:
        pytest.skip("this system has names in UTF-8 only")
    sets = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name.replace(b"tsv", b"gmt")))
    sets.write_bytes(b"P53\tx\tTP53\tMDM2\n")
    repo = grnledger.init(tmp_path / "a.grn", expression=path)
    source = repo.base().record.source
    assert source is not None
    assert source.file == name.decode("utf-8", "backslashreplace") == file_name(path)
    assert source.file.isascii()
    repo.commit(read_pathways(sets, repo.snapshot("v0").panel), message="sets")
    assert len(grnledger.open(tmp_path / "a.grn")) == 2


def test_a_member_of_a_zip_without_a_name_is_none(tmp_path: Path):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("e", "gene\ta\n")
    (tmp_path / "e.zip").write_bytes(content.getvalue().replace(b"\x01\x00\x00\x00e", b"\x01\x00\x00\x00\x00"))
    assert zip_contents(tmp_path / "e.zip") in ((), ("e",))
    damaged = bytearray(content.getvalue())
    at = damaged.rfind(b"PK\x01\x02")
    damaged[at + 28 : at + 30] = b"\0\0"  # the length of the name
    damaged[at + 30 : at + 32] = b"\x01\0"  # and its letter among what is extra
    (tmp_path / "e.zip").write_bytes(bytes(damaged))
    assert zip_contents(tmp_path / "e.zip") == ()
