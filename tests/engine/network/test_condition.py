"""The condition of a covariance and the error of its inverse, against inversion in exact fractions."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import EngineError, NotPositiveDefinite
from grnledger.engine.estimation.estimators import estimate_covariance
from grnledger.engine.network.inversion import invert
from grnledger.engine.network.stability import (
    LARGEST_CONDITION,
    UNREMARKABLE_CONDITION,
    check_condition,
    correlation_condition,
    digits_left,
    inversion_error,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from grnledger.engine.network.covariance import DenseCovariance
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]
    Shape = Callable[[int, float, np.random.Generator], Matrix]

EPS = float(np.finfo(np.float64).eps)


def symmetric(matrix: Matrix) -> Matrix:
    return (matrix + matrix.T) / 2


def turned(eigenvalues: Matrix, rng: np.random.Generator) -> Matrix:
    axes = np.linalg.qr(rng.standard_normal((len(eigenvalues), len(eigenvalues))))[0]
    return symmetric((axes * eigenvalues) @ axes.T)


def even(genes: int, condition: float, rng: np.random.Generator) -> Matrix:
    """Eigenvalues that run evenly, on a log scale."""
    return turned(np.logspace(0.0, -np.log10(condition), genes), rng)


def one_small(genes: int, condition: float, rng: np.random.Generator) -> Matrix:
    """One eigenvalue that is small, as of a gene that is a sum of others."""
    return turned(np.where(np.arange(genes) == 0, 1.0 / condition, 1.0), rng)


def few_samples(genes: int, condition: float, rng: np.random.Generator) -> Matrix:
    """A covariance from too few samples, and a ridge."""
    samples = rng.standard_normal((genes, max(genes // 3, 2)))
    matrix = symmetric(samples @ samples.T)
    return matrix + np.eye(genes) * np.linalg.eigvalsh(matrix)[-1] / condition


def in_odd_units(genes: int, condition: float, rng: np.random.Generator) -> Matrix:
    """The same in units from 1e-4 to 1e4."""
    units = 10.0 ** rng.uniform(-4.0, 4.0, genes)
    return symmetric(even(genes, condition, rng) * units * units[:, None])


SHAPES = [even, one_small, few_samples, in_odd_units]


def exact_inverse(matrix: Matrix) -> list[list[Fraction]]:
    """Return the inverse by Gauss–Jordan elimination; a covariance needs no pivoting."""
    size = len(matrix)
    rows = [
        [*map(Fraction, row), *(Fraction(int(i == j)) for j in range(size))] for i, row in enumerate(matrix.tolist())
    ]
    for i, pivot_row in enumerate(rows):
        rows[i] = pivot_row = [value / pivot_row[i] for value in pivot_row]
        for j, row in enumerate(rows):
            if j != i and row[i]:
                factor = row[i]
                rows[j] = [value - factor * pivot for value, pivot in zip(row, pivot_row, strict=True)]
    return [row[size:] for row in rows]


def true_error(base: DenseCovariance) -> float:
    """Return ‖Θ − Σ⁻¹‖ / ‖Σ⁻¹‖ (Frobenius) in units in which variances are 1."""
    every = np.arange(base.size)
    truth, actual = exact_inverse(base.covariance.rows(every)), base.precision.rows(every)
    pairs = [list(zip(row, true_row, strict=True)) for row, true_row in zip(actual.tolist(), truth, strict=True)]
    difference = np.array([[float(Fraction(value) - true) for value, true in row] for row in pairs])
    units = base.standard_deviations()
    scale = np.outer(units, units)
    return float(np.linalg.norm(difference * scale) / np.linalg.norm(np.array(truth, dtype=np.float64) * scale))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("genes", [3, 12, 24])
@pytest.mark.parametrize("condition", [1e6, 1e8, 1e10, 1e11, 1e13, 1e15, 1e16])
def test_the_error_is_told_within_a_factor_of_ten_or_the_covariance_is_refused(
    shape: Shape, genes: int, condition: float
) -> None:
    try:
        base = invert(shape(genes, condition, np.random.default_rng([genes, int(np.log10(condition))])))
        notes = check_condition(base)
    except EngineError:
        assert condition >= 1e11
        return
    assert condition <= 1e12
    error = true_error(base)
    assert error < 1e-4
    assert 0.1 < inversion_error(base) / error < 10
    assert len(notes) == (correlation_condition(base) > UNREMARKABLE_CONDITION)
    for note in notes:
        told = float(note.split("relative error ")[1].removesuffix(")."))
        assert 0.1 < told / error < 10
        assert f"About {digits_left(told)} digits" in note or f"About {digits_left(error)} digits" in note


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("genes", [2, 12, 60])
def test_the_condition_is_that_of_the_correlations_in_the_1_norm(shape: Shape, genes: int) -> None:
    matrix = shape(genes, 1e5, np.random.default_rng(genes))
    deviations = np.sqrt(matrix.diagonal())
    correlations = matrix / deviations / deviations[:, None]
    assert correlation_condition(invert(matrix)) == pytest.approx(np.linalg.cond(correlations, 1), rel=1e-6)


def test_units_of_the_genes_do_not_matter() -> None:
    units = 10.0 ** np.random.default_rng(1).uniform(-12.0, 12.0, 20)
    matrix = np.diag(units**2)
    assert np.linalg.cond(matrix) > 1e30
    assert check_condition(invert(matrix)) == ()


def test_genes_that_are_copies_are_refused_with_a_ridge_that_is_enough() -> None:
    rng = np.random.default_rng(2)
    samples = rng.standard_normal((30, 90))
    samples[7] = samples[3] + 1e-7 * rng.standard_normal(90)
    matrix = np.cov(samples * rng.uniform(0.5, 3.0, 30)[:, None])
    with pytest.raises(EngineError, match="fewer than four digits") as refused:
        check_condition(invert(matrix))
    assert refused.value.code == "ill-conditioned-covariance"
    assert not isinstance(refused.value, NotPositiveDefinite)
    ridge = float(refused.value.facts["ridge"])
    assert 0 < ridge < 1e-6
    assert correlation_condition(invert(matrix + ridge * np.eye(30))) <= LARGEST_CONDITION


def test_an_estimate_is_held_to_the_same_bound() -> None:
    rng = np.random.default_rng(3)
    samples = rng.standard_normal((10, 40))
    for size, words in ((1e-4, "digits of its inverse are right"), (3e-7, "fewer than four digits")):
        samples[7] = samples[3] + size * rng.standard_normal(40)
        try:
            notes = estimate_covariance(samples, "empirical").notes
        except EngineError as failure:
            notes = (failure.message,)
        assert words in notes[-1]
    assert estimate_covariance(rng.standard_normal((10, 40)), "empirical").notes == ()
