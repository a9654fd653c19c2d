"""Tails of distributions where p is too small for a float."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.lmm.model.tails import chi2_tail, f_tail, t_two_sided
from scipy import stats


@pytest.mark.parametrize("freedom", [1, 2, 3, 5.5, 40])
def test_tails_are_those_of_scipy_where_p_is_a_float(freedom):
    statistics = np.array([0.0, 1e-3, 0.5, 1.0, 4.0, 30.0, 300.0])
    expected = stats.chi2.logsf(statistics, freedom) / np.log(10)
    np.testing.assert_allclose(chi2_tail(statistics, freedom), expected, rtol=1e-9, atol=1e-10)
    for within in (1.0, 7.5, 300.0):
        expected = stats.f.logsf(statistics, freedom, within) / np.log(10)
        np.testing.assert_allclose(f_tail(statistics, freedom, within), expected, rtol=1e-9, atol=1e-10)
        expected = (np.log(2) + stats.t.logsf(statistics[:-1], within)) / np.log(10)
        np.testing.assert_allclose(t_two_sided(-statistics[:-1], within), expected, rtol=1e-9, atol=1e-10)
    assert (chi2_tail(np.array([-1.0]), freedom)[0], f_tail(np.array([-1.0]), freedom, 9.0)[0]) == (0.0, 0.0)


def test_tails_are_right_where_p_is_too_small_for_a_float():
    # mpmath, 60 digits
    for between, within, f, expected in (
        (1, 1997, 9000.0, -741.4896516180652),
        (3, 50, 1e9, -193.69592753632628),
        (5, 1997, 20000.0, -1701.2836865323015),
        (1, 10, 2e40, -197.11404939417818),
    ):
        assert float(f_tail(np.array([f]), between, within)[0]) == pytest.approx(expected, abs=1e-9)
    for freedom, x, expected in ((1, 3000.0, -653.2784880651406), (5, 4000.0, -863.7607293326205)):
        assert float(chi2_tail(np.array([x]), freedom)[0]) == pytest.approx(expected, abs=1e-9)
    assert np.isneginf(t_two_sided(np.array([np.inf]), 10)[0])
    assert np.isnan(t_two_sided(np.array([np.nan]), 10)[0])
