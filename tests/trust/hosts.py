"""Two hosts on one folder of a network disk, racing and dying: what was acknowledged stands, once and for ever.

    python tests/trust/hosts.py                       # 5,000 racing commits and 200 deaths, in seven kinds of networks
    python tests/trust/hosts.py --kinds "answers lost" --commits 40 --deaths 0 --plant unanswered

Each host is a set of namespaces of its own (network, processes, mounts, name) with its own mount of the disk
(`network_disk`), two writers, and in some kinds its own clock. Hosts die all at once: SIGKILL to all of their processes
and to their client of the disk, which loses what it has not sent. In some kinds the server keeps the dead host's lock
for a while. A new host then takes the place of the dead. At the end the store is read on the server, from its log
alone: every commit that was acknowledged must be an ancestor of the branch, the chain must be whole, and nothing may
stand that was refused; what a writer was about to do when it died may. With --plant a fault is planted, and the harness
must find it. It needs Linux, root and /dev/fuse.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import errno
import fcntl
import os
import random
import select
import signal
import socket
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import grnledger
import races
from aftermath import an_hour_later, fork, table
from grnledger.engine.threads import one_blas_thread
from grnledger.storage.files import durable
from grnledger.storage.history import ledger
from grnledger.storage.verify.repair import repair
from network_disk import LIBC, NetworkDisk, Terms
from races import ACKNOWLEDGED, FAILED, GIVEN_UP, REFUSED, SIZE
from verbs import ENVIRONMENT, factors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from aftermath import Child, Report

NEW_NAMESPACES = 0x00020000 | 0x04000000 | 0x08000000 | 0x20000000 | 0x40000000
"""Of mounts, of names, of communication, of processes and of the network."""

PRIVATE = 1 << 18 | 1 << 14
HOSTS, WRITERS = 2, 2
STORE = "race.grn"
TRYING = "T"
LONGEST = 300.0
"""Seconds after which a round counts as stuck."""


USUAL = Terms()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of network.

    Parameters
    ----------
    name : str
        What it is called.
    terms : Terms
        What the disk promises.
    wait : float
        For how many seconds a writer waits for others.
    lease : float
        For how many seconds the server keeps the lock of a host that has died.
    clock : float
        By how many seconds the clock of the second host is ahead of that of the server, and the first one's behind.
        Writers then dawdle before and after they name a file, and sweep leftovers at each entry.
    """

    name: str
    terms: Terms = USUAL
    wait: float = races.PATIENCE
    lease: float = 0.0
    clock: float = 0.0


KINDS = (
    Kind("locks of each host"),
    Kind("locks of the server", Terms(server_locks=True)),
    Kind("locks that outlive a host", Terms(server_locks=True), wait=0.4, lease=0.6),
    Kind("remembers for a minute", Terms(remembers=60.0)),
    Kind("answers lost", Terms(lost_answers=0.3)),
    Kind("clocks apart", clock=7_200.0),
    Kind("no links", Terms(links=False)),
)

HEAD = ["network", ACKNOWLEDGED, REFUSED, "deaths", "holding", "lost", "ghosts", "broken", FAILED, "/s"]
NAMES = {ACKNOWLEDGED: "acknowledged", REFUSED: "refused", FAILED: "errors"}


# A host


@dataclass(slots=True)
class Host:
    """A host that runs.

    Parameters
    ----------
    name : str
        What it is called.
    child : Child
        The process that has made it.
    first : int
        Its first process, with which all of it dies.
    dies : float
        When, of the monotonic clock.
    lines : list of str
        What its writers have reported.
    """

    name: str
    child: Child
    first: int
    dies: float
    lines: list[str] = field(default_factory=list[str])
    rest: bytes = b""

    def hear(self) -> bool:
        """Take in what was reported, and return whether there may be more."""
        news = os.read(self.child.reports, 1 << 16)
        *whole, self.rest = (self.rest + news).split(b"\n")
        self.lines += [line.decode() for line in whole]
        return bool(news)

    def die(self) -> None:
        """Kill all of its processes at once."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.first, signal.SIGKILL)


def boot(lab: Path, kind: Kind, name: str, index: int, plant: str, *, dies: float) -> Host:
    """Start a host: its first process mounts the disk and starts the writers."""

    def start(report: Report) -> None:
        if LIBC.unshare(NEW_NAMESPACES):
            raise OSError(ctypes.get_errno(), "no namespaces")
        told, tell = os.pipe()
        first = os.fork()
        if first:
            report(f"{first}\n".encode())
            os.write(tell, b".")
            os.waitpid(first, 0)
            return
        code = 1
        try:
            os.read(told, 1)  # what its writers report comes after that
            LIBC.prctl(1, signal.SIGKILL, 0, 0, 0)  # with the process that has made it
            socket.sethostname(name)
            LIBC.mount(b"none", b"/", None, PRIVATE, None)
            live(report, lab, kind, name, index, plant)
            code = 0
        finally:
            os._exit(code)

    child = fork(start)
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(child.reports, 1)
        if not part:
            raise SystemExit(f"no host could be made: {child.end()}")
        line += part
    return Host(name, child, int(line), dies)


def live(report: Report, lab: Path, kind: Kind, name: str, index: int, plant: str) -> None:
    """Be the first process of a host: serve its mount, and wait for its writers."""
    target = lab / f"host{index}"
    disk = NetworkDisk(lab / "server", kind.terms, seed=name, host=index)
    disk.mount(target)
    if os.fork() == 0:
        disk.serve()
        os._exit(0)
    os.close(disk._device)
    writers = [
        _writer(report, lab, target / STORE, kind, f"{name}w{number}", index, plant) for number in range(WRITERS)
    ]
    for pid in writers:
        os.waitpid(pid, 0)


def _writer(report: Report, lab: Path, store: Path, kind: Kind, name: str, index: int, plant: str) -> int:
    """Start a writer that commits until the race is over."""
    if pid := os.fork():
        return pid
    try:
        ahead = kind.clock * (2 * index - 1)
        with clock(ahead, name), PLANTS[plant]():
            now = datetime.now(UTC) + timedelta(seconds=ahead)
            repo = grnledger.Repository(store, author=name, wait=kind.wait, time=now)
            for nth in range(1_000_000):
                if (lab / "stop").exists():
                    break
                report(f"{TRYING} {name}-{nth}\n".encode())
                for line in races.attempts(repo, f"{name}-{nth}", first=nth):
                    report(f"{line}\n".encode())
    except BaseException as failure:  # noqa: BLE001  whatever it is, it is counted
        report(f"{FAILED} {name}: {type(failure).__name__}: {failure}\n".replace("\n", " ").encode() + b"\n")
    finally:
        os._exit(0)


@contextlib.contextmanager
def clock(ahead: float, seed: str) -> Iterator[None]:
    """Let the clock of this process be ahead of that of the disk, where it is, and the process dawdle and sweep."""
    real = time.time

    def shifted() -> float:
        return real() + ahead

    with contextlib.ExitStack() as circumstances:
        if ahead:
            circumstances.enter_context(mock.patch.object(time, "time", shifted))
            circumstances.enter_context(mock.patch.object(ledger, "SWEEP_EVERY", 1))
            circumstances.enter_context(races.dawdling(seed))
        yield


# Faults to be found


def unanswered() -> AbstractContextManager[object]:
    """Take a name that is taken for another's, without looking whether the answer to one's own link was lost."""

    def claim(temporary: Path, path: Path) -> None:
        os.link(temporary, path)

    return mock.patch.object(durable, "_claim", claim)


def own_clock() -> AbstractContextManager[object]:
    """Judge the age of files by one's own clock alone."""
    return mock.patch.object(durable, "abandoned", lambda paths: durable._older_than_grace(paths, time.time()))


def not_asked_again() -> AbstractContextManager[object]:
    """Take what this host remembers of a folder for what is in it."""
    return mock.patch.object(durable, "disk_time", return_value=0.0)


PLANTS: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "nothing": contextlib.nullcontext,
    "looking-first": races.looking_first,
    "overwriting": races.overwriting,
    "not-asked-again": not_asked_again,
    "own-clock": own_clock,
    "unanswered": unanswered,
}


# A race


def race(lab: Path, kind: Kind, commits: int, deaths: int, *, seed: int, plant: str) -> races.Row:
    """Run one race, and return what it showed."""
    for name in ("server", *(f"host{index}" for index in range(HOSTS))):
        (lab / name).mkdir()
    server, chance = lab / "server" / STORE, random.Random(f"{kind.name} {seed}")
    grnledger.init(server, factor_model=factors(SIZE), genes=[f"GENE{n}" for n in range(SIZE)], author="ada")
    row = races.Row(kind.name)
    begun = time.perf_counter()
    ended = Race(lab, kind, commits, deaths, chance, row, plant).run()
    row.seconds = time.perf_counter() - begun
    mend(server, kind)
    look(server, ended, row)
    return row


@dataclass(slots=True)
class Race:
    """A race that goes on until there have been so many commits and deaths.

    Parameters
    ----------
    lab : Path
        The folder of the server and of the mounts.
    kind : Kind
        The network.
    commits, deaths : int
        How many there shall be.
    chance : Random
        Chooses when hosts die.
    row : Row
        Where deaths are counted.
    plant : str
        A fault, of `PLANTS`.
    """

    lab: Path
    kind: Kind
    commits: int
    deaths: int
    chance: random.Random
    row: races.Row
    plant: str
    running: dict[int, Host] = field(default_factory=dict[int, Host])
    ended: list[Host] = field(default_factory=list[Host])
    leases: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])

    @property
    def store(self) -> Path:
        """The store, on the server."""
        return self.lab / "server" / STORE

    @property
    def dying(self) -> bool:
        """Whether hosts still die."""
        return self.row.counts["deaths"] < self.deaths and not self.over

    @property
    def over(self) -> bool:
        """Whether writers have been told to stop."""
        return (self.lab / "stop").exists()

    def run(self) -> list[Host]:
        """Let hosts race, die and be replaced, and return all that there were."""
        late = time.monotonic() + LONGEST
        self._start(*range(HOSTS))
        while self.running:
            if time.monotonic() > late:
                self.row.bad.append(f"{self.kind.name}: not done after {LONGEST:.0f} s")
                for host in self.running.values():
                    host.die()
            hosts = (*self.running.values(), *self.ended)
            done = sum(line.startswith(ACKNOWLEDGED) for host in hosts for line in host.lines)
            if (done >= self.commits and not self.dying) or time.monotonic() > late:
                (self.lab / "stop").touch()
            self._free(time.monotonic())
            self._step()
        self._free(float("inf"))
        return self.ended

    def _start(self, *indices: int) -> None:
        for index in indices:
            name = f"h{index}i{len(self.ended)}"
            life = self.chance.uniform(0.15, 0.8) if self.dying else 2 * LONGEST
            dies = time.monotonic() + life
            self.running[index] = boot(self.lab, self.kind, name, index, self.plant, dies=dies)

    def _step(self) -> None:
        """Hear what is reported, kill whose time has come, and replace who has ended."""
        ready, _, _ = select.select([host.child.reports for host in self.running.values()], [], [], 0.02)
        for index, host in list(self.running.items()):
            if self.dying and time.monotonic() >= host.dies:
                self._kill(host)
            if host.child.reports in ready and not host.hear():
                host.child.end()
                self.ended.append(self.running.pop(index))
                if not self.over:
                    self._replace(index)

    def _replace(self, index: int) -> None:
        """Start a host again; where there are no links all have died, and the claim of one of them must go first."""
        if self.kind.terms.links:
            self._start(index)
        elif not self.running:
            mend(self.store, self.kind)
            self._start(*range(HOSTS))

    def _kill(self, host: Host) -> None:
        """Kill a host, or all where there are no links, and keep its lock where the server does."""
        hosts = [host] if self.kind.terms.links else list(self.running.values())
        text = b""
        with contextlib.suppress(OSError):
            text = (self.store / "lock").read_bytes()
        for dying in hosts:
            dying.die()
            dying.dies = float("inf")
        self.row.counts["deaths"] += 1
        self.row.counts["holding"] += any(f" on {dying.name}\n".encode() in text for dying in hosts)
        if self.kind.lease:
            self.leases.append((time.monotonic() + self.kind.lease, _hold(self.store / "lock")))

    def _free(self, now: float) -> None:
        for lease in [lease for lease in self.leases if lease[0] <= now]:
            self.leases.remove(lease)
            if lease[1] >= 0:
                os.close(lease[1])


def _hold(path: Path) -> int:
    """Hold a lock on the server, as that does for a host of which it has not heard for a while; -1 where it cannot."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        end = time.monotonic() + 0.2
        while time.monotonic() < end:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return descriptor
        os.close(descriptor)
    return -1


def mend(server: Path, kind: Kind) -> None:
    """Where there are no links, remove the claim of a dead writer, as somebody would an hour later."""
    if not kind.terms.links:
        an_hour_later(server)
        repair(server)


def look(server: Path, ended: list[Host], row: races.Row) -> None:
    """Compare what the writers were told with what the server holds."""
    line, names, active = races.held(server, row)
    stand = set(line)
    tried: set[str] = set()
    acknowledged: set[str] = set()
    for host in ended:
        last: dict[str, str] = {}
        for report in host.lines:
            kind, *words = report.split(" ")
            row.counts[kind] += 1
            name = words[-1]
            if kind == TRYING:
                last[name.rpartition("-")[0]] = name
            elif kind == ACKNOWLEDGED:
                acknowledged.add(name)
                if words[0] not in stand or name not in active:
                    row.counts["lost"] += 1
                    row.bad.append(f"{row.kind}: {name} ({words[0][:12]}) was acknowledged and is lost")
            elif kind in (FAILED, GIVEN_UP):
                row.bad.append(f"{row.kind}: {report}")
        tried.update(last.values())  # each writer's last may have been under way
    ghosts = names - acknowledged - tried
    row.counts["ghosts"] += len(ghosts)
    row.bad += [f"{row.kind}: {name} was refused and stands" for name in sorted(ghosts)]


def cells(row: races.Row) -> list[str]:
    """Return the row of the table."""
    rate = row.counts[ACKNOWLEDGED] / row.seconds if row.seconds else 0.0
    return [row.kind, *(f"{row.counts[name]:,}" for name in HEAD[1:-1]), f"{rate:.0f}"]


def able() -> str:
    """Return why hosts cannot be made here; an empty text where they can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "only root can make hosts, and on Linux"
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "there is no /dev/fuse"

    def attempt(_: Report) -> None:
        with tempfile.TemporaryDirectory() as name:
            if LIBC.unshare(NEW_NAMESPACES):
                raise OSError(errno.EPERM, "no namespaces")
            LIBC.mount(b"none", b"/", None, PRIVATE, None)
            (server := Path(name) / "server").mkdir()
            (target := Path(name) / "target").mkdir()
            NetworkDisk(server, USUAL).mount(target)
            LIBC.umount2(os.fsencode(target), 2)

    code, answer = fork(attempt).end()
    return f"no host can be made: {answer.decode().strip().splitlines()[-1]}" if code else ""


def main(arguments: list[str] | None = None) -> int:
    """Race, look, and print a table; returns 1 if anything was bad."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commits", type=int, default=5_000, help="in all kinds together  [5000]")
    parser.add_argument("--deaths", type=int, default=200, help="in all kinds together  [200]")
    parser.add_argument("--kinds", nargs="+", choices=[kind.name for kind in KINDS], metavar="KIND", help="[all]")
    parser.add_argument("--plant", choices=PLANTS, default="nothing")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", help="where the stores stand while it runs")
    options = parser.parse_args(arguments)
    if reason := able():
        raise SystemExit(f"{reason[:1].upper()}{reason[1:]}.")
    os.environ.update(ENVIRONMENT)
    del os.environ["SOURCE_DATE_EPOCH"]
    chosen = [kind for kind in KINDS if not options.kinds or kind.name in options.kinds]
    rows: list[races.Row] = []
    with one_blas_thread():
        for kind in chosen:
            commits, deaths = -(-options.commits // len(chosen)), -(-options.deaths // len(chosen))
            with tempfile.TemporaryDirectory(dir=options.folder) as name:
                rows.append(race(Path(name), kind, commits, deaths, seed=options.seed, plant=options.plant))
            print(*cells(rows[-1]), sep="\t", file=sys.stderr, flush=True)
    return print_table(rows)


def print_table(rows: list[races.Row]) -> int:
    """Print the table and what it says, and return 1 if anything was bad."""
    print(table([NAMES.get(name, name) for name in HEAD], [cells(row) for row in rows]))
    total: Counter[str] = sum((row.counts for row in rows), Counter())
    bad = [problem for row in rows for problem in row.bad]
    print(f"\n{races.one_in(total['lost'], total[ACKNOWLEDGED], 'acknowledged commits lost')}; ", end="")
    print(
        f"{total['deaths']} deaths of a host, {total['holding']} of one that held the lock; {len(bad)} findings in all."
    )
    print(*bad[:20], sep="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
