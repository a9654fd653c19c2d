"""Seconds and peak memory of whole processes, from a table to what can be told from chance; R's packages beside them.

    python -m benchmarks.meaning.speed --expression leukemia.tsv --sets h.all.v7.0.symbols.gmt
    python -m benchmarks.meaning.speed --expression leukemia.tsv --sets h.all.v7.0.symbols.gmt --r

7,979 genes of 48 arrays (`--min-detected 0.2`). `init` estimates the base, with λ by samples held out. `edges` has the
null scans to do, `edges again` finds them kept. With `--r`, R's corpcor and fdrtool (on Debian, `apt install
r-cran-corpcor r-cran-fdrtool`) estimate ρ of the same values and q of all pairs in one process. Medians of the runs.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import grnledger
import numpy as np
from grnledger.analysis.base_values import prepare_kept

OPTIONS = ["--floor", "20", "--transform", "log2", "--duplicates", "max-variance", "--min-detected", "0.2"]
REGULATORS = 200

PEER = """
values <- as.matrix(read.table("values.tsv"))
rho <- corpcor::pcor.shrink(t(values), verbose = FALSE)
tests <- fdrtool::fdrtool(rho[upper.tri(rho)], statistic = "correlation", plot = FALSE, verbose = FALSE)
cat(sum(tests$qval <= 0.2), "pairs with q <= 0.2\\n")
"""


def measure(words: list[str], folder: Path) -> tuple[float, float]:
    """Return the seconds and the peak memory, in MB, of one process."""
    start = time.perf_counter()
    with (folder / "output").open("wb") as sink:
        process = subprocess.Popen(words, cwd=folder, stdout=sink, stderr=sink)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(words)} ended with status {status}.")
    return time.perf_counter() - start, usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def questions(store: Path, sets: Path) -> dict[str, list[str]]:
    """Return the questions to a store, by their names in the table."""
    genes = ",".join(grnledger.open(store).panel.genes[:REGULATORS])
    return {
        "edges": ["edges", "--top", "1000"],
        "edges again": ["edges", "--top", "1000"],
        "links of 50 sets": ["links", "--sets", str(sets)],
        "200 regulators": ["regulators", genes],
        "support of 50 sets": ["support", "--sets", str(sets), "--missing", "drop"],
    }


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--expression", type=Path, required=True, metavar="FILE")
    parser.add_argument("--sets", type=Path, required=True, metavar="FILE")
    parser.add_argument("--runs", type=int, default=3, help="runs of each command  [3]")
    parser.add_argument("--r", action="store_true", help="measure R's packages too, once")
    options = parser.parse_args()
    grn, figures = [sys.executable, "-m", "grnledger.cli"], dict[str, list[tuple[float, float]]]()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for number in range(options.runs):
            store = folder / f"{number}.grn"
            words = [*grn, "init", str(store), "--expression", str(options.expression.resolve()), *OPTIONS]
            figures.setdefault("init", []).append(measure(words, folder))
            for name, question in questions(store, options.sets.resolve()).items():
                words = [*grn, "-s", str(store), *question, "--tsv"]
                figures.setdefault(name, []).append(measure(words, folder))
        if options.r:
            np.savetxt(folder / "values.tsv", prepare_kept(grnledger.open(store).base()).values, delimiter="\t")
            figures["corpcor and fdrtool"] = [measure(["Rscript", "-e", PEER], folder)]
            print((folder / "output").read_text().strip())
    print("whole process\tseconds\tMB")
    for name, runs in figures.items():
        seconds, megabytes = (statistics.median(values) for values in zip(*runs, strict=True))
        print(f"{name}\t{seconds:.2f}\t{megabytes:.0f}")


if __name__ == "__main__":
    main()
