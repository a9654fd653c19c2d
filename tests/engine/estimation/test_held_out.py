"""Intensities by samples held out: the likelihood of a dense oracle, whole groups, and what other samples bear out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.estimation import folds
from grnledger.engine.estimation.estimators import estimate_covariance
from grnledger.engine.estimation.folds import FOLDS, can_hold_out, fold_of_samples, mean_over_groups
from grnledger.engine.estimation.held_out import hold_out
from grnledger.engine.estimation.shrinkage import shrinkage
from grnledger.engine.network.covariance import FactorCovariance
from scipy.stats import multivariate_normal

if TYPE_CHECKING:
    from numpy.typing import NDArray


def expression(genes: int, samples: int, factors: int, seed: int = 0) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    loadings = rng.standard_normal((genes, factors))
    values = loadings @ rng.standard_normal((factors, samples)) + rng.standard_normal((genes, samples))
    return values * rng.uniform(0.5, 2, (genes, 1)) + rng.uniform(3, 9, (genes, 1))


def dense_log_density(values: NDArray[np.float64], held: NDArray[np.bool_], intensities: tuple[float, float]) -> float:
    """Return the mean log density of samples held out by forming the whole covariance."""
    share, variance_share = intensities
    others = values[:, ~held]
    spread = others.var(axis=1, ddof=1)
    shrunk = variance_share * np.median(spread) + (1 - variance_share) * spread
    correlation = np.corrcoef(others) * (1 - share) + share * np.eye(len(values))
    covariance = correlation * np.sqrt(np.outer(shrunk, shrunk))
    density = multivariate_normal(others.mean(axis=1), covariance).logpdf(values[:, held].T)
    return float(np.atleast_1d(density).sum())


@pytest.mark.parametrize("groups", [np.arange(24), np.repeat(np.arange(8), 3)])
def test_the_gain_is_that_of_the_dense_covariance(groups: NDArray[np.intp]):
    values, other = expression(30, 24, 3), (0.4, 0.2)
    choice = hold_out(values, groups, other)
    where = fold_of_samples(groups, FOLDS)
    chosen = (choice.intensity, choice.variance_intensity)
    totals = [
        sum(dense_log_density(values, where == fold, intensities) for fold in range(int(where.max()) + 1))
        for intensities in (chosen, other)
    ]
    assert choice.gain == pytest.approx((totals[0] - totals[1]) / 24, rel=1e-8)


def test_no_intensity_of_a_fine_grid_is_better():
    values = expression(40, 30, 2)
    groups = np.arange(30)
    choice = hold_out(values, groups, (0.5, 0.5))
    where = fold_of_samples(groups, FOLDS)

    def total(share: float) -> float:
        return sum(
            dense_log_density(values, where == fold, (share, choice.variance_intensity))
            for fold in range(int(where.max()) + 1)
        )

    best = total(choice.intensity)
    assert all(total(share) <= best + 1e-6 for share in np.linspace(0.01, 1, 60))


def test_groups_are_held_out_whole_and_parts_have_nearly_equal_numbers():
    groups = np.repeat(np.arange(30), np.random.default_rng(1).integers(1, 6, 30))
    where = fold_of_samples(groups, 10)
    assert all(len(set(where[groups == group])) == 1 for group in range(30))
    sizes = np.bincount(where)
    assert len(sizes) == 10
    assert sizes.max() - sizes.min() <= 5


def test_copies_of_samples_deceive_unless_they_are_held_out_together():
    values = np.repeat(expression(60, 20, 2), 3, axis=1)
    values += 0.01 * np.random.default_rng(2).standard_normal(values.shape)
    alone = hold_out(values, np.arange(60), (0.5, 0.1)).intensity
    together = hold_out(values, np.repeat(np.arange(20), 3), (0.5, 0.1)).intensity
    assert alone < 0.05 < 0.1 < together


def test_a_seeded_part_of_many_samples_decides(monkeypatch: pytest.MonkeyPatch):
    values, groups = expression(30, 60, 2), np.repeat(np.arange(20), 3)
    whole = hold_out(values, groups, (0.5, 0.1))
    monkeypatch.setattr(folds, "MOST_SAMPLES", 40)
    part = hold_out(values, groups, (0.5, 0.1))
    assert (whole.samples, part.samples, part.groups) == (60, 39, 13)
    assert part == hold_out(values, groups, (0.5, 0.1))


def test_a_gene_that_is_constant_in_the_others_has_a_variance_all_the_same():
    values = expression(30, 12, 2)
    values[3] = 5.0
    values[4, :11] = 5.0
    choice = hold_out(values, np.arange(12), (0.5, 0.3))
    assert choice.variance_intensity > 0
    assert np.isfinite([choice.gain, choice.error]).all()


@pytest.mark.parametrize(
    ("groups", "can"),
    [
        ([0, 1, 2, 3, 4], True),
        ([0, 1, 2, 3, 3], False),
        ([0, 0, 0, 0, 0, 1, 2, 3, 4], False),
        ([0, 0, 1, 2, 3, 4], True),
    ],
)
def test_there_must_be_groups_to_hold_out(groups: list[int], can: bool):
    assert can_hold_out(np.array(groups)) == can


def test_too_few_groups_leave_the_formulae_and_a_note():
    values = expression(20, 4, 1)
    estimate = shrinkage(values, intensity="held-out")
    assert (estimate.shrinkage, estimate.variance_shrinkage) == estimate.analytic
    assert any("No samples were held out" in note for note in estimate.notes)


def test_the_error_counts_groups_and_not_samples():
    gains = np.random.default_rng(3).standard_normal(40)
    alone = mean_over_groups(np.repeat(gains, 5), np.repeat(np.arange(40), 5))
    assert alone == pytest.approx((gains.mean(), gains.std(ddof=1) / np.sqrt(40)))


@pytest.mark.parametrize(("samples", "factors"), [(30, 10), (200, 10), (48, 3)])
def test_new_samples_are_predicted_about_as_well_as_by_the_best_intensity(samples: int, factors: int):
    values = expression(150, samples + 400, factors, seed=5)
    known, new = values[:, :samples], values[:, samples:]
    choice = estimate_covariance(known, "shrinkage", intensity="held-out")

    def density(intensities: tuple[float, float]) -> float:
        base = estimate_covariance(known, "shrinkage", intensity=intensities).base
        if isinstance(base, FactorCovariance):
            sigma = np.diag(base.noise) + base.loadings @ base.loadings.T
        else:
            sigma = base.covariance.rows(np.arange(len(known)))
        return float(multivariate_normal(known.mean(axis=1), sigma).logpdf(new.T).mean())

    assert choice.shrinkage is not None
    assert choice.variance_shrinkage is not None
    grid = [density((share, choice.variance_shrinkage)) for share in np.linspace(0.01, 0.99, 50)]
    assert max(grid) - density((choice.shrinkage, choice.variance_shrinkage)) < 10


def test_an_intensity_is_a_number_or_one_of_two_words():
    with pytest.raises(InputError, match="held-out, analytic"):
        shrinkage(expression(5, 6, 1), intensity="best")  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match="between 0 and 1"):
        shrinkage(expression(5, 6, 1), intensity=1.5)
    with pytest.raises(InputError, match="not with `factor`"):
        estimate_covariance(expression(5, 12, 1), "factor", 1, intensity="analytic")
