"""Anchors that are gone, or cannot be kept, and commits whose numbers are probed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import grnledger
import numpy as np
import pytest
from grnledger.engine.network.pathway import Pathway
from small_store import GENES, base, pathway

if TYPE_CHECKING:
    from pathlib import Path


def test_an_anchor_that_is_gone_or_cannot_be_kept_is_made_in_memory(store: Path) -> None:
    snapshot = grnledger.open(store).snapshot("v2")
    shutil.rmtree(store / "cache")
    assert snapshot.partial_correlation("GENE1", "GENE4") == pytest.approx(
        grnledger.open(store).snapshot("v2", from_base=True).partial_correlation("GENE1", "GENE4")
    )
    (store / "cache").mkdir(exist_ok=True)
    shutil.rmtree(store / "cache" / "anchors", ignore_errors=True)
    (store / "cache" / "anchors").write_bytes(b"in the way")
    with pytest.raises(OSError, match=r"File exists|Not a directory"):
        grnledger.open(store).reinvert()
    grnledger.verify(store, repair=True)
    assert grnledger.open(store).reinvert().name == "v4"


def test_a_re_inversion_that_is_merely_due_waits_until_the_cache_can_be_written(tmp_path: Path) -> None:
    values = base()
    covariance = values.loadings @ values.loadings.T + np.diag(values.noise)
    repo = grnledger.init(tmp_path / "dense.grn", covariance=covariance, genes=GENES, author="ada")
    (repo.path / "cache" / "anchors").write_bytes(b"in the way")
    due = [Pathway((f"p{index}",), np.array([index]), np.array([[0.3]]), 1, "sd") for index in range(4)]
    assert repo.commit(due).entry.measured.anchor is None
    (repo.path / "cache" / "anchors").unlink()
    assert repo.commit(pathway("p53")).entry.measured.anchor is not None


@pytest.mark.parametrize(("left", "probed"), [(1e-2, False), (2e-6, False), (5e-7, True), (1e-8, True)])
def test_a_commit_is_probed_where_subtractions_leave_so_little(tmp_path: Path, left: float, probed: bool) -> None:
    values = base()
    covariance = values.loadings @ values.loadings.T + np.diag(values.noise)
    repo = grnledger.init(tmp_path / "store.grn", covariance=covariance, genes=GENES, author="ada")
    direction = np.linspace(0.5, 1.0, len(GENES))
    column = direction * np.sqrt((1 - left) / (direction @ np.linalg.solve(covariance, direction)))
    away = Pathway(("away",), np.arange(len(GENES)), column[:, None], -1, "raw")
    measured = repo.commit(away).entry.measured
    assert measured.guard == pytest.approx(left, rel=1e-3)
    assert (measured.probe is not None) == probed
