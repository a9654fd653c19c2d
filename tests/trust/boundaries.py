"""Death at every system call boundary of every verb: the old state or the new one, and nothing else.

    python tests/trust/boundaries.py                     # all verbs, in process and as traced `grn` processes
    python tests/trust/boundaries.py --verbs commit --ways calls --plant in-place

Four ways. `calls`: a child that does the verb ends before each call that changes the disk, in the middle of each
write, and after the last. `no-links`: the same where the file system has no links. `large`: the same with files written
as those too large for memory are. `strace`: a real `grn` process is killed by strace before each system call that
touches the stores; this finds calls that the first way does not know. With --plant a fault is planted, and the harness
must find it.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import json
import os
import signal
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args
from unittest import mock

import planted
import traced
import verbs
from aftermath import KINDS, Finding, Ground, Tally, an_hour_later, fork, table
from faults import watching
from grnledger.engine.threads import one_blas_thread
from grnledger.storage.files import hdf5, layout
from grnledger.storage.files.access import Sharing
from grnledger.storage.verify.repair import repair

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftermath import Expected, Report

WAYS = ("calls", "no-links", "large", "strace")
ENDS = ("old", "new", "claimed")
"""What may be: the old state, the new one; and, where there are no links, the old one once `grn verify --repair` has
taken away the number that the dead one had claimed, an hour later."""

CLAIMED = "is claimed by a writer"
PLAIN = {"openat": "open", "pwrite64": "pwrite", "linkat": "link", "unlinkat": "unlink", "renameat": "rename",
         "renameat2": "rename", "mkdirat": "mkdir", "fchmodat": "chmod", "fchownat": "chown"}  # fmt: skip
"""What system calls are called in the module `os`."""

DIED = 77
"""The exit code of a child that ended where it should."""

PLANTS = ("nothing", "in-place", "two-entries")


@dataclass(slots=True)
class Row:
    """What the deaths of one verb in one way have shown.

    Parameters
    ----------
    verb, way : str
        Which.
    calls : int
        How many calls that change the disk it makes.
    """

    verb: str
    way: str
    calls: int
    tally: Tally = field(default_factory=Tally)

    def cells(self) -> list[str]:
        """Return the row of the table."""
        counts = self.tally.counts
        return [self.verb, self.way, str(self.calls), str(counts.total()), *self.tally.row(*ENDS, *KINDS)]


HEAD = ["verb", "way", "calls", "deaths", *ENDS, *KINDS]


@contextlib.contextmanager
def going(way: str) -> Iterator[None]:
    """Let files be written as a way says."""
    with mock.patch.object(hdf5, "IN_MEMORY", -1) if way == "large" else contextlib.nullcontext():
        yield


def refused(way: str, name: str) -> None:
    """Refuse what a file system does not have."""
    if way == "no-links" and name == "link":
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))


def calls_of(ground: Ground, way: str) -> list[str]:
    """Return the names of the calls by which a verb changes the disk, in order."""

    def act(report: Report) -> None:
        calls: list[str] = []

        def on_call(_index: int, name: str, _args: tuple[Any, ...]) -> None:
            calls.append(name)
            refused(way, name)

        with watching(on_call), going(way):
            ground.act()
        report(json.dumps(calls).encode())

    ground.lay_out()
    code, answer = fork(act).end()
    if code:
        raise SystemExit(f"{ground.verb.name} failed in peace: {answer.decode()}")
    return json.loads(answer)


def die(ground: Ground, way: str, calls: list[str], at: int, *, halfway: bool) -> None:
    """Let a child do the verb and end before a call, or halfway through its writing, or after the last."""

    def on_call(index: int, name: str, args: tuple[Any, ...]) -> None:
        if index == at:
            assert name == calls[at]
            if halfway:
                os.pwrite(args[0], args[1][: len(args[1]) // 2], args[2])
            os._exit(DIED)
        refused(way, name)

    def act(_: Report) -> None:
        with watching(on_call) as watched, going(way):
            ground.act()
            assert watched.calls == len(calls) == at
        os._exit(DIED)

    ground.lay_out()
    code, answer = fork(act).end()
    if code != DIED:
        raise SystemExit(f"{ground.verb.name} did not come to call {at}: {answer.decode()}")


def unclaimed(ground: Ground, expected: Expected, finding: Finding) -> Finding:
    """Return a finding as it is, or `claimed` where all that was bad goes with the claim to a number."""
    if finding.stands != "stuck" or CLAIMED not in finding.detail:
        return finding
    store = ground.folder / ground.goes_on
    an_hour_later(store)
    repair(store)
    mended = ground.examine(expected, acknowledged=False, again=False)
    return mended if mended.stands in KINDS else Finding("claimed")


def die_everywhere(ground: Ground, expected: Expected, way: str, *, thorough: bool, to_the_first: bool) -> Row:
    """Return what is found after death at every boundary, or up to the first that is bad."""
    calls = calls_of(ground, way)
    row = Row(ground.verb.name, way, len(calls))
    places = [
        (at, halfway) for at, name in enumerate([*calls, "end"]) for halfway in (False, True)[: 1 + (name == "pwrite")]
    ]
    for at, halfway in places:
        for again in (False, True) if thorough else (bool(at % 2),):
            die(ground, way, calls, at, halfway=halfway)
            finding = ground.examine(expected, acknowledged=False, again=again)
            if way == "no-links":
                finding = unclaimed(ground, expected, finding)
            where = f"call {at} of {len(calls)}, {[*calls, 'the end'][at]}"
            row.tally.add(finding, f"{row.verb}, {way}: {'halfway through' if halfway else 'before'} {where}")
            if to_the_first and row.tally.bad:
                return row
    return row


def unwatched(ground: Ground, calls: list[traced.SystemCall]) -> Counter[str]:
    """Return the calls that a real process makes beyond those that are watched, counted.

    Those of the lock do not count, nor does the end of a file, which the interpreter may close as it ends: a death
    before it leaves what a death after the last write leaves.
    """
    made = Counter(PLAIN.get(call.name, call.name) for call in calls if layout.LOCK not in call.on.rpartition("/")[2])
    del made["close"]
    return made - Counter(calls_of(ground, "calls"))


def kill_everywhere(ground: Ground) -> Row:
    """Return what is found after a real process was killed before every system call that touches its stores."""
    expected = ground.expect()
    process = traced.Traced(ground)
    calls = process.calls()
    if unseen := unwatched(ground, calls):
        raise SystemExit(f"{process} changes its stores by calls that the other ways do not see: {unseen}.")
    row = Row(ground.verb.name, "strace", len(calls))
    for index in range(len(calls)):
        code, message = process.inject(calls, index, "signal=KILL")
        if code != -signal.SIGKILL:
            raise SystemExit(f"{process}: {calls[index]} was to be the last call, and was not: {code}. {message}")
        finding = ground.examine(expected, acknowledged=False, again=bool(index % 2))
        row.tally.add(finding, f"grn {row.verb}: before {calls[index]}, {index + 1} of {len(calls)}")
    return row


def main(arguments: list[str] | None = None) -> int:
    """Die everywhere, look, and print a table; returns 1 if anything was bad."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verbs", nargs="+", choices=[verb.name for verb in verbs.VERBS], help="[all]")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS, help="[all]")
    parser.add_argument("--size", type=int, default=24, metavar="P", help="genes of the panel  [24]")
    parser.add_argument("--base", choices=("dense", "factor"), default="factor", help="[factor]")
    parser.add_argument("--shared", choices=get_args(Sharing), help="who may use the stores  [as their folder says]")
    parser.add_argument("--quick", action="store_true", help="go on from each death in one way only, not in two")
    parser.add_argument("--plant", choices=PLANTS, default="nothing", help="stop at the first bad case")
    parser.add_argument("--folder", help="where the stores stand while it runs")
    options = parser.parse_args(arguments)
    os.environ.update(verbs.ENVIRONMENT)
    ways = list(options.ways)
    if "strace" in ways and (why := traced.why_not()):
        print(f"Real processes are left out: {why}.")
        ways.remove("strace")
    rows: list[Row] = []
    with one_blas_thread(), tempfile.TemporaryDirectory(dir=options.folder) as name:
        dense = options.base == "dense"
        prepared = verbs.build(Path(name) / "prepared", size=options.size, dense=dense, shared=options.shared)
        for verb in verbs.VERBS:
            if options.verbs and verb.name not in options.verbs:
                continue
            ground = Ground(prepared, Path(name) / "stores", verb, plant=planted.DEATHS[options.plant])
            expected = ground.expect() if set(ways) - {"strace"} else None
            for way in ways:
                if expected is None or way == "strace":
                    row = kill_everywhere(replace(ground, as_command=True))
                else:
                    until = options.plant != "nothing"
                    row = die_everywhere(ground, expected, way, thorough=not options.quick, to_the_first=until)
                print(*row.cells(), sep="\t", file=sys.stderr, flush=True)
                rows.append(row)
    return print_table(rows)


def print_table(rows: list[Row]) -> int:
    """Print the table and what it says, and return 1 if anything was bad."""
    print(table(HEAD, [row.cells() for row in rows]))
    bad = [case for row in rows for case in row.tally.bad]
    print(f"\n{sum(row.tally.counts.total() for row in rows):,} deaths at system call boundaries: {len(bad)} bad.")
    print(*bad[:20], sep="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
