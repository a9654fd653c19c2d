"""Small stores with a bit of everything, and all that they answer, for tests of history that is copied."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import grnledger
import h5py
import numpy as np
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.pathway import Pathway

if TYPE_CHECKING:
    from pathlib import Path

    from grnledger.storage.history.versions import Version
    from grnledger.storage.repository import Repository

SIZE = 12
GENES = tuple(f"GENE{number}" for number in range(SIZE))
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
HASH = "ab" * 32


def covariance(seed: int = 1) -> np.ndarray:
    factors = np.random.default_rng(seed).normal(size=(SIZE, 3))
    return factors @ factors.T + np.eye(SIZE)


def factors() -> FactorCovariance:
    stream = np.random.default_rng(2)
    return FactorCovariance(stream.uniform(0.5, 1.5, SIZE), stream.normal(size=(SIZE, 2)))


def pathway(name: str, *, first: int = 0, sign: int = 1) -> Pathway:
    genes = np.sort((first + np.array([0, 3, 7])) % SIZE).astype(np.intp)
    loadings = np.cos(first + np.arange(3.0))[:, np.newaxis] * (0.5 if sign == 1 else 0.05)
    return Pathway((name,), genes, loadings, 1 if sign == 1 else -1, "sd")


def make(path: Path, *, dense: bool = True, seed: int = 1, author: str = "ada") -> Repository:
    source: dict[str, Any] = {"covariance": covariance(seed)} if dense else {"factor_model": factors()}
    return grnledger.init(path, genes=GENES, author=author, time=NOON, **source)


def opened(path: Path, *, author: str = "bob", minute: int = 1) -> Repository:
    return grnledger.open(path, author=author, time=NOON + timedelta(minutes=minute))


def fill(repo: Repository) -> None:
    """Do a bit of everything: signs, a branch, reverts, a merge undone, full inversions, tags, a rollback."""
    repo.commit([pathway("p53"), pathway("wnt", first=1)])
    repo.commit(pathway("loss", first=4, sign=-1))
    repo.create_branch("drug-a", "v1")
    repo.switch("drug-a")
    repo.commit(pathway("myc", first=2))
    repo.revert("v1", only="wnt")
    repo.switch("main")
    repo.reinvert()
    repo.merge("drug-a")
    repo.create_tag("paper")
    repo.commit(pathway("ras", first=5))
    repo.revert(repo.tags["paper"].name)
    repo.cherry_pick("v3")
    repo.rollback("HEAD~1")


def description_of(repo: Repository, version: Version) -> tuple[Any, ...]:
    """Everything that one version says, but for what it is called here."""
    snapshot = repo.snapshot(version.name)
    numbers = snapshot.covariance.to_dense().tobytes(), snapshot.precision.to_dense().tobytes()
    return version.entry, *numbers


def answers(path: Path) -> dict[str, tuple[Any, ...]]:
    """Everything that a store says, by commit."""
    repo = grnledger.open(path)
    return {version.id: description_of(repo, version) for version in repo.versions(None)}


def everything(path: Path) -> tuple[Any, ...]:
    """The same, with names, refs and the journal."""
    repo = grnledger.open(path)
    refs = {name: version.id for name, version in {**repo.branches, **repo.tags}.items()}
    return repo.head, refs, repo.moves, repo.identities(), answers(path)


def files(store: Path) -> dict[str, bytes]:
    """The bytes of a store, but for what is derived."""
    paths = (path for path in sorted(store.rglob("*")) if path.is_file() and path.parts[len(store.parts)] != "cache")
    return {str(path.relative_to(store)): path.read_bytes() for path in paths}


def refs(repo: Repository) -> dict[str, str]:
    return {name: version.name for name, version in {**repo.branches, **repo.tags}.items()}


def flip(path: Path, name: str | None = None) -> None:
    """Change one byte of a file: in its middle, or within a dataset."""
    content = bytearray(path.read_bytes())
    index = len(content) // 2
    if name is not None:
        with h5py.File(path) as file:
            index = file[name].id.get_offset() + 3
    content[index] ^= 1
    path.write_bytes(content)
