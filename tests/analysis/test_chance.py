"""Counts of pairs by strength that a store has kept: what cannot be counts of its pairs is counted again."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest
from grnledger.analysis.chance import pair_tests
from grnledger.engine.estimation.expression import Expression
from grnledger.storage.files import layout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GENES, SAMPLES = 30, 24
PAIRS = np.array([[0, 1], [2, 9], [4, 5], [11, 20]])
Arrays = dict[str, np.ndarray[Any, Any]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    stream = np.random.default_rng(5)
    values = stream.normal(size=(GENES, SAMPLES)) + stream.normal(size=(GENES, 2)) @ stream.normal(size=(2, SAMPLES))
    genes, samples = (tuple(f"{letter}{index}" for index in range(size)) for letter, size in (("G", GENES), ("S", 24)))
    path = tmp_path_factory.mktemp("chance") / "a.grn"
    grnledger.init(path, expression=Expression(values + 8, genes, samples), keep_expression=True, author="Ada")
    return path


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "a.grn")


def _put(name: str, value: Callable[[np.ndarray[Any, Any]], object]) -> Callable[[Arrays, dict[str, Any]], object]:
    return lambda arrays, _: arrays.update({name: value(arrays[name])})  # type: ignore[dict-item]


LIES: dict[str, Callable[[Arrays, dict[str, Any]], object]] = {
    "more pairs than there are": _put(layout.OBSERVED, lambda counts: counts * 2),
    "fewer scans than were made": _put(layout.NULL, lambda counts: counts // 2),
    "counts that grow": _put(layout.OBSERVED, lambda counts: np.where(np.arange(len(counts)) == 9_000, 10**6, counts)),
    "less than none": _put(layout.NULL, lambda counts: np.where(counts == 0, -5, counts)),
    "no whole numbers": _put(layout.OBSERVED, lambda counts: counts.astype(np.float64)),
    "not a number": _put(layout.NULL, lambda counts: np.full(len(counts), np.nan)),
    "text": _put(layout.OBSERVED, lambda counts: np.full(len(counts), b"x")),
    "fewer steps": _put(layout.OBSERVED, lambda counts: counts[:-1].copy()),
    "no null": lambda arrays, _: arrays.pop(layout.NULL),
    "an intensity above 1": lambda _, facts: facts.update(intensity=1.5),
    "an intensity below 0": lambda _, facts: facts.update(intensity=-0.1),
    "an intensity that is text": lambda _, facts: facts.update(intensity="0.5"),
}


@pytest.mark.parametrize("lie", LIES)
def test_kept_counts_that_cannot_be_are_counted_again(store: Path, lie: str) -> None:
    true = pair_tests(grnledger.open(store, author="Ada"), "HEAD").q(PAIRS)
    repo = grnledger.open(store, author="Ada")
    (kept,) = repo.artifacts.each()
    arrays, facts = {name: array.copy() for name, array in kept.arrays.items()}, dict(kept.record.facts)
    LIES[lie](arrays, facts)
    record = kept.record
    repo.artifacts.keep(
        record.analysis, record.content, record.parameters, arrays, source="x", facts=facts, software={}
    )
    np.testing.assert_array_equal(pair_tests(grnledger.open(store, author="Ada"), "HEAD").q(PAIRS), true)


def test_kept_counts_are_used(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    true = pair_tests(grnledger.open(store, author="Ada"), "HEAD").q(PAIRS)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("they were counted again")

    monkeypatch.setattr("grnledger.analysis.chance.independent_counts", never)
    np.testing.assert_array_equal(pair_tests(grnledger.open(store, author="Ada"), "HEAD").q(PAIRS), true)
