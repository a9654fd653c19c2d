"""What a durable commit costs, against the least that a durable file can cost on the same disk, in the same run.

    python benchmarks/trust/commit_cost.py                     # p = 5,000, K = 10, 5 pathways of 100 genes, 300 pairs
    python benchmarks/trust/commit_cost.py --pairs 20 --size 500

Each pair is one commit and one bare file of the very size of its entry: written, flushed, linked to its name, and its
folder flushed. Then the same commits are taken apart: what the numbers take, what building the HDF5 file takes, what
the flushes and the other calls of the disk take, and what is left. The branch is rolled back after each commit, so that
the rank is the same for all.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import grnledger
import numpy as np
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.pathway import Pathway
from grnledger.engine.threads import one_blas_thread
from grnledger.storage.files import durable, hdf5, layout
from grnledger.storage.history import entries
from grnledger.storage.networks.diagnostics import Diagnostics

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "trust"))
from aftermath import table
from verbs import ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from grnledger.storage.repository import Repository

FACTORS, PATHWAYS, GENES = 10, 5, 100
"""K of the base, D pathways in a commit, m genes of each."""

PROMISED = 3.0
"""A durable commit takes at the most so many times the bare file."""

WARM = 20
"""So many pairs are done before any counts."""

Clock = Counter[str]
"""Seconds by what they were spent on."""


def model(size: int) -> FactorCovariance:
    """Return a base of a few factors."""
    stream = np.random.default_rng(1)
    return FactorCovariance(stream.uniform(0.5, 1.5, size), stream.normal(size=(size, FACTORS)))


def pathways(nth: int, size: int) -> list[Pathway]:
    """Return the pathways of the n-th commit."""
    stream, drawn = np.random.default_rng(nth), list[Pathway]()
    for index in range(PATHWAYS):
        genes = np.sort(stream.choice(size, GENES, replace=False)).astype(np.intp)
        loadings = 0.1 * stream.normal(size=(GENES, 1))
        drawn.append(Pathway((f"path-{nth}-{index}",), genes, loadings, 1, "sd"))
    return drawn


def commit(repo: Repository, nth: int, base: str) -> float:
    """Return the seconds that a commit takes; the branch goes back afterwards."""
    new = pathways(nth, len(repo.panel))
    begun = time.perf_counter()
    repo.commit(new)
    taken = time.perf_counter() - begun
    repo.rollback(base)
    return taken


def bare(folder: Path, nth: int, content: bytes) -> float:
    """Return the seconds that a durable file takes: written, flushed, linked, its folder flushed."""
    temporary, path = folder / f".{nth}.tmp", folder / f"{nth}"
    begun = time.perf_counter()
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    os.write(descriptor, content)
    os.fsync(descriptor)
    os.close(descriptor)
    os.link(temporary, path)
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    taken = time.perf_counter() - begun
    temporary.unlink()
    return taken


def pair(repo: Repository, folder: Path, nth: int, base: str, content: bytes) -> tuple[float, float]:
    """Return the seconds of a commit and of a bare file, either is first in turn: flushes wait for what is before."""
    if nth % 2:
        return commit(repo, nth, base), bare(folder, nth, content)
    least = bare(folder, nth, content)
    return commit(repo, nth, base), least


@contextlib.contextmanager
def clocked(clock: Clock) -> Iterator[None]:
    """Sum up what the parts of a commit take; what is done within another part counts there alone."""
    running: list[float] = []

    def timed(what: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            begun = time.perf_counter()
            running.append(0.0)
            try:
                return function(*arguments, **named)
            finally:
                taken = time.perf_counter() - begun
                clock[what] += taken - running.pop()
                if running:
                    running[-1] += taken

        return call

    with contextlib.ExitStack() as stack:
        for what, owner, name in (
            ("numbers", Diagnostics, "measure"),
            ("HDF5 file in memory", entries, "entry_content"),
            ("HDF5 file in memory", hdf5.Content, "seal"),
            ("HDF5 file in memory", hdf5.Sealed, "write"),
            ("flushes", durable, "_sync"),
            ("other calls of the disk", durable, "publish"),
            ("high-water mark and index", durable, "overwrite"),
            ("high-water mark and index", durable, "replace"),
        ):
            stack.enter_context(mock.patch.object(owner, name, timed(what, getattr(owner, name))))
        stack.enter_context(
            mock.patch.object(durable.Output, "write", timed("other calls of the disk", durable.Output.write))
        )
        yield


def main() -> int:
    """Commit, write, and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=300, help="[300]")
    parser.add_argument("--size", type=int, default=5_000, metavar="P", help="genes  [5000]")
    parser.add_argument("--active", type=int, default=0, help="pathways that are active before each commit  [0]")
    parser.add_argument("--folder", help="where the store stands while it runs; a real disk by right")
    options = parser.parse_args()
    os.environ.update(ENVIRONMENT)
    del os.environ["SOURCE_DATE_EPOCH"]
    with one_blas_thread(), tempfile.TemporaryDirectory(dir=options.folder) as name:
        return measure(Path(name), options.pairs, options.size, options.active)


def measure(folder: Path, pairs: int, size: int, active: int) -> int:
    """Do the pairs in a folder, print what they took, and return 1 if the promise is not kept."""
    genes = [f"GENE{index}" for index in range(size)]
    repo = grnledger.init(folder / "cost.grn", factor_model=model(size), genes=genes, author="ada")
    for nth in range(-(-active // PATHWAYS)):
        repo.commit(pathways(1_000_000 + nth, size))
    base = repo.version().name
    beside = folder / "bare"
    beside.mkdir()
    commit(repo, 0, base)
    entry = repo.path / layout.LOG / layout.entry_name(repo.moves[-2].number)
    content = entry.read_bytes()
    together = [pair(repo, beside, nth, base, content) for nth in range(1, WARM + pairs + 1)]
    counted = together[WARM:]
    ours, least = (statistics.median(column) for column in zip(*counted, strict=True))
    clock: Clock = Counter()
    with clocked(clock):
        whole = sum(commit_clocked(repo, WARM + pairs + nth, base, clock) for nth in range(1, pairs + 1))
    parts = dict(clock) | {"all else": whole - sum(clock.values())}
    rows = [[what, f"{1e3 * seconds / pairs:.2f}"] for what, seconds in parts.items()]
    print(table(["part of a commit", "mean ms"], [*rows, ["all of it", f"{1e3 * whole / pairs:.2f}"]]))
    ratio = f"{ours / least:.2f} × (at most {PROMISED:g})"
    print(f"\ndurable commit {1e3 * ours:.2f} ms, bare file {1e3 * least:.2f} ms: {ratio}. Medians of {pairs} pairs;")
    print(f"p = {size:,}, K = {FACTORS}, D = {PATHWAYS}, m = {GENES}, {active} pathways active before; an entry has")
    print(f"{len(content):,} bytes. {platform.machine()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}.")
    return 1 if ours > PROMISED * least else 0


def commit_clocked(repo: Repository, nth: int, base: str, clock: Clock) -> float:
    """Return the seconds of a commit whose parts are summed up; those of the way back are not."""
    new = pathways(nth, len(repo.panel))
    begun = time.perf_counter()
    repo.commit(new)
    taken = time.perf_counter() - begun
    saved = clock.copy()
    repo.rollback(base)
    clock.clear()
    clock.update(saved)
    return taken


if __name__ == "__main__":
    sys.exit(main())
