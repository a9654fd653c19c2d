"""Forged stores: every record field, loading, base, name, index, anchor and analysis, and what is taken or answered.

    python tests/trust/forgeries.py [--about said index …] [--every 1] [--first 0] [--only WORD] [--plant FAULT]

Each lie is planted in a store, all ids, hashes and chains are made to fit (`forger.py`), and the store is offered in
every way: `fetch` of the folder, `import` of the file, `clone` of either, and a question for numbers to the file where
it is. Nothing may be taken: the refusal must be one of ours, the target must stay as it was, to the byte, and a clone
must leave nothing behind. No number may be answered but those of the honest store. Where a lie is about what is
derived (an index, a cached inversion, remembered numbers, an analysis), the truth may arrive instead.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import derived
import grnledger
import ground
import lies
import numpy as np
from forger import Sealer, Store, write_file, write_folder
from grnledger.engine.threads import one_blas_thread
from grnledger.storage.history import ref_names
from grnledger.storage.networks import base_checks, reading
from grnledger.storage.transfer import arrival, clone, fetch_push

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from lies import Lie

FETCH, IMPORT, CLONE, CLONE_FILE, ASK = "fetch", "import", "clone", "clone of a file", "numbers"
WAYS = {
    lies.SAID: (FETCH, IMPORT, CLONE, CLONE_FILE, ASK),
    lies.NUMBERS: (FETCH, IMPORT, CLONE, CLONE_FILE, ASK),
    lies.ENTRY: (CLONE, CLONE_FILE, ASK),
    lies.NAME: (FETCH, IMPORT, CLONE, CLONE_FILE),
    lies.PANEL: (FETCH, IMPORT, ASK),
}
"""How a store with a lie is offered, by what the lie is about."""

BASES = ("dense", "factors")

ENDS = ("refused", "true answer")
BAD = ("taken", "answered", "changed", "unclear")
"""What is bad: a lie arrived; a number was answered that is not the honest store's; a target has changed although it
refused; an error that is none of ours."""


@dataclass(slots=True)
class Tally:
    """Counts of how lies ended, and the bad ones."""

    lies: int = 0
    ends: Counter[str] = field(default_factory=Counter[str])
    bad: list[str] = field(default_factory=list[str])

    def add(self, end: str, what: str) -> None:
        """Count one end."""
        self.ends[end] += 1
        if end in BAD:
            self.bad.append(f"{what}: {end}")


@dataclass(frozen=True, slots=True)
class Bench:
    """An honest store, a target for what arrives from it, and where forged ones are written.

    Parameters
    ----------
    folder : Path
        Where all of it stands.
    honest : Store
        The honest store, taken apart.
    numbers : dict of str to ndarray
        Σ and Θ of each of its versions, by the commit's message.
    """

    folder: Path
    honest: Store
    numbers: dict[str, np.ndarray[Any, Any]]

    @staticmethod
    def make(folder: Path, *, dense: bool) -> Bench:
        """Return a bench with new stores."""
        ground.make(folder / "honest.grn", dense=dense)
        ground.make_target(folder / "target.grn")
        repo = grnledger.open(folder / "honest.grn")
        numbers = {version.message: numbers_of(repo, version.name) for version in repo.versions()}
        return Bench(folder, Store.read(folder / "honest.grn"), numbers)

    def check_honest(self) -> None:
        """Refuse to begin unless the store without a lie, written by the forger, is taken and answers in every way."""
        ends = dict(self.play(lies.Lie("none", lies.SAID, lambda _: None)))
        if set(ends.values()) != {"taken", "true answer"}:
            raise SystemExit(f"The honest store is not taken: {ends}")

    def play(self, lie: Lie) -> Iterator[tuple[str, str]]:
        """Yield each way in which a lie is offered, and how that ended."""
        forged, sealer = self.honest.copy(), Sealer(self.honest)
        lie.plant(forged)
        source, file, target, copy = (self.folder / name for name in ("lab.grn", "lab.h5", "our.grn", "copy.grn"))
        for path in (source, target, copy):
            shutil.rmtree(path, ignore_errors=True)
        file.unlink(missing_ok=True)
        write_folder(source, forged.copy(), sealer)
        write_file(file, forged, sealer)
        for way in WAYS[lie.about]:
            if way == ASK:
                yield way, self._ask(file, lie.message)
            elif way in (CLONE, CLONE_FILE):
                yield way, self._clone(source if way == CLONE else file, copy)
            else:
                shutil.copytree(self.folder / "target.grn", target)
                yield way, fetched(source if way == FETCH else file, target)
                shutil.rmtree(target)

    def _clone(self, source: Path, copy: Path) -> str:
        end = attempt(lambda: grnledger.clone(source, copy))
        left = [path.name for path in self.folder.iterdir() if path.name.startswith((".", copy.name))]
        shutil.rmtree(copy, ignore_errors=True)
        return "changed" if end == "refused" and left else end

    def _ask(self, file: Path, message: str) -> str:
        answered: list[np.ndarray[Any, Any]] = []

        def ask() -> None:
            repo = grnledger.open(file)
            names = [version.name for version in repo.versions() if version.message == message]
            answered.append(numbers_of(repo, names[0] if names else "HEAD"))

        end = attempt(ask)
        if end != "taken":
            return end
        return "true answer" if close(answered[0], self.numbers[message]) else "answered"


def numbers_of(repo: grnledger.Repository, rev: str) -> np.ndarray[Any, Any]:
    """Return Σ, Θ and log |Σ| of a version, as one array."""
    snapshot = repo.snapshot(rev)
    parts = (snapshot.covariance.to_dense(), snapshot.precision.to_dense(), [snapshot.log_det])
    return np.concatenate([np.ravel(part) for part in parts])


def close(some: np.ndarray[Any, Any], others: np.ndarray[Any, Any]) -> bool:
    """Return whether numbers are the same, to rounding."""
    return some.shape == others.shape and np.allclose(some, others, rtol=1e-7, atol=1e-9 * float(np.abs(others).max()))


def fetched(source: Path, target: Path) -> str:
    """Return how fetching from a forged store ended."""
    before = ground.files(target)
    end = attempt(lambda: grnledger.open(target, author="bob").fetch(source, "lab"))
    return "changed" if end == "refused" and ground.files(target) != before else end


def attempt(step: Callable[[], object]) -> str:
    """Return `taken` where a step was done, `refused` where one of our errors came, with a sentence, else `unclear`."""
    try:
        step()
    except grnledger.GrnError as refusal:
        return "refused" if refusal.message.endswith((".", "…")) else "unclear"
    except Exception as failure:  # noqa: BLE001  whatever it is, nobody should meet it
        print("unclear:", type(failure).__name__, failure, file=sys.stderr)
        return "unclear"
    return "taken"


PLANTS: dict[str, Callable[[], contextlib.AbstractContextManager[object]]] = {
    "nothing": contextlib.nullcontext,
    "commits-unchecked": lambda: mock.patch.object(arrival.Arrival, "check"),
    "numbers-unchecked": lambda: mock.patch.object(arrival.Arrival, "_check_numbers"),
    "bases-unchecked": lambda: mock.patch.multiple(
        base_checks, _check=lambda *_, **__: 1.0, _check_determinant=lambda *_: None
    ),
    "names-unchecked": lambda: _in_several(ref_names.check_new_names, (clone, fetch_push), lambda *_: None),
    "inversions-believed": lambda: mock.patch.object(reading, "_problem", return_value=""),
    **derived.PLANTS,
}
"""Checks that are left out, each of which must show."""


@contextlib.contextmanager
def _in_several(function: Any, modules: tuple[Any, ...], instead: Any) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for module in modules:
            stack.enter_context(mock.patch.object(module, function.__name__, instead))
        yield


def play(
    folder: Path, plant: str, *, abouts: Collection[str], bases: Collection[str], every: int, first: int, only: str
) -> dict[str, Tally]:
    """Return what was found, by what the lies are about; with a fault planted, up to the first bad case."""
    tallies: dict[str, Tally] = {}
    for name in bases if set(abouts) & set(WAYS) else ():
        dense = name == "dense"
        (folder / name).mkdir()
        bench = Bench.make(folder / name, dense=dense)
        bench.check_honest()
        chosen = [lie for lie in lies.lies(dense=dense) if only in lie.name and lie.about in abouts]
        for lie in itertools.islice(chosen, first, None, every):
            tally = tallies.setdefault(f"{name}: {lie.about}", Tally())
            tally.lies += 1
            with PLANTS[plant]():
                for way, end in bench.play(lie):
                    tally.add(end, f"{name}, {lie.name}, {way}")
            if plant != "nothing" and tally.bad:
                return tallies
    (folder / "derived").mkdir()
    with PLANTS[plant]():
        for about, lie, way, end in derived.play(folder / "derived", abouts, every=every, only=only):
            tally = tallies.setdefault(about, Tally())
            tally.lies += way == derived.FIRST
            tally.add(end, f"{about}, {lie}, {way}")
    return tallies


def main(arguments: list[str] | None = None) -> int:
    """Play all lies, and print a table; returns 1 if anything was bad."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, help="one lie in so many  [1]")
    parser.add_argument("--first", type=int, default=0, help="the first of them  [0]")
    parser.add_argument("--only", default="", help="lies with this in their name")
    parser.add_argument("--about", nargs="+", choices=(*WAYS, *derived.PARTS), default=(*WAYS, *derived.PARTS))
    parser.add_argument("--bases", nargs="+", choices=BASES, default=BASES, help="the base of the store  [both]")
    parser.add_argument("--plant", choices=PLANTS, default="nothing", help="leave a check out; stop at what shows")
    options = parser.parse_args(arguments)
    with one_blas_thread(), tempfile.TemporaryDirectory() as name:
        tallies = play(
            Path(name),
            options.plant,
            abouts=options.about,
            bases=options.bases,
            every=options.every,
            first=options.first,
            only=options.only,
        )
    columns = (*ENDS, *BAD)
    print("about", "lies", *columns, sep="\t")
    for about, tally in tallies.items():
        print(about, tally.lies, *(tally.ends[end] for end in columns), sep="\t")
    bad = [case for tally in tallies.values() for case in tally.bad]
    print(f"\n{sum(tally.lies for tally in tallies.values())} forgeries: {len(bad)} bad.")
    print(*bad[:40], sep="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
