"""A small store, its files, and all that it says: what tests of the store compare with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import grnledger
import numpy as np
from grnledger.engine.errors import FormatError, NotFound
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from grnledger.storage.files import durable, hdf5

if TYPE_CHECKING:
    from pathlib import Path

    from grnledger.storage.repository import Repository

SIZE = 16


GENES = tuple(f"GENE{number}" for number in range(SIZE))


NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def pathway(name: str, strength: float = 0.2) -> Pathway:
    return Pathway.of(Panel(GENES), name, {"GENE1": strength, "GENE4": -strength, "GENE9": 2 * strength})


def base() -> FactorCovariance:
    rng = np.random.default_rng(1)
    return FactorCovariance(rng.uniform(0.5, 1.5, SIZE), rng.normal(size=(SIZE, 2)))


def entry(store: Path, number: int) -> Path:
    return store / "log" / f"{number:010d}.h5"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


Answer = tuple[str, str, bytes, bytes]


def answer(repo: Repository, rev: str) -> Answer:
    """All that a store says of a version: its id, content, Σ and Θ."""
    version, snapshot = repo.version(rev), repo.snapshot(rev)
    matrices = (snapshot.covariance.to_dense().tobytes(), snapshot.precision.to_dense().tobytes())
    return version.id, version.content, *matrices


def answers(store: Path) -> list[Answer]:
    """Everything that a store says, version by version."""
    repo = grnledger.open(store)
    return [answer(repo, f"v{number}") for number in range(len(repo))]


def readable(store: Path, expected: list[Answer]) -> set[int]:
    """Which versions of a damaged store can be read: all with the same bits as before, the others refused."""
    repo, numbers = grnledger.open(store), set[int]()
    for number, version in enumerate(expected):
        try:
            got = answer(repo, f"v{number}")
        except (FormatError, NotFound):
            continue
        assert got == version
        numbers.add(number)
    return numbers


def damage(store: Path, number: int) -> str:
    """What the store says of an entry that is damaged, and of no other; its file is named."""
    (entry_damage,) = grnledger.open(store).damage.items()
    assert entry_damage[0] == number
    assert str(entry(store, number)) in entry_damage[1]
    return entry_damage[1]


def forge(path: Path, content: hdf5.Content) -> None:
    """Put another content, with an id that fits it, where a file of the store stood."""
    path.unlink()
    durable.write_whole(path, content.seal().write)
