"""ENOSPC, EIO and EDQUOT at every call that changes the disk: a clear error, the old state intact, and then it works.

    python tests/trust/disk_errors.py                    # all verbs, in process and as real `grn` processes
    python tests/trust/disk_errors.py --verbs commit --ways once --plant unchecked-fsync

Seven ways. `once`: each call in turn fails once, with each of the three errors. `full`: from a call on the disk is
full, and only removing works. `dead`: from a call on nothing works. `torn`: a write takes half of its bytes before it
fails. `short`: every write takes half of its bytes and says so, which is no error. `strace`: a call of a real `grn`
process fails. `disk`: real `grn` processes on a real file system with too few pages left; where none can be mounted,
with a limit to the size of files.

An error may go untold only where it costs nothing: removing a leftover, or writing what is derived. Where the last step
fails, flushing a folder, the new state may stand, and `Unconfirmed` says so. In process each case is done as a call and
as a command; then, in the same process and on the same object, one more commit must work, and another in a fresh one.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import json
import os
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import planted
import real_disk
import traced
import verbs
from aftermath import Finding, Ground, Tally, difference, fork, sentence_of, table
from faults import watching
from grnledger.engine.threads import one_blas_thread
from grnledger.storage.files import durable
from outcomes import BAD, Outcome, finding_of, is_flushed, is_harmless, of_command, of_failure

if TYPE_CHECKING:
    from aftermath import Expected, Report
    from faults import Call
    from grnledger.storage.repository import Repository

WAYS = ("once", "full", "dead", "torn", "short", "strace", "disk")
REAL = {"strace": real_disk.fail_calls, "disk": real_disk.fill}
"""The ways of real processes."""

ERRORS = (errno.ENOSPC, errno.EIO, errno.EDQUOT)
GROWING = ("open", "pwrite", "ftruncate", "fsync", "link", "mkdir")
"""What a full disk refuses."""


@dataclass(slots=True)
class Fault:
    """A disk that fails.

    Parameters
    ----------
    way : str
        How, of `WAYS`.
    at : int
        From which call on, or only there.
    error : int
        With what.

    Attributes
    ----------
    failed : list of (str, str, bool)
        The calls that failed: name, path, and whether that may go untold.
    calls : list of str
        The names of all calls.
    """

    way: str
    at: int
    error: int
    failed: list[tuple[str, str, bool]] = field(default_factory=list[tuple[str, str, bool]])
    calls: list[str] = field(default_factory=list[str])
    _paths: dict[int, str] = field(default_factory=dict[int, str])
    _made: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def on_call(self, index: int, name: str, arguments: tuple[Any, ...]) -> None:
        """Fail, if it is time."""
        self.calls.append(name)
        if not self._hits(index, name):
            return
        named = isinstance(arguments[0], str)
        path = arguments[0] if named else self._paths.get(arguments[0], "")
        harmless = is_harmless(name, path) or (Path(path).is_dir() and is_flushed(path, self._made))
        self.failed.append((name, path, harmless))
        if name == "close":  # the descriptor is gone, whatever close says
            os.close(arguments[0])
        if self.way == "torn":
            os.pwrite(arguments[0], arguments[1][: len(arguments[1]) // 2], arguments[2])
        raise OSError(self.error, os.strerror(self.error), *([path] if named else []))

    def after(self, call: Call) -> None:
        """Note which file a descriptor is of, and which names were given and flushed."""
        if call.name == "open":
            self._paths[call.result] = call.arguments[0]
        elif call.name in ("link", "rename"):
            self._made.append((call.name, call.arguments[1]))
        elif call.name == "mkdir":
            self._made.append((call.name, call.arguments[0]))
        elif call.name == "fsync":
            self._made.append((call.name, self._paths[call.arguments[0]]))

    def _hits(self, index: int, name: str) -> bool:
        if self.way == "full":
            return index >= self.at and name in GROWING
        if self.way == "dead":
            return index >= self.at
        return index == self.at


class ShortWrites:
    """The module `os`, where each write takes half of what it is given, and a byte at the least."""

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def pwrite(self, descriptor: int, data: Any, offset: int) -> int:
        """Write half."""
        return os.pwrite(descriptor, data[: max(1, len(data) // 2)], offset)


@dataclass(slots=True)
class Row:
    """What the errors of one verb in one way have shown.

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
        return [self.verb, self.way, str(self.calls), str(counts.total()), *self.tally.row(*ENDS, *BAD)]


ENDS = ("told", "unconfirmed", "done")
"""What may be: an error and the old state, `Unconfirmed`, or nothing that matters had failed."""

HEAD = ["verb", "way", "calls", "errors", *ENDS, *BAD]


def attempt(ground: Ground, store: Repository | None, fault: Fault) -> Outcome:
    """Do the verb on a failing disk, and return how it ended."""
    short = mock.patch.object(durable, "os", ShortWrites()) if fault.way == "short" else contextlib.nullcontext()
    watch = contextlib.nullcontext() if fault.way == "short" else watching(fault.on_call, fault.after)
    try:
        with ground.plant(lambda: None), watch, short:
            if ground.as_command:
                return of_command(*ground.run())
            ground.verb.act(ground.folder, store)
    except Exception as failure:  # noqa: BLE001  what is no clear error is found out
        return of_failure(failure)
    return Outcome(done=True)


def calls_of(ground: Ground) -> list[str]:
    """Return the names of the calls by which a verb changes the disk, in order."""

    def act(report: Report) -> None:
        fault = Fault("once", -1, 0)
        outcome = attempt(ground, None if ground.as_command else ground.verb.open(ground.folder), fault)
        if not outcome.done:
            raise RuntimeError(outcome.message)
        report(json.dumps(fault.calls).encode())

    ground.lay_out()
    code, answer = fork(act).end()
    if code:
        raise SystemExit(f"{ground.verb.name} failed in peace: {answer.decode()}")
    return json.loads(answer)


def fail(ground: Ground, expected: Expected, fault: Fault) -> Finding:
    """Let a child do the verb on a failing disk and go on once it works again, and return how it ended."""

    def act(report: Report) -> None:
        store = None if ground.as_command else ground.verb.open(ground.folder)
        outcome = attempt(ground, store, fault)
        stands = ground.standing(expected)
        harmless = all(is_minor for _, _, is_minor in fault.failed)
        finding = finding_of(
            outcome, stands, harmless=harmless, changes=expected.old != expected.new, steps=ground.verb.steps
        )
        if finding.stands not in BAD:
            finding = same_process(ground, expected, store, finding.stands)
        if finding.stands not in BAD:
            finding = Finding(outcome.end, outcome.message)
        elif fault.failed:
            name, path, _ = fault.failed[0]
            finding = Finding(finding.stands, f"{finding.detail} ({name} of {Path(path).name})")
        report(json.dumps(asdict(finding)).encode())

    ground.lay_out()
    code, answer = fork(act).end()
    if code:
        return Finding("unclear", answer.decode())
    finding = Finding(**json.loads(answer))
    return finding if finding.stands in BAD else fresh_process(ground, finding)


def same_process(ground: Ground, expected: Expected, store: Repository | None, stands: str) -> Finding:
    """Return which state stands, if the next commit works in the process that met the error, on the same object."""
    if store is None or ground.verb.mends or ground.goes_on != ground.verb.holds[0]:
        return ground.going_on(stands, expected, again=True)
    after = expected.new_next if stands == "new" else expected.old_next
    assert after is not None
    try:
        verbs.next_commit(store)
        seen = ground.see()
    except Exception as failure:  # noqa: BLE001  whatever it is, the store is stuck
        return Finding("stuck", f"on the same object after the {stands} state: {sentence_of(failure)}")
    return Finding(stands) if seen == after else Finding("stuck", f"on the same object: {difference(after, seen)}")


def fresh_process(ground: Ground, finding: Finding) -> Finding:
    """Return a finding as it is, if yet another commit works outside the process that met the error."""
    try:
        before = ground.see()[ground.goes_on]
        ground.next_commit(nth=1)
        after = ground.see()[ground.goes_on]
    except Exception as failure:  # noqa: BLE001  whatever it is, the store is stuck
        return Finding("stuck", f"in a fresh process: {sentence_of(failure)}")
    assert before is not None
    assert after is not None
    whole = after.versions[1:] == before.versions and after.numbers[1:] == before.numbers
    return finding if whole else Finding("wrong", "the next commit changed versions before it")


def faults_of(way: str, calls: list[str]) -> list[Fault]:
    """Return the faults of a way, for a verb that makes these calls."""
    if way == "short":
        return [Fault(way, 0, 0)]
    wanted = {"torn": ("pwrite",), "full": GROWING}.get(way)
    errors = {"once": ERRORS, "dead": (errno.EIO,)}.get(way, (errno.ENOSPC,))
    places = [at for at, name in enumerate(calls) if wanted is None or name in wanted]
    return [Fault(way, at, error) for at in places for error in errors]


def fail_everywhere(ground: Ground, rows: dict[str, Row], *, every: int, to_the_first: bool) -> None:
    """Count what is found after an error at every call, or at every so many; to the first that is bad, if asked."""
    expected = ground.expect()
    calls = calls_of(ground)
    for way, row in rows.items():
        row.calls = max(row.calls, len(calls))
        fail_in_turn(ground, expected, calls, row, way, every=every, to_the_first=to_the_first)


def fail_in_turn(
    ground: Ground, expected: Expected, calls: list[str], row: Row, way: str, *, every: int, to_the_first: bool
) -> None:
    """Count what is found after each error of one way."""
    for fault in faults_of(way, calls)[::every]:
        name = calls[fault.at]
        how = "grn " if ground.as_command else ""
        failure = errno.errorcode.get(fault.error, "short writes")
        finding = fail(ground, expected, fault)
        row.tally.add(finding, f"{how}{row.verb}, {way}: {failure} at call {fault.at} of {len(calls)}, {name}", bad=BAD)
        if to_the_first and row.tally.bad:
            return


def main(arguments: list[str] | None = None) -> int:
    """Fail everywhere, look, and print a table; returns 1 if anything was bad."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verbs", nargs="+", choices=[verb.name for verb in verbs.VERBS], help="[all]")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), help="[all]")
    parser.add_argument("--size", type=int, default=24, metavar="P", help="genes of the panel  [24]")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth error  [1]")
    parser.add_argument("--calls-only", action="store_true", help="not as commands")
    parser.add_argument("--plant", choices=planted.ERRORS, default="nothing", help="stop at the first bad case")
    parser.add_argument("--folder", help="where the stores stand while it runs")
    options = parser.parse_args(arguments)
    os.environ.update(verbs.ENVIRONMENT)
    chosen = [verb for verb in verbs.VERBS if not options.verbs or verb.name in options.verbs]
    ways = list(options.ways)
    if "strace" in ways and (why := traced.why_not()):
        print(f"Errors of real system calls are left out: {why}.")
        ways.remove("strace")
    rows: list[Row] = []
    with one_blas_thread(), tempfile.TemporaryDirectory(dir=options.folder) as name:
        prepared = verbs.build(Path(name) / "prepared", size=options.size, dense=False)
        for verb in chosen:
            of_verb = {way: Row(verb.name, way, 0) for way in ways}
            inside = {way: row for way, row in of_verb.items() if way not in REAL}
            for as_command in (False, True)[: 1 if options.calls_only else 2] if inside else ():
                ground = Ground(prepared, Path(name) / "stores", verb, as_command, planted.ERRORS[options.plant])
                fail_everywhere(ground, inside, every=options.every, to_the_first=options.plant != "nothing")
            for way, fail_really in REAL.items():
                if way in of_verb:
                    ground = Ground(prepared, Path(name) / "stores", verb, as_command=True)
                    of_verb[way].calls = fail_really(ground, of_verb[way].tally)
            for row in of_verb.values():
                print(*row.cells(), sep="\t", file=sys.stderr, flush=True)
            rows.extend(of_verb.values())
    return print_table(rows)


def print_table(rows: list[Row]) -> int:
    """Print the table and what it says, and return 1 if anything was bad."""
    print(table(HEAD, [row.cells() for row in rows]))
    bad = [case for row in rows for case in row.tally.bad]
    print(f"\n{sum(row.tally.counts.total() for row in rows):,} errors: {len(bad)} bad.")
    print(*bad[:20], sep="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
