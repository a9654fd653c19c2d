"""The algebra of a commit against direct inversion, both in this one run: ratios hold, absolute times do not.

    python benchmarks/woodbury.py

Each row: p genes, five pathways of up to 100 genes on a factor base of 10 factors. `commit` builds and factors the
small matrix, which is what a commit must do; `first question` adds W, which the first all-pairs question does; both
are against `numpy.linalg.inv` of the p × p covariance formed beforehand, and against the textbook Woodbury identity
on the p × p precision. One BLAS thread for all. Medians.
"""

from __future__ import annotations

import platform
import statistics
import time
from typing import TYPE_CHECKING

import numpy as np
from grnledger.engine import Pathway, simulate_factor_model, woodbury
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.capacitance import factor
from grnledger.engine.network.columns import columns_of
from threadpoolctl import threadpool_info, threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Callable

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


def main() -> None:
    """Measure, and print a table."""
    library = next(pool for pool in threadpool_info() if pool["user_api"] == "blas")
    name = f"{library['internal_api']} {library['version']} ({library.get('architecture')})"
    print(f"# {platform.machine()}, {name}, 1 thread")
    print("p\tr\tcommit_us\tfirst_question_us\twoodbury_us\tinv_us\tinv/commit\tinv/first_question\tinv/woodbury")
    generator = np.random.default_rng(42)
    for size in SIZES:
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
        print(f"{size}\t{PATHWAYS}\t{micros}\t{ratios}")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
