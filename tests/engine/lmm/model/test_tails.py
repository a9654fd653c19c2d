"""Tails of distributions where p is too small for a float."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.lmm.model.tails import chi2_tail, f_tail, t_two_sided


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
