"""Mixtures of two kernels."""

from __future__ import annotations

import numpy as np
from grnledger.engine.lmm.kernels.spectral import of_factor
from grnledger.engine.lmm.model.fit import fit
from grnledger.engine.lmm.model.mixture import fit_mixture


def test_the_weight_of_two_kernels_is_the_most_likely():
    rng = np.random.default_rng(16)
    a, b = rng.normal(size=(300, 12)), rng.normal(size=(300, 15))
    y = 0.2 * a @ rng.normal(size=12) + 0.8 * b @ rng.normal(size=15) + rng.normal(size=300)
    mixture = fit_mixture(of_factor(a), of_factor(b), y)
    assert mixture.weight > 0.6
    for weight in np.linspace(0, 1, 21):
        kernel = of_factor(np.hstack([np.sqrt(1 - weight) * a, np.sqrt(weight) * b]))
        assert fit(kernel, y).log_likelihood <= mixture.fit.log_likelihood + 1e-7
