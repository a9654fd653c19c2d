"""Every verb and question with too little memory: the old state or the new, a sentence, in time, no wrong answer.

    python tests/trust/out_of_memory.py                      # 29 commands, 60 cases of each in each of three ways
    python tests/trust/out_of_memory.py --commands show --ways steps --plant told-as-damage

There are three ways. *steps*: a forked process that has loaded everything may take so many bytes more (RLIMIT_AS), from
none to what suffices. *allocations*: in such a process the n-th request of Python's for memory fails, or a run of them
does. *processes*: a whole `grn` is started with so many bytes of addresses (`ulimit -v`), from what Python needs to
start with to what suffices.

After each case all stores are looked at, with enough memory: a command that ended with 0 must have done what it does in
peace, and have said what it says then; another must have left the old state or the new one; one more commit must
work. Nobody may be told of damage. With --plant a fault is planted, and the harness must find it.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import faulthandler
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import verbs
from aftermath import Finding, Ground, Tally, bound, fork, table
from grnledger.cli import errors, tell_without_memory
from grnledger.cli.main import grn
from grnledger.engine.errors import FormatError
from grnledger.engine.threads import one_blas_thread
from grnledger.storage.files import claims, durable
from grnledger.storage.history.log import Log
from verbs import S, Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from aftermath import Expected, Report

PATIENCE = 60
"""Seconds within which a command must end."""

BLOCK = 1 << 16
"""Bytes that are too few for any command."""

WAYS = ("steps", "allocations", "processes")
RUNS = (1, 1, 30, 3_000)
"""How many requests for memory fail one after another, where they do: if all did, Python 3.11 would try for ever."""

MOST_FREE = 1 << 30
"""Bytes, or requests, that suffice for any command here."""

ENDS = ("done", "told", "refused", "crashed")
"""What may be: it was done; it said that memory is short; it failed for another reason, or by a library's crash."""

BAD = ("wrong answer", "false damage", "no sentence", "late", "unreadable", "wrong", "lost", "stuck")

RANDOM = re.compile(r"\.[0-9a-f]{16}\.tmp")
"""What is another text each time in the name of a temporary file."""

WORDS_OF_DAMAGE = ("damaged", "is missing", "good copy", "broken there")
OUR_BUG, DAMAGED = 70, 6


def question(*arguments: str) -> Verb:
    """Return a question to the store as a verb that changes nothing."""
    return Verb(" ".join(arguments[:2]), lambda *_: None, (*S, *arguments))


QUESTIONS = (
    question("log"),
    question("show"),
    question("info"),
    question("edges", "--top", "5"),
    question("neighbors", "GENE3"),
    question("diff", "v0..HEAD"),
    question("trace", "GENE1", "GENE2"),
    question("factors", "GENE1", "GENE2"),
    question("verify"),
    question("verify", "--numbers"),
)

COMMANDS = {command.name: command for command in (*verbs.VERBS, *QUESTIONS)}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended.

    Parameters
    ----------
    code : int
        Its exit code; less the number of a signal that ended it.
    out, err : str
        What it printed.
    seconds : float
        How long it took.
    """

    code: int
    out: str
    err: str
    seconds: float = 0.0

    def fault(self, peace: Ended, *, must_tell: bool) -> str:
        """Return what is bad about it, of `BAD`, or how it ended, of `ENDS`.

        Parameters
        ----------
        peace : Ended
            How it ends with enough memory.
        must_tell : bool
            Whether it must have said what failed.
        """
        if self.seconds > PATIENCE or self.code == -signal.SIGALRM:
            return "late"
        if self.code == peace.code and RANDOM.sub("", peace.out) == RANDOM.sub("", self.out):
            return "done"
        if self.code == 0:
            return "wrong answer"
        if self.code == DAMAGED or any(words in self.out + self.err for words in WORDS_OF_DAMAGE):
            return "false damage"
        if self.code < 0:
            return "crashed"
        if "not enough memory" in self.err and self.code == errors.NUMBERS:
            return "told"
        clear = "Traceback" not in self.err and "Error: " in self.err and self.code != OUR_BUG
        return "refused" if clear or not must_tell else "no sentence"


# Three ways of too little memory


def in_fork(ground: Ground, plant: str, shortage: AbstractContextManager[object]) -> Ended:
    """Return how a command ends in a forked process that has loaded everything, and is then short of memory."""
    arguments = ground.verb.arguments(ground.folder)

    def act(report: Report) -> None:
        signal.alarm(PATIENCE)
        faulthandler.disable()  # crashes of libraries are counted
        code = 1
        with PLANTS[plant](), printed() as read:
            try:
                with shortage:
                    code = errors.run(grn, arguments, False)
            except (MemoryError, SystemError):
                code = tell_without_memory()  # as `__main__` does
            report(json.dumps((code, *read())).encode())

    begun = time.monotonic()
    code, answer = fork(act).end()
    seconds = time.monotonic() - begun
    try:
        code, out, err = json.loads(answer)
        return Ended(code, out, err, seconds)
    except ValueError:
        return Ended(code or 1, "", answer.decode(errors="replace"), seconds)


@contextlib.contextmanager
def printed() -> Iterator[Callable[[], tuple[str, str]]]:
    """Give what reads what this process has printed since, on its two outputs: also what goes past Python's files."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        for number, file in ((1, out), (2, err)):
            os.dup2(file.fileno(), number)
        sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8", closefd=False) for number in (1, 2))

        def read() -> tuple[str, str]:
            sys.stdout.flush()
            sys.stderr.flush()
            sizes = [os.fstat(file.fileno()).st_size for file in (out, err)]
            texts = [os.pread(file.fileno(), size, 0) for file, size in zip((out, err), sizes, strict=True)]
            return texts[0].decode(errors="replace"), texts[1].decode(errors="replace")

        yield read


@contextlib.contextmanager
def addresses(more: int) -> Iterator[None]:
    """Let this process take so many bytes more than it uses: what it has and does not use is used up first."""
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = held + more, most
    resource.setrlimit(resource.RLIMIT_AS, (held, most))
    used = _all_there_is()
    resource.setrlimit(resource.RLIMIT_AS, limit)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        del used


SIZES = (16 * BLOCK, BLOCK, 4_096, 1_024, *range(448, 32, -16))
"""Bytes of the objects with which memory is used up."""


def _all_there_is() -> object:
    """Return objects, each holding the one before, of smaller and smaller sizes until there is no memory for them."""
    used: Any = None
    for size in SIZES:
        try:
            while True:
                used = (bytes(size), used)
        except MemoryError:  # nothing may be made here
            continue
    for _ in SIZES:  # some to go on with
        used = used[1]
    return used


@contextlib.contextmanager
def requests(first: int, run: int) -> Iterator[None]:
    """Let a run of Python's requests for memory fail, from the n-th on."""
    import _testcapi  # pyright: ignore[reportMissingImports]  of CPython's own tests

    _testcapi.set_nomemory(first, first + run)
    try:
        yield
    finally:
        _testcapi.remove_mem_hooks()


def as_process(ground: Ground, most: int | None) -> Ended:
    """Return how a `grn` of its own ends that may have so many bytes of addresses."""

    def limit() -> None:
        if most is not None:
            resource.setrlimit(resource.RLIMIT_AS, (most, most))

    command = [sys.executable, "-m", "grnledger.cli", *ground.verb.arguments(ground.folder)]
    begun = time.monotonic()
    with subprocess.Popen(
        command,
        env={**os.environ, **verbs.ENVIRONMENT},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        preexec_fn=limit,  # noqa: PLW1509  no threads but those of BLAS, which are idle
    ) as process:
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            return Ended(-signal.SIGALRM, out, err, PATIENCE)
    return Ended(process.returncode, out, err, time.monotonic() - begun)


# Faults to be found


def silent() -> AbstractContextManager[object]:
    """Pass over a lack of memory where files are written."""
    publish = durable.publish

    def write(*arguments: Any, **named: Any) -> None:
        with contextlib.suppress(MemoryError):
            publish(*arguments, **named)

    return mock.patch.object(durable, "publish", write)


def told_as_damage() -> AbstractContextManager[object]:
    """Take a file that there is no memory to read for a damaged one."""
    return mock.patch.object(claims, "out_of_memory", lambda where: FormatError(f"{where} is damaged."))


def half_a_log() -> AbstractContextManager[object]:
    """Take what could be read of a log for all of it."""
    read_new = Log.read_new

    def as_far_as_can_be(log: Log, *, known: int = 0) -> Iterator[Any]:
        with contextlib.suppress(MemoryError):
            yield from read_new(log, known=known)

    return mock.patch.object(Log, "read_new", as_far_as_can_be)


def untold() -> AbstractContextManager[object]:
    """Take a lack of memory for one more error that nobody has thought of."""
    explain = errors.explain

    def explain_otherwise(error: Exception, command: str) -> tuple[str, str, int]:
        message, hint, code = explain(error, command)
        return (f"This is a bug in grn: {message}", hint, OUR_BUG) if code == errors.NUMBERS else (message, hint, code)

    return mock.patch.object(errors, "explain", explain_otherwise)


PLANTS: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "nothing": contextlib.nullcontext,
    "silent": silent,
    "told-as-damage": told_as_damage,
    "half-a-log": half_a_log,
    "untold": untold,
}


# The cases of one command


@dataclass(slots=True)
class Trial:
    """The cases of one command in one way.

    Parameters
    ----------
    ground : Ground
        Where it is played.
    expected : Expected
        The states that it may leave.
    way : str
        Of `WAYS`.
    chance : Random
        Chooses the moments.
    plant : str
        A fault, of `PLANTS`.
    tally : Tally
        What was found.
    """

    ground: Ground
    expected: Expected
    way: str
    chance: random.Random
    plant: str = "nothing"
    tally: Tally = field(default_factory=Tally)

    def play(self, cases: int) -> None:
        """Play so many cases, from no memory to what suffices; with a fault planted, up to the first bad one."""
        self.ground.lay_out()
        peace = self._end(MOST_FREE, 1)
        if peace.err.startswith("Traceback") or peace.code not in (0, 1):
            raise SystemExit(f"{self.ground.verb.name} does not work in peace: {peace}")
        least, most = self._range(peace)
        for nth in range(cases):
            share = 1 - (1 - (nth + self.chance.random()) / cases) ** 3  # most fails just before all works
            amount = least + int((most - least) * share)
            run = self.chance.choice(RUNS)
            self.ground.lay_out()
            ended = self._end(amount, run)
            self._judge(ended, peace, f"{self.ground.verb.name}, {self.way} {amount:,} of {most:,} (run {run})", nth)
            if self.plant != "nothing" and self.tally.bad:
                return

    def _judge(self, ended: Ended, peace: Ended, case: str, nth: int) -> None:
        must_tell = self.way == "steps"
        stands = ended.fault(peace, must_tell=must_tell)
        self.tally.add(Finding(stands, f"{ended.code}: {ended.out[-300:]} {ended.err[-500:]}"), case, bad=BAD)
        finding = self.ground.examine(self.expected, acknowledged=ended.code == 0, again=bool(nth % 2))
        if finding.stands in BAD:
            self.tally.add(finding, f"{case} ({ended.code})", bad=BAD)

    def _end(self, amount: int, run: int) -> Ended:
        if self.way == "processes":
            return as_process(self.ground, None if amount == MOST_FREE else amount)
        if self.way == "steps":
            return in_fork(self.ground, self.plant, addresses(amount))
        return in_fork(self.ground, self.plant, requests(amount, run))

    def _range(self, peace: Ended) -> tuple[int, int]:
        """Return an amount with which nothing works, and about the least that suffices."""
        least, most = (
            (0, BLOCK) if self.way == "steps" else (0, 1_000) if self.way == "allocations" else (8 << 20, 16 << 20)
        )
        while not self._suffices(most, peace):
            if most > MOST_FREE:
                raise SystemExit(f"{self.ground.verb.name} is not the same twice: {peace}")
            least, most = most, 2 * most
        low, high = least, most
        while high - low > most // 32:
            middle = (low + high) // 2
            low, high = (low, middle) if self._suffices(middle, peace) else (middle, high)
        return (least if self.way == "processes" else 0), high

    def _suffices(self, amount: int, peace: Ended) -> bool:
        self.ground.lay_out()
        return self._end(amount, max(RUNS)).fault(peace, must_tell=False) == "done"


def play(folder: Path, chosen: Sequence[str], ways: Sequence[str], cases: int, **settings: Any) -> dict[str, Trial]:
    """Play all cases, and return the trials by command and way."""
    prepared = verbs.build(folder / "prepared", size=settings["size"], dense=settings["dense"])
    trials: dict[str, Trial] = {}
    for name in chosen:
        ground = Ground(prepared, folder / "stores", COMMANDS[name], as_command=True)
        expected = ground.expect()  # which loads everything, too
        for way in ways:
            with contextlib.suppress(OSError, AttributeError):
                ctypes.CDLL(None).malloc_trim(0)  # what is free already shall not serve
            chance = random.Random(f"{name} {way} {settings['seed']}")
            trials[f"{name}, {way}"] = trial = Trial(ground, expected, way, chance, settings["plant"])
            trial.play(cases)
            print(name, way, *trial.tally.row(*ENDS, *BAD), sep="\t", file=sys.stderr, flush=True)
            if settings["plant"] != "nothing" and trial.tally.bad:
                return trials
    return trials


def main(arguments: list[str] | None = None) -> int:
    """Play all cases, and print a table; returns 1 if anything was bad."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=60, help="of each command in each way  [60]")
    parser.add_argument("--commands", nargs="+", choices=COMMANDS, default=list(COMMANDS), help="[all]")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS, help="[all]")
    parser.add_argument("--size", type=int, default=120, metavar="P", help="genes  [120]")
    parser.add_argument("--base", choices=("dense", "factor"), default="dense", help="[dense]")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plant", choices=PLANTS, default="nothing", help="stop at the first bad case")
    parser.add_argument("--folder", help="where the stores stand while it runs")
    options = parser.parse_args(arguments)
    os.environ.update(verbs.ENVIRONMENT)
    settings = {"size": options.size, "dense": options.base == "dense", "seed": options.seed, "plant": options.plant}
    with one_blas_thread(), tempfile.TemporaryDirectory(dir=options.folder) as name:
        trials = play(Path(name), options.commands, options.ways, options.cases, **settings)
    print(table(["command", *ENDS, *BAD], [[name, *trial.tally.row(*ENDS, *BAD)] for name, trial in trials.items()]))
    bad = [case for trial in trials.values() for case in trial.tally.bad]
    cases = sum(trial.tally.counts[name] for trial in trials.values() for name in (*ENDS, *BAD[:4]))
    print(f"\nSeed {options.seed}. {bound(len(bad), cases)}.")
    print(*bad[:20], sep="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
