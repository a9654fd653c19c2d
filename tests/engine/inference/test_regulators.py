"""Regulators against sub-matrices of correlations, inverted one by one."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.inference import regulators as wing
from grnledger.engine.inference.noise_edge import noise_edge
from grnledger.engine.inference.regulators import (
    regulator_clr,
    regulator_correlations,
    regulator_penalty,
    strongest_targets,
)
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.inversion import invert
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from grnledger.engine.network.snapshot import Snapshot, build_snapshot
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

GENES = 11
REGULATORS = np.array([1, 4, 5, 9])


def version(form: str) -> Snapshot:
    """A base of either form, with one pathway added and one subtracted."""
    rng = np.random.default_rng(2)
    base = FactorCovariance(rng.uniform(0.5, 2.0, GENES), 0.7 * rng.standard_normal((GENES, 3)))
    covariance = base if form == "factor" else invert(base.columns() @ base.columns().T + np.diag(base.noise))
    added = Pathway(("A",), np.array([0, 1, 4]), np.array([[0.6], [-0.4], [0.5]]))
    removed = Pathway(("B",), np.array([5, 6]), np.array([[0.2], [0.3]]), -1)
    panel = Panel(tuple(f"G{number}" for number in range(GENES)))
    return build_snapshot(panel, anchor_of(covariance), [added, removed], covariance.standard_deviations())


def truth(covariance: Matrix, regulators: NDArray[np.intp]) -> Matrix:
    """ρ of each pair, from the inverse of the covariance of the regulators and the one target."""
    rho = np.zeros((len(regulators), len(covariance)))
    for gene in range(len(covariance)):
        genes = [*(index for index in regulators.tolist() if index != gene), gene]
        precision = np.linalg.inv(covariance[np.ix_(genes, genes)])
        for place, regulator in enumerate(genes[:-1]):
            value = -precision[place, -1] / np.sqrt(precision[place, place] * precision[-1, -1])
            rho[regulators.tolist().index(regulator), gene] = value
    return rho


@pytest.mark.parametrize("form", ["factor", "dense"])
@pytest.mark.parametrize("at_once", [3, 4096])
def test_a_target_is_conditioned_on_the_other_regulators_alone(
    monkeypatch: pytest.MonkeyPatch, form: str, at_once: int
) -> None:
    monkeypatch.setattr(wing, "TARGETS_AT_ONCE", at_once)
    snapshot = version(form)
    dense = snapshot.covariance.to_dense()
    rho = regulator_correlations(snapshot.covariance, REGULATORS)
    np.testing.assert_allclose(rho, truth(dense, REGULATORS), atol=1e-12)
    penalties = np.linspace(0.5, 3.0, GENES)
    rho = regulator_correlations(snapshot.covariance, REGULATORS, penalties)
    np.testing.assert_allclose(rho, truth(dense + np.diag(penalties), REGULATORS), atol=1e-12)


def test_one_regulator_has_plain_correlations_and_all_genes_have_partial_ones() -> None:
    snapshot = version("factor")
    one = regulator_correlations(snapshot.covariance, np.array([3]))
    expected = np.asarray(snapshot.correlation(3)).copy()
    expected[3] = 0.0
    np.testing.assert_allclose(one[0], expected, atol=1e-12)
    everything = np.arange(GENES)
    partial = np.asarray(snapshot.partial_correlation(everything)).copy()
    np.fill_diagonal(partial, 0.0)
    np.testing.assert_allclose(regulator_correlations(snapshot.covariance, everything), partial, atol=1e-12)


def test_a_gene_that_nothing_goes_with_has_no_regulator() -> None:
    covariance = FactorCovariance(np.ones(4), np.array([[1.0], [1.0], [1.0], [0.0]]))
    snapshot = build_snapshot(Panel(tuple("ABCD")), anchor_of(covariance), (), np.ones(4))
    rho = regulator_correlations(snapshot.covariance, np.array([0, 3]))
    assert np.all(rho[1] == 0.0)
    assert rho[0, 3] == 0.0


def test_clr_is_against_all_other_genes_and_all_other_regulators() -> None:
    rho = regulator_correlations(version("factor").covariance, REGULATORS)
    strengths = regulator_clr(rho, REGULATORS)
    magnitude = np.abs(rho)
    for row, regulator in enumerate(REGULATORS.tolist()):
        for gene in range(GENES):
            if gene == regulator:
                assert strengths[row, gene] == 0.0
                continue
            others = [index for index in range(len(REGULATORS)) if REGULATORS[index] != gene]
            sides = (np.delete(magnitude[row], regulator), magnitude[others, gene])
            z = [max(0.0, float((magnitude[row, gene] - side.mean()) / side.std())) for side in sides]
            assert strengths[row, gene] == pytest.approx(np.hypot(*z), abs=1e-10)


def test_clr_of_one_regulator_is_against_its_own_background() -> None:
    rho = regulator_correlations(version("factor").covariance, np.array([3]))
    magnitude = np.delete(np.abs(rho[0]), 3)
    expected = np.maximum((magnitude - magnitude.mean()) / magnitude.std(), 0.0)
    np.testing.assert_allclose(np.delete(regulator_clr(rho, np.array([3]))[0], 3), expected, atol=1e-12)


def test_the_strongest_are_those_of_all_pairs_sorted() -> None:
    rng = np.random.default_rng(4)
    exact = rng.uniform(-1, 1, (4, GENES)).round(1)  # so that there are zeros, and ties but for rounding
    strengths = exact * (1 + 1e-15 * rng.integers(-2, 3, exact.shape))
    for targets in (np.arange(GENES), np.array([2, 7])):
        pairs = [
            (-abs(float(exact[row, gene])), row, gene)
            for row in range(4)
            for gene in targets.tolist()
            if strengths[row, gene]
        ]
        for count in (1, 9, 1_000):
            rows, genes = strongest_targets(strengths, targets, count)
            ranked = [(row, gene) for _, row, gene in sorted(pairs)[:count]]
            assert list(zip(rows.tolist(), genes.tolist(), strict=True)) == ranked


def test_the_penalty_makes_the_ridge_of_a_bare_base_that_of_so_many_regulators() -> None:
    for number, degrees, shrinkage in ((200, 50, 0.3), (50, 200, 0.1)):
        penalty = regulator_penalty(number, degrees, shrinkage)
        assert (shrinkage + penalty) / (1 - shrinkage) == pytest.approx(number / degrees)
        assert penalty < noise_edge(number, degrees)
    assert regulator_penalty(50, 200, 0.5) == 0.0
