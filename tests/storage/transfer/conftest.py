"""Stores that exchange history."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import grnledger
import pytest
from two_stores import (
    fill,
    make,
    opened,
    pathway,
)

if TYPE_CHECKING:
    from pathlib import Path

    from grnledger.storage.repository import Repository


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A store on a dense base and one on factors, each with a bit of everything."""
    folder = tmp_path_factory.mktemp("stores")
    for name in ("dense", "factor"):
        fill(make(folder / f"{name}.grn", dense=name == "dense"))
    return {name: folder / f"{name}.grn" for name in ("dense", "factor")}


@pytest.fixture(params=["dense", "factor"])
def lab(request: pytest.FixtureRequest, stores: dict[str, Path], tmp_path: Path) -> Path:
    return shutil.copytree(stores[request.param], tmp_path / "lab.grn")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Repository, Repository]:
    """Two stores that were one: lab.grn and anna.grn, each with a commit of its own on top."""
    lab = make(tmp_path / "lab.grn")
    lab.commit(pathway("p53"))
    grnledger.clone(lab.path, tmp_path / "anna.grn")
    anna = opened(tmp_path / "anna.grn", author="anna")
    anna.commit(pathway("myc", first=2))
    lab.commit(pathway("ras", first=5))
    return lab, anna
