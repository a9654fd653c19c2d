"""`--memory`: sizes with units, and the refusal of what takes more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

QUESTIONS = (["edges"], ["neighbors", "G3"], ["diff", "v0..v1"], ["export", "--edges", "edges.sif"])


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of 40 genes with one pathway."""
    monkeypatch.chdir(tmp_path)
    stream = np.random.default_rng(3)
    factors = stream.normal(size=(40, 2))
    genes = [f"G{number}" for number in range(40)]
    repo = grnledger.init(tmp_path / "a.grn", covariance=factors @ factors.T + np.eye(40), genes=genes, author="Ada")
    repo.commit([grnledger.Pathway.of(repo.panel, "P", {"G1": 0.5, "G2": 0.3})])
    return tmp_path


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda words: words[0])
def test_what_takes_more_is_refused_and_writes_nothing(grn: Callable[..., Any], store: Path, question: list[str]):
    answer = grn(*question, "--memory", "1K")
    assert answer.code == 5
    assert "1.0 KiB is allowed" in answer.err
    assert "--memory" in answer.err
    assert not (store / "edges.sif").exists()
    assert grn(*question, "--memory", "1G").out == grn(*question).out


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("size", ["1000000", "0.5GiB", "500 MB", "1.5g"])
def test_sizes_have_units(grn: Callable[..., Any], size: str):
    assert grn("edges", "--memory", size).code == 0


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("size", ["much", "-1G", "0", "G", "1X", "nan", "", 309 * "9", 300 * "9" + "T"])
def test_what_is_no_size_is_named(grn: Callable[..., Any], size: str):
    answer = grn("edges", "--memory", size)
    assert answer.code == 2
    assert repr(size) in answer.err
