"""Damages every file of a store in every way, and tells whether it is named, with the versions that it touches.

    python tests/trust/damage.py [--every 1] [--plant FAULT]

What each file touches is known from having made the stores, and not from reading them. After each damage `verify` must
name the file, exactly those versions, and exactly the refs of which nobody can say where they stand; `grn verify` must
end with 1, or with 6 where no store is left to read; every other version must answer as before, to the last bit; where
the log is damaged nothing may be written, and the attempt may change nothing; `verify --repair` must mend what is
derived and leave every other file as it is; and with the good copy back all must be as it was.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import aftermath
import grnledger
import h5py
import specimens
from flips import rows_unread
from grnledger.engine.threads import one_blas_thread
from grnledger.storage.verify import log, repair as repairing, store as verifying

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from grnledger.storage.history.ledger import Ledger
    from grnledger.storage.verify.findings import Report
    from specimens import Ground

LOG, DERIVED = ("entry", "pack"), ("FORMAT", "anchor", "index", "high-water mark")

DONE, FOUND, NOWHERE, NO_STORE, DENIED = 0, 1, 3, 6, 77
"""How `grn verify` ends."""


@dataclass(frozen=True, slots=True)
class Case:
    """One file of one store, and what is done to it.

    Parameters
    ----------
    store, name : str
        The file.
    damage : str
        What is done, of `DAMAGES`.
    other : str
        The file that it is exchanged with, if any.
    content : bytes
        What it is replaced by, if it is.
    """

    store: str
    name: str
    damage: str
    other: str = ""
    content: bytes = field(default=b"", repr=False)

    @property
    def kind(self) -> str:
        """What kind of file it is."""
        return specimens.kind_of(self.name)

    @property
    def names(self) -> tuple[str, ...]:
        """The files that are damaged."""
        return (self.name, self.other) if self.other else (self.name,)

    def __str__(self) -> str:
        return f"{self.store}/{self.name} {self.damage}" + (f" {self.other}" if self.other else "")


def _to(share: float, less: int = 0) -> Callable[[Path], None]:
    return lambda path: os.truncate(path, int(share * path.stat().st_size) - less)


def _zeroed(path: Path, share: float = 0.0) -> None:
    content = path.read_bytes()
    length = int(share * len(content))
    path.write_bytes(content[:length] + bytes(len(content) - length))


def _garbage(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"garbage" * 100)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


UNREADABLE = "made unreadable"

DAMAGES: dict[str, Callable[[Path], object]] = {
    "emptied": _to(0.0),
    "cut in half": _to(0.5),
    "a byte short": _to(1.0, 1),
    "zeroed": _zeroed,
    "half copied": lambda path: _zeroed(path, 0.5),
    "deleted": Path.unlink,
    "with garbage behind it": _garbage,
    "made a folder": _folder,
    UNREADABLE: lambda path: path.chmod(0),
}
"""What is done to a file alone."""

SWAPPED = "exchanged with"
REPLACED = "replaced by"


def cases(ground: Ground, strange: Mapping[str, Mapping[str, bytes]]) -> Iterator[Case]:
    """Yield every file of every store with every damage; what would change nothing is left out.

    Parameters
    ----------
    ground : Ground
        The stores.
    strange : dict of str to dict of str to bytes
        The files of other stores.
    """
    for store, files in ground.files.items():
        for name, good in files.items():
            for damage in DAMAGES:
                if damage != UNREADABLE or os.geteuid():
                    yield Case(store, name, damage)
            alike = [file for file in files if _alike(file, name) and file != name]
            for other in alike[:2]:
                yield Case(store, name, REPLACED + " another", content=files[other])
                yield Case(store, name, SWAPPED, other)
            for other in (specimens.OTHER, specimens.FORK):
                theirs = strange.get(f"{other} {store}", {})
                content = theirs.get(name) or next((theirs[file] for file in theirs if _alike(file, name)), good)
                if _content_id(content) != _content_id(good):
                    yield Case(store, name, f"{REPLACED} {other}", content=content)


def _alike(first: str, second: str) -> bool:
    return specimens.kind_of(first) == specimens.kind_of(second)


def _content_id(content: bytes) -> bytes:
    """Return the content id of a file of the store, and the bytes of one that has none."""
    if not content.startswith(b"\x89HDF"):
        return content
    with h5py.File(io.BytesIO(content)) as file:
        return bytes(file.attrs.get("id", b""))


def run(ground: Ground, case: Case, folder: Path) -> list[str]:
    """Return what is not as it should be when a file is damaged, mended, and put back."""
    source, store = ground.specimens[case.store].path, folder / case.store
    (shutil.copytree if source.is_dir() else shutil.copyfile)(source, store)
    path, good = _file(store, case.name), ground.files[case.store]
    if case.damage == SWAPPED:
        path.write_bytes(good[case.other])
        _file(store, case.other).write_bytes(good[case.name])
    elif case.content:
        path.write_bytes(case.content)
    else:
        DAMAGES[case.damage](path)
    return [f"{case}: {problem}" for problem in _problems(Trial(ground, case, store))]


def _problems(trial: Trial) -> Iterator[str]:
    try:
        yield from trial.problems()
    except Exception as failure:  # noqa: BLE001  whatever it is, nobody should have met it
        yield f"{type(failure).__name__}: {failure}"


def _file(store: Path, name: str) -> Path:
    return store if name == store.name else store / name


@dataclass(frozen=True, slots=True)
class Trial:
    """A damaged store, looked at from all sides."""

    ground: Ground
    case: Case
    store: Path

    @property
    def harmless(self) -> bool:
        """Whether the damage changes nothing that the file says: what follows the end of an HDF5 file is not of it."""
        return self.case.damage == "with garbage behind it" and self.case.kind not in ("FORMAT", "index")

    def problems(self) -> Iterator[str]:
        """Yield what is not as it should be."""
        if self.case.damage == UNREADABLE:
            yield from self._refused()
        elif self.case.kind == "exported" and not self.harmless:
            yield from self._of_the_whole()
        elif self._follows():
            yield from self._broken_behind()
            yield from self._written()
            yield from self._repaired()
        else:
            yield from self._verified()
            yield from self._readable()
            yield from self._written()
            yield from self._repaired()
        yield from self._restored()

    def _refused(self) -> Iterator[str]:
        """Yield what is wrong where a file may not be read: it is told as that, and its owner can set it right."""
        needed = self.case.kind not in DERIVED[1:]
        code, message = command("-s", self.store, "verify")
        if code != (DENIED if needed else DONE) or self.case.name not in message or ": damaged" in message:
            yield f"grn verify ends with {code}: {message}"
        yield from self._wrong(range(0))
        if self.case.kind != "exported" and not all(
            finding.repaired for finding in repairing.repair(self.store).findings if finding.kind != "note"
        ):
            yield "repair has not made it readable"
        _file(self.store, self.case.name).chmod(0o644)
        yield from self._wrong(sorted(self._specimen.parents))

    def _follows(self) -> bool:
        """Return whether another log's file follows what is before it: the hash chain then breaks behind it."""
        if self.case.kind not in LOG or not self.case.damage.endswith((specimens.OTHER, specimens.FORK)):
            return False
        return min(grnledger.open(self.store).damage, default=0) > max(self._specimen.holds(self.case.name))

    @property
    def _specimen(self) -> specimens.Specimen:
        return self.ground.specimens[self.case.store]

    def _broken_behind(self) -> Iterator[str]:
        """Yield what is wrong where the log breaks behind a file: all behind it is named, and no id is another's."""
        behind = set(range(max(self._specimen.holds(self.case.name)) + 1, len(self._specimen.entries) + 1))
        wanted = {
            name for name in self.ground.files[self.case.store] if behind.intersection(self._specimen.holds(name))
        }
        named = {finding.path for finding in verifying.verify(self.store).findings if finding.kind == "damage"}
        if not wanted <= named:
            yield f"verify names {sorted(named)}, and not {sorted(wanted)}"
        repo, expected = grnledger.open(self.store), self.ground.expected[self.case.store]
        ours = {expected[f"v{number} told"][1]: expected[f"v{number} numbers"] for number in self._specimen.parents}
        for _, id_, _ in repo.identities():
            with contextlib.suppress(grnledger.GrnError):
                if id_ in ours and specimens.numbers_of(repo.snapshot(id_)) != ours[id_]:
                    yield f"the version {id_} has other numbers"

    def _of_the_whole(self) -> Iterator[str]:
        """Yield what is wrong with a damaged store that is one file: it is refused, or its parts are named."""
        code, message = command("-s", self.store, "verify")
        codes = (FOUND, NOWHERE if self.case.damage == "deleted" else NO_STORE)
        if code not in codes or self.store.name not in message:
            yield f"grn verify ends with {code}: {message}"
        yield from self._wrong(range(0))

    def _verified(self) -> Iterator[str]:
        report = verifying.verify(self.store)
        findings = [finding for finding in report.findings if finding.kind != "note"]
        quiet = self.harmless or (self.case.damage == "deleted" and self.case.kind in DERIVED[1:])
        if quiet or not findings:
            if findings or not quiet:
                yield f"verify finds {findings or 'nothing'}"
            return
        wanted = {other for name in self.case.names for other in (name, *self._instead(name))}
        paths = {finding.path for finding in findings}
        if not paths <= wanted or (self.case.damage != "deleted" and not paths.intersection(self.case.names)):
            yield f"verify names {sorted(paths)}"
        damage = [finding for finding in findings if finding.kind == "damage"]
        if bool(damage) == (self.case.kind in DERIVED):
            yield f"verify takes it for {findings[0].kind}"
        specimen = self._specimen
        for what, known, seen in (
            (
                "versions",
                specimen.versions_of(*self.case.names),
                {name for finding in damage for name in finding.versions},
            ),
            ("refs", specimen.refs_of(*self.case.names), {name for finding in damage for name in finding.refs}),
            ("whole", set(specimen.parents) - specimen.versions_of(*self.case.names), set(report.whole)),
        ):
            if known != seen:
                yield f"verify says of {what} {sorted(seen)}, and it is {sorted(known)}"
        code, message = command("-s", self.store, "verify")
        if code != FOUND:
            yield f"grn verify ends with {code}: {message}"

    def _instead(self, name: str) -> list[str]:
        """Return the files that an entry of a pack would stand in, were there no pack."""
        numbers = self.ground.specimens[self.case.store].holds(name) if name.startswith("packs/") else ()
        return [f"log/{number:010d}.h5" for number in numbers] if self.case.damage == "deleted" else []

    def _readable(self) -> Iterator[str]:
        if self.case.kind == "FORMAT":
            yield from self._wrong(range(0))
        else:
            specimen = self.ground.specimens[self.case.store]
            lost = set() if self.harmless else specimen.versions_of(*self.case.names)
            yield from self._wrong(sorted(set(specimen.parents) - lost))

    def _wrong(self, readable: range | list[int]) -> Iterator[str]:
        """Yield answers that are wrong, or refused though the version is readable."""
        expected = self.ground.expected[self.case.store]
        got = specimens.answers(self.store, tuple(expected))
        for question, answer in expected.items():
            now = got.get(question, specimens.REFUSED)
            if now not in (answer, specimens.REFUSED):
                yield f"{question}: answered with {str(now)[:200]} instead of {str(answer)[:200]}"
            of_version = question.startswith("v") and not question.endswith("refs")
            if now == specimens.REFUSED and of_version and int(question.split()[0][1:]) in readable:
                yield f"{question}: refused"
        for number in readable[-1:]:
            code, message = command("-s", self.store, "edges", "--at", f"v{number}", "--top", 3)
            if code != DONE:
                yield f"grn edges --at v{number} ends with {code}: {message}"

    def _written(self) -> Iterator[str]:
        """Try to write to a store whose log is damaged."""
        if self.case.kind not in LOG or self.harmless:
            return
        before = specimens.files(self.store)
        size = specimens.pathway("new", 4)
        for what, attempt in (
            ("commit", lambda repo: repo.commit(size)),
            ("tag", lambda repo: repo.create_tag("new", "v0")),
            ("branch", lambda repo: repo.create_branch("new")),
            ("rollback", lambda repo: repo.rollback("v0")),
            ("pack", lambda repo: repo.pack()),
            ("export", lambda repo: repo.export(self.store.parent / "new.h5")),
            ("clone", lambda _: grnledger.clone(self.store, self.store.parent / "new.grn")),
        ):
            try:
                attempt(grnledger.open(self.store))
            except grnledger.FormatError:
                pass
            else:
                yield f"{what} was done"
        if specimens.files(self.store) != before or list(self.store.parent.iterdir()) != [self.store]:
            yield "an attempt to write has changed something"

    def _repaired(self) -> Iterator[str]:
        before = specimens.files(self.store)
        report = repairing.repair(self.store)
        after = specimens.files(self.store)
        touched = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        stray = {name for name in touched if specimens.kind_of(name) not in DERIVED}
        goes_home = self.case.damage == SWAPPED and self.case.kind not in DERIVED  # what is whole under another name
        if goes_home:
            stray -= {*self.case.names, *(f"aside/{name}" for name in self.case.names)}
        if stray:
            yield f"repair has touched {sorted(stray)}"
        if self.case.kind in DERIVED or goes_home:
            again = verifying.verify(self.store)
            if not (report.sound and again.sound):
                yield f"repair has not mended it: {again.findings}"
            yield from self._wrong(sorted(self._specimen.parents))
        elif report.sound != self.harmless:
            yield f"after repair it is {'sound' if report.sound else 'not sound'}"

    def _restored(self) -> Iterator[str]:
        for name in self.case.names:
            path = _file(self.store, name)
            if path.is_dir():
                path.rmdir()
            path.write_bytes(self.ground.files[self.case.store][name])
        report = verifying.verify(self.store)
        if not report.sound:
            yield f"with the good copy back verify finds {report.findings}"
        if specimens.answers(self.store) != self.ground.expected[self.case.store]:
            yield "with the good copy back it does not answer as before"


def command(*arguments: object) -> tuple[int, str]:
    """Return how `grn` ends, run in this process, and what it prints."""
    from grnledger.cli.errors import run as run_command
    from grnledger.cli.main import grn

    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = run_command(grn, [str(argument) for argument in arguments], False)
    return code, out.getvalue() + err.getvalue()


# Faults that the harness must find


@contextlib.contextmanager
def descendants_forgotten() -> Iterator[None]:
    """Plant a `verify` that names the versions of a damaged entry alone, and not those that descend from them."""
    real = log.versions_lost_with

    def alone(ledger: Ledger, run: list[int]) -> tuple[int, ...]:
        return tuple(number for number in real(ledger, run) if ledger.history.numbered(number) is None)

    with mock.patch.object(log, "versions_lost_with", alone):
        yield


@contextlib.contextmanager
def writing_on() -> Iterator[None]:
    """Plant a writer that goes on after a damaged log."""
    from grnledger.storage.history.log import Log

    with mock.patch.object(Log, "check", return_value=None):
        yield


@contextlib.contextmanager
def repair_too_much() -> Iterator[None]:
    """Plant a `--repair` that takes away damaged files that are not derived."""
    real = repairing.repair

    def mend(path: Path, **named: bool) -> Report:
        report = real(path, **named)
        for finding in report.findings:
            if finding.kind == "damage":
                (path / finding.path).unlink(missing_ok=True)
        return report

    with mock.patch.object(repairing, "repair", mend):
        yield


PLANTS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "nothing": contextlib.nullcontext,
    "descendants-forgotten": descendants_forgotten,
    "writing-on": writing_on,
    "repair-too-much": repair_too_much,
    "rows-unread": rows_unread,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Damage every file, print what came of it, and return 1 if anything was not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, help="of the cases, each N-th alone")
    parser.add_argument("--plant", choices=PLANTS, default="nothing")
    parser.add_argument("--folder", help="where the stores are made; one in memory is the fastest")
    options = parser.parse_args(arguments)
    counts: Counter[tuple[str, str]] = Counter()
    bad: list[str] = []
    with tempfile.TemporaryDirectory(dir=options.folder) as name, one_blas_thread():
        ground = specimens.Ground.lay(Path(name))
        with PLANTS[options.plant]():
            for case in list(cases(ground, specimens.strangers(Path(name))))[:: options.every]:
                with tempfile.TemporaryDirectory(dir=name) as folder:
                    problems = run(ground, case, Path(folder))
                counts[case.damage, case.kind] += 1
                bad += problems
    kinds = sorted({kind for _, kind in counts})
    rows = [
        [damage, *(str(counts[damage, kind]) for kind in kinds)] for damage in dict.fromkeys(name for name, _ in counts)
    ]
    print(aftermath.table(["", *kinds], rows))
    if not os.geteuid():
        print("Files made unreadable were left out: this account, root, reads them all the same.")
    print(f"{counts.total()} cases; {len(bad)} things not as they should be.")
    for problem in bad[:60]:
        print("  " + problem)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
