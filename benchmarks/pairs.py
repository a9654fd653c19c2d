"""All-pairs questions against a scan of all pairs, in this one run: ratios hold, absolute times do not.

    python -m benchmarks.pairs [--data DIR] [--rounds 5] [--whole-process]

Each question is asked of simulated factor models of 20,000 genes and 50 factors, in which each factor moves all genes
(norms of genes are nearly even: few tiles are left out) or a tenth of them; and of a shrinkage base of real data where
DIR has `leukemia.tsv` (7,979 genes detected in a fifth of 48 samples). On one thread:

* `brute force`: NumPy alone, tiles of 512 × 1,024 in float64, none left out, with a running cut;
* `bands`: how this project answered before it had tiles: 2 MB of whole rows at a time, in float64.

Edges are as many as there are genes; changes are the 1,000 largest after five pathways of 100 genes were added, with
and without what is prepared for both (`prepared`: ρ of both versions is known; then all three start with it). Answers
are compared with those of the brute force, to the pair. `--whole-process` asks `grn edges` of a store of 100,000
genes. CPU seconds are medians of rounds in which all ways take turns.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import grnledger
import numpy as np
from grnledger.analysis.ranking import ranking_of
from grnledger.engine import FactorCovariance, Pathway, simulate_factor_model
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.comparison.changes import ChangeList
from grnledger.engine.network.comparison.joint_scan import compare_jointly
from grnledger.engine.network.comparison.low_rank_change import low_rank_change
from grnledger.engine.network.comparison.tiled_scan import largest_changes
from grnledger.engine.network.pairs import blocks
from grnledger.engine.network.pairs.edge_rule import EdgeRule
from grnledger.engine.network.pairs.partial_correlations import PartialCorrelations, partial_correlations
from grnledger.engine.network.pairs.strongest_pairs import strongest_by_blocks, strongest_pairs
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.snapshot import Snapshot, build_snapshot
from threadpoolctl import threadpool_info, threadpool_limits

from .turns import medians

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Pairs = NDArray[np.intp]

GENES, FACTORS, CHANGES = 20_000, 50, 1_000
HEIGHT, WIDTH = 512, 1_024


@dataclass(frozen=True)
class Bands:
    """ρ read by whole rows, as it was read before."""

    rho: PartialCorrelations
    whole_rows: bool = True

    def block(self, block: blocks.Block) -> NDArray[np.float64]:
        """Return ρ of a block."""
        return self.rho.block(block)

    def row(self, index: int) -> NDArray[np.float64]:
        """Return ρ of a gene with all."""
        return self.rho.row(index)

    def pairs(self, pairs: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return ρ of pairs."""
        return self.rho.pairs(pairs)


def brute_force(tile: Callable[[slice, slice], NDArray[np.float64]], size: int, count: int) -> Pairs:
    """Return the pairs of the largest magnitudes, by all tiles."""
    cut, values, lefts, rights = 0.0, np.empty(0), np.empty(0, np.intp), np.empty(0, np.intp)
    for top in range(0, size, HEIGHT):
        for first in range(top, size, WIDTH):
            magnitude = np.abs(tile(slice(top, top + HEIGHT), slice(first, first + WIDTH)))
            overlap = min(top + HEIGHT, size) - first
            if overlap > 0:
                magnitude[:, :overlap] = np.triu(magnitude[:, :overlap], 1 + top - first)
            if magnitude.max() <= cut:
                continue
            rows, columns = np.nonzero(magnitude > cut)
            values = np.concatenate([values, magnitude[rows, columns]])
            lefts, rights = np.concatenate([lefts, rows + top]), np.concatenate([rights, columns + first])
            if len(values) > 2 * count:
                largest = np.argpartition(-values, count)[:count]
                values, lefts, rights = values[largest], lefts[largest], rights[largest]
                cut = values.min()
    largest = np.argsort(-values)[:count]
    return np.stack([lefts[largest], rights[largest]], axis=1)


def edges_by_brute_force(rho: PartialCorrelations, count: int) -> Pairs:
    """Return the strongest pairs, by all tiles."""
    left, right = rho.factor * rho.signature, np.ascontiguousarray(rho.factor.T)
    return brute_force(lambda rows, columns: left[rows] @ right[:, columns], len(left), count)


def changes_by_brute_force(before: PartialCorrelations, after: PartialCorrelations) -> Pairs:
    """Return the largest changes, by all tiles."""
    sides = [(rho.factor * rho.signature, np.ascontiguousarray(rho.factor.T)) for rho in (before, after)]

    def tile(rows: slice, columns: slice) -> NDArray[np.float64]:
        first, second = (left[rows] @ right[:, columns] for left, right in sides)
        return first - second

    return brute_force(tile, len(before.factor), CHANGES)


def changes_by_tiles(before: PartialCorrelations, after: PartialCorrelations) -> Pairs:
    """Return the largest changes, as `grn diff` does."""
    change = low_rank_change(before, after)
    listed = None if change is None else largest_changes((before, after), change, ChangeList(CHANGES))
    if listed is None:
        raise SystemExit("The versions cannot be compared by tiles.")
    return listed.pairs


def changes_by_bands(before: PartialCorrelations, after: PartialCorrelations) -> Pairs:
    """Return the largest changes, as `grn diff` did."""
    sides = Bands(before), Bands(after)
    comparison = compare_jointly(sides, len(before.factor), 1.0, (ChangeList(CHANGES),))
    return comparison.lists[0].pairs


def questions(
    before: Snapshot, after: Snapshot, penalised: Snapshot | None = None
) -> Iterator[tuple[str, dict[str, Callable[[], Pairs]]]]:
    """Yield each question to two versions of one base, with the ways to answer it, the brute force first."""
    rho = tuple(partial_correlations(side.precision, side.capacitance) for side in (before, after))
    size = len(before.panel)
    rule = EdgeRule("top", size)
    asked = {"edges": rho[0]}
    if penalised is not None:
        asked["edges by score"] = partial_correlations(penalised.precision)
    for question, measure in asked.items():
        yield (
            f"{question}, strongest {size:,}",
            {
                "brute force": lambda measure=measure: edges_by_brute_force(measure, size),
                "bands": lambda measure=measure: strongest_by_blocks(Bands(measure), size, rule)[0].pairs,
                "tiles": lambda measure=measure: strongest_pairs(measure, size, rule)[0].pairs,
            },
        )
    ways = {"brute force": changes_by_brute_force, "bands": changes_by_bands, "tiles": changes_by_tiles}
    yield f"changes, largest {CHANGES:,}, prepared", {name: lambda ask=ask: ask(*rho) for name, ask in ways.items()}
    yield (
        f"changes, largest {CHANGES:,}, from the versions",
        {
            name: lambda ask=ask: ask(
                *(partial_correlations(side.precision, side.capacitance) for side in (before, after))
            )
            for name, ask in ways.items()
        },
    )


def differing(answers: dict[str, Pairs]) -> dict[str, int]:
    """Return in how many pairs each answer differs from that of the brute force."""
    sets = {name: set(map(tuple, answer.tolist())) for name, answer in answers.items()}
    return {name: len(sets["brute force"] ^ pairs) for name, pairs in sets.items()}


def report(title: str, before: Snapshot, after: Snapshot, rounds: int, penalised: Snapshot | None = None) -> None:
    """Print all questions of two versions of one base: times, × the brute force's speed, and pairs that differ."""
    ranks = (before.rank, after.rank)
    print(f"{title}: {len(before.panel):,} genes, r = {ranks[0]} and {ranks[1]}")
    for question, ways in questions(before, after, penalised):
        times, answers = medians(ways, rounds)
        print(f" {question}")
        for name, count in differing(answers).items():
            ratio = times["brute force"] / times[name]
            print(f"  {name:12} {1e3 * times[name]:10.1f} ms {ratio:9.2f} × {count:6}", flush=True)


def five_pathways(genes: int, generator: np.random.Generator) -> list[Pathway]:
    """Return pathways of 100 genes each."""
    return [
        Pathway(
            (f"pathway{number}",),
            np.sort(generator.choice(genes, 100, replace=False)).astype(np.intp),
            0.5 * generator.standard_normal((100, 1)),
        )
        for number in range(5)
    ]


def simulated_versions(base: FactorCovariance) -> tuple[Snapshot, Snapshot]:
    """Return the version of a simulated base alone, and the one with five pathways more."""
    panel, anchor = Panel(tuple(f"G{number}" for number in range(GENES))), anchor_of(base)
    pathways = five_pathways(GENES, np.random.default_rng(42))
    before, after = (build_snapshot(panel, anchor, added, base.standard_deviations()) for added in ((), pathways))
    return before, after


def simulated_bases() -> dict[str, FactorCovariance]:
    """Return the simulated bases by what they are."""
    return {
        "simulated, all loadings alike": simulate_factor_model(GENES, FACTORS, seed=42),
        "simulated, sparse loadings": sparse_model(GENES),
    }


def sparse_model(genes: int) -> FactorCovariance:
    """Return a factor model in which a factor moves a tenth of the genes, some of them more than others."""
    generator = np.random.default_rng(42)
    loadings = generator.standard_normal((genes, FACTORS)) * (generator.random((genes, FACTORS)) < 0.1)
    return FactorCovariance(generator.uniform(0.3, 1.2, genes), loadings)


def real_versions(data: Path) -> tuple[Snapshot, Snapshot, Snapshot]:
    """Return two versions of a shrinkage base of real data, and the first one as the score sees it."""
    with tempfile.TemporaryDirectory() as folder:
        repo = grnledger.init(
            Path(folder) / "leukemia.grn",
            expression=data / "leukemia.tsv",
            floor=20,
            transform="log2",
            duplicates="max-variance",
            min_detected=0.2,
        )
        repo.commit(five_pathways(len(repo.panel), np.random.default_rng(42)), message="five pathways")
        penalty = ranking_of(repo.base("v0"), "score", threshold=None).penalty
        return repo.snapshot("v0"), repo.snapshot("v1"), repo.snapshot("v0", penalty=penalty)


def whole_process(genes: int = 100_000) -> None:
    """Print how long `grn edges` takes of a large panel, from start to end on all cores, and its peak of memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.grn"
        base = sparse_model(genes)
        grnledger.init(path, factor_model=base, genes=[f"G{number}" for number in range(genes)])
        for options in (["--top", str(genes)], ["--threshold", "0.001"]):
            command = [sys.executable, "-m", "grnledger.cli", "-s", str(path), "edges", *options, "--tsv"]
            start = time.perf_counter()
            process = subprocess.Popen(command, stdout=subprocess.PIPE)
            assert process.stdout is not None
            lines = sum(1 for _ in process.stdout)
            _, _, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
            cpu = usage.ru_utime + usage.ru_stime
            memory = usage.ru_maxrss / 2**20
            print(
                f"grn edges {' '.join(options)} of {genes:,} genes: {seconds:.1f} s, CPU {cpu:.1f} s, "
                f"{memory:.2f} GiB, {lines - 1:,} edges",
                flush=True,
            )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--whole-process", action="store_true")
    arguments = parser.parse_args()
    library = next(pool for pool in threadpool_info() if pool["user_api"] == "blas")
    name = f"{library['internal_api']} {library['version']} ({library.get('architecture')})"
    load = f", load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores" if hasattr(os, "getloadavg") else ""
    print(f"{platform.machine()}, {name}{load}")
    if arguments.whole_process:
        whole_process()
        return
    print("1 thread: CPU time, × brute force, and how many pairs differ from it")
    blocks.cores = lambda: 1
    with threadpool_limits(1):
        for title, base in simulated_bases().items():
            report(title, *simulated_versions(base), arguments.rounds)
        if (arguments.data / "leukemia.tsv").exists():
            before, after, penalised = real_versions(arguments.data)
            report("leukemia", before, after, arguments.rounds, penalised)


if __name__ == "__main__":
    main()
