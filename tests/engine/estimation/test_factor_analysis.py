"""Maximum-likelihood factor analysis against a dense optimiser, and the choice of the number of factors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import InputError, NotConverged
from grnledger.engine.estimation import factor_likelihood
from grnledger.engine.estimation.expression import Expression
from grnledger.engine.estimation.factor_analysis import factor_analysis
from grnledger.engine.estimation.factor_likelihood import FactorFit, correlation_root, fit_factors, log_density
from grnledger.engine.estimation.number_of_factors import best_number, held_out_gains, trimmed_mean
from grnledger.engine.estimation.preparation import Preparation, prepare
from grnledger.engine.network.covariance import FactorCovariance
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def simulated(genes: int, samples: int, factors: int, seed: int, strength: float = 0.7) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    loadings = strength * rng.standard_normal((genes, factors))
    own = np.sqrt(rng.uniform(0.3, 1.0, (genes, 1)))
    signal = loadings @ rng.standard_normal((factors, samples)) + own * rng.standard_normal((genes, samples))
    return rng.uniform(0.5, 4.0, (genes, 1)) * signal + 7.0


def standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return (values - values.mean(axis=1, keepdims=True)) / values.std(axis=1, ddof=1, keepdims=True)


def discrepancy(covariance: NDArray[np.float64], correlations: NDArray[np.float64]) -> float:
    return float(np.linalg.slogdet(covariance)[1] + np.trace(np.linalg.solve(covariance, correlations)))


def fit(values: NDArray[np.float64], factors: int, lower: float = 0.005) -> FactorFit:
    root = correlation_root(standardised(values))
    return fit_factors(root, factors, lower=lower, tolerance=1e-7, max_iterations=1000)


def sigma(actual: FactorFit) -> NDArray[np.float64]:
    return actual.loadings @ actual.loadings.T + np.diag(actual.uniquenesses)


@pytest.mark.parametrize(("genes", "samples", "factors"), [(8, 60, 2), (10, 200, 1), (20, 9, 2)])
def test_the_likelihood_is_as_great_as_a_dense_optimiser_finds(genes: int, samples: int, factors: int) -> None:
    values = simulated(genes, samples, factors, seed=genes)
    correlations = np.corrcoef(values)
    lower = 0.05

    def naive(parameters: NDArray[np.float64]) -> float:
        loadings = parameters[genes:].reshape(genes, factors)
        return discrepancy(loadings @ loadings.T + np.diag(np.exp(parameters[:genes])), correlations)

    rng = np.random.default_rng(0)
    bounds = [(np.log(lower), None)] * genes + [(None, None)] * (genes * factors)
    starts = [np.concatenate([np.full(genes, -1.0), 0.5 * rng.standard_normal(genes * factors)]) for _ in range(3)]
    options = {"maxfun": 10**6, "maxiter": 10**4}
    best = min(minimize(naive, start, method="L-BFGS-B", bounds=bounds, options=options).fun for start in starts)
    actual = fit(values, factors, lower)
    np.testing.assert_allclose(discrepancy(sigma(actual), correlations), actual.discrepancies[-1], rtol=1e-11)
    np.testing.assert_allclose(actual.discrepancies[-1], best, rtol=1e-5)
    assert actual.discrepancies[-1] <= best + 1e-6


@pytest.mark.parametrize(("genes", "samples", "factors"), [(8, 60, 2), (300, 20, 5), (60, 40, 3), (260, 400, 4)])
def test_the_likelihood_never_falls_and_variances_are_reproduced(genes: int, samples: int, factors: int) -> None:
    actual = fit(simulated(genes, samples, factors, seed=1), factors)
    assert actual.iterations > 2
    assert np.all(np.diff(actual.discrepancies) <= 1e-12 * abs(actual.discrepancies[-1]))
    assert actual.gradient <= 1e-6
    free = actual.uniquenesses > 0.005
    np.testing.assert_allclose(np.diagonal(sigma(actual))[free], 1.0, atol=1e-6)
    inner = actual.loadings.T @ (actual.loadings / actual.uniquenesses[:, np.newaxis])
    np.testing.assert_allclose(inner, np.diag(actual.eigenvalues - 1), atol=1e-8 * actual.eigenvalues[0])


def test_the_gradient_is_at_most_the_distance_to_the_bound() -> None:
    values = simulated(8, 60, 2, seed=4)
    root = correlation_root(values)
    variances = np.sum(np.square(root), axis=1)
    lower = 1.5 * float(variances.max())  # so that the model has too much everywhere
    psi = np.array([1.07, 1.2, 1.0, 1.0, 1.02, 1.1, 1.05, 1.09]) * lower
    reached = factor_likelihood._fit_at(root, variances, psi, 2, lower, [])
    modelled = np.sum(np.square(reached.loadings), axis=1) + psi
    misfit = (modelled - variances) / psi
    assert reached.gradient == pytest.approx(np.abs(np.minimum(misfit, np.log(psi / lower))).max())
    assert reached.gradient < np.abs(misfit).max()


def test_lanczos_steps_and_all_eigenvalues_give_the_same_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    values = simulated(50, 60, 3, seed=2)
    exact = fit(values, 3)
    monkeypatch.setattr("grnledger.engine.adjustment.components.FEW_COLUMNS", 10)
    steps = fit(values, 3)
    np.testing.assert_allclose(sigma(steps), sigma(exact), atol=1e-6)


@pytest.mark.parametrize(("genes", "samples"), [(30, 12), (12, 30)])
def test_the_base_is_the_fit_in_the_units_of_the_values(genes: int, samples: int) -> None:
    values = simulated(genes, samples, 2, seed=3)
    estimate = factor_analysis(values, 2)
    base, actual = estimate.base, fit(values, 2)
    assert isinstance(base, FactorCovariance)
    deviations = values.std(axis=1, ddof=1)
    expected = sigma(actual) * np.outer(deviations, deviations)
    np.testing.assert_allclose(base.loadings @ base.loadings.T + np.diag(base.noise), expected, rtol=1e-5, atol=1e-5)
    largest = np.argmax(np.abs(base.loadings / deviations[:, np.newaxis]), axis=0)
    assert np.all(base.loadings[largest, [0, 1]] > 0)
    assert (estimate.samples, estimate.shrinkage) == (samples, None)
    assert estimate.notes[0].startswith("Log likelihood with 2 factors")


@pytest.mark.parametrize(("genes", "samples"), [(30, 12), (250, 300)])
def test_no_factor_gives_independent_genes(genes: int, samples: int) -> None:
    values = simulated(genes, samples, 2, seed=4)
    base = factor_analysis(values, 0).base
    assert isinstance(base, FactorCovariance)
    assert base.loadings.shape == (genes, 0)
    np.testing.assert_allclose(base.noise, values.var(axis=1, ddof=1), rtol=1e-12)


def test_the_density_of_new_samples_is_that_of_the_dense_model() -> None:
    actual = fit(simulated(15, 40, 2, seed=5), 2)
    new = np.random.default_rng(6).standard_normal((15, 4))
    expected = multivariate_normal(np.zeros(15), sigma(actual)).logpdf(new.T)
    np.testing.assert_allclose(log_density(actual, new), expected, rtol=1e-11)


@pytest.mark.parametrize(("genes", "samples", "factors"), [(200, 40, 3), (60, 100, 2), (100, 30, 0)])
def test_the_number_of_factors_that_made_the_data_is_chosen(genes: int, samples: int, factors: int) -> None:
    estimate = factor_analysis(simulated(genes, samples, factors, seed=7))
    assert isinstance(estimate.base, FactorCovariance)
    assert estimate.base.loadings.shape == (genes, factors)
    assert estimate.notes[0].startswith(f"{factors} factors chosen by held-out log likelihood")
    assert ("has no edges" in " ".join(estimate.notes)) == (factors == 0)


def test_held_out_gains_are_those_of_dense_densities() -> None:
    values = simulated(20, 15, 1, seed=8)
    gains = held_out_gains(values, lower=0.005, tolerance=1e-7, max_iterations=1000)
    order = np.random.RandomState(0).permutation(15)
    held, known = order[:3], np.delete(values, order[:3], axis=1)
    deviations = known.std(axis=1, ddof=1, keepdims=True)
    new = (values[:, held] - known.mean(axis=1, keepdims=True)) / deviations
    with_factor = multivariate_normal(np.zeros(20), sigma(fit(known, 1))).logpdf(new.T)
    none = multivariate_normal(np.zeros(20), np.eye(20)).logpdf(new.T)
    np.testing.assert_allclose(gains[1, held], with_factor - none, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(gains[0], np.zeros(15))


def test_one_array_unlike_the_others_does_not_choose_and_is_named() -> None:
    values = simulated(200, 40, 3, seed=9)
    values[:, 17] += 30.0 * np.random.default_rng(10).standard_normal(200)
    gains = held_out_gains(values, lower=0.005, tolerance=1e-6, max_iterations=1000)
    assert int(np.argmin(gains[1])) == 17
    number, notes = best_number(gains)
    assert number > 0
    assert number == int(np.argmax([trimmed_mean(row) for row in gains]))
    assert int(np.argmax(gains.mean(axis=1))) == 0
    assert notes[-1].startswith("Sample number 18 of 40 is unlike the others")


@pytest.mark.parametrize(("gains", "told"), [((0.0, 1.0, 2.0), True), ((0.0, 2.0, 1.0), False)])
def test_a_number_that_is_the_most_that_was_tried_is_told_as_that(gains: tuple[float, ...], told: bool) -> None:
    _, notes = best_number(np.repeat(np.array(gains)[:, np.newaxis], 20, axis=1))
    assert ("the most that was tried" in notes[0]) == told


def test_genes_that_vary_in_one_sample_only_can_be_held_out() -> None:
    values = simulated(40, 20, 1, seed=11)
    values[3] = 1.0
    values[3, 5] = 9.0
    gains = held_out_gains(values, lower=0.005, tolerance=1e-6, max_iterations=1000)
    assert np.all(np.isfinite(gains))


def test_genes_at_the_bound_are_counted() -> None:
    values = simulated(40, 20, 1, seed=12)
    values[:5] = np.random.default_rng(13).standard_normal(20)
    notes = factor_analysis(values, 2, lower=0.01).notes
    assert "5 of 40 genes lie at the least uniqueness of 0.01" in notes[-1]


def test_idle_factors_are_left_out_and_counted() -> None:
    square_waves = np.array([[1.0, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]])
    assert factor_analysis(square_waves, 1).notes[-1] == "1 of 1 factor explain nothing more and were left out."


def test_a_search_that_did_not_converge_is_an_error() -> None:
    with pytest.raises(NotConverged, match="3 factors did not converge in 2 iterations") as caught:
        factor_analysis(simulated(60, 20, 3, seed=14), 3, max_iterations=2)
    assert "nats a sample" in caught.value.message
    assert caught.value.code == "factors-not-converged"


@pytest.mark.parametrize(("factors", "lower"), [(-1, 0.005), (11, 0.005), (2, 0.0), (2, 1.0)])
def test_impossible_arguments_are_refused(factors: int, lower: float) -> None:
    with pytest.raises(InputError):
        factor_analysis(simulated(40, 12, 1, seed=15), factors, lower=lower)


def test_constant_genes_and_too_few_samples_to_choose_are_refused() -> None:
    values = simulated(30, 9, 1, seed=16)
    with pytest.raises(InputError, match="at least 10 samples; there are 9") as caught:
        factor_analysis(values)
    assert caught.value.code == "too-few-samples-to-choose"
    values[3] = 0.1
    with pytest.raises(InputError, match="1 of 30 genes is constant, and the factor estimate"):
        factor_analysis(values, 1)


def read(path: Path) -> Expression:
    header, *rows = [line.split("\t") for line in path.read_text().splitlines()]
    samples = tuple(name for name in header[2:] if name)
    values = np.array([row[2 : 2 + len(samples)] for row in rows], dtype=np.float64)
    return Expression(values, tuple(row[0] for row in rows), samples)


def test_leukemia_is_fitted_with_a_chosen_number_of_factors(shared_data: Path) -> None:
    expression = read(shared_data / "leukemia.tsv")
    asked = Preparation(floor=20.0, transform="log2", duplicates="max-variance", min_detected=0.2)
    estimate = factor_analysis(prepare(expression, asked).values)
    assert isinstance(estimate.base, FactorCovariance)
    assert estimate.base.loadings.shape == (7_979, 4)
    assert estimate.notes[1].startswith("Sample number 48 of 48 is unlike the others")
