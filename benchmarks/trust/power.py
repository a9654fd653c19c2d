"""Power cuts: what is left of each verb when the power goes, in states that a disk may leave; and without each fsync.

    python benchmarks/trust/power.py                                 # 10,000 states a verb, and every fsync left out
    python benchmarks/trust/power.py --verbs commit merge --states 2000 --seed 7
    python benchmarks/trust/power.py --ways deaths --verbs pack      # where another has died in it before
    python benchmarks/trust/power.py --jobs 2 --folder /dev/shm      # faster

A verb is done once on a real store, and its changing calls are recorded. A cut may come after any of them; of what
had not been flushed by then, `disk` draws what arrived. Each distinct state is laid down and opened afresh, and must be
the old one or the new one: ids, contents, refs, journal, and four rows of Σ and Θ of every version, to the last bit; and
the new one when the verb had been acknowledged. One distinct state in ten goes on: another commit, then a pack.

Then one fsync after the other is left out of the recording: each time, a bad state must be found, or the fsync is
needless or the model too weak. And as many states are drawn where one process has died in the verb, after any of its
calls, and another does it again before the power goes: what the dead one has left is there, but was never flushed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import grnledger
import verbs
from aftermath import bound, table
from cuts import Case, Count, Stage, short
from grnledger.engine.threads import one_blas_thread
from verbs import STORE, VERBS, Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OTHER = "other.grn"
"""A store of the same panel with another base."""

WAYS = ("cuts", "fsyncs", "deaths")
"""What is done: cuts as such, with each fsync left out, and where the verb is done again after a death."""


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


def plainly(stage: Stage, states: int, seed: int, *, fsyncs: bool) -> Result:
    """Return what is found of a case, and, if asked for, without each fsync."""
    begun, name = time.monotonic(), stage.case.name
    recording = stage.record()
    count = stage.draw(recording, random.Random(f"{seed} {name}"), states)
    without: dict[str, Count] = {}
    for place, flushed in recording.fsyncs.items() if fsyncs else ():
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
        count.add(found, where=f"died after call {place}, {short(str(recording.calls[place - 1]))}")
    said = name if stage.case.then else f"{name}, again after a death"
    return Result(said, len(recording.calls), count, {}, time.monotonic() - begun)


def examined(name: str, *, prepared: Path, states: int, seed: int, ways: list[str]) -> list[Result]:
    """Return what is found of the case of a name, in each way that there is for it."""
    results: list[Result] = []
    with one_blas_thread(), tempfile.TemporaryDirectory(dir=prepared.parent) as folder:
        stage = Stage.build(cases()[name], prepared, Path(folder) / "stage")
        if {"cuts", "fsyncs"} & set(ways) and not stage.case.then:
            results.append(plainly(stage, states, seed, fsyncs="fsyncs" in ways))
        if "deaths" in ways and len(stage.case.steps) == 1:
            results.append(after_deaths(stage, states, seed))
    return results


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
        Case("commit after a death in tag", (found["tag"],), then=found["commit"]),
        Case("repair after a death in pack", (found["pack"],), then=found["repair"]),
    )
    return {case.name: case for case in (*(Case(name, (verb,)) for name, verb in found.items()), *others)}


def main(arguments: list[str] | None = None) -> int:
    """Examine what was asked for, and return 1 if anything was bad, or an fsync not missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--states", type=int, default=10_000, help="how many a verb  [10000]")
    parser.add_argument(
        "--verbs", nargs="+", choices=list(cases()), default=list(cases()), metavar="VERB", help="[all]"
    )
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), help="[all]")
    parser.add_argument("--size", type=int, default=24, metavar="P", help="[24]")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1, help="processes  [1]")
    parser.add_argument("--folder", help="where the stores stand while it runs")
    given = parser.parse_args(arguments)
    os.environ.update(verbs.ENVIRONMENT)
    results: list[Result] = []
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        prepared = verbs.build(Path(folder) / "prepared", size=given.size, dense=False)
        work = partial(examined, prepared=prepared, states=given.states, seed=given.seed, ways=given.ways)
        for found in _each(work, given.verbs, given.jobs):
            for result in found:
                print(told(result), flush=True)
            results += found
    print(f"\n{table(HEAD, [row(result) for result in results])}")
    return 0 if all(result.good for result in results) else 1


def _each(work: Callable[[str], list[Result]], names: list[str], jobs: int) -> Iterator[list[Result]]:
    if jobs == 1:
        yield from map(work, names)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(work, names)


if __name__ == "__main__":
    sys.exit(main())
