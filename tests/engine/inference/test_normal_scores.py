"""Normal scores against Blom's formula written out."""

from __future__ import annotations

import numpy as np
from grnledger.engine.inference.normal_scores import excess_kurtosis, signal_scores
from scipy.stats import kurtosis, norm


def test_scores_are_normal_deviates_of_ranks_and_equal_values_share_one():
    values = np.array([[5.0, -2.0, 5.0, 1e9, 0.0], [1.0, 2.0, 3.0, 4.0, 5.0]])
    ranks = np.array([[3.5, 1.0, 3.5, 5.0, 2.0], [1.0, 2.0, 3.0, 4.0, 5.0]])
    np.testing.assert_allclose(signal_scores(values), norm.ppf((ranks - 0.375) / 5.25), rtol=1e-12)
    np.testing.assert_array_equal(signal_scores(values[0]), signal_scores(values)[0])
    np.testing.assert_allclose(signal_scores(np.full(4, 7.0)), 0.0, atol=1e-15)


def test_the_excess_kurtosis_is_that_of_scipy():
    values = np.random.default_rng(1).standard_t(3, 500)
    np.testing.assert_allclose(excess_kurtosis(values), kurtosis(values), rtol=1e-10)
