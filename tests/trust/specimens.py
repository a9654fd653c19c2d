"""Stores with every kind of file, what is known of each file from having made it, and every question to a store.

`factor.grn` holds a factor base with its expression and, fetched, a dense one; a pack, loose entries, anchors, an index
and a high-water mark; its history has branches, a merge, drops, tags. `dense.grn` is loose, without an index.
`whole.h5` is the first exported to one file. `other.grn` is somebody else's, of the same panel.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
from grnledger.engine.estimation.expression import Expression
from grnledger.engine.network.pathway import Pathway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from grnledger.engine.network.snapshot import Snapshot
    from grnledger.storage.repository import Repository

SIZE = 40
GENES = tuple(f"GENE{number}" for number in range(SIZE))
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
FACTOR, DENSE, WHOLE = "factor.grn", "dense.grn", "whole.h5"
OTHER, FORK = "another store's", "a fork's"

REFUSED = "refused"
"""The answer of a store that says it cannot answer."""


@dataclass(slots=True)
class Specimen:
    """A store, and what its making told of its files; none of it was read from the store.

    Parameters
    ----------
    path : Path
        The store.
    entries : list of (tuple of int, tuple of str)
        Of each entry of the log, from the first: n of the versions vn that it brought, and the refs that it moved.
    parents : dict of int to tuple of int
        Of each version, those it came from.
    bases : dict of int to str
        Of each version, the name of its base's file.
    packed : list of (int, int)
        The first and last entry of each pack.
    """

    path: Path
    entries: list[tuple[tuple[int, ...], tuple[str, ...]]] = field(default_factory=list)
    parents: dict[int, tuple[int, ...]] = field(default_factory=dict)
    bases: dict[int, str] = field(default_factory=dict)
    packed: list[tuple[int, int]] = field(default_factory=list)

    def holds(self, name: str) -> tuple[int, ...]:
        """Return the numbers of the entries that stand in a file of the store; none unless it is of the log."""
        folder, _, stem = name.removesuffix(".h5").rpartition("/")
        if folder == "log":
            return (int(stem),)
        if folder == "packs":
            first, last = stem.split("-")
            return tuple(range(int(first), int(last) + 1))
        return ()

    def versions_of(self, *names: str) -> set[int]:
        """Return n of the versions vn that the loss of files touches: those in or on them, and all that descend."""
        lost = {version for name in names for number in self.holds(name) for version in self.entries[number - 1][0]}
        for number in sorted(self.parents):
            if lost.intersection(self.parents[number]):
                lost.add(number)
        stems = {name.removeprefix("base/").removesuffix(".h5") for name in names}
        return lost | {number for number, base in self.bases.items() if base in stems}

    def refs_of(self, *names: str) -> set[str]:
        """Return the refs of which nobody knows where they stand once files are lost: they have no later move."""
        lost = {number for name in names for number in self.holds(name)}
        numbered = enumerate(self.entries, start=1)
        last = {"HEAD": 0} | {ref: number for number, (_, refs) in numbered if number not in lost for ref in refs}
        return {ref for ref, number in last.items() if number < max(lost, default=0)}

    def steps(self, base: str, author: str) -> Callable[..., None]:
        """Return what does a step in the store, a minute after the other, and notes it down."""

        def step(
            minute: int, act: Callable[[Repository], object], new: Mapping[int, tuple[int, ...]], ref: str
        ) -> None:
            act(_at(self.path, minute, author))
            self.append({number: (parents, base) for number, parents in new.items()}, ref)

        return step

    def append(self, versions: Mapping[int, tuple[tuple[int, ...], str]], *refs: str) -> None:
        """Append an entry of the log: by the numbers of its versions their parents and base, and its refs."""
        self.entries.append((tuple(versions), refs))
        for number, (parents, base) in versions.items():
            self.parents[number], self.bases[number] = parents, base


@dataclass(frozen=True, slots=True)
class Ground:
    """Stores as they should be, and what they answer.

    Parameters
    ----------
    specimens : dict of str to Specimen
        The stores.
    files : dict of str to dict of str to bytes
        By store, its files.
    expected : dict of str to dict
        By store, what it answers to every question.
    """

    specimens: Mapping[str, Specimen]
    files: Mapping[str, Mapping[str, bytes]]
    expected: Mapping[str, Mapping[str, Any]]

    @staticmethod
    def lay(folder: Path) -> Ground:
        """Make the stores in a folder."""
        made = build(folder)
        content = {name: files(specimen.path) for name, specimen in made.items()}
        return Ground(made, content, {name: answers(specimen.path) for name, specimen in made.items()})


def build(folder: Path) -> dict[str, Specimen]:
    """Make the stores in a folder, and return them by name."""
    lab = _lab(folder / "lab.grn")
    specimens = {FACTOR: _factor(folder / FACTOR, lab), DENSE: _dense(folder / DENSE)}
    grnledger.open(folder / FACTOR).export(folder / WHOLE)
    specimens[WHOLE] = Specimen(
        folder / WHOLE, specimens[FACTOR].entries, specimens[FACTOR].parents, specimens[FACTOR].bases
    )
    return specimens


def strangers(folder: Path) -> dict[str, dict[str, bytes]]:
    """Return the files of stores of the same shape, by `OTHER` or `FORK` and the store's name.

    The other's are by somebody else from the first entry on, the fork's from the second.
    """
    made: dict[str, dict[str, bytes]] = {}
    for what, first in ((OTHER, "bob"), (FORK, "ada")):
        for name, make in ((FACTOR, lambda path, first: _factor(path, folder / "lab.grn", first, "bob")),
                           (DENSE, lambda path, first: _dense(path, first, "bob"))):  # fmt: skip
            make(folder / f"{what} {name}", first)
            made[f"{what} {name}"] = files(folder / f"{what} {name}")
    return made


def files(store: Path) -> dict[str, bytes]:
    """Return the content of every file of a store by its name within; of a store that is one file, by its own."""
    if store.is_file():
        return {store.name: store.read_bytes()}
    return {
        path.relative_to(store).as_posix(): path.read_bytes() for path in sorted(store.rglob("*")) if path.is_file()
    }


def restore(store: Path, good: Mapping[str, bytes]) -> None:
    """Put the files of a store back as they were: what reading it has made again may be other bytes."""
    if not store.is_dir() and len(good) == 1:
        store.write_bytes(good[store.name])
        return
    for name, content in files(store).items():
        if good.get(name) != content:
            (store / name).unlink()
    for name, content in good.items():
        if (store / name).is_dir():
            (store / name).rmdir()
        if not (store / name).exists():
            (store / name).write_bytes(content)


def kind_of(name: str) -> str:
    """Return what kind of file stands under a name of a store."""
    folder = name.rpartition("/")[0]
    known = {"": "FORMAT", "log": "entry", "packs": "pack", "base": "base", "cache/anchors": "anchor"}
    if name.endswith(".h5") and not folder:
        return "exported"
    return {"cache/history": "index", "cache/panel": "other", "cache/last": "high-water mark"}.get(name) or known.get(
        folder, "other"
    )


def answers(store: Path, asked: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return what a store answers to every question; `REFUSED` where it says that it cannot.

    Parameters
    ----------
    store : Path
        The store.
    asked : tuple of str
        The questions, as an undamaged store's answers name them; by default, all that there are.
    """
    try:
        repo = grnledger.open(store)
    except (grnledger.GrnError, OSError):
        return dict.fromkeys(asked, REFUSED)
    return {name: _answer(ask) for name, ask in _questions(repo, asked)}


def _answer(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except grnledger.NotFound as failure:  # of something that is there
        return failure.message
    except (grnledger.GrnError, OSError):
        return REFUSED


def _questions(repo: Repository, asked: tuple[str, ...]) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield each question by its name; lists that a store tells as incomplete are left out where it is damaged."""
    yield "head", lambda: repo.head
    for kind in ("branches", "tags"):
        names = [name.removeprefix(f"{kind}:") for name in asked if name.startswith(f"{kind}:")]
        for name in names or list(getattr(repo, kind)):
            yield f"{kind}:{name}", lambda kind=kind, name=name: _standing(repo, kind, name)
            yield f"at:{name}", lambda name=name: repo.version(name).id
    for rev in ("HEAD", "HEAD~1", "HEAD^", "@{2026-11-01T12:03}", "@{2026-12-01}"):
        yield f"at:{rev}", lambda rev=rev: repo.version(rev).id
    yield "moves", lambda: _whole(repo, list(map(str, repo.moves)))
    yield "identities", lambda: _whole(repo, repo.identities())
    yield "log", lambda: [_record(version) for version in repo.versions()]
    numbers = {int(name.split()[0][1:]) for name in asked if name.startswith("v")} or range(len(repo))
    for rev in (f"v{number}" for number in sorted(numbers)):
        yield f"{rev} told", lambda rev=rev: _record(repo.version(rev))
        yield f"{rev} active", lambda rev=rev: [(active.record, active.since) for active in repo.active(rev)]
        yield f"{rev} refs", lambda rev=rev: _whole(repo, repo.version(rev).refs)
        yield f"{rev} base", lambda rev=rev: _base(repo, rev)
        yield f"{rev} numbers", lambda rev=rev: numbers_of(repo.snapshot(rev))
        if f"{rev} from its base" in asked or (not asked and repo.version(rev).entry.measured.anchor):
            yield f"{rev} from its base", lambda rev=rev: numbers_of(repo.snapshot(rev, from_base=True))


def _standing(repo: Repository, kind: str, name: str) -> str:
    ref = getattr(repo, kind).get(name)
    return REFUSED if ref is None and repo.damage else ref.id


def _whole(repo: Repository, listed: Any) -> Any:
    """Return a list, or that it was refused where the store says that entries are missing from it."""
    return REFUSED if repo.damage else listed


def _record(version: Any) -> tuple[object, ...]:
    return version.number, version.id, version.content, version.parents, version.entry


def _base(repo: Repository, rev: str) -> tuple[object, ...]:
    base = repo.base(rev)
    expression = None if base.expression is None else base.expression.all().tobytes()
    return base.id, base.record, base.samples, base.panel.genes, base.deviations.tobytes(), expression


def numbers_of(snapshot: Snapshot) -> tuple[float, str]:
    digest = hashlib.sha256()
    for operator in (snapshot.covariance, snapshot.precision):
        digest.update(np.ascontiguousarray(operator.rows(np.arange(SIZE))).tobytes())
    return snapshot.log_det, digest.hexdigest()


def pathway(name: str, first: int, sign: int = 1) -> Pathway:
    """Return a pathway on five genes of the panel."""
    genes = np.sort((first + 3 * np.arange(5)) % SIZE)
    loadings = np.cos(first + np.arange(5.0))[:, np.newaxis] * (0.3 if sign == 1 else 0.05)
    return Pathway((name,), genes, loadings, 1 if sign == 1 else -1, "sd" if sign == 1 else "raw")


def _pair() -> Pathway:
    covariance = np.array([[1.0, 0.2], [0.2, 0.5]])
    loadings = np.array([[0.3, 0.1], [0.2, -0.2], [0.1, 0.3]])
    return Pathway(("notch", "delta"), np.array([2, 11, 17]), loadings, 1, "sd", covariance)


def _covariance() -> np.ndarray[Any, Any]:
    places = np.arange(SIZE)
    return 0.6 ** np.abs(places[:, np.newaxis] - places).astype(np.float64)


def _expression() -> Expression:
    stream = np.random.default_rng(5)
    return Expression(stream.normal(size=(SIZE, 9)), GENES, tuple(f"patient-{place}" for place in range(9)))


def _at(path: Path, minute: int, author: str) -> Repository:
    return grnledger.open(path, author=author, time=NOON + timedelta(minutes=minute))


def _base_name(path: Path) -> str:
    return next(path.glob("base/*.h5")).stem


def _lab(path: Path) -> Path:
    """Return a colleague's store of the same panel, on a dense base: v0 and one commit."""
    made = grnledger.init(path, covariance=_covariance(), genes=GENES, author="Grace Höpper", time=NOON)
    made.commit(pathway("lab", 7), message="from the lab: κ ≥ 0.2")
    return path


def _factor(path: Path, lab: Path, first: str = "ada", later: str = "ada") -> Specimen:
    """Make a store, its first entry by one author and all others by another, and return what was made."""
    grnledger.init(path, expression=_expression(), keep_expression=True, author=first, time=NOON)
    specimen = Specimen(path)
    step = specimen.steps(_base_name(path), later)
    specimen.append({0: ((), _base_name(path))}, "main")
    step(1, lambda repo: repo.commit([pathway("p53", 1), pathway("loss", 3, -1)], message="p53\nκ"), {1: (0,)}, "main")
    step(2, lambda repo: repo.create_branch("side"), {}, "side")
    step(3, lambda repo: repo.switch("side"), {}, "HEAD")
    step(4, lambda repo: repo.commit(_pair()), {2: (1,)}, "side")
    step(5, lambda repo: repo.switch("main"), {}, "HEAD")
    step(6, lambda repo: repo.commit(pathway("myc", 5)), {3: (1,)}, "main")
    step(7, lambda repo: repo.merge("side"), {4: (3, 2)}, "main")
    step(8, lambda repo: repo.create_tag("paper", "v1"), {}, "paper")
    grnledger.open(path).pack()
    specimen.packed.append((1, 9))
    step(10, lambda repo: repo.revert("v1", only="p53"), {5: (4,)}, "main")
    step(11, lambda repo: repo.reinvert(), {6: (5,)}, "main")
    _at(path, 12, later).fetch(lab, "lab")
    specimen.append({number: (parents, _base_name(lab)) for number, parents in {7: (), 8: (7,)}.items()}, "lab/main")
    step(13, lambda repo: repo.commit(pathway("ras", 9), message="ras"), {9: (6,)}, "main")
    step(14, lambda repo: repo.create_tag("submitted", "v8"), {}, "submitted")
    step(15, lambda repo: repo.commit(pathway("wnt", 12), message="wnt"), {10: (9,)}, "main")
    return specimen


def _dense(path: Path, first: str = "ada", later: str = "ada") -> Specimen:
    """Make a store, its first entry by one author and all others by another, and return what was made."""
    grnledger.init(path, covariance=_covariance(), genes=GENES, author=first, time=NOON)
    specimen = Specimen(path)
    step = specimen.steps(_base_name(path), later)
    specimen.append({0: ((), _base_name(path))}, "main")
    step(1, lambda repo: repo.commit(pathway("p53", 1)), {1: (0,)}, "main")
    step(2, lambda repo: repo.create_branch("twin", "v0"), {}, "twin")
    step(3, lambda repo: repo.commit(pathway("wnt", 2)), {2: (1,)}, "main")
    step(4, lambda repo: repo.commit(pathway("p53", 1), branch="twin"), {3: (0,)}, "twin")
    step(5, lambda repo: repo.commit(pathway("wnt", 2), branch="twin"), {4: (3,)}, "twin")
    step(6, lambda repo: repo.switch("twin"), {}, "HEAD")
    step(7, lambda repo: repo.reinvert(), {5: (4,)}, "twin")  # its anchor has the content of v2, which is no ancestor
    step(8, lambda repo: repo.commit(pathway("myc", 5)), {6: (5,)}, "twin")
    step(9, lambda repo: repo.create_tag("paper", "v0"), {}, "paper")
    return specimen
