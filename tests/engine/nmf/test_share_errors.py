"""Errors of shares, against dense matrices gene by gene, and against counts drawn anew."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.nmf.modules.analysis import Analysis
from grnledger.engine.nmf.modules.membership import memberships
from grnledger.engine.nmf.modules.moonlighting import Moonlighting
from grnledger.engine.nmf.modules.rank import RankSurvey
from grnledger.engine.nmf.modules.share_errors import share_errors
from grnledger.engine.nmf.solvers.factorization import Factorization
from grnledger.engine.nmf.solvers.observed import observe
from scipy.optimize import approx_fprime

ALPHA = 0.2
USAGE = np.random.default_rng(1).gamma(0.7, 1.0, size=(50, 3))


def of(weights: np.ndarray, usage: np.ndarray = USAGE) -> Factorization:
    sums = weights.sum(axis=0)
    return Factorization(weights / sums, usage.T * sums[:, None], 0.0, np.zeros(1), 0.0, True, None)


def test_errors_are_those_of_the_sandwich_written_out():
    weights = np.array([[30.0, 10.0, 0.0], [8.0, 3.0, 25.0], [0.0, 40.0, 0.0], [25.0, 0.0, 12.0]])
    counts = np.random.default_rng(2).poisson(weights @ USAGE.T).astype(float)
    counts[3, 7] = np.nan
    factorization, module = of(weights), np.array([1, 0, -1, 2])
    errors = share_errors(observe(counts), factorization, module, ALPHA)
    for gene in (0, 1, 3):
        active = np.flatnonzero(weights[gene])
        usage = factorization.usage.T[~np.isnan(counts[gene])][:, active]
        best, used = factorization.modules[gene, active], factorization.usage[active].sum(axis=1)
        mean = usage @ best
        bread, meat = usage.T @ np.diag(1 / mean) @ usage, usage.T @ np.diag((mean + ALPHA * mean**2) / mean**2) @ usage
        covariance = np.linalg.inv(bread) @ meat @ np.linalg.inv(bread)
        at = int(np.flatnonzero(active == module[gene])[0])

        def share(w: np.ndarray, at: int = at, used: np.ndarray = used) -> float:
            return float(w[at] * used[at] / (w @ used))

        gradient = approx_fprime(best, share, 1e-9 * best)
        assert errors[gene] == pytest.approx(np.sqrt(gradient @ covariance @ gradient), rel=1e-4)
    assert np.isnan(errors[2])
    assert np.isnan(share_errors(observe(counts), factorization, np.full(4, 2), ALPHA)[0])  # its share is 0


def test_intervals_hold_the_truth_in_nineteen_of_twenty_cases():
    weights = np.tile([30.0, 8.0], (400, 1))
    usage = USAGE[:, :2]
    mean = weights @ usage.T
    counts = np.random.default_rng(3).negative_binomial(1 / ALPHA, 1 / (1 + ALPHA * mean)).astype(float)
    fitted = weights.copy()
    for _ in range(300):  # the updates of Lee and Seung with H as it is
        fitted *= ((counts / (fitted @ usage.T)) @ usage) / usage.sum(axis=0)
    best, second = of(fitted, usage), np.ones(400, dtype=np.intp)
    errors = share_errors(observe(counts), best, second, ALPHA)
    test = Moonlighting(np.zeros(400), second, np.ones(400, dtype=bool), ALPHA, errors)
    low, high = Analysis(RankSurvey(()), best, np.ones(400), test).second_interval
    truth = memberships(of(weights, usage)).shares[:, 1]
    assert np.mean((low <= truth) & (truth <= high)) == pytest.approx(0.95, abs=0.03)


def test_modules_of_one_usage_leave_a_share_undetermined():
    usage = np.column_stack([USAGE[:, 0], 2.0 * USAGE[:, 0]])
    counts = np.random.default_rng(4).poisson(20.0 * usage[:, [0]].T).astype(float)
    errors = share_errors(observe(counts), of(np.array([[10.0, 5.0]]), usage), np.ones(1, dtype=np.intp), 0.0)
    assert np.isinf(errors[0])
