"""The mean strength of all pairs against plain sums, and the error of its estimate against what it errs by."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from grnledger.cli.answers.difference import mean_text
from grnledger.engine.network.comparison.difference import Summary
from grnledger.engine.network.pairs import blocks, mean_strength as means
from grnledger.engine.network.pairs.mean_strength import mean_strength, sampled_mean_strength
from grnledger.engine.network.pairs.partial_correlations import PartialCorrelations
from grnledger.engine.network.pairs.scan_memory import scan_bytes


def measure_of(genes: int) -> PartialCorrelations:
    """Genes of very different strength, so that the pairs of one gene are alike."""
    rng = np.random.default_rng(genes)
    factor = rng.lognormal(-1.0, 1.0, genes)[:, None] * rng.standard_normal((genes, 4)) / 4
    return PartialCorrelations(factor, np.array([1.0, 1.0, 1.0, -1.0]), None, np.ones(genes))


def plain_mean(measure: PartialCorrelations) -> float:
    rho = np.abs((measure.factor * measure.signature) @ measure.factor.T)
    return float(rho[np.triu_indices(len(rho), 1)].mean())


@pytest.mark.parametrize("genes", [2, 3, 513, 1_100])
def test_the_mean_is_that_of_all_pairs(genes: int) -> None:
    measure = measure_of(genes)
    assert mean_strength(measure) == pytest.approx(plain_mean(measure), rel=1e-13)
    assert sampled_mean_strength(measure) == (mean_strength(measure), 0.0)


@pytest.mark.parametrize(("genes", "shifts"), [(100, 20), (101, 20), (101, 3)])
def test_an_estimate_errs_by_its_error(genes: int, shifts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(means, "FEWEST_SHIFTS", 3)
    monkeypatch.setattr(means, "SAMPLED_PAIRS", shifts * genes)
    measure = measure_of(genes)
    estimates = np.array([sampled_mean_strength(measure, seed) for seed in range(300)])
    errors = estimates[:, 0] - plain_mean(measure)
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(np.sqrt(np.mean(estimates[:, 1] ** 2)), rel=0.12)
    assert abs(errors.mean()) < 4 * errors.std() / np.sqrt(300)
    assert sampled_mean_strength(measure, 7) == sampled_mean_strength(measure, 7)


def test_an_estimate_takes_the_copy_that_is_counted_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "cores", lambda: 1)
    measure = measure_of(40_000)
    whole = sampled_mean_strength(measure)
    sampled_mean_strength(measure_of(1_100))  # what is loaded once
    tracemalloc.start()
    by_pieces = sampled_mean_strength(measure)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert by_pieces == whole
    assert most < scan_bytes(40_000, 4) - 2 * measure.factor.nbytes  # which has room for one
    monkeypatch.setattr(means, "ROWS", 7)
    assert sampled_mean_strength(measure) == pytest.approx(whole, rel=1e-12)


def test_an_estimate_is_printed_with_its_error() -> None:
    assert mean_text(Summary(1, 0.00164123, 0.5, 0.1, 2.1e-6)) == "0.001641 ± 2e-06"
    assert mean_text(Summary(1, 0.00164123, 0.5, 0.1)) == 0.00164123
