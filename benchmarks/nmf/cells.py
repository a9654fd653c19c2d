"""Modules of single cells against their types: ours and scikit-learn's, at equal rank, judged alike.

    python -m benchmarks.nmf.cells                             # ../shared/data/pbmc68k_reduced.h5ad, ranks 10 5 8 15
    python -m benchmarks.nmf.cells FILE.h5ad --ranks 10 --seeds 3 --cap 500

The file has counts in X (CSR, cells × genes) and cell types in obs/bulk_labels; genes × cells are factored. Ours: `fit`
with its defaults. scikit-learn: multiplicative updates to tol 1e-10 or the cap, from init="random" and from its own
default for them, "nndsvda". All have the same seeds, and the KL of each is computed by one function.

A cell's module is read off H in two ways, the same for every solver. The columns of W are made to sum to one, so that H
is in counts; each column of H is then divided by its sum, since cells differ in depth. `most`: the module with most of
the cell's counts. `above mean`: each row of H is divided by its mean over the cells besides, so that a module that all
cells have much of does not take them all. Cells by module are compared with cells by type by the adjusted Rand index
(ARI), normalised mutual information (NMI), and purity, the share of cells whose type is the commonest of their module,
which grows with the rank. Medians over the seeds, and the seed with the least KL.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
from grnledger.engine.nmf import fit, observe
from scipy.sparse import csr_array
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from .. import setting
from . import peers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Labels = NDArray[np.intp]

FILE = setting.BESIDE / "pbmc68k_reduced.h5ad"

SOLVERS = ("grnledger", "scikit-learn random", "scikit-learn nndsvda")
READINGS = ("most", "above mean")
COLUMNS = (
    "rank", "solver", "read", "ARI", "NMI", "purity", "ARI_best", "NMI_best", "purity_best", "KL_above_best",
    "least_above_best", "ended", "iterations", "seconds",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FitScores:
    """What one solver comes to from one seed.

    Parameters
    ----------
    scores : ndarray of float64, shape (2, 3)
        ARI, NMI and purity by each of `READINGS`.
    divergence : float
        KL.
    iterations : int
        Or sweeps.
    ended : bool
        Whether it stopped by its own tolerance.
    seconds : float
        Of the fit, with what it needs beforehand.
    """

    scores: NDArray[np.float64]
    divergence: float
    iterations: int
    ended: bool
    seconds: float


def cells_of(path: Path) -> tuple[NDArray[np.float64], Labels]:
    """Return counts, genes × cells, and the type of each cell."""
    with h5py.File(path) as file:
        stored = file["X"]
        parts = tuple(stored[name][:] for name in ("data", "indices", "indptr"))
        counts = csr_array(parts, shape=tuple(stored.attrs["shape"])).toarray()
        return np.ascontiguousarray(counts.T, dtype=np.float64), file["obs/bulk_labels/codes"][:].astype(np.intp)


def read_off(modules: NDArray[np.float64], usage: NDArray[np.float64]) -> dict[str, Labels]:
    """Return the module of each cell, by each of `READINGS`."""
    counts = usage * modules.sum(axis=0)[:, None]
    shares = counts / counts.sum(axis=0)
    means = shares.mean(axis=1, keepdims=True)
    relative = np.divide(shares, means, out=np.zeros_like(shares), where=means > 0.0)
    return dict(zip(READINGS, (shares.argmax(axis=0), relative.argmax(axis=0)), strict=True))


def purity(types: Labels, modules: Labels) -> float:
    """Return the share of cells whose type is the commonest of their module."""
    return sum(int(np.bincount(types[modules == module]).max()) for module in np.unique(modules)) / len(types)


def look(solver: str, counts: NDArray[np.float64], types: Labels, rank: int, seed: int, cap: int) -> FitScores:
    """Factor the counts, and compare."""
    begun = time.perf_counter()
    if solver == "grnledger":
        run = fit(observe(counts), rank, seed=seed)
        iterations, ended = run.sweeps, run.converged
    else:
        run = peers.scikit_learn(counts, rank, cap, init=solver.split()[1], random_state=seed)
        iterations, ended = run.iterations, run.at_its_end
    seconds = time.perf_counter() - begun
    by = read_off(run.modules, run.usage).values()
    scores = [
        [adjusted_rand_score(types, labels), normalized_mutual_info_score(types, labels), purity(types, labels)]
        for labels in by
    ]
    return FitScores(np.array(scores), peers.divergence(counts, run.modules, run.usage), iterations, ended, seconds)


def tell(rank: int, outcomes: dict[str, list[FitScores]]) -> None:
    """Print two lines for each solver."""
    least = min(outcome.divergence for all_seeds in outcomes.values() for outcome in all_seeds)
    for solver, seeds in outcomes.items():
        above = np.array([outcome.divergence for outcome in seeds]) / least - 1.0
        best = min(seeds, key=lambda outcome: outcome.divergence)
        how = [
            f"{np.median(above):.1e}",
            f"{above.min():.1e}",
            f"{sum(outcome.ended for outcome in seeds)}/{len(seeds)}",
        ]
        how += [
            f"{np.median([outcome.iterations for outcome in seeds]):g}",
            f"{np.median([outcome.seconds for outcome in seeds]):.3g}",
        ]
        medians = np.median([outcome.scores for outcome in seeds], axis=0)
        for index, reading in enumerate(READINGS):
            scores = [f"{value:.3f}" for value in (*medians[index], *best.scores[index])]
            print("\t".join([str(rank), solver, reading, *scores, *how]), flush=True)


def main() -> None:
    """Run what was asked, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, default=FILE, help="[../shared/data/pbmc68k_reduced.h5ad]")
    parser.add_argument("--ranks", type=int, nargs="+", default=[10, 5, 8, 15], help="[10 5 8 15]")
    parser.add_argument("--seeds", type=int, default=10, help="[10]")
    parser.add_argument("--cap", type=int, default=5_000, help="scikit-learn's iterations at the most  [5,000]")
    options = parser.parse_args()
    counts, types = cells_of(options.file)
    print(setting.described(setting.cores(), "scikit-learn"))
    genes, cells = counts.shape
    filled = np.mean(counts > 0.0)
    print(
        f"# {options.file.name}: {genes} genes × {cells} cells, {filled:.0%} not zero, {types.max() + 1} types", end=""
    )
    print(f"; {options.seeds} seeds; scikit-learn: tol {peers.TOLERANCE:g}, cap {options.cap:,} iterations")
    print("\t".join(COLUMNS), flush=True)
    fit(observe(counts), 2, most_sweeps=2)  # compiled before anything is timed
    for rank in options.ranks:
        seeds = range(options.seeds)
        tell(rank, {name: [look(name, counts, types, rank, seed, options.cap) for seed in seeds] for name in SOLVERS})


if __name__ == "__main__":
    main()
