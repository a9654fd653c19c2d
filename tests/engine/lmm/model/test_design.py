"""Covariates that add nothing."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.lmm.kernels.spectral import of_factor
from grnledger.engine.lmm.model.design import design
from grnledger.engine.lmm.model.fit import fit


def test_a_dropped_covariate_changes_nothing_else():
    rng = np.random.default_rng(7)
    kernel = of_factor(rng.normal(size=(80, 6)))
    x, y = rng.normal(size=(80, 2)), rng.normal(size=80)
    plain = fit(kernel, y, design(x))
    more = fit(kernel, y, design(np.column_stack([x, x @ [2.0, -3.0], np.full(80, 7.0), np.zeros(80)])))
    assert more.dropped == ("x3", "x4", "x5")
    for name in ("h2", "log_likelihood", "variance_noise", "log10_p_h2_0"):
        assert getattr(more, name) == pytest.approx(getattr(plain, name), rel=1e-10, abs=1e-10)
    np.testing.assert_allclose(more.effects, plain.effects, rtol=1e-10)
    np.testing.assert_allclose(more.effects_log10_p, plain.effects_log10_p, rtol=1e-10)
