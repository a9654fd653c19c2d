"""The commands as whole processes on one panel: seconds and peak memory, with their ratio to starting Python.

    python -m benchmarks.commands                      # random data, 9,020 genes × 48 samples
    python -m benchmarks.commands --expression leukemia.tsv --duplicates max-variance --floor 20 --transform log2

    python benchmarks/commands.py --small              # 300 genes: what a question takes beside what it imports

Medians of five runs, each after one run that is not counted. `start` is `python -c "import numpy, scipy.linalg, h5py"`.

With `--small` CPU seconds, medians of 15 runs in turns with `python -c "import …"` of the packages that the question
needs: of a factor model, and of a base with 24 samples, by which pairs are tested.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

RUNS = 5
GENES, SAMPLES = 9_020, 48

SMALL, SMALL_RUNS = 300, 15
ALWAYS = "click, numpy, h5py, pydantic, threadpoolctl"
TESTED = f"{ALWAYS}, scipy.sparse, scipy.special"
NEEDED = {
    "factor model": dict.fromkeys(
        ("neighbors GENE0001", "diff v0..HEAD", "edges --top 20", "trace GENE0001 GENE0002", "links SET0", "commit"),
        ALWAYS,
    )
    | {"info": f"{ALWAYS}, scipy.sparse.linalg"},
    "samples": dict.fromkeys(("diff v0..HEAD", "trace GENE0001 GENE0002", "commit"), ALWAYS)
    | dict.fromkeys(("neighbors GENE0001", "edges --top 20"), TESTED)
    | {"links SET0": f"{TESTED}, scipy.stats", "info": f"{ALWAYS}, scipy.sparse.linalg"},
}
"""The packages that each question needs, by what the base of a store is."""


def run(arguments: list[str]) -> tuple[float, float]:
    """Return the seconds and the peak memory, in MB, of one process."""
    start = time.perf_counter()
    with Path(os.devnull).open("wb") as sink:
        actions = [(os.POSIX_SPAWN_DUP2, sink.fileno(), 1), (os.POSIX_SPAWN_DUP2, sink.fileno(), 2)]
        process = os.posix_spawn(sys.executable, [sys.executable, *arguments], dict(os.environ), file_actions=actions)
        _, status, usage = os.wait4(process, 0)
    if status:
        raise SystemExit(f"{' '.join(arguments)} ended with status {status}.")
    megabytes = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    return time.perf_counter() - start, megabytes


def cpu(arguments: list[str]) -> float:
    """Return the CPU seconds of one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(arguments)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def write_small(folder: Path) -> dict[str, list[str]]:
    """Write a small factor model, expression and gene sets, and return the options that read the first two."""
    generator = np.random.default_rng(44)
    genes = [f"GENE{number:04d}" for number in range(SMALL)]
    loadings, noise = generator.normal(size=(SMALL, 10)), generator.uniform(0.5, 1.5, SMALL)
    np.savez(folder / "model.npz", loadings=loadings, noise=noise, genes=np.array(genes))
    values = loadings @ generator.normal(size=(10, 24)) + generator.normal(size=(SMALL, 24))
    rows = ["\t".join(["gene", *(f"S{number}" for number in range(24))])]
    rows += ["\t".join([gene, *(f"{value:.4f}" for value in row)]) for gene, row in zip(genes, values, strict=True)]
    (folder / "small.tsv").write_text("\n".join(rows) + "\n")
    sets = ["\t".join([f"SET{number}", "na", *generator.choice(genes, 20, replace=False)]) for number in range(20)]
    (folder / "small.gmt").write_text("\n".join(sets) + "\n")
    return {
        "factor model": ["--factor-model", str(folder / "model.npz")],
        "samples": ["--expression", str(folder / "small.tsv")],
    }


def measure_small() -> None:
    """Measure questions to small stores beside the imports that they need, and print a table."""
    print("store\tcommand\tCPU_s\timports_s\tratio\timports")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, reading in write_small(folder).items():
            store = ["-m", "grnledger.cli", "-s", str(folder / f"{kind.split()[0]}.grn")]
            sets = str(folder / "small.gmt")
            run(["-m", "grnledger.cli", "init", store[-1], *reading])
            run([*store, "commit", sets, "--only", "SET0"])
            for command, packages in NEEDED[kind].items():
                words = command.split()
                ours, theirs = [], []
                for number in range(SMALL_RUNS + 1):
                    asked = [*words, sets, "--only", f"SET{number + 1}"] if words == ["commit"] else words
                    ours.append(cpu([*store, *asked]))
                    theirs.append(cpu(["-c", f"import {packages}"]))
                one, other = statistics.median(ours[1:]), statistics.median(theirs[1:])
                print(f"{kind}\t{command}\t{one:.3f}\t{other:.3f}\t{one / other:.2f}\t{packages}", flush=True)


def write_inputs(folder: Path) -> list[str]:
    """Write expression and gene sets, and return the options that read the expression."""
    generator = np.random.default_rng(42)
    names = [f"GENE{number:05d}" for number in range(GENES)]
    values = generator.normal(size=(GENES, 6)) @ generator.normal(size=(6, SAMPLES)) + generator.normal(
        size=(GENES, SAMPLES)
    )
    header = "gene\t" + "\t".join(f"S{number}" for number in range(SAMPLES))
    rows = ["\t".join([name, *(f"{value:.4f}" for value in row)]) for name, row in zip(names, values, strict=True)]
    (folder / "expression.tsv").write_text("\n".join([header, *rows]) + "\n")
    return ["--expression", str(folder / "expression.tsv")]


def write_sets(folder: Path, genes: list[str]) -> None:
    """Write ten sets of up to 150 genes of the panel."""
    generator = np.random.default_rng(43)
    size = min(150, len(genes) // 2)
    sets = [f"SET{number}\tna\t" + "\t".join(generator.choice(genes, size, replace=False)) for number in range(10)]
    (folder / "sets.gmt").write_text("\n".join(sets) + "\n")


def main() -> None:
    """Measure, and print a table."""
    reading = sys.argv[1:]
    if reading == ["--small"]:
        measure_small()
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reading = reading or write_inputs(folder)
        start = statistics.median(run(["-c", "import numpy, scipy.linalg, h5py"])[0] for _ in range(RUNS + 1))
        print(f"# {os.cpu_count()} cores; start of Python with numpy, scipy, h5py: {start:.2f} s")
        print("command\tseconds\tof_start\tpeak_MB")

        def measure(label: str, commands: list[list[str]]) -> None:
            runs = [run(["-m", "grnledger.cli", *command]) for command in commands][1:]
            seconds = statistics.median(seconds for seconds, _ in runs)
            print(f"{label}\t{seconds:.2f}\t{seconds / start:.1f}\t{max(megabytes for _, megabytes in runs):.0f}")

        stores = [str(folder / f"{number}.grn") for number in range(RUNS + 1)]
        measure("init", [["init", store, *reading] for store in stores])
        import grnledger

        write_sets(folder, list(grnledger.open(stores[0]).panel.genes))
        store = ["-s", stores[0]]
        sets = str(folder / "sets.gmt")
        measure("commit", [[*store, "commit", sets, "--only", f"SET{number}"] for number in range(RUNS + 1)])
        gene = grnledger.open(stores[0]).panel.genes[0]
        for command in (
            ["log"], ["show"], ["info"], ["diff", "v0..HEAD"], ["edges", "--top", "50"], ["neighbors", gene],
            ["trace", gene, "1"], ["factors", gene], ["tag", "paper"], ["rollback", "v1"], ["--help"],
        ):  # fmt: skip
            if command[0] == "trace":
                command[2] = grnledger.open(stores[0]).panel.genes[1]
            measure(" ".join(command[:1]), [[*store, *command]] * (RUNS + 1))


if __name__ == "__main__":
    main()
