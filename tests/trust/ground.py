"""Honest stores with a bit of everything that a forger can lie about, and a target for what arrives from them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.pathway import Pathway

if TYPE_CHECKING:
    from pathlib import Path

    from grnledger.storage.repository import Repository

SIZE = 24
GENES = tuple(f"GENE{number}" for number in range(SIZE))
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def at(path: Path, minute: int) -> Repository:
    """Return a store, to be written to at a time."""
    return grnledger.open(path, author="ada", time=NOON + timedelta(minutes=minute))


def pathway(name: str, first: int, sign: int = 1) -> Pathway:
    """Return a pathway on five genes."""
    genes = np.sort((first + 3 * np.arange(5)) % SIZE)
    loadings = np.cos(first + np.arange(5.0))[:, np.newaxis] * (0.3 if sign > 0 else 0.05)
    return Pathway((name,), genes, loadings, 1 if sign > 0 else -1, "sd")


def pair() -> Pathway:
    """Return a pathway of two columns with a covariance."""
    loadings = np.array([[0.3, 0.1], [0.2, -0.2], [0.1, 0.3]])
    return Pathway(("notch", "delta"), np.array([2, 11, 17]), loadings, 1, "sd", np.array([[1.0, 0.2], [0.2, 0.5]]))


def covariance() -> np.ndarray[Any, Any]:
    """Return a covariance with variances that differ."""
    places, scale = np.arange(SIZE), np.linspace(0.5, 2.0, SIZE)
    return 0.6 ** np.abs(places[:, np.newaxis] - places).astype(np.float64) * np.outer(scale, scale)


def factors() -> FactorCovariance:
    """Return a base of two factors."""
    stream = np.random.default_rng(2)
    return FactorCovariance(stream.uniform(0.5, 1.5, SIZE), stream.normal(size=(SIZE, 2)))


def make(path: Path, *, dense: bool) -> None:
    """Make the honest store: additions, subtractions, a merge, a revert, a full inversion, a branch and tags."""
    source: dict[str, Any] = {"covariance": covariance()} if dense else {"factor_model": factors()}
    grnledger.init(path, genes=GENES, author="ada", time=NOON, **source)
    at(path, 1).commit([pathway("p53", 1), pathway("wnt", 4)], message="p53")
    at(path, 2).commit(pair(), message="pair")
    at(path, 3).commit(pathway("loss", 7, -1), message="loss")
    at(path, 4).create_branch("side", "v1")
    at(path, 5).commit(pathway("myc", 5), branch="side", message="myc")
    at(path, 6).merge("side", message="merge")
    at(path, 7).revert("v1", only="wnt", message="revert")
    at(path, 8).reinvert()
    at(path, 9).commit(pathway("late", 9, -1), message="last loss")
    at(path, 10).commit(pathway("ras", 2), message="last")
    at(path, 11).create_tag("paper", "v3")
    at(path, 12).create_tag("submitted", "v4")


def make_target(path: Path) -> None:
    """Make a store of the same panel, and other history."""
    grnledger.init(path, genes=GENES, author="bob", time=NOON, covariance=covariance() + np.eye(SIZE))
    at(path, 1).commit(pathway("own", 3), message="own")


def files(store: Path) -> dict[str, bytes]:
    """Return the content of the files of a store, but for what is derived."""
    paths = [path for path in sorted(store.rglob("*")) if path.is_file()]
    named = {path.relative_to(store).as_posix(): path for path in paths}
    return {name: path.read_bytes() for name, path in named.items() if not name.startswith("cache/")}
