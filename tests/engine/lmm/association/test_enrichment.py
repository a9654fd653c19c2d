"""Competitive tests of gene sets."""

from __future__ import annotations

import numpy as np
from grnledger.engine.lmm.association.enrichment import enrich
from grnledger.engine.lmm.association.scan import make_scanner
from grnledger.engine.lmm.kernels.spectral import of_factor
from grnledger.engine.lmm.model.fit import fit_many, make_model
from scipy import stats
from scipy.sparse import csr_array


def test_enrichment_is_one_or_two_sided_and_has_q():
    rng = np.random.default_rng(14)
    g = rng.normal(size=(200, 5))
    y = g @ rng.normal(size=5) + rng.normal(size=200)
    sets = rng.random((20, 200)) < 0.1
    y[sets[0]] += 2.0
    sets[7] = True
    model = make_model(of_factor(g), y)
    null = make_scanner(model, fit_many(model)[0], sparse=True)
    two, more, less = (
        enrich(null, csr_array(sets.astype(float)), alternative=alternative)
        for alternative in ("two-sided", "greater", "less")
    )
    assert np.isnan(two.t[7]) and np.isnan(two.q[7])
    rest = np.arange(20) != 7
    np.testing.assert_allclose(10 ** more.log10_p[rest], stats.t.sf(more.t[rest], 198), rtol=1e-6)
    np.testing.assert_allclose(10 ** less.log10_p[rest], stats.t.cdf(less.t[rest], 198), rtol=1e-6)
    np.testing.assert_allclose(10 ** two.log10_p[rest], 2 * stats.t.sf(np.abs(two.t[rest]), 198), rtol=1e-6)
    assert two.q[0] < 0.01 and (two.freedom == 198).all()
    np.testing.assert_allclose(two.q[rest], stats.false_discovery_control(10 ** two.log10_p[rest]), rtol=1e-9)
