"""h² of permuted signals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from grnledger.engine.lmm.association.permutations import PermutationNull, permutation_h2, permute_values
from grnledger.engine.lmm.kernels.spectral import of_factor
from grnledger.engine.lmm.model.fit import fit, make_model


def test_permutations_hold_each_value_once_and_depend_on_the_seed():
    values = np.random.default_rng(34).normal(size=30)
    permuted = permute_values(values, 5, 1)
    assert permuted.shape == (30, 5)
    np.testing.assert_array_equal(np.sort(permuted, axis=0), np.tile(np.sort(values)[:, None], 5))
    assert len({column.tobytes() for column in permuted.T}) == 5
    np.testing.assert_array_equal(permuted[:, :3], permute_values(values, 3, 1))
    assert not np.array_equal(permuted, permute_values(values, 5, 2))


def test_each_permutation_has_the_h2_of_a_fit_of_its_own():
    rng = np.random.default_rng(35)
    kernel, traits = of_factor(rng.normal(size=(40, 4))), rng.normal(size=(40, 12))
    for method in ("reml", "ml"):
        expected = [fit(kernel, trait, method=method).h2 for trait in traits.T]
        np.testing.assert_allclose(permutation_h2(make_model(kernel, traits), method).h2, expected, atol=1e-7)


def test_p_counts_the_signal_itself_and_all_permutations_of_at_least_its_h2():
    rng = np.random.default_rng(36)
    factor = rng.normal(size=(40, 4))
    signal = fit(of_factor(factor), factor @ rng.normal(size=4) + rng.normal(size=40))
    null = PermutationNull(np.arange(21) / 20)
    assert (null.median, null.high) == (0.5, pytest.approx(0.95))
    for h2, p in ((0.0, 1.0), (0.5, 12 / 22), (0.52, 11 / 22), (1.0, 2 / 22)):
        assert null.p(replace(signal, h2=h2)) == p
