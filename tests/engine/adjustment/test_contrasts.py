"""Samples held out after an adjustment: contrasts that are independent of what is learnt, whatever the coefficients."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.adjustment.adjustment import Adjustment
from grnledger.engine.adjustment.contrasts import hold_out_contrasts
from grnledger.engine.adjustment.design import build_design
from grnledger.engine.estimation import folds, held_out

HELD = np.arange(14) % 5 == 0
CATEGORIES = tuple("aabbaabbccaabb")


def hold_out(
    values: np.ndarray, groups: np.ndarray, other: tuple[float, float], adjustment: Adjustment
) -> held_out.HeldOut:
    choice = held_out.hold_out(values, groups, other, adjustment=adjustment)
    assert choice is not None
    return choice


def operator(function: int, basis: np.ndarray) -> np.ndarray:
    """The linear map from values to what is learnt (0) or to contrasts (1), as columns over the samples."""
    return np.asarray(hold_out_contrasts(np.eye(len(basis)), HELD, basis)[function])


def test_contrasts_are_orthonormal_and_independent_of_the_others_and_of_the_design():
    covariate = np.random.default_rng(0).standard_normal((14, 1))
    basis = build_design(14, CATEGORIES, covariate, ("age",)).basis
    others, new = operator(0, basis), operator(1, basis)
    np.testing.assert_allclose(new.T @ new, np.eye(new.shape[1]), atol=1e-12)
    np.testing.assert_allclose(new.T @ others, 0, atol=1e-12)
    np.testing.assert_allclose(new.T @ basis, 0, atol=1e-12)
    assert not others[HELD].any()
    degrees = hold_out_contrasts(np.eye(14), HELD, basis).degrees
    assert degrees + new.shape[1] == 14 - basis.shape[1]
    assert degrees == np.linalg.matrix_rank(others)


def test_with_the_mean_alone_a_contrast_is_the_distance_from_the_mean_of_the_others():
    values = 3 + np.random.default_rng(1).standard_normal((4, 9))
    held = np.arange(9) == 2
    others, new, degrees = hold_out_contrasts(values, held, build_design(9).basis)
    expected = (values[:, 2] - values[:, ~held].mean(axis=1)) * np.sqrt(8 / 9)
    np.testing.assert_allclose(np.abs(new[:, 0]), np.abs(expected), atol=1e-12)
    np.testing.assert_allclose(others, values[:, ~held] - values[:, ~held].mean(axis=1, keepdims=True), atol=1e-12)
    assert degrees == 7


def test_a_category_that_is_held_out_whole_is_removed_within_itself():
    values = np.random.default_rng(2).standard_normal((3, 12))
    categories = tuple("aaaabbbbcccc")
    held = np.array([category == "c" for category in categories])
    new = hold_out_contrasts(values, held, build_design(12, categories).basis).new
    within = values[:, held] - values[:, held].mean(axis=1, keepdims=True)
    assert new.shape == (3, 3)
    np.testing.assert_allclose(new @ new.T, within @ within.T, atol=1e-12)
    shifted = values + 100.0 * held
    np.testing.assert_allclose(
        hold_out_contrasts(shifted, held, build_design(12, categories).basis).new, new, atol=1e-9
    )


def test_components_are_learnt_on_the_others_alone():
    values = np.random.default_rng(3).standard_normal((20, 14))
    basis = build_design(14).basis
    plain, projected = hold_out_contrasts(values, HELD, basis), hold_out_contrasts(values, HELD, basis, 2)
    scale = np.linalg.norm(plain.others, axis=1, keepdims=True)
    left = np.linalg.svd(plain.others / scale, full_matrices=False)[0][:, :2]
    off = np.eye(20) - left @ left.T
    np.testing.assert_allclose(projected.others, scale * (off @ (plain.others / scale)), atol=1e-11)
    np.testing.assert_allclose(projected.new, scale * (off @ (plain.new / scale)), atol=1e-11)
    assert projected.degrees == plain.degrees - 2


@pytest.mark.parametrize("components", [0, 1])
def test_the_gain_is_that_of_the_dense_covariance_over_contrasts(components: int):
    rng = np.random.default_rng(5)
    values = rng.standard_normal((15, 2)) @ rng.standard_normal((2, 24)) + rng.standard_normal((15, 24))
    groups, other = np.arange(24) // 3, (0.5, 0.2)
    adjustment = Adjustment(build_design(24, tuple("ab" * 12)), components)
    choice = hold_out(values, groups, other, adjustment)
    where = folds.fold_of_samples(groups, folds.FOLDS)

    def density(intensity: float, of_variances: float) -> list[np.ndarray]:
        folds: list[np.ndarray] = []
        for fold in range(8):
            others, new, degrees = hold_out_contrasts(values, where == fold, adjustment.design.basis, components)
            spread = np.square(others).sum(axis=1) / degrees
            shrunk = of_variances * np.median(spread) + (1 - of_variances) * spread
            correlations = others @ others.T / degrees / np.sqrt(np.outer(spread, spread))
            roots = np.sqrt(shrunk)
            sigma = ((1 - intensity) * correlations + intensity * np.eye(15)) * np.outer(roots, roots)
            determinant = np.linalg.slogdet(2 * np.pi * sigma)[1]
            folds.append(-0.5 * (determinant + np.einsum("it,ij,jt->t", new, np.linalg.inv(sigma), new)))
        return folds

    best, given = density(choice.intensity, choice.variance_intensity), density(*other)
    gains = [float((a - b).sum()) for a, b in zip(best, given, strict=True)]
    count = sum(len(part) for part in best)
    assert choice.gain == pytest.approx(sum(gains) / count, rel=1e-8)
    grid = [sum(float(part.sum()) for part in density(share, choice.variance_intensity)) for share in (0.1, 0.3, 0.9)]
    assert sum(float(part.sum()) for part in best) >= max(grid)
    assert (choice.samples, choice.groups, choice.folds) == (24, 8, 8)


def test_samples_drawn_of_many_keep_their_rows_of_the_design(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(folds, "MOST_SAMPLES", 40)
    rng = np.random.default_rng(6)
    categories = tuple("abcd" * 15)
    shift = np.array([50.0 * "abcd".index(category) for category in categories])
    values = rng.standard_normal((25, 60))
    adjustment = Adjustment(build_design(60, categories))
    shifted = hold_out(values + shift, np.arange(60), (0.5, 0.1), adjustment)
    plain = hold_out(values, np.arange(60), (0.5, 0.1), adjustment)
    assert shifted.samples == 40
    assert (shifted.intensity, shifted.variance_intensity) == (plain.intensity, plain.variance_intensity)
