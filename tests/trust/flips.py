"""Flips one bit anywhere in a store, and tells whether `verify` finds it and whether any answer is wrong.

    python tests/trust/flips.py [--flips 10000] [--seed 1] [--processes 2] [--plant FAULT]

Each flip is made in a whole store, which is then verified and asked everything: every version's record, active
pathways, rows of Σ and Θ, base, and where every ref stands. A question may be refused; it may not be answered otherwise
than before. What `verify` does not find must change nothing that the file says, and refuse no answer; a version that is
refused must be among those that `verify` names. What hangs or crashes HDF5 does so in a child, and counts. Half of the
flips are spread over all bytes, half over the files, so that small ones are not left out.

`--plant` puts a fault in: the run must then find failures, and ends with 1 if it does.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING
from unittest import mock

import aftermath
import grnledger
import h5py
import numpy as np
import specimens
from grnledger.engine.threads import one_blas_thread
from grnledger.storage.files import bulk_rows, hdf5, layout
from grnledger.storage.verify.store import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from specimens import Ground

BATCH = 100
"""Flips that one child makes."""

PATIENCE = 60.0
"""Seconds after which a flip that is not done is one that hangs; a whole batch takes a few."""

MEMORY = 4 << 30
"""Bytes of address space that a child may have; it uses a tenth of them in peace."""

FAILURES = ("wrong", "missed", "untold", "traceback", "hang", "crash")
"""A question was answered otherwise; or refused though `verify` found nothing, or named other versions; and worse."""


@dataclass(frozen=True, slots=True)
class Flip:
    """One bit of one file of one store."""

    store: str
    name: str
    place: int
    bit: int

    @property
    def kind(self) -> str:
        """What kind of file it is in."""
        return specimens.kind_of(self.name)

    def __str__(self) -> str:
        return f"bit {self.bit} of byte {self.place:,} of {self.store}/{self.name}"


@dataclass(slots=True)
class Tally:
    """What came of flips, by the kind of file: found as damage or as derived, refused, or harmless; and failures."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)
    peak: int = 0

    def add(self, flip: Flip, outcome: str, detail: str = "") -> None:
        """Count one flip."""
        self.counts[flip.kind, outcome] += 1
        if outcome in FAILURES:
            self.bad.append(f"{outcome}: {flip}: {detail}")

    @property
    def total(self) -> int:
        """How many flips there were."""
        return self.counts.total()


def draw(ground: Ground, count: int, seed: int) -> list[Flip]:
    """Return flips: every other one anywhere in the bytes of all files, the rest in each file in turn."""
    stream = np.random.default_rng(seed)
    sizes = [(store, name, len(content)) for store, files in ground.files.items() for name, content in files.items()]
    ends = np.cumsum([size for _, _, size in sizes])
    flips: list[Flip] = []
    for nth in range(count):
        anywhere = int(np.searchsorted(ends, stream.integers(ends[-1]), side="right"))
        store, name, size = sizes[anywhere if nth % 2 else nth // 2 % len(sizes)]
        flips.append(Flip(store, name, int(stream.integers(size)), int(stream.integers(8))))
    return flips


def run(ground: Ground, flips: Sequence[Flip], processes: int, folder: Path, plant: str = "nothing") -> Tally:
    """Make flips in child processes, a batch each, and return what came of them."""
    tally = Tally()
    waiting = [list(flips[start : start + BATCH]) for start in range(0, len(flips), BATCH)]
    running: dict[int, tuple[aftermath.Child, list[Flip], bytearray]] = {}
    while waiting or running:
        while waiting and len(running) < processes:
            batch = waiting.pop()
            child = aftermath.fork(lambda report, batch=batch: _work(ground, batch, folder, plant, report))
            running[child.reports] = child, batch, bytearray()
        ready, _, _ = select.select(list(running), [], [], PATIENCE)
        for reports in ready or list(running):
            child, batch, output = running[reports]
            part = os.read(reports, 65_536) if ready else b""
            output += part
            if part:
                continue
            if not ready:
                os.kill(child.pid, signal.SIGKILL)
            code, _ = child.end()
            del running[reports]
            done = _count(tally, batch, bytes(output))
            if done < len(batch):  # the one it was at did not come to an end; the rest is left for another child
                last = bytes(output).rpartition(b"\n")[2].decode(errors="replace")
                tally.add(batch[done], "crash" if ready else "hang", f"the process ended with {code}: {last[-500:]}")
                waiting.append(batch[done + 1 :])
    return tally


def _count(tally: Tally, batch: Sequence[Flip], output: bytes) -> int:
    lines = [line for line in output.split(b"\n")[:-1] if line.startswith(b"[")]
    for flip, line in zip(batch, lines, strict=False):
        outcome, detail, peak = json.loads(line)
        tally.add(flip, outcome, detail)
        tally.peak = max(tally.peak, peak)
    return len(lines)


def _work(ground: Ground, batch: Sequence[Flip], folder: Path, plant: str, report: Callable[[bytes], object]) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    own = Path(tempfile.mkdtemp(dir=folder))
    try:
        for name, specimen in ground.specimens.items():
            (shutil.copytree if specimen.path.is_dir() else shutil.copyfile)(specimen.path, own / name)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with one_blas_thread(), PLANTS[plant]():
            for flip in batch:
                outcome, detail = examine(ground, flip, own / flip.store)
                grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
                report(json.dumps([outcome, detail, grown]).encode() + b"\n")
    finally:
        shutil.rmtree(own)


def examine(ground: Ground, flip: Flip, store: Path) -> tuple[str, str]:
    """Return what comes of a flip in a store, and more of what is bad; the store is whole again then."""
    path, content = _file(store, flip), bytearray(ground.files[flip.store][flip.name])
    content[flip.place] ^= 1 << flip.bit
    path.write_bytes(content)
    try:
        return _outcome(ground, flip, store)
    except Exception as failure:  # noqa: BLE001  what is no error of ours is a bug of ours
        return "traceback", f"{type(failure).__name__}: {failure}"
    finally:
        specimens.restore(store, ground.files[flip.store])


def _outcome(ground: Ground, flip: Flip, store: Path) -> tuple[str, str]:
    kind, versions = _verify_outcome(store)
    expected = ground.expected[flip.store]
    got = specimens.answers(store, tuple(expected))
    for question, answer in got.items():
        if answer not in (specimens.REFUSED, expected[question]):
            return "wrong", f"{question}: {str(answer)[:200]} instead of {str(expected[question])[:200]}"
    refused = [question for question in expected if got.get(question, specimens.REFUSED) == specimens.REFUSED]
    if refused and kind == "harmless":
        return "missed", f"{', '.join(refused[:5])} cannot be answered, and verify finds nothing"
    if kind == "harmless" and _content(_file(store, flip)) != _content(_file(ground.specimens[flip.store].path, flip)):
        return "missed", "the content is another, and verify finds nothing"
    questions = [question for question in refused if question.startswith("v") and not question.endswith("refs")]
    unnamed = [
        question for question in questions if versions is not None and int(question.split()[0][1:]) not in versions
    ]
    if unnamed and flip.kind != "FORMAT":
        return "untold", f"{', '.join(unnamed[:5])} cannot be answered, and verify names {sorted(versions or ())} alone"
    return kind, ""


def _file(store: Path, flip: Flip) -> Path:
    return store / flip.name if store.is_dir() else store


def _content(path: Path) -> object:
    """Return all that a file says, as h5py reads it; its bytes where it is no HDF5 file."""
    if path.suffix != ".h5":
        return path.read_bytes()
    contents: dict[str, object] = {}

    def visit(name: str, member: h5py.Group | h5py.Dataset) -> None:
        contents[name] = sorted((key, bytes(value)) for key, value in member.attrs.items())
        if isinstance(member, h5py.Dataset):
            contents[name] = contents[name], member.dtype.str, member.shape, member[()].tobytes()

    try:
        with h5py.File(path, "r", locking=False) as file:
            visit("/", file)
            file.visititems(visit)
    except (OSError, RuntimeError, KeyError, ValueError) as failure:
        return f"unreadable: {failure}"
    return contents


def _verify_outcome(store: Path) -> tuple[str, set[int] | None]:
    """Return how verify finds what is wrong, and which versions it names; `None` is all."""
    try:
        report = verify(store)
    except (grnledger.GrnError, OSError):
        return "refused", None
    kinds = {finding.kind for finding in report.findings} - {"note"}
    versions = {number for finding in report.findings if finding.kind == "damage" for number in finding.versions}
    return "damage" if "damage" in kinds else "derived" if kinds else "harmless", versions


# Faults that the harness must find


class _Agreeing(str):
    """A text that is never found to differ."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False


class _AgreeingNumber(int):
    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = int.__hash__


@contextlib.contextmanager
def ids_unchecked() -> Iterator[None]:
    """Plant a reader that takes every id of a file for right."""
    real = layout.content_id
    with mock.patch.object(layout, "content_id", lambda *arguments: _Agreeing(real(*arguments))):
        yield


@contextlib.contextmanager
def rows_unchecked() -> Iterator[None]:
    """Plant a reader that does not check the rows of large arrays."""
    with mock.patch.object(bulk_rows, "zlib", SimpleNamespace(crc32=lambda _: _AgreeingNumber(0))):
        yield


@contextlib.contextmanager
def rows_unread() -> Iterator[None]:
    """Plant a `verify` that leaves large arrays out."""
    with mock.patch.object(hdf5.StoredFile, "check_bulk", return_value=None):
        yield


PLANTS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "nothing": contextlib.nullcontext,
    "ids-unchecked": ids_unchecked,
    "rows-unchecked": rows_unchecked,
    "rows-unread": rows_unread,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Flip bits, print what came of it, and return 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flips", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--plant", choices=PLANTS, default="nothing")
    parser.add_argument("--folder", help="where the stores are made; one in memory is the fastest")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=options.folder) as name, one_blas_thread():
        ground = specimens.Ground.lay(Path(name))
        tally = run(ground, draw(ground, options.flips, options.seed), options.processes, Path(name), options.plant)
    outcomes = ("damage", "derived", "refused", "harmless", *FAILURES)
    kinds = sorted({kind for kind, _ in tally.counts})
    rows = [[kind, *(f"{tally.counts[kind, outcome]:,}" for outcome in outcomes)] for kind in kinds]
    print(aftermath.table(["in", *outcomes], rows))
    print(f"{tally.total:,} flips, seed {options.seed}; a child grew by {tally.peak / 1024:.0f} MB at the most.")
    print(f"Failures: {aftermath.bound(len(tally.bad), tally.total)}.")
    for problem in tally.bad[:40]:
        print("  " + problem)
    return 1 if tally.bad else 0


if __name__ == "__main__":
    sys.exit(main())
