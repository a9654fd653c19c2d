"""t-statistics of two groups."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.lmm.model.contrast import permuted_groups, t_statistics
from scipy import stats


def test_t_statistics_are_students():
    rng = np.random.default_rng(22)
    values, first = rng.normal(size=(9, 14)), np.arange(14) < 5
    expected = stats.ttest_ind(values[:, first], values[:, ~first], axis=1).statistic
    np.testing.assert_allclose(t_statistics(values, first), expected, rtol=1e-10)
    permuted = permuted_groups(first, 3, 1)
    assert (permuted.sum(axis=1) == 5).all()
    np.testing.assert_allclose(t_statistics(values, permuted)[:, 1], t_statistics(values, permuted[1]), rtol=1e-12)
    values[0] = 3.0
    assert np.isnan(t_statistics(values, first)[0])
    with pytest.raises(InputError, match="Groups of 1 and 13"):
        t_statistics(values, np.arange(14) < 1)
