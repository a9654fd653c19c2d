"""Estimates against naive loops and dense algebra, and against R's corpcor on real data."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import InputError, NotPositiveDefinite
from grnledger.engine.estimation.expression import Expression
from grnledger.engine.estimation.factor_model import form_covariance
from grnledger.engine.estimation.preparation import Preparation, prepare
from grnledger.engine.estimation.shrinkage import empirical, ledoit_wolf, shrinkage
from grnledger.engine.estimation.shrinkage_intensity import optimal_intensity, variance_intensity
from grnledger.engine.network.covariance import Covariance, DenseCovariance, FactorCovariance

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray


def dense(base: Covariance) -> NDArray[np.float64]:
    if isinstance(base, DenseCovariance):
        return base.covariance.rows(np.arange(base.size))
    return form_covariance(base.columns(), base.noise)


def simulated(genes: int, samples: int, seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    shared = np.outer(rng.standard_normal(genes), rng.standard_normal(samples))
    return rng.uniform(0.5, 3.0, (genes, 1)) * (shared + rng.standard_normal((genes, samples))) + 5.0


def naive_intensity(rows: NDArray[np.float64]) -> float:
    """Schäfer and Strimmer's formula, pair by pair: Σ var(s_ij) / Σ s_ij² over i ≠ j."""
    genes, samples = rows.shape
    numerator = denominator = 0.0
    for i in range(genes):
        for j in range(genes):
            if i == j:
                continue
            products = [rows[i, k] * rows[j, k] for k in range(samples)]
            mean = sum(products) / samples
            spread = sum((product - mean) ** 2 for product in products)
            numerator += samples / (samples - 1) ** 3 * spread
            denominator += (samples / (samples - 1) * mean) ** 2
    return min(1.0, numerator / denominator)


def naive_variance_intensity(values: NDArray[np.float64]) -> float:
    """Opgen-Rhein and Strimmer's formula, gene by gene: Σ var(v_i) / Σ (v_i − median)²."""
    samples = values.shape[1]
    variances = [float(np.var(row, ddof=1)) for row in values]
    numerator = 0.0
    for row in values:
        squares = [(value - row.mean()) ** 2 for value in row]
        mean = sum(squares) / samples
        numerator += samples / (samples - 1) ** 3 * sum((square - mean) ** 2 for square in squares)
    return min(1.0, numerator / sum((variance - np.median(variances)) ** 2 for variance in variances))


@pytest.mark.parametrize(("genes", "samples"), [(12, 5), (9, 9), (6, 30), (2, 4)])
def test_intensities_are_those_of_naive_loops(genes: int, samples: int) -> None:
    values = simulated(genes, samples, seed=genes)
    deviations = values - values.mean(axis=1, keepdims=True)
    scores = deviations / values.std(axis=1, ddof=1, keepdims=True)
    np.testing.assert_allclose(optimal_intensity(scores), naive_intensity(scores), rtol=1e-11)
    np.testing.assert_allclose(optimal_intensity(deviations), naive_intensity(deviations), rtol=1e-11)
    np.testing.assert_allclose(variance_intensity(deviations), naive_variance_intensity(values), rtol=1e-11)


@pytest.mark.parametrize(("genes", "samples", "form"), [(40, 7, FactorCovariance), (10, 8, DenseCovariance)])
def test_shrinkage_is_the_dense_formula_in_either_form(genes: int, samples: int, form: type[Covariance]) -> None:
    values = simulated(genes, samples, seed=3)
    values[4] = 2.5
    estimate = shrinkage(values, intensity="analytic")
    varying = np.delete(np.arange(genes), 4)
    correlations = np.eye(genes)
    correlations[np.ix_(varying, varying)] = np.corrcoef(values[varying])
    scores = np.zeros_like(values)
    scores[varying] = (values[varying] - values[varying].mean(axis=1, keepdims=True)) / values[varying].std(
        axis=1, ddof=1, keepdims=True
    )
    share, variance_share = naive_intensity(scores), naive_variance_intensity(values)
    empirical_variances = values.var(axis=1, ddof=1)
    variances = variance_share * np.median(empirical_variances) + (1 - variance_share) * empirical_variances
    expected = (share * np.eye(genes) + (1 - share) * correlations) * np.sqrt(np.outer(variances, variances))
    assert isinstance(estimate.base, form)
    assert (estimate.samples, estimate.constant) == (samples, 1)
    np.testing.assert_allclose((estimate.shrinkage, estimate.variance_shrinkage), (share, variance_share), rtol=1e-11)
    np.testing.assert_allclose(dense(estimate.base), expected, rtol=1e-10, atol=1e-13 * expected.max())
    assert estimate.notes == (f"1 of {genes} genes is constant: it is kept as an isolated gene.",)


def test_a_dense_base_has_its_inverse_and_determinant() -> None:
    base = shrinkage(simulated(10, 8, seed=3), intensity="analytic").base
    assert isinstance(base, DenseCovariance)
    covariance, precision = dense(base), base.precision.rows(np.arange(10))
    np.testing.assert_allclose(covariance @ precision, np.eye(10), atol=1e-12)
    np.testing.assert_allclose(base.log_det, np.linalg.slogdet(covariance)[1], rtol=1e-12)


def test_an_intensity_of_ones_own_is_taken() -> None:
    values = simulated(40, 7, seed=4)
    estimate = shrinkage(values, intensity=0.25)
    covariance = dense(estimate.base)
    deviations = np.sqrt(np.diagonal(covariance))
    correlations = covariance / np.outer(deviations, deviations)
    np.testing.assert_allclose(correlations, 0.75 * np.corrcoef(values) + 0.25 * np.eye(40), atol=1e-13)
    assert estimate.shrinkage == 0.25
    with pytest.raises(InputError, match="between 0 and 1"):
        shrinkage(values, intensity=1.5)


def test_complete_shrinkage_needs_no_factors_and_has_a_note() -> None:
    estimate = shrinkage(simulated(40, 7, seed=5), intensity=1.0)
    assert isinstance(estimate.base, FactorCovariance)
    assert estimate.base.loadings.shape == (40, 0)
    assert "the base has no edges" in estimate.notes[0]


def test_uncorrelated_genes_are_shrunk_completely() -> None:
    square_wave = np.array([[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0], [1.0, -1.0, -1.0, 1.0]])
    assert optimal_intensity(square_wave) == 1.0
    one_varying = np.vstack([np.zeros((2, 4)), square_wave[:1] * 0.1])
    assert optimal_intensity(one_varying) == 1.0


def test_no_shrinkage_gives_the_empirical_correlations_or_is_refused() -> None:
    values = simulated(5, 40, seed=6)
    covariance = dense(shrinkage(values, intensity=0.0).base)
    deviations = np.sqrt(np.diagonal(covariance))
    np.testing.assert_allclose(covariance / np.outer(deviations, deviations), np.corrcoef(values), atol=1e-13)
    with pytest.raises(NotPositiveDefinite, match="40 genes from 7 samples is singular: its rank is 6") as caught:
        shrinkage(simulated(40, 7, seed=6), intensity=0.0)
    assert caught.value.code == "singular-estimate"


def test_constant_genes_do_not_count_as_rank_that_is_missing() -> None:
    values = np.vstack([simulated(5, 7, seed=7), np.full((3, 7), 2.0)])
    estimate = shrinkage(values, intensity=0.0)
    assert estimate.constant == 3
    assert np.all(np.linalg.eigvalsh(dense(estimate.base)) > 0)


def test_more_constant_genes_than_varying_ones_are_refused_with_a_way_out() -> None:
    values = np.vstack([simulated(3, 7, seed=8), np.full((4, 7), 2.0)])
    for intensity in ("analytic", "held-out"):
        with pytest.raises(InputError, match="4 of 7 genes are constant") as caught:
            shrinkage(values, intensity=intensity)
        assert caught.value.code == "no-variance-left"


def test_genes_that_are_constant_in_most_samples_leave_the_choice_to_the_formulae() -> None:
    values = simulated(9, 12, seed=8)
    values[:5, 1:] = 2.0
    estimate = shrinkage(values, intensity="held-out")
    assert estimate.held_out is None
    assert estimate.shrinkage == shrinkage(values, intensity="analytic").shrinkage
    assert "more than half of the genes are constant in most samples" in estimate.notes[0]


def test_constant_genes_do_not_decide_on_the_intensities() -> None:
    values = simulated(30, 12, seed=9)
    alone = shrinkage(values).held_out
    with_constants = shrinkage(np.vstack([values, np.full((9, 12), 3.0)])).held_out
    assert alone is not None
    assert with_constants is not None
    assert (with_constants.intensity, with_constants.variance_intensity) == (
        alone.intensity,
        alone.variance_intensity,
    )


@pytest.mark.parametrize(("genes", "samples"), [(40, 7), (10, 8)])
def test_ledoit_wolf_keeps_variances_and_shrinks_covariances_by_the_naive_formula(genes: int, samples: int) -> None:
    values = simulated(genes, samples, seed=9)
    estimate = ledoit_wolf(values)
    share = naive_intensity(values - values.mean(axis=1, keepdims=True))
    covariance = np.cov(values)
    expected = share * np.diag(np.diagonal(covariance)) + (1 - share) * covariance
    np.testing.assert_allclose(estimate.shrinkage, share, rtol=1e-11)
    np.testing.assert_allclose(dense(estimate.base), expected, rtol=1e-11, atol=1e-13 * expected.max())
    assert estimate.variance_shrinkage is None


def test_the_empirical_covariance_is_numpys() -> None:
    values = simulated(6, 20, seed=10)
    estimate = empirical(values)
    np.testing.assert_allclose(dense(estimate.base), np.cov(values), rtol=1e-12)
    assert (estimate.shrinkage, estimate.variance_shrinkage) == (None, None)


def test_units_that_differ_by_orders_of_magnitude_are_not_singular() -> None:
    values = simulated(6, 20, seed=11) * np.logspace(-9, 9, 6)[:, np.newaxis]
    np.testing.assert_allclose(dense(empirical(values).base), np.cov(values), rtol=1e-9)


def test_an_empirical_covariance_that_is_singular_is_refused_with_its_rank() -> None:
    values = simulated(6, 20, seed=12)
    values[5] = values[0] - 2.0 * values[1]
    with pytest.raises(NotPositiveDefinite, match="6 genes from 20 samples is singular: its rank is 5") as caught:
        empirical(values)
    assert abs(caught.value.eigenvalue) < 1e-12
    with pytest.raises(NotPositiveDefinite, match="20 genes from 6 samples is singular: its rank is 5"):
        empirical(simulated(20, 6, seed=12))


@pytest.mark.parametrize("estimate", [empirical, functools.partial(shrinkage, intensity=0.0)])
def test_more_genes_than_samples_are_refused_before_a_matrix_of_genes_by_genes_is_formed(
    estimate: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grnledger.engine.estimation.shrinkage.form_covariance", None)
    for genes in (8, 9, 300):
        with pytest.raises(NotPositiveDefinite, match=f"{genes} genes from 8 samples is singular: its rank is 7"):
            estimate(simulated(genes, 8, seed=14))


@pytest.mark.parametrize("estimator", [ledoit_wolf, empirical])
def test_only_shrinkage_keeps_constant_genes(estimator: object) -> None:
    values = simulated(6, 20, seed=13)
    values[2] = 0.1
    with pytest.raises(InputError, match="1 of 6 genes is constant") as caught:
        estimator(values)
    assert caught.value.code == "constant-genes"


def read(path: Path) -> Expression:
    header, *rows = [line.split("\t") for line in path.read_text().splitlines()]
    samples = tuple(name for name in header[2:] if name)
    values = np.array([row[2 : 2 + len(samples)] for row in rows], dtype=np.float64)
    return Expression(values, tuple(row[0] for row in rows), samples)


def test_leukemia_gives_what_corpcor_gives(shared_data: Path) -> None:
    expression = read(shared_data / "leukemia.tsv")
    prepared = prepare(expression, Preparation(floor=20.0, transform="log2", duplicates="max-variance"))
    estimate = shrinkage(prepared.values, intensity="analytic")
    base = estimate.base
    assert isinstance(base, FactorCovariance)
    assert estimate.constant == 101
    np.testing.assert_allclose(estimate.shrinkage, 0.62805418, rtol=1e-8)
    mean, largest = partial_correlations(base)
    np.testing.assert_allclose(mean, 5.548062e-4, rtol=1e-6)
    np.testing.assert_allclose(largest, 0.01470669, rtol=1e-6)


def partial_correlations(base: FactorCovariance) -> tuple[float, float]:
    """Return the mean and the largest |ρ| over all pairs, in blocks of rows, Θ = D⁻¹ − WWᵀ by Woodbury."""
    scaled = base.loadings / base.noise[:, np.newaxis]
    inner = np.eye(base.loadings.shape[1]) + base.loadings.T @ scaled
    w = np.linalg.solve(np.linalg.cholesky(inner), scaled.T).T
    rows = w / np.sqrt(1.0 / base.noise - np.sum(w * w, axis=1))[:, np.newaxis]
    total = largest = 0.0
    for start in range(0, base.size, 512):
        block = np.abs(rows[start : start + 512] @ rows.T)
        block[np.arange(len(block)), np.arange(start, start + len(block))] = 0.0
        total, largest = total + float(block.sum()), max(largest, float(block.max()))
    return total / (base.size * (base.size - 1)), largest
