"""The global search for δ."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.errors import EngineError
from grnledger.engine.lmm.kernels.spectral import of_factor, of_matrix
from grnledger.engine.lmm.model.fit import fit, make_model
from grnledger.engine.lmm.model.likelihood import profile


def test_of_two_maxima_the_higher_is_taken():
    values = np.array([1e4] * 3 + [1.0] * 12 + [1e-3] * 25)
    for seed in range(200):
        rng = np.random.default_rng(seed)
        y = np.concatenate([rng.normal(size=3) * 30, rng.normal(size=12) * 3, rng.normal(size=25)])
        kernel = of_matrix(np.diag(values))
        estimate = fit(kernel, y)
        if estimate.maxima > 1:
            break
    else:
        raise AssertionError("no trait had two maxima")
    logs = np.linspace(-12, 18, 20_000)
    model = make_model(kernel, y)
    line = profile(model.rotated.moments_on_grid(np.exp(logs)), np.exp(logs), 40, "reml").log_likelihood[:, 0]
    assert estimate.log_likelihood >= line.max() - 1e-9


def test_a_signal_nearly_within_the_kernel_has_its_maximum_near_one():
    rng = np.random.default_rng(19)
    g = rng.normal(size=(80, 5))
    for digits in (2, 3, 4):
        y = np.round(g @ rng.normal(size=5), digits)
        estimate = fit(of_factor(g), y)
        assert estimate.h2 > 1 - 1e-3
        assert estimate.log10_p_h2_0 < -50
        left = y - g @ np.linalg.lstsq(g, y)[0]
        assert estimate.variance_noise == pytest.approx(left @ left / 74, rel=0.5)


def test_a_kernel_that_is_a_multiple_of_the_noise_is_refused():
    rng = np.random.default_rng(20)
    with pytest.raises(EngineError, match="the same for every h²"):
        fit(of_matrix(3 * np.eye(20)), rng.normal(size=20))
