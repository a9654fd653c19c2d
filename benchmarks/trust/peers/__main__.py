"""The peers and grnledger under a kill, a flipped bit, readers beside a writer, and two writers, in one harness.

    pip install ".[bench]"
    python -m benchmarks.trust.peers --quick          # two minutes
    python -m benchmarks.trust.peers > peers.md       # 100 kills, 200 flips, 2,000 reads, 400 commits a store
    python -m benchmarks.trust.peers --only grnledger --test kill --seed 7 --details

Every store keeps one model, a p × p covariance and its inverse, to which each version adds one rank-one term; what a
version has to be is computed without any store. Each store is used as its own documentation says, and all go through
the same code. That the harness catches what it looks for is shown by those that fail, and for acknowledged commits lost
by a kill with `--only planted`.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import importlib
import importlib.metadata
import os
import platform
import sys
import tempfile
from pathlib import Path

# Before numpy, HDF5 and icechunk are loaded: one thread a process, locks as each store asks, no warnings in between.
os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", ICECHUNK_LOG="error")
os.environ.pop("HDF5_USE_FILE_LOCKING", None)

from . import flip, kill, processes, readers, writers
from .contenders import CONTENDERS, FOR_ITSELF
from .counts import Counted, markdown
from .model import Truth
from .setting import Setting

TESTS = {
    "kill": (kill.run, 100, 5),
    "flip": (flip.run, 200, 10),
    "readers": (readers.run, 2000, 100),
    "writers": (writers.run, 400, 100),
}
"""Each test with how much of it is done, and how much with `--quick`."""


def arguments() -> argparse.Namespace:
    """Return what was asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a short form of everything")
    parser.add_argument("--only", choices=list(CONTENDERS), action="append", help="this store (may be repeated)")
    parser.add_argument("--test", choices=list(TESTS), action="append", help="this test (may be repeated)")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--genes", type=int, help="p, 500 or with --quick 100")
    parser.add_argument("--kills", type=int, dest="kill", help="instead of 100")
    parser.add_argument("--flips", type=int, dest="flip", help="instead of 200")
    parser.add_argument("--reads", type=int, dest="readers", help="instead of 2,000")
    parser.add_argument("--commits", type=int, dest="writers", help="instead of 400")
    parser.add_argument("--folder", type=Path, help="where the stores stand (default: the system's temporary folder)")
    parser.add_argument("--details", action="store_true", help="tell each finding on stderr")
    return parser.parse_args()


def main() -> None:
    """Run what was asked, and print the table."""
    asked = arguments()
    asked.genes = asked.genes or (100 if asked.quick else 500)
    keys = asked.only or [key for key in CONTENDERS if key not in FOR_ITSELF]
    processes.prepare()
    rows: list[Counted] = []
    with tempfile.TemporaryDirectory(dir=asked.folder, prefix="peers-") as name:
        index = described(Path(name))
        for test in asked.test or TESTS:
            run, many, few = TESTS[test]
            for key in keys:
                if test in CONTENDERS[key].tests:
                    count = getattr(asked, test) or (few if asked.quick else many)
                    rows.append(run(setting_of(key, count, asked, name)))
                    print(" · ".join(rows[-1].row()), file=sys.stderr, flush=True)
    print(markdown(rows))
    print(f"\n{index} p = {asked.genes}, seed {asked.seed}. {packages(keys)}")
    print("After a 0, in brackets: the rate that n trials without one leave possible at 95 %, 3/n.")


def setting_of(key: str, count: int, asked: argparse.Namespace, scratch: str) -> Setting:
    """Return what a test of one store is given."""

    def tell(finding: str) -> None:
        if asked.details:
            print(f"  {key}: {finding}", file=sys.stderr, flush=True)

    def new_folder() -> Path:
        return Path(tempfile.mkdtemp(dir=scratch))

    return Setting(key, Truth(asked.genes, asked.seed), count, asked.seed, new_folder, tell)


def described(folder: Path) -> str:
    """Return the system and the file system in a sentence."""
    kind = "file system unknown"
    with contextlib.suppress(OSError):
        mounts = [line.split()[1:3] for line in Path("/proc/self/mounts").read_text().splitlines()]
        above = [(len(point), name) for point, name in mounts if folder.resolve().is_relative_to(point)]
        kind = max(above)[1]
    today = dt.datetime.now(dt.UTC).date()
    return f"{today}, {platform.system()} {platform.release()} {platform.machine()}, {kind}, {os.cpu_count()} cores."


def packages(keys: list[str]) -> str:
    """Return the versions of what took part."""
    names = {name: importlib.metadata.version(name) for key in keys for name in CONTENDERS[key].packages}
    if "h5py" in names or "versioned-hdf5" in names:
        names["HDF5"] = importlib.import_module("h5py").version.hdf5_version
    versions = ", ".join(f"{name} {version}" for name, version in names.items())
    return f"Python {platform.python_version()}{', ' if versions else ''}{versions}."


if __name__ == "__main__":
    main()
