"""Tests of genes against activities and regulators, against fits that leave each gene out in turn."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.inference.sample_tests import (
    correlation_p_values,
    link_correlations,
    regulator_sample_correlations,
)
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def standardised(values: Matrix) -> Matrix:
    return (values - values.mean(axis=1, keepdims=True)) / values.std(axis=1, ddof=1, keepdims=True)


@pytest.mark.parametrize(("genes", "samples"), [(25, 9), (8, 40)])
def test_a_gene_is_held_against_an_activity_that_it_has_no_part_in(genes: int, samples: int) -> None:
    stream = np.random.default_rng(0)
    scores = stream.standard_normal((genes, samples)) * 3.0 + 1.0
    loadings = np.where(stream.random((genes, 3)) < 0.4, stream.standard_normal((genes, 3)), 0.0)
    z, intensity = standardised(scores), 0.3
    expected = np.empty((genes, 3))
    for gene in range(genes):
        others = np.arange(genes) != gene
        correlation = np.corrcoef(scores[others])
        theta = np.linalg.inv(intensity * np.eye(genes - 1) + (1 - intensity) * correlation)
        activity = z[others].T @ theta @ loadings[others]
        expected[gene] = [np.corrcoef(z[gene], column)[0, 1] for column in activity.T]

    np.testing.assert_allclose(link_correlations(scores, loadings, intensity), expected, rtol=1e-8, atol=1e-10)


def test_a_target_is_held_against_what_a_regulator_has_beyond_the_others() -> None:
    stream = np.random.default_rng(1)
    scores = stream.standard_normal((12, 20))
    regulators, ridge = np.array([1, 4, 5, 9]), 0.2
    z = standardised(scores)
    expected = np.zeros((4, 12))
    for gene in range(12):
        others = regulators[regulators != gene]
        inverse = np.linalg.inv(np.corrcoef(scores[others]) + ridge * np.eye(len(others)))
        for row, regulator in enumerate(regulators):
            if regulator != gene:
                beyond = z[others].T @ inverse[:, list(others).index(regulator)]
                expected[row, gene] = np.corrcoef(z[gene], beyond)[0, 1]

    np.testing.assert_allclose(regulator_sample_correlations(scores, regulators, ridge), expected, atol=1e-10)


def test_genes_that_are_constant_and_pathways_without_genes_have_no_correlation() -> None:
    scores = np.random.default_rng(2).standard_normal((6, 10))
    scores[3] = 2.0
    loadings = np.zeros((6, 2))
    loadings[:3, 0] = 1.0
    links = link_correlations(scores, loadings, 0.5)
    assert links[3].tolist() == [0.0, 0.0]
    assert links[:, 1].tolist() == [0.0] * 6
    assert not regulator_sample_correlations(scores, np.array([0, 3]), 0.1)[1].any()


def test_independent_genes_have_uniform_p() -> None:
    stream = np.random.default_rng(3)
    scores = stream.standard_normal((3000, 15))
    loadings = np.zeros((3000, 1))
    loadings[:20] = 0.1
    p = correlation_p_values(link_correlations(scores, loadings, 0.6), 14)[20:]
    assert (p < 0.05).mean() == pytest.approx(0.05, abs=0.015)
    assert (p < 0.5).mean() == pytest.approx(0.5, abs=0.03)
    regulators = np.arange(20)
    p = correlation_p_values(regulator_sample_correlations(scores, regulators, 20 / 14), 14)[:, 20:]
    assert (p < 0.05).mean() == pytest.approx(0.05, abs=0.01)


def test_p_of_a_perfect_correlation_is_0() -> None:
    assert correlation_p_values(np.array([1.0, -1.0]), 9).tolist() == [0.0, 0.0]
