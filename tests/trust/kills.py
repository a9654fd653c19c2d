"""SIGKILL at random moments inside every verb: 0 unreadable, 0 wrong, 0 acknowledged lost, and the next commit works.

    python tests/trust/kills.py                          # 1,000 kills over all verbs, p = 500 and 2,000
    python tests/trust/kills.py --verbs commit --kills 60 --sizes 40 --plant in-place --processes 0

A warm process forks one child for each case, which says on a pipe when it begins the verb and when it has done it. The
kill comes after a delay drawn from what the verb takes, for every other case from its first change to the disk on, and
sometimes just after the end; those count as inside that come before the verb has said that it is done. Some whole
`grn` processes are killed besides. With --plant a fault is planted, and the harness must find it.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import planted
import verbs
from aftermath import KINDS, Child, Ground, Tally, bound, fork, table
from faults import watching
from grnledger.engine.threads import one_blas_thread

if TYPE_CHECKING:
    from aftermath import Report

BEGUN, CHANGING, DONE = b"B", b"C", b"D"
"""What a child reports: the verb begins, it is about to change the disk for the first time, it is done."""

BEYOND = 1.1
"""Up to this share of a verb's duration kills are drawn, so that some come just after it is done."""

MOST_TRIES = 20
"""So many cases are tried for each kill that is wanted inside, before giving up."""


@dataclass(slots=True)
class Row:
    """What the kills of one verb on one size of panel have shown.

    Parameters
    ----------
    verb : str
        Which.
    size : int
        p.
    milliseconds : float
        The median duration of the verb in peace.
    """

    verb: str
    size: int
    milliseconds: float
    inside: Tally = field(default_factory=Tally)
    after: Tally = field(default_factory=Tally)
    processes: Tally = field(default_factory=Tally)

    def cells(self) -> list[str]:
        """Return the row of the table."""
        bad = [str(sum(tally.counts[kind] for tally in self.tallies)) for kind in KINDS]
        inside = [str(self.inside.counts.total()), *self.inside.row("old", "new")]
        others = [str(self.after.counts.total()), str(self.processes.counts.total())]
        return [self.verb, f"{self.size:,}", f"{self.milliseconds:.1f}", *inside, *others, *bad]

    @property
    def tallies(self) -> tuple[Tally, Tally, Tally]:
        """All that was counted."""
        return self.inside, self.after, self.processes


HEAD = ["verb", "p", "ms", "inside", "old", "new", "after", "grn", *KINDS]


def awaited(child: Child, *marks: bytes) -> None:
    """Return when a child has reported these, in this order."""
    for mark in marks:
        if (byte := os.read(child.reports, 1)) != mark:
            os.kill(child.pid, signal.SIGKILL)
            raise SystemExit(f"{mark.decode()} was to be reported: {(byte + child.end()[1]).decode()}")


def start(ground: Ground) -> Child:
    """Start a child that does the verb, reports how far it is, and then waits to be killed."""
    ground.lay_out()

    def act(report: Report) -> None:
        report(BEGUN)
        with watching(lambda index, _name, _args: report(CHANGING) if index == 0 else None):
            ground.act(lambda: report(DONE))
        signal.pause()

    return fork(act)


def durations(ground: Ground, *, runs: int = 5) -> tuple[float, float]:
    """Return the median seconds until the verb first changes the disk, and until it is done."""
    durations: list[list[float]] = []
    for _ in range(runs):
        child = start(ground)
        moments: list[float] = []
        for mark in (BEGUN, CHANGING, DONE):
            awaited(child, mark)
            moments.append(time.perf_counter())
        os.kill(child.pid, signal.SIGKILL)
        child.end()
        durations.append([moment - moments[0] for moment in moments[1:]])
    first, whole = (statistics.median(moments) for moments in zip(*durations, strict=True))
    return first, whole


def kill(ground: Ground, delay: float, *, changing: bool) -> bool:
    """Kill a child that does the verb, a while after it began it or began to change the disk.

    Returns
    -------
    bool
        Whether it had said that it was done.
    """
    child = start(ground)
    awaited(child, BEGUN, *([CHANGING] if changing else []))
    time.sleep(delay)
    os.kill(child.pid, signal.SIGKILL)
    code, report = child.end()
    if code != -signal.SIGKILL:
        raise SystemExit(f"{ground.verb.name} failed in peace: {report.decode()}")
    return DONE in report


def kill_inside(row: Row, ground: Ground, wanted: int, *, seed: int, to_the_first: bool) -> None:
    """Kill children doing a verb until as many as are wanted were killed inside it, or until the first bad case."""
    expected = ground.expect()
    chance = random.Random(f"{row.verb} {row.size} {seed}")
    first, whole = durations(ground)
    row.milliseconds = 1e3 * whole
    for case in range(wanted * MOST_TRIES):
        if row.inside.counts.total() == wanted or (to_the_first and (row.inside.bad or row.after.bad)):
            return
        changing = bool(case % 2)
        delay = chance.uniform(0.0, BEYOND * (whole - first if changing else whole))
        acknowledged = kill(ground, delay, changing=changing)
        finding = ground.examine(expected, acknowledged=acknowledged, again=bool(case // 2 % 2))
        tally = row.after if acknowledged else row.inside
        tally.add(finding, f"{row.verb}, p={row.size}, after {1e3 * delay:.3f} ms")
    raise SystemExit(f"{row.verb}: too few kills of {wanted * MOST_TRIES} fell inside it.")


def kill_processes(row: Row, ground: Ground, wanted: int, *, seed: int) -> None:
    """Kill whole `grn` processes."""
    chance = random.Random(f"{row.verb} {row.size} {seed} grn")
    expected = ground.expect()
    command = [sys.executable, "-m", "grnledger.cli", *ground.verb.arguments(ground.folder)]
    environment = {**os.environ, **verbs.ENVIRONMENT}

    def run(delay: float | None) -> tuple[float, int]:
        ground.lay_out()
        start = time.perf_counter()
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(delay)
            process.kill()
        return time.perf_counter() - start, process.returncode

    whole = statistics.median(run(None)[0] for _ in range(3))
    for _ in range(wanted):
        delay = chance.uniform(0.4, 1.0) * whole  # before that, Python itself starts
        code = run(delay)[1]
        if code not in (0, -signal.SIGKILL):
            raise SystemExit(f"grn {' '.join(ground.verb.command)} ended with {code}.")
        finding = ground.examine(expected, acknowledged=code == 0, again=True)
        row.processes.add(finding, f"grn {row.verb}, p={row.size}, after {1e3 * delay:.0f} ms")


def main(arguments: list[str] | None = None) -> int:
    """Kill, look, and print a table; returns 1 if anything was bad."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1_000, help="inside all verbs together  [1000]")
    parser.add_argument("--processes", type=int, default=4, help="whole `grn` processes for each row  [4]")
    parser.add_argument("--sizes", type=int, nargs="+", default=[500, 2_000], metavar="P", help="[500 2000]")
    parser.add_argument("--verbs", nargs="+", choices=[verb.name for verb in verbs.VERBS], help="[all]")
    parser.add_argument("--base", choices=("dense", "factor"), default="dense", help="[dense]")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plant", choices=planted.DEATHS, default="nothing", help="stop at the first bad case")
    parser.add_argument("--folder", help="where the stores stand while it runs")
    options = parser.parse_args(arguments)
    os.environ.update(verbs.ENVIRONMENT)
    chosen = [verb for verb in verbs.VERBS if not options.verbs or verb.name in options.verbs]
    wanted = math.ceil(options.kills / len(chosen) / len(options.sizes))
    rows: list[Row] = []
    with one_blas_thread(), tempfile.TemporaryDirectory(dir=options.folder) as name:
        for size in options.sizes:
            prepared = verbs.build(Path(name) / f"prepared-{size}", size=size, dense=options.base == "dense")
            for verb in chosen:
                ground = Ground(prepared, Path(name) / "stores", verb, plant=planted.DEATHS[options.plant])
                rows.append(row := Row(verb.name, size, 0.0))
                kill_inside(row, ground, wanted, seed=options.seed, to_the_first=options.plant != "nothing")
                if options.processes:
                    kill_processes(
                        row,
                        Ground(prepared, ground.folder, verb, as_command=True),
                        options.processes,
                        seed=options.seed,
                    )
                print(*row.cells(), sep="\t", file=sys.stderr, flush=True)
    return print_table(rows, options.seed)


def print_table(rows: list[Row], seed: int) -> int:
    """Print the table and what it says, and return 1 if anything was bad."""
    print(table(HEAD, [row.cells() for row in rows]))
    bad = [case for row in rows for tally in row.tallies for case in tally.bad]
    inside = sum(row.inside.counts.total() for row in rows)
    cases = sum(tally.counts.total() for row in rows for tally in row.tallies)
    print(f"\n{inside:,} kills inside a verb, {cases:,} in all; seed {seed}. {bound(len(bad), cases)}.")
    print(*bad[:20], sep="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
