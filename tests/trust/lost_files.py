"""Takes files and sectors from a store that has a backup or a clone, and tells whether one command brings all back.

    python tests/trust/lost_files.py [--ways WAY ...] [--every 1] [--plant FAULT]

Four ways. `sectors`: 4 kB of a file become zeros, at every place of every file; `grn backup` runs on the damaged store,
and must leave what the backup has as it is; then `grn verify --repair --from` the backup. `deletions`: each file, and
each pair of files, is deleted; then `grn verify --repair --from` a clone, with a fork of the store named before it:
its entries have the same numbers, and none may be taken. `exported`: each file is deleted, and taken from an exported
file; or from a folder of loose files whose names say nothing. `backup`: 4 kB of the backup become zeros; then
`grn backup`.

After each, the command must end with 0, every question to the store must be answered as before, to the last bit, and
every entry and base must have the content id that it had.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import aftermath
import grnledger
import h5py
import specimens
from damage import command
from grnledger.engine.threads import one_blas_thread
from grnledger.storage.backup import mirror
from grnledger.storage.restore.sources import Source, read_entry
from grnledger.storage.transfer.pack import RUN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from grnledger.storage.files.locations import Location
    from grnledger.storage.history.entries import LoggedEntry
    from specimens import Ground

SECTOR = 4_096
"""Bytes that a disk loses together."""

WAYS = ("sectors", "deletions", "exported", "backup")
STORES = (specimens.FACTOR, specimens.DENSE)


@dataclass(frozen=True, slots=True)
class Case:
    """What is taken from which store.

    Parameters
    ----------
    way, store : str
        Of `WAYS` and `STORES`.
    names : tuple of str
        The files.
    sector : int, optional
        Which part of the file becomes zeros; `None` where it is deleted.
    loose : bool
        Whether it comes back from a folder of loose files, and not from an exported one.
    """

    way: str
    store: str
    names: tuple[str, ...]
    sector: int | None = None
    loose: bool = False

    def __str__(self) -> str:
        what = "deleted" if self.sector is None else f"sector {self.sector}"
        return f"{self.way}: {self.store}/{' and '.join(self.names)} {what}{' loose' if self.loose else ''}"

    def damage(self, store: Path) -> None:
        """Take away what is taken."""
        for path in (store / name for name in self.names):
            if self.sector is None:
                path.unlink()
                continue
            content = bytearray(path.read_bytes())
            start = self.sector * SECTOR
            content[start : start + SECTOR] = bytes(len(content[start : start + SECTOR]))
            path.write_bytes(content)


@dataclass(frozen=True, slots=True)
class Safe:
    """Places that hold copies of the stores.

    Parameters
    ----------
    folder : Path
        Where they stand.
    ids : dict of str to set of str
        By store, the content ids of its entries and bases.
    """

    folder: Path
    ids: dict[str, set[str]]

    @classmethod
    def make(cls, ground: Ground, folder: Path) -> Safe:
        """Make a backup, a clone, a fork, an exported file and a folder of loose files of each store."""
        ids: dict[str, set[str]] = {}
        strange = specimens.strangers(folder)
        for name in STORES:
            store = ground.specimens[name].path
            ids[name] = content_ids(store)
            grnledger.open(store).backup(folder / f"backup {name}")
            grnledger.clone(store, folder / f"clone {name}")
            grnledger.open(store).export(folder / f"{name}.h5")
            _write(folder / f"fork {name}", strange[f"{specimens.FORK} {name}"])
            loose = folder / f"loose {name}"
            loose.mkdir()
            for number, (file, content) in enumerate(ground.files[name].items()):
                if file.endswith(".h5"):
                    (loose / f"FILE{number:04d}.REC").write_bytes(content)
        return cls(folder, ids)

    def at(self, what: str, store: str) -> Path:
        """Return where a copy stands."""
        return self.folder / (f"{store}.h5" if what == "exported" else f"{what} {store}")


def _write(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def content_ids(store: Path) -> set[str]:
    """Return the content ids that the entries and bases of a store state; of a file that is none, its name."""
    ids: set[str] = set()
    for path in (path for name in ("log", "packs", "base") for path in sorted((store / name).glob("*.h5"))):
        try:
            with h5py.File(path) as file:
                groups = [file] if "id" in file.attrs else list(file.values())
                ids.update(bytes(group.attrs["id"]).decode() for group in groups)
        except (OSError, KeyError, RuntimeError):
            ids.add(path.name)
    return ids


def cases(ground: Ground, safe: Safe, ways: Sequence[str]) -> Iterator[Case]:
    """Yield everything that is taken from the stores."""
    for store in STORES:
        files = {name: len(content) for name, content in ground.files[store].items() if content}
        theirs = {name: len(content) for name, content in specimens.files(safe.at("backup", store)).items() if content}
        for way, sizes in (("sectors", files), ("backup", theirs)):
            sectors = ((name, sector) for name, size in sizes.items() for sector in range(-(-size // SECTOR)))
            yield from (Case(way, store, (name,), sector) for name, sector in sectors if way in ways)
        if "deletions" in ways:
            yield from (Case("deletions", store, (name,)) for name in files)
            yield from (Case("deletions", store, pair) for pair in combinations(files, 2))
        if "exported" in ways:
            yield from (Case("exported", store, (name,), loose=loose) for name in files for loose in (False, True))


def run(ground: Ground, safe: Safe, case: Case, folder: Path) -> Iterator[str]:
    """Yield what is not as it should be after something was taken and a command has brought it back."""
    store, backup = folder / case.store, folder / "backup.grn"
    shutil.copytree(ground.specimens[case.store].path, store)
    if case.way in ("sectors", "backup"):
        shutil.copytree(safe.at("backup", case.store), backup)
    if case.way == "backup":
        before = content_ids(backup)
        case.damage(backup)
        yield from _ended(command("-s", store, "backup", backup))
        yield from _same(ground, case, backup, before)
        return
    case.damage(store)
    sources = {
        "sectors": [backup],
        "deletions": [safe.at("fork", case.store), safe.at("clone", case.store)],
        "exported": [safe.at("loose" if case.loose else "exported", case.store)],
    }[case.way]
    if case.way == "sectors":
        before = _immutable(backup)
        with contextlib.suppress(OSError):
            command("-s", store, "backup", backup)
        if (after := _immutable(backup)) != before:
            changed = sorted(name for name in before if before[name] != after.get(name))
            yield f"the backup of the damaged store has changed: {changed}"
    named = [word for source in sources for word in ("--from", source)]
    yield from _ended(command("-s", store, "verify", "--repair", *named))
    yield from _same(ground, case, store, safe.ids[case.store])


def _immutable(store: Path) -> dict[str, bytes]:
    files = specimens.files(store).items()
    return {name: content for name, content in files if name.startswith(("log/", "packs/", "base/"))}


def _ended(answer: tuple[int, str]) -> Iterator[str]:
    code, message = answer
    if code:
        yield f"the command ends with {code}: {message[:400]}"


def _same(ground: Ground, case: Case, store: Path, ids: set[str]) -> Iterator[str]:
    """Yield what a store answers otherwise than it should, or has not."""
    if (missing := ids - content_ids(store)) or content_ids(store) - ids:
        yield f"lacks {len(missing)} entries or bases, and has {len(content_ids(store) - ids)} others"
    expected = ground.expected[case.store]
    got = specimens.answers(store, tuple(expected))
    wrong = [question for question, answer in expected.items() if got.get(question) != answer]
    if wrong:
        yield f"answers {len(wrong)} questions otherwise than before, such as {wrong[0]}"


# Faults that the harness must find


@contextlib.contextmanager
def ids_unchecked() -> Iterator[None]:
    """Plant a source that gives an entry of the number, whichever it is."""

    def entry(self: Source, number: int, id_: str) -> tuple[Location, LoggedEntry] | None:
        del id_
        for location in self._named_entries(number):
            if (logged := read_entry(location, number)) is not None:
                return location, logged
        return None

    with mock.patch.object(Source, "entry", entry):
        yield


@contextlib.contextmanager
def damage_copied() -> Iterator[None]:
    """Plant a backup that copies files as they are, whatever is in them."""
    real = mirror.back_up

    def copy(ledger: object, target: Path, *arguments: object, **named: object) -> object:
        report = real(ledger, target, *arguments, **named)
        origin = ledger.locations.path
        for name in ("log", "packs", "base"):
            shutil.copytree(origin / name, target / name, dirs_exist_ok=True) if (origin / name).is_dir() else None
        return report

    with mock.patch.object(mirror, "back_up", copy):
        yield


@contextlib.contextmanager
def backup_unread() -> Iterator[None]:
    """Plant a backup that does not read its bases."""
    with mock.patch.object(mirror, "_check", return_value=[]):
        yield


PLANTS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "nothing": contextlib.nullcontext,
    "ids-unchecked": ids_unchecked,
    "damage-copied": damage_copied,
    "backup-unread": backup_unread,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Take everything, one thing after the other, print what came back, and return 1 if anything did not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--every", type=int, default=1, help="of the cases, each N-th alone")
    parser.add_argument("--plant", choices=PLANTS, default="nothing")
    parser.add_argument("--folder", help="where the stores are made; one in memory is the fastest")
    options = parser.parse_args(arguments)
    counts: Counter[tuple[str, str]] = Counter()
    bad: list[str] = []
    with tempfile.TemporaryDirectory(dir=options.folder) as name, one_blas_thread():
        ground = specimens.Ground.lay(Path(name))
        safe = Safe.make(ground, Path(name))
        with PLANTS[options.plant]():
            for case in list(cases(ground, safe, options.ways))[:: options.every]:
                with tempfile.TemporaryDirectory(dir=name) as folder:
                    problems = [f"{case}: {problem}" for problem in run(ground, safe, case, Path(folder))]
                counts[case.way, case.store] += 1
                bad += problems
    rows = [[way, *(str(counts[way, store]) for store in STORES)] for way in options.ways]
    print(aftermath.table(["", *STORES], rows))
    print(f"{counts.total()} cases; {len(bad)} things not as they should be. Packs have up to {RUN} entries.")
    for problem in bad[:60]:
        print("  " + problem)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
