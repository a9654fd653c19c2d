"""Columns left out of a kernel, against the model of the kernel without them."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.errors import EngineError, NotPositiveDefinite
from grnledger.engine.lmm.association.leave_out import LeaveOut
from grnledger.engine.lmm.association.scan import make_scanner
from grnledger.engine.lmm.kernels.diagonal_kernel import DiagonalAndFactor
from grnledger.engine.lmm.kernels.spectral import of_factor
from grnledger.engine.lmm.model.design import design
from grnledger.engine.lmm.model.fit import fit, make_model
from mixed_model import KINDS


@pytest.mark.parametrize("kind", ["wide", "low rank", "diagonal and factor"])
def test_leaving_columns_out_is_the_fit_of_the_kernel_without_them(kind):
    rng = np.random.default_rng(KINDS.index(kind))
    n = 60
    if kind == "diagonal and factor":
        d, u = rng.uniform(0.3, 1, n), rng.normal(size=(n, 6))
        kernel, columns = DiagonalAndFactor(d, u, np.ones(6)), u
        without = lambda rest: DiagonalAndFactor(d, u[:, rest], np.ones(len(rest)))  # noqa: E731
    else:
        g = rng.normal(size=(n, 100 if kind == "wide" else 6))
        kernel, columns = of_factor(g), g[:, :6]
        without = lambda rest: of_factor(np.hstack([g[:, rest], g[:, 6:]]))  # noqa: E731
    fixed = design(rng.normal(size=(n, 1)))
    y = columns[:, 0] + 0.5 * columns[:, 3] + rng.normal(size=n)
    tests = rng.normal(size=(n, 2)) + columns[:, :2]
    leave_out = LeaveOut(make_model(kernel, y, fixed), columns, tests)
    for which in ([0], [3], [1, 4], [0, 1, 2]):
        fit_left_out = leave_out.fit_without(which, [0, 1])
        rest = [column for column in range(6) if column not in which]
        alone = fit(without(rest), y, fixed)
        assert fit_left_out.h2 == pytest.approx(alone.h2, abs=1e-7)
        assert fit_left_out.scale == pytest.approx(alone.scale, rel=1e-9)
        assert fit_left_out.log_likelihood == pytest.approx(alone.log_likelihood, abs=1e-9)
        beside = make_scanner(make_model(without(rest), y, fixed), alone).scan(tests.T)
        np.testing.assert_allclose(fit_left_out.beta, beside.beta, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(fit_left_out.log10_p, beside.log10_p, atol=1e-6)
    with pytest.raises(NotPositiveDefinite, match="not part of the kernel"):
        LeaveOut(make_model(kernel, y, fixed), 100 * columns).fit_without([0])


def test_leaving_out_of_a_centred_kernel_is_right_at_h2_of_one_too():
    rng = np.random.default_rng(23)
    ends = 0
    for _ in range(12):
        g = rng.normal(size=(50, 90)) / 9
        g -= g.mean(axis=0)
        fixed = design(rng.normal(size=(50, 1)))
        y = 1.0 + g @ rng.normal(size=90)
        fit_left_out = LeaveOut(make_model(of_factor(g), y, fixed), g[:, :3]).fit_without([1])
        alone = fit(of_factor(np.delete(g, 1, axis=1)), y, fixed)
        assert fit_left_out.h2 == pytest.approx(alone.h2, abs=1e-7)
        assert fit_left_out.log_likelihood == pytest.approx(alone.log_likelihood, abs=1e-8)
        ends += alone.h2 == 1.0
    assert ends > 2


def test_leaving_everything_out_is_refused():
    rng = np.random.default_rng(9)
    g = rng.normal(size=(40, 2))
    with pytest.raises(EngineError, match="Nothing of the kernel is left"):
        LeaveOut(make_model(of_factor(g), rng.normal(size=40)), g).fit_without([0, 1])
