"""Writers racing on one branch, with the lock and without: what was acknowledged stands in the log, once and for ever.

    python tests/trust/races.py                       # 8 writers, 50 commits each, 5 rounds of each kind
    python tests/trust/races.py --kinds "no lock" --rounds 1 --commits 6 --plant overwriting

Each writer is a process that commits to `main`, one pathway at a time, and says on a pipe which commit was acknowledged
and which was refused. When all are done the store is read again, from its log alone: every acknowledged commit must be
an ancestor of the branch, none may stand that was refused, the chain must be whole, and their number exact. Some kinds
go without the lock, with others packing at the same time, with writers that stop for a moment on either side of the
call by which an entry gets its name, or with writers that do not wait. With --plant a fault is planted, and the harness
must find it.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import grnledger
from aftermath import fork, sentence_of, table
from grnledger.engine.errors import Conflict
from grnledger.engine.threads import one_blas_thread
from grnledger.storage.files import durable, lock
from grnledger.storage.history.log import Log
from verbs import ENVIRONMENT, factors, pathway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from aftermath import Child, Report
    from grnledger.storage.files.locations import DirectoryStore

SIZE = 24
"""p: the races are about entries, and not about numbers."""

MOST_TRIES = 2_000
"""So often a writer that is refused tries a commit again before it gives it up."""

PATIENCE = 120.0
"""Seconds for which a writer that waits does so; a busy machine is not what is tested."""

DAWDLE = 0.02
"""Seconds for which a writer stops, now and then, before and after an entry gets its name."""

ACKNOWLEDGED, REFUSED, GIVEN_UP, LATE, PACKED, FAILED = "ARGLPE"
"""What a process reports, one to a line: a commit, a refusal, one that it gave up, and what befell its entries."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of race.

    Parameters
    ----------
    name : str
        What it is called.
    lock : bool
        Whether writers queue behind the lock.
    wait : float
        For how many seconds a writer waits for others.
    writers : int, optional
        How many, where that is part of the kind.
    packers : int
        How many processes pack at the same time, over and over.
    dawdling : bool
        Whether writers stop for a moment before and after an entry gets its name.
    links : bool
        Whether the file system has links.
    """

    name: str
    lock: bool = True
    wait: float = PATIENCE
    writers: int | None = None
    packers: int = 0
    dawdling: bool = False
    links: bool = True


KINDS = (
    Kind("queueing"),
    Kind("no lock", lock=False),
    Kind("packing", packers=1),
    Kind("no lock, packing", lock=False, packers=2),
    Kind("no lock, packing, dawdling", lock=False, packers=2, dawdling=True),
    Kind("no lock, no links", lock=False, packers=1, links=False),
    Kind("not waiting", wait=0.0, writers=2),
)


@dataclass(slots=True)
class Row:
    """What the rounds of one kind have shown.

    Parameters
    ----------
    kind : str
        Which.
    counts : Counter
        What was reported, and what was found.
    bad : list of str
        What must not be.
    seconds : float
        How long the writers took.
    """

    kind: str
    counts: Counter[str] = field(default_factory=Counter[str])
    bad: list[str] = field(default_factory=list[str])
    seconds: float = 0.0

    def cells(self) -> list[str]:
        """Return the row of the table."""
        rate = self.counts[ACKNOWLEDGED] / self.seconds if self.seconds else 0.0
        names = ("rounds", ACKNOWLEDGED, REFUSED, "packs", LATE, PACKED, "lost", "ghosts", "broken", FAILED)
        return [self.kind, *(f"{self.counts[name]:,}" for name in names), f"{rate:.0f}"]


HEAD = [
    "race",
    "rounds",
    "acknowledged",
    "refused",
    "packs",
    "late",
    "packed",
    "lost",
    "ghosts",
    "broken",
    "errors",
    "/s",
]


# The writers


def write(report: Report, store: Path, index: int, commits: int, wait: float) -> None:
    """Commit pathways of this writer's own, one by one, each until it is acknowledged or given up."""
    repo = grnledger.Repository(store, author=f"writer {index}", wait=wait)
    for nth in range(commits):
        for line in attempts(repo, f"w{index}-{nth}", first=index + nth):
            report(f"{line}\n".encode())


def attempts(repo: grnledger.Repository, name: str, *, first: int) -> Iterator[str]:
    """Try a commit until it is acknowledged, and yield what came of each try."""
    for _ in range(MOST_TRIES):
        try:
            version = repo.commit(pathway(name, first=first, size=SIZE))
        except Conflict:
            yield f"{REFUSED} {name}"
            if any(active.label == name for active in repo.active()):  # it stands all the same: trying again is no use
                break
        except Exception as failure:  # noqa: BLE001  whatever it is, it is counted
            yield f"{FAILED} {name}: {sentence_of(failure)}"
            break
        else:
            yield f"{ACKNOWLEDGED} {version.id} {name}"
            return
    yield f"{GIVEN_UP} {name}"


def pack(report: Report, store: Path, stop: Path) -> None:
    """Pack a store over and over, until told to stop."""
    while not stop.exists():
        try:
            done = grnledger.Repository(store, wait=PATIENCE).pack()
        except Exception as failure:  # noqa: BLE001  whatever it is, it is counted
            report(f"{FAILED} pack: {sentence_of(failure)}\n".encode())
        else:
            report(b"packs\n" * done.packs)
        time.sleep(0.001)


@contextlib.contextmanager
def watched(report: Report) -> Iterator[None]:
    """Report how often the number of an entry had been packed by the time that its writer looked again."""
    is_lost = Log._is_lost

    def looked(log: Log, folder: DirectoryStore, number: int, id_: str) -> bool:
        lost = is_lost(log, folder, number, id_)
        if lost or folder.is_packed(number):
            report(f"{LATE if lost else PACKED} {number}\n".encode())
        return lost

    with mock.patch.object(Log, "_is_lost", looked):
        yield


@contextlib.contextmanager
def dawdling(seed: str) -> Iterator[None]:
    """Stop for a moment, now and then, before and after a file gets its name."""
    claim, chance = durable._claim, random.Random(seed)

    def late(temporary: Path, path: Path) -> None:
        time.sleep(chance.choice((0.0, 0.0, DAWDLE)))
        claim(temporary, path)
        time.sleep(chance.choice((0.0, 0.0, DAWDLE)))

    with mock.patch.object(durable, "_claim", late):
        yield


def no_lock() -> AbstractContextManager[object]:
    """Let nobody take the lock."""
    return mock.patch.object(lock, "hold", return_value=contextlib.nullcontext(False))


def no_links() -> AbstractContextManager[object]:
    """Refuse every link, as some file systems do."""
    return mock.patch.object(durable.os, "link", side_effect=PermissionError(errno.EPERM, "no links here"))


# Faults to be found


def overwriting() -> AbstractContextManager[object]:
    """Rename an entry to its number, over whatever stands there."""
    return mock.patch.object(durable, "_claim", os.replace)


def looking_first() -> AbstractContextManager[object]:
    """Rename an entry to its number, once nothing was seen there."""

    def claim(temporary: Path, path: Path) -> None:
        if path.exists():
            raise FileExistsError(path)
        time.sleep(0.001)
        temporary.rename(path)

    return mock.patch.object(durable, "_claim", claim)


def never_late() -> AbstractContextManager[object]:
    """Trust a number that was free when it was linked: it may have been taken, packed and freed before."""
    return mock.patch.object(Log, "_is_lost", return_value=False)


def packed_is_lost() -> AbstractContextManager[object]:
    """Take a number that is packed for another's, without looking whose it is."""
    return mock.patch.object(Log, "_is_lost", lambda _, folder, number, __: folder.is_packed(number))


PLANTS: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "nothing": contextlib.nullcontext,
    "overwriting": overwriting,
    "looking-first": looking_first,
    "never-late": never_late,
    "packed-is-lost": packed_is_lost,
}


# A round


def round_of(
    folder: Path,
    kind: Kind,
    *,
    writers: int,
    commits: int,
    plant: Callable[[], AbstractContextManager[object]] = contextlib.nullcontext,
    seed: int = 1,
) -> Row:
    """Run one race in a new folder, and return what it showed."""
    store, stop = folder / "race.grn", folder / "stop"
    grnledger.init(store, factor_model=factors(SIZE), genes=[f"GENE{index}" for index in range(SIZE)], author="ada")
    gate = os.pipe()

    def racing(index: int) -> Callable[[Report], None]:
        def run(report: Report) -> None:
            with contextlib.ExitStack() as circumstances:
                circumstances.enter_context(plant())
                circumstances.enter_context(watched(report))
                if not kind.lock:
                    circumstances.enter_context(no_lock())
                if not kind.links:
                    circumstances.enter_context(no_links())
                if kind.dawdling:
                    circumstances.enter_context(dawdling(f"{seed} {index}"))
                os.read(gate[0], 1)
                write(report, store, index, commits, kind.wait)

        return run

    def packing_too(report: Report) -> None:
        with contextlib.nullcontext() if kind.links else no_links():
            pack(report, store, stop)

    packing = [fork(packing_too) for _ in range(kind.packers)]
    racers = [fork(racing(index)) for index in range(kind.writers or writers)]
    row = Row(kind.name)
    began = time.perf_counter()
    os.write(gate[1], b"." * len(racers))
    reports = [ended(child, row) for child in racers]
    row.seconds = time.perf_counter() - began
    stop.touch()
    for child in packing:
        ended(child, row)
    for end in gate:
        os.close(end)
    row.counts["rounds"] = 1
    look(store, reports, row)
    return row


def ended(child: Child, row: Row) -> list[str]:
    """Return the lines that a process has reported, once it has ended, and count them."""
    code, reported = child.end()
    text = reported.decode()
    if code:
        row.counts[FAILED] += 1
        row.bad.append(f"{row.kind}: a process ended with {code}: {''.join(text.strip().splitlines()[-1:])}")
        return []
    lines = text.splitlines()
    row.counts.update(line.split(" ")[0] for line in lines)
    row.bad += [f"{row.kind}: {line[2:]}" for line in lines if line.startswith((FAILED, GIVEN_UP))]
    return lines


def look(store: Path, reports: list[list[str]], row: Row) -> None:
    """Compare what the writers were told with what the store holds."""
    line, names, active = held(store, row)
    index = {commit: number for number, commit in enumerate(line)}
    acknowledged: set[str] = set()
    for lines in reports:
        mine = [report.split(" ")[1:] for report in lines if report.startswith(ACKNOWLEDGED)]
        acknowledged.update(name for _, name in mine)
        lost = [f"{name} ({commit[:12]})" for commit, name in mine if commit not in index or name not in active]
        row.counts["lost"] += len(lost)
        row.bad += [f"{row.kind}: {name} was acknowledged and is lost" for name in lost]
        order = [index[commit] for commit, _ in mine if commit in index]
        if order != sorted(order):
            row.counts["broken"] += 1
            row.bad.append(f"{row.kind}: the commits of one writer are out of order")
    ghosts = names - acknowledged
    row.counts["ghosts"] += len(ghosts)
    row.bad += [f"{row.kind}: {name} was refused and stands" for name in sorted(ghosts)]


def held(store: Path, row: Row) -> tuple[list[str], set[str], set[str]]:
    """Return what a store holds, read anew without anything that is derived: as much of it as can be read.

    Returns
    -------
    line : list of str
        The commits from the root to the tip of `main`.
    names : set of str
        The pathways that any commit added.
    active : set of str
        Those that are active at the tip.
    """
    shutil.rmtree(store / "cache", ignore_errors=True)
    repo = grnledger.open(store)
    readable = [id_ for _, id_, _ in repo.identities()]
    names = {name for version in repo.versions(None) for added in version.added for name in added.names}
    report = grnledger.verify(store)
    wrong = [f"{finding.path}: {finding.what}" for finding in report.findings if finding.kind != "note"]
    try:
        line = [version.id for version in reversed(repo.line("main"))]
        active = {pathway.label for pathway in repo.active("main")}
    except grnledger.GrnError as failure:
        wrong.append(sentence_of(failure))
        line, active = readable, names
    if len(line) != len(repo):
        wrong.append(f"{len(line)} versions on the line of {len(repo)}")
    row.counts["broken"] += bool(wrong)
    row.bad += [f"{row.kind}: {problem}" for problem in wrong]
    return line, names, active


def one_in(bad: int, cases: int, what: str) -> str:
    """Return what a count says: none of n bounds the share by 3/n at 95 %."""
    share = f"{bad:,} of {cases:,} {what}"
    return f"{share}: fewer than 1 in {cases / 3:,.0f}, at 95 %" if not bad and cases else share


def add(rows: list[Row]) -> Row:
    """Return several rounds of one kind as one row."""
    total = Row(rows[0].kind)
    for row in rows:
        total.counts.update(row.counts)
        total.bad += row.bad
        total.seconds += row.seconds
    return total


def main() -> int:
    """Race, look, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--writers", type=int, default=8, help="[8]")
    parser.add_argument("--commits", type=int, default=50, help="of each writer  [50]")
    parser.add_argument("--rounds", type=int, default=5, help="of each kind  [5]")
    parser.add_argument("--kinds", nargs="+", choices=[kind.name for kind in KINDS], metavar="KIND", help="[all]")
    parser.add_argument("--plant", choices=PLANTS, default="nothing")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", help="where the stores stand while it runs")
    options = parser.parse_args()
    os.environ.update(ENVIRONMENT)
    del os.environ["SOURCE_DATE_EPOCH"]  # commits of one writer in one second shall not be alike
    rows: list[Row] = []
    with one_blas_thread():
        for kind in (kind for kind in KINDS if not options.kinds or kind.name in options.kinds):
            rounds: list[Row] = []
            for nth in range(options.rounds):
                with tempfile.TemporaryDirectory(dir=options.folder) as name:
                    settings: dict[str, Any] = {"writers": options.writers, "commits": options.commits}
                    settings |= {"plant": PLANTS[options.plant], "seed": options.seed + nth}
                    rounds.append(round_of(Path(name), kind, **settings))
            rows.append(add(rounds))
            print(*rows[-1].cells(), sep="\t", file=sys.stderr, flush=True)
    return print_table(rows)


def print_table(rows: list[Row]) -> int:
    """Print the table and what it says, and return 1 if anything was bad."""
    print(table(HEAD, [row.cells() for row in rows]))
    bad = [problem for row in rows for problem in row.bad]
    acknowledged, lost = (sum(row.counts[name] for row in rows) for name in (ACKNOWLEDGED, "lost"))
    print(f"\n{one_in(lost, acknowledged, 'acknowledged commits lost')}; {len(bad)} findings in all.")
    print("late: the number had been packed and freed, and another was tried; packed: one's own entry was, already.")
    print(*bad[:20], sep="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
