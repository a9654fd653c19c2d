"""The likelihood along h² against dense matrices."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.lmm.model.curve import likelihood_at
from grnledger.engine.lmm.model.design import design
from grnledger.engine.lmm.model.fit import fit_many, make_model
from mixed_model import Dense, a_kernel, a_trait


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize("kind", ["wide", "diagonal and factor"])
def test_the_curve_is_the_likelihood_of_dense_matrices_from_end_to_end(kind, method):
    rng = np.random.default_rng(27)
    k, kernel = a_kernel(kind, 40, rng)
    covariates = np.column_stack([np.ones(40), rng.normal(size=40)])
    traits = np.column_stack([a_trait(k, share, rng) for share in (0.2, 0.7)])
    model = make_model(kernel, traits, design(covariates[:, 1:]))
    levels = np.array([0.0, 0.01, 0.3, 0.5, 0.8, 0.99, 1.0])
    deltas = [np.inf, *(model.scale * (1 - h2) / h2 for h2 in levels[1:])]
    for trait, fit in enumerate(fit_many(model, method=method)):
        dense = Dense(k, traits[:, trait], covariates, method)
        expected = [dense.at(delta)[0] for delta in deltas]
        np.testing.assert_allclose(likelihood_at(model, fit, levels, trait=trait), expected, rtol=1e-9)
