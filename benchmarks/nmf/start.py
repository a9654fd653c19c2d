"""Cold and warm start of `grn nmf` as a whole process: seconds with no compiled kernels on disk, and with them there.

    python -m benchmarks.nmf.start                             # ../shared/data/mcb112_w10_2021-data.tbl
    python -m benchmarks.nmf.start COUNTS.tsv --runs 3

Cold: numba's folder of compiled code (`NUMBA_CACHE_DIR`) is new and empty, so every kernel is compiled. Warm: the same
command again with the folder that the cold one has left. Medians of five such pairs; a call beforehand, which is not
counted, has Python's own bytecode and the files in memory. `start` is `python -c "import numpy, scipy.linalg, numba"`,
`--help` is `grn nmf --help`, which loads none of it. The store is made from the file with `init --counts`, in a
temporary folder; the counts are factored from the file.
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

from .. import setting

FILE = setting.BESIDE / "mcb112_w10_2021-data.tbl"

COMMANDS = {"--rank 4 --restarts 1": ["--rank", "4", "--restarts", "1"], "--rank 3:6": ["--rank", "3:6"]}

GRN = ["-m", "grnledger.cli"]


def seconds_of(arguments: list[str], compiled: Path) -> float:
    """Return the seconds of one process that has its compiled kernels in a folder."""
    environment = dict(os.environ, NUMBA_CACHE_DIR=str(compiled))
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False)
    taken = time.perf_counter() - begun
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}")
    return taken


def pair(arguments: list[str], folder: Path) -> tuple[float, float]:
    """Return the seconds of a cold call and of a warm one."""
    with tempfile.TemporaryDirectory(dir=folder) as compiled:
        cold = seconds_of(arguments, Path(compiled))
        if not any(Path(compiled).rglob("*.nbc")):
            raise SystemExit(f"{' '.join(arguments)} left nothing compiled in {compiled}: it would never be warm.")
        return cold, seconds_of(arguments, Path(compiled))


def tell(label: str, state: str, seconds: list[float]) -> None:
    """Print a line."""
    print(f"{label}\t{state}\t{statistics.median(seconds):.2f}\t{min(seconds):.2f}\t{max(seconds):.2f}", flush=True)


def main() -> None:
    """Start processes, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, default=FILE, help="[../shared/data/mcb112_w10_2021-data.tbl]")
    parser.add_argument("--runs", type=int, default=5, help="pairs of each command  [5]")
    options = parser.parse_args()
    print(setting.described(setting.cores()))
    print(f"# {options.file.name}, medians of {options.runs}")
    print("command\tstate\tseconds\tleast\tmost", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder, store = Path(name), Path(name) / "start.grn"
        seconds_of([*GRN, "init", str(store), "--expression", str(options.file), "--counts"], folder)
        for label, arguments in (
            ("start", ["-c", "import numpy, scipy.linalg, numba"]),
            ("--help", [*GRN, "nmf", "--help"]),
        ):
            tell(label, "", [seconds_of(arguments, folder) for _ in range(options.runs + 1)][1:])
        for label, how in COMMANDS.items():
            arguments = [*GRN, "-s", str(store), "nmf", "--input", str(options.file), *how]
            seconds_of(arguments, folder)
            pairs = [pair(arguments, folder) for _ in range(options.runs)]
            for state, seconds in zip(("cold", "warm"), zip(*pairs, strict=True), strict=True):
                tell(label, state, list(seconds))


if __name__ == "__main__":
    main()
