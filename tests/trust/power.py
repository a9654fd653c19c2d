"""Power cuts: what is left of each verb when the power goes, in states that a disk may leave; and without each fsync.

    python tests/trust/power.py                                 # 10,000 states a verb, and every fsync left out
    python tests/trust/power.py --verbs commit merge --states 2000 --seed 7
    python tests/trust/power.py --ways deaths --verbs pack      # where another has died in it before
    python tests/trust/power.py --jobs 2 --folder /dev/shm      # faster

A verb is done once on a real store, and its changing calls are recorded. A cut may come after any of them; of what
had not been flushed by then, `disk` draws what arrived. Each distinct state is laid down and opened afresh, and must be
the old or the new one (ids, contents, refs, journal, and four rows of Σ and Θ of every version, to the last bit), and
the new one when the verb had been acknowledged. One distinct state in ten goes on: another commit, then a pack.

As many states are drawn where one process has died in the verb, after any of its calls, and another does it again, or
does something else, before the power goes: what the dead one has left is there, but was never flushed.

And one fsync after the other is left out of a recording. Each that the project asks for must be missed in its verb, by
a bad state, after a death at least: or it is needless, or the model too weak.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import grnledger
import verbs
from aftermath import bound, table
from cuts import Case, Count, Fsync, Stage, short
from grnledger.engine.threads import one_blas_thread
from grnledger.storage.files.access import Sharing
from verbs import NEW, STORE, VERBS, Verb, next_commit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OTHER = "other.grn"
"""A store of the same panel with another base."""

SEARCH = 0.1
"""So many states, for each that is drawn of a verb, are drawn at the most to find a bad one without an fsync."""

LEAST, MOST = 20, 200
"""The same after a death in each call: as many as are drawn, within these."""

AFTER_DEATH = ", again after a death"

FOR_ANOTHER = ("log.fsync_names", "locations.flush_name")
"""The flushes of what somebody else has put there, who may have died before flushing it."""

WAYS = ("cuts", "fsyncs", "deaths")
"""What is done: cuts as such; those where the verb is done again after a death; and either with each fsync left out."""


@dataclass(frozen=True, slots=True)
class Without:
    """What was found with one fsync left out.

    Parameters
    ----------
    fsync : Fsync
        Which.
    count : Count
        What was found, up to the first bad state.
    """

    fsync: Fsync
    count: Count


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
    without : list of Without
        The same with each fsync left out.
    seconds : float
        How long it took.
    """

    name: str
    calls: int
    count: Count
    without: list[Without]
    seconds: float


def plainly(stage: Stage, states: int, seed: int, *, fsyncs: bool) -> Result:
    """Return what is found of a case, and, if asked for, without each fsync."""
    begun, name = time.monotonic(), stage.case.name
    recording = stage.record()
    count = stage.draw(recording, random.Random(f"{seed} {name}"), states)
    without: list[Without] = []
    for fsync in recording.fsyncs if fsyncs else ():
        dice = random.Random(f"{seed} {name} without {fsync.place}")
        left_out = stage.without(recording, fsync.place)
        counts = stage.draw(left_out, dice, math.ceil(states * SEARCH), after=fsync.place, bad=1)
        without.append(Without(fsync, counts))
    return Result(name, len(recording.calls), count, without, time.monotonic() - begun)


def after_deaths(stage: Stage, states: int, seed: int, *, fsyncs: bool, every: int) -> Result:
    """Return what is found where the verb has died after each of its calls, or every so many, and was then done again.

    Of each site of an fsync, the first that is missed is kept, or else the last that is not.
    """
    begun, name = time.monotonic(), stage.case.name
    recording = stage.record()
    count = Count()
    without: dict[str, Without] = {}
    places = range(1, len(recording.calls) + 1, every)
    share = math.ceil(states / len(places))
    search = min(max(share, LEAST), MOST)
    for place in places:
        again = stage.again(recording, place)
        dice = random.Random(f"{seed} {name} again after {place}")
        where = f"died after call {place}, {short(str(recording.calls[place - 1]))}"
        count.add(stage.draw(again, dice, share), where=where)
        for fsync in again.fsyncs if fsyncs else ():
            if fsync.site not in without or not without[fsync.site].count.bad:
                left_out, counts = stage.without(again, fsync.place), Count()
                counts.add(stage.draw(left_out, dice, search, after=fsync.place, bad=1), where=where)
                without[fsync.site] = Without(fsync, counts)
    title = name if stage.case.then else name + AFTER_DEATH
    return Result(title, len(recording.calls), count, list(without.values()), time.monotonic() - begun)


def examined(name: str, *, prepared: Path, states: int, seed: int, ways: list[str], every: int) -> list[Result]:
    """Return what is found of the case of a name, in each way that there is for it."""
    results: list[Result] = []
    with one_blas_thread(), tempfile.TemporaryDirectory(dir=prepared.parent) as folder:
        stage = Stage.build(cases()[name], prepared, Path(folder) / "stage")
        fsyncs = "fsyncs" in ways
        if (fsyncs or "cuts" in ways) and not stage.case.then:
            results.append(plainly(stage, states, seed, fsyncs=fsyncs))
        if "deaths" in ways and len(stage.case.steps) == 1:
            results.append(after_deaths(stage, states, seed, fsyncs=fsyncs, every=every))
    return results


def line_of(result: Result) -> str:
    """Return what was found of a case, for people."""
    lines = [f"\n{result.name}: {bound(_bad(result.count), result.count.states)}"]
    lines += [f"  {problem[:400]}" for problem in result.count.bad[:5]]
    for run in result.without:
        worst = run.count.bad[0] if run.count.bad else f"nothing bad in {run.count.states:,} states"
        lines.append(f"  without the fsync of {run.fsync.flushed} ({run.fsync.site}): {worst[:150]}")
    return "\n".join(lines)


def needless(results: list[Result]) -> list[str]:
    """Return the fsyncs that are not missed, by verb and site: neither in the verb as such nor after a death in it.

    What is flushed for the sake of another that may have died is missed only where another has, in whichever verb.
    """
    caught: dict[str, bool] = {}
    for result in results:
        for run in result.without:
            verb = "any verb" if run.fsync.site.startswith(FOR_ANOTHER) else result.name.removesuffix(AFTER_DEATH)
            site = f"{run.fsync.site} in {verb}"
            caught[site] = caught.get(site, False) or bool(run.count.bad)
    return sorted(site for site, is_caught in caught.items() if not is_caught)


HEAD = ["verb", "calls", "states", "distinct", "old", "new", "bad", "went on", "fsyncs", "missed", "seconds"]


def row(result: Result) -> list[str]:
    """Return the line of a case in the table."""
    count = result.count
    numbers_of_states = (
        result.calls,
        count.states,
        count.distinct,
        count.stands["old"],
        count.stands["new"],
        _bad(count),
    )
    fsyncs = (len(result.without), sum(bool(run.count.bad) for run in result.without))
    numbers = (*numbers_of_states, count.further, *fsyncs) if result.without else (*numbers_of_states, count.further)
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
    verbs = {verb.name: verb for verb in (*VERBS, *here)}
    commit = Verb("commit to it", lambda _, store: store and next_commit(store, nth=1), (), (NEW,), NEW)
    in_a_row = tuple(verbs[name] for name in ("commit", "tag", "pack", "merge", "rollback", "revert", "branch"))
    others = (
        Case("seven in a row", in_a_row),
        Case("commit without link()", (verbs["commit"],), links=False),
        Case("commit after a death in tag", (verbs["tag"],), then=verbs["commit"]),
        Case("repair after a death in pack", (verbs["pack"],), then=verbs["repair"]),
        Case("commit after a death in init", (verbs["init"],), then=commit),
        Case("commit after a death in clone", (verbs["clone"],), then=commit),
    )
    return {case.name: case for case in (*(Case(name, (verb,)) for name, verb in verbs.items()), *others)}


def main(arguments: list[str] | None = None) -> int:
    """Examine what was asked for, and return 1 if anything was bad, or an fsync not missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--states", type=int, default=10_000, help="how many a verb  [10000]")
    parser.add_argument(
        "--verbs", nargs="+", choices=list(cases()), default=list(cases()), metavar="VERB", help="[all]"
    )
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), help="[all]")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="deaths after each N-th call  [1]")
    parser.add_argument("--size", type=int, default=24, metavar="P", help="[24]")
    parser.add_argument("--shared", choices=get_args(Sharing), help="who may use the stores  [as their folder says]")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1, help="processes  [1]")
    parser.add_argument("--folder", help="where the stores stand while it runs")
    options = parser.parse_args(arguments)
    os.environ.update(verbs.ENVIRONMENT)
    results: list[Result] = []
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        prepared = verbs.build(Path(folder) / "prepared", size=options.size, dense=False, shared=options.shared)
        asked = {"states": options.states, "seed": options.seed, "ways": options.ways, "every": options.every}
        work = partial(examined, prepared=prepared, **asked)
        for batch in _each(work, options.verbs, options.jobs):
            for result in batch:
                print(line_of(result), flush=True)
            results += batch
    print(f"\n{table(HEAD, [row(result) for result in results])}")
    for site in needless(results):
        print(f"NOT CAUGHT: the fsync of {site}")
    return 1 if needless(results) or any(result.count.bad for result in results) else 0


def _each(work: Callable[[str], list[Result]], names: list[str], jobs: int) -> Iterator[list[Result]]:
    if jobs == 1:
        yield from map(work, names)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(work, names)


if __name__ == "__main__":
    sys.exit(main())
