"""A long life: 10,000 commits and reverts, and whether the store is as quick and as small as it was at the start.

    python tests/trust/soak.py                            # 10,000 versions, at most 200 active, p = 2,000
    python tests/trust/soak.py --versions 1200 --active 40 --size 400

Pathways are committed until so many are active; from then on one is added and the oldest is reverted in turn, so that
all that is compared has the same rank. Timed are commits and reverts, early and late; opening the store; `grn log -n
20` as a process of its own, over loose entries and over packs; and another store that fetches all of it as one entry.
Then versions drawn at random are read again and compared with the pathways, and the numbers, that they must have.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import grnledger
import numpy as np
from aftermath import table
from grnledger.engine.network.pathway import Pathway
from grnledger.engine.threads import one_blas_thread
from grnledger.storage.files import layout
from grnledger.storage.history.ledger import Ledger
from grnledger.storage.networks.reading import VersionReader
from verbs import ENVIRONMENT, factors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from grnledger.storage.repository import Repository
    from numpy.typing import NDArray

GENES = 20
"""m: genes of a pathway."""

WINDOW = 500
"""So many versions are compared: the first in which the rank is full, and the last."""

ROWS = np.array([1, 7, 20])
"""Which rows of the covariance, and of its product with the precision, are compared."""

SLOWER, OPENING, LOGGING, FILES = 1.2, 0.1, 0.5, 300
"""What is promised: late commits against early ones, seconds to open and to log, files after packing."""


@dataclass(slots=True)
class Life:
    """What a store's life has shown.

    Parameters
    ----------
    seconds : dict of str to list of float
        By verb, what each took.
    active : list of frozenset of str
        By version, the names of the pathways that must be active.
    """

    seconds: dict[str, list[float]] = field(default_factory=lambda: {"commit": [], "revert": []})
    active: list[frozenset[str]] = field(default_factory=lambda: [frozenset()])

    def live(self, repo: Repository, versions: int, most: int) -> None:
        """Commit and revert so often, with at most so many pathways active."""
        standing: deque[tuple[str, str]] = deque()
        size = len(repo.panel)
        for nth in range(1, versions + 1):
            if len(standing) < most:
                name = f"path-{nth}"
                self.time("commit", lambda name=name, nth=nth: repo.commit(drawn(name, nth, size)))
                standing.append((name, f"v{nth}"))
            else:
                _, rev = standing.popleft()
                self.time("revert", lambda rev=rev: repo.revert(rev))
            self.active.append(frozenset(name for name, _ in standing))

    def time(self, verb: str, step: Callable[[], object]) -> None:
        """Do a step, and keep how long it took."""
        begun = time.perf_counter()
        step()
        self.seconds[verb].append(time.perf_counter() - begun)

    def medians(self, verb: str, most: int) -> tuple[float, float]:
        """Return the median of a verb's first window at full rank, and of its last."""
        taken = self.seconds[verb][most:] if verb == "commit" else self.seconds[verb]
        window = min(WINDOW // 2, len(taken) // 2)
        return statistics.median(taken[:window]), statistics.median(taken[-window:])


def drawn(name: str, nth: int, size: int) -> Pathway:
    """Return a pathway on genes of its own drawing."""
    stream = np.random.default_rng(nth)
    genes = np.sort(stream.choice(size, GENES, replace=False)).astype(np.intp)
    return Pathway((name,), genes, 0.1 * stream.normal(size=(GENES, 1)), 1, "sd")


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was measured.

    Parameters
    ----------
    name : str
        What.
    value : float
        How much.
    most : float, optional
        At the most, as is promised.
    remark : str
        What else is to be said.
    """

    name: str
    value: float
    most: float | None = None
    remark: str = ""

    def cells(self) -> list[str]:
        """Return the row of the table."""
        return [self.name, _number(self.value), "" if self.most is None else _number(self.most), self.remark]


def timed(name: str, step: Callable[[], object], times: int = 1, most: float | None = None, remark: str = "") -> Row:
    """Return the median seconds of a step; beside them those of the processors, its processes' own included."""
    taken: list[float] = []
    before = sum(os.times()[:4])
    for _ in range(times):
        begun = time.perf_counter()
        step()
        taken.append(time.perf_counter() - begun)
    of_processors = (sum(os.times()[:4]) - before) / times
    return Row(f"{name} (s)", statistics.median(taken), most, f"{of_processors:.2g} s of processors {remark}".strip())


def logging(store: Path, *more: str) -> Callable[[], object]:
    """Return a step that runs `grn log -n 20` as a process."""
    command = [sys.executable, "-m", "grnledger.cli", "-s", str(store), "log", *more, "-n", "20"]

    def step() -> None:
        answer = subprocess.run(command, capture_output=True, check=True, env={**os.environ, **ENVIRONMENT})
        if answer.stdout.count(b" UTC ada") != 20:
            raise SystemExit(f"grn log told something else: {answer.stdout[:500]!r}")

    return step


def files(store: Path) -> int:
    """Return how many files a store has."""
    return sum(1 for path in store.rglob("*") if path.is_file())


def wrong_versions(store: Path, life: Life, tries: int) -> list[str]:
    """Return the versions, of some drawn at random, that have not the pathways, or the numbers, that they must have."""
    repo, chance = grnledger.open(store), random.Random(1)
    wrong: list[str] = []
    for _ in range(tries):
        number = chance.randrange(len(life.active))
        active = {pathway.label for pathway in repo.active(f"v{number}")}
        snapshot = repo.snapshot(f"v{number}")
        rows = summed(repo, life.active[number])
        same = np.allclose(snapshot.covariance.rows(ROWS), rows, rtol=0, atol=1e-12 * np.abs(rows).max())
        inverse = snapshot.precision.matmat(rows.T)
        inverse[ROWS, np.arange(len(ROWS))] -= 1.0
        right = active == life.active[number] and snapshot.content == repo.version(f"v{number}").content
        if not (right and same and np.abs(inverse).max() < 1e-9):
            wrong.append(f"v{number}")
    return wrong


def summed(repo: Repository, active: frozenset[str]) -> NDArray[np.float64]:
    """Return rows of the covariance of a base and pathways, added up one by one, shape (m, p)."""
    size = len(repo.panel)
    base = factors(size)
    rows = base.loadings[ROWS] @ base.loadings.T
    rows[np.arange(len(ROWS)), ROWS] += base.noise[ROWS]
    deviations = base.standard_deviations()
    for name in active:
        pathway = drawn(name, int(name.removeprefix("path-")), size)
        column = np.zeros(size)
        column[pathway.genes] = deviations[pathway.genes] * pathway.loadings[:, 0]
        rows += np.outer(column[ROWS], column)
    return rows


@contextlib.contextmanager
def unindexed() -> Iterator[None]:
    """Let no index be written, so that opening reads every entry: it takes longer with each."""
    with mock.patch.object(Ledger, "note_down", return_value=None):
        yield


@contextlib.contextmanager
def forgetful() -> Iterator[None]:
    """Let each version be read without the numbers of one of its pathways."""
    pathways = VersionReader._pathways

    def all_but_one(reader: VersionReader, *arguments: Any) -> dict[str, Pathway]:
        return dict(sorted(pathways(reader, *arguments).items())[1:])

    with mock.patch.object(VersionReader, "_pathways", all_but_one):
        yield


PLANTS: dict[str, Callable[[], contextlib.AbstractContextManager[None]]] = {
    "nothing": contextlib.nullcontext,
    "unindexed": unindexed,
    "forgetful": forgetful,
}


def main() -> int:
    """Live, measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--versions", type=int, default=10_000, help="[10000]")
    parser.add_argument("--active", type=int, default=200, help="pathways at the most  [200]")
    parser.add_argument("--size", type=int, default=2_000, metavar="P", help="genes, on a base of two factors  [2000]")
    parser.add_argument("--plant", choices=PLANTS, default="nothing", help="plant a fault, which must be found")
    parser.add_argument("--folder", help="where the store stands while it runs; a real disk by right")
    options = parser.parse_args()
    os.environ.update(ENVIRONMENT)
    with PLANTS[options.plant](), one_blas_thread(), tempfile.TemporaryDirectory(dir=options.folder) as name:
        return measure(Path(name), options.versions, options.active, options.size)


def measure(folder: Path, versions: int, most: int, size: int) -> int:
    """Let a store live in a folder, print what was measured, and return 1 if a promise is not kept."""
    genes = [f"GENE{index}" for index in range(size)]
    store, other = folder / "soak.grn", folder / "other.grn"
    repo = grnledger.init(store, factor_model=factors(size), genes=genes, author="ada")
    life = Life()
    life.live(repo, versions, most)
    rows: list[Row] = []
    for verb in ("commit", "revert"):
        early, late = (1e3 * seconds for seconds in life.medians(verb, most))
        rows.append(Row(f"{verb}, early (ms)", early))
        rows.append(Row(f"{verb}, late (ms)", late, SLOWER * early, f"{late / early:.2f} × early"))
    rows.append(Row("files, loose", files(store)))
    rows.append(timed("open, loose", lambda: grnledger.open(store), 9, OPENING))
    rows.append(timed("grn log -n 20, loose", logging(store), 5, LOGGING))
    rows.append(timed("pack", repo.pack))
    rows.append(Row("files, packed", files(store), FILES))
    rows.append(timed("open, packed", lambda: grnledger.open(store), 9, OPENING))
    rows.append(timed("grn log -n 20, packed", logging(store), 5, LOGGING))
    rows.append(Row("bytes a version", repo.disk_bytes() / (versions + 1)))
    mine = grnledger.init(other, factor_model=factors(size), genes=genes, author="bob")
    rows.append(timed("fetch of all, as one entry", lambda: mine.fetch(store)))
    rows.append(timed("open, fetched", lambda: grnledger.open(other), 9))
    rows.append(timed("grn log -n 20, fetched", logging(other, "soak/main"), 5))
    rows.append(timed("verify", lambda: sound(store), remark="(nothing is damaged)"))
    print(table(["", "measured", "at most", ""], [row.cells() for row in rows]))
    wrong = wrong_versions(store, life, 200)
    broken = [row.name for row in rows if row.most is not None and row.value > row.most]
    print(
        f"\n{len(wrong)} of 200 versions read at random are not what they must be. {versions:,} versions, p = {size:,},"
    )
    print(f"at most {most} active; compared at that many. Kept: {'all' if not broken else 'not ' + ', '.join(broken)}.")
    return 1 if wrong or broken else 0


def sound(store: Path) -> None:
    """Verify a store, and stop where anything is damaged."""
    report = grnledger.verify(store)
    if not report.sound:
        raise SystemExit(f"{store.name}{layout.SUFFIX} is damaged: {report.findings[:3]}")


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    sys.exit(main())
