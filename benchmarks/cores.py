"""What two cores give the scan of all pairs, beside what the machine gives two processes that share nothing.

    python -m benchmarks.cores [--genes 20000] [--factors 50] [--rounds 5]

Edges of a simulated factor model, as many as genes: on one thread, on two, and on one thread in two processes at the
same time. Two hardware threads of one core, or a clock that falls when both work, give less than 2 to anything; `two
processes` is that bound. Wall times, medians of rounds in which all three take turns; the machine must be idle.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import time
from typing import TYPE_CHECKING

from grnledger.engine import simulate_factor_model
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.pairs.edge_rule import EdgeRule
from grnledger.engine.network.pairs.partial_correlations import PartialCorrelations, partial_correlations
from grnledger.engine.network.pairs.strongest_pairs import strongest_pairs
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.snapshot import build_snapshot
from grnledger.engine.threads import keep_one_blas_thread, limit_cores

from .setting import cores, described

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


def prepared(genes: int, factors: int) -> PartialCorrelations:
    """Return ρ of a simulated model, ready to be scanned."""
    base = simulate_factor_model(genes, factors, seed=1)
    panel = Panel(tuple(f"G{index}" for index in range(genes)))
    version = build_snapshot(panel, anchor_of(base), [], base.standard_deviations())
    return partial_correlations(version.precision)


def scan(rho: PartialCorrelations, genes: int, threads: int) -> float:
    """Return the wall seconds of a scan on so many threads."""
    with limit_cores(threads):
        begin = time.perf_counter()
        strongest_pairs(rho, genes, EdgeRule.of(None, genes, genes))
        return time.perf_counter() - begin


def serve(channel: Connection, genes: int, factors: int) -> None:
    """Scan on one thread as often as asked, and send the seconds of each."""
    keep_one_blas_thread()
    rho = prepared(genes, factors)
    channel.send(scan(rho, genes, 1))  # warm
    while channel.recv():
        channel.send(scan(rho, genes, 1))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--genes", type=int, default=20_000, help="[20000]")
    parser.add_argument("--factors", type=int, default=50, help="[50]")
    parser.add_argument("--rounds", type=int, default=5, help="[5]")
    options = parser.parse_args()
    if cores() < 2:
        raise SystemExit("This needs two cores.")
    keep_one_blas_thread()
    context = multiprocessing.get_context("spawn")
    channels: list[Connection] = []
    for _ in range(2):
        ours, theirs = context.Pipe()
        context.Process(target=serve, args=(theirs, options.genes, options.factors), daemon=True).start()
        channels.append(ours)
    rho = prepared(options.genes, options.factors)
    for channel in channels:
        channel.recv()
    scan(rho, options.genes, 2)
    print(described(2))
    times: dict[str, list[float]] = {"one thread": [], "two threads": [], "two processes": []}
    for _ in range(options.rounds):
        times["one thread"].append(scan(rho, options.genes, 1))
        times["two threads"].append(scan(rho, options.genes, 2))
        for channel in channels:
            channel.send(True)
        times["two processes"].append(max(channel.recv() for channel in channels))
    for channel in channels:
        channel.send(False)
    one, two, both = (statistics.median(seconds) for seconds in times.values())
    print(f"{'':<40}{'s':>8}{'gain':>8}")
    print(f"{'one scan on one thread':<40}{one:>8.2f}{1:>8.2f}")
    print(f"{'one scan on two threads':<40}{two:>8.2f}{one / two:>8.2f}")
    print(f"{'two scans, each a process of its own':<40}{both:>8.2f}{2 * one / both:>8.2f}")


if __name__ == "__main__":
    main()
