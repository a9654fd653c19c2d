"""A dense base on disk: made, committed to and read, against LAPACK and NumPy in this one run; ratios hold, times not.

    python benchmarks/dense.py [--genes 2000,6000] [--folder DIR]

For each number of genes a covariance (50 factors and noise) is written to an .npy file by rows, and:

* `grn init`: the whole process, its CPU seconds and the most memory it took, in arrays of 8p² bytes;
* `inversion`: Cholesky factor and inverse by tiles in place, against LAPACK's `dpotrf` and `dpotri` as SciPy has them
  (in place too, on a copy in Fortran order), and for 6,000 genes or fewer against `numpy.linalg.inv`;
* `commit`: the algebra of five pathways of 100 genes, their rows kept in memory; `with W` adds A⁻¹U L⁻ᵀ of all genes,
  which the first question makes. `other pathways` have genes of which the rows were kept for others;
* `rows`: to read and check 500 rows from the file, against h5py's indices and against a mapped file, both unchecked.

One BLAS thread and one core, CPU seconds, medians; 20,000 genes take 9.6 GB of disk, 6.5 GB of memory
for LAPACK's copy, and a quarter of an hour.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import grnledger
import h5py
import numpy as np
from grnledger.engine import Pathway
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.capacitance import factor
from grnledger.engine.network.inversion import invert_in_place
from numpy.lib import format as npy
from scipy.linalg import lapack
from threadpoolctl import threadpool_info, threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

GENES = (2_000, 6_000)
FACTORS, PATHWAYS, MEMBERS = 50, 5, 100
LARGEST_FOR_NUMPY = 6_000
"""Most genes of which NumPy's inverse is made too: it takes 2.7 times as long."""
RUNS = 25


def write_covariance(path: Path, genes: int) -> None:
    """Write a covariance by tiles, symmetric to the last bit, and its names beside it."""
    generator, side = np.random.default_rng(7), 500
    loadings = generator.standard_normal((genes, FACTORS)) / np.sqrt(FACTORS)
    noise = generator.uniform(0.5, 1.5, genes)
    with path.open("wb") as stream:
        npy.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": (genes, genes)})
        for start in range(0, genes, side):
            rows = np.empty((min(side, genes - start), genes))
            for left in range(0, genes, side):
                first, second = sorted((start, left))
                tile = loadings[first : first + side] @ loadings[second : second + side].T
                tile = (tile + tile.T) / 2 if start == left else tile
                rows[:, left : left + side] = tile if start <= left else tile.T
            rows[np.arange(len(rows)), start + np.arange(len(rows))] += noise[start : start + len(rows)]
            rows.tofile(stream)
    path.with_suffix(".txt").write_text("".join(f"G{number}\n" for number in range(genes)), encoding="utf-8")


def cpu_seconds(step: Callable[[], object], runs: int = 1) -> float:
    """Return the median CPU time of a step."""
    times: list[float] = []
    for _ in range(runs):
        start = time.process_time()
        step()
        times.append(time.process_time() - start)
    return statistics.median(times)


def inversion_seconds(file: Path, invert: Callable[[NDArray[np.float64]], object], runs: int) -> float:
    """Return the median CPU time of inverting a matrix that is read anew each time, since it may be overwritten."""
    times: list[float] = []
    for _ in range(runs):
        matrix = np.load(file)
        times.append(cpu_seconds(lambda matrix=matrix: invert(matrix)))
    return statistics.median(times)


def by_lapack(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the inverse as SciPy's LAPACK makes it, its lower triangle."""
    lower, _ = lapack.dpotrf(np.array(matrix, order="F"), lower=1, clean=0, overwrite_a=1)
    return lapack.dpotri(lower, lower=1, overwrite_c=1)[0]


def inversion(file: Path, genes: int) -> Iterator[str]:
    """Measure the inversion, and yield lines of the table."""
    runs = 3 if genes <= LARGEST_FOR_NUMPY else 1
    ours = inversion_seconds(file, invert_in_place, runs)
    peers = [("LAPACK", inversion_seconds(file, by_lapack, runs))]
    if genes <= LARGEST_FOR_NUMPY:
        peers.append(("numpy.linalg.inv", inversion_seconds(file, np.linalg.inv, runs)))
    for name, seconds in peers:
        yield f"{genes}\tinversion\t{ours:.2f} s\t{name}\t{seconds:.2f} s\t{seconds / ours:.2f}"


def whole_process(file: Path, store: Path, genes: int) -> Iterator[str]:
    """Measure `grn init`, and yield a line of the table."""
    names = str(file.with_suffix(".txt"))
    words = ["-m", "grnledger.cli", "init", str(store), "--covariance", str(file), "--genes", names]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    yield f"{genes}\tgrn init\t{seconds:.1f} s\tone array\t{8e-9 * genes**2:.3f} GB\t{after.ru_maxrss * 1024e-9:.3f} GB"


def pathways_on(genes: NDArray[np.intp], seed: int) -> list[Pathway]:
    """Return pathways with members among some genes."""
    generator = np.random.default_rng(seed)
    return [
        Pathway(
            (f"pathway{seed}-{number}",),
            np.sort(generator.choice(genes, MEMBERS, replace=False)),
            generator.normal(scale=0.1, size=(MEMBERS, 1)),
        )
        for number in range(PATHWAYS)
    ]


def commits(store: Path, genes: int) -> Iterator[str]:
    """Measure the algebra of commits on a base on disk, and yield lines of the table."""
    base = grnledger.open(store).base("v0")
    anchor, panel = anchor_of(base.covariance), np.arange(genes, dtype=np.intp)
    inverse = cpu_seconds(lambda: np.linalg.inv(np.eye(500) + 0.5), 5)
    own = pathways_on(panel, 1)
    kept = np.unique(np.concatenate([pathway.genes for pathway in own]))
    others = [pathways_on(kept, seed) for seed in range(2, 12)]
    first = cpu_seconds(lambda: factor(anchor, own, base.deviations))
    yield f"{genes}\tcommit, rows read\t{1e3 * first:.2f} ms\t\t\t"
    for name, pathways in (("commit", [own]), ("commit, other pathways", others)):
        without = statistics.median(cpu_seconds(lambda p=p: factor(anchor, p, base.deviations), RUNS) for p in pathways)
        whole = statistics.median(
            cpu_seconds(lambda p=p: factor(anchor, p, base.deviations).precision_factor(), RUNS) for p in pathways
        )
        peer = f"inverse of 500 genes\t{1e3 * inverse:.2f} ms"
        yield f"{genes}\t{name}\t{1e3 * without:.3f} ms\t{peer}\t{inverse / without:.0f}"
        yield f"{genes}\t{name}, with W\t{1e3 * whole:.2f} ms\t{peer}\t{inverse / whole:.1f}"


def rows(store: Path, genes: int) -> Iterator[str]:
    """Measure the reading of rows, and yield lines of the table."""
    base = grnledger.open(store).base("v0")
    indices = np.unique(np.random.default_rng(3).integers(0, genes, 500)).astype(np.intp)
    (file,) = (store / "base").iterdir()
    ours = cpu_seconds(lambda: base.covariance.precision.rows(indices), RUNS)
    with h5py.File(file) as opened:
        dataset = opened["precision"]
        by_h5py = cpu_seconds(lambda: dataset[indices], 5)
        offset = dataset.id.get_offset()
    mapped = cpu_seconds(lambda: np.memmap(file, "<f8", "r", offset, (genes, genes))[indices], RUNS)
    for name, seconds in (("h5py indices", by_h5py), ("mapped anew", mapped)):
        yield f"{genes}\trows, checked\t{1e3 * ours:.1f} ms\t{name}\t{1e3 * seconds:.1f} ms\t{seconds / ours:.2f}"


def table(sizes: Sequence[int], folder: Path) -> Iterator[str]:
    """Measure, and yield the lines of a table."""
    library = next(pool for pool in threadpool_info() if pool["user_api"] == "blas")
    name = f"{library['internal_api']} {library['version']} ({library.get('architecture')})"
    yield f"# {platform.machine()}, {name}, 1 thread; {PATHWAYS} pathways of {MEMBERS} genes, r = {PATHWAYS}"
    yield "p\twhat\there\tagainst\tthere\tratio"
    for genes in sizes:
        file, store = folder / f"covariance-{genes}.npy", folder / f"dense-{genes}.grn"
        write_covariance(file, genes)
        yield from whole_process(file, store, genes)  # first: a process begins with the peak of the one that starts it
        yield from inversion(file, genes)
        file.unlink()
        yield from commits(store, genes)
        yield from rows(store, genes)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--genes", default=",".join(map(str, GENES)), metavar="P,...", help="numbers of genes")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="where files are made, and removed at the end")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        for line in table([int(size) for size in arguments.genes.split(",")], Path(folder)):
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    with threadpool_limits(1):
        main()
