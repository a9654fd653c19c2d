"""Several writers who commit to one store at once; then the newest version is asked which terms it holds."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

import numpy as np

from .contenders import CONTENDERS, Refused
from .counts import ERROR, LOST, RIGHT, Counted
from .processes import CONTEXT, Broken, answer, drain, finish, start

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.synchronize import Barrier
    from pathlib import Path

    from .model import Truth
    from .setting import Setting

WRITERS, COMMITS = 2, 50
PATIENCE = 60.0
"""Seconds for which a writer who is refused tries a commit again."""


def run(setting: Setting) -> Counted:
    """Return the counts of about `setting.count` commits: rounds of `WRITERS` × `COMMITS` with a new store each."""
    rounds = max(1, round(setting.count / (WRITERS * COMMITS)))
    acknowledged = lost = failed = refused = wrong = unreadable = 0
    for index in range(rounds):
        folder = setting.new_store()
        reports = _one_round(setting, folder, setting.seed + index)
        committed = {item for item, refusals, failure in reports if failure is None}
        newest = answer(items_of_newest, setting.key, folder, setting.truth)
        acknowledged += len(committed)
        refused += sum(refusals for _, refusals, _ in reports)
        failed += WRITERS * COMMITS - len(committed)  # a writer that crashed has not told of the rest
        for failure in {failure for _, _, failure in reports if failure is not None}:
            setting.tell(f"writers: {failure}")
        if isinstance(newest, Broken):
            setting.tell(f"writers: the store afterwards: {newest.reason}")
            unreadable += 1
            lost += len(committed)
        else:
            lost += len(committed - newest[0])
            wrong += not newest[1]
        shutil.rmtree(folder)
    notes = [f"{WRITERS} writers, rounds: {rounds}"]
    notes += [f"{refused:,} tries refused and repeated"] if refused else []
    notes += [f"the newest version a mixture after {wrong} of them"] if wrong else []
    notes += [f"unreadable after {unreadable} of them"] if unreadable else []
    counts = {RIGHT: acknowledged - lost, ERROR: failed, LOST: lost}
    return Counted("writers", setting.contender.title, acknowledged, "acknowledged commits", counts, ", ".join(notes))


def _one_round(setting: Setting, folder: Path, seed: int) -> list[tuple[int, int, str | None]]:
    """Return for each term how often it was refused, and how it failed at last, if it did."""
    barrier = CONTEXT.Barrier(WRITERS)
    shares = [list(range(1 + share, 1 + WRITERS * COMMITS, WRITERS)) for share in range(WRITERS)]
    writers = [start(write, setting.key, folder, setting.truth, share, barrier, seed + share[0]) for share in shares]
    reports = [report for _, ears in writers for report in drain(ears)]
    for process, _ in writers:
        finish(process)
    return reports


def write(
    tell: Connection, key: str, folder: Path, truth: Truth, items: list[int], barrier: Barrier, seed: int
) -> None:
    """Commit each term until it is taken, and tell what became of it."""
    store = CONTENDERS[key].open(folder)
    generator = np.random.default_rng(seed)
    barrier.wait(PATIENCE)
    for item in items:
        loadings, end = truth.loadings(item), time.monotonic() + PATIENCE
        refusals = 0
        while True:
            failure = None
            try:
                store.commit(item, loadings)
                break
            except Refused:
                refusals += 1
                time.sleep(generator.uniform(0.0, 0.005))
                failure = "refused for a minute"
                if time.monotonic() > end:
                    break
            except Exception as raised:  # noqa: BLE001  whatever a store raises is what is measured
                failure = f"{type(raised).__name__}: {raised}"
                break
        tell.send((item, refusals, failure))


def items_of_newest(key: str, folder: Path, truth: Truth) -> tuple[set[int], bool]:
    """Return which terms the newest version holds, and whether its matrices are the sum of just these."""
    store = CONTENDERS[key].open(folder)
    return truth.items_in(store.newest(), range(1, WRITERS * COMMITS + 1))
