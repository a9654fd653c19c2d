"""Stored inverses: right ones are believed however ill-conditioned they are, and wrong ones are not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from grnledger.engine.errors import NotPositiveDefinite
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.covariance import ArraySource, DenseCovariance, FactorCovariance
from grnledger.engine.network.inverse_probe import (
    VersionCovariance,
    factored_log_det,
    judge_inverse,
    judge_rows,
)
from grnledger.engine.network.inversion import invert
from grnledger.engine.network.pathway import Pathway

SIZE, SEED = 60, "ab" * 32


def covariance(condition: float) -> np.ndarray:
    stream = np.random.default_rng(1)
    vectors = np.linalg.qr(stream.normal(size=(SIZE, SIZE)))[0]
    scale = np.exp(stream.normal(size=SIZE) * 3)
    matrix = (vectors * np.geomspace(1.0, condition, SIZE)) @ vectors.T
    matrix = (matrix + matrix.T) / 2
    return matrix * np.outer(scale, scale)


def pair(sigma: np.ndarray, theta: np.ndarray) -> DenseCovariance:
    return DenseCovariance(ArraySource(sigma.copy()), ArraySource(theta.copy()), 0.0)


@pytest.mark.parametrize("judge", [judge_inverse, judge_rows])
@pytest.mark.parametrize("condition", [1.0, 1e4, 1e8, 1e10])
def test_an_inversion_is_sound(judge: object, condition: float) -> None:
    assert judge(invert(covariance(condition)), SEED).is_sound  # type: ignore[operator]


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("change", ["scaled", "entry", "asymmetric", "nan", "sign"])
def test_what_is_no_inverse_is_not_sound(which: int, change: str) -> None:
    right = invert(covariance(1e3))
    both = [source.rows(np.arange(SIZE)) for source in (right.covariance, right.precision)]
    wrong = both[which]
    step = 1e-4 * np.sqrt(wrong[3, 3] * wrong[9, 9])
    if change == "scaled":
        wrong *= 1.001
    elif change == "sign":
        wrong *= -1
    elif change == "nan":
        wrong[3, 9] = np.nan
    else:
        wrong[3, 9] += step
        wrong[9, 3] += step * (change == "entry")
    assert not judge_inverse(pair(*both), SEED).is_sound


@dataclass(frozen=True, slots=True)
class OtherDiagonal(ArraySource):
    """A source whose diagonal is told otherwise than it stands in the rows, of one gene."""

    gene: int

    def diagonal(self) -> np.ndarray:
        diagonal = self.values.diagonal().copy()
        diagonal[self.gene] *= 1.001
        return diagonal


@pytest.mark.parametrize("extreme", [np.argmin, np.argmax])
def test_a_diagonal_is_held_to_the_rows_whatever_the_unit_of_its_gene(extreme: object) -> None:
    right = invert(covariance(1e3))
    sigma, theta = (source.rows(np.arange(SIZE)) for source in (right.covariance, right.precision))
    wrong = OtherDiagonal(sigma.copy(), int(extreme(sigma.diagonal())))  # type: ignore[operator]
    assert not judge_inverse(DenseCovariance(wrong, ArraySource(theta.copy()), 0.0), SEED).is_sound


def test_a_pair_that_is_right_in_itself_is_not_sound_beside_the_truth() -> None:
    base = FactorCovariance(np.linspace(0.5, 2.0, SIZE), np.random.default_rng(2).normal(size=(SIZE, 3)))
    columns = np.random.default_rng(3).normal(size=(5, 1)) * 0.1
    pathways = [Pathway(("a",), np.arange(5), columns), Pathway(("b",), np.arange(5, 10), columns, -1)]
    deviations = base.standard_deviations()
    truth = VersionCovariance(anchor_of(base), pathways, deviations)
    sigma = truth.times(np.eye(SIZE))
    np.testing.assert_allclose(truth.rows(np.array([7, 3], dtype=np.intp)), sigma[[7, 3]], rtol=1e-12, atol=1e-12)
    other = VersionCovariance(anchor_of(base), pathways[:1], deviations).times(np.eye(SIZE))
    right, wrong = (invert((matrix + matrix.T) / 2) for matrix in (sigma, other))
    for judge in (judge_inverse, judge_rows):
        assert judge(right, SEED, truth).is_sound
    assert judge_inverse(wrong, SEED).is_sound
    assert not judge_inverse(wrong, SEED, truth).is_sound
    assert judge_inverse(wrong, SEED, truth).error > 1e-4


def test_a_determinant_is_that_of_the_covariance_and_what_is_indefinite_has_none() -> None:
    matrix = covariance(1e3)
    assert factored_log_det(invert(matrix.copy())) == pytest.approx(np.linalg.slogdet(matrix)[1])
    values, vectors = np.linalg.eigh(covariance(10.0))
    values[0] *= -1e-3
    sigma, theta = ((vectors * power) @ vectors.T for power in (values, 1 / values))
    indefinite = pair((sigma + sigma.T) / 2, (theta + theta.T) / 2)
    with pytest.raises(NotPositiveDefinite, match="positive definite"):
        factored_log_det(indefinite)


def test_of_few_genes_rows_have_the_condition_of_all() -> None:
    scale = np.geomspace(1e-3, 1e3, 12)
    sigma = (np.eye(12) + 0.5) * np.outer(scale, scale)
    theta = np.linalg.inv(np.eye(12) + 0.5)
    expected = np.abs((np.eye(12) + 0.5) / 1.5).sum(axis=0).max() * np.abs(theta * 1.5).sum(axis=0).max()
    for judge in (judge_inverse, judge_rows):
        assert judge(invert(sigma), SEED).condition == pytest.approx(expected, rel=1e-6)
