"""Readers that read the newest version again and again beside one writer, nobody knowing of anybody."""

from __future__ import annotations

import collections
import shutil
import time
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

from .contenders import CONTENDERS, Refused
from .counts import ERROR, RIGHT, WRONG, Counted
from .processes import CONTEXT, DEADLINE, finish, start

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.synchronize import Event
    from pathlib import Path

    from .model import Truth
    from .setting import Setting

READERS, COMMITS, ROUNDS = 4, 100, 50
PAUSE = 0.002
"""Seconds between two reads of a reader, and before a writer who was refused tries again."""

REFUSED, WRITE_REFUSED, WRITTEN = "read refused", "write refused", "written"
READ = (RIGHT, WRONG, ERROR)


def run(setting: Setting) -> Counted:
    """Return the counts of `setting.count` reads or more, in up to `ROUNDS` rounds with a new store each."""
    counts: collections.Counter[str] = collections.Counter()
    rounds = 0
    while sum(counts[name] for name in (*READ, REFUSED)) < setting.count and rounds < ROUNDS:
        folder = setting.new_store()
        for outcome, reason in _one_round(setting, folder):
            counts[outcome] += 1
            if outcome in (WRONG, ERROR):
                setting.tell(f"readers: {outcome}, {reason}")
        shutil.rmtree(folder)
        rounds += 1
    notes = [f"{READERS} readers beside {counts[WRITTEN]:,} commits"]
    notes += [f"{counts[name]:,} × {name} by the lock" for name in (REFUSED, WRITE_REFUSED) if counts[name]]
    tried = sum(counts[name] for name in READ)
    return Counted(
        "readers", setting.contender.title, tried, "reads", {name: counts[name] for name in READ}, ", ".join(notes)
    )


def _one_round(setting: Setting, folder: Path) -> list[tuple[str, str]]:
    """Return the outcomes of all reads, and what the writer met."""
    done = CONTEXT.Event()
    arguments = (setting.key, folder, setting.truth, done)
    started = [start(write, *arguments), *(start(read, *arguments) for _ in range(READERS))]
    reports: list[tuple[str, str]] = []
    open_ends = [ears for _, ears in started]
    while open_ends and (ready := wait(open_ends, DEADLINE)):
        for ears in ready:
            _listen(ears, reports, open_ends)
    for process, ears in started:
        if ears in open_ends:
            reports.append((ERROR, "it hangs"))
        else:
            process.join()
            if process.exitcode:
                reports.append((ERROR, f"it crashed with {process.exitcode}"))
        ears.close()
        finish(process)
    return reports


def _listen(ears: Any, reports: list[tuple[str, str]], open_ends: list[Connection]) -> None:
    try:
        reports.append(ears.recv())
    except EOFError:
        open_ends.remove(ears)


def write(tell: Connection, key: str, folder: Path, truth: Truth, done: Event) -> None:
    """Commit, and tell of each commit and of each that a lock refused."""
    try:
        store = CONTENDERS[key].open(folder)
        for item in range(1, COMMITS + 1):
            while not _committed(store, item, truth):
                tell.send((WRITE_REFUSED, ""))
                time.sleep(PAUSE)
            tell.send((WRITTEN, ""))
    except Exception as failure:  # noqa: BLE001  whatever a store raises is what is measured
        tell.send((ERROR, f"the writer: {type(failure).__name__}: {failure}"))
    finally:
        done.set()


def _committed(store: Any, item: int, truth: Truth) -> bool:
    try:
        store.commit(item, truth.loadings(item))
    except Refused:
        return False
    return True


def read(tell: Connection, key: str, folder: Path, truth: Truth, done: Event) -> None:
    """Read until the writer is done, and tell the outcome of each read."""
    contender = CONTENDERS[key]
    while not done.is_set():
        try:
            store = contender.open(folder)
            version = store.versions()[-1]
            state = store.read(version)
        except Refused:
            tell.send((REFUSED, ""))
        except Exception as failure:  # noqa: BLE001  whatever a store raises is what is measured
            tell.send((ERROR, f"{type(failure).__name__}: {failure}"))
        else:
            number = truth.number_of(state)
            right = number == version if contender.keeps_history else number is not None
            tell.send(
                (RIGHT if right else WRONG, f"version {version} is read as {'a mixture' if number is None else number}")
            )
        time.sleep(PAUSE)
