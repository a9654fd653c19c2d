"""A store of a million genes as whole processes: wall seconds, CPU seconds and peak memory of each command.

    python -m benchmarks.million [--genes 1000000] [--factors 50] [--rounds 5] [--folder DIR]

The base is a factor model whose genes load unevenly on the factors, so that some pairs are edges; pathways have 150
genes. `first` is the first question to a version, which has nothing remembered; others are medians of rounds. `imports`
is `python -c "import numpy, h5py, pydantic, click"`, in turns with the commands: on a machine that is shared, its ratio
to what it takes on an idle one says how much all others are worth. Threads of BLAS: as `OPENBLAS_NUM_THREADS` says.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

GENES_OF_A_PATHWAY = 150
LARGEST_SPECTRUM = 100_000
"""Most genes of which eigenvalues are asked for: the first time takes minutes beyond."""

MODEL, SETS = "model.npz", "sets.gmt"
IMPORTS = ["-c", "import numpy, h5py, pydantic, click"]


class Cost(NamedTuple):
    """What a process took."""

    wall: float
    cpu: float
    megabytes: float


def run(arguments: list[str]) -> Cost:
    """Return what one process of Python takes."""
    start = time.perf_counter()
    with Path(os.devnull).open("wb") as sink:
        actions = [(os.POSIX_SPAWN_DUP2, sink.fileno(), 1)]
        process = os.posix_spawn(sys.executable, [sys.executable, *arguments], dict(os.environ), file_actions=actions)
        _, status, usage = os.wait4(process, 0)
    if status:
        raise SystemExit(f"{' '.join(arguments)} ended with status {status}.")
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return Cost(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)


def write_model(path: Path, genes: int, factors: int) -> None:
    """Write a factor model: loadings of genes whose scales are spread over two orders of magnitude."""
    generator = np.random.default_rng(7)
    loadings = np.empty((genes, factors))
    for start in range(0, genes, 100_000):
        rows = loadings[start : start + 100_000]
        rows[:] = generator.standard_normal(rows.shape) * generator.lognormal(-2.0, 0.6, (len(rows), 1))
    noise = generator.uniform(0.5, 1.5, genes)
    np.savez(path, loadings=loadings, noise=noise, genes=np.array([name_of(gene) for gene in range(genes)]))


def write_sets(path: Path, genes: int, number: int) -> None:
    """Write gene sets for so many commits."""
    generator = np.random.default_rng(8)
    with path.open("w") as file:
        for which in range(number):
            members = np.sort(generator.choice(genes, GENES_OF_A_PATHWAY, replace=False))
            file.write("\t".join([f"SET{which}", "na", *map(name_of, members.tolist())]) + "\n")


def name_of(gene: int) -> str:
    """Return the name of a gene."""
    return f"peak{gene:07d}"


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--genes", type=int, default=1_000_000)
    parser.add_argument("--factors", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threshold", type=float, default=0.001, help="of edges")
    parser.add_argument("--folder", type=Path, help="where the store is made, and stays")
    parser.add_argument("--write-inputs", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write_inputs:
        write_model(options.folder / MODEL, options.genes, options.factors)
        write_sets(options.folder / SETS, options.genes, options.rounds + 1)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = options.folder or Path(name)
        folder.mkdir(exist_ok=True)
        measure(folder, options.genes, options.factors, options.rounds, options.threshold)


def measure(folder: Path, genes: int, factors: int, rounds: int, threshold: float) -> None:
    """Make the store, and print what each command takes."""
    model, sets, store = folder / MODEL, folder / SETS, folder / "million.grn"
    sizes = ["--genes", str(genes), "--factors", str(factors), "--rounds", str(rounds)]
    # In a process of its own: what this one has in memory counts as the peak of those that it starts.
    run([str(Path(__file__).resolve()), "--write-inputs", "--folder", str(folder), *sizes])
    imports: list[Cost] = []
    print(f"# {genes:,} genes, {factors} factors; {os.cpu_count()} cores; {rounds} rounds")
    print("command\twall_s\tCPU_s\tpeak_MB")

    def grn(label: str, commands: list[list[str]], *, in_store: bool = True) -> None:
        costs: list[Cost] = []
        for command in commands:
            imports.append(run(IMPORTS))
            costs.append(run(["-m", "grnledger.cli", *(["-s", str(store)] if in_store else []), *command]))
        _print(label, costs)

    grn("init", [["init", str(store), "--factor-model", str(model)]], in_store=False)
    grn("commit, first", [["commit", str(sets), "--only", "SET0"]])
    grn("commit", [["commit", str(sets), "--only", f"SET{number}"] for number in range(1, rounds + 1)])
    gene, other = name_of(7), name_of(genes // 3)
    for label, command in (
        ("neighbors", ["neighbors", gene]),
        ("trace", ["trace", gene, other]),
        ("links", ["links", "SET0"]),
        ("edges --threshold", ["edges", "--threshold", str(threshold), "--tsv"]),
        *([("info", ["info"])] if genes <= LARGEST_SPECTRUM else []),
        ("log", ["log"]),
        ("verify --quick", ["verify", "--quick"]),
    ):
        grn(f"{label}, first", [command])
        grn(label, [command] * rounds)
    _print("imports", imports)


def _print(label: str, costs: list[Cost]) -> None:
    wall, cpu = (statistics.median(getattr(cost, name) for cost in costs) for name in ("wall", "cpu"))
    print(f"{label}\t{wall:.2f}\t{cpu:.2f}\t{max(cost.megabytes for cost in costs):.0f}", flush=True)


if __name__ == "__main__":
    main()
