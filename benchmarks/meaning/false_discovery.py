"""How many of the edges that are called at q = .2 are false, and how many true ones are called, where truth is known.

    python -m benchmarks.meaning.false_discovery                # 20 networks a cell
    python -m benchmarks.meaning.false_discovery --networks 5 --kinds factors
    python -m benchmarks.meaning.false_discovery --networks 0 --expression leukemia.tsv --genes 1000

Networks of normal values: `sparse` (each gene has two partners on average, |ρ| about .3), `chain` (an autoregression,
each gene .6 of the one before), `operons` (blocks of five genes that share .6 of their variance) and `factors` (sparse,
and three factors that act on all genes). Each is made a store with default options, and its edges are those that
`grn edges --fdr 0.2` lists. A pair is false where its true partial correlation is 0. Intervals are two standard errors
over networks. With `factors`, the components that stand out are removed (`--remove-pcs auto`); in rows `hidden` they
are not. With `--expression`, a table of real values (floor 20, log2; the most variable genes) is used as it is, and
with the samples of each gene permuted, three times.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from pathlib import Path

import grnledger
import numpy as np
from grnledger.analysis.base_values import prepare_kept
from grnledger.analysis.chance import pair_tests
from grnledger.engine.estimation.expression import Expression
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
RATE = 0.2
WITH_FACTORS = ("hidden", "factors")

CELLS = [
    (kind, genes, samples) for genes, samples in ((500, 48), (500, 200)) for kind in ("sparse", "chain", "operons")
]
CELLS += [("sparse", 200, 2000), ("chain", 200, 2000)]
CELLS += [(kind, 500, samples) for samples in (48, 200) for kind in ("hidden", "factors")]


def sparse_precision(genes: int, stream: np.random.Generator) -> Matrix:
    """Return a precision with two partners a gene on average, diagonally dominant where it must be."""
    precision = np.zeros((genes, genes))
    for _ in range(genes):
        left, right = stream.choice(genes, 2, replace=False)
        precision[left, right] = precision[right, left] = stream.choice([-1.0, 1.0]) * stream.uniform(0.2, 0.4)
    smallest = float(np.linalg.eigvalsh(precision + np.eye(genes))[0])
    return precision + np.eye(genes) * (1.0 + max(0.0, 0.1 - smallest))


def precision_of(kind: str, genes: int, stream: np.random.Generator) -> Matrix:
    """Return the true precision of a kind of network; that of the genes given the factors for `factors`."""
    if kind in ("sparse", *WITH_FACTORS):
        return sparse_precision(genes, stream)
    index = np.arange(genes)
    if kind == "chain":
        covariance = 0.6 ** np.abs(index[:, np.newaxis] - index)
    else:
        covariance = np.kron(np.eye(genes // 5), np.full((5, 5), 0.6) + 0.4 * np.eye(5))
    return np.asarray(np.linalg.inv(covariance), dtype=np.float64)


def samples_of(kind: str, precision: Matrix, samples: int, stream: np.random.Generator) -> Matrix:
    """Return normal samples of a network, genes by samples."""
    lower = np.linalg.cholesky(np.linalg.inv(precision))
    values = lower @ stream.standard_normal((len(precision), samples))
    if kind in WITH_FACTORS:
        values += stream.standard_normal((len(precision), 3)) @ stream.standard_normal((3, samples))
    return values


def called(values: Matrix, *, remove_pcs: int | str = 0) -> NDArray[np.intp]:
    """Return the pairs that are called at `RATE` in a store of these values, with default options otherwise."""
    genes, samples = values.shape
    names = tuple(f"G{number}" for number in range(genes))
    expression = Expression(values, names, tuple(f"S{number}" for number in range(samples)))
    with tempfile.TemporaryDirectory() as folder:
        repo = grnledger.init(Path(folder) / "lab.grn", expression=expression, groups="none", remove_pcs=remove_pcs)
        return pair_tests(repo, "v0").called(RATE)


def cell(kind: str, genes: int, samples: int, networks: int) -> tuple[Matrix, Matrix, Matrix]:
    """Return the share of false calls, power and number of calls of each network."""
    results = np.empty((networks, 3))
    for network in range(networks):
        stream = np.random.default_rng([network, genes, samples])
        precision = precision_of(kind, genes, stream)
        values = samples_of(kind, precision, samples, stream)
        pairs = called(values, remove_pcs="auto" if kind == "factors" else 0)
        is_true = np.abs(precision) > 1e-9
        hits = int(np.count_nonzero(is_true[pairs[:, 0], pairs[:, 1]]))
        edges = (int(np.count_nonzero(is_true)) - genes) // 2
        results[network] = 1 - hits / len(pairs) if len(pairs) else 0.0, hits / edges, len(pairs)
    return results[:, 0], results[:, 1], results[:, 2]


def real(path: Path, genes: int) -> None:
    """Print how many pairs of a table are called, as it is and with the samples of each gene permuted."""
    preparation = {"floor": 20.0, "transform": "log2", "duplicates": "max-variance", "top_variance": genes}
    with tempfile.TemporaryDirectory() as folder:
        repo = grnledger.init(Path(folder) / "lab.grn", expression=path, **preparation)
        print(f"{path.name}: {len(pair_tests(repo, 'v0').called(RATE)):,} pairs called", flush=True)
        values = prepare_kept(repo.base("v0")).values
    for seed in range(3):
        permuted = np.random.default_rng(seed).permuted(values, axis=1)
        print(f"permuted: {len(called(permuted)):,}", flush=True)


def with_error(values: Matrix) -> str:
    """Return a mean and two standard errors of it."""
    return f"{values.mean():.3f} ± {2 * values.std(ddof=1) / math.sqrt(len(values)):.3f}"


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=20, help="networks a cell  [20]")
    parser.add_argument("--kinds", nargs="+", choices=sorted({kind for kind, _, _ in CELLS}), help="[all]")
    parser.add_argument("--expression", type=Path, metavar="FILE", help="a table of real values")
    parser.add_argument("--genes", type=int, default=1000, help="most variable genes of it  [1000]")
    options = parser.parse_args()
    if options.expression is not None:
        real(options.expression, options.genes)
    cells = [cell for cell in CELLS if not options.kinds or cell[0] in options.kinds] if options.networks else []
    print("kind\tgenes\tsamples\tfalse share\tpower\tcalls")
    for kind, genes, samples in cells:
        false, power, calls = cell(kind, genes, samples, options.networks)
        print(kind, genes, samples, with_error(false), with_error(power), f"{calls.mean():.0f}", sep="\t", flush=True)


if __name__ == "__main__":
    main()
