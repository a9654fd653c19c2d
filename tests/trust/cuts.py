"""A verb until the power goes: what it did, what may stand then, and what is wrong with what stands."""

from __future__ import annotations

import bisect
import contextlib
import re
import shutil
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import grnledger
import verbs
from aftermath import Ground, an_hour_later, difference, sentence_of
from disk import Disk, fingerprint, lay_down, standing, tree_of
from faults import recorded, without_links
from grnledger.storage.files import layout

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from aftermath import Seen
    from disk import Moment, Tree
    from faults import Call
    from verbs import Verb

ACKNOWLEDGED = 0.2
"""The share of cuts that come after the last call, when everything has been acknowledged."""

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
        until `grn verify --repair` an hour later, as the refusal says: so that goes before another commit.
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
class Fsync:
    """An fsync among calls.

    Parameters
    ----------
    place : int
        Its place among them.
    flushed : str
        What it flushes.
    site : str
        Who asked for it, and whether for a file or for a folder.
    """

    place: int
    flushed: str
    site: str


@dataclass(frozen=True, slots=True)
class Recording:
    """A case done once.

    Parameters
    ----------
    calls : tuple of Call
        The changing calls.
    moments : tuple of Moment
        The disk before each call, and after the last.
    fsyncs : tuple of Fsync
        Those among the calls.
    acknowledged : tuple of int
        How many calls had been made when each step was acknowledged.
    states : tuple of Seen
        What the stores say before the first step and after each.
    further : tuple of Seen or None
        The same after one more commit; `None` where there is nothing to commit to.
    """

    calls: tuple[Call, ...]
    moments: tuple[Moment, ...]
    fsyncs: tuple[Fsync, ...]
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
                known[key], problem = self._examine(tree, recording, allowed, further=further)
                count.further += further
                if problem:
                    where = f"after call {cut} of {last}, {short(str(recording.calls[cut - 1]))}" if cut else "at once"
                    count.bad.append(f"{known[key]}, state {count.states + 1:,}, cut {where}: {short(problem)}")
            count.states += 1
            count.stands[known[key]] += 1
        count.distinct = len(known)
        return count

    def without(self, recording: Recording, index: int) -> Recording:
        """Return a recording in which one call was not made."""
        calls = recording.calls[:index] + recording.calls[index + 1 :]
        moments, fsyncs = played(Disk(self.ground.folder, recording.moments[0]), calls)
        acknowledged = tuple(count - (count > index) for count in recording.acknowledged)
        return Recording(calls, moments, fsyncs, acknowledged, recording.states, recording.further)

    def again(self, recording: Recording, index: int) -> Recording:
        """Return what a process does that takes the only step again, where another has died after some of its calls.

        Nothing is lost by that death, but nothing is flushed either. The second may refuse, since the first was done.
        """
        start = recording.moments[index]
        acknowledged = 0

        def act() -> None:
            nonlocal acknowledged
            with contextlib.suppress(grnledger.Conflict, grnledger.InputError, grnledger.NotFound):
                self._do(self.case.then or self.case.steps[0])
                acknowledged = 1

        self._lay_down(start.now())
        calls = recorded(act)
        moments, fsyncs = played(Disk(self.ground.folder, start), calls)
        self._check(moments[-1])
        seen = self.ground.see()
        last = (seen, self._further_from(seen))
        pairs = [*zip(recording.states, recording.further, strict=True), last]
        states, further = zip(*pairs, strict=True)
        return Recording(tuple(calls), moments, fsyncs, (len(calls),) * 2 * acknowledged, states, further)

    def _check(self, moment: Moment) -> None:
        there, known = tree_of(self.ground.folder), moment.now()
        differ = sorted(name for name in dict(there.items() ^ known.items()) if not name.endswith(f"/{layout.LOCK}"))
        if differ:  # nothing rests on a lock, which is not recorded
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
        return seen, self._further_from(seen)

    def _further_from(self, seen: Seen) -> Seen | None:
        return None if seen[self.ground.goes_on] is None else self._further()

    @property
    def _store(self) -> Path:
        return self.ground.folder / self.ground.goes_on

    def _further(self) -> Seen:
        with self.case.disk():
            if not self.case.links:
                an_hour_later(self._store)
                grnledger.verify(self._store, repair=True)
            verbs.next_commit(verbs.opened(self._store))
            seen = self.ground.see()
            verbs.opened(self._store).pack()
        if (packed := self.ground.see()) != seen:
            raise RuntimeError(f"packing changes what the store says: {difference(seen, packed)}")
        return seen

    def _examine(self, tree: Tree, recording: Recording, allowed: tuple[int, ...], *, further: bool) -> tuple[str, str]:
        """Return `old`, `new` or what is bad about a state, and more about what is bad."""
        self._lay_down(tree)
        try:
            seen = self.ground.see()
        except Exception as failure:  # noqa: BLE001  whatever it is, the store does not open
            return "unreadable", sentence_of(failure)
        stands = [done for done in range(len(recording.states)) if recording.states[done] == seen]
        done = next((done for done in stands if done in allowed), None)
        if done is None:
            lost = stands and stands[-1] < allowed[0]
            return ("lost" if lost else "wrong"), difference(recording.states[allowed[0]], seen)
        if further and (problem := self._go_on(recording, done)):
            return "stuck", problem
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
            return sentence_of(failure)
        damage = [str(finding) for finding in grnledger.verify(self._store).findings if finding.kind == "damage"]
        return "; ".join(damage) or ("" if seen == expected else difference(expected or {}, seen))


def played(disk: Disk, calls: Iterable[Call]) -> tuple[tuple[Moment, ...], tuple[Fsync, ...]]:
    """Do calls on a disk; return it before each and after the last, and the fsyncs."""
    moments: list[Moment] = []
    fsyncs: list[Fsync] = []
    for index, call in enumerate(calls):
        moments.append(disk.moment)
        if call.name == "fsync":
            kind = "file" if disk.is_file(call) else "folder"
            fsyncs.append(Fsync(index, short(disk.name_of(call)), f"{call.site}: {kind}"))
        disk.replay(call)
    return (*moments, disk.moment), tuple(fsyncs)


def short(text: str) -> str:
    """Return text without what is random in names, and with ids that are shorter."""
    plain = TEMPORARY.sub(r"(\1 unfinished)", ID.sub(r"\1", text))
    return re.sub(r"/\S*/stage/", "", plain)
