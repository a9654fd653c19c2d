"""The algebra of a commit against direct inversion, both in this one run: ratios hold, absolute times do not.

    python benchmarks/woodbury.py [--output times.tsv] [--sizes 50,100,200,500,1000,2000]

Each row: p genes, five pathways of up to 100 genes on a factor base of 10 factors. `commit` builds and factors the
small matrix, which is what a commit must do; `first question` adds W, which the first all-pairs question does; both
are against `numpy.linalg.inv` of the p × p covariance formed beforehand, and against the textbook Woodbury identity
on the p × p precision. One BLAS thread for all. Medians. `grn plot woodbury times.tsv -o times.png` draws them.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from grnledger.engine import Pathway, simulate_factor_model, woodbury
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.capacitance import factor
from grnledger.engine.network.columns import columns_of
from threadpoolctl import threadpool_info, threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SIZES = (50, 100, 200, 500, 1000, 2000)
PATHWAYS, GENES, FACTORS = 5, 100, 10


def median_seconds(step: Callable[[], object], runs: int) -> float:
    """Return the median time of a step, after one run that is not counted."""
    step()
    times: list[float] = []
    for _ in range(runs):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def table(sizes: Sequence[int]) -> Iterator[str]:
    """Measure, and yield the lines of a table."""
    library = next(pool for pool in threadpool_info() if pool["user_api"] == "blas")
    name = f"{library['internal_api']} {library['version']} ({library.get('architecture')})"
    yield f"# {platform.machine()}, {name}, 1 thread"
    yield "p\tr\tcommit_us\tfirst_question_us\twoodbury_us\tinv_us\tinv/commit\tinv/first_question\tinv/woodbury"
    generator = np.random.default_rng(42)
    for size in sizes:
        base = simulate_factor_model(size, FACTORS, seed=42)
        deviations = base.standard_deviations()
        touched = min(GENES, size // 2)
        pathways = [
            Pathway(
                (f"pathway{number}",),
                np.sort(generator.choice(size, touched, replace=False)).astype(np.intp),
                generator.normal(scale=0.1, size=(touched, 1)),
            )
            for number in range(PATHWAYS)
        ]
        anchor = anchor_of(base)
        loadings = columns_of(pathways, deviations).rows()
        before = base.loadings @ base.loadings.T + np.diag(base.noise)
        after, precision = before + loadings @ loadings.T, np.linalg.inv(before)
        runs = max(5, 20_000 // size)
        commit = median_seconds(lambda a=anchor, u=pathways, d=deviations: factor(a, u, d), runs)
        first = median_seconds(lambda a=anchor, u=pathways, d=deviations: factor(a, u, d).precision_factor(), runs)
        textbook = median_seconds(lambda t=precision, x=loadings: woodbury(t, x), runs)
        direct = median_seconds(lambda s=after: np.linalg.inv(s), max(3, runs // 10))
        ratios = "\t".join(f"{direct / seconds:.1f}" for seconds in (commit, first, textbook))
        micros = "\t".join(f"{1e6 * seconds:.0f}" for seconds in (commit, first, textbook, direct))
        yield f"{size}\t{PATHWAYS}\t{micros}\t{ratios}"


def main() -> None:
    """Print the table, and write it to a file where one is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, metavar="FILE.tsv", help="write the table to a file too")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), metavar="P,...", help="numbers of genes")
    arguments = parser.parse_args()
    lines: list[str] = []
    for line in table([int(size) for size in arguments.sizes.split(",")]):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        lines.append(f"{line}\n")
    if arguments.output is not None:
        arguments.output.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
