"""Kernels by their eigenvectors."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.lmm.kernels.spectral import of_factor, of_matrix


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_eigenvalues_of_zero_are_left_out_whatever_the_unit(unit):
    factor = np.random.default_rng(28).normal(size=(30, 4)) * np.sqrt(unit)
    for kernel in (of_factor(factor), of_matrix(factor @ factor.T)):
        assert kernel.rank == 4
        np.testing.assert_allclose(np.sort(kernel.values), np.linalg.eigvalsh(factor.T @ factor), rtol=1e-9)
