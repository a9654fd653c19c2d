"""Eigenvectors that a store has kept: they are used where they are those of the version, and found again where not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest
from grnledger.analysis.lmm import kernel_rows
from grnledger.analysis.lmm.model import ModelSpec, match_rows
from grnledger.storage.files import layout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grnledger.storage.repository import Repository

    from .conftest import Study

GENES = 40
Arrays = dict[str, np.ndarray[Any, Any]]


@pytest.fixture(params=["full", "covariance"])
def part(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A store on a dense base, whose genes have standard deviations of .01 to 100."""
    stream = np.random.default_rng(3)
    factors = stream.normal(size=(GENES, 4))
    deviations = np.logspace(-2, 2, GENES)
    covariance = (np.eye(GENES) + factors @ factors.T) * np.outer(deviations, deviations)
    genes = [f"G{index:02d}" for index in range(GENES)]
    repo = grnledger.init(tmp_path / "dense.grn", covariance=covariance, genes=genes, author="Ada")
    repo.commit([grnledger.Pathway.of(repo.panel, "set", {"G01": 0.3, "G07": 0.2})])
    return repo


def kernel(repo: Repository, study: Study, part: str) -> Any:
    repo = grnledger.open(repo.path, author="Ada")
    snapshot = repo.snapshot("HEAD", from_base=True)
    return match_rows(snapshot, repo.base("HEAD"), repo.artifacts, study.signal, ModelSpec(kernel=part)).rows.kernel


def _turned(arrays: Arrays) -> None:
    arrays["vectors"][:, [0, 1]] = arrays["vectors"][:, [1, 0]]


def _entry(arrays: Arrays, size: float) -> None:
    arrays["vectors"][3, 5] += size


LIES: dict[str, Callable[[Arrays], object]] = {
    "values doubled": lambda arrays: arrays.update(values=arrays["values"] * 2),
    "a value by a thousandth": lambda arrays: arrays["values"].__setitem__(-1, arrays["values"][-1] * 1.001),
    "the least value by a half": lambda arrays: arrays["values"].__setitem__(0, arrays["values"][0] * 1.5),
    "a value infinite": lambda arrays: arrays["values"].__setitem__(2, np.inf),
    "a value that is none": lambda arrays: arrays["values"].__setitem__(2, np.nan),
    "vectors exchanged": _turned,
    "an entry by a thousandth": lambda arrays: _entry(arrays, 1e-3),
    "an entry that is no number": lambda arrays: _entry(arrays, np.nan),
    "an entry beyond all bounds": lambda arrays: _entry(arrays, 1e300),
    "vectors of another length": lambda arrays: arrays.update(
        vectors=arrays["vectors"] * 2, values=arrays["values"] / 4
    ),
    "a vector less": lambda arrays: arrays.update(vectors=arrays["vectors"][:, 1:], values=arrays["values"][1:]),
    "a gene less": lambda arrays: arrays.update(vectors=arrays["vectors"][1:]),
    "text": lambda arrays: arrays.update(vectors=np.full((GENES, GENES), b"x"), values=np.full(GENES, b"x")),
    "whole numbers": lambda arrays: arrays.update(values=np.ones(GENES, dtype=np.int64)),
    "one list": lambda arrays: arrays.update(vectors=np.ones(GENES)),
    "nothing": lambda arrays: arrays.clear() or arrays.update(x=np.ones(2)),
}


@pytest.mark.parametrize("lie", LIES)
def test_kept_eigenvectors_that_are_not_the_versions_are_found_again(
    repo: Repository, study: Study, part: str, lie: str
) -> None:
    true = kernel(repo, study, part)
    artifacts = repo.artifacts
    (artifact,) = (kept for kept in artifacts.each() if kept.record.analysis == layout.KERNEL)
    arrays = {name: array.copy() for name, array in artifact.arrays.items()}
    LIES[lie](arrays)
    record = artifact.record
    artifacts.keep(
        layout.KERNEL, record.content, record.parameters, arrays, source="x", facts=record.facts, software={}
    )
    answer = kernel(repo, study, part)
    np.testing.assert_array_equal(answer.values, true.values)
    np.testing.assert_array_equal(answer.vectors, true.vectors)


def test_kept_eigenvectors_are_used(repo: Repository, study: Study, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    true = kernel(repo, study, part)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("it was found again")

    monkeypatch.setattr(kernel_rows, "network_kernel", never)
    answer = kernel(repo, study, part)
    np.testing.assert_array_equal(answer.vectors, true.vectors)
    np.testing.assert_array_equal(answer.values, true.values)
