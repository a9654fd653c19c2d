"""Eigenvalues of versions, the extreme ones and all, against dense algebra."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import scipy.sparse.linalg
from grnledger.engine.errors import NotConverged
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.eigenvalues import spectrum as module
from grnledger.engine.network.eigenvalues.spectrum import (
    EIGENVALUE_TOLERANCE,
    Spectrum,
    all_eigenvalues,
    factor_eigenvalues,
    spectrum,
)
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.snapshot import build_snapshot
from ill_conditioned import FORMS, version
from scipy.sparse.linalg import ArpackNoConvergence

EPS = float(np.finfo(np.float64).eps)


@pytest.mark.parametrize("most_counted", [0, 500], ids=["iterated", "counted"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("genes", [2, 3, 32, 33, 150])
@pytest.mark.parametrize("condition", [1e1, 1e4, 1e8])
def test_the_spectrum_has_the_extreme_eigenvalues_of_the_dense_covariance(
    monkeypatch: pytest.MonkeyPatch, form: str, genes: int, condition: float, most_counted: int
) -> None:
    monkeypatch.setattr(module, "MOST_COUNTED", most_counted)
    snapshot = version(form, genes, condition)
    eigenvalues = np.linalg.eigvalsh(snapshot.covariance.to_dense())
    actual = spectrum(snapshot)
    # A version is inverted through its noise, which may be worse conditioned than the version is.
    worst = max(eigenvalues[-1] / eigenvalues[0], 10 * condition)
    relative = EIGENVALUE_TOLERANCE + 32 * EPS * worst
    np.testing.assert_allclose(actual.largest, eigenvalues[-1], rtol=EIGENVALUE_TOLERANCE)
    np.testing.assert_allclose(actual.smallest, eigenvalues[0], rtol=relative)
    np.testing.assert_allclose(actual.condition, eigenvalues[-1] / eigenvalues[0], rtol=2 * relative)


@pytest.mark.parametrize(("most_counted", "singly"), [(500, 2_000), (0, 2_000), (0, 40)])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("genes", [3, 33, 150])
def test_remembered_eigenvalues_are_believed_where_they_can_be_right(
    monkeypatch: pytest.MonkeyPatch, form: str, genes: int, most_counted: int, singly: int
) -> None:
    monkeypatch.setattr(module, "MOST_COUNTED", most_counted)
    monkeypatch.setattr(module, "LARGEST_SINGLY", singly)
    believed: list[bool] = []

    def recall(what: str, compute: Any, *, shape: tuple[int, ...], operations: float, check: Any) -> Any:
        assert (what, shape, operations > 0) == ("extreme eigenvalues", (2,), True)
        believed.append(check(remembered.pop(0), np.random.default_rng(1)))
        return compute()

    snapshot = dataclasses.replace(version(form, genes, 1e3), recall=recall)
    dense = snapshot.covariance.to_dense()
    smallest, *_, largest = np.linalg.eigvalsh(dense).tolist()
    variances = np.diagonal(dense)
    wrong = [(-smallest, largest), (smallest, np.inf), (np.nan, largest), (largest * 2, smallest), (0.0, largest)]
    wrong += [(variances.min() * 1.01, largest), (smallest, variances.max() * 0.99), (smallest, variances.sum() * 1.3)]
    if not (form == "dense" and genes > singly):
        wrong += [(smallest / 2, largest), (smallest * 2, largest), (smallest, largest / 2), (smallest, largest * 2)]
    remembered = [np.array(pair) for pair in [(smallest, largest), *wrong]]
    while remembered:
        spectrum(snapshot)
    assert believed == [True] + [False] * len(wrong)


@pytest.mark.parametrize("genes", [5, 33, 100])
def test_equal_eigenvalues_are_found_too(genes: int) -> None:
    base = FactorCovariance(np.full(genes, 0.25), np.empty((genes, 0)))
    panel = Panel(tuple(f"G{number}" for number in range(genes)))
    actual = spectrum(build_snapshot(panel, anchor_of(base), (), base.standard_deviations()))
    np.testing.assert_allclose([actual.smallest, actual.largest], 0.25, rtol=1e-12)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("genes", [2, 3, 33, 150])
def test_all_eigenvalues_are_those_of_dense_algebra_largest_first(form: str, genes: int) -> None:
    snapshot = version(form, genes, 1e4)
    eigenvalues = all_eigenvalues(snapshot)
    expected = np.linalg.eigvalsh(snapshot.covariance.to_dense())[::-1]
    np.testing.assert_allclose(eigenvalues, expected, rtol=0, atol=64 * EPS * genes * expected[0])


@pytest.mark.parametrize("form", ["factors", "noise"])
@pytest.mark.parametrize("genes", [2, 5, 33, 150])
def test_factor_eigenvalues_are_those_of_what_is_added_to_the_noise(form: str, genes: int) -> None:
    snapshot = version(form, genes, 1e4)
    eigenvalues = factor_eigenvalues(snapshot)
    noise = np.diag(snapshot.capacitance.anchor.covariance.diagonal())
    every = np.linalg.eigvalsh(snapshot.covariance.to_dense() - noise)[::-1]
    assert eigenvalues.shape == (min(genes, 3 + snapshot.rank),)
    assert np.all(np.diff(eigenvalues) <= 0)
    missing = np.zeros(genes - len(eigenvalues))
    every_other = np.sort(np.concatenate([eigenvalues, missing]))[::-1]
    np.testing.assert_allclose(every_other, every, rtol=0, atol=64 * EPS * genes * every[0])


def test_a_base_of_noise_alone_has_no_eigenvalues_of_factors() -> None:
    base = FactorCovariance(np.ones(4), np.empty((4, 0)))
    panel = Panel(("A", "B", "C", "D"))
    assert factor_eigenvalues(build_snapshot(panel, anchor_of(base), (), np.ones(4))).shape == (0,)


def test_an_iteration_that_does_not_converge_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def gives_up(*_: object, **__: object) -> None:
        raise ArpackNoConvergence("no eigenvalue after 10 iterations", np.empty(0), np.empty((0, 0)))

    monkeypatch.setattr(scipy.sparse.linalg, "eigsh", gives_up)
    with pytest.raises(NotConverged, match="10 iterations"):
        spectrum(version("dense", 40, 1e1))


def test_the_condition_is_the_largest_eigenvalue_over_the_smallest() -> None:
    assert Spectrum(0.5, 4.0).condition == 8.0
