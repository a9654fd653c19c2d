"""Readers beside a writer and a packer: every read gives what some entry of the log said, whole, and none goes back.

    python tests/trust/readers.py                         # 1 writer, 8 readers, 1 packer, 100,000 reads
    python tests/trust/readers.py --reads 2000 --readers 4 --plant unlinking-first

The writer commits, reverts, tags, merges and rolls back, and notes for each state of the store where its refs stood,
and for each version its content id and a hash of the bits of its numbers. The readers open the store, refresh it,
resolve HEAD, branches, tags and versions, read records and rows of the precision, hold snapshots and whole open stores
while everything is packed anew, and note what they saw. Two of them see the store read-only. In the end all of that is
compared: with what the writer noted, with the store read again in peace, and with dense matrices added up from the
pathways. A read is *mixed* if it fits no one version, or a state that never was. With --plant a fault is planted, and
the harness must find it.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import functools
import hashlib
import itertools
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import grnledger
import numpy as np
from aftermath import fork, sentence_of, table
from grnledger.engine.errors import Conflict, InputError, NotPositiveDefinite
from grnledger.engine.threads import one_blas_thread
from grnledger.storage.files import durable, layout
from grnledger.storage.repository import Repository
from races import one_in
from verbs import ENVIRONMENT, covariance, factors, pathway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from aftermath import Report
    from grnledger.storage.history.refs import Move
    from numpy.typing import NDArray

SIZE = 24
"""p: small, so that reads are many."""

MOST_ACTIVE = 6
"""The writer reverts once so many pathways are active."""

PAUSES = (0.0, 0.0, 0.2)
"""Seconds between two steps of the writer: bursts, and rests, in which readers that catch up read what stands still."""

ROWS = np.array([1, 7, 8, 20])
"""Which rows of the precision are read."""

TOLERANCE = 1e-9
"""How far the numbers may be from the dense truth, relative to the largest."""

CLONE_NEWNS, CLONE_NEWUSER, MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = (
    0x00020000,
    0x10000000,
    1,
    32,
    4096,
    16384,
    1 << 18,
)
NOBODY = 65_534


@dataclass(slots=True)
class Notes:
    """What one process has seen.

    Parameters
    ----------
    counts : Counter
        Reads by what was read, packs, and what else is worth counting.
    versions : dict of str to (str, str, str)
        By commit id, the content id, a hash of the record, and one of the bits of the numbers; empty where not read.
    states : list of str
        Where refs stood, as hashes, in the order in which it was seen; without repeats.
    bad : list of str
        What must not be.
    view : str
        How the process sees the store.
    """

    counts: Counter[str] = field(default_factory=Counter[str])
    versions: dict[str, tuple[str, str, str]] = field(default_factory=dict[str, tuple[str, str, str]])
    states: list[str] = field(default_factory=list[str])
    bad: list[str] = field(default_factory=list[str])
    view: str = "as it is"

    def see(self, repo: Repository) -> None:
        """Note where the refs of a store stand."""
        state = state_of(repo)
        if not self.states or self.states[-1] != state:
            self.states.append(state)

    def note(self, version: grnledger.Version, numbers: str) -> None:
        """Note what a version says, and complain if it said something else before."""
        reading = (version.content, digest(repr(version.entry)), numbers)
        if self.versions.setdefault(version.id, reading) != reading:
            self.bad.append(
                f"mixed: {version.name} ({version.id[:12]}) gave {self.versions[version.id]}, then {reading}"
            )

    def json(self) -> bytes:
        """Return all of it as text, to be sent to another process."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__}).encode()

    @staticmethod
    def parse(text: bytes) -> Notes:
        """Return the notes that another process has sent."""
        fields = json.loads(text)
        versions = {id_: tuple(reading) for id_, reading in fields.pop("versions").items()}
        return Notes(counts=Counter(fields.pop("counts")), versions=versions, **fields)


def digest(content: str | bytes) -> str:
    """Return a short hash."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()[:16]


def state_of(repo: Repository) -> str:
    """Return a hash of where HEAD, branches and tags stand, and of how many versions there are."""
    refs = [sorted((name, version.id) for name, version in several.items()) for several in (repo.branches, repo.tags)]
    return digest(json.dumps([len(repo), repo.head, *refs]))


def numbers_of(snapshot: grnledger.Snapshot) -> str:
    """Return a hash of the bits of rows of Σ and Θ."""
    return digest(b"".join(matrix.rows(ROWS).tobytes() for matrix in (snapshot.covariance, snapshot.precision)))


# The writer, and who packs


def write(report: Report, store: Path, stop: Path, seed: int) -> None:
    """Change a store in every way, at random, until told to stop; report the notes."""
    chance, notes = random.Random(f"writer {seed}"), Notes()
    repo = grnledger.open(store, author="writer")
    notes.see(repo)
    steps = itertools.count()
    while not stop.exists():
        if one_step(repo, chance, next(steps)):
            notes.counts["entries"] += 1
            notes.see(repo)
            notes.note(repo.version(), numbers_of(repo.snapshot()))
        time.sleep(chance.choice(PAUSES))
    report(notes.json())


def one_step(repo: Repository, chance: random.Random, nth: int) -> bool:
    """Do one thing to a store, and return whether it could be done."""
    active = repo.active()
    verbs: dict[str, Callable[[], object]] = {
        "commit": lambda: repo.commit(pathway(f"path-{nth}", first=nth, size=SIZE, sign=-1 if nth % 9 == 8 else 1)),
        "revert": lambda: repo.revert(chance.choice(active).since),
        "tag": lambda: repo.create_tag(f"tag-{nth}", f"v{chance.randrange(len(repo))}"),
        "untag": lambda: repo.delete_tag(chance.choice(sorted(repo.tags))),
        "rollback": lambda: repo.rollback(f"v{max(0, len(repo) - chance.randint(1, 20))}"),
        "merge": lambda: repo.merge("side" if repo.head == "main" else "main", fast_forward=False),
        "switch": lambda: repo.switch("side" if repo.head == "main" else "main"),
        "reinvert": repo.reinvert,
    }
    weights = {"commit": 8, "tag": 2, "rollback": 1, "merge": 2, "switch": 2, "reinvert": 1}
    weights |= {"revert": 8 if len(active) >= MOST_ACTIVE else 2} if active else {}
    weights |= {"untag": 4 if len(repo.tags) > 5 else 1} if repo.tags else {}
    verb = chance.choices(list(weights), list(weights.values()))[0]
    try:
        verbs[verb]()
    except (Conflict, InputError, NotPositiveDefinite):
        return False
    return True


def pack(report: Report, store: Path, stop: Path) -> None:
    """Pack a store over and over, until told to stop; report the notes."""
    notes = Notes()
    while not stop.exists():
        try:
            notes.counts["packs"] += grnledger.open(store).pack().packs
        except Exception as failure:  # noqa: BLE001  whatever it is, it is counted
            notes.bad.append(f"error: pack: {sentence_of(failure)}")
        time.sleep(0.002)
    report(notes.json())


# The readers


class Reader:
    """One reader: it reads a store in many ways, and notes what it saw.

    Parameters
    ----------
    store : Path
        The store.
    seed : str
        What it reads is drawn from this.
    """

    def __init__(self, store: Path, seed: str) -> None:
        self.store, self.chance, self.notes = store, random.Random(seed), Notes()
        self.repo = grnledger.open(store)
        self.hold()
        self.ways: dict[str, tuple[int, Callable[[], None]]] = {
            "opened": (1, self.open),
            "refreshed": (6, self.refresh),
            "held store": (2, self.read_held_store),
            "held snapshot": (1, self.read_held_snapshot),
            "held anew": (0, self.hold),
        }

    def read(self, nth: int) -> None:
        """Read once, in one of the ways."""
        way = "held anew" if nth % 500 == 499 else self.chance.choices(
            list(self.ways), [weight for weight, _ in self.ways.values()]
        )[0]  # fmt: skip
        try:
            self.ways[way][1]()
        except Exception as failure:  # noqa: BLE001  whatever it is, it is counted
            self.notes.bad.append(f"error: {way}: {sentence_of(failure)}")
        self.notes.counts["reads"] += 1
        self.notes.counts[way] += 1

    def open(self) -> None:
        """Open the store anew, and read HEAD."""
        self.repo = grnledger.open(self.store)
        self.notes.see(self.repo)
        self.look(self.repo, "HEAD")

    def refresh(self) -> None:
        """Take in what is new, and read something."""
        self.repo.refresh()
        self.notes.see(self.repo)
        some = self.chance.choice(["HEAD", "HEAD", "main", "side", *self.repo.tags, "number"])
        self.look(self.repo, f"v{self.chance.randrange(len(self.repo))}" if some == "number" else some)

    def read_held_store(self) -> None:
        """Read a store that was opened long ago and never refreshed: its files have gone to packs meanwhile."""
        self.look(self.held, f"v{self.chance.randrange(len(self.held))}")
        if state_of(self.held) != self.state:
            self.notes.bad.append("mixed: a store that was not refreshed has changed")

    def read_held_snapshot(self) -> None:
        """Read a snapshot that was taken long ago."""
        if numbers_of(self.snapshot) != self.numbers:
            self.notes.bad.append("mixed: a snapshot that was held has changed")

    def hold(self) -> None:
        """Open the store and take a snapshot, to be held."""
        self.held = grnledger.open(self.store)
        self.state = state_of(self.held)
        self.snapshot = self.held.snapshot()
        self.numbers = numbers_of(self.snapshot)

    def look(self, repo: Repository, rev: str) -> None:
        """Read a version: its record, its pathways and its numbers, which must be of one version."""
        version = repo.version(rev)
        snapshot = repo.snapshot(rev)
        pathways = {active.record.id for active in repo.active(rev)}
        expected = layout.version_content_id(version.base, pathways)
        if not version.content == snapshot.content == expected:
            seen = ", ".join(digits[:12] for digits in (version.content, snapshot.content, expected))
            self.notes.bad.append(f"mixed: {rev} is {version.name}, whose record, numbers and pathways are of {seen}")
        self.notes.note(version, numbers_of(snapshot))


def read(report: Report, store: Path, reads: int, seed: str, see_as: Callable[[Path], str]) -> None:
    """Read a store so many times, and report the notes."""
    view = see_as(store)
    reader = Reader(store, seed)
    reader.notes.view = view
    for nth in range(reads):
        reader.read(nth)
    report(reader.notes.json())


def as_it_is(_: Path) -> str:
    """See a store as it is."""
    return "as it is"


def read_only(store: Path) -> str:
    """See a store read-only from now on in this process, and return by which means, or `as it is` where none works."""
    for means, take in (("a read-only mount", mount_read_only), ("another account", become_nobody)):
        with contextlib.suppress(OSError):
            take(store)
            if not writable(store):
                return means
    return "as it is"


def mount_read_only(store: Path) -> None:
    """Mount a store read-only over itself, in a name space that this process alone is in."""
    system = ctypes.CDLL(None, use_errno=True)

    def call(name: str, *arguments: Any) -> None:
        if getattr(system, name)(*arguments):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    path = os.fsencode(store)
    call("unshare", CLONE_NEWNS if os.geteuid() == 0 else CLONE_NEWNS | CLONE_NEWUSER)
    call("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)
    call("mount", path, path, None, MS_BIND, None)
    call("mount", None, path, None, MS_REMOUNT | MS_BIND | MS_RDONLY, None)


def become_nobody(_: Path) -> None:
    """Go on as an account that may not write."""
    os.setuid(NOBODY)


def writable(store: Path) -> bool:
    """Return whether this process can write in a store."""
    try:
        (store / layout.CACHE / f".{os.getpid()}{layout.TEMPORARY_ENDING}").open("x").close()
    except OSError:
        return False
    return True


# Faults to be found


@contextlib.contextmanager
def unlinking_first() -> Iterator[None]:
    """Take loose entries away before their pack is there."""
    put = durable.put

    def late(path: Path, write: Callable[[Any], object], **named: Any) -> None:
        span = layout.pack_range(path.name)
        if span is None:
            put(path, write, **named)
            return
        unfinished = path.with_name(f"{path.name}.late")
        put(unfinished, write, **named)
        for number in range(span[0], span[1] + 1):
            durable.remove(path.parents[1] / layout.LOG / layout.entry_name(number))
        time.sleep(0.02)
        unfinished.rename(path)

    with mock.patch.object(durable, "put", late):
        yield


@contextlib.contextmanager
def in_place() -> Iterator[None]:
    """Let a file grow under the name that it is to have, and stop half-way for a moment."""

    def publish(path: Path, write: Callable[[Any], object], **_: object) -> None:
        output = durable.Output(path)
        whole = output.write

        def write_in_halves(buffer: Any) -> int:
            view = memoryview(buffer).cast("B")
            whole(view[: len(view) // 2])
            time.sleep(0.005)
            whole(view[len(view) // 2 :])
            return len(view)

        output.write = write_in_halves
        write(output)
        output.finish()

    with mock.patch.object(durable, "publish", publish):
        yield


@contextlib.contextmanager
def two_looks() -> Iterator[None]:
    """Take the numbers of HEAD as it is by now, whichever version was asked for."""
    snapshot = Repository.snapshot

    def of_now(repo: Repository, rev: str = "HEAD", **named: Any) -> grnledger.Snapshot:
        repo.refresh()
        return snapshot(repo, "HEAD" if rev in ("HEAD", "main") else rev, **named)

    with mock.patch.object(Repository, "snapshot", of_now):
        yield


@contextlib.contextmanager
def refs_later() -> Iterator[None]:
    """Take in one entry of two without what it says of refs, so that they lag behind the versions."""
    from grnledger.storage.history.refs import Refs

    apply = Refs.apply

    def lagging(refs: Refs, moves: Sequence[Move]) -> None:
        if moves[0].number % 2:
            apply(refs, moves)

    with mock.patch.object(Refs, "apply", lagging):
        yield


Plant = tuple[str, "Callable[[], AbstractContextManager[object]]"]

PLANTS: dict[str, Plant] = {
    "nothing": ("", contextlib.nullcontext),
    "unlinking-first": ("packer", unlinking_first),
    "in-place": ("writer", in_place),
    "two-looks": ("reader", two_looks),
    "refs-later": ("reader", refs_later),
}
"""By name, in which processes a fault is planted, and how."""


# All together


def run(
    folder: Path, *, dense: bool, readers: int, reads: int, packers: int = 1, seed: int = 1, plant: str = "nothing"
) -> Notes:
    """Run a writer, packers and readers on a new store, and return the sum of their notes, with what was bad."""
    store, stop = folder / "read.grn", folder / "stop"
    folder.chmod(0o755)  # another account shall reach it
    source: dict[str, Any] = {"covariance": covariance(SIZE)} if dense else {"factor_model": factors(SIZE)}
    repo = grnledger.init(store, genes=[f"GENE{index}" for index in range(SIZE)], author="ada", **source)
    repo.create_branch("side")
    where, fault = PLANTS[plant]

    def with_fault(kind: str, work: Callable[[Report], None]) -> Callable[[Report], None]:
        def do(report: Report) -> None:
            with fault() if kind == where else contextlib.nullcontext():
                work(report)

        return do

    writer = fork(with_fault("writer", lambda report: write(report, store, stop, seed)))
    packing = [fork(with_fault("packer", lambda report: pack(report, store, stop))) for _ in range(packers)]
    reading = [
        fork(
            with_fault(
                "reader",
                functools.partial(
                    read,
                    store=store,
                    reads=reads,
                    seed=f"{seed} {index}",
                    see_as=read_only if index % 4 == 3 else as_it_is,
                ),
            )
        )
        for index in range(readers)
    ]
    seen = [ended(child) for child in reading]
    stop.touch()
    wrote, packed = ended(writer), [ended(child) for child in packing]
    return compare(store, wrote, seen, packed)


def ended(child: Any) -> Notes:
    """Return the notes of a process, once it has ended."""
    code, text = child.end()
    if code:
        last = text.decode().strip().splitlines()[-1:]
        return Notes(bad=[f"error: a process ended with {code}: {''.join(last)}"])
    return Notes.parse(text)


def compare(store: Path, wrote: Notes, seen: list[Notes], packed: list[Notes]) -> Notes:
    """Compare what was seen with what was written, and with the store read again in peace."""
    total = Notes()
    for notes in (wrote, *seen, *packed):
        total.counts.update(notes.counts)
        total.bad += notes.bad
    total.view = ", ".join(f"{count} {view}" for view, count in sorted(Counter(reader.view for reader in seen).items()))
    for notes in seen:
        total.counts["states seen"] += len(notes.states)
        total.bad += out_of_order(wrote.states, notes.states)
    try:
        truth = true_versions(store, total)
    except Exception as failure:  # noqa: BLE001  whatever it is, the store is broken
        total.bad.append(f"error: in the end: {sentence_of(failure)}")
        return total
    for notes in (wrote, *seen):
        wrong = [id_ for id_, reading in notes.versions.items() if truth.get(id_) != reading]
        total.bad += [f"mixed: {id_[:12]} gave {notes.versions[id_]}, and is {truth.get(id_)}" for id_ in wrong]
    total.counts["versions seen"] = len({id_ for notes in seen for id_ in notes.versions})
    return total


def out_of_order(wrote: list[str], seen: list[str]) -> list[str]:
    """Return what is wrong with states that were seen one after another: the store had them all, in that order."""
    places: dict[str, list[int]] = {}
    for place, state in enumerate(wrote):
        places.setdefault(state, []).append(place)  # a store may come back to where it was
    wrong: list[str] = []
    last = 0
    for state in seen:
        later = [place for place in places.get(state, []) if place >= last]
        if state not in places:
            wrong.append("mixed: refs stood where they never stood together")
        elif not later:
            wrong.append("mixed: a later look showed an earlier state")
        last = later[0] if later else last
    return wrong


def true_versions(store: Path, total: Notes) -> dict[str, tuple[str, str, str]]:
    """Return what every version says, read in peace, after comparing its numbers with dense matrices."""
    shutil.rmtree(store / layout.CACHE)
    repo = grnledger.open(store)
    report = grnledger.verify(store)
    total.bad += [
        f"error: in the end: {finding.path}: {finding.what}" for finding in report.findings if finding.kind != "note"
    ]
    total.counts["versions"] = len(repo)
    notes, dense = Notes(), Dense(repo)
    for version in reversed(repo.versions(None)):
        snapshot = repo.snapshot(version.name)
        notes.note(version, numbers_of(snapshot))
        if not dense.agrees(version, snapshot):
            total.bad.append(f"mixed: the numbers of {version.name} are not those of its pathways")
    return notes.versions


class Dense:
    """Covariances added up pathway by pathway, and inverted in full: the truth for each content id.

    Parameters
    ----------
    repo : Repository
        Whose versions.
    """

    def __init__(self, repo: Repository) -> None:
        self.repo = repo
        self.base = repo.snapshot("v0").covariance.to_dense()
        self.known: dict[str, NDArray[np.float64]] = {}

    def agrees(self, version: grnledger.Version, snapshot: grnledger.Snapshot) -> bool:
        """Return whether a snapshot is of the dense precision that its pathways, known by name, add up to."""
        if version.content not in self.known:
            total = self.base.copy()
            for active in self.repo.active(version.name):
                nth = int(active.label.removeprefix("path-"))
                term = pathway(active.label, first=nth, size=SIZE, sign=active.record.sign)
                column = np.zeros(SIZE)
                column[term.genes] = term.loadings[:, 0] * np.sqrt(np.diag(self.base))[term.genes]
                total += term.sign * np.outer(column, column)
            self.known[version.content] = np.linalg.inv(total)
        truth = self.known[version.content]
        return bool(np.abs(snapshot.precision.rows(ROWS) - truth[ROWS]).max() <= TOLERANCE * np.abs(truth).max())


def main() -> int:
    """Read, write and pack at once, and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reads", type=int, default=100_000, help="of all readers  [100000]")
    parser.add_argument("--readers", type=int, default=8, help="[8]")
    parser.add_argument("--packers", type=int, default=1, help="[1]")
    parser.add_argument("--plant", choices=PLANTS, default="nothing")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", help="where the stores stand while it runs")
    options = parser.parse_args()
    os.environ.update(ENVIRONMENT)
    rows: list[list[str]] = []
    bad: list[str] = []
    with one_blas_thread():
        for dense in (False, True):
            with tempfile.TemporaryDirectory(dir=options.folder) as name:
                each = -(-options.reads // 2 // options.readers)
                settings: dict[str, Any] = {"readers": options.readers, "reads": each, "packers": options.packers}
                notes = run(Path(name), dense=dense, seed=options.seed, plant=options.plant, **settings)
            rows.append(cells("dense" if dense else "factor", notes))
            bad += notes.bad
            print(*rows[-1], sep="\t", file=sys.stderr, flush=True)
    return print_table(rows, bad)


WAYS = ("reads", "opened", "refreshed", "held store", "held snapshot")
COUNTED = (*WAYS, "entries", "versions", "versions seen", "states seen", "packs")
HEAD = ["base", *COUNTED, "errors", "mixed", "readers"]


def cells(base: str, notes: Notes) -> list[str]:
    """Return the row of the table."""
    kinds = Counter(kind.split(":")[0] for kind in notes.bad)
    bad = [f"{kinds[kind]:,}" for kind in ("error", "mixed")]
    return [base, *(f"{notes.counts[name]:,}" for name in COUNTED), *bad, notes.view]


def print_table(rows: list[list[str]], bad: list[str]) -> int:
    """Print the table and what it says, and return 1 if anything was bad."""
    print(table(HEAD, rows))
    reads = sum(int(row[1].replace(",", "")) for row in rows)
    print(f"\n{one_in(len(bad), reads, 'reads were errors or mixed versions')}.")
    print(*bad[:20], sep="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
