"""Tests of gene sets for permuted signals, and without the sets' own pathways."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.lmm.association.enrichment import one_sided
from grnledger.engine.lmm.association.scan import make_scanner
from grnledger.engine.lmm.association.set_tests import SetTester, leave_own_out, permute_sets
from grnledger.engine.lmm.kernels.spectral import of_factor
from grnledger.engine.lmm.model.fit import fit_many, make_model
from scipy import stats
from scipy.sparse import csr_array

ALTERNATIVES = ["two-sided", "greater", "less"]


def some_sets(genes):
    """Return five sets, the last of which has all genes and cannot be tested."""
    sets = np.random.default_rng(31).random((5, genes)) < 0.2
    sets[4] = True
    return csr_array(sets.astype(float))


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_p_by_permutations_and_their_shares_are_counts_over_each_alone(alternative):
    rng = np.random.default_rng(32)
    factor, sets = rng.normal(size=(60, 4)), some_sets(60)
    kernel, signal = of_factor(factor), factor @ rng.normal(size=4) + rng.normal(size=60)
    permuted = np.column_stack([signal, *(rng.permutation(signal) for _ in range(30))])
    tester = SetTester(sets, alternative, None)
    alone = np.array([tester.test(make_model(kernel, trait))[0].log10_p for trait in permuted.T])
    enrichment, weight = tester.test(make_model(kernel, signal))
    shares = []
    answer = permute_sets(make_model(kernel, permuted), tester, enrichment, shares.append)
    assert weight is None
    assert np.isnan(answer.p[4])
    counted = np.sum(alone[:, :4] <= enrichment.log10_p[:4] + 1e-6, axis=0)
    np.testing.assert_allclose(answer.p[:4], (1 + counted) / 32)
    below = np.mean(10 ** alone[:, :4] < 0.05, axis=0)
    assert (answer.share, answer.most) == (pytest.approx(below.mean()), pytest.approx(below.max()))
    np.testing.assert_allclose(answer.null.h2, [fit.h2 for fit in fit_many(make_model(kernel, permuted))])
    np.testing.assert_allclose(shares, np.arange(1, 32) / 31)


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_a_set_is_tested_beside_the_kernel_without_its_own_columns(alternative):
    rng = np.random.default_rng(33)
    factor, sets = rng.normal(size=(60, 4)), some_sets(60)[:3]
    y = factor @ rng.normal(size=4) + rng.normal(size=60)
    own = [[1], [3, 1], [0, 1, 2, 3]]
    p = leave_own_out(make_model(of_factor(factor), y), factor, own, sets, alternative, rank=4)
    for index, columns in enumerate(own[:2]):
        model = make_model(of_factor(np.delete(factor, columns, axis=1)), y)
        scan = make_scanner(model, fit_many(model)[0]).scan(sets.toarray()[index : index + 1])
        expected = 10 ** one_sided(scan.log10_p, scan.beta, alternative)[0]
        assert p[index] == pytest.approx(expected, rel=1e-5)
    inside = sets.toarray()[2] > 0
    assert p[2] == pytest.approx(stats.ttest_ind(y[inside], y[~inside], alternative=alternative).pvalue, rel=1e-6)
