"""What a commit costs: its algebra, five more pathways on a thousand, and the CPU of a durable one, all in this run.

    python benchmarks/commit.py [--rounds 15] [--genes 500,20000,1000000] [--commits 192] [--folder DIR]

* Algebra: five pathways of about 100 genes on a factor base of 10 factors. `build_snapshot` multiplies the columns,
  builds the small matrix and factors it: all that a commit needs of the numbers. Its peers stand at 500 genes, as fast
  as they can be made: `numpy.linalg.inv` of the covariance after the commit, and the textbook Woodbury update of the
  p × p precision, of which the fastest of three ways counts. `other genes each time` goes through 64 commits in turn,
  so that nothing of the base is in the caches.
* Five more pathways on 1,000 that are active, of 100 genes each among 20,000: with the products that are known of the
  1,000, without them, and LAPACK's factorization alone, below which nothing can go.
* Durable: `Repository.commit` of one pathway of 100 genes, up to 32 of them on a base of 10 factors, and as much CPU as
  a bare durable file takes: written, flushed, linked to its name, its folder flushed. Waiting for the disk is no CPU.

CPU time (`thread_time`; `process_time` of a durable commit) on one BLAS thread, medians of rounds in which all take
turns. Ratios hold; times are of this machine, and of what else runs on it.
"""

from __future__ import annotations

import argparse
import functools
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import grnledger
import numpy as np
from grnledger.engine import Pathway, woodbury
from grnledger.engine.network.anchor import KnownProducts, anchor_of
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.snapshot import Snapshot, build_snapshot
from scipy.linalg import lapack
from threadpoolctl import threadpool_info, threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

FACTORS, PATHWAYS, MEMBERS, ACTIVE, ACTIVE_GENES = 10, 5, 100, 1_000, 20_000
SMALL = 500
"""Genes of the panel that the peers are measured on."""

BOUND = "LAPACK's dpotrf alone"

SOME = 50
"""Runs of a quick step in one round."""

ON_BRANCH = 32
"""Commits before the branch is rolled back to its base."""

Steps = dict[str, tuple[int, "Callable[[], object]"]]
"""By name, how often a step runs in a round, and the step."""


def medians(steps: Steps, rounds: int) -> dict[str, float]:
    """Return the median CPU seconds of each step over rounds in which all take turns."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for round_ in range(rounds + 1):
        for name, (runs, step) in steps.items():
            taken: list[float] = []
            for _ in range(runs):
                start = time.thread_time()
                step()
                taken.append(time.thread_time() - start)
            if round_:  # the first does not count
                times[name].append(statistics.median(taken))
    return {name: statistics.median(several) for name, several in times.items()}


def factor_model(genes: int, seed: int = 1) -> FactorCovariance:
    """Return a base of a few factors."""
    rng = np.random.default_rng([seed, genes])
    loadings = rng.standard_normal((genes, FACTORS)) / np.sqrt(FACTORS)
    return FactorCovariance(rng.uniform(0.5, 1.5, genes), loadings)


def drawn(count: int, genes: int, seed: int) -> list[Pathway]:
    """Return pathways of members at random."""
    rng = np.random.default_rng([seed, genes])
    return [
        Pathway(
            (f"pathway-{seed}-{number}",),
            np.sort(rng.choice(genes, MEMBERS, replace=False)).astype(np.intp),
            0.1 * rng.standard_normal((MEMBERS, 1)),
        )
        for number in range(count)
    ]


def in_turn(steps: Sequence[Callable[[], object]]) -> Callable[[], object]:
    """Return a step that does the next of several whenever it is called."""
    number = 0

    def step() -> object:
        nonlocal number
        number += 1
        return steps[number % len(steps)]()

    return step


def peers(base: FactorCovariance, pathways: list[Pathway]) -> Steps:
    """Return direct inversion and the textbook update, on dense matrices that are there already."""
    deviations = base.standard_deviations()
    columns = np.zeros((base.size, len(pathways)))
    for number, pathway in enumerate(pathways):
        columns[pathway.genes, number] = pathway.loadings[:, 0] * deviations[pathway.genes]
    before = base.loadings @ base.loadings.T + np.diag(base.noise)
    after, precision, one = before + columns @ columns.T, np.linalg.inv(before), np.eye(len(pathways))

    def textbook() -> NDArray[np.float64]:
        projected = precision @ columns
        return precision - projected @ np.linalg.solve(one + columns.T @ projected, projected.T)

    def in_place() -> NDArray[np.float64]:
        projected = precision @ columns
        change = projected @ np.linalg.solve(one + columns.T @ projected, projected.T)
        return np.subtract(precision, change, out=change)

    truth = np.linalg.inv(after)
    for answer in (textbook(), in_place(), woodbury(precision, columns)):
        np.testing.assert_allclose(answer, truth, rtol=0, atol=1e-10)
    return {
        "numpy.linalg.inv": (3, lambda: np.linalg.inv(after)),
        "Woodbury, textbook": (SOME, textbook),
        "Woodbury, in place": (SOME, in_place),
        "Woodbury, symmetric": (SOME, lambda: woodbury(precision, columns)),
    }


def algebra(sizes: list[int], rounds: int) -> Iterator[str]:
    """Yield the lines of the algebra of a commit."""
    steps: Steps = {}
    for genes in sizes:
        base = factor_model(genes)
        panel, anchor, deviations = Panel(names(genes)), anchor_of(base), base.standard_deviations()
        commits = [
            functools.partial(build_snapshot, panel, anchor, drawn(PATHWAYS, genes, seed), deviations)
            for seed in range(64)
        ]
        steps[f"commit, {genes:,} genes"] = (SOME, commits[0])
        steps[f"commit, {genes:,} genes, other genes each time"] = (SOME, in_turn(commits))
        if genes == SMALL:
            steps |= peers(base, drawn(PATHWAYS, genes, 0))
    times = medians(steps, rounds)
    direct = times.get("numpy.linalg.inv")
    update = min((seconds for name, seconds in times.items() if name.startswith("Woodbury")), default=None)
    yield f"Algebra of a commit: K = {FACTORS}, r = {PATHWAYS}, m = {MEMBERS} genes each"
    yield f"{'':48s}{'µs':>9s}{'inv /':>9s}{'Woodbury /':>12s}{'of the first':>14s}"
    first = times[next(iter(times))]
    for name, seconds in times.items():
        ratios = [f"{peer / seconds:.1f}" if peer else "" for peer in (direct, update)]
        yield f"{name:48s}{1e6 * seconds:9.1f}{ratios[0]:>9s}{ratios[1]:>12s}{seconds / first:14.2f}"


def names(genes: int) -> tuple[str, ...]:
    """Return names of genes."""
    return tuple(f"GENE{number}" for number in range(genes))


def five_more(rounds: int) -> Iterator[str]:
    """Yield the lines of five more pathways on a thousand."""
    base = factor_model(ACTIVE_GENES)
    panel, anchor, deviations = Panel(names(ACTIVE_GENES)), anchor_of(base), base.standard_deviations()
    active = drawn(ACTIVE, ACTIVE_GENES, 1)
    order, indices = list(active), list(range(ACTIVE))
    places = np.sort(np.random.default_rng(2).choice(ACTIVE + PATHWAYS, PATHWAYS, replace=False)).tolist()
    for place, pathway in zip(places, drawn(PATHWAYS, ACTIVE_GENES, 3), strict=True):
        order.insert(place, pathway)
        indices.insert(place, -1)
    products = build_snapshot(panel, anchor, active, deviations).capacitance.products
    if products is None:
        raise SystemExit("The products of 1,000 pathways were not kept.")
    known = KnownProducts(products, np.array(indices))

    def build(with_known: KnownProducts | None) -> Snapshot:
        return build_snapshot(panel, anchor, order, deviations, known=with_known)

    same = build(known).capacitance.triangle.tobytes() == build(None).capacitance.triangle.tobytes()
    size = FACTORS + len(order)
    square = np.random.default_rng(4).standard_normal((size, size))
    matrix = np.asfortranarray(square @ square.T + size * np.eye(size))
    steps: Steps = {
        "five more, the others known": (2, lambda: build(known)),
        "five more, nothing known": (1, lambda: build(None)),
        BOUND: (2, lambda: lapack.dpotrf(matrix, lower=1)),
    }
    times = medians(steps, rounds)
    yield f"{PATHWAYS} more pathways on {ACTIVE:,} active: p = {ACTIVE_GENES:,}, K = {FACTORS}, r = {len(order):,}"
    for name, seconds in times.items():
        yield f"{name:48s}{1e3 * seconds:9.2f} ms{seconds / times[BOUND]:8.2f} × dpotrf"
    yield f"the same bits: {'yes' if same else 'NO'}"


def durable(genes: int, commits: int, folder: Path) -> Iterator[str]:
    """Yield the line of durable commits to one store."""
    repo = grnledger.init(folder / f"{genes}.grn", factor_model=factor_model(genes), genes=names(genes), author="ada")
    pathways = drawn(commits + ON_BRANCH, genes, 5)
    beside = folder / f"bare-{genes}"
    beside.mkdir()
    taken: list[float] = []
    bare: list[float] = []
    for number, pathway in enumerate(pathways):
        if number % ON_BRANCH == 0:
            repo.rollback("v0")
        start = time.process_time()
        repo.commit(pathway)
        end = time.process_time()
        content = (repo.path / "log" / f"{repo.moves[-1].number:010d}.h5").read_bytes()
        if number >= ON_BRANCH:  # the first do not count
            taken.append(end - start)
            bare.append(bare_file(beside / str(number), content))
    ours, least = statistics.median(taken), statistics.median(bare)
    deciles = [1e3 * seconds for seconds in statistics.quantiles(taken, n=10)]
    title = f"durable commit, {genes:,} genes"
    yield (
        f"{title:48s}{1e3 * ours:9.2f} ms (deciles {deciles[0]:.2f}, {deciles[-1]:.2f}), {ours / least:.1f} × the "
        f"{1e3 * least:.2f} ms of a bare file"
    )


def bare_file(path: Path, content: bytes) -> float:
    """Return the CPU seconds that a durable file takes."""
    temporary = path.with_suffix(".tmp")
    start = time.process_time()
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    os.write(descriptor, content)
    os.fsync(descriptor)
    os.close(descriptor)
    os.link(temporary, path)
    temporary.unlink()
    descriptor = os.open(path.parent, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    return time.process_time() - start


def setting() -> str:
    """Return the machine and its BLAS."""
    libraries: list[Mapping[str, object]] = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    blas = "; ".join(f"{pool['internal_api']} {pool['version']} ({pool.get('architecture')})" for pool in libraries)
    return f"{platform.machine()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}; {blas}; 1 thread"


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="[15]")
    parser.add_argument("--genes", default="500,20000,1000000", metavar="P,...", help="[500,20000,1000000]")
    parser.add_argument("--commits", type=int, default=192, help="durable commits a store; 0 for none  [192]")
    parser.add_argument("--folder", help="where the stores stand while it runs; a real disk by right")
    options = parser.parse_args()
    sizes = [int(size) for size in options.genes.split(",")]

    def parts() -> Iterator[str]:
        yield setting()
        yield from ("", *algebra(sizes, options.rounds))
        yield from ("", *five_more(options.rounds))
        yield ""
        with tempfile.TemporaryDirectory(dir=options.folder) as name:
            for genes in sizes if options.commits else ():
                yield from durable(genes, options.commits, Path(name))

    for line in parts():
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
