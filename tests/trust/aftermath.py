"""What is found after a verb has died or failed: the old state or the new one, exactly, and nothing else.

A verb is done once in peace, which gives the states to compare with. After each fault the stores are looked at afresh:
ids, contents, messages, refs, the journal, and the bits of rows of Σ and Θ of every version. Then the verb is done
again where it had not happened, and one more commit must work, unaided, and give the very state that it gives in peace.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

import grnledger
import numpy as np
import planted
import verbs
from grnledger.storage.files import layout
from grnledger.storage.files.backup_note import is_backup, read_note
from grnledger.storage.verify.store import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from planted import Plant
    from verbs import Verb

    Report = Callable[[bytes], object]

KINDS = ("unreadable", "wrong", "lost", "stuck")
"""What can be bad: a store that does not open, one in a third state, an acknowledged verb undone, a commit refused."""

READABLE = (".grn", ".h5", ".backup")
"""How what can be looked at is called."""

PATIENCE = 8.0
"""Seconds within which a commit must be done after a fault: nobody waits for the dead, as for a writer that lives."""


@dataclass(frozen=True, slots=True)
class State:
    """What a store says.

    Parameters
    ----------
    head : str
        HEAD's branch.
    branches, tags : tuple of (str, str)
        Names, and the ids where they stand.
    versions : tuple
        Of each version its name, id, content id, parents, message, author and time.
    moves : tuple of str
        The journal.
    numbers : tuple of str
        Of each version a hash of rows of Σ and Θ, to the last bit.
    """

    head: str
    branches: tuple[tuple[str, str], ...]
    tags: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, ...], ...]
    moves: tuple[str, ...]
    numbers: tuple[str, ...]


Seen = dict[str, State | None]
"""The stores of a folder by name; `None` where nothing stands."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The states that a verb may leave, each also with one more commit on top.

    Parameters
    ----------
    old, new : dict of str to State
        Before and after the verb.
    old_next, new_next : dict of str to State
        After one more commit; `old_next` is `None` where before the verb there is nothing to commit to.
    """

    old: Seen
    new: Seen
    old_next: Seen | None
    new_next: Seen


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found after one fault.

    Parameters
    ----------
    stands : str
        `old`, `new`, or what is bad, of `KINDS`.
    detail : str
        More of what is bad.
    """

    stands: str
    detail: str = ""


@dataclass(slots=True)
class Tally:
    """How often each state was found, and what was bad."""

    counts: Counter[str] = field(default_factory=Counter[str])
    bad: list[str] = field(default_factory=list[str])

    def add(self, finding: Finding, case: str, *, bad: tuple[str, ...] = KINDS) -> None:
        """Count a finding, and keep it if it is one of the bad ones."""
        self.counts[finding.stands] += 1
        if finding.stands in bad:
            self.bad.append(f"{case}: {finding.stands}: {finding.detail}")

    def row(self, *names: str) -> list[str]:
        """Return counts in order, as text."""
        return [str(self.counts[name]) for name in names]


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the cases of a verb are played: always the same folder, laid out anew from what was prepared.

    Parameters
    ----------
    prepared : Path
        The stores and files that all verbs begin with.
    folder : Path
        Where each case is played.
    verb : Verb
        Which verb.
    as_command : bool
        Whether it is done as `grn` does it, which records the file that it read.
    plant : callable
        A fault that it is done with, of `planted`.
    """

    prepared: Path
    folder: Path
    verb: Verb
    as_command: bool = False
    plant: Plant = planted.nothing

    def lay_out(self) -> None:
        """Put everything as it is before the verb."""
        verbs.lay_out(self.prepared, self.folder, self.verb)

    def act(self, acknowledge: Callable[[], object] = lambda: None) -> None:
        """Do the verb in this process, and acknowledge it."""
        with self.plant(acknowledge):
            if self.as_command:
                self._run()
            else:
                self.verb.act(self.folder, self.verb.open(self.folder))
        acknowledge()

    def next_commit(self, *, nth: int = 0) -> None:
        """Do one more commit, afresh, to the store that the verb changes; to the first where that is a mere file."""
        verbs.next_commit(verbs.opened(self.folder / self.goes_on), nth=nth)

    def see(self) -> Seen:
        """Return what all stores of the folder say."""
        names = dict.fromkeys(name for name in (*self.verb.holds, self.verb.changes) if name.endswith(READABLE))
        return {name: self._look(name) for name in names}

    def _look(self, name: str) -> State | None:
        with contextlib.suppress(*[grnledger.GrnError] * (self.verb.mends and name == self.verb.changes)):
            return look(self.folder / name)
        return None

    def expect(self) -> Expected:
        """Return the states that the verb may leave, found by doing it in peace, twice."""
        self.lay_out()
        old = self.see()
        old_next = None
        if old[self.goes_on] is not None:
            self.next_commit()
            old_next = self.see()
        news: list[tuple[Seen, Seen]] = []
        for _ in range(2):
            self.lay_out()
            self.act()
            new = self.see()
            self.next_commit()
            news.append((new, self.see()))
        if news[0] != news[1]:
            raise SystemExit(f"{self.verb.name} is not the same twice: {difference(*(new[1] for new in news))}")
        return Expected(old, news[0][0], old_next, news[0][1])

    def examine(self, expected: Expected, *, acknowledged: bool, again: bool) -> Finding:
        """Return what stands after a fault, having gone on from there.

        Parameters
        ----------
        expected : Expected
            What may stand.
        acknowledged : bool
            Whether the verb had said that it is done: then only the new state may.
        again : bool
            Where the old state stands, whether to do the verb again before the next commit.
        """
        finding = self.standing(expected)
        if acknowledged and finding.stands == "old" and expected.old != expected.new:
            return Finding("lost", "it was acknowledged, and the old state stands")
        return finding if finding.stands in KINDS else self.going_on(finding.stands, expected, again=again)

    def standing(self, expected: Expected) -> Finding:
        """Return which state stands, looked at afresh."""
        try:
            seen = self.see()
        except Exception as failure:  # noqa: BLE001  whatever it is, the store does not open
            return Finding("unreadable", sentence_of(failure))
        if seen == expected.new:
            return Finding("new")
        return Finding("old") if seen == expected.old else Finding("wrong", difference(expected.old, seen))

    def going_on(self, stands: str, expected: Expected, *, again: bool) -> Finding:
        """Return which state stood, if the verb can be done again where it is due, and then the next commit."""
        try:
            after = self._go_on(stands, expected, again=again)
            begun = time.monotonic()
            self.next_commit()
            seconds = time.monotonic() - begun
            seen = self.see()
        except Exception as failure:  # noqa: BLE001  whatever it is, the store is stuck
            return Finding("stuck", f"after the {stands} state: {sentence_of(failure)}")
        if seen != after:
            return Finding("stuck", f"after the {stands} state: {difference(after, seen)}")
        if seconds > PATIENCE:
            return Finding("stuck", f"after the {stands} state a commit took {seconds:.1f} s")
        damage = [finding for finding in verify(self.folder / self.goes_on).findings if finding.kind == "damage"]
        return Finding("wrong", f"verify finds {damage}") if damage else Finding(stands)

    @property
    def goes_on(self) -> str:
        """The store to which the next commit is made."""
        return self.verb.changes if self.verb.changes.endswith(".grn") else verbs.STORE

    def _go_on(self, stands: str, expected: Expected, *, again: bool) -> Seen:
        """Do the verb again where it is due, and return what must stand after one more commit."""
        due = stands == "old" and (again or expected.old_next is None)
        if due:
            self.act()
            if (seen := self.see()) != expected.new:
                raise RuntimeError(f"done again, it gives another state: {difference(expected.new, seen)}")
        return expected.new_next if due or expected.old_next is None or stands == "new" else expected.old_next

    def _run(self) -> None:
        code, message = self.run()
        if code:
            raise RuntimeError(f"grn {' '.join(self.verb.command)} ended with {code}: {message}")

    def run(self) -> tuple[int, str]:
        """Do the verb in this process as `grn` does it, and return its exit code and what it said on stderr."""
        from grnledger.cli.errors import run
        from grnledger.cli.main import grn

        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as stderr:
            code = run(grn, self.verb.arguments(self.folder), False)
        return code, stderr.getvalue()


def look(path: Path) -> State | None:
    """Return what a store says, all of it checked; `None` where nothing stands, or a backup that was never whole.

    Raises
    ------
    GrnError
        It cannot be read, or a backup has less than it says.
    """
    if not path.exists():
        return None
    note = read_note(path) if is_backup(path) else None
    if is_backup(path) and not (note and note.whole):
        return None
    repo = grnledger.open(path)
    if repo.damage:
        raise grnledger.FormatError("; ".join(repo.damage.values()))
    versions = repo.versions(None)
    if note is not None and note.versions > len(versions):
        raise grnledger.FormatError(f"The backup says that it is whole with {note.versions}, and has {len(versions)}.")
    return State(
        head=repo.head,
        branches=tuple((name, version.id) for name, version in repo.branches.items()),
        tags=tuple((name, version.id) for name, version in repo.tags.items()),
        versions=tuple(
            (entry.name, entry.id, entry.content, *entry.parents, entry.message, entry.author, entry.time)
            for entry in versions
        ),
        moves=tuple(map(str, repo.moves)),
        numbers=tuple(_numbers(repo, version.name) for version in versions),
    )


def an_hour_later(store: Path) -> None:
    """Make the claims that stand in a store as old as those of the dead: empty files in the folder of its log."""
    for path in (store / layout.LOG).iterdir():
        if path.stat().st_size == 0:
            os.utime(path, (0, 0))


def difference(before: Mapping[str, State | None], after: Mapping[str, State | None]) -> str:
    """Return in what two states of stores differ."""
    for name in before:
        first, second = before[name], after[name]
        if first is None or second is None:
            if first is not second:
                return f"{name} {'is not there' if second is None else 'is there'}"
            continue
        for part in fields(State):
            values = getattr(first, part.name), getattr(second, part.name)
            if values[0] != values[1]:
                return f"{name}: {part.name}: {values[0]} against {values[1]}"
    return "nothing"


@dataclass(frozen=True, slots=True)
class Child:
    """A forked process that reports on a pipe.

    Parameters
    ----------
    pid : int
        The process.
    reports : int
        The reading end.
    """

    pid: int
    reports: int

    def end(self) -> tuple[int, bytes]:
        """Return the exit code (less the signal's number where one killed it) and what was reported and not read."""
        report = b"".join(iter(lambda: os.read(self.reports, 65_536), b""))
        os.close(self.reports)
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status), report


def fork(work: Callable[[Report], object]) -> Child:
    """Start work in a forked process, and return that; the work is given a function that reports bytes.

    An exception ends the process with code 1 and its traceback on the pipe.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # Newer Pythons warn that threads do not survive a fork; those of BLAS are idle, and it has handlers for it.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid:
        os.close(writing)
        return Child(pid, reading)
    code = 1
    try:
        os.close(reading)
        work(lambda report: os.write(writing, report))
        code = 0
    except BaseException:  # noqa: BLE001  nothing of the parent's may run in the child
        os.write(writing, traceback.format_exc().encode())
    finally:
        os._exit(code)


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table for people, numbers to the right."""
    widths = [max(len(row[index]) for row in [head, *rows]) for index in range(len(head))]
    lines = [
        "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [head, *rows]
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def bound(bad: int, cases: int) -> str:
    """Return what a count of random cases says: `0 of n` bounds the share of bad ones by 3/n at 95 %."""
    count = f"{bad} of {cases:,} bad"
    return f"{count}: fewer than {3 / cases:.2%} of such cases, at 95 %" if not bad and cases else count


def _numbers(repo: grnledger.Repository, rev: str) -> str:
    snapshot = repo.snapshot(rev)
    places = np.linspace(0, len(repo.panel) - 1, 4).astype(np.intp)
    digest = hashlib.sha256()
    for operator in (snapshot.covariance, snapshot.precision):
        digest.update(np.ascontiguousarray(operator.rows(places)).tobytes())
    return digest.hexdigest()[:16]


def sentence_of(failure: Exception) -> str:
    """Return what an exception says, in one line."""
    return f"{type(failure).__name__}: {failure}".replace("\n", " ")
