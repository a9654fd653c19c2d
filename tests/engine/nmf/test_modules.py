"""Modules read off factorizations: symmetric ones, memberships, moonlighting, consensus, ranks; on known modules."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.mapping import Threads
from grnledger.engine.nmf import analyse, best_sets, fit, fit_each, observe, speckled
from grnledger.engine.nmf.modules import analysis, likelihood, moonlighting as tested, overdispersed
from grnledger.engine.nmf.modules.consensus import dispersion, match_modules, stability
from grnledger.engine.nmf.modules.likelihood import log_likelihood
from grnledger.engine.nmf.modules.membership import memberships
from grnledger.engine.nmf.modules.moonlighting import Moonlighting, moonlighting
from grnledger.engine.nmf.modules.rank import HELD_OUT, RankRow, RankSurvey, _pairs_divergence, _row, rank_survey
from grnledger.engine.nmf.simulation import simulate_counts
from grnledger.engine.nmf.solvers.factorization import Factorization
from grnledger.engine.nmf.solvers.symmetric import fit_symmetric, observe_symmetric
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.sparse import csr_array
from scipy.special import erfc
from scipy.stats import hypergeom, nbinom, poisson
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from pathlib import Path

Matrix = NDArray[np.float64]


def similarities(genes: int = 60, modules: int = 3, seed: int = 1) -> tuple[Matrix, NDArray[np.intp]]:
    """The positive part of a correlation of counts, and the module of each gene."""
    drawn = simulate_counts(genes, 80, modules, depth=200, moonlighting=0, seed=seed)
    return np.maximum(np.corrcoef(np.log1p(drawn.counts)), 0.0), drawn.main


def half_divergence(values: Matrix, product: Matrix) -> float:
    off = np.triu(np.ones(values.shape, dtype=bool), 1)
    v, x = values[off], product[off]
    positive = v > 0
    return float(np.sum(v[positive] * np.log(v[positive] / x[positive])) + np.sum(x - v))


def agreement(labels: NDArray[np.intp], truth: NDArray[np.intp]) -> float:
    """The share of genes in the module that most of their true module are in."""
    return sum(np.bincount(labels[truth == module]).max() for module in np.unique(truth)) / len(truth)


# Symmetric


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("form", ["dense", "sparse"])
def test_a_symmetric_fit_never_rises_and_has_the_divergence_of_its_pairs(form: str, dtype: type) -> None:
    rank = 5 if form == "sparse" else 3
    values, truth = similarities(modules=rank)
    if form == "sparse":
        values = np.where(values > 0.4, values, 0.0)
    observed = observe_symmetric(csr_array(values) if form == "sparse" else values, dtype=dtype)
    assert observed.rows.is_sparse == (form == "sparse")
    fits = [fit_symmetric(observed, rank, seed=seed) for seed in range(6)]
    best = min(fits, key=lambda factorization: factorization.divergence)
    for factorization in fits:
        assert factorization.converged
        assert np.all(np.diff(factorization.trace) <= 1e-7 * factorization.trace[:-1])
        written_out = half_divergence(values, factorization.modules @ factorization.usage)
        assert factorization.divergence == pytest.approx(written_out, rel=1e-5, abs=1e-8 * values.sum())
        np.testing.assert_allclose(
            factorization.modules @ factorization.usage, (factorization.modules @ factorization.usage).T, rtol=1e-6
        )
    assert best.residual < 1e-4
    assert agreement(memberships(best).main, truth) == 1.0


def test_the_symmetric_fit_is_a_least_point_of_the_divergence() -> None:
    values, _ = similarities(genes=20)
    fitted = fit_symmetric(observe_symmetric(values, dtype=np.float64), 2, seed=3, tolerance=1e-12)
    root = np.sqrt(fitted.usage.sum(axis=1) / fitted.modules.sum(axis=0))
    w = fitted.modules * root
    np.testing.assert_allclose(w @ w.T, fitted.modules @ fitted.usage, rtol=1e-9)
    rng = np.random.default_rng(4)
    for _ in range(40):
        beside = w * np.exp(1e-3 * rng.standard_normal(w.shape))
        assert half_divergence(values, beside @ beside.T) >= fitted.divergence * (1 - 1e-9)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.ones((3, 4)), "as many rows as columns"),
        (np.array([[1.0, 0.5], [0.4, 1.0]]), "differ by 0.1"),
        (np.array([[1.0, -0.5], [-0.5, 1.0]]), "negative"),
    ],
)
def test_what_is_not_a_matrix_of_similarities_is_refused(values: Matrix, message: str) -> None:
    with pytest.raises(InputError, match=message):
        observe_symmetric(values)


def test_symmetric_ranks_and_starts_that_do_not_fit_are_refused() -> None:
    observed = observe_symmetric(np.ones((4, 4)))
    with pytest.raises(InputError, match="no factors of rank 5"):
        fit_symmetric(observed, 5)
    with pytest.raises(InputError, match=r"shape \(3, 2\) does not fit"):
        fit_symmetric(observed, 2, start=np.ones((3, 2)))
    assert fit_symmetric(observed, 1, start=np.ones((4, 1))).seed is None


# Memberships and moonlighting


def of(modules: Matrix, usage: Matrix) -> Factorization:
    return Factorization(modules, usage, 1.0, np.ones(1), 0.0, converged=True, seed=None)


def test_shares_are_weights_times_usage_over_their_sum() -> None:
    fitted = of(np.array([[0.8, 0.1], [0.2, 0.0], [0.0, 0.9], [0.0, 0.0]]), np.array([[1.0, 2.0], [3.0, 3.0]]))
    shares = memberships(fitted)
    np.testing.assert_allclose(shares.shares, [[2.4 / 3, 0.6 / 3], [1, 0], [0, 1], [0, 0]])
    assert shares.main.tolist() == [0, 0, 1, -1]
    assert shares.sizes.tolist() == [2, 1]
    np.testing.assert_allclose(shares.masses, [3 / 9, 6 / 9])
    assert shares.histogram(2)[0].tolist() == [5, 3]


def test_genes_of_two_modules_are_reported_and_hardly_any_other() -> None:
    reported = right = clear = seen = 0
    for seed in range(6):
        drawn = simulate_counts(100, 60, 4, depth=300, moonlighting=8, seed=seed, overdispersion=0.05 * (seed % 2))
        observed = observe(drawn.counts)
        best = min(
            fit_each(observed, 4, range(3), mapper=Threads(1)), key=lambda factorization: factorization.divergence
        )
        test = moonlighting(observed, best)
        reported += int(test.by_test.sum())
        right += int((test.by_test & (drawn.minor > 0)).sum())
        clear += int((drawn.minor >= 0.10).sum())
        seen += int((test.by_test & (drawn.minor >= 0.10)).sum())
        assert np.all(test.q[test.by_test] <= 0.02)
        assert np.all((test.second >= 0) == (test.q < 1.0))
    assert right >= 0.97 * reported
    assert seen >= 0.97 * clear > 30


@pytest.mark.parametrize(
    ("form", "depth", "alpha"), [("dense", 30.0, 0.2), ("dense", 300.0, 0.05), ("sparse", 0.3, 2.0)]
)
def test_the_overdispersion_is_that_of_the_negative_binomial_and_none_for_poisson(
    form: str, depth: float, alpha: float
) -> None:
    for true, least, most in ((0.0, 0.0, 0.05 * alpha), (alpha, 0.5 * alpha, 1.25 * alpha)):
        drawn = simulate_counts(120, 60, 3, depth=depth, overdispersion=true, seed=5)
        observed = observe(csr_array(drawn.counts) if form == "sparse" else drawn.counts)
        assert observed.rows.is_sparse == (form == "sparse")
        best = min(
            fit_each(observed, 3, range(4), mapper=Threads(1)), key=lambda factorization: factorization.divergence
        )
        assert least <= moonlighting(observed, best).overdispersion <= most


@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("form", [np.asarray, csr_array])
def test_the_overdispersion_solves_pearson_s_equation_over_what_is_observed(form: Any, missing: float) -> None:
    stream = np.random.default_rng(6)
    weights, usage = (
        stream.gamma(1.0, 1.0, (40, 2)) * (stream.random((40, 2)) < 0.8) + 0.01,
        stream.gamma(2.0, 5.0, (25, 2)),
    )
    weights[:9, 1] = 0.0
    mean = weights @ usage.T
    values = stream.poisson(mean * stream.gamma(2.0, 0.5, mean.shape)).astype(np.float64)
    seen = stream.random(values.shape) >= missing
    values[~seen] = np.nan
    free = seen.sum() - np.count_nonzero(weights) - usage.size + 2
    x = np.maximum(mean, overdispersed.LEAST_EXPECTED * np.nanmean(values))

    def pearson(alpha: float) -> float:
        return float(np.nansum((values - x) ** 2 / (x + alpha * x * x)) - free)

    expected = brentq(pearson, 0.0, 10.0, xtol=1e-12)
    assert overdispersed.overdispersion(observe(form(values)), weights, usage) == pytest.approx(expected, rel=1e-5)


def test_the_weights_of_a_negative_binomial_are_its_most_likely() -> None:
    stream = np.random.default_rng(3)
    usage = stream.gamma(1.0, 40.0, (50, 2))
    true = np.array([[0.5, 0.5], [1.0, 0.0], [0.02, 1.5]])
    mean = true @ usage.T
    values = stream.poisson(mean * stream.gamma(2.0, 0.5, mean.shape)).astype(np.float64)
    seen = stream.random(values.shape) > 0.2
    for alpha in (0.0, 0.5):
        weights = overdispersed.fitted_means(np.where(seen, values, 0.0), seen, usage, alpha)
        least = overdispersed.divergences(values, seen, weights @ usage.T, alpha)
        assert np.all(weights >= 0.0)
        for step in 0.03 * stream.standard_normal((200, 3, 2)):
            other = np.maximum(weights + step, 0.0)
            assert np.all(overdispersed.divergences(values, seen, other @ usage.T, alpha) >= least - 1e-6)
        dense = [nbinom_logpmf(values[g, seen[g]], (weights @ usage.T)[g, seen[g]], alpha).sum() for g in range(3)]
        most = [nbinom_logpmf(values[g, seen[g]], values[g, seen[g]], alpha).sum() for g in range(3)]
        np.testing.assert_allclose(least, np.subtract(most, dense), rtol=1e-9)


def nbinom_logpmf(values: np.ndarray, mean: np.ndarray, alpha: float) -> np.ndarray:
    """The log of the probability of counts; SciPy's distributions."""
    mean = np.maximum(mean, 1e-12)
    return poisson.logpmf(values, mean) if alpha == 0.0 else nbinom.logpmf(values, 1 / alpha, 1 / (1 + alpha * mean))


def test_no_refit_as_a_negative_binomial_makes_it_less_likely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overdispersed, "REFITS", 1)
    for seed, alpha in itertools.product(range(10), (0.05, 0.5, 5.0)):
        drawn = simulate_counts(30, 20, 3, depth=10, overdispersion=0.4, seed=seed)
        counts = drawn.counts.copy()
        counts[3, 5] = np.nan
        observed, stream = observe(counts), np.random.default_rng(seed)
        weights, usage = stream.gamma(0.5, 1.0, (30, 3)), stream.gamma(0.5, 10.0, (20, 3))
        last = np.inf
        for _ in range(12):
            weights, usage = overdispersed.refit(observed, weights, usage, alpha)
            seen = ~np.isnan(counts)
            now = overdispersed.divergences(np.nan_to_num(counts), seen, weights @ usage.T, alpha).sum()
            assert now <= last * (1.0 + 1e-6)
            last = now


def halves_of(values: Matrix, seed: int) -> list[tuple[Matrix, Matrix]]:
    """The positive correlations in either half of the samples, for three ways of parting them, both ways round."""
    stream, halves = np.random.default_rng(seed), []
    for _ in range(3):
        order = stream.permutation(values.shape[1])
        first, other = (np.maximum(np.corrcoef(values[:, part]), 0.0) for part in (order[::2], order[1::2]))
        halves += [(first, other), (other, first)]
    return halves


def test_independent_genes_have_one_module_by_other_samples_and_many_by_pairs() -> None:
    values = np.random.default_rng(2).standard_normal((80, 24))
    whole = np.maximum(np.corrcoef(values), 0.0)
    how: dict[str, Any] = {"restarts": 2, "symmetric": True, "counts": False, "mapper": Threads(2), "tolerance": 1e-5}
    survey = rank_survey(whole, range(1, 7), splits=halves_of(values, 0), **how)
    assert (survey.chosen.rank, survey.by) == (1, "samples")
    assert "predicts the similarities in the other half of the samples best" in survey.reason
    pairs = rank_survey(whole, range(1, 7), **how)
    assert pairs.chosen.rank > 3  # what the same few samples have in common by chance
    assert "tends to too many modules" in pairs.reason


def test_planted_modules_are_predicted_in_other_samples() -> None:
    drawn = simulate_counts(80, 60, 3, depth=200, moonlighting=0, seed=3)
    values = np.log1p(drawn.counts)
    whole = np.maximum(np.corrcoef(values), 0.0)
    survey = rank_survey(
        whole, range(1, 6), splits=halves_of(values, 1), restarts=2, symmetric=True, counts=False, mapper=Threads(2),
        tolerance=1e-5,
    )  # fmt: skip
    assert survey.chosen.rank == 3


def test_the_prediction_of_all_pairs_has_the_divergence_written_out() -> None:
    values, _ = similarities(30, 2)
    np.fill_diagonal(values, 0.0)
    fitted = fit_symmetric(observe_symmetric(values), 2)
    other, _ = similarities(30, 2, seed=8)
    np.fill_diagonal(other, 0.0)
    other[other < 0.2] = 0.0
    product = np.maximum(fitted.modules @ fitted.usage, 1e-12)
    for form in (other, csr_array(other)):
        assert _pairs_divergence(form, fitted) == pytest.approx(half_divergence(other, product) / (15 * 29), rel=1e-3)


def test_too_small_a_matrix_has_no_survey_but_any_one_rank() -> None:
    values = np.array([[0.0, 0.9, 0.1], [0.9, 0.0, 0.2], [0.1, 0.2, 0.0]])
    with pytest.raises(InputError, match="3 × 3 is too small to hold anything out"):
        rank_survey(values, [1, 2], symmetric=True, counts=False, mapper=Threads(1))
    assert rank_survey(values, [1], symmetric=True, counts=False, mapper=Threads(1)).chosen.rank == 1


def test_where_one_mask_would_hold_out_all_counts_no_rank_is_chosen() -> None:
    values = np.zeros((20, 15))
    values[3, 4] = 8.0
    held = [speckled(values, HELD_OUT, seed).toarray()[3, 4] for seed in range(40)]
    seed = held.index(True)
    with pytest.raises(InputError, match="1 value of 300 is above zero: too few to hold any out") as refusal:
        rank_survey(values, [1, 2], restarts=1, seed=seed, mapper=Threads(1))
    assert refusal.value.code == "too-small-to-hold-out"


@pytest.mark.parametrize("symmetric", [False, True])
def test_progress_of_an_analysis_rises_to_the_whole(symmetric: bool) -> None:
    shares: list[float] = []
    values = similarities(genes=30)[0] if symmetric else simulate_counts(30, 20, 2, depth=9, seed=3).counts
    analyse(values, [1, 2], symmetric=symmetric, restarts=2, mapper=Threads(1), progress=shares.append)
    assert shares == sorted(shares)
    assert 0.0 < shares[0] < 0.5
    assert shares[-1] == 1.0


def test_a_single_start_has_no_stability() -> None:
    drawn = simulate_counts(30, 20, 2, depth=30, seed=1)
    assert np.isnan(analyse(drawn.counts, [2], symmetric=False, restarts=1, mapper=Threads(1)).stability).all()
    assert analyse(drawn.counts, [2], symmetric=False, restarts=3, mapper=Threads(1)).stability.min() >= 0.5


def test_a_gene_that_was_never_observed_is_in_no_module_and_harms_no_other() -> None:
    drawn = simulate_counts(60, 40, 3, depth=60, moonlighting=3, seed=8)
    counts = drawn.counts.copy()
    counts[7] = 0.0
    observed = observe(counts)
    best = fit(observed, 3, seed=1)
    test = moonlighting(observed, best)
    assert (memberships(best).main[7], test.second[7], test.q[7]) == (-1, -1, 1.0)
    assert np.all(np.isfinite(test.q))
    assert moonlighting(observed, fit(observed, 1)).q.tolist() == [1.0] * 60


# Consensus


def labelled(*labels: int) -> Factorization:
    modules = np.zeros((len(labels), 3))
    modules[np.arange(len(labels)), labels] = 1.0
    return of(modules / np.maximum(modules.sum(axis=0), 1.0), np.ones((3, 2)))


def test_the_dispersion_is_that_of_the_consensus_matrix_written_out() -> None:
    fits = [labelled(0, 0, 1, 2, 2), labelled(1, 1, 0, 2, 0), labelled(0, 1, 1, 2, 2)]
    consensus = np.mean([factorization.modules @ factorization.modules.T > 0 for factorization in fits], axis=0)
    assert dispersion(fits) == pytest.approx(np.mean(4 * (consensus - 0.5) ** 2))
    assert dispersion([fits[0], fits[0]]) == 1.0


def test_modules_are_matched_whatever_their_order_and_genes_are_stable_where_fits_agree() -> None:
    best = labelled(0, 0, 1, 1, 2, 2)
    turned = labelled(2, 2, 0, 0, 1, 1)
    moved = labelled(2, 2, 0, 1, 1, 1)
    indices, cosines = match_modules(turned.modules, best.modules)
    assert indices.tolist() == [1, 2, 0]
    np.testing.assert_allclose(cosines, 1.0)
    assert match_modules(best.modules, best.modules[:, :2])[0].tolist() == [0, 1, -1]
    assert stability(best, [turned, moved]).tolist() == [1.0, 1.0, 1.0, 0.5, 1.0, 1.0]


# Ranks


@pytest.mark.parametrize(("modules", "overdispersion"), [(3, 0.0), (4, 0.1), (6, 0.0)])
def test_the_planted_rank_is_chosen(modules: int, overdispersion: float) -> None:
    drawn = simulate_counts(120, 60, modules, depth=100, overdispersion=overdispersion, seed=modules)
    shares: list[float] = []
    survey = rank_survey(
        drawn.counts, range(2, 9), restarts=3, mapper=Threads(2), tolerance=1e-6, progress=shares.append
    )  # fmt: skip
    assert survey.chosen.rank == modules
    assert survey.chosen.dispersion > 0.99
    assert not survey.is_flat
    assert f"Rank {modules} predicts entries held out best" in survey.reason
    assert max(shares) == 1.0
    assert len(shares) == 7 * (3 + 3 * 3 + 1)
    again = rank_survey(drawn.counts, [modules, modules + 1], restarts=3, mapper=Threads(1), tolerance=1e-6)
    assert again.rows[0].held_out == survey.chosen.held_out
    (alone,) = rank_survey(drawn.counts, [modules], restarts=3, mapper=Threads(1), tolerance=1e-6).rows
    assert np.isnan(alone.held_out)
    assert alone.divergence == survey.chosen.divergence


def row(rank: int, held_out: float, error: float, likelihood: float = 0.0) -> RankRow:
    return RankRow(rank, held_out, error, 1.0, likelihood, -likelihood)


def test_the_survey_gives_its_reason_and_reports_a_flat_curve() -> None:
    sharp = RankSurvey((row(2, 9.0, 0.1, 10), row(3, 1.0, 0.1, 50), row(4, 1.05, 0.1, 60), row(6, 4.0, 0.1, 65)))
    assert (sharp.chosen.rank, sharp.within_one_error.rank, sharp.is_flat) == (3, 3, False)
    np.testing.assert_array_equal(sharp.second_differences, [np.nan, 30.0, np.nan, np.nan])
    flat = RankSurvey((row(2, 1.1, 0.1), row(3, 1.0, 0.1), row(4, 1.05, 0.1)))
    assert "the curve is flat: ranks 2, 3, 4 are" in flat.reason
    edge = RankSurvey((row(2, 1.0, 0.1), row(3, 3.0, 0.1)))
    assert edge.reason.endswith("try lower ones too.")
    close = RankSurvey((row(2, 9.0, 0.1), row(3, 1.05, 0.1), row(4, 1.0, 0.1), row(5, 9.0, 0.1)))
    assert close.reason.endswith("Rank 3 is within one standard error of it.")
    assert RankSurvey((row(3, 1.0, 0.1),)).reason == "Rank 3 is the only one surveyed."
    with pytest.raises(InputError, match="needs ranks"):
        rank_survey(np.ones((4, 4)), [], mapper=Threads(1))


def test_what_was_predicted_of_each_mask_is_averaged_with_the_standard_error_of_the_mean() -> None:
    fits = [dataclasses.replace(labelled(0, 1, 2, 0), divergence=divergence) for divergence in (7.0, 5.0, 6.0)]
    summary = _row(3, [3.0, 5.0, 10.0], fits, -4.0)
    assert (summary.rank, summary.held_out, summary.log_likelihood, summary.divergence) == (3, 6.0, -4.0, 5.0)
    assert summary.standard_error == pytest.approx(np.sqrt((9 + 1 + 16) / 2 / 3))
    assert summary.dispersion == 1.0
    alone = _row(3, [], fits[:1], -4.0)
    assert np.isnan([alone.held_out, alone.standard_error, alone.dispersion]).all()


def test_the_genes_of_a_module_are_those_of_the_largest_weights_in_their_order() -> None:
    modules = np.array([[0.1, 0.0], [0.4, 0.5], [0.2, 0.0], [0.0, 0.5], [0.3, 0.0]])
    analysed = analysis.Analysis(RankSurvey(()), of(modules, np.ones((2, 1))), np.ones(5), None)
    assert analysed.top_genes(0).tolist() == [1, 4, 2, 0]
    assert analysed.top_genes(0, 2).tolist() == [1, 4]
    assert analysed.top_genes(1).tolist() == [1, 3]


def test_the_log_likelihood_is_that_of_poisson_counts_but_for_log_factorials() -> None:
    counts = simulate_counts(30, 20, 2, depth=4, seed=3, moonlighting=0).counts
    fitted = fit(observe(counts, dtype=np.float64), 2)
    whole = poisson.logpmf(counts, fitted.modules @ fitted.usage).sum()
    factorials = -poisson.logpmf(counts, 1.0).sum() - counts.size
    for values in (counts, csr_array(counts)):
        assert log_likelihood(values, fitted.divergence) == pytest.approx(whole + factorials, rel=1e-9)


# Whole analyses


def test_an_analysis_of_similarities_has_second_modules_by_share_alone() -> None:
    values, truth = similarities(genes=80, modules=4, seed=3)
    analysed = analyse(values, range(2, 7), symmetric=True, restarts=5, mapper=Threads(2))
    assert analysed.survey.chosen.rank == analysed.best.rank == 4
    assert agreement(analysed.memberships.main, truth) >= 0.98
    assert analysed.moonlighting is None
    assert np.isnan(analysed.survey.chosen.log_likelihood)
    second, share = analysed.second
    assert np.array_equal(analysed.in_two, share > 0.10)
    assert analysed.sizes.sum() == 80 + np.count_nonzero(analysed.in_two)
    assert np.all((second >= 0) | (share == 0))


@pytest.mark.parametrize("is_tested", [False, True])
def test_a_second_module_is_that_of_the_test_or_of_the_second_largest_share(is_tested: bool) -> None:
    modules = np.array([[0.5, 0.1, 0.2], [0.5, 0.0, 0.0], [0.0, 0.3, 0.8], [0.0, 0.6, 0.2], [0.0, 0.0, 0.0]])
    test, by_test = None, np.zeros(5, dtype=bool)
    if is_tested:
        by_test = np.array([False, False, False, True, False])
        test = Moonlighting(np.ones(5), np.array([-1, -1, 1, 2, -1]), by_test, 0.0, np.full(5, 0.01))
    analysed = analysis.Analysis(RankSurvey(()), of(modules, np.ones((3, 1))), np.ones(5), test)
    second, share = analysed.second
    assert second.tolist() == [2, -1, 1, 2, -1]
    expected = np.array([0.2 / 0.8, 0.0, 0.3 / 1.1, 0.2 / 0.8, 0.0])
    np.testing.assert_allclose(share, expected)
    assert analysed.also_in(0.26).tolist() == ([2] if test is None else [])
    assert analysed.also_in(0.2).tolist() == ([2, 0, 3] if test is None else [3])
    assert analysed.in_two.tolist() == by_test.tolist()
    assert analysed.sizes.tolist() == ([2, 1, 1] if test is None else [2, 1, 2])
    low, high = analysed.second_interval
    np.testing.assert_allclose(low, np.nan if test is None else np.maximum(expected - 0.0195996398, 0.0))
    np.testing.assert_allclose(high, np.nan if test is None else expected + 0.0195996398)


def test_one_module_has_every_gene_and_nothing_beside_it() -> None:
    drawn = simulate_counts(20, 12, 2, depth=9, moonlighting=0, seed=3)
    fitted = analyse(drawn.counts, [1], symmetric=False, restarts=2, mapper=Threads(1))
    assert fitted.sizes.tolist() == [20]
    assert not fitted.in_two.any()
    assert set(fitted.second[0].tolist()) == {-1}
    assert len(fitted.top_genes(0)) == 5


def test_the_best_set_of_a_module_is_the_most_surprising_one() -> None:
    main = np.array([0, 0, 0, 1, 1, 1, 1, -1])
    sets = {"all": np.arange(8), "first": np.array([0, 1, 2]), "mixed": np.array([2, 3]), "none": np.array([7])}
    first, second, third = best_sets(main, 3, sets)
    assert first is not None
    assert second is not None
    assert (first.name, first.shared, first.size, third) == ("first", 3, 3, None)
    assert first.q == pytest.approx(hypergeom.sf(2, 8, 3, 3) * 12)
    assert (second.name, second.shared, second.q) == ("mixed", 1, 1.0)
    assert best_sets(main, 2, {}) == [None, None]


def benjamini_hochberg(p_values: Matrix) -> Matrix:
    """q written out: the least of m p / rank among the p-values that are no smaller (1995, J. R. Stat. Soc. B 57)."""
    order = np.argsort(p_values, kind="stable")
    scaled = p_values[order] * len(p_values) / np.arange(1, len(p_values) + 1)
    q = np.empty_like(p_values)
    q[order] = [min(1.0, scaled[rank:].min()) for rank in range(len(p_values))]
    return q


def test_q_values_are_those_of_benjamini_and_hochberg_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = np.random.default_rng(8)
    main = stream.integers(-1, 3, 90)
    sets = {f"set{number}": stream.choice(90, 25, replace=False) for number in range(12)}
    shared = np.array([np.bincount(main[genes][main[genes] >= 0], minlength=3) for genes in sets.values()])
    p_values = hypergeom.sf(shared - 1, 90, 25, np.bincount(main[main >= 0])[None, :])
    expected = benjamini_hochberg(p_values.ravel()).reshape(p_values.shape)[p_values.argmin(axis=0), range(3)]
    np.testing.assert_allclose([best.q for best in best_sets(main, 3, sets) if best], expected, rtol=1e-13)

    drawn = simulate_counts(60, 40, 3, depth=30, moonlighting=5, seed=8)
    observed, (gains, shares) = observe(drawn.counts), (stream.exponential(1.0, (60, 3)), stream.random((60, 3)))
    monkeypatch.setattr(tested, "_second_module_gains", lambda *_: (gains, shares))
    monkeypatch.setattr(tested, "ROUNDS", 1)
    q_values = benjamini_hochberg(0.5 * erfc(np.sqrt(gains)).ravel()).reshape(gains.shape)
    best = np.where(shares >= 0.05, gains, -1.0).argmax(axis=1)
    test = tested.moonlighting(observed, fit(observed, 3))
    np.testing.assert_allclose(test.q, q_values[np.arange(60), best], rtol=1e-13)


# The simulator, and the course's data


def test_simulated_counts_match_their_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = simulate_counts(200, 100, 4, depth=50, moonlighting=10, sizes=[4, 3, 2, 1], seed=6)
    assert drawn.counts.shape == (200, 100)
    assert drawn.counts.mean() == pytest.approx(50, rel=0.1)
    np.testing.assert_allclose(drawn.modules.sum(axis=0), 1.0)
    np.testing.assert_allclose(drawn.usage.sum(axis=0), 200 * 50)
    assert np.all(drawn.minor[(drawn.modules > 0).sum(axis=1) == 1] == 0.0)
    assert int((drawn.minor > 0).sum()) == 10
    sizes = np.bincount(np.argmax(drawn.modules > 0, axis=1))
    assert sizes[0] > sizes[-1]
    again = simulate_counts(200, 100, 4, depth=50, moonlighting=10, sizes=[4, 3, 2, 1], seed=6)
    assert again.counts.tobytes() == drawn.counts.tobytes()


@pytest.mark.parametrize(
    "wrong",
    [{"genes": 5}, {"sizes": [1.0]}, {"sizes": [1, 1, 0]}, {"moonlighting": 99}, {"depth": 0}, {"overdispersion": -1}],
)
def test_simulations_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        simulate_counts(**{"genes": 30, "samples": 5, "modules": 3, **wrong})  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("sizes", [[1, 1], [1, 1, 1, 1], [2, -1, 2], [0, 1, 1], [1, np.nan, 1], [1, np.inf, 1]])
def test_sizes_of_modules_are_positive_and_as_many_as_modules(sizes: list[float]) -> None:
    with pytest.raises(InputError, match="3 modules need as many positive sizes"):
        simulate_counts(30, 5, 3, sizes=sizes)


def course_data(folder: Path) -> tuple[list[str], Matrix]:
    lines = [line.split() for line in (folder / "mcb112_w10_2021-data.tbl").read_text().splitlines() if line.strip()]
    return [line[0] for line in lines], np.array([[float(field) for field in line[1:]] for line in lines])


def test_likelihoods_of_the_survey_are_those_of_twenty_finished_fits_or_unknown(shared_data: Path) -> None:
    _, counts = course_data(shared_data)
    planted = simulate_counts(60, 40, 3, depth=20, moonlighting=2, seed=4).counts
    for values, ranks, certain in ((counts, range(2, 7), (2, 4)), (planted, range(1, 6), (1, 2, 3))):
        observed = observe(values)
        survey = rank_survey(values, ranks, mapper=Threads(2), **analysis.SURVEY_FIT)
        known = {row.rank: row for row in survey.rows if np.isfinite(row.log_likelihood)}
        assert {*certain} <= {*known}
        for rank, row in known.items():
            best = min(
                fit.divergence for fit in fit_each(observed, rank, range(20), mapper=Threads(2), **analysis.FINAL_FIT)
            )
            shown = log_likelihood(values, 0.0) - row.log_likelihood
            assert shown == pytest.approx(best, rel=1e-4)
            assert shown <= row.divergence * (1 + 1e-7)
        assert np.isfinite(survey.second_differences[1:-1]).all()


def test_fewer_than_ten_restarts_or_fits_that_do_not_end_leave_likelihoods_unknown() -> None:
    counts = simulate_counts(60, 40, 3, depth=20, moonlighting=2, seed=4).counts
    assert np.isnan(rank_survey(counts, [3], restarts=9, mapper=Threads(1)).chosen.log_likelihood)
    assert np.isfinite(rank_survey(counts, [3], restarts=10, mapper=Threads(1)).chosen.log_likelihood)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(likelihood, "FINISHED_FIT", {"tolerance": 0.0, "most_sweeps": 1})
        assert np.isnan(rank_survey(counts, [3], restarts=10, mapper=Threads(1)).chosen.log_likelihood)


@pytest.mark.parametrize(("unfinished", "known"), [((), True), ((0,), False), ((1,), False), ((2,), True)])
def test_likelihoods_are_known_where_the_best_two_fits_end_whatever_the_others_do(
    unfinished: tuple[int, ...], known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    observed = observe(simulate_counts(60, 40, 3, depth=20, moonlighting=2, seed=4).counts)
    fits = sorted(fit_each(observed, 3, range(20), mapper=Threads(1)), key=lambda fitted: fitted.divergence)
    endless = [fits[index].modules for index in unfinished]

    def finish(*arguments: Any, start: tuple[Matrix, Matrix], **options: Any) -> Factorization:
        finished = fit(*arguments, start=start, **options)
        return dataclasses.replace(finished, converged=not any(start[0] is modules for modules in endless))

    monkeypatch.setattr(likelihood, "fit", finish)
    assert np.isfinite(likelihood.least_divergence(observed, fits, 0)) == known


def test_starts_that_are_made_besides_have_the_seeds_that_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    observed = observe(simulate_counts(60, 40, 3, depth=20, moonlighting=2, seed=4).counts)
    fits, asked = fit_each(observed, 3, range(7, 17), mapper=Threads(1)), []

    def others(_observed: object, _rank: int, seeds: range, **_: object) -> list[Factorization]:
        asked.extend(seeds)
        return []

    monkeypatch.setattr(likelihood, "_agreed_divergence", lambda *_: 1.0)
    monkeypatch.setattr(likelihood, "fit_each", others)
    likelihood.least_divergence(observed, fits, 7)
    assert asked == list(range(17, 7 + likelihood.STARTS))


def test_the_course_s_data_have_four_modules_and_three_genes_in_two(shared_data: Path) -> None:
    names, counts = course_data(shared_data)
    fitted = analyse(counts, range(3, 7), symmetric=False, mapper=Threads(2))
    assert fitted.survey.chosen.rank == 4
    assert fitted.best.converged
    assert [names[index] for index in np.flatnonzero(fitted.in_two)] == ["butternut", "fennel", "papaya"]
    assert sorted(fitted.sizes.tolist()) == [20, 20, 20, 43]
    # A gene in two modules may have little more than half of it in its main one.
    assert np.all(fitted.stability[~fitted.in_two] == 1.0)


@pytest.mark.parametrize(
    "values",
    [
        np.full((20, 7), 5.0),
        np.random.default_rng(1).poisson(5.0, (1, 9)).repeat(11, axis=0).astype(np.float64),
        np.kron(np.eye(3), np.full((6, 5), 5.0)),
        np.round(np.random.default_rng(2).gamma(0.3, 1.0, (13, 8)) * 10.0 ** np.arange(13)[:, None] / 1e4) + 1.0,
    ],
    ids=["constant", "one gene again and again", "blocks", "scales"],
)
@pytest.mark.parametrize("rank", [2, 3, 5])
def test_counts_without_distinct_modules_are_analysed_all_the_same(values: Matrix, rank: int) -> None:
    analysed = analyse(values, [rank], symmetric=False, restarts=2, mapper=Threads(1))
    assert analysed.moonlighting is not None
    assert np.all((analysed.moonlighting.q >= 0.0) & (analysed.moonlighting.q <= 1.0))
    assert np.isfinite(analysed.memberships.shares).all()


def test_second_modules_have_the_same_bits_on_any_number_of_blas_threads() -> None:
    drawn = simulate_counts(700, 500, 4, depth=20, overdispersion=0.3, moonlighting=20, seed=2)
    observed = observe(drawn.counts)
    fitted = fit(observed, 4, tolerance=1e-5)
    tests = []
    for threads in (1, 2, 4):
        with threadpool_limits(threads, user_api="blas"):
            tests.append(moonlighting(observed, fitted))
    assert len({(test.q.tobytes(), test.second.tobytes(), test.overdispersion) for test in tests}) == 1
