"""A writer killed at a random moment; a fresh process then reads every version, and another one writes the next."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .contenders import CONTENDERS
from .counts import ERROR, LOST, RIGHT, STUCK, WRONG, Counted
from .processes import DEADLINE, Broken, answer, drain, finish, start

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

    from .model import Truth
    from .setting import Setting

LONGEST = 0.25
"""Seconds after the first acknowledgement within which the kill falls, evenly: tens of commits."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a fresh process has read after a kill: the outcome, and the newest version, if it can be told."""

    outcome: str
    newest: int | None
    reason: str = ""


def run(setting: Setting) -> Counted:
    """Return the counts of `setting.count` kills, each of a new store."""
    generator = np.random.default_rng(setting.seed)
    counts: dict[str, int] = dict.fromkeys((RIGHT, WRONG, ERROR, LOST, STUCK), 0)
    inside = 0
    for trial in range(setting.count):
        folder = setting.new_store()
        begun, acknowledged = _killed(setting, folder, generator.uniform(0.0, LONGEST))
        inside += begun > acknowledged
        inspection = answer(inspect, setting.key, folder, setting.truth, acknowledged)
        if isinstance(inspection, Broken):
            inspection = Inspection(ERROR, None, inspection.reason)
        counts[inspection.outcome] += 1
        after = answer(write_next, setting.key, folder, setting.truth, inspection.newest, begun + 1)
        counts[STUCK] += after is not None
        shutil.rmtree(folder)
        if inspection.outcome != RIGHT or after is not None:
            what = f"{inspection.outcome}, {inspection.reason}; then {after or 'works'}"
            setting.tell(f"kill {trial} after {acknowledged} commits: {what}")
    return Counted("kill", setting.contender.title, setting.count, "kills", counts, f"{inside} inside a commit")


def _killed(setting: Setting, folder: Path, delay: float) -> tuple[int, int]:
    """Run a writer, kill it, and return the number of the last commit it began, and of the last it acknowledged."""
    process, ears = start(write, setting.key, folder, setting.truth)
    numbers: list[int] = []
    while not numbers or numbers[-1] < 0:  # until the first acknowledgement: from there on the moment is random
        if not ears.poll(DEADLINE):
            raise SystemExit(f"{setting.key}: the writer is stuck, with nobody beside it.")
        numbers.append(ears.recv())
    time.sleep(delay)
    if process.exitcode is not None:
        raise SystemExit(f"{setting.key}: the writer has died of itself, after {max(numbers)} commits or more.")
    process.kill()
    numbers += drain(ears)
    finish(process)
    return -min(numbers), max(numbers)


def write(tell: Connection, key: str, folder: Path, truth: Truth) -> None:
    """Commit term after term, and tell before (−n) and after (+n) each."""
    store = CONTENDERS[key].open(folder)
    item = 0
    while True:
        item += 1
        loadings = truth.loadings(item)
        tell.send(-item)
        store.commit(item, loadings)
        tell.send(item)


def inspect(key: str, folder: Path, truth: Truth, acknowledged: int) -> Inspection:
    """Return what stands in the store; whatever it raises is for the caller to tell."""
    contender = CONTENDERS[key]
    store = contender.open(folder)
    if not contender.keeps_history:
        newest = truth.number_of(store.read(0))
        if newest is None or newest > acknowledged + 1:
            return Inspection(WRONG, None, "no version, or one that nobody has written")
        return Inspection(LOST if newest < acknowledged else RIGHT, newest)
    listed = store.versions()
    newest = max(listed, default=None)
    expected = truth.base()
    for number in range(acknowledged + 2):
        expected = expected.plus(truth.loadings(number)) if number else expected
        if number in listed and not store.read(number).fits(expected):
            return Inspection(WRONG, newest, f"version {number} is another")
    if newest is not None and not store.newest().fits(truth.version(newest)):
        return Inspection(WRONG, newest, "the newest version is another than the current one")
    if set(listed) - set(range(acknowledged + 2)):
        return Inspection(WRONG, newest, f"there are versions that nobody has written: {listed}")
    return Inspection(RIGHT if set(range(acknowledged + 1)) <= set(listed) else LOST, newest)


def write_next(key: str, folder: Path, truth: Truth, newest: int | None, item: int) -> str | None:
    """Return why the next commit, made as if nothing had happened, fails or is wrong; None when all is well."""
    store = CONTENDERS[key].open(folder)
    store.commit(item, truth.loadings(item))
    if newest is None or not store.newest().fits(truth.with_items([*range(1, newest + 1), item])):
        return "the next version is wrong"
    return None
