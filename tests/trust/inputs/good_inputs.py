"""Good input files of every form, which `inputs.py` damages."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import openpyxl
import pyarrow as pa
from pyarrow import parquet as pq
from scipy.sparse import csc_matrix, csr_matrix

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

GENES = ("TP53", "MDM2", "CDKN1A", "IL6", "MYC", "EGFR", "ENSG00000141510.17", "BAX")
SAMPLES = tuple(f"sample{number}" for number in range(1, 7))
COUNTS = np.random.default_rng(3).poisson(2.0, size=(len(GENES), len(SAMPLES))).astype(np.float64)
LOADINGS = np.random.default_rng(4).normal(size=(len(GENES), 2)).round(3)
COVARIANCE = np.cov(COUNTS) + np.eye(len(GENES))


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


def _put_loom(file: h5py.File) -> None:
    file["matrix"] = COUNTS
    file.create_dataset("row_attrs/Gene", data=list(GENES), dtype=h5py.string_dtype())
    file.create_dataset("col_attrs/CellID", data=list(SAMPLES), dtype=h5py.string_dtype())


def _put_ten_x(file: h5py.File) -> None:
    matrix = csc_matrix(COUNTS)
    for part in ("data", "indices", "indptr"):
        file[f"matrix/{part}"] = getattr(matrix, part)
    file["matrix/shape"] = COUNTS.shape
    file.create_dataset("matrix/barcodes", data=list(SAMPLES), dtype=h5py.string_dtype())
    for part, names in (("id", GENES), ("name", GENES), ("feature_type", ["Gene Expression"] * len(GENES))):
        file.create_dataset(f"matrix/features/{part}", data=list(names), dtype=h5py.string_dtype())


def workbook(rows: Sequence[Sequence[object]]) -> bytes:
    """Return rows as a workbook, the same bytes at any time."""
    stream, made = io.BytesIO(), io.BytesIO()
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    book.save(stream)
    with zipfile.ZipFile(stream) as packed, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as copy:
        for part in packed.infolist():
            if part.filename != "docProps/core.xml":  # holds the time
                copy.writestr(zipfile.ZipInfo(part.filename), packed.read(part))
    return made.getvalue()


def parquet(title: Sequence[str], names: Sequence[str], values: np.ndarray) -> bytes:
    """Return names and numbers as a parquet file."""
    stream = io.BytesIO()
    columns = dict(zip(title, [list(names), *values.T.tolist()], strict=True))
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    """Return a zip of one file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()


MARKET = b"%%MatrixMarket matrix coordinate real general\n"
MARKET_ARRAY = b"%%MatrixMarket matrix array real general\n"


def market() -> bytes:
    """Return the counts as a Matrix Market file."""
    places = [(i + 1, j + 1, f"{COUNTS[i, j]:g}") for i, j in np.argwhere(COUNTS).tolist()]
    return MARKET + f"% made by hand\n8 6 {len(places)}\n".encode() + table(places, " ")


EXPRESSION = table(named(["gene", *SAMPLES], GENES, COUNTS))
ARRAY = MARKET_ARRAY + b"8 6\n" + table(COUNTS.T.reshape(-1, 1).tolist())
FEATURES = table([[f"ENSG{number:011d}", gene, "Gene Expression"] for number, gene in enumerate(GENES)])
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
_KINDS = [["kind", "na", *(["tumour", "normal"] * 3)]]
_ANNOTATED = table(
    [
        ["id", "symbol", *SAMPLES],
        *_KINDS,
        *([gene, gene, *row] for gene, row in zip(GENES, COUNTS.tolist(), strict=True)),
    ]
)

_TABLES = {"l.tsv": LOADING_TABLE, "n.tsv": NOISE, "f.tsv": FACTORS}
_TEN_X = {"x/matrix.mtx": market(), "x/features.tsv": FEATURES, "x/barcodes.tsv": BARCODES}


def _first(files: dict[str, bytes], name: str) -> dict[str, bytes]:
    return {name: files[name], **files}


GOOD: dict[str, Good] = {
    "tsv": Good("expression", {"e.tsv": EXPRESSION}),
    "csv.gz": Good("expression", {"e.csv.gz": gzip.compress(EXPRESSION.replace(b"\t", b","), mtime=0)}),
    "gct": Good("expression", {"e.gct": b"#1.2\n8\t6\n" + EXPRESSION}),
    "gct 1.3": Good("expression", {"e.gct": b"#1.3\n8\t6\t1\t1\n" + _ANNOTATED}),
    "tsv.bz2": Good("expression", {"e.tsv.bz2": bz2.compress(EXPRESSION)}),
    "tsv.xz": Good("expression", {"e.tsv.xz": lzma.compress(EXPRESSION)}),
    "zip": Good("expression", {"e.zip": zipped("e.tsv", EXPRESSION)}),
    "xlsx": Good("expression", {"e.xlsx": workbook(named(["gene", *SAMPLES], GENES, COUNTS))}),
    "parquet": Good("expression", {"e.parquet": parquet(["gene", *SAMPLES], GENES, COUNTS)}),
    "loom": Good("expression", {"e.loom": hdf5(_put_loom)}),
    "10x h5": Good("expression", {"e.h5": hdf5(_put_ten_x)}),
    "mtx": Good("expression", {"m.mtx": market(), "g.txt": NAMES}, beside={"gene_names": "g.txt"}),
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
    "gmx": Good("pathways", {"s.gmx": b"A\tB\nna\tna\nTP53\tMYC\nMDM2\tIL6\nBAX\t\n"}),
    "json": Good("pathways", {"s.json": b'{"A": {"geneSymbols": ["TP53", "MDM2"]}, "B": {"geneSymbols": ["MYC"]}}'}),
    "adj": Good("pathways", {"a.adj": b"> Input file\tx\nTP53\tMDM2\t0.5\tMYC\t0.25\nMYC\tIL6\t0.75\n"}),
    "sif": Good("pathways", {"s.sif": b"TP53\tactivates\tMDM2\nMYC\tinhibits\tIL6\n"}),
    "sets in a table": Good("pathways", {"t.csv": b"gs_name,gene_symbol\nA,TP53\nA,MDM2\nB,MYC\n"}),
    "regulons": Good("pathways", {"r.tsv": REGULONS}),
    "loadings csv": Good("pathways", {"l.csv": LOADING_TABLE.replace(b"\t", b",")}),
    "loadings npz": Good("pathways", {"l.npz": npz(loadings=LOADINGS, genes=GENES, pathways=("A", "B"))}),
    "pathway covariance": Good("pathways", _first(_TABLES, "f.tsv"), "l.tsv", {"pathway_covariance": "f.tsv"}),
    "aliases": Good("aliases", {"a.tsv": ALIASES}),
    "list of genes": Good("list of genes", {"g.txt": NAMES}),
}
