"""Kernels of a version against its dense covariance."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.errors import EngineError, InputError, NotFound, NotPositiveDefinite
from grnledger.engine.lmm.kernels.network_kernel import (
    cross_kernel,
    network_kernel,
    pathway_columns,
    pathway_indices,
    sample_factor,
)
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.inversion import invert
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from grnledger.engine.network.snapshot import build_snapshot
from scipy import stats

ADDED = Pathway(("a",), np.arange(6), np.full((6, 1), 0.8), units="sd")
SUBTRACTED = Pathway(("b",), np.array([3, 8]), np.full((2, 1), 0.2), sign=-1, units="sd")


def version(*, dense=False):
    """Return a version with both pathways on four factors, and the noise of its genes."""
    rng = np.random.default_rng(21)
    base = FactorCovariance(rng.uniform(0.5, 2, 30), rng.normal(size=(30, 4)))
    anchor = anchor_of(invert(base.loadings @ base.loadings.T + np.diag(base.noise)) if dense else base)
    panel = Panel(tuple(f"G{at}" for at in range(30)))
    return build_snapshot(panel, anchor, [ADDED, SUBTRACTED], base.standard_deviations()), base.noise


def written_out(snapshot, noise, part, left_out):
    """Return a kernel over all genes: the covariance without some pathways, on the scale of that with all."""
    whole = snapshot.covariance.to_dense()
    deviations = np.ones(30) if part == "covariance" else np.sqrt(np.diagonal(whole))
    for column in left_out:
        loadings = snapshot.capacitance.loadings.rows(np.arange(30))[:, column]
        whole = whole - (1.0, -1.0)[column] * np.outer(loadings, loadings)
    if part == "shared":
        whole = whole - np.diag(noise)
    return whole / np.outer(deviations, deviations)


@pytest.mark.parametrize("left_out", [(), (0,), (1,), (0, 1)])
@pytest.mark.parametrize("part", ["covariance", "full", "shared"])
@pytest.mark.parametrize("dense", [False, True])
def test_the_kernels_of_a_version_are_its_covariance_on_three_scales(dense, part, left_out):
    snapshot, noise = version(dense=dense)
    genes = np.array([2, 3, 5, 8, 13, 21, 7])
    refused = InputError if dense else NotPositiveDefinite if 1 not in left_out else None
    if part == "shared" and refused:
        with pytest.raises(refused, match="is dense: each gene's own variance" if dense else "not a covariance"):
            network_kernel(snapshot, part, genes, leave_out=left_out)
        return
    kernel = network_kernel(snapshot, part, genes, leave_out=left_out)
    expected = written_out(snapshot, noise, part, left_out)
    np.testing.assert_allclose(kernel.times(np.eye(7)), expected[np.ix_(genes, genes)], atol=1e-12)
    assert kernel.trace() == pytest.approx(np.trace(expected[np.ix_(genes, genes)]))


@pytest.mark.parametrize("left_out", [(), (0,), (1,), (0, 1)])
@pytest.mark.parametrize("part", ["covariance", "full", "shared"])
def test_the_kernel_between_new_genes_and_those_of_a_model_is_a_block_of_that_of_all(part, left_out):
    snapshot, noise = version()
    new, genes = np.array([4, 8, 20]), np.array([2, 3, 5, 13, 21, 7])
    expected = written_out(snapshot, noise, part, left_out)
    cross, diagonal = cross_kernel(snapshot, part, new, genes, leave_out=left_out)
    np.testing.assert_allclose(cross, expected[np.ix_(new, genes)], atol=1e-12)
    np.testing.assert_allclose(diagonal, np.diagonal(expected)[new], atol=1e-12)


def test_pathways_are_told_by_the_names_of_their_columns():
    snapshot, _ = version()
    assert pathway_indices(snapshot, ["b"]) == [1]
    assert pathway_indices(snapshot, ["b", "a"]) == [0, 1]
    with pytest.raises(NotFound, match="no pathway c that could be left out") as refusal:
        pathway_indices(snapshot, ["a", "c"])
    assert (refusal.value.hint, refusal.value.code) == ("It has a, b.", "not-found")
    deviations = np.sqrt(np.diagonal(snapshot.covariance.to_dense()))
    genes = np.array([8, 3, 20])
    expected = snapshot.capacitance.loadings.rows(np.arange(30)) / deviations[:, None]
    np.testing.assert_allclose(pathway_columns(snapshot, genes), expected[genes])


@pytest.mark.parametrize("left_out", [(), (0,)])
def test_samples_are_alike_in_standardised_expression_times_loadings(left_out):
    snapshot, _ = version()
    values = np.random.default_rng(22).normal(5.0, 2.0, size=(30, 48))
    values[:3] = [[0.1], [np.log2(20.0)], [0.7]]  # constant, where a rounded mean leaves a deviation that is not zero
    varying = np.arange(30) > 2
    whole = snapshot.covariance.to_dense()
    loadings = snapshot.capacitance.covariance_factor(np.arange(30))[:, : 4 if left_out else 5]
    loadings = loadings / np.sqrt(np.diagonal(whole))[:, None]
    expected = stats.zscore(values[varying], axis=1, ddof=1).T @ loadings[varying] / np.sqrt(loadings.shape[1])
    np.testing.assert_allclose(sample_factor(snapshot, values, leave_out=left_out), expected, atol=1e-12)


def test_samples_of_a_version_without_factors_have_nothing_to_be_alike_in():
    base = FactorCovariance(np.ones(30), np.empty((30, 0)))
    panel = Panel(tuple(f"G{at}" for at in range(30)))
    snapshot = build_snapshot(panel, anchor_of(base), [ADDED], np.ones(30))
    values = np.random.default_rng(23).normal(size=(30, 9))
    assert sample_factor(snapshot, values).shape == (9, 1)
    with pytest.raises(EngineError, match="nothing to be alike in"):
        sample_factor(snapshot, values, leave_out=[0])
