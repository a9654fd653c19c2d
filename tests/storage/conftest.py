"""A store with a short history, for tests that damage it or write to it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import grnledger
import numpy as np
import pytest
from grnledger.engine.network.pathway import Pathway
from small_store import GENES, NOON, base, pathway

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five entries: v0, v1, a branch, v2 with its own anchor, and a revert v3 that is read from the base."""
    path = tmp_path_factory.mktemp("made") / "tumor.grn"
    repo = grnledger.init(path, factor_model=base(), genes=GENES, author="ada", time=NOON)
    repo.commit([pathway("p53"), Pathway(("wnt",), np.array([2, 3]), np.array([[0.3], [0.1]]), -1, "raw")])
    repo.create_branch("drug-a")
    repo.reinvert()
    repo.revert("v1", only=["p53"])
    return path


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "tumor.grn")
