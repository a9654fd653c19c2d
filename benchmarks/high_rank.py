"""Many pathways at once: columns over the base, or the full inversion; by rank, in this one run.

    python -m benchmarks.high_rank [--genes 2000,5000,20000] [--ranks 100,1000,5000] [--factors 10] [--rounds 3]

Pathways of 5 to 200 genes, as gene sets are, on a factor base. For each number of genes and rank:

* `all at once`: the algebra of one commit of all pathways;
* `one more`: of another pathway after them, with the products that are known;
* `neighbors`: of one gene, nothing prepared; `edges`: as many as genes, W made anew each time.

`columns` reads the version from its base. `inverted` reads it from its full inversion, held in memory, where
`inversion` is what that takes once. `even` is the number of edges questions after which an inversion has paid for
itself. `rank of X` is what a lossless recompression would keep: the columns' own rank, by pivoted QR of the genes that
are touched. CPU seconds on one BLAS thread, medians; a panel whose matrix would take over 2 GB is not inverted here
(`benchmarks/dense.py` does that on disk).
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

import numpy as np
from grnledger.engine import Pathway, simulate_factor_model
from grnledger.engine.network.anchor import Anchor, KnownProducts, anchor_of
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.snapshot import Snapshot, build_snapshot
from grnledger.engine.network.stability import reinvert_snapshot
from grnledger.engine.threads import keep_one_blas_thread

from .setting import described
from .turns import medians

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grnledger.engine.network.covariance import FactorCovariance

LARGEST_INVERTED = 5_000
"""Most genes of which the full inversion is made here."""

LARGEST_RANKED = 5_000
"""Most touched genes, or columns, of which the rank is found."""


def gene_sets(genes: int, count: int, seed: int) -> list[Pathway]:
    """Return pathways of 5 to 200 genes, small ones more often, as collections of gene sets have them."""
    stream = np.random.default_rng(seed)
    sizes = np.minimum(np.exp(stream.uniform(np.log(5), np.log(200), count)).astype(int), genes // 2)
    return [
        Pathway(
            (f"SET{seed}_{index}",),
            np.sort(stream.choice(genes, size, replace=False)).astype(np.intp),
            stream.normal(scale=0.05, size=(size, 1)),
            1,
            "raw",
        )
        for index, size in enumerate(sizes)
    ]


class Version:
    """A version that is read from an anchor with pathways as columns."""

    def __init__(self, panel: Panel, anchor: Anchor, base: FactorCovariance, pathways: Sequence[Pathway]) -> None:
        self.panel, self.anchor, self.pathways = panel, anchor, list(pathways)
        self.deviations = base.standard_deviations()
        self.last = self.all_at_once()

    def all_at_once(self) -> Snapshot:
        """Return the version from its pathways."""
        return build_snapshot(self.panel, self.anchor, self.pathways, self.deviations)

    def one_more(self, pathway: Pathway) -> Snapshot:
        """Return the version with another pathway, from what is known of this one."""
        products = self.last.capacitance.products
        known = None
        if products is not None:
            known = KnownProducts(products, np.append(np.arange(len(products)), -1).astype(np.intp))
        return build_snapshot(self.panel, self.anchor, [*self.pathways, pathway], self.deviations, known=known)

    def neighbors(self) -> object:
        """Return the strongest partners of one gene."""
        return self.last.neighbors(7)

    def edges(self) -> object:
        """Return as many edges as genes."""
        return self.last.edges()


def rank_of(pathways: Sequence[Pathway]) -> tuple[int, int | None]:
    """Return how many genes pathways touch, and the rank of their columns where that is found in seconds."""
    from scipy.linalg import qr

    touched = np.unique(np.concatenate([pathway.genes for pathway in pathways]))
    if max(len(touched), len(pathways)) > LARGEST_RANKED:
        return len(touched), None
    matrix = np.zeros((len(touched), len(pathways)))
    for column, pathway in enumerate(pathways):
        matrix[np.searchsorted(touched, pathway.genes), column] = pathway.loadings[:, 0]
    diagonal = np.abs(np.diagonal(qr(matrix, mode="r", pivoting=True)[0]))
    return len(touched), int(np.count_nonzero(diagonal > diagonal[0] * max(matrix.shape) * np.finfo(float).eps))


def measure(genes: int, rank: int, factors: int, rounds: int) -> None:
    """Print the rows of one panel and rank."""
    base = simulate_factor_model(genes, factors, seed=1)
    panel = Panel(tuple(f"G{index}" for index in range(genes)))
    pathways, another = gene_sets(genes, rank, 2), gene_sets(genes, 1, 3)[0]
    columns = Version(panel, anchor_of(base), base, pathways)
    ways, seconds = {"columns": columns}, 0.0
    if genes <= LARGEST_INVERTED:
        begin = time.process_time()
        inverted = reinvert_snapshot(columns.last)
        seconds = time.process_time() - begin
        ways["inverted"] = Version(panel, anchor_of(inverted), base, ())
    steps = {
        (way, name): step
        for way, version in ways.items()
        for name, step in (
            ("all at once", version.all_at_once),
            ("one more", lambda version=version: version.one_more(another)),
            ("neighbors", version.neighbors),
            ("edges", version.edges),
        )
    }
    times, _ = medians({" ".join(key): step for key, step in steps.items()}, rounds)
    touched, kept = rank_of(pathways)
    print(f"\n{genes:,} genes, r = {rank:,} ({rank / genes:.2f} p), {touched:,} genes touched, ", end="")
    print(f"rank of X {'not found here' if kept is None else f'{kept:,}'}")
    print(f"{'':<10}{'all at once':>13}{'one more':>11}{'neighbors':>11}{'edges':>9}{'inversion':>11}{'even':>7}")
    for way in ways:
        print(f"{way:<10}", end="")
        for name, width in (("all at once", 13), ("one more", 11), ("neighbors", 11), ("edges", 9)):
            print(f"{times[f'{way} {name}']:>{width}.4g}", end="")
        if way == "inverted":
            gain = times["columns edges"] - times["inverted edges"]
            print(f"{seconds:>11.3g}{f'{seconds / gain:.1f}' if gain > 0 else 'never':>7}", end="")
        print(flush=True)


def numbers(text: str) -> list[int]:
    """Return the numbers of a list with commas."""
    return [int(part) for part in text.split(",")]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--genes", type=numbers, default=[2_000, 5_000, 20_000], metavar="P,...")
    parser.add_argument("--ranks", type=numbers, default=[100, 1_000, 5_000], metavar="R,...")
    parser.add_argument("--factors", type=int, default=10, help="[10]")
    parser.add_argument("--rounds", type=int, default=3, help="[3]")
    options = parser.parse_args()
    keep_one_blas_thread()
    print(described(1), f"# CPU seconds; K = {options.factors}", sep="\n")
    for genes in options.genes:
        for rank in options.ranks:
            measure(genes, rank, options.factors, options.rounds)


if __name__ == "__main__":
    main()
