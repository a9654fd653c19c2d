"""Kernels with a diagonal of their own."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.errors import NotPositiveDefinite
from grnledger.engine.lmm.kernels.diagonal_kernel import DiagonalAndFactor
from grnledger.engine.lmm.model.fit import fit


def test_a_kernel_that_subtracts_too_much_is_refused():
    units = np.eye(6)[:, :2]
    kernel = DiagonalAndFactor(np.full(6, 0.5), 0.9 * units, -np.ones(2))
    with pytest.raises(NotPositiveDefinite, match="not positive definite"):
        fit(kernel, np.arange(6.0) ** 2)
