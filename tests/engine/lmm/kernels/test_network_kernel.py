"""Kernels of a version against its dense covariance."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.errors import NotPositiveDefinite
from grnledger.engine.lmm.kernels.network_kernel import network_kernel
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from grnledger.engine.network.snapshot import build_snapshot


@pytest.mark.parametrize("subtracted", [False, True])
def test_the_kernels_of_a_version_are_its_covariance_on_three_scales(subtracted):
    rng = np.random.default_rng(21)
    base = FactorCovariance(rng.uniform(0.5, 2, 30), rng.normal(size=(30, 4)))
    pathways = [Pathway(("a",), np.arange(6), np.full((6, 1), 0.8), units="sd")]
    if subtracted:
        pathways.append(Pathway(("b",), np.array([3, 8]), np.full((2, 1), 0.2), sign=-1, units="sd"))
    snapshot = build_snapshot(
        Panel(tuple(f"G{at}" for at in range(30))), anchor_of(base), pathways, base.standard_deviations()
    )
    genes = np.array([2, 3, 5, 8, 13, 21, 7])
    whole = snapshot.covariance.to_dense()
    deviations = np.sqrt(np.diagonal(whole))
    scaled = whole / np.outer(deviations, deviations)
    alone = np.diag(base.noise / deviations**2)
    for part, expected in (("covariance", whole), ("full", scaled), ("shared", scaled - alone)):
        if part == "shared" and subtracted:
            with pytest.raises(NotPositiveDefinite, match="not a covariance"):
                network_kernel(snapshot, part, genes)
            continue
        kernel = network_kernel(snapshot, part, genes)
        np.testing.assert_allclose(kernel.times(np.eye(7)), expected[np.ix_(genes, genes)], atol=1e-12)
        assert kernel.trace() == pytest.approx(np.trace(expected[np.ix_(genes, genes)]))
