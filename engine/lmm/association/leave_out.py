"""A kernel without some of the columns of which it was made, with a new estimate of δ: against proximal contamination.

A column that is tested should not be part of the kernel: it would have to exceed itself (Listgarten et al. 2012, Nature
Methods 9:525). K' = K − WWᵀ needs no new decomposition: every product under H⁻¹ changes by the Woodbury identity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import EngineError
from ...threads import one_blas_thread
from ..kernels.moments import not_part_of_kernel
from ..model.boundary import at_h2_0, at_h2_1
from ..model.likelihood import profile
from ..model.search import search
from ..model.tails import t_two_sided

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ...choices import Method
    from ..model.fit import Model


@dataclass(frozen=True, slots=True)
class LeaveOutFit:
    """The fit of a model without some columns of its kernel.

    Parameters
    ----------
    delta, h2, scale, log_likelihood : float
        As in `Fit`, for the rest of the kernel.
    beta, se, t, log10_p : ndarray of float64, shape (q,)
        Tests of columns beside it, at its δ; two-sided, t with n − r − 1 degrees of freedom.
    """

    delta: float
    h2: float
    scale: float
    log_likelihood: float
    beta: NDArray[np.float64]
    se: NDArray[np.float64]
    t: NDArray[np.float64]
    log10_p: NDArray[np.float64]


class LeaveOut:
    """A model, ready to leave out columns of its kernel.

    Parameters
    ----------
    model : Model
        A model of one trait.
    columns : ndarray of float64, shape (n, c)
        All columns that may be left out, in the kernel's units.
    tests : ndarray of float64, shape (n, q), optional
        Columns to be tested beside the rest.
    method : {"reml", "ml"}
        Which likelihood.

    Notes
    -----
    O(nk(c + q)) once, for all columns together; then each fit O(gk(r + w)²).
    """

    def __init__(
        self,
        model: Model,
        columns: NDArray[np.float64],
        tests: NDArray[np.float64] | None = None,
        *,
        method: Method = "reml",
    ) -> None:
        tests = np.empty((model.size, 0)) if tests is None else tests
        self._model = model
        self._method: Method = method
        self._first = model.fixed.rank + tests.shape[1]  # among the fixed effects: covariates, tests, columns
        with one_blas_thread():
            self._rotated = model.kernel.rotate(np.hstack([model.fixed.basis, tests, columns]), model.traits[:, :1])
            self._lengths = np.einsum("ij,ij->j", model.fixed.residual(columns), columns)
            self._at_h2_0 = at_h2_0(model.rotated, model.size, method)

    def fit_without(self, columns: Sequence[int], tests: Sequence[int] = ()) -> LeaveOutFit:
        """Return the fit without some of the columns.

        Parameters
        ----------
        columns : sequence of int
            Indices of the columns.
        tests : sequence of int
            Indices of the tests, each tested alone.

        Raises
        ------
        NotPositiveDefinite
            The columns are no part of the kernel.
        EngineError
            Nothing of the kernel is left.
        """
        model, w, r = self._model, len(columns), self._model.fixed.rank
        scale = model.scale - float(np.sum(self._lengths[list(columns)])) / (model.size - r)
        if scale < -1e-9 * model.scale:
            raise not_part_of_kernel(scale / model.scale)
        if scale <= 1e-9 * model.scale:
            raise EngineError("Nothing of the kernel is left without these columns.")
        with one_blas_thread():
            rotated = self._rotated.select([*range(r), *(self._first + column for column in columns)])
            ends = (self._at_h2_0, at_h2_1(rotated, model.size, self._method, left_out=w))
            best = search(
                rotated, model.size, scale, self._method, change=lambda moments: moments.leave_out_last(w), ends=ends
            )
            return self._test(float(best.deltas[0]), scale, float(best.log_likelihood[0]), columns, tests)

    def fit_without_kernel(self, tests: Sequence[int] = ()) -> LeaveOutFit:
        """Return the fit without any kernel, ordinary least squares; arguments as for `fit_without`."""
        return self._test(np.inf, float("nan"), float(self._at_h2_0.log_likelihood[0]), (), tests)

    def _test(
        self, delta: float, scale: float, log_likelihood: float, columns: Sequence[int], tests: Sequence[int]
    ) -> LeaveOutFit:
        estimates = [self._estimate(delta, test, columns) for test in tests]
        beta, se = (np.array([estimate[index] for estimate in estimates]) for index in (0, 1))
        with np.errstate(invalid="ignore", divide="ignore"):
            t = beta / se
        return LeaveOutFit(
            delta=delta,
            h2=0.0 if np.isinf(delta) else scale / (scale + delta),
            scale=scale,
            log_likelihood=log_likelihood,
            beta=beta,
            se=se,
            t=t,
            log10_p=t_two_sided(t, self._model.size - self._model.fixed.rank - 1),
        )

    def _estimate(self, delta: float, test: int, columns: Sequence[int]) -> tuple[float, float]:
        """Return the effect of a test, and its standard error, at δ without some columns."""
        model, r = self._model, self._model.fixed.rank
        if np.isinf(delta):
            moments = self._rotated.select([*range(r), r + test]).moments_at_identity()
        else:
            rotated = self._rotated.select([*range(r), r + test, *(self._first + column for column in columns)])
            moments = rotated.moments_on_grid(np.array([delta]), 1).leave_out_last(len(columns))
        solution = profile(moments, np.ones(1), model.size, self._method)
        variance = float(solution.residual[0, 0]) / (model.size - r - 1)
        return float(solution.effects[0, -1, 0]), float(np.sqrt(variance * solution.inverse[0, -1, -1]))
