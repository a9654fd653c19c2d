"""The worked examples of the factor model and of the matrix inversion lemma, each with its published numbers."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine import (
    EdgeRule,
    FactorCovariance,
    Panel,
    Pathway,
    Snapshot,
    build_snapshot,
    factor_covariance,
    invert,
    matrix_inversion_lemma,
    parameter_counts,
    sherman_morrison,
    simulate_factor_model,
    simulate_pathways,
    spectrum,
    woodbury,
)
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.comparison.versions import compare

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOUR_GENES = ("TP53", "BRCA1", "IL6", "TNF")
PATHWAYS = ("p53", "NF-κB", "Wnt/β-catenin", "MAPK", "JAK-STAT")
STRONG = EdgeRule("threshold", 0.15)


def four_genes() -> FactorCovariance:
    loadings = np.array([[0.8, 0.0], [0.7, 0.0], [0.1, 0.9], [0.1, 0.8]])
    return FactorCovariance(np.array([0.04, 0.03, 0.05, 0.06]), loadings, np.eye(2))


def hundred_genes() -> FactorCovariance:
    stream = np.random.RandomState(42)
    stream.randn(5, 5)
    return simulate_factor_model(100, 5, seed=stream)


@functools.cache
def five_hundred_genes() -> tuple[FactorCovariance, NDArray[np.float64]]:
    """The base, and the loadings of the five pathways that come from the same stream after it."""
    stream = np.random.RandomState(42)
    base = simulate_factor_model(500, 10, seed=stream)
    return base, simulate_pathways(500, 5, seed=stream)


def formed(base: FactorCovariance) -> NDArray[np.float64]:
    return factor_covariance(base.loadings, base.noise, base.factor_covariance)


def version(base: FactorCovariance, pathways: NDArray[np.float64]) -> Snapshot:
    panel = Panel(tuple(f"G{number}" for number in range(base.size)))
    genes = np.arange(base.size)
    active = [
        Pathway((name,), genes.copy(), column[:, None].copy(), units="raw")
        for name, column in zip(PATHWAYS, pathways.T, strict=False)
    ]
    return build_snapshot(panel, anchor_of(base), active, base.standard_deviations())


def partial_correlations(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """ρ of all pairs by direct inversion, 0 on the diagonal."""
    precision = np.linalg.inv(covariance)
    roots = np.sqrt(np.diagonal(precision))
    rho = -precision / np.outer(roots, roots)
    np.fill_diagonal(rho, 0.0)
    return rho


def test_four_genes_have_the_covariance_and_the_eigenvalues_of_the_example() -> None:
    expected = [[0.68, 0.56, 0.08, 0.08], [0.56, 0.52, 0.07, 0.07], [0.08, 0.07, 0.87, 0.73], [0.08, 0.07, 0.73, 0.71]]
    covariance = formed(four_genes())
    np.testing.assert_allclose(covariance, expected, rtol=1e-14)
    np.testing.assert_allclose(np.linalg.eigvalsh(covariance), [0.0343, 0.0556, 1.1112, 1.5789], atol=5e-5)


def test_four_genes_have_the_correlations_of_the_example_asked_by_name() -> None:
    base = four_genes()
    snapshot = build_snapshot(Panel(FOUR_GENES), anchor_of(base), (), base.standard_deviations())
    pairs = {("TP53", "BRCA1"): 0.94, ("IL6", "TNF"): 0.93, ("TP53", "IL6"): 0.10, ("TP53", "TNF"): 0.12}
    actual = {pair: round(float(snapshot.correlation(*pair)), 2) for pair in pairs}
    assert actual == pairs
    np.testing.assert_allclose(snapshot.covariance.to_dense(), formed(base), rtol=1e-14)


def test_a_hundred_genes_have_the_eigenvalues_of_the_example() -> None:
    base = hundred_genes()
    np.testing.assert_allclose(np.linalg.eigvalsh(formed(base))[[0, -1]], [0.011776, 1.222432], atol=5e-7)
    actual = spectrum(version(base, np.empty((100, 0))))
    np.testing.assert_allclose([actual.smallest, actual.largest], [0.011776, 1.222432], atol=5e-7)


def test_five_hundred_genes_and_ten_factors_need_956_permille_fewer_numbers() -> None:
    full, factors = parameter_counts(500, 10)
    assert (full, factors) == (125_250, 5_500)
    assert round(100 * (1 - factors / full), 1) == 95.6


def test_five_hundred_genes_have_the_eigenvalues_and_the_condition_of_the_example() -> None:
    base, _ = five_hundred_genes()
    np.testing.assert_allclose(np.linalg.eigvalsh(formed(base))[[0, -1]], [0.010179, 6.235666], atol=5e-7)
    actual = spectrum(version(base, np.empty((500, 0))))
    np.testing.assert_allclose([actual.smallest, actual.largest], [0.010179, 6.235666], atol=5e-7)
    assert round(actual.condition, 1) == 612.6


def test_the_five_pathways_touch_as_many_genes_as_in_the_example() -> None:
    _, pathways = five_hundred_genes()
    assert np.count_nonzero(np.abs(pathways) > 0.05, axis=0).tolist() == [168, 164, 165, 161, 169]


@pytest.mark.parametrize("example", ["four", "hundred", "five hundred", "five hundred with pathways"])
def test_every_example_is_a_valid_covariance(example: str) -> None:
    large, pathways = five_hundred_genes()
    covariance = {
        "four": lambda: formed(four_genes()),
        "hundred": lambda: formed(hundred_genes()),
        "five hundred": lambda: formed(large),
        "five hundred with pathways": lambda: version(large, pathways).covariance.to_dense(),
    }[example]()
    np.testing.assert_array_equal(covariance, covariance.T)
    assert np.linalg.eigvalsh(covariance)[0] >= 0
    assert np.all(np.diagonal(covariance) > 0)


def test_every_form_of_the_lemma_agrees_with_direct_inversion() -> None:
    base, pathways = five_hundred_genes()
    covariance = formed(base)
    direct = np.linalg.inv(covariance + pathways @ pathways.T)
    inverse = invert(covariance)
    precision = inverse.precision.rows(np.arange(500))
    one_by_one = precision
    for column in pathways.T:
        one_by_one = sherman_morrison(one_by_one, column, column)
    forms = {
        "lemma": matrix_inversion_lemma(covariance, pathways, -np.eye(5), pathways.T),
        "covariance form": woodbury(precision, pathways),
        "rank one, five times": one_by_one,
        "version of the factor base": version(base, pathways).precision.to_dense(),
    }
    for name, actual in forms.items():
        assert np.abs(actual - direct).max() < 1e-11, name


def test_the_five_pathways_change_the_network_as_in_the_example() -> None:
    base, pathways = five_hundred_genes()
    actual = compare(version(base, np.empty((500, 0))), version(base, pathways), STRONG)
    assert [round(side.mean_abs, 4) for side in (actual.before, actual.after)] == [0.0048, 0.0059]
    assert [round(side.max_abs, 4) for side in (actual.before, actual.after)] == [0.0522, 0.0615]
    assert [side.edges for side in (actual.before, actual.after)] == [0, 0]
    assert (actual.gained, actual.lost, actual.sign_flipped) == (0, 0, 0)


def test_the_distribution_of_rho_and_its_twenty_largest_changes_are_those_of_direct_inversion() -> None:
    base, pathways = five_hundred_genes()
    before, after = version(base, np.empty((500, 0))), version(base, pathways)
    left, right = np.triu_indices(500, 1)
    truth = [partial_correlations(formed(base)), partial_correlations(formed(base) + pathways @ pathways.T)]
    shares = np.linspace(0, 1, 21)
    for snapshot, dense in zip((before, after), truth, strict=True):
        actual = snapshot.partial_correlation(range(500))
        assert isinstance(actual, np.ndarray)
        np.testing.assert_allclose(
            np.quantile(actual[left, right], shares), np.quantile(dense[left, right], shares), atol=1e-11
        )
    change = (truth[1] - truth[0])[left, right]
    largest = np.argsort(-np.abs(change), kind="stable")[:20]
    listed = compare(before, after, STRONG, changes=20)
    assert listed.pairs.tolist() == np.stack([left, right], axis=1)[largest].tolist()
    np.testing.assert_allclose(listed.rho[:, 1] - listed.rho[:, 0], change[largest], atol=1e-11)
