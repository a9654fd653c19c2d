"""Quadratic forms of sparse tests against dense ones."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.lmm.kernels.block_sums import block_sums
from scipy.sparse import csr_array


@pytest.mark.parametrize("filled", [0.0, 0.1, 0.6, 1.0])
def test_quadratic_forms_of_sparse_tests_are_those_of_dense_ones(filled):
    rng = np.random.default_rng(29)
    matrix = rng.normal(size=(25, 25))
    matrix += matrix.T
    tests = rng.normal(size=(12, 25)) * (rng.random((12, 25)) < filled)
    expected = np.einsum("ij,jk,ik->i", tests, matrix, tests)
    np.testing.assert_allclose(block_sums(matrix, csr_array(tests)), expected, rtol=1e-11, atol=1e-11)
