"""Power cuts: what is left of each verb when the power goes, in states that a disk may leave; and without each fsync.

    python benchmarks/trust/power.py                                 # 10,000 states a verb, and every fsync left out
    python benchmarks/trust/power.py --verbs commit merge --states 2000 --seed 7
    TMPDIR=/dev/shm python benchmarks/trust/power.py --jobs 2        # faster

A verb is done once on a real store, and its changing calls are recorded. A cut may come after any of them; of what
had not been flushed by then, `disk` draws what arrived. Each state is laid down and opened afresh, and must be the old
one or the new one, to the last bit of the precision of every version; the new one when the verb had been acknowledged.
One distinct state in ten goes on: another commit, then a pack.

Then one fsync after the other is left out of the recording: each time, a bad state must be found, or the fsync is
needless or the model too weak. And as many states are drawn where one process has died in the verb, after any of its
calls, and another does it again before the power goes: what the dead one has left is there, but was never flushed.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is loaded: each read then gives the same bits

import argparse
import bisect
import contextlib
import multiprocessing
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import grnledger
import verbs
from aftermath import Ground, bound, difference, table
from disk import Disk, fingerprint, lay_down, standing, tree_of
from faults import recorded, without_links
from grnledger.engine.errors import GrnError
from verbs import STORE, VERBS, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from aftermath import Seen
    from disk import Moment, Tree
    from faults import Call

ACKNOWLEDGED = 0.2
"""The share of cuts that come after the last call, when everything has been acknowledged."""

OTHER = "other.grn"
"""A store of the same panel with another base."""

GOES_ON = 10
"""Of so many distinct states, one goes on."""

TEMPORARY = re.compile(r"(?<![^/ (])\.([^/]+?)\.[0-9a-f]{16}\.tmp")
ID = re.compile(r"([0-9a-f]{8})[0-9a-f]{56}")


@dataclass(frozen=True, slots=True)
class Case:
    """What is done on one store until the power goes.

    Parameters
    ----------
    name : str
        What people call it.
    steps : tuple of Verb
        Verbs, one after the other, each acknowledged before the next.
    links : bool
        Whether the file system knows link(). Where it does not, a name that a dead writer has claimed stays claimed
        until `grn verify --repair`, as the refusal says: so that goes before another commit.
    then : Verb, optional
        What is done after a death, instead of the same again.
    """

    name: str
    steps: tuple[Verb, ...]
    links: bool = True
    then: Verb | None = None

    def disk(self) -> AbstractContextManager[None]:
        """Return the file system's ways, in which to do everything."""
        return contextlib.nullcontext() if self.links else without_links()


@dataclass(frozen=True, slots=True)
class Recording:
    """A case done once.

    Parameters
    ----------
    calls : tuple of Call
        The changing calls.
    moments : tuple of Moment
        The disk before each call, and after the last.
    fsyncs : dict of int to str
        The places of the fsyncs among the calls, and what each flushes.
    acknowledged : tuple of int
        How many calls had been made when each step was acknowledged.
    states : tuple of Seen
        What the stores say before the first step and after each; of steps whose calls have not been made, nothing can
        be there yet, and so a later one is not asked after.
    further : tuple of Seen or None
        The same after one more commit; `None` where there is nothing to commit to.
    """

    calls: tuple[Call, ...]
    moments: tuple[Moment, ...]
    fsyncs: dict[int, str]
    acknowledged: tuple[int, ...]
    states: tuple[Seen, ...]
    further: tuple[Seen | None, ...]

    def allowed(self, cut: int) -> tuple[int, ...]:
        """Return the places of the states that may stand after a cut: no acknowledged step is undone."""
        done = bisect.bisect_right(self.acknowledged, cut)
        return tuple(range(done, len(self.states)))


@dataclass(slots=True)
class Count:
    """What was found in the states of a case.

    Parameters
    ----------
    states : int
        How many were drawn.
    distinct : int
        How many of them differ, each of which was opened.
    further : int
        How many of those went on.
    stands : Counter
        How many were `old`, `new`, or bad: `unreadable`, `wrong`, `lost`, `stuck`.
    bad : list of str
        The distinct bad ones, and where.
    """

    states: int = 0
    distinct: int = 0
    further: int = 0
    stands: Counter[str] = field(default_factory=Counter[str])
    bad: list[str] = field(default_factory=list[str])

    def add(self, other: Count, *, where: str) -> None:
        """Count another's, too."""
        self.states += other.states
        self.distinct += other.distinct
        self.further += other.further
        self.stands += other.stands
        self.bad += [f"{where}: {bad}" for bad in other.bad]


@dataclass(frozen=True, slots=True)
class Result:
    """All that was found of a case.

    Parameters
    ----------
    name : str
        The case, and how it was done.
    calls : int
        How many changing calls it makes.
    count : Count
        What was found.
    without : dict of str to Count
        The same with one fsync left out, by what it flushes.
    seconds : float
        How long it took.
    """

    name: str
    calls: int
    count: Count
    without: dict[str, Count]
    seconds: float

    @property
    def good(self) -> bool:
        """Whether nothing is bad, and each fsync is missed."""
        return not self.count.bad and all(count.bad for count in self.without.values())


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the states of a case are laid down and looked at.

    Parameters
    ----------
    case : Case
        Which.
    ground : Ground
        The folder, and how it begins.
    """

    case: Case
    ground: Ground

    @staticmethod
    def build(case: Case, prepared: Path, folder: Path) -> Stage:
        """Return the stage of a case; `prepared` holds the stores that verbs begin with, `folder` is free."""
        return Stage(case, Ground(prepared, folder, case.steps[0]))

    def record(self) -> Recording:
        """Do the case, and return what it did.

        Raises
        ------
        RuntimeError
            The calls do not account for what stands there in the end: something goes past `faults`.
        """
        self.ground.lay_out()
        start = standing(self.ground.folder)
        calls: list[Call] = []
        acknowledged: list[int] = []
        for step in self.case.steps:
            calls += recorded(partial(self._do, step))
            acknowledged.append(len(calls))
        moments, fsyncs = played(Disk(self.ground.folder, start), calls)
        self._check(moments[-1])
        done = range(len(self.case.steps) + 1)
        states, further = zip(*(self._states(count) for count in done), strict=True)
        return Recording(tuple(calls), moments, fsyncs, tuple(acknowledged), states, further)

    def draw(self, recording: Recording, dice: random.Random, states: int, *, after: int = 0, bad: int = 0) -> Count:
        """Draw states, look at each distinct one, and count them.

        Parameters
        ----------
        recording : Recording
            What was done.
        dice : random.Random
            What decides when the power goes and what is left.
        states : int
            How many.
        after : int
            The power goes after more calls than these.
        bad : int
            Stop at so many bad ones, if not 0.
        """
        count = Count()
        known: dict[tuple[bytes, tuple[int, ...]], str] = {}
        last = len(recording.calls)
        while count.states < states and not (bad and len(count.bad) >= bad):
            cut = last if dice.random() < ACKNOWLEDGED else dice.randrange(after, last) + 1 if after < last else last
            tree = recording.moments[cut].after_power_cut(dice)
            allowed = recording.allowed(cut)
            key = fingerprint(tree), allowed
            if key not in known:
                further = len(known) % GOES_ON == 0
                known[key], said = self._examine(tree, recording, allowed, further=further)
                count.further += further
                if said:
                    where = f"after call {cut} of {last}, {_short(str(recording.calls[cut - 1]))}" if cut else "at once"
                    count.bad.append(f"{known[key]}, state {count.states + 1:,}, cut {where}: {said}")
            count.states += 1
            count.stands[known[key]] += 1
        count.distinct = len(known)
        return count

    def without(self, recording: Recording, place: int) -> Recording:
        """Return a recording in which one call was not made."""
        calls = recording.calls[:place] + recording.calls[place + 1 :]
        moments, fsyncs = played(Disk(self.ground.folder, recording.moments[0]), calls)
        acknowledged = tuple(count - (count > place) for count in recording.acknowledged)
        return Recording(calls, moments, fsyncs, acknowledged, recording.states, recording.further)

    def again(self, recording: Recording, place: int) -> Recording:
        """Return what a process does that takes the only step again, where another has died after some of its calls.

        Nothing is lost by that death, but nothing is flushed either. The second may refuse, since the first was done.
        """
        start = recording.moments[place]
        acknowledged = 0

        def act() -> None:
            nonlocal acknowledged
            with contextlib.suppress(GrnError):
                self._do(self.case.then or self.case.steps[0])
                acknowledged = 1

        self._lay_down(start.now())
        calls = recorded(act)
        moments, fsyncs = played(Disk(self.ground.folder, start), calls)
        self._check(moments[-1])
        seen = self.ground.see()
        last = (seen, self._further() if self._goes_on.exists() else None)
        pairs = [*zip(recording.states, recording.further, strict=True), last]
        states, further = zip(*pairs, strict=True)
        return Recording(tuple(calls), moments, fsyncs, (len(calls),) * 2 * acknowledged, states, further)

    def _check(self, moment: Moment) -> None:
        there, known = tree_of(self.ground.folder), moment.now()
        if there != known:
            differ = sorted(dict(there.items() ^ known.items()))
            raise RuntimeError(f"{self.case.name}: the calls that were recorded do not account for {differ}.")

    def _lay_down(self, tree: Tree) -> None:
        shutil.rmtree(self.ground.folder, ignore_errors=True)
        lay_down(tree, self.ground.folder)

    def _do(self, verb: Verb) -> None:
        with self.case.disk():
            verb.act(self.ground.folder, verb.open(self.ground.folder))

    def _states(self, done: int) -> tuple[Seen, Seen | None]:
        """Return what the stores say after so many steps, and after one more commit."""
        self.ground.lay_out()
        for step in self.case.steps[:done]:
            self._do(step)
        seen = self.ground.see()
        return seen, self._further() if self._goes_on.exists() else None

    @property
    def _goes_on(self) -> Path:
        changes = self.case.steps[0].changes
        return self.ground.folder / (changes if changes.endswith(".grn") else STORE)

    def _further(self) -> Seen:
        with self.case.disk():
            if not self.case.links:
                grnledger.verify(self._goes_on, repair=True)
            verbs.next_commit(verbs.opened(self._goes_on))
            seen = self.ground.see()
            verbs.opened(self._goes_on).pack()
        if (packed := self.ground.see()) != seen:
            raise RuntimeError(f"packing changes what the store says: {difference(seen, packed)}")
        return seen

    def _examine(self, tree: Tree, recording: Recording, allowed: tuple[int, ...], *, further: bool) -> tuple[str, str]:
        """Return `old`, `new` or what is bad about a state, and more about what is bad."""
        self._lay_down(tree)
        try:
            seen = self.ground.see()
        except Exception as failure:  # noqa: BLE001  whatever it is, the store does not open
            return "unreadable", _told(failure)
        stands = [done for done in range(len(recording.states)) if recording.states[done] == seen]
        done = next((done for done in stands if done in allowed), None)
        if done is None:
            lost = stands and stands[-1] < allowed[0]
            return ("lost" if lost else "wrong"), difference(recording.states[allowed[0]], seen)
        if further and (said := self._go_on(recording, done)):
            return "stuck", said
        return ("old" if done == allowed[0] != allowed[-1] else "new"), ""

    def _go_on(self, recording: Recording, done: int) -> str:
        """Return what is bad once one more commit is made; where there is nothing to commit to, the step again."""
        expected = recording.further[done]
        try:
            if expected is None:
                self._do(self.case.steps[done])
                expected = recording.further[done + 1]
            seen = self._further()
        except Exception as failure:  # noqa: BLE001  whatever it is, the store is stuck
            return _told(failure)
        return "" if expected is not None and seen == expected else difference(expected or {}, seen)


def played(disk: Disk, calls: Iterable[Call]) -> tuple[tuple[Moment, ...], dict[int, str]]:
    """Do calls on a disk; return it before each and after the last, and what each fsync flushes."""
    moments: list[Moment] = []
    fsyncs: dict[int, str] = {}
    for place, call in enumerate(calls):
        moments.append(disk.moment)
        if call.name == "fsync":
            fsyncs[place] = _short(disk.name_of(call))
        disk.take(call)
    return (*moments, disk.moment), fsyncs


def in_peace(stage: Stage, states: int, seed: int) -> Result:
    """Return what is found of a case, with all fsyncs and without each."""
    begun, name = time.monotonic(), stage.case.name
    recording = stage.record()
    count = stage.draw(recording, random.Random(f"{seed} {name}"), states)
    without: dict[str, Count] = {}
    for place, flushed in recording.fsyncs.items():
        dice = random.Random(f"{seed} {name} without {place}")
        key = f"{flushed} (call {place + 1})"
        without[key] = stage.draw(stage.without(recording, place), dice, states, after=place, bad=1)
    return Result(name, len(recording.calls), count, without, time.monotonic() - begun)


def after_deaths(stage: Stage, states: int, seed: int) -> Result:
    """Return what is found where the verb has died at each of its calls, and was then done again."""
    begun, name = time.monotonic(), stage.case.name
    recording = stage.record()
    places = range(1, len(recording.calls) + 1)
    count = Count()
    for place in places:
        dice = random.Random(f"{seed} {name} again after {place}")
        found = stage.draw(stage.again(recording, place), dice, -(-states // len(places)))
        count.add(found, where=f"died after call {place}, {_short(str(recording.calls[place - 1]))}")
    said = name if stage.case.then else f"{name}, again after a death"
    return Result(said, len(recording.calls), count, {}, time.monotonic() - begun)


def examined(name: str, *, prepared: Path, states: int, seed: int) -> list[Result]:
    """Return what is found of the case of a name, and where it is done again after a death."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage.build(cases()[name], prepared, Path(folder) / "stage")
        peace = [] if stage.case.then else [in_peace(stage, states, seed)]
        deaths = [after_deaths(stage, states, seed)] if len(stage.case.steps) == 1 else []
        return peace + deaths


def told(result: Result) -> str:
    """Return what was found of a case, for people."""
    bad = _bad(result.count)
    lines = [f"\n{result.name}: {bound(bad, result.count.states)}"]
    lines += [f"  {said[:400]}" for said in result.count.bad[:5]]
    for flushed, count in result.without.items():
        found = count.bad[0] if count.bad else f"NOT CAUGHT in {count.states:,} states, {count.distinct:,} distinct"
        lines.append(f"  without the fsync of {flushed}: {found[:150]}")
    return "\n".join(lines)


HEAD = ["verb", "calls", "states", "distinct", "old", "new", "bad", "went on", "fsyncs", "missed", "seconds"]


def row(result: Result) -> list[str]:
    """Return the line of a case in the table."""
    count = result.count
    found = (result.calls, count.states, count.distinct, count.stands["old"], count.stands["new"], _bad(count))
    fsyncs = (len(result.without), sum(bool(one.bad) for one in result.without.values()))
    numbers = (*found, count.further, *fsyncs) if result.without else (*found, count.further)
    cells = [f"{number:,}" for number in numbers]
    return [result.name, *cells, *[""] * (len(HEAD) - len(cells) - 2), f"{result.seconds:.0f}"]


def _bad(count: Count) -> int:
    return count.states - count.stands["old"] - count.stands["new"]


def _short(text: str) -> str:
    """Return text without what is random in names, and with ids that are shorter."""
    plain = TEMPORARY.sub(r"(\1 unfinished)", ID.sub(r"\1", text))
    return re.sub(r"/\S*/stage/", "", plain)


def _told(failure: Exception) -> str:
    return f"{type(failure).__name__}: {failure}".replace("\n", " ")


def _behind(folder: Path) -> None:
    verbs.opened(folder / STORE).rollback("v1")


def _other_base(folder: Path) -> None:
    genes = list(verbs.opened(folder / STORE).panel.genes)
    values = verbs.covariance(len(genes))
    grnledger.init(folder / OTHER, covariance=values, genes=genes, author=verbs.AUTHOR, time=verbs.NOON)


def cases() -> dict[str, Case]:
    """Return all cases by name: each verb there is, some in a row, a disk without link(), a repair after a death."""
    here = (
        Verb("fast-forward", lambda _, store: store and store.merge("side"), (), prepare=_behind),
        Verb("fetch a base", lambda folder, store: store and store.fetch(folder / OTHER), (), prepare=_other_base),
    )
    found = {verb.name: verb for verb in (*VERBS, *here)}
    in_a_row = tuple(found[name] for name in ("commit", "tag", "pack", "merge", "rollback", "revert", "branch"))
    others = (
        Case("seven in a row", in_a_row),
        Case("commit without link()", (found["commit"],), links=False),
        Case("repair after a death in pack", (found["pack"],), then=found["repair"]),
    )
    return {case.name: case for case in (*(Case(name, (verb,)) for name, verb in found.items()), *others)}


def main() -> int:
    """Examine what was asked for, and return 1 if anything was bad, or an fsync not missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--states", type=int, default=10_000, help="how many a verb")
    parser.add_argument("--verbs", nargs="+", choices=list(cases()), default=list(cases()), metavar="VERB")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--size", type=int, default=24, help="p")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    asked = parser.parse_args()
    results: list[Result] = []
    with tempfile.TemporaryDirectory() as folder:
        prepared = verbs.build(Path(folder) / "prepared", size=asked.size, dense=False)
        work = partial(examined, prepared=prepared, states=asked.states, seed=asked.seed)
        with multiprocessing.get_context("spawn").Pool(asked.jobs) as pool:
            for found in pool.imap(work, asked.verbs):
                print("\n".join(map(told, found)), flush=True)
                results += found
    print(f"\n{table(HEAD, [row(result) for result in results])}")
    return 0 if all(result.good for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
