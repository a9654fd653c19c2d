"""What is removed from samples: residuals as of least squares, exchangeable columns, and the degrees of freedom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.adjustment.adjustment import Adjustment
from grnledger.engine.adjustment.components import leading_components, remove, standardise
from grnledger.engine.adjustment.design import build_design
from grnledger.engine.errors import InputError, ShapeError
from grnledger.engine.estimation.estimators import estimate_covariance
from grnledger.engine.estimation.shrinkage_intensity import optimal_intensity
from grnledger.engine.network.covariance import Covariance, DenseCovariance

if TYPE_CHECKING:
    from grnledger.engine.choices import Intensity

CATEGORIES = tuple("abcabcabcabcabcabcab")
COUNT = len(CATEGORIES)


def dummies(categories: tuple[str, ...] = CATEGORIES) -> np.ndarray:
    return np.array([[float(category == level) for level in sorted(set(categories))] for category in categories])


def residuals_of(values: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The residuals of `np.linalg.lstsq`, one gene a row."""
    return values - (columns @ np.linalg.lstsq(columns, values.T, rcond=None)[0]).T


def numbers(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def dense(base: Covariance) -> tuple[np.ndarray, np.ndarray]:
    """Σ and Θ of a small base."""
    assert isinstance(base, DenseCovariance)
    everything = np.arange(base.size)
    return base.covariance.rows(everything), base.precision.rows(everything)


def test_residuals_are_those_of_least_squares():
    values, covariates = 7 + numbers((6, COUNT)), numbers((COUNT, 2), 1)
    adjustment = Adjustment(build_design(COUNT, CATEGORIES, covariates, ("age", "bmi")))
    truth = residuals_of(values, np.column_stack([dummies(), covariates]))
    np.testing.assert_allclose(adjustment.residuals(values), truth, atol=1e-12)
    assert adjustment.degrees_of_freedom == COUNT - 5


def test_components_are_those_of_standardised_residuals():
    values = numbers((30, COUNT)) * np.arange(1.0, 31.0)[:, np.newaxis]
    design = build_design(COUNT, CATEGORIES)
    truth = residuals_of(values, dummies())
    left, lengths, right = np.linalg.svd(truth / np.linalg.norm(truth, axis=1, keepdims=True), full_matrices=False)
    scores = (left[:, 2:] * lengths[2:]) @ right[2:]
    adjustment = Adjustment(design, 2)
    expected = scores * np.linalg.norm(truth, axis=1, keepdims=True)
    np.testing.assert_allclose(adjustment.residuals(values), expected, atol=1e-11)
    assert adjustment.degrees_of_freedom == COUNT - 3 - 2


@pytest.mark.parametrize("components", [0, 3])
def test_columns_have_the_products_of_the_residuals_and_sum_to_zero(components: int):
    values = 5 + numbers((12, COUNT))
    adjustment = Adjustment(build_design(COUNT, CATEGORIES), components)
    residuals, columns = adjustment.residuals(values), adjustment.columns(values)
    assert columns.shape == (12, adjustment.degrees_of_freedom + 1)
    np.testing.assert_allclose(columns @ columns.T, residuals @ residuals.T, atol=1e-12)
    np.testing.assert_allclose(columns.sum(axis=1), 0, atol=1e-13)
    assert np.array_equal(columns, adjustment.columns(values))
    assert not np.allclose(columns, adjustment.columns(values, seed=1))


def test_estimates_have_variances_rss_over_nu_and_the_residuals_correlations():
    values = numbers((8, COUNT)) * np.arange(1.0, 9.0)[:, np.newaxis]
    adjustment = Adjustment(build_design(COUNT, CATEGORIES))
    residuals = residuals_of(values, dummies())
    base = estimate_covariance(values, "empirical", adjustment=adjustment).base
    np.testing.assert_allclose(dense(base)[0], residuals @ residuals.T / (COUNT - 3), rtol=1e-10, atol=1e-12)
    shrunk = estimate_covariance(values, "shrinkage", intensity=(0.4, 0.0), adjustment=adjustment)
    sigma = 0.6 * residuals @ residuals.T / (COUNT - 3)
    sigma[np.diag_indices(8)] /= 0.6
    np.testing.assert_allclose(dense(shrunk.base)[0], sigma, rtol=1e-10, atol=1e-12)
    inverse = np.linalg.inv(sigma)
    np.testing.assert_allclose(dense(shrunk.base)[1], inverse, rtol=1e-9, atol=1e-11)


def test_genes_that_the_design_explains_have_no_residual():
    values = numbers((4, COUNT))
    values[1] = 1e3 + np.array([{"a": 0.1, "b": 0.7, "c": -1.3}[category] for category in CATEGORIES])
    adjustment = Adjustment(build_design(COUNT, CATEGORIES))
    assert not adjustment.residuals(values)[1].any()
    assert not adjustment.columns(values)[1].any()
    assert estimate_covariance(values, "shrinkage", adjustment=adjustment).constant == 1


def test_the_first_of_covariates_that_depend_on_each_other_stay():
    age = 40 + 10 * numbers((COUNT,))
    columns = np.column_stack([age, 12 * age - 3, dummies()[:, 1], np.full(COUNT, 4.0), numbers((COUNT,), 2)])
    design = build_design(COUNT, CATEGORIES, columns, ("age", "months", "is_b", "four", "bmi"))
    assert design.redundant == ("months", "is_b", "four")
    assert design.basis.shape[1] == np.linalg.matrix_rank(np.column_stack([dummies(), columns])) == 5


def test_a_sample_alone_in_its_category_says_nothing():
    categories = (*CATEGORIES[:-1], "z")
    design = build_design(COUNT, categories)
    assert design.alone == (COUNT - 1,)
    values = numbers((5, COUNT))
    residuals = Adjustment(design).residuals(values)
    np.testing.assert_allclose(residuals[:, -1], 0, atol=1e-14)
    without = Adjustment(build_design(COUNT - 1, categories[:-1]))
    assert without.degrees_of_freedom == Adjustment(design).degrees_of_freedom
    np.testing.assert_allclose(residuals[:, :-1], without.residuals(values[:, :-1]), atol=1e-13)


@pytest.mark.parametrize(
    ("categories", "degrees"),
    [
        ((), 9),  # ten groups less the mean
        (tuple("ab" * 10), 9),  # a category that crosses groups of two costs none
        (tuple("a" * 10 + "b" * 10), 8),  # groups within categories
        (tuple(str(index // 2) for index in range(20)), 10),  # a mean of each group: samples are independent within
    ],
)
def test_whole_groups_count_once(categories: tuple[str, ...], degrees: int):
    groups = np.arange(20) // 2
    assert Adjustment(build_design(20, categories)).independent_degrees_of_freedom(groups) == degrees
    assert Adjustment(build_design(20, categories), 2).independent_degrees_of_freedom(groups) == degrees - 2


def test_what_leaves_nothing_is_refused():
    with pytest.raises(InputError) as refusal:
        build_design(6, tuple("abcdef"))
    assert refusal.value.code == "nothing-left-of-samples"
    with pytest.raises(InputError) as refusal:
        Adjustment(build_design(COUNT), COUNT - 2)
    assert (refusal.value.code, refusal.value.facts["most"]) == ("components-out-of-range", COUNT - 3)
    with pytest.raises(InputError) as refusal:
        leading_components(np.repeat(numbers((1, COUNT)), 4, axis=0), 2)
    assert refusal.value.facts["most"] == 1
    with pytest.raises(InputError) as refusal:
        Adjustment(build_design(20), 3).independent_degrees_of_freedom(np.arange(20) // 5)
    assert refusal.value.code == "nothing-left-of-groups"
    with pytest.raises(InputError, match="without a value in some sample: bmi"):
        build_design(3, (), np.array([[1.0, np.nan], [2.0, 1.0], [4.0, 0.0]]), ("age", "bmi"))
    with pytest.raises(ShapeError):
        build_design(5, ("a", "b"))


def hidden_factors(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A chain of 120 genes in 80 samples with three hidden factors, and the factors."""
    rng = np.random.default_rng(seed)
    values = np.empty((120, 80))
    values[0] = rng.standard_normal(80)
    for gene in range(1, 120):
        values[gene] = 0.6 * values[gene - 1] + 0.8 * rng.standard_normal(80)
    factors = rng.standard_normal((3, 80))
    return values + 0.8 * rng.standard_normal((120, 3)) @ factors, factors


@pytest.mark.parametrize("intensity", ["analytic", "held-out"])
def test_the_intensity_after_components_is_that_of_an_oracle_who_knows_the_factors(intensity: Intensity):
    values, factors = hidden_factors(3)
    oracle = Adjustment(build_design(80, (), factors.T, ("x", "y", "z")))
    adjustment = Adjustment(build_design(80), 3)

    def chosen(removal: Adjustment | None) -> float:
        estimate = estimate_covariance(values, "shrinkage", intensity=intensity, adjustment=removal)
        assert estimate.shrinkage is not None
        assert estimate.held_out is None or estimate.held_out.samples == 80, "samples are held out, not columns"
        return estimate.shrinkage

    assert abs(chosen(adjustment) - chosen(oracle)) < 0.03
    assert chosen(None) < chosen(oracle) - 0.2


def test_in_a_basis_of_components_the_formula_would_give_one():
    values = hidden_factors(4)[0]
    columns = Adjustment(build_design(80), 3).columns(values)
    right = np.linalg.svd(columns, full_matrices=False)[2]
    assert optimal_intensity(standardise(columns @ right.T)) == 1.0
    assert optimal_intensity(standardise(columns)) < 0.9


def test_values_are_not_changed():
    values = numbers((5, COUNT))
    before = values.copy()
    Adjustment(build_design(COUNT, CATEGORIES), 1).columns(values)
    remove(values, build_design(COUNT).basis)
    assert np.array_equal(values, before)
