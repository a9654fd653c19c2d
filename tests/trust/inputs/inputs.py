"""Broken and hostile input files: each must be refused with a sentence, in time, and within its memory.

    python tests/trust/inputs/inputs.py                            # 1,000 damaged files a form, and every hostile one
    python tests/trust/inputs/inputs.py --cases 5000 --seed 2
    python tests/trust/inputs/inputs.py --only h5ad --cases 20000  # forms and hostile files with that in their name
    python tests/trust/inputs/inputs.py --only "h5ad csr" --first 812 --cases 1    # one case again
    python tests/trust/inputs/inputs.py --plant                    # one reader raises a bare ValueError: seen, exit 1

Every file goes through its reader, through `grnledger.init` or a plan of a commit, and through `grn`, in a process that
may take `ROOM` more addresses than it starts with. Of damaged HDF5 files one in `ONE_IN` is read in a process as users
have it, and the others in forks, which are quicker (`reading.py`); hostile files never in forks. Peak memory is that
of both processes, and measured on Linux alone.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # its threads take addresses, and those are what is limited

import argparse
import contextlib
import json
import random
import re
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grnledger
from good_inputs import EXPRESSION, GOOD, SETS
from grnledger.engine.errors import Conflict, GrnError, InputError
from grnledger.formats.sets import gmt
from hostile_inputs import HOSTILE
from input_damage import damaged
from input_doors import BAD, DOORS, LONGEST_SENTENCE, attempt
from reading import Peak, reading_processes, status_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOM = 2 << 30
"""Bytes of addresses that a reading process may take beyond what it starts with."""

PATIENCE = 180.0
"""Seconds for one file, three times read; the slowest, of 7 million rows, takes 40 on an idle machine."""

LARGEST_PEAK = 1 << 30
"""Bytes that refusing a hostile file may take: 256 MiB and 1,000 times its size, with the copies that reading makes."""

LARGE = re.compile(r"\d [MG]B|million|vast")
"""What the titles of large hostile files have in them."""

TOLD = 1500
"""Letters of what went wrong that are printed."""

NOBODY = 65534

ONE_IN = 25
"""One of so many damaged HDF5 files is read in a process as users have it, and not in a fork."""

COLUMNS = ("refused", "read the same", "read differently", *BAD)


@dataclass(frozen=True)
class Result:
    """What became of one file."""

    case: int
    outcome: str
    detail: str = ""
    peak: int = 0


# Processes: a file that crashes or hangs its reader takes one process with it, and the next begins after it.


def supervised(cases: range, perform: Callable[[int], Result], patience: float) -> Iterator[Result]:
    """Yield what became of every case."""
    index = cases.start
    while index < cases.stop:
        reading, writing = os.pipe()
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _work(range(index, cases.stop), perform, writing)
        os.close(writing)
        hung = False
        with open(reading, "rb", buffering=0) as stream:  # noqa: PTH123  a pipe has no path
            for line in _lines(stream, patience):
                if line is None:
                    hung = True
                    os.kill(child, signal.SIGKILL)
                    break
                yield Result(**json.loads(line))
                index += 1
        _, status = os.waitpid(child, 0)
        if index < cases.stop:
            how = "hang" if hung else "crash"
            yield Result(
                index, how, "" if hung else f"the process ended with status {os.waitstatus_to_exitcode(status)}"
            )
            index += 1


def _lines(stream: Any, patience: float) -> Iterator[bytes | None]:
    """Yield lines of a pipe, and None when none comes in time."""
    held = b""
    while True:
        ready, _, _ = select.select([stream], [], [], patience)
        if not ready:
            yield None
            return
        part = stream.read(65536)
        if not part:
            return
        *lines, held = (held + part).split(b"\n")
        yield from lines


def _work(cases: range, perform: Callable[[int], Result], writing: int) -> None:
    """Perform cases in this process, which is a child of `supervised`, and end it."""
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _limit_addresses()
        warnings.simplefilter("ignore")  # of numbers too large to be squared, say: what comes of them is what counts
        for case in cases:
            result = perform(case)
            os.write(writing, json.dumps(vars(result)).encode() + b"\n")
    except BaseException:  # noqa: BLE001  a child never returns
        traceback.print_exc()
        os._exit(99)
    os._exit(0)


def _limit_addresses() -> None:
    held = status_of(os.getpid(), "VmSize")
    if held:
        resource.setrlimit(resource.RLIMIT_AS, (held + ROOM, held + ROOM))


def _forget_peak() -> int:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return status_of(os.getpid(), "VmRSS")


def _peak_since(before: int) -> int:
    """Return the most memory that this process took beyond what it had, and a reading process beside it."""
    return status_of(os.getpid(), "VmHWM") - before + Peak.bytes


@contextlib.contextmanager
def _folder(root: Path) -> Iterator[Path]:
    """Make the folder of a case; the last one may still lie there, when its process died."""
    folder = root / "case"
    _clear(folder)
    folder.mkdir()
    folder.chmod(0o777)
    yield folder
    _clear(folder)


def _clear(folder: Path) -> None:
    for path in folder.glob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def try_damaged(kind: str, seed: int, root: Path) -> Callable[[int], Result]:
    """Return what damages a good file in the way of a case, and tries it; case -1 is the good file."""
    good = GOOD[kind]
    same = ""

    def perform(case: int) -> Result:
        nonlocal same
        draw = random.Random(f"{seed} {kind} {case}")
        with _folder(root) as folder:
            for name, content in good.files.items():
                path = folder / name
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(damaged(content, draw) if case >= 0 and name == good.target else content)
            beside = {name: folder / file for name, file in good.beside.items()}
            before = _forget_peak()
            path = folder / (good.passed or good.target)
            with reading_processes(forked=case % ONE_IN > 0):
                outcome, detail, _ = attempt(DOORS[good.door], path, beside, folder)
            peak = _peak_since(before)
        if outcome == "read":
            same = same or detail[:64]
            outcome = "read the same" if detail[:64] == same else "read differently"
        return Result(case, outcome, detail, peak)

    return perform


def try_hostile(titles: list[str], root: Path) -> Callable[[int], Result]:
    """Return what makes the hostile file of a number, and tries it."""

    def perform(case: int) -> Result:
        hostile = HOSTILE[titles[case]]
        with _folder(root) as folder:
            path = hostile.make(folder)
            beside = {name: folder / file for name, file in hostile.beside.items()}
            before = _forget_peak()
            with _as_nobody(wanted=hostile.as_nobody), reading_processes(forked=False):
                outcome, detail, let_in = attempt(DOORS[hostile.door], path, beside, folder)
            peak = _peak_since(before)
        if outcome == "read":
            outcome = "accepted" if let_in else "refused"
        if peak > LARGEST_PEAK:
            outcome = "too much memory"
        return Result(case, outcome, detail, peak)

    return perform


@contextlib.contextmanager
def _as_nobody(*, wanted: bool) -> Iterator[None]:
    """Give up the rights of root for a while: root may read everything."""
    if not wanted or os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


# Faults planted in the reader of gene sets, to see that each is reported.


def _crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _hang() -> None:
    while True:
        time.sleep(1)


def _raise(error: BaseException) -> Callable[[], None]:
    def plant() -> None:
        raise error

    return plant


PLANTS: dict[str, Callable[[], object]] = {
    "traceback": _raise(ValueError("planted")),
    "crash": _crash,
    "hang": _hang,
    "out of memory": lambda: bytearray(2 * ROOM),
    "wrong code": _raise(Conflict("Planted.")),
    "no sentence": _raise(InputError("planted " * LONGEST_SENTENCE)),
}


def plant(name: str) -> None:
    """Make the reader of gene sets fail in a way of its own where it would have refused."""
    module: Any = gmt
    sound = module.read_gmt

    def planted(path: Path) -> object:
        try:
            return sound(path)
        except GrnError:
            PLANTS[name]()
            raise

    module.read_gmt = planted


# The report.


def prepare(root: Path, seed: int) -> dict[str, Callable[[int], Result]]:
    """Make what several cases use, read every good file, which also loads all modules, and return what damages them."""
    root.chmod(0o755)
    (root / "e.tsv").write_bytes(EXPRESSION)
    (root / "sets.gmt").write_bytes(SETS)
    grnledger.init(root / "store.grn", expression=root / "e.tsv")
    trials = {kind: try_damaged(kind, seed, root) for kind in GOOD}
    for kind, perform in trials.items():
        result = perform(-1)
        if result.outcome != "read the same":
            raise SystemExit(f"The good file {kind!r} is not read: {result.outcome}, {result.detail}")
    return trials


def report(name: str, counts: Counter[str], peak: int) -> str:
    """Return a line of the table."""
    total = sum(counts.values())
    return (
        f"{name:<22}{total:>8,}"
        + "".join(f"{counts[column]:>{len(column) + 2},}" for column in COLUMNS)
        + (f"{peak / 1e6:>10,.0f}")
    )


def main() -> int:
    """Run, print the table, and return 1 when anything was as it must not be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1000, help="damaged files a form")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--only", default="", help="forms and hostile files with this in their name")
    parser.add_argument("--patience", type=float, default=PATIENCE, help="seconds for one file")
    parser.add_argument(
        "--quick", action="store_true", help="leave out the hostile files that are slow: the large ones"
    )
    parser.add_argument("--verbose", action="store_true", help="print every hostile file")
    parser.add_argument("--plant", nargs="?", const="traceback", choices=sorted(PLANTS), help="plant a fault")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        trials = prepare(Path(name), options.seed)
        if options.plant:
            plant(options.plant)
        titles = [title for title in HOSTILE if options.only in title and not (options.quick and LARGE.search(title))]
        jobs = {
            kind: (trials[kind], range(options.first, options.first + options.cases))
            for kind in GOOD
            if options.only in kind
        }
        jobs["hostile"] = (try_hostile(titles, Path(name)), range(len(titles)))
        return survey(jobs, titles, patience=options.patience, verbose=options.verbose)


def survey(
    jobs: dict[str, tuple[Callable[[int], Result], range]], titles: list[str], *, patience: float, verbose: bool
) -> int:
    """Try all that is asked, print the table, and return the exit code."""
    heads = "".join(f"{column:>{len(column) + 2}}" for column in COLUMNS)
    print(f"{'form':<22}{'cases':>8}{heads}{'peak MB':>10}")
    every: Counter[str] = Counter()
    for kind, (perform, cases) in jobs.items():
        counts: Counter[str] = Counter()
        peak = 0
        for result in supervised(cases, perform, patience) if cases else ():
            counts[result.outcome] += 1
            peak = max(peak, result.peak)
            title = titles[result.case] if kind == "hostile" else f"{kind}, case {result.case}"
            if result.outcome in BAD:
                print(f"  {result.outcome}: {title}: {result.detail[-TOLD:]}", flush=True)
            elif kind == "hostile" and verbose:
                print(f"  {title}: {result.detail} ({result.peak / 1e6:,.0f} MB)", flush=True)
        if counts:
            print(report(kind, counts, peak), flush=True)
        every += counts
    total, bad = sum(every.values()), sum(every[outcome] for outcome in BAD)
    print(f"{bad} of {total:,} files were not met as they should be.")
    if total and not bad:
        print(f"0 of {total:,} bounds the rate below {3 / total:.2g} at 95 %.")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
