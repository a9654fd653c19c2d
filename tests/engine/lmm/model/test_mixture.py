"""Mixtures of two kernels."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.lmm.kernels.spectral import of_factor
from grnledger.engine.lmm.model.design import design
from grnledger.engine.lmm.model.fit import fit, scale_of
from grnledger.engine.lmm.model.mixture import fit_mixture
from mixed_model import Dense, a_kernel, a_trait


def test_the_weight_of_two_kernels_is_the_most_likely():
    rng = np.random.default_rng(16)
    a, b = rng.normal(size=(300, 12)), rng.normal(size=(300, 15))
    y = 0.2 * a @ rng.normal(size=12) + 0.8 * b @ rng.normal(size=15) + rng.normal(size=300)
    mixture = fit_mixture(of_factor(a), of_factor(b), y)
    assert mixture.weight > 0.6
    for weight in np.linspace(0, 1, 21):
        kernel = of_factor(np.hstack([np.sqrt(1 - weight) * a, np.sqrt(weight) * b]))
        assert fit(kernel, y).log_likelihood <= mixture.fit.log_likelihood + 1e-7


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_weight_is_better_where_a_covariate_lies_along_one_kernel(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(40, 4)), rng.normal(size=(40, 5))
    fixed = design(np.column_stack([a[:, 0] + 0.1 * rng.normal(size=40), b[:, 0]]))
    y = 0.5 * a @ rng.normal(size=4) + 0.5 * b @ rng.normal(size=5) + rng.normal(size=40)
    mixture = fit_mixture(of_factor(a), of_factor(b), y, fixed)
    for weight in np.linspace(0.025, 0.975, 39):
        scales = [scale_of(of_factor(factor), fixed) for factor in (a, b)]
        halves = [np.sqrt((1 - weight) / scales[0]) * a, np.sqrt(weight / scales[1]) * b]
        assert fit(of_factor(np.hstack(halves)), y, fixed).log_likelihood <= mixture.fit.log_likelihood + 1e-7


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize("kind_there", ["wide", "diagonal and factor"])
@pytest.mark.parametrize("kind", ["low rank", "diagonal and factor"])
def test_the_fit_with_a_mixture_is_that_of_the_dense_sum_and_no_other_weight_is_better(kind, kind_there, method):
    rng = np.random.default_rng(17)
    (k, first), (other, second) = a_kernel(kind, 30, rng), a_kernel(kind_there, 30, rng)
    x = np.ones((30, 1))
    centring = np.eye(30) - 1 / 30
    k, other = (matrix / (np.trace(centring @ matrix) / 29) for matrix in (k, other))
    y = a_trait(0.5 * k + 0.5 * other, 0.8, rng)
    mixture = fit_mixture(first, second, y, method=method)
    mixed = Dense((1 - mixture.weight) * k + mixture.weight * other, y, x, method)
    assert mixture.fit.log_likelihood == pytest.approx(mixed.at(mixture.fit.delta)[0], abs=1e-8)
    assert mixture.fit.scale == pytest.approx(1.0)
    for weight in np.linspace(0.05, 0.95, 10):
        dense = Dense((1 - weight) * k + weight * other, y, x, method)
        assert dense.at(dense.best(1.0))[0] <= mixture.fit.log_likelihood + 1e-6
