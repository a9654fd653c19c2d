"""How many of 20 random restarts come within .1 % of the best, on deep counts: ours and scikit-learn's.

    python -m benchmarks.nmf.restarts                          # 100x60 R 5 and 500x300 R 8, 20 restarts, 3 sets each
    python -m benchmarks.nmf.restarts 100x60 --sets 10
    python -m benchmarks.nmf.restarts 500x300 --sets 1 --restarts 5 --cap 500

V are simulated Poisson counts of 1,000 a gene and sample on average, 5 % of the genes in two modules. Ours: `fit_each`
with its defaults (single precision, tolerance 1e-7, at most 2,000 sweeps), on as many threads as there are cores.
scikit-learn: multiplicative updates, double precision, init="random", tol 1e-10, at most `--cap` iterations. Each draws
its own starts, as its users would have them. KL is computed by one function for both (`peers.divergence`), and `best`
is the least that either has reached on that set. `ended` counts those that stopped by their own tolerance, `seconds`
are for all restarts.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

import numpy as np
from grnledger.engine.mapping import Threads
from grnledger.engine.nmf import fit_each, observe, simulate_counts

from .. import setting
from . import peers

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZES = {"100x60": (100, 60, 5), "500x300": (500, 300, 8)}
DEPTH = 1_000.0

WITHIN = (1e-3, 1e-2)
"""Shares above the best that are counted."""

COLUMNS = "size set solver restarts within_.1% within_1% best median_above worst_above ended iterations seconds"

Restarts = tuple[list[float], list[int], list[bool], float]
"""Of each restart: KL, iterations, and whether it came to its own end; and the seconds of all."""


def ours(values: NDArray[np.float64], rank: int, restarts: int) -> Restarts:
    """Return what our restarts come to."""
    fit_each(observe(values), rank, [0], mapper=Threads(1), most_sweeps=2)
    begun = time.perf_counter()
    fits = fit_each(observe(values), rank, range(restarts), mapper=Threads(setting.cores()))
    seconds = time.perf_counter() - begun
    reached = [peers.divergence(values, restart.modules, restart.usage) for restart in fits]
    return reached, [restart.sweeps for restart in fits], [restart.converged for restart in fits], seconds


def theirs(values: NDArray[np.float64], rank: int, restarts: int, cap: int) -> Restarts:
    """Return what scikit-learn's restarts come to."""
    fits = [peers.scikit_learn(values, rank, cap, init="random", random_state=seed) for seed in range(restarts)]
    reached = [peers.divergence(values, restart.modules, restart.usage) for restart in fits]
    seconds = sum(restart.seconds for restart in fits)
    return reached, [restart.iterations for restart in fits], [restart.at_its_end for restart in fits], seconds


def main() -> None:
    """Run what was asked, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", metavar="SIZE", help=f"any of {', '.join(SIZES)}  [all]")
    parser.add_argument("--sets", type=int, default=3, help="matrices of each size  [3]")
    parser.add_argument("--restarts", type=int, default=20, help="[20]")
    parser.add_argument("--cap", type=int, default=20_000, help="scikit-learn's iterations at the most  [20,000]")
    options = parser.parse_args()
    if unknown := set(options.sizes) - set(SIZES):
        parser.error(f"no size {', '.join(sorted(unknown))}; there are {', '.join(SIZES)}")
    print(setting.described(setting.cores(), "scikit-learn"))
    print(f"# depth {DEPTH:,.0f}; scikit-learn: tol {peers.TOLERANCE:g}, cap {options.cap:,} iterations")
    print("\t".join(COLUMNS.split()), flush=True)
    for name in options.sizes or SIZES:
        genes, samples, rank = SIZES[name]
        for seed in range(1, options.sets + 1):
            drawn = simulate_counts(genes, samples, rank, depth=DEPTH, moonlighting=genes // 20, seed=seed)
            restarts_of = {
                "grnledger": ours(drawn.counts, rank, options.restarts),
                "scikit-learn": theirs(drawn.counts, rank, options.restarts, options.cap),
            }
            tell(name, seed, restarts_of)


def tell(name: str, seed: int, restarts_of: dict[str, Restarts]) -> None:
    """Print a line for each solver."""
    best = min(min(reached) for reached, *_ in restarts_of.values())
    for solver, (reached, iterations, ended, seconds) in restarts_of.items():
        above = np.array(reached) / best - 1.0
        near = [str(np.count_nonzero(above <= share)) for share in WITHIN]
        spread = [f"{best:.8g}", f"{np.median(above):.1e}", f"{above.max():.1e}", str(sum(ended))]
        cells = [name, str(seed), solver, str(len(reached)), *near, *spread, f"{np.median(iterations):g}"]
        print("\t".join([*cells, f"{seconds:.3g}"]), flush=True)


if __name__ == "__main__":
    main()
