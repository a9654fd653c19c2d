"""Input files for `inputs.py`: good ones of every form, to be damaged, and ones that lie, burst, loop or never end."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import socket
import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from numpy.lib import format as npy
from scipy.sparse import csc_matrix, csr_matrix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

GENES = ("TP53", "MDM2", "CDKN1A", "IL6", "MYC", "EGFR", "ENSG00000141510.17", "BAX")
SAMPLES = tuple(f"sample{place}" for place in range(1, 7))
COUNTS = np.random.default_rng(3).poisson(2.0, size=(len(GENES), len(SAMPLES))).astype(np.float64)
LOADINGS = np.random.default_rng(4).normal(size=(len(GENES), 2)).round(3)
COVARIANCE = np.cov(COUNTS) + np.eye(len(GENES))
KILO, MEGA, GIGA = 1 << 10, 1 << 20, 1 << 30


@dataclass(frozen=True)
class Good:
    """Files that are read together: what reads them (a door of `inputs.py`), and which file is damaged."""

    door: str
    files: dict[str, bytes]
    passed: str = ""
    beside: dict[str, str] = field(default_factory=dict)

    @property
    def target(self) -> str:
        """The file to damage."""
        return next(iter(self.files))


@dataclass(frozen=True)
class Hostile:
    """A file to refuse: the door it knocks at, and what makes it in a folder and returns its path."""

    door: str
    make: Callable[[Path], Path]
    beside: dict[str, str] = field(default_factory=dict)
    as_nobody: bool = False


def table(rows: Sequence[Sequence[object]], delimiter: str = "\t") -> bytes:
    """Return rows as delimited text."""
    return "".join(delimiter.join(map(str, row)) + "\n" for row in rows).encode()


def named(title: Sequence[object], names: Sequence[str], values: np.ndarray) -> list[list[object]]:
    """Return a header, and rows of a name and its values."""
    return [list(title), *([name, *row] for name, row in zip(names, values.tolist(), strict=True))]


def npz(**arrays: Any) -> bytes:
    """Return arrays as a packed .npz file."""
    stream = io.BytesIO()
    np.savez_compressed(stream, **{name: np.asarray(array) for name, array in arrays.items()})
    return stream.getvalue()


def npy_file(array: np.ndarray) -> bytes:
    """Return an array as an .npy file."""
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def hdf5(*fills: Callable[[h5py.File], object]) -> bytes:
    """Return the HDF5 file that functions fill."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for fill in fills:
            fill(file)
    return stream.getvalue()


def put_axes(file: h5py.File) -> None:
    """Write `obs` and `var` as AnnData does."""
    for name, names in (("obs", SAMPLES), ("var", GENES)):
        group = file.create_group(name)
        group.attrs["_index"] = "_index"
        group.create_dataset("_index", data=list(names), dtype=h5py.string_dtype())


def put_dense(file: h5py.File) -> None:
    """Write a dense X."""
    file["X"] = COUNTS.T


def put_sparse(file: h5py.File, maker: Any = csr_matrix, **how: Any) -> None:
    """Write a sparse X as AnnData does."""
    matrix, group = maker(COUNTS.T), file.create_group("X")
    group.attrs["encoding-type"] = "csr_matrix" if maker is csr_matrix else "csc_matrix"
    group.attrs["shape"] = matrix.shape
    for part in ("data", "indices", "indptr"):
        group.create_dataset(part, data=getattr(matrix, part), **how)


def _put_packed(file: h5py.File) -> None:
    put_sparse(file, csc_matrix, compression="gzip", shuffle=True)


def _put_old(file: h5py.File) -> None:
    file["obs"] = np.array([(name.encode(), 1) for name in SAMPLES], dtype=[("index", "S8"), ("n", "i4")])
    file["var"] = np.array([(name.encode(),) for name in GENES], dtype=[("index", "S20")])
    file.create_dataset("X", data=COUNTS.T, chunks=(2, 8), compression="gzip")


def _put_covariance(file: h5py.File) -> None:
    file["covariance"] = COVARIANCE
    file.create_dataset("genes", data=list(GENES), dtype=h5py.string_dtype())


MARKET = b"%%MatrixMarket matrix coordinate real general\n"
MARKET_ARRAY = b"%%MatrixMarket matrix array real general\n"


def _market() -> bytes:
    places = [(i + 1, j + 1, f"{COUNTS[i, j]:g}") for i, j in np.argwhere(COUNTS).tolist()]
    return MARKET + f"% made by hand\n8 6 {len(places)}\n".encode() + table(places, " ")


EXPRESSION = table(named(["gene", *SAMPLES], GENES, COUNTS))
ARRAY = MARKET_ARRAY + b"8 6\n" + table(COUNTS.T.reshape(-1, 1).tolist())
FEATURES = table([[f"ENSG{place:011d}", gene, "Gene Expression"] for place, gene in enumerate(GENES)])
BARCODES = table([[name] for name in SAMPLES])
NAMES = table([[gene] for gene in GENES])
SETS = b"A\thttp://x\tTP53\tMDM2\nB\t\tCDKN1A\tMDM2\tIL6\nC\tna\tEGFR\n"
REGULONS = b"source\ttarget\tweight\nTP53\tMDM2\t1\nTP53\tCDKN1A\t-.5\nMYC\tIL6\t2\n"
ALIASES = b"alias\tgene\np53\tTP53\nHDM2\tMDM2\n"
NOISE = table([["gene", "noise"], *([gene, 1.5] for gene in GENES)])
LOADING_TABLE = table(named(["gene", "A", "B"], GENES, LOADINGS))
FACTORS = table(named(["", "A", "B"], ("A", "B"), np.array([[1.0, 0.25], [0.25, 2.0]])))
MODEL = npz(loadings=LOADINGS, noise=np.ones(len(GENES)), genes=GENES, factors=("A", "B"))
DENSE = hdf5(put_axes, put_dense)

_TABLES = {"l.tsv": LOADING_TABLE, "n.tsv": NOISE, "f.tsv": FACTORS}
_TEN_X = {"x/matrix.mtx": _market(), "x/features.tsv": FEATURES, "x/barcodes.tsv": BARCODES}


def _first(files: dict[str, bytes], name: str) -> dict[str, bytes]:
    return {name: files[name], **files}


GOOD: dict[str, Good] = {
    "tsv": Good("expression", {"e.tsv": EXPRESSION}),
    "csv.gz": Good("expression", {"e.csv.gz": gzip.compress(EXPRESSION.replace(b"\t", b","), mtime=0)}),
    "gct": Good("expression", {"e.gct": b"#1.2\n8\t6\n" + EXPRESSION}),
    "mtx": Good("expression", {"m.mtx": _market(), "g.txt": NAMES}, beside={"gene_names": "g.txt"}),
    "mtx array": Good("expression", {"a.mtx": ARRAY, "g.txt": NAMES}, beside={"gene_names": "g.txt"}),
    "10x matrix": Good("expression", _first(_TEN_X, "x/matrix.mtx"), passed="x"),
    "10x features": Good("expression", _first(_TEN_X, "x/features.tsv"), passed="x"),
    "10x barcodes": Good("expression", _first(_TEN_X, "x/barcodes.tsv"), passed="x"),
    "h5ad dense": Good("expression", {"d.h5ad": DENSE}),
    "h5ad csr": Good("expression", {"r.h5ad": hdf5(put_axes, put_sparse)}),
    "h5ad csc, packed": Good("expression", {"c.h5ad": hdf5(put_axes, _put_packed)}),
    "h5ad of old": Good("expression", {"o.h5ad": hdf5(_put_old)}),
    "covariance tsv": Good("covariance", {"c.tsv": table(named(["gene", *GENES], GENES, COVARIANCE))}),
    "covariance npy": Good("covariance", {"c.npy": npy_file(COVARIANCE)}),
    "covariance npz": Good("covariance", {"c.npz": npz(covariance=COVARIANCE, genes=GENES)}),
    "covariance hdf5": Good("covariance", {"c.h5": hdf5(_put_covariance)}),
    "factor model npz": Good("factor model", {"m.npz": MODEL}),
    "factor loadings": Good("factor model", _TABLES, beside={"noise": "n.tsv"}),
    "factor noise": Good("factor model", _first(_TABLES, "n.tsv"), "l.tsv", {"noise": "n.tsv"}),
    "factor covariance": Good(
        "factor model", _first(_TABLES, "f.tsv"), "l.tsv", {"noise": "n.tsv", "factor_covariance": "f.tsv"}
    ),
    "gmt": Good("pathways", {"h.gmt": SETS}),
    "gmt.gz": Good("pathways", {"h.gmt.gz": gzip.compress(SETS, mtime=0)}),
    "regulons": Good("pathways", {"r.tsv": REGULONS}),
    "loadings csv": Good("pathways", {"l.csv": LOADING_TABLE.replace(b"\t", b",")}),
    "loadings npz": Good("pathways", {"l.npz": npz(loadings=LOADINGS, genes=GENES, pathways=("A", "B"))}),
    "pathway covariance": Good(
        "pathways", _first(_TABLES, "f.tsv"), "l.tsv", {"pathway_covariance": "f.tsv"}
    ),
    "aliases": Good("aliases", {"a.tsv": ALIASES}),
    "list of genes": Good("list of genes", {"g.txt": NAMES}),
}


# What bursts: deflate streams of a block repeated, made without ever holding what they unpack to.


def repeated(block: bytes, times: int, before: bytes = b"") -> tuple[bytes, int, int]:
    """Return `before` and a repeated block as a raw deflate stream, its CRC-32 and its size unpacked."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    opening = packer.compress(before) + packer.flush(zlib.Z_FULL_FLUSH)
    piece = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    crc = zlib.crc32(before)
    for _ in range(times):
        crc = zlib.crc32(block, crc)
    return opening + piece * times + packer.flush(), crc, len(before) + len(block) * times


def gzip_of(block: bytes, times: int, before: bytes = b"") -> bytes:
    """Return a gzip file of `before` and a repeated block."""
    packed, crc, size = repeated(block, times, before)
    return b"\x1f\x8b\x08\0\0\0\0\0\x02\xff" + packed + struct.pack("<II", crc, size & 0xFFFFFFFF)


def zlib_of_zeros(size: int) -> bytes:
    """Return that many zero bytes as HDF5's deflate filter packs a chunk."""
    packed = repeated(bytes(MEGA), size // MEGA)[0]
    return b"\x78\x9c" + packed + struct.pack(">I", (size % 65521) << 16 | 1)


def zip_of(members: dict[str, tuple[bytes, int, int]], *, method: int = 8, flags: int = 0) -> bytes:
    """Return a zip archive of members that are packed already: bytes, CRC-32, claimed size."""
    body, directory = b"", b""
    for name, (packed, crc, size) in members.items():
        facts = struct.pack("<HHHHHIIIHH", 20, flags, method, 0, 0, crc, len(packed), min(size, 2**32 - 2), len(name), 0)
        directory += b"PK\x01\x02\x14\0" + facts + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + name.encode()
        body += b"PK\x03\x04" + facts + name.encode() + packed
    end = struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(directory), len(body), 0)
    return body + directory + b"PK\x05\x06" + end


def npy_head(descr: object, shape: object, *, version: tuple[int, int] = (1, 0)) -> bytes:
    """Return the head of an .npy file that claims what it is told to."""
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}, }}\n".encode()
    return npy.magic(*version) + struct.pack("<H" if version == (1, 0) else "<I", len(text)) + text


def loadings_npz(name: str, content: bytes, *, times: int = 0) -> bytes:
    """Return an .npz of loadings of which one member is another, perhaps followed by zeros, in megabytes."""
    good = {"loadings": npy_file(LOADINGS), "genes": npy_file(np.array(GENES)), "pathways": npy_file(np.array(["A", "B"]))}
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
        "UTF-16": ("expression", "e.tsv", EXPRESSION.decode().encode("utf-16")),
        "UTF-32": ("expression", "e.tsv", EXPRESSION.decode().encode("utf-32")),
        "Latin 1": ("expression", "e.tsv", EXPRESSION.replace(b"IL6", b"g\xe9ne")),
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
        "a market of 2^40 entries": ("expression", "m.mtx", _market().replace(b"8 6 ", b"8 6 1099511627776 ", 1)),
        "a market of 2^40 entries, alone": ("expression", "m.mtx", MARKET + b"8 6 1099511627776\n1 1 1\n"),
        "a market of 10^9 × 10^9": ("expression", "m.mtx", MARKET + b"1000000000 1000000000 1\n1 1 1\n"),
        "a market of 8 × 10^9": ("expression", "m.mtx", MARKET + b"8 1000000000 1\n1 1 1\n"),
        "a market of 4,000 digits": ("expression", "m.mtx", MARKET_ARRAY + b"9" * 4000 + b" " + b"9" * 4000 + b"\n1\n"),
        "a market of 10 MB of digits": ("expression", "m.mtx", MARKET_ARRAY + long + b" 6\n1\n"),
        "a market outside of itself": ("expression", "m.mtx", _market().replace(b"\n1 1 ", b"\n9 1 ", 1)),
        "a market of nan places": ("expression", "m.mtx", _market().replace(b"\n1 1 ", b"\nnan 1 ", 1)),
        "a market of far places": ("expression", "m.mtx", _market().replace(b"\n1 1 ", b"\n1e300 1 ", 1)),
        "a market of one long line": ("expression", "m.mtx", _market() + b"1 " * (20 * MEGA)),
        "a market of complex numbers": ("expression", "m.mtx", _market().replace(b"real", b"complex")),
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
        "gzip of 1 GB of one row": ("expression", "e.tsv.gz", lambda: gzip_of(row * 75_000, 1024, EXPRESSION)),
        "gzip of 1 GB of wide rows": (
            "expression",
            "e.tsv.gz",
            lambda: gzip_of(b"G" + b"\t0" * 500_000 + b"\n", 1024, b"gene" + b"\ts" * 500_000 + b"\n"),
        ),
        "gzip of 1 GB of one set": ("pathways", "h.gmt.gz", lambda: gzip_of(b"\tTP53" * MEGA, 205, b"A\tna")),
        "gzip of 1 GB of sets": ("pathways", "h.gmt.gz", lambda: gzip_of(b"A\tna\tTP53\n" * 90_000, 1024)),
        "gzip of 1 GB of blank sets": ("pathways", "h.gmt.gz", lambda: gzip_of(b"\n" * MEGA, 1024, SETS)),
        "gzip of 1 GB of one regulon": ("pathways", "r.tsv.gz", lambda: gzip_of(b"A\tB\t1\n" * 150_000, 1024, REGULONS)),
        "gzip of 1 GB of loadings": ("pathways", "l.tsv.gz", lambda: gzip_of(b"A\t1\t\n" * 180_000, 1024, LOADING_TABLE)),
        "gzip of 1 GB of a covariance": (
            "covariance",
            "c.tsv.gz",
            lambda: gzip_of(b"A" + b"\t0" * 500_000 + b"\n", 1024, b"gene" + b"\tA" * 500_000 + b"\n"),
        ),
        "gzip of 1 GB of aliases": ("aliases", "a.tsv.gz", lambda: gzip_of(b"A\tB\n" * 250_000, 1024, ALIASES)),
        "gzip of 1 GB of a market": ("expression", "m.mtx.gz", lambda: gzip_of(b"1 1 1\n" * 170_000, 1024, _market())),
        "gzip of a market of 1 GB": (
            "expression",
            "m.mtx.gz",
            lambda: gzip_of(b"1 1 1\n" * 170_000, 1024, MARKET + b"8 6 174080000\n"),
        ),
        "gzip of one market line of 1 GB": ("expression", "m.mtx.gz", lambda: gzip_of(b"1 " * MEGA, 512, _market())),
    }
    for title, (door, name, content) in files.items():
        yield title, Hostile(door, _with_names(holding(name, content)), _beside(name))
    yield "a market's names in 1 GB", Hostile("expression", _swollen_names)


def _swollen_names(folder: Path) -> Path:
    holding("x/features.tsv.gz", lambda: gzip_of(b"A\tB\tGene Expression\n" * 50_000, 1024))(folder)
    return holding("x/matrix.mtx", _market())(folder).parent


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
        "npz that is locked": ("pathways", "l.npz", zip_of(plain, flags=1)),
        "npz packed in another way": ("pathways", "l.npz", zip_of({**plain, "genes.npy": plain["loadings.npy"]}, method=14)),
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


def _spoiled(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 255]) + content[place + 1 :]


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
    dataset = file.create_dataset(
        "X", shape=(6, 8), maxshape=(6, None), dtype="f8", chunks=chunks, compression="gzip"
    )
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


def _hdf5() -> Iterator[tuple[str, Hostile]]:
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
        yield title, Hostile("expression", altered(change))
    for title, change in lies.items():
        yield title, Hostile("expression", altered(change, sparse))
    yield "h5ad with one string often", Hostile("expression", _one_string_often)
    yield "h5ad cut in half", Hostile("expression", holding("d.h5ad", DENSE[: len(DENSE) // 2]))
    yield "h5ad that is its first bytes", Hostile("expression", holding("d.h5ad", DENSE[:8] + bytes(4000)))
    yield "hdf5 without a covariance", Hostile("covariance", holding("c.h5", DENSE))
    yield "hdf5 for pathways", Hostile("pathways", holding("p.tsv", DENSE))
    burst = hdf5(lambda file: _bursting_covariance(file))
    yield "hdf5 with a bursting chunk", Hostile("covariance", holding("c.h5", burst))


def _bursting_covariance(file: h5py.File) -> None:
    dataset = file.create_dataset("covariance", shape=(8, 8), dtype="f8", chunks=(8, 8), compression="gzip", shuffle=True)
    dataset.id.write_direct_chunk((0, 0), zlib_of_zeros(4 * GIGA))


def _special() -> Iterator[tuple[str, Hostile]]:
    doors = {"expression": "e.tsv", "covariance": "c.npy", "factor model": "m.npz", "pathways": "h.gmt", "aliases": "a.tsv"}
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
    path = holding("x/matrix.mtx", _market())(folder)
    os.mkfifo(path.with_name("features.tsv"))
    return path.parent


HOSTILE: dict[str, Hostile] = {
    title: hostile for kind in (_texts, _gzips, _archives, _hdf5, _special) for title, hostile in kind()
}
