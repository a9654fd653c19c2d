"""Modules of a version and of a file: kept, read again, and what earlier methods are trusted with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grnledger
import numpy as np
import pytest
from grnledger.analysis.nmf import kept
from grnledger.analysis.nmf.run import modules_of, modules_of_file
from grnledger.engine.nmf import simulate_counts

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A file of simulated counts of three modules."""
    counts = simulate_counts(40, 30, 3, depth=60, moonlighting=0, seed=5).counts
    head = "\t".join(["gene", *(f"S{sample}" for sample in range(30))])
    rows = ["\t".join([f"G{gene:02d}", *(f"{count:g}" for count in row)]) for gene, row in enumerate(counts)]
    path = tmp_path / "counts.tsv"
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


def test_a_file_has_the_same_modules_with_a_store_and_without(table: Path, tmp_path: Path) -> None:
    repo = grnledger.init(tmp_path / "lab.grn", expression=table, counts=True, transform="log1p")
    bare = modules_of_file(table, ranks=(3, 3), restarts=2)
    assert (bare.artifact, bare.refusal) == (None, "")
    stored = modules_of(repo, "v0", str(table), ranks=(3, 3), restarts=2)
    assert stored.artifact is not None
    assert not stored.reused
    assert modules_of_file(table, repo, ranks=(3, 3), restarts=2).reused
    modules = [run.named_analysis.analysis.best.modules for run in (bare, stored)]
    np.testing.assert_array_equal(*modules)


def test_likelihoods_of_an_earlier_method_are_hidden_and_computed_again(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = grnledger.init(tmp_path / "lab.grn", expression=table, counts=True, transform="log1p")
    with monkeypatch.context() as patch:
        patch.setattr(kept, "METHODS", {"counts": 2})
        before = modules_of(repo, "v0", "counts", ranks=(3, 3), restarts=10)
    assert before.artifact is not None
    (row,) = kept.read(repo.artifacts.find_by_prefix(before.artifact.key)).analysis.survey.rows
    assert np.isnan(row.log_likelihood)
    assert row.divergence == before.named_analysis.analysis.survey.rows[0].divergence
    after = modules_of(repo, "v0", "counts", ranks=(3, 3), restarts=10)
    assert not after.reused
    (row,) = after.named_analysis.analysis.survey.rows
    assert np.isfinite(row.log_likelihood)
