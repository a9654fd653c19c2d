"""q of many tests against SciPy's, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.multiple_tests import benjamini_hochberg
from scipy.stats import false_discovery_control


@pytest.mark.parametrize("number", [0, 1, 2, 3, 50, 4_000])
@pytest.mark.parametrize("digits", [1, 17])
def test_q_are_those_of_scipy(number: int, digits: int) -> None:
    p = np.round(np.random.default_rng(number).random(number) ** 3, digits)  # with one digit most are equal
    np.testing.assert_array_equal(benjamini_hochberg(p), false_discovery_control(p))


@pytest.mark.parametrize("p", [-0.1, 1.1, np.nan])
def test_what_is_no_probability_is_refused(p: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        benjamini_hochberg(np.array([0.5, p]))
