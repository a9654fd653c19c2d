"""Hostile files for `inputs.py`: texts and archives that lie or burst, and what is no file at all."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import socket
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from bursting import GIGA, MEGA, gzip_of, repeated, zip_of
from good_inputs import (
    ALIASES,
    COVARIANCE,
    EXPRESSION,
    GENES,
    LOADING_TABLE,
    LOADINGS,
    MARKET,
    MARKET_ARRAY,
    MODEL,
    NAMES,
    REGULONS,
    SETS,
    market,
    npy_file,
)
from hostile_hdf5 import hostile_hdf5
from numpy.lib import format as npy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


@dataclass(frozen=True)
class Hostile:
    """A file to refuse: the door it knocks at, and what makes it in a folder and returns its path."""

    door: str
    make: Callable[[Path], Path]
    beside: dict[str, str] = field(default_factory=dict)
    as_nobody: bool = False


def npy_head(descr: object, shape: object, *, version: tuple[int, int] = (1, 0)) -> bytes:
    """Return the head of an .npy file that claims what it is told to."""
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}, }}\n".encode()
    return npy.magic(*version) + struct.pack("<H" if version == (1, 0) else "<I", len(text)) + text


_SCATTERED = np.random.default_rng(5).bytes(3 * MEGA // 2)
"""What cannot be packed: with it a burst keeps within what honest arrays pack to."""


def loadings_npz(name: str, content: bytes, *, times: int = 0) -> bytes:
    """Return an .npz of loadings of which one member is another, perhaps followed by zeros, in megabytes."""
    good = {
        "loadings": npy_file(LOADINGS),
        "genes": npy_file(np.array(GENES)),
        "pathways": npy_file(np.array(["A", "B"])),
    }
    members = {f"{key}.npy": repeated(b"", 0, bytes_) for key, bytes_ in good.items() if key != name}
    return zip_of({f"{name}.npy": repeated(bytes(MEGA), times, content), **members})


def holding(name: str, content: bytes | Callable[[], bytes]) -> Callable[[Path], Path]:
    """Return what writes bytes under a name."""

    def make(folder: Path) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content())
        return path

    return make


def _texts() -> Iterator[tuple[str, Hostile]]:
    long = b"9" * (10 * MEGA)
    name = b"A" * (10 * MEGA)
    files: dict[str, tuple[str, str, bytes | Callable[[], bytes]]] = {
        "nothing at all": ("expression", "e.tsv", b""),
        "only a byte order mark": ("expression", "e.tsv", b"\xef\xbb\xbf"),
        "only comments": ("expression", "e.tsv", b"# x\n" * 1000),
        "only blank lines": ("expression", "e.tsv", b"\n" * 1000),
        "a header alone": ("expression", "e.tsv", EXPRESSION[:20]),
        "half a character of UTF-16": ("expression", "e.tsv", EXPRESSION.decode().encode("utf-16")[:-1]),
        "UTF-32": ("expression", "e.tsv", EXPRESSION.decode().encode("utf-32")),
        "a letter of an old Mac": ("expression", "e.tsv", EXPRESSION.replace(b"IL6", b"g\x8ene")),
        "two encodings": (
            "expression",
            "e.tsv",
            EXPRESSION.replace(b"IL6", b"g\xe9ne").replace(b"TP53", b"g\xc3\xa8ne"),
        ),
        "half a character": ("pathways", "h.gmt", SETS + b"D\tna\tTP53\xc3"),
        "a NUL in a name": ("expression", "e.tsv", EXPRESSION * 1 + b"\0" + EXPRESSION[50:90]),
        "a NUL in a name, far down": ("expression", "e.tsv", b"# x\n" * 3000 + EXPRESSION.replace(b"IL6", b"I\0L6")),
        "a NUL in a set": ("pathways", "h.gmt", b"# x\n" * 3000 + SETS.replace(b"IL6", b"I\0L6")),
        "a ragged row": ("expression", "e.tsv", EXPRESSION + b"X\t1\t2\n"),
        "not a number": ("expression", "e.tsv", EXPRESSION.replace(b"\t2.0", b"\tnan", 1)),
        "an infinity": ("expression", "e.tsv", EXPRESSION.replace(b"\t2.0", b"\t-inf", 1)),
        "a number too large": ("expression", "e.tsv", EXPRESSION.replace(b"\t2.0", b"\t1e999", 1)),
        "a gene twice": ("expression", "e.tsv", EXPRESSION + EXPRESSION.splitlines()[-1] + b"\n"),
        "a set twice": ("pathways", "h.gmt", SETS + SETS),
        "a weight twice": ("pathways", "r.tsv", REGULONS + b"TP53\tMDM2\t2\n"),
        "an infinite weight": ("pathways", "r.tsv", REGULONS + b"TP53\tBAX\tinf\n"),
        "a number of 10 MB": ("expression", "e.tsv", EXPRESSION.replace(b"\t2.0", b"\t" + long, 1)),
        "a number of 100 kB": ("expression", "e.tsv", EXPRESSION.replace(b"\t2.0", b"\t" + long[:100_000] + b"x", 1)),
        "a gene of 10 MB": ("expression", "e.tsv", EXPRESSION.replace(b"IL6", name)),
        "a gene of 100 kB": ("expression", "e.tsv", EXPRESSION.replace(b"IL6", name[:100_000])),
        "a line of 40 MB": ("expression", "e.tsv", lambda: b"gene" + b"\ts" * (20 * MEGA) + b"\n"),
        "a set's name of 10 MB": ("pathways", "h.gmt", SETS.replace(b"B\t", name + b"\t") * 2),
        "a set's gene of 10 MB": ("pathways", "h.gmt", SETS.replace(b"IL6", name)),
        "a set of 40 MB": ("pathways", "h.gmt", lambda: b"A\tna" + b"\tTP53" * (8 * MEGA)),
        "a regulator of 10 MB": ("pathways", "r.tsv", REGULONS.replace(b"MYC", name)),
        "an alias of 100 kB": ("aliases", "a.tsv", ALIASES.replace(b"p53", name[:100_000])),
        "a title of 100 kB": ("pathways", "l.tsv", LOADING_TABLE.replace(b"A", name[:100_000])),
        "a quotation that never ends": ("expression", "e.tsv", EXPRESSION.replace(b"IL6", b'"IL6') * 40_000),
        "a million titles and one number": ("expression", "e.tsv", lambda: b"gene" + b"\tsa" * MEGA + b"\nA\t1\n"),
        "60 rows of 200,000 words": (
            "expression",
            "e.tsv",
            lambda: b"gene" + b"\tsa" * 200_000 + (b"\nA" + b"\tno" * 200_000) * 60,
        ),
        "a market of 2^40 entries": ("expression", "m.mtx", MARKET + b"8 6 1099511627776\n1 1 1\n"),
        "a market of 10^9 × 10^9": ("expression", "m.mtx", MARKET + b"1000000000 1000000000 1\n1 1 1\n"),
        "a market of 8 × 10^9": ("expression", "m.mtx", MARKET + b"8 1000000000 1\n1 1 1\n"),
        "a market of 4,000 digits": ("expression", "m.mtx", MARKET_ARRAY + b"9" * 4000 + b" " + b"9" * 4000 + b"\n1\n"),
        "a market of 10 MB of digits": ("expression", "m.mtx", MARKET_ARRAY + long + b" 6\n1\n"),
        "a market outside of itself": ("expression", "m.mtx", MARKET + b"8 6 1\n9 1 1\n"),
        "a market of nan places": ("expression", "m.mtx", MARKET + b"8 6 1\nnan 1 1\n"),
        "a market of far places": ("expression", "m.mtx", MARKET + b"8 6 1\n1e300 1 1\n"),
        "a market of one long line": ("expression", "m.mtx", market() + b"1 " * (20 * MEGA)),
        "a market of complex numbers": ("expression", "m.mtx", market().replace(b"real", b"complex")),
    }
    for title, (door, name_, content) in files.items():
        yield title, Hostile(door, _with_names(holding(name_, content)), _beside(name_))


def _beside(name: str) -> dict[str, str]:
    return {"gene_names": "g.txt"} if ".mtx" in name else {}


def _with_names(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
    def made(folder: Path) -> Path:
        (folder / "g.txt").write_bytes(NAMES)
        return make(folder)

    return made


def _gzips() -> Iterator[tuple[str, Hostile]]:
    row = b"G\t0\t0\t0\t0\t0\t0\n"
    good = gzip.compress(EXPRESSION, mtime=0)
    files: dict[str, tuple[str, str, Callable[[], bytes]]] = {
        "gzip cut short": ("expression", "e.tsv.gz", lambda: good[:-20]),
        "gzip with a wrong sum": ("expression", "e.tsv.gz", lambda: good[:-8] + bytes(8)),
        "gzip with more behind it": ("expression", "e.tsv.gz", lambda: good + b"more"),
        "gzip of gzip": ("expression", "e.tsv.gz", lambda: gzip.compress(good)),
        "gzip of 1 GB of zeros": ("expression", "e.tsv.gz", lambda: gzip_of(bytes(MEGA), 1024)),
        "gzip of 1 GB of blank lines": ("expression", "e.tsv.gz", lambda: gzip_of(b"\n" * MEGA, 1024)),
        "gzip of 1 GB of comments": ("expression", "e.tsv.gz", lambda: gzip_of(b"#a\n" * MEGA, 342)),
        "gzip of one line of 1 GB": ("expression", "e.tsv.gz", lambda: gzip_of(b"\t1" * MEGA, 512, b"gene")),
        "gzip of 200 MB of one row": ("expression", "e.tsv.gz", lambda: gzip_of(row * 75_000, 200, EXPRESSION)),
        "gzip of 1 GB of wide rows": (
            "expression",
            "e.tsv.gz",
            lambda: gzip_of(b"G" + b"\t0" * 500_000 + b"\n", 1024, b"gene" + b"\ts" * 500_000 + b"\n"),
        ),
        "gzip of 1 GB of one set": ("pathways", "h.gmt.gz", lambda: gzip_of(b"\tTP53" * MEGA, 205, b"A\tna")),
        "gzip of 1 GB of sets": ("pathways", "h.gmt.gz", lambda: gzip_of(b"A\tna\tTP53\n" * 90_000, 1024)),
        "gzip of 1 GB of blank sets": ("pathways", "h.gmt.gz", lambda: gzip_of(b"\n" * MEGA, 1024, SETS)),
        "gzip of 1 GB of one regulon": (
            "pathways",
            "r.tsv.gz",
            lambda: gzip_of(b"A\tB\t1\n" * 150_000, 1024, REGULONS),
        ),
        "gzip of 1 GB of loadings": (
            "pathways",
            "l.tsv.gz",
            lambda: gzip_of(b"A\t1\t\n" * 180_000, 1024, LOADING_TABLE),
        ),
        "gzip of 1 GB of a covariance": (
            "covariance",
            "c.tsv.gz",
            lambda: gzip_of(b"A" + b"\t0" * 500_000 + b"\n", 1024, b"gene" + b"\tA" * 500_000 + b"\n"),
        ),
        "gzip of 1 GB of aliases": ("aliases", "a.tsv.gz", lambda: gzip_of(b"A\tB\n" * 250_000, 1024, ALIASES)),
        "gzip of 1 GB of a market": ("expression", "m.mtx.gz", lambda: gzip_of(b"1 1 1\n" * 170_000, 1024, market())),
        "gzip of a market of 1 GB": (
            "expression",
            "m.mtx.gz",
            lambda: gzip_of(b"1 1 1\n" * 170_000, 1024, MARKET + b"8 6 174080000\n"),
        ),
        "gzip of one market line of 1 GB": ("expression", "m.mtx.gz", lambda: gzip_of(b"1 " * MEGA, 512, market())),
    }
    for title, (door, name, content) in files.items():
        yield title, Hostile(door, _with_names(holding(name, content)), _beside(name))
    yield "a market's names in 1 GB", Hostile("expression", _swollen_names)


def _swollen_names(folder: Path) -> Path:
    holding("x/features.tsv.gz", lambda: gzip_of(b"A\tB\tGene Expression\n" * 50_000, 1024))(folder)
    return holding("x/matrix.mtx", market())(folder).parent


def _archives() -> Iterator[tuple[str, Hostile]]:
    objects = np.array([{"a": 1}, None], dtype=object)
    stream = io.BytesIO()
    npy.write_array(stream, objects, allow_pickle=True)
    names = npy_file(np.array(GENES))
    deep = "(" * 5000 + ")" * 5000
    members: dict[str, tuple[str, bytes, int]] = {
        "npz with pickled loadings": ("loadings", stream.getvalue(), 0),
        "npz with pickled names": ("genes", npy_file_of_objects(GENES), 0),
        "npz with a bare pickle": ("loadings", pickle.dumps(LOADINGS), 0),
        "npz claiming 2^60 loadings": ("loadings", npy_head("<f8", (2**30, 2**30)) + bytes(64), 0),
        "npz claiming 2^60 names": ("genes", npy_head("<U20", (2**60,)) + bytes(64), 0),
        "npz claiming less than nothing": ("loadings", npy_head("<f8", (-8, -2)) + bytes(128), 0),
        "npz of names without letters": ("genes", npy_head("<U0", (2**33,)), 0),
        "npz of bytes without letters": ("genes", npy_head("|S0", (2**33,)), 0),
        "npz of one name of 2 GB": ("genes", npy_head("|S2147483647", (1,)) + bytes(64), 0),
        "npz with a head of 4 GB": ("loadings", npy.magic(2, 0) + struct.pack("<I", 2**32 - 1), 4096),
        "npz with a nested head": ("loadings", npy_head("<f8", (8, 2)).replace(b"(8, 2)", deep.encode()), 0),
        "npz with a calling head": ("loadings", npy_head("<f8", (8, 2)).replace(b"(8, 2)", b"exit(1)"), 0),
        "npz of format 3": ("loadings", npy_head("<f8", (8, 2), version=(3, 0)) + bytes(128), 0),
        "npz of 4 GB of zeros": ("loadings", npy_head("<f8", (8, 64 * MEGA)), 4096),
        "npz of 4 GB of small zeros": ("loadings", npy_head("|i1", (8, 512 * MEGA)), 4096),
        "npz of 4 GB of names": ("genes", npy_head("|S1", (4 * GIGA,)), 4096),
        "npz of 100 MB of names": ("genes", npy_head("|S1", (100 * MEGA,)), 100),
        "npz of 400 MB of small numbers": ("loadings", npy_head("|i1", (8, 48 * MEGA)) + _SCATTERED, 400),
        "npz of complex loadings": ("loadings", npy_file(LOADINGS.astype(complex)), 0),
        "npz of dates": ("loadings", npy_file(LOADINGS.astype("datetime64[s]")), 0),
        "npz of nan": ("loadings", npy_file(LOADINGS * np.nan), 0),
        "npz of other sizes": ("loadings", npy_file(LOADINGS[:3]), 0),
        "npz of more dimensions": ("loadings", npy_file(LOADINGS[np.newaxis]), 0),
        "npz of names twice": ("genes", npy_file(np.array(GENES[:7] + GENES[:1])), 0),
        "npz of names in tongues": ("genes", npy_file(np.array([b"\xff"] * 8)), 0),
        "npz of surrogates": ("genes", names.replace(b"T\0\0\0P\0\0\0", b"\0\xd8\0\0P\0\0\0"), 0),
        "npz beyond Unicode": ("genes", names.replace(b"T\0\0\0P\0\0\0", b"\xff\xff\xff\x7fP\0\0\0"), 0),
    }
    for title, (name, content, times) in members.items():
        made = lambda name=name, content=content, times=times: loadings_npz(name, content, times=times)  # noqa: E731
        yield title, Hostile("pathways", holding("l.npz", made))
    plain = {"loadings.npy": repeated(b"", 0, npy_file(LOADINGS))}
    whole: dict[str, tuple[str, str, bytes]] = {
        "npz that is empty": ("pathways", "l.npz", zip_of({})),
        "npz that lacks names": ("pathways", "l.npz", zip_of(plain)),
        "npz that is locked": ("pathways", "l.npz", zip_of({**plain, "genes.npy": plain["loadings.npy"]}, flags=1)),
        "npz packed in another way": (
            "pathways",
            "l.npz",
            zip_of({**plain, "genes.npy": plain["loadings.npy"]}, method=14),
        ),
        "npz of a wrong sum": ("factor model", "l.npz", _spoiled(MODEL, MODEL.index(b"PK\x01\x02") + 16)),
        "npz cut short": ("factor model", "m.npz", MODEL[:-30]),
        "npz without its directory": ("factor model", "m.npz", MODEL[: MODEL.index(b"PK\x01\x02")]),
        "npz named to climb out": ("pathways", "l.npz", zip_of({"../../loadings.npy": plain["loadings.npy"]})),
        "a pickle": ("covariance", "c.npy", pickle.dumps(COVARIANCE)),
        "a pickle in npy": ("covariance", "c.npy", stream.getvalue()),
        "npy claiming 2^60": ("covariance", "c.npy", npy_head("<f8", (2**30, 2**30)) + bytes(800)),
        "npy with a head of 4 GB": ("covariance", "c.npy", npy.magic(2, 0) + struct.pack("<I", 2**32 - 1) + bytes(800)),
        "npy of nothing": ("covariance", "c.npy", npy_head("<f8", (0, 2**60))),
        "npy of not a number": ("covariance", "c.npy", npy_file(COVARIANCE * np.nan)),
        "npy cut short": ("covariance", "c.npy", npy_file(COVARIANCE)[:-9]),
        "npy that is a vector": ("covariance", "c.npy", npy_file(COVARIANCE[0])),
        "an unknown zip": ("expression", "e.xlsx", MODEL),
    }
    for title, (door, name, content) in whole.items():
        yield title, Hostile(door, holding(name, content))


def npy_file_of_objects(names: Sequence[str]) -> bytes:
    """Return names as an .npy file of pickled objects."""
    stream = io.BytesIO()
    npy.write_array(stream, np.array(names, dtype=object), allow_pickle=True)
    return stream.getvalue()


def _spoiled(content: bytes, index: int) -> bytes:
    return content[:index] + bytes([content[index] ^ 255]) + content[index + 1 :]


def _special() -> Iterator[tuple[str, Hostile]]:
    doors = {
        "expression": "e.tsv",
        "covariance": "c.npy",
        "factor model": "m.npz",
        "pathways": "h.gmt",
        "aliases": "a.tsv",
    }
    for door, name in doors.items():
        made: dict[str, Callable[[Path, str], Path]] = {
            "a pipe": _pipe,
            "a device without end": lambda *_: Path("/dev/zero"),
            "a random device": lambda *_: Path("/dev/urandom"),
            "a link to a device": lambda folder, name: _link(folder / name, "/dev/zero"),
            "a link to itself": lambda folder, name: _link(folder / name, name),
            "a link to nothing": lambda folder, name: _link(folder / name, "absent"),
            "a socket": _socket,
            "a file that may not be read": _unreadable,
            "a file in a folder that may not be entered": _shut,
            "a name of 300 letters": lambda folder, _: folder / ("A" * 300),
            "a name with a NUL": lambda folder, name: folder / f"{name}\0",
            "a name under a file": lambda folder, name: holding(name, SETS)(folder) / "more",
            "nothing by that name": lambda folder, name: folder / name,
            "a terabyte of holes": _holes,
        }
        for title, make in made.items():
            placed = lambda folder, make=make, name=name: make(folder, name)  # noqa: E731
            yield f"{title} ({door})", Hostile(door, placed, as_nobody="may not" in title)
        if door != "expression":
            yield f"a folder ({door})", Hostile(door, lambda folder: folder)
    yield "a folder without a matrix", Hostile("expression", lambda folder: folder)
    yield "a 10x folder of pipes", Hostile("expression", _piped_folder)
    yield "a 10x folder with a pipe for names", Hostile("expression", _half_piped_folder)


def _pipe(folder: Path, name: str) -> Path:
    os.mkfifo(folder / name)
    return folder / name


def _link(path: Path, target: str) -> Path:
    path.symlink_to(target)
    return path


def _socket(folder: Path, name: str) -> Path:
    before = Path.cwd()
    os.chdir(folder)  # the path of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as end:
            end.bind(name)
    finally:
        os.chdir(before)
    return folder / name


def _unreadable(folder: Path, name: str) -> Path:
    path = holding(name, SETS)(folder)
    path.chmod(0)
    return path


def _shut(folder: Path, name: str) -> Path:
    path = holding(f"shut/{name}", SETS)(folder)
    path.parent.chmod(0)
    return path


def _holes(folder: Path, name: str) -> Path:
    path = holding(name, {"c.npy": npy_file(COVARIANCE), "m.npz": MODEL}.get(name, SETS))(folder)
    os.truncate(path, 1 << 40)
    return path


def _piped_folder(folder: Path) -> Path:
    return _pipe(folder, "matrix.mtx").parent


def _half_piped_folder(folder: Path) -> Path:
    path = holding("x/matrix.mtx", market())(folder)
    os.mkfifo(path.with_name("features.tsv"))
    return path.parent


def _hdf5() -> Iterator[tuple[str, Hostile]]:
    for title, door, make in hostile_hdf5():
        yield title, Hostile(door, make)


HOSTILE: dict[str, Hostile] = {
    title: hostile for kind in (_texts, _gzips, _archives, _hdf5, _special) for title, hostile in kind()
}
