"""Seconds to scikit-learn's own final KL, and to 1e-4 of the best KL, from one random start, peers in the same run.

    pip install ".[bench]"
    python -m benchmarks.nmf.speed                             # all sizes: hours, most of them the peers'
    python -m benchmarks.nmf.speed 100x60 500x300              # some
    python -m benchmarks.nmf.speed 2000x500 --threads 1 --starts 3
    python -m benchmarks.nmf.speed sparse --cap 20 --sweeps 50 # a short form

V are simulated Poisson counts, 5 % of the genes in two modules; `sparse` is 20000 × 1000 with 8.5 % of the entries not
zero. Every solver has the same start (`peers.random_start`), and the KL of what it gives is computed by one function in
double precision over all entries (`peers.divergence`). The peers run once each, after a short run that is not counted
(scikit-learn's fits of less than two seconds again, for their median), in double precision, to their own end (tol
1e-10) or to the cap of iterations that the table states; their BLAS has all its threads. With `--cpu` all times are
seconds of the processor, not of the clock: run it with one BLAS thread, on a machine that others use too. Of how they
get there only the KL that they see themselves every ten iterations is known. scikit-learn runs a second time in a
process that keeps the memory it has once had (`peers.memory_kept`).

Ours runs in single precision, its default. A first run says after how many sweeps the KL is passed; then fits of
exactly so many sweeps are timed, after one call that is not counted, so that compilation is not. `seconds` has the
preparation, `observe(V)`, in it; `fit_alone` has not. The best KL is the least that any solver has reached from this
start; among them is ours in single precision (tolerance 1e-10) and in double (1e-12), each to its end or to the cap of
`--sweeps`. `never` says that a solver has not come there: it has stopped before, or in another optimum. `ratio` is
scikit-learn's seconds to the same KL over ours, and `ratio_kept` that of its second run; ours keeps no memory.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from grnledger.engine.nmf import fit, observe, simulate_counts
from scipy.sparse import csr_array

from .. import setting
from . import peers

if TYPE_CHECKING:
    from collections.abc import Callable

    from grnledger.engine.nmf import Factorization, Observed
    from numpy.typing import NDArray

NEAR = 1e-4
"""This share above the best KL is near enough."""

NEARLY, NEVER = "1e-4 of best", (0, np.nan)
KEPT = "scikit-learn, memory kept"

SECONDS = dict.fromkeys(("seconds", "least", "most", "fit_alone"), ".4g")
FORMS = {"KL": ".8g", "above_best": ".1e", "iterations": "d", **SECONDS, "ratio": ".1f", "ratio_kept": ".1f"}
COLUMNS = ("size", "start", "solver", "to", *FORMS)


@dataclass(frozen=True, slots=True)
class Size:
    """A matrix and how far the solvers go on it.

    Parameters
    ----------
    genes, samples, modules : int
        p, n and R.
    depth : float
        Counts of a gene in a sample, on average.
    cap : int
        Iterations of a peer at the most.
    sweeps : int
        Sweeps at the most of our run to the end.
    repeats : int
        Times that ours is timed.
    sparse : bool
        Whether V is given in CSR.
    """

    genes: int
    samples: int
    modules: int
    depth: float
    cap: int
    sweeps: int
    repeats: int
    sparse: bool = False

    def counts(self) -> Any:
        """Return V."""
        how = {"depth": self.depth, "moonlighting": self.genes // 20, "seed": 1}
        values = simulate_counts(self.genes, self.samples, self.modules, **how).counts
        return csr_array(values) if self.sparse else values


SIZES = {
    "100x60": Size(100, 60, 5, 50.0, cap=50_000, sweeps=20_000, repeats=51),
    "500x300": Size(500, 300, 8, 50.0, cap=50_000, sweeps=20_000, repeats=21),
    "2000x500": Size(2_000, 500, 10, 50.0, cap=10_000, sweeps=20_000, repeats=11),
    "20000x1000": Size(20_000, 1_000, 20, 50.0, cap=200, sweeps=1_000, repeats=3),
    "sparse": Size(20_000, 1_000, 20, 0.1, cap=1_000, sweeps=2_000, repeats=5, sparse=True),
}


class Contest:
    """One size and one start, and what the solvers make of them.

    Parameters
    ----------
    name : str
        Of the size.
    size : Size
        What is factored.
    values : ndarray or csr_array
        V.
    seed : int
        Of the start.
    threads : int
        Of ours, at the most.
    tell : callable
        Called with each line of the table, by columns.
    """

    def __init__(
        self, name: str, size: Size, values: Any, seed: int, threads: int, tell: Callable[[dict[str, Any]], None]
    ) -> None:
        self._name, self._size, self._values, self._seed = name, size, values, seed
        self._start = peers.random_start(values, size.modules, seed)
        self._how = {"start": self._start, "threads": threads}
        self._best = np.inf
        self._tell_line = tell

    def run(self, *, single: bool) -> None:
        """Run all solvers, and print a line for each thing that each has reached."""
        values, size, rank, start = self._values, self._size, self._size.modules, self._start
        theirs = values.astype(np.float32) if single else values
        scikit_learn = peers.warmed(theirs, rank, size.cap, start=start)
        memory_kept = peers.memory_kept(theirs, rank, size.cap, start=start)
        nimfa = peers.nimfa(values, rank, size.cap, start=start)
        ends = {
            "grnledger": fit(observe(values), rank, tolerance=1e-10, most_sweeps=size.sweeps, **self._how),
            "grnledger float64": fit(
                observe(values, dtype=np.float64), rank, tolerance=1e-12, most_sweeps=size.sweeps, **self._how
            ),
        }
        runs = {"scikit-learn": scikit_learn, KEPT: memory_kept} | ({} if isinstance(nimfa, str) else {"nimfa": nimfa})
        final = {name: self._divergence(run) for name, run in runs.items()}
        final |= {name: self._divergence(end) for name, end in ends.items()}
        self._best = min(final.values())
        near = (1.0 + NEAR) * self._best
        for name, run in runs.items():
            how = "its own end" if run.at_its_end else f"cap of {size.cap}"
            self._tell(name, how, KL=final[name], iterations=run.iterations, seconds=run.seconds)
            if (point := run.reached(near)) is None:
                self._tell(name, NEARLY)
            else:
                self._tell(name, NEARLY, KL=near, iterations=point[0], seconds=point[1])
        if isinstance(nimfa, str):
            print(f"# nimfa does not run: {nimfa}")
        trace = ends["grnledger"].trace
        self._ours("scikit-learn's KL", final["scikit-learn"], trace, scikit_learn.seconds, memory_kept.seconds)
        self._ours(NEARLY, near, trace, *((peer.reached(near) or NEVER)[1] for peer in (scikit_learn, memory_kept)))
        for name, end in ends.items():
            how = "its own end" if end.converged else f"cap of {size.sweeps}"
            self._tell(name, how, KL=final[name], iterations=end.sweeps)

    def _ours(self, goal: str, target: float, trace: NDArray[np.float64], theirs: float, theirs_kept: float) -> None:
        """Time ours to a KL, and print the line; the last are scikit-learn's seconds to the same, NaN for never."""
        observed, rank = observe(self._values), self._size.modules
        if (passing := self._passing(observed, target, trace)) is None:
            self._tell("grnledger", goal)
            return
        sweeps, passed = passing
        exactly: dict[str, Any] = {"most_sweeps": sweeps, "tolerance": 0.0, **self._how}
        whole = times(lambda: fit(observe(self._values), rank, **exactly), self._size.repeats)
        alone = times(lambda: fit(observed, rank, **exactly), self._size.repeats)
        seconds = statistics.median(whole)
        self._tell(
            "grnledger", goal, KL=self._divergence(passed), iterations=sweeps, seconds=seconds, least=min(whole),
            most=max(whole), fit_alone=statistics.median(alone), ratio=theirs / seconds,
            ratio_kept=theirs_kept / seconds,
        )  # fmt: skip

    def _passing(
        self, observed: Observed, target: float, trace: NDArray[np.float64]
    ) -> tuple[int, Factorization] | None:
        """Return after how many sweeps ours has passed a KL, and what it then has; None if it never does."""
        rank, most = self._size.modules, self._size.sweeps
        accepted = int(np.argmax(trace <= target)) + 1 if trace[-1] <= target else len(trace)
        sweeps = accepted
        while sweeps <= most:  # some sweeps were taken back, and the trace is rounded
            factorization = fit(observed, rank, tolerance=0.0, most_sweeps=sweeps, **self._how)
            if self._divergence(factorization) <= target:
                return sweeps, factorization
            if factorization.sweeps > accepted + 2:
                return None
            sweeps += max(accepted - factorization.sweeps, 1)
        return None

    def _divergence(self, factorization: peers.Run | Factorization) -> float:
        return peers.divergence(self._values, factorization.modules, factorization.usage)

    def _tell(self, solver: str, goal: str, **cells: float) -> None:
        """Tell a line; where no KL is given, the goal was never reached."""
        if "KL" in cells:
            cells["above_best"] = cells["KL"] / self._best - 1.0
        self._tell_line({"size": self._name, "start": str(self._seed), "solver": solver, "to": goal, **cells})


def print_line(cells: dict[str, Any]) -> None:
    """Print a line of the table."""
    row = {name: str(value) for name, value in cells.items() if name not in FORMS}
    row |= {
        name: "never" if np.isnan(value) else f"{value:{FORMS[name]}}" for name, value in cells.items() if name in FORMS
    }
    print("\t".join(row.get(name, "never" if name == "KL" else "-") for name in COLUMNS), flush=True)


def times(step: Callable[[], object], repeats: int) -> list[float]:
    """Return the seconds of each of several runs of a step, after one that is not counted."""
    step()
    seconds: list[float] = []
    for _ in range(repeats):
        begun = peers.clock()
        step()
        seconds.append(peers.clock() - begun)
    return seconds


def main() -> None:
    """Run what was asked, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", metavar="SIZE", help=f"any of {', '.join(SIZES)}  [all]")
    parser.add_argument("--threads", type=int, default=setting.cores(), help="of ours, at the most  [all cores]")
    parser.add_argument("--starts", type=int, default=1, help="random starts of each size  [1]")
    parser.add_argument("--cap", type=int, help="iterations of a peer at the most  [50,000, 10,000, 200, 1,000]")
    parser.add_argument("--sweeps", type=int, help="of our run to the end, at the most  [20,000, 1,000, 2,000]")
    parser.add_argument("--repeats", type=int, help="times that ours is timed  [51, 21, 11, 3, 5]")
    parser.add_argument("--single", action="store_true", help="give scikit-learn V in single precision too")
    parser.add_argument("--cpu", action="store_true", help="seconds of the processor: for a machine in use")
    options = parser.parse_args()
    if options.cpu:
        os.environ["GRN_BENCH_CPU"] = "1"  # for the process of `peers.memory_kept` too
    if unknown := set(options.sizes) - set(SIZES):
        parser.error(f"no size {', '.join(sorted(unknown))}; there are {', '.join(SIZES)}")
    print(setting.described(options.threads, "scikit-learn", "nimfa"))
    print(f"# scikit-learn in {'single' if options.single else 'double'} precision, tol {peers.TOLERANCE:g}")
    for name in options.sizes or SIZES:
        asked = {key: getattr(options, key) for key in ("cap", "sweeps", "repeats") if getattr(options, key)}
        size = dataclasses.replace(SIZES[name], **asked)
        values = size.counts()
        filled = np.count_nonzero(values.data) / np.prod(values.shape) if size.sparse else np.mean(values > 0.0)
        print(f"# {name}: R {size.modules}, depth {size.depth:g}, {filled:.1%} not zero, cap {size.cap:,} iterations")
        print("\t".join(COLUMNS), flush=True)
        for seed in range(options.starts):
            Contest(name, size, values, seed, options.threads, print_line).run(single=options.single)


if __name__ == "__main__":
    main()
