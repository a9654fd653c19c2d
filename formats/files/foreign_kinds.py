"""Files that are known and not read: what each is, and the line that makes a table of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...engine.errors import InputError
from .packed import without_packing

if TYPE_CHECKING:
    from pathlib import Path

_WRITE = 'sep="\\t", quote=FALSE, col.names=NA)'


@dataclass(frozen=True, slots=True)
class ForeignKind:
    """A kind of file that is not read.

    Parameters
    ----------
    name : str
        What it is, with its article.
    way : str
        How to convert it; `{name}` is the file's name.
    heads : tuple of bytes
        What its contents begin with, once they are unpacked; any, where there is none.
    endings : tuple of str
        What its name ends in; any, where there is none.
    """

    name: str
    way: str
    heads: tuple[bytes, ...] = ()
    endings: tuple[str, ...] = ()


MUDATA = ForeignKind(
    "a MuData file (.h5mu) of several kinds of data",
    'In Python: mudata.read_h5mu("{name}").mod["rna"].write_h5ad("rna.h5ad")',
    (b"MuData (format-version=",),
)

FOREIGN_KINDS = (
    ForeignKind(
        "an R workspace (.RData)",
        f'In R: load("{{name}}"); ls() lists its objects; write.table(OBJECT, "table.tsv", {_WRITE}',
        (b"RDX2\n", b"RDX3\n", b"RDA2\n", b"RDA3\n"),
    ),
    ForeignKind(
        "an R object (.rds)",
        f'In R: write.table(as.matrix(readRDS("{{name}}")), "table.tsv", {_WRITE}',
        (b"X\n\0\0\0", b"A\n2\n", b"A\n3\n", b"B\n\x02\0\0", b"B\n\x03\0\0"),
    ),
    ForeignKind(
        "an R object (.qs)",
        f'In R: write.table(as.matrix(qs::qread("{{name}}")), "table.tsv", {_WRITE}',
        endings=(".qs",),
    ),
    ForeignKind(
        "an R object (.qs2)",
        f'In R: write.table(as.matrix(qs2::qs_read("{{name}}")), "table.tsv", {_WRITE}',
        endings=(".qs2",),
    ),
    ForeignKind(
        "a table of R (.fst)",
        'In R: write.table(fst::read_fst("{name}"), "table.tsv", sep="\\t", quote=FALSE, row.names=FALSE)',
        endings=(".fst",),
    ),
    ForeignKind(
        "an Arrow or Feather file",
        'In Python: pandas.read_feather("{name}").to_csv("table.tsv", sep="\\t", index=False)',
        (b"ARROW1", b"FEA1"),
    ),
    ForeignKind(
        "a workbook of old Excel (.xls)",
        "Save it as .xlsx or as tab-separated text.",
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",),
    ),
    MUDATA,
    ForeignKind(
        "a file of Stata (.dta)",
        'In Python: pandas.read_stata("{name}").to_csv("table.tsv", sep="\\t", index=False)',
        (b"<stata_dta>", b"\x71\x01\x01", b"\x71\x02\x01", b"\x72\x01\x01", b"\x72\x02\x01", b"\x73\x02\x01"),
    ),
    ForeignKind(
        "a file of MATLAB",
        'In MATLAB: writematrix(X, "table.tsv", FileType="text", Delimiter="tab")',
        (b"MATLAB 5.0 MAT-file", b"MATLAB 7.3 MAT-file"),
    ),
    ForeignKind(
        "a pickle of Python, which is never opened here: it may run anything",
        'In Python, where you trust it: pandas.read_pickle("{name}").to_csv("table.tsv", sep="\\t")',
        (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"),
    ),
    ForeignKind("an HDF5 file", "Is it given for the right thing?", (b"\x89HDF\r\n\x1a\n",)),
    ForeignKind("a NumPy array", "Is it given for the right thing?", (b"\x93NUMPY",)),
    ForeignKind("packed twice by gzip", "Unpack it once: gunzip -k {name}", (b"\x1f\x8b",)),
    ForeignKind("packed by compress (.Z)", "Unpack it: uncompress {name}", (b"\x1f\x9d",)),
    ForeignKind("packed by lzma", "Unpack it: unlzma {name}", (b"\x5d\0\0\x80\0", b"\x5d\0\0\x00\x04")),
    ForeignKind("packed by zstd", "Unpack it: zstd -d {name}", (b"\x28\xb5\x2f\xfd",)),
    ForeignKind("a 7-Zip archive", "Unpack it: 7z x {name}", (b"7z\xbc\xaf\x27\x1c",)),
    ForeignKind("a RAR archive", "Unpack it: unrar x {name}", (b"Rar!\x1a\x07",)),
    ForeignKind("an SQLite database", "Write its table as tab-separated text.", (b"SQLite format 3\0",)),
    ForeignKind("a PDF document", "Ask the authors for the table.", (b"%PDF-",)),
    ForeignKind(
        "a web page, not a table",
        "The download did not give the file: open the address in a browser.",
        (b"<!DOCTYPE html", b"<!doctype html", b"<html", b"<HTML", b"<!DOCTYPE HTML"),
    ),
    ForeignKind(
        "a pointer of Git LFS, not the file itself",
        "In its repository: git lfs pull",
        (b"version https://git-lfs.github.com/",),
    ),
)
"""Every kind that is told by name; the first that fits counts."""

_TAR = slice(257, 262)


def refuse_foreign(path: Path, head: bytes) -> None:
    """Refuse a file that is known to be no text, by the first bytes of what is in it.

    Raises
    ------
    InputError
        The sentence says what it is, and the hint how to make a table of it.
    """
    if head[_TAR] == b"ustar":
        raise InputError(f"{path} is a tar archive.", hint=f"Unpack it, and name the file: tar xf {path.name}")
    name, is_binary = without_packing(path.name), b"\0" in head
    for kind in FOREIGN_KINDS:
        if kind.heads and not head.startswith(kind.heads):
            continue
        if kind.endings and not (is_binary and name.endswith(kind.endings)):
            continue
        raise InputError(f"{path} is {kind.name}.", hint=kind.way.format(name=path.name))
