"""FaST-LMM's two routes to the restricted likelihood."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.lmm.kernels.spectral import of_factor
from grnledger.engine.lmm.model.design import design
from grnledger.engine.lmm.model.fit import make_model
from grnledger.engine.lmm.model.likelihood import profile
from grnledger.engine.lmm.model.reduced import reduced_factor, reduced_matrix


@pytest.mark.parametrize("k", [3, 20, 150])
def test_the_two_routes_of_fast_lmm_agree_with_ours(k):
    rng = np.random.default_rng(k)
    n = 100
    g = rng.normal(size=(n, k))
    fixed = design(rng.normal(size=(n, 3)))
    y = g @ rng.normal(size=k) * 0.3 + rng.normal(size=n)
    model = make_model(of_factor(g), y, fixed)
    deltas = np.geomspace(1e-3, 1e3, 13)
    ours = profile(model.rotated.moments_on_grid(deltas), deltas, n, "reml").log_likelihood[:, 0]
    for route in (reduced_matrix(g @ g.T, fixed), reduced_factor(g, fixed)):
        squares = route.squares(y, fixed)
        theirs = [route.log_likelihood(squares, delta) for delta in deltas]
        np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-9)
        assert route.scale == pytest.approx(model.scale, rel=1e-10)
        assert route.freedom == n - 4
