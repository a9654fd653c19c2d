"""How far numbers can be trusted: the probe, refinement and re-inversion, against dense algebra."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from grnledger.engine.network import stability
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.covariance import ArraySource, DenseCovariance
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.snapshot import build_snapshot
from grnledger.engine.network.stability import (
    affordable,
    probe,
    refined_columns,
    reinvert_snapshot,
)
from ill_conditioned import FORMS, base_of, version
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("condition", [1e1, 1e4, 1e8])
def test_the_probe_has_the_order_of_magnitude_of_the_true_residual(form: str, condition: float) -> None:
    snapshot = version(form, 120, condition)
    covariance, precision = snapshot.covariance.to_dense(), snapshot.precision.to_dense()
    residual = float(np.linalg.norm(covariance @ precision - np.eye(120))) / np.sqrt(120)
    assert residual / 10 < probe(snapshot) < 10 * residual


@pytest.mark.parametrize("spoilt", [1e-10, 1e-6, 1e-2])
def test_the_probe_notices_a_spoilt_precision_and_by_how_much(spoilt: float) -> None:
    rng = np.random.default_rng(1)
    sound = base_of("dense", 80, 1e2, rng)
    assert isinstance(sound, DenseCovariance)
    covariance, precision = (operator.rows(np.arange(80)) for operator in (sound.covariance, sound.precision))
    precision[3, 7] += spoilt
    precision[7, 3] += spoilt
    base = DenseCovariance(ArraySource(covariance), ArraySource(precision), sound.log_det)
    panel = Panel(tuple(f"G{number}" for number in range(80)))
    actual = probe(build_snapshot(panel, anchor_of(base), (), base.standard_deviations()))
    residual = float(np.linalg.norm(covariance @ precision - np.eye(80))) / np.sqrt(80)
    assert residual / 3 < actual < 3 * residual
    assert actual > 1000 * probe(build_snapshot(panel, anchor_of(sound), (), sound.standard_deviations()))


def test_the_probe_of_a_version_is_the_same_each_time() -> None:
    assert probe(version("factors", 50, 1e4)) == probe(version("factors", 50, 1e4))


def test_a_probe_is_affordable_by_what_it_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    for form, operations in (("factors", 8 * 40 * 8), ("dense", 8 * 40 * 5 + 100 * 40**2)):
        snapshot = version(form, 40, 1e1)
        monkeypatch.setattr(stability, "MOST_OPERATIONS", operations + 1)
        assert affordable(snapshot)
        monkeypatch.setattr(stability, "MOST_OPERATIONS", operations)
        assert not affordable(snapshot)


def column_residual(covariance: Matrix, columns: NDArray[Any], indices: NDArray[np.intp]) -> float:
    return float(np.linalg.norm(covariance @ columns - np.eye(len(covariance))[:, indices]))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("genes", [10, 60, 300])
@pytest.mark.parametrize("seed", range(4))
def test_refined_columns_are_as_good_as_direct_inversion_at_condition_1e8(form: str, genes: int, seed: int) -> None:
    snapshot = version(form, genes, 1e8, seed=seed)
    covariance = snapshot.covariance.to_dense()
    indices = np.arange(genes)
    direct = np.linalg.inv(covariance)
    actual = refined_columns(snapshot, indices)
    assert column_residual(covariance, actual, indices) <= 3 * column_residual(covariance, direct, indices)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("genes", [10, 60, 300])
@pytest.mark.parametrize("seed", range(4))
def test_unrefined_residuals_are_within_a_hundred_times_the_anchors_own(form: str, genes: int, seed: int) -> None:
    snapshot = version(form, genes, 1e8, seed=seed)
    rng = np.random.default_rng([genes, int(1e8), seed])
    base = base_of(form, genes, 1e8, rng)
    own = build_snapshot(snapshot.panel, anchor_of(base), (), base.standard_deviations())
    everyone = np.arange(genes)
    residuals = [
        column_residual(read.covariance.to_dense(), read.precision.to_dense(), everyone) for read in (snapshot, own)
    ]
    assert residuals[0] <= 100 * residuals[1]


def test_refinement_mends_a_spoilt_precision() -> None:
    snapshot = version("dense", 60, 1e2)
    covariance = snapshot.covariance.to_dense()
    spoilt = np.linalg.inv(covariance).astype(np.float64)
    spoilt[5, 9] *= 1 + 1e-5
    spoilt[9, 5] = spoilt[5, 9]
    base = DenseCovariance(ArraySource(covariance), ArraySource(spoilt), 0.0)
    broken = build_snapshot(snapshot.panel, anchor_of(base), (), base.standard_deviations())
    indices = np.array([5, 9, 0])
    before = column_residual(covariance, broken.precision.rows(indices).T, indices)
    after = column_residual(covariance, refined_columns(broken, indices), indices)
    assert before > 1e-6
    assert after < 1e-3 * before


def test_refined_columns_are_asked_by_name_and_singly() -> None:
    snapshot = version("factors", 12, 1e2)
    column = refined_columns(snapshot, "G4")
    assert column.shape == (12, 1)
    np.testing.assert_array_equal(column, refined_columns(snapshot, [4]))
    np.testing.assert_allclose(column, snapshot.precision.rows([4]).T, rtol=1e-9)


@pytest.mark.parametrize("form", FORMS)
def test_a_version_inverted_in_full_is_the_version(form: str) -> None:
    snapshot = version(form, 50, 1e4)
    actual = reinvert_snapshot(snapshot)
    covariance = snapshot.covariance.to_dense()
    np.testing.assert_array_equal(actual.covariance.rows(np.arange(50)), covariance)
    precision = actual.precision.rows(np.arange(50))
    np.testing.assert_allclose(precision, np.linalg.inv(covariance), rtol=0, atol=1e-9 * np.abs(precision).max())
    np.testing.assert_allclose(actual.log_det, snapshot.log_det, rtol=1e-9)
