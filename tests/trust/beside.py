"""Backups and repairs beside others: each ends well, nothing acknowledged is lost, and nothing sound is set aside.

    python tests/trust/beside.py                                  # each kind, 20 rounds
    python tests/trust/beside.py --kinds "first backups" --rounds 3 --plant no-second-look

A round is one store and several processes that work on it at once, over and over: writers, one that packs, one that
inverts, readers, backups to one target, repairs, repairs from a backup. In some kinds files of the store have been
deleted, cut, zeroed, swapped or replaced by those of a fork before; then whoever needs them is refused until a repair
has put them back, and never again after that; what needs none of them can be read all the while. Some kinds go without
the lock, with processes that stop for a moment before they write a file and before it gets its name.

What is bad: an error; a backup that is not whole, or that says that something is lost or lacking; a repair of a sound
store that finds, restores or moves anything; a repair that leaves something lost which its backup has; a reader that is
refused once it has read all; an acknowledged commit that is gone; an entry or a base that is gone; a file that was in
its place and has been set aside. With --plant a fault is planted, and the harness must find it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import grnledger
from aftermath import fork, sentence_of, table
from grnledger.engine.errors import Conflict, FormatError
from grnledger.engine.threads import one_blas_thread
from grnledger.storage.backup import mirror
from grnledger.storage.files import durable, layout
from grnledger.storage.files.locations import DirectoryStore
from grnledger.storage.history.ledger import Ledger
from grnledger.storage.restore import restore
from grnledger.storage.restore.sources import contents
from grnledger.storage.session import Session
from grnledger.storage.transfer.pack import write_pack
from grnledger.storage.verify.repair import repair
from lost_files import content_ids
from races import DAWDLE, no_lock, one_in
from verbs import ENVIRONMENT, factors, pathway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from aftermath import Child, Report
    from grnledger.storage.verify.findings import Report as Findings

SIZE = 24
"""p: what is tested is files, and not numbers."""

MANY = (3, 64)
"""Of these, how many new entries make a backup write a pack: so it does, or puts each into a file of its own."""

PATIENCE = 60.0
"""Seconds after which a process gives up."""

DAMAGES = ("deleted", "cut", "zeroed", "swapped", "foreign", "foreign")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of round.

    Parameters
    ----------
    name : str
        What it is called.
    actors : dict of str to int
        How many processes of each role of `ROLES`.
    is_damaged : bool
        Whether the store is damaged when they begin.
    has_backup : bool
        Whether there is a backup when they begin.
    is_forked : bool
        Whether each backup is that of a clone which went its own way.
    lock : bool
        Whether there is a lock.
    dawdling : bool
        Whether processes stop for a moment before they write a file, and before it gets its name.
    """

    name: str
    actors: dict[str, int]
    is_damaged: bool = False
    has_backup: bool = True
    is_forked: bool = False
    lock: bool = True
    dawdling: bool = False


WRITING = {"backup": 2, "writer": 2, "packer": 1, "inverter": 1, "repair": 1}
SOUND = {"repair": 2, "restore": 1, "writer": 2, "packer": 1, "backup": 1, "reader": 1}
DAMAGED = {"restore": 2, "repair": 1, "writer": 1, "packer": 1, "backup": 1, "reader": 1}

KINDS = (
    Kind("first backups", {"backup": 3}, has_backup=False),
    Kind("first backups, no lock", {"backup": 3}, has_backup=False, lock=False, dawdling=True),
    Kind("later backups", {"backup": 3}),
    Kind("later backups, no lock", {"backup": 3}, lock=False, dawdling=True),
    Kind("backups beside writers", WRITING),
    Kind("backups beside writers, no lock", WRITING, lock=False, dawdling=True),
    Kind("backups of forks", {"backup": 3}, has_backup=False, is_forked=True),
    Kind("repairs of a sound store", SOUND),
    Kind("repairs of a damaged store", {"restore": 3, "reader": 2}, is_damaged=True, dawdling=True),
    Kind("repairs beside all others", DAMAGED, is_damaged=True),
    Kind("repairs beside all others, no lock", DAMAGED, is_damaged=True, lock=False, dawdling=True),
)


@dataclass(slots=True)
class Row:
    """What the rounds of one kind have shown.

    Parameters
    ----------
    kind : str
        Which.
    counts : Counter
        How often each role was done, and what was bad.
    bad : list of str
        What must not be.
    """

    kind: str
    counts: Counter[str] = field(default_factory=Counter[str])
    bad: list[str] = field(default_factory=list[str])

    def cells(self) -> list[str]:
        """Return the row of the table."""
        return [self.kind, *(f"{self.counts[name]:,}" for name in HEAD[1:])]


HEAD = ["kind", "rounds", "backup", "repair", "restore", "commit", "pack", "reinvert", "read", "refused", "bad"]


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a round is played.

    Parameters
    ----------
    store, target, safe : Path
        The store, the place of its backup, and a backup that nobody changes.
    kind : Kind
        Which kind of round.
    readable : tuple of str
        The versions that can be read all the while.
    began : float
        When.
    """

    store: Path
    target: Path
    safe: Path
    kind: Kind
    readable: tuple[str, ...] = ()
    began: float = field(default_factory=time.monotonic)

    @property
    def stop(self) -> Path:
        """A file that stands once whoever works without end shall stop."""
        return self.store.parent / "stop"

    def goes_on(self) -> bool:
        """Return whether those who work without end shall go on."""
        return not self.stop.exists() and time.monotonic() - self.began < PATIENCE


# The processes: each says what it has done, one word to a line, and what must not be after an exclamation mark


def back_up(scene: Scene, index: int, say: Callable[[str], object]) -> None:
    """Back up, twice where others do so, too, and as long as others work where they do."""
    store = scene.store.with_name(f"fork{index}.grn") if scene.kind.is_forked else scene.store
    rounds = 0
    while rounds < 2 or ("writer" in scene.kind.actors and scene.goes_on()):
        rounds += 1
        try:
            report = grnledger.open(store).backup(scene.target)
        except Conflict as failure:
            say("refused" if scene.kind.is_forked else f"! backup: {sentence_of(failure)}")
            continue
        say("backup")
        if scene.kind.is_forked and report.is_whole:
            say(f"A {index}")
        if not scene.kind.is_damaged and (report.lost or report.lacking or not report.is_whole):
            say(f"! backup: whole {report.is_whole}, lost {report.lost[:3]}, lacking {report.lacking[:3]}")


def write(scene: Scene, index: int, say: Callable[[str], object]) -> None:
    """Commit, and try again as long as the store is damaged."""
    for nth in range(8):
        name = f"w{index}-{nth}"
        while True:
            try:
                version = grnledger.open(scene.store, author=f"writer {index}", wait=PATIENCE).commit(
                    pathway(name, first=index + nth, size=SIZE)
                )
            except FormatError as failure:
                if not scene.kind.is_damaged or not scene.goes_on():
                    say(f"! commit: {sentence_of(failure)}")
                    return
                say("refused")
                time.sleep(0.002)
            else:
                say("commit")
                say(f"A {version.id} {name}")
                break


def pack(scene: Scene, _: int, say: Callable[[str], object]) -> None:
    """Pack over and over."""
    while scene.goes_on():
        _try(scene, "pack", say, lambda: grnledger.open(scene.store).pack())
        time.sleep(0.005)


def invert(scene: Scene, _: int, say: Callable[[str], object]) -> None:
    """Invert HEAD over and over."""
    while scene.goes_on():
        _try(scene, "reinvert", say, lambda: grnledger.open(scene.store, wait=PATIENCE).reinvert())
        time.sleep(0.05)


def _try(scene: Scene, what: str, say: Callable[[str], object], step: Callable[[], object]) -> None:
    try:
        step()
    except FormatError as failure:
        say("refused" if scene.kind.is_damaged else f"! {what}: {sentence_of(failure)}")
    else:
        say(what)


def read(scene: Scene, _: int, say: Callable[[str], object]) -> None:
    """Read what needs nothing that is damaged, which must succeed, and all; once that has succeeded, it always must."""
    has_read = not scene.kind.is_damaged
    repo = grnledger.open(scene.store)
    while scene.goes_on():
        try:
            for version in scene.readable:
                grnledger.open(scene.store).snapshot(version).precision.diagonal()
        except FormatError as failure:
            say(f"! read: {sentence_of(failure)}")
        try:
            for opened in (repo, grnledger.open(scene.store)):
                opened.refresh()
                for version in opened.versions(None):
                    opened.snapshot(version.name).precision.diagonal()
                opened.edges(top=3)
        except FormatError as failure:
            say(f"! read: {sentence_of(failure)}" if has_read else "refused")
        else:
            has_read = True
            say("read")
    if not has_read:
        say("! read: it never could")


def repair_alone(scene: Scene, _: int, say: Callable[[str], object]) -> None:
    """Repair over and over, without a source."""
    while scene.goes_on():
        report = repair(scene.store)
        say("repair")
        if not scene.kind.is_damaged:
            _say_of(report, say)


def repair_from(scene: Scene, _: int, say: Callable[[str], object]) -> None:
    """Repair from a backup, once or over and over."""
    rounds = 0
    while rounds < 1 or ("writer" in scene.kind.actors and scene.goes_on()):
        rounds += 1
        report = repair(scene.store, sources=[scene.safe])
        say("restore")
        if scene.kind.is_damaged:
            left = [f"{finding.path}: {finding.what}" for finding in report.findings if not finding.repaired]
            if report.lacking or not report.sound:
                say(f"! restore: lacking {report.lacking[:3]}, left {left[:3]}")
        else:
            _say_of(report, say)


def _say_of(report: Findings, say: Callable[[str], object]) -> None:
    """Say what a repair of a sound store should not have found or done."""
    found = [f"{finding.path}: {finding.what}" for finding in report.findings if finding.kind != "note"]
    if found or report.restored or report.aside or report.lacking:
        say(
            f"! repair: {found[:3]}, restored {report.restored[:3]}, aside {report.aside[:3]}, "
            f"lacking {report.lacking[:3]}"
        )


ROLES: dict[str, Callable[[Scene, int, Callable[[str], object]], None]] = {
    "backup": back_up,
    "writer": write,
    "packer": pack,
    "inverter": invert,
    "reader": read,
    "repair": repair_alone,
    "restore": repair_from,
}

DONE = {
    "backup": "backup",
    "writer": "commit",
    "packer": "pack",
    "inverter": "reinvert",
    "reader": "read",
    "repair": "repair",
    "restore": "restore",
}
"""What each role says once it has done its work."""

ENDLESS = ("packer", "inverter", "reader", "repair")
"""Who works until all others are done."""


@contextlib.contextmanager
def dawdling(seed: str) -> Iterator[None]:
    """Stop for a moment, now and then, before a file is written and before it gets its name."""
    chance = random.Random(seed)

    def late(step: Callable[..., object]) -> Callable[..., object]:
        def stopped(*arguments: object, **named: object) -> object:
            time.sleep(chance.choice((0.0, 0.0, DAWDLE)))
            return step(*arguments, **named)

        return stopped

    with (
        mock.patch.object(durable, "_claim", late(durable._claim)),
        mock.patch.object(durable, "write_whole", late(durable.write_whole)),
    ):
        yield


# Faults to be found


def no_second_look() -> AbstractContextManager[object]:
    """Let a backup fail where another has put the same entry meanwhile."""
    return mock.patch.object(restore, "_stands_by_now", return_value=False)


def never_again() -> AbstractContextManager[object]:
    """Let an open store go on saying what was damaged when it was opened."""
    never = contextlib.ExitStack()
    never.enter_context(mock.patch.object(Ledger, "doubtful", new=False))
    never.enter_context(mock.patch.object(Session, "look_again"))
    return never


def stale_report() -> AbstractContextManager[object]:
    """Let a backup take what came to it meanwhile for what the store has lost."""
    return mock.patch.object(mirror, "_came_meanwhile", return_value=False)


PLANTS: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "nothing": contextlib.nullcontext,
    "no-second-look": no_second_look,
    "never-again": never_again,
    "stale-report": stale_report,
}


# A round


def lay(folder: Path, kind: Kind, chance: random.Random) -> Scene:
    """Make a store with a history, its backups, and what is wrong with it."""
    scene = Scene(folder / "store.grn", folder / "backup.grn", folder / "safe.grn", kind)
    genes = [f"GENE{index}" for index in range(SIZE)]
    repo = grnledger.init(scene.store, factor_model=factors(SIZE), genes=genes, author="ada")
    for nth in range(5):
        repo.commit(pathway(f"old-{nth}", first=nth, size=SIZE))
    shutil.copytree(scene.store, folder / "other.grn")
    other = grnledger.open(folder / "other.grn", author="eve")
    for nth in range(8):
        other.commit(pathway(f"theirs-{nth}", first=nth, size=SIZE))
    if kind.has_backup:
        repo.backup(scene.target)
    for nth in range(chance.randrange(1, 8)):
        if chance.random() < 0.5:
            repo.pack()
        repo.commit(pathway(f"new-{nth}", first=nth, size=SIZE))
    repo.backup(scene.safe)
    if kind.is_forked:
        for index in range(kind.actors["backup"]):
            path = shutil.copytree(scene.store, folder / f"fork{index}.grn")
            mine = grnledger.open(path, author=f"fork {index}")
            for nth in range(chance.randrange(1, 6)):
                mine.commit(pathway(f"fork-{index}-{nth}", first=nth, size=SIZE))
    if kind.is_damaged:
        damage(scene.store, folder / "other.grn", chance)
        whole = grnledger.verify(scene.store).whole
        return replace(scene, readable=tuple(f"v{number}" for number in whole[-2:]))
    return scene


def damage(store: Path, other: Path, chance: random.Random) -> None:
    """Damage one to three files of a store."""
    for _ in range(chance.randrange(1, 4)):
        files = sorted(path for name in ("log", "packs", "base") for path in (store / name).glob("*.h5"))
        path, way = chance.choice(files), chance.choice(DAMAGES)
        end = max(
            (file for file in files if file.parent.name != "base"), key=lambda file: file.stem[-10:], default=None
        )
        if way == "foreign" and path == end:
            way = "cut"  # of an end that follows, nothing in a store shows that it is another's
        if way == "deleted":
            path.unlink()
        elif way == "cut":
            os.truncate(path, path.stat().st_size // 2)
        elif way == "zeroed":
            path.write_bytes(bytes(path.stat().st_size))
        elif way == "swapped":
            second = chance.choice(files)
            if second.exists():
                first, content = path.read_bytes(), second.read_bytes()
                path.write_bytes(content)
                second.write_bytes(first)
        else:
            theirs = other / path.relative_to(store)
            if path.parent.name == layout.PACKS and (span := layout.pack_range(path.name)) is not None:
                theirs.parent.mkdir(exist_ok=True)
                write_pack(DirectoryStore(other), Ledger(other).log, *span)
            if theirs.is_file():
                shutil.copyfile(theirs, path)


def round_of(
    folder: Path, kind: Kind, *, plant: Callable[[], AbstractContextManager[object]] = contextlib.nullcontext, seed: int
) -> Row:
    """Play one round in a new folder, and return what it showed."""
    chance = random.Random(f"{kind.name} {seed}")
    with mock.patch.object(mirror, "MANY", chance.choice(MANY)):
        scene = lay(folder, kind, chance)
        gate = os.pipe()

        def acting(role: str, index: int) -> Callable[[Report], None]:
            def run(report: Report) -> None:
                with contextlib.ExitStack() as circumstances:
                    circumstances.enter_context(plant())
                    circumstances.enter_context(contextlib.nullcontext() if kind.lock else no_lock())
                    if kind.dawdling:
                        circumstances.enter_context(dawdling(f"{seed} {role} {index}"))
                    os.read(gate[0], 1)
                    ROLES[role](scene, index, lambda line: report(f"{line}\n".encode()))

            return run

        actors = [(role, fork(acting(role, index))) for role, number in kind.actors.items() for index in range(number)]
        os.write(gate[1], b"." * len(actors))
        row = Row(kind.name, Counter(rounds=1))
        lines = _ends(scene, actors, row)
        for end in gate:
            os.close(end)
        row.bad += [f"{kind.name} {seed}: {problem}" for problem in _wrong(scene, lines)]
    row.counts["bad"] = len(row.bad)
    return row


def _ends(scene: Scene, actors: list[tuple[str, Child]], row: Row) -> list[str]:
    """Return what all processes have said, once they have ended: first those that end by themselves."""
    said: list[str] = []
    writes = "writer" in scene.kind.actors
    first = ("writer",) if writes else tuple(role for role in scene.kind.actors if role not in ENDLESS)
    for role, child in sorted(actors, key=lambda actor: actor[0] not in first):
        if role not in first:
            scene.stop.touch()
        code, reported = child.end()
        lines = reported.decode().splitlines()
        if code:
            row.bad.append(f"{row.kind}: {role} ended with {code}: {''.join(lines[-1:])}")
        said += lines
        row.bad += [f"{row.kind}: {line[2:]}" for line in lines if line.startswith("! ")]
        row.counts.update(line for line in lines if line in HEAD)
    return said


def _wrong(scene: Scene, lines: list[str]) -> Iterator[str]:
    """Yield what is not as it must be once all is quiet."""
    acknowledged = [line.split(" ")[1:] for line in lines if line.startswith("A ")]
    if scene.kind.is_forked:
        yield from _wrong_forks(scene, {index for (index,) in acknowledged})
        return
    if scene.kind.is_damaged:
        repair(scene.store, sources=[scene.safe])
    report = grnledger.verify(scene.store)
    yield from (f"{finding.path}: {finding.what}" for finding in report.findings if finding.kind != "note")
    repo = grnledger.open(scene.store)
    ids = {id_ for _, id_, _ in repo.identities()}
    active = {pathway.label for pathway in repo.active("main")}
    for commit, name in acknowledged:
        if commit not in ids or name not in active:
            yield f"{name} was acknowledged and is lost"
    if gone := content_ids(scene.safe) - content_ids(scene.store):
        yield f"{len(gone)} entries or bases are gone"
    yield from _wrong_aside(scene.store)
    if "backup" in scene.kind.actors:
        yield from _wrong_backup(scene, repo)


def _wrong_aside(store: Path) -> Iterator[str]:
    """Yield which files were in their places, and have been set aside."""
    for path in (path for path in (store / "aside").rglob("*") if path.is_file()):
        home = store / path.relative_to(store / "aside")
        moved = {id_ for id_, _ in contents(path)}
        if moved and home.is_file() and moved == {id_ for id_, _ in contents(home)}:
            yield f"{home} was in its place, and was set aside"


def _wrong_backup(scene: Scene, repo: grnledger.Repository) -> Iterator[str]:
    """Yield what is wrong with the backup that others have made, by one more backup."""
    done = repo.backup(scene.target)
    if not done.is_whole or done.replaced or done.lost or done.lacking:
        yield f"a last backup says {done}"
    if content_ids(scene.target) != content_ids(scene.store):
        yield "the backup has other files than the store"
    if not scene.kind.is_damaged and (scene.target / "aside").exists():
        yield "files of the backup were set aside"


def _wrong_forks(scene: Scene, winners: set[str]) -> Iterator[str]:
    """Yield what is wrong with a backup that several forks wanted: it must be that of one, and the others know."""
    if len(winners) != 1:
        yield f"forks {sorted(winners)} were told that they have a backup"
    for index in winners:
        store = scene.store.with_name(f"fork{index}.grn")
        if grnledger.open(scene.target).identities() != grnledger.open(store).identities():
            yield "the backup is not that of the fork which was told so"
    if any(finding.kind != "note" for finding in grnledger.verify(scene.target).findings):
        yield "the backup is damaged"


def add(rows: list[Row]) -> Row:
    """Return several rounds of one kind as one row."""
    total = Row(rows[0].kind)
    for row in rows:
        total.counts.update(row.counts)
        total.bad += row.bad
    return total


def main() -> int:
    """Play, look, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="of each kind  [20]")
    parser.add_argument("--kinds", nargs="+", choices=[kind.name for kind in KINDS], metavar="KIND", help="[all]")
    parser.add_argument("--plant", choices=PLANTS, default="nothing")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", help="where the stores stand while it runs")
    options = parser.parse_args()
    os.environ.update(ENVIRONMENT)
    del os.environ["SOURCE_DATE_EPOCH"]  # commits of one writer in one second shall not be alike
    rows: list[Row] = []
    with one_blas_thread():
        for kind in (kind for kind in KINDS if not options.kinds or kind.name in options.kinds):
            rounds: list[Row] = []
            for nth in range(options.rounds):
                with tempfile.TemporaryDirectory(dir=options.folder) as name:
                    settings: dict[str, Any] = {"plant": PLANTS[options.plant], "seed": options.seed + nth}
                    rounds.append(round_of(Path(name), kind, **settings))
            rows.append(add(rounds))
            print(*rows[-1].cells(), sep="\t", file=sys.stderr, flush=True)
    print(table(HEAD, [row.cells() for row in rows]))
    bad = [problem for row in rows for problem in row.bad]
    cases = sum(row.counts[name] for row in rows for name in ("backup", "repair", "restore"))
    print(f"\n{one_in(len(bad), cases, 'backups and repairs bad')}.")
    print(*bad[:40], sep="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
