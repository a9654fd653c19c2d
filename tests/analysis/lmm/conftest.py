"""A store on half of some samples, with two pathways, and a signal along it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import grnledger
import numpy as np
import pytest
from grnledger.analysis.lmm.model import ModelSpec, StoreModel, match_rows
from grnledger.analysis.lmm.signals import Signal
from grnledger.engine.estimation.expression import Expression
from grnledger.engine.network.pathway import Pathway

if TYPE_CHECKING:
    from pathlib import Path

    from grnledger.storage.repository import Repository

GENES = tuple(f"G{index:02d}" for index in range(40))
SAMPLES = tuple(f"S{index:02d}" for index in range(24))


@dataclass
class Study:
    """A store, the values from which it was estimated, and a signal."""

    repo: Repository
    values: np.ndarray  # genes × samples
    signal: Signal

    def model(self, signal: Signal | None = None, *, rev: str = "v2", same_samples: bool = False, **spec) -> StoreModel:
        """Return the model of a signal along a version."""
        snapshot, base = self.repo.snapshot(rev, from_base=True), self.repo.base(rev)
        asked = ModelSpec(**spec)
        return match_rows(snapshot, base, self.repo.artifacts, signal or self.signal, asked, same_samples=same_samples)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    stream = np.random.default_rng(3)
    loadings = stream.normal(size=(40, 3)) * (stream.random((40, 3)) < 0.4)
    values = 8 + loadings @ stream.normal(size=(3, 24)) + stream.normal(size=(40, 24))
    expression = Expression(values[:, ::2].copy(), GENES, SAMPLES[::2])
    repo = grnledger.init(tmp_path / "study.grn", expression=expression, keep_expression=True)
    for name, first in (("low", 0), ("high", 20)):
        repo.commit(Pathway((name,), np.arange(first, first + 8), np.full((8, 1), 0.4), units="sd"))
    z = loadings @ stream.normal(size=3) + stream.normal(size=40)
    return Study(repo, values, Signal(GENES, ("z",), z[:, None], None, "z"))
