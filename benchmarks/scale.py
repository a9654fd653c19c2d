"""The constants of docs/scale.md on this machine: what one core does in a second.

    OPENBLAS_NUM_THREADS=1 python benchmarks/scale.py

CPU seconds of one thread, so that a busy machine says nearly the same; the least of three.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from grnledger.engine.inference.false_discovery import _count_scan, _Null
from grnledger.engine.lmm import ExactScanner, fit_many, make_model, make_scanner
from grnledger.engine.lmm.kernels.spectral import of_factor
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.pairs.edge_rule import EdgeRule
from grnledger.engine.network.pairs.partial_correlations import partial_correlations
from grnledger.engine.network.pairs.strongest_pairs import strongest_pairs
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.snapshot import build_snapshot
from grnledger.engine.nmf import fit, fit_symmetric, observe, observe_symmetric, positive_correlations, simulate_counts
from grnledger.engine.threads import blas_libraries, limit_cores, one_blas_thread
from scipy.sparse import random_array

if TYPE_CHECKING:
    from collections.abc import Callable

REPEATS = 3


def cpu(step: Callable[[], Any]) -> float:
    """Return the CPU seconds of a step on one thread, the least of some."""
    seconds: list[float] = []
    for _ in range(REPEATS):
        begin = time.process_time()
        step()
        seconds.append(time.process_time() - begin)
    return min(seconds)


def say(name: str, rate: str) -> None:
    """Print one constant."""
    print(f"{name}\t{rate}", flush=True)


def products() -> None:
    """Print rates of matrix products, which bound everything else."""
    stream = np.random.default_rng(0)
    for dtype in (np.float64, np.float32):
        a = stream.normal(size=(2_000, 2_000)).astype(dtype)
        say(f"gemm {np.dtype(dtype)}", f"{2 * 2_000**3 / cpu(lambda a=a: a @ a) / 1e9:.1f} GFlop/s")


def pairs() -> None:
    """Print rates of the null, which computes every pair, and of the strongest edges, which leave out most."""
    for genes, samples in ((6_000, 100), (6_000, 400)):
        null = _Null(Panel(tuple(f"G{number}" for number in range(genes))), samples, 0.5, None, 0.0)
        state = next(null.states(0, 1))
        seconds = cpu(lambda null=null, state=state: _count_scan(null, state))
        rate = genes**2 / 2 / seconds
        say(f"null, {samples} samples", f"{rate / 1e6:.1f} M pairs/s, {rate * 2 * samples / 1e9:.1f} GFlop/s")
    stream, genes = np.random.default_rng(1), 50_000
    base = FactorCovariance(stream.uniform(0.5, 1.5, genes), stream.normal(size=(genes, 50)) * 0.1)
    panel = Panel(tuple(f"G{number}" for number in range(genes)))
    rho = partial_correlations(build_snapshot(panel, anchor_of(base), (), base.standard_deviations()).precision)
    seconds = cpu(lambda: strongest_pairs(rho, genes, EdgeRule("top", genes)))
    say("edges, top p of 50,000 genes, K = 50", f"{seconds:.2f} s, {genes**2 / 2 / seconds / 1e9:.2f} G pairs/s")


def modules() -> None:
    """Print rates of sweeps of KL-NMF, dense and sparse."""
    counts = simulate_counts(2_000, 500, 8, depth=5_000, seed=1).counts
    sparse = random_array((5_000, 4_000), density=0.05, rng=np.random.default_rng(2)).tocsr()
    sparse.data = np.ceil(5 * sparse.data)
    limits: dict[str, Any] = {"tolerance": 0.0, "most_sweeps": 40, "threads": 1}
    for name, observed, entries in (("dense", observe(counts), counts.size), ("sparse", observe(sparse), sparse.nnz)):
        fit(observed, 2, tolerance=0.0, most_sweeps=2, threads=1)
        seconds = cpu(lambda observed=observed: fit(observed, 10, **limits))
        say(f"NMF, {name}", f"{2 * entries * 10 * 40 / seconds / 1e9:.2f} G products/s")


def tests() -> None:
    """Print rates of association tests over 1,500 rows, at the null model's variances and at each test's own."""
    stream, rows = np.random.default_rng(3), 1_500
    model = make_model(of_factor(stream.normal(size=(rows, 1_400))), stream.normal(size=rows))
    null, block = fit_many(model)[0], stream.integers(0, 3, (4_096, rows)).astype(np.float64)
    for name, scanner in (("p3d", make_scanner(model, null)), ("exact", ExactScanner(model, null))):
        rate = len(block) / cpu(lambda scanner=scanner: scanner.scan(block))
        say(f"tests, {name}, {rows:,} rows", f"{rate:,.0f} tests/s")


def drawings() -> None:
    """Print what a drawing of samples takes: estimate, similarities, and a fit from modules that are known."""
    from grnledger.engine.estimation.shrinkage import shrinkage

    genes, samples = 4_000, 200
    stream = np.random.default_rng(4)
    values = stream.normal(size=(genes, 8)) @ stream.normal(size=(8, samples)) + stream.normal(size=(genes, samples))
    panel = Panel(tuple(f"G{number}" for number in range(genes)))

    def similarities() -> Any:
        base = shrinkage(values, intensity=(0.3, 0.5)).base
        snapshot = build_snapshot(panel, anchor_of(base), (), base.standard_deviations())
        return positive_correlations(snapshot)

    observed = observe_symmetric(similarities())
    say(f"drawing, {genes:,} genes × {samples} samples", f"{cpu(similarities):.1f} s for similarities")
    seconds = cpu(lambda: fit_symmetric(observed, 8, tolerance=0.0, most_sweeps=100))
    say("modules of its nearest neighbours, 100 sweeps", f"{seconds:.1f} s")


def main() -> None:
    """Print all constants."""
    print(f"# {'; '.join(blas_libraries())}; load {os.getloadavg()[0]:.1f}")
    with one_blas_thread(), limit_cores(1):
        for part in (products, pairs, modules, tests, drawings):
            part()


if __name__ == "__main__":
    main()
